//! Who is asking, as extractors: authorization stands in the signature of a handler.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::AUTHORIZATION};
use quire_domain::{Error, ErrorCode, Result, UserId, user::Role};

use crate::{problem::Problem, token::Tokens};

/// Somebody who is signed in, by the access token in `Authorization: Bearer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user_id: UserId,
    /// What they may do.
    pub role: Role,
}

impl Caller {
    /// The caller of this request. Once it is known, it is kept with the request, for the log
    /// and for other extractors.
    ///
    /// # Errors
    /// [`ErrorCode::NotAuthenticated`] without a bearer token, [`ErrorCode::TokenInvalid`] or
    /// [`ErrorCode::TokenExpired`] with a bad one.
    pub fn of(request: &HttpRequest) -> Result<Self> {
        if let Some(caller) = request.extensions().get::<Self>() {
            return Ok(*caller);
        }
        let tokens =
            request.app_data::<Tokens>().ok_or_else(|| Error::internal("the app's data has no `Tokens`"))?;
        let claims = tokens.verify_access(bearer_token(request)?)?;
        let caller = Self { user_id: claims.user_id, role: claims.role };
        caller.remember(request);
        Ok(caller)
    }

    /// Keeps the caller with the request, where it was found out in another way than by a
    /// bearer token (a cookie, a ticket).
    pub fn remember(self, request: &HttpRequest) {
        request.extensions_mut().insert(self);
    }
}

/// The token in `Authorization: Bearer <token>` (RFC 6750, 2.1).
///
/// # Errors
/// [`ErrorCode::NotAuthenticated`] when there is none.
pub fn bearer_token(request: &HttpRequest) -> Result<&str> {
    request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.trim().split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| {
            Error::new(
                ErrorCode::NotAuthenticated,
                "This needs an access token, as `Authorization: Bearer <token>`.",
            )
        })
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request).map_err(Problem))
    }
}

/// A caller who is staff (or superuser).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Staff(pub Caller);

impl Staff {
    /// The caller, if staff.
    ///
    /// # Errors
    /// [`ErrorCode::Forbidden`] for others.
    pub fn check(caller: Caller) -> Result<Self> {
        match caller.role {
            Role::Staff | Role::Superuser => Ok(Self(caller)),
            Role::User => Err(Error::new(ErrorCode::Forbidden, "This is for staff only.")),
        }
    }
}

impl FromRequest for Staff {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Caller::of(request).and_then(Self::check).map_err(Problem))
    }
}
