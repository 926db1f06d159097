//! Old paper books, each entry typed by two people and, where they read it differently, by a third; and extracts of the
//! books, given out as PDF, whose codes the register knows again.

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::card_holder::BirthDate;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::cases::{CaseState, Ruled, Ruling, Subject, Verdict};
use cccd_population::civil_status::paper::{PaperEntry, PaperId, PaperKind, PaperPerson, Role};
use cccd_population::civil_status::{ActId, Kind};
use cccd_population::extract::{Checked, Code, Extract};
use cccd_population::forms::FormRenderer;
use cccd_population::person::{Life, Person};
use cccd_population::store::{SqlStore, Typed};
use jiff::civil::Date;

use super::{Invariant, World, looks, noon};

/// Of so many people one stands in an old book.
const ONE_IN: usize = 1_000;

/// One entry in so many is read differently by the two.
const DIFFERS: usize = 3;

/// The oldest that a book of the register's own time has.
const BEFORE: i16 = 2000;

/// What must be found again.
pub(super) struct Told {
    entries: Vec<(PaperId, PaperEntry, PersonalNumber)>,
    codes: Vec<Code>,
}

pub(super) fn run(world: &mut World) -> Result<Told> {
    let entries = typed(world)?;
    let codes = extracts(world, &entries)?;
    Ok(Told {
        entries: entries.into_iter().map(|(entry, number)| (entry.id(), entry, number)).collect(),
        codes,
    })
}

/// The entry of somebody's birth.
fn birth(person: &Person, at: usize) -> Option<PaperEntry> {
    let somebody = |role, name: &str, born: Option<String>| PaperPerson {
        role,
        name: name.to_owned(),
        sex: None,
        born,
        died: None,
        place: None,
        ethnic_group: None,
        number: None,
    };
    let born = person.birth_date.earliest();
    let mut people = vec![somebody(Role::Child, &person.full_name, Some(born.to_string()))];
    for (role, parent) in [(Role::Father, &person.father), (Role::Mother, &person.mother)] {
        people.extend(parent.as_ref().map(|parent| somebody(role, &parent.name, None)));
    }
    let number = u32::try_from(at).ok()? + 1;
    Some(PaperEntry {
        office: "00070".to_owned(),
        kind: PaperKind::Birth,
        book: "Quyển 3".to_owned(),
        year: born.year(),
        page: number.div_ceil(4),
        number,
        registered: None,
        people,
        note: None,
    })
}

fn typed(world: &mut World) -> Result<Vec<(PaperEntry, PersonalNumber)>> {
    let today = world.plan.today;
    let old = |person: &&Person| {
        let day = matches!(person.birth_date, BirthDate::Day(_));
        matches!(person.life, Life::Alive) && day && person.birth_date.year() < BEFORE
    };
    let people: Vec<Person> = world.picture.people.values().filter(old).cloned().collect();
    let few = people.iter().skip(3).step_by(people.len().div_ceil(6).max(1)).take(5);
    let people: Vec<&Person> = people.iter().step_by(ONE_IN).chain(few).collect();
    let change = world.change("paper", today);
    let (mut taken, mut third) = (Vec::new(), 0_u32);
    for (at, person) in people.into_iter().enumerate() {
        let Some(entry) = birth(person, at) else { continue };
        let entry = entry.checked(today)?;
        let mut other = entry.clone();
        if at % DIFFERS == 0 {
            other.page += 1;
        }
        ensure!(world.store.type_paper(&entry, "một", &change, today)? == Typed::First, "a first typing");
        // The same person twice is no second pair of eyes.
        ensure!(
            world.store.type_paper(&entry, "một", &change, today)? == Typed::Again,
            "one person typed twice"
        );
        let mut done = world.store.type_paper(&other, "hai", &change, today)?;
        if let Typed::Differs(differences) = &done {
            ensure!(differences.len() == 1, "{differences:?}");
            done = world.store.type_paper(&entry, "ba", &change, today)?;
            third += 1;
        }
        let Typed::Agreed { links, perhaps } = done else {
            anyhow::bail!("an entry does not hold: {done:?}")
        };
        // Where the book does not say enough, an officer says who it is.
        if !links.iter().any(|(_, number)| *number == person.number) {
            ensure!(
                perhaps.iter().any(|(_, number)| *number == person.number),
                "somebody of a book is not found"
            );
            let told = ("officer", "the family book");
            world.store.link_paper(&entry.id(), (Role::Child, &person.number), told, &change)?;
        }
        taken.push((entry, person.number.clone()));
    }
    death(world, today)?;
    world.told(
        "books",
        &format!("{} entries of old books typed twice, {third} of them a third time", taken.len()),
    );
    Ok(taken)
}

