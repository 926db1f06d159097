//! The pages, one room each.

pub(super) mod login;
pub(super) mod papers;
pub(super) mod person;
pub(super) mod queue;

mod accounts;
mod anew;
mod applications;
mod cards;
mod delivery;
mod home;
mod making;
mod one;
mod password;
mod reports;
mod stock;
mod upload;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use super::form::MAX_FORM;
use super::house::Desk;
use super::parts;
use super::problem::Problem;

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/", get(home::home))
        .route("/login", get(login::page).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/language/{language}", get(login::language))
        .route("/look-up", post(visit::look_up::look_up))
        .route("/visits/{visit}", get(visit::page))
        .route("/visits/{visit}/said", post(visit::compared::said))
        .route("/visits/{visit}/asked", post(visit::asked::asked))
        .route(
            "/visits/{visit}/portrait",
            post(upload::portrait).layer(DefaultBodyLimit::max(upload::MAX_BODY)),
        )
        .route("/visits/{visit}/portrait.jpg", get(upload::shown))
        .route("/visits/{visit}/accept", post(visit::portrait::accept))
        .route(
            "/visits/{visit}/prints",
            post(visit::prints::upload).layer(DefaultBodyLimit::max(parts::MAX_BODY)),
        )
        .route("/visits/{visit}/prints/device", post(visit::prints::from_device))
        .route("/visits/{visit}/prints/empty", post(visit::prints::empty))
        .route("/visits/{visit}/prints/accept", post(visit::prints::accept))
        .route("/visits/{visit}/prints/{picture}", get(visit::prints::picture))
        .route("/visits/{visit}/capture", post(visit::taking::capture))
        .route("/visits/{visit}/end", post(visit::end))
        .route("/applications", get(applications::list))
        .route("/applications/{id}", get(one::page))
        .route("/applications/{id}/approve", post(one::approve))
        .route("/applications/{id}/refuse", post(one::refuse))
        .route("/applications/{id}/make", post(making::make))
        .route("/applications/{id}/stop", post(making::stop))
        .route("/applications/{id}/spoil", post(making::spoil))
        .route("/applications/{id}/anew", post(anew::anew))
        .route("/applications/{id}/deliver", post(delivery::deliver))
        .route("/applications/{id}/receipt", get(delivery::receipt))
        .route("/cards", get(cards::list))
        .route("/cards/find", post(cards::find))
        .route("/cards/{card}", get(cards::page))
        .route("/cards/{card}/change", post(cards::change))
        .route("/readers", get(queue::page))
        .route("/queue/stop", post(queue::stop))
        .route("/queue/resume", post(queue::resume))
        .route("/stock", get(stock::page))
        .route("/stock/blanks", get(stock::blanks::list))
        .route("/stock/blanks.csv", get(stock::blanks::csv))
        .route("/stock/find", get(stock::blanks::find))
        .route("/stock/station.pub", get(stock::station_key))
        .route("/stock/blanks/{serial}", get(stock::blanks::page))
        .route("/stock/reconciliation.csv", get(stock::csv))
        .route("/stock/transports/{sender}/{reference}", get(stock::paper))
        .route("/stock/keys", get(stock::keys::page).post(stock::keys::make))
        .route(
            "/stock/inventory",
            post(stock::inventory::count).layer(DefaultBodyLimit::max(parts::MAX_BODY)),
        )
        .route("/stock/{order}", post(stock::orders::order).layer(DefaultBodyLimit::max(parts::MAX_BODY)))
        .route("/live/readers", get(making::live_readers))
        .route("/live/applications/{id}", get(making::live_application))
        .route("/applications/{id}/{picture}", get(one::picture))
        .route("/reports", get(reports::page))
        .route("/reports/{file}", get(reports::file))
        .route("/metrics", get(super::meter::metrics))
        .route("/accounts", get(accounts::list))
        .route("/accounts/add", post(accounts::add))
        .route("/accounts/change", post(accounts::change))
        .route("/password", get(password::page).post(password::change))
        .route("/static/{file}", get(file))
        .fallback(async || Problem::nothing_here())
        .method_not_allowed_fallback(async || Problem::nothing_here())
        .layer(DefaultBodyLimit::max(MAX_FORM))
}

const FILES: [(&str, &str, &[u8]); 4] = [
    ("desk.css", "text/css; charset=utf-8", include_bytes!("assets/desk.css")),
    ("desk.js", "text/javascript; charset=utf-8", include_bytes!("assets/desk.js")),
    ("camera.js", "text/javascript; charset=utf-8", include_bytes!("assets/camera.js")),
    ("icon.svg", "image/svg+xml", include_bytes!("assets/icon.svg")),
];

async fn file(axum::extract::Path(name): axum::extract::Path<String>) -> Result<Response, Problem> {
    let (_, media, content) =
        FILES.iter().find(|(known, ..)| *known == name).ok_or_else(Problem::nothing_here)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300"));
    Ok((headers, *content).into_response())
}
