//! The worker, from a waiting task to its end.

mod cancel;
mod documents;
mod fairness;
mod kill;
mod leases;
mod retry;
mod sharing;
mod stop;
