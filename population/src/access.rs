//! Who looked at whom, and on what grounds: a case, or breaking the glass with a reason (Luật Căn cước 2023 art. 10(6)–(8)).
//!
//! Entries are chained under a key that does not lie in the database: what is altered, taken out or cut off at the end
//! is found by [`verify`]. They hold no personal data; the number is a keyed digest.

use core::fmt;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cases::CaseId;
use crate::matching::DigestKey;
use crate::name::is_unseen;
use crate::store::{Store, StoreError};

/// The logs that the program keeps: each its own chain, so that one does not wait for the other.
pub const LOGS: [&str; 2] = [COMMAND_LINE, HTTP];

/// Looks by `population show`, `search`, `export`, `quality` and `cases`.
pub const COMMAND_LINE: &str = "command-line";

/// Looks over HTTP.
pub const HTTP: &str = "http";

/// The longest name of an officer, in characters.
pub const MAX_OFFICER: usize = 200;

/// The longest case reference or reason, in characters.
pub const MAX_REASON: usize = 500;

/// Why somebody may look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grounds {
    /// A case, by its reference.
    Case(String),
    /// No case: the reason stands in the log, for whoever reviews it.
    BreakGlass(String),
}

impl Grounds {
    /// `case` or `break-glass`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Case(_) => "case",
            Self::BreakGlass(_) => "break-glass",
        }
    }

    /// The reference or the reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Case(text) | Self::BreakGlass(text) => text,
        }
    }

    pub(crate) fn parse(word: &str, reason: String) -> Option<Self> {
        match word {
            "case" => Some(Self::Case(reason)),
            "break-glass" => Some(Self::BreakGlass(reason)),
            _ => None,
        }
    }
}

/// How much was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The record without its sensitive items.
    Record,
    /// All of it.
    Sensitive,
    /// All that the record ever said, without sensitive items.
    History,
    /// All that the record ever said, sensitive items too.
    SensitiveHistory,
    /// What an extract of the books says of the person.
    Extract,
    /// Of the identity database: the face.
    Portrait,
    /// A finger.
    Fingerprint,
    /// An eye.
    Iris,
    /// Identification marks.
    Marks,
    /// The state of the electronic account.
    Eid,
    /// The face was written.
    PortraitWritten,
    /// A finger was written.
    FingerprintWritten,
    /// An eye was written.
    IrisWritten,
    /// Identification marks were written.
    MarksWritten,
    /// The state of the electronic account was written.
    EidWritten,
    /// Nobody: the month's page of statistics was published anew.
    StatisticsPublished,
    /// Nothing: the log was ahead of the true time, because a clock was, and goes on from here.
    ClockCorrected,
    /// So many records were written to a file.
    Exported(u64),
    /// So many records were read and judged by the rules of quality.
    Judged(u64),
    /// Cases about so many persons were listed.
    Listed(u64),
    /// So many records were read and compared with one another.
    Compared(u64),
}

macro_rules! shown {
    ($($variant:ident = $word:literal),+; $($many:ident = $prefix:literal),+) => {
        impl Shown {
            /// Reads what [`Display`](fmt::Display) writes.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => return Some(Self::$variant),)+ _ => {} }
                let (prefix, count) = word.rsplit_once('-')?;
                let count = count.parse::<u64>().ok().filter(|read| read.to_string() == count)?;
                match prefix { $($prefix => Some(Self::$many(count)),)+ _ => None }
            }
        }

        impl fmt::Display for Shown {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant => f.write_str($word),)+
                    $(Self::$many(count) => write!(f, concat!($prefix, "-{}"), count),)+
                }
            }
        }
    };
}

shown!(
    Record = "record",
    Sensitive = "sensitive",
    History = "history",
    SensitiveHistory = "sensitive-history",
    Extract = "extract",
    Portrait = "portrait",
    Fingerprint = "fingerprint",
    Iris = "iris",
    Marks = "marks",
    Eid = "eid",
    PortraitWritten = "portrait-written",
    FingerprintWritten = "fingerprint-written",
    IrisWritten = "iris-written",
    MarksWritten = "marks-written",
    EidWritten = "eid-written",
    StatisticsPublished = "statistics-published",
    ClockCorrected = "clock-corrected";
    Exported = "exported",
    Judged = "judged",
    Listed = "listed",
    Compared = "compared"
);

