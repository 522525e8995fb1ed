//! Accounts and tasks as clients read them.

use chrono::{DateTime, NaiveDate, Utc};
use quire_store::{tasks::Task, users::User};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{accounts::SignedIn, sessions::TokenPair};

/// An account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct UserView {
    #[schema(example = 42)]
    id: i64,
    #[schema(example = "ada")]
    username: String,
    #[schema(example = "ada@example.com")]
    email: String,
    #[schema(example = "Ada")]
    first_name: String,
    #[schema(example = "Lovelace")]
    last_name: String,
    /// Empty when it is not known.
    #[schema(example = "+44 20 123456")]
    phone: String,
    #[schema(example = "1990-12-10")]
    birthdate: Option<NaiveDate>,
    /// What can be spent, with two decimals.
    #[schema(example = "0.00")]
    wallet: String,
    /// How many files were handed in.
    #[schema(example = 7)]
    api_calls_count: i64,
    /// `user`, `staff` or `superuser`.
    #[schema(example = "user")]
    role: &'static str,
    created_at: DateTime<Utc>,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id().0,
            role: user.role().as_str(),
            wallet: user.wallet.with_scale(2).to_plain_string(),
            username: user.username,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            phone: user.phone,
            birthdate: user.birthdate,
            api_calls_count: user.api_calls_count,
            created_at: user.created_at,
        }
    }
}

/// What to keep after signing in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tokens)]
pub(super) struct TokensView {
    /// The access token, a JWT. Send it as `Authorization: Bearer <access>`.
    #[schema(example = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl")]
    access: String,
    /// Good for one new pair of tokens, once.
    #[schema(example = "mVw2b4J0uY8m1b6cC0n9rQvXo5tq3s1Zf7hK2dLpEaU")]
    refresh: String,
}

impl From<TokenPair> for TokensView {
    fn from(pair: TokenPair) -> Self {
        Self { access: pair.access, refresh: pair.refresh }
    }
}

/// Tokens, and whose they are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub(super) struct SignedInView {
    #[serde(flatten)]
    tokens: TokensView,
    user: UserView,
}

impl From<SignedIn> for SignedInView {
    fn from(signed_in: SignedIn) -> Self {
        Self { tokens: signed_in.tokens.into(), user: signed_in.user.into() }
    }
}

/// A new account, signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Registered {
    /// A sentence for the person.
    #[schema(example = "Your account was made, and you are signed in.")]
    pub(super) message: &'static str,
    #[serde(flatten)]
    pub(super) signed_in: SignedInView,
}

/// A changed password, and the tokens of the session that stays.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PasswordChanged {
    /// A sentence for the person.
    #[schema(example = "Your password was changed. All other sessions have ended.")]
    pub(super) message: &'static str,
    #[serde(flatten)]
    pub(super) tokens: TokensView,
}

/// A sentence about what was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub(super) struct MessageView {
    /// A sentence for the person.
    #[schema(example = "You are signed out.")]
    pub(super) message: &'static str,
}

/// A task.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskView {
    id: Uuid,
    /// The same as `id`.
    task_id: Uuid,
    document_id: Uuid,
    #[schema(example = "report.pdf")]
    filename: String,
    #[schema(example = "summarize")]
    task_type: String,
    params: Value,
    /// `pending`, `processing`, `completed`, `failed` or `cancelled`.
    #[schema(example = "completed")]
    status: &'static str,
    /// In percent.
    #[schema(minimum = 0, maximum = 100)]
    progress: i16,
    /// Which attempt this is; 0 before the first.
    attempt: i16,
    max_attempts: i16,
    /// Whether its user asked for it to be cancelled.
    cancel_requested: bool,
    /// The answer, for people. `null` until the task is completed.
    result: Option<String>,
    /// The answer, for programs: an envelope whose `data` has the schema of the task type (see
    /// `GET /process/task-types`). Left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    /// What went wrong without spoiling the whole: `{code, message}` each.
    warnings: Value,
    /// Why it failed, for programs.
    error_code: Option<String>,
    /// Why it failed, for people.
    error_message: Option<String>,
    /// Who answered.
    provider: Option<String>,
    model: Option<String>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    /// In US dollars, as a decimal; `null` when the price is not known.
    cost: Option<String>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl TaskView {
    /// The task with all it has.
    pub(super) fn full(task: Task) -> Self {
        Self {
            id: task.id().0,
            task_id: task.id().0,
            document_id: task.document_id().0,
            status: task.status().as_str(),
            filename: task.filename,
            task_type: task.task_type,
            params: task.params,
            progress: task.progress,
            attempt: task.attempt,
            max_attempts: task.max_attempts,
            cancel_requested: task.cancel_requested,
            result: task.result,
            output: task.output,
            warnings: task.warnings,
            error_code: task.error_code,
            error_message: task.error_message,
            provider: task.provider,
            model: task.model,
            input_tokens: task.input_tokens,
            output_tokens: task.output_tokens,
            cost: task.cost.map(|cost| cost.normalized().to_plain_string()),
            created_at: task.created_at,
            started_at: task.started_at,
            finished_at: task.finished_at,
        }
    }

    /// The task as a line of a list.
    pub(super) fn line(task: Task) -> Self {
        Self { output: None, ..Self::full(task) }
    }
}
