//! A demo house: keys, a register of invented people, a ledger, and the accounts of three officers.

use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use anyhow::{Context as _, Result, bail};
use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::validity::age_on;
use cccd_issuer::fingerprint::{Finger, synthetic};
use cccd_issuer::output::write_private;
use cccd_population::person::{Life, Person};
use image::GrayImage;
use image::codecs::jpeg::JpegEncoder;
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
            let house = Self { stage, applicants };
            house.prepare_captures()?;
            return Ok(house);
        }
        let stage = Stage::new(programs, out, now)?;
        stage.pki(&stage.keys, "VN")?;
        terminals(&stage)?;
        stage.export(&stage.keys, &stage.trust)?;
        let people = stage.nation(PEOPLE, SEED)?;
        let officers = Officers::hired(&stage.programs, &stage.work.join("ledger.sqlite"), &stage.work)?;
        let (_, password, _) =
            OFFICERS.iter().find(|(name, ..)| *name == STOCK).context("no such officer")?;
        officers.hire(&stage.programs, STOCK, password, &["stock"])?;
        let applicants = applicants(&people, &stage)?;
        let house = Self { stage, applicants };
        house.prepare_captures()?;
        std::fs::write(marker, "make desk\n")?;
        Ok(house)
    }

    /// The folder of this person's drawn prints.
    #[must_use]
    pub fn prints_of(&self, person: &Person) -> PathBuf {
        self.stage.out.join("prints").join(person.number.as_str())
    }

    /// What this person's prints are drawn from.
    #[must_use]
    pub fn seed_of(&self, person: &Person) -> u64 {
        seed(person)
    }

    /// A reading station's certificates and key.
    #[must_use]
    pub fn station(&self) -> PathBuf {
        self.stage.work.join("station")
    }

    /// Who opens sealed prints, a device for each officer who captures, and the fingers and an eye of those who may come.
    fn prepare_captures(&self) -> Result<()> {
        let key = self.stage.work.join("captures.key");
        if !key.is_file() {
            let identity = age::x25519::Identity::generate();
            write_private(&key, identity.to_string().expose_secret().as_bytes())?;
        }
        std::fs::create_dir_all(self.stage.work.join("devices").join("lan"))?;
        for (person, _) in &self.applicants {
            let folder = self.prints_of(person);
            std::fs::create_dir_all(&folder)?;
            for finger in Finger::INDEX {
                let print = synthetic::taken(seed(person), finger).context("a drawn print")?;
                std::fs::write(folder.join(format!("{finger}.png")), print.to_png()?)?;
            }
            std::fs::write(folder.join("right-iris.jpg"), drawn_iris()?)?;
        }
        Ok(())
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
        for (name, file) in
            [("--captures", "captures"), ("--capture-identity", "captures.key"), ("--prints-from", "devices")]
        {
            all.extend([name.to_owned(), path(&work.join(file))?.to_owned()]);
        }
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

fn seed(person: &Person) -> u64 {
    person.number.as_str().bytes().fold(17_u64, |s, b| s.wrapping_mul(31).wrapping_add(b.into()))
}

/// An eye of nobody: rings about a pupil.
fn drawn_iris() -> Result<Vec<u8>> {
    let eye = GrayImage::from_fn(640, 480, |x, y| {
        let (across, down) = (f64::from(x) - 320.0, f64::from(y) - 240.0);
        let (radius, angle) = (across.hypot(down), down.atan2(across));
        let light: u8 = match radius {
            ..60.0 => 15,
            ..170.0 if (angle * 40.0 + radius / 9.0).sin() > 0.0 => 110,
            ..170.0 => 85,
            _ => 205,
        };
        image::Luma([light])
    });
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 40).encode_image(&eye)?;
    Ok(jpeg)
}

/// An authority for terminals, and a reading station that may read prints and irises.
fn terminals(stage: &Stage) -> Result<()> {
    let (dir, now) = (path(&stage.keys)?, stage.now.to_string());
    let station = stage.work.join("station");
    let keys = |arguments: &[&str]| {
        let common = ["--dir", dir, "--at", &now];
        stage.programs.must("keys", &[&["cvca"][..], arguments, &common].concat()).map(drop)
    };
    keys(&["init"])?;
    keys(&["dv", "--holder", "DVMAU"])?;
    keys(&["terminal", "--holder", "ISMAU01", "--read", "fingerprints,irises"])?;
    keys(&["export", "--terminal", "ISMAU01", "--out", path(&station)?])
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
        let drawn =
            portrait::draw(seed(person), person.sex == Sex::Female, u32::try_from(age).unwrap_or_default())?;
        std::fs::write(&file, drawn)?;
        chosen.push((person.clone(), file));
        if chosen.len() == APPLICANTS {
            return Ok(chosen);
        }
    }
    bail!("the nation has too few people")
}
