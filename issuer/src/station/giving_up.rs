//! A chip in work is given up: whatever the register knows of it is no card any more.

use cccd_population::card::CardStatus;
use serde_json::Value;

use super::IssueError;
use crate::application::{State, Step};
use crate::ledger::{Act, ApplicationId, Ledger};
use crate::register::{Register, RegisterError, day_in_vietnam};

/// Notes that the chip of an application is given up. Between the register and the ledger a run may have ended: a card that was
/// recorded already is destroyed in the register first, since whoever keeps the chip would hold a valid one. `nonce` binds the
/// register's answer.
///
/// # Errors
/// [`IssueError`]; then the ledger is as it was.
pub fn give_up(
    ledger: &mut Ledger,
    register: &mut dyn Register,
    id: ApplicationId,
    (reason, nonce): (&str, &[u8; 16]),
    act: Act<'_>,
) -> Result<State, IssueError> {
    let entry = ledger.entry(id)?;
    if let Some(signed) = entry.signed.filter(|_| entry.state.is_in_work()) {
        match register.card_status(&signed.sod_sha256, nonce, day_in_vietnam(act.at)) {
            Ok((CardStatus::Destroyed, _)) | Err(RegisterError::UnknownCard) => {}
            Ok(_) => {
                let why = format!("its chip was given up before it was issued: {reason}");
                register.set_card_status(&signed.sod_sha256, CardStatus::Destroyed, &why, act.at)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(ledger.advance(id, Step::Spoil, Some(reason), &Value::Null, act)?)
}
