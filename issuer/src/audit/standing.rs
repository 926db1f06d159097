//! Whether the ledger says what its log tells: each action, and every row that follows from them.

use std::collections::BTreeMap;

use cccd_keys::audit_log::Head;
use cccd_keys::public_key::PublicKey;
use cccd_population::store::{Row, Session, StoreError};
use serde_json::Value;

use super::told::{Told, digest, said_of, said_of_operation};
use super::{AuditProblem, Auditor, Proof, follow};
use crate::accounts::{given, said_of_account};
use crate::ledger::{ChangeOutcome, changes_of_station, said_of_change};

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
    proof.actions = prove_applications(session, auditor, &told)?
        + prove_stock(session, auditor, &told)?
        + prove_cards(session, auditor, &told)?;
    prove_accounts(session, auditor, &told)?;
    Ok(proof)
}

/// An application, as its row says and as its actions lead to it.
#[derive(Default, PartialEq, Eq)]
struct Standing {
    last: i64,
    state: String,
    captured_by: Option<String>,
    captured: Option<String>,
    approved_by: Option<String>,
    chip: Option<String>,
    sod: Option<String>,
}

impl Standing {
    fn follow(&mut self, sequence: i64, action: &str, (actor, to): (String, String), detail: &str) {
        let said = |name: &str| {
            let detail: Option<Value> = serde_json::from_str(detail).ok();
            detail?.get(name)?.as_str().map(str::to_owned)
        };
        match action {
            "capture" => (self.captured_by, self.captured) = (Some(actor), said("captured_sha256")),
            "approve" => self.approved_by = Some(actor),
            "personalise" => self.chip = said("chip"),
            "sign" => self.sod = said("sod_sha256"),
            _ => {}
        }
        (self.last, self.state) = (sequence, to);
    }
}

fn damaged() -> StoreError {
    StoreError::Inconsistent("an action")
}

/// Every action of this station is told of as it stands, and every application stands where its actions led, of the person
/// whom the log names.
fn prove_applications(
    session: &mut dyn Session,
    auditor: &Auditor,
    told: &Told,
) -> Result<u64, AuditProblem> {
    let (mut from, mut found) = (0_i64, 0_u64);
    loop {
        let mut rows: BTreeMap<i64, (Standing, [u8; 32])> = BTreeMap::new();
        session.query(
            "SELECT id, last_action, state, captured_by, captured_sha256, approved_by, chip_serial, sod_sha256, \
             person_number FROM applications WHERE id > ?1 ORDER BY id LIMIT ?2",
            &[from.into(), PAGE.into()],
            &mut |row| {
                let standing = Standing {
                    last: row.int(1)?.ok_or_else(damaged)?,
                    state: row.needed(2)?,
                    captured_by: row.text(3)?,
                    captured: row.text(4)?,
                    approved_by: row.text(5)?,
                    chip: row.text(6)?,
                    sod: row.text(7)?,
                };
                let person = digest(Some(&auditor.subject_of(&row.needed(8)?)));
                rows.insert(row.int(0)?.ok_or_else(damaged)?, (standing, person));
                Ok(())
            },
        )?;
        let Some(until) = rows.keys().next_back().copied() else { break };
        let mut led: BTreeMap<i64, Standing> = BTreeMap::new();
        let mut wrong = None;
        session.query(
            "SELECT application_id, sequence, at, actor, action, from_state, to_state, reason, detail, station \
             FROM actions WHERE application_id > ?1 AND application_id <= ?2 ORDER BY application_id, sequence",
            &[from.into(), until.into()],
            &mut |row| {
                let application = row.int(0)?.ok_or_else(damaged)?;
                let sequence = row.int(1)?.ok_or_else(damaged)?;
                if row.text(9)?.as_deref() == Some(auditor.station()) {
                    found += 1;
                    if !is_told(row, auditor, told, (application, sequence))? && wrong.is_none() {
                        wrong = Some((application, sequence));
                    }
                }
                led.entry(application).or_default().follow(
                    sequence,
                    row.needed_str(4)?,
                    (row.needed(3)?, row.needed(6)?),
                    row.needed_str(8)?,
                );
                Ok(())
            },
        )?;
        if let Some((application, sequence)) = wrong {
            return Err(AuditProblem::Action(application, sequence));
        }
        for (id, (standing, person)) in rows {
            let mut led = led.remove(&id).unwrap_or_default();
            if led.captured.is_none() {
                // Before it stood in the action, the digest of what was captured stood in the row only.
                led.captured.clone_from(&standing.captured);
            }
            let other = told.persons.get(&id).is_some_and(|told| *told != person);
            if led != standing || other {
                return Err(AuditProblem::Application(id));
            }
        }
        from = until;
    }
    let in_log = count(told.actions.len());
    if in_log == found { Ok(found) } else { Err(AuditProblem::ActionsMissing { told: in_log, found }) }
}

fn is_told(row: &dyn Row, auditor: &Auditor, told: &Told, which: (i64, i64)) -> Result<bool, StoreError> {
    let texts: Vec<Option<String>> = (2..9).map(|column| row.text(column)).collect::<Result<_, _>>()?;
    let said = said_of(which.0, which.1, &texts);
    Ok(told.actions.get(&which) == Some(&auditor.payload_of(&said)))
}

/// The operations of the stock, each with the blanks that it moved; and every blank stands where its last event left it.
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
    let mut wrong = None;
    session.query(
        "SELECT b.serial FROM blanks b WHERE NOT EXISTS (SELECT 1 FROM blank_events e WHERE e.serial = b.serial \
         AND e.sequence = b.last_event AND e.to_state = b.state) OR EXISTS (SELECT 1 FROM blank_events e \
         WHERE e.serial = b.serial AND e.sequence > b.last_event) ORDER BY b.serial LIMIT 1",
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
fn prove_accounts(session: &mut dyn Session, auditor: &Auditor, told: &Told) -> Result<(), AuditProblem> {
    let mut alone = true;
    session.query(
        "SELECT 1 FROM audit_ends WHERE station <> ?1 LIMIT 1",
        &[auditor.station().into()],
        &mut |_| {
            alone = false;
            Ok(())
        },
    )?;
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
    if let Some(account) = wrong {
        return Err(AuditProblem::Account(account));
    }
    let (told, found) = (count(told.accounts.len()), count(agree));
    if told == found { Ok(()) } else { Err(AuditProblem::ActionsMissing { told, found }) }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
