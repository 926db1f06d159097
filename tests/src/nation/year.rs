//! The acts of a year, day by day, through the offices that register them. Some come twice, some late, some contradict what is
//! known.

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::linked::{Step, StepAnswer, StepState};
use cccd_population::civil_status::{Act, ActId, Book, Entry, Kind, Mover, Newborn, Party, Stay};
use cccd_population::person::{HEAD, Life, MaritalStatus, Person, Residence};
use cccd_population::store::{ActOutcome, Store as _, StoreError};
use jiff::civil::Date;

use super::World;

/// How many of each happen in a year to 100,000 people; near what statistics publish, the rare ones often enough to occur.
const RATES: [(Kind, u64); 21] = [
    (Kind::Birth, 1_450),
    (Kind::Death, 600),
    (Kind::Marriage, 550),
    (Kind::Divorce, 120),
    (Kind::MarriageAnnulled, 10),
    (Kind::Recognition, 40),
    (Kind::Adoption, 30),
    (Kind::AdoptionEnded, 5),
    (Kind::NameChanged, 80),
    (Kind::NameCorrected, 120),
    (Kind::BirthDateCorrected, 40),
    (Kind::SexRedetermined, 20),
    (Kind::EthnicGroup, 60),
    (Kind::Nationality, 30),
    (Kind::Missing, 30),
    (Kind::Returned, 20),
    (Kind::DeathAnnulled, 5),
    (Kind::Permanent, 1_800),
    (Kind::Temporary, 2_500),
    (Kind::Absence, 400),
    (Kind::Removed, 60),
];

/// Offices through which acts come in.
pub(super) const INTAKES: [&str; 4] = ["ward-1", "ward-2", "ward-3", "court"];

/// How often an act that cannot be is drawn before the draw is given up.
const DRAWS: usize = 40;

/// Serial numbers that are kept for one act's draws.
const DRAWS_OF_AN_ACT: u32 = 100;

/// Of so many births one is registered at a representation abroad; of so many stays one is abroad.
const ABROAD_ONE_IN: u64 = 5;

/// Of so many who marry or recognise a child one is a foreigner.
const FOREIGN_ONE_IN: usize = 20;

const FOREIGNERS: [(&str, &str); 4] = [
    ("KIM MIN-JUN", "Hàn Quốc"),
    ("CHEN WEI-LUN", "Trung Quốc"),
    ("JOHN SMITH", "Hoa Kỳ"),
    ("TANAKA KENJI", "Nhật Bản"),
];

/// Countries by the codes of TT 07/2016 annex 2.
const REPRESENTATIONS: [(&str, &str); 4] =
    [("155", "Đức"), ("174", "Hàn Quốc"), ("175", "Hoa Kỳ"), ("232", "Nhật Bản")];

/// One act in ten is sent again, through another office.
fn comes_again(serial: u32) -> bool {
    (serial / DRAWS_OF_AN_ACT).is_multiple_of(10)
}

pub(super) fn run(world: &mut World) -> Result<()> {
    let first = world.plan.today.saturating_sub(jiff::Span::new().days(329));
    // What happens on which day, so that no day has all births.
    let mut calendar: Vec<(i64, Kind)> = Vec::new();
    for (kind, rate) in RATES {
        let count = (rate * world.plan.people).div_ceil(100_000).max(2);
        for _ in 0..count {
            // Who comes back was missing before, and who is no adopted child any more was one.
            let (from, days) = match kind {
                Kind::Missing | Kind::Adoption => (0, 120),
                Kind::Returned | Kind::DeathAnnulled | Kind::AdoptionEnded => (150, 180),
                _ => (0, 330),
            };
            calendar.push((from + i64::try_from(world.chance.below(days))?, kind));
        }
    }
    calendar.sort_unstable_by_key(|(day, kind)| (*day, *kind as u8));
    world.bar.set_length(calendar.len() as u64);
    world.bar.set_position(0);
    let mut everybody: Vec<PersonalNumber> = world.picture.people.keys().cloned().collect();
    let (mut refused, mut repeats, mut cases) = (0_u64, 0_u64, 0_u64);
    for (serial, (day, kind)) in (1_u32..).zip(&calendar) {
        let on = first.saturating_add(jiff::Span::new().days(*day));
        // One in twenty is registered later than it happened, up to two weeks, and comes in after others.
        let wait = if world.chance.below(20) == 0 { world.chance.below(14) } else { 0 };
        let registered =
            on.saturating_add(jiff::Span::new().days(i64::try_from(wait)?)).min(world.plan.today);
        for draw in 0..DRAWS {
            let Some(act) = drawn(world, *kind, on, &everybody) else { continue };
            let serial = serial * DRAWS_OF_AN_ACT + u32::try_from(draw)?;
            match taken(world, act, registered, serial)? {
                Taken::Now { created } => {
                    everybody.extend(created);
                    if comes_again(serial) {
                        repeats += 1;
                    }
                    break;
                }
                Taken::Case => {
                    cases += 1;
                    break;
                }
                Taken::Refused => refused += 1,
            }
        }
        world.bar.inc(1);
    }
    let (taken, born) = (world.picture.taken(), world.picture.born);
    world.told(
        "year",
        &format!(
            "{taken} acts taken, {born} born, {cases} contradicting, {repeats} sent twice, {refused} refused"
        ),
    );
    for kind in RATES.map(|(kind, _)| kind) {
        ensure!(world.picture.acts.keys().any(|act| act.kind == kind), "no act of the kind {}", kind.code());
    }
    deliver(world)
}

