//! Holders whose details another ministry keeps, on both engines: what leaves their record, who may say anything of them, and
//! what exports, bundles, acts and rules of quality do with them.

use cccd_population::civil_status::{Act, ActId, Book, Entry, Kind, Refusal, Stay};
use cccd_population::export::{export, export_for};
use cccd_population::import::{Format, import, rows};
use cccd_population::keepers::{Keeper, concerns_the_register};
use cccd_population::person::{Person, Residence, TemporaryAbsence};
use cccd_population::quality::{Context, NoCodes, Policy, assess};
use cccd_population::store::{Change, Collected, Place, Put, SqlStore, Store as _, StoreError};
use jiff::civil::date;

use crate::{TODAY, change, keys, now, number, postgres, somebody};

const REFERENCE: &str = "123/QĐ";

fn on_both(test: impl Fn(SqlStore)) {
    let dir = tempfile::tempdir().unwrap();
    let file = Place::file(&dir.path().join("register.db"));
    for place in [Some(file), postgres::database()].into_iter().flatten() {
        test(SqlStore::create_with(&place, &keys(), now()).unwrap());
    }
}

/// With everything that a unit could be told by.
fn recruit() -> Person {
    let mut person = somebody();
    person.residences.temporary = Some(Residence::new("Doanh trại Mẫu"));
    person.residences.current = Some(Residence::new("Doanh trại Mẫu"));
    person.temporary_absence = Some(TemporaryAbsence { from: date(2026, 1, 1), until: None });
    (person.phone, person.email) = (Some("0912345678".to_owned()), Some("an@example.vn".to_owned()));
    person.other = Some("Tiểu đoàn Mẫu".to_owned());
    person
}

/// What the register goes on keeping.
fn rest() -> Person {
    let mut person = recruit();
    (person.residences.temporary, person.residences.current) = (None, None);
    person.temporary_absence = None;
    (person.phone, person.email, person.other) = (None, None, None);
    person
}

fn neighbour() -> Person {
    let mut person = somebody();
    person.number = number("079099000002");
    person
}

fn enlisted(store: &mut SqlStore) {
    store.put_persons(&[recruit(), neighbour()], &change()).unwrap();
    let since = date(2026, 11, 1);
    for _ in 0..2 {
        store.keep_elsewhere(&recruit().number, Keeper::Defence, since, REFERENCE, &change()).unwrap();
    }
}

fn from_ministry(keeper: Keeper) -> Change {
    Change { source: keeper.source("list"), at: now() }
}

#[test]
fn what_tells_the_unit_leaves_the_record_and_the_rest_stays() {
    on_both(|mut store| {
        enlisted(&mut store);
        let an = recruit().number;
        assert_eq!(store.person(&an).unwrap(), Some(rest()));
        assert_eq!(store.person(&neighbour().number).unwrap(), Some(neighbour()));
        let kept = store.kept_elsewhere(&an).unwrap().unwrap();
        assert_eq!(
            (kept.keeper, kept.since, kept.reference.as_str()),
            (Keeper::Defence, date(2026, 11, 1), REFERENCE)
        );
        assert_eq!(store.kept_elsewhere(&neighbour().number).unwrap(), None);
        let origin = &store.provenance(&an).unwrap().unwrap();
        assert!(!origin.contains_key("phone"));
        assert_eq!(Keeper::of_source("keeper:defence:test"), Some(Keeper::Defence));
        let bad = store.keep_elsewhere(&an, Keeper::Defence, TODAY, " ", &change());
        assert!(matches!(bad, Err(StoreError::BadReference)));
        let nobody = store.keep_elsewhere(&number("001190000002"), Keeper::Defence, TODAY, "1", &change());
        assert!(matches!(nobody, Err(StoreError::UnknownPerson)));
        // Another ministry's word does not take over: who keeps them ends it first.
        let other = store.keep_elsewhere(&an, Keeper::PublicSecurity, TODAY, "7/QĐ", &change());
        assert!(matches!(other, Err(StoreError::KeptElsewhere)));
        assert_eq!(store.kept_elsewhere(&an).unwrap().unwrap(), kept);
        store.keep_elsewhere(&an, Keeper::Defence, TODAY, "8/QĐ", &change()).unwrap();
        assert_eq!(store.kept_elsewhere(&an).unwrap().unwrap().since, TODAY);
        store.check_integrity().unwrap();
    });
}

