//! Signed answers: bound to what was asked, to the asker's nonce and to a time. docs/register-api.md has the bytes.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_keys::detached;
use cccd_keys::public_key::PublicKey;
use cccd_keys::signer::{Signer, SigningFailed};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Unit};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::card::SodDigest;
use crate::matching::Agreement;

/// The question `POST /v1/match`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchRequest {
    /// Base64 of 16 to 64 random bytes.
    pub nonce: String,
    /// The personal number.
    pub number: PersonalNumber,
    /// As the document says.
    pub full_name: String,
    /// `yyyy-mm-dd`, `yyyy-mm` or `yyyy`, as text so that the subject binds what was sent.
    pub birth_date: String,
    /// What else to compare.
    #[serde(default)]
    pub also: BTreeMap<String, String>,
}

/// The question `POST /v1/card-status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardStatusRequest {
    /// Base64 of 16 to 64 random bytes.
    pub nonce: String,
    /// Which card.
    pub sod_sha256: SodDigest,
}

/// What the register says, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Of which question.
    pub kind: Kind,
    /// The asker's.
    pub nonce: String,
    /// The register's time, whole seconds.
    pub time: Timestamp,
    /// SHA-256 of the canonical request, hex.
    pub subject: String,
    /// `match` or `no-match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<MatchResult>,
    /// Only of a match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agree: Option<BTreeMap<String, Agreement>>,
    /// Only of a card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Only of a card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
}

/// Which question an answer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `POST /v1/match`.
    Match,
    /// `POST /v1/card-status`.
    CardStatus,
}

/// The one bit of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchResult {
    /// Number, name and birth date agree, and the person lives.
    Match,
    /// Anything else.
    NoMatch,
}

/// An answer as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedAnswer {
    /// Base64 of the exact bytes of the inner JSON.
    pub answer: String,
    /// Base64 of the DER signature.
    pub signature: String,
    /// SHA-256 of the `SubjectPublicKeyInfo`, hex: selects among pinned keys, vouches for nothing.
    pub key: String,
}

/// Why an answer is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotBelieved {
    /// No pinned key has this digest.
    #[error("the answer is signed by a key that is not trusted")]
    UnknownKey,
    /// The signature is not of these bytes.
    #[error("the answer's signature does not verify")]
    Signature,
    /// Not an answer of this interface.
    #[error("the answer is malformed")]
    Malformed,
    /// An answer to another question.
    #[error("the answer belongs to another question")]
    OtherQuestion,
    /// Outside the window.
    #[error("the answer's time is outside the window")]
    Time,
}

/// How far an answer's time may be from the asker's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeWindow {
    /// Before it.
    pub past: SignedDuration,
    /// After it.
    pub future: SignedDuration,
}

impl Default for TimeWindow {
    fn default() -> Self {
        Self { past: SignedDuration::from_mins(5), future: SignedDuration::from_mins(2) }
    }
}

/// The JSON over which the subject is taken: members in the order of their names.
#[derive(Serialize)]
struct CanonicalMatch<'a> {
    also: &'a BTreeMap<String, String>,
    birth_date: &'a str,
    full_name: &'a str,
    kind: &'static str,
    number: &'a str,
}

#[derive(Serialize)]
struct CanonicalCardStatus<'a> {
    kind: &'static str,
    sod_sha256: &'a SodDigest,
}

impl MatchRequest {
    /// SHA-256 of the canonical request, hex.
    #[must_use]
    pub fn subject(&self) -> String {
        subject(&CanonicalMatch {
            also: &self.also,
            birth_date: &self.birth_date,
            full_name: &self.full_name,
            kind: "match",
            number: self.number.as_str(),
        })
    }
}

impl CardStatusRequest {
    /// SHA-256 of the canonical request, hex.
    #[must_use]
    pub fn subject(&self) -> String {
        subject(&CanonicalCardStatus { kind: "card-status", sod_sha256: &self.sod_sha256 })
    }
}

