//! BER-TLV data objects of ISO/IEC 7816-4 §5.2 and ISO/IEC 8825-1, bounded.
//!
//! The reader borrows, knows where it stands (every error carries the offset in the file), never recurses, and
//! bounds depth, count and length. `docs/decisions/0001-tlv.md` tells why it stands beside `iso7816-tlv`.
//!
//! ```
//! use cccd_card_profile::tlv::{self, Reader};
//!
//! let file = tlv::encode(0x60, &tlv::encode(0x5F01, b"0107"));
//! let outer = Reader::new(&file).expect(0x60)?;
//! assert_eq!(outer.nested()?.expect(0x5F01)?.value, b"0107");
//! # Ok::<(), tlv::TlvError>(())
//! ```

mod reader;
mod writer;

pub use reader::{Reader, Tlv};
pub use writer::{Writer, encode, encode_all};

/// The deepest nesting a [`Reader`] follows: twice what EF.SOD, the deepest file of the card, needs.
pub const MAX_DEPTH: u8 = 24;

/// The most data objects one level may hold.
pub const MAX_ELEMENTS: usize = 4096;

/// Why bytes are not the BER-TLV that was asked for. Offsets count from the start of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlvError {
    /// The bytes end inside a tag, a length or a value.
    #[error("data object cut short at offset {offset}")]
    CutShort {
        /// Where the data object starts.
        offset: usize,
    },
    /// A tag of more than four bytes.
    #[error("tag longer than four bytes at offset {offset}")]
    TagTooLong {
        /// Where the data object starts.
        offset: usize,
    },
    /// The length form `80` (indefinite), `85`…`FF` (more than four bytes).
    #[error("length form not accepted at offset {offset}")]
    LengthForm {
        /// Where the data object starts.
        offset: usize,
    },
    /// Another tag stands where one was expected.
    #[error("expected tag {expected:X}, found {found:X} at offset {offset}")]
    UnexpectedTag {
        /// The tag asked for.
        expected: u32,
        /// The tag in the bytes.
        found: u32,
        /// Where the data object starts.
        offset: usize,
    },
    /// A data object that must be there is not.
    #[error("no data object {expected:X} at offset {offset}")]
    Missing {
        /// The tag asked for.
        expected: u32,
        /// Where the enclosing value ends.
        offset: usize,
    },
    /// Bytes follow the last data object.
    #[error("trailing bytes at offset {offset}")]
    Trailing {
        /// Where they start.
        offset: usize,
    },
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested too deep at offset {offset}")]
    TooDeep {
        /// Where the data object starts.
        offset: usize,
    },
    /// More data objects on one level than [`MAX_ELEMENTS`].
    #[error("too many data objects at offset {offset}")]
    TooMany {
        /// Where the first one too many starts.
        offset: usize,
    },
}

/// The total length of a file (tag, length and value) from its first bytes, as a terminal needs it before it
/// reads on (Doc 9303-10 §3.6). `None` while the header is incomplete, or when it is no BER-TLV header.
///
/// The number is the card's claim: cap it before allocating.
#[must_use]
pub fn length_from_header(header: &[u8]) -> Option<usize> {
    let header = reader::Header::read(header, 0).ok()?;
    header.header_length.checked_add(header.value_length)
}

/// Reads every data object of every level: the body of a fuzz target, and a check that a file is BER-TLV.
///
/// # Errors
/// The first [`TlvError`] met.
pub fn walk(bytes: &[u8]) -> Result<usize, TlvError> {
    let mut open = vec![Reader::new(bytes)];
    let mut count = 0_usize;
    while let Some(level) = open.last_mut() {
        match level.next() {
            None => {
                open.pop();
            }
            Some(object) => {
                let object = object?;
                count = count.saturating_add(1);
                if object.is_constructed() {
                    open.push(object.nested()?);
                }
            }
        }
    }
    Ok(count)
}
