//! What was sent and never left, or came back unopened.

use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::Session;
use serde_json::json;

use super::lists::{TransportList, once, serials};
use super::operations::{moved, signing};
use super::transport::kept_list;
use super::{BlankState, BlankStep, Stock, StockError, rows};
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
            let Some(operation) = rows::begin(session, name, &detail, act, log)? else {
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
    let mut sent = Vec::new();
    for serial in serials(&list.serials, "list")? {
        if rows::blank(session, &serial)?.is_some_and(|row| row.state == BlankState::Sent) {
            sent.push(serial);
        }
    }
    Ok(sent)
}
