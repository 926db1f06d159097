//! Persons of a file: each is in the register once, as the file says, or not at all; after the next run, all are.

use anyhow::Result;
use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::person::Person;
use cccd_population::store::{SqlStore, Store as _};

use super::{Campaign, Desk, Outcome, answers};

#[derive(Default)]
pub(super) struct Import {
    round: Vec<Person>,
    made: u64,
}

impl Import {
    fn person(&mut self) -> Result<Person> {
        self.made += 1;
        let number = PersonalNumber::parse(&format!("001090{:06}", self.made)).map_err(anyhow::Error::msg)?;
        let mut person = Person::new(number, "Nguyễn Văn An", BirthDate::Year(1990), Sex::Male);
        person.phone = Some(format!("0900{:06}", self.made));
        Ok(person)
    }
}

impl Campaign for Import {
    fn title(&self) -> &'static str {
        "import"
    }

    fn prepare(&mut self, desk: &Desk, size: usize) -> Result<Vec<String>> {
        self.round = (0..size).map(|_| self.person()).collect::<Result<_>>()?;
        let lines = self.round.iter().map(|person| Ok(serde_json::to_string(person)? + "\n"));
        desk.command(&["import", "--source", "file"], &lines.collect::<Result<Vec<_>>>()?)
    }

    fn after_kill(&mut self, _: &Desk, store: &SqlStore, answered: &str) -> Result<Option<Outcome>> {
        let told = answers(answered).last().is_some_and(|summary| summary["rows"].is_u64());
        for person in &self.round {
            match store.person(&person.number)? {
                Some(known) if known != *person => {
                    return Ok(Some(Outcome::Lost("part of a record".to_owned())));
                }
                None if told => {
                    return Ok(Some(Outcome::Lost("a person who was told as imported".to_owned())));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn after_rerun(&mut self, _: &Desk, store: &SqlStore, _: &str) -> Result<Option<Outcome>> {
        for person in &self.round {
            if store.person(&person.number)?.as_ref() != Some(person) {
                return Ok(Some(Outcome::Lost("a row".to_owned())));
            }
            if store.history(&person.number)?.len() != 1 {
                return Ok(Some(Outcome::Doubled("a row came in twice".to_owned())));
            }
        }
        Ok(None)
    }

    fn at_the_end(&mut self, desk: &Desk, store: &SqlStore) -> Result<Option<Outcome>> {
        let (there, made) = (store.person_count()?, desk.town.len() as u64 + self.made);
        Ok(match there.cmp(&made) {
            core::cmp::Ordering::Less => Some(Outcome::Lost(format!("{} persons", made - there))),
            core::cmp::Ordering::Greater => Some(Outcome::Doubled(format!("{} persons", there - made))),
            core::cmp::Ordering::Equal => None,
        })
    }
}