fn subject(canonical: &impl Serialize) -> String {
    // Structs of strings always serialize.
    hex::encode(Sha256::digest(serde_json::to_vec(canonical).unwrap_or_default()))
}

/// Whether a nonce has the form that the register answers to.
#[must_use]
pub fn is_nonce(nonce: &str) -> bool {
    nonce.len() <= 88 && STANDARD.decode(nonce).is_ok_and(|bytes| (16..=64).contains(&bytes.len()))
}

/// The time of an answer: whole seconds.
#[must_use]
pub fn answer_time(now: Timestamp) -> Timestamp {
    now.round(jiff::TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Floor)).unwrap_or(now)
}

impl Answer {
    /// Signs the answer.
    ///
    /// # Errors
    /// The key could not sign.
    pub fn sign(&self, signer: &dyn Signer) -> Result<SignedAnswer, SigningFailed> {
        let bytes = serde_json::to_vec(self).map_err(|error| SigningFailed::new(error.to_string()))?;
        let signature = detached::sign_register_answer(signer, &bytes)?;
        Ok(SignedAnswer {
            answer: STANDARD.encode(bytes),
            signature: STANDARD.encode(signature),
            key: key_id(signer.public_key()),
        })
    }
}

impl SignedAnswer {
    /// Believes an answer: signature under a pinned key, kind, nonce, subject, time; in this order.
    ///
    /// # Errors
    /// [`NotBelieved`]: the register was not heard, which is no `no-match`.
    pub fn verify(
        &self,
        pinned: &[PublicKey],
        kind: Kind,
        nonce: &str,
        subject: &str,
        now: Timestamp,
        window: TimeWindow,
    ) -> Result<Answer, NotBelieved> {
        let key = pinned.iter().find(|key| key_id(key) == self.key).ok_or(NotBelieved::UnknownKey)?;
        let bytes = STANDARD.decode(&self.answer).map_err(|_| NotBelieved::Malformed)?;
        let signature = STANDARD.decode(&self.signature).map_err(|_| NotBelieved::Malformed)?;
        detached::verify_register_answer(key, &bytes, &signature).map_err(|_| NotBelieved::Signature)?;
        let answer: Answer = serde_json::from_slice(&bytes).map_err(|_| NotBelieved::Malformed)?;
        if answer.kind != kind || answer.nonce != nonce || answer.subject != subject {
            return Err(NotBelieved::OtherQuestion);
        }
        let age = now.duration_since(answer.time);
        if age > window.past || age < -window.future {
            return Err(NotBelieved::Time);
        }
        Ok(answer)
    }
}

/// SHA-256 of a key's `SubjectPublicKeyInfo`, hex.
#[must_use]
pub fn key_id(key: &PublicKey) -> String {
    hex::encode(Sha256::digest(key.spki()))
}

impl core::fmt::Debug for MatchRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("MatchRequest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_of_the_page_of_the_interface() {
        let request = MatchRequest {
            nonce: String::new(),
            number: PersonalNumber::parse("079099000001").unwrap(),
            full_name: "Nguyễn Văn An".to_owned(),
            birth_date: "1999-01-15".to_owned(),
            also: [("sex", "male"), ("residence", "Tổ 1")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        };
        assert_eq!(request.subject(), "5eaf3b51790e775ee9c62f216f62bf5ffdc300a0c8c5fc867ae1b71a082f499a");
        let request = CardStatusRequest { nonce: String::new(), sod_sha256: SodDigest::from_bytes([0; 32]) };
        assert_eq!(request.subject(), "ca72fd485f7981fb2dff68c3a0d8299a635c240895f0b8e193c75106421b2aae");
    }

    #[test]
    fn nonces_have_16_to_64_bytes() {
        for (length, good) in [(0, false), (15, false), (16, true), (64, true), (65, false)] {
            assert_eq!(is_nonce(&STANDARD.encode(vec![7; length])), good, "{length}");
        }
        assert!(!is_nonce("%%%%"));
    }
}
