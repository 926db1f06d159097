//! One function an endpoint.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::problem::Problem;
use super::{Role, Service};
use crate::access::{self, Grounds, Look, Shown};
use crate::answer::{
    Answer, CardStatusRequest, Kind, MatchRequest, MatchResult, SignedAnswer, answer_time, is_nonce,
};
use crate::card::{Card, CardStatus, NewCard, SodDigest};
use crate::cases::{CaseId, PaperClaim};
use crate::day_in_vietnam;
use crate::matching::{self, Outcome};
use crate::store::{Change, Store, StoreError};

const MAX_BODY: usize = 16 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

type Shared = State<Arc<Service>>;

pub(super) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/v1/match", post(match_person))
        .route("/v1/card-status", post(card_status))
        .route("/v1/persons/{number}", get(person))
        .route("/v1/persons/{number}/papers", post(contradict))
        .route("/v1/cards", post(record_card))
        .route("/v1/cards/{sod_sha256}/status", post(set_card_status))
        .route("/statistics", get(statistics))
        .fallback(async || unknown_path())
        .method_not_allowed_fallback(async || unknown_path())
        .layer(from_fn(bounded))
        .with_state(service)
}

fn unknown_path() -> Problem {
    let hint = "See docs/register-api.md.";
    Problem::new(StatusCode::NOT_FOUND, "unknown-path", "There is nothing at this path.", hint)
}

/// Takes the body within its bounds of size and time before anything looks at it.
async fn bounded(request: Request, next: Next) -> Response {
    let answer = async {
        let (parts, body) = request.into_parts();
        let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
            let hint = "Send one question at a time.";
            return Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body-too-large",
                "A body has at most 16 KiB.",
                hint,
            )
            .into_response();
        };
        let mut response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
        let never = header::HeaderValue::from_static("no-store");
        response.headers_mut().insert(header::CACHE_CONTROL, never);
        response
    };
    match tokio::time::timeout(TIMEOUT, answer).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "timeout",
            "The request took too long.",
            "Ask again.",
        )
        .into_response(),
    }
}

async fn match_person(
    State(service): Shared,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<SignedAnswer>, Problem> {
    let requester = allow(&service, &headers, Role::Verifier)?;
    let request: MatchRequest = read_json(&headers, &body)?;
    check_nonce(&request.nonce)?;
    let birth_date = matching::check_form(&request).map_err(bad_field)?;
    let now = service.clock.now();
    blocking(service, move |service, store| {
        let (result, agree) =
            match matching::ask(store, &service.digest_key, &request, birth_date, &requester, now)? {
                Outcome::Match(agree) => (MatchResult::Match, Some(agree)),
                Outcome::NoMatch => (MatchResult::NoMatch, None),
                Outcome::TooManyAttempts => {
                    return Err(Problem::new(
                        StatusCode::TOO_MANY_REQUESTS,
                        "too-many-attempts",
                        "Too many attempts for this number have failed within the hour.",
                        "Wait until an hour has passed, and read the card again.",
                    ));
                }
            };
        sign(
            service,
            &Answer {
                kind: Kind::Match,
                subject: request.subject(),
                nonce: request.nonce,
                time: answer_time(now),
                result: Some(result),
                agree,
                status: None,
                since: None,
            },
        )
    })
    .await
}

async fn card_status(
    State(service): Shared,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<SignedAnswer>, Problem> {
    allow(&service, &headers, Role::Verifier)?;
    let request: CardStatusRequest = read_json(&headers, &body)?;
    check_nonce(&request.nonce)?;
    let now = service.clock.now();
    blocking(service, move |service, store| {
        let status = store.card(&request.sod_sha256)?.map(|card| card.status_on(day_in_vietnam(now)));
        sign(
            service,
            &Answer {
                kind: Kind::CardStatus,
                subject: request.subject(),
                nonce: request.nonce,
                time: answer_time(now),
                result: None,
                agree: None,
                status: Some(status.map_or("unknown", |(status, _)| status.as_str()).to_owned()),
                since: status.map(|(_, since)| since),
            },
        )
    })
    .await
}

async fn person(
    State(service): Shared,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let requester = allow(&service, &headers, Role::Issuer)?;
    let number = PersonalNumber::parse(&number).map_err(|_| bad_field(matching::BadField("number")))?;
    let now = service.clock.now();
    let today = day_in_vietnam(now);
    let look = look(&service, &headers, &requester, &number, now)?;
    blocking(service, move |service, store| {
        // The name of a case of the register has to be that of one that waits and is about this person. Others' cases are taken as
        // they are named.
        if let Grounds::Case(reference) = &look.grounds
            && let Ok(case) = reference.parse::<CaseId>()
            && !store.case_stands(&case, &number)?
        {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "no-such-grounds",
                "This case is unknown, closed, or not about this person.",
                "Name another case in register-case, or a reason in register-reason.",
            ));
        }
        store.log_access(&service.digest_key, access::HTTP, &[look])?;
        let Some(person) = store.person(&number)? else { return Err(nobody(store, &number)?) };
        let (in_use, others): (Vec<Card>, Vec<Card>) =
            store.cards_of(&number)?.into_iter().partition(|card| card.status_on(today).0.is_in_use());
        let earlier: Vec<CardStatus> = others.iter().map(|card| card.status_on(today).0).collect();
        let undecided = store.undecided(&number)?;
        let mut value = serde_json::to_value(&person).map_err(|_| Problem::internal())?;
        if let Value::Object(members) = &mut value {
            members.insert("card_in_use".to_owned(), json!(in_use.first()));
            members.insert("earlier_cards".to_owned(), json!(earlier));
            members.insert("undecided".to_owned(), json!(undecided));
        }
        Ok(Json(value))
    })
    .await
}

