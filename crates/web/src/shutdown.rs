//! Stopping in two steps: first nothing new, then nothing at all.

use std::{io, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long work in hand may take after the first signal, unless configured otherwise. Just
/// below the 30 s that orchestrators wait before they kill.
pub const GRACE: Duration = Duration::from_secs(25);

/// Tells everybody when to stop. Clones are told together.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Take nothing new, finish what is in hand.
    pub soft: CancellationToken,
    /// Drop everything; what is lost is taken up again after the next start.
    pub hard: CancellationToken,
}

impl Shutdown {
    /// One that nobody has asked for yet, and no signal will.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that SIGINT and SIGTERM ask for: the first signal is soft, a second one, or the end
    /// of the grace period, is hard. To be called once, within the runtime.
    ///
    /// # Errors
    /// When the system gives no signal handlers.
    pub fn listen(grace: Duration) -> io::Result<Self> {
        let shutdown = Self::new();
        let signals = stream::select(
            named(SignalKind::interrupt(), "SIGINT")?,
            named(SignalKind::terminate(), "SIGTERM")?,
        );
        tokio::spawn(shutdown.clone().follow(signals, grace));
        Ok(shutdown)
    }

    async fn follow(self, signals: impl Stream<Item = &'static str>, grace: Duration) {
        let mut signals = std::pin::pin!(signals);
        tokio::select! {
            name = signals.next() => {
                let (signal, grace_seconds) = (name.unwrap_or("none"), grace.as_secs());
                tracing::info!(signal, grace_seconds, "stopping: finishing what is in hand; once more to stop at once");
                self.soft.cancel();
            }
            // Somebody inside has asked.
            () = self.soft.cancelled() => {}
        }
        tokio::select! {
            name = signals.next() => tracing::warn!(signal = name.unwrap_or("none"), "stopping at once"),
            () = tokio::time::sleep(grace) => tracing::warn!("the time to finish is over: stopping at once"),
            () = self.hard.cancelled() => {}
        }
        self.hard.cancel();
    }
}

fn named(kind: SignalKind, name: &'static str) -> io::Result<impl Stream<Item = &'static str>> {
    let signals = signal(kind)?;
    Ok(stream::unfold(
        signals,
        move |mut signals| async move { signals.recv().await.map(|()| (name, signals)) },
    )
    .boxed())
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tokio_stream::wrappers::UnboundedReceiverStream;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn start(grace: Duration) -> (Shutdown, mpsc::UnboundedSender<&'static str>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let shutdown = Shutdown::new();
        tokio::spawn(shutdown.clone().follow(UnboundedReceiverStream::new(receiver), grace));
        (shutdown, sender)
    }

    #[tokio::test]
    async fn the_first_signal_is_soft_and_the_second_hard() {
        let (shutdown, signals) = start(LONG);
        signals.send("SIGTERM").unwrap();
        shutdown.soft.cancelled().await;
        assert!(!shutdown.hard.is_cancelled());
        signals.send("SIGINT").unwrap();
        shutdown.hard.cancelled().await;
    }

    #[tokio::test]
    async fn the_end_of_the_grace_period_is_hard() {
        let (shutdown, signals) = start(Duration::from_millis(1));
        signals.send("SIGTERM").unwrap();
        shutdown.hard.cancelled().await;
        assert!(shutdown.soft.is_cancelled());
    }

    #[tokio::test]
    async fn a_request_from_inside_is_followed_too() {
        let (shutdown, _signals) = start(Duration::from_millis(1));
        shutdown.soft.cancel();
        shutdown.hard.cancelled().await;
    }
}
