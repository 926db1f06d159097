//! Civil events, each with history, outbox and audit in one durable transaction.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::{Act, ActId, Book, Entry, Newborn, Party};
use cccd_population::generate::Nation;
use cccd_population::numbers::Prefix;
use cccd_population::person::{Life, MaritalStatus, Person};
use cccd_population::store::{ActOutcome, Place, SqlStore, Store as _, StoreError};
use jiff::{Timestamp, ToSpan as _};

use super::load::Loaded;
use super::{Figures, TODAY, change, median};

/// Rounds; the first warms the statements. Those after [`TOGETHER`] take one act in a transaction.
const ROUNDS: usize = 7;

/// Rounds in which a client hands many acts over at once, as `population act FILE` does.
const TOGETHER: usize = 4;

/// A prime that no count of acts here is a multiple of.
const STRIDE: usize = 100_003;

/// Acts of one client in a round.
const ACTS: usize = 400;

/// People of the nation whose names newborns have.
const NAMES: u64 = 20_000;

/// An act, and the number of the child that it is about.
type Waiting = (Entry, Option<PersonalNumber>);

/// Births, deaths and marriages as 2 : 1 : 1 by some clients at once, each a desk with an intake of its own.
pub(super) fn run(
    name: &str,
    place: &Place,
    loaded: &Loaded,
    at: Timestamp,
    figures: &mut Figures,
) -> Result<()> {
    // A file has one writer: more clients only wait.
    let clients = if matches!(place, Place::Sqlite(_)) { 1 } else { 16 };
    let mut desk = Desk { serial: 0, names: names(), men: VecDeque::new(), women: VecDeque::new() };
    let store = SqlStore::open(place)?;
    let mut people = loaded
        .numbers
        .iter()
        .filter_map(|number| store.person(&PersonalNumber::parse(number).ok()?).transpose());
    let mut acts: Vec<Waiting> = Vec::new();
    while acts.len() < clients * ROUNDS * ACTS {
        let Some(person) = people.next() else { break };
        // The invented nation has numbers of its own for this year's children.
        for act in desk.act(&person?) {
            let taken = act.1.as_ref().map(|number| store.person(number)).transpose()?.flatten();
            if taken.is_none() {
                acts.push(act);
            }
        }
    }
    drop(people);
    drop(store);
    // People stand beside their families; what happens in a country does not come family by family.
    let count = acts.len();
    let mut mixed: Vec<Option<Waiting>> = acts.into_iter().map(Some).collect();
    let acts: Vec<Waiting> = (0..count)
        .filter_map(|at| mixed.get_mut(at * STRIDE % count.max(1)).and_then(Option::take))
        .collect();
    let each = acts.len() / (clients * ROUNDS);
    ensure!(each > 0, "too few people for events");
    let (mut rates, mut single) = (Vec::new(), Vec::new());
    // A desk's connection stays open; the first round makes its statements.
    let mut stores: Vec<SqlStore> = (0..clients).map(|_| SqlStore::open(place)).collect::<Result<_, _>>()?;
    let mut acts = acts.into_iter();
    for round in 0..ROUNDS {
        let shares: Vec<Vec<Waiting>> = (0..clients).map(|_| acts.by_ref().take(each).collect()).collect();
        let begun = Instant::now();
        let done: Vec<Result<(usize, Duration)>> = std::thread::scope(|scope| {
            let running: Vec<_> = shares
                .into_iter()
                .zip(&mut stores)
                .enumerate()
                .map(|(client, (share, store))| {
                    scope.spawn(move || client_takes(store, client, share, round < TOGETHER, at))
                })
                .collect();
            let failed = |_| Err(anyhow::anyhow!("a client ended early"));
            running.into_iter().map(|thread| thread.join().unwrap_or_else(failed)).collect()
        });
        let whole = begun.elapsed();
        let mut taken = 0;
        for one in done {
            taken += one?.0;
        }
        // A contradiction opens a case and comes by itself: a desk whose every tenth act is one would measure cases.
        ensure!(taken * 100 >= each * clients * 99, "only {taken} of {} acts were taken", each * clients);
        let rate = f64::from(u32::try_from(taken)?) / whole.as_secs_f64();
        match round {
            0 => {}
            1..TOGETHER => rates.push(rate),
            _ => single.push(rate),
        }
    }
    figures.put(
        &format!("register.{name}.events_per_s"),
        median(&rates),
        &format!("1/s, {clients} clients, births, deaths, marriages 2:1:1, up to 64 acts a transaction"),
    );
    figures.put(
        &format!("register.{name}.events_single_per_s"),
        median(&single),
        &format!("1/s, {clients} clients, the same, one act a transaction"),
    );
    Ok(())
}

