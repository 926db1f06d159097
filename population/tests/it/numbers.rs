//! Numbers are given once, whatever asks, crashes or was there before.

use std::collections::{BTreeMap, BTreeSet};

use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::numbers::{
    AllocationError, Allocator, Block, Cancelled, Cause, Claim, DEFAULT_LEASE, Digits, NotThisCause,
    NumberKey, NumberStore, Prefix, RequestId, Withheld, withdraw,
};
use cccd_population::person::Person;
use cccd_population::store::{Place, SqlStore, Store as _, StoreError};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use zeroize::Zeroizing;

use super::{change, now, postgres, somebody};

const ON: Date = date(2026, 11, 21);

/// The store that the port describes, in memory, with a line that may break.
#[derive(Default)]
struct Memory {
    leased: BTreeMap<Prefix, u32>,
    given: BTreeMap<PersonalNumber, Option<RequestId>>,
    answered: BTreeMap<RequestId, PersonalNumber>,
    cancelled: BTreeMap<PersonalNumber, Cancelled>,
    breaks_in: Option<u32>,
}

#[derive(Debug, PartialEq, Eq)]
enum Broken {
    Line,
    CancelledOtherwise,
}

impl Memory {
    /// Numbers of an older system.
    fn legacy(numbers: impl IntoIterator<Item = PersonalNumber>) -> Self {
        Self { given: numbers.into_iter().map(|number| (number, None)).collect(), ..Self::default() }
    }

