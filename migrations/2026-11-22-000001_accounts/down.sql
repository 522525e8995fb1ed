drop table audit_log;
drop table rate_windows;
drop table socket_tickets;
drop table refresh_tokens;
drop table users;