/// A book says that somebody died whom the register knows alive: a case, and nobody dies by a typist's hand.
fn death(world: &mut World, today: Date) -> Result<()> {
    let person = world.picture.people.values().find(|person| {
        matches!(person.life, Life::Alive)
            && matches!(person.birth_date, BirthDate::Day(_))
            && person.birth_date.year() < 1990
    });
    let person = person.context("nobody who could stand in a book of deaths")?.clone();
    let born = person.birth_date.earliest();
    let entry = PaperEntry {
        office: "00070".to_owned(),
        kind: PaperKind::Death,
        book: "Sổ tử 1".to_owned(),
        year: 2001,
        page: 1,
        number: 1,
        registered: None,
        people: vec![PaperPerson {
            role: Role::Dead,
            name: person.full_name.clone(),
            sex: None,
            born: Some(born.to_string()),
            died: Some("2001-02-03".to_owned()),
            place: None,
            ethnic_group: None,
            number: Some(person.number.clone()),
        }],
        note: None,
    };
    let entry = entry.checked(today)?;
    let change = world.change("paper", today);
    world.store.type_paper(&entry, "một", &change, today)?;
    let done = world.store.type_paper(&entry, "hai", &change, today)?;
    ensure!(matches!(&done, Typed::Agreed { links, .. } if links.len() == 1), "a death in a book: {done:?}");
    let open = world.store.cases(None, Some(CaseState::Open), 1_000_000)?;
    let case = open
        .iter()
        .find(|case| matches!(case.subject, Subject::Facts(_)) && case.persons.contains(&person.number));
    let case = case.context("a death in a book opened no case")?;
    let ruling = Ruling { verdict: Verdict::Keep, by: "officer".to_owned(), reason: "seen them".to_owned() };
    let done = world.store.decide_case(&case.id, &ruling, None, noon(today), today)?;
    ensure!(done == Ruled::Done { number: None }, "a decision was {done:?}");
    world.picture.cases += 1;
    Ok(())
}

fn made(store: &SqlStore, name: &str) -> Result<Option<Extract>> {
    if let Ok(act) = name.parse::<ActId>() {
        return Ok(Extract::of_act(store, &act)?.transpose()?);
    }
    let paper = store.paper(&name.parse()?)?;
    Ok(paper.and_then(|(paper, _)| paper.agreed).map(|entry| Extract::of_paper(&entry)))
}

/// The last birth, death and marriage of the year, and two entries of the old books.
fn extracts(world: &mut World, entries: &[(PaperEntry, PersonalNumber)]) -> Result<Vec<Code>> {
    let renderer = FormRenderer::new()?;
    let today = world.plan.today;
    // The last whose people all stand there still under the numbers that they had.
    let acts = [Kind::Birth, Kind::Death, Kind::Marriage].into_iter().filter_map(|kind| {
        let of_kind = world.picture.acts.iter().filter(|(act, taken)| act.kind == kind && **taken);
        let mut names = of_kind.map(|(act, _)| act.to_string());
        names.rfind(|name| made(&world.store, name).is_ok_and(|extract| extract.is_some()))
    });
    let names: Vec<String> =
        acts.chain(entries.iter().take(2).map(|(entry, _)| entry.id().to_string())).collect();
    ensure!(names.len() == 5, "{} extracts to make", names.len());
    let (mut codes, mut octets) = (Vec::new(), 0);
    for name in names {
        let extract = made(&world.store, &name)?.context("an act without an extract")?;
        let code = extract.code(&looks::key(), today);
        let given = world.store.give_extract("00070", &code, "officer", noon(today))?;
        ensure!(given.starts_with("00070."), "an extract was given the number {given}");
        let pdf =
            extract.on_paper(&code, "UBND phường Hoàn Kiếm", |paper| renderer.paper_pdf(paper))?;
        ensure!(pdf.starts_with(b"%PDF-"), "an extract is no PDF");
        octets += pdf.len();
        codes.push(code);
    }
    world.told("extracts", &format!("{} of acts and old books as PDF, {octets} octets", codes.len()));
    Ok(codes)
}

pub(super) fn judge(world: &World, told: &Told, invariants: &mut Vec<Invariant>) -> Result<()> {
    let store = SqlStore::open(&world.place)?;
    let mut astray = 0;
    for (id, entry, number) in &told.entries {
        let found = store.paper(id)?;
        let holds = found.is_some_and(|(paper, links)| {
            paper.agreed.as_ref() == Some(entry)
                && links.iter().any(|link| link.role == Role::Child && link.number == *number)
        });
        astray += u64::from(!holds);
    }
    invariants.push(Invariant {
        what: "every entry of an old book holds and leads to its person",
        of: told.entries.len() as u64,
        violations: astray,
    });
    let mut unknown = 0;
    for code in &told.codes {
        // As it is read from the paper.
        let read = Code::parse(&code.to_string());
        let today = made(&store, &code.name).unwrap_or(None);
        let checked = read.map(|code| code.check(&looks::key(), today.as_ref()));
        let given = store.extracts_given(&code.name)?.len();
        unknown += u64::from(checked != Some(Checked::Same) || given != 1);
    }
    invariants.push(Invariant {
        what: "every extract given out is counted, and known by its code",
        of: told.codes.len() as u64,
        violations: unknown,
    });
    Ok(())
}
