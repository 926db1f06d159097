//! Item 15: relatives and representatives. Items 22 and 23: the household that replaced the paper book.

use core::fmt;

use cccd_card_profile::personal_number::PersonalNumber;
use serde::{Deserialize, Serialize};

/// The relation of the head of a household.
pub const HEAD: &str = "Chủ hộ";

/// A relative or representative as the person's own record names them: name, number, CMND, nationality. The number
/// may be unknown, and its holder need not be in this register.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relative {
    /// Họ và tên.
    pub name: String,
    /// Số định danh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<PersonalNumber>,
    /// Số CMND 9 số.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_number: Option<String>,
    /// Quốc tịch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nationality: Option<String>,
}

/// A member of the person's household; the head is the one whose relation is `Chủ hộ`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HouseholdMember {
    /// Họ và tên.
    pub name: String,
    /// Số định danh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<PersonalNumber>,
    /// Mối quan hệ với chủ hộ: `Chủ hộ`, `Vợ`, `Con` …
    pub relation: String,
}

impl Relative {
    /// A relative of whom name and number are known.
    #[must_use]
    pub fn new(name: &str, number: Option<PersonalNumber>) -> Self {
        Self { name: name.to_owned(), number, old_number: None, nationality: None }
    }
}

impl fmt::Debug for Relative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Relative(…)")
    }
}

impl fmt::Debug for HouseholdMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HouseholdMember(…)")
    }
}
