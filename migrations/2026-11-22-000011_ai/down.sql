alter table tasks
    drop column answer_key,
    alter column cost type numeric(16, 8);
drop table throttles;
drop table reservations;
drop table spending;
drop table kept_replies;
