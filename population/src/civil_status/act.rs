//! The acts: what an office says happened.

use core::fmt;

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use super::act_id::{ActId, NotAnActId};
use super::family::is_one_name;
pub use super::kind::Kind;
use crate::person::{Relative, Residence};

/// Where the act was first written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Book {
    /// In the electronic register.
    #[default]
    Electronic,
    /// In a paper book, entered later: its shelf mark and page.
    Paper {
        /// Which book.
        book: String,
        /// Which page.
        page: u32,
    },
}

/// One act as an office registered it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Which.
    pub id: ActId,
    /// The day it was registered.
    pub registered_on: Date,
    /// The officer of civil status.
    pub registered_by: String,
    /// Electronic, or entered from paper.
    #[serde(default)]
    pub book: Book,
    /// What happened.
    pub act: Act,
}

/// A child that is born.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newborn {
    /// Họ, chữ đệm, tên.
    pub full_name: String,
    /// Day of birth.
    pub birth_date: Date,
    /// Giới tính.
    pub sex: Sex,
    /// Nơi sinh.
    pub place_of_birth: String,
    /// Nơi đăng ký khai sinh, as the paper prints it.
    pub birth_registration_place: String,
    /// The three digits of the number for the place of registration: province or country (TT 07/2016).
    pub number_place: String,
    /// Quê quán.
    pub place_of_origin: String,
    /// Dân tộc.
    pub ethnic_group: String,
    /// Quốc tịch.
    pub nationality: String,
}

/// Spouse or parent in an act: by number, or by name where there is none.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Party {
    /// In the register.
    Known(PersonalNumber),
    /// A foreigner, or somebody the register does not know.
    Named {
        /// Họ và tên.
        name: String,
        /// Quốc tịch.
        nationality: Option<String>,
    },
}

/// A number beside a name would be lost: no field is passed over.
impl<'de> Deserialize<'de> for Party {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Stranger {
            name: String,
            #[serde(default)]
            nationality: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Known(PersonalNumber),
            Named(Stranger),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Known(number) => Self::Known(number),
            Written::Named(Stranger { name, nationality }) => Self::Named { name, nationality },
        })
    }
}

impl Party {
    /// Of somebody in the register.
    #[must_use]
    pub fn number(&self) -> Option<&PersonalNumber> {
        match self {
            Self::Known(number) => Some(number),
            Self::Named { .. } => None,
        }
    }

    /// Whether somebody without a number is named so, in any spelling.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.stranger().is_some_and(|named| is_one_name(&named.name, name))
    }

    /// How records name somebody who is not in the register.
    pub(crate) fn stranger(&self) -> Option<Relative> {
        match self {
            Self::Known(_) => None,
            Self::Named { name, nationality } => {
                let mut relative = Relative::new(name, None);
                relative.nationality.clone_from(nationality);
                Some(relative)
            }
        }
    }
}

impl From<PersonalNumber> for Party {
    fn from(number: PersonalNumber) -> Self {
        Self::Known(number)
    }
}

/// One of those who move, and what they are to the head of the household there.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mover {
    /// Who.
    pub person: PersonalNumber,
    /// Quan hệ với chủ hộ; `Chủ hộ` for the head of a new household.
    pub relation: String,
}

/// Which of the places that are not the permanent one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stay {
    /// Nơi tạm trú.
    Temporary,
    /// Nơi ở hiện tại.
    Current,
}