/// A number that ended leads to the one that follows it; others are nobody's.
fn nobody(store: &dyn Store, number: &PersonalNumber) -> Result<Problem, Problem> {
    let Some(cancelled) = store.cancelled(number)? else { return Ok(StoreError::UnknownPerson.into()) };
    let message = format!("This number is cancelled since {}.", cancelled.on);
    let hint = "Ask for the number that follows it, if there is one.";
    let more = json!({
        "since": cancelled.on, "cause": cancelled.cause.as_str(), "successor": cancelled.successor
    });
    Ok(Problem::new(StatusCode::NOT_FOUND, "number-cancelled", message, hint).with("cancelled", more))
}

/// On what grounds a person is looked at, as the headers say; without any, it is a look without a case.
fn look(
    service: &Service,
    headers: &HeaderMap,
    requester: &str,
    number: &PersonalNumber,
    at: Timestamp,
) -> Result<Look, Problem> {
    let told = |name: &'static str| {
        headers
            .get(name)
            .map(|value| {
                std::str::from_utf8(value.as_bytes()).map_err(|_| bad_field(matching::BadField(name)))
            })
            .transpose()
    };
    let officer = match told("register-officer")? {
        Some(name) => format!("{requester} {name}"),
        None => requester.to_owned(),
    };
    let grounds = match (told("register-case")?, told("register-reason")?) {
        (Some(case), _) => Grounds::Case(case.to_owned()),
        (None, reason) => Grounds::BreakGlass(reason.unwrap_or("no reason was told").to_owned()),
    };
    Look::new(&service.digest_key, number, &officer, grounds, Shown::Sensitive, at).map_err(|bad| {
        let hint = "Name them in register-officer, and register-case or register-reason.";
        Problem::new(StatusCode::BAD_REQUEST, "bad-look", format!("{bad}."), hint)
    })
}

