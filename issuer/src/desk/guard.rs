//! Before and after every request: who is answered at all, in what time, and what a browser may do with the answer.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use super::house::Desk;
use super::pages::login;
use super::problem::Problem;
use super::{page, seen};

/// How long an answer may take; an upload over a slow line included.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Nothing but our own files: no script and no style in a page, no frame around it, no form to elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(header::HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    // The portrait is taken by a camera; nothing else of the officer's machine is anybody's affair.
    (
        header::HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(), geolocation=(), usb=()",
    ),
    (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

pub(super) async fn guard(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let language = seen::language(request.headers());
    let path = request.uri().path().to_owned();
    let route = route_of(&path);
    let method = request.method().clone();
    let span = tracing::info_span!("request", %method, route);
    let answer = async {
        if let Err(problem) = allowed(&desk, &request) {
            return problem.into_response();
        }
        match tokio::time::timeout(TIMEOUT, next.run(request)).await {
            Ok(response) => response,
            Err(_) => too_slow().into_response(),
        }
    };
    let begun = std::time::Instant::now();
    let mut response = answer.instrument(span.clone()).await;
    desk.meter.answered(method.as_str(), response.status().as_u16(), begun.elapsed());
    tracing::debug!(parent: &span, status = response.status().as_u16(), "answered");
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        desk.meter.told(problem.code);
        response = if problem.status == StatusCode::UNAUTHORIZED {
            login::again(&desk, language, &problem, (method == Method::GET).then_some(path.as_str()))
        } else {
            (problem.status, page::problem(language, &problem)).into_response()
        };
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The address without what it is about: which application an officer looked at is not the log's affair.
fn route_of(path: &str) -> String {
    let segments = path.split('/').take(5).map(|segment| {
        let word = segment.len() < 24
            && segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'.');
        if word { segment } else { "*" }
    });
    segments.collect::<Vec<_>>().join("/")
}

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Under a name of its own only (another page's script may have our address answer to its name), and changes only from
/// pages of ours.
fn allowed(desk: &Desk, request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let host = text(headers, header::HOST).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    let own =
        ["127.0.0.1", "localhost", "[::1]"].contains(&name) || desk.hosts.iter().any(|known| known == name);
    if !own {
        return Err(foreign(StatusCode::MISDIRECTED_REQUEST));
    }
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(());
    }
    let from =
        text(headers, header::ORIGIN).map(|origin| origin.split_once("://").map_or("", |(_, rest)| rest));
    let site = text(headers, "sec-fetch-site");
    if from.is_some_and(|from| from != host)
        || site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
    {
        return Err(foreign(StatusCode::FORBIDDEN));
    }
    Ok(())
}

fn foreign(status: StatusCode) -> Problem {
    Problem::new(
        status,
        "foreign-page",
        (
            "Yêu cầu này đến từ một trang khác, chưa có gì được ghi",
            "This request came from another page, nothing was done",
        ),
        (
            "Mở quầy bằng địa chỉ mà máy trạm đã in ra.",
            "Open the desk at the address that the station printed.",
        ),
    )
}

fn too_slow() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "timeout",
        ("Máy trạm trả lời quá lâu", "The station took too long"),
        ("Mở lại trang để xem việc đã xong chưa.", "Open the page again and see whether it was done."),
    )
}
