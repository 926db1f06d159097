//! An issuing desk and a counter at work with the real programs, on a register and a ledger of their own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cccd_hw_tests::pcscd::Pcscd;
use cccd_population::person::Person;
use cccd_population::store::{Change, SqlStore, Store as _};
use cccd_tests::demo::counter::path;
use cccd_tests::demo::people::{self, Applicant};
use cccd_tests::officers::{CAPTURES, Officers};
use cccd_tests::programs::{Finished, Programs, Running};
use cccd_tests::story_support::World;
use rusqlite::types::Value;

use crate::world;

/// A desk with a folder, a register and a ledger that no other story sees.
pub(crate) struct Desk {
    pub(crate) programs: Programs,
    pub(crate) world: &'static World,
    pub(crate) folder: PathBuf,
    pub(crate) database: PathBuf,
    pub(crate) ledger: PathBuf,
    officers: Officers,
}

impl Desk {
    pub(crate) fn new(name: &str) -> Self {
        let world = world();
        let folder = world.folder.join(name);
        std::fs::create_dir(&folder).unwrap();
        let database = folder.join("register.sqlite");
        let mut register = SqlStore::create_file(&database, world.issued_at).unwrap();
        let change = Change { source: "story".to_owned(), at: world.issued_at };
        register.put_persons(&world.nation, &change).unwrap();
        let ledger = folder.join("ledger.sqlite");
        let programs = Programs::beside_this_one().unwrap();
        let officers = Officers::hired(&programs, &ledger, &folder).unwrap();
        Self { programs, world, folder, database, ledger, officers }
    }

    /// Taken in by one officer, approved by another.
    pub(crate) fn approve(&self, application: &Path) {
        let (register, at) =
            (format!("sqlite:{}", self.database.display()), self.world.issued_at.to_string());
        self.officers.approve(&self.programs, application, &register, &at).unwrap();
    }

    /// An application of this person, with a portrait.
    pub(crate) fn application(&self, person: &Person) -> Applicant {
        people::apply(person, 30, "story", "2024", 1, &self.folder).unwrap()
    }

    /// A blank of this station's stock.
    pub(crate) fn blank(&self, name: &str) -> PathBuf {
        let chip = self.folder.join(name);
        let arguments = ["new", "--state", path(&chip).unwrap(), "--keys", path(&self.world.keys).unwrap()];
        self.programs.must("virtual-chip", &arguments).unwrap();
        chip
    }

    /// What `issuer` is told for this application, with its own register and ledger.
    pub(crate) fn issue_arguments(&self, application: &Path, reader: &str, out: &Path) -> Vec<String> {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let database = format!("sqlite:{}", self.database.display());
        let at = self.world.issued_at.to_string();
        let mut arguments: Vec<String> =
            ["issue", "--json", "--lang", "en", "--timeout", "1", "--reader"].map(str::to_owned).into();
        arguments.extend([reader.to_owned(), "--application".to_owned(), text(application)]);
        arguments.extend(["--keys".to_owned(), text(&self.world.keys), "--register".to_owned(), database]);
        arguments.extend(self.officers.as_officer(CAPTURES).unwrap());
        arguments.extend(["--out".to_owned(), text(out)]);
        arguments.extend(["--at".to_owned(), at]);
        arguments
    }

    pub(crate) fn issue(&self, application: &Path, reader: &str, out: &Path) -> Finished {
        self.programs.run("issuer", &self.issue_arguments(application, reader, out)).unwrap()
    }

    /// Lays a chip into the first virtual reader.
    pub(crate) fn insert(&self, chip: &Path, pcscd: &Pcscd) -> Running {
        wait_until_empty(pcscd);
        let (ready, log) = (self.folder.join("chip.ready"), self.folder.join("chip.log"));
        let address = pcscd.address(0);
        let arguments = [
            "serve",
            "--state",
            path(chip).unwrap(),
            "--vpcd",
            &address,
            "--ready-file",
            path(&ready).unwrap(),
        ];
        self.programs.start("virtual-chip", &arguments, &ready, &log).unwrap()
    }

