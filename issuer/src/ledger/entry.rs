//! Rows of the ledger.

use cccd_keys::transport_keys::ChipSerial;
use cccd_population::card::SodDigest;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use super::{Act, LedgerError};
use crate::application::{State, Step};

/// An application in this ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ApplicationId(pub(super) i64);

impl std::fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The card that was signed for a chip: what identifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCard {
    /// SHA-256 of its EF.SOD.
    pub sod_sha256: SodDigest,
    /// The nine characters of the MRZ.
    pub document_number: String,
    /// Ngày cấp.
    pub issued: Date,
    /// Có giá trị đến.
    pub expires: Option<Date>,
    /// The card whose place it takes.
    pub replaces: Option<SodDigest>,
}

/// An application as the ledger has it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its row.
    pub id: ApplicationId,
    /// Where it stands.
    pub state: State,
    /// Why, for states that need a reason.
    pub state_reason: Option<String>,
    /// The digest of what was asked for.
    pub content_sha256: String,
    /// The chip given to it.
    pub chip: Option<ChipSerial>,
    /// The card signed last.
    pub signed: Option<SignedCard>,
}

/// One action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionEntry {
    /// What.
    pub action: String,
    /// From which state.
    pub from: State,
    /// To which.
    pub to: State,
    /// Why, if it was said.
    pub reason: Option<String>,
    /// Who.
    pub actor: String,
    /// When, RFC 3339.
    pub at: String,
}

const COLUMNS: &str = "id, state, state_reason, content_sha256, chip_serial, sod_sha256, document_number, issue_date, expires, replaces";

pub(super) fn get(connection: &Connection, id: ApplicationId) -> rusqlite::Result<Entry> {
    connection.query_row(&format!("SELECT {COLUMNS} FROM applications WHERE id = ?1"), [id.0], read)
}

pub(super) fn open_of(connection: &Connection, number: &str) -> rusqlite::Result<Option<Entry>> {
    connection
        .query_row(
            &format!(
                "SELECT {COLUMNS} FROM applications WHERE person_number = ?1
                 AND state NOT IN ('issued', 'delivered', 'rejected', 'spoiled')"
            ),
            [number],
            read,
        )
        .optional()
}

/// Text of a column as a value of ours; a row that does not parse is a damaged ledger.
fn parsed<T: std::str::FromStr>(column: usize, text: &str) -> rusqlite::Result<T> {
    text.parse()
        .map_err(|_| rusqlite::Error::InvalidColumnType(column, text.to_owned(), rusqlite::types::Type::Text))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let optional = |column| row.get::<_, Option<String>>(column);
    let signed = match (optional(5)?, optional(6)?, optional(7)?) {
        (Some(sod), Some(document_number), Some(issued)) => {
            let replaces: Vec<String> = serde_json::from_str(&row.get::<_, String>(9)?).unwrap_or_default();
            Some(SignedCard {
                sod_sha256: parsed(5, &sod)?,
                document_number,
                issued: parsed(7, &issued)?,
                expires: optional(8)?.map(|text| parsed(8, &text)).transpose()?,
                replaces: replaces.first().map(|text| parsed(9, text)).transpose()?,
            })
        }
        _ => None,
    };
    Ok(Entry {
        id: ApplicationId(row.get(0)?),
        state: parsed(1, &row.get::<_, String>(1)?)?,
        state_reason: row.get(2)?,
        content_sha256: row.get(3)?,
        chip: optional(4)?.map(|text| parsed(4, &text)).transpose()?,
        signed,
    })
}

pub(super) fn advance(
    connection: &Connection,
    id: ApplicationId,
    from: State,
    step: Step,
    reason: Option<&str>,
    detail: &Value,
    act: Act<'_>,
) -> Result<State, LedgerError> {
    let to = from.apply(step)?;
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    if step.needs_reason() && reason.is_none() {
        return Err(LedgerError::ReasonMissing(step));
    }
    connection.execute(
        "UPDATE applications SET state = ?2, state_reason = ?3, changed_at = ?4 WHERE id = ?1",
        params![id.0, to.as_str(), reason, act.at.to_string()],
    )?;
    note(connection, id, step.as_str(), (from, to), reason, detail, act)?;
    Ok(to)
}

pub(super) fn note(
    connection: &Connection,
    id: ApplicationId,
    action: &str,
    (from, to): (State, State),
    reason: Option<&str>,
    detail: &Value,
    act: Act<'_>,
) -> rusqlite::Result<()> {
    let detail = if detail.is_null() { "{}".to_owned() } else { detail.to_string() };
    connection.execute(
        "INSERT INTO actions (application_id, at, actor, action, from_state, to_state, reason, detail)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![id.0, act.at.to_string(), act.actor, action, from.as_str(), to.as_str(), reason, detail],
    )?;
    Ok(())
}

pub(super) fn actions(connection: &Connection, id: ApplicationId) -> rusqlite::Result<Vec<ActionEntry>> {
    let mut statement = connection.prepare(
        "SELECT action, from_state, to_state, reason, actor, at FROM actions WHERE application_id = ?1 ORDER BY id",
    )?;
    let rows = statement.query_map([id.0], |row| {
        Ok(ActionEntry {
            action: row.get(0)?,
            from: parsed(1, &row.get::<_, String>(1)?)?,
            to: parsed(2, &row.get::<_, String>(2)?)?,
            reason: row.get(3)?,
            actor: row.get(4)?,
            at: row.get(5)?,
        })
    })?;
    rows.collect()
}
