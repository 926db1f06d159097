//! The register over its HTTP interface, as docs/register-api.md describes it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::card::{Card, CardStatus, NewCard, SodDigest};
use cccd_population::cases::PaperClaim;
use cccd_population::person::Person;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{PersonRecord, Register, RegisterError};

/// No answer of the register is longer.
const MAX_ANSWER: u64 = 1024 * 1024;

const TIMEOUT: Duration = Duration::from_secs(15);

/// A register at an address, asked with the issuer's token.
pub struct HttpRegister {
    agent: ureq::Agent,
    base: String,
    authorization: Zeroizing<String>,
    /// The application that is at hand.
    application: Option<String>,
}

impl HttpRegister {
    /// A register at `base`, with the issuer's token of a token file (`role:token` a line).
    ///
    /// # Errors
    /// [`RegisterError::Token`]; [`RegisterError::Unreachable`] for an address that is not loopback in the clear.
    pub fn open(base: &str, token_file: &Path) -> Result<Self, RegisterError> {
        let token = read_token(token_file)?;
        Self::with_token(base, &token)
    }

    /// The same with the token at hand.
    ///
    /// # Errors
    /// [`RegisterError::Unreachable`] for an address that is not loopback in the clear.
    pub fn with_token(base: &str, token: &str) -> Result<Self, RegisterError> {
        let base = base.trim_end_matches('/');
        let host = base.strip_prefix("http://").unwrap_or_default();
        let loopback = ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|name| host == *name || host.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')));
        if !loopback || host.contains(['/', '@', '?', '#']) {
            return Err(RegisterError::Unreachable(
                "plain HTTP is spoken on this machine's loopback only, as http://127.0.0.1:PORT".into(),
            ));
        }
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build();
        Ok(Self {
            agent: config.into(),
            base: base.to_owned(),
            authorization: Zeroizing::new(format!("Bearer {token}")),
            application: None,
        })
    }

    fn get(&self, path: &str) -> Result<(u16, Value), RegisterError> {
        let mut asked = self
            .agent
            .get(format!("{}{path}", self.base))
            .header("authorization", self.authorization.as_str());
        if let Some(application) = &self.application {
            asked = asked.header("register-case", application);
        }
        let answer = asked.call().map_err(|error| unreachable(&error))?;
        read(answer)
    }

    fn post(&self, path: &str, body: &Value) -> Result<(u16, Value), RegisterError> {
        let answer = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("authorization", self.authorization.as_str())
            .send_json(body)
            .map_err(|error| unreachable(&error))?;
        read(answer)
    }
}

impl std::fmt::Debug for HttpRegister {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpRegister").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Register for HttpRegister {
    fn for_application(&mut self, reference: &str) {
        self.application = Some(reference.to_owned());
    }

    fn person(
        &mut self,
        number: &PersonalNumber,
        _today: Date,
    ) -> Result<Option<PersonRecord>, RegisterError> {
        let (status, mut body) = self.get(&format!("/v1/persons/{}", number.as_str()))?;
        if status == 404 && ["unknown-person", "number-cancelled"].contains(&code(&body)) {
            return Ok(None);
        }
        ok(status, &body)?;
        let card_in_use = match body.as_object_mut().and_then(|fields| fields.remove("card_in_use")) {
            None | Some(Value::Null) => None,
            Some(card) => Some(serde_json::from_value::<Card>(card).map_err(|_| nonsense())?),
        };
        let earlier = match body.as_object_mut().and_then(|fields| fields.remove("earlier_cards")) {
            None => None,
            Some(cards) => Some(serde_json::from_value(cards).map_err(|_| nonsense())?),
        };
        let undecided = match body.as_object_mut().and_then(|fields| fields.remove("undecided")) {
            None => BTreeSet::new(),
            Some(items) => serde_json::from_value(items).map_err(|_| nonsense())?,
        };
        let person: Person = serde_json::from_value(body).map_err(|_| nonsense())?;
        if person.number != *number {
            return Err(nonsense());
        }
        Ok(Some(PersonRecord { earlier, undecided, ..PersonRecord::of(&person, card_in_use) }))
    }

    fn contradict(
        &mut self,
        number: &PersonalNumber,
        said: &PaperClaim,
        _at: Timestamp,
    ) -> Result<bool, RegisterError> {
        let body = serde_json::to_value(said).map_err(|_| nonsense())?;
        let (status, body) = self.post(&format!("/v1/persons/{}/papers", number.as_str()), &body)?;
        ok(status, &body)?;
        body.get("waits").and_then(Value::as_bool).ok_or_else(nonsense)
    }

    fn record_card(&mut self, card: &NewCard, _at: Timestamp) -> Result<(), RegisterError> {
        let body = serde_json::to_value(card).map_err(|_| nonsense())?;
        let (status, body) = self.post("/v1/cards", &body)?;
        ok(status, &body)
    }

