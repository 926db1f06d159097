//! What officers asked for in a card's life, and what came of it. The ledger is written before the register: what was
//! asked and not done, because the line or the power went, is seen and asked again under the same name.

use cccd_population::card::SodDigest;
use cccd_population::store::{Apart, Row, Session, StoreError};
use jiff::civil::Date;
use serde_json::json;

use super::{Act, ApplicationId, Ledger, LedgerError, schema};
use crate::audit::{Auditor, LogEntry};

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// The register has it.
    Done,
    /// The register refused it.
    Refused,
}

impl ChangeOutcome {
    /// The word in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// A change as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardChangeEntry {
    /// Its row.
    pub id: i64,
    /// Which card.
    pub card: SodDigest,
    /// What: lost, found, hold, return, revoke, destroy.
    pub change: String,
    /// The legal ground of a hold or a revocation, by its stable word.
    pub ground: Option<String>,
    /// The day on which the measure ends, as the authority said.
    pub until: Option<Date>,
    /// What the officer said.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// When, RFC 3339.
    pub at: String,
    /// What came of it; `None` while nobody knows.
    pub outcome: Option<ChangeOutcome>,
}

/// A change that is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AskedChange<'a> {
    pub(crate) card: &'a SodDigest,
    pub(crate) change: &'a str,
    pub(crate) ground: Option<&'a str>,
    pub(crate) until: Option<Date>,
    pub(crate) reason: &'a str,
}

/// What the ledger says to a change that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    /// It is to be done now.
    Now(i64),
    /// This very request was answered before.
    Before(ChangeOutcome),
}

const COLUMNS: &str = "c.id, c.sod_sha256, c.change, c.ground, c.until, c.reason, c.actor, c.at, o.outcome \
                       FROM card_changes c LEFT JOIN card_change_outcomes o ON o.change_id = c.id";

fn read(row: &dyn Row) -> Result<CardChangeEntry, StoreError> {
    let broken = StoreError::Inconsistent("a change of a card");
    let missing = || StoreError::Inconsistent("a change of a card");
    let outcome = match row.text(8)?.as_deref() {
        None => None,
        Some("done") => Some(ChangeOutcome::Done),
        Some("refused") => Some(ChangeOutcome::Refused),
        Some(_) => return Err(broken),
    };
    Ok(CardChangeEntry {
        id: row.int(0)?.ok_or_else(missing)?,
        card: row.needed(1)?.parse().map_err(|_| missing())?,
        change: row.needed(2)?,
        ground: row.text(3)?,
        until: row.text(4)?.map(|text| text.parse()).transpose().map_err(|_| missing())?,
        reason: row.needed(5)?,
        actor: row.needed(6)?,
        at: row.needed(7)?,
        outcome,
    })
}

