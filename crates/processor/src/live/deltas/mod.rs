//! Answers while they are being written: from the worker that hears the text to the open sockets and
//! streams of its user, whichever process has them. Nothing of it is stored.
//!
//! The run puts text into a bounded queue, which never keeps it waiting. A task of its own takes what has
//! gathered since the last time and tells it to all processes; each hands it to its
//! [`Hub`](super::hub::Hub). What cannot be told, or not be taken by a slow client, is left out: the
//! numbers of the pieces show the gap, and the event `task_completed` comes in any case.

mod notice;
mod queue;

use std::{sync::Arc, time::Duration};

use quire_ai::Delta;
use quire_domain::{clock::SharedClock, error::chain};
use quire_store::{Pool, listen};
use quire_web::shutdown::Shutdown;
use tokio::{sync::Notify, time::sleep};

pub(crate) use self::notice::{About, Notice};
use self::queue::Queue;

/// What is written in this time goes along. The first words of an answer do not wait for it.
const GATHER: Duration = Duration::from_millis(100);

/// For those who write. Cheap to clone.
#[derive(Clone)]
pub struct Deltas(Arc<Shared>);

struct Shared {
    queue: Queue,
    more: Notify,
    clock: SharedClock,
}

impl Deltas {
    /// Tells what is written to all processes, until [`Shutdown::hard`].
    #[must_use]
    pub fn spawn(pool: Pool, clock: SharedClock, shutdown: Shutdown) -> Self {
        let deltas = Self(Arc::new(Shared { queue: Queue::default(), more: Notify::new(), clock }));
        let telling = deltas.clone().tell_on(pool);
        tokio::spawn(async move { shutdown.hard.run_until_cancelled(telling).await });
        deltas
    }

    /// Takes the text of one run.
    pub(crate) fn open(&self, about: About) -> Writing {
        Writing { key: self.0.queue.open(about), deltas: self.clone() }
    }

    async fn tell_on(self, pool: Pool) {
        loop {
            self.0.more.notified().await;
            let messages = self.0.queue.take(self.0.clock.now());
            if !messages.is_empty() {
                let told = async { listen::tell(&mut *pool.get().await?, &messages).await };
                if let Err(error) = told.await {
                    // The answer itself will come.
                    tracing::debug!(error = chain(&error), "pieces of answers could not be told");
                }
            }
            sleep(GATHER).await;
        }
    }
}

/// The text of one run. What has not been told when it is dropped, never is: the run is over.
pub(crate) struct Writing {
    deltas: Deltas,
    key: u64,
}

impl Writing {
    /// Hears the text; never blocks.
    pub(crate) fn sink(&self) -> impl Fn(Delta) + Send + Sync + 'static {
        let (deltas, key) = (self.deltas.clone(), self.key);
        move |delta| {
            if deltas.0.queue.hear(key, delta) {
                deltas.0.more.notify_one();
            }
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.deltas.0.queue.close(self.key);
    }
}
