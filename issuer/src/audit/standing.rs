//! Whether the ledger says what its log tells: each action, and every row that follows from them.

use std::collections::{BTreeMap, BTreeSet};

use cccd_keys::audit_log::Head;
use cccd_keys::public_key::PublicKey;
use cccd_population::store::{Row, Session, StoreError};
use serde_json::{Value, json};

use super::told::{Told, digest, said_of, said_of_operation};
use super::{AuditProblem, Auditor, Proof, follow, has_log};
use crate::accounts::{given, said_of_account};
use crate::ledger::{ChangeOutcome, changes_of_station, said_of_change};
use crate::stock::{Operation, first_without_papers};

/// Applications looked at at once.
const PAGE: i64 = 5_000;

/// The chain, and that the ledger is what the log tells of.
///
/// # Errors
/// [`AuditProblem`].
pub(crate) fn prove(
    session: &mut dyn Session,
    auditor: &Auditor,
    key: &PublicKey,
    kept: &[Head],
) -> Result<Proof, AuditProblem> {
    let mut told = Told::default();
    let mut proof = follow(session, auditor.station(), key, kept, &mut |link| told.add(link))?;
    let stations = Stations::beside(session, auditor.station())?;
    proof.actions = prove_applications(session, auditor, &told, &stations)?
        + prove_stock(session, auditor, &told)?
        + prove_cards(session, auditor, &told)?;
    prove_owners(session, auditor.station(), &stations)?;
    prove_accounts(session, auditor, &told, &stations)?;
    proof.beside = stations.0.into_iter().collect();
    Ok(proof)
}

/// An application, as its row says and as its actions lead to it.
#[derive(Default, PartialEq, Eq)]
struct Standing {
    last: i64,
    state: String,
    /// Why it stands there, and when it began.
    why: Option<String>,
    received: Option<String>,
    /// What was asked for; actions of before do not say it.
    asked: Option<Value>,
    captured_by: Option<String>,
    captured: Option<String>,
    approved_by: Option<String>,
    chip: Option<String>,
    sod: Option<String>,
    /// What is on the card; actions of before say the digest of its EF.SOD only.
    card: Option<Value>,
    /// What its blank went through, by the sequence of the action.
    blank: Vec<(i64, &'static str)>,
}

impl Standing {
    fn follow(
        &mut self,
        sequence: i64,
        (action, reason): (&str, Option<String>),
        (at, actor, to): (String, String, String),
        detail: &str,
    ) {
        match action {
            "receive" => self.received = Some(at),
            // What is signed is noted without a step.
            "sign" => {}
            _ => self.why = reason,
        }
        let detail: Value = serde_json::from_str(detail).unwrap_or_default();
        let said = |name: &str| detail.get(name).and_then(Value::as_str).map(str::to_owned);
        match action {
            "receive" => self.asked = Some(detail).filter(|detail| detail.get("reason").is_some()),
            "capture" => (self.captured_by, self.captured) = (Some(actor), said("captured_sha256")),
            "approve" => self.approved_by = Some(actor),
            "personalise" => {
                self.chip = said("chip");
                self.blank.push((sequence, "assigned"));
            }
            "issue" => self.blank.push((sequence, "card")),
            "spoil" if self.chip.is_some() => self.blank.push((sequence, "spoiled")),
            "sign" => {
                self.sod = said("sod_sha256");
                self.card = Some(detail).filter(|detail| detail.get("document_number").is_some());
            }
            _ => {}
        }
        (self.last, self.state) = (sequence, to);
    }

