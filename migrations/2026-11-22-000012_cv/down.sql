drop table cv_edits;
drop table cv_profiles;
