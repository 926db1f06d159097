//! Item 24: death and being missing. Item 19: declared absence.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Whether the person lives, as far as the register knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// Nothing else is known.
    #[default]
    Alive,
    /// Chết on this day.
    Dead(Date),
    /// Mất tích (declared by a court) since this day.
    Missing(Date),
}

impl Life {
    /// The day of death, or since which the person is missing.
    #[must_use]
    pub fn date(self) -> Option<Date> {
        match self {
            Self::Alive => None,
            Self::Dead(date) | Self::Missing(date) => Some(date),
        }
    }

    /// `alive`, `dead` or `missing`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Dead(_) => "dead",
            Self::Missing(_) => "missing",
        }
    }

    /// The state behind a word and a date, if they fit together.
    #[must_use]
    pub fn from_parts(word: &str, date: Option<Date>) -> Option<Self> {
        match (word, date) {
            ("alive", None) => Some(Self::Alive),
            ("dead", Some(date)) => Some(Self::Dead(date)),
            ("missing", Some(date)) => Some(Self::Missing(date)),
            _ => None,
        }
    }
}

/// Khai báo tạm vắng (Luật Cư trú 2020 art. 31).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemporaryAbsence {
    /// From this day.
    pub from: Date,
    /// Until this day, if one was declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}
