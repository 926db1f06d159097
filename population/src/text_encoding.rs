//! In which encoding a row of text came, and the row in UTF-8 (NFC). Old databases are full of TCVN3 and VNI, often taken
//! for Windows-1252 on the way; one row comes from one place, so it is judged whole.
//!
//! Text that is good UTF-8 is never converted. Another reading is believed only if what it makes of the octets beyond ASCII
//! is Vietnamese, syllable by syllable, and clearly more so than every other reading; else the row is refused with the
//! reason (docs/decisions/0121).

mod decode;
mod judge;
mod known;
mod tables;

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use judge::Looks;

pub use known::Known;

/// The longest row, in octets.
pub const MAX_ROW: usize = 1 << 20;

/// A reading is believed from this share of Vietnamese words, in percent.
const MIN_SHARE: u32 = 75;

/// By so much a reading must be better than the next one, in percent.
const MIN_MARGIN: u32 = 25;

/// An encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Encoding {
    /// ASCII only: the same in all of them.
    Ascii,
    /// UTF-8, composed (NFC).
    Utf8,
    /// UTF-8 with decomposed letters (NFD), or both kinds.
    Utf8Decomposed,
    /// UTF-8 that was taken for Windows-1252, once or twice.
    Utf8Twice,
    /// TCVN 5712:1993 VN3, the encoding of the ABC fonts.
    Tcvn3,
    /// VNI for Windows.
    Vni,
    /// Windows-1258.
    Windows1258,
    /// VIQR, RFC 1456.
    Viqr,
}

impl Encoding {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ascii => "ascii",
            Self::Utf8 => "utf-8",
            Self::Utf8Decomposed => "utf-8-decomposed",
            Self::Utf8Twice => "utf-8-twice",
            Self::Tcvn3 => "tcvn3",
            Self::Vni => "vni",
            Self::Windows1258 => "windows-1258",
            Self::Viqr => "viqr",
        }
    }
}

/// A row that was read.
#[derive(Clone, PartialEq, Eq)]
pub struct Recognised {
    /// Its encoding.
    pub encoding: Encoding,
    /// Whether its octets were taken for Windows-1252 on the way and came as UTF-8.
    pub through_1252: bool,
    /// By how much this reading is better than the next one, in percent; 100 where nothing had to be decided.
    pub confidence: u8,
    /// The fields in UTF-8, NFC.
    pub fields: Vec<String>,
}

impl core::fmt::Debug for Recognised {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Recognised")
            .field("encoding", &self.encoding)
            .field("through_1252", &self.through_1252)
            .field("confidence", &self.confidence)
            .finish_non_exhaustive()
    }
}

/// Why a row cannot be read. Names places, never content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undecided {
    /// Longer than [`MAX_ROW`].
    #[error("the row is longer than {MAX_ROW} octets")]
    TooLong,
    /// No encoding makes Vietnamese of it.
    #[error("field {field}, octet {offset}: in no encoding known here is this text")]
    Unreadable {
        /// The field, from 1.
        field: usize,
        /// The first octet beyond ASCII, from 0.
        offset: usize,
    },
    /// Two encodings make Vietnamese of it, and different text.
    #[error("the row can be read as {} and as {}", .0.as_str(), .1.as_str())]
    Ambiguous(Encoding, Encoding),
}

impl Undecided {
    /// The reason code for reject files.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "row-too-long",
            Self::Unreadable { .. } => "encoding-unknown",
            Self::Ambiguous(..) => "encoding-ambiguous",
        }
    }
}

/// One way to read a row.
struct Reading {
    encoding: Encoding,
    through_1252: bool,
    fields: Vec<String>,
    looks: Looks,
}

impl Reading {
    fn new(encoding: Encoding, through_1252: bool, fields: impl IntoIterator<Item = String>) -> Self {
        let fields: Vec<String> = fields.into_iter().map(|field| field.nfc().collect()).collect();
        let looks = fields.iter().map(|field| Looks::of(field)).fold(Looks::default(), Looks::plus);
        Self { encoding, through_1252, fields, looks }
    }

    fn accepted(self, confidence: u32) -> Recognised {
        let Self { encoding, through_1252, fields, .. } = self;
        Recognised {
            encoding,
            through_1252,
            confidence: u8::try_from(confidence.min(100)).unwrap_or(100),
            fields,
        }
    }
}

