//! Old paper books typed twice, and extracts with a code that the register knows again; on both engines.

use std::collections::BTreeMap;

use cccd_card_profile::card_holder::Sex;
use cccd_population::cases::{CaseState, Subject};
use cccd_population::civil_status::paper::{PaperEntry, PaperFlaw, PaperId, Role};
use cccd_population::civil_status::{Act, ActId, Book, Entry, Newborn, Party};
use cccd_population::extract::{Checked, Code, Extract, NoExtract};
use cccd_population::forms::FormRenderer;
use cccd_population::matching::DigestKey;
use cccd_population::person::{Person, Relative};
use cccd_population::store::{ActOutcome, PaperState, Place, SqlStore, Store as _, StoreError, Typed};
use jiff::civil::date;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{TODAY, change, empty, now, number, postgres};

fn on_both(test: impl Fn(SqlStore)) {
    test(empty());
    if let Some(place) = postgres::database() {
        test(SqlStore::create(&place, now()).unwrap());
    }
}

fn birth() -> Value {
    json!({
        "office": "00070", "kind": "birth", "book": "Quyển 3", "year": 1956, "page": 12, "number": 34,
        "registered": "1956-03",
        "people": [
            {"role": "child", "name": "Nguyễn Văn An", "born": "1956-02-11", "sex": "male"},
            {"role": "father", "name": "Nguyễn Văn Bảo", "born": "1930"},
            {"role": "mother", "name": "Lê Thị Chanh"},
        ],
    })
}

fn entry(value: &Value) -> PaperEntry {
    serde_json::from_value::<PaperEntry>(value.clone()).unwrap().checked(TODAY).unwrap()
}

/// Whose birth the entry is.
fn known() -> Person {
    let mut person =
        Person::new(number("001056000001"), "Nguyễn Văn An", date(1956, 2, 11).into(), Sex::Male);
    person.father = Some(Relative::new("Nguyễn Văn Bảo", None));
    person
}

#[test]
fn two_typists_and_a_third_who_decides() {
    on_both(|mut store| {
        store.put_person(&known(), &change()).unwrap();
        let mut take =
            |value: &Value, by: &str| store.type_paper(&entry(value), by, &change(), TODAY).unwrap();
        let first = birth();
        assert_eq!(take(&first, "a"), Typed::First);
        assert_eq!(take(&first, "a"), Typed::Again);
        // The same person twice is no second pair of eyes.
        let mut other = birth();
        other["people"][2]["name"] = json!("Lê Thị Chánh");
        other["page"] = json!(21);
        let Typed::Differs(differences) = take(&other, "b") else { panic!("they differ") };
        let fields: Vec<_> = differences
            .iter()
            .map(|one| (one.field.as_str(), one.first.as_str(), one.second.as_str()))
            .collect();
        assert_eq!(fields, [("mother.name", "Lê Thị Chanh", "Lê Thị Chánh"), ("page", "12", "21")]);
        // The second reads again and sees one of the two.
        let mut again = other.clone();
        again["page"] = json!(12);
        let Typed::Differs(differences) = take(&again, "b") else { panic!("they differ") };
        assert_eq!(differences.len(), 1);
        let Typed::Agreed { links, perhaps } = take(&first, "c") else { panic!("the third decides") };
        assert_eq!(links, [(Role::Child, number("001056000001"))]);
        assert_eq!(perhaps, []);
        assert_eq!(take(&first, "d"), Typed::Again);
        assert!(matches!(take(&other, "d"), Typed::Closed(differences) if differences.len() == 2));
        let id = entry(&first).id();
        let (paper, links) = store.paper(&id).unwrap().unwrap();
        assert_eq!((paper.state, paper.decided_by.as_deref()), (PaperState::Agreed, Some("c")));
        assert_eq!(paper.agreed, Some(entry(&first)));
        assert_eq!(links[0].number, number("001056000001"));
        assert_eq!(store.papers(Some(PaperState::Differs), None, 10).unwrap(), []);
        assert_eq!(store.papers(None, Some("00070"), 10).unwrap().len(), 1);
        // The record itself is what it was.
        assert_eq!(store.history(&known().number).unwrap().len(), 1);
    });
}

