//! Who sits at the desk.

use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::form::{Signed, fields_of};
use super::super::house::Desk;
use super::super::page::{answer, outside};
use super::super::problem::Problem;
use super::super::seen::{self, LANGUAGE, SESSION};
use crate::accounts::{LONGEST, Password, Role};
use crate::words::Language;

/// Where to go on after the login.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct Next {
    next: Option<String>,
}

/// A page of ours, and nothing else.
fn own(path: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '.');
    (path.starts_with('/') && !path.starts_with("//") && path.chars().all(plain)).then_some(path)
}

fn form(language: Language, problem: Option<&Problem>, name: &str, next: Option<&str>) -> Markup {
    let say = |vietnamese, english| language.say(vietnamese, english);
    let body = html! {
        @if let Some(problem) = problem {
            div.notice.bad role="alert" {
                p.what { (problem.sentence(language)) "." }
                p { (problem.hint(language)) }
            }
        }
        form.narrow method="post" action="/login" {
            @if let Some(next) = next.and_then(own) { input type="hidden" name="next" value=(next); }
            label for="name" { (say("Tên đăng nhập", "Name")) }
            input id="name" name="name" value=(name) autocomplete="username" autocapitalize="none" spellcheck="false"
                required autofocus[name.is_empty()];
            label for="password" { (say("Mật khẩu", "Password")) }
            input id="password" name="password" type="password" autocomplete="current-password" required
                autofocus[!name.is_empty()];
            button type="submit" { (say("Đăng nhập", "Log in")) }
        }
    };
    outside(language, say("Đăng nhập", "Log in"), body)
}

pub(in crate::desk) async fn page(headers: HeaderMap, Query(next): Query<Next>) -> Response {
    answer(form(seen::language(&headers), None, "", next.next.as_deref()))
}

/// The session is over: the login, with what happened; a page that was only looked at is gone back to.
pub(in crate::desk) fn again(
    desk: &Desk,
    language: Language,
    problem: &Problem,
    next: Option<&str>,
) -> Response {
    let mut response = answer(form(language, Some(problem), "", next));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    if problem.code == "no-session" {
        set_cookie(&mut response, &session_cookie(desk, "", 0));
    }
    response
}

fn session_cookie(desk: &Desk, token: &str, seconds: i64) -> String {
    let secure = if desk.secure { "; Secure" } else { "" };
    format!("{SESSION}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

pub(in crate::desk) async fn log_in(
    State(desk): State<Arc<Desk>>,
    request: Request,
) -> Result<Response, Problem> {
    let language = seen::language(request.headers());
    let fields = fields_of(request).await?;
    let name = fields.text("name")?.unwrap_or_default().to_owned();
    let password = Password::new(fields.raw("password").unwrap_or_default());
    let (asking, known) = (Arc::clone(&desk), name.clone());
    // Hashing takes memory: few at once.
    let entered = desk
        .heavily(move || {
            let mut books = asking.books()?;
            let now = asking.now();
            let mut accounts = books.ledger.accounts();
            let token = accounts.log_in(&known, &password, now, &mut asking.rng());
            let entered = token.and_then(|token| Ok((accounts.whose_session(&token, now)?, token)));
            asking.give_back(books);
            Ok(entered?)
        })
        .await;
    match entered {
        Ok((officer, token)) => {
            let first = if officer.may(Role::Administrator).is_ok() { "/accounts" } else { "/" };
            let next = fields.raw("next").and_then(own).unwrap_or(first);
            let mut response = Redirect::to(next).into_response();
            set_cookie(&mut response, &session_cookie(&desk, token.reveal(), LONGEST.as_secs()));
            Ok(response)
        }
        Err(problem) if problem.is_failure() => Err(problem),
        Err(problem) => {
            let page = form(language, Some(&problem), &name, fields.raw("next"));
            Ok((problem.status, answer(page)).into_response())
        }
    }
}

pub(in crate::desk) async fn log_out(
    State(desk): State<Arc<Desk>>,
    Signed { seen, .. }: Signed,
) -> Result<Response, Problem> {
    let token = seen.token;
    desk.ask(move |_, books| Ok(books.ledger.accounts().log_out(&token)?)).await?;
    let mut response = Redirect::to("/login").into_response();
    set_cookie(&mut response, &session_cookie(&desk, "", 0));
    Ok(response)
}

/// Notes the language, and back to where the officer was.
pub(in crate::desk) async fn language(Path(language): Path<String>, headers: HeaderMap) -> Response {
    let language = if language == "en" { "en" } else { "vi" };
    let from = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let path = from.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)));
    let mut response = Redirect::to(path.and_then(own).unwrap_or("/")).into_response();
    set_cookie(&mut response, &format!("{LANGUAGE}={language}; Path=/; SameSite=Lax; Max-Age=31536000"));
    response
}
