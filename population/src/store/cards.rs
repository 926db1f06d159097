//! Rows of cards, their claims and their history.

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::damaged;
use super::engine::{Row, Session, Value};
use super::kept;
use super::numbers;
use super::persons::{self, date, number, timestamp};
use crate::card::{Card, CardStatus, NewCard, SodDigest, is_chip_serial, is_document_number};
use crate::day_in_vietnam;
use crate::person::Life;
use crate::store::{CardEvent, Change, StoreError};

macro_rules! columns {
    () => {
        "personal_number, sod_sha256, document_number, chip_serial, issued, expires, status, status_since"
    };
}

pub(super) fn record(
    session: &mut dyn Session,
    card: &NewCard,
    change: &Change,
) -> Result<(Card, bool), StoreError> {
    check_form(card)?;
    if card.issued > day_in_vietnam(change.at) {
        return Err(StoreError::CardForm("issued"));
    }
    if let Some(known) = load(session, &card.sod_sha256)? {
        return repeat(known, card);
    }
    let person = persons::locked(session, &card.number)?.ok_or(StoreError::UnknownPerson)?;
    if person.life != Life::Alive {
        return Err(StoreError::NotAlive(person.life.as_str()));
    }
    if let Some(replaced) = &card.replaces {
        let old = load(session, replaced)?.ok_or(StoreError::UnknownCard)?;
        if old.number != card.number && numbers::current(session, &old.number)? != card.number {
            return Err(StoreError::Claimed("the card to be replaced"));
        }
        if old.issued > card.issued {
            return Err(StoreError::CardForm("replaces"));
        }
        if old.status != CardStatus::Replaced {
            set_status(
                session,
                replaced,
                CardStatus::Replaced,
                card.issued,
                "replaced by a new card",
                change,
            )?;
        }
    }
    if card.issued < person.birth_date.earliest() {
        return Err(StoreError::CardForm("issued"));
    }
    let others = of_person(session, &card.number)?;
    // A card of before that comes in late, from another system: it is in use no more.
    let ended = ended_before(card, &others);
    for other in others.iter().filter(|_| ended.is_none()) {
        match other.status_on(card.issued) {
            (CardStatus::Expired, since) if other.status.is_in_use() => {
                let reason = "past its last day";
                set_status(session, &other.sod_sha256, CardStatus::Expired, since, reason, change)?;
            }
            (status, _) if status.is_in_use() => return Err(StoreError::CardInUse),
            _ => {}
        }
    }
    insert(session, card, ended, change)
}

