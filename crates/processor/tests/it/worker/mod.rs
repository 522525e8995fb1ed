//! The worker, from a waiting task to its end.

mod cancel;
mod documents;
mod fairness;
mod kill;
mod leases;
mod long;
mod passwords;
mod recognition;
mod retry;
mod scanning;
mod sharing;
mod split;
mod stop;
