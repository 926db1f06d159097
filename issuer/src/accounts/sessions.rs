//! Who is logged in: tokens, and sessions that end.

use cccd_population::store::Apart;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::rows::{Noted, find, gone, note};
use super::{AccountError, Accounts, Officer, Password};
use crate::audit::Auditor;

/// A session that nobody used for so long is over.
pub const IDLE: SignedDuration = SignedDuration::from_mins(15);

/// Requests of one moment reach the store in any order, and the clocks of two hosts differ: so far ahead of a request
/// another one of its session may have been.
const TOGETHER: SignedDuration = SignedDuration::from_secs(30);

/// A session is over after a working day, used or not.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(12);

/// What a logged-in officer holds instead of the password: 64 hexadecimal digits, a dot, and the account's name. The store knows a digest
/// of all of it under the station's key: a session is nobody else's, whoever writes another name into its row.
pub struct Token(Zeroizing<String>);

impl Token {
    /// From what a file or a cookie holds.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.trim().to_owned()))
    }

    /// For the officer's own file or cookie.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn account(&self) -> Option<&str> {
        self.0.split_once('.').map(|(_, name)| name)
    }

    fn digest(&self, log: Option<&Auditor>) -> String {
        match log {
            Some(auditor) => hex::encode(auditor.payload_of(&format!("session {}", &*self.0))),
            None => hex::encode(Sha256::digest(self.0.as_bytes())),
        }
    }

    /// What a page of this session puts into its forms: nobody who does not hold the token can name it.
    #[must_use]
    pub fn form_mark(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"form of ");
        hash.update(self.0.as_bytes());
        hex::encode(hash.finalize())
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(redacted)")
    }
}

impl Accounts<'_> {
    /// Lets an officer in and begins a session.
    ///
    /// # Errors
    /// As [`officer`](Self::officer).
    pub fn log_in(
        &mut self,
        name: &str,
        password: &Password,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Token, AccountError> {
        let officer = self.officer(name, password, at)?;
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut());
        let token = Token(Zeroizing::new(format!("{}.{}", hex::encode(bytes.as_ref()), officer.name())));
        let log = self.log;
        let (digest, at) = (token.digest(log), at.to_string());
        self.database.write(Apart::Rows, |session| {
            session.execute(
                "INSERT INTO sessions (token_sha256, account, began_at, seen_at) VALUES (?1, ?2, ?3, ?3)",
                &[digest.as_str().into(), officer.name().into(), at.as_str().into()],
            )?;
            let (account, actor) = (officer.name(), officer.name());
            let noted = Noted { account, at: &at, actor, action: "log-in", reason: None, given: None };
            note(session, log, &noted)
        })?;
        Ok(token)
    }

    /// Whose session this is; the session is used by asking.
    ///
    /// # Errors
    /// [`AccountError::NoSession`] when it is over.
    pub fn of_session(&mut self, token: &Token, at: Timestamp) -> Result<Officer, AccountError> {
        self.session(token, at, true)
    }

    /// Whose session this is, without using it: for what a page asks by itself, which keeps nobody logged in.
    ///
    /// # Errors
    /// [`AccountError::NoSession`] when it is over.
    pub fn whose_session(&mut self, token: &Token, at: Timestamp) -> Result<Officer, AccountError> {
        self.session(token, at, false)
    }

    fn session(&mut self, token: &Token, at: Timestamp, used: bool) -> Result<Officer, AccountError> {
        let digest = token.digest(self.log);
        let now = at.to_string();
        self.database.write(Apart::Rows, |session| {
            let mut found = None;
            session.query(
                "SELECT account, began_at, seen_at FROM sessions WHERE token_sha256 = ?1",
                &[digest.as_str().into()],
                &mut |row| {
                    found = Some((row.needed(0)?, row.needed(1)?, row.needed(2)?));
                    Ok(())
                },
            )?;
            let (name, began, seen): (String, String, String) = found.ok_or(AccountError::NoSession)?;
            let since = |time: &str| gone(Some(time), at).ok_or(AccountError::NoSession);
            let (old, idle) = (since(&began)?, since(&seen)?);
            if old > LONGEST || idle > IDLE || old < -TOGETHER || idle < -TOGETHER {
                return Err(AccountError::NoSession);
            }
            if token.account() != Some(&name) {
                return Err(AccountError::NoSession);
            }
            let kept = find(session, &name)?.ok_or(AccountError::NoSession)?;
            kept.is_as_given()?;
            if kept.account.locked.is_some() {
                return Err(AccountError::NoSession);
            }
            if used && idle.is_positive() {
                session.execute(
                    "UPDATE sessions SET seen_at = ?2 WHERE token_sha256 = ?1",
                    &[digest.as_str().into(), now.as_str().into()],
                )?;
            }
            Ok(kept.officer())
        })
    }

    /// Ends a session; one that is over already is no harm.
    ///
    /// # Errors
    /// [`AccountError::Store`].
    pub fn log_out(&mut self, token: &Token) -> Result<(), AccountError> {
        let digest = token.digest(self.log);
        self.database.write(Apart::Rows, |session| {
            session.execute("DELETE FROM sessions WHERE token_sha256 = ?1", &[digest.as_str().into()])?;
            Ok(())
        })
    }
}
