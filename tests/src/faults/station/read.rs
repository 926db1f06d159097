//! The books of a house, read beside its programs: from copies of its files, so that looking at them repairs nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::file_system::PERSONALIZED_FILES;
use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Place, SqlStore};
use cccd_virtual_chip::StateFile;
use cccd_virtual_chip::lab::{Bench, File};
use sha2::{Digest as _, Sha256};

use super::books::{Application, Blank, Books, Card, Chip};
use super::database::Which;
use super::house::{self, House};

/// Rows of text, from whichever engine keeps them.
type Rows = Vec<Vec<Option<String>>>;

/// Asks for them.
type Query = dyn FnMut(&str) -> Result<Rows>;

/// Everything that is written in the house in `folder`, and the chips that lie in it.
pub(super) fn books(house: &House, folder: &Path) -> Result<Books> {
    let mut books = Books {
        delivered: house.serials.iter().map(ToString::to_string).collect(),
        chips: chips(folder)?,
        papers: papers(folder)?,
        ..Books::default()
    };
    match &house.bank {
        None => {
            let copy = tempfile::tempdir()?;
            let (in_ledger, in_register) = ("ledger.sqlite", "register.db");
            for name in [in_ledger, in_register] {
                for end in ["", "-journal", "-wal"] {
                    let from = folder.join(format!("{name}{end}"));
                    if from.exists() {
                        std::fs::copy(&from, copy.path().join(format!("{name}{end}")))?;
                    }
                }
            }
            let file = copy.path().join(in_register);
            ledger(&mut *rows_of_file(&copy.path().join(in_ledger))?, &mut books)?;
            SqlStore::open_file(&file)?.check_integrity().context("the register's file")?;
            register(&mut *rows_of_file(&file)?, "hex(sod_sha256)", &mut books)?;
        }
        Some(bank) => {
            let config = bank.config(folder, Which::Register)?;
            SqlStore::open(&Place::from(config.clone()))?.check_integrity().context("the register")?;
            ledger(&mut *rows_of_server(&bank.config(folder, Which::Ledger)?)?, &mut books)?;
            register(&mut *rows_of_server(&config)?, "encode(sod_sha256, 'hex')", &mut books)?;
        }
    }
    Ok(books)
}

fn rows_of_file(file: &Path) -> Result<Box<Query>> {
    let connection = rusqlite::Connection::open(file)?;
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    ensure!(sound == "ok", "{} is damaged: {sound}", file.display());
    Ok(Box::new(move |sql| {
        let mut statement = connection.prepare(sql)?;
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?;
        Ok(rows.collect::<Result<Rows, _>>()?)
    }))
}

fn rows_of_server(config: &postgres::Config) -> Result<Box<Query>> {
    let mut client = config.connect(postgres::NoTls)?;
    Ok(Box::new(move |sql| {
        let rows = client.query(sql, &[])?;
        Ok(rows.iter().map(|row| (0..row.len()).map(|column| row.get(column)).collect()).collect())
    }))
}

fn optional(row: &[Option<String>], column: usize) -> Option<String> {
    row.get(column).cloned().flatten()
}

fn needed(row: &[Option<String>], column: usize) -> Result<String> {
    optional(row, column).context("a column is empty")
}

