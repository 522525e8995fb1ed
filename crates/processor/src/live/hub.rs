//! Who listens in this process, user by user.
//!
//! Publishing never waits. A subscriber whose buffer is full is let go of: it finds its
//! channel closed behind what was buffered, and reads on from the log. What is not stored never
//! takes the room of what is: it is passed on only to those whose buffer is half empty.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use quire_domain::{
    EventId, TaskId, UserId,
    event::{Event, EventName},
};
use tokio::sync::mpsc;

use super::{
    deltas::Notice,
    message::{EventMessage, Outgoing, SharedOutgoing},
};

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
    ended: Ended,
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
            state.ended.note(&event);
            let user = event.user_id;
            if state.users.contains_key(&user) {
                let message = SharedOutgoing::new(Outgoing::from(EventMessage::from(event)));
                state.retain(user, |subscriber| subscriber.sender.try_send(message.clone()).is_ok());
            }
        }
        state.cursor = Some(cursor);
    }

    /// Passes on a piece of an answer that is being written, to those who can take it now. None comes
    /// after the event that ends its task.
    pub(crate) fn pass_on(&self, notice: Notice) {
        let (user, task) = (notice.about.user_id, notice.about.task_id);
        let state = self.lock();
        let Some(subscribers) = state.users.get(&user).filter(|_| !state.ended.contains(task)) else {
            return;
        };
        let message = SharedOutgoing::new(Outgoing::from(EventMessage::from(notice)));
        for subscriber in subscribers.iter().filter(|known| known.sender.capacity() > BUFFER / 2) {
            // One that is gone gives its place up by itself.
            let _ = subscriber.sender.try_send(message.clone());
        }
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

/// The tasks that have ended lately: long enough ago that nothing of them is on its way is forgotten.
#[derive(Debug, Default)]
struct Ended {
    tasks: HashSet<TaskId>,
    order: VecDeque<TaskId>,
}

impl Ended {
    /// How many are remembered.
    const MAX: usize = 1_024;

    fn note(&mut self, event: &Event) {
        let Some(task) = event.task_id else { return };
        match event.name {
            EventName::TaskCompleted | EventName::TaskFailed | EventName::TaskCancelled => self.add(task),
            // It was tried again.
            EventName::TaskQueued | EventName::TaskStarted if self.tasks.remove(&task) => {
                self.order.retain(|known| *known != task);
            }
            _ => {}
        }
    }

    fn add(&mut self, task: TaskId) {
        if self.tasks.insert(task) {
            self.order.push_back(task);
        }
        if self.order.len() > Self::MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.tasks.remove(&oldest);
        }
    }

    fn contains(&self, task: TaskId) -> bool {
        self.tasks.contains(&task)
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
    use quire_domain::DocumentId;
    use uuid::Uuid;

    use super::{super::deltas::About, *};

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

    const TASK: TaskId = TaskId(Uuid::nil());

    fn notice(user_id: UserId) -> Notice {
        let (filename, task_type) = ("a.pdf".to_owned(), "summarize".to_owned());
        let document_id = DocumentId(Uuid::max());
        let about = About { user_id, task_id: TASK, document_id, filename, task_type };
        Notice { about, sequence: 0, timestamp: DateTime::UNIX_EPOCH, delta: "a".into() }
    }

    fn of_task(id: i64, name: EventName) -> Event {
        Event { name, task_id: Some(TASK), ..event(id, ANNA) }
    }

    #[test]
    fn pieces_of_an_answer_are_for_its_user() {
        let hub = hub_at(0);
        let (mut anna, mut bert) = (hub.subscribe(ANNA).unwrap(), hub.subscribe(BERT).unwrap());
        hub.pass_on(notice(ANNA));
        hub.pass_on(notice(UserId(3)));
        assert_eq!((ids(&mut anna), ids(&mut bert)), (vec![-1], vec![]));
    }

    #[test]
    fn pieces_never_take_the_room_of_stored_events() {
        let hub = hub_at(0);
        let mut slow = hub.subscribe(ANNA).unwrap();
        for _ in 0..2 * BUFFER {
            hub.pass_on(notice(ANNA));
        }
        let half = i64::try_from(BUFFER / 2).unwrap();
        hub.publish((1..=half).map(|id| event(id, ANNA)).collect(), EventId(half));
        hub.pass_on(notice(ANNA));
        assert_eq!(hub.subscribers(), 1, "it was not let go of");
        let stored: Vec<_> = ids(&mut slow).into_iter().filter(|id| *id > 0).collect();
        assert_eq!(stored, (1..=half).collect::<Vec<_>>());
    }

    #[test]
    fn no_piece_comes_after_the_end_unless_the_task_is_tried_again() {
        let hub = hub_at(0);
        let mut anna = hub.subscribe(ANNA).unwrap();
        hub.publish(vec![of_task(1, EventName::TaskCompleted)], EventId(1));
        hub.pass_on(notice(ANNA));
        hub.publish(vec![of_task(2, EventName::TaskQueued)], EventId(2));
        hub.pass_on(notice(ANNA));
        assert_eq!(ids(&mut anna), [1, 2, -1]);
    }

    #[test]
    fn ended_tasks_are_forgotten_in_their_turn() {
        let mut ended = Ended::default();
        let task = |number| TaskId(Uuid::from_u128(number));
        for number in 0..=Ended::MAX as u128 {
            ended.add(task(number));
        }
        assert!(!ended.contains(task(0)) && ended.contains(task(1)));
        assert_eq!((ended.tasks.len(), ended.order.len()), (Ended::MAX, Ended::MAX));
    }
}