/// What an act says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// A child is born. Its number is allocated and answered.
    Birth {
        /// The child.
        child: Box<Newborn>,
        /// Cha.
        #[serde(default)]
        father: Option<Party>,
        /// Mẹ.
        #[serde(default)]
        mother: Option<Party>,
        /// With whom the child is registered as resident (linked procedure); one of the parents or the guardian.
        #[serde(default)]
        resides_with: Option<PersonalNumber>,
    },
    /// Somebody has died.
    Death {
        /// Who.
        person: PersonalNumber,
        /// When.
        on: Date,
    },
    /// Two persons marry; one of them is in the register.
    Marriage {
        /// One.
        husband: Party,
        /// The other.
        wife: Party,
        /// When.
        on: Date,
    },
    /// Two persons are divorced.
    Divorce {
        /// One.
        husband: Party,
        /// The other.
        wife: Party,
        /// The day the judgement took effect.
        on: Date,
    },
    /// A marriage is annulled: as if it had not been.
    MarriageAnnulled {
        /// One.
        husband: Party,
        /// The other.
        wife: Party,
        /// The day the decision took effect.
        on: Date,
    },
    /// A parent recognises a child, or a child a parent.
    Recognition {
        /// Con.
        child: PersonalNumber,
        /// Cha hoặc mẹ; which of the two, the parent's sex says.
        parent: Party,
        /// Of a parent who is not in the register.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent_sex: Option<Sex>,
        /// When.
        on: Date,
    },
    /// A child is adopted.
    Adoption {
        /// Con nuôi.
        child: PersonalNumber,
        /// Cha nuôi.
        #[serde(default)]
        father: Option<Party>,
        /// Mẹ nuôi.
        #[serde(default)]
        mother: Option<Party>,
        /// When.
        on: Date,
    },
    /// An adoption ends: the adoptive parents of the last adoption are parents no more.
    AdoptionEnded {
        /// Con nuôi.
        child: PersonalNumber,
        /// Cha, from now on; none: whom the adoption had left, if anybody.
        #[serde(default)]
        father: Option<Party>,
        /// Mẹ, from now on.
        #[serde(default)]
        mother: Option<Party>,
        /// The day the decision took effect.
        on: Date,
    },
    /// A name changes: the old one stays as another name.
    NameChanged {
        /// Whose.
        person: PersonalNumber,
        /// The new name.
        full_name: String,
        /// From when on.
        on: Date,
    },
    /// A name was written wrongly from the beginning: the old one was never right.
    NameCorrected {
        /// Whose.
        person: PersonalNumber,
        /// The right name.
        full_name: String,
        /// When it was corrected.
        on: Date,
    },
    /// A birth date was written wrongly. Another year means another number (NĐ 70/2024 art. 12(1)).
    BirthDateCorrected {
        /// Whose.
        person: PersonalNumber,
        /// The right one.
        birth_date: BirthDate,
        /// When it was corrected.
        on: Date,
    },
    /// A sex is determined again. It means another number (NĐ 70/2024 art. 12(1)).
    SexRedetermined {
        /// Whose.
        person: PersonalNumber,
        /// As determined.
        sex: Sex,
        /// When.
        on: Date,
    },
    /// An ethnic group is determined again.
    EthnicGroup {
        /// Whose.
        person: PersonalNumber,
        /// As determined.
        ethnic_group: String,
        /// When.
        on: Date,
    },
    /// A nationality is gained, regained, renounced or taken.
    Nationality {
        /// Whose.
        person: PersonalNumber,
        /// What it is from now on.
        nationality: String,
        /// When.
        on: Date,
    },
    /// A court declares somebody missing.
    Missing {
        /// Who.
        person: PersonalNumber,
        /// Since when.
        on: Date,
    },
    /// The declaration is annulled.
    Returned {
        /// Who.
        person: PersonalNumber,
        /// When.
        on: Date,
    },
    /// The registration of a death, or the declaration of it by a court, is annulled.
    DeathAnnulled {
        /// Who lives.
        person: PersonalNumber,
        /// The day of the decision.
        on: Date,
    },
    /// People take up permanent residence together: in somebody's household, or as one of their own.
    Permanent {
        /// Who, and what each is there.
        movers: Vec<Mover>,
        /// A member of the household they join; none: they make one.
        #[serde(default)]
        joins: Option<PersonalNumber>,
        /// Where; none: where the one they join is at home.
        #[serde(default)]
        place: Option<Residence>,
        /// From when on.
        on: Date,
    },
    /// Somebody stays elsewhere than at home.
    Temporary {
        /// Who.
        person: PersonalNumber,
        /// Registered as temporary, or only where they live now.
        stay: Stay,
        /// Where; none: the stay has ended.
        #[serde(default)]
        place: Option<Residence>,
        /// From when on.
        on: Date,
    },
    /// Somebody declares that they will be away.
    Absence {
        /// Who.
        person: PersonalNumber,
        /// From when on.
        on: Date,
        /// Until when, if they said so.
        #[serde(default)]
        until: Option<Date>,
    },
    /// A permanent residence is removed: settled abroad, the house given up, registered against the law.
    Removed {
        /// Whose.
        person: PersonalNumber,
        /// When.
        on: Date,
    },
}

