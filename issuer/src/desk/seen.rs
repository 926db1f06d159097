//! Who asks: the session in the cookie, and the language that the officer reads.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::house::Desk;
use super::problem::Problem;
use crate::accounts::{Officer, Role, Token};
use crate::words::Language;

/// The cookie of a session.
pub(super) const SESSION: &str = "desk";

/// The cookie of the language.
pub(super) const LANGUAGE: &str = "lang";

/// The roles that work with citizens. Whoever keeps accounts, the stock or the log needs to know nobody.
const WITH_CITIZENS: [Role; 4] = [Role::Capture, Role::Approve, Role::Personalise, Role::Deliver];

/// An officer who is logged in.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) officer: Officer,
    pub(super) language: Language,
    /// What this session's forms hold.
    pub(super) mark: String,
    pub(super) token: Token,
}

impl Seen {
    pub(super) fn name(&self) -> &str {
        self.officer.name()
    }

    pub(super) fn may(&self, role: Role) -> bool {
        self.officer.may(role).is_ok()
    }

    pub(super) fn must(&self, role: Role) -> Result<(), Problem> {
        Ok(self.officer.may(role)?)
    }

    /// Applications, faces, papers and cards of citizens may be seen.
    pub(super) fn sees_citizens(&self) -> bool {
        WITH_CITIZENS.into_iter().any(|role| self.may(role))
    }

    /// Refuses whoever has no task that needs to know a citizen.
    pub(super) fn must_see_citizens(&self) -> Result<(), Problem> {
        if self.sees_citizens() { Ok(()) } else { Err(Problem::no_citizens()) }
    }

    /// Prints on a card's back are for whoever approves the card or prints it.
    pub(super) fn sees_prints(&self) -> bool {
        self.may(Role::Approve) || self.may(Role::Personalise)
    }

    pub(super) fn say<'a>(&self, vietnamese: &'a str, english: &'a str) -> &'a str {
        self.language.say(vietnamese, english)
    }
}

/// A cookie's value.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

/// The language of the cookie; Vietnamese where there is none.
pub(super) fn language(headers: &HeaderMap) -> Language {
    match cookie(headers, LANGUAGE) {
        Some("en") => Language::En,
        _ => Language::Vi,
    }
}

/// The token of the cookie.
pub(super) fn token(headers: &HeaderMap) -> Option<Token> {
    let text = cookie(headers, SESSION)?;
    (65..=100).contains(&text.len()).then(|| Token::new(text))
}

async fn seen(headers: &HeaderMap, desk: &Arc<Desk>, used: bool) -> Result<Seen, Problem> {
    let token = token(headers).ok_or_else(Problem::no_session)?;
    let asked = Token::new(token.reveal());
    let officer = desk
        .ask(move |desk, books| {
            let mut accounts = books.ledger.accounts();
            let now = desk.now();
            Ok(if used { accounts.of_session(&asked, now) } else { accounts.whose_session(&asked, now) }?)
        })
        .await?;
    Ok(Seen { officer, language: language(headers), mark: token.form_mark(), token })
}

impl FromRequestParts<Arc<Desk>> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Problem> {
        seen(&parts.headers, desk, true).await
    }
}

/// Who watches: the page asks by itself, which does not count as use of the session.
#[derive(Debug)]
pub(super) struct Watching(pub(super) Seen);

impl FromRequestParts<Arc<Desk>> for Watching {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Problem> {
        seen(&parts.headers, desk, false).await.map(Self)
    }
}
