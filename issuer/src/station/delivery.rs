//! The card that is made is handed to whom it is of.

use cccd_population::card::CardStatus;
use serde_json::Value;

use super::IssueError;
use crate::application::{State, Step};
use crate::ledger::{Act, ApplicationId, Ledger};
use crate::register::{Register, day_in_vietnam};

/// Notes that the card was handed over, unless the register has withdrawn it: between issue and delivery a card may be reported
/// lost or revoked. One that was handed over is answered again. `nonce` binds the register's answer.
///
/// # Errors
/// [`IssueError::OutOfUse`] and others; then nothing changed.
pub fn hand_over(
    ledger: &mut Ledger,
    register: &mut dyn Register,
    id: ApplicationId,
    nonce: &[u8; 16],
    act: Act<'_>,
) -> Result<State, IssueError> {
    let entry = ledger.entry(id)?;
    if let Some(signed) = entry.signed.filter(|_| entry.state == State::Issued) {
        let (status, _) = register.card_status(&signed.sod_sha256, nonce, day_in_vietnam(act.at))?;
        if status != CardStatus::Active {
            return Err(IssueError::OutOfUse(status));
        }
    }
    Ok(ledger.advance(id, Step::Deliver, None, &Value::Null, act)?)
}