    /// What actions of before do not say is as the row has it.
    fn fill(&mut self, row: &Self) {
        if self.captured.is_none() {
            self.captured.clone_from(&row.captured);
        }
        if self.asked.is_none() {
            self.asked.clone_from(&row.asked);
        }
        if self.card.is_none() {
            self.card.clone_from(&row.card);
        }
    }
}

fn damaged() -> StoreError {
    StoreError::Inconsistent("an action")
}

/// Every action of this station is told of as it stands, and every application stands where its actions led, of the person
/// whom the log names; so does its blank.
fn prove_applications(
    session: &mut dyn Session,
    auditor: &Auditor,
    told: &Told,
    stations: &Stations,
) -> Result<u64, AuditProblem> {
    let (mut from, mut found) = (0_i64, 0_u64);
    let mut kept = false;
    session.query("SELECT 1 FROM blanks LIMIT 1", &[], &mut |_| {
        kept = true;
        Ok(())
    })?;
    loop {
        let mut rows: BTreeMap<i64, (Standing, [u8; 32])> = BTreeMap::new();
        session.query(
            "SELECT id, last_action, state, captured_by, captured_sha256, approved_by, chip_serial, sod_sha256, \
             person_number, content_sha256, due, ground, reason, template, document_number, expires, issue_date, \
             replaces, state_reason, received_at FROM applications WHERE id > ?1 ORDER BY id LIMIT ?2",
            &[from.into(), PAGE.into()],
            &mut |row| {
                let person = digest(Some(&auditor.subject_of(&row.needed(8)?)));
                rows.insert(row.int(0)?.ok_or_else(damaged)?, (standing_of(row)?, person));
                Ok(())
            },
        )?;
        // The last page goes to the end: an action whose application was taken out shows.
        let until = rows.keys().next_back().copied();
        let until = until.filter(|_| i64::try_from(rows.len()) == Ok(PAGE)).unwrap_or(i64::MAX);
        let mut led: BTreeMap<i64, Standing> = BTreeMap::new();
        let mut wrong = None;
        session.query(
            "SELECT application_id, sequence, at, actor, action, from_state, to_state, reason, detail, station \
             FROM actions WHERE application_id > ?1 AND application_id <= ?2 ORDER BY application_id, sequence",
            &[from.into(), until.into()],
            &mut |row| {
                let application = row.int(0)?.ok_or_else(damaged)?;
                let sequence = row.int(1)?.ok_or_else(damaged)?;
                let right = match row.text(9)? {
                    Some(station) if station == auditor.station() => {
                        found += 1;
                        is_told(row, auditor, told, (application, sequence))?
                    }
                    station => stations.may_say(station.as_deref()),
                };
                if !right && wrong.is_none() {
                    wrong = Some((application, sequence));
                }
                led.entry(application).or_default().follow(
                    sequence,
                    (row.needed_str(4)?, row.text(7)?),
                    (row.needed(2)?, row.needed(3)?, row.needed(6)?),
                    row.needed_str(8)?,
                );
                Ok(())
            },
        )?;
        if let Some((application, sequence)) = wrong {
            return Err(AuditProblem::Action(application, sequence));
        }
        let mut blanks = blanks_of(session, from, until)?;
        for (id, (standing, person)) in rows {
            let mut led = led.remove(&id).unwrap_or_default();
            led.fill(&standing);
            let expected = core::mem::take(&mut led.blank);
            let other = told.persons.get(&id).is_some_and(|told| *told != person);
            if led != standing || other {
                return Err(AuditProblem::Application(id));
            }
            let events = blanks.remove(&id).unwrap_or_default();
            let same = expected.iter().map(|(sequence, to)| (*sequence, (*to).to_owned()));
            // A chip that never was in a stock has no blank.
            let counts = !events.is_empty() || kept && is_blank(session, led.chip.as_deref())?;
            if counts && !same.eq(events) {
                return Err(AuditProblem::Blank(led.chip.unwrap_or_default()));
            }
        }
        if let Some(id) = led.keys().chain(blanks.keys()).next() {
            return Err(AuditProblem::Application(*id));
        }
        if until == i64::MAX {
            break;
        }
        from = until;
    }
    let in_log = count(told.actions.len());
    if in_log == found { Ok(found) } else { Err(AuditProblem::ActionsMissing { told: in_log, found }) }
}

fn standing_of(row: &dyn Row) -> Result<Standing, StoreError> {
    let sod = row.text(7)?;
    let card = match &sod {
        Some(sod) => Some(json!({
            "document_number": row.text(14)?, "expires": row.text(15)?, "issued": row.text(16)?,
            "replaces": row.text(17)?, "sod_sha256": sod,
        })),
        None => None,
    };
    Ok(Standing {
        last: row.int(1)?.ok_or_else(damaged)?,
        state: row.needed(2)?,
        why: row.text(18)?,
        received: row.text(19)?,
        captured_by: row.text(3)?,
        captured: row.text(4)?,
        approved_by: row.text(5)?,
        chip: row.text(6)?,
        sod,
        asked: Some(json!({
            "content_sha256": row.text(9)?, "due": row.text(10)?, "ground": row.text(11)?, "reason": row.text(12)?,
            "template": row.text(13)?,
        })),
        card,
        blank: Vec::new(),
    })
}

/// What blanks went through because of these applications.
fn blanks_of(
    session: &mut dyn Session,
    from: i64,
    until: i64,
) -> Result<BTreeMap<i64, Vec<(i64, String)>>, StoreError> {
    let mut events: BTreeMap<i64, Vec<(i64, String)>> = BTreeMap::new();
    session.query(
        "SELECT application_id, application_action, to_state FROM blank_events \
         WHERE application_id > ?1 AND application_id <= ?2 ORDER BY application_id, application_action",
        &[from.into(), until.into()],
        &mut |row| {
            let (application, action) = (row.int(0)?.ok_or_else(damaged)?, row.int(1)?.ok_or_else(damaged)?);
            events.entry(application).or_default().push((action, row.needed(2)?));
            Ok(())
        },
    )?;
    Ok(events)
}

fn is_blank(session: &mut dyn Session, chip: Option<&str>) -> Result<bool, StoreError> {
    let Some(chip) = chip else { return Ok(false) };
    let mut found = false;
    session.query("SELECT 1 FROM blanks WHERE serial = ?1", &[chip.into()], &mut |_| {
        found = true;
        Ok(())
    })?;
    Ok(found)
}

/// The stations that have a log in this ledger beside this one: what they did is for their own keys to prove.
struct Stations(BTreeSet<String>);

impl Stations {
    fn beside(session: &mut dyn Session, own: &str) -> Result<Self, StoreError> {
        let mut stations = BTreeSet::new();
        session.query(
            "SELECT DISTINCT station FROM audit_heads WHERE station <> ?1",
            &[own.into()],
            &mut |row| {
                stations.insert(row.needed(0)?);
                Ok(())
            },
        )?;
        // A row that somebody made up is no log.
        let mut there = BTreeSet::new();
        for station in stations {
            if has_log(session, &station)? {
                there.insert(station);
            }
        }
        Ok(Self(there))
    }

