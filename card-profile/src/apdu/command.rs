//! Command APDUs: cases 1 to 4, short and extended (ISO/IEC 7816-4 §5.1).

use std::fmt;
use zeroize::Zeroizing;

/// How Lc and Le are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LengthForm {
    /// Short when both lengths fit, else extended.
    #[default]
    Automatic,
    /// One byte each: at most 255 bytes of data and 256 expected.
    Short,
    /// Three bytes (two for Le beside Lc).
    Extended,
}

/// A command APDU. Its data is zeroized when dropped and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    cla: u8,
    ins: u8,
    p1: u8,
    p2: u8,
    data: Zeroizing<Vec<u8>>,
    expected_length: Option<u32>,
    form: LengthForm,
}

/// Why bytes are no command APDU, or a command has no bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// Fewer than the four bytes of the header.
    #[error("a command APDU has at least 4 bytes, this one has {0}")]
    TooShort(usize),
    /// Longer than any extended command.
    #[error("a command APDU has at most 65,544 bytes, this one has {0}")]
    TooLong(usize),
    /// The body's length is not what Lc announces.
    #[error("at offset {offset}: Lc announces {announced} bytes, the body does not match")]
    LengthMismatch {
        /// Where Lc stands.
        offset: usize,
        /// What it announces.
        announced: usize,
    },
    /// Lc is zero where data must follow.
    #[error("at offset 4: an extended Lc of zero")]
    ZeroLength,
    /// The data does not fit in the length form.
    #[error("{0} bytes of data do not fit in this length form")]
    DataTooLong(usize),
    /// The expected length does not fit in the length form, or is zero or above 65,536.
    #[error("an expected length of {0} does not fit in this length form")]
    ExpectedLength(u32),
}

impl Command {
    /// Longest command APDU: header, extended Lc, 65,535 bytes, extended Le.
    pub const MAX_LENGTH: usize = 65_544;