enum Taken {
    Now { created: Option<PersonalNumber> },
    Case,
    Refused,
}

fn taken(world: &mut World, act: Act, registered_on: Date, serial: u32) -> Result<Taken> {
    let office = match &act {
        Act::Birth { child, .. } if child.number_place != "001" => format!("90{}", child.number_place),
        _ => "00070".to_owned(),
    };
    let id = ActId { office, year: registered_on.year(), kind: act.kind(), serial };
    let (registered_by, book) = ("officer".to_owned(), Book::Electronic);
    let entry = Entry { id: id.clone(), registered_on, registered_by, book, act };
    let turn = usize::try_from(serial / DRAWS_OF_AN_ACT)?;
    let intake = INTAKES.get(turn % INTAKES.len()).copied().unwrap_or("court");
    let change = world.change(&format!("act:{intake}"), registered_on);
    let today = world.plan.today;
    let done = world.store.record_act_allocating(&mut world.allocator, &entry, intake, &change, today);
    let recorded = match done {
        Ok(recorded) => recorded,
        Err(StoreError::Refused(_)) => return Ok(Taken::Refused),
        Err(error) => return Err(error.into()),
    };
    let created = match &recorded.outcome {
        ActOutcome::Applied(changes) => {
            world.picture.take(&id, changes);
            changes.created.as_ref().map(|person| person.number.clone())
        }
        ActOutcome::Case(_) => {
            world.picture.acts.insert(id, false);
            return Ok(Taken::Case);
        }
        ActOutcome::Repeat | ActOutcome::Waits(_) | ActOutcome::SentBack(_) => {
            anyhow::bail!("a new act was known already")
        }
    };
    if comes_again(serial) {
        let again =
            world.store.record_act_allocating(&mut world.allocator, &entry, "court", &change, today)?;
        ensure!(again.outcome == ActOutcome::Repeat, "the same act again was {:?}", again.outcome);
        ensure!(again.number == recorded.number, "the same act again has another number");
    }
    Ok(Taken::Now { created })
}

/// Somebody of the province whom it fits.
fn among(
    world: &mut World,
    everybody: &[PersonalNumber],
    fits: impl Fn(&Person) -> bool,
) -> Option<PersonalNumber> {
    (0..200).find_map(|_| {
        let number = world.chance.one_of(everybody)?;
        world.picture.people.get(number).filter(|person| fits(person)).map(|person| person.number.clone())
    })
}

/// A foreigner, who has no number.
fn stranger(world: &mut World) -> Option<Party> {
    let (name, nationality) = *world.chance.one_of(&FOREIGNERS)?;
    Some(Party::Named { name: name.to_owned(), nationality: Some(nationality.to_owned()) })
}

