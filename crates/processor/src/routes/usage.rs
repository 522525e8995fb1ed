//! `GET /process/usage`.

use actix_web::{
    HttpResponse, get,
    web::{Data, Query},
};
use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use quire_domain::{FieldErrors, Result};
use quire_store::spending::Day;
use quire_web::{caller::Caller, problem::HttpResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    Processor,
    accounts::{Rest, Usage},
};

/// Days that are shown unless others are asked for, today included.
const USUAL_DAYS: u64 = 30;
/// Days that can be asked for at a time.
const MOST_DAYS: i64 = 366;

/// Which days to show. Read as text, so that all that is wrong can be said at once.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UsageDays {
    /// The first day, in UTC; 30 days up to the last one when left out.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-01")]
    from: Option<String>,
    /// The last day, in UTC; today when left out. At most 366 days at a time.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-30")]
    to: Option<String>,
}

impl UsageDays {
    fn check(&self, today: NaiveDate) -> Result<(NaiveDate, NaiveDate)> {
        let mut errors = FieldErrors::default();
        let mut day = |field: &str, text: &Option<String>| {
            let parsed = text.as_deref().map(parse_day);
            if parsed == Some(None) {
                errors.add(field, "A day is a date like 2026-11-30.");
            }
            parsed.flatten()
        };
        let (from, to) = (day("from", &self.from), day("to", &self.to).unwrap_or(today));
        let from = from.or_else(|| to.checked_sub_days(Days::new(USUAL_DAYS - 1))).unwrap_or(to);
        if from > to {
            errors.add("from", "The first day must not be after the last.");
        } else if (to - from).num_days() >= MOST_DAYS {
            errors.add("from", format!("There may be at most {MOST_DAYS} days."));
        }
        errors.into_result().map(|()| (from, to))
    }
}

/// A day that there are tasks of, or may be.
fn parse_day(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|day: &NaiveDate| (1970..=9999).contains(&day.year()))
}

/// What was done and spent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Usage)]
struct UsageView {
    /// The first day that was asked for.
    from: NaiveDate,
    /// The last one.
    to: NaiveDate,
    /// Newest first; days on which nothing was are left out.
    days: Vec<DayView>,
    /// What there is for today, and what is left.
    today: TodayView,
}

/// What was done and spent on a day (UTC).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageOfDay)]
struct DayView {
    day: NaiveDate,
    /// Tasks completed.
    #[schema(example = 12)]
    tasks: i64,
    /// Calls to AI models that were answered.
    #[schema(example = 31)]
    calls: i64,
    /// Tokens sent.
    #[schema(example = 48211)]
    input_tokens: i64,
    /// Of these, tokens that the provider had cached.
    #[schema(example = 0)]
    cached_input_tokens: i64,
    /// Tokens received.
    #[schema(example = 5120)]
    output_tokens: i64,
    /// US dollars, as a decimal number; `null` when the price of a call is not known.
    #[schema(example = "0.0073811")]
    cost: Option<String>,
}

impl From<Day> for DayView {
    fn from(day: Day) -> Self {
        let cost = day.known_cost().map(|cost| cost.normalized().to_plain_string());
        let Day { day, tasks, calls, input_tokens, cached_input_tokens, output_tokens, .. } = day;
        Self { day, tasks, calls, input_tokens, cached_input_tokens, output_tokens, cost }
    }
}

/// The budget of today.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageToday)]
struct TodayView {
    /// Tokens, sent and received; `null` when they are not limited.
    tokens: Option<TokensView>,
    /// US dollars; `null` when they are not limited.
    cost: Option<CostView>,
    /// When the next day begins.
    resets_at: DateTime<Utc>,
}

/// A limit in tokens.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageTokens)]
struct TokensView {
    /// For a day.
    #[schema(example = 1000000)]
    limit: i64,
    /// Neither spent, nor reserved for calls under way.
    #[schema(example = 946669)]
    left: i64,
}

/// A limit in US dollars, as decimal numbers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UsageCost)]
struct CostView {
    /// For a day.
    #[schema(example = "2.5")]
    limit: String,
    /// Neither spent, nor reserved for calls under way.
    #[schema(example = "2.4926189")]
    left: String,
}

impl From<Usage> for TodayView {
    fn from(usage: Usage) -> Self {
        Self {
            tokens: usage.tokens.map(|Rest { limit, left }| TokensView { limit, left }),
            cost: usage.cost.map(|Rest { limit, left }| CostView {
                limit: limit.normalized().to_plain_string(),
                left: left.normalized().to_plain_string(),
            }),
            resets_at: usage.resets_at,
        }
    }
}

/// Read what you have used
///
/// Tasks, calls to AI models, tokens and cost by day, and what is left of today's budget.
#[utoipa::path(
    operation_id = "get_usage",
    tag = "Tasks",
    params(UsageDays),
    responses(
        (status = 200, description = "What was done and spent.", body = UsageView),
        (status = 401, description = "No valid token."),
        (status = 422, description = "A parameter is not valid."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[get("/process/usage")]
pub(crate) async fn get_usage(
    caller: Caller,
    processor: Data<Processor>,
    query: Query<UsageDays>,
) -> HttpResult<HttpResponse> {
    let (from, to) = query.check(processor.accounts.today())?;
    let mut usage = processor.accounts.get_usage(caller.user_id, from, to).await?;
    let days = std::mem::take(&mut usage.days).into_iter().map(DayView::from).collect();
    Ok(HttpResponse::Ok().json(UsageView { from, to, days, today: usage.into() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: Option<&str>, to: Option<&str>) -> Result<(String, String), Vec<String>> {
        let days = UsageDays { from: from.map(str::to_owned), to: to.map(str::to_owned) };
        let checked = days.check(NaiveDate::from_ymd_opt(2026, 3, 1).unwrap());
        checked
            .map(|(from, to)| (from.to_string(), to.to_string()))
            .map_err(|error| error.fields.0.into_keys().collect())
    }

    #[test]
    fn days_are_the_last_thirty_unless_others_are_asked_for() {
        let days = |from: &str, to: &str| Ok((from.to_owned(), to.to_owned()));
        assert_eq!(check(None, None), days("2026-01-31", "2026-03-01"));
        assert_eq!(check(None, Some("2026-01-30")), days("2026-01-01", "2026-01-30"));
        assert_eq!(check(Some("2026-02-28"), None), days("2026-02-28", "2026-03-01"));
        assert_eq!(check(Some("2025-03-01"), None), days("2025-03-01", "2026-03-01"));
    }

    #[test]
    fn what_is_no_span_of_days_is_named() {
        for (from, to, wrong) in [
            (Some("yesterday"), Some("2026-02-30"), &["from", "to"][..]),
            (Some("2026-03-02"), None, &["from"]),
            (Some("2025-02-28"), None, &["from"]),
            (Some("-262143-01-01"), Some("+262142-12-31"), &["from", "to"]),
            (Some("1970-01-01"), Some("9999-12-31"), &["from"]),
        ] {
            let expected: Vec<_> = wrong.iter().map(|field| (*field).to_owned()).collect();
            assert_eq!(check(from, to).err().unwrap_or_default(), expected, "{from:?} {to:?}");
        }
    }
}