fn query(
    session: &mut dyn Session,
    rest: &str,
    values: &[cccd_population::store::Value<'_>],
) -> Result<Vec<CardChangeEntry>, StoreError> {
    let mut found = Vec::new();
    session.query(&format!("SELECT {COLUMNS} {rest}"), values, &mut |row| {
        found.push(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Orders of the same change of the same card, older than this one, of which nobody knows what came. Under another ground, or
/// to another day, it is another order; and what another station asked for is told in its log, not in ours.
fn unanswered_before(
    session: &mut dyn Session,
    id: i64,
    station: Option<&str>,
) -> Result<Vec<i64>, StoreError> {
    let Some(now) = query(session, "WHERE c.id = ?1", &[id.into()])?.pop() else { return Ok(Vec::new()) };
    let of = "WHERE c.sod_sha256 = ?1 AND c.change = ?2 AND c.id < ?3 AND coalesce(c.station, '') = ?4 \
              AND o.outcome IS NULL ORDER BY c.id";
    let card = now.card.to_string();
    let values = [card.as_str().into(), now.change.as_str().into(), id.into(), station.unwrap_or("").into()];
    let open = query(session, of, &values)?;
    let same = open.into_iter().filter(|open| open.ground == now.ground && open.until == now.until);
    Ok(same.map(|open| open.id).collect())
}

fn end(
    session: &mut dyn Session,
    id: i64,
    outcome: ChangeOutcome,
    act: Act<'_>,
    log: Option<&Auditor>,
) -> Result<(), StoreError> {
    // Two who were told the same at once: what came first stays.
    let added = session.execute(
        "INSERT INTO card_change_outcomes (change_id, outcome, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        &[id.into(), outcome.as_str().into(), act.at.to_string().into()],
    )?;
    if let Some(auditor) = log.filter(|_| added > 0) {
        let line = LogEntry {
            event: &format!("change-{}", outcome.as_str()),
            subject: None,
            said: "",
            note: &format!("card-change {id} by {}", act.actor),
            at: act.at,
        };
        auditor.append(session, &line)?;
    }
    Ok(())
}

/// Everything that a row says, in one text that no other row has.
pub(crate) fn said_of_change(entry: &CardChangeEntry) -> String {
    let until = entry.until.map(|day| day.to_string());
    json!([
        entry.id,
        entry.card.to_string(),
        entry.change,
        entry.ground,
        until,
        entry.reason,
        entry.actor,
        entry.at
    ])
    .to_string()
}

/// The changes that this station asked for, in their order.
pub(crate) fn of_station(
    session: &mut dyn Session,
    station: &str,
) -> Result<Vec<CardChangeEntry>, StoreError> {
    query(session, "WHERE c.station = ?1 ORDER BY c.id", &[station.into()])
}

impl Ledger {
    /// Whether a change was asked for under this name.
    pub(crate) fn knows_card_request(&self, request: &str) -> Result<bool, LedgerError> {
        let of = "WHERE c.idempotency_key = ?1";
        let known =
            self.database.read_anew(|session: &mut dyn Session| query(session, of, &[request.into()]))?;
        Ok(!known.is_empty())
    }

    /// Whether this change of a card was asked for and not answered yet.
    pub(crate) fn waits_for(&self, card: &SodDigest, change: &str) -> Result<bool, LedgerError> {
        let of = "WHERE c.sod_sha256 = ?1 AND c.change = ?2 AND o.outcome IS NULL";
        let values = [card.to_string().into(), change.into()];
        let waits = self.database.read_anew(|session: &mut dyn Session| query(session, of, &values))?;
        Ok(!waits.is_empty())
    }

    /// The card of a change that was asked for under this name.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn card_of_request(&self, request: &str) -> Result<Option<SodDigest>, LedgerError> {
        let of = "WHERE c.idempotency_key = ?1";
        let known =
            self.database.read_anew(|session: &mut dyn Session| query(session, of, &[request.into()]))?;
        Ok(known.first().map(|known| known.card))
    }

    /// Notes what is asked for, before the register is.
    pub(crate) fn begin_card_change(
        &mut self,
        asked: &AskedChange<'_>,
        act: Act<'_>,
    ) -> Result<Begun, LedgerError> {
        let log = self.auditor.as_deref();
        let begun = self.database.write(Apart::Rows, |session| {
            if let Some(request) = act.request {
                let known = query(session, "WHERE c.idempotency_key = ?1", &[request.into()])?;
                if let Some(known) = known.first() {
                    let same = known.card == *asked.card
                        && known.change == asked.change
                        && known.ground.as_deref() == asked.ground
                        && known.until == asked.until
                        && known.reason == asked.reason;
                    return match known.outcome {
                        _ if !same => Err(LedgerError::RequestReused),
                        Some(outcome) => Ok(Begun::Before(outcome)),
                        None => Ok(Begun::Now(known.id)),
                    };
                }
            }
            let entry = CardChangeEntry {
                id: schema::next(session, "card-change")?,
                card: *asked.card,
                change: asked.change.to_owned(),
                ground: asked.ground.map(str::to_owned),
                until: asked.until,
                reason: asked.reason.to_owned(),
                actor: act.actor.to_owned(),
                at: act.at.to_string(),
                outcome: None,
            };
            let (card, until) = (entry.card.to_string(), entry.until.map(|day| day.to_string()));
            session.execute(
                "INSERT INTO card_changes (id, sod_sha256, change, ground, until, reason, actor, at, \
                 idempotency_key, station) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                &[
                    entry.id.into(),
                    card.as_str().into(),
                    asked.change.into(),
                    asked.ground.into(),
                    until.as_deref().into(),
                    asked.reason.into(),
                    act.actor.into(),
                    entry.at.as_str().into(),
                    act.request.into(),
                    log.map(Auditor::station).into(),
                ],
            )?;
            if let Some(auditor) = log {
                let line = LogEntry {
                    event: &format!("card-{}", entry.change),
                    subject: Some(&card),
                    said: &said_of_change(&entry),
                    note: &format!("card-change {} by {}", entry.id, entry.actor),
                    at: act.at,
                };
                auditor.append(session, &line)?;
            }
            Ok(Begun::Now(entry.id))
        })?;
        self.sign_in_time()?;
        Ok(begun)
    }

    /// Notes what came of it. Carried out, it is also what came of the very same order from before whose answer was lost: it
    /// would wait for ever, and while it does, the order may be repeated.
    pub(crate) fn end_card_change(
        &mut self,
        id: i64,
        outcome: ChangeOutcome,
        act: Act<'_>,
    ) -> Result<(), LedgerError> {
        let log = self.auditor.as_deref();
        self.database.write(Apart::Rows, |session| {
            if outcome == ChangeOutcome::Done {
                for before in unanswered_before(session, id, log.map(Auditor::station))? {
                    end(session, before, outcome, act, log)?;
                }
            }
            end(session, id, outcome, act, log)?;
            Ok::<_, LedgerError>(())
        })
    }

    /// What happened to this card at the stations of this ledger, oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn card_changes(&self, card: &SodDigest) -> Result<Vec<CardChangeEntry>, LedgerError> {
        let card = card.to_string();
        let of = "WHERE c.sod_sha256 = ?1 ORDER BY c.id";
        Ok(self
            .database
            .read_anew(|session: &mut dyn Session| query(session, of, &[card.as_str().into()]))?)
    }

    /// Cards whose last change here was a hold, the measure that ends first first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn cards_held(&self, limit: u32) -> Result<Vec<CardChangeEntry>, LedgerError> {
        let held = "WHERE c.change = 'hold' AND o.outcome = 'done' AND NOT EXISTS (SELECT 1 FROM card_changes d \
                    JOIN card_change_outcomes p ON p.change_id = d.id AND p.outcome = 'done' \
                    WHERE d.sod_sha256 = c.sod_sha256 AND d.id > c.id) \
                    ORDER BY coalesce(c.until, '9999-12-31'), c.id LIMIT ?1";
        Ok(self.database.read_anew(|session: &mut dyn Session| query(session, held, &[limit.into()]))?)
    }

    /// Changes that were asked for and of which nobody knows whether the register has them.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn card_changes_open(&self, limit: u32) -> Result<Vec<CardChangeEntry>, LedgerError> {
        let open = "WHERE o.outcome IS NULL ORDER BY c.id LIMIT ?1";
        Ok(self.database.read_anew(|session: &mut dyn Session| query(session, open, &[limit.into()]))?)
    }

    /// The application that this card was made of, if it was made here.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn of_card(&self, card: &SodDigest) -> Result<Option<ApplicationId>, LedgerError> {
        let card = card.to_string();
        let made = "SELECT id FROM applications WHERE sod_sha256 = ?1 AND state IN ('issued', 'delivered')";
        Ok(self.database.read_anew(|session: &mut dyn Session| {
            let mut found = None;
            session.query(made, &[card.as_str().into()], &mut |row| {
                found = row.int(0)?.map(ApplicationId);
                Ok(())
            })?;
            Ok::<_, StoreError>(found)
        })?)
    }

    /// The cards that were made here for this person, the newest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn cards_of(&self, number: &str) -> Result<Vec<SodDigest>, LedgerError> {
        let made = "SELECT sod_sha256 FROM applications WHERE person_number = ?1 AND sod_sha256 IS NOT NULL \
                    AND state IN ('issued', 'delivered') ORDER BY id DESC LIMIT 100";
        Ok(self.database.read_anew(|session: &mut dyn Session| {
            let mut found = Vec::new();
            session.query(made, &[number.into()], &mut |row| {
                let digest = row.needed(0)?.parse();
                found.push(digest.map_err(|_| StoreError::Inconsistent("the digest of a card"))?);
                Ok(())
            })?;
            Ok::<_, StoreError>(found)
        })?)
    }
}
