//! Files in: rejects, repeats, crashes, nonsense.

use cccd_population::cases::Intake;
use cccd_population::export::export;
use cccd_population::import::{
    FIRST, FileFault, Format, ImportError, Row, Summary, digest, import, import_file, rehearse, rows,
};
use cccd_population::numbers::{Cancelled, Cause, NumberStore as _};
use cccd_population::person::Person;
use cccd_population::quality::conflict::Standing;
use cccd_population::store::{Change, Place, SqlStore, Store as _};
use proptest::prelude::*;

use crate::{TODAY, change, empty, now, number, somebody};

fn run(store: &mut SqlStore, text: &[u8], format: Format) -> (Result<Summary, ImportError>, String) {
    let mut report = Vec::new();
    let summary =
        rows(text, format).and_then(|rows| import(store, rows, &change(), TODAY, &mut report, |_, _| true));
    (summary, String::from_utf8(report).unwrap())
}

#[test]
fn bad_rows_are_named_and_the_others_go_on() {
    let text = b"number,full_name,birth_date,sex,life,life_date
079099000001,Nguy\xe1\xbb\x85n V\xc4\x83n An,15/01/1999,Nam,,
12,B,1999-01-15,male,,
079099000002,C\xff,1999-01-15,male,,
079099000003,D,1999-02-30,male,,
079099000004,E,1999-01-15,x,,
079099000005,,1999-01-15,male,,
079099000006,G,1999-01-15,male,dead,
079099000007,H,1999-01-15,male
079099000008,I,2999-01-15,male,,
079099000001,Other Name,1999-01-15,male,,
079099000001,Nguy\xe1\xbb\x85n V\xc4\x83n An,1999-01-15,male,,
\"079099000009\",\"J, \"\"the last\"\"\",1955,female,missing,2000-01-01
";
    let mut store = empty();
    let (summary, report) = run(&mut store, text, Format::Csv);
    let expected = Summary { rows: 12, added: 2, changed: 0, unchanged: 1, rejected: 9, converted: 0 };
    assert_eq!(summary.unwrap(), expected);
    assert_eq!(
        report,
        "row,reason
2,\"number is not of its form\"
3,\"field 2, octet 1: in no encoding known here is this text\"
4,\"birth_date is not of its form\"
5,\"sex is not of its form\"
6,\"full_name is empty\"
7,\"life is not of its form\"
8,\"the row has another number of columns than the header\"
9,\"birth_date is not possible\"
10,\"the number stood in this file before, with another record\"
"
    );
    assert_eq!(store.person_count().unwrap(), 2);
    let again = run(&mut store, text, Format::Csv).0.unwrap();
    assert_eq!((again.added, again.changed, again.unchanged, again.rejected), (0, 0, 3, 9));
    assert_eq!(store.history(&number("079099000001")).unwrap().len(), 1);
}

/// Old databases: each row by itself is UTF-8, TCVN3, VNI, or decomposed; what cannot be read is told, not guessed.
#[test]
fn rows_in_old_encodings_are_converted() {
    let mut text = b"number,full_name,birth_date,sex,permanent_address\n".to_vec();
    let rows: [&[u8]; 5] = [
        "079099000001,Nguyễn Văn Hùng,1999,male,Huyện Hải Hậu".as_bytes(),
        b"079099000002,Nguy\xD4n V\xA8n H\xEFng,1999,male,Hu\xD5",
        "079099000003,Buøi Vaên Haûi,1999,male,Huyeän Haûi Haäu".as_bytes(),
        "079099000004,Nguye\u{302}\u{303}n Va\u{306}n Hu\u{300}ng,1999,male,Hue\u{302}\u{301}".as_bytes(),
        b"079099000005,\xff\xfe\x81,1999,male,\x90",
    ];
    for row in rows {
        text.extend(row);
        text.push(b'\n');
    }
    let mut store = empty();
    let (summary, report) = run(&mut store, &text, Format::Csv);
    let summary = summary.unwrap();
    assert_eq!((summary.added, summary.converted, summary.rejected), (4, 3, 1), "{report}");
    let name = |tail: &str| {
        let person = store.person(&number(&format!("07909900000{tail}"))).unwrap().unwrap();
        (person.full_name, person.residences.permanent.unwrap().address)
    };
    let pair = |name: &str, place: &str| (name.to_owned(), place.to_owned());
    assert_eq!(name("1"), pair("Nguyễn Văn Hùng", "Huyện Hải Hậu"));
    assert_eq!(name("2"), pair("Nguyễn Văn Hùng", "Huế"));
    assert_eq!(name("3"), pair("Bùi Văn Hải", "Huyện Hải Hậu"));
    assert_eq!(name("4"), pair("Nguyễn Văn Hùng", "Huế"));
    assert_eq!(report, "row,reason\n5,\"field 2, octet 0: in no encoding known here is this text\"\n");
}