    // The signature is the verifier's business: over this loopback the issuer believes the register's other answers as well.
    fn card_status(
        &mut self,
        card: &SodDigest,
        nonce: &[u8; 16],
        _today: Date,
    ) -> Result<(CardStatus, Option<Date>), RegisterError> {
        let nonce = STANDARD.encode(nonce);
        let (status, body) = self.post("/v1/card-status", &json!({"nonce": nonce, "sod_sha256": card}))?;
        ok(status, &body)?;
        let answer =
            body.get("answer").and_then(Value::as_str).and_then(|answer| STANDARD.decode(answer).ok());
        let answer: Value = serde_json::from_slice(&answer.unwrap_or_default()).map_err(|_| nonsense())?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        if text("kind") != Some("card-status") || text("nonce") != Some(nonce.as_str()) {
            return Err(nonsense());
        }
        match text("status") {
            Some("unknown") => Err(RegisterError::UnknownCard),
            Some(word) => {
                let status = CardStatus::parse(word).ok_or_else(nonsense)?;
                Ok((status, text("since").and_then(|since| since.parse().ok())))
            }
            None => Err(nonsense()),
        }
    }

    fn set_card_status(
        &mut self,
        card: &SodDigest,
        status: CardStatus,
        reason: &str,
        _at: Timestamp,
    ) -> Result<Card, RegisterError> {
        let change = json!({"status": status, "reason": reason});
        let (status, body) = self.post(&format!("/v1/cards/{card}/status"), &change)?;
        if status == 404 {
            return Err(RegisterError::UnknownCard);
        }
        ok(status, &body)?;
        serde_json::from_value(body).map_err(|_| nonsense())
    }
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> Result<(u16, Value), RegisterError> {
    let status = answer.status().as_u16();
    let bytes = answer
        .body_mut()
        .with_config()
        .limit(MAX_ANSWER)
        .read_to_vec()
        .map_err(|error| unreachable(&error))?;
    let body = serde_json::from_slice(&bytes).map_err(|_| nonsense())?;
    Ok((status, body))
}

fn ok(status: u16, body: &Value) -> Result<(), RegisterError> {
    match status {
        200 | 201 => Ok(()),
        401 | 403 => Err(RegisterError::Token(format!("the register answers {}", code(body)))),
        400 | 404 | 409 | 413 => Err(RegisterError::Refused(code(body).to_owned())),
        _ => Err(RegisterError::Unreachable(format!("it answers {status} {}", code(body)))),
    }
}

/// The register's error code, a word of ours; its message is not repeated.
fn code(body: &Value) -> &str {
    let code = body.pointer("/error/code").and_then(Value::as_str).unwrap_or("without a code");
    if code.len() <= 40 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b' ') {
        code
    } else {
        "without a code"
    }
}

fn unreachable(error: &ureq::Error) -> RegisterError {
    RegisterError::Unreachable(error.to_string())
}

fn nonsense() -> RegisterError {
    RegisterError::Unreachable("its answer is not what docs/register-api.md says".into())
}

fn read_token(path: &Path) -> Result<Zeroizing<String>, RegisterError> {
    let failed = |error: std::io::Error| RegisterError::Token(format!("{}: {error}", path.display()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mode = std::fs::metadata(path).map_err(failed)?.mode();
        if mode & 0o077 != 0 {
            return Err(RegisterError::Token(format!("{} is open to others; run chmod 600", path.display())));
        }
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
    text.lines()
        .find_map(|line| line.trim().strip_prefix("issuer:"))
        .map(|token| Zeroizing::new(token.trim().to_owned()))
        .ok_or_else(|| RegisterError::Token(format!("{} has no line issuer:TOKEN", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_spoken_to_in_the_clear() {
        for base in ["http://127.0.0.1:8080", "http://localhost:1/", "http://[::1]:9"] {
            assert!(HttpRegister::with_token(base, "t").is_ok(), "{base}");
        }
        for base in [
            "http://10.0.0.1",
            "http://127.0.0.1.example",
            "https://127.0.0.1",
            "http://127.0.0.1@evil",
            "ftp://x",
            "",
        ] {
            assert!(HttpRegister::with_token(base, "t").is_err(), "{base}");
        }
    }

    #[test]
    fn nobody_listening_is_said_so() {
        let mut register = HttpRegister::with_token("http://127.0.0.1:9", "t").unwrap();
        let number = PersonalNumber::parse("079099000001").unwrap();
        let error = register.person(&number, jiff::civil::date(2026, 1, 1)).unwrap_err();
        assert!(matches!(error, RegisterError::Unreachable(_)), "{error}");
    }

    #[test]
    fn a_token_file_is_private_and_has_the_issuers_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens");
        std::fs::write(&path, "# tokens\nverifier:aaa\nissuer: bbb\n").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            assert!(read_token(&path).is_err());
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        assert_eq!(read_token(&path).unwrap().as_str(), "bbb");
        std::fs::write(&path, "verifier:aaa\n").unwrap();
        assert!(read_token(&path).is_err());
    }
}
