//! The claims that a worker holds, and how each of its tasks learns that it must end early.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use quire_domain::TaskId;
use quire_store::queue::Held;
use tokio_util::sync::CancellationToken;

/// Why a task must end before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interruption {
    /// Its user cancelled it.
    Cancelled,
    /// The claim is not ours any more: nothing may be written.
    Lost,
    /// The worker stops: somebody else may have it.
    HandBack,
}

/// The claims that a worker holds. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Leases(Arc<Mutex<HashMap<TaskId, Arc<Signals>>>>);

#[derive(Debug)]
struct Signals {
    cancelled: CancellationToken,
    lost: CancellationToken,
}

impl Leases {
    /// Holds a claim until the lease is dropped. `hand_back` ends it early.
    pub(super) fn hold(&self, id: TaskId, hand_back: &CancellationToken) -> Lease {
        let signals =
            Arc::new(Signals { cancelled: CancellationToken::new(), lost: CancellationToken::new() });
        self.lock().insert(id, signals.clone());
        Lease { id, leases: self.clone(), signals, hand_back: hand_back.clone() }
    }

    /// The tasks that are held now.
    pub(super) fn ids(&self) -> Vec<TaskId> {
        self.lock().keys().copied().collect()
    }

    /// Takes the answer of a heartbeat: of those `asked`, the ones missing in `renewed` are lost.
    pub(super) fn renewed(&self, asked: &[TaskId], renewed: &[Held]) {
        let renewed: HashMap<_, _> = renewed.iter().map(|held| (held.id(), held.cancel_requested)).collect();
        let leases = self.lock();
        for id in asked {
            let Some(signals) = leases.get(id) else { continue };
            match renewed.get(id) {
                Some(true) => signals.cancelled.cancel(),
                Some(false) => {}
                None => signals.lost.cancel(),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TaskId, Arc<Signals>>> {
        // Nothing in here can be left half done by a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One claim that is held.
#[derive(Debug)]
pub(super) struct Lease {
    id: TaskId,
    leases: Leases,
    signals: Arc<Signals>,
    hand_back: CancellationToken,
}

impl Lease {
    /// Waits until the task must end early, and says why.
    pub(super) async fn interrupted(&self) -> Interruption {
        tokio::select! {
            () = self.signals.lost.cancelled() => Interruption::Lost,
            () = self.signals.cancelled.cancelled() => Interruption::Cancelled,
            () = self.hand_back.cancelled() => Interruption::HandBack,
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut leases = self.leases.lock();
        // The same worker may hold the task again already, for its next attempt.
        if leases.get(&self.id).is_some_and(|held| Arc::ptr_eq(held, &self.signals)) {
            leases.remove(&self.id);
        }
    }
}