#[test]
fn json_array_and_lines_with_damage_between() {
    let good = |tail: &str| {
        format!(
            r#"{{"number":"07909900000{tail}","full_name":"Y [Mo]}}an","birth_date":"1999","sex":"male"}}"#
        )
    };
    let odd = r#"{"number":"079099000005","full_name":"E\"{[","birth_date":"1999","sex":"male"}"#;
    for text in [
        format!("[\n{},\n{{\"number\":1}},\n{},17,{odd}\n]", good("1"), good("2")),
        format!("{}\n{{\"number\":1}}\n{}\n17\n{odd}\n", good("1"), good("2")),
        format!("{}\n{{\"number\":\"broken\n{}\nnull\n{odd}", good("1"), good("2")),
    ] {
        let mut store = empty();
        let (summary, report) = run(&mut store, text.as_bytes(), Format::Json);
        let summary = summary.unwrap();
        assert_eq!((summary.rows, summary.added, summary.rejected), (5, 3, 2), "{text}\n{report}");
        assert_eq!(store.person(&number("079099000005")).unwrap().unwrap().full_name, "E\"{[");
        assert!(report.contains("\n2,\"") && report.contains("\n4,\"") && !report.contains("broken"));
    }
}

#[test]
fn headers_that_are_not_ours() {
    for text in ["", "a,b\n", "number,number,full_name,birth_date,sex\n", "number,full_name,sex\n"] {
        assert!(
            matches!(run(&mut empty(), text.as_bytes(), Format::Csv).0, Err(ImportError::File(_))),
            "{text}"
        );
    }
    let endless = format!("number,full_name,birth_date,sex\n\"{}", "x\n".repeat(200_000));
    assert!(matches!(run(&mut empty(), endless.as_bytes(), Format::Csv).0, Err(ImportError::File(_))));
}

#[test]
fn what_is_exported_is_imported_unchanged() {
    let mut store = empty();
    store.put_person(&somebody(), &change()).unwrap();
    for format in [Format::Csv, Format::Json] {
        let mut file = Vec::new();
        assert_eq!(export(&store, &mut file, format, |_| ()).unwrap().persons, 1);
        let mut other = empty();
        assert_eq!(run(&mut other, &file, format).0.unwrap().added, 1);
        assert_eq!(other.person(&somebody().number).unwrap(), Some(somebody()));
        assert_eq!(run(&mut store, &file, format).0.unwrap().unchanged, 1);
    }
}

