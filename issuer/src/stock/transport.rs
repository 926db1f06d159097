//! Blanks between stations: the sender signs a list, the receiver counts and signs what it found, and only that ends the
//! transport at the sender. What is missing stays `sent` there until somebody says what became of it.

use std::collections::{BTreeMap, HashSet};

use cccd_keys::public_key::PublicKey;
use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Session, StoreError};
use jiff::Timestamp;
use serde_json::json;

use super::lists::{CLOCKS_APART, LIST, RECEIPT, Receipt, Signed, TransportList, once, serials, texts};
use super::operations::{batch_of, counted, enter, may_enter, moved, new_batch, signing};
use super::rows;
use super::taken_back::on_the_way;
use super::{BlankState, BlankStep, Count, Entry, Stock, StockError, answered, keys};
use crate::ledger::Act;

impl Stock<'_> {
    /// Sends blanks to the station with this key. The signed list goes with them.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn send(
        &mut self,
        reference: &str,
        receiver: &PublicKey,
        blanks: &[ChipSerial],
        act: Act<'_>,
    ) -> Result<Signed, StockError> {
        once(blanks)?;
        let receiver = receiver.fingerprint();
        let detail = json!({
            "reference": reference, "receiver": receiver, "blanks": blanks.len(),
            rows::ASKED: rows::digest(&[], blanks),
        });
        self.write(|session, log| {
            let auditor = signing(log)?;
            if auditor.station() == receiver {
                return Err(StockError::OwnStation);
            }
            let Ok(operation) = rows::begin(session, "send", &detail, act, log)? else {
                return kept_list(session, auditor.station(), reference)?.ok_or(StockError::NoTransport);
            };
            if kept_list(session, auditor.station(), reference)?.is_some() {
                return Err(StockError::TransportKnown);
            }
            let events = moved(session, operation, BlankStep::Send, blanks, None, act)?;
            let list = TransportList {
                format: LIST.to_owned(),
                reference: reference.to_owned(),
                sender: auditor.station().to_owned(),
                receiver: receiver.clone(),
                at: act.at.to_string(),
                serials: texts(blanks),
                keys: keys::carried(session, auditor, blanks)?,
            };
            let list = Signed::make(&list, auditor)?;
            let way = Way { sender: auditor.station(), reference, direction: "out", other: &receiver };
            way.write(session, operation, blanks.len(), &list)?;
            rows::end(session, operation, ("send", &detail), &events, act, log)?;
            Ok(list)
        })
    }

    /// Takes what another station sent: what was found of its list is in stock. The signed receipt goes back. Of a list that was
    /// taken before, what turned up since is named by its serial; the receipt then says all that came.
    ///
    /// # Errors
    /// [`StockError`]; a list that is for another station, or signed by another than the one with this key.
    pub fn accept(
        &mut self,
        list: &Signed,
        sender: &PublicKey,
        found: Option<&[ChipSerial]>,
        act: Act<'_>,
    ) -> Result<(Count, Signed), StockError> {
        const WHAT: &str = "list";
        let content: TransportList = list.opened(WHAT, sender)?;
        if content.format != LIST {
            return Err(StockError::NoDocument(WHAT));
        }
        if content.sender != sender.fingerprint() {
            return Err(StockError::Signature(WHAT));
        }
        let signed_at: Timestamp = content.at.parse().map_err(|_| StockError::NoDocument(WHAT))?;
        if signed_at.duration_since(act.at) > CLOCKS_APART {
            return Err(StockError::Future { what: WHAT, at: signed_at, now: act.at });
        }
        let listed = serials(&content.serials, WHAT)?;
        once(&listed)?;
        found.map_or(Ok(()), once)?;
        let there: Option<HashSet<ChipSerial>> = found.map(|found| found.iter().copied().collect());
        let statements = keys::statements(&content.keys, sender, &listed)?;
        let detail = json!({
            "reference": content.reference, "sender": content.sender, "found": found.map(<[ChipSerial]>::len),
            rows::ASKED: rows::digest(&[&list.to_text()], found.into_iter().flatten()),
        });
        self.write(|session, log| {
            let auditor = signing(log)?;
            if content.receiver != auditor.station() {
                return Err(StockError::OtherStation(WHAT));
            }
            let operation = match rows::begin(session, "accept", &detail, act, log)? {
                Ok(operation) => operation,
                Err(before) => return answered::accept(session, before, &listed),
            };
            let supplier = format!("station {}", content.sender);
            let before = kept_receipt(session, &content.sender, &content.reference)?;
            let known = kept_list(session, &content.sender, &content.reference)?.is_some();
            let mut events = Vec::with_capacity(listed.len() * 2);
            let (mut taken, mut elsewhere, mut absent) = (Vec::new(), Vec::new(), Vec::new());
            let batch = if let Some(before) = &before {
                // Nothing turns up without its name.
                found.ok_or(StockError::TransportKnown)?;
                let before: Receipt = before.opened("receipt", auditor.public_key())?;
                taken = serials(&before.accepted, "receipt")?;
                batch_of(session, &supplier, &content.reference)?.ok_or(StockError::NoteUnknown)?
            } else if known {
                return Err(StockError::TransportKnown);
            } else {
                let mut coming = Vec::with_capacity(listed.len());
                let mut signed = BTreeMap::new();
                for serial in &listed {
                    let is_found = there.as_ref().is_none_or(|there| there.contains(serial));
                    let is_here = by_another_list(session, serial, &content, found, &mut signed)?;
                    // What the books have otherwise, and what does not lie there either, keeps no other blank out.
                    let is_absent = !is_here && !is_found && is_held(may_enter(session, true, serial))?;
                    let place = match (is_here, is_absent) {
                        (true, _) => &mut elsewhere,
                        (_, true) => &mut absent,
                        _ => &mut coming,
                    };
                    place.push(serial);
                }
                // All of it came by other lists: the parcel is of no use here any more.
                if let ([], Some(first)) = (coming.as_slice(), listed.first()) {
                    let state = rows::blank(session, first)?.map_or(BlankState::InStock, |row| row.state);
                    let entry = Entry::List { sent_with: None };
                    return Err(StockError::Known { serial: *first, state, entry });
                }
                let batch = new_batch(session, operation, (&supplier, &content.reference), coming.len())?;
                // Keys that a blank made anew since are those of the list by which it came.
                let keys = statements.iter().filter(|(serial, _)| coming.iter().any(|one| one.0 == **serial));
                let keys: BTreeMap<_, _> = keys.map(|(serial, signed)| (*serial, signed.clone())).collect();
                for serial in coming {
                    let entered = enter(session, (batch, true), operation, serial, act);
                    events.push(match entered {
                        Err(error) => return Err(told(session, error)?),
                        Ok(event) => event,
                    });
                }
                keys::keep_carried(session, operation, sender, &keys)?;
                batch
            };
            let absent: Vec<ChipSerial> = absent.into_iter().copied().collect();
            let mut expected = rows::of_batch(session, batch, BlankState::Expected)?;
            // Noted as lost before anybody had seen it here, and found now.
            for row in rows::of_batch(session, batch, BlankState::Lost)? {
                let is_found = there.as_ref().is_some_and(|there| there.contains(&row.serial));
                if is_found && rows::is_lost_unseen(session, &row)? {
                    expected.push(row);
                }
            }
            let (mut count, more) = counted(session, operation, &expected, found, act)?;
            count.elsewhere = elsewhere.into_iter().copied().collect();
            count.missing.extend(absent);
            if before.is_some() && count.counted.is_empty() {
                return Err(StockError::TransportKnown);
            }
            events.extend(more);
            taken.extend(&count.counted);
            let receipt = Receipt {
                format: RECEIPT.to_owned(),
                reference: content.reference.clone(),
                sender: content.sender.clone(),
                receiver: content.receiver.clone(),
                at: act.at.to_string(),
                accepted: texts(&taken),
                missing: texts(&count.missing),
                surplus: texts(&count.surplus),
            };
            let receipt = Signed::make(&receipt, auditor)?;
            let (sender, reference) = (content.sender.as_str(), content.reference.as_str());
            let way = Way { sender, reference, direction: "in", other: sender };
            if before.is_none() {
                way.write(session, operation, listed.len(), list)?;
            }
            way.answered(session, operation, &count, &receipt)?;
            rows::end(session, operation, ("accept", &detail), &events, act, log)?;
            Ok((count, receipt))
        })
    }

    /// The receiver's word about what was sent: what it took is handed over, the rest stays `sent`. A later receipt hands over what
    /// it names beyond the one before. What was taken back here and signed for there is surplus: one of the two is mistaken.
    ///
    /// # Errors
    /// [`StockError`]; a receipt that is not by the station that the blanks were sent to.
    pub fn acknowledge(
        &mut self,
        receipt: &Signed,
        receiver: &PublicKey,
        act: Act<'_>,
    ) -> Result<Count, StockError> {
        const WHAT: &str = "receipt";
        let content: Receipt = receipt.opened(WHAT, receiver)?;
        if content.format != RECEIPT {
            return Err(StockError::NoDocument(WHAT));
        }
        let accepted = serials(&content.accepted, WHAT)?;
        let count = Count {
            missing: serials(&content.missing, WHAT)?,
            surplus: serials(&content.surplus, WHAT)?,
            counted: accepted,
            ..Count::default()
        };
        let detail = json!({
            "reference": content.reference, "receiver": content.receiver,
            rows::ASKED: rows::digest(&[&receipt.to_text()], []),
        });
        self.write(|session, log| {
            let auditor = signing(log)?;
            if content.sender != auditor.station() {
                return Err(StockError::OtherStation(WHAT));
            }
            let to = receiver_of(session, &content.sender, &content.reference)?;
            if to.ok_or(StockError::NoTransport)? != receiver.fingerprint() {
                return Err(StockError::Signature(WHAT));
            }
            let operation = match rows::begin(session, "acknowledge", &detail, act, log)? {
                Ok(operation) => operation,
                Err(before) => return answered::acknowledge(session, before, &content, count.clone()),
            };
            let listed = sent_by(session, auditor.public_key(), &content)?;
            if let Some(stranger) = count.counted.iter().find(|serial| !listed.contains(serial)) {
                return Err(StockError::Unknown(*stranger));
            }
            let mut count = count.clone();
            if let Some(before) = kept_receipt(session, &content.sender, &content.reference)? {
                let before: Receipt = before.opened(WHAT, receiver)?;
                let before: HashSet<ChipSerial> = serials(&before.accepted, WHAT)?.into_iter().collect();
                count.counted.retain(|serial| !before.contains(serial));
                if count.counted.is_empty() {
                    return Err(StockError::TransportKnown);
                }
            }
            let with_it = on_the_way(session, (&content.sender, &content.reference), true)?;
            // What was taken back here meanwhile is told; the others are handed over all the same, also where they were thought lost.
            // Both stations then say that they have it: the receipt is kept, and reconciling tells of it until one of them looks.
            let (here, gone): (Vec<_>, Vec<_>) =
                count.counted.iter().partition(|serial| with_it.contains(serial));
            count.surplus.extend(gone);
            count.counted = here;
            let events = moved(session, operation, BlankStep::Acknowledge, &count.counted, None, act)?;
            let (sender, reference) = (content.sender.as_str(), content.reference.as_str());
            let way = Way { sender, reference, direction: "out", other: sender };
            way.answered(session, operation, &count, receipt)?;
            rows::end(session, operation, ("acknowledge", &detail), &events, act, log)?;
            Ok(count)
        })
    }
}