/// The month's page of published statistics: for everybody, without a token.
async fn statistics(State(service): Shared) -> Result<Response, Problem> {
    let now = service.clock.now();
    blocking(service, move |_, store| {
        let page = store.statistics_page(day_in_vietnam(now), now)?;
        let heads =
            [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
        Ok((heads, page).into_response())
    })
    .await
}

/// A paper that an office saw says otherwise than the register: the register's officers decide.
async fn contradict(
    State(service): Shared,
    Path(number): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let source = allow(&service, &headers, Role::Issuer)?;
    let number = PersonalNumber::parse(&number).map_err(|_| bad_field(matching::BadField("number")))?;
    let said: PaperClaim = read_json(&headers, &body)?;
    let blank = |text: &str| text.trim().is_empty() || text.chars().count() > 200;
    if blank(&said.paper) || said.full_name.as_deref().is_some_and(blank) {
        return Err(bad_field(matching::BadField("paper")));
    }
    let change = Change { source, at: service.clock.now() };
    blocking(service, move |_, store| Ok(Json(json!({"waits": store.contradict(&number, &said, &change)?}))))
        .await
}

async fn record_card(
    State(service): Shared,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Card>), Problem> {
    let source = allow(&service, &headers, Role::Issuer)?;
    let card: NewCard = read_json(&headers, &body)?;
    let change = Change { source, at: service.clock.now() };
    blocking(service, move |_, store| {
        let (card, new) = store.record_card(&card, &change)?;
        Ok((if new { StatusCode::CREATED } else { StatusCode::OK }, Json(card)))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusChange {
    status: CardStatus,
    reason: String,
}

async fn set_card_status(
    State(service): Shared,
    Path(sod_sha256): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Card>, Problem> {
    let source = allow(&service, &headers, Role::Issuer)?;
    let sod: SodDigest = sod_sha256.parse().map_err(|_| bad_field(matching::BadField("sod_sha256")))?;
    let change_of: StatusChange = read_json(&headers, &body)?;
    let at = service.clock.now();
    blocking(service, move |_, store| {
        let change = Change { source, at };
        let since = day_in_vietnam(at);
        Ok(Json(store.set_card_status(&sod, change_of.status, since, &change_of.reason, &change)?))
    })
    .await
}

/// Who asks, if the token allows it: `role:place in the token file`.
fn allow(service: &Service, headers: &HeaderMap, needed: Role) -> Result<String, Problem> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "))
        .unwrap_or_default();
    let Some((role, place)) = service.tokens.role_of(token) else {
        let hint = "Send `Authorization: Bearer` with a token of the register's token file.";
        return Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "no-token",
            "The token is missing or unknown.",
            hint,
        ));
    };
    if needed == Role::Issuer && role != Role::Issuer {
        let hint = "Use the issuer's token.";
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "wrong-role",
            "This token does not allow that.",
            hint,
        ));
    }
    let role = match role {
        Role::Verifier => "verifier",
        Role::Issuer => "issuer",
    };
    Ok(format!("{role}:{}", place + 1))
}

/// A JSON body. What is wrong with it is told by place, never by content.
fn read_json<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        let hint = "Send `Content-Type: application/json`.";
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-json",
            "The body is not JSON.",
            hint,
        ));
    }
    serde_json::from_slice(body).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let (code, message) = if error.is_data() {
            ("bad-field", format!("A field is missing, unknown or not of its form ({place})."))
        } else {
            ("malformed-json", format!("The body is not JSON ({place})."))
        };
        Problem::new(StatusCode::BAD_REQUEST, code, message, "See docs/register-api.md.")
    })
}

fn check_nonce(nonce: &str) -> Result<(), Problem> {
    if is_nonce(nonce) { Ok(()) } else { Err(bad_field(matching::BadField("nonce"))) }
}

fn bad_field(field: matching::BadField) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad-field", format!("{field}."), "See docs/register-api.md.")
}

fn sign(service: &Service, answer: &Answer) -> Result<Json<SignedAnswer>, Problem> {
    answer.sign(service.signer.as_ref()).map(Json).map_err(|error| {
        tracing::error!(%error, "the register's key failed");
        Problem::internal()
    })
}

/// The store's calls block: they run beside the asynchronous ones.
async fn blocking<T: Send + 'static>(
    service: Arc<Service>,
    work: impl FnOnce(&Service, &mut dyn Store) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(move || {
        let mut store = service.store.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        work(&service, store.as_mut())
    })
    .await
    .unwrap_or_else(|_| Err(Problem::internal()))
}