/// Dies after some rows, as a process would: what was not committed is gone.
#[test]
fn a_crash_between_batches_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("register.db");
    SqlStore::create_file(&path, now()).unwrap();
    let total = FIRST * 3 + 700;
    let person = |count: usize| Person { number: number(&format!("{count:012}")), ..somebody() };
    let row = |count: usize| {
        Ok(Row {
            number: count as u64 + 1,
            position: 0,
            person: Ok(Box::new(person(count))),
            converted: None,
        })
    };
    for (crash_at, committed) in [(FIRST - 1, 0), (FIRST + 1, FIRST), (FIRST * 3 + 5, FIRST * 3)] {
        let mut store = SqlStore::open_file(&path).unwrap();
        let crashing = (0..total).map(|count| {
            if count == crash_at { Err(ImportError::File(FileFault::LongLine)) } else { row(count) }
        });
        import(&mut store, crashing, &change(), TODAY, &mut Vec::new(), |_, _| true).unwrap_err();
        drop(store);
        let store = SqlStore::open_file(&path).unwrap();
        assert_eq!(store.person_count().unwrap(), committed as u64);
        store.check_integrity().unwrap();
    }
    let mut store = SqlStore::open_file(&path).unwrap();
    let summary =
        import(&mut store, (0..total).map(row), &change(), TODAY, &mut Vec::new(), |_, _| true).unwrap();
    assert_eq!((summary.added, summary.unchanged), (700, FIRST as u64 * 3));
    assert_eq!(store.person_count().unwrap(), total as u64);
    assert_eq!(store.history(&person(3).number).unwrap().len(), 1);
}

/// The end of the process, before any batch and after each: the next run goes on at its row, writes nothing twice, and counts
/// as one run would.
fn goes_on_at_the_row(place: &Place) {
    let mut store = SqlStore::create(place, now()).unwrap();
    let total = FIRST * 3 + 700;
    let mut text = b"number,full_name,birth_date,sex\n".to_vec();
    for count in 0..total {
        // A bad row in every thousand, and a repeat of the first person in the last batch.
        let name = if count % 1_000 == 999 { "" } else { "Nguy\u{1ec5}n V\u{103}n An" };
        text.extend(format!("{count:012},{name},1999-01-15,male\n").bytes());
    }
    text.extend("000000000000,Nguy\u{1ec5}n V\u{103}n An,1999-01-15,male\n".bytes());
    text.extend("000000000001,Other,1999-01-15,male\n".bytes());
    // A number that ended, in the first batch and in the second.
    for number in [7, FIRST + 5_007].map(|count| number(&format!("{count:012}"))) {
        let cause = Cause::FalsePapers;
        store.cancel_and_link(&Cancelled { number, successor: None, cause, on: TODAY }).unwrap();
    }
    let file = digest(&mut text.as_slice(), Format::Csv).unwrap();
    let mut reports = Vec::new();
    let mut run = |store: &mut SqlStore, stop_after: usize| {
        let mut left = stop_after;
        let mut report = Vec::new();
        let mut change = change();
        change.source = format!("until-{stop_after}");
        let persons = rows(text.as_slice(), Format::Csv).unwrap();
        let summary = import_file(store, file, persons, &change, TODAY, &mut report, |_, _| {
            left -= 1;
            left > 0
        });
        reports.push(report);
        summary.unwrap()
    };
    run(&mut store, 1);
    let known = store.file_progress(&file).unwrap().unwrap();
    assert!(!known.done);
    assert_eq!((known.summary.added, known.summary.rejected), (FIRST as u64 - 1, FIRST as u64 / 1_000 + 1));
    assert_eq!(store.person_count().unwrap(), known.summary.added);
    // The part before is one step, the batch after it, which is twice as large, the second.
    run(&mut store, 2);
    assert_eq!(store.file_progress(&file).unwrap().unwrap().summary.added, 3 * FIRST as u64 - 2);
    let summary = run(&mut store, 100);
    let bad = total as u64 / 1_000 + 2;
    let rows = total as u64 + 2;
    let expected = Summary {
        rows,
        added: total as u64 - bad,
        changed: 0,
        unchanged: 1,
        rejected: bad + 1,
        converted: 0,
    };
    assert_eq!(summary, expected);
    let known = store.file_progress(&file).unwrap().unwrap();
    assert!(known.done && known.summary == expected);
    assert_eq!(store.person_count().unwrap(), expected.added);
    // Nobody was written twice: those of the first run keep its source.
    let first = store.history(&number("000000000000")).unwrap();
    assert_eq!((first.len(), first[0].change.source.as_str()), (1, "until-1"));
    // The report of the last run is whole.
    let report = String::from_utf8(reports.pop().unwrap()).unwrap();
    assert_eq!(report.lines().count() as u64, 1 + bad + 1);
    assert!(report.contains("\n1000,\"full_name is empty\"\n"));
    assert!(report.contains("row,reason\n8,\"this number is cancelled\"\n"), "the run before took this row");
    assert!(report.contains(&format!("\n{},\"this number is cancelled\"\n", FIRST + 5_008)));
    // A file that was done is read anew.
    let mut again = Vec::new();
    let persons = cccd_population::import::rows(text.as_slice(), Format::Csv).unwrap();
    let summary = import_file(&mut store, file, persons, &change(), TODAY, &mut again, |_, _| true).unwrap();
    assert_eq!((summary.added, summary.unchanged, summary.rejected), (0, expected.added + 1, bad + 1));
    store.check_integrity().unwrap();
}

