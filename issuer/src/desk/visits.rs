//! Somebody stands at the desk: what was looked up, said, chosen and photographed, until it is taken in. Only in memory:
//! before differences with the register are resolved, nothing is written anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_card_profile::validity::age_on;
use cccd_population::cases::PaperClaim;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::house::lock;
use super::pages::person::KnownCard;
use super::problem::Problem;
use super::taken::TakenSoFar;
use crate::application::{
    ADULT_FOR_CARDS, Application, Asserted, Difference, Ground, Reason, Representative, Template, differences,
};
use crate::capture::device::Left;
use crate::ledger::ApplicationId;
use crate::register::PersonRecord;
use crate::station::BIOMETRICS_FROM_AGE;

/// How many visits an officer may have open; the oldest gives way.
const EACH: usize = 8;

/// How long a visit that nobody touched is kept.
const KEPT: SignedDuration = SignedDuration::from_mins(60);

/// What is done about a field that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// The paper is wrong: what the register says is printed.
    Register,
    /// The holder insists: the register has to be corrected first, and no card is made before.
    Holder,
}

/// A portrait that was looked at and found fit.
#[derive(Clone)]
pub(super) struct Picture {
    /// As it was uploaded.
    pub(super) file: Vec<u8>,
    /// As a page shows it, JPEG.
    pub(super) shown: Vec<u8>,
    /// What the officer should look at again, in both languages.
    pub(super) remarks: Vec<(String, String)>,
    /// It should be taken again.
    pub(super) retake: bool,
}

/// One visit.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) number: PersonalNumber,
    pub(super) record: Option<PersonRecord>,
    /// The person's cards, of now and of before.
    pub(super) cards: Vec<KnownCard>,
    pub(super) said: Asserted,
    /// What was said came from a QR code.
    pub(super) scanned: bool,
    pub(super) choices: BTreeMap<&'static str, Choice>,
    pub(super) reason: Reason,
    pub(super) ground: Option<Ground>,
    pub(super) template: Template,
    /// Who acts for a child under 14.
    pub(super) representative: Option<Representative>,
    /// Another paper that says otherwise.
    pub(super) paper: Option<PaperClaim>,
    pub(super) picture: Option<Picture>,
    /// Prints and irises so far.
    pub(super) biometrics: TakenSoFar,
    /// What lay in the officer's device before; `None` if that cannot be told.
    pub(super) left: Option<Left>,
    /// Why the portrait is taken although it should be taken again.
    pub(super) accepted: Option<String>,
    /// What became of it: a form that is sent again finds it.
    pub(super) taken: Option<ApplicationId>,
}

impl std::fmt::Debug for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visit").field("taken", &self.taken).finish_non_exhaustive()
    }
}

impl Visit {
    /// Where what was said differs from the register.
    pub(super) fn differences(&self) -> Vec<Difference> {
        self.record.as_ref().map(|record| differences(&self.said, &record.holder)).unwrap_or_default()
    }

    /// Differences about which nothing was decided yet.
    pub(super) fn undecided(&self) -> BTreeSet<&'static str> {
        let open = self.differences().into_iter().map(|difference| difference.field);
        open.filter(|field| !self.choices.contains_key(field)).collect()
    }

    /// Fields that the holder insists on.
    pub(super) fn insisted(&self) -> BTreeSet<&'static str> {
        let open = self.differences().into_iter().map(|difference| difference.field);
        open.filter(|field| self.choices.get(field) == Some(&Choice::Holder)).collect()
    }

    /// Of whom neither face nor fingers nor eyes are taken.
    pub(super) fn is_too_young(&self, today: Date) -> bool {
        let born = self.record.as_ref().map(|record| record.holder.birth_date);
        born.is_some_and(|born| age_on(born, today) < BIOMETRICS_FROM_AGE)
    }

    /// The portrait should be taken again, and nobody said why it is taken nevertheless. Nothing is asked of a child's who
    /// is too young for biometrics.
    pub(super) fn to_retake(&self, today: Date) -> bool {
        !self.is_too_young(today)
            && self.accepted.is_none()
            && self.picture.as_ref().is_some_and(|picture| picture.retake)
    }

    /// A portrait is there, or none is taken.
    pub(super) fn has_its_portrait(&self, today: Date) -> bool {
        self.picture.is_some() || self.is_too_young(today)
    }

    /// Somebody has to act for the holder.
    pub(super) fn is_child(&self, today: Date) -> bool {
        let born = self.record.as_ref().map(|record| record.holder.birth_date);
        born.is_some_and(|born| age_on(born, today) < ADULT_FOR_CARDS)
    }

    /// The application, differences resolved: where the register's word applies, nothing else is said any more.
    pub(super) fn application(&self) -> Application {
        let mut asserted = self.said.clone();
        for difference in self.differences() {
            if self.choices.get(difference.field) == Some(&Choice::Register)
                && let Some(field) = super::fields::FIELDS.iter().find(|field| field.name == difference.field)
            {
                // Saying nothing is always possible.
                let _ = field.put(&mut asserted, None);
            }
        }
        Application {
            number: self.number.clone(),
            asserted,
            portrait: self.picture.as_ref().map(|picture| picture.file.clone()).unwrap_or_default(),
            portrait_accepted: self.accepted.clone(),
            biometrics: None,
            reason: self.reason,
            ground: self.ground,
            template: self.template,
            representative: self.representative.clone(),
            papers: self.paper.iter().cloned().collect(),
        }
    }
}

struct Kept {
    officer: String,
    touched: Timestamp,
    visit: Visit,
}

/// The visits of all officers. Each sees their own only.
#[derive(Default)]
pub(super) struct Visits(Mutex<BTreeMap<String, Kept>>);

impl Visits {
    pub(super) fn begin(&self, id: String, officer: &str, visit: Visit, at: Timestamp) {
        let mut all = lock(&self.0);
        all.retain(|_, kept| at.duration_since(kept.touched) < KEPT);
        let mut own: Vec<(Timestamp, String)> = all
            .iter()
            .filter(|(_, kept)| kept.officer == officer)
            .map(|(id, kept)| (kept.touched, id.clone()))
            .collect();
        own.sort();
        let surplus = (own.len() + 1).saturating_sub(EACH);
        for (_, id) in own.into_iter().take(surplus) {
            all.remove(&id);
        }
        all.insert(id, Kept { officer: officer.to_owned(), touched: at, visit });
    }

    /// The visit as it stands.
    pub(super) fn get(&self, id: &str, officer: &str, at: Timestamp) -> Result<Visit, Problem> {
        self.change(id, officer, at, |visit| Ok(visit.clone()))
    }

    /// Changes a visit.
    pub(super) fn change<T>(
        &self,
        id: &str,
        officer: &str,
        at: Timestamp,
        work: impl FnOnce(&mut Visit) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut all = lock(&self.0);
        // Faces and fingers of those who went away do not stay in memory.
        all.retain(|_, kept| at.duration_since(kept.touched) < KEPT);
        let kept = all.get_mut(id).filter(|kept| kept.officer == officer).ok_or_else(Problem::no_visit)?;
        kept.touched = at;
        work(&mut kept.visit)
    }

    /// Ends a visit.
    pub(super) fn end(&self, id: &str, officer: &str) {
        let mut all = lock(&self.0);
        if all.get(id).is_some_and(|kept| kept.officer == officer) {
            all.remove(id);
        }
    }
}
