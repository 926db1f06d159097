//! What the barcode of a page says, in the alphanumeric characters of ISO/IEC 18004:
//!
//! ```text
//! CCCD:DC01:1:0123456789ABCDEF:9F86D081884C7D659A2F:20261126:1/2:5E884898
//!      kind v serial           row                  printed  page checksum
//! ```
//!
//! The row is a reference that the register makes from the person's number with a key of its own ([`row_of`]), or the
//! serial again for a blank form. The checksum (the first four octets of SHA-256 of what stands before it) finds
//! misreadings; it proves nothing about who printed the form.

use core::fmt;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use crate::matching::DigestKey;

/// Version of the slip.
pub const VERSION: &str = "1";

/// The longest slip.
pub const MAX_SLIP: usize = 96;

/// Which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FormKind {
    /// Phiếu thu thập thông tin dân cư.
    Dc01,
    /// Phiếu đề nghị giải quyết thủ tục về căn cước.
    Dc02,
}

impl FormKind {
    /// As it stands in the barcode and on the page.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dc01 => "DC01",
            Self::Dc02 => "DC02",
        }
    }

    /// The name of the form.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Dc01 => "Phiếu thu thập thông tin dân cư",
            Self::Dc02 => "Phiếu đề nghị giải quyết thủ tục về căn cước",
        }
    }

    /// Reads [`as_str`](Self::as_str).
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Dc01, Self::Dc02].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// One page's barcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// Which form.
    pub kind: FormKind,
    /// The printed form: 16 hexadecimal digits, drawn at random for each.
    pub serial: String,
    /// The row of the register that it belongs to: 20 hexadecimal digits, or the serial of a blank form.
    pub row: String,
    /// When it was printed.
    pub printed: Date,
    /// Which page, from 1.
    pub page: u8,
    /// Of how many.
    pub pages: u8,
}

/// Not a slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASlip {
    /// Something else's barcode.
    #[error("the barcode is not one of our forms")]
    Foreign,
    /// A form of a later program.
    #[error("the barcode is of another version of the forms")]
    Version,
    /// A part is not of its form.
    #[error("the barcode of the form is not of its form")]
    Form,
    /// The checksum differs.
    #[error("the barcode was read wrongly: its checksum differs")]
    Checksum,
}

impl NotASlip {
    /// A stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Foreign => "barcode-foreign",
            Self::Version => "barcode-version",
            Self::Form => "barcode-form",
            Self::Checksum => "barcode-checksum",
        }
    }
}

impl Slip {
    /// A slip of page 1 of 1; the renderer counts.
    #[must_use]
    pub fn new(kind: FormKind, serial: u64, row: Option<String>, printed: Date) -> Self {
        let serial = format!("{serial:016X}");
        let row = row.unwrap_or_else(|| serial.clone());
        Self { kind, serial, row, printed, page: 1, pages: 1 }
    }

    /// Whether it belongs to nobody yet.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.row == self.serial
    }

    /// What the barcode says.
    #[must_use]
    pub fn text(&self) -> String {
        let day = self.printed;
        let text = format!(
            "CCCD:{}:{VERSION}:{}:{}:{:04}{:02}{:02}:{}/{}",
            self.kind.as_str(),
            self.serial,
            self.row,
            day.year(),
            day.month(),
            day.day(),
            self.page,
            self.pages
        );
        format!("{text}:{}", checksum(&text))
    }

    /// Reads [`text`](Self::text).
    ///
    /// # Errors
    /// [`NotASlip`].
    pub fn parse(text: &str) -> Result<Self, NotASlip> {
        let rest = text.strip_prefix("CCCD:").ok_or(NotASlip::Foreign)?;
        if text.len() > MAX_SLIP || !text.is_ascii() {
            return Err(NotASlip::Form);
        }
        let mut parts = rest.split(':');
        let kind = parts.next().and_then(FormKind::parse).ok_or(NotASlip::Foreign)?;
        if parts.next() != Some(VERSION) {
            return Err(NotASlip::Version);
        }
        let (said, sum) = text.rsplit_once(':').ok_or(NotASlip::Form)?;
        if checksum(said) != sum {
            return Err(NotASlip::Checksum);
        }
        let mut next = || parts.next().ok_or(NotASlip::Form);
        let (serial, row, day, page) = (next()?, next()?, next()?, next()?);
        let _ = next()?;
        let hex = |text: &str, lengths: &[usize]| {
            lengths.contains(&text.len())
                && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
        };
        if parts.next().is_some() || !hex(serial, &[16]) || !hex(row, &[20, 16]) {
            return Err(NotASlip::Form);
        }
        if row.len() == 16 && row != serial {
            return Err(NotASlip::Form);
        }
        let (page, pages) = page.split_once('/').ok_or(NotASlip::Form)?;
        let slip = Self {
            kind,
            serial: serial.to_owned(),
            row: row.to_owned(),
            printed: date(day).ok_or(NotASlip::Form)?,
            page: page.parse().map_err(|_| NotASlip::Form)?,
            pages: pages.parse().map_err(|_| NotASlip::Form)?,
        };
        // What is read is what is written: no second spelling of one slip.
        if slip.page == 0 || slip.page > slip.pages || slip.text() != text {
            return Err(NotASlip::Form);
        }
        Ok(slip)
    }
}

/// The reference of a person's row: only who holds the register's key can tell whose it is.
#[must_use]
pub fn row_of(key: &DigestKey, number: &PersonalNumber) -> String {
    let mut digest = Sha256::new();
    digest.update(b"cccd-form-row-v1\0");
    // The key's digest of the number, under a name of its own: the log of attempts cannot be joined to forms.
    digest.update(key.digest(number));
    hex::encode_upper(digest.finalize().get(..10).unwrap_or_default())
}

fn checksum(text: &str) -> String {
    hex::encode_upper(Sha256::digest(text.as_bytes()).get(..4).unwrap_or_default())
}

fn date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Date::new(text.get(..4)?.parse().ok()?, text.get(4..6)?.parse().ok()?, text.get(6..)?.parse().ok()?).ok()
}

impl fmt::Display for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
