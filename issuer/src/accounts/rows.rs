//! Rows of accounts, and of what was done to them.

use std::collections::BTreeSet;

use cccd_population::store::{Row, Session as Statements, StoreError};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Account, AccountError, NotARole, Officer, Role, TRIES};
use crate::audit::{Auditor, LogEntry};

/// A row.
pub(super) struct Kept {
    pub(super) account: Account,
    pub(super) password: String,
    pub(super) failed: u64,
    pub(super) failed_at: Option<String>,
    /// Who set the password.
    set_by: Option<String>,
    /// The words of its roles.
    roles: String,
    /// What its history gave it last; histories of before do not say.
    given: Option<String>,
}

impl Kept {
    /// Nobody gave it another password or role than its history says.
    pub(super) fn is_as_given(&self) -> Result<(), AccountError> {
        match &self.given {
            // No history: nobody was given it.
            _ if self.set_by.is_none() => Err(AccountError::Altered),
            Some(last) if *last != given(&self.roles, &self.password) => Err(AccountError::Altered),
            _ => Ok(()),
        }
    }

    pub(super) fn officer(self) -> Officer {
        let Account { name, roles, .. } = self.account;
        let password_is_given = self.set_by.is_some_and(|by| by != name);
        Officer { name, roles, password_is_given }
    }
}

/// The columns of a row.
const COLUMNS: &str = "name, roles, password, locked, failed, failed_at, created_by, created_at, \
     (SELECT actor FROM account_actions WHERE account = accounts.name AND action IN ('add', 'password') \
      ORDER BY sequence DESC LIMIT 1), \
     (SELECT given FROM account_actions WHERE account = accounts.name AND given IS NOT NULL \
      ORDER BY sequence DESC LIMIT 1)";

/// How long ago that was; negative for a time to come, which a clock that was turned back makes of every time.
pub(super) fn gone(since: Option<&str>, at: Timestamp) -> Option<SignedDuration> {
    Some(at.duration_since(since?.parse().ok()?))
}

pub(super) fn all(session: &mut dyn Statements) -> Result<Vec<Kept>, AccountError> {
    let mut found = Vec::new();
    session.query(&format!("SELECT {COLUMNS} FROM accounts ORDER BY name"), &[], &mut |row| {
        found.push(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

pub(super) fn find(session: &mut dyn Statements, name: &str) -> Result<Option<Kept>, AccountError> {
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
    let (failed, failed_at) = (row.count(4)?, row.text(5)?);
    Ok(Kept {
        account: Account {
            name: row.needed(0)?,
            roles: roles.map_err(|_| StoreError::Inconsistent("the roles of an account"))?,
            locked: row.text(3)?,
            wrong_since: failed_at.clone().filter(|_| failed >= TRIES),
            created_by: row.needed(6)?,
            created_at: row.needed(7)?,
        },
        password: row.needed(2)?,
        failed,
        failed_at,
        set_by: row.text(8)?,
        roles: row.needed(1)?,
        given: row.text(9)?,
    })
}

/// Something that was done to an account.
pub(super) struct Noted<'a> {
    pub(super) account: &'a str,
    pub(super) at: &'a str,
    pub(super) actor: &'a str,
    pub(super) action: &'a str,
    pub(super) reason: Option<&'a str>,
    /// What the account was given: its roles, the digest of its password's hash.
    pub(super) given: Option<String>,
}

/// What was done to an account, for ever.
pub(super) fn note(
    session: &mut dyn Statements,
    log: Option<&Auditor>,
    noted: &Noted<'_>,
) -> Result<(), AccountError> {
    let Noted { account, at, actor, action, reason, given } = noted;
    let mut last = 0;
    session.query(
        "SELECT coalesce(max(sequence), 0) FROM account_actions WHERE account = ?1",
        &[(*account).into()],
        &mut |row| {
            last = row.int(0)?.unwrap_or_default();
            Ok(())
        },
    )?;
    let sequence = last.saturating_add(1);
    session.execute(
        "INSERT INTO account_actions (account, sequence, at, actor, action, reason, given) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            (*account).into(),
            sequence.into(),
            (*at).into(),
            (*actor).into(),
            (*action).into(),
            (*reason).into(),
            given.as_deref().into(),
        ],
    )?;
    if let (Some(auditor), Ok(time)) = (log, at.parse()) {
        let texts = [Some(*at), Some(*actor), Some(*action), *reason, given.as_deref()];
        let entry = LogEntry {
            event: &format!("account-{action}"),
            subject: None,
            said: &said_of_account(account, sequence, &texts.map(|text| text.map(str::to_owned))),
            note: &format!("account {account} by {actor}"),
            at: time,
        };
        auditor.append(session, &entry)?;
    }
    Ok(())
}

/// Everything that a row says (when, who, what, why, what was given), in one text that no other row has.
pub(crate) fn said_of_account(account: &str, sequence: i64, texts: &[Option<String>; 5]) -> String {
    let [at, actor, action, reason, given] = texts;
    let mut said =
        vec![json!(account), json!(sequence), json!(at), json!(actor), json!(action), json!(reason)];
    // Rows of before say nothing of it.
    said.extend(given.iter().map(|given| json!(given)));
    Value::Array(said).to_string()
}

/// What an account was given, as its history and the log tell of it: nobody gets a password out of it.
pub(crate) fn given(roles: &str, hash: &str) -> String {
    json!({"roles": roles, "password_sha256": hex::encode(Sha256::digest(hash))}).to_string()
}