    /// Whether a row may be another's: nobody's is none.
    fn may_say(&self, station: Option<&str>) -> bool {
        station.is_some_and(|station| self.0.contains(station))
    }
}

fn is_told(row: &dyn Row, auditor: &Auditor, told: &Told, which: (i64, i64)) -> Result<bool, StoreError> {
    let texts: Vec<Option<String>> = (2..9).map(|column| row.text(column)).collect::<Result<_, _>>()?;
    let said = said_of(which.0, which.1, &texts);
    Ok(told.actions.get(&which) == Some(&auditor.payload_of(&said)))
}

/// No operation of the stock and no change of a card is nobody's.
fn prove_owners(session: &mut dyn Session, own: &str, stations: &Stations) -> Result<(), AuditProblem> {
    for (table, stock) in [("stock_operations", true), ("card_changes", false)] {
        let mut wrong = None;
        session.query(
            &format!("SELECT id, station FROM {table} WHERE station IS NULL OR station <> ?1 ORDER BY id"),
            &[own.into()],
            &mut |row| {
                if !stations.may_say(row.text(1)?.as_deref()) && wrong.is_none() {
                    wrong = row.int(0)?;
                }
                Ok(())
            },
        )?;
        if let Some(id) = wrong {
            return Err(if stock { AuditProblem::Stock(id) } else { AuditProblem::Card(id) });
        }
    }
    Ok(())
}

/// The operations of the stock, each with the blanks that it moved and the papers that it is about; every blank stands where its
/// last event left it, each event is whose operation or action it follows, and a chip is in the list under its application.
fn prove_stock(session: &mut dyn Session, auditor: &Auditor, told: &Told) -> Result<u64, AuditProblem> {
    let mut operations = Vec::new();
    session.query(
        "SELECT id, at, actor, operation, detail FROM stock_operations WHERE station = ?1 ORDER BY id",
        &[auditor.station().into()],
        &mut |row| {
            let id = row.int(0)?.ok_or(StoreError::Inconsistent("an operation of the stock"))?;
            let texts: Vec<String> = (1..5).map(|column| row.needed(column)).collect::<Result<_, _>>()?;
            operations.push((id, texts));
            Ok(())
        },
    )?;
    for (id, texts) in &operations {
        let mut moved = Vec::new();
        session.query(
            "SELECT serial, sequence, from_state, to_state, cause, note, photo_sha256 FROM blank_events \
             WHERE operation = ?1 ORDER BY serial, sequence",
            &[(*id).into()],
            &mut |row| {
                let texts =
                    [row.text(0)?, row.text(2)?, row.text(3)?, row.text(4)?, row.text(5)?, row.text(6)?];
                moved.push(serde_json::json!([row.int(1)?, texts]));
                Ok(())
            },
        )?;
        if told.stock.get(id) != Some(&auditor.payload_of(&said_of_operation(*id, texts, &moved))) {
            return Err(AuditProblem::Stock(*id));
        }
    }
    let papers = operations.iter().map(|(id, texts)| {
        let [_, _, name, detail] = texts.as_slice() else { return Err(damaged()) };
        let detail = serde_json::from_str(detail).map_err(|_| damaged())?;
        Ok((*id, Operation { name: name.clone(), detail }))
    });
    let papers = papers.collect::<Result<BTreeMap<_, _>, StoreError>>()?;
    if let Some(id) = first_without_papers(session, auditor, &papers)? {
        return Err(AuditProblem::Stock(id));
    }
    let mut wrong = None;
    session.query(
        "SELECT b.serial FROM blanks b WHERE NOT EXISTS (SELECT 1 FROM blank_events e WHERE e.serial = b.serial \
         AND e.sequence = b.last_event AND e.to_state = b.state) OR EXISTS (SELECT 1 FROM blank_events e \
         WHERE e.serial = b.serial AND e.sequence > b.last_event) UNION ALL SELECT e.serial FROM blank_events e \
         WHERE NOT EXISTS (SELECT 1 FROM blanks b WHERE b.serial = e.serial) UNION ALL \
         SELECT e.serial FROM blank_events e JOIN stock_operations o ON o.id = e.operation \
         WHERE o.actor <> e.actor OR o.at <> e.at UNION ALL \
         SELECT b.serial FROM blanks b LEFT JOIN stock_batches s ON s.id = b.batch_id WHERE s.id IS NULL OR NOT EXISTS \
         (SELECT 1 FROM blank_events e WHERE e.serial = b.serial AND e.operation = s.operation AND e.to_state = 'expected' \
          AND NOT EXISTS (SELECT 1 FROM blank_events l WHERE l.serial = e.serial AND l.sequence > e.sequence \
          AND l.to_state = 'expected')) UNION ALL \
         SELECT e.serial FROM blank_events e JOIN actions a ON a.application_id = e.application_id \
         AND a.sequence = e.application_action WHERE a.actor <> e.actor OR a.at <> e.at UNION ALL \
         SELECT c.serial FROM chips c LEFT JOIN applications a ON a.id = c.application_id AND a.chip_serial = c.serial \
         WHERE a.id IS NULL UNION ALL SELECT a.chip_serial FROM applications a LEFT JOIN chips c \
         ON c.serial = a.chip_serial AND c.application_id = a.id WHERE a.chip_serial IS NOT NULL AND c.serial IS NULL \
         ORDER BY 1 LIMIT 1",
        &[],
        &mut |row| {
            wrong = Some(row.needed(0)?);
            Ok(())
        },
    )?;
    if let Some(serial) = wrong {
        return Err(AuditProblem::Blank(serial));
    }
    let (told, found) = (count(told.stock.len()), count(operations.len()));
    if told == found { Ok(found) } else { Err(AuditProblem::ActionsMissing { told, found }) }
}

/// The changes of cards after issue, and what came of them.
fn prove_cards(session: &mut dyn Session, auditor: &Auditor, told: &Told) -> Result<u64, AuditProblem> {
    let changes = changes_of_station(session, auditor.station())?;
    for change in &changes {
        let said = told.cards.get(&change.id) == Some(&auditor.payload_of(&said_of_change(change)));
        let came = told.outcomes.get(&change.id).map(String::as_str);
        if !said || came != change.outcome.map(ChangeOutcome::as_str) {
            return Err(AuditProblem::Card(change.id));
        }
    }
    let (told, found) = (count(told.cards.len()), count(changes.len()));
    if told == found { Ok(found) } else { Err(AuditProblem::ActionsMissing { told, found }) }
}

/// What was done to accounts, and that each has the roles and the password that it was given last. Accounts are shared: what
/// another station did stands in that one's log.
fn prove_accounts(
    session: &mut dyn Session,
    auditor: &Auditor,
    told: &Told,
    stations: &Stations,
) -> Result<(), AuditProblem> {
    let alone = stations.0.is_empty();
    // What each was given last, and whether it is locked.
    let mut last: BTreeMap<String, (Option<String>, bool)> = BTreeMap::new();
    let (mut agree, mut wrong) = (0, None);
    session.query(
        "SELECT account, sequence, at, actor, action, reason, given FROM account_actions ORDER BY account, sequence",
        &[],
        &mut |row| {
            let account = row.needed(0)?;
            let sequence = row.int(1)?.ok_or_else(damaged)?;
            let texts =
                [row.text(2)?, row.text(3)?, row.text(4)?, row.text(5)?, row.text(6)?];
            let said = said_of_account(&account, sequence, &texts);
            let known = told.accounts.contains(&auditor.payload_of(&said));
            agree += usize::from(known);
            if !known && alone && wrong.is_none() {
                wrong = Some(account.clone());
            }
            let [_, _, action, _, given] = texts;
            let standing = last.entry(account).or_default();
            standing.0 = given.or(standing.0.take());
            match action.as_deref() {
                Some("lock") => standing.1 = true,
                Some("unlock") => standing.1 = false,
                _ => {}
            }
            Ok(())
        },
    )?;
    session.query("SELECT name, roles, password, locked FROM accounts ORDER BY name", &[], &mut |row| {
        let name = row.needed(0)?;
        let now = given(row.needed_str(1)?, row.needed_str(2)?);
        let is_locked = row.text(3)?.is_some();
        let follows = last
            .remove(&name)
            .is_some_and(|(was_given, locked)| was_given.is_none_or(|was| was == now) && locked == is_locked);
        if !follows && wrong.is_none() {
            wrong = Some(name);
        }
        Ok(())
    })?;
    // What is left has a history and no account.
    if let Some(account) = wrong.or_else(|| last.into_keys().next()) {
        return Err(AuditProblem::Account(account));
    }
    let (told, found) = (count(told.accounts.len()), count(agree));
    if told == found { Ok(()) } else { Err(AuditProblem::ActionsMissing { told, found }) }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
