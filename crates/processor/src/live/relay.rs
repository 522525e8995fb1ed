//! One reader of the log for each process, and the notifications that wake the readers.
//!
//! Three loops: one listens for notifications, one reads the log when woken (and every
//! second, as the safety net) and hands the events to the hub, one sends this process' own
//! notifications, one at a time however many were asked for.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use quire_domain::{Error, EventId, Result, error::chain};
use quire_store::{Pool, events::LogReader, listen};
use quire_web::shutdown::Shutdown;
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tokio_util::task::TaskTracker;

use super::{deltas::Notice, hub::Hub};

/// The log is read this often when nobody wakes the reader.
const POLL: Duration = Duration::from_secs(1);
/// Between a wake and the look at the log, and between two notifications: what is written in
/// this time goes along.
const GATHER: Duration = Duration::from_millis(2);
/// A gap in the log is looked at again after this time, then after twice as long, and so on ...
const GAP_FIRST: Duration = Duration::from_millis(2);
/// ... up to this: who rolls back tells nobody, so looking is the only way to find out.
const GAP_LONGEST: Duration = Duration::from_millis(20);
/// The database is tried again after this time, then after twice as long, and so on ...
const RETRY_FIRST: Duration = Duration::from_millis(100);
/// ... up to this.
const RETRY_LONGEST: Duration = Duration::from_secs(5);
/// The reader begins this many numbers before the end of the log. Those that are not visible
/// when it begins are waited for as anywhere else; a transaction that is open while more than
/// these many events are written would be missed.
const LOOK_BACK: i64 = LogReader::BATCH;

/// Starts the loops.
#[derive(Debug)]
pub struct Relay;

/// What the rest of the process needs of the relay.
#[derive(Debug, Clone)]
pub struct RelayHandle {
    signal: Signal,
}

/// Tells the relay, and through it everybody else, that something was written. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Signal {
    wakes: watch::Sender<u64>,
    notify: mpsc::Sender<()>,
}

impl Relay {
    /// Starts the loops. Reading ends with [`Shutdown::soft`], and `background` waits for it;
    /// the other two serve the worker's last tasks, until [`Shutdown::hard`] or until nobody
    /// needs them any more.
    pub fn spawn(pool: Pool, hub: Hub, shutdown: Shutdown, background: &TaskTracker) -> RelayHandle {
        let (wakes, woken) = watch::channel(0);
        // Room for one: a request that finds one waiting is contained in it.
        let (notify, requests) = mpsc::channel(1);
        let reader = Reader { pool: pool.clone(), hub: hub.clone(), woken };
        let soft = shutdown.soft.clone();
        background.spawn(async move {
            soft.run_until_cancelled(reader.run()).await;
        });
        let hard = shutdown.hard.clone();
        let listening = listen_on(pool.clone(), hub, wakes.clone());
        tokio::spawn(async move { hard.run_until_cancelled(listening).await });
        let hard = shutdown.hard;
        tokio::spawn(async move { hard.run_until_cancelled(notify_on(pool, requests)).await });
        RelayHandle { signal: Signal { wakes, notify } }
    }
}

impl RelayHandle {
    /// For those who write.
    pub fn signal(&self) -> Signal {
        self.signal.clone()
    }

    /// Changes whenever something was written, here or in another process. Mark it as seen
    /// before looking, and no write is missed.
    pub fn wakes(&self) -> watch::Receiver<u64> {
        self.signal.wakes.subscribe()
    }
}

impl Signal {
    /// To be called after a commit that wrote events or tasks.
    pub fn written(&self) {
        wake(&self.wakes);
        // Full: a request is waiting that will be served after this commit.
        let _ = self.notify.try_send(());
    }
}

fn wake(wakes: &watch::Sender<u64>) {
    wakes.send_modify(|count| *count = count.wrapping_add(1));
}

/// Reads the log and hands it to the hub.
struct Reader {
    pool: Pool,
    hub: Hub,
    woken: watch::Receiver<u64>,
}

/// What one look at the log found.
enum Look {
    /// The log ends here.
    End,
    /// There is more to read.
    More,
    /// A number is missing that may still come.
    Gap,
}

