//! The officers of a station: a name, roles, a password that only its Argon2id hash knows, and sessions that end.
//!
//! Whoever keeps the accounts keeps nothing else: an administrator takes part in no application, so that one person
//! with two accounts needs a second person to have made them.

mod password;
mod role;

use std::collections::BTreeSet;

use cccd_population::store::{Apart, Database, Retry, Row, Session as Statements, StoreError};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::audit::{Auditor, LogEntry};
use crate::ledger::{code_of, words_of};

pub use password::{Hardness, Password, PasswordRefused};
pub use role::{NotARole, Role};

/// Wrong passwords in a row, after which an account rests.
const TRIES: u64 = 5;

/// How long it rests.
const REST: SignedDuration = SignedDuration::from_mins(15);

/// A session that nobody used for so long is over.
pub const IDLE: SignedDuration = SignedDuration::from_mins(15);

/// Requests of one moment reach the store in any order, and the clocks of two hosts differ: so far ahead of a request
/// another one of its session may have been.
const TOGETHER: SignedDuration = SignedDuration::from_secs(30);

/// A session is over after a working day, used or not.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(12);

/// An officer who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    name: String,
    roles: BTreeSet<Role>,
    password_is_given: bool,
}

impl Officer {
    /// The name of the account.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What they may do.
    #[must_use]
    pub fn roles(&self) -> &BTreeSet<Role> {
        &self.roles
    }

    /// Somebody else set the password and knows it, until its officer sets another.
    #[must_use]
    pub fn password_is_given(&self) -> bool {
        self.password_is_given
    }

    /// Whether they may do this.
    ///
    /// # Errors
    /// [`AccountError::MayNot`].
    pub fn may(&self, role: Role) -> Result<(), AccountError> {
        if self.roles.contains(&role) {
            Ok(())
        } else {
            Err(AccountError::MayNot { name: self.name.clone(), role })
        }
    }
}

/// An account that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewAccount<'a> {
    /// Its name.
    pub name: &'a str,
    /// What its officer may do.
    pub roles: &'a BTreeSet<Role>,
    /// Its password.
    pub password: &'a Password,
    /// What its hash costs.
    pub hardness: Hardness,
}

/// An account as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// What its officer may do.
    pub roles: BTreeSet<Role>,
    /// Why it is locked, if it is.
    pub locked: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When, RFC 3339.
    pub created_at: String,
}

/// What a logged-in officer holds instead of the password: 64 hexadecimal digits.
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

    fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
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

/// Why an account was not made, or nobody let in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The store.
    #[error("the ledger failed: {}", words_of(.0))]
    Store(#[from] StoreError),
    /// Name or password wrong: which of the two is not said.
    #[error("name or password is wrong")]
    WrongPassword,
    /// Too many wrong passwords in a row.
    #[error("too many wrong passwords: this account rests for {} minutes", REST.as_mins())]
    Resting,
    /// An administrator locked it.
    #[error("this account is locked")]
    Locked,
    /// The session is over, or never was.
    #[error("nobody is logged in: the session is over")]
    NoSession,
    /// Another role is needed.
    #[error("{name} may not do this: it takes the role {role}")]
    MayNot {
        /// Who.
        name: String,
        /// What it takes.
        role: Role,
    },
    /// A name that is none.
    #[error("a name has 2 to 32 small letters, digits, dots and hyphens and begins with a letter")]
    BadName,
    /// No role, or an administrator who would do more.
    #[error("an account has roles, and an administrator has no other")]
    BadRoles,
    /// The password is too easy.
    #[error(transparent)]
    Password(#[from] PasswordRefused),
    /// The name is taken.
    #[error("there is an account of this name")]
    Exists,
    /// No such account.
    #[error("there is no account of this name")]
    Unknown,
    /// The first account of a station keeps the others.
    #[error("the first account of a station is an administrator's")]
    FirstIsAdministrator,
    /// There is an administrator: accounts are theirs to make.
    #[error("accounts are made by an administrator who is logged in")]
    AdministratorNeeded,
    /// Nobody could unlock anything any more.
    #[error("the last administrator who may log in is not locked")]
    LastAdministrator,
    /// A lock says why.
    #[error("locking an account needs a reason")]
    ReasonMissing,
}

impl AccountError {
    /// The stable code of machine-readable output.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => code_of(error),
            Self::WrongPassword => "wrong-password",
            Self::Resting => "account-resting",
            Self::Locked => "account-locked",
            Self::NoSession => "no-session",
            Self::MayNot { .. } => "role-missing",
            Self::BadName => "account-name",
            Self::BadRoles => "account-roles",
            Self::Password(_) => "password-refused",
            Self::Exists => "account-exists",
            Self::Unknown => "unknown-account",
            Self::FirstIsAdministrator | Self::AdministratorNeeded => "administrator-needed",
            Self::LastAdministrator => "last-administrator",
            Self::ReasonMissing => "reason-missing",
        }
    }
}

