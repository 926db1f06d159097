//! What was sent and never left, or came back unopened.

use std::collections::HashSet;

use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Session, StoreError};
use serde_json::json;

use super::lists::{TransportList, once, serials};
use super::operations::{moved, signing};
use super::transport::kept_list;
use super::{BlankStep, Stock, StockError, rows};
use crate::audit::Auditor;
use crate::ledger::Act;

impl Stock<'_> {
    /// Takes back all of a transport that no receipt has acknowledged; answers which.
    ///
    /// # Errors
    /// [`StockError`]; nothing of it is on the way any more, or it was not sent from here.
    pub fn take_back_transport(
        &mut self,
        reference: &str,
        act: Act<'_>,
    ) -> Result<Vec<ChipSerial>, StockError> {
        let detail = json!({"transport": reference});
        let name = BlankStep::TakeBack.as_str();
        self.write(|session, log| {
            let auditor = signing(log)?;
            let Ok(operation) = rows::begin(session, name, &detail, act, log)? else {
                return Ok(Vec::new());
            };
            let back = still_sent(session, auditor, reference)?;
            once(&back)?;
            let events = moved(session, operation, BlankStep::TakeBack, &back, None, act)?;
            rows::end(session, operation, (name, &detail), &events, act, log)?;
            Ok(back.clone())
        })
    }
}

/// The blanks of our list with this name that are still on the way.
fn still_sent(
    session: &mut dyn Session,
    auditor: &Auditor,
    reference: &str,
) -> Result<Vec<ChipSerial>, StockError> {
    let list = kept_list(session, auditor.station(), reference)?.ok_or(StockError::NoTransport)?;
    let list: TransportList = list.opened("list", auditor.public_key())?;
    let sent = on_the_way(session, (auditor.station(), reference), false)?;
    Ok(serials(&list.serials, "list")?.into_iter().filter(|serial| sent.contains(serial)).collect())
}

/// What a transport that was sent from here has still with it: a blank that was taken back since goes with another one, if with
/// any. With `or_lost` also what was noted as lost on this way.
pub(super) fn on_the_way(
    session: &mut dyn Session,
    (sender, reference): (&str, &str),
    or_lost: bool,
) -> Result<HashSet<ChipSerial>, StockError> {
    let of = "SELECT b.serial FROM stock_transports t JOIN blank_events e ON e.operation = t.operation \
              JOIN blanks b ON b.serial = e.serial WHERE t.sender = ?1 AND t.reference = ?2 \
              AND (b.state = 'sent' AND b.last_event = e.sequence \
                   OR ?3 = 1 AND b.state = 'lost' AND b.last_event = e.sequence + 1)";
    let mut found = HashSet::new();
    session.query(of, &[sender.into(), reference.into(), i64::from(or_lost).into()], &mut |row| {
        found.insert(row.needed_str(0)?.parse().map_err(|_| StoreError::Inconsistent("a serial"))?);
        Ok(())
    })?;
    Ok(found)
}