    fn line(&mut self) -> Result<(), Broken> {
        match &mut self.breaks_in {
            Some(0) => {
                self.breaks_in = None;
                Err(Broken::Line)
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl NumberStore for Memory {
    type Error = Broken;

    fn lease_block(&mut self, prefix: Prefix, size: u32, domain: u32) -> Result<Option<Block>, Broken> {
        self.line()?;
        let next = self.leased.entry(prefix).or_default();
        let (from, until) = (*next, (*next + size).min(domain));
        *next = until;
        Ok((from < until).then_some(Block { prefix, from, until }))
    }

    fn mark_used(&mut self, number: &PersonalNumber, request: &RequestId) -> Result<Claim, Broken> {
        self.line()?;
        if let Some(number) = self.answered.get(request) {
            return Ok(Claim::Answered(number.clone()));
        }
        if self.given.contains_key(number) {
            return Ok(Claim::Taken);
        }
        self.given.insert(number.clone(), Some(request.clone()));
        self.answered.insert(request.clone(), number.clone());
        Ok(Claim::Given)
    }

    fn is_taken(&mut self, number: &PersonalNumber) -> Result<bool, Broken> {
        self.line()?;
        Ok(self.given.contains_key(number))
    }

    fn cancel_and_link(&mut self, cancelled: &Cancelled) -> Result<(), Broken> {
        self.line()?;
        let kept = self.cancelled.entry(cancelled.number.clone()).or_insert_with(|| cancelled.clone());
        if kept == cancelled { Ok(()) } else { Err(Broken::CancelledOtherwise) }
    }
}

fn digits(withheld: &[u32]) -> Digits {
    let key = NumberKey::derive(&Zeroizing::new([9; 32]));
    Digits::new(&key, Withheld::new(withheld.to_vec()).unwrap()).unwrap()
}

fn allocator() -> Allocator {
    Allocator::new(digits(&[]), DEFAULT_LEASE)
}

fn prefix(place: u16, sex: Sex, year: i16) -> Prefix {
    Prefix::new(place, sex, year).unwrap()
}

fn request(text: &str) -> RequestId {
    RequestId::new(text).unwrap()
}

#[test]
fn ten_thousand_numbers_and_none_twice() {
    let (mut store, mut one, mut other) = (Memory::default(), allocator(), allocator());
    let prefixes = [prefix(1, Sex::Male, 2026), prefix(1, Sex::Female, 2026), prefix(231, Sex::Female, 2026)];
    let mut numbers = BTreeSet::new();
    for count in 0..10_000_usize {
        // Two desks at once, each with blocks of its own.
        let desk = if count % 3 == 0 { &mut one } else { &mut other };
        let prefix = prefixes[count % 7 % 3];
        let number = desk.allocate(&mut store, prefix, &request(&format!("birth-{count}"))).unwrap();
        assert_eq!(Prefix::of(&number), prefix);
        assert!(numbers.insert(number));
    }
    assert_eq!(store.given.len(), 10_000);
}

#[test]
fn a_request_has_one_answer() {
    let (mut store, mut desk) = (Memory::default(), allocator());
    let (boy, girl) = (prefix(79, Sex::Male, 2026), prefix(79, Sex::Female, 2026));
    let number = desk.allocate(&mut store, boy, &request("act-1")).unwrap();
    assert_eq!(desk.allocate(&mut store, boy, &request("act-1")).unwrap(), number);
    assert_eq!(allocator().allocate(&mut store, boy, &request("act-1")).unwrap(), number);
    assert_ne!(desk.allocate(&mut store, boy, &request("act-2")).unwrap(), number);
    assert_eq!(
        desk.allocate(&mut store, girl, &request("act-1")),
        Err(AllocationError::OtherFacts(request("act-1")))
    );
}

#[test]
fn numbers_of_an_older_system_are_passed_over_and_the_million_ends() {
    let prefix = prefix(4, Sex::Male, 2026);
    // The older system gave all but five numbers.
    let free: BTreeSet<PersonalNumber> =
        [3, 70_000, 123_456, 500_000, 999_999].map(|last| prefix.with(last).unwrap()).into();
    let legacy = (0..1_000_000).filter_map(|last| prefix.with(last)).filter(|number| !free.contains(number));
    let mut store = Memory::legacy(legacy);
    let mut desk = Allocator::new(digits(&[]), 100_000);
    let given: BTreeSet<PersonalNumber> = (0..5)
        .map(|count| desk.allocate(&mut store, prefix, &request(&format!("act-{count}"))).unwrap())
        .collect();
    assert_eq!(given, free);
    assert_eq!(desk.allocate(&mut store, prefix, &request("act-5")), Err(AllocationError::Exhausted(prefix)));
}

#[test]
fn sex_redetermined_gives_a_new_number_and_keeps_the_old_one() {
    let (mut store, mut desk) = (Memory::default(), allocator());
    let (male, female) = (prefix(79, Sex::Male, 1999), prefix(79, Sex::Female, 1999));
    let old = desk.allocate(&mut store, male, &request("birth")).unwrap();
    let change = (female, Cause::SexRedetermined);
    let new = desk.replace(&mut store, &old, change, ON, &request("act-9")).unwrap();
    assert_eq!(Prefix::of(&new), female);
    let kept = Cancelled {
        number: old.clone(),
        successor: Some(new.clone()),
        cause: Cause::SexRedetermined,
        on: ON,
    };
    assert_eq!(store.cancelled.get(&old), Some(&kept));
    assert_eq!(desk.replace(&mut store, &old, change, ON, &request("act-9")).unwrap(), new);
    // The old one stays taken: every number of the prefix may be given but it.
    assert_eq!(store.mark_used(&old, &request("else")), Ok(Claim::Taken));

    let same = (male, Cause::SexRedetermined);
    let elsewhere = (prefix(1, Sex::Female, 1999), Cause::SexRedetermined);
    for change in [same, elsewhere] {
        assert_eq!(
            desk.replace(&mut store, &old, change, ON, &request("act-10")),
            Err(AllocationError::Cause(NotThisCause(Cause::SexRedetermined)))
        );
    }
    let nobody = male.with(0).filter(|number| *number != old).unwrap_or_else(|| male.with(1).unwrap());
    assert_eq!(
        desk.replace(&mut store, &nobody, change, ON, &request("act-11")),
        Err(AllocationError::Unknown)
    );
}

#[test]
fn causes_change_what_they_name() {
    let old = prefix(79, Sex::Male, 1999);
    let (year, place) = (prefix(79, Sex::Male, 1998), prefix(80, Sex::Male, 1999));
    for (cause, new, allowed) in [
        (Cause::BirthYearCorrected, year, true),
        (Cause::BirthYearCorrected, place, false),
        (Cause::CollectedWrongly, place, true),
        (Cause::CollectedWrongly, old, false),
        (Cause::FalsePapers, old, true),
        (Cause::Naturalised, old, true),
        (Cause::SecondNumber, year, false),
    ] {
        assert_eq!(cause.allows(old, new).is_ok(), allowed, "{cause:?}");
    }
}

#[test]
fn two_numbers_of_one_person_become_one() {
    let (mut store, mut desk) = (Memory::default(), allocator());
    let prefix = prefix(11, Sex::Female, 1970);
    let kept = desk.allocate(&mut store, prefix, &request("one")).unwrap();
    let second = desk.allocate(&mut store, prefix, &request("two")).unwrap();
    let end = |successor: Option<&PersonalNumber>, cause| Cancelled {
        number: second.clone(),
        successor: successor.cloned(),
        cause,
        on: ON,
    };
    let refused = |cause| Err(AllocationError::Cause(NotThisCause(cause)));
    assert_eq!(withdraw(&mut store, &end(None, Cause::SecondNumber)), refused(Cause::SecondNumber));
    assert_eq!(withdraw(&mut store, &end(Some(&second), Cause::SecondNumber)), refused(Cause::SecondNumber));
    assert_eq!(withdraw(&mut store, &end(None, Cause::SexRedetermined)), refused(Cause::SexRedetermined));
    assert_eq!(withdraw(&mut store, &end(Some(&kept), Cause::SecondNumber)), Ok(()));
    assert_eq!(withdraw(&mut store, &end(Some(&kept), Cause::SecondNumber)), Ok(()));
    assert_eq!(
        withdraw(&mut store, &end(None, Cause::FalsePapers)),
        Err(AllocationError::Store(Broken::CancelledOtherwise))
    );
}

proptest! {
    /// A line that breaks anywhere, a process that starts anew anywhere: asking again gives everybody one number of
    /// their own.
    #[test]
    fn breaks_and_restarts(breaks in prop::collection::vec((0_u32..6, any::<bool>()), 1..40)) {
        let mut store = Memory::default();
        let mut desk = allocator();
        let prefix = prefix(79, Sex::Female, 2026);
        let mut numbers = BTreeSet::new();
        for (count, (breaks_in, restart)) in breaks.iter().enumerate() {
            store.breaks_in = Some(*breaks_in);
            let request = request(&format!("act-{count}"));
            if restart & desk.allocate(&mut store, prefix, &request).is_err() {
                desk = allocator();
            }
            store.breaks_in = None;
            prop_assert!(numbers.insert(desk.allocate(&mut store, prefix, &request).unwrap()));
        }
        prop_assert_eq!(store.given.len(), breaks.len());
    }
}

/// The register itself as the store, on both engines: one connection after another and several at once.
fn registers() -> Vec<(tempfile::TempDir, Place)> {
    let folder = tempfile::tempdir().unwrap();
    let file = Place::file(&folder.path().join("register.db"));
    let mut places = vec![(folder, file)];
    if let Some(place) = postgres::database() {
        places.push((tempfile::tempdir().unwrap(), place));
    }
    places
}

#[test]
fn both_engines_give_each_number_once() {
    for (_folder, place) in registers() {
        drop(SqlStore::create(&place, now()).unwrap());
        let (boy, girl) = (prefix(79, Sex::Male, 2026), prefix(79, Sex::Female, 2026));
        // Four desks ask at once, each request twice, at two desks.
        let mut desks = Vec::new();
        for desk in 0..4_usize {
            let place = place.clone();
            desks.push(std::thread::spawn(move || {
                let mut store = SqlStore::open(&place).unwrap();
                let mut allocator = Allocator::new(digits(&[]), 16);
                let mut answers = BTreeMap::new();
                for count in 0..60_usize {
                    let asked = format!("act-{}-{count}", desk / 2);
                    let prefix = if count % 2 == 0 { boy } else { girl };
                    let number = allocator.allocate(&mut store, prefix, &request(&asked)).unwrap();
                    assert_eq!(Prefix::of(&number), prefix);
                    answers.insert(asked, number);
                }
                answers
            }));
        }
        let mut all: BTreeMap<String, PersonalNumber> = BTreeMap::new();
        for desk in desks {
            for (asked, number) in desk.join().unwrap() {
                assert_eq!(
                    all.entry(asked).or_insert_with(|| number.clone()),
                    &number,
                    "one request, two numbers"
                );
            }
        }
        assert_eq!(all.len(), 120);
        assert_eq!(all.values().collect::<BTreeSet<_>>().len(), 120);
    }
}

/// A batch gives what its requests one by one would: a repeat has its first answer, numbers of others are passed over.
#[test]
fn a_batch_gives_as_one_by_one() {
    for (_dir, place) in registers() {
        let mut store = SqlStore::create(&place, now()).unwrap();
        let prefix = prefix(79, Sex::Female, 2026);
        // The second number of the prefix is somebody's already.
        let taken = digits(&[]).number(prefix, 1).unwrap();
        store.put_person(&Person { number: taken.clone(), ..somebody() }, &change()).unwrap();
        let mut allocator = allocator();
        let first = allocator.allocate(&mut store, prefix, &request("r.3")).unwrap();
        let requests: Vec<RequestId> = (0..150).map(|count| request(&format!("r.{count}"))).collect();
        let numbers = allocator.allocate_many(&mut store, prefix, &requests).unwrap();
        assert_eq!(numbers.len(), 150);
        assert_eq!(numbers[3], first);
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), 150);
        assert!(!numbers.contains(&taken));
        // Another allocator, after a crash, answers the same.
        assert_eq!(
            super::numbers::allocator().allocate_many(&mut store, prefix, &requests).unwrap(),
            numbers
        );
        // One request twice in a batch is a mistake of the caller, and gives nothing.
        let twice = [request("twice"), request("twice")];
        assert!(allocator.allocate_many(&mut store, prefix, &twice).is_err());
        assert!(allocator.allocate(&mut store, prefix, &request("twice")).is_ok());
    }
}

#[test]
fn the_register_keeps_what_was_there_and_what_ended() {
    for (_folder, place) in registers() {
        let mut store = SqlStore::create(&place, now()).unwrap();
        let known = somebody();
        store.put_person(&known, &change()).unwrap();
        assert_eq!(store.mark_used(&known.number, &request("act-1")).unwrap(), Claim::Taken);
        let mut desk = allocator();
        let facts = (prefix(79, Sex::Female, 1970), Cause::CollectedWrongly);
        // Under this one stands a record: only an act or a decision, which carry it over, end it.
        let refused = desk.replace(&mut store, &known.number, facts, ON, &request("act-2"));
        assert!(matches!(refused, Err(AllocationError::Store(StoreError::NumberInUse))));
        assert_eq!(store.person(&known.number).unwrap().as_ref(), Some(&known));
        let old = desk.allocate(&mut store, prefix(79, Sex::Female, 1969), &request("act-3")).unwrap();
        let new = desk.replace(&mut store, &old, facts, ON, &request("act-4")).unwrap();
        assert_eq!(desk.replace(&mut store, &old, facts, ON, &request("act-4")).unwrap(), new);
        let otherwise = Cancelled { number: old, successor: None, cause: Cause::FalsePapers, on: ON };
        assert!(matches!(
            withdraw(&mut store, &otherwise),
            Err(AllocationError::Store(StoreError::NumberCancelled))
        ));
        store.check_integrity().unwrap();
        // A million are leased, and none beyond.
        let domain = 1_000_000;
        let full = prefix(1, Sex::Male, 2026);
        let block = store.lease_block(full, domain - 1, domain).unwrap().unwrap();
        assert_eq!((block.from, block.until), (0, domain - 1));
        assert_eq!(store.lease_block(full, 64, domain).unwrap().unwrap().left(), 1);
        assert_eq!(store.lease_block(full, 64, domain).unwrap(), None);
    }
}
