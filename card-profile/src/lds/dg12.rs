//! DG12: additional document details (Doc 9303-10 §4.7.12).

use core::fmt;

use super::details::{self, Details};
use super::quirk::Quirk;
use super::raw_object::RawObject;
use super::{EncodeError, LdsError};

const ISSUING_AUTHORITY: u32 = 0x5F19;
const ISSUE_DATE: u32 = 0x5F26;
const OTHER_PERSON: u32 = 0x5F1A;
const ENDORSEMENTS: u32 = 0x5F1B;
const TAX_EXIT: u32 = 0x5F1C;
const FRONT: u32 = 0x5F1D;
const REAR: u32 = 0x5F1E;
const PERSONALIZED_AT: u32 = 0x5F55;
const PERSONALIZED_BY: u32 = 0x5F56;

const TAGS: [u32; 8] =
    [ISSUING_AUTHORITY, ISSUE_DATE, ENDORSEMENTS, TAX_EXIT, FRONT, REAR, PERSONALIZED_AT, PERSONALIZED_BY];

/// What DG12 holds. `Debug` leaves the content out.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Dg12 {
    /// 5F19 issuing authority.
    pub issuing_authority: Option<String>,
    /// 5F26 date of issue, `CCYYMMDD`.
    pub issue_date: Option<String>,
    /// 5F1A names of other persons, in their template A0.
    pub other_persons: Vec<String>,
    /// 5F1B endorsements and observations.
    pub endorsements: Option<String>,
    /// 5F1C tax and exit requirements.
    pub tax_exit: Option<String>,
    /// 5F1D picture of the document's front.
    pub front: Option<Vec<u8>>,
    /// 5F1E picture of its rear.
    pub rear: Option<Vec<u8>>,
    /// 5F55 when it was personalized, `CCYYMMDDhhmmss`.
    pub personalized_at: Option<String>,
    /// 5F56 serial number of the personalization system.
    pub personalized_by: Option<String>,
    /// Data objects that the clause does not have.
    pub unknown: Vec<RawObject>,
    /// Leniencies of the reading.
    pub quirks: Vec<Quirk>,
}

impl Dg12 {
    /// Reads the file.
    ///
    /// # Errors
    /// [`LdsError`].
    pub fn parse(file: &[u8]) -> Result<Self, LdsError> {
        let mut read = Details::parse(file, 0x6C, &TAGS, OTHER_PERSON)?;
        let mut dg12 = Self {
            issuing_authority: read.text(ISSUING_AUTHORITY),
            issue_date: read.date(ISSUE_DATE, 8),
            endorsements: read.text(ENDORSEMENTS),
            tax_exit: read.text(TAX_EXIT),
            front: read.bytes(FRONT),
            rear: read.bytes(REAR),
            personalized_at: read.date(PERSONALIZED_AT, 14),
            personalized_by: read.text(PERSONALIZED_BY),
            ..Self::default()
        };
        (dg12.other_persons, dg12.unknown, dg12.quirks) = read.finish();
        Ok(dg12)
    }

    /// The file.
    ///
    /// # Errors
    /// [`EncodeError`] for too many names.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EncodeError> {
        let text = |value: &'_ Option<String>| value.clone().map(String::into_bytes);
        let values = [
            (ISSUING_AUTHORITY, text(&self.issuing_authority)),
            (ISSUE_DATE, text(&self.issue_date)),
            (OTHER_PERSON, None),
            (ENDORSEMENTS, text(&self.endorsements)),
            (TAX_EXIT, text(&self.tax_exit)),
            (FRONT, self.front.clone()),
            (REAR, self.rear.clone()),
            (PERSONALIZED_AT, text(&self.personalized_at)),
            (PERSONALIZED_BY, text(&self.personalized_by)),
        ];
        let objects: Vec<_> = values.iter().map(|(tag, value)| (*tag, value.as_deref())).collect();
        details::to_bytes(0x6C, &objects, (OTHER_PERSON, &self.other_persons), &self.unknown)
    }

    /// The text under one of the group's tags.
    #[must_use]
    pub fn text(&self, tag: u32) -> Option<&str> {
        match tag {
            ISSUING_AUTHORITY => &self.issuing_authority,
            ISSUE_DATE => &self.issue_date,
            ENDORSEMENTS => &self.endorsements,
            TAX_EXIT => &self.tax_exit,
            PERSONALIZED_AT => &self.personalized_at,
            PERSONALIZED_BY => &self.personalized_by,
            _ => &None,
        }
        .as_deref()
    }
}

impl fmt::Debug for Dg12 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present: Vec<String> =
            TAGS.iter().filter(|tag| self.text(**tag).is_some()).map(|tag| format!("{tag:X}")).collect();
        f.debug_struct("Dg12")
            .field("present", &present)
            .field("other_persons", &self.other_persons.len())
            .field("unknown", &self.unknown)
            .field("quirks", &self.quirks)
            .finish_non_exhaustive()
    }
}
