//! The identity database (Luật Căn cước 2023 art. 15): what is on people's cards and in their bodies, apart from the
//! register of persons (docs/decisions/0115).
//!
//! Everything in it belongs to a personal number, and every value is sealed under keys of this database. Reading and writing
//! are logged before they are done, in the chain of [`crate::access`].

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::access::Shown;

/// The log of the identity database.
pub const LOG: &str = "identity";

/// The largest picture or template, in octets.
pub const MAX_VALUE: usize = 1024 * 1024;

/// The longest identification marks, in characters.
const MAX_MARKS: usize = 500;

/// What is kept about somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// The face: JPEG or JPEG 2000 (art. 15(2), TT 17/2024).
    Portrait,
    /// The print of a finger, 1 (right thumb) to 10 (left little finger) as in ISO/IEC 19794-2.
    Fingerprint(u8),
    /// The left eye.
    IrisLeft,
    /// The right eye.
    IrisRight,
    /// Đặc điểm nhận dạng.
    Marks,
    /// The electronic identity account: its level, and whether it is locked (NĐ 69/2024).
    Eid,
}

/// Text that names no item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an item is portrait, fingerprint-1 … fingerprint-10, iris-left, iris-right, marks or eid")]
pub struct NotAnItem;

/// A value that an item cannot have. Its content is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadItem {
    /// Nothing, or more than a card could ever need.
    #[error("the value is empty or larger than {MAX_VALUE} octets")]
    Size,
    /// Neither JPEG nor JPEG 2000.
    #[error("a portrait is a picture in JPEG or JPEG 2000")]
    Picture,
    /// No text of identification marks.
    #[error("identification marks are a text of at most {MAX_MARKS} characters")]
    Marks,
    /// No state of an account.
    #[error("the state of an account is written level-1, level-2, level-1 locked or level-2 locked")]
    Eid,
}

impl Item {
    /// Every item there can be.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Portrait].into_iter().chain((1..=10).map(Self::Fingerprint)).chain([
            Self::IrisLeft,
            Self::IrisRight,
            Self::Marks,
            Self::Eid,
        ])
    }

    /// Whether its value is a text; the others are pictures and templates.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Marks | Self::Eid)
    }

    /// As the log says that it was read.
    #[must_use]
    pub fn read(self) -> Shown {
        match self {
            Self::Portrait => Shown::Portrait,
            Self::Fingerprint(_) => Shown::Fingerprint,
            Self::IrisLeft | Self::IrisRight => Shown::Iris,
            Self::Marks => Shown::Marks,
            Self::Eid => Shown::Eid,
        }
    }

    /// As the log says that it was written.
    #[must_use]
    pub fn written(self) -> Shown {
        match self {
            Self::Portrait => Shown::PortraitWritten,
            Self::Fingerprint(_) => Shown::FingerprintWritten,
            Self::IrisLeft | Self::IrisRight => Shown::IrisWritten,
            Self::Marks => Shown::MarksWritten,
            Self::Eid => Shown::EidWritten,
        }
    }

    /// Whether a value can be kept as this item.
    ///
    /// # Errors
    /// [`BadItem`].
    pub fn check(self, value: &[u8]) -> Result<(), BadItem> {
        if value.is_empty() || value.len() > MAX_VALUE {
            return Err(BadItem::Size);
        }
        match self {
            Self::Portrait if !is_picture(value) => Err(BadItem::Picture),
            Self::Marks => match core::str::from_utf8(value) {
                Ok(text)
                    if !text.trim().is_empty()
                        && text.chars().count() <= MAX_MARKS
                        && !text.chars().any(char::is_control) =>
                {
                    Ok(())
                }
                _ => Err(BadItem::Marks),
            },
            Self::Eid => {
                let text = core::str::from_utf8(value).map_err(|_| BadItem::Eid)?;
                text.parse::<EidState>().map(drop)
            }
            _ => Ok(()),
        }
    }
}

/// The first octets of JPEG (ISO/IEC 10918-1 B.1.1.3), of a JP2 file (ISO/IEC 15444-1 I.5.1) or of its codestream (A.4).
/// JPEG with the frame of a picture, or JPEG 2000 with its size; it is not decoded here.
fn is_picture(value: &[u8]) -> bool {
    const BOXES: &[u8] = &[0, 0, 0, 12, b'j', b'P', b' ', b' ', 0x0d, 0x0a, 0x87, 0x0a];
    // SOC and SIZ (ISO/IEC 15444-1 annex A).
    const CODESTREAM: &[u8] = &[0xff, 0x4f, 0xff, 0x51];
    if value.starts_with(&[0xff, 0xd8, 0xff]) {
        let reader = image::ImageReader::with_format(std::io::Cursor::new(value), image::ImageFormat::Jpeg);
        return reader.into_dimensions().is_ok_and(|(width, height)| width > 0 && height > 0);
    }
    let codestream = if value.starts_with(BOXES) {
        value.windows(CODESTREAM.len()).position(|four| four == CODESTREAM).and_then(|at| value.get(at..))
    } else {
        Some(value).filter(|value| value.starts_with(CODESTREAM))
    };
    // The length of SIZ and the capabilities, then width and height.
    let side = |at: usize| {
        let octets: [u8; 4] = codestream?.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(octets))
    };
    side(8).is_some_and(|width| width > 0) && side(12).is_some_and(|height| height > 0)
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Portrait => f.write_str("portrait"),
            Self::Fingerprint(finger) => write!(f, "fingerprint-{finger}"),
            Self::IrisLeft => f.write_str("iris-left"),
            Self::IrisRight => f.write_str("iris-right"),
            Self::Marks => f.write_str("marks"),
            Self::Eid => f.write_str("eid"),
        }
    }
}

impl FromStr for Item {
    type Err = NotAnItem;

    fn from_str(text: &str) -> Result<Self, NotAnItem> {
        Self::all().find(|item| item.to_string() == text).ok_or(NotAnItem)
    }
}

/// The state of an electronic identity account (NĐ 69/2024 art. 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EidState {
    /// 1 or 2.
    pub level: u8,
    /// By the director of C06, or at the holder's request.
    pub locked: bool,
}

impl FromStr for EidState {
    type Err = BadItem;

    fn from_str(text: &str) -> Result<Self, BadItem> {
        let (level, locked) = match text.strip_suffix(" locked") {
            Some(level) => (level, true),
            None => (text, false),
        };
        match level {
            "level-1" => Ok(Self { level: 1, locked }),
            "level-2" => Ok(Self { level: 2, locked }),
            _ => Err(BadItem::Eid),
        }
    }
}

impl fmt::Display for EidState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "level-{}{}", self.level, if self.locked { " locked" } else { "" })
    }
}
