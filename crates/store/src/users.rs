//! Accounts.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::{dsl::now, prelude::*, sql_types::BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use quire_domain::{Error, ErrorCode, Result, UserId, user::Role};

use crate::{
    error::{Context, from_diesel, violated_constraint},
    schema::users,
};

/// An account, without its password hash.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(diesel::pg::Pg))]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct User {
    id: i64,
    pub username: String,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub phone: String,
    pub birthdate: Option<NaiveDate>,
    /// Two decimal places.
    pub wallet: BigDecimal,
    role: String,
    pub active: bool,
    pub api_calls_count: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub last_login_at: Option<DateTime<Utc>>,
}

impl User {
    /// The account's number.
    pub fn id(&self) -> UserId {
        UserId(self.id)
    }

    /// What the account may do. The column is checked, so the fallback is never seen.
    pub fn role(&self) -> Role {
        Role::parse(&self.role).unwrap_or(Role::User)
    }
}

/// What it takes to make an account. Checked by the caller.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct NewUser<'a> {
    pub username: &'a str,
    pub email: &'a str,
    pub password_hash: &'a str,
    pub first_name: &'a str,
    pub last_name: &'a str,
    pub phone: &'a str,
    pub birthdate: Option<NaiveDate>,
    pub role: Role,
}

/// A change of a profile: `None` leaves a field as it is.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = users)]
#[allow(missing_docs, reason = "the fields are the columns")]
pub struct ProfileChange {
    pub username: Option<String>,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub phone: Option<String>,
    /// `Some(None)` clears it.
    pub birthdate: Option<Option<NaiveDate>>,
}

/// The form under which a name or address is unique: NFKC, and without case. By way of upper
/// case, where `ß` meets `SS` and the two small sigmas meet; and before that lower case, where
/// `ẞ` meets `ß`.
pub fn fold(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let upper = name.nfkc().flat_map(char::to_lowercase).flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).nfkc().collect()
}

/// Makes an account.
///
/// # Errors
/// [`ErrorCode::UsernameTaken`], [`ErrorCode::EmailTaken`].
pub async fn create(connection: &mut AsyncPgConnection, new: &NewUser<'_>) -> Result<User> {
    diesel::insert_into(users::table)
        .values((
            users::username.eq(new.username),
            users::username_key.eq(fold(new.username)),
            users::email.eq(new.email),
            users::email_key.eq(fold(new.email)),
            users::password_hash.eq(new.password_hash),
            users::first_name.eq(new.first_name),
            users::last_name.eq(new.last_name),
            users::phone.eq(new.phone),
            users::birthdate.eq(new.birthdate),
            users::role.eq(new.role.as_str()),
        ))
        .returning(User::as_select())
        .get_result(connection)
        .await
        .map_err(taken)
}

/// The account with that number, if it is active.
///
/// # Errors
/// When the database does not answer.
pub async fn find(connection: &mut AsyncPgConnection, id: UserId) -> Result<Option<User>> {
    users::table
        .find(id.0)
        .filter(users::active)
        .select(User::as_select())
        .first(connection)
        .await
        .optional()
        .context("reading an account")
}

/// The account that signs in with that user name or e-mail address, and its password hash;
/// inactive ones too, since the caller must spend the same time on them.
///
/// # Errors
/// When the database does not answer.
pub async fn find_for_login(
    connection: &mut AsyncPgConnection,
    identifier: &str,
) -> Result<Option<(User, String)>> {
    let key = fold(identifier);
    users::table
        .filter(users::username_key.eq(&key).or(users::email_key.eq(&key)))
        .select((User::as_select(), users::password_hash))
        .first(connection)
        .await
        .optional()
        .context("reading an account to sign in")
}

/// The password hash of an active account.
///
/// # Errors
/// When the database does not answer.
pub async fn password_hash(connection: &mut AsyncPgConnection, id: UserId) -> Result<Option<String>> {
    users::table
        .find(id.0)
        .filter(users::active)
        .select(users::password_hash)
        .first(connection)
        .await
        .optional()
        .context("reading a password hash")
}

/// Changes a profile; `None` when there is no such active account.
///
/// # Errors
/// [`ErrorCode::UsernameTaken`], [`ErrorCode::EmailTaken`].
pub async fn update_profile(
    connection: &mut AsyncPgConnection,
    id: UserId,
    change: &ProfileChange,
) -> Result<Option<User>> {
    diesel::update(users::table.find(id.0).filter(users::active))
        .set((
            change,
            change.username.as_deref().map(|name| users::username_key.eq(fold(name))),
            change.email.as_deref().map(|email| users::email_key.eq(fold(email))),
            users::updated_at.eq(now),
        ))
        .returning(User::as_select())
        .get_result(connection)
        .await
        .optional()
        .map_err(taken)
}

/// Replaces the password hash.
///
/// # Errors
/// When the database does not answer.
pub async fn set_password_hash(connection: &mut AsyncPgConnection, id: UserId, hash: &str) -> Result<()> {
    diesel::update(users::table.find(id.0))
        .set((users::password_hash.eq(hash), users::updated_at.eq(now)))
        .execute(connection)
        .await
        .context("changing a password")?;
    Ok(())
}

/// Removes an account with all that is its own; its blobs go to the list of those to delete.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(connection: &mut AsyncPgConnection, id: UserId) -> Result<bool> {
    let deleted = diesel::delete(users::table.find(id.0)).execute(connection).await;
    Ok(deleted.context("deleting an account")? > 0)
}

/// Remembers a sign-in.
///
/// # Errors
/// When the database does not answer.
pub async fn touch_login(connection: &mut AsyncPgConnection, id: UserId, at: DateTime<Utc>) -> Result<()> {
    diesel::update(users::table.find(id.0))
        .set(users::last_login_at.eq(at))
        .execute(connection)
        .await
        .context("remembering a sign-in")?;
    Ok(())
}

/// Counts one API call; `false` when there is no such active account.
///
/// The commit is not waited for on disk: a crash of the database server may lose the last
/// fraction of a second of a counter, and one user's submissions do not queue behind each
/// other's disk writes.
///
/// # Errors
/// When the database does not answer.
pub async fn count_api_call(connection: &mut AsyncPgConnection, id: UserId) -> Result<bool> {
    let counted = diesel::sql_query(
        "update users set api_calls_count = api_calls_count + 1 \
         from (select set_config('synchronous_commit', 'off', true) as value) as setting \
         where id = $1 and active and setting.value = 'off'",
    )
    .bind::<BigInt, _>(id.0)
    .execute(connection)
    .await
    .context("counting an API call")?;
    Ok(counted > 0)
}

fn taken(error: diesel::result::Error) -> Error {
    match violated_constraint(&error) {
        Some("users_username_key") => Error::new(ErrorCode::UsernameTaken, "This user name is taken.")
            .with_field("username", "This user name is taken."),
        Some("users_email_key") => {
            Error::new(ErrorCode::EmailTaken, "There is an account with this e-mail address.")
                .with_field("email", "There is an account with this e-mail address.")
        }
        _ => from_diesel(error, "writing an account"),
    }
}
