//! The acts and their books.

use core::fmt;
use core::str::FromStr;

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::person::Residence;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal),+ $(,)?) => {
        /// What an act is about, with the abbreviation of its book.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Kind { $($(#[$doc])* $name),+ }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The abbreviation in the act's identifier.
            #[must_use]
            pub fn code(self) -> &'static str { match self { $(Self::$name => $code),+ } }

            /// Whether its person may get a number by it.
            #[must_use]
            pub fn may_need_number(self) -> bool {
                matches!(self, Self::Birth | Self::SexRedetermined | Self::BirthDateCorrected)
            }

            /// Whether its person does it, and is there to do it. A divorce a court speaks without one of the two (Luật HN&GĐ
            /// 2014 art. 56(2)).
            pub(crate) fn is_deed(self) -> bool {
                matches!(
                    self,
                    Self::Marriage
                        | Self::NameChanged
                        | Self::SexRedetermined
                        | Self::EthnicGroup
                        | Self::Nationality
                        | Self::Permanent
                        | Self::Temporary
                        | Self::Current
                        | Self::Absence
                )
            }

            /// Reads [`code`](Self::code).
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

kinds! {
    /// Khai sinh.
    Birth = "KS",
    /// Khai tử.
    Death = "KT",
    /// Kết hôn.
    Marriage = "KH",
    /// Ly hôn (a court's judgement, noted in the book).
    Divorce = "LH",
    /// Nhận cha, mẹ, con.
    Recognition = "NCMC",
    /// Nuôi con nuôi.
    Adoption = "NCN",
    /// Thay đổi họ, chữ đệm, tên.
    NameChanged = "TD",
    /// Cải chính họ, chữ đệm, tên.
    NameCorrected = "CCT",
    /// Cải chính ngày sinh.
    BirthDateCorrected = "CCN",
    /// Xác định lại giới tính.
    SexRedetermined = "GT",
    /// Xác định lại dân tộc.
    EthnicGroup = "DT",
    /// Thay đổi quốc tịch.
    Nationality = "QT",
    /// Tuyên bố mất tích.
    Missing = "MT",
    /// Hủy tuyên bố mất tích.
    Returned = "HMT",
    /// Hủy khai tử, hủy quyết định tuyên bố chết (BLDS 2015 art. 73).
    DeathAnnulled = "HKT",
    /// Đăng ký thường trú (Luật Cư trú 2020 art. 20–22): not of the civil status books, yet kept and taken as they are.
    Permanent = "CT",
    /// Đăng ký tạm trú (art. 27–28).
    Temporary = "TT",
    /// Thông báo nơi ở hiện tại (art. 19).
    Current = "HT",
    /// Khai báo tạm vắng (art. 31).
    Absence = "TV",
    /// Xóa đăng ký thường trú (art. 24).
    Removed = "XT",
    /// Quyết định xử lý mâu thuẫn, trùng lặp ([`crate::cases`]): names an officer's decision in messages; no book's.
    Decided = "XL",
}

/// Which act: unique in the nation, and the key under which it is taken once. `00070.2026.KS.123`: office, year, book,
/// number in the book.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActId {
    /// The office: code of its ward, 5 digits; `90` and the country's code (TT 07/2016 annex 2) for a representation abroad.
    pub office: String,
    /// Of the book.
    pub year: i16,
    /// Which book.
    pub kind: Kind,
    /// In the book of the year, from 1.
    pub serial: u32,
}

impl ActId {
    /// The country of a representation abroad, three digits; `None` for an office at home. No ward's code begins with 9.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.office.strip_prefix("90").filter(|country| country.len() == 3)
    }
}

/// Text that identifies no act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an act is named OFFICE.YEAR.BOOK.NUMBER, as in 00070.2026.KS.123")]
pub struct NotAnActId;

impl fmt::Display for ActId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:04}.{}.{}", self.office, self.year, self.kind.code(), self.serial)
    }
}

impl FromStr for ActId {
    type Err = NotAnActId;

    fn from_str(text: &str) -> Result<Self, NotAnActId> {
        let parts: Vec<&str> = text.split('.').collect();
        let [office, year, kind, serial] = parts.as_slice() else { return Err(NotAnActId) };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if office.len() != 5 || !digits(office) || year.len() != 4 || !digits(year) {
            return Err(NotAnActId);
        }
        if !digits(serial) || serial.starts_with('0') {
            return Err(NotAnActId);
        }
        Ok(Self {
            office: (*office).to_owned(),
            year: year.parse().map_err(|_| NotAnActId)?,
            kind: Kind::from_code(kind).ok_or(NotAnActId)?,
            serial: serial.parse().map_err(|_| NotAnActId)?,
        })
    }
}

impl Serialize for ActId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ActId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

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

/// Father or mother of an act of birth: by number, or by name where there is none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parent {
    /// In the register.
    Known(PersonalNumber),
    /// A foreigner, or somebody the register does not know.
    Named {
        /// Họ và tên.
        name: String,
        /// Quốc tịch.
        #[serde(default)]
        nationality: Option<String>,
    },
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
        father: Option<Parent>,
        /// Mẹ.
        #[serde(default)]
        mother: Option<Parent>,
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
    /// Two persons marry.
    Marriage {
        /// One.
        husband: PersonalNumber,
        /// The other.
        wife: PersonalNumber,
        /// When.
        on: Date,
    },
    /// Two persons are divorced.
    Divorce {
        /// One.
        husband: PersonalNumber,
        /// The other.
        wife: PersonalNumber,
        /// The day the judgement took effect.
        on: Date,
    },
    /// A parent recognises a child, or a child a parent.
    Recognition {
        /// Con.
        child: PersonalNumber,
        /// Cha hoặc mẹ; which of the two, the parent's sex says.
        parent: PersonalNumber,
        /// When.
        on: Date,
    },
    /// A child is adopted.
    Adoption {
        /// Con nuôi.
        child: PersonalNumber,
        /// Cha nuôi.
        #[serde(default)]
        father: Option<PersonalNumber>,
        /// Mẹ nuôi.
        #[serde(default)]
        mother: Option<PersonalNumber>,
        /// When.
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
            Self::Recognition { .. } => Kind::Recognition,
            Self::Adoption { .. } => Kind::Adoption,
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
            | Self::Recognition { on, .. }
            | Self::Adoption { on, .. }
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
                let parents = [father, mother].into_iter().flatten().filter_map(|parent| match parent {
                    Parent::Known(number) => Some(number.clone()),
                    Parent::Named { .. } => None,
                });
                parents.chain(resides_with.clone()).collect()
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
            Self::Marriage { husband, wife, .. } | Self::Divorce { husband, wife, .. } => vec![husband, wife],
            Self::Recognition { child, parent, .. } => vec![child, parent],
            Self::Adoption { child, father, mother, .. } => {
                core::iter::once(child).chain(father).chain(mother).collect()
            }
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

    /// Those of [`principals`](Self::principals) who are there for it and do something: not whom a court, an office or their family
    /// speaks of.
    pub(crate) fn doers(&self) -> Vec<PersonalNumber> {
        match self {
            Self::Adoption { father, mother, .. } => father.iter().chain(mother).cloned().collect(),
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

impl fmt::Debug for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parent(…)")
    }
}