#[test]
fn a_file_goes_on_at_the_row() {
    let dir = tempfile::tempdir().unwrap();
    goes_on_at_the_row(&Place::file(&dir.path().join("register.db")));
    if let Some(place) = crate::postgres::database() {
        goes_on_at_the_row(&place);
    }
}

/// As they are, or joined with what is known: a rehearsal counts what the import then does, and leaves the register as it was.
#[test]
fn a_rehearsal_says_what_would_come_of_it_and_writes_nothing() {
    let mut other = somebody();
    other.full_name = "Nguyễn Văn Bình".to_owned();
    let new = Person { number: number("079099000002"), ..somebody() };
    for standing in [None, Some(Standing::Carried)] {
        let mut store = empty();
        store
            .put_person(&somebody(), &Change { source: "import:carried:elsewhere".to_owned(), ..change() })
            .unwrap();
        let intake = |standing| Intake { standing, by: "officer".to_owned(), as_of: None, duplicates: false };
        store.take_in_by(standing.map(|standing| intake(Some(standing)))).unwrap();
        for file in [vec![somebody(), new.clone()], vec![other.clone()]] {
            let rows = || {
                file.clone().into_iter().zip(1..).map(|(person, number)| {
                    Ok(Row { number, position: 0, person: Ok(Box::new(person)), converted: None })
                })
            };
            let (people, before) =
                (store.person_count().unwrap(), store.history(&somebody().number).unwrap());
            let (said, cases) =
                rehearse(&mut store, rows(), &change(), TODAY, &mut Vec::new(), |_, _| true).unwrap();
            assert_eq!(store.person_count().unwrap(), people);
            assert_eq!(store.history(&somebody().number).unwrap(), before);
            assert_eq!(store.cases(None, None, 10).unwrap(), []);
            let done = import(&mut store, rows(), &change(), TODAY, &mut Vec::new(), |_, _| true).unwrap();
            assert_eq!(said, done);
            assert_eq!(
                cases,
                store.cases(None, None, 10).unwrap().len() as u64,
                "what it would open is opened"
            );
        }
        // Two lists of one standing contradict each other in a name: joined, that is a case and no change.
        assert_eq!(store.cases(None, None, 10).unwrap().len(), usize::from(standing.is_some()));
    }
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(text in proptest::collection::vec(any::<u8>(), 0..400)) {
        for format in [Format::Csv, Format::Json] {
            let _ = run(&mut empty(), &text, format);
        }
    }

    #[test]
    fn no_cells_make_it_panic(cells in proptest::collection::vec("[\\PC\"\n,]{0,12}", 4..8)) {
        let text = format!("number,full_name,birth_date,sex,children\n{}\n", cells.join(","));
        let (summary, _) = run(&mut empty(), text.as_bytes(), Format::Csv);
        let summary = summary.unwrap();
        prop_assert_eq!(summary.rows, summary.added + summary.rejected + summary.unchanged + summary.changed);
    }

    #[test]
    fn json_of_braces_never_panics(text in "[\\[\\]{}\",:0-9a-z\\\\\n ]{0,200}") {
        let _ = run(&mut empty(), text.as_bytes(), Format::Json);
    }
}
