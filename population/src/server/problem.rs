//! Answers that say no: a code for programs, two sentences for people, nothing about anybody.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::store::StoreError;

pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: &'static str,
    /// What the caller is told beside it.
    more: Option<(&'static str, Value)>,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        hint: &'static str,
    ) -> Self {
        Self { status, code, message: message.into(), hint, more: None }
    }

    /// With a member of its own beside the error.
    pub(super) fn with(self, name: &'static str, value: Value) -> Self {
        Self { more: Some((name, value)), ..self }
    }

    pub(super) fn internal() -> Self {
        let hint = "Look at the register's log.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The register failed.", hint)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let message = format!("{error}.");
        let (status, code, hint) = match error {
            StoreError::UnknownPerson => {
                (StatusCode::NOT_FOUND, "unknown-person", "Check the number, or collect the person first.")
            }
            StoreError::UnknownCard => (StatusCode::NOT_FOUND, "unknown-card", "Check the hash of EF.SOD."),
            StoreError::Unreachable => {
                (StatusCode::SERVICE_UNAVAILABLE, "store-unreachable", "Ask again in a moment.")
            }
            StoreError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "store-busy", "Ask again in a moment."),
            StoreError::ClockBehind { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "clock-went-back", "Set the register's clock right.")
            }
            StoreError::CardForm(_) | StoreError::Flaw(_) => {
                (StatusCode::BAD_REQUEST, "bad-field", "Correct the field and send again.")
            }
            StoreError::NotAlive(_) => {
                (StatusCode::CONFLICT, "not-alive", "No card is issued to this person.")
            }
            StoreError::CardInUse => {
                (StatusCode::CONFLICT, "card-in-use", "Name the card in `replaces`, or end it first.")
            }
            StoreError::Claimed(_) | StoreError::ForbiddenChange(_) | StoreError::DeadAlready => {
                (StatusCode::CONFLICT, "card-conflict", "Ask for the card's status and decide anew.")
            }
            _ => {
                tracing::error!(error = &error as &dyn core::error::Error, "the store failed");
                return Self::internal();
            }
        };
        Self::new(status, code, message, hint)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({"error": {"code": self.code, "message": self.message, "hint": self.hint}});
        if let (Some((name, value)), Value::Object(members)) = (self.more, &mut body) {
            members.insert(name.to_owned(), value);
        }
        (self.status, Json(body)).into_response()
    }
}
