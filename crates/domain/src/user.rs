//! Accounts: roles, and what a user name, an e-mail address and a password may look like.

use std::fmt;

use crate::FieldErrors;

/// The shortest password accepted, in characters (NIST SP 800-63B, 3.1.1.2, asks for at least 8).
pub const PASSWORD_MIN: usize = 8;
/// The longest password accepted, in characters: hashing costs time, so its input is bounded.
pub const PASSWORD_MAX: usize = 128;

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Works with its own documents.
    User,
    /// May also see the administration pages.
    Staff,
    /// May also change accounts.
    Superuser,
}

impl Role {
    /// Every role.
    pub const ALL: &[Self] = &[Self::User, Self::Staff, Self::Superuser];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Staff => "staff",
            Self::Superuser => "superuser",
        }
    }

    /// The role with that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.as_str() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Checks a user name: 3 to 150 of letters, digits and `. _ + -`. An `@` is refused, so that
/// a user name is never taken for an e-mail address at sign-in.
pub fn check_username(username: &str, errors: &mut FieldErrors) {
    let length = username.chars().count();
    if !(3..=150).contains(&length) {
        errors.add("username", "A user name has 3 to 150 characters.");
    } else if !username.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '+' | '-')) {
        errors.add("username", "A user name has letters, digits and . _ + - only.");
    }
}

/// Checks the shape of an e-mail address: something, one `@`, a domain with a dot, at most
/// 254 characters (RFC 5321, 4.5.3.1.3). Whether mail arrives can only be found by sending one.
pub fn check_email(email: &str, errors: &mut FieldErrors) {
    let plausible = email.len() <= 254
        && !email.chars().any(|c| c.is_whitespace() || c.is_control())
        && email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local.len() <= 64
                && !domain.contains('@')
                && domain.contains('.')
                && domain.split('.').all(|label| {
                    !label.is_empty()
                        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                        && !label.starts_with('-')
                        && !label.ends_with('-')
                })
        });
    if !plausible {
        errors.add("email", "This is not an e-mail address.");
    }
}

/// Checks a password against the rules of length, and against the account's own names.
pub fn check_password(field: &str, password: &str, username: &str, email: &str, errors: &mut FieldErrors) {
    let length = password.chars().count();
    if length < PASSWORD_MIN {
        errors.add(field, format!("A password has at least {PASSWORD_MIN} characters."));
    } else if length > PASSWORD_MAX {
        errors.add(field, format!("A password has at most {PASSWORD_MAX} characters."));
    }
    let lower = password.to_lowercase();
    if !lower.is_empty() && (lower == username.to_lowercase() || lower == email.to_lowercase()) {
        errors.add(field, "A password must differ from the user name and the e-mail address.");
    }
}

/// Checks a phone number: digits with the usual separators, 5 to 32 characters; empty is allowed.
pub fn check_phone(phone: &str, errors: &mut FieldErrors) {
    let plausible = phone.is_empty()
        || ((5..=32).contains(&phone.chars().count())
            && phone.chars().filter(char::is_ascii_digit).count() >= 5
            && phone
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '/' | '.')));
    if !plausible {
        errors.add("phone", "A phone number has digits and + - / ( ) . only, 5 to 32 characters.");
    }
}

/// Checks a first or last name: at most 150 characters, no control characters.
pub fn check_person_name(field: &str, name: &str, errors: &mut FieldErrors) {
    if name.chars().count() > 150 || name.chars().any(char::is_control) {
        errors.add(field, "A name has at most 150 characters and no control characters.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(check: impl FnOnce(&mut FieldErrors)) -> usize {
        let mut errors = FieldErrors::default();
        check(&mut errors);
        errors.0.values().map(Vec::len).sum()
    }

    #[test]
    fn email_addresses() {
        for good in ["a@b.de", "first.last+tag@sub.example.com", "jürgen@müller.example"] {
            assert_eq!(errors(|e| check_email(good, e)), 0, "{good}");
        }
        for bad in ["", "a", "a@b", "@b.de", "a@", "a@@b.de", "a b@c.de", "a@-b.de", "a@b..de", "a@b.de\n"] {
            assert_eq!(errors(|e| check_email(bad, e)), 1, "{bad}");
        }
    }

    #[test]
    fn user_names() {
        for good in ["ada", "ada.lovelace", "Ärztin_1"] {
            assert_eq!(errors(|e| check_username(good, e)), 0, "{good}");
        }
        for bad in ["", "ab", "a@b.de", "with space", &"x".repeat(151)] {
            assert_eq!(errors(|e| check_username(bad, e)), 1, "{bad}");
        }
    }

    #[test]
    fn passwords() {
        let check = |p: &str| errors(|e| check_password("password", p, "ada-lovelace", "ada@example.com", e));
        assert_eq!(check("correct horse"), 0);
        for bad in ["", "short", "Ada-Lovelace", "ada@example.com", &"x".repeat(129)] {
            assert_eq!(check(bad), 1, "{bad}");
        }
    }

    #[test]
    fn phones() {
        for good in ["", "+49 (30) 123-456", "0171/5551234"] {
            assert_eq!(errors(|e| check_phone(good, e)), 0, "{good}");
        }
        for bad in ["123", "call me", "+++++"] {
            assert_eq!(errors(|e| check_phone(bad, e)), 1, "{bad}");
        }
    }

    #[test]
    fn roles_read_back() {
        assert!(Role::ALL.iter().all(|role| Role::parse(role.as_str()) == Some(*role)));
        assert_eq!(Role::parse("root"), None);
    }
}
