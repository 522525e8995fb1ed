//! `/process/ws/{user_id}`, `/process/ws-ticket` and `/process/events`.

use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Data, Path, Payload, Query},
};
use quire_domain::{ErrorCode, EventId, UserId};
use quire_web::{
    caller::bearer_token,
    problem::{HttpResult, Problem},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::live::{Live, access::Credentials, message::EventMessage, socket::Connection, ticket};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OpenSocket {
    /// The access token.
    token: Option<String>,
    /// A one-time ticket instead (`POST /process/ws-ticket`), which keeps the token out of logs.
    ticket: Option<String>,
    /// First the stored events with greater ids. Without it, only what happens from now on.
    after: Option<i64>,
}

/// Receive live events over a WebSocket
///
/// Each message is one JSON object: an `EventMessage`. The first is `connected`; its `id` is
/// the place in the log from which events follow. With `after`, the stored events behind it
/// come next; then what happens, as it happens: in the order of the ids, each exactly once.
///
/// The token may come in the query, as sub-protocol (`bearer, <token>`; answered with
/// `bearer`), as ticket, or in `Authorization`. A text message `ping` is answered with a
/// `ping` event. The server sends protocol pings every 30 seconds.
///
/// Once the handshake is done, these codes close the socket: 1001 the server stops; 1009 a
/// frame above 4 KiB; 1013 not available right now; 4001 no valid token, or the token has
/// expired (also later); 4003 the token is for another user; 4008 the client is too slow;
/// 4009 nothing was heard of the client for 75 seconds. After 1001, 1013, 4008 and 4009,
/// reconnect with `after=<last id>`; the reason says which.
#[utoipa::path(
    operation_id = "open_socket",
    tag = "Live events",
    params(
        ("user_id" = i64, Path, description = "The user of the token."),
        OpenSocket,
        ("Sec-WebSocket-Protocol" = Option<String>, Header, description = "`bearer, <token>`"),
    ),
    responses(
        (status = 101, description = "A WebSocket of these messages.", body = EventMessage),
        (status = 400, description = "Not a WebSocket handshake."),
        (status = 404, description = "Not the id of a user."),
    ),
    security((), ("bearer" = [])),
)]
#[get("/process/ws/{user_id}")]
pub(crate) async fn open_socket(
    request: HttpRequest,
    user_id: Path<i64>,
    query: Query<OpenSocket>,
    live: Data<Live>,
    body: Payload,
) -> HttpResult<HttpResponse> {
    // `Origin` is not looked at: nothing that a browser adds by itself lets anybody in here,
    // so a foreign page has no more to show than any other client.
    let (response, connection) = Connection::accept(&request, body)?;
    let credentials = Credentials::of(&request, query.ticket.as_deref(), query.token.as_deref());
    let admitted = live.admit_to(UserId(*user_id), credentials).await;
    let (live, after) = (Live::clone(&live), query.after.map(EventId));
    actix_web::rt::spawn(async move {
        match admitted {
            Ok(access) => live.serve_socket(connection, access, after).await,
            Err(ending) => connection.close(ending, None).await,
        }
    });
    Ok(response)
}

/// A ticket for one connection.
#[derive(Serialize, ToSchema)]
struct SocketTicket {
    /// To be given as `?ticket=`, once.
    ticket: String,
    /// Seconds in which it can be used.
    #[schema(example = 60)]
    expires_in: u64,
}

/// Get a one-time ticket for live events
///
/// For clients that cannot send headers, such as a browser's WebSocket and EventSource. The
/// connection that is opened with it ends when the token expires.
#[utoipa::path(
    operation_id = "create_socket_ticket",
    tag = "Live events",
    responses(
        (status = 201, description = "A ticket.", body = SocketTicket),
        (status = 401, description = "No valid token."),
        (status = 503, description = "The database is away."),
    ),
    security(("bearer" = [])),
)]
#[post("/process/ws-ticket")]
pub(crate) async fn create_socket_ticket(request: HttpRequest, live: Data<Live>) -> HttpResult<HttpResponse> {
    let access = live.admit(Credentials::Token(bearer_token(&request)?)).await?;
    let ticket = live.create_socket_ticket(access).await?;
    Ok(HttpResponse::Created()
        .insert_header(("cache-control", "no-store"))
        .json(SocketTicket { ticket, expires_in: ticket::LIFETIME.as_secs() }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct StreamEvents {
    /// A one-time ticket instead of the bearer token (`POST /process/ws-ticket`).
    ticket: Option<String>,
    /// First the stored events with greater ids, for clients that cannot send `Last-Event-ID`.
    after: Option<i64>,
}

/// Receive live events as a stream (server-sent events)
///
/// The same events as over the WebSocket, each with its `id:` and its name as `event:`; `data:`
/// is an `EventMessage`. With `Last-Event-ID` (or `after`), the stored events behind it come
/// first. A comment comes every 15 seconds. The stream ends when the token expires or the
/// server stops: reconnect with the last id, as an EventSource does by itself.
#[utoipa::path(
    operation_id = "stream_events",
    tag = "Live events",
    params(
        StreamEvents,
        ("Last-Event-ID" = Option<i64>, Header, description = "The last id received; goes before `after`."),
    ),
    responses(
        (status = 200, description = "Events, without an end.", body = EventMessage, content_type = "text/event-stream"),
        (status = 400, description = "`Last-Event-ID` or `after` is not a number."),
        (status = 401, description = "No valid token or ticket."),
        (status = 503, description = "The database is away."),
    ),
    security((), ("bearer" = [])),
)]
#[get("/process/events")]
pub(crate) async fn stream_events(
    request: HttpRequest,
    query: Query<StreamEvents>,
    live: Data<Live>,
) -> HttpResult<HttpResponse> {
    let after = last_event_id(&request)?.or(query.after).map(EventId);
    let access = live.admit(Credentials::of(&request, query.ticket.as_deref(), None)?).await?;
    Ok(Live::clone(&live).stream_events(access, after)?)
}

fn last_event_id(request: &HttpRequest) -> Result<Option<i64>, Problem> {
    let Some(value) = request.headers().get("last-event-id") else { return Ok(None) };
    let id = value.to_str().ok().and_then(|value| value.trim().parse().ok());
    id.map(Some).ok_or_else(|| {
        Problem::new(ErrorCode::MalformedRequest, "`Last-Event-ID` is the id of an event, a number.")
    })
}