impl Shown {
    /// How many records, of looks at many.
    #[must_use]
    pub fn records(self) -> Option<u64> {
        match self {
            Self::Exported(count) | Self::Judged(count) | Self::Listed(count) | Self::Compared(count) => {
                Some(count)
            }
            _ => None,
        }
    }

    /// Whether something was written rather than read.
    #[must_use]
    pub fn is_written(self) -> bool {
        matches!(
            self,
            Self::PortraitWritten
                | Self::FingerprintWritten
                | Self::IrisWritten
                | Self::MarksWritten
                | Self::EidWritten
                | Self::StatisticsPublished
                | Self::ClockCorrected
        )
    }

    /// What it was, in Vietnamese.
    #[must_use]
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Record => "hồ sơ",
            Self::Sensitive => "hồ sơ và các mục nhạy cảm",
            Self::History => "lịch sử hồ sơ",
            Self::SensitiveHistory => "lịch sử hồ sơ và các mục nhạy cảm",
            Self::Extract => "trích lục",
            Self::Portrait | Self::PortraitWritten => "ảnh chân dung",
            Self::Fingerprint | Self::FingerprintWritten => "vân tay",
            Self::Iris | Self::IrisWritten => "mống mắt",
            Self::Marks | Self::MarksWritten => "đặc điểm nhận dạng",
            Self::Eid | Self::EidWritten => "tài khoản định danh điện tử",
            Self::StatisticsPublished => "công bố lại số liệu thống kê",
            Self::ClockCorrected => "chỉnh lại đồng hồ",
            Self::Exported(_) => "xuất ra tệp",
            Self::Judged(_) => "đánh giá chất lượng",
            Self::Listed(_) => "danh sách hồ sơ xử lý",
            Self::Compared(_) => "so sánh trùng lặp",
        }
    }

    /// What it was, in English.
    #[must_use]
    pub fn english(self) -> &'static str {
        match self {
            Self::Record => "the record",
            Self::Sensitive => "the record with its sensitive items",
            Self::History => "the history",
            Self::SensitiveHistory => "the history with its sensitive items",
            Self::Extract => "an extract",
            Self::Portrait | Self::PortraitWritten => "the portrait",
            Self::Fingerprint | Self::FingerprintWritten => "a fingerprint",
            Self::Iris | Self::IrisWritten => "an iris",
            Self::Marks | Self::MarksWritten => "identification marks",
            Self::Eid | Self::EidWritten => "the electronic account",
            Self::StatisticsPublished => "statistics published anew",
            Self::ClockCorrected => "the clock was set right",
            Self::Exported(_) => "written to a file",
            Self::Judged(_) => "judged for quality",
            Self::Listed(_) => "cases listed",
            Self::Compared(_) => "compared for duplicates",
        }
    }
}

/// One look, before it is linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Keyed digest of the number; zeros for a look at many.
    pub number_digest: [u8; 32],
    /// Who.
    pub officer: String,
    /// Why.
    pub grounds: Grounds,
    /// How much.
    pub shown: Shown,
    /// When.
    pub at: Timestamp,
}

/// One link of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// Counts from 1.
    pub link: u64,
    /// What was looked at.
    pub look: Look,
    /// Keyed digest over all of these and the one before.
    pub digest: [u8; 32],
}

/// Where the log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessHead {
    /// The number of entries.
    pub link: u64,
    /// The last one's digest, zeros before the first.
    pub digest: [u8; 32],
    /// Keyed digest of both, which no entry tells.
    pub head: [u8; 32],
}

/// A look that cannot be logged as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the name of the officer, and the case or reason, have to be there, short, and without anybody's number"
)]
pub struct BadLook;

impl Look {
    /// A look that can be logged.
    ///
    /// # Errors
    /// [`BadLook`].
    pub fn new(
        key: &DigestKey,
        number: &PersonalNumber,
        officer: &str,
        grounds: Grounds,
        shown: Shown,
        at: Timestamp,
    ) -> Result<Self, BadLook> {
        let look = Self::at_many(officer, grounds, shown, at)?;
        Ok(Self { number_digest: key.digest(number), ..look })
    }

