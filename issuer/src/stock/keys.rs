//! Keys that blanks make when they come to stock: a signed statement each, so that a card can be prepared and signed
//! without waiting for its chip. The chip proves at the read-back that it holds them.

use std::collections::BTreeMap;

use cccd_card_profile::protocol::private_key::PublicKey as ChipKey;
use cccd_keys::public_key::PublicKey;
use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Session, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::lists::Signed;
use super::operations::signing;
use super::{BlankState, InvalidBlankStep, Stock, StockError, rows};
use crate::audit::Auditor;
use crate::issuance::ChipKeys;
use crate::ledger::Act;

const FORMAT: &str = "cccd-blank-keys-1";
const WHAT: &str = "statement of a blank's keys";

/// What a station says of a blank's keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    format: String,
    serial: String,
    /// `SubjectPublicKeyInfo`, hex.
    active_authentication: Option<String>,
    /// `SubjectPublicKeyInfo`, hex.
    chip_authentication: Option<String>,
    at: String,
}

impl Statement {
    fn keys(&self) -> Result<ChipKeys, StockError> {
        Ok(ChipKeys {
            active_authentication: self.active_authentication.as_deref().map(key).transpose()?,
            chip_authentication: self.chip_authentication.as_deref().map(key).transpose()?,
        })
    }
}

fn key(text: &str) -> Result<ChipKey, StockError> {
    let der = hex::decode(text).map_err(|_| StockError::NoDocument(WHAT))?;
    ChipKey::from_spki(&der).map_err(|_| StockError::NoDocument(WHAT))
}

fn text(key: &ChipKey) -> Result<String, StockError> {
    key.to_spki().map(hex::encode).map_err(|_| StockError::NoDocument(WHAT))
}

impl Stock<'_> {
    /// Notes the keys that a blank in stock has just made, signed by this station. Keys noted before are superseded.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn note_keys(
        &mut self,
        serial: &ChipSerial,
        keys: &ChipKeys,
        act: Act<'_>,
    ) -> Result<(), StockError> {
        let statement = Statement {
            format: FORMAT.to_owned(),
            serial: serial.to_string(),
            active_authentication: keys.active_authentication.as_ref().map(text).transpose()?,
            chip_authentication: keys.chip_authentication.as_ref().map(text).transpose()?,
            at: act.at.to_string(),
        };
        let detail = json!({
            "serial": statement.serial, "active_authentication": statement.active_authentication,
            "chip_authentication": statement.chip_authentication,
        });
        self.write(|session, log| {
            let auditor = signing(log)?;
            let row = rows::taken(session, serial)?.ok_or(StockError::Unknown(*serial))?;
            if row.state != BlankState::InStock {
                let problem = InvalidBlankStep { from: row.state, step: super::BlankStep::Assign };
                return Err(StockError::Step { serial: *serial, problem });
            }
            let Ok(operation) = rows::begin(session, "keys", &detail, act, log)? else { return Ok(()) };
            let signed = Signed::make(&statement, auditor)?;
            keep(session, operation, auditor.station(), serial, &signed)?;
            rows::end(session, operation, ("keys", &detail), &[], act, log)
        })
    }

    /// The keys that a blank made at stock-in, if a station's signature says so.
    ///
    /// # Errors
    /// [`StockError::Signature`]: somebody changed the statement.
    pub fn keys_of(&self, serial: &ChipSerial) -> Result<Option<ChipKeys>, StockError> {
        let Some(auditor) = self.auditor else { return Ok(None) };
        self.database.read_anew(|session| {
            let statement = of(session, auditor, serial)?;
            statement.map(|statement| statement.keys()).transpose()
        })
    }
}

/// Blanks in stock, by whether they have made their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeysCounted {
    /// Those that have.
    pub with: u64,
    /// Those that have not.
    pub without: u64,
}

impl Stock<'_> {
    /// How many blanks in stock have made their keys.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn keys_counted(&self) -> Result<KeysCounted, StockError> {
        let sql = "SELECT count(*), count(k.serial) FROM blanks LEFT JOIN (SELECT DISTINCT serial FROM blank_keys) k \
                   ON k.serial = blanks.serial WHERE blanks.state = 'in-stock'";
        self.database.read_anew(|session| {
            let mut counted = KeysCounted::default();
            session.query(sql, &[], &mut |row| {
                let (all, with) = (row.count(0)?, row.count(1)?);
                counted = KeysCounted { with, without: all.saturating_sub(with) };
                Ok(())
            })?;
            Ok(counted)
        })
    }

    /// The blank whose keys were noted under the name of this request, if any were.
    ///
    /// # Errors
    /// [`StockError::RequestReused`]: something else was done under it.
    pub fn keys_noted_under(&self, request: &str) -> Result<Option<ChipSerial>, StockError> {
        let sql = "SELECT o.operation, k.serial FROM stock_operations o LEFT JOIN blank_keys k ON k.operation = o.id \
                   WHERE o.idempotency_key = ?1";
        self.database.read_anew(|session| {
            let mut found = None;
            session.query(sql, &[request.into()], &mut |row| {
                found = Some((row.needed(0)?, row.text(1)?));
                Ok(())
            })?;
            match found {
                None => Ok(None),
                Some((operation, Some(serial))) if operation == "keys" => {
                    serial.parse().map(Some).map_err(|_| StockError::NoDocument(WHAT))
                }
                Some(_) => Err(StockError::RequestReused),
            }
        })
    }
}

