//! Searching with what people know: names typed wrong, a year, a place, a parent.

use std::time::{Duration, Instant};

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_population::generate::Nation;
use cccd_population::generate::errors::{Twist, with_errors};
use cccd_population::generate::questions::question;
use cccd_population::person::{Person, Relative};
use cccd_population::search::{MemoryIndex, Query, SearchRecord, keys, search};
use cccd_population::store::{Place, SqlStore, Store as _};

use super::{TODAY, change, now, number};

struct Measured {
    /// Questions and answers found: of all, and of those whose name was only misspelt, typed without diacritics, reordered or
    /// shortened.
    all: (usize, usize),
    misspelt: (usize, usize),
    p99: Duration,
}

fn recall((asked, found): (usize, usize)) -> f64 {
    f64::from(u32::try_from(found).unwrap()) / f64::from(u32::try_from(asked).unwrap())
}

/// Every second record that the error model makes is a question about the first; of more than a hundred thousand people, those of
/// every so many are asked for.
fn measure(count: u64, seed: u64) -> Measured {
    const CHUNK: usize = 10_000;
    let every = usize::try_from(count / 200_000).unwrap().max(1);
    let mut nation = Nation::new(count, seed, TODAY);
    let (mut records, mut questions) = (Vec::new(), Vec::new());
    for chunk in 0_usize.. {
        let people: Vec<Person> = nation.by_ref().take(CHUNK).collect();
        if people.is_empty() {
            break;
        }
        records.extend(people.iter().map(SearchRecord::of));
        if chunk % every != 0 {
            continue;
        }
        let count = people.len();
        let errors = with_errors(people, seed + u64::try_from(chunk).unwrap());
        let added = errors.people.get(count..).unwrap_or_default();
        for ((known, _, twist), copy) in
            errors.pairs.iter().zip(added).filter(|((_, _, twist), _)| twist.is_duplicate())
        {
            let (query, way) = question(copy, questions.len());
            assert!(query.is_enough());
            questions.push((query, way, *twist, known.clone()));
        }
    }
    let begun = Instant::now();
    let index = MemoryIndex::new(records);
    let (keys, postings, longest) = index.size();
    eprintln!(
        "{count} people: {keys} keys, {postings} postings, longest list {longest}, built in {:?}",
        begun.elapsed()
    );
    let (mut all, mut misspelt, mut times) = ((0, 0), (0, 0), Vec::new());
    let mut missed = std::collections::BTreeMap::new();
    for (query, way, twist, known) in questions {
        let begun = Instant::now();
        let hits = search(&index, &query, 10).unwrap();
        times.push(begun.elapsed());
        let found = usize::from(hits.iter().any(|hit| hit.record.number == known));
        all = (all.0 + 1, all.1 + found);
        if matches!(twist, Twist::Typed | Twist::Plain | Twist::Reordered) {
            misspelt = (misspelt.0 + 1, misspelt.1 + found);
        }
        if found == 0 {
            *missed.entry((twist, way)).or_insert(0) += 1;
        }
    }
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    eprintln!(
        "{} questions: recall@10 {:.4}; of {} misspelt {:.4}; p50 {:?}, p99 {:?}, missed {missed:?}",
        all.0,
        recall(all),
        misspelt.0,
        recall(misspelt),
        at(50),
        at(99)
    );
    Measured { all, misspelt, p99: at(99) }
}

#[test]
fn most_are_among_the_first_ten() {
    let measured = measure(10_000, 3);
    assert!(measured.all.0 >= 200);
    assert!(recall(measured.all) >= 0.95, "{:?}", measured.all);
}

/// `CCCD_SEARCH_PEOPLE=10000000 cargo test -p cccd-population --test it -- --ignored among_millions --nocapture`
#[test]
#[ignore = "takes minutes and gigabytes"]
fn among_millions() {
    let asked = std::env::var("CCCD_SEARCH_PEOPLE").ok().and_then(|count| count.parse().ok());
    let people = asked.unwrap_or(200_000);
    let measured = measure(people, 4);
    assert!(recall(measured.misspelt) >= 0.95, "{:?}", measured.misspelt);
    // Beyond a million, a year and a wrong fact leave more than ten people of one name.
    assert!(people > 1_000_000 || recall(measured.all) >= 0.95, "{:?}", measured.all);
    assert!(measured.p99 <= Duration::from_millis(50), "{:?}", measured.p99);
}

fn somebody(number_text: &str, name: &str, born: &str, father: &str) -> Person {
    let born: BirthDate = serde_json::from_value(born.into()).unwrap();
    let mut person = Person::new(number(number_text), name, born, Sex::Female);
    person.father = Some(Relative::new(father, None));
    person.mother = Some(Relative::new("H'Bliă Êban", None));
    person
}