    /// A look at many records at once, of nobody in particular: an export, a run of the rules of quality, a list of cases.
    ///
    /// # Errors
    /// [`BadLook`].
    pub fn at_many(officer: &str, grounds: Grounds, shown: Shown, at: Timestamp) -> Result<Self, BadLook> {
        // Whoever reads the log sees lines and nothing that moves about in them.
        let shows = |c: char| !c.is_control() && !is_unseen(c);
        let fits = |text: &str, most| {
            !text.trim().is_empty()
                && text.chars().count() <= most
                && text.chars().all(shows)
                && !holds_a_number(text)
        };
        // The name of a case of the register may have nine digits on end and is nobody's number.
        let is_named = matches!(&grounds, Grounds::Case(name) if name.parse::<CaseId>().is_ok());
        if !fits(officer, MAX_OFFICER) || !(is_named || fits(grounds.reason(), MAX_REASON)) {
            return Err(BadLook);
        }
        Ok(Self { number_digest: [0; 32], officer: officer.to_owned(), grounds, shown, at })
    }
}

/// Nine digits or more on end: a personal number or an old one, which has no place in a log.
fn holds_a_number(text: &str) -> bool {
    text.split(|c: char| !c.is_numeric()).any(|run| run.chars().count() >= 9)
}

/// The digest of a link.
pub(crate) fn link_digest(key: &DigestKey, log: &str, link: u64, look: &Look, before: &[u8; 32]) -> [u8; 32] {
    let (at, shown) = (look.at.to_string(), look.shown.to_string());
    let texts =
        [log, look.officer.as_str(), look.grounds.word(), look.grounds.reason(), shown.as_str(), at.as_str()];
    let number = link.to_be_bytes();
    let mut parts: Vec<&[u8]> = vec![b"access-entry", before, &look.number_digest];
    parts.push(&number);
    parts.extend(texts.iter().map(|text| text.as_bytes()));
    key.chained(&parts)
}

/// The digest of a head.
pub(crate) fn head_digest(key: &DigestKey, log: &str, link: u64, digest: &[u8; 32]) -> [u8; 32] {
    key.chained(&[b"access-head", log.as_bytes(), &link.to_be_bytes(), digest])
}

/// What is wrong with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogFault {
    /// An entry is not what was logged, or one before it is missing.
    #[error("entry {0} of the log of looks was altered, or one before it was taken out")]
    Altered(u64),
    /// Entries at the end are missing, or the head was altered.
    #[error("entries at the end of the log of looks were taken out")]
    CutOff,
}

/// Why a log was not verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// It is not whole.
    #[error(transparent)]
    Fault(#[from] LogFault),
    /// The register failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Entries read at once.
const PAGE: u32 = 1_000;

/// Whether a log is under this key, or has no entry yet. One whose first entry and whose head both say otherwise is another
/// key's, or was altered: [`verify`] tells.
///
/// # Errors
/// [`StoreError`].
pub fn is_key_of(store: &dyn Store, key: &DigestKey, log: &str) -> Result<bool, StoreError> {
    let Some(end) = store.access_head(log)?.filter(|end| end.link > 0) else { return Ok(true) };
    if head_digest(key, log, end.link, &end.digest) == end.head {
        return Ok(true);
    }
    let first = store.accesses(log, 0, 1)?;
    Ok(first.first().is_some_and(|entry| link_digest(key, log, 1, &entry.look, &[0; 32]) == entry.digest))
}

/// Follows a log from its first entry to its head; answers how many there are. A log that was put back to an earlier
/// state as a whole, head and all, looks sound: keep the count that this answers elsewhere.
///
/// # Errors
/// [`VerifyError`].
pub fn verify(store: &dyn Store, key: &DigestKey, log: &str) -> Result<u64, VerifyError> {
    verify_pages(store.access_head(log)?, |after, limit| store.accesses(log, after, limit), key, log)
}

/// The same of a log wherever it lies: its end, and its entries after a place.
pub(crate) fn verify_pages(
    end: Option<AccessHead>,
    page: impl Fn(u64, u32) -> Result<Vec<AccessEntry>, StoreError>,
    key: &DigestKey,
    log: &str,
) -> Result<u64, VerifyError> {
    let (mut before, mut count) = ([0; 32], 0_u64);
    loop {
        let page = page(count, PAGE)?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            count += 1;
            if entry.link != count || link_digest(key, log, count, &entry.look, &before) != entry.digest {
                return Err(LogFault::Altered(count).into());
            }
            before = entry.digest;
        }
    }
    match end {
        None if count == 0 => Ok(0),
        // Others may have gone on logging since the head was read: then there are more entries than it says.
        Some(end) if head_digest(key, log, end.link, &end.digest) == end.head && count >= end.link => {
            Ok(count)
        }
        _ => Err(LogFault::CutOff.into()),
    }
}