/// An act of this kind that may be possible.
fn drawn(world: &mut World, kind: Kind, on: Date, everybody: &[PersonalNumber]) -> Option<Act> {
    let years = |years: i64| on.saturating_sub(jiff::Span::new().years(years));
    let (adult, fertile) = (years(20), years(45));
    let alive = |person: &Person| matches!(person.life, Life::Alive);
    let grown = |person: &Person| alive(person) && person.birth_date.earliest() < adult;
    let of = |sex: Sex| move |person: &Person| person.sex == sex;
    let unmarried = |person: &Person| grown(person) && person.marital_status != Some(MaritalStatus::Married);
    let spouse = |world: &World, number: &PersonalNumber| {
        world.picture.people.get(number)?.spouse.as_ref()?.number.clone()
    };
    Some(match kind {
        Kind::Birth => {
            let mother = among(world, everybody, |person| {
                grown(person) && person.sex == Sex::Female && person.birth_date.earliest() > fertile
            })?;
            let father = spouse(world, &mother).filter(|father| world.picture.people.contains_key(father));
            let sex = if world.chance.below(211) < 111 { Sex::Male } else { Sex::Female };
            let given = ["An", "Bình", "Chi", "Dung", "Giang", "Hà", "Khánh", "Linh", "Minh", "Nam"];
            let middle = if sex == Sex::Male { "Văn" } else { "Thị" };
            let family = ["Nguyễn", "Trần", "Lê", "Phạm", "Lò"];
            let full_name = format!(
                "{} {middle} {} {}",
                world.chance.one_of(&family)?,
                world.chance.one_of(&given)?,
                world.chance.one_of(&given)?
            );
            let child = Newborn {
                full_name,
                birth_date: on,
                sex,
                place_of_birth: "Bệnh viện tỉnh".to_owned(),
                birth_registration_place: "Phường Hoàn Kiếm, Hà Nội".to_owned(),
                number_place: "001".to_owned(),
                place_of_origin: "Hà Nội".to_owned(),
                ethnic_group: "Kinh".to_owned(),
                nationality: "Việt Nam".to_owned(),
            };
            let (father, mut with) = (father.map(Party::Known), Some(mother.clone()));
            let child = match world.picture.born % ABROAD_ONE_IN {
                // At a representation: the number is the country's, and nobody resides here by it.
                1 => {
                    let (code, place) = *world.chance.one_of(&REPRESENTATIONS)?;
                    with = None;
                    Newborn {
                        place_of_birth: place.to_owned(),
                        birth_registration_place: format!("Cơ quan đại diện Việt Nam tại {place}"),
                        number_place: code.to_owned(),
                        ..child
                    }
                }
                _ => child,
            };
            Act::Birth {
                child: Box::new(child),
                father,
                mother: Some(Party::Known(mother)),
                resides_with: with,
            }
        }
        Kind::Death => {
            // The old more often; one in ten is told a second time, on another day.
            let dead = world.chance.below(10) == 0;
            let age = if world.chance.below(4) > 0 { years(60) } else { years(1) };
            let person = among(world, everybody, |person| {
                if dead { !alive(person) } else { alive(person) && person.birth_date.earliest() < age }
            })?;
            Act::Death { person, on }
        }
        Kind::Marriage => {
            let wife = among(world, everybody, |person| unmarried(person) && of(Sex::Female)(person))?;
            let husband = if world.chance.below(FOREIGN_ONE_IN) == 0 {
                stranger(world)?
            } else {
                among(world, everybody, |person| unmarried(person) && of(Sex::Male)(person))?.into()
            };
            Act::Marriage { husband, wife: wife.into(), on }
        }
        Kind::Divorce | Kind::MarriageAnnulled => {
            let married =
                |person: &Person| grown(person) && person.marital_status == Some(MaritalStatus::Married);
            let wife = among(world, everybody, |person| married(person) && of(Sex::Female)(person))?;
            let named = world.picture.people.get(&wife)?.spouse.clone()?;
            let husband = match named.number {
                Some(number) => number.into(),
                None => Party::Named { name: named.name, nationality: named.nationality },
            };
            let wife = wife.into();
            match kind {
                Kind::Divorce => Act::Divorce { husband, wife, on },
                _ => Act::MarriageAnnulled { husband, wife, on },
            }
        }
        Kind::Recognition => {
            let child = among(world, everybody, |person| alive(person) && person.father.is_none())?;
            let is_foreign = world.chance.below(FOREIGN_ONE_IN) == 0;
            let parent = if is_foreign {
                stranger(world)?
            } else {
                among(world, everybody, |person| grown(person) && of(Sex::Male)(person))?.into()
            };
            Act::Recognition { child, parent, parent_sex: is_foreign.then_some(Sex::Male), on }
        }
        Kind::AdoptionEnded => {
            let adoptions =
                world.picture.acts.iter().filter(|(act, taken)| **taken && act.kind == Kind::Adoption);
            let adoptions: Vec<ActId> = adoptions.map(|(act, _)| act.clone()).collect();
            let adoption = world.chance.one_of(&adoptions)?.clone();
            let Act::Adoption { child, .. } = world.store.act(&adoption).ok()??.act else { return None };
            // The mother who bore the child, as the court's decision names her.
            let mother = Party::Named { name: "Vàng Thị Mẩy".to_owned(), nationality: None };
            Act::AdoptionEnded { child, father: None, mother: Some(mother), on }
        }
        Kind::Adoption => {
            let minor = years(15);
            let child =
                among(world, everybody, |person| alive(person) && person.birth_date.earliest() > minor)?;
            // Of age to be the child's mother by law, and no man's wife.
            let born = world.picture.people.get(&child)?.birth_date.earliest();
            let before = born.checked_sub(jiff::Span::new().years(20)).ok()?;
            let mother = among(world, everybody, |person| {
                grown(person)
                    && of(Sex::Female)(person)
                    && person.marital_status != Some(MaritalStatus::Married)
                    && person.birth_date.earliest() <= before
            })?;
            Act::Adoption { child, father: None, mother: Some(mother.into()), on }
        }
        Kind::NameChanged | Kind::NameCorrected => {
            let person = among(world, everybody, alive)?;
            let known = &world.picture.people.get(&person)?.full_name;
            let full_name = format!(
                "{} {}",
                known.split(' ').next()?,
                ["Hoàng Anh", "Minh Tâm", "Thùy Dương"][world.chance.below(3)]
            );
            if kind == Kind::NameChanged {
                Act::NameChanged { person, full_name, on }
            } else {
                Act::NameCorrected { person, full_name, on }
            }
        }
        Kind::BirthDateCorrected => {
            let person = among(world, everybody, |person| grown(person) && person.children.is_empty())?;
            let year = world.picture.people.get(&person)?.birth_date.year();
            // Half of them in another year: another number.
            let year = if world.chance.below(2) == 0 { year } else { year.saturating_sub(1) };
            let birth_date =
                BirthDate::Day(Date::new(year, 5, i8::try_from(1 + world.chance.below(28)).ok()?).ok()?);
            Act::BirthDateCorrected { person, birth_date, on }
        }
        Kind::SexRedetermined => {
            let person = among(world, everybody, |person| {
                alive(person) && person.children.is_empty() && person.spouse.is_none()
            })?;
            let sex = match world.picture.people.get(&person)?.sex {
                Sex::Male => Sex::Female,
                _ => Sex::Male,
            };
            Act::SexRedetermined { person, sex, on }
        }
        Kind::EthnicGroup => {
            Act::EthnicGroup { person: among(world, everybody, alive)?, ethnic_group: "Tày".to_owned(), on }
        }
        Kind::Nationality => Act::Nationality {
            person: among(world, everybody, grown)?,
            nationality: "Hàn Quốc".to_owned(),
            on,
        },
        Kind::Missing => Act::Missing { person: among(world, everybody, grown)?, on },
        Kind::Returned => {
            let numbers: Vec<PersonalNumber> = world
                .picture
                .people
                .values()
                .filter(|person| matches!(person.life, Life::Missing(since) if since < on))
                .map(|person| person.number.clone())
                .collect();
            Act::Returned { person: world.chance.one_of(&numbers)?.clone(), on }
        }
        Kind::DeathAnnulled => {
            // Registered this year, under a number that was typed wrong.
            let first = world.plan.today.saturating_sub(jiff::Span::new().years(1));
            let numbers: Vec<PersonalNumber> = world
                .picture
                .people
                .values()
                .filter(|person| matches!(person.life, Life::Dead(since) if since < on && since > first))
                .map(|person| person.number.clone())
                .collect();
            Act::DeathAnnulled { person: world.chance.one_of(&numbers)?.clone(), on }
        }
        Kind::Permanent => moved(world, everybody, on)?,
        Kind::Temporary | Kind::Current => {
            let stay = if world.chance.below(2) == 0 { Stay::Temporary } else { Stay::Current };
            let house = world.chance.below(9_000) + 1;
            // Some of those who stay elsewhere for now are abroad.
            let abroad = matches!(stay, Stay::Current) && world.chance.below(5) == 0;
            let place = if abroad { "Main Street, San José, Hoa Kỳ" } else { "khu công nghiệp" };
            let place = Some(Residence::new(&format!("Số {house}, {place}")));
            Act::Temporary { person: among(world, everybody, grown)?, stay, place, on }
        }
        Kind::Absence => {
            let until = Some(on.saturating_add(jiff::Span::new().months(6)));
            Act::Absence { person: among(world, everybody, grown)?, on, until }
        }
        // No office's: what an officer decides in a case.
        Kind::Decided => return None,
        Kind::Removed => Act::Removed {
            person: among(world, everybody, |person| grown(person) && person.residences.permanent.is_some())?,
            on,
        },
    })
}