fn ledger(query: &mut Query, books: &mut Books) -> Result<()> {
    let applications = "SELECT CAST(id AS TEXT), person_number, state, chip_serial, sod_sha256, state_reason \
                        FROM applications ORDER BY id";
    for row in query(applications)? {
        books.applications.push(Application {
            id: needed(&row, 0)?.parse()?,
            number: needed(&row, 1)?,
            state: needed(&row, 2)?,
            chip: optional(&row, 3),
            sod: optional(&row, 4),
            reason: optional(&row, 5),
        });
    }
    for row in query("SELECT serial, CAST(application_id AS TEXT) FROM chips ORDER BY serial")? {
        books.used.push((needed(&row, 0)?, needed(&row, 1)?.parse()?));
    }
    for row in query("SELECT serial, state, CAST(application_id AS TEXT) FROM blanks ORDER BY serial")? {
        let application = optional(&row, 2).map(|id| id.parse()).transpose()?;
        books.blanks.push(Blank {
            serial: needed(&row, 0)?,
            state: needed(&row, 1)?,
            application,
            key: None,
        });
    }
    // The newest statement of each is what counts.
    for row in query("SELECT serial, statement FROM blank_keys ORDER BY operation")? {
        let (serial, signed): (_, serde_json::Value) =
            (needed(&row, 0)?, serde_json::from_str(&needed(&row, 1)?)?);
        let statement: serde_json::Value =
            serde_json::from_str(signed["document"].as_str().context("a statement of keys")?)?;
        let key = statement["chip_authentication"].as_str().map(str::to_owned);
        if let Some(blank) = books.blanks.iter_mut().find(|blank| blank.serial == serial) {
            blank.key = key;
        }
    }
    let open = "SELECT CAST(count(*) AS TEXT) FROM card_changes LEFT JOIN card_change_outcomes \
                ON card_change_outcomes.change_id = card_changes.id WHERE card_change_outcomes.change_id IS NULL";
    for row in query(open)? {
        books.orders_open = needed(&row, 0)?.parse()?;
    }
    Ok(())
}

fn register(query: &mut Query, digest: &str, books: &mut Books) -> Result<()> {
    for row in query("SELECT personal_number FROM person")? {
        books.persons.insert(needed(&row, 0)?);
    }
    let cards = format!(
        "SELECT personal_number, lower({digest}), chip_serial, status FROM card ORDER BY chip_serial"
    );
    for row in query(&cards)? {
        let (number, sod, serial) = (needed(&row, 0)?, needed(&row, 1)?, needed(&row, 2)?);
        books.cards.push(Card { number, sod, serial, status: needed(&row, 3)? });
    }
    Ok(())
}

/// What the ledger of a house in files says was done twice, though it was asked for once: an action of an application, or an
/// order about a card or a blank.
pub(super) fn done_twice(folder: &Path) -> Result<Option<String>> {
    let copy = tempfile::tempdir()?;
    for end in ["", "-journal", "-wal"] {
        let from = folder.join(format!("ledger.sqlite{end}"));
        if from.exists() {
            std::fs::copy(&from, copy.path().join(format!("ledger.sqlite{end}")))?;
        }
    }
    let mut query = rows_of_file(&copy.path().join("ledger.sqlite"))?;
    let twice = [
        "SELECT action FROM actions WHERE action IN ('receive', 'capture', 'approve', 'issue', 'deliver') \
         GROUP BY application_id, action HAVING count(*) > 1",
        "SELECT change FROM card_changes GROUP BY sod_sha256, change HAVING count(*) > 1",
        "SELECT serial FROM blank_events GROUP BY serial, to_state HAVING count(*) > 1",
    ];
    for sql in twice {
        if let Some(row) = query(sql)?.first() {
            return Ok(Some(format!("{} was done twice", needed(row, 0)?)));
        }
    }
    Ok(None)
}

/// What lies in the house's folder itself.
fn papers(folder: &Path) -> Result<BTreeSet<String>> {
    let names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect()
}

/// Every chip of the house, as its own memory says.
fn chips(folder: &Path) -> Result<Vec<Chip>> {
    let mut found = Vec::new();
    for path in house::files(folder)? {
        // Other files of this name are no chips.
        if path.extension().is_none_or(|extension| extension != "json") || StateFile::peek(&path).is_err() {
            continue;
        }
        let copy = tempfile::tempdir()?;
        let lies = copy.path().join("chip.json");
        std::fs::copy(&path, &lies)?;
        if before(&path).exists() {
            std::fs::copy(before(&path), before(&lies))?;
        }
        let bench = Bench::open(&lies)?;
        found.push(Chip {
            serial: ChipSerial(bench.state().serial()).to_string(),
            life: bench.state().life_cycle(),
            sod: bench.read(File::Sod).map(|sod| hex::encode(Sha256::digest(sod))),
            has_files: PERSONALIZED_FILES.iter().any(|file| bench.read(*file).is_some()),
            key: bench.chip_authentication_key()?.map(|key| key.to_spki()).transpose()?.map(hex::encode),
        });
    }
    Ok(found)
}

/// The generation before a chip's newest.
fn before(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    PathBuf::from(name)
}
