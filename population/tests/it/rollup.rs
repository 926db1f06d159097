//! The roll-up kept with each change is the count from scratch, after anything, on both engines; and the month's page.

use cccd_card_profile::card_holder::Sex;
use cccd_population::card::{CardStatus, NewCard, SodDigest};
use cccd_population::cases::{CaseId, Intake, Ruling, Verdict};
use cccd_population::civil_status::{Act, ActId, Book, Entry, Kind, Mover, Newborn, Party};
use cccd_population::duplicates::{Evidence, Weighed};
use cccd_population::generate::Nation;
use cccd_population::numbers::{Allocator, Digits, NumberKey, Withheld};
use cccd_population::person::{Life, Person, Residence};
use cccd_population::quality::conflict::Standing;
use cccd_population::statistics::Statistics;
use cccd_population::store::{SqlStore, Store as _};
use jiff::ToSpan as _;
use jiff::civil::date;
use proptest::prelude::*;

use crate::{TODAY, change, empty, now, postgres};

/// Something that happens: what, to whom, and a number to vary it by.
type Step = (u8, usize, u32);

struct World {
    store: SqlStore,
    allocator: Allocator,
    people: Vec<Person>,
    sods: Vec<SodDigest>,
    serial: u32,
}

impl World {
    fn new(store: SqlStore) -> Self {
        let digits = Digits::new(&NumberKey::derive(&zeroize::Zeroizing::new([7; 32])), Withheld::default());
        let people: Vec<Person> = Nation::new(40, 11, TODAY).collect();
        let allocator = Allocator::new(digits.unwrap(), 100);
        let mut world = Self { store, allocator, people, sods: Vec::new(), serial: 0 };
        let (first, rest) = world.people.split_at(10);
        world.store.put_persons(first, &change()).unwrap();
        assert_eq!(world.store.roll_up().unwrap(), None, "nothing was counted");
        world.store.recount(now()).unwrap();
        world.store.put_persons(rest, &change()).unwrap();
        world
    }

    fn act(&mut self, act: Act) {
        self.serial += 1;
        let id = ActId { office: "00070".to_owned(), year: 2026, kind: act.kind(), serial: self.serial };
        let registered_by = "an officer".to_owned();
        let entry = Entry { id, registered_on: TODAY, registered_by, book: Book::Electronic, act };
        let wanted = matches!(entry.id.kind, Kind::Birth | Kind::SexRedetermined);
        // What cannot be is refused, and changes nothing.
        let (store, allocator) = (&mut self.store, &mut self.allocator);
        if wanted {
            let done = store.record_act_allocating(allocator, &entry, "desk", &change(), TODAY);
            self.people.extend(
                done.ok().and_then(|done| done.number).and_then(|number| store.person(&number).unwrap()),
            );
        } else {
            let _ = store.record_act(&entry, None, "desk", &change(), TODAY);
        }
    }

