//! Who may listen, and until when.

use actix_web::{HttpRequest, http::header::SEC_WEBSOCKET_PROTOCOL};
use chrono::{DateTime, Utc};
use quire_domain::{Result, UserId};
use quire_web::caller::bearer_token;

use super::Live;

/// The sub-protocol that announces a token as the next one: `bearer, <JWT>`.
pub const BEARER_PROTOCOL: &str = "bearer";

/// Somebody who may listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Whose events.
    pub user_id: UserId,
    /// When the token ends, and every connection opened with it.
    pub expires_at: DateTime<Utc>,
}

/// What a connection was opened with.
#[derive(Debug, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// An access token.
    Token(&'a str),
    /// A one-time ticket.
    Ticket(&'a str),
}

impl<'a> Credentials<'a> {
    /// The first there is: a ticket or a token in the address, a token as sub-protocol, a
    /// token in `Authorization`.
    ///
    /// # Errors
    /// [`quire_domain::ErrorCode::NotAuthenticated`] when there is none.
    pub fn of(request: &'a HttpRequest, ticket: Option<&'a str>, token: Option<&'a str>) -> Result<Self> {
        if let Some(ticket) = ticket {
            return Ok(Self::Ticket(ticket));
        }
        match token.or_else(|| protocol_token(request)) {
            Some(token) => Ok(Self::Token(token)),
            None => bearer_token(request).map(Self::Token),
        }
    }
}

/// The token in `Sec-WebSocket-Protocol: bearer, <token>`.
fn protocol_token(request: &HttpRequest) -> Option<&str> {
    let mut protocols = request
        .headers()
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    protocols.find(|name| *name == BEARER_PROTOCOL)?;
    protocols.next()
}

impl Live {
    /// Checks what a connection was opened with.
    ///
    /// # Errors
    /// [`quire_domain::ErrorCode::TokenInvalid`], [`quire_domain::ErrorCode::TokenExpired`], or
    /// that the database does not answer (tickets only).
    pub(crate) async fn admit(&self, credentials: Credentials<'_>) -> Result<Access> {
        match credentials {
            Credentials::Ticket(ticket) => self.redeem_socket_ticket(ticket).await,
            Credentials::Token(token) => {
                let claims = self.tokens.verify_access(token)?;
                Ok(Access { user_id: claims.user_id, expires_at: claims.expires_at })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use quire_domain::ErrorCode;

    use super::*;

    #[test]
    fn finds_the_credentials_wherever_they_may_be() {
        let with = |name: &'static str, value: &'static str| {
            TestRequest::default().insert_header((name, value)).to_http_request()
        };
        let bare = TestRequest::default().to_http_request();
        let header = with("authorization", "Bearer h");
        let protocol = with("sec-websocket-protocol", "chat, bearer,p");
        let two_lines = TestRequest::default()
            .append_header(("sec-websocket-protocol", "bearer"))
            .append_header(("sec-websocket-protocol", "p"))
            .to_http_request();
        for (request, ticket, token, expected) in [
            (&bare, Some("t"), Some("q"), Credentials::Ticket("t")),
            (&header, None, Some("q"), Credentials::Token("q")),
            (&header, None, None, Credentials::Token("h")),
            (&protocol, None, None, Credentials::Token("p")),
            (&two_lines, None, None, Credentials::Token("p")),
        ] {
            assert_eq!(Credentials::of(request, ticket, token).unwrap(), expected);
        }
        for request in
            [bare, with("sec-websocket-protocol", "bearer"), with("sec-websocket-protocol", "x, y")]
        {
            let error = Credentials::of(&request, None, None).unwrap_err();
            assert_eq!(error.code, ErrorCode::NotAuthenticated);
        }
    }
}