impl Reader {
    async fn run(mut self) {
        let outage = Outage::new("reading the log of events");
        let mut retry = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        let mut gap = Backoff::new(GAP_FIRST, GAP_LONGEST);
        let mut log = None;
        loop {
            // Before looking: what is written during the look wakes us again.
            self.woken.mark_unchanged();
            let look = self.look(&mut log).await;
            match &look {
                Ok(look) => {
                    outage.over();
                    retry.reset();
                    if !matches!(look, Look::Gap) {
                        gap.reset();
                    }
                }
                Err(error) => outage.begins(error),
            }
            match look {
                Ok(Look::More) => {}
                Ok(Look::Gap) => gap.pause().await,
                Ok(Look::End) => self.wait().await,
                Err(_) => retry.pause().await,
            }
        }
    }

    async fn wait(&mut self) {
        // An error would mean that all who can wake are gone; the poll remains.
        if let Ok(Err(_)) = timeout(POLL, self.woken.changed()).await {
            sleep(POLL).await;
        }
        sleep(GATHER).await;
    }

    async fn look(&self, log: &mut Option<Log>) -> Result<Look> {
        let mut connection = self.pool.get().await?;
        let log = match log {
            Some(log) => log,
            None => log.insert(Log::open(&mut connection).await?),
        };
        let batch = log.reader.read(&mut connection).await?;
        drop(connection);
        let (cursor, found) = (log.reader.cursor(), !batch.events.is_empty());
        if let Some(end) = log.end_at_start {
            // These are older than the process: nobody has subscribed to them.
            if cursor >= end || !batch.more {
                log.end_at_start = None;
                self.hub.begin(cursor);
            }
        } else {
            self.hub.publish(batch.events, cursor);
        }
        Ok(match (batch.more, found) {
            (false, _) => Look::End,
            (true, true) => Look::More,
            (true, false) => Look::Gap,
        })
    }
}

struct Log {
    reader: LogReader,
    /// Where the log ended when the reader began; `None` once it has got there.
    end_at_start: Option<EventId>,
}

impl Log {
    async fn open(connection: &mut quire_store::Connection) -> Result<Self> {
        let end = LogReader::at_end(connection).await?.cursor();
        let reader = LogReader::after(EventId((end.0 - LOOK_BACK).max(0)));
        Ok(Self { reader, end_at_start: Some(end) })
    }
}

/// Wakes for every notification, and passes pieces of answers on, as long as anybody can be woken.
async fn listen_on(pool: Pool, hub: Hub, wakes: watch::Sender<u64>) {
    let outage = Outage::new("listening for notifications");
    let listening = async {
        let mut retry = Backoff::new(RETRY_FIRST, RETRY_LONGEST);
        loop {
            let begun = AtomicBool::new(false);
            let woken = || {
                begun.store(true, Ordering::Relaxed);
                outage.over();
                wake(&wakes);
            };
            let heard = |message: &str| {
                // Another version may say things that this one does not know.
                if let Some(notice) = Notice::read(message) {
                    hub.pass_on(notice);
                }
            };
            let ended = listen::listen(&pool, woken, heard).await;
            outage.begins(&ended.err().unwrap_or_else(|| Error::internal("the connection was closed")));
            if begun.into_inner() {
                retry.reset();
            }
            retry.pause().await;
        }
    };
    tokio::select! {
        () = listening => {}
        () = wakes.closed() => {}
    }
}

/// Sends a notification for all requests that have come by then, one at a time, until nobody
/// is left who could ask.
async fn notify_on(pool: Pool, mut requests: mpsc::Receiver<()>) {
    while requests.recv().await.is_some() {
        let sent = async { listen::notify(&mut *pool.get().await?).await };
        if let Err(error) = sent.await {
            // The others find what was written with their next poll.
            tracing::debug!(error = chain(&error), "a notification could not be sent");
        }
        sleep(GATHER).await;
    }
}

/// Logs the beginning and the end of an outage, once each.
struct Outage {
    doing: &'static str,
    lasts: AtomicBool,
}

impl Outage {
    fn new(doing: &'static str) -> Self {
        Self { doing, lasts: AtomicBool::new(false) }
    }

    fn begins(&self, error: &Error) {
        if !self.lasts.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                error = chain(error),
                "{} was interrupted; it is tried until it works",
                self.doing
            );
        }
    }

    fn over(&self) {
        if self.lasts.swap(false, Ordering::Relaxed) {
            tracing::info!("{} works again", self.doing);
        }
    }
}

/// Pauses that double.
struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, next: first }
    }

    fn reset(&mut self) {
        self.next = self.first;
    }

    async fn pause(&mut self) {
        sleep(self.next).await;
        self.next = (self.next * 2).min(self.longest);
    }
}
