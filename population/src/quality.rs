//! The motto of the register, measured: **đúng** (correct), **đủ** (complete), **sạch** (clean), **sống** (alive).
//!
//! A [`Remark`] is one thing to look at in one person's record, by one [`Rule`]. Remarks are never reasons to lose a
//! record: what cannot be true at all is refused at the door ([`crate::person::Flaw`]); what looks wrong is kept, shown
//! and worked off. A [`Scoreboard`] counts them by ward and province, a [`WorkList`] hands them to the office that can
//! mend them, a [`Conflict`] lets an officer decide between two sources.
//!
//! | module | what |
//! |---|---|
//! | [`rule`] | every rule: its code, its part of the motto, its weight, what to do about it |
//! | [`correct`], [`complete`], [`clean`], [`alive`] | the four parts |
//! | [`score`] | scores by ward and province, and their trend |
//! | [`work_list`] | what an office has to do, worst first |
//! | [`conflict`] | two sources say different things: a case that an officer decides with a reason |

pub mod alive;
pub mod clean;
pub mod complete;
pub mod conflict;
pub mod correct;
pub mod rule;
pub mod score;
pub mod work_list;

use jiff::civil::Date;
use serde::Serialize;

use crate::person::{Others, Person};

pub use conflict::{Claim, Conflict, Decision, NotDecided};
pub use rule::{Part, Rule, Weight};
pub use score::{Score, Scoreboard, Trend};
pub use work_list::{Task, WorkList};

/// One thing to look at. Names the item and the rule, never the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Remark {
    /// Which rule.
    pub rule: Rule,
    /// Which item of the record, in the words of the import format.
    pub item: &'static str,
}

impl Remark {
    pub(crate) fn new(rule: Rule, item: &'static str) -> Self {
        Self { rule, item }
    }
}

/// Codes that the register may hold: the map of places, the 54 ethnic groups, the religions.
pub trait Codes {
    /// Whether this ward exists, now or on the map of before; `None` if no map is at hand.
    fn ward(&self, code: &str) -> Option<bool>;
    /// The provinces that this ward belongs to, now and before; `None` if no map is at hand.
    fn provinces_of(&self, ward: &str) -> Option<Vec<String>>;
    /// Whether this is an ethnic group; `None` if no list is at hand.
    fn ethnic_group(&self, name: &str) -> Option<bool>;
}

/// No lists at hand: nothing is said about codes.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCodes;

impl Codes for NoCodes {
    fn ward(&self, _: &str) -> Option<bool> {
        None
    }
    fn provinces_of(&self, _: &str) -> Option<Vec<String>> {
        None
    }
    fn ethnic_group(&self, _: &str) -> Option<bool> {
        None
    }
}

/// From when on a fact is old. All in whole years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// A residence that nobody has confirmed for so long.
    pub residence_years: i16,
    /// Somebody of this age who is said to live, without a recent sign of life.
    pub great_age: i16,
    /// A temporary residence ends after so long (Luật Cư trú 2020 art. 27(2)).
    pub temporary_years: i16,
}

impl Default for Policy {
    fn default() -> Self {
        Self { residence_years: 5, great_age: 100, temporary_years: 2 }
    }
}

/// What a record is judged with.
#[derive(Clone, Copy)]
pub struct Context<'c> {
    /// The day of the judgement.
    pub today: Date,
    /// When facts are old.
    pub policy: Policy,
    /// Lists of codes.
    pub codes: &'c dyn Codes,
    /// The rest of the register.
    pub others: &'c dyn Others,
}

impl core::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Context")
            .field("today", &self.today)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// Everything to look at in one record, in the order of the rules. `confirmed` is the day the record was last
/// confirmed by anybody. Persons who have died are asked less: nobody completes or confirms their record.
#[must_use]
pub fn assess(person: &Person, confirmed: Option<Date>, context: &Context<'_>) -> Vec<Remark> {
    let mut remarks = correct::remarks(person, context);
    if !matches!(person.life, crate::person::Life::Dead(_)) {
        remarks.extend(complete::remarks(person, context.today));
        remarks.extend(alive::remarks(person, confirmed, context));
    }
    remarks.sort_unstable();
    remarks.dedup();
    remarks
}
