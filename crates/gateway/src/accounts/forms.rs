//! What people fill in, checked as a whole: all that is wrong is said at once.

use std::fmt;

use chrono::NaiveDate;
use quire_domain::{
    FieldErrors, Result,
    user::{check_email, check_password, check_person_name, check_phone, check_username},
};
use quire_store::users::User;
use secrecy::{ExposeSecret, SecretString};

/// Nobody alive was born before.
const FIRST_BIRTH_YEAR: i32 = 1900;

/// A registration, as it was filled in. Empty means not given.
pub(crate) struct Registration {
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) password: SecretString,
    /// The password again, where the form asks for it twice.
    pub(crate) password2: Option<SecretString>,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) phone: String,
    pub(crate) birthdate: String,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").finish_non_exhaustive()
    }
}

impl Registration {
    /// Checks every field; gives the date of birth as a date.
    pub(crate) fn check(&self, today: NaiveDate) -> Result<Option<NaiveDate>> {
        let mut errors = FieldErrors::default();
        if required("username", &self.username, &mut errors) {
            check_username(&self.username, &mut errors);
        }
        if required("email", &self.email, &mut errors) {
            check_email(&self.email, &mut errors);
        }
        let password = self.password.expose_secret();
        if required("password", password, &mut errors) {
            check_password("password", password, &self.username, &self.email, &mut errors);
        }
        check_repeated("password2", &self.password, self.password2.as_ref(), &mut errors);
        check_person_name("first_name", &self.first_name, &mut errors);
        check_person_name("last_name", &self.last_name, &mut errors);
        check_phone(&self.phone, &mut errors);
        let birthdate = match self.birthdate.as_str() {
            "" => None,
            text => parse_birthdate(text, today, &mut errors),
        };
        errors.into_result().map(|()| birthdate)
    }
}

/// A change of password, as it was filled in.
pub(crate) struct NewPassword {
    pub(crate) current: SecretString,
    pub(crate) new: SecretString,
    /// The new password again, where the form asks for it twice.
    pub(crate) new2: Option<SecretString>,
}

impl NewPassword {
    /// Checks every field, except whether the current password is right.
    pub(crate) fn check(&self, user: &User) -> Result<()> {
        let mut errors = FieldErrors::default();
        required("current_password", self.current.expose_secret(), &mut errors);
        let new = self.new.expose_secret();
        if required("new_password", new, &mut errors) {
            check_password("new_password", new, &user.username, &user.email, &mut errors);
        }
        check_repeated("new_password2", &self.new, self.new2.as_ref(), &mut errors);
        errors.into_result()
    }
}

/// Whether the field is filled in; says so when it is not.
fn required(field: &str, value: &str, errors: &mut FieldErrors) -> bool {
    if value.is_empty() {
        errors.add(field, "This field is required.");
    }
    !value.is_empty()
}

fn check_repeated(
    field: &str,
    password: &SecretString,
    repeated: Option<&SecretString>,
    errors: &mut FieldErrors,
) {
    if repeated.is_some_and(|repeated| repeated.expose_secret() != password.expose_secret()) {
        errors.add(field, "The two passwords differ.");
    }
}

/// `YYYY-MM-DD`, between 1900 and today.
pub(super) fn parse_birthdate(text: &str, today: NaiveDate, errors: &mut FieldErrors) -> Option<NaiveDate> {
    let earliest = NaiveDate::from_ymd_opt(FIRST_BIRTH_YEAR, 1, 1);
    let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") else {
        errors.add("birthdate", "Write the date of birth as YYYY-MM-DD, for example 1990-12-31.");
        return None;
    };
    if date > today || earliest.is_some_and(|earliest| date < earliest) {
        errors.add("birthdate", format!("The date of birth lies between {FIRST_BIRTH_YEAR} and today."));
        return None;
    }
    Some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 15).unwrap()
    }

    fn registration() -> Registration {
        Registration {
            username: "ada".to_owned(),
            email: "ada@example.com".to_owned(),
            password: "correct horse".into(),
            password2: None,
            first_name: String::new(),
            last_name: String::new(),
            phone: String::new(),
            birthdate: String::new(),
        }
    }

    #[test]
    fn a_plain_registration_is_good() {
        assert_eq!(registration().check(today()).unwrap(), None);
        let with_all = Registration {
            password2: Some("correct horse".into()),
            birthdate: "1915-12-10".to_owned(),
            phone: "+44 20 123456".to_owned(),
            ..registration()
        };
        assert_eq!(with_all.check(today()).unwrap(), NaiveDate::from_ymd_opt(1915, 12, 10));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let form = Registration {
            username: String::new(),
            email: "nobody".to_owned(),
            password: "short".into(),
            password2: Some("other".into()),
            first_name: "a\nb".to_owned(),
            last_name: "x".repeat(151),
            phone: "call me".to_owned(),
            birthdate: "tomorrow".to_owned(),
        };
        let error = form.check(today()).unwrap_err();
        let fields: Vec<_> = error.fields.0.keys().map(String::as_str).collect();
        assert_eq!(
            fields,
            ["birthdate", "email", "first_name", "last_name", "password", "password2", "phone", "username"]
        );
    }

    #[test]
    fn dates_of_birth_are_plausible() {
        for (text, good) in [
            ("1990-02-28", true),
            ("2026-01-15", true),
            ("2026-01-16", false),
            ("1899-12-31", false),
            ("1990-02-30", false),
            ("28.02.1990", false),
        ] {
            let mut errors = FieldErrors::default();
            assert_eq!(parse_birthdate(text, today(), &mut errors).is_some(), good, "{text}");
            assert_eq!(errors.is_empty(), good, "{text}");
        }
    }
}
