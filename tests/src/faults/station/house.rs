//! A station's house: keys, register, ledger, officers, blanks and applications in one folder, which is copied for every
//! fault, and the commands of its officers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::personalization::{KeyVersion, StaticKeys};
use cccd_card_profile::validity::age_on;
use cccd_issuer::register::day_in_vietnam;
use cccd_keys::life::{Pool, SIGNATURE_LIMIT};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::{AuthorityRequest, KeyStore, Passphrase, StoreSettings};
use cccd_keys::transport_keys::{ChipSerial, TransportKeyLabel};
use cccd_population::generate::Nation;
use cccd_population::person::{Life, Person};
use cccd_population::store::{Change, Place, SqlStore, Store as _};
use cccd_virtual_chip::{Chip, ChipState, Profile};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::database::{Bank, Which};
use super::injector::Ran;
use crate::portrait;
use crate::programs::Programs;

/// How much there is to do.
#[derive(Debug, Clone)]
pub(super) struct Extent {
    /// The first is followed through every step, the others become a batch.
    pub(super) applicants: usize,
    /// Where the blanks of the delivery lie.
    pub(super) blanks: Vec<String>,
}

impl Extent {
    /// One applicant and a batch of two; two blanks stay in the cabinet.
    pub(super) fn small() -> Self {
        let blanks = [
            "out/chip.json",
            "made/chips/virtual-0/one.json",
            "made/chips/virtual-1/two.json",
            "cabinet/three.json",
            "cabinet/four.json",
        ];
        Self { applicants: 3, blanks: blanks.map(str::to_owned).into() }
    }

    /// A batch for two hosts with two readers each; every reader has blanks for more than its part.
    pub(super) fn of_two_hosts() -> Self {
        let mut blanks = vec!["out/chip.json".to_owned()];
        for host in ["made", "made-b"] {
            for reader in 0..2 {
                blanks.extend((0..4).map(|blank| format!("{host}/chips/virtual-{reader}/{blank}.json")));
            }
        }
        Self { applicants: 7, blanks }
    }
}

/// Account, password, and what they do.
const OFFICERS: [(&str, &str, &[&str]); 5] = [
    ("chief", "giữ sổ tài khoản", &["administrator"]),
    ("lan", "thu nhận hồ sơ", &["capture", "personalise", "deliver"]),
    ("minh", "đọc lại từng chữ", &["approve"]),
    ("kho", "đếm từng chiếc phôi", &["stock"]),
    ("soat", "lần theo từng dòng", &["audit"]),
];

/// Who keeps the stock of the neighbouring station.
const NEIGHBOUR: (&str, &str) = ("hai", "giữ phôi nhà bên");

/// Whose ledger a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The house's own.
    Own,
    /// A file of the station next door, with which blanks are exchanged.
    Neighbour,
}

/// What the house is, wherever its folder lies.
#[derive(Debug, Clone)]
pub(super) struct House {
    pub(super) programs: Programs,
    pub(super) now: Timestamp,
    /// Who applies.
    pub(super) applicants: Vec<Person>,
    /// What the maker delivers.
    pub(super) serials: Vec<ChipSerial>,
    /// Ledger and register are on this server, or files of the house.
    pub(super) bank: Option<Arc<Bank>>,
}

impl House {
    /// Founds a house in an empty folder.
    pub(super) fn found(
        programs: &Programs,
        now: Timestamp,
        bank: Option<Arc<Bank>>,
        extent: &Extent,
        folder: &Path,
    ) -> Result<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(60);
        let keys = folder.join("keys");
        let passphrase = Passphrase::generate(&mut rng);
        let settings = StoreSettings::new(AlgorithmProfile::P256, "VN", now);
        let store = KeyStore::init(&keys, settings, &passphrase, &mut rng)?;
        passphrase.write(&keys.join("passphrase"))?;
        store.create_csca(now, &mut rng)?;
        store.create_document_signer(now, &mut rng)?;
        let request = AuthorityRequest { pool: Pool::NoExpiry, ..AuthorityRequest::default() };
        store.create_authority(request, now, &mut rng)?;
        store.create_signer_of_pool(Pool::NoExpiry, SIGNATURE_LIMIT, now, &mut rng)?;

