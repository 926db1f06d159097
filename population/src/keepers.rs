//! Holders whose details another ministry keeps: the armed forces (docs/decisions/0135).
//!
//! The register goes on keeping of them what their number, their card, their family and their civil status need. What would tell
//! where and with whom they serve is their ministry's: it is taken out of the record when the ministry says so, and comes from
//! nobody but it. The word of the ministry is all that stands here: who it is, since when, and its reference.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::person::Person;
use crate::quality::{Remark, Rule};

/// The longest reference, in characters.
pub const MAX_REFERENCE: usize = 200;

/// The ministry that keeps somebody's details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keeper {
    /// Bộ Quốc phòng: the army, and the cipher service.
    Defence,
    /// Bộ Công an: the people's police.
    PublicSecurity,
}

crate::person::words!(Keeper, Defence = "defence", PublicSecurity = "public-security");

/// Before the ministry's word in the source of what it sends.
const SOURCE: &str = "keeper:";

impl Keeper {
    /// Its name in Vietnamese.
    #[must_use]
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Defence => "Bộ Quốc phòng",
            Self::PublicSecurity => "Bộ Công an",
        }
    }

    /// The source of a change that comes from it: `keeper:defence:` and what.
    #[must_use]
    pub fn source(self, what: &str) -> String {
        format!("{SOURCE}{}:{what}", self.as_str())
    }

    /// The ministry that a source is of.
    #[must_use]
    pub fn of_source(source: &str) -> Option<Self> {
        let rest = source.strip_prefix(SOURCE)?;
        Self::parse(rest.split(':').next().unwrap_or(rest))
    }
}

/// What stands of somebody's keeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Which ministry.
    pub keeper: Keeper,
    /// Since when it keeps the details.
    pub since: Date,
    /// Its reference.
    pub reference: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The record without what only the keeper keeps: where the person stays for now, when they are away, and how they are
/// reached. The permanent residence is the family's and stays.
#[must_use]
pub fn without_details(person: &Person) -> Person {
    let mut rest = person.clone();
    (rest.residences.temporary, rest.residences.current) = (None, None);
    rest.temporary_absence = None;
    (rest.phone, rest.email, rest.other) = (None, None, None);
    rest
}

/// Whether a record says what only the keeper keeps.
#[must_use]
pub fn says_details(person: &Person) -> bool {
    let place = &person.residences;
    place.temporary.is_some()
        || place.current.is_some()
        || person.temporary_absence.is_some()
        || person.phone.is_some()
        || person.email.is_some()
        || person.other.is_some()
}

/// Whether a remark on the quality of such a record is the register's business: where they live and whether they are still
/// there is not, and no ward's office is sent to look.
#[must_use]
pub fn concerns_the_register(remark: &Remark) -> bool {
    match remark.rule {
        Rule::NoResidence
        | Rule::ResidenceOld
        | Rule::TemporaryEnded
        | Rule::AbsenceEnded
        | Rule::GreatAge
        | Rule::AddressWithoutCode => false,
        Rule::Missing => !matches!(remark.item, "residence" | "relation_to_head"),
        _ => true,
    }
}
