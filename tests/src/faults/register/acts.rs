//! Acts taken in: record, history, acts of the person, outbox and chain have all of an act or nothing of it, and each
//! act once.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::{Act, ActId, Book, Entry, Stay};
use cccd_population::person::Residence;
use cccd_population::store::{SqlStore, Store as _};

use super::{Campaign, Desk, Outcome, answers};

const INTAKE: &str = "desk-1";

#[derive(Default)]
pub(super) struct Acts {
    made: u32,
    round: Vec<(Entry, PersonalNumber, String)>,
}

impl Acts {
    /// Somebody of the town lives somewhere else now.
    fn entry(&mut self, desk: &Desk, within: usize) -> Result<(Entry, PersonalNumber, String)> {
        self.made += 1;
        let today = cccd_population::day_in_vietnam(desk.now);
        let alive = desk.town.iter().filter(|person| person.life == cccd_population::person::Life::Alive);
        let person = alive.cycle().nth(within).context("a town")?.number.clone();
        let address = format!("Số {}, phố Hàng Bài, Hà Nội", self.made);
        let place = Some(Residence::new(&address));
        let act = Act::Temporary { person: person.clone(), stay: Stay::Current, place, on: today };
        let id =
            ActId { office: "00070".to_owned(), year: today.year(), kind: act.kind(), serial: self.made };
        let (registered_by, book) = ("officer".to_owned(), Book::Electronic);
        Ok((Entry { id, registered_on: today, registered_by, book, act }, person, address))
    }
}

impl Campaign for Acts {
    fn title(&self) -> &'static str {
        "intake of acts"
    }

    fn prepare(&mut self, desk: &Desk, size: usize) -> Result<Vec<String>> {
        // One act a person in a round, so that each record says which of them was taken.
        self.round = (0..size.min(100)).map(|within| self.entry(desk, within)).collect::<Result<_>>()?;
        let lines = self.round.iter().map(|(entry, ..)| Ok(serde_json::to_string(entry)? + "\n"));
        desk.command(&["act", "--intake", INTAKE], &lines.collect::<Result<Vec<_>>>()?)
    }

    fn after_kill(&mut self, _: &Desk, store: &SqlStore, answered: &str) -> Result<Option<Outcome>> {
        let told: BTreeSet<String> = answers(answered)
            .iter()
            .filter(|answer| answer["outcome"] == "applied")
            .filter_map(|answer| answer["act"].as_str().map(str::to_owned))
            .collect();
        let waiting: Vec<ActId> =
            store.outbox(10_000)?.into_iter().map(|outgoing| outgoing.message.act).collect();
        for (entry, person, address) in &self.round {
            let taken = store.acts_of(person)?.iter().any(|applied| applied.id == entry.id);
            let record = store.person(person)?.context("a person of the town")?;
            let moved = record.residences.current.as_ref().is_some_and(|place| place.address == *address);
            let messages = waiting.iter().filter(|act| **act == entry.id).count();
            if moved != taken || messages != usize::from(taken) {
                return Ok(Some(Outcome::Lost("part of an act".to_owned())));
            }
            if told.contains(&entry.id.to_string()) && !taken {
                return Ok(Some(Outcome::Lost("an act that was told as taken".to_owned())));
            }
        }
        Ok(None)
    }

    fn after_rerun(&mut self, desk: &Desk, store: &SqlStore, answered: &str) -> Result<Option<Outcome>> {
        let outcomes = answers(answered);
        if outcomes.len() != self.round.len()
            || outcomes.iter().any(|answer| answer["outcome"] != "applied" && answer["outcome"] != "repeat")
        {
            return Ok(Some(Outcome::Lost("an act without an answer".to_owned())));
        }
        if let Some(outcome) = self.after_kill(desk, store, answered)? {
            return Ok(Some(outcome));
        }
        let mut waiting = store.outbox(10_000)?;
        for (entry, person, _) in &self.round {
            if store.acts_of(person)?.iter().filter(|applied| applied.id == entry.id).count() != 1 {
                return Ok(Some(Outcome::Doubled("an act".to_owned())));
            }
            waiting.retain(|outgoing| outgoing.message.act != entry.id);
        }
        if !waiting.is_empty() {
            return Ok(Some(Outcome::Doubled("a message".to_owned())));
        }
        let mut store = desk.open()?;
        for outgoing in store.outbox(10_000)? {
            store.sent(&outgoing, desk.now)?;
        }
        Ok(None)
    }

    fn at_the_end(&mut self, _: &Desk, store: &SqlStore) -> Result<Option<Outcome>> {
        let chain = store.intake_entries(INTAKE)?;
        let mut before = [0; 32];
        for (entry, sequence) in chain.iter().zip(1_u64..) {
            if entry.sequence != sequence || !entry.follows(INTAKE, &before) {
                return Ok(Some(Outcome::Lost(format!("link {sequence} of the chain"))));
            }
            before = entry.digest;
        }
        Ok(match (chain.len() as u64).cmp(&u64::from(self.made)) {
            core::cmp::Ordering::Less => Some(Outcome::Lost("a link of the chain".to_owned())),
            core::cmp::Ordering::Greater => Some(Outcome::Doubled("a link of the chain".to_owned())),
            core::cmp::Ordering::Equal => None,
        })
    }
}