    /// A command without data and without an expected answer (case 1).
    #[must_use]
    pub fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self {
            cla,
            ins,
            p1,
            p2,
            data: Zeroizing::new(Vec::new()),
            expected_length: None,
            form: LengthForm::Automatic,
        }
    }

    /// With this data field.
    #[must_use]
    pub fn with_data(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.data = Zeroizing::new(data.into());
        self
    }

    /// With this Ne: 1 to 65,536 bytes; 256 and 65,536 are written as zeros.
    #[must_use]
    pub fn with_expected_length(mut self, length: u32) -> Self {
        self.expected_length = Some(length);
        self
    }

    /// With Ne or none.
    #[must_use]
    pub fn with_optional_length(mut self, length: Option<u32>) -> Self {
        self.expected_length = length;
        self
    }

    /// With this length form.
    #[must_use]
    pub fn with_form(mut self, form: LengthForm) -> Self {
        self.form = form;
        self
    }

    /// With this class byte.
    #[must_use]
    pub fn with_class(mut self, cla: u8) -> Self {
        self.cla = cla;
        self
    }

    /// CLA.
    #[must_use]
    pub fn cla(&self) -> u8 {
        self.cla
    }

    /// INS.
    #[must_use]
    pub fn ins(&self) -> u8 {
        self.ins
    }

    /// P1.
    #[must_use]
    pub fn p1(&self) -> u8 {
        self.p1
    }

    /// P2.
    #[must_use]
    pub fn p2(&self) -> u8 {
        self.p2
    }

    /// P1 and P2 as one number.
    #[must_use]
    pub fn p1_p2(&self) -> u16 {
        u16::from_be_bytes([self.p1, self.p2])
    }

    /// The four bytes of the header.
    #[must_use]
    pub fn header(&self) -> [u8; 4] {
        [self.cla, self.ins, self.p1, self.p2]
    }

    /// The data field.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Ne, if an answer is expected.
    #[must_use]
    pub fn expected_length(&self) -> Option<u32> {
        self.expected_length
    }

    /// The length form asked for.
    #[must_use]
    pub fn form(&self) -> LengthForm {
        self.form
    }

    /// Whether INS is odd: the data field is BER-TLV (ISO/IEC 7816-4 §5.5).
    #[must_use]
    pub fn has_odd_instruction(&self) -> bool {
        self.ins & 1 == 1
    }

    /// Whether CLA says that the chain goes on (ISO/IEC 7816-4 §5.4.1, bit 5 of an interindustry class).
    #[must_use]
    pub fn is_chained(&self) -> bool {
        self.cla & 0x90 == 0x10
    }

    /// Whether the bytes are of the extended form.
    #[must_use]
    pub fn is_extended(&self) -> bool {
        match self.form {
            LengthForm::Short => false,
            LengthForm::Extended => !self.data.is_empty() || self.expected_length.is_some(),
            LengthForm::Automatic => {
                self.data.len() > 255 || self.expected_length.is_some_and(|length| length > 256)
            }
        }
    }

    /// The bytes on the link.
    ///
    /// # Errors
    /// When data or expected length do not fit in the length form.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CommandError> {
        let extended = self.is_extended();
        let (max_data, max_expected) = if extended { (65_535, 65_536) } else { (255, 256) };
        let length = u16::try_from(self.data.len())
            .ok()
            .filter(|length| usize::from(*length) <= max_data)
            .ok_or(CommandError::DataTooLong(self.data.len()))?;
        let mut bytes = Vec::with_capacity(self.data.len().saturating_add(9));
        bytes.extend_from_slice(&self.header());
        let [high, low] = length.to_be_bytes();
        if length > 0 {
            if extended {
                bytes.extend_from_slice(&[0, high, low]);
            } else {
                bytes.push(low);
            }
            bytes.extend_from_slice(&self.data);
        }
        if let Some(expected) = self.expected_length {
            if expected == 0 || expected > max_expected {
                return Err(CommandError::ExpectedLength(expected));
            }
            let [.., high, low] = expected.to_be_bytes();
            match (extended, length) {
                (false, _) => bytes.push(low),
                (true, 0) => bytes.extend_from_slice(&[0, high, low]),
                (true, _) => bytes.extend_from_slice(&[high, low]),
            }
        }
        Ok(bytes)
    }

    /// Parses a command strictly: cases 1, 2, 3 and 4, short and extended, with no byte left over.
    ///
    /// # Errors
    /// When the lengths do not add up.
    pub fn parse(bytes: &[u8]) -> Result<Self, CommandError> {
        if bytes.len() > Self::MAX_LENGTH {
            return Err(CommandError::TooLong(bytes.len()));
        }
        let Some(([cla, ins, p1, p2], body)) = bytes.split_first_chunk::<4>() else {
            return Err(CommandError::TooShort(bytes.len()));
        };
        let command = Self::new(*cla, *ins, *p1, *p2);
        match body {
            [] => Ok(command),
            [le] => Ok(command.with_expected_length(short_expected(*le))),
            [0, high, low] => Ok(command
                .with_expected_length(extended_expected(*high, *low))
                .with_form(LengthForm::Extended)),
            [0, high, low, rest @ ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                if length == 0 {
                    return Err(CommandError::ZeroLength);
                }
                let mismatch = CommandError::LengthMismatch { offset: 5, announced: length };
                let (data, le) = rest.split_at_checked(length).ok_or(mismatch)?;
                let command = command.with_data(data).with_form(LengthForm::Extended);
                match le {
                    [] => Ok(command),
                    [high, low] => Ok(command.with_expected_length(extended_expected(*high, *low))),
                    _ => Err(mismatch),
                }
            }
            [lc, rest @ ..] => {
                let length = usize::from(*lc);
                let mismatch = CommandError::LengthMismatch { offset: 4, announced: length };
                let (data, le) = rest.split_at_checked(length).ok_or(mismatch)?;
                if data.is_empty() {
                    return Err(mismatch);
                }
                let command = command.with_data(data).with_form(LengthForm::Short);
                match le {
                    [] => Ok(command),
                    [le] => Ok(command.with_expected_length(short_expected(*le))),
                    _ => Err(mismatch),
                }
            }
        }
    }
}

