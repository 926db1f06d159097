//! What a chip makes of wrong passwords (TR-03110-2 §2.5, TR-03110-3 B.11, B.12).
//!
//! The PIN's tries are counted: with one left it is *suspended* until the card access number was proved, with none it is
//! *blocked* until the PUK was proved. The other passwords never block; every wrong try makes the next one slower.
//! Both are values: who keeps a chip's state keeps them, and who has a clock waits.

use crate::apdu::{Command, StatusWord};
use std::time::Duration;

/// The tries left of a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinTries {
    left: u8,
}

/// What may be done with a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinStatus {
    /// It may be tried.
    Operational {
        /// So many times.
        left: u8,
    },
    /// One try is left, and only in a session that the card access number opened.
    Suspended,
    /// No try is left. The PUK unblocks it.
    Blocked,
}

impl PinTries {
    /// The tries of a fresh or unblocked PIN.
    pub const INITIAL: u8 = 3;

    /// All of them.
    #[must_use]
    pub const fn full() -> Self {
        Self { left: Self::INITIAL }
    }

    /// As kept; more than all are all.
    #[must_use]
    pub fn of(left: u8) -> Self {
        Self { left: left.min(Self::INITIAL) }
    }

    /// How many are left.
    #[must_use]
    pub const fn left(self) -> u8 {
        self.left
    }

    /// What may be done.
    #[must_use]
    pub const fn status(self) -> PinStatus {
        match self.left {
            0 => PinStatus::Blocked,
            1 => PinStatus::Suspended,
            left => PinStatus::Operational { left },
        }
    }

    /// One try less: to be kept **before** the try is compared, so that no cut of the power gives it back.
    #[must_use]
    pub const fn counted(self) -> Self {
        Self { left: self.left.saturating_sub(1) }
    }

    /// What MSE:SET AT answers: `9000`, or the warning `63Cx` with the tries left once one was lost (TR-03110-3
    /// B.11.1).
    #[must_use]
    pub const fn announcement(self) -> StatusWord {
        if self.left >= Self::INITIAL { StatusWord::OK } else { self.warning() }
    }

    /// `63Cx`: what GENERAL AUTHENTICATE answers to a wrong PIN, after it was counted.
    #[must_use]
    pub const fn warning(self) -> StatusWord {
        StatusWord::tries_left(self.left)
    }

    /// Whether a try is taken, in a session that the card access number opened (`resumed`) or not.
    ///
    /// # Errors
    /// `6983` when blocked, `6985` when suspended and not resumed (TR-03110-3 B.11.2).
    pub const fn admit(self, resumed: bool) -> Result<(), StatusWord> {
        match self.status() {
            PinStatus::Operational { .. } => Ok(()),
            PinStatus::Suspended if resumed => Ok(()),
            PinStatus::Suspended => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
            PinStatus::Blocked => Err(StatusWord::AUTHENTICATION_METHOD_BLOCKED),
        }
    }
}

/// RESET RETRY COUNTER `00 2C`: unblocks the PIN (P1 `03`, in a session that the PUK opened), or gives it a new value (P1
/// `02`, in a session that the PIN opened) (TR-03110-3 B.12).
#[must_use]
pub fn reset_retry_counter(new_pin: Option<&str>) -> Command {
    match new_pin {
        Some(pin) => Command::new(0x00, 0x2C, 0x02, 0x03).with_data(pin.as_bytes()),
        None => Command::new(0x00, 0x2C, 0x03, 0x03),
    }
}

/// The first wait after a wrong password that is not counted.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How long a chip waits before it compares a try, after so many wrong ones in a row: nothing, then 100 ms, doubled with
/// each, up to five seconds. It waits whether the try is right or wrong: cutting the power instead gains nothing.
#[must_use]
pub fn wait_before_try(wrong_before: u16) -> Duration {
    let Some(doublings) = wrong_before.checked_sub(1) else { return Duration::ZERO };
    let factor = 1_u32.checked_shl(u32::from(doublings)).unwrap_or(u32::MAX);
    FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// TR-03110-2 §2.5: operational, suspended, blocked.
    #[test]
    fn a_pin_is_suspended_before_it_is_blocked() {
        let three = PinTries::full();
        assert_eq!(three.announcement(), StatusWord::OK);
        assert_eq!(three.admit(false), Ok(()));
        let two = three.counted();
        assert_eq!((two.warning(), two.announcement()), (StatusWord(0x63C2), StatusWord(0x63C2)));
        assert_eq!(two.admit(false), Ok(()));
        let one = two.counted();
        assert_eq!((one.status(), one.warning()), (PinStatus::Suspended, StatusWord(0x63C1)));
        assert_eq!(one.admit(false), Err(StatusWord::CONDITIONS_NOT_SATISFIED));
        assert_eq!(one.admit(true), Ok(()));
        let none = one.counted();
        assert_eq!((none.status(), none.warning()), (PinStatus::Blocked, StatusWord(0x63C0)));
        for resumed in [false, true] {
            assert_eq!(none.admit(resumed), Err(StatusWord::AUTHENTICATION_METHOD_BLOCKED));
        }
        assert_eq!(none.counted(), none);
        assert_eq!(PinTries::of(200), PinTries::full());
    }

    #[test]
    fn every_wrong_try_makes_the_next_slower_up_to_a_limit() {
        let waits: Vec<_> = (0..200).map(wait_before_try).collect();
        assert_eq!(waits[0], Duration::ZERO);
        assert_eq!(waits[1..4], [100, 200, 400].map(Duration::from_millis));
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(wait_before_try(u16::MAX), Duration::from_secs(5));
    }
}
