//! What users spend on a day, and what calls under way may still take of it.
//!
//! A call reserves the most that it may take, and settles when it is over. The day's row is the lock under
//! which that is decided, so that calls at the same moment cannot spend the same rest.

use bigdecimal::{BigDecimal, Zero};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Date, Nullable, Numeric, Timestamptz},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use quire_domain::{Result, UserId};

use crate::{
    error::Context,
    schema::{reservations, spending},
};

/// What one user may spend on a day; any amount where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// Tokens sent and received.
    pub tokens: Option<i64>,
    /// US dollars.
    pub cost: Option<BigDecimal>,
}

/// Tokens and money together: what was spent, or what may be.
#[derive(Debug, Clone, Default, PartialEq, Eq, QueryableByName)]
pub struct Amount {
    /// Tokens sent and received.
    #[diesel(sql_type = BigInt)]
    pub tokens: i64,
    /// US dollars.
    #[diesel(sql_type = Numeric)]
    pub cost: BigDecimal,
}

impl Budget {
    fn is_unlimited(&self) -> bool {
        self.tokens.is_none() && self.cost.is_none()
    }

    fn holds(&self, tokens: i64, cost: &BigDecimal) -> bool {
        self.tokens.is_none_or(|most| tokens <= most) && self.cost.as_ref().is_none_or(|most| cost <= most)
    }
}

/// What became of a wish to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// It is reserved, under this number.
    Yes(i64),
    /// Other calls have reserved what is left; when they settle, it may suffice.
    Later,
    /// What is left today does not suffice.
    Never,
}

/// Reserves the most that a call may take until it settles, or until `expires_at`.
///
/// # Errors
/// When the database does not answer, or the account is gone.
pub async fn reserve(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    wanted: &Amount,
    budget: &Budget,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<Reserved> {
    connection
        .transaction(async |connection| {
            if !budget.is_unlimited() {
                let spent = lock_day(connection, owner, now.date_naive()).await?;
                let (tokens, cost) = (spent.tokens + wanted.tokens, spent.cost + &wanted.cost);
                if !budget.holds(tokens, &cost) {
                    return Ok(Reserved::Never);
                }
                let others = under_way(connection, owner, now).await?;
                if !budget.holds(tokens + others.tokens, &(cost + others.cost)) {
                    return Ok(Reserved::Later);
                }
            }
            let id = diesel::insert_into(reservations::table)
                .values((
                    reservations::user_id.eq(owner.0),
                    reservations::tokens.eq(wanted.tokens),
                    reservations::cost.eq(&wanted.cost),
                    reservations::expires_at.eq(expires_at),
                ))
                .returning(reservations::id)
                .get_result(connection)
                .await?;
            Ok(Reserved::Yes(id))
        })
        .await
        .context("reserving a part of a budget")
}

/// What was spent on a day, which nobody can change until the transaction ends.
async fn lock_day(connection: &mut AsyncPgConnection, owner: UserId, day: NaiveDate) -> QueryResult<Amount> {
    diesel::sql_query(
        "insert into spending (user_id, day) values ($1, $2) \
         on conflict (user_id, day) do update set day = excluded.day \
         returning input_tokens + output_tokens as tokens, cost",
    )
    .bind::<BigInt, _>(owner.0)
    .bind::<Date, _>(day)
    .get_result(connection)
    .await
}

async fn under_way(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    now: DateTime<Utc>,
) -> QueryResult<Amount> {
    diesel::sql_query(
        "select coalesce(sum(tokens), 0)::bigint as tokens, coalesce(sum(cost), 0) as cost \
         from reservations where user_id = $1 and expires_at > $2",
    )
    .bind::<BigInt, _>(owner.0)
    .bind::<Timestamptz, _>(now)
    .get_result(connection)
    .await
}

/// What calls of this user that are under way may still take.
///
/// # Errors
/// When the database does not answer.
pub async fn reserved(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    now: DateTime<Utc>,
) -> Result<Amount> {
    under_way(connection, owner, now).await.context("reading what is reserved")
}

/// What an answered call took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct Spent {
    pub input_tokens: i64,
    pub cached_input_tokens: i64,
    pub output_tokens: i64,
    /// `None` when the price is not known.
    pub cost: Option<BigDecimal>,
}

