//! The stored log of events, and how to read it without stepping over anything.
//!
//! Numbers are taken from a sequence when an event is written, but become visible when its
//! transaction commits: number 7 can be readable while 6 still waits. A reader that moved on
//! to 7 would never deliver 6. [`LogReader`] stops at such a gap until every transaction that
//! could fill it has ended.

use chrono::{DateTime, Utc};
use diesel::{prelude::*, sql_types::BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{
    DocumentId, EventId, Result, TaskId, UserId,
    event::{Event, EventName},
};
use uuid::Uuid;

use crate::{error::Context, schema::events};

/// An event about a document, to be written in the transaction of the change that it reports,
/// and after it. (Events about tasks are written by the statements that change the tasks.)
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = events)]
pub(crate) struct NewEvent<'a> {
    pub(crate) user_id: i64,
    pub(crate) name: &'static str,
    pub(crate) document_id: Uuid,
    pub(crate) filename: &'a str,
    pub(crate) status: &'static str,
    pub(crate) message: &'static str,
}

pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    event: &NewEvent<'_>,
) -> diesel::QueryResult<()> {
    diesel::insert_into(events::table).values(event).execute(connection).await?;
    Ok(())
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = events, check_for_backend(diesel::pg::Pg))]
struct Row {
    id: i64,
    user_id: i64,
    name: String,
    task_id: Option<Uuid>,
    document_id: Option<Uuid>,
    filename: Option<String>,
    task_type: Option<String>,
    status: Option<String>,
    message: Option<String>,
    progress: Option<i16>,
    created_at: DateTime<Utc>,
}

impl Row {
    /// `None` for a name that this version does not know (written by a newer one).
    fn into_event(self) -> Option<Event> {
        Some(Event {
            id: EventId(self.id),
            user_id: UserId(self.user_id),
            name: EventName::parse(&self.name)?,
            task_id: self.task_id.map(TaskId),
            document_id: self.document_id.map(DocumentId),
            filename: self.filename,
            task_type: self.task_type,
            status: self.status,
            message: self.message,
            progress: self.progress,
            timestamp: self.created_at,
        })
    }
}

/// The events of one user with numbers in `after..=upto`, in order, at most `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn replay(
    connection: &mut AsyncPgConnection,
    user_id: UserId,
    after: EventId,
    upto: EventId,
    limit: i64,
) -> Result<Vec<Event>> {
    let rows: Vec<Row> = events::table
        .filter(events::user_id.eq(user_id.0).and(events::id.gt(after.0)).and(events::id.le(upto.0)))
        .order(events::id)
        .limit(limit)
        .select(Row::as_select())
        .load(connection)
        .await
        .context("replaying events")?;
    Ok(rows.into_iter().filter_map(Row::into_event).collect())
}

/// Removes events older than `before`, at most `limit` at a time.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep_older_than(
    connection: &mut AsyncPgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<usize> {
    let old = events::table
        .filter(events::created_at.lt(before))
        .order(events::id)
        .limit(limit)
        .select(events::id)
        .load::<i64>(connection)
        .await
        .context("finding old events")?;
    diesel::delete(events::table.filter(events::id.eq_any(old)))
        .execute(connection)
        .await
        .context("sweeping old events")
}

/// Reads the log of all users from a place in it, in the order of the numbers, and never past
/// a number that may still appear.
///
/// The rule: when a visible number leaves a gap below it, the reader takes a transaction id of
/// its own. Whoever holds a number in the gap had its transaction id before it took the number
/// (events are written after the change they report), so its id is smaller. Once the oldest
/// running transaction is not smaller than the reader's, the gap stays empty for good.
#[derive(Debug)]
pub struct LogReader {
    cursor: EventId,
    gap: Option<Gap>,
}

/// Numbers below `below` that are missing and, once no transaction older than `horizon`
/// runs, will never come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gap {
    below: i64,
    horizon: i64,
}

/// What one look at the log gave.
#[derive(Debug, Default)]
pub struct Batch {
    /// Events in order, without gaps that could still fill.
    pub events: Vec<Event>,
    /// Look again soon: there is more, or a gap has to be waited for.
    pub more: bool,
}

impl LogReader {
    /// How many events one look reads at most.
    pub const BATCH: i64 = 1_000;

    /// A reader that begins at the newest event. Numbers below it that have not appeared yet
    /// are not delivered by it; readers that need them begin earlier, with [`after`](Self::after).
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn at_end(connection: &mut AsyncPgConnection) -> Result<Self> {
        let newest: Option<i64> = events::table
            .select(diesel::dsl::max(events::id))
            .first(connection)
            .await
            .context("finding the end of the log")?;
        Ok(Self::after(EventId(newest.unwrap_or_default())))
    }