        let today = day_in_vietnam(now);
        let nation: Vec<Person> = Nation::new(60, 61, today).collect();
        let place = match &bank {
            Some(bank) => {
                bank.found(folder)?;
                Place::from(bank.config(folder, Which::Register)?)
            }
            None => Place::file(&folder.join("register.db")),
        };
        let mut register = SqlStore::create(&place, now)?;
        register.put_persons(&nation, &Change { source: "faults".to_owned(), at: now })?;
        drop(register);
        let adult = |person: &&Person| {
            let age = age_on(person.birth_date, today);
            person.life == Life::Alive && person.birth_date.date().is_some() && (20..55).contains(&age)
        };
        let applicants: Vec<Person> = nation.iter().filter(adult).take(extent.applicants).cloned().collect();
        ensure!(applicants.len() == extent.applicants, "the nation has too few people");

        let serials: Vec<ChipSerial> =
            (1..).take(extent.blanks.len()).map(|serial| ChipSerial([serial; 10])).collect();
        let house = Self { programs: programs.clone(), now, applicants, serials, bank };
        house.lay_out(folder, &store, &extent.blanks)?;
        house.hire(folder)?;
        house.found_neighbour(folder)?;
        Ok(house)
    }

    /// Blanks, applications and lists.
    fn lay_out(&self, folder: &Path, store: &KeyStore, lies: &[String]) -> Result<()> {
        let master = store.transport_master()?;
        for (serial, place) in self.serials.iter().zip(lies) {
            let path = folder.join(place);
            std::fs::create_dir_all(path.parent().context("a folder")?)?;
            let keys = master.derive(TransportKeyLabel::Blank, serial)?;
            let keys = StaticKeys::new(*keys.encryption(), *keys.mac(), *keys.data_encryption());
            let state = ChipState::blank_with_keys(serial.0, Profile::P256, KeyVersion::BLANK, keys);
            Chip::create(&path, state, Box::new(ChaCha20Rng::seed_from_u64(62)))?;
        }
        let list: Vec<String> = self.serials.iter().map(ChipSerial::to_string).collect();
        std::fs::write(folder.join("delivery.txt"), list.join("\n"))?;
        // What goes next door and comes back: what lies in the cabinet.
        let in_cabinet = list.iter().zip(lies).filter(|(_, place)| place.starts_with("cabinet/"));
        let in_cabinet: Vec<&str> = in_cabinet.map(|(serial, _)| serial.as_str()).collect();
        std::fs::write(folder.join("cabinet.txt"), in_cabinet.join("\n"))?;
        std::fs::create_dir_all(folder.join("batch"))?;
        let today = day_in_vietnam(self.now);
        for (index, person) in self.applicants.iter().enumerate() {
            let age = u32::try_from(age_on(person.birth_date, today)).unwrap_or_default();
            let female = person.sex == cccd_card_profile::card_holder::Sex::Female;
            let picture = format!("portrait-{index}.jpg");
            std::fs::write(folder.join(&picture), portrait::draw(index as u64, female, age)?)?;
            let (file, picture) = match index {
                0 => ("application.json".to_owned(), picture),
                _ => (format!("batch/{index}.json"), format!("../{picture}")),
            };
            let application = serde_json::json!({
                "person": {"number": person.number.as_str()}, "portrait": picture, "reason": "first-issue",
            });
            std::fs::write(folder.join(file), application.to_string())?;
        }
        Ok(())
    }

    /// The officers, each with an open session.
    fn hire(&self, folder: &Path) -> Result<()> {
        for (name, password, roles) in OFFICERS {
            private(&folder.join(format!("{name}.pw")), password)?;
            let mut words = vec!["account", "add", "--name", name];
            let file = text(&folder.join(format!("{name}.pw")))?;
            words.extend(["--new-password-file", &file]);
            words.extend(roles.iter().flat_map(|role| ["--role", role]));
            let by = (name != "chief").then_some("chief");
            self.must(folder, by, &words)?;
            let login = ["account", "login", "--officer", name, "--password-file", &file];
            self.must(folder, Some(name), &login)?;
        }
        Ok(())
    }

    /// A station next door, with a keeper of its stock whose session is open.
    fn found_neighbour(&self, folder: &Path) -> Result<()> {
        let (name, password) = NEIGHBOUR;
        private(&folder.join(format!("{name}.pw")), password)?;
        let (chief, own) = (text(&folder.join("chief.pw"))?, text(&folder.join(format!("{name}.pw")))?);
        let first =
            ["account", "add", "--name", "chief", "--role", "administrator", "--new-password-file", &chief];
        let then = ["account", "add", "--name", name, "--role", "stock", "--new-password-file", &own];
        let by = ["--officer", "chief", "--password-file", &chief];
        let session = text(&folder.join(format!("{name}.session")))?;
        let login = ["account", "login", "--officer", name, "--password-file", &own, "--session", &session];
        for words in [&first[..], &[&then[..], &by].concat(), &login] {
            let arguments = self.command_of(folder, Whose::Neighbour, None, words)?;
            self.programs.must("issuer", &arguments)?;
        }
        Ok(())
    }

    /// The public key of a station, as a command line names it.
    pub(super) fn public_key(&self, folder: &Path, whose: Whose) -> Result<String> {
        text(&folder.join(match whose {
            Whose::Neighbour => "neighbour.sqlite.station.pub",
            Whose::Own if self.bank.is_some() => "station.station.pub",
            Whose::Own => "ledger.sqlite.station.pub",
        }))
    }

    /// A command of an officer, complete.
    pub(super) fn command(
        &self,
        folder: &Path,
        officer: Option<&str>,
        words: &[&str],
    ) -> Result<Vec<String>> {
        self.command_of(folder, Whose::Own, officer, words)
    }

    /// A command of an officer of one of the two stations, complete.
    pub(super) fn command_of(
        &self,
        folder: &Path,
        whose: Whose,
        officer: Option<&str>,
        words: &[&str],
    ) -> Result<Vec<String>> {
        let at = self.now.to_string();
        let mut all = vec!["--at".to_owned(), at, "--json".to_owned()];
        all.extend(words.iter().map(|word| (*word).to_owned()));
        all.push("--ledger".to_owned());
        match (&self.bank, whose) {
            (_, Whose::Neighbour) => all.push(text(&folder.join("neighbour.sqlite"))?),
            (None, Whose::Own) => all.push(text(&folder.join("ledger.sqlite"))?),
            (Some(bank), Whose::Own) => {
                let station = text(&folder.join("station"))?;
                all.extend([bank.address(folder, Which::Ledger)?, "--station".to_owned(), station]);
            }
        }
        if let Some(officer) = officer {
            all.extend(["--session".to_owned(), text(&folder.join(format!("{officer}.session")))?]);
        }
        Ok(all)
    }

    /// The register as a command line names it.
    pub(super) fn register(&self, folder: &Path) -> Result<String> {
        match &self.bank {
            None => Ok(format!("sqlite:{}", text(&folder.join("register.db"))?)),
            Some(bank) => bank.address(folder, Which::Register),
        }
    }

    /// Copies the house, with its databases.
    pub(super) fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        copy(from, to)?;
        self.bank.as_ref().map_or(Ok(()), |bank| bank.copy(from, to))
    }

    /// A command that must do its work.
    pub(super) fn must(
        &self,
        folder: &Path,
        officer: Option<&str>,
        words: &[&str],
    ) -> Result<serde_json::Value> {
        let arguments = self.command(folder, officer, words)?;
        let output = self.programs.must("issuer", &arguments)?;
        output
            .stdout
            .lines()
            .last()
            .map_or(Ok(serde_json::Value::Null), |line| Ok(serde_json::from_str(line)?))
    }

    /// The same without any fault, whatever it comes to.
    pub(super) fn plainly(&self, arguments: &[String]) -> Result<Ran> {
        let output = self.programs.run("issuer", arguments)?;
        let code = (output.code >= 0).then_some(output.code);
        Ok(Ran { killed: false, met: false, code, stdout: output.stdout, stderr: output.stderr })
    }
}

/// Copies a folder over what is in another; the other stays what it is, a mounted one say.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(to)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() { std::fs::remove_dir_all(path)? } else { std::fs::remove_file(path)? }
    }
    let mut folders = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = folders.pop() {
        std::fs::create_dir_all(&to)?;
        for entry in std::fs::read_dir(&from)? {
            let entry = entry?;
            let target = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), target));
            } else {
                std::fs::copy(entry.path(), target)?;
            }
        }
    }
    Ok(())
}

/// All files of a house, deepest last.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut folders, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    found.sort();
    Ok(found)
}

pub(super) fn text(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).with_context(|| format!("{} is not Unicode", path.display()))
}

fn private(path: &Path, content: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(path)?;
    Ok(file.write_all(content.as_bytes())?)
}