/// A household moves whole; or one of its members, into another household or one of their own.
fn moved(world: &mut World, everybody: &[PersonalNumber], on: Date) -> Option<Act> {
    let alive = |person: &Person| matches!(person.life, Life::Alive);
    let mover = among(world, everybody, |person| alive(person) && person.relation_to_head.is_some())?;
    let place = Residence {
        province_code: Some("01".to_owned()),
        ward_code: Some("00070".to_owned()),
        ..Residence::new(&format!("Số {}, đường Mới, Hà Nội", world.chance.below(9_000) + 1))
    };
    let one = |relation: &str| vec![Mover { person: mover.clone(), relation: relation.to_owned() }];
    let (movers, joins, place) = match world.chance.below(3) {
        0 => {
            let all = world.picture.people.get(&mover)?.household.clone();
            let living = all.iter().filter_map(|member| {
                let number = member.number.clone()?;
                let person = world.picture.people.get(&number).filter(|person| alive(person))?;
                Some(Mover { person: person.number.clone(), relation: member.relation.clone() })
            });
            (living.collect(), None, Some(place))
        }
        1 => (one(HEAD), None, Some(place)),
        _ => {
            let host = among(world, everybody, |person| {
                alive(person) && person.residences.permanent.is_some() && person.relation_to_head.is_some()
            })?;
            (one("Thành viên khác"), Some(host), None)
        }
    };
    Some(Act::Permanent { movers, joins, place, on })
}

