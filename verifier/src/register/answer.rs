//! Signed answers of the register: believed only under a pinned key, for this nonce, this question and this time.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cccd_keys::detached;
use cccd_keys::trust::TrustStore;
use jiff::Timestamp;
use serde::Deserialize;

use super::{CardStatus, CardStatusAnswer, MatchAnswer};
use crate::policy::Policy;

/// The longest answer that is read, in bytes.
pub const MAX_ANSWER: usize = 64 * 1024;

/// Why an answer is not believed. Not a statement about person or card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// Not an answer of the interface.
    #[error("it is malformed")]
    Malformed,
    /// Signed by a key that is not pinned.
    #[error("its key is not among the trusted ones")]
    UnknownKey,
    /// The signature does not hold.
    #[error("its signature does not hold")]
    Signature,
    /// Of another kind than asked.
    #[error("it answers another kind of question")]
    Kind,
    /// To another nonce: an old answer, replayed.
    #[error("it answers another nonce")]
    Nonce,
    /// About another person or card.
    #[error("it speaks of another person or card")]
    Subject,
    /// Outside the time window.
    #[error("its time lies outside the window around this machine's clock")]
    Time,
}

/// What an answer must be an answer to.
#[derive(Debug, Clone)]
pub struct Expected<'a> {
    /// `match` or `card-status`.
    pub kind: &'a str,
    /// The nonce as sent.
    pub nonce: &'a str,
    /// The digest of the canonical request.
    pub subject: &'a str,
    /// This machine's clock.
    pub now: Timestamp,
}

#[derive(Deserialize)]
struct Envelope {
    answer: String,
    signature: String,
    key: String,
}

#[derive(Deserialize)]
struct Inner {
    kind: String,
    nonce: String,
    time: Timestamp,
    subject: String,
    #[serde(default)]
    result: Option<String>,
    #[serde(default)]
    agree: BTreeMap<String, String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    since: Option<String>,
}

fn believe(
    body: &[u8],
    expected: &Expected<'_>,
    trust: &TrustStore,
    policy: &Policy,
) -> Result<Inner, AnswerError> {
    if body.len() > MAX_ANSWER {
        return Err(AnswerError::Malformed);
    }
    let envelope: Envelope = serde_json::from_slice(body).map_err(|_| AnswerError::Malformed)?;
    let decode = |text: &str| STANDARD.decode(text).map_err(|_| AnswerError::Malformed);
    let (answer, signature) = (decode(&envelope.answer)?, decode(&envelope.signature)?);
    let key = trust.register_key(&envelope.key).ok_or(AnswerError::UnknownKey)?;
    detached::verify_register_answer(key, &answer, &signature).map_err(|_| AnswerError::Signature)?;
    let inner: Inner = serde_json::from_slice(&answer).map_err(|_| AnswerError::Malformed)?;
    if inner.kind != expected.kind {
        return Err(AnswerError::Kind);
    }
    if inner.nonce != expected.nonce {
        return Err(AnswerError::Nonce);
    }
    if inner.subject != expected.subject {
        return Err(AnswerError::Subject);
    }
    let age = expected.now.duration_since(inner.time);
    if age > policy.answer_age || age < -policy.answer_lead {
        return Err(AnswerError::Time);
    }
    Ok(inner)
}

/// Checks an answer to `match`.
///
/// # Errors
/// [`AnswerError`].
pub fn match_answer(
    body: &[u8],
    expected: &Expected<'_>,
    trust: &TrustStore,
    policy: &Policy,
) -> Result<MatchAnswer, AnswerError> {
    let inner = believe(body, expected, trust, policy)?;
    let matches = match inner.result.as_deref() {
        Some("match") => true,
        Some("no-match") => false,
        _ => return Err(AnswerError::Malformed),
    };
    let agree = inner.agree.into_iter().filter(|(name, _)| name.len() <= 64).take(32).collect();
    Ok(MatchAnswer { matches, agree, time: inner.time })
}

/// Checks an answer to `card-status`.
///
/// # Errors
/// [`AnswerError`].
pub fn card_status_answer(
    body: &[u8],
    expected: &Expected<'_>,
    trust: &TrustStore,
    policy: &Policy,
) -> Result<CardStatusAnswer, AnswerError> {
    let inner = believe(body, expected, trust, policy)?;
    let status = inner.status.as_deref().and_then(CardStatus::from_name).ok_or(AnswerError::Malformed)?;
    let since = inner.since.filter(|since| since.parse::<jiff::civil::Date>().is_ok());
    Ok(CardStatusAnswer { status, since, time: inner.time })
}
