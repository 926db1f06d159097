//! EF.ATR/INFO: what the chip's interface can carry (Doc 9303-10 §3.11.1, ISO/IEC 7816-4 §12.7.1).

use super::{LdsError, integer_bytes, small_integer};
use crate::tlv::{Reader, Writer};

/// Card capabilities, third software function table (ISO/IEC 7816-4 table 119).
const COMMAND_CHAINING: u8 = 0x80;
const EXTENDED_LENGTH: u8 = 0x40;
const EXTENDED_LENGTH_INFORMATION: u8 = 0x20;

/// The content of EF.ATR/INFO that matters to a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtrInfo {
    /// Extended Lc and Le are supported.
    pub extended_length: bool,
    /// Command chaining is supported.
    pub command_chaining: bool,
    /// The largest command APDU in bytes, if told (DO'7F66').
    pub max_command: Option<u32>,
    /// The largest response APDU in bytes, if told.
    pub max_response: Option<u32>,
}

impl AtrInfo {
    /// A chip with extended length and these buffers.
    #[must_use]
    pub fn extended(max_command: u32, max_response: u32) -> Self {
        Self {
            extended_length: true,
            command_chaining: false,
            max_command: Some(max_command),
            max_response: Some(max_response),
        }
    }

    /// Reads the file: data objects one after the other. Filling bytes 00 and FF end it.
    ///
    /// # Errors
    /// [`LdsError`].
    pub fn parse(file: &[u8]) -> Result<Self, LdsError> {
        let mut info = Self::default();
        let mut objects = Reader::new(file);
        while let Some(first) = objects.remaining().first() {
            // ISO/IEC 7816-4 §8.1.1 allows a status indicator and padding without a tag.
            if matches!(first, 0x00 | 0xFF) {
                break;
            }
            let object = objects.read()?;
            match object.tag {
                0x47 => {
                    if let [_, _, third, ..] = object.value {
                        info.extended_length = third & EXTENDED_LENGTH != 0;
                        info.command_chaining = third & COMMAND_CHAINING != 0;
                    }
                }
                0x7F66 => {
                    let mut sizes = object.nested()?;
                    info.max_command = Some(small_integer(&sizes.expect(0x02)?, "largest command")?);
                    info.max_response = Some(small_integer(&sizes.expect(0x02)?, "largest response")?);
                }
                _ => {}
            }
        }
        Ok(info)
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut third = 0;
        if self.extended_length {
            third |= EXTENDED_LENGTH;
        }
        if self.command_chaining {
            third |= COMMAND_CHAINING;
        }
        let mut writer = Writer::new();
        let sizes = self.max_command.zip(self.max_response);
        if sizes.is_some() {
            third |= EXTENDED_LENGTH_INFORMATION;
        }
        // First table: DF by full name, EF by identifier and short identifier. Second: data units of one byte.
        writer.primitive(0x47, &[0x94, 0x01, third]);
        if let Some((command, response)) = sizes {
            writer.constructed(0x7F66, |sizes| {
                sizes.primitive(0x02, &sized(command)).primitive(0x02, &sized(response));
            });
        }
        writer.into_bytes()
    }
}

/// At least two bytes, as the examples of Doc 9303-10 §3.11.1 have.
fn sized(value: u32) -> Vec<u8> {
    let mut bytes = integer_bytes(value);
    if bytes.len() == 1 {
        bytes.insert(0, 0);
    }
    bytes
}
