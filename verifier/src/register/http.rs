//! The register over HTTP (`docs/register-api.md`), blocking, with short timeouts.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cccd_keys::trust::TrustStore;
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::answer::{self, AnswerError, Expected, MAX_ANSWER};
use super::{
    CardStatusAnswer, MatchAnswer, MatchQuestion, Register, RegisterError, subject_of_card_status,
    subject_of_match,
};
use crate::policy::Policy;

/// The register behind a URL.
pub struct HttpRegister<'a> {
    agent: ureq::Agent,
    url: String,
    token: Zeroizing<String>,
    trust: &'a TrustStore,
    policy: &'a Policy,
    clock: &'a dyn Fn() -> Timestamp,
    rng: &'a mut dyn CryptoRng,
}

impl std::fmt::Debug for HttpRegister<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpRegister").field("url", &self.url).finish_non_exhaustive()
    }
}

impl<'a> HttpRegister<'a> {
    /// Connects nowhere yet. `clock` is this machine's: the register's time is compared with it, whatever time is judged at.
    #[must_use]
    pub fn new(
        url: &str,
        token: Zeroizing<String>,
        timeout: Duration,
        trust: &'a TrustStore,
        policy: &'a Policy,
        clock: &'a dyn Fn() -> Timestamp,
        rng: &'a mut dyn CryptoRng,
    ) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        Self { agent, url: url.trim_end_matches('/').to_owned(), token, trust, policy, clock, rng }
    }

    fn nonce(&mut self) -> String {
        let mut nonce = [0; 24];
        self.rng.fill_bytes(&mut nonce);
        STANDARD.encode(nonce)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Vec<u8>, RegisterError> {
        let unreachable = |error: ureq::Error| RegisterError::Unreachable(error.to_string());
        let header = Zeroizing::new(format!("Bearer {}", *self.token));
        let mut answer = self
            .agent
            .post(format!("{}{path}", self.url))
            .header("Authorization", header.as_str())
            .send_json(body)
            .map_err(unreachable)?;
        let status = answer.status().as_u16();
        let limit = u64::try_from(MAX_ANSWER).unwrap_or(u64::MAX);
        let bytes = answer.body_mut().with_config().limit(limit).read_to_vec().map_err(unreachable)?;
        match status {
            200 => Ok(bytes),
            429 => Err(RegisterError::TooManyAttempts),
            _ => {
                let code = serde_json::from_slice::<Value>(&bytes)
                    .ok()
                    .and_then(|body| body["error"]["code"].as_str().map(str::to_owned))
                    .filter(|code| {
                        code.len() <= 64 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
                    })
                    .unwrap_or_else(|| format!("HTTP status {status}"));
                Err(RegisterError::Refused(code))
            }
        }
    }

    fn expected<'e>(&self, kind: &'e str, nonce: &'e str, subject: &'e str) -> Expected<'e> {
        Expected { kind, nonce, subject, now: (self.clock)() }
    }
}

impl Register for HttpRegister<'_> {
    fn match_person(&mut self, question: &MatchQuestion) -> Result<MatchAnswer, RegisterError> {
        let nonce = self.nonce();
        let body = json!({
            "nonce": nonce,
            "number": question.number,
            "full_name": question.full_name,
            "birth_date": question.birth_date,
            "also": question.also,
        });
        let bytes = self.post("/v1/match", &body)?;
        let subject = subject_of_match(question);
        let expected = self.expected("match", &nonce, &subject);
        answer::match_answer(&bytes, &expected, self.trust, self.policy)
            .map_err(|error: AnswerError| error.into())
    }

    fn card_status(&mut self, sod_sha256: &[u8; 32]) -> Result<CardStatusAnswer, RegisterError> {
        let nonce = self.nonce();
        let body = json!({ "nonce": nonce, "sod_sha256": hex::encode(sod_sha256) });
        let bytes = self.post("/v1/card-status", &body)?;
        let subject = subject_of_card_status(sod_sha256);
        let expected = self.expected("card-status", &nonce, &subject);
        answer::card_status_answer(&bytes, &expected, self.trust, self.policy)
            .map_err(|error: AnswerError| error.into())
    }
}
