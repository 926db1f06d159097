//! Rows of cards, their claims and their history.

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::{damaged, date, engine, number, persons, timestamp};
use crate::card::{Card, CardStatus, NewCard, SodDigest, is_chip_serial, is_document_number};
use crate::person::Life;
use crate::store::{CardEvent, Change, StoreError};

const COLUMNS: &str =
    "personal_number, sod_sha256, document_number, chip_serial, issued, expires, status, status_since";

pub(super) fn record(
    transaction: &Transaction<'_>,
    card: &NewCard,
    change: &Change,
) -> Result<(Card, bool), StoreError> {
    check_form(card)?;
    if let Some(known) = load(transaction, &card.sod_sha256)? {
        return repeat(known, card);
    }
    let person = persons::load(transaction, &card.number)?.ok_or(StoreError::UnknownPerson)?;
    if person.life != Life::Alive {
        return Err(StoreError::NotAlive(person.life.as_str()));
    }
    if let Some(replaced) = &card.replaces {
        let old = load(transaction, replaced)?.ok_or(StoreError::UnknownCard)?;
        if old.number != card.number {
            return Err(StoreError::Claimed("the card to be replaced"));
        }
        if old.status != CardStatus::Replaced {
            set_status(
                transaction,
                replaced,
                CardStatus::Replaced,
                card.issued,
                "replaced by a new card",
                change,
            )?;
        }
    }
    for other in of_person(transaction, &card.number)? {
        match other.status_on(card.issued) {
            (CardStatus::Expired, since) if other.status.is_in_use() => {
                let reason = "past its last day";
                set_status(transaction, &other.sod_sha256, CardStatus::Expired, since, reason, change)?;
            }
            (status, _) if status.is_in_use() => return Err(StoreError::CardInUse),
            _ => {}
        }
    }
    insert(transaction, card, change)
}

fn check_form(card: &NewCard) -> Result<(), StoreError> {
    if !is_document_number(&card.document_number) {
        return Err(StoreError::CardForm("document_number"));
    }
    if !is_chip_serial(&card.chip_serial) {
        return Err(StoreError::CardForm("chip_serial"));
    }
    if card.expires.is_some_and(|expires| expires <= card.issued) {
        return Err(StoreError::CardForm("expires"));
    }
    if card.replaces == Some(card.sod_sha256) {
        return Err(StoreError::CardForm("replaces"));
    }
    Ok(())
}

/// The same card again is no news, whatever became of it since; another card under its hash is a conflict.
fn repeat(known: Card, card: &NewCard) -> Result<(Card, bool), StoreError> {
    let same = known.number == card.number
        && known.document_number == card.document_number
        && known.chip_serial == card.chip_serial
        && known.issued == card.issued
        && known.expires == card.expires;
    if same { Ok((known, false)) } else { Err(StoreError::Claimed("sod_sha256")) }
}

fn insert(
    transaction: &Transaction<'_>,
    card: &NewCard,
    change: &Change,
) -> Result<(Card, bool), StoreError> {
    let sod: &[u8] = card.sod_sha256.as_bytes();
    let own = card.number.as_str();
    let claimed = transaction
        .prepare_cached(
            "INSERT INTO sod_claim (sod_sha256, personal_number) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )
        .and_then(|mut statement| statement.execute(params![sod, own]))
        .map_err(engine)?;
    if claimed == 0 {
        return Err(StoreError::Claimed("sod_sha256"));
    }
    let claimed = transaction
        .prepare_cached(
            "INSERT INTO chip_claim (chip_serial, personal_number, sod_sha256) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO NOTHING",
        )
        .and_then(|mut statement| statement.execute(params![card.chip_serial, own, sod]))
        .map_err(engine)?;
    if claimed == 0 {
        return Err(StoreError::Claimed("chip_serial"));
    }
    transaction
        .prepare_cached(&format!("INSERT INTO card ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"))
        .and_then(|mut statement| {
            statement.execute(params![
                own,
                sod,
                card.document_number,
                card.chip_serial,
                card.issued.to_string(),
                card.expires.map(|date| date.to_string()),
                CardStatus::Active.as_str(),
                card.issued.to_string(),
            ])
        })
        .map_err(engine)?;
    let card = card.clone().into_card();
    add_event(transaction, &card, "issued", change)?;
    Ok((card, true))
}

pub(super) fn set_status(
    transaction: &Transaction<'_>,
    sod_sha256: &SodDigest,
    status: CardStatus,
    since: Date,
    reason: &str,
    change: &Change,
) -> Result<Card, StoreError> {
    let mut card = load(transaction, sod_sha256)?.ok_or(StoreError::UnknownCard)?;
    if card.status == status {
        return Ok(card);
    }
    card.status = card.status.change(status)?;
    card.since = since;
    transaction
        .prepare_cached(
            "UPDATE card SET status = ?3, status_since = ?4 WHERE personal_number = ?1 AND sod_sha256 = ?2",
        )
        .and_then(|mut statement| {
            let sod: &[u8] = sod_sha256.as_bytes();
            statement.execute(params![card.number.as_str(), sod, status.as_str(), since.to_string()])
        })
        .map_err(engine)?;
    add_event(transaction, &card, reason, change)?;
    Ok(card)
}

fn add_event(
    transaction: &Transaction<'_>,
    card: &Card,
    reason: &str,
    change: &Change,
) -> Result<(), StoreError> {
    let sod: &[u8] = card.sod_sha256.as_bytes();
    let reason: String = crate::name::clean(reason).chars().take(crate::person::MAX_TEXT).collect();
    transaction
        .prepare_cached(
            "INSERT INTO card_status_history \
             (personal_number, sod_sha256, position, status, since, reason, source, recorded_at) \
             SELECT ?1, ?2, coalesce(max(position), 0) + 1, ?3, ?4, ?5, ?6, ?7 FROM card_status_history \
             WHERE personal_number = ?1 AND sod_sha256 = ?2",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                card.number.as_str(),
                sod,
                card.status.as_str(),
                card.since.to_string(),
                reason,
                change.source,
                change.at.to_string(),
            ])
        })
        .map_err(engine)?;
    Ok(())
}