fn short_expected(le: u8) -> u32 {
    if le == 0 { 256 } else { u32::from(le) }
}

fn extended_expected(high: u8, low: u8) -> u32 {
    match u16::from_be_bytes([high, low]) {
        0 => 65_536,
        length => u32::from(length),
    }
}

impl fmt::Debug for Command {
    /// Header and lengths only: the data may be secret or a citizen's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command {{ {}, data: {} bytes", super::hex(&self.header()), self.data.len())?;
        if let Some(length) = self.expected_length {
            write!(f, ", expects {length}")?;
        }
        f.write_str(" }")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(command: &Command, hex_prefix: &[u8], length: usize) {
        let bytes = command.to_bytes().unwrap();
        assert!(bytes.starts_with(hex_prefix), "{bytes:02X?}");
        assert_eq!(bytes.len(), length);
        let parsed = Command::parse(&bytes).unwrap();
        assert_eq!(parsed.header(), command.header());
        assert_eq!(parsed.data(), command.data());
        assert_eq!(parsed.expected_length(), command.expected_length());
        assert_eq!(parsed.is_extended(), command.is_extended());
        assert_eq!(parsed.to_bytes().unwrap(), bytes);
    }

    #[test]
    fn all_cases_short_and_extended() {
        let base = Command::new(0x00, 0xA4, 0x04, 0x0C);
        round_trip(&base, &[0x00, 0xA4, 0x04, 0x0C], 4);
        round_trip(&base.clone().with_expected_length(256), &[0, 0xA4, 4, 0x0C, 0], 5);
        round_trip(&base.clone().with_expected_length(257), &[0, 0xA4, 4, 0x0C, 0, 1, 1], 7);
        round_trip(&base.clone().with_expected_length(65_536), &[0, 0xA4, 4, 0x0C, 0, 0, 0], 7);
        round_trip(&base.clone().with_data(vec![7; 255]), &[0, 0xA4, 4, 0x0C, 255, 7], 260);
        round_trip(&base.clone().with_data(vec![7; 256]), &[0, 0xA4, 4, 0x0C, 0, 1, 0, 7], 263);
        round_trip(
            &base.clone().with_data([1, 2]).with_expected_length(3),
            &[0, 0xA4, 4, 0x0C, 2, 1, 2, 3],
            8,
        );
        round_trip(
            &base.with_data([1]).with_expected_length(300),
            &[0, 0xA4, 4, 0x0C, 0, 0, 1, 1, 1, 0x2C],
            10,
        );
    }

    #[test]
    fn wrong_lengths_are_refused() {
        for bytes in [
            &[0, 0xA4, 0][..],
            &[0, 0xA4, 0, 0, 2, 1],
            &[0, 0xA4, 0, 0, 1, 1, 0, 0],
            &[0, 0xA4, 0, 0, 0, 0],
            &[0, 0xA4, 0, 0, 0, 0, 0, 1],
            &[0, 0xA4, 0, 0, 0, 0, 1, 1, 0],
        ] {
            assert!(Command::parse(bytes).is_err(), "{bytes:02X?}");
        }
        assert!(Command::new(0, 0, 0, 0).with_expected_length(0).to_bytes().is_err());
        assert!(Command::new(0, 0, 0, 0).with_data(vec![0; 65_536]).to_bytes().is_err());
        assert!(
            Command::new(0, 0, 0, 0).with_data(vec![0; 256]).with_form(LengthForm::Short).to_bytes().is_err()
        );
    }

    proptest! {
        #[test]
        fn whatever_parses_is_written_back_byte_for_byte(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(command) = Command::parse(&bytes) {
                prop_assert_eq!(command.to_bytes().unwrap(), bytes);
            }
        }
    }
}