impl Retry for AccountError {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Store(StoreError::Busy))
    }
}

/// The accounts in a station's store.
#[derive(Debug)]
pub struct Accounts<'a> {
    database: &'a mut Database,
    log: Option<&'a Auditor>,
}

/// A row.
struct Kept {
    account: Account,
    password: String,
    failed: u64,
    failed_at: Option<String>,
    /// Who set the password.
    set_by: Option<String>,
}

impl Kept {
    fn officer(self) -> Officer {
        let Account { name, roles, .. } = self.account;
        let password_is_given = self.set_by.is_some_and(|by| by != name);
        Officer { name, roles, password_is_given }
    }
}

/// The columns of a row.
const COLUMNS: &str = "name, roles, password, locked, failed, failed_at, created_by, created_at, \
     (SELECT actor FROM account_actions WHERE account = accounts.name AND action IN ('add', 'password') \
      ORDER BY sequence DESC LIMIT 1)";

impl<'a> Accounts<'a> {
    pub(crate) fn new(database: &'a mut Database, log: Option<&'a Auditor>) -> Self {
        Self { database, log }
    }

    /// Makes an account. The first is made by nobody and is an administrator's; every other by one.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn add(
        &mut self,
        by: Option<&Officer>,
        new: &NewAccount<'_>,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), AccountError> {
        let NewAccount { name, roles, password, hardness } = *new;
        let keeps = roles.contains(&Role::Administrator);
        if roles.is_empty() || keeps && roles.len() > 1 {
            return Err(AccountError::BadRoles);
        }
        check_name(name)?;
        password.check(name)?;
        by.map_or(Ok(()), |by| by.may(Role::Administrator))?;
        let hash = password.hash(hardness, rng);
        let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let (words, at) = (words.join(" "), at.to_string());
        let maker = by.map_or(name, Officer::name);
        let log = self.log;
        self.database.write(Apart::Whole, |session| {
            let none = all(session)?.is_empty();
            match (none, by) {
                (true, None) if !keeps => return Err(AccountError::FirstIsAdministrator),
                (false, None) => return Err(AccountError::AdministratorNeeded),
                _ => {}
            }
            if find(session, name)?.is_some() {
                return Err(AccountError::Exists);
            }
            session.execute(
                "INSERT INTO accounts (name, roles, password, created_by, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
                &[
                    name.into(),
                    words.as_str().into(),
                    hash.as_str().into(),
                    maker.into(),
                    at.as_str().into(),
                ],
            )?;
            note(session, log, name, &at, maker, "add", None)
        })
    }

    /// Every account, by name.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn list(&self) -> Result<Vec<Account>, AccountError> {
        let kept = self.database.read(all)?;
        Ok(kept.into_iter().map(|kept| kept.account).collect())
    }

    /// Locks an account: its sessions are over at once.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn lock(
        &mut self,
        by: &Officer,
        name: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), AccountError> {
        by.may(Role::Administrator)?;
        if reason.trim().is_empty() {
            return Err(AccountError::ReasonMissing);
        }
        let at = at.to_string();
        let log = self.log;
        self.database.write(Apart::Whole, |session| {
            let kept = find(session, name)?.ok_or(AccountError::Unknown)?;
            let others = all(session)?.into_iter().filter(|other| {
                other.account.name != name
                    && other.account.locked.is_none()
                    && other.account.roles.contains(&Role::Administrator)
            });
            if kept.account.roles.contains(&Role::Administrator) && others.count() == 0 {
                return Err(AccountError::LastAdministrator);
            }
            session
                .execute("UPDATE accounts SET locked = ?2 WHERE name = ?1", &[name.into(), reason.into()])?;
            session.execute("DELETE FROM sessions WHERE account = ?1", &[name.into()])?;
            note(session, log, name, &at, by.name(), "lock", Some(reason))
        })
    }

    /// Lets a locked or resting account in again.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn unlock(&mut self, by: &Officer, name: &str, at: Timestamp) -> Result<(), AccountError> {
        by.may(Role::Administrator)?;
        let at = at.to_string();
        let log = self.log;
        self.database.write(Apart::Rows, |session| {
            find(session, name)?.ok_or(AccountError::Unknown)?;
            session.execute(
                "UPDATE accounts SET locked = NULL, failed = 0, failed_at = NULL WHERE name = ?1",
                &[name.into()],
            )?;
            note(session, log, name, &at, by.name(), "unlock", None)
        })
    }

    /// Sets a new password, one's own or as an administrator; all sessions of the account are over.
    ///
    /// # Errors
    /// [`AccountError`].
    pub fn set_password(
        &mut self,
        by: &Officer,
        name: &str,
        password: &Password,
        hardness: Hardness,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), AccountError> {
        if by.name() != name {
            by.may(Role::Administrator)?;
        }
        password.check(name)?;
        let hash = password.hash(hardness, rng);
        let at = at.to_string();
        let log = self.log;
        self.database.write(Apart::Rows, |session| {
            find(session, name)?.ok_or(AccountError::Unknown)?;
            session.execute(
                "UPDATE accounts SET password = ?2, failed = 0, failed_at = NULL WHERE name = ?1",
                &[name.into(), hash.as_str().into()],
            )?;
            session.execute("DELETE FROM sessions WHERE account = ?1", &[name.into()])?;
            note(session, log, name, &at, by.name(), "password", None)
        })
    }

    /// Lets an officer in by name and password.
    ///
    /// # Errors
    /// [`AccountError`]: a name that is not there costs the same time as a wrong password.
    pub fn officer(
        &mut self,
        name: &str,
        password: &Password,
        at: Timestamp,
    ) -> Result<Officer, AccountError> {
        let kept = self.database.read(|session| find(session, name))?;
        let Some(kept) = kept else {
            password.matches_nothing();
            return Err(AccountError::WrongPassword);
        };
        // No rest ends by a time that somebody gives.
        let given = self.log.is_some_and(Auditor::has_given_time);
        let rests = |gone: SignedDuration| given || gone <= REST;
        if kept.failed >= TRIES && gone(kept.failed_at.as_deref(), at).is_some_and(rests) {
            return Err(AccountError::Resting);
        }
        let right = password.matches(&kept.password);
        let now = at.to_string();
        let log = self.log;
        self.database.write(Apart::Rows, |session| {
            if right {
                if kept.failed > 0 {
                    session.execute(
                        "UPDATE accounts SET failed = 0, failed_at = NULL WHERE name = ?1",
                        &[name.into()],
                    )?;
                }
                return Ok(());
            }
            session.execute(
                "UPDATE accounts SET failed = failed + 1, failed_at = ?2 WHERE name = ?1",
                &[name.into(), now.as_str().into()],
            )?;
            note(session, log, name, &now, name, "wrong-password", None)
        })?;
        if !right {
            return Err(AccountError::WrongPassword);
        }
        if kept.account.locked.is_some() {
            return Err(AccountError::Locked);
        }
        Ok(kept.officer())
    }

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
        let token = Token(Zeroizing::new(hex::encode(bytes.as_ref())));
        let (digest, at) = (token.digest(), at.to_string());
        let log = self.log;
        self.database.write(Apart::Rows, |session| {
            session.execute(
                "INSERT INTO sessions (token_sha256, account, began_at, seen_at) VALUES (?1, ?2, ?3, ?3)",
                &[digest.as_str().into(), officer.name().into(), at.as_str().into()],
            )?;
            note(session, log, officer.name(), &at, officer.name(), "log-in", None)
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
        let digest = token.digest();
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
            let kept = find(session, &name)?.ok_or(AccountError::NoSession)?;
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
        let digest = token.digest();
        self.database.write(Apart::Rows, |session| {
            session.execute("DELETE FROM sessions WHERE token_sha256 = ?1", &[digest.as_str().into()])?;
            Ok(())
        })
    }
}

