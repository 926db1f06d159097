//! The ten fingers, and why one is missing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A finger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finger {
    /// Ngón cái phải.
    RightThumb,
    /// Ngón trỏ phải.
    RightIndex,
    /// Ngón giữa phải.
    RightMiddle,
    /// Ngón áp út phải.
    RightRing,
    /// Ngón út phải.
    RightLittle,
    /// Ngón cái trái.
    LeftThumb,
    /// Ngón trỏ trái.
    LeftIndex,
    /// Ngón giữa trái.
    LeftMiddle,
    /// Ngón áp út trái.
    LeftRing,
    /// Ngón út trái.
    LeftLittle,
}

impl Finger {
    /// All, in the order of ISO/IEC 19794-4 table 5: 1 right thumb to 10 left little finger.
    pub const ALL: [Self; 10] = [
        Self::RightThumb,
        Self::RightIndex,
        Self::RightMiddle,
        Self::RightRing,
        Self::RightLittle,
        Self::LeftThumb,
        Self::LeftIndex,
        Self::LeftMiddle,
        Self::LeftRing,
        Self::LeftLittle,
    ];

    /// The two of DG3 and of the 2021 card's back.
    pub const INDEX: [Self; 2] = [Self::RightIndex, Self::LeftIndex];

    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RightThumb => "right-thumb",
            Self::RightIndex => "right-index",
            Self::RightMiddle => "right-middle",
            Self::RightRing => "right-ring",
            Self::RightLittle => "right-little",
            Self::LeftThumb => "left-thumb",
            Self::LeftIndex => "left-index",
            Self::LeftMiddle => "left-middle",
            Self::LeftRing => "left-ring",
            Self::LeftLittle => "left-little",
        }
    }

    /// What an officer calls it.
    #[must_use]
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::RightThumb => "ngón cái phải",
            Self::RightIndex => "ngón trỏ phải",
            Self::RightMiddle => "ngón giữa phải",
            Self::RightRing => "ngón áp út phải",
            Self::RightLittle => "ngón út phải",
            Self::LeftThumb => "ngón cái trái",
            Self::LeftIndex => "ngón trỏ trái",
            Self::LeftMiddle => "ngón giữa trái",
            Self::LeftRing => "ngón áp út trái",
            Self::LeftLittle => "ngón út trái",
        }
    }

    /// Its number in ISO/IEC 19794-4 table 5 and ISO/IEC 39794-4.
    #[must_use]
    pub fn position(self) -> u8 {
        // The variants stand in the table's order, from 1.
        (self as u8).saturating_add(1)
    }

    /// The CBEFF subtype in its biometric information template (ISO/IEC 7816-11 table C.2, as Doc 9303-10 §4.7.3 takes
    /// it): the lower two bits say which hand, the next three which finger.
    #[must_use]
    pub fn cbeff_subtype(self) -> u8 {
        let place = self as u8;
        let (hand, finger) = if place < 5 { (0b01, place) } else { (0b10, place.saturating_sub(5)) };
        (finger.saturating_add(1) << 2) | hand
    }

    /// Whether it is of the right hand.
    #[must_use]
    pub fn is_right(self) -> bool {
        (self as u8) < 5
    }
}

impl fmt::Display for Finger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why there is no print of a finger. The standards know two; an officer notes which of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingReason {
    /// Cụt ngón.
    Amputated,
    /// Băng bó, thương tích chưa lành: may be taken later.
    Bandaged,
    /// Dị tật, biến dạng: the finger can't be laid on.
    Deformed,
    /// Mòn vân: the ridges are worn away.
    WornAway,
}

impl MissingReason {
    /// All.
    pub const ALL: [Self; 4] = [Self::Amputated, Self::Bandaged, Self::Deformed, Self::WornAway];

    /// The word in files and in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Amputated => "amputated",
            Self::Bandaged => "bandaged",
            Self::Deformed => "deformed",
            Self::WornAway => "worn-away",
        }
    }

    /// What an officer calls it.
    #[must_use]
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Amputated => "cụt ngón",
            Self::Bandaged => "băng bó",
            Self::Deformed => "dị tật",
            Self::WornAway => "mòn vân",
        }
    }

    /// The code of ANSI/NIST-ITL 1-2011 field 14.018 AMP, which systems of prints exchange: `XX` amputated, `UP` unable to print.
    #[must_use]
    pub fn ansi_nist(self) -> &'static str {
        match self {
            Self::Amputated => "XX",
            Self::Bandaged | Self::Deformed | Self::WornAway => "UP",
        }
    }

    /// Whether the finger may be printed another day.
    #[must_use]
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Bandaged)
    }
}

impl fmt::Display for MissingReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no finger, or no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such finger or reason")]
pub struct NotNamed;

impl FromStr for Finger {
    type Err = NotNamed;

    fn from_str(text: &str) -> Result<Self, NotNamed> {
        Self::ALL.into_iter().find(|finger| finger.as_str() == text).ok_or(NotNamed)
    }
}

impl FromStr for MissingReason {
    type Err = NotNamed;

    fn from_str(text: &str) -> Result<Self, NotNamed> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(NotNamed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_standards() {
        // ISO/IEC 19794-4 table 5, ISO/IEC 7816-11 table C.2.
        let known = [
            (Finger::RightThumb, 1, 0b0_0101),
            (Finger::RightIndex, 2, 0b0_1001),
            (Finger::RightMiddle, 3, 0b0_1101),
            (Finger::RightRing, 4, 0b1_0001),
            (Finger::RightLittle, 5, 0b1_0101),
            (Finger::LeftThumb, 6, 0b0_0110),
            (Finger::LeftIndex, 7, 0b0_1010),
            (Finger::LeftMiddle, 8, 0b0_1110),
            (Finger::LeftRing, 9, 0b1_0010),
            (Finger::LeftLittle, 10, 0b1_0110),
        ];
        for (finger, position, subtype) in known {
            assert_eq!((finger.position(), finger.cbeff_subtype()), (position, subtype), "{finger}");
            assert_eq!(finger.as_str().parse(), Ok(finger));
        }
    }

    #[test]
    fn a_reason_is_a_word_of_ours_and_of_the_exchange() {
        for reason in MissingReason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(reason));
        }
        assert_eq!(MissingReason::Amputated.ansi_nist(), "XX");
        assert!("lost".parse::<MissingReason>().is_err());
    }
}