    fn step(&mut self, (what, who, vary): Step) {
        let person = self.people[who % self.people.len()].clone();
        let number = person.number.clone();
        let on = TODAY - i64::from(vary % 900).days();
        let place = || {
            let mut place = Residence::new("Nhà mới");
            place.province_code = Some(["01", "31", "79"][vary as usize % 3].to_owned());
            place.ward_code = Some(format!("{:05}", 70 + vary % 2));
            place
        };
        match what {
            0 => {
                let more: Vec<Person> =
                    Nation::new(3, u64::from(vary) + 100, TODAY).take(1 + vary as usize % 3).collect();
                self.store.put_persons(&more, &change()).unwrap();
                self.people.extend(more);
            }
            1 => {
                let list = Intake {
                    standing: Some(Standing::Carried),
                    by: "list".to_owned(),
                    as_of: None,
                    duplicates: vary % 2 == 0,
                };
                self.store.take_in_by(Some(list)).unwrap();
                let mut told = person;
                told.ethnic_group = Some("Tày".to_owned());
                told.residences.temporary = Some(place());
                let _ = self.store.put_person(&told, &change());
                self.store.take_in_by(None).unwrap();
            }
            2 => {
                let child = Newborn {
                    full_name: format!("Trần Văn {}", ["Em", "Tư", "Ba"][who % 3]),
                    birth_date: on,
                    sex: Sex::Male,
                    place_of_birth: "Bệnh viện".to_owned(),
                    birth_registration_place: "Phường".to_owned(),
                    number_place: "001".to_owned(),
                    place_of_origin: "Hà Nội".to_owned(),
                    ethnic_group: "Kinh".to_owned(),
                    nationality: "Việt Nam".to_owned(),
                };
                let mother = Some(Party::Known(number.clone()));
                let resides_with = (vary % 2 == 0).then_some(number);
                self.act(Act::Birth { child: Box::new(child), father: None, mother, resides_with });
            }
            3 => self.act(Act::Death { person: number, on }),
            4 => {
                let movers = vec![Mover { person: number, relation: "Chủ hộ".to_owned() }];
                self.act(Act::Permanent { movers, joins: None, place: Some(place()), on });
            }
            5 => self.act(Act::EthnicGroup { person: number, ethnic_group: "Mường".to_owned(), on }),
            6 => {
                let sex = if person.sex == Sex::Male { Sex::Female } else { Sex::Male };
                self.act(Act::SexRedetermined { person: number, sex, on });
            }
            7 => {
                self.serial += 1;
                let mut digest = [0; 32];
                digest[..4].copy_from_slice(&self.serial.to_be_bytes());
                let card = NewCard {
                    document_number: number.as_str()[3..].to_owned(),
                    number,
                    sod_sha256: SodDigest::from_bytes(digest),
                    chip_serial: format!("{:020x}", self.serial),
                    issued: on,
                    expires: (vary % 3 > 0).then(|| date(2027 + i16::try_from(vary % 9).unwrap(), 1, 15)),
                    replaces: None,
                };
                if self.store.record_card(&card, &change()).is_ok() {
                    self.sods.push(card.sod_sha256);
                }
            }
            8 if !self.sods.is_empty() => {
                let status = [CardStatus::Held, CardStatus::Active, CardStatus::Lost, CardStatus::Revoked];
                let sod = self.sods[who % self.sods.len()];
                let status = status[vary as usize % 4];
                let _ = self.store.set_card_status(&sod, status, TODAY, "a reason", &change());
            }
            9 => {
                let other = self.people[vary as usize % self.people.len()].number.clone();
                let evidence = vec![Evidence { item: "full_name", finding: "same", bits: 300 }];
                let weighed = Weighed { bits: 300, evidence };
                if other != number && self.store.open_pair((&number, &other), &weighed, &change()).is_ok() {
                    let id = CaseId::of_pair(&number, &other);
                    let verdict = Verdict::Merge { keep: number, take: std::collections::BTreeSet::new() };
                    let ruling =
                        Ruling { verdict, by: "officer".to_owned(), reason: "one person".to_owned() };
                    let _ = self.store.decide_case(&id, &ruling, None, now(), TODAY);
                }
            }
            10 => {
                let life = if vary % 2 == 0 { Life::Missing(on) } else { Life::Alive };
                let _ = self.store.set_life(&number, life, &change(), TODAY);
            }
            11 => {
                self.store.fold_statistics().unwrap();
            }
            _ => {}
        }
    }

    /// What is kept is what a count finds, folded or not.
    fn compare(&mut self) {
        let (_, kept) = self.store.roll_up().unwrap().unwrap();
        let scanned = self.store.statistics(TODAY).unwrap();
        assert_eq!(Statistics::of(&kept, TODAY), scanned);
        let differed = self.store.recount(now()).unwrap().differed;
        let (_, counted) = self.store.roll_up().unwrap().unwrap();
        let differences: Vec<_> = kept.differences(&counted).collect();
        assert_eq!(differences, []);
        assert_eq!(differed, Some(0));
        self.store.check_integrity().unwrap();
    }
}

fn run(steps: &[Step], store: SqlStore) {
    let mut world = World::new(store);
    for (place, step) in steps.iter().enumerate() {
        world.step(*step);
        if place == steps.len() / 2 {
            world.compare();
        }
    }
    world.compare();
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0_u8..12, 0_usize..60, 0_u32..5_000), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_is_what_a_count_finds(steps in steps()) {
        run(&steps, empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn what_is_kept_is_what_a_count_finds_on_postgres(steps in steps()) {
        if let Some(place) = postgres::database() {
            run(&steps, SqlStore::create(&place, now()).unwrap());
        }
    }
}

#[test]
fn the_page_of_a_month_does_not_tell_what_happened_in_it() {
    let mut store = empty();
    store.put_persons(&Nation::new(800, 7, TODAY).collect::<Vec<_>>(), &change()).unwrap();
    let first = store.statistics_page(TODAY, now()).unwrap();
    assert!(first.contains("default-src 'none'"));
    store.put_persons(&Nation::new(50, 8, TODAY).collect::<Vec<_>>(), &change()).unwrap();
    assert_eq!(store.statistics_page(date(2026, 11, 30), now()).unwrap(), first);
    assert_ne!(store.statistics_page(date(2026, 12, 1), now()).unwrap(), first);
}
