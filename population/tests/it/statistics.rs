//! The roll-up against a count by hand, and what is published of it, on both engines.

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_population::access::{Grounds, Look, Shown, verify};
use cccd_population::generate::Nation;
use cccd_population::matching::DigestKey;
use cccd_population::person::{Life, Person, Residence};
use cccd_population::statistics::cells::{Measure, RollUp};
use cccd_population::statistics::page::page;
use cccd_population::statistics::publication::Publication;
use cccd_population::store::{Anew, SqlStore, Store as _};
use jiff::ToSpan as _;
use jiff::civil::date;
use zeroize::Zeroizing;

use crate::{TODAY, change, empty, new_card, now, number, postgres, somebody};

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

fn key() -> DigestKey {
    DigestKey::new(Zeroizing::new([3; 32]))
}

/// Men and women by turns, of one year and ward.
fn village(serials: core::ops::Range<u32>) -> Vec<Person> {
    let one = |serial: u32| {
        let sex = if serial.is_multiple_of(2) { Sex::Male } else { Sex::Female };
        let number = number(&format!("001{}90{serial:06}", serial % 2));
        let mut person = Person::new(number, "Nguyễn Văn Mẫu", BirthDate::Day(date(1990, 5, 3)), sex);
        person.ethnic_group = Some("Kinh".to_owned());
        person.residences.permanent = Some(Residence {
            province_code: Some("01".to_owned()),
            ward_code: Some("00070".to_owned()),
            ..Residence::new("Nhà")
        });
        person
    };
    serials.map(one).collect()
}

fn publishes() -> Look {
    let grounds = Grounds::BreakGlass("nhập xong dữ liệu".to_owned());
    Look::at_many("Bình", grounds, Shown::StatisticsPublished, now()).unwrap()
}

#[test]
fn a_page_that_tells_nothing_is_not_kept_and_one_is_published_anew_only_where_it_tells_of_no_few() {
    let on = |mut store: SqlStore| {
        let day = date(2026, 11, 21);
        assert_eq!(store.publish_anew(day, &key(), &publishes()).unwrap(), Anew::Empty);
        let nothing = store.statistics_page(day, now()).unwrap();
        store.put_persons(&Nation::new(800, 7, TODAY).collect::<Vec<_>>(), &change()).unwrap();
        let first = store.statistics_page(day + 1.days(), now()).unwrap();
        assert_ne!(first, nothing, "an empty page is nobody's to keep");
        // One child more would be told by the difference.
        store.put_persons(&village(0..1), &change()).unwrap();
        assert_eq!(store.publish_anew(day, &key(), &publishes()).unwrap(), Anew::TellsOfFew);
        assert_eq!(store.statistics_page(day, now()).unwrap(), first);
        assert_eq!(verify(&store, &key(), "command-line").unwrap(), 0, "nothing was done");
    };
    on_both(on);
}

#[test]
fn an_empty_page_that_was_kept_before_is_replaced_and_every_other_is_kept_beside_the_new_one() {
    let mut store = empty();
    let nothing = store.statistics_page(TODAY, now()).unwrap();
    store
        .raw(&format!(
            "INSERT INTO statistics_published (month, page) VALUES ('2026-11', '{}')",
            nothing.replace('\'', "''")
        ))
        .unwrap();
    store.put_persons(&village(0..40), &change()).unwrap();
    let first = store.statistics_page(TODAY, now()).unwrap();
    assert_ne!(first, nothing);
    store.put_persons(&village(40..60), &change()).unwrap();
    match store.publish_anew(TODAY, &key(), &publishes()).unwrap() {
        Anew::Published => {
            assert_ne!(store.statistics_page(TODAY, now()).unwrap(), first);
            let entries = store.accesses("command-line", 0, 10).unwrap();
            assert_eq!(entries[0].look, publishes());
            assert_eq!(store.publish_anew(TODAY, &key(), &publishes()).unwrap(), Anew::Same);
        }
        other => panic!("{other:?}"),
    }
}