#[test]
fn who_never_had_a_number_stays_without_and_a_year_alone_is_no_proof() {
    on_both(|mut store| {
        store.put_person(&known(), &change()).unwrap();
        let mut other = known();
        other.number = number("001056000002");
        other.father = None;
        store.put_person(&other, &change()).unwrap();
        // Dead long ago, of whom only years are known.
        let death = json!({
            "office": "00070", "kind": "death", "book": "Sổ tử 1", "year": 1961, "page": 3, "number": 9,
            "people": [{"role": "dead", "name": "Nguyễn Văn An", "born": "1889", "died": "1961"}],
            "note": "chết đói",
        });
        let mut take =
            |value: &Value, by: &str| store.type_paper(&entry(value), by, &change(), TODAY).unwrap();
        take(&death, "a");
        assert_eq!(take(&death, "b"), Typed::Agreed { links: Vec::new(), perhaps: Vec::new() });
        // A year and a name: an officer says who it is.
        let mut year = birth();
        year["number"] = json!(35);
        year["people"] = json!([{"role": "child", "name": "Nguyễn Văn An", "born": "1956"}]);
        take(&year, "a");
        let Typed::Agreed { links, perhaps } = take(&year, "b") else { panic!("they agree") };
        assert_eq!((links.len(), perhaps.len()), (0, 2));
        let id = entry(&year).id();
        let told = ("officer", "the family book");
        store.link_paper(&id, (Role::Child, &other.number), told, &change()).unwrap();
        store.link_paper(&id, (Role::Child, &other.number), told, &change()).unwrap();
        assert_eq!(store.paper(&id).unwrap().unwrap().1.len(), 1);
        let nobody = store.link_paper(&id, (Role::Wife, &other.number), told, &change());
        assert!(matches!(nobody, Err(StoreError::UnknownPaper)));
        // A death that the register does not know is a case; nobody dies by a typist's hand.
        let mut late = death.clone();
        late["number"] = json!(10);
        late["year"] = json!(2003);
        late["people"] = json!([
            {"role": "dead", "name": "Nguyễn Văn An", "born": "1956-02-11", "died": "2003-04-05",
             "number": "001056000001"}]);
        let mut take =
            |value: &Value, by: &str| store.type_paper(&entry(value), by, &change(), TODAY).unwrap();
        take(&late, "a");
        let Typed::Agreed { links, .. } = take(&late, "b") else { panic!("they agree") };
        assert_eq!(links.len(), 1);
        let [case] = store.cases(None, Some(CaseState::Open), 10).unwrap().try_into().unwrap();
        assert!(matches!(&case.subject, Subject::Facts(conflicts) if conflicts[0].item == "life"));
        assert_eq!(store.person(&known().number).unwrap(), Some(known()));
    });
}

#[test]
fn what_no_book_can_say() {
    let flaw = |change: fn(&mut Value)| {
        let mut value = birth();
        change(&mut value);
        serde_json::from_value::<PaperEntry>(value).unwrap().checked(TODAY)
    };
    assert_eq!(flaw(|entry| entry["office"] = json!("70")), Err(PaperFlaw::Office));
    assert_eq!(flaw(|entry| entry["page"] = json!(0)), Err(PaperFlaw::Place));
    assert_eq!(flaw(|entry| entry["year"] = json!(2099)), Err(PaperFlaw::Date("year")));
    assert_eq!(flaw(|entry| entry["registered"] = json!("1956-13")), Err(PaperFlaw::Date("registered")));
    assert_eq!(flaw(|entry| entry["people"][0]["born"] = json!("1957")), Err(PaperFlaw::Date("born")));
    assert_eq!(flaw(|entry| entry["people"][0]["name"] = json!(" ")), Err(PaperFlaw::Text("name")));
    assert_eq!(flaw(|entry| entry["people"][1]["role"] = json!("mother")), Err(PaperFlaw::People));
    assert_eq!(flaw(|entry| entry["people"][0]["role"] = json!("dead")), Err(PaperFlaw::People));
    // Decomposed letters and blanks are spellings of one text.
    let spelt = flaw(|entry| entry["people"][0]["name"] = json!("Nguye\u{302}\u{303}n  Va\u{306}n An "));
    assert_eq!(spelt, Ok(entry(&birth())));
    assert_ne!(entry(&birth()).id(), flaw(|entry| entry["book"] = json!("Quyển 4")).unwrap().id());
    assert_eq!(entry(&birth()).id(), flaw(|entry| entry["page"] = json!(13)).unwrap().id());
}

fn key() -> DigestKey {
    DigestKey::new(zeroize::Zeroizing::new([5; 32]))
}