/// The connected systems fetch what they are owed.
fn deliver(world: &mut World) -> Result<()> {
    let mut steps = 0_u64;
    let mut fetched = std::collections::BTreeMap::<_, u64>::new();
    let at = super::noon(world.plan.today);
    loop {
        let waiting = world.store.outbox(5_000)?;
        let asked = world.store.linked_steps_asked(5_000)?;
        if waiting.is_empty() && asked.is_empty() {
            break;
        }
        for outgoing in &waiting {
            *fetched.entry(outgoing.message.topic).or_default() += 1;
            world.store.sent(outgoing, at).context("a message that was delivered")?;
        }
        // The systems of both linked procedures answer; what waits for it is asked for then. Each answers twice.
        let change = world.change("linked", world.plan.today);
        let (done, on) = (true, world.plan.today);
        for step in asked {
            steps += 1;
            let reference = format!("{}-{}", step.act, step.place);
            let answer = StepAnswer { done, reference, reason: None, on };
            for _ in 0..2 {
                world.store.answer_step(&step.person, (&step.act, step.step), &answer, &change, on)?;
            }
            // A child that has died is asked no card for, and of whoever lives after all there is no funeral.
            for next in world.store.linked_steps_of(&step.person)? {
                let is_next = next.act == step.act && next.place == step.place + 1;
                let person = world.store.current_number(&step.person)?;
                let lives = world
                    .picture
                    .people
                    .get(&person)
                    .is_some_and(|person| !matches!(person.life, Life::Dead(_)));
                if is_next && next.state == StepState::Refused && lives == (next.step == Step::FuneralBenefit)
                {
                    world.picture.owes_no_more(next.step.topic());
                }
            }
        }
    }
    let count = fetched.values().sum::<u64>();
    world.told(
        "messages",
        &format!("{count} delivered to the connected systems, in {} topics; {steps} steps of linked procedures answered", fetched.len()),
    );
    world.picture.delivered = fetched;
    Ok(())
}