    /// Everything that register and ledger hold, row by row; the ledger's journal of attempts apart.
    pub(crate) fn records(&self) -> Records {
        Records { register: rows(&self.database), ledger: rows(&self.ledger) }
    }
}

/// Takes the chip out of the first virtual reader.
pub(crate) fn take_out(serving: Running, pcscd: &Pcscd) {
    drop(serving);
    wait_until_empty(pcscd);
}

/// pcscd looks every few hundred milliseconds whether a card lies there; no hand is quicker. A chip that was swapped in
/// between is a lost card to whoever asks first.
pub(crate) fn wait_until_empty(pcscd: &Pcscd) {
    let service = cccd_reader::Service::open().unwrap();
    service.wait_for_removal(pcscd.reader(0).unwrap(), Duration::from_secs(10)).unwrap();
}

/// What a register and a ledger hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Records {
    pub(crate) register: Vec<String>,
    pub(crate) ledger: Vec<String>,
}

impl Records {
    /// States of the ledger's applications, oldest first.
    pub(crate) fn states(desk: &Desk) -> Vec<String> {
        if !desk.ledger.exists() {
            return Vec::new();
        }
        let connection = rusqlite::Connection::open(&desk.ledger).unwrap();
        let mut statement = connection.prepare("SELECT state FROM applications ORDER BY id").unwrap();
        let states = statement.query_map([], |row| row.get(0)).unwrap();
        states.collect::<Result<_, _>>().unwrap()
    }

    /// Asserts that what was begun is closed, and that the last application stands here.
    pub(crate) fn assert_last(desk: &Desk, state: &str) {
        let mut states = Self::states(desk);
        assert_eq!(states.pop().as_deref(), Some(state), "{states:?}");
        // A run that ended before a chip is closed by the next one.
        assert!(states.iter().all(|state| state == "rejected"), "{states:?}");
    }

    /// Chips that the ledger knows.
    pub(crate) fn chips(&self) -> usize {
        self.ledger.iter().filter(|row| row.starts_with("chips:")).count()
    }
}

/// All rows of all tables as text. The database must be sound.
fn rows(database: &Path) -> Vec<String> {
    if !database.exists() {
        return Vec::new();
    }
    let connection = rusqlite::Connection::open(database).unwrap();
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok", "{}", database.display());
    let mut tables = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").unwrap();
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let mut all = Vec::new();
    for table in tables {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let columns = statement.column_count();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let values: Vec<Value> = (0..columns).map(|column| row.get(column).unwrap()).collect();
            all.push(format!("{table}: {values:?}"));
        }
    }
    all.sort();
    all
}

/// A chip's memory as it lies on the disk, but for the counter of the personalizer's channels, which only goes up:
/// life cycle, files, keys, tries left.
#[derive(PartialEq, Eq)]
pub(crate) struct Memory(serde_json::Value);

impl Memory {
    pub(crate) fn of(chip: &Path) -> Self {
        let text = std::fs::read_to_string(chip).unwrap();
        // A line about the content, then the content.
        let mut content: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        content.as_object_mut().unwrap().remove("sequence_counter").unwrap();
        Self(content)
    }
}

/// The files below a folder, by name; empty when there is no folder.
pub(crate) fn files_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Exit code, code, one sentence and one hint; nothing of the person in either.
pub(crate) fn assert_failed(finished: &Finished, exit: i32, code: &str, person: Option<&Person>) {
    assert_eq!(finished.code, exit, "{}\n{}", finished.stdout, finished.stderr);
    let answer = finished.json().unwrap();
    let error = &answer["error"];
    assert_eq!(error["code"], code, "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    for part in ["message", "hint"] {
        let text = error[part].as_str().unwrap();
        assert!(text.chars().count() > 10 && !text.contains('\n'), "{part}: {text}");
    }
    assert_ne!(error["message"], error["hint"]);
    let sentence = error["message"].as_str().unwrap();
    assert!(finished.stderr.contains(sentence.trim_end_matches('.')), "{}", finished.stderr);
    if let Some(person) = person {
        for secret in [person.number.as_str(), person.full_name.as_str()] {
            let told = [&finished.stdout, &finished.stderr];
            assert!(told.iter().all(|text| !text.contains(secret)), "personal data in a message");
        }
    }
}