impl Act {
    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Birth { .. } => Kind::Birth,
            Self::Death { .. } => Kind::Death,
            Self::Marriage { .. } => Kind::Marriage,
            Self::Divorce { .. } => Kind::Divorce,
            Self::MarriageAnnulled { .. } => Kind::MarriageAnnulled,
            Self::Recognition { .. } => Kind::Recognition,
            Self::Adoption { .. } => Kind::Adoption,
            Self::AdoptionEnded { .. } => Kind::AdoptionEnded,
            Self::NameChanged { .. } => Kind::NameChanged,
            Self::NameCorrected { .. } => Kind::NameCorrected,
            Self::BirthDateCorrected { .. } => Kind::BirthDateCorrected,
            Self::SexRedetermined { .. } => Kind::SexRedetermined,
            Self::EthnicGroup { .. } => Kind::EthnicGroup,
            Self::Nationality { .. } => Kind::Nationality,
            Self::Missing { .. } => Kind::Missing,
            Self::Returned { .. } => Kind::Returned,
            Self::DeathAnnulled { .. } => Kind::DeathAnnulled,
            Self::Permanent { .. } => Kind::Permanent,
            Self::Temporary { stay: Stay::Temporary, .. } => Kind::Temporary,
            Self::Temporary { stay: Stay::Current, .. } => Kind::Current,
            Self::Absence { .. } => Kind::Absence,
            Self::Removed { .. } => Kind::Removed,
        }
    }

    /// The day it happened.
    #[must_use]
    pub fn on(&self) -> Date {
        match self {
            Self::Birth { child, .. } => child.birth_date,
            Self::Death { on, .. }
            | Self::Marriage { on, .. }
            | Self::Divorce { on, .. }
            | Self::MarriageAnnulled { on, .. }
            | Self::Recognition { on, .. }
            | Self::Adoption { on, .. }
            | Self::AdoptionEnded { on, .. }
            | Self::NameChanged { on, .. }
            | Self::NameCorrected { on, .. }
            | Self::BirthDateCorrected { on, .. }
            | Self::SexRedetermined { on, .. }
            | Self::EthnicGroup { on, .. }
            | Self::Nationality { on, .. }
            | Self::Missing { on, .. }
            | Self::Returned { on, .. }
            | Self::DeathAnnulled { on, .. }
            | Self::Permanent { on, .. }
            | Self::Temporary { on, .. }
            | Self::Absence { on, .. }
            | Self::Removed { on, .. } => *on,
        }
    }

    /// Everybody whom the act names by number.
    #[must_use]
    pub fn named(&self) -> Vec<PersonalNumber> {
        match self {
            Self::Birth { father, mother, resides_with, .. } => {
                let parents = [father, mother].into_iter().flatten().filter_map(Party::number).cloned();
                parents.chain(resides_with.clone()).collect()
            }
            Self::AdoptionEnded { child, father, mother, .. } => {
                let parents = [father, mother].into_iter().flatten().filter_map(Party::number);
                core::iter::once(child).chain(parents).cloned().collect()
            }
            Self::Permanent { joins, .. } => self.principals().into_iter().chain(joins.clone()).collect(),
            _ => self.principals(),
        }
    }

    /// The persons whose own act it is, in an order that two processes share (by number), so that neither waits for
    /// the other.
    #[must_use]
    pub fn principals(&self) -> Vec<PersonalNumber> {
        let mut numbers: Vec<&PersonalNumber> = match self {
            Self::Birth { .. } => Vec::new(),
            Self::Marriage { .. } | Self::Divorce { .. } | Self::MarriageAnnulled { .. } => {
                self.spouses().into_iter().flatten().filter_map(Party::number).collect()
            }
            Self::Recognition { child, parent, .. } => {
                core::iter::once(child).chain(parent.number()).collect()
            }
            Self::Adoption { child, father, mother, .. } => {
                let adopters = [father, mother].into_iter().flatten().filter_map(Party::number);
                core::iter::once(child).chain(adopters).collect()
            }
            Self::AdoptionEnded { child, .. } => vec![child],
            Self::Death { person, .. }
            | Self::NameChanged { person, .. }
            | Self::NameCorrected { person, .. }
            | Self::BirthDateCorrected { person, .. }
            | Self::SexRedetermined { person, .. }
            | Self::EthnicGroup { person, .. }
            | Self::Nationality { person, .. }
            | Self::Missing { person, .. }
            | Self::Returned { person, .. }
            | Self::DeathAnnulled { person, .. }
            | Self::Temporary { person, .. }
            | Self::Absence { person, .. }
            | Self::Removed { person, .. } => vec![person],
            Self::Permanent { movers, .. } => movers.iter().map(|mover| &mover.person).collect(),
        };
        numbers.sort_unstable();
        numbers.into_iter().cloned().collect()
    }

    /// Husband and wife, where the act makes a marriage or ends one.
    #[must_use]
    pub fn spouses(&self) -> Option<[&Party; 2]> {
        match self {
            Self::Marriage { husband, wife, .. }
            | Self::Divorce { husband, wife, .. }
            | Self::MarriageAnnulled { husband, wife, .. } => Some([husband, wife]),
            _ => None,
        }
    }

    /// Whether it makes or ends a marriage with somebody of this name who has no number.
    pub(crate) fn is_of_spouse(&self, stranger: &Party) -> bool {
        let spouses = self.spouses().into_iter().flatten();
        spouses.filter_map(Party::stranger).any(|named| stranger.is_named(&named.name))
    }

    /// The same act, each of its people under the number that `now` says: acts name people by the numbers of then.
    #[must_use]
    pub(crate) fn under(mut self, now: &mut dyn FnMut(&PersonalNumber) -> PersonalNumber) -> Self {
        let mut party = |party: &mut Party| {
            if let Party::Known(number) = party {
                *number = now(number);
            }
        };
        match &mut self {
            Self::Birth { father, mother, .. } => [father, mother].into_iter().flatten().for_each(party),
            Self::Marriage { husband, wife, .. }
            | Self::Divorce { husband, wife, .. }
            | Self::MarriageAnnulled { husband, wife, .. } => [husband, wife].into_iter().for_each(party),
            Self::Recognition { child, parent, .. } => {
                party(parent);
                *child = now(child);
            }
            Self::Adoption { child, father, mother, .. }
            | Self::AdoptionEnded { child, father, mother, .. } => {
                [father, mother].into_iter().flatten().for_each(party);
                *child = now(child);
            }
            // Nobody asks the others whom they name.
            _ => {}
        }
        self
    }

    /// Those of [`principals`](Self::principals) who are there for it and do something: not whom a court, an office or their family
    /// speaks of.
    pub(crate) fn doers(&self) -> Vec<PersonalNumber> {
        match self {
            Self::Adoption { father, mother, .. } => {
                [father, mother].into_iter().flatten().filter_map(Party::number).cloned().collect()
            }
            _ if self.kind().is_deed() => self.principals(),
            _ => Vec::new(),
        }
    }
}

impl fmt::Debug for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Act").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Newborn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Newborn(…)")
    }
}

impl fmt::Debug for Mover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mover(…)")
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Party(…)")
    }
}
