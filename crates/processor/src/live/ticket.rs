//! One-time tickets: they stand in for a token in an address, where a token would end up in
//! logs and histories.
//!
//! A ticket is 32 random bytes and the moment at which the token behind it expires, so that
//! the connection ends with the token. Only the hash of the whole is stored: a ticket with
//! another moment is another ticket.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, Utc};
use quire_domain::{Error, ErrorCode, Result, random};
use quire_store::sessions;
use sha2::{Digest, Sha256};

use super::{Live, access::Access};

/// How long a ticket can be used.
pub const LIFETIME: Duration = Duration::from_secs(60);

const SECRET_BYTES: usize = 32;
const TICKET_BYTES: usize = SECRET_BYTES + 8;

impl Live {
    /// A ticket for one connection of this caller, within [`LIFETIME`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn create_socket_ticket(&self, access: Access) -> Result<String> {
        let ticket = write(&random::bytes()?, access.expires_at);
        let mut connection = self.pool.get().await?;
        let expires_at = self.clock.now() + LIFETIME;
        sessions::insert_socket_ticket(&mut connection, &hash(&ticket), access.user_id, expires_at).await?;
        Ok(ticket)
    }

    /// Spends a ticket.
    ///
    /// # Errors
    /// [`ErrorCode::TokenInvalid`] when it is unknown, spent or too old.
    pub(crate) async fn redeem_socket_ticket(&self, ticket: &str) -> Result<Access> {
        let invalid = || {
            Error::new(
                ErrorCode::TokenInvalid,
                "The ticket is unknown, used already, or too old. Get a new one.",
            )
        };
        let expires_at = read(ticket).ok_or_else(invalid)?;
        let now = self.clock.now();
        let mut connection = self.pool.get().await?;
        let user_id = sessions::redeem_socket_ticket(&mut connection, &hash(ticket), now)
            .await?
            .filter(|_| expires_at > now)
            .ok_or_else(invalid)?;
        Ok(Access { user_id, expires_at })
    }
}

fn write(secret: &[u8; SECRET_BYTES], expires_at: DateTime<Utc>) -> String {
    BASE64.encode([&secret[..], &expires_at.timestamp().to_be_bytes()].concat())
}

/// The moment in the ticket; `None` when it is not written like one.
fn read(ticket: &str) -> Option<DateTime<Utc>> {
    let mut bytes = [0; TICKET_BYTES];
    // Refuses what is longer.
    let length = BASE64.decode_slice(ticket, &mut bytes).ok()?;
    let (_, seconds) = bytes.split_last_chunk()?;
    DateTime::from_timestamp(i64::from_be_bytes(*seconds), 0).filter(|_| length == TICKET_BYTES)
}

fn hash(ticket: &str) -> [u8; 32] {
    Sha256::digest(ticket).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_carry_their_end_and_nothing_else_reads_as_one() {
        let end = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let ticket = write(&[7; 32], end);
        assert_eq!(read(&ticket), Some(end));
        let longer = format!("{ticket}AAAA");
        for other in ["", "x", &ticket[1..], &longer, &ticket.replace('H', "?"), &"A".repeat(10_000)] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