#[test]
fn the_register_knows_its_extracts_again() {
    on_both(|mut store| {
        let mother = Person::new(number("001190000002"), "Lê Thị Chi", date(1990, 4, 5).into(), Sex::Female);
        store.put_person(&mother, &change()).unwrap();
        let child = Newborn {
            full_name: "Trần Văn Em".to_owned(),
            birth_date: date(2026, 11, 1),
            sex: Sex::Male,
            place_of_birth: "Bệnh viện Phụ sản Hà Nội".to_owned(),
            birth_registration_place: "Phường Hoàn Kiếm".to_owned(),
            number_place: "001".to_owned(),
            place_of_origin: "Hà Nội".to_owned(),
            ethnic_group: "Kinh".to_owned(),
            nationality: "Việt Nam".to_owned(),
        };
        let mother = Some(Party::Known(mother.number));
        let act = Act::Birth { child: Box::new(child), father: None, mother, resides_with: None };
        let id: ActId = "00070.2026.KS.12".parse().unwrap();
        let entry = Entry {
            id: id.clone(),
            registered_on: date(2026, 11, 20),
            registered_by: "Nguyễn Văn Cán".to_owned(),
            book: Book::Electronic,
            act,
        };
        assert_eq!(store.act_with_people(&id).unwrap(), None);
        let given = number("001226000009");
        let done = store.record_act(&entry, Some(&given), "desk", &change(), TODAY).unwrap();
        assert!(matches!(done, ActOutcome::Applied(_)));
        let made = |store: &SqlStore| Extract::of_act(store, &id).unwrap().unwrap().unwrap();
        let extract = made(&store);
        let said = |en: &str| extract.lines.iter().find(|line| line.en == en).map(|line| line.value.as_str());
        assert_eq!(said("Personal number"), Some("001226000009"));
        assert_eq!(said("Number of the act"), Some("00070.2026.KS.12"));
        let code = extract.code(&key(), TODAY);
        let text = code.to_string();
        assert!(!text.contains("001226000009") && text.len() < 120, "{text}");
        assert_eq!(Code::parse(&text), Some(code.clone()));
        assert_eq!(code.check(&key(), Some(&made(&store))), Checked::Same);
        assert_eq!(code.check(&key(), None), Checked::NoAct);
        let foreign = DigestKey::new(zeroize::Zeroizing::new([6; 32]));
        assert_eq!(code.check(&foreign, Some(&extract)), Checked::Forged);
        // Another day, another act: not what was sealed.
        for forged in [text.replace(":20261121:", ":20261122:"), text.replace("KS.12", "KS.13")] {
            assert_ne!(forged, text);
            assert_eq!(Code::parse(&forged).unwrap().check(&key(), Some(&extract)), Checked::Forged);
        }
        let renamed = Entry {
            id: "00070.2026.TD.1".parse().unwrap(),
            act: Act::NameChanged {
                person: given.clone(),
                full_name: "Trần Đức Anh".to_owned(),
                on: date(2026, 11, 20),
            },
            ..entry
        };
        store.record_act(&renamed, None, "desk", &change(), TODAY).unwrap();
        assert_eq!(code.check(&key(), Some(&made(&store))), Checked::ChangedSince);
        let noted = |extract: &Extract, en: &str| {
            extract.lines.iter().find(|line| line.en == en).map(|line| line.value.clone())
        };
        assert_eq!(noted(&extract, "NOTES"), None);
        let note = Some("TRẦN ĐỨC ANH · 20/11/2026 · 00070.2026.TD.1".to_owned());
        assert_eq!(noted(&made(&store), "Name changed"), note);
        let (entry, _, people) = store.act_with_people(&renamed.id).unwrap().unwrap();
        assert_eq!(Extract::of(&entry, None, &people, &[]), Err(NoExtract::Kind));
        assert!(people.contains_key(&given));
    });
}

