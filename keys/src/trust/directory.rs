//! The trust directory: `csca/*.cer`, `link/*.cer`, `masterlist/*.ml`, `crl/*.crl`, `deviation/*.dl`, `signer/*.cer`,
//! `sunset/*.txt`, `register/*.pub`, `station/*.pub`.
//!
//! Loading uses what is good and reports the rest by name. What a change that was committed has not moved into its place
//! yet counts as if it were there ([`super::import`]).

use super::transaction::Pending;
use super::{ImportError, ImportKind, ImportReport, LoadProblem, TrustStore};
use crate::certificate::Certificate;
use crate::crl::CertificateRevocationList;
use crate::master_list::{MAX_MASTER_LIST, MasterList};
use crate::sunset::Sunset;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// More files than this in one folder are refused.
const MAX_FILES: usize = 8192;

/// The folders, in the order in which they are read: whoever vouches before what is vouched for.
pub(super) const FOLDERS: [(&str, &str); 9] = [
    ("csca", "cer"),
    ("masterlist", "ml"),
    ("link", "cer"),
    ("crl", "crl"),
    ("deviation", "dl"),
    ("signer", "cer"),
    ("sunset", "txt"),
    ("register", "pub"),
    ("station", "pub"),
];

/// A trust directory that cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The directory is missing or unreadable.
    #[error("the trust directory {path} cannot be read")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// More files than any trust directory has.
    #[error("the folder {path} has more than {MAX_FILES} files")]
    TooManyFiles {
        /// Which.
        path: PathBuf,
    },
}

impl TrustStore {
    /// Loads a trust directory. A damaged file is reported in [`TrustStore::problems`] and does not harm the others.
    ///
    /// # Errors
    /// The directory itself is missing or unreadable.
    pub fn load(directory: &Path) -> Result<Self, LoadError> {
        let unreadable = |source| LoadError::Directory { path: directory.to_owned(), source };
        fs::read_dir(directory).map_err(unreadable)?;
        let pending = Pending::read(directory).map_err(unreadable)?;
        let mut store = Self::new();
        for (folder, extension) in FOLDERS {
            for name in names(directory, folder, extension, &pending)? {
                let bytes = read_bounded(&Pending::place(directory, &name));
                let outcome = bytes
                    .map_err(|error| error.to_string())
                    .and_then(|bytes| store.load_file(folder, &bytes));
                if let Err(problem) = outcome {
                    store.problems.push(LoadProblem { file: name, problem });
                }
            }
        }
        Ok(store)
    }

    fn load_file(&mut self, folder: &str, bytes: &[u8]) -> Result<(), String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        match folder {
            // A ceremony exports links beside anchors.
            "csca" => match self.add_anchor(bytes).map(drop) {
                Err(super::AnchorProblem::NotSelfSigned) => {
                    self.add_link(bytes).map(drop).map_err(|error| said(&error))
                }
                other => other.map_err(|error| said(&error)),
            },
            "masterlist" => {
                let list = MasterList::parse(bytes).map_err(|error| said(&error))?;
                list.verify().map_err(|error| said(&error))?;
                self.add_master_list(&list);
                Ok(())
            }
            "link" => self.add_link(bytes).map(drop).map_err(|error| said(&error)),
            "crl" => self.add_crl(bytes).map_err(|error| said(&error)),
            "deviation" => self.add_deviations(bytes).map_err(|error| said(&error)),
            "signer" => self.add_signers(bytes).map_err(|error| said(&error)),
            "sunset" => {
                self.sunsets.extend(Sunset::read_list(bytes).map_err(|error| said(&error))?);
                Ok(())
            }
            "register" => self.add_register_key(bytes).map_err(|error| said(&error)),
            _ => self.add_station_key(bytes).map_err(|error| said(&error)),
        }
    }
}

/// Imports files into a trust directory without judging any age. See [`super::import::import`].
///
/// # Errors
/// [`ImportError`].
pub fn import(files: &[PathBuf], into: &Path, kind: ImportKind) -> Result<ImportReport, ImportError> {
    super::import::import(files, into, &super::import::ImportOptions { kind, ..Default::default() })
}

/// The name of an anchor in a trust directory, and what it is.
pub(crate) fn describe_anchor(anchor: &Certificate) -> (String, String) {
    let name = file_name(anchor.subject().country(), &anchor.fingerprint());
    (format!("csca/{name}.cer"), format!("CSCA {}", anchor.subject()))
}

/// The name of a link certificate in a trust directory, and what it is.
pub(crate) fn describe_link(link: &Certificate) -> (String, String) {
    let name = file_name(link.subject().country(), &link.fingerprint());
    (format!("link/{name}.cer"), format!("link certificate {}, issued by {}", link.subject(), link.issuer()))
}

/// The name of a CRL in a trust directory, and what it is.
pub(crate) fn describe_crl(list: &CertificateRevocationList) -> (String, String) {
    let name = file_name(list.issuer().country(), &list.fingerprint());
    let description = format!("CRL of {}, {} revoked", list.issuer(), list.entries().len());
    (format!("crl/{name}.crl"), description)
}

/// The name of a signed list of a state: country, day of its signature, and its fingerprint.
pub(super) fn list_name(country: Option<String>, signed_at: Option<Timestamp>, digest: &[u8]) -> String {
    let day = signed_at
        .map_or_else(|| "undated".to_owned(), |at| at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string());
    let name = hex::encode(digest.get(..8).unwrap_or_default());
    format!("{}-{day}-{name}", safe_country(country))
}

fn file_name(country: Option<String>, fingerprint: &[u8]) -> String {
    let name = hex::encode(fingerprint.get(..8).unwrap_or_default());
    format!("{}-{name}", safe_country(country))
}

/// The name of the file with a country's signers.
pub(super) fn signers_name(country: &str) -> String {
    format!("signer/{}.cer", safe_country(Some(country.to_owned())))
}

/// A country becomes part of a file name only if it is letters.
fn safe_country(country: Option<String>) -> String {
    country
        .filter(|c| (1..=3).contains(&c.len()) && c.bytes().all(|b| b.is_ascii_uppercase()))
        .unwrap_or_else(|| "XX".to_owned())
}

/// The names of a folder that count, sorted: what is in its place and what is pending, without what is taken away.
pub(super) fn names(
    directory: &Path,
    folder: &str,
    extension: &str,
    pending: &Pending,
) -> Result<BTreeSet<String>, LoadError> {
    let path = directory.join(folder);
    let unreadable = |source| LoadError::Directory { path: path.clone(), source };
    let mut found = BTreeSet::new();
    match fs::read_dir(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(unreadable(source)),
        Ok(entries) => {
            for entry in entries {
                let file = entry.map_err(unreadable)?.file_name();
                found.insert(format!("{folder}/{}", file.to_string_lossy()));
                if found.len() > MAX_FILES {
                    return Err(LoadError::TooManyFiles { path });
                }
            }
        }
    }
    found.extend(pending.writes.iter().filter(|name| name.starts_with(&format!("{folder}/"))).cloned());
    let counts = |name: &String| {
        Path::new(name).extension().is_some_and(|found| found == extension)
            && !name.starts_with(&format!("{folder}/."))
            && (!pending.removals.contains(name) || pending.writes.contains(name))
    };
    found.retain(counts);
    Ok(found)
}

/// Reads a file of at most the size of the largest list.
pub(super) fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read as _;
    // Opening a pipe would wait for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_MASTER_LIST).unwrap_or(u64::MAX);
    fs::File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_MASTER_LIST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is larger than 64 MiB"));
    }
    Ok(bytes)
}