fn client_takes(
    store: &mut SqlStore,
    client: usize,
    share: Vec<Waiting>,
    together: bool,
    at: Timestamp,
) -> Result<(usize, Duration)> {
    let change = change("event", at);
    let intake = format!("desk-{client}");
    let (begun, mut taken) = (Instant::now(), 0);
    let mut heard = |outcome: Result<ActOutcome, StoreError>| match outcome {
        Ok(ActOutcome::Applied(_)) => {
            taken += 1;
            Ok(())
        }
        // Somebody of the family died or married in an act before.
        Ok(_) | Err(StoreError::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    };
    if together {
        store.record_acts(&share, None, &intake, &change, TODAY, &mut |_, done| {
            heard(done.map(|recorded| recorded.outcome))
        })?;
    } else {
        for (entry, number) in share {
            heard(store.record_act(&entry, number.as_ref(), &intake, &change, TODAY))?;
        }
    }
    Ok((taken, begun.elapsed()))
}

/// Names for newborns: those of another invented nation.
fn names() -> Vec<String> {
    let people = usize::try_from(NAMES).unwrap_or(usize::MAX);
    Nation::new(NAMES, 2, TODAY).take(people).map(|person| person.full_name).collect()
}

/// Whether a child of hers is of this year or the last: she has no other so soon.
fn has_infant(mother: &Person) -> bool {
    let children = mother.children.iter().filter_map(|child| child.number.as_ref());
    children.map(|child| child.structure().birth_year).any(|year| year + 1 >= TODAY.year())
}

/// Makes acts of the people it is shown.
struct Desk {
    serial: u32,
    names: Vec<String>,
    men: VecDeque<Single>,
    women: VecDeque<Single>,
}

/// Somebody to be married, and the parents, whose other children they do not marry.
struct Single {
    number: PersonalNumber,
    parents: Vec<PersonalNumber>,
}

impl Single {
    fn new(person: &Person) -> Self {
        let parents = [&person.father, &person.mother].into_iter().flatten();
        let parents = parents.filter_map(|parent| parent.number.clone()).collect();
        Self { number: person.number.clone(), parents }
    }
}

impl Desk {
    fn act(&mut self, person: &Person) -> Vec<Waiting> {
        let age = TODAY.year() - person.birth_date.year();
        if person.life != Life::Alive || age < 20 {
            return Vec::new();
        }
        let single = person.marital_status == Some(MaritalStatus::Single);
        if single && age < 50 {
            match person.sex {
                Sex::Male => self.men.push_back(Single::new(person)),
                _ => self.women.push_back(Single::new(person)),
            }
        }
        // Two births, a death and a marriage, as long as there are couples to be.
        match self.serial % 4 {
            0 | 2
                if person.sex == Sex::Female
                    && age < 45
                    && person.spouse.is_some()
                    && !has_infant(person) =>
            {
                self.birth(person).into_iter().collect()
            }
            1 if age > 60 => {
                let act = Act::Death { person: person.number.clone(), on: TODAY };
                vec![(self.entry(act), None)]
            }
            3 => {
                let Some((husband, wife)) = self.couple() else { return Vec::new() };
                let (husband, wife) = (husband.into(), wife.into());
                vec![(self.entry(Act::Marriage { husband, wife, on: TODAY }), None)]
            }
            _ => Vec::new(),
        }
    }

    /// The man who waits longest and the first woman who is no sister of his.
    fn couple(&mut self) -> Option<(PersonalNumber, PersonalNumber)> {
        let man = self.men.front()?;
        let is_kin = |woman: &Single| woman.parents.iter().any(|parent| man.parents.contains(parent));
        let place = self.women.iter().position(|woman| !is_kin(woman))?;
        let wife = self.women.remove(place)?.number;
        Some((self.men.pop_front()?.number, wife))
    }

    fn birth(&mut self, mother: &Person) -> Option<Waiting> {
        let sex = if self.serial.is_multiple_of(8) { Sex::Female } else { Sex::Male };
        // The office of the ward where the mother lives registers it, and the number begins with its province.
        let home = mother.residences.of_record()?;
        let (office, number_place) =
            (home.ward_code.clone()?, format!("0{}", home.province_code.as_deref()?));
        let number = Prefix::new(number_place.parse().ok()?, sex, TODAY.year()).ok()?.with(self.serial)?;
        // Registered within sixty days (Luật Hộ tịch 2014 art. 15). Were all of them born on one
        // day in one place, each name would come twenty times, and each child be compared with twenty others.
        let days = i64::from(self.serial % 60);
        let home = home.address.as_str();
        let ward = home.rmatch_indices(", ").nth(1).and_then(|(at, comma)| home.get(at + comma.len()..));
        let child = Newborn {
            full_name: self.names.get(self.serial as usize % self.names.len())?.clone(),
            birth_date: TODAY.checked_sub(days.days()).ok()?,
            sex,
            place_of_birth: home.rsplit(", ").next()?.to_owned(),
            birth_registration_place: ward.unwrap_or(home).to_owned(),
            number_place,
            place_of_origin: mother.place_of_origin.clone().unwrap_or_else(|| "Hà Nội".to_owned()),
            ethnic_group: "Kinh".to_owned(),
            nationality: "Việt Nam".to_owned(),
        };
        let act = Act::Birth {
            child: Box::new(child),
            father: mother.spouse.as_ref().and_then(|spouse| spouse.number.clone()).map(Party::Known),
            mother: Some(Party::Known(mother.number.clone())),
            resides_with: Some(mother.number.clone()),
        };
        let mut entry = self.entry(act);
        entry.id.office = office;
        Some((entry, Some(number)))
    }

    fn entry(&mut self, act: Act) -> Entry {
        self.serial += 1;
        Entry {
            id: ActId {
                office: "00070".to_owned(),
                year: TODAY.year(),
                kind: act.kind(),
                serial: self.serial,
            },
            registered_on: TODAY,
            registered_by: "registrar".to_owned(),
            book: Book::Electronic,
            act,
        }
    }
}