fn check_name(name: &str) -> Result<(), AccountError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    if (2..=32).contains(&name.len()) && begins && name.chars().all(allowed) {
        Ok(())
    } else {
        Err(AccountError::BadName)
    }
}

/// How long ago that was; negative for a time to come, which a clock that was turned back makes of every time.
fn gone(since: Option<&str>, at: Timestamp) -> Option<SignedDuration> {
    Some(at.duration_since(since?.parse().ok()?))
}

fn all(session: &mut dyn Statements) -> Result<Vec<Kept>, AccountError> {
    let mut found = Vec::new();
    session.query(&format!("SELECT {COLUMNS} FROM accounts ORDER BY name"), &[], &mut |row| {
        found.push(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

fn find(session: &mut dyn Statements, name: &str) -> Result<Option<Kept>, AccountError> {
    let mut found = None;
    session.query(
        &format!("SELECT {COLUMNS} FROM accounts WHERE name = ?1 FOR UPDATE"),
        &[name.into()],
        &mut |row| {
            found = Some(read(row)?);
            Ok(())
        },
    )?;
    Ok(found)
}

fn read(row: &dyn Row) -> Result<Kept, StoreError> {
    let roles: Result<BTreeSet<Role>, NotARole> = row.needed(1)?.split(' ').map(str::parse).collect();
    Ok(Kept {
        account: Account {
            name: row.needed(0)?,
            roles: roles.map_err(|_| StoreError::Inconsistent("the roles of an account"))?,
            locked: row.text(3)?,
            created_by: row.needed(6)?,
            created_at: row.needed(7)?,
        },
        password: row.needed(2)?,
        failed: row.count(4)?,
        failed_at: row.text(5)?,
        set_by: row.text(8)?,
    })
}

/// What was done to an account, for ever.
fn note(
    session: &mut dyn Statements,
    log: Option<&Auditor>,
    account: &str,
    at: &str,
    actor: &str,
    action: &str,
    reason: Option<&str>,
) -> Result<(), AccountError> {
    let mut last = 0;
    session.query(
        "SELECT coalesce(max(sequence), 0) FROM account_actions WHERE account = ?1",
        &[account.into()],
        &mut |row| {
            last = row.int(0)?.unwrap_or_default();
            Ok(())
        },
    )?;
    session.execute(
        "INSERT INTO account_actions (account, sequence, at, actor, action, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &[
            account.into(),
            last.saturating_add(1).into(),
            at.into(),
            actor.into(),
            action.into(),
            reason.into(),
        ],
    )?;
    if let (Some(auditor), Ok(time)) = (log, at.parse()) {
        let entry = LogEntry {
            event: &format!("account-{action}"),
            subject: None,
            said: &serde_json::json!([account, last.saturating_add(1), at, actor, action, reason])
                .to_string(),
            note: &format!("account {account} by {actor}"),
            at: time,
        };
        auditor.append(session, &entry)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
