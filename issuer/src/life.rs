//! A card's life after issue: on which ground it is withdrawn or held, and how long each may last (Luật Căn cước 2023).
//!
//! ```text
//! active → held → active      giữ, art. 29(2): while the measure lasts
//! active → revoked            thu hồi, art. 29(1): for good
//! active → lost → destroyed   reported lost; found again, it is destroyed
//! active → replaced           đổi, cấp lại: by the next card, in one step
//! active → expired            by its own last day
//! ```

mod change;

use std::fmt;

pub use change::{CardChange, CardOrder, Changed};

/// Why a card is withdrawn for good: thu hồi (art. 29(1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RevocationGround {
    /// Its holder lost, gave up or was deprived of the nationality.
    LossOfNationality,
    /// It was issued wrongly.
    WronglyIssued,
    /// It was erased or altered.
    Altered,
}

/// Why a card is held: giữ (art. 29(2)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum HoldGround {
    /// Its holder is in a reform school.
    ReformSchool,
    /// In an institution of compulsory education.
    CompulsoryEducation,
    /// In an institution of compulsory detoxification.
    CompulsoryDetoxification,
    /// In temporary custody or detention.
    Detention,
    /// In prison.
    Imprisonment,
}

impl RevocationGround {
    /// All grounds.
    pub const ALL: [Self; 3] = [Self::LossOfNationality, Self::WronglyIssued, Self::Altered];

    /// What it says, in Vietnamese and in English.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::LossOfNationality => (
                "Mất, thôi hoặc bị tước quốc tịch Việt Nam",
                "Vietnamese nationality lost, given up or deprived",
            ),
            Self::WronglyIssued => ("Thẻ được cấp sai quy định", "issued wrongly"),
            Self::Altered => ("Thẻ bị tẩy xóa, sửa chữa", "erased or altered"),
        }
    }

    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LossOfNationality => "loss-of-nationality",
            Self::WronglyIssued => "wrongly-issued",
            Self::Altered => "altered",
        }
    }
}

impl HoldGround {
    /// All grounds.
    pub const ALL: [Self; 5] = [
        Self::ReformSchool,
        Self::CompulsoryEducation,
        Self::CompulsoryDetoxification,
        Self::Detention,
        Self::Imprisonment,
    ];

    /// What it says, in Vietnamese and in English.
    #[must_use]
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::ReformSchool => ("Đưa vào trường giáo dưỡng", "in a reform school"),
            Self::CompulsoryEducation => {
                ("Đưa vào cơ sở giáo dục bắt buộc", "in an institution of compulsory education")
            }
            Self::CompulsoryDetoxification => {
                ("Đưa vào cơ sở cai nghiện bắt buộc", "in an institution of compulsory detoxification")
            }
            Self::Detention => ("Bị tạm giữ, tạm giam", "in temporary custody or detention"),
            Self::Imprisonment => ("Chấp hành án phạt tù", "in prison"),
        }
    }

    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReformSchool => "reform-school",
            Self::CompulsoryEducation => "compulsory-education",
            Self::CompulsoryDetoxification => "compulsory-detoxification",
            Self::Detention => "detention",
            Self::Imprisonment => "imprisonment",
        }
    }
}

impl fmt::Display for RevocationGround {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "art. 29(1) {}", self.as_str())
    }
}

impl fmt::Display for HoldGround {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "art. 29(2) {}", self.as_str())
    }
}

/// What the register keeps as the reason: the ground, and what the officer said.
#[must_use]
pub fn reason(ground: &dyn fmt::Display, said: &str) -> String {
    format!("{ground}: {said}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_the_paragraph_of_the_law() {
        assert_eq!(
            reason(&HoldGround::Detention, "decision 12/2026"),
            "art. 29(2) detention: decision 12/2026"
        );
        let revoked = RevocationGround::ALL.map(|ground| ground.to_string());
        assert_eq!(
            revoked,
            ["art. 29(1) loss-of-nationality", "art. 29(1) wrongly-issued", "art. 29(1) altered"]
        );
        assert!(HoldGround::ALL.iter().all(|ground| ground.to_string().starts_with("art. 29(2) ")));
    }
}
