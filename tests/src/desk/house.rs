//! A demo house: keys, a register of invented people, a ledger, and the accounts of three officers.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::validity::age_on;
use cccd_population::person::{Life, Person};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::demo::counter::path;
use crate::demo::stage::Stage;
use crate::officers::Officers;
use crate::portrait;
use crate::programs::Programs;

/// People in the register.
const PEOPLE: usize = 300;
/// Where they come from.
const SEED: u64 = 2026;
/// How many of them stand before the desk.
const APPLICANTS: usize = 6;

/// Who keeps the stock.
const STOCK: &str = "kho";

/// The officers: account, password, what they do.
pub const OFFICERS: [(&str, &str, &str); 4] = [
    ("lan", "thu nhận hồ sơ", "captures, personalises, hands over"),
    ("minh", "đọc lại từng chữ", "approves"),
    (STOCK, "đếm từng phôi một", "keeps the stock of blanks"),
    ("chief", "giữ sổ tài khoản", "keeps the accounts"),
];

/// A house that was founded, in its folder.
#[derive(Debug)]
pub struct House {
    /// Its programs and folders.
    pub stage: Stage,
    /// Some of its people who have no card yet, with a portrait each.
    pub applicants: Vec<(Person, PathBuf)>,
}

impl House {
    /// Founds a house in this folder, or finds the one that an earlier run left there.
    ///
    /// # Errors
    /// If a program fails, or the folder holds something else.
    pub fn in_folder(programs: Programs, out: &Path, now: Timestamp) -> Result<Self> {
        let marker = out.join("work").join("house-is-founded");
        if marker.is_file() {
            let stage = Stage::at(programs, out, now)?;
            let people = people_of(&stage.work.join("nation.json"))?;
            let applicants = applicants(&people, &stage)?;
            return Ok(Self { stage, applicants });
        }
        let stage = Stage::new(programs, out, now)?;
        stage.pki(&stage.keys, "VN")?;
        stage.export(&stage.keys, &stage.trust)?;
        let people = stage.nation(PEOPLE, SEED)?;
        let officers = Officers::hired(&stage.programs, &stage.work.join("ledger.sqlite"), &stage.work)?;
        let (_, password, _) =
            OFFICERS.iter().find(|(name, ..)| *name == STOCK).context("no such officer")?;
        officers.hire(&stage.programs, STOCK, password, &["stock"])?;
        let applicants = applicants(&people, &stage)?;
        std::fs::write(marker, "make desk\n")?;
        Ok(Self { stage, applicants })
    }

    /// The arguments of `issuer serve` for this house.
    ///
    /// # Errors
    /// If a path is not Unicode.
    pub fn arguments(&self, listen: &str, software: bool) -> Result<Vec<String>> {
        let work = &self.stage.work;
        let mut all: Vec<String> = ["serve", "--listen", listen].map(str::to_owned).to_vec();
        let ledger = work.join("ledger.sqlite");
        for (name, value) in [("--ledger", ledger.as_path()), ("--keys", &self.stage.keys)] {
            all.extend([name.to_owned(), path(value)?.to_owned()]);
        }
        all.extend(["--register".to_owned(), self.stage.database_url()]);
        all.extend(["--office".to_owned(), "Công an phường Mẫu (thử nghiệm)".to_owned()]);
        if software {
            let chips = work.join("chips");
            std::fs::create_dir_all(&chips)?;
            all.extend(["--virtual-reader".to_owned(), path(&chips)?.to_owned()]);
        }
        Ok(all)
    }
}

fn people_of(file: &Path) -> Result<Vec<Person>> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    text.lines().map(|line| serde_json::from_str(line).context("a line of the nation is no person")).collect()
}

/// Grown-up people of the nation, each with a drawn portrait in a file.
fn applicants(people: &[Person], stage: &Stage) -> Result<Vec<(Person, PathBuf)>> {
    let today = stage.now.to_zoned(TimeZone::UTC).date();
    let folder = stage.out.join("portraits");
    std::fs::create_dir_all(&folder)?;
    let mut chosen = Vec::new();
    for person in
        people.iter().filter(|person| person.life == Life::Alive && person.birth_date.date().is_some())
    {
        let age = age_on(person.birth_date, today);
        if age < 16 {
            continue;
        }
        let file = folder.join(format!("{}.jpg", person.number.as_str()));
        let seed =
            person.number.as_str().bytes().fold(17_u64, |s, b| s.wrapping_mul(31).wrapping_add(b.into()));
        let drawn = portrait::draw(seed, person.sex == Sex::Female, u32::try_from(age).unwrap_or_default())?;
        std::fs::write(&file, drawn)?;
        chosen.push((person.clone(), file));
        if chosen.len() == APPLICANTS {
            return Ok(chosen);
        }
    }
    bail!("the nation has too few people")
}