/// Books what a call took in place of what was reserved for it: once, however often it is said.
///
/// # Errors
/// When the database does not answer.
pub async fn settle(
    connection: &mut AsyncPgConnection,
    reservation: i64,
    spent: &Spent,
    now: DateTime<Utc>,
) -> Result<()> {
    diesel::sql_query(
        "with reservation as (delete from reservations where id = $1 returning user_id) \
         insert into spending as s \
             (user_id, day, calls, unpriced_calls, input_tokens, cached_input_tokens, output_tokens, cost) \
         select user_id, $2, 1, case when $3 is null then 1 else 0 end, $4, $5, $6, coalesce($3, 0) \
             from reservation \
         on conflict (user_id, day) do update set \
             calls = s.calls + 1, \
             unpriced_calls = s.unpriced_calls + excluded.unpriced_calls, \
             input_tokens = s.input_tokens + excluded.input_tokens, \
             cached_input_tokens = s.cached_input_tokens + excluded.cached_input_tokens, \
             output_tokens = s.output_tokens + excluded.output_tokens, \
             cost = s.cost + excluded.cost",
    )
    .bind::<BigInt, _>(reservation)
    .bind::<Date, _>(now.date_naive())
    .bind::<Nullable<Numeric>, _>(spent.cost.as_ref())
    .bind::<BigInt, _>(spent.input_tokens)
    .bind::<BigInt, _>(spent.cached_input_tokens)
    .bind::<BigInt, _>(spent.output_tokens)
    .execute(connection)
    .await
    .context("booking what a call took")?;
    Ok(())
}

/// Gives back what was reserved for a call that took nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn release(connection: &mut AsyncPgConnection, reservation: i64) -> Result<()> {
    diesel::delete(reservations::table.find(reservation))
        .execute(connection)
        .await
        .context("giving back a reservation")?;
    Ok(())
}

/// Forgets reservations that expired before `oldest`: nobody will settle them any more.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep_expired(connection: &mut AsyncPgConnection, oldest: DateTime<Utc>) -> Result<usize> {
    diesel::delete(reservations::table.filter(reservations::expires_at.lt(oldest)))
        .execute(connection)
        .await
        .context("sweeping expired reservations")
}

/// What a user had done and spent on a day.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = spending, check_for_backend(diesel::pg::Pg))]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct Day {
    pub day: NaiveDate,
    pub tasks: i64,
    pub calls: i64,
    /// Calls whose price is not known; their cost is in no sum.
    pub unpriced_calls: i64,
    pub input_tokens: i64,
    pub cached_input_tokens: i64,
    pub output_tokens: i64,
    pub cost: BigDecimal,
}

impl Day {
    /// What all calls of the day cost in US dollars; `None` when the price of one is not known.
    pub fn known_cost(&self) -> Option<&BigDecimal> {
        (self.unpriced_calls == 0).then_some(&self.cost)
    }

    /// A day on which nothing was.
    pub fn empty(day: NaiveDate) -> Self {
        Self {
            day,
            tasks: 0,
            calls: 0,
            unpriced_calls: 0,
            input_tokens: 0,
            cached_input_tokens: 0,
            output_tokens: 0,
            cost: BigDecimal::zero(),
        }
    }
}

/// The days of this user from `from` to `to`, both included, on which something was; newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn days(
    connection: &mut AsyncPgConnection,
    owner: UserId,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Day>> {
    spending::table
        .filter(spending::user_id.eq(owner.0).and(spending::day.between(from, to)))
        .filter(spending::tasks.gt(0).or(spending::calls.gt(0)))
        .order(spending::day.desc())
        .select(Day::as_select())
        .load(connection)
        .await
        .context("reading what was spent")
}
