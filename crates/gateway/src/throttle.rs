//! Brakes on guessing passwords: so many tries per account and per address in a window.

use std::{net::IpAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use quire_domain::{Error, ErrorCode, Result, UserId};
use quire_store::{AsyncPgConnection, limits, users};
use sha2::{Digest, Sha256};

/// How many tries are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleConfig {
    /// Failures for one account, from wherever they come.
    pub max_failures_per_account: i64,
    /// Failures from one address (IPv6: from one /64 network), for whatever accounts.
    pub max_failures_per_address: i64,
    /// How long failures are remembered.
    pub window: Duration,
}

/// Whose password is being tried.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target<'a> {
    /// An account that exists.
    Account(UserId),
    /// A name that no account has. It is throttled as if it had one.
    Nobody(&'a str),
}

/// One try, counted as a failure until it is [forgiven](Self::forgive).
#[derive(Debug)]
pub(crate) struct Attempt {
    account_key: String,
    address_key: Option<String>,
}

impl Attempt {
    /// Counts a try to sign in.
    ///
    /// # Errors
    /// [`ErrorCode::LoginThrottled`] when there were too many.
    pub(crate) async fn to_sign_in(
        connection: &mut AsyncPgConnection,
        config: &ThrottleConfig,
        target: Target<'_>,
        address: IpAddr,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let address_key = address_key(address);
        // The address first: who is stopped there cannot lock more accounts.
        admit(connection, &address_key, config.max_failures_per_address, config, now).await?;
        Self { account_key: account_key(target), address_key: Some(address_key) }
            .admit_account(connection, config, now)
            .await
    }

    /// Counts a try to confirm something with the password of a signed-in account.
    ///
    /// # Errors
    /// [`ErrorCode::LoginThrottled`] when there were too many.
    pub(crate) async fn to_confirm(
        connection: &mut AsyncPgConnection,
        config: &ThrottleConfig,
        user_id: UserId,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        Self { account_key: account_key(Target::Account(user_id)), address_key: None }
            .admit_account(connection, config, now)
            .await
    }

    async fn admit_account(
        self,
        connection: &mut AsyncPgConnection,
        config: &ThrottleConfig,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        admit(connection, &self.account_key, config.max_failures_per_account, config, now).await?;
        Ok(self)
    }

    /// The password was right: the account begins anew, and the address has one less.
    pub(crate) async fn forgive(&self, connection: &mut AsyncPgConnection) -> Result<()> {
        limits::reset(connection, &self.account_key).await?;
        if let Some(key) = &self.address_key {
            limits::uncount(connection, key).await?;
        }
        Ok(())
    }
}

async fn admit(
    connection: &mut AsyncPgConnection,
    key: &str,
    max: i64,
    config: &ThrottleConfig,
    now: DateTime<Utc>,
) -> Result<()> {
    let window = limits::count(connection, key, config.window, now).await?;
    if window.count <= max {
        return Ok(());
    }
    let wait = (window.expires_at - now).to_std().unwrap_or_default();
    let minutes = wait.as_secs().div_ceil(60).max(1);
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    Err(Error::new(
        ErrorCode::LoginThrottled,
        format!("There were too many tries with a wrong password. Please wait {minutes} {unit}."),
    )
    .with_retry_after(wait))
}

/// Keys are hashed: the table of limits holds no names and no addresses.
fn account_key(target: Target<'_>) -> String {
    match target {
        Target::Account(id) => format!("login:account:{}", digest(&format!("id {id}"))),
        Target::Nobody(name) => format!("login:account:{}", digest(&format!("name {}", users::fold(name)))),
    }
}

fn address_key(address: IpAddr) -> String {
    let network = match address {
        IpAddr::V4(address) => address.to_string(),
        // Whoever has one address of a /64 network has all of them.
        IpAddr::V6(address) => format!("{:x?}", &address.segments()[..4]),
    };
    format!("login:address:{}", digest(&network))
}

fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_hold_nothing_in_the_clear_and_differ_by_target() {
        let keys = [
            account_key(Target::Account(UserId(7))),
            account_key(Target::Nobody("7")),
            account_key(Target::Nobody("ada@example.com")),
            address_key("192.0.2.7".parse().unwrap()),
        ];
        for (i, key) in keys.iter().enumerate() {
            assert!(!key.contains("ada") && !key.contains("192."), "{key}");
            assert!(!keys[i + 1..].contains(key), "{key}");
        }
        assert_eq!(
            account_key(Target::Nobody("Ada@Example.com")),
            account_key(Target::Nobody("ada@example.com"))
        );
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let key = |address: &str| address_key(address.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
