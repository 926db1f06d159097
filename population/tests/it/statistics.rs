//! The roll-up against a count by hand, and what is published of it, on both engines.

use cccd_population::generate::Nation;
use cccd_population::person::{Life, Person};
use cccd_population::statistics::cells::{Measure, RollUp};
use cccd_population::statistics::page::page;
use cccd_population::statistics::publication::Publication;
use cccd_population::store::{SqlStore, Store as _};
use jiff::civil::date;

use crate::{TODAY, change, empty, new_card, now, postgres, somebody};

fn on_both(test: impl Fn(SqlStore)) {
    test(empty());
    if let Some(place) = postgres::database() {
        test(SqlStore::create(&place, now()).unwrap());
    }
}

fn sum(rollup: &RollUp, measure: Measure, other: impl Fn(&str) -> bool) -> i64 {
    let cells = rollup.iter().filter(|(cell, _)| cell.measure == measure && other(&cell.other));
    cells.map(|(_, count)| count).sum()
}

#[test]
fn the_roll_up_is_what_counting_the_records_gives() {
    on_both(|mut store| {
        let nation: Vec<Person> = Nation::new(1_500, 7, TODAY).collect();
        store.put_persons(&nation, &change()).unwrap();
        assert_eq!(store.roll_up().unwrap(), None, "nothing has been counted");
        let counted = store.recount(now()).unwrap();
        assert_eq!(counted.differed, None);
        let (at, rollup) = store.roll_up().unwrap().unwrap();
        assert_eq!((at, rollup.len()), (now(), counted.cells));
        let living = nation.iter().filter(|person| person.life == Life::Alive).count();
        assert_eq!(sum(&rollup, Measure::Living, |_| true), i64::try_from(living).unwrap());
        let kinh = nation
            .iter()
            .filter(|person| person.life == Life::Alive && person.ethnic_group.as_deref() == Some("Kinh"));
        let kinh = i64::try_from(kinh.count()).unwrap();
        assert_eq!(sum(&rollup, Measure::Living, |people| people == "Kinh"), kinh);
        // The scan that `population stats` prints agrees.
        let scanned = store.statistics(TODAY).unwrap();
        assert_eq!(sum(&rollup, Measure::Life, |_| true), i64::try_from(scanned.persons).unwrap());
        assert_eq!(store.recount(now()).unwrap().differed, Some(0));
    });
}

#[test]
fn what_happens_after_a_count_is_in_the_roll_up() {
    on_both(|mut store| {
        let mut person = somebody();
        person.residences.permanent.as_mut().unwrap().province_code = Some("79".to_owned());
        person.residences.permanent.as_mut().unwrap().since = Some(date(2020, 1, 1));
        store.put_person(&person, &change()).unwrap();
        store.record_card(&new_card(1), &change()).unwrap();
        store.recount(now()).unwrap();
        let (_, rollup) = store.roll_up().unwrap().unwrap();
        assert_eq!(sum(&rollup, Measure::Holder, |_| true), 1);
        person.residences.permanent.as_mut().unwrap().province_code = Some("01".to_owned());
        person.residences.permanent.as_mut().unwrap().since = Some(date(2026, 2, 1));
        store.put_person(&person, &change()).unwrap();
        store.set_life(&person.number, Life::Dead(date(2026, 3, 1)), &change(), TODAY).unwrap();
        let (_, rollup) = store.roll_up().unwrap().unwrap();
        assert_eq!(sum(&rollup, Measure::Move, |from| from == "79"), 1);
        assert_eq!(sum(&rollup, Measure::Death, |_| true), 1);
        assert_eq!(sum(&rollup, Measure::Living, |_| true) + sum(&rollup, Measure::Holder, |_| true), 0);
        assert_eq!(store.recount(now()).unwrap().differed, Some(0));
        // A cell that somebody changed in the tables is found.
        store.raw("UPDATE statistics_cell SET persons = persons + 1 WHERE measure = 'death'").unwrap();
        assert_eq!(store.recount(now()).unwrap().differed, Some(1));
        store.check_integrity().unwrap();
    });
}

#[test]
fn nothing_below_five_is_published() {
    let mut store = empty();
    store.put_persons(&Nation::new(1_500, 7, TODAY).collect::<Vec<_>>(), &change()).unwrap();
    store.recount(now()).unwrap();
    let publication = Publication::new(&store.roll_up().unwrap().unwrap().1, TODAY);
    let mut shown = 0;
    for sheet in publication.sheets() {
        assert_eq!(sheet.counts.len(), sheet.rows.len());
        for count in sheet.counts.iter().flatten().flatten() {
            assert!(*count >= 5, "{}", sheet.name);
            shown += 1;
        }
        // As many fields in each line as in the first: nothing in a name breaks a row.
        assert_eq!(sheet.csv().lines().count(), sheet.rows.len() + 1);
    }
    assert!(shown > 30, "{shown}");
    assert!(page(&publication).contains("default-src 'none'"));
}
