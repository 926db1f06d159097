//! Rows of the ledger.

use std::str::FromStr;

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_keys::transport_keys::ChipSerial;
use cccd_population::card::SodDigest;
use cccd_population::store::{Row, Session, StoreError, Value as Sql};
use jiff::civil::Date;

use super::LedgerError;
use super::moves::Move;
use crate::application::{Application, Ground, Reason, State, Template};

/// Where an application comes from: no state of its own.
pub(super) const NEW: &str = "new";

/// An application in this ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationId(pub(crate) i64);

impl std::fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ApplicationId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
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
    /// Whose card.
    pub number: PersonalNumber,
    /// What for.
    pub reason: Reason,
    /// The legal ground of an exchange or a reissue.
    pub ground: Option<Ground>,
    /// Which face.
    pub template: Template,
    /// When it was taken in, RFC 3339.
    pub received_at: String,
    /// The last day that the law gives (Luật Căn cước 2023 art. 26).
    pub due: Date,
    /// Who captured it.
    pub captured_by: Option<String>,
    /// The digest of what was captured: what the approval is of.
    pub captured_sha256: Option<String>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// The chip given to it.
    pub chip: Option<ChipSerial>,
    /// The card signed last.
    pub signed: Option<SignedCard>,
    pub(super) last_action: i64,
}

impl Entry {
    /// Not closed although the law's limit is past.
    #[must_use]
    pub fn is_late(&self, today: Date) -> bool {
        !self.state.is_closed() && today > self.due
    }
}

/// One action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionEntry {
    /// What.
    pub action: String,
    /// From which state; `None` for the first.
    pub from: Option<State>,
    /// To which.
    pub to: State,
    /// Why, if it was said.
    pub reason: Option<String>,
    /// Who.
    pub actor: String,
    /// When, RFC 3339.
    pub at: String,
}

macro_rules! columns {
    () => {
        "id, state, state_reason, content_sha256, chip_serial, sod_sha256, document_number, issue_date, expires, \
         replaces, person_number, reason, ground, template, received_at, due, captured_by, captured_sha256, \
         approved_by, last_action"
    };
}

/// The application, its row kept from others until the transaction ends.
pub(super) fn get(session: &mut dyn Session, id: ApplicationId) -> Result<Entry, LedgerError> {
    let sql = concat!("SELECT ", columns!(), " FROM applications WHERE id = ?1 FOR UPDATE");
    one(session, sql, &[id.0.into()])?.ok_or(LedgerError::Unknown(id.0))
}

pub(super) fn open_of(session: &mut dyn Session, number: &str) -> Result<Option<Entry>, LedgerError> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM applications WHERE person_number = ?1 AND state NOT IN ('issued', 'delivered', 'rejected', 'spoiled') \
         FOR UPDATE"
    );
    one(session, sql, &[number.into()])
}

/// The person's application that was taken in last, closed or not.
pub(super) fn newest_of(session: &mut dyn Session, number: &str) -> Result<Option<Entry>, LedgerError> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM applications WHERE person_number = ?1 ORDER BY id DESC LIMIT 1"
    );
    one(session, sql, &[number.into()])
}

/// Whether the last application of this content that came to an end with a chip was spoiled: later ones were refused.
pub(super) fn spoiled_last(
    session: &mut dyn Session,
    number: &str,
    content: &str,
) -> Result<bool, LedgerError> {
    let mut spoiled = false;
    session.query(
        "SELECT state FROM applications WHERE person_number = ?1 AND content_sha256 = ?2 AND state <> 'rejected' \
         ORDER BY id DESC LIMIT 1",
        &[number.into(), content.into()],
        &mut |row| {
            spoiled = row.needed(0)? == State::Spoiled.as_str();
            Ok(())
        },
    )?;
    Ok(spoiled)
}

/// The person's application that was taken in last and not refused, closed or not.
pub(super) fn newest_not_refused(
    session: &mut dyn Session,
    number: &str,
) -> Result<Option<Entry>, LedgerError> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM applications WHERE person_number = ?1 AND state <> 'rejected' ORDER BY id DESC LIMIT 1"
    );
    one(session, sql, &[number.into()])
}

pub(super) fn list(
    session: &mut dyn Session,
    state: Option<State>,
    limit: u32,
) -> Result<Vec<Entry>, LedgerError> {
    let of_state =
        concat!("SELECT ", columns!(), " FROM applications WHERE state = ?1 ORDER BY due, id LIMIT ?2");
    let open = concat!(
        "SELECT ",
        columns!(),
        " FROM applications WHERE state NOT IN ('issued', 'delivered', 'rejected', 'spoiled') \
         ORDER BY due, id LIMIT ?1"
    );
    let mut found = Vec::new();
    let mut each = |row: &dyn Row| {
        found.push(read(row)?);
        Ok(())
    };
    match state {
        Some(state) => session.query(of_state, &[state.as_str().into(), limit.into()], &mut each)?,
        None => session.query(open, &[limit.into()], &mut each)?,
    }
    Ok(found)
}