/// One way between two stations.
struct Way<'a> {
    sender: &'a str,
    reference: &'a str,
    direction: &'a str,
    other: &'a str,
}

impl Way<'_> {
    fn write(
        &self,
        session: &mut dyn Session,
        operation: i64,
        blanks: usize,
        list: &Signed,
    ) -> Result<(), StoreError> {
        session.execute(
            "INSERT INTO stock_transports (sender, reference, direction, other, operation, blanks, list) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            &[
                self.sender.into(),
                self.reference.into(),
                self.direction.into(),
                self.other.into(),
                operation.into(),
                number(blanks).into(),
                list.to_text().into(),
            ],
        )?;
        Ok(())
    }

    fn answered(
        &self,
        session: &mut dyn Session,
        operation: i64,
        count: &Count,
        receipt: &Signed,
    ) -> Result<(), StockError> {
        let sql = if kept_receipt(session, self.sender, self.reference)?.is_some() {
            "INSERT INTO stock_receipts_later (sender, reference, operation, missing, surplus, receipt) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        } else {
            "INSERT INTO stock_receipts (sender, reference, operation, missing, surplus, receipt) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        };
        session.execute(
            sql,
            &[
                self.sender.into(),
                self.reference.into(),
                operation.into(),
                number(count.missing.len()).into(),
                number(count.surplus.len()).into(),
                receipt.to_text().into(),
            ],
        )?;
        Ok(())
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Whether a blank of this list is here by another one: it had been left out of this parcel, which was longer on its way. What
/// lies in stock is passed over, whenever it came; but by a later list of the same sender it comes: who signs a list has the blank, so
/// that this station had signed for it too early. Of one that nobody has seen here yet, that went on or was used since, the list
/// that was signed last speaks; one that was not seen comes with the parcel in which it lies.
fn by_another_list(
    session: &mut dyn Session,
    serial: &ChipSerial,
    list: &TransportList,
    found: Option<&[ChipSerial]>,
    signed: &mut Signings,
) -> Result<bool, StockError> {
    let Some(row) = rows::blank(session, serial)? else { return Ok(false) };
    let Some(sender) = row.supplier.strip_prefix("station ") else { return Ok(false) };
    let is_unseen =
        row.state == BlankState::Expected || rows::lost_from(session, &row)? == Some(BlankState::Expected);
    if row.state == BlankState::InStock {
        let came = signed_at(session, sender, &row.delivery_note, signed)?;
        let is_sent_again = came.zip(list.at.parse().ok()).is_some_and(|(came, sent)| came < sent);
        return Ok(sender != list.sender || !is_sent_again);
    }
    if is_unseen && found.is_some_and(|found| found.contains(serial)) {
        return Ok(false);
    }
    Ok(signed_at(session, sender, &row.delivery_note, signed)? > list.at.parse().ok())
}

/// What the books have otherwise does not come in.
fn is_held<T>(entry: Result<T, StockError>) -> Result<bool, StockError> {
    match entry {
        Ok(_) => Ok(false),
        Err(StockError::Known { .. } | StockError::Used(_)) => Ok(true),
        Err(other) => Err(other),
    }
}

/// What keeps a blank out, with the transport that it is on: an officer then knows whose receipt is missing.
fn told(session: &mut dyn Session, error: StockError) -> Result<StockError, StoreError> {
    let StockError::Known { serial, state: BlankState::Sent, .. } = error else { return Ok(error) };
    let mut sent_with = None;
    let of = "SELECT t.reference FROM blanks b JOIN blank_events e ON e.serial = b.serial AND e.sequence = b.last_event \
              JOIN stock_transports t ON t.operation = e.operation WHERE b.serial = ?1";
    session.query(of, &[serial.to_string().into()], &mut |row| {
        sent_with = row.text(0)?;
        Ok(())
    })?;
    Ok(StockError::Known { serial, state: BlankState::Sent, entry: Entry::List { sent_with } })
}

/// When a list of another station was signed.
fn signed_at(
    session: &mut dyn Session,
    sender: &str,
    reference: &str,
    signed: &mut Signings,
) -> Result<Option<Timestamp>, StockError> {
    let place = (sender.to_owned(), reference.to_owned());
    if let Some(at) = signed.get(&place) {
        return Ok(*at);
    }
    let other = kept_list(session, sender, reference)?;
    let other = other.map(|other| other.unproved::<TransportList>("list")).transpose()?;
    let at = other.and_then(|other| other.at.parse().ok());
    signed.insert(place, at);
    Ok(at)
}

/// When lists were signed, each read once: by sender and reference.
type Signings = BTreeMap<(String, String), Option<Timestamp>>;

/// What our own list named.
fn sent_by(
    session: &mut dyn Session,
    own: &PublicKey,
    receipt: &Receipt,
) -> Result<HashSet<ChipSerial>, StockError> {
    let list = kept_list(session, &receipt.sender, &receipt.reference)?.ok_or(StockError::NoTransport)?;
    let list: TransportList = list.opened("list", own)?;
    Ok(serials(&list.serials, "list")?.into_iter().collect())
}

pub(super) fn kept_list(
    session: &mut dyn Session,
    sender: &str,
    reference: &str,
) -> Result<Option<Signed>, StockError> {
    kept(session, "SELECT list FROM stock_transports WHERE sender = ?1 AND reference = ?2", sender, reference)
}

fn kept_receipt(
    session: &mut dyn Session,
    sender: &str,
    reference: &str,
) -> Result<Option<Signed>, StockError> {
    kept(session, "SELECT receipt FROM stock_answers WHERE sender = ?1 AND reference = ?2", sender, reference)
}

fn kept(
    session: &mut dyn Session,
    sql: &str,
    sender: &str,
    reference: &str,
) -> Result<Option<Signed>, StockError> {
    let mut found = None;
    session.query(sql, &[sender.into(), reference.into()], &mut |row| {
        found = Some(row.needed(0)?);
        Ok(())
    })?;
    found.map(|text| Signed::parse(&text)).transpose()
}

fn receiver_of(
    session: &mut dyn Session,
    sender: &str,
    reference: &str,
) -> Result<Option<String>, StoreError> {
    let mut found = None;
    session.query(
        "SELECT other FROM stock_transports WHERE sender = ?1 AND reference = ?2 AND direction = 'out'",
        &[sender.into(), reference.into()],
        &mut |row| {
            found = row.text(0)?;
            Ok(())
        },
    )?;
    Ok(found)
}