fn keep(
    session: &mut dyn Session,
    operation: i64,
    station: &str,
    serial: &ChipSerial,
    signed: &Signed,
) -> Result<(), StoreError> {
    session.later(
        "INSERT INTO blank_keys (serial, operation, station, statement) VALUES (?1, ?2, ?3, ?4)",
        vec![serial.to_string().into(), operation.into(), station.to_owned().into(), signed.to_text().into()],
    )
}

/// The newest statement, its signature verified.
fn of(
    session: &mut dyn Session,
    auditor: &Auditor,
    serial: &ChipSerial,
) -> Result<Option<Statement>, StockError> {
    let mut found = None;
    session.query(
        "SELECT blank_keys.station, statement, public_key FROM blank_keys LEFT JOIN stock_stations \
         ON stock_stations.station = blank_keys.station WHERE serial = ?1 ORDER BY operation DESC LIMIT 1",
        &[serial.to_string().into()],
        &mut |row| {
            found = Some((row.needed(0)?, row.needed(1)?, row.text(2)?));
            Ok(())
        },
    )?;
    let Some((station, text, other)) = found else { return Ok(None) };
    let signed = Signed::parse(&text)?;
    let statement: Statement = if station == auditor.station() {
        signed.opened(WHAT, auditor.public_key())?
    } else {
        let der = other.and_then(|text| hex::decode(text).ok()).ok_or(StockError::Signature(WHAT))?;
        let key = PublicKey::from_spki(&der).map_err(|_| StockError::Signature(WHAT))?;
        if key.fingerprint() != station {
            return Err(StockError::Signature(WHAT));
        }
        signed.opened(WHAT, &key)?
    };
    let right = statement.format == FORMAT && statement.serial == serial.to_string();
    if right { Ok(Some(statement)) } else { Err(StockError::Signature(WHAT)) }
}

/// The statements of these blanks, signed by us: the receiver need not know whom we believed.
pub(super) fn carried(
    session: &mut dyn Session,
    auditor: &Auditor,
    blanks: &[ChipSerial],
) -> Result<Vec<Signed>, StockError> {
    let mut found = Vec::new();
    for serial in blanks {
        if let Some(statement) = of(session, auditor, serial)? {
            found.push(Signed::make(&statement, auditor)?);
        }
    }
    Ok(found)
}

/// The statements that came with a list: each of a listed blank, each signed by the sender.
pub(super) fn statements(
    carried: &[Signed],
    sender: &PublicKey,
    listed: &[ChipSerial],
) -> Result<BTreeMap<[u8; 10], Signed>, StockError> {
    if carried.len() > listed.len() {
        return Err(StockError::NoDocument("list"));
    }
    let listed: std::collections::BTreeSet<[u8; 10]> = listed.iter().map(|serial| serial.0).collect();
    let mut found = BTreeMap::new();
    for signed in carried {
        let statement: Statement = signed.opened(WHAT, sender)?;
        let serial: ChipSerial = statement.serial.parse().map_err(|_| StockError::NoDocument(WHAT))?;
        statement.keys()?;
        if statement.format != FORMAT || !listed.contains(&serial.0) {
            return Err(StockError::NoDocument(WHAT));
        }
        found.insert(serial.0, signed.clone());
    }
    Ok(found)
}

pub(super) fn keep_carried(
    session: &mut dyn Session,
    operation: i64,
    sender: &PublicKey,
    statements: &BTreeMap<[u8; 10], Signed>,
) -> Result<(), StoreError> {
    let station = sender.fingerprint();
    session.execute(
        "INSERT INTO stock_stations (station, public_key) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        &[station.as_str().into(), hex::encode(sender.spki()).into()],
    )?;
    for (serial, signed) in statements {
        keep(session, operation, &station, &ChipSerial(*serial), signed)?;
    }
    Ok(())
}
