//! DG11: additional personal details (Doc 9303-10 §4.7.11).

use core::fmt;

use super::details::{self, Details};
use super::quirk::Quirk;
use super::raw_object::RawObject;
use super::{EncodeError, LdsError};

const FULL_NAME: u32 = 0x5F0E;
const OTHER_NAME: u32 = 0x5F0F;
const PERSONAL_NUMBER: u32 = 0x5F10;
const BIRTH_DATE: u32 = 0x5F2B;
const PLACE_OF_BIRTH: u32 = 0x5F11;
const ADDRESS: u32 = 0x5F42;
const TELEPHONE: u32 = 0x5F12;
const PROFESSION: u32 = 0x5F13;
const TITLE: u32 = 0x5F14;
const PERSONAL_SUMMARY: u32 = 0x5F15;
const PROOF_OF_CITIZENSHIP: u32 = 0x5F16;
const OTHER_DOCUMENTS: u32 = 0x5F17;
const CUSTODY: u32 = 0x5F18;

const TAGS: [u32; 12] = [
    FULL_NAME,
    PERSONAL_NUMBER,
    BIRTH_DATE,
    PLACE_OF_BIRTH,
    ADDRESS,
    TELEPHONE,
    PROFESSION,
    TITLE,
    PERSONAL_SUMMARY,
    PROOF_OF_CITIZENSHIP,
    OTHER_DOCUMENTS,
    CUSTODY,
];

/// What DG11 holds. Text is as in the file: `<` separates parts of a place or an address, `<<` the identifiers of a name
/// ([`super::name_parts`]). Personal data: `Debug` leaves it out.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Dg11 {
    /// 5F0E full name of the holder in national characters.
    pub full_name: Option<String>,
    /// 5F0F other names, in their template A0.
    pub other_names: Vec<String>,
    /// 5F10 personal number.
    pub personal_number: Option<String>,
    /// 5F2B full date of birth, `CCYYMMDD`.
    pub birth_date: Option<String>,
    /// 5F11 place of birth.
    pub place_of_birth: Option<String>,
    /// 5F42 permanent address.
    pub address: Option<String>,
    /// 5F12 telephone.
    pub telephone: Option<String>,
    /// 5F13 profession.
    pub profession: Option<String>,
    /// 5F14 title.
    pub title: Option<String>,
    /// 5F15 personal summary.
    pub personal_summary: Option<String>,
    /// 5F16 proof of citizenship, a picture.
    pub proof_of_citizenship: Option<Vec<u8>>,
    /// 5F17 numbers of other travel documents.
    pub other_documents: Option<String>,
    /// 5F18 custody information.
    pub custody: Option<String>,
    /// Data objects that the clause does not have.
    pub unknown: Vec<RawObject>,
    /// Leniencies of the reading.
    pub quirks: Vec<Quirk>,
}

impl Dg11 {
    /// Reads the file.
    ///
    /// # Errors
    /// [`LdsError`].
    pub fn parse(file: &[u8]) -> Result<Self, LdsError> {
        let mut read = Details::parse(file, 0x6B, &TAGS, OTHER_NAME)?;
        let mut dg11 = Self {
            full_name: read.text(FULL_NAME),
            personal_number: read.text(PERSONAL_NUMBER),
            birth_date: read.date(BIRTH_DATE, 8),
            place_of_birth: read.text(PLACE_OF_BIRTH),
            address: read.text(ADDRESS),
            telephone: read.text(TELEPHONE),
            profession: read.text(PROFESSION),
            title: read.text(TITLE),
            personal_summary: read.text(PERSONAL_SUMMARY),
            proof_of_citizenship: read.bytes(PROOF_OF_CITIZENSHIP),
            other_documents: read.text(OTHER_DOCUMENTS),
            custody: read.text(CUSTODY),
            ..Self::default()
        };
        (dg11.other_names, dg11.unknown, dg11.quirks) = read.finish();
        Ok(dg11)
    }

    /// The file.
    ///
    /// # Errors
    /// [`EncodeError`] for too many names.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EncodeError> {
        let objects = [
            (FULL_NAME, bytes(&self.full_name)),
            (OTHER_NAME, None),
            (PERSONAL_NUMBER, bytes(&self.personal_number)),
            (BIRTH_DATE, bytes(&self.birth_date)),
            (PLACE_OF_BIRTH, bytes(&self.place_of_birth)),
            (ADDRESS, bytes(&self.address)),
            (TELEPHONE, bytes(&self.telephone)),
            (PROFESSION, bytes(&self.profession)),
            (TITLE, bytes(&self.title)),
            (PERSONAL_SUMMARY, bytes(&self.personal_summary)),
            (PROOF_OF_CITIZENSHIP, self.proof_of_citizenship.as_deref()),
            (OTHER_DOCUMENTS, bytes(&self.other_documents)),
            (CUSTODY, bytes(&self.custody)),
        ];
        details::to_bytes(0x6B, &objects, (OTHER_NAME, &self.other_names), &self.unknown)
    }

    /// The text under one of the group's tags.
    #[must_use]
    pub fn text(&self, tag: u32) -> Option<&str> {
        match tag {
            FULL_NAME => &self.full_name,
            PERSONAL_NUMBER => &self.personal_number,
            BIRTH_DATE => &self.birth_date,
            PLACE_OF_BIRTH => &self.place_of_birth,
            ADDRESS => &self.address,
            TELEPHONE => &self.telephone,
            PROFESSION => &self.profession,
            TITLE => &self.title,
            PERSONAL_SUMMARY => &self.personal_summary,
            OTHER_DOCUMENTS => &self.other_documents,
            CUSTODY => &self.custody,
            _ => &None,
        }
        .as_deref()
    }
}

fn bytes(text: &Option<String>) -> Option<&[u8]> {
    text.as_deref().map(str::as_bytes)
}

impl fmt::Debug for Dg11 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present: Vec<String> =
            TAGS.iter().filter(|tag| self.text(**tag).is_some()).map(|tag| format!("{tag:X}")).collect();
        f.debug_struct("Dg11")
            .field("present", &present)
            .field("other_names", &self.other_names.len())
            .field("unknown", &self.unknown)
            .field("quirks", &self.quirks)
            .finish_non_exhaustive()
    }
}
