//! Status words (ISO/IEC 7816-4 §5.6).

use std::fmt;

/// SW1 and SW2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusWord(pub u16);

/// What a status word means for the command (ISO/IEC 7816-4 §5.6, table of SW1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusClass {
    /// `9000`: done.
    Success,
    /// `61xx`: done, more bytes wait for GET RESPONSE.
    MoreData {
        /// How many (256 when SW2 is `00`).
        available: u16,
    },
    /// `62xx`, `63xx`: done, with a warning.
    Warning,
    /// `6Cxx`: ask again with this expected length.
    WrongExpectedLength {
        /// The exact length (256 when SW2 is `00`).
        exact: u16,
    },
    /// `64xx` to `66xx`: execution error.
    ExecutionError,
    /// `67xx` to `6Fxx`: checking error, the card refuses.
    CheckingError,
    /// Anything else: not an interindustry status word.
    Proprietary,
}

impl StatusWord {
    /// `9000` no further qualification.
    pub const OK: Self = Self(0x9000);
    /// `6282` end of file reached before reading all requested bytes.
    pub const END_OF_FILE: Self = Self(0x6282);
    /// `6283` selected file deactivated.
    pub const FILE_DEACTIVATED: Self = Self(0x6283);
    /// `6300` warning; in PACE and BAC, authentication failed.
    pub const AUTHENTICATION_FAILED: Self = Self(0x6300);
    /// `6581` memory failure.
    pub const MEMORY_FAILURE: Self = Self(0x6581);
    /// `6700` wrong length.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// `6882` secure messaging not supported.
    pub const SECURE_MESSAGING_NOT_SUPPORTED: Self = Self(0x6882);
    /// `6883` last command of the chain expected.
    pub const LAST_COMMAND_EXPECTED: Self = Self(0x6883);
    /// `6884` command chaining not supported.
    pub const CHAINING_NOT_SUPPORTED: Self = Self(0x6884);
    /// `6982` security status not satisfied.
    pub const SECURITY_STATUS_NOT_SATISFIED: Self = Self(0x6982);
    /// `6983` authentication method blocked.
    pub const AUTHENTICATION_METHOD_BLOCKED: Self = Self(0x6983);
    /// `6984` reference data not usable.
    pub const REFERENCE_DATA_NOT_USABLE: Self = Self(0x6984);
    /// `6985` conditions of use not satisfied.
    pub const CONDITIONS_NOT_SATISFIED: Self = Self(0x6985);
    /// `6986` command not allowed, no current EF.
    pub const COMMAND_NOT_ALLOWED: Self = Self(0x6986);
    /// `6987` expected secure messaging data objects missing.
    pub const SECURE_MESSAGING_OBJECTS_MISSING: Self = Self(0x6987);
    /// `6988` incorrect secure messaging data objects.
    pub const SECURE_MESSAGING_OBJECTS_INCORRECT: Self = Self(0x6988);
    /// `6A80` incorrect parameters in the command data field.
    pub const INCORRECT_DATA: Self = Self(0x6A80);
    /// `6A81` function not supported.
    pub const FUNCTION_NOT_SUPPORTED: Self = Self(0x6A81);
    /// `6A82` file not found.
    pub const FILE_NOT_FOUND: Self = Self(0x6A82);
    /// `6A84` not enough memory space.
    pub const NOT_ENOUGH_MEMORY: Self = Self(0x6A84);
    /// `6A86` incorrect P1 P2.
    pub const INCORRECT_P1_P2: Self = Self(0x6A86);
    /// `6A88` referenced data not found.
    pub const REFERENCED_DATA_NOT_FOUND: Self = Self(0x6A88);
    /// `6A89` file already exists.
    pub const FILE_ALREADY_EXISTS: Self = Self(0x6A89);
    /// `6B00` wrong parameters: offset outside the EF.
    pub const WRONG_PARAMETERS: Self = Self(0x6B00);
    /// `6D00` instruction not supported.
    pub const INSTRUCTION_NOT_SUPPORTED: Self = Self(0x6D00);
    /// `6E00` class not supported.
    pub const CLASS_NOT_SUPPORTED: Self = Self(0x6E00);
    /// `6F00` no precise diagnosis.
    pub const NO_PRECISE_DIAGNOSIS: Self = Self(0x6F00);

    /// `63Cx`: so many tries are left; 15 and more are announced as 15.
    #[must_use]
    pub const fn tries_left(left: u8) -> Self {
        Self(u16::from_be_bytes([0x63, 0xC0 | if left > 15 { 15 } else { left }]))
    }

    /// The tries left that a `63Cx` tells.
    #[must_use]
    pub const fn as_tries_left(self) -> Option<u8> {
        match self.0.to_be_bytes() {
            [0x63, digit @ 0xC0..=0xCF] => Some(digit & 0x0F),
            _ => None,
        }
    }

    /// `61xx` for so many waiting bytes; 256 and more are announced as `6100`.
    #[must_use]
    pub fn more_data(available: usize) -> Self {
        Self(0x6100 | u16::from(u8::try_from(available).unwrap_or(0)))
    }

