//! A blank comes to stock: it makes its keys, which are signed into the ledger before it leaves the reader.

use cccd_keys::transport_keys::ChipSerial;

use crate::issuance::ChipAlgorithms;
use crate::ledger::{Act, Ledger, LedgerError};
use crate::personalize::{CardDriver, ChipLife, make_keys};
use crate::station::IssueError;
use crate::stock::{BlankState, StockError};

/// Has the blank at hand make its keys, and notes them. The same request again finds what the first one did, and the chip is not
/// asked for other keys: those that the ledger knows would be wrong then.
///
/// # Errors
/// [`IssueError`]: a chip that is no blank, or not in stock, is left as it is.
pub fn make_keys_at_stock_in(
    ledger: &mut Ledger,
    driver: &mut dyn CardDriver,
    algorithms: ChipAlgorithms,
    act: Act<'_>,
) -> Result<ChipSerial, IssueError> {
    let report = driver.probe().map_err(IssueError::Chip)?;
    let serial = report.serial;
    if let Some(request) = act.request
        && let Some(of) = ledger.stock().keys_noted_under(request)?
    {
        return if of == serial { Ok(serial) } else { Err(StockError::RequestReused.into()) };
    }
    if report.life != ChipLife::Blank {
        return Err(IssueError::NotBlank { serial, what: "keys are made on blanks only" });
    }
    let found = ledger.stock().blank(&serial)?.map(|blank| blank.state);
    if found != Some(BlankState::InStock) {
        return Err(LedgerError::NotInStock { serial, found }.into());
    }
    let keys = make_keys(driver, algorithms).map_err(IssueError::Chip)?;
    ledger.stock().note_keys(&serial, &keys, act)?;
    Ok(serial)
}
