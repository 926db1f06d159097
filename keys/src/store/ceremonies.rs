//! Records of ceremonies on disk, `D/ceremony/000001.json`: written before the log names them, checked without any key.

use super::{KeyStore, StoreError, files, io_error, read_settings};
use crate::audit_log::{AuditLog, Event};
use crate::ceremony::{Act, Participant, Record, ReplayProblem, replay};
use crate::certificate::Certificate;
use crate::public_key::PublicKey;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Events of the log that have a record.
const RECORDED: [&str; 12] = [
    "csca-made",
    "csca-linked",
    "document-signer-made",
    "master-list-signer-made",
    "crl-issued",
    "cvca-made",
    "cvca-linked",
    "document-verifier-made",
    "terminal-made",
    "cv-certificate-issued",
    "backup-made",
    "store-restored",
];

/// What became of one ceremony.
#[derive(Debug, Clone)]
pub struct CheckedCeremony {
    /// The record's file, or the log's line where there is none.
    pub name: String,
    /// The record, if it can be read.
    pub record: Option<Record>,
    /// What is wrong.
    pub problem: Option<ReplayProblem>,
}

impl KeyStore {
    /// With these persons present at what is done from now on.
    #[must_use]
    pub fn in_presence_of(mut self, present: Vec<Participant>) -> Self {
        self.present = present;
        self
    }

    /// Writes the record of a ceremony and puts its digest into the log.
    pub(super) fn record(
        &self,
        at: Timestamp,
        event: &str,
        act: Act,
        output: (&str, &[u8]),
        note: &str,
    ) -> Result<(), StoreError> {
        let folder = self.dir().join("ceremony");
        files::private_dir(&folder)?;
        let number = files::next_number(&folder, "json")?;
        let place = u64::try_from(number).unwrap_or(u64::MAX);
        let record = Record::new(place, at, self.country(), &self.present, act, output.0, output.1)
            .of_authority(self.settings().authority.as_ref());
        let bytes = record.to_bytes();
        files::write(&folder.join(format!("{number:06}.json")), &bytes, false)?;
        self.log(Event::new(at, event).payload(&bytes).note(note))
    }

    /// Refuses to go on where a file that a ceremony of this folder made is gone: its key would be written over.
    pub(super) fn nothing_is_missing(&self, folder: &str) -> Result<(), StoreError> {
        for record in list_ceremonies(self.dir())? {
            let file = record.output.file;
            if file.starts_with(folder) && !self.dir().join(&file).exists() {
                return Err(StoreError::Damaged(format!("{file} (it is missing)")));
            }
        }
        Ok(())
    }

    /// The place in the store of a CSCA certificate of ours.
    pub(super) fn place_of(&self, authority: &Certificate) -> Result<String, StoreError> {
        let all = self.certificates("csca")?;
        let found = all.into_iter().find(|(_, one)| one.der() == authority.der());
        found.map(|(name, _)| format!("{name}.cer")).ok_or(StoreError::NoCsca)
    }
}

/// Checks every ceremony of a store against its signed log and its files, and makes each public result again. No
/// passphrase and no key is needed.
///
/// # Errors
/// No store, an unreadable file, or a log that does not hold.
pub fn verify_ceremonies(dir: &Path) -> Result<Vec<CheckedCeremony>, StoreError> {
    read_settings(dir)?;
    let key = dir.join("log.pub");
    let key =
        PublicKey::from_spki(&files::read(&key)?).map_err(|_| StoreError::Damaged("log.pub".to_owned()))?;
    let log = AuditLog::verify_file(&dir.join("audit.log"), &key)?;
    let mut open: Vec<(u64, String)> = log
        .records
        .iter()
        .filter(|record| RECORDED.contains(&record.event.as_str()))
        .map(|record| (record.sequence, record.payload.clone().unwrap_or_default()))
        .collect();
    let load = |name: &str| {
        // Records name files of the store, never ways out of it.
        let inside = !name.is_empty()
            && name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
            && !name.contains('\\');
        inside.then(|| files::read(&dir.join(name)).ok()).flatten()
    };
    let mut checked = Vec::new();
    for path in files::list(&dir.join("ceremony"), "json")? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = files::read(&path)?;
        let digest = hex::encode(Sha256::digest(&bytes));
        let logged = open.iter().position(|(_, payload)| *payload == digest);
        if let Some(place) = logged {
            open.remove(place);
        }
        let parsed = Record::parse(&bytes);
        let problem = match (&parsed, logged) {
            (Err(problem), _) => Some(problem.clone()),
            (Ok(_), None) => Some(ReplayProblem::NotInLog),
            (Ok(record), Some(_)) => replay(record, &load).err(),
        };
        checked.push(CheckedCeremony { name, record: parsed.ok(), problem });
    }
    for (line, _) in open {
        let problem = Some(ReplayProblem::NoRecord(line));
        checked.push(CheckedCeremony { name: format!("audit.log:{line}"), record: None, problem });
    }
    Ok(checked)
}

/// Reads one record.
///
/// # Errors
/// No store; unreadable, or none.
pub fn read_ceremony(dir: &Path, number: u64) -> Result<Record, StoreError> {
    read_settings(dir)?;
    let path = dir.join(format!("ceremony/{number:06}.json"));
    if !path.exists() {
        return Err(io_error(&path, std::io::ErrorKind::NotFound.into()));
    }
    Record::parse(&files::read(&path)?).map_err(|_| StoreError::Damaged(path.display().to_string()))
}

/// Every record, oldest first.
///
/// # Errors
/// No store; an unreadable record.
pub fn list_ceremonies(dir: &Path) -> Result<Vec<Record>, StoreError> {
    read_settings(dir)?;
    files::list(&dir.join("ceremony"), "json")?
        .iter()
        .map(|path| {
            let damaged = |_| StoreError::Damaged(path.display().to_string());
            Record::parse(&files::read(path)?).map_err(damaged)
        })
        .collect()
}