    /// `6Cxx` for the exact length; 256 is announced as `6C00`.
    #[must_use]
    pub fn exact_length(exact: usize) -> Self {
        Self(0x6C00 | u16::from(u8::try_from(exact).unwrap_or(0)))
    }

    /// SW1.
    #[must_use]
    pub const fn sw1(self) -> u8 {
        self.0.to_be_bytes()[0]
    }

    /// SW2.
    #[must_use]
    pub const fn sw2(self) -> u8 {
        self.0.to_be_bytes()[1]
    }

    /// Whether this is `9000`.
    #[must_use]
    pub fn is_ok(self) -> bool {
        self == Self::OK
    }

    /// Sorts the status word.
    #[must_use]
    pub fn class(self) -> StatusClass {
        let sw2 = if self.sw2() == 0 { 256 } else { u16::from(self.sw2()) };
        match self.sw1() {
            _ if self.is_ok() => StatusClass::Success,
            0x61 => StatusClass::MoreData { available: sw2 },
            0x62 | 0x63 => StatusClass::Warning,
            0x64..=0x66 => StatusClass::ExecutionError,
            0x6C => StatusClass::WrongExpectedLength { exact: sw2 },
            0x67..=0x6F => StatusClass::CheckingError,
            _ => StatusClass::Proprietary,
        }
    }

    /// What it says, in one English phrase.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self.0 {
            0x9000 => "done",
            0x6281 => "part of the returned data may be corrupted",
            0x6282 => "end of file reached before the requested length",
            0x6283 => "the file is deactivated",
            0x6300 => "authentication failed",
            0x63C0..=0x63CF => "wrong secret; the last digit counts the tries left",
            0x6581 => "memory failure",
            0x6700 => "wrong length",
            0x6882 => "secure messaging is not supported",
            0x6883 => "the last command of the chain was expected",
            0x6884 => "command chaining is not supported",
            0x6982 => "the required security status is not reached",
            0x6983 => "the authentication method is blocked",
            0x6984 => "the reference data is not usable",
            0x6985 => "the conditions of use are not satisfied",
            0x6986 => "the command is not allowed now",
            0x6987 => "expected secure messaging data objects are missing",
            0x6988 => "secure messaging data objects are incorrect",
            0x6A80 => "the command's data is incorrect",
            0x6A81 => "the function is not supported",
            0x6A82 => "file not found",
            0x6A84 => "not enough memory",
            0x6A86 => "incorrect P1 P2",
            0x6A87 => "the length is inconsistent with P1 P2",
            0x6A88 => "referenced data not found",
            0x6A89 => "the file already exists",
            0x6B00 => "the offset is outside the file",
            0x6D00 => "the instruction is not supported",
            0x6E00 => "the class is not supported",
            0x6F00 => "the card gives no reason",
            _ => match self.class() {
                StatusClass::MoreData { .. } => "more bytes wait for GET RESPONSE",
                StatusClass::WrongExpectedLength { .. } => "the card asks for another expected length",
                StatusClass::Warning => "done, with a warning",
                StatusClass::ExecutionError => "execution error",
                StatusClass::CheckingError => "refused",
                StatusClass::Success | StatusClass::Proprietary => "not an interindustry status word",
            },
        }
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X} ({})", self.0, self.explanation())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_follow_sw1() {
        assert_eq!(StatusWord::OK.class(), StatusClass::Success);
        assert_eq!(StatusWord(0x6100).class(), StatusClass::MoreData { available: 256 });
        assert_eq!(StatusWord(0x6110).class(), StatusClass::MoreData { available: 16 });
        assert_eq!(StatusWord(0x6C05).class(), StatusClass::WrongExpectedLength { exact: 5 });
        assert_eq!(StatusWord(0x63C2).class(), StatusClass::Warning);
        assert_eq!(StatusWord(0x6581).class(), StatusClass::ExecutionError);
        assert_eq!(StatusWord::FILE_NOT_FOUND.class(), StatusClass::CheckingError);
        assert_eq!(StatusWord(0x9001).class(), StatusClass::Proprietary);
        assert_eq!(StatusWord::more_data(300), StatusWord(0x6100));
        assert_eq!(StatusWord::more_data(40), StatusWord(0x6128));
        assert_eq!(
            (StatusWord::tries_left(2), StatusWord::tries_left(200)),
            (StatusWord(0x63C2), StatusWord(0x63CF))
        );
        assert_eq!(StatusWord(0x63C1).as_tries_left(), Some(1));
        assert_eq!(StatusWord::AUTHENTICATION_FAILED.as_tries_left(), None);
    }

    #[test]
    fn display_is_four_digits_and_debug_explains() {
        assert_eq!(StatusWord(0x6A82).to_string(), "6A82");
        assert_eq!(format!("{:?}", StatusWord(0x6A82)), "6A82 (file not found)");
    }
}
