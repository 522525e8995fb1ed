//! The profile: reading and changing it, field by field.

use chrono::NaiveDate;
use quire_domain::{
    FieldErrors, Result, UserId,
    user::{check_email, check_person_name, check_phone, check_username},
};
use quire_store::{
    Rollback, Transaction as _,
    audit::{self, Action},
    users::{self, ProfileChange, User},
};
use serde_json::{Map, Value};

use super::{account_gone, forms::parse_birthdate};
use crate::Gateway;

/// The account of a token.
///
/// # Errors
/// [`quire_domain::ErrorCode::TokenInvalid`] when it is gone.
pub(crate) async fn get_profile(gateway: &Gateway, user_id: UserId) -> Result<User> {
    let mut connection = gateway.pool().get().await?;
    users::find(&mut connection, user_id).await?.ok_or_else(account_gone)
}

/// A change of a profile, as it was sent: fields that are not there stay as they are.
#[derive(Debug)]
pub(crate) struct ProfileForm(pub(crate) Map<String, Value>);

/// Changes a profile. A field that cannot be changed is refused, not ignored.
///
/// # Errors
/// [`quire_domain::ErrorCode::ValidationFailed`], [`quire_domain::ErrorCode::UsernameTaken`],
/// [`quire_domain::ErrorCode::EmailTaken`].
pub(crate) async fn update_profile(gateway: &Gateway, user_id: UserId, form: ProfileForm) -> Result<User> {
    let change = form.check(gateway.now().date_naive())?;
    let Some(change) = change else {
        return get_profile(gateway, user_id).await;
    };
    let mut connection = gateway.pool().get().await?;
    let changed = connection
        .transaction(async |connection| {
            let user = users::update_profile(connection, user_id, &change).await?;
            let user = user.ok_or_else(account_gone)?;
            audit::record(connection, Some(user_id), Some(user_id), Action::ProfileChanged).await?;
            Ok::<_, Rollback>(user)
        })
        .await?;
    Ok(changed)
}

impl ProfileForm {
    /// The change that the form asks for; `None` when it asks for nothing.
    fn check(self, today: NaiveDate) -> Result<Option<ProfileChange>> {
        let mut errors = FieldErrors::default();
        let mut change = ProfileChange::default();
        let nothing = self.0.is_empty();
        for (field, value) in self.0 {
            match field.as_str() {
                "username" => {
                    change.username = text(&field, value, Null::Refused, &mut errors)
                        .inspect(|name| check_username(name, &mut errors));
                }
                "email" => {
                    change.email = text(&field, value, Null::Refused, &mut errors)
                        .inspect(|email| check_email(email, &mut errors));
                }
                "first_name" => {
                    change.first_name = text(&field, value, Null::Clears, &mut errors)
                        .inspect(|name| check_person_name(&field, name, &mut errors));
                }
                "last_name" => {
                    change.last_name = text(&field, value, Null::Clears, &mut errors)
                        .inspect(|name| check_person_name(&field, name, &mut errors));
                }
                "phone" => {
                    change.phone = text(&field, value, Null::Clears, &mut errors)
                        .inspect(|phone| check_phone(phone, &mut errors));
                }
                "birthdate" => change.birthdate = birthdate(value, today, &mut errors),
                other => errors.add(other, refusal(other)),
            }
        }
        errors.into_result().map(|()| (!nothing).then_some(change))
    }
}

#[derive(Clone, Copy)]
enum Null {
    Clears,
    Refused,
}

fn text(field: &str, value: Value, null: Null, errors: &mut FieldErrors) -> Option<String> {
    match (value, null) {
        (Value::String(text), _) => Some(text.trim().to_owned()),
        (Value::Null, Null::Clears) => Some(String::new()),
        (Value::Null, Null::Refused) => {
            errors.add(field, "This field cannot be empty.");
            None
        }
        _ => {
            errors.add(field, "Expected a string.");
            None
        }
    }
}

fn birthdate(value: Value, today: NaiveDate, errors: &mut FieldErrors) -> Option<Option<NaiveDate>> {
    match text("birthdate", value, Null::Clears, errors)?.as_str() {
        "" => Some(None),
        given => parse_birthdate(given, today, errors).map(Some),
    }
}

/// Why a field is not one of those that can be changed here.
fn refusal(field: &str) -> &'static str {
    match field {
        "password" => "A password is changed with POST /auth/password.",
        "role" | "active" => "Only an administrator can change this.",
        "id" | "wallet" | "api_calls_count" | "created_at" => "This field can only be read.",
        _ => "There is no such field.",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(form: Value) -> Result<Option<ProfileChange>> {
        let Value::Object(fields) = form else { panic!("a form is an object") };
        ProfileForm(fields).check(NaiveDate::from_ymd_opt(2026, 1, 15).unwrap())
    }

    #[test]
    fn fields_that_are_not_there_stay_and_null_clears() {
        let change =
            check(json!({"first_name": " Ada ", "phone": null, "birthdate": null})).unwrap().unwrap();
        assert_eq!(change.first_name.as_deref(), Some("Ada"));
        assert_eq!(change.phone.as_deref(), Some(""));
        assert_eq!(change.birthdate, Some(None));
        assert!(change.username.is_none() && change.email.is_none() && change.last_name.is_none());
        assert!(check(json!({})).unwrap().is_none());
    }

    #[test]
    fn nothing_is_ignored() {
        let error = check(json!({
            "username": null, "email": 5, "wallet": "1000.00", "role": "superuser",
            "password": "correct horse", "nickname": "x", "birthdate": "soon",
        }))
        .unwrap_err();
        let said: Vec<_> =
            error.fields.0.iter().map(|(field, said)| (field.as_str(), said[0].as_str())).collect();
        assert_eq!(
            said,
            [
                ("birthdate", "Write the date of birth as YYYY-MM-DD, for example 1990-12-31."),
                ("email", "Expected a string."),
                ("nickname", "There is no such field."),
                ("password", "A password is changed with POST /auth/password."),
                ("role", "Only an administrator can change this."),
                ("username", "This field cannot be empty."),
                ("wallet", "This field can only be read."),
            ]
        );
    }
}