pub(super) fn load(connection: &Connection, sod_sha256: &SodDigest) -> Result<Option<Card>, StoreError> {
    let sod: &[u8] = sod_sha256.as_bytes();
    let owner: Option<String> = connection
        .prepare_cached("SELECT personal_number FROM sod_claim WHERE sod_sha256 = ?1")
        .and_then(|mut statement| statement.query_row([sod], |row| row.get(0)).optional())
        .map_err(engine)?;
    let Some(owner) = owner else {
        return Ok(None);
    };
    let row = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM card WHERE personal_number = ?1 AND sod_sha256 = ?2"))
        .and_then(|mut statement| statement.query_row(params![owner, sod], CardRow::read).optional())
        .map_err(engine)?;
    row.ok_or_else(damaged("a claim without its card"))?.into_card().map(Some)
}

pub(super) fn of_person(connection: &Connection, number: &PersonalNumber) -> Result<Vec<Card>, StoreError> {
    let mut statement = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM card WHERE personal_number = ?1 ORDER BY issued, sod_sha256"
        ))
        .map_err(engine)?;
    let rows = statement.query_map([number.as_str()], CardRow::read).map_err(engine)?;
    rows.map(|row| row.map_err(engine)?.into_card()).collect()
}

pub(super) fn history(connection: &Connection, sod_sha256: &SodDigest) -> Result<Vec<CardEvent>, StoreError> {
    let Some(card) = load(connection, sod_sha256)? else {
        return Err(StoreError::UnknownCard);
    };
    let sod: &[u8] = sod_sha256.as_bytes();
    let mut statement = connection
        .prepare_cached(
            "SELECT status, since, reason, source, recorded_at FROM card_status_history \
             WHERE personal_number = ?1 AND sod_sha256 = ?2 ORDER BY position",
        )
        .map_err(engine)?;
    let mut rows = statement.query(params![card.number.as_str(), sod]).map_err(engine)?;
    let mut events = Vec::new();
    while let Some(row) = rows.next().map_err(engine)? {
        let text = |index| row.get::<_, String>(index).map_err(engine);
        events.push(CardEvent {
            status: CardStatus::parse(&text(0)?).ok_or_else(damaged("a card's status"))?,
            since: date(&text(1)?)?,
            reason: text(2)?,
            change: Change { source: text(3)?, at: timestamp(&text(4)?)? },
        });
    }
    Ok(events)
}

struct CardRow {
    number: String,
    sod: [u8; 32],
    document_number: String,
    chip_serial: String,
    issued: String,
    expires: Option<String>,
    status: String,
    since: String,
}

impl CardRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            sod: row.get(1)?,
            document_number: row.get(2)?,
            chip_serial: row.get(3)?,
            issued: row.get(4)?,
            expires: row.get(5)?,
            status: row.get(6)?,
            since: row.get(7)?,
        })
    }

    fn into_card(self) -> Result<Card, StoreError> {
        Ok(Card {
            number: number(&self.number)?,
            sod_sha256: SodDigest::from_bytes(self.sod),
            document_number: self.document_number,
            chip_serial: self.chip_serial,
            issued: date(&self.issued)?,
            expires: self.expires.as_deref().map(date).transpose()?,
            status: CardStatus::parse(&self.status).ok_or_else(damaged("a card's status"))?,
            since: date(&self.since)?,
        })
    }
}
