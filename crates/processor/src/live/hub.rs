//! Who listens in this process, user by user.
//!
//! Publishing never waits. A subscriber whose buffer is full is let go of: it finds its
//! channel closed behind what was buffered, and reads on from the log.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use quire_domain::{EventId, UserId, event::Event};
use tokio::sync::mpsc;

use super::message::{EventMessage, Outgoing, SharedOutgoing};

/// Messages that wait for one subscriber at most.
pub const BUFFER: usize = 256;

/// The subscribers of this process. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Hub(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Everything up to here has been published or will never appear. `None` until the relay
    /// has found the end of the log.
    cursor: Option<EventId>,
    next_key: u64,
    users: HashMap<UserId, Vec<Subscriber>>,
}

#[derive(Debug)]
struct Subscriber {
    key: u64,
    sender: mpsc::Sender<SharedOutgoing>,
}

/// A place among the listeners, from one point of the log on.
#[derive(Debug)]
pub struct Subscription {
    /// Events up to here are read from the log; those behind it come here, each once.
    pub from: EventId,
    receiver: mpsc::Receiver<SharedOutgoing>,
    _place: Place,
}

impl Subscription {
    /// The next message; `None` once the buffer has overflowed and what was in it is read.
    pub async fn recv(&mut self) -> Option<SharedOutgoing> {
        self.receiver.recv().await
    }
}

/// Gives the place up when dropped.
#[derive(Debug)]
struct Place {
    hub: Hub,
    user: UserId,
    key: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hub.lock().retain(self.user, |subscriber| subscriber.key != self.key);
    }
}

impl Hub {
    /// Says where the log ended when the relay began. Until then nobody can subscribe.
    pub fn begin(&self, cursor: EventId) {
        self.lock().cursor = Some(cursor);
    }

    /// Listens for the events of a user; `None` as long as the relay has not begun.
    pub fn subscribe(&self, user: UserId) -> Option<Subscription> {
        let mut state = self.lock();
        let from = state.cursor?;
        let key = state.next_key;
        state.next_key += 1;
        let (sender, receiver) = mpsc::channel(BUFFER);
        state.users.entry(user).or_default().push(Subscriber { key, sender });
        drop(state);
        Some(Subscription { from, receiver, _place: Place { hub: self.clone(), user, key } })
    }

    /// Passes on the next events of the log; with them, everything up to `cursor` is read.
    pub fn publish(&self, events: Vec<Event>, cursor: EventId) {
        let mut state = self.lock();
        for event in events {
            let user = event.user_id;
            if state.users.contains_key(&user) {
                let message = SharedOutgoing::new(Outgoing::from(EventMessage::from(event)));
                state.retain(user, |subscriber| subscriber.sender.try_send(message.clone()).is_ok());
            }
        }
        state.cursor = Some(cursor);
    }

    /// How many listen.
    pub fn subscribers(&self) -> usize {
        self.lock().users.values().map(Vec::len).sum()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds the lock can panic halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn retain(&mut self, user: UserId, keep: impl FnMut(&Subscriber) -> bool) {
        if let Some(subscribers) = self.users.get_mut(&user) {
            subscribers.retain(keep);
            if subscribers.is_empty() {
                self.users.remove(&user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use quire_domain::event::EventName;

    use super::*;

    const ANNA: UserId = UserId(1);
    const BERT: UserId = UserId(2);

    fn event(id: i64, user_id: UserId) -> Event {
        Event {
            id: EventId(id),
            user_id,
            name: EventName::TaskQueued,
            task_id: None,
            document_id: None,
            filename: None,
            task_type: None,
            status: None,
            message: None,
            progress: None,
            timestamp: DateTime::UNIX_EPOCH,
        }
    }

    fn hub_at(cursor: i64) -> Hub {
        let hub = Hub::default();
        hub.begin(EventId(cursor));
        hub
    }

    /// What has come by now.
    fn ids(subscription: &mut Subscription) -> Vec<i64> {
        std::iter::from_fn(|| subscription.receiver.try_recv().ok())
            .map(|m| m.id.map_or(-1, |id| id.0))
            .collect()
    }

    #[test]
    fn nobody_can_listen_before_the_end_of_the_log_is_known() {
        let hub = Hub::default();
        assert!(hub.subscribe(ANNA).is_none());
        hub.begin(EventId(4));
        assert_eq!(hub.subscribe(ANNA).unwrap().from, EventId(4));
    }

    #[test]
    fn each_gets_their_own_events_from_where_they_came_in() {
        let hub = hub_at(10);
        let mut early = hub.subscribe(ANNA).unwrap();
        hub.publish(vec![event(11, ANNA), event(12, BERT), event(14, ANNA)], EventId(14));
        let mut late = hub.subscribe(ANNA).unwrap();
        let mut other = hub.subscribe(BERT).unwrap();
        hub.publish(vec![event(15, ANNA), event(16, BERT)], EventId(16));
        assert_eq!((early.from, late.from, other.from), (EventId(10), EventId(14), EventId(14)));
        assert_eq!(ids(&mut early), [11, 14, 15]);
        assert_eq!(ids(&mut late), [15]);
        assert_eq!(ids(&mut other), [16]);
    }

    #[test]
    fn the_cursor_moves_without_events_too() {
        let hub = hub_at(1);
        hub.publish(Vec::new(), EventId(9));
        assert_eq!(hub.subscribe(ANNA).unwrap().from, EventId(9));
    }

    #[tokio::test]
    async fn who_is_too_slow_is_let_go_of_and_still_gets_what_was_buffered() {
        let hub = hub_at(0);
        let (mut slow, mut quick) = (hub.subscribe(ANNA).unwrap(), hub.subscribe(ANNA).unwrap());
        for id in 1..=(BUFFER as i64 + 1) {
            hub.publish(vec![event(id, ANNA)], EventId(id));
            assert_eq!(ids(&mut quick), [id]);
        }
        assert_eq!(hub.subscribers(), 1);
        for id in 1..=BUFFER as i64 {
            assert_eq!(slow.recv().await.unwrap().id, Some(EventId(id)));
        }
        assert!(slow.recv().await.is_none());
    }

    #[test]
    fn those_who_leave_are_forgotten() {
        let hub = hub_at(0);
        let (first, second) = (hub.subscribe(ANNA).unwrap(), hub.subscribe(ANNA).unwrap());
        drop(first);
        assert_eq!(hub.subscribers(), 1);
        drop(second);
        assert_eq!((hub.subscribers(), hub.lock().users.len()), (0, 0));
    }
}
