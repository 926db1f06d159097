//! The officers of a station: a name, roles, a password that only its Argon2id hash knows, and sessions that end.
//!
//! Whoever keeps the accounts keeps nothing else: an administrator takes part in no application, so that one person
//! with two accounts needs a second person to have made them.

mod error;
mod password;
mod role;
mod rows;
mod sessions;

use std::collections::BTreeSet;

use cccd_population::store::{Apart, Database};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;

use self::rows::{Noted, all, find, gone, note};
use crate::audit::Auditor;

pub use error::AccountError;
pub use password::{Hardness, Password, PasswordRefused};
pub use role::{NotARole, Role};
pub(crate) use rows::{given, said_of_account};
pub use sessions::{IDLE, LONGEST, Token};

/// Wrong passwords in a row, after which an account rests.
const TRIES: u64 = 5;

/// How long it rests.
const REST: SignedDuration = SignedDuration::from_mins(15);

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

impl Account {
    /// Until when it rests after too many wrong passwords, if it does so now.
    #[must_use]
    pub fn rests_until(&self, at: Timestamp) -> Option<Timestamp> {
        let since: Timestamp = self.wrong_since.as_deref()?.parse().ok()?;
        since.checked_add(REST).ok().filter(|until| *until >= at)
    }
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
    /// Since when it rests after too many wrong passwords in a row, RFC 3339.
    pub wrong_since: Option<String>,
    /// Who made it.
    pub created_by: String,
    /// When, RFC 3339.
    pub created_at: String,
}

/// The accounts in a station's store.
#[derive(Debug)]
pub struct Accounts<'a> {
    database: &'a mut Database,
    log: Option<&'a Auditor>,
}

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
        let (words, at) = (words_of_roles(roles), at.to_string());
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
            let given = Some(given(&words, &hash));
            let noted = Noted { account: name, at: &at, actor: maker, action: "add", reason: None, given };
            note(session, log, &noted)
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
            let (actor, reason) = (by.name(), Some(reason));
            let noted = Noted { account: name, at: &at, actor, action: "lock", reason, given: None };
            note(session, log, &noted)
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
            let actor = by.name();
            let noted = Noted { account: name, at: &at, actor, action: "unlock", reason: None, given: None };
            note(session, log, &noted)
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
            let kept = find(session, name)?.ok_or(AccountError::Unknown)?;
            session.execute(
                "UPDATE accounts SET password = ?2, failed = 0, failed_at = NULL WHERE name = ?1",
                &[name.into(), hash.as_str().into()],
            )?;
            session.execute("DELETE FROM sessions WHERE account = ?1", &[name.into()])?;
            let (actor, given) = (by.name(), Some(given(&words_of_roles(&kept.account.roles), &hash)));
            let noted = Noted { account: name, at: &at, actor, action: "password", reason: None, given };
            note(session, log, &noted)
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
            let noted = Noted {
                account: name,
                at: &now,
                actor: name,
                action: "wrong-password",
                reason: None,
                given: None,
            };
            note(session, log, &noted)
        })?;
        if !right {
            return Err(AccountError::WrongPassword);
        }
        kept.is_as_given()?;
        if kept.account.locked.is_some() {
            return Err(AccountError::Locked);
        }
        Ok(kept.officer())
    }
}

/// As a row keeps them.
fn words_of_roles(roles: &BTreeSet<Role>) -> String {
    let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    words.join(" ")
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

#[cfg(test)]
mod tests;