/// Reads a row.
///
/// # Errors
/// [`Undecided`]: the row belongs into the reject file.
pub fn recognise(fields: &[&[u8]]) -> Result<Recognised, Undecided> {
    if fields.iter().map(|field| field.len()).fold(0_usize, usize::saturating_add) > MAX_ROW {
        return Err(Undecided::TooLong);
    }
    let texts: Option<Vec<&str>> = fields.iter().map(|field| core::str::from_utf8(field).ok()).collect();
    let Some(texts) = texts else { return decide(old_readings(fields, false), None, fields) };
    let encoding = if texts.iter().all(|text| text.is_ascii()) {
        Encoding::Ascii
    } else if texts.iter().all(|text| is_nfc(text)) {
        Encoding::Utf8
    } else {
        Encoding::Utf8Decomposed
    };
    let as_it_is = Reading::new(encoding, false, texts.iter().map(|text| (*text).to_owned()));
    if encoding == Encoding::Ascii {
        return Ok(ascii(as_it_is, &texts));
    }
    if as_it_is.looks.clean() {
        return Ok(as_it_is.accepted(100));
    }
    let octets: Option<Vec<Vec<u8>>> = texts.iter().map(|text| tables::through_1252(text)).collect();
    let mut readings = Vec::new();
    if let Some(octets) = &octets {
        let octets: Vec<&[u8]> = octets.iter().map(Vec::as_slice).collect();
        readings.extend(once_more(&octets));
        readings.extend(old_readings(&octets, true));
    }
    decide(readings, Some(as_it_is), fields)
}

/// ASCII, unless all that VIQR would make of it is Vietnamese.
fn ascii(as_it_is: Reading, texts: &[&str]) -> Recognised {
    if texts.iter().any(|text| decode::looks_like_viqr(text)) {
        let viqr = Reading::new(Encoding::Viqr, false, texts.iter().map(|text| decode::viqr(text)));
        if viqr.looks.clean() && viqr.looks.good > 0 {
            return viqr.accepted(100);
        }
    }
    as_it_is.accepted(100)
}

/// UTF-8 whose octets were taken for Windows-1252, and perhaps once more.
fn once_more(octets: &[&[u8]]) -> Vec<Reading> {
    let decoded = |octets: &[&[u8]]| -> Option<Vec<String>> {
        octets.iter().map(|field| core::str::from_utf8(field).ok().map(str::to_owned)).collect()
    };
    let Some(once) = decoded(octets) else { return Vec::new() };
    let again: Option<Vec<Vec<u8>>> = once.iter().map(|text| tables::through_1252(text)).collect();
    let twice = again.and_then(|again| decoded(&again.iter().map(Vec::as_slice).collect::<Vec<_>>()));
    [Some(once), twice]
        .into_iter()
        .flatten()
        .map(|fields| Reading::new(Encoding::Utf8Twice, true, fields))
        .collect()
}

fn old_readings(octets: &[&[u8]], through_1252: bool) -> Vec<Reading> {
    let read = |encoding, way: fn(&[u8]) -> decode::Decoded| {
        let (texts, foreign): (Vec<String>, Vec<u32>) = octets.iter().map(|field| way(field)).unzip();
        let mut reading = Reading::new(encoding, through_1252, texts);
        reading.looks.odd += foreign.iter().sum::<u32>();
        reading
    };
    vec![
        read(Encoding::Tcvn3, decode::tcvn3),
        read(Encoding::Vni, decode::vni),
        read(Encoding::Windows1258, decode::windows_1258),
    ]
}

/// The best reading, if it is good and alone; else the text as it is, if it is text at all.
fn decide(
    readings: Vec<Reading>,
    as_it_is: Option<Reading>,
    fields: &[&[u8]],
) -> Result<Recognised, Undecided> {
    let unreadable = || {
        let place = fields.iter().enumerate().find_map(|(at, field)| {
            field.iter().position(|octet| !octet.is_ascii()).map(|offset| (at + 1, offset))
        });
        let (field, offset) = place.unwrap_or((1, 0));
        Undecided::Unreadable { field, offset }
    };
    let own = as_it_is.as_ref().map_or(0, |reading| reading.looks.share());
    let mut good: Vec<Reading> = readings
        .into_iter()
        .filter(|reading| reading.looks.good > 0 && reading.looks.share() >= MIN_SHARE.max(own + MIN_MARGIN))
        .collect();
    good.sort_by_key(|reading| (core::cmp::Reverse(reading.looks.share()), reading.encoding));
    let mut good = good.into_iter();
    match good.next() {
        Some(best) => match good.find(|other| other.fields != best.fields) {
            Some(next) if best.looks.share() < next.looks.share() + MIN_MARGIN => {
                Err(Undecided::Ambiguous(best.encoding, next.encoding))
            }
            next => {
                let next = next.map_or(own, |next| next.looks.share().max(own));
                let confidence = best.looks.share().saturating_sub(next);
                Ok(best.accepted(confidence))
            }
        },
        None => match as_it_is {
            // Foreign words, scripts of others: text that nobody here can judge, but text. What an encoding broke for good is none.
            Some(text) if text.looks.broken + text.looks.mangled == 0 => {
                let doubt = 100_u32.saturating_sub(text.looks.share());
                Ok(text.accepted(100 - doubt / 2))
            }
            _ => Err(unreadable()),
        },
    }
}
