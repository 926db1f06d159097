//! Questions about somebody of whom a record with an error is at hand: what a search is measured with.

use cccd_card_profile::card_holder::BirthDate;

use crate::person::{Person, Relative};
use crate::search::Query;

/// What is asked beside the name and the sex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beside {
    /// The whole birth date.
    Date,
    /// The year of birth and the province.
    Province,
    /// The year of birth and the name of a parent.
    Parent,
}

/// A second record of somebody, as a question; of each three that stand one after another, one is of each kind, where the
/// record says what it takes.
#[must_use]
pub fn question(copy: &Person, at: usize) -> (Query, Beside) {
    let name = |relative: &Option<Relative>| relative.as_ref().map(|relative| relative.name.clone());
    let province = copy.residences.permanent.as_ref().and_then(|place| place.province_code.clone());
    let (father, mother) = (name(&copy.father), name(&copy.mother));
    let mut query = Query {
        name: Some(copy.full_name.clone()),
        birth_date: Some(BirthDate::Year(copy.birth_date.year())),
        sex: Some(copy.sex),
        ..Query::default()
    };
    let beside = match at % 3 {
        1 if province.is_some() => Beside::Province,
        2 if father.is_some() || mother.is_some() => Beside::Parent,
        _ => Beside::Date,
    };
    match beside {
        Beside::Province => query.province = province,
        Beside::Parent if at.is_multiple_of(2) && father.is_some() || mother.is_none() => {
            query.father = father;
        }
        Beside::Parent => query.mother = mother,
        Beside::Date => query.birth_date = Some(copy.birth_date),
    }
    (query, beside)
}
