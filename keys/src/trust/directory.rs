//! The trust directory: `csca/*.cer`, `link/*.cer`, `crl/*.crl`, `register/*.pub`, `station/*.pub`.
//!
//! Loading uses what is good and reports the rest by name. Importing is all or nothing: every file is checked first,
//! then each is written under a name made of its content, so that importing twice changes nothing.

use super::{AddError, AnchorProblem, LoadProblem, TrustStore};
use crate::asn1;
use crate::atomic_file::atomic_write;
use crate::certificate::Certificate;
use crate::crl::{CertificateRevocationList, MAX_CRL};
use crate::public_key::PublicKey;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// More files than this in one folder are refused.
const MAX_FILES: usize = 8192;

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

/// As what a public key is imported. Certificates and CRLs are recognised by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportKind {
    /// Certificates of CSCAs and CRLs only.
    #[default]
    Anchors,
    /// Public keys of the register.
    Register,
    /// Public keys of reading stations.
    Station,
}

/// What one imported file was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The file that was given.
    pub source: PathBuf,
    /// Its name in the trust directory.
    pub stored_as: String,
    /// It was there already.
    pub already_present: bool,
    /// For people.
    pub description: String,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportReport {
    /// Each file, in the order given.
    pub files: Vec<Imported>,
}

/// An import that changed nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The trust directory cannot be used.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not what can be trusted.
    #[error("{path} is not imported: {problem}")]
    Refused {
        /// Which.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// A file cannot be written.
    #[error("{path} cannot be written")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl TrustStore {
    /// Loads a trust directory. A damaged file is reported in [`TrustStore::problems`] and does not harm the others.
    ///
    /// # Errors
    /// The directory itself is missing or unreadable.
    pub fn load(directory: &Path) -> Result<Self, LoadError> {
        fs::read_dir(directory)
            .map_err(|source| LoadError::Directory { path: directory.to_owned(), source })?;
        let mut store = Self::new();
        let add = |error: AddError| error.to_string();
        for (folder, extension) in
            [("csca", "cer"), ("link", "cer"), ("crl", "crl"), ("register", "pub"), ("station", "pub")]
        {
            for path in files(&directory.join(folder), extension)? {
                let outcome =
                    read_bounded(&path).map_err(|error| error.to_string()).and_then(|bytes| match folder {
                        "csca" => store.add_anchor(&bytes).map(drop).map_err(|error| error.to_string()),
                        "link" => store.add_link(&bytes).map(drop).map_err(|error| error.to_string()),
                        "crl" => store.add_crl(&bytes).map_err(add),
                        "register" => store.add_register_key(&bytes).map_err(add),
                        _ => store.add_station_key(&bytes).map_err(add),
                    });
                if let Err(problem) = outcome {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    store.problems.push(LoadProblem { file: format!("{folder}/{name}"), problem });
                }
            }
        }
        Ok(store)
    }
}

/// Imports files into a trust directory, which is made if it is missing. All files are checked before any is written.
///
/// # Errors
/// [`ImportError`]; unless a write failed midway, nothing has changed, and then importing again completes it.
pub fn import(files: &[PathBuf], into: &Path, kind: ImportKind) -> Result<ImportReport, ImportError> {
    let mut known = if into.exists() { TrustStore::load(into)? } else { TrustStore::new() };
    let mut planned = Vec::new();
    let mut lists = Vec::new();
    for path in files {
        let bytes = read_bounded(path).map_err(|source| ImportError::Read { path: path.clone(), source })?;
        let refuse = |problem: String| ImportError::Refused { path: path.clone(), problem };
        let der = asn1::der_or_pem(&bytes).map_err(|error| refuse(error.to_string()))?;
        let (stored_as, description) = match kind {
            ImportKind::Anchors => match CertificateRevocationList::parse(&der) {
                Ok(list) => {
                    known.add_crl(&der).map_err(|error| refuse(error.to_string()))?;
                    let named = describe_crl(&list);
                    lists.push((path.clone(), list));
                    named
                }
                Err(_) => {
                    let anchor = match known.add_anchor(&der) {
                        Err(AnchorProblem::NotSelfSigned) => known.add_link(&der).map(describe_link),
                        other => other.map(describe_anchor),
                    };
                    anchor.map_err(|problem| refuse(problem.to_string()))?
                }
            },
            ImportKind::Register | ImportKind::Station => {
                let key = PublicKey::from_spki(&der).map_err(|error| refuse(error.to_string()))?;
                let folder = if kind == ImportKind::Register { "register" } else { "station" };
                (format!("{folder}/{}.pub", key.fingerprint()), format!("{key:?}"))
            }
        };
        planned.push((path.clone(), stored_as, description, der));
    }
    for (path, list) in lists {
        if !known.crls().any(|(stored, signer)| stored.der() == list.der() && signer.is_some()) {
            let problem = "no trusted CSCA signed this CRL; import the CSCA's certificate first".to_owned();
            return Err(ImportError::Refused { path, problem });
        }
    }
    let mut report = ImportReport::default();
    for (source, stored_as, description, der) in planned {
        let target = into.join(&stored_as);
        let already_present = fs::read(&target).is_ok_and(|present| present == der);
        if !already_present {
            let write = |source| ImportError::Write { path: target.clone(), source };
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent).map_err(write)?;
            }
            atomic_write(&target, &der, false).map_err(write)?;
        }
        report.files.push(Imported { source, stored_as, already_present, description });
    }
    Ok(report)
}

/// The name of an anchor in a trust directory, and what it is.
pub(crate) fn describe_anchor(anchor: &Certificate) -> (String, String) {
    let country = safe_country(anchor.subject().country());
    let name = hex::encode(anchor.fingerprint().get(..8).unwrap_or_default());
    (format!("csca/{country}-{name}.cer"), format!("CSCA {}", anchor.subject()))
}

/// The name of a link certificate in a trust directory, and what it is.
pub(crate) fn describe_link(link: &Certificate) -> (String, String) {
    let country = safe_country(link.subject().country());
    let name = hex::encode(link.fingerprint().get(..8).unwrap_or_default());
    (format!("link/{country}-{name}.cer"), format!("link to CSCA {}", link.subject()))
}

/// The name of a CRL in a trust directory, and what it is.
pub(crate) fn describe_crl(list: &CertificateRevocationList) -> (String, String) {
    let country = safe_country(list.issuer().country());
    let name = hex::encode(list.fingerprint().get(..8).unwrap_or_default());
    let description = format!("CRL of {}, {} revoked", list.issuer(), list.entries().len());
    (format!("crl/{country}-{name}.crl"), description)
}

/// A country becomes part of a file name only if it is letters.
fn safe_country(country: Option<String>) -> String {
    country
        .filter(|c| (1..=3).contains(&c.len()) && c.bytes().all(|b| b.is_ascii_uppercase()))
        .unwrap_or_else(|| "XX".to_owned())
}

fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, LoadError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(LoadError::Directory { path: folder.to_owned(), source }),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| LoadError::Directory { path: folder.to_owned(), source })?.path();
        if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
        if found.len() > MAX_FILES {
            return Err(LoadError::TooManyFiles { path: folder.to_owned() });
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a file of at most the size of the largest CRL.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    use io::Read as _;
    // Opening a pipe would wait for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_CRL).unwrap_or(u64::MAX);
    fs::File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_CRL {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is larger than 16 MiB"));
    }
    Ok(bytes)
}