#[test]
fn nothing_of_them_comes_in_by_others_and_no_details_by_anybody() {
    on_both(|mut store| {
        enlisted(&mut store);
        let an = recruit().number;
        let mut renamed = rest();
        renamed.ethnic_group = Some("Tày".to_owned());
        let ministry = from_ministry(Keeper::Defence);
        for (person, source) in [
            (&renamed, &change()),
            (&renamed, &from_ministry(Keeper::PublicSecurity)),
            (&recruit(), &ministry),
        ] {
            let put = store.put_persons(&[person.clone(), neighbour()], source).unwrap();
            assert_eq!(put, [Put::KeptElsewhere, Put::Unchanged]);
            assert!(matches!(store.put_person(person, source), Err(StoreError::KeptElsewhere)));
        }
        assert_eq!(store.put_collected(&renamed, &change(), TODAY).unwrap(), Collected::KeptElsewhere);
        assert_eq!(store.person(&an).unwrap(), Some(rest()));
        // The ministry corrects what the register keeps.
        assert_eq!(store.put_person(&renamed, &ministry).unwrap(), Put::Changed);
        assert_eq!(store.person(&an).unwrap(), Some(renamed.clone()));
        // A file: the row has its reason, the others go in.
        let mut other = neighbour();
        other.ethnic_group = Some("Tày".to_owned());
        let lines = [recruit(), other].map(|person| serde_json::to_string(&person).unwrap()).join("\n");
        let mut report = Vec::new();
        let read = rows(lines.as_bytes(), Format::Json).unwrap();
        let summary = import(&mut store, read, &change(), TODAY, &mut report, |_, _| true).unwrap();
        assert_eq!((summary.changed, summary.rejected), (1, 1));
        assert_eq!(
            String::from_utf8(report).unwrap(),
            "row,reason\n1,\"another ministry keeps this person's details\"\n"
        );
        assert_eq!(store.person(&an).unwrap(), Some(renamed));
    });
}

#[test]
fn acts_of_residence_are_refused_and_those_of_civil_status_are_everybodys() {
    on_both(|mut store| {
        enlisted(&mut store);
        let an = || recruit().number;
        let take = |store: &mut SqlStore, kind: Kind, serial: u32, act: Act| {
            let id = ActId { office: "00070".to_owned(), year: 2026, kind, serial };
            let registered_by = "officer".to_owned();
            let entry = Entry { id, registered_on: TODAY, registered_by, book: Book::Electronic, act };
            store.record_act(&entry, None, "desk", &change(), TODAY)
        };
        let on = date(2026, 11, 10);
        let barracks = || Some(Residence::new("Doanh trại Mẫu"));
        for (serial, kind, act) in [
            (
                1,
                Kind::Temporary,
                Act::Temporary { person: an(), stay: Stay::Temporary, place: barracks(), on },
            ),
            (2, Kind::Current, Act::Temporary { person: an(), stay: Stay::Current, place: barracks(), on }),
            (3, Kind::Absence, Act::Absence { person: an(), on, until: None }),
        ] {
            let taken = take(&mut store, kind, serial, act);
            assert!(matches!(taken, Err(StoreError::Refused(Refusal::KeptElsewhere))), "{taken:?}");
        }
        take(
            &mut store,
            Kind::EthnicGroup,
            4,
            Act::EthnicGroup { person: an(), ethnic_group: "Tày".to_owned(), on },
        )
        .unwrap();
        assert_eq!(store.person(&an()).unwrap().unwrap().ethnic_group.as_deref(), Some("Tày"));
        // Service ends: the office takes the residence again. Another ministry cannot end it.
        assert!(!store.end_keeping(&an(), Keeper::PublicSecurity).unwrap());
        assert!(store.end_keeping(&an(), Keeper::Defence).unwrap());
        assert!(!store.end_keeping(&an(), Keeper::Defence).unwrap());
        let act = Act::Temporary { person: an(), stay: Stay::Current, place: barracks(), on };
        take(&mut store, Kind::Current, 2, act).unwrap();
        assert!(store.person(&an()).unwrap().unwrap().residences.current.is_some());
    });
}

#[test]
fn an_export_leaves_them_out_but_for_their_ministry() {
    on_both(|mut store| {
        enlisted(&mut store);
        let of = |keeper: Option<Keeper>| {
            let mut file = Vec::new();
            let written = export_for(&store, keeper, &mut file, Format::Json, |_| ()).unwrap().persons;
            (written, String::from_utf8(file).unwrap())
        };
        let (written, everybody) = of(None);
        assert!(
            written == 1 && everybody.contains("079099000002") && !everybody.contains("\"079099000001\"")
        );
        let (written, soldiers) = of(Some(Keeper::Defence));
        assert!(written == 1 && soldiers.contains("\"079099000001\"") && !soldiers.contains("Doanh trại"));
        assert_eq!(of(Some(Keeper::PublicSecurity)).0, 0);
        let mut file = Vec::new();
        assert_eq!(export(&store, &mut file, Format::Json, |_| ()).unwrap().persons, 1);
        assert_eq!(String::from_utf8(file).unwrap(), everybody);
    });
}

/// Nobody is sent to look where a soldier lives; that a parent is younger than the child is wrong of anybody.
#[test]
fn rules_about_where_somebody_lives_do_not_apply() {
    let mut person = rest();
    person.residences.permanent = None;
    person.birth_registration_place = None;
    let others = std::collections::BTreeMap::new();
    let context = Context { today: TODAY, policy: Policy::default(), codes: &NoCodes, others: &others };
    let remarks = assess(&person, None, &context);
    let codes = |remarks: &[cccd_population::quality::Remark]| -> Vec<(&str, &str)> {
        remarks.iter().map(|remark| (remark.rule.code(), remark.item)).collect()
    };
    for about_residence in [("missing", "residence"), ("no-residence", "residence")] {
        assert!(codes(&remarks).contains(&about_residence), "{:?}", codes(&remarks));
    }
    let rest: Vec<_> = remarks.iter().copied().filter(concerns_the_register).collect();
    assert!(codes(&rest).contains(&("missing", "birth_registration_place")));
    assert!(!codes(&rest).iter().any(|(_, item)| *item == "residence"));
}