/// Each office counts its own, from 1 in every year; many at once get a number each.
#[test]
fn extracts_given_out_are_numbered_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let file = Place::file(&dir.path().join("register.db"));
    let code = |issued| Extract::of_paper(&entry(&birth())).code(&key(), issued);
    let (this, last) = (code(TODAY), code(date(2025, 12, 31)));
    for place in [Some(file), postgres::database()].into_iter().flatten() {
        let mut store = SqlStore::create(&place, now()).unwrap();
        for (office, code, wanted) in [
            ("00070", &this, "00070.2026.TL.1"),
            ("00070", &this, "00070.2026.TL.2"),
            ("00070", &last, "00070.2025.TL.1"),
            ("00073", &this, "00073.2026.TL.1"),
        ] {
            assert_eq!(store.give_extract(office, code, "Bình", now()).unwrap(), wanted);
        }
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut store = SqlStore::open(&place).unwrap();
                    for _ in 0..10 {
                        store.give_extract("00070", &this, "Bình", now()).unwrap();
                    }
                });
            }
        });
        let given = store.extracts_given(&this.name).unwrap();
        let numbers: std::collections::BTreeSet<_> = given.iter().map(|one| one.given.as_str()).collect();
        assert_eq!((given.len(), numbers.len()), (44, 44));
        assert!(numbers.contains("00070.2026.TL.42") && !numbers.contains("00070.2026.TL.43"));
        assert_eq!((given[0].officer.as_str(), &given[0].content), ("Bình", &this.content));
        assert_eq!(store.extracts_given("00070.2026.KS.1").unwrap(), []);
    }
}

/// Every item is on the page or, in full, on the next one; another decoder reads the code.
#[test]
fn long_names_fit_and_the_code_is_read() {
    let Ok(renderer) = FormRenderer::new() else { panic!("a font is needed") };
    let mut value = birth();
    let name = "Công Tằng Tôn Nữ Thị Hoàng Ngọc Quỳnh Như Phương Uyên".repeat(2);
    value["people"][0]["name"] = json!(name);
    value["people"][0]["place"] = json!("Xã ".repeat(120));
    let entry = entry(&value);
    let extract = Extract::of_paper(&entry);
    let code = extract.code(&key(), TODAY);
    let office = "UBND phường Hoàn Kiếm";
    let pages = extract.on_paper(&code, office, |paper| renderer.paper_pages(paper)).unwrap();
    assert_eq!(pages.len(), 2, "what does not fit has a page of its own");
    assert!(pages[1].contains("Xã Xã"));
    for page in &pages {
        let picture = renderer.picture(page, 200).unwrap();
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            picture.as_raw()[y * width + x]
        });
        let codes: Vec<String> =
            prepared.detect_grids().iter().map(|grid| grid.decode().unwrap().1).collect();
        assert_eq!(codes, [code.to_string()]);
    }
    let pdf = extract.on_paper(&code, office, |paper| renderer.paper_pdf(paper)).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    let people = BTreeMap::new();
    let act = Act::Death { person: number("001056000001"), on: date(2020, 1, 1) };
    let entry = Entry {
        id: "00070.2020.KT.1".parse().unwrap(),
        registered_on: date(2020, 1, 2),
        registered_by: "registrar".to_owned(),
        book: Book::Paper { book: "Quyển 1".to_owned(), page: 7 },
        act,
    };
    assert_eq!(Extract::of(&entry, None, &people, &[]), Err(NoExtract::UnknownPerson));
    // Of a marriage that was ended since, the extract says so (Luật Hộ tịch 2014 art. 62).
    let town = crate::civil_status::town();
    let [husband, wife] =
        [crate::civil_status::HUSBAND, crate::civil_status::WIFE].map(crate::civil_status::party);
    let marriage = Act::Marriage { husband, wife, on: date(2013, 3, 3) };
    let entry = Entry { id: "00070.2013.KH.4".parse().unwrap(), act: marriage, ..entry };
    let [husband, wife] =
        [crate::civil_status::HUSBAND, crate::civil_status::WIFE].map(crate::civil_status::party);
    let divorce = Act::Divorce { husband, wife, on: date(2020, 5, 6) };
    let acts =
        [entry.clone(), Entry { id: "00070.2020.LH.2".parse().unwrap(), act: divorce, ..entry.clone() }];
    let extract = Extract::of(&entry, None, &town, &acts).unwrap();
    let last = extract.lines.last().unwrap();
    assert_eq!((last.en, last.value.as_str()), ("Divorced", "06/05/2020 · 00070.2020.LH.2"));
}

proptest! {
    #[test]
    fn no_text_makes_a_code_panic(text in "(CCCD:TL:1:)?[0-9A-Z.:a-f]{0,90}|\\PC{0,40}") {
        if let Some(code) = Code::parse(&text) {
            prop_assert_eq!(code.to_string(), text);
        }
    }

    #[test]
    fn no_text_makes_the_name_of_an_entry_panic(text in "P?[0-9a-f]{0,20}|\\PC{0,20}") {
        if let Ok(id) = text.parse::<PaperId>() {
            prop_assert_eq!(id.as_str(), text);
        }
    }
}
