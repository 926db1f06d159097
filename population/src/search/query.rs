//! What is known of somebody.

use cccd_card_profile::card_holder::{BirthDate, Sex};

/// A question; what is `None` is not known. Any item may be wrong in one thing.
#[derive(Clone, Default)]
pub struct Query {
    /// The name, with or without diacritics, in any order, perhaps shortened.
    pub name: Option<String>,
    /// The birth date, or its month, or its year.
    pub birth_date: Option<BirthDate>,
    /// The sex.
    pub sex: Option<Sex>,
    /// The father's name.
    pub father: Option<String>,
    /// The mother's name.
    pub mother: Option<String>,
    /// Province of residence, 2 digits.
    pub province: Option<String>,
    /// Ward of residence, 5 digits.
    pub ward: Option<String>,
}

impl core::fmt::Debug for Query {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Query")
            .field("name", &self.name.is_some())
            .field("birth_date", &self.birth_date.is_some())
            .field("place", &(self.province.is_some() || self.ward.is_some()))
            .field("parents", &(self.father.is_some() || self.mother.is_some()))
            .finish_non_exhaustive()
    }
}

impl Query {
    /// Whether the register can be searched by it: a name with something beside it, or both parents. A name alone finds
    /// thousands.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        let beside = self.birth_date.is_some()
            || self.province.is_some()
            || self.ward.is_some()
            || self.father.is_some()
            || self.mother.is_some();
        (self.name.is_some() && beside) || (self.father.is_some() && self.mother.is_some())
    }
}