/// What a card had become before it was recorded, where a newer one is known. One that is merely past its last day is told by it.
fn ended_before(card: &NewCard, others: &[Card]) -> Option<(CardStatus, Date, &'static str)> {
    let newer = others.iter().map(|other| other.issued).filter(|issued| *issued > card.issued).min()?;
    Some(match card.expires {
        Some(last) if last < newer => {
            (CardStatus::Expired, last.tomorrow().unwrap_or(last), "past its last day")
        }
        _ => (CardStatus::Replaced, newer, "a newer card is known"),
    })
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

/// `ended` is what it has become before it was recorded.
fn insert(
    session: &mut dyn Session,
    card: &NewCard,
    ended: Option<(CardStatus, Date, &str)>,
    change: &Change,
) -> Result<(Card, bool), StoreError> {
    let sod = card.sod_sha256.as_bytes().as_slice();
    let own = card.number.as_str();
    let claimed = session.execute(
        "INSERT INTO sod_claim (sod_sha256, personal_number) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        &[sod.into(), own.into()],
    )?;
    if claimed == 0 {
        return Err(StoreError::Claimed("sod_sha256"));
    }
    let claimed = session.execute(
        "INSERT INTO chip_claim (chip_serial, personal_number, sod_sha256) VALUES (?1, ?2, ?3) \
         ON CONFLICT DO NOTHING",
        &[(&card.chip_serial).into(), own.into(), sod.into()],
    )?;
    if claimed == 0 {
        return Err(StoreError::Claimed("chip_serial"));
    }
    let (status, since, reason) = ended.unwrap_or((CardStatus::Active, card.issued, "issued"));
    session.execute(
        concat!("INSERT INTO card (", columns!(), ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
        &[
            own.into(),
            sod.into(),
            (&card.document_number).into(),
            (&card.chip_serial).into(),
            card.issued.to_string().into(),
            card.expires.map(|date| date.to_string()).into(),
            status.as_str().into(),
            since.to_string().into(),
        ],
    )?;
    let card = Card { status, since, ..card.clone().into_card() };
    let position = add_event(session, &card, reason, change)?;
    kept::card(session, None, &card, position)?;
    Ok((card, true))
}

/// A status begins when the card was there, and not in days to come.
pub(super) fn possible_since(
    session: &mut dyn Session,
    sod_sha256: &SodDigest,
    since: Date,
    change: &Change,
) -> Result<(), StoreError> {
    let issued = load(session, sod_sha256)?.map(|card| card.issued);
    let possible = since <= day_in_vietnam(change.at) && issued.is_none_or(|issued| issued <= since);
    if possible { Ok(()) } else { Err(StoreError::CardForm("since")) }
}

pub(super) fn set_status(
    session: &mut dyn Session,
    sod_sha256: &SodDigest,
    status: CardStatus,
    since: Date,
    reason: &str,
    change: &Change,
) -> Result<Card, StoreError> {
    let mut card = find(session, sod_sha256, true)?.ok_or(StoreError::UnknownCard)?;
    if card.status == status {
        return Ok(card);
    }
    let before = card.status;
    card.status = before.change(status)?;
    card.since = since;
    let sod = sod_sha256.as_bytes().as_slice();
    session.execute(
        "UPDATE card SET status = ?3, status_since = ?4 WHERE personal_number = ?1 AND sod_sha256 = ?2",
        &[card.number.as_str().into(), sod.into(), status.as_str().into(), since.to_string().into()],
    )?;
    let position = add_event(session, &card, reason, change)?;
    kept::card(session, Some(before), &card, position)?;
    Ok(card)
}

/// Answers its place in the card's history.
fn add_event(
    session: &mut dyn Session,
    card: &Card,
    reason: &str,
    change: &Change,
) -> Result<i64, StoreError> {
    let sod = card.sod_sha256.as_bytes().as_slice();
    let own = card.number.as_str();
    let reason: String = crate::name::clean(reason).chars().take(crate::person::MAX_TEXT).collect();
    let mut position = 1;
    // Whoever adds one holds the card's row.
    session.query(
        "SELECT coalesce(max(position), 0) FROM card_status_history \
         WHERE personal_number = ?1 AND sod_sha256 = ?2",
        &[own.into(), sod.into()],
        &mut |row| {
            position = row.int(0)?.unwrap_or(0).saturating_add(1);
            Ok(())
        },
    )?;
    let values: [Value<'_>; 8] = [
        own.into(),
        sod.into(),
        position.into(),
        card.status.as_str().into(),
        card.since.to_string().into(),
        reason.into(),
        (&change.source).into(),
        change.at.to_string().into(),
    ];
    session
        .execute(
            "INSERT INTO card_status_history \
             (personal_number, sod_sha256, position, status, since, reason, source, recorded_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            &values,
        )
        .map(|_| position)
}

pub(super) fn load(session: &mut dyn Session, sod_sha256: &SodDigest) -> Result<Option<Card>, StoreError> {
    find(session, sod_sha256, false)
}

fn find(session: &mut dyn Session, sod_sha256: &SodDigest, lock: bool) -> Result<Option<Card>, StoreError> {
    let sod = sod_sha256.as_bytes().as_slice();
    let mut owner = None;
    session.query(
        "SELECT personal_number FROM sod_claim WHERE sod_sha256 = ?1",
        &[sod.into()],
        &mut |row| {
            owner = row.text(0)?;
            Ok(())
        },
    )?;
    let Some(owner) = owner else {
        return Ok(None);
    };
    let sql = if lock {
        concat!("SELECT ", columns!(), " FROM card WHERE personal_number = ?1 AND sod_sha256 = ?2 FOR UPDATE")
    } else {
        concat!("SELECT ", columns!(), " FROM card WHERE personal_number = ?1 AND sod_sha256 = ?2")
    };
    let mut card = None;
    session.query(sql, &[owner.into(), sod.into()], &mut |row| {
        card = Some(read(row)?);
        Ok(())
    })?;
    card.ok_or_else(damaged("a claim without its card")).map(Some)
}

/// The person's cards, under the numbers that they had before as well: a card is of somebody, whatever number it bears.
pub(super) fn of_person(session: &mut dyn Session, number: &PersonalNumber) -> Result<Vec<Card>, StoreError> {
    let sql =
        concat!("SELECT ", columns!(), " FROM card WHERE personal_number = ?1 ORDER BY issued, sod_sha256");
    let mut cards = Vec::new();
    for number in numbers::borne_by(session, number)? {
        session.query(sql, &[number.as_str().into()], &mut |row| {
            cards.push(read(row)?);
            Ok(())
        })?;
    }
    cards.sort_by_key(|card| (card.issued, card.sod_sha256));
    Ok(cards)
}

pub(super) fn history(
    session: &mut dyn Session,
    sod_sha256: &SodDigest,
) -> Result<Vec<CardEvent>, StoreError> {
    let Some(card) = load(session, sod_sha256)? else {
        return Err(StoreError::UnknownCard);
    };
    let sod = sod_sha256.as_bytes().as_slice();
    let mut events = Vec::new();
    session.query(
        "SELECT status, since, reason, source, recorded_at FROM card_status_history \
         WHERE personal_number = ?1 AND sod_sha256 = ?2 ORDER BY position",
        &[card.number.as_str().into(), sod.into()],
        &mut |row| {
            events.push(CardEvent {
                status: CardStatus::parse(&row.needed(0)?).ok_or_else(damaged("a card's status"))?,
                since: date(&row.needed(1)?)?,
                reason: row.needed(2)?,
                change: Change { source: row.needed(3)?, at: timestamp(&row.needed(4)?)? },
            });
            Ok(())
        },
    )?;
    Ok(events)
}

/// Cards that are not in use, as they stand; those whose last day is past are in use here.
pub(super) fn out_of_use(session: &mut dyn Session) -> Result<Vec<(SodDigest, CardStatus)>, StoreError> {
    let mut found = Vec::new();
    session.query("SELECT sod_sha256, status FROM card WHERE status <> 'active'", &[], &mut |row| {
        let sod = row.bytes(0)?.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let sod = SodDigest::from_bytes(sod.ok_or_else(damaged("a card's hash"))?);
        found.push((sod, CardStatus::parse(&row.needed(1)?).ok_or_else(damaged("a card's status"))?));
        Ok(())
    })?;
    Ok(found)
}

fn read(row: &dyn Row) -> Result<Card, StoreError> {
    let sod = row.bytes(1)?.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    Ok(Card {
        number: number(&row.needed(0)?)?,
        sod_sha256: SodDigest::from_bytes(sod.ok_or_else(damaged("a card's hash"))?),
        document_number: row.needed(2)?,
        chip_serial: row.needed(3)?,
        issued: date(&row.needed(4)?)?,
        expires: row.text(5)?.as_deref().map(date).transpose()?,
        status: CardStatus::parse(&row.needed(6)?).ok_or_else(damaged("a card's status"))?,
        since: date(&row.needed(7)?)?,
    })
}