fn one(session: &mut dyn Session, sql: &str, values: &[Sql<'_>]) -> Result<Option<Entry>, LedgerError> {
    let mut found = None;
    session.query(sql, values, &mut |row| {
        found = Some(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Text of a column as a value of ours; a row that does not parse is a damaged ledger.
pub(super) fn parsed<T: FromStr>(text: &str, what: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Inconsistent(what))
}

fn read(row: &dyn Row) -> Result<Entry, StoreError> {
    let optional = |column| row.text(column);
    let signed = match (optional(5)?, optional(6)?, optional(7)?) {
        (Some(sod), Some(document_number), Some(issued)) => Some(SignedCard {
            sod_sha256: parsed(&sod, "the digest of a card")?,
            document_number,
            issued: parsed(&issued, "a day of issue")?,
            expires: optional(8)?.map(|text| parsed(&text, "a last day")).transpose()?,
            replaces: optional(9)?.map(|text| parsed(&text, "the digest of a card")).transpose()?,
        }),
        _ => None,
    };
    let id = row.int(0)?.ok_or(StoreError::Inconsistent("the number of an application"))?;
    Ok(Entry {
        id: ApplicationId(id),
        state: parsed(&row.needed(1)?, "a state")?,
        state_reason: optional(2)?,
        content_sha256: row.needed(3)?,
        chip: optional(4)?.map(|text| parsed(&text, "the serial of a chip")).transpose()?,
        signed,
        number: parsed(&row.needed(10)?, "a personal number")?,
        reason: parsed(&row.needed(11)?, "what an application is for")?,
        ground: optional(12)?.map(|text| parsed(&text, "a legal ground")).transpose()?,
        template: parsed(&row.needed(13)?, "a template")?,
        received_at: row.needed(14)?,
        due: parsed(&row.needed(15)?, "a time limit")?,
        captured_by: optional(16)?,
        captured_sha256: optional(17)?,
        approved_by: optional(18)?,
        last_action: row.int(19)?.ok_or(StoreError::Inconsistent("the last action"))?,
    })
}

/// What this application is answered with when it was taken in before: under the same request, or by an open one of the same
/// content. `None`: it is new, or the open one was not captured and gives way.
pub(super) fn known(
    session: &mut dyn Session,
    application: &Application,
    content: &str,
    request: Option<&str>,
) -> Result<Option<Entry>, LedgerError> {
    if let Some(id) = of_request(session, request)? {
        let known = get(session, id)?;
        return if known.content_sha256 == content {
            Ok(Some(known))
        } else {
            Err(LedgerError::RequestReused)
        };
    }
    match open_of(session, application.number.as_str())? {
        Some(open) if matches!(open.state, State::Received | State::Checked) => Ok(None),
        Some(open) if open.content_sha256 != content => Err(LedgerError::OtherApplicationOpen),
        open => Ok(open),
    }
}

/// The application of an action with this name.
pub(super) fn of_request(
    session: &mut dyn Session,
    request: Option<&str>,
) -> Result<Option<ApplicationId>, LedgerError> {
    let Some(request) = request else { return Ok(None) };
    let mut found = None;
    session.query(
        "SELECT application_id FROM actions WHERE idempotency_key = ?1",
        &[request.into()],
        &mut |row| {
            found = row.int(0)?.map(ApplicationId);
            Ok(())
        },
    )?;
    Ok(found)
}

/// Where this very request led when it was made before.
pub(super) fn answered(
    session: &mut dyn Session,
    id: ApplicationId,
    step: &Move<'_>,
    request: Option<&str>,
) -> Result<Option<State>, LedgerError> {
    let Some(request) = request else { return Ok(None) };
    let mut found = None;
    session.query(
        "SELECT application_id, action, to_state FROM actions WHERE idempotency_key = ?1",
        &[request.into()],
        &mut |row| {
            found = Some((row.int(0)?, row.needed(1)?, parsed(&row.needed(2)?, "a state")?));
            Ok(())
        },
    )?;
    match found {
        Some((of, action, state)) if of == Some(id.0) && action == step.step.as_str() => Ok(Some(state)),
        Some(_) => Err(LedgerError::RequestReused),
        None => Ok(None),
    }
}

pub(super) fn chip_owner(
    session: &mut dyn Session,
    serial: &ChipSerial,
) -> Result<Option<ApplicationId>, LedgerError> {
    let mut owner = None;
    session.query(
        "SELECT application_id FROM chips WHERE serial = ?1",
        &[serial.to_string().into()],
        &mut |row| {
            owner = row.int(0)?.map(ApplicationId);
            Ok(())
        },
    )?;
    Ok(owner)
}

pub(super) fn actions(session: &mut dyn Session, id: ApplicationId) -> Result<Vec<ActionEntry>, LedgerError> {
    let mut found = Vec::new();
    session.query(
        "SELECT action, from_state, to_state, reason, actor, at FROM actions WHERE application_id = ?1 \
         ORDER BY sequence",
        &[id.0.into()],
        &mut |row| {
            let from = row.needed(1)?;
            found.push(ActionEntry {
                action: row.needed(0)?,
                from: if from == NEW { None } else { Some(parsed(&from, "a state")?) },
                to: parsed(&row.needed(2)?, "a state")?,
                reason: row.text(3)?,
                actor: row.needed(4)?,
                at: row.needed(5)?,
            });
            Ok(())
        },
    )?;
    Ok(found)
}
