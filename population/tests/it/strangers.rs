//! Spouses and parents who have no number here, and marriages and adoptions that end.

mod marriages;
mod parents;

use std::sync::Arc;

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::{
    Act, ActId, Applied, Books, Changes, Contradiction, NotApplied, Party, Refusal, apply_overruling,
};
use cccd_population::person::{Life, MaritalStatus, Others, Person, Relative};
use jiff::civil::{Date, date};

use crate::civil_status::{
    BACHELOR, CHILD, HUSBAND, Register, TODAY, WIFE, consistent, entry, number, party, take, town,
};

const ON: Date = date(2026, 11, 10);
const SPINSTER: &str = "001192000021";

fn stranger(name: &str, nationality: &str) -> Party {
    Party::Named { name: name.to_owned(), nationality: Some(nationality.to_owned()) }
}

fn kim() -> Party {
    stranger("KIM MIN-JUN", "Hàn Quốc")
}

/// The town, and a woman of 34 who has never been married.
fn town_with_a_spinster() -> Register {
    let mut register = town();
    let mut spinster =
        Person::new(number(SPINSTER), "Ngô Thị Lan", BirthDate::Day(date(1992, 1, 2)), Sex::Female);
    spinster.marital_status = Some(MaritalStatus::Single);
    register.insert(spinster.number.clone(), spinster);
    register
}

/// A register with books: every act is judged by those before it.
struct Office {
    register: Register,
    acts: Vec<(Applied, Act)>,
    past: Vec<Person>,
}

impl Others for Office {
    fn person(&self, number: &PersonalNumber) -> Option<Arc<Person>> {
        self.register.get(number).cloned().map(Arc::new)
    }
}

impl Books for Office {
    fn acts_of(&self, person: &PersonalNumber) -> Vec<Applied> {
        self.acts.iter().map(|(applied, _)| applied.clone()).filter(|one| one.of == *person).collect()
    }

    fn act(&self, id: &ActId) -> Option<Act> {
        self.acts.iter().find(|(applied, _)| applied.id == *id).map(|(_, act)| act.clone())
    }

    fn past(&self, person: &PersonalNumber) -> Vec<Person> {
        self.past.iter().filter(|record| record.number == *person).cloned().collect()
    }
}

impl Office {
    fn open() -> Self {
        Self { register: town_with_a_spinster(), acts: Vec::new(), past: Vec::new() }
    }

    fn take(&mut self, act: Act, overruled: &[Contradiction]) -> Result<Changes, NotApplied> {
        self.take_with(act, overruled, None)
    }

    fn take_with(
        &mut self,
        act: Act,
        overruled: &[Contradiction],
        given: Option<&str>,
    ) -> Result<Changes, NotApplied> {
        let serial = u32::try_from(self.acts.len()).unwrap() + 1;
        let mut entry = entry(act.clone());
        entry.id.serial = serial;
        let principals = act.principals();
        let before = self.acts.iter().map(|(applied, _)| applied.clone());
        let mut before: Vec<Applied> = before.filter(|one| principals.contains(&one.of)).collect();
        before.sort_by_key(|applied| applied.on);
        let changes = apply_overruling(&entry, self, &before, given.map(number), TODAY, overruled)?;
        for person in changes.changed.iter().chain(&changes.created) {
            self.past.extend(self.register.insert(person.number.clone(), person.clone()));
        }
        let born = changes.created.iter().map(|person| person.number.clone());
        for of in principals.into_iter().chain(born) {
            self.acts.push((Applied { of, id: entry.id.clone(), on: act.on() }, act.clone()));
        }
        consistent(&self.register);
        Ok(changes)
    }

    fn spouse(&self, who: &str) -> (Option<Relative>, Option<MaritalStatus>) {
        let person = &self.register[&number(who)];
        (person.spouse.clone(), person.marital_status)
    }

    fn parents(&self, child: &str) -> [Option<String>; 2] {
        let child = &self.register[&number(child)];
        [&child.father, &child.mother].map(|parent| parent.as_ref().map(|parent| parent.name.clone()))
    }
}

fn marry(husband: Party, wife: Party, on: Date) -> Act {
    Act::Marriage { husband, wife, on }
}

/// Whether an act would be taken.
fn take_aside(office: &Office, act: &Act) -> Result<Changes, NotApplied> {
    let Office { register, acts, past } = office;
    let mut aside = Office { register: register.clone(), acts: acts.clone(), past: past.clone() };
    aside.take(act.clone(), &[])
}
