//! Passwords: which there are, what a wrong one costs, RESET RETRY COUNTER (TR-03110-2 §2.5, TR-03110-3 B.11, B.12).

use cccd_card_profile::access::ChipAccess;
use cccd_card_profile::apdu::{Command, Response, StatusWord};
use cccd_card_profile::protocol::pace::{Password, PasswordType, PinTries, wait_before_try};
use zeroize::Zeroizing;

use super::{Chip, Protection};
use crate::lab::Defect;

/// The fewest digits of a PIN that its holder chooses (TR-03110-2 §2.5).
const LEAST_PIN_DIGITS: usize = 6;

impl Chip {
    /// The chip's password of a kind, if it has one.
    pub(super) fn password(&self, kind: PasswordType) -> Option<Password> {
        match kind {
            PasswordType::Mrz => {
                let information = self.state.mrz.as_ref().and_then(crate::state::MrzSeed::information);
                information.as_ref().map(Password::mrz)
            }
            PasswordType::Can => self.state.can.as_ref().and_then(|can| Password::can(can).ok()),
            PasswordType::Pin => self.state.pin.as_ref().and_then(|pin| Password::pin(&pin.digits).ok()),
            PasswordType::Puk => self.state.puk.as_ref().and_then(|puk| Password::puk(puk).ok()),
        }
    }

    /// What MSE:SET AT answers: for the PIN, how many tries are left once one was lost.
    pub(super) fn announcement(&self, kind: PasswordType) -> StatusWord {
        match (kind, &self.state.pin) {
            (PasswordType::Pin, Some(pin)) => pin.tries.announcement(),
            _ => StatusWord::OK,
        }
    }

    /// Whether a password may be tried now: the PIN may be suspended or blocked.
    pub(super) fn admit(&self, kind: PasswordType) -> Result<(), StatusWord> {
        let resumed = self.session.status.chip_access == Some(ChipAccess::PaceCan);
        match (kind, &self.state.pin) {
            (PasswordType::Pin, Some(pin)) => pin.tries.admit(resumed),
            _ => Ok(()),
        }
    }

    /// Before a try is compared: the PIN's is counted and on disk; for the others the chip waits.
    pub(super) fn before_try(&mut self, kind: PasswordType) -> Result<(), StatusWord> {
        if let Some(wrong) = self.state.wrong_tries.of(kind) {
            self.delay.wait(wait_before_try(*wrong));
            return Ok(());
        }
        if let Some(pin) = &mut self.state.pin {
            pin.tries = pin.tries.counted();
            self.changed = true;
        }
        self.persisted()
    }

    /// After a try was right: nothing is held against the next.
    pub(super) fn right_try(&mut self, kind: PasswordType) {
        match (self.state.wrong_tries.of(kind), &mut self.state.pin) {
            (Some(wrong), _) if *wrong != 0 => *wrong = 0,
            (None, Some(pin)) => pin.tries = PinTries::full(),
            _ => return,
        }
        self.changed = true;
    }

    /// After a try was wrong: what is answered.
    pub(super) fn wrong_try(&mut self, kind: PasswordType) -> StatusWord {
        if self.has(Defect::OpensOnFailure) {
            self.session.status.chip_access = Some(ChipAccess::Bac);
        }
        if let Some(wrong) = self.state.wrong_tries.of(kind) {
            *wrong = wrong.saturating_add(1);
            self.changed = true;
            return StatusWord::AUTHENTICATION_FAILED;
        }
        // Counted before.
        self.state.pin.as_ref().map_or(StatusWord::AUTHENTICATION_FAILED, |pin| pin.tries.warning())
    }

    /// RESET RETRY COUNTER: `03 03` unblocks the PIN after the PUK, `02 03` gives a new one after the old one.
    pub(super) fn reset_retry_counter(
        &mut self,
        command: &Command,
        protection: Protection,
    ) -> Result<Response, StatusWord> {
        let access = self.session.status.chip_access.filter(|_| protection == Protection::Citizen);
        let (allowed, new) = match command.p1_p2() {
            0x0303 if command.data().is_empty() => (ChipAccess::PacePuk, None),
            0x0203 => (ChipAccess::PacePin, Some(new_pin(command.data()))),
            0x0303 => return Err(StatusWord::WRONG_LENGTH),
            _ => return Err(StatusWord::INCORRECT_P1_P2),
        };
        if access != Some(allowed) {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        let pin = self.state.pin.as_mut().ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        if let Some(digits) = new {
            pin.digits = digits.ok_or(StatusWord::INCORRECT_DATA)?;
        }
        pin.tries = PinTries::full();
        self.changed = true;
        Ok(Response::ok(Vec::new()))
    }
}

fn new_pin(data: &[u8]) -> Option<Zeroizing<String>> {
    let digits = std::str::from_utf8(data).ok().filter(|digits| digits.len() >= LEAST_PIN_DIGITS)?;
    Password::pin(digits).ok()?;
    Some(Zeroizing::new(digits.to_owned()))
}