    /// A reader that begins after the number given.
    pub fn after(cursor: EventId) -> Self {
        Self { cursor, gap: None }
    }

    /// Everything up to this number has been read, or will never appear.
    pub fn cursor(&self) -> EventId {
        self.cursor
    }

    /// The next events.
    ///
    /// # Errors
    /// When the database does not answer; the reader stays where it was.
    pub async fn read(&mut self, connection: &mut AsyncPgConnection) -> Result<Batch> {
        // Asked before the rows are read: what has ended by now is visible to the next query.
        let oldest_running = match self.gap {
            Some(_) => Some(oldest_running_transaction(connection).await?),
            None => None,
        };
        let rows: Vec<Row> = events::table
            .filter(events::id.gt(self.cursor.0))
            .order(events::id)
            .limit(Self::BATCH)
            .select(Row::as_select())
            .load(connection)
            .await
            .context("reading the log")?;
        let full = rows.len() as i64 == Self::BATCH;
        let newest = rows.last().map(|row| row.id);
        let settled = self.settle(rows, oldest_running);
        let waits = newest.is_some_and(|newest| newest > self.cursor.0);
        if let (true, None, Some(newest)) = (waits, self.gap, newest) {
            let horizon = own_transaction_id(connection).await?;
            self.gap = Some(Gap { below: newest, horizon });
        }
        let events = settled.into_iter().filter_map(Row::into_event).collect();
        Ok(Batch { events, more: full || waits })
    }

    /// Takes the rows up to the first gap that may still fill, and moves the cursor.
    fn settle(&mut self, rows: Vec<Row>, oldest_running: Option<i64>) -> Vec<Row> {
        let dead_below = match (self.gap, oldest_running) {
            (Some(gap), Some(oldest)) if oldest >= gap.horizon => gap.below,
            _ => i64::MIN,
        };
        let mut settled = Vec::with_capacity(rows.len());
        for row in rows {
            if row.id != self.cursor.0 + 1 && row.id > dead_below {
                break;
            }
            self.cursor = EventId(row.id);
            settled.push(row);
        }
        if self.gap.is_some_and(|gap| self.cursor.0 >= gap.below) {
            self.gap = None;
        }
        settled
    }
}

#[derive(QueryableByName)]
struct TransactionId {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

async fn oldest_running_transaction(connection: &mut AsyncPgConnection) -> Result<i64> {
    transaction_id(connection, "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as value").await
}

async fn own_transaction_id(connection: &mut AsyncPgConnection) -> Result<i64> {
    transaction_id(connection, "select pg_current_xact_id()::text::bigint as value").await
}

async fn transaction_id(connection: &mut AsyncPgConnection, query: &str) -> Result<i64> {
    let row: TransactionId =
        diesel::sql_query(query).get_result(connection).await.context("asking for a transaction id")?;
    Ok(row.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64) -> Row {
        Row {
            id,
            user_id: 1,
            name: "task_queued".into(),
            task_id: None,
            document_id: None,
            filename: None,
            task_type: None,
            status: None,
            message: None,
            progress: None,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn settle(reader: &mut LogReader, ids: &[i64], oldest: Option<i64>) -> Vec<i64> {
        reader.settle(ids.iter().copied().map(row).collect(), oldest).iter().map(|row| row.id).collect()
    }

    #[test]
    fn stops_at_a_gap_and_goes_on_when_it_fills() {
        let mut reader = LogReader::after(EventId(4));
        assert_eq!(settle(&mut reader, &[5, 7, 8], None), [5]);
        reader.gap = Some(Gap { below: 8, horizon: 100 });
        assert_eq!(settle(&mut reader, &[6, 7, 8], Some(99)), [6, 7, 8]);
        assert_eq!((reader.cursor, reader.gap), (EventId(8), None));
    }

    #[test]
    fn steps_over_a_gap_only_when_nobody_can_fill_it() {
        let mut reader = LogReader::after(EventId(4));
        reader.gap = Some(Gap { below: 8, horizon: 100 });
        assert!(settle(&mut reader, &[6, 8], Some(99)).is_empty());
        assert!(settle(&mut reader, &[6, 8], None).is_empty());
        assert_eq!(settle(&mut reader, &[6, 8], Some(100)), [6, 8]);
        assert_eq!((reader.cursor, reader.gap), (EventId(8), None));
    }

    #[test]
    fn a_gap_above_the_known_one_is_not_stepped_over() {
        let mut reader = LogReader::after(EventId(0));
        reader.gap = Some(Gap { below: 3, horizon: 50 });
        assert_eq!(settle(&mut reader, &[2, 3, 9], Some(60)), [2, 3]);
        assert_eq!((reader.cursor, reader.gap), (EventId(3), None));
    }
}