#[test]
fn ways_to_ask_and_why_it_fits() {
    let people = [
        somebody("066199000001", "H'Hen Niê", "1999-01-15", "Y Moan Kđăm"),
        somebody("001199000002", "Nguyễn Thị Hoà", "1999-01-15", "Nguyễn Văn Sơn"),
        somebody("001160000003", "Lý Thị Thu Trang", "1960", "Lý Văn Đức"),
    ];
    let index = MemoryIndex::new(people.iter().map(SearchRecord::of).collect());
    let year = |year| Some(BirthDate::Year(year));
    let ask = |name: &str, birth_date, father: Option<&str>| {
        let query = Query {
            name: Some(name.to_owned()),
            birth_date,
            father: father.map(str::to_owned),
            ..Query::default()
        };
        search(&index, &query, 10).unwrap()
    };
    for (name, born, father, found) in [
        ("H HEN NIE", year(1999), None, 0),
        ("Nie H’Hen", year(1999), None, 0),
        ("nguyen thi hoa", year(1999), None, 1),
        ("Nguyễn Thị Hòa", year(2000), None, 1),
        ("Hòa Nguyễn", year(1999), None, 1),
        ("Nguyễn Thị Hòa", None, Some("Nguyen Van Xon"), 1),
        ("Lí Thị Thu Chang", year(1960), None, 2),
        ("Lý Thu Trang", year(1961), None, 2),
        ("Lí Thị Thu Chang", Some(BirthDate::Day("1960-05-04".parse().unwrap())), None, 2),
    ] {
        let hits = ask(name, born, father);
        assert_eq!(hits.first().map(|hit| &hit.record.number), Some(&people[found].number), "{name}");
    }
    let hits = ask("Lí Thị Thu Chang", year(1961), None);
    let agreements: Vec<(&str, &[&str])> =
        hits[0].agreements.iter().map(|one| (one.item, one.findings.as_slice())).collect();
    assert_eq!(agreements, [("full_name", &["i-for-y", "sound"][..]), ("birth_date", &["next-year"])]);
    // Both parents alone find the child; a name alone finds nobody.
    let parents = Query {
        father: Some("Y Moan Kdam".to_owned()),
        mother: Some("H’Blia Eban".to_owned()),
        ..Query::default()
    };
    assert_eq!(search(&index, &parents, 10).unwrap().len(), 1);
    assert!(ask("Nguyễn Thị Hoà", None, None).is_empty());
    assert!(!Query { name: Some("Nguyễn Thị Hoà".to_owned()), ..Query::default() }.is_enough());
}

/// Tables hold the keys: their number is what an index costs.
#[test]
fn keys_are_few_and_stable() {
    let mut total = 0;
    for person in Nation::new(2_000, 8, TODAY) {
        let once = keys(&person);
        assert_eq!(once, keys(&person));
        assert!(once.len() <= 32, "{}", once.len());
        total += once.len();
    }
    assert!((10..=18).contains(&(total / 2_000)), "{}", total / 2_000);
}

/// The index in the register's own tables follows every change, also one that comes while it is made; a load says how many
/// are not found yet.
fn follows_every_change(mut store: SqlStore, mut other: SqlStore) {
    let people: Vec<Person> = Nation::new(3_000, 5, TODAY).collect();
    store.put_persons(&people, &change()).unwrap();
    let by_day = |person: &Person, name: &str| Query {
        name: Some(name.to_owned()),
        birth_date: Some(person.birth_date),
        ..Query::default()
    };
    let finds = |store: &SqlStore, person: &Person| {
        let found = store.find(&by_day(person, &person.full_name), 10).unwrap();
        found.hits.iter().any(|hit| hit.record.number == person.number && hit.record.name == person.full_name)
    };
    let state = store.index_state().unwrap();
    assert_eq!((state.people, state.waiting), (0, 3_000));
    let found = store.find(&by_day(&people[0], &people[0].full_name), 10).unwrap();
    assert_eq!((found.hits.len(), found.waiting), (0, 3_000));

    // Somebody is renamed, and somebody comes, after the index has read past them.
    let mut order = people.clone();
    order.sort_by(|one, other| one.number.cmp(&other.number));
    let mut renamed = order[7].clone();
    renamed.full_name = "Quàng Thị Én".to_owned();
    let newcomer = Person { number: number("000199000001"), ..renamed.clone() };
    let mut once = false;
    let state = store
        .make_index(now(), &mut |read| {
            if read == 3_000 && !core::mem::replace(&mut once, true) {
                other.put_person(&renamed, &change()).unwrap();
                other.put_person(&newcomer, &change()).unwrap();
            }
        })
        .unwrap();
    assert_eq!((state.people, state.waiting), (3_000, 0));
    for person in people.iter().filter(|person| person.number != renamed.number).step_by(97) {
        assert!(finds(&store, person));
    }
    assert!(finds(&store, &renamed) && finds(&other, &newcomer));

    // Made again, the same are found; what no longer holds is not.
    for round in 0..2 {
        assert!(finds(&store, &renamed) && finds(&store, &newcomer), "{round}");
        assert!(
            !store
                .find(&by_day(&order[7], &order[7].full_name), 10)
                .unwrap()
                .hits
                .iter()
                .any(|hit| hit.score > 90 && hit.record.number == renamed.number)
        );
        let state = store.make_index(now(), &mut |_| {}).unwrap();
        assert_eq!((state.people, state.waiting), (3_001, 0));
    }
    assert_eq!(store.raw("DELETE FROM search_key").unwrap(), 0, "what the index knows stands there only");
    store.check_integrity().unwrap();
}

#[test]
fn the_stored_index_follows_every_change() {
    let folder = tempfile::tempdir().unwrap();
    let places = [Some(Place::file(&folder.path().join("register.db"))), crate::postgres::database()];
    for place in places.into_iter().flatten() {
        follows_every_change(SqlStore::create(&place, now()).unwrap(), SqlStore::open(&place).unwrap());
    }
}
