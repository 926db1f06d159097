//! What is brought into a trust directory, and what is not and why: `docs/decisions/0094-trust-import.md`.
//!
//! | module | what |
//! |---|---|
//! | `read` | files become items: certificates, lists, keys; LDIF is taken apart |
//! | `master_list` | who vouches for a list's signer, how old it is, what it replaces |
//! | `report` | what an import did, and each certificate's outcome |
//!
//! Every file is checked before anything is written, and everything is written in one change
//! (`super::transaction`): all or nothing, and importing twice changes nothing.

mod master_list;
mod read;
mod report;

pub use master_list::{ListReport, Vouching};
pub use report::{CertificateReport, ImportReport, Imported, Outcome};

use super::directory::{describe_anchor, describe_crl, describe_link, list_name, signers_name};
use super::transaction::{self, Changes};
use super::{AnchorProblem, LoadError, TrustStore};
use crate::certificate::Certificate;
use crate::crl::CertificateRevocationList;
use crate::deviation_list::DeviationList;
use crate::public_key::PublicKey;
use crate::sunset::{NotASunsetList, Sunset};
use jiff::Timestamp;
use read::{Item, Kind};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// As what a public key is imported. Certificates and lists are recognised by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportKind {
    /// Certificates and lists only.
    #[default]
    Anchors,
    /// Public keys of the register.
    Register,
    /// Public keys of reading stations.
    Station,
}

/// What an import goes by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// As what public keys are taken.
    pub kind: ImportKind,
    /// The time by which ages are judged; without it none is.
    pub at: Option<Timestamp>,
    /// SHA-256 of certificates (a master list's signer, or the authority above it) that somebody compared elsewhere.
    pub accepted_signers: Vec<[u8; 32]>,
    /// Look, and change nothing.
    pub dry_run: bool,
}

/// An import that changed nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The trust directory cannot be used.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}")]
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
    /// A list of sunsets with a line that is none.
    #[error("{path} is not imported: {problem}")]
    Sunsets {
        /// Which.
        path: PathBuf,
        /// Which line, and what was expected.
        problem: NotASunsetList,
    },
    /// Nobody who is believed vouches for the signer of a master list.
    #[error("{path} is not imported: {report}")]
    ListSigner {
        /// Which.
        path: PathBuf,
        /// Who signed it, and what was found about them.
        report: Box<ListReport>,
    },
    /// The directory cannot be written.
    #[error("{path} cannot be written: {source}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Imports files into a trust directory, which is made if it is missing: CSCA and link certificates, revocation lists,
/// master lists, deviation lists, LDIF with any of them, sunsets, public keys. All files are checked before any is written.
///
/// # Errors
/// [`ImportError`]; nothing has changed.
pub fn import(files: &[PathBuf], into: &Path, options: &ImportOptions) -> Result<ImportReport, ImportError> {
    let mut session = Session {
        known: if into.exists() { TrustStore::load(into)? } else { TrustStore::new() },
        options,
        into,
        changes: Changes::default(),
        report: ImportReport::default(),
        signers: BTreeMap::new(),
    };
    let mut items = Vec::new();
    for path in files {
        items.extend(read::items(path, options.kind)?);
    }
    // Whoever vouches before what is vouched for, whatever the order of the files.
    items.sort_by_key(|item| item.kind);
    for item in items {
        session.take(item)?;
    }
    session.keep_signers();
    session.report.dry_run = options.dry_run;
    session.find_leniencies();
    if !options.dry_run {
        session.write()?;
    }
    Ok(session.report)
}

/// An import under way.
struct Session<'a> {
    known: TrustStore,
    options: &'a ImportOptions,
    into: &'a Path,
    changes: Changes,
    report: ImportReport,
    /// Files of Document Signers that changed, one for each country: what brought the first, and how many are new.
    signers: BTreeMap<String, (PathBuf, usize)>,
}

impl Session<'_> {
    fn take(&mut self, item: Item) -> Result<(), ImportError> {
        match item.kind {
            Kind::Authority => self.authority(&item),
            Kind::MasterList => self.master_list(&item),
            Kind::Link => self.link(&item),
            Kind::Crl => self.crl(&item),
            Kind::Deviations => self.deviations(&item),
            Kind::Signer => self.signer(&item),
            Kind::Key => self.key(&item),
            Kind::Sunsets => self.sunsets(&item),
            Kind::Unreadable => {
                let problem = item.problem.clone().unwrap_or_default();
                self.not_used(&item, &problem)
            }
        }
    }

    /// A file that was named is refused, and with it the whole import; of many in one file each is told.
    fn not_used(&mut self, item: &Item, problem: &str) -> Result<(), ImportError> {
        if item.line.is_none() {
            return Err(ImportError::Refused { path: item.source.clone(), problem: problem.to_owned() });
        }
        self.unused(item, &item.certificate, problem);
        Ok(())
    }

    fn unused(&mut self, item: &Item, certificate: &Option<Certificate>, problem: &str) {
        let outcome = Outcome::NotUsed(problem.to_owned());
        self.report.certificates.push(CertificateReport::new(item, certificate.as_ref(), None, outcome));
    }

    fn authority(&mut self, item: &Item) -> Result<(), ImportError> {
        // An LDIF is signed by nobody: whoever believes a certificate out of it must name the certificate.
        if item.line.is_some() {
            self.unused(item, &item.certificate, "unsigned-source");
            return Ok(());
        }
        let added = self.known.add_anchor(&item.bytes).cloned();
        let anchor = match added {
            Ok(anchor) => anchor,
            // A new key under the old name, without key identifiers, looks like its own authority until it is asked.
            Err(AnchorProblem::NotSelfSigned | AnchorProblem::SelfSignature)
                if self.known.add_link(&item.bytes).is_ok() =>
            {
                return self.link(item);
            }
            Err(problem) => return self.not_used(item, &problem.to_string()),
        };
        let outcome = Outcome::Anchor;
        self.report.certificates.push(CertificateReport::new(item, Some(&anchor), None, outcome));
        let (name, description) = describe_anchor(&anchor);
        self.keep(&item.source, name, description, anchor.der().to_vec());
        Ok(())
    }

    /// Whatever it came in, it is a candidate only: an anchor must vouch for it whenever it is asked.
    fn signer(&mut self, item: &Item) -> Result<(), ImportError> {
        let Some(signer) = &item.certificate else { return Ok(()) };
        let is_new = match self.known.add_signer(signer) {
            Ok(is_new) => is_new,
            Err(problem) => return self.not_used(item, &problem.to_string()),
        };
        let name = signers_name(&signer.issuer().country().unwrap_or_default());
        let (_, new) = self.signers.entry(name).or_insert_with(|| (item.source.clone(), 0));
        *new += usize::from(is_new);
        self.report.certificates.push(CertificateReport::new(item, Some(signer), None, Outcome::Signer));
        Ok(())
    }

    /// Plans one file for the signers of each country that was met.
    fn keep_signers(&mut self) {
        for (name, (source, new)) in std::mem::take(&mut self.signers) {
            let signers = self.known.signers_in(&name);
            let description = format!("{} Document Signers, {new} new", signers.len());
            let bytes = signers.concat();
            self.keep(&source, name, description, bytes);
        }
    }

    fn link(&mut self, item: &Item) -> Result<(), ImportError> {
        let link = match self.known.add_link(&item.bytes) {
            Ok(link) => link.clone(),
            Err(problem) => return self.not_used(item, &problem.to_string()),
        };
        if !super::leads_to_an_anchor(&link, &self.known.anchors, &self.known.links) {
            return self
                .not_used(item, "no trusted CSCA signed this link certificate; import the CSCA's first");
        }
        self.report.certificates.push(CertificateReport::new(item, Some(&link), None, Outcome::Link));
        let (name, description) = describe_link(&link);
        self.keep(&item.source, name, description, link.der().to_vec());
        Ok(())
    }

    fn crl(&mut self, item: &Item) -> Result<(), ImportError> {
        let list = match CertificateRevocationList::parse(&item.bytes) {
            Ok(list) => list,
            Err(error) => return self.not_used(item, &error.to_string()),
        };
        if let Err(error) = self.known.add_crl(&item.bytes) {
            return self.not_used(item, &error.to_string());
        }
        let signer = self.known.crls().find(|(stored, _)| stored.der() == list.der());
        let Some(signer) = signer.and_then(|(_, signer)| signer).cloned() else {
            let problem = "no trusted CSCA signed this CRL; import the CSCA's certificate first";
            return self.not_used(item, problem);
        };
        if let Some(at) = self.options.at {
            match super::Age::of_crl(&list, at) {
                super::Age::Fresh => {}
                age => self.report.warnings.push(format!(
                    "CRL {} ({}), {}",
                    age.code(),
                    list.issuer(),
                    list.next_update().map(|next| next.to_string()).unwrap_or_default()
                )),
            }
        }
        if let Some(limit) = list.limit() {
            let what = "it revokes what it names and makes nothing good; import the whole list of this authority, too";
            self.report.warnings.push(format!("{} ({}): {what}", limit.code(), list.issuer()));
        }
        self.replace_older_crls(&list, &signer);
        let (name, description) = describe_crl(&list);
        self.keep(&item.source, name, description, list.der().to_vec());
        Ok(())
    }

    /// A list takes the place of older ones by the same key whose every entry it repeats. One from the future takes none.
    fn replace_older_crls(&mut self, list: &CertificateRevocationList, signer: &Certificate) {
        if self.options.at.is_none_or(|at| list.this_update() > at) {
            return;
        }
        let names: Vec<String> = self
            .known
            .crls()
            .filter(|(older, by)| {
                older.this_update() < list.this_update()
                    && older.issuer() == list.issuer()
                    && older.has_same_scope(list)
                    && by.is_some_and(|by| by.public_key() == signer.public_key())
                    && older.entries().iter().all(|entry| list.find(&entry.serial).is_some())
            })
            .map(|(older, _)| describe_crl(older).0)
            .collect();
        self.remove(names);
    }

    fn deviations(&mut self, item: &Item) -> Result<(), ImportError> {
        if let Err(problem) = self.known.add_deviations(&item.bytes) {
            return self.not_used(item, &problem.to_string());
        }
        let Ok(list) = DeviationList::parse(&item.bytes) else { return Ok(()) };
        let info = list.signed_data().signers().first();
        let signer = info.and_then(|info| list.signed_data().certificate_of(info));
        let signed_at = info.and_then(crate::signed_data::SignerInfo::signing_time);
        let country = signer.and_then(Certificate::country);
        let name = list_name(country, signed_at, &Sha256::digest(&item.bytes));
        let description = format!(
            "deviation list of {}, {} deviations",
            signer.map(|signer| signer.subject().to_string()).unwrap_or_default(),
            list.deviations().len()
        );
        self.keep(&item.source, format!("deviation/{name}.dl"), description, item.bytes.clone());
        Ok(())
    }

    fn key(&mut self, item: &Item) -> Result<(), ImportError> {
        let key = match PublicKey::from_spki(&item.bytes) {
            Ok(key) => key,
            Err(error) => return self.not_used(item, &error.to_string()),
        };
        let folder = if self.options.kind == ImportKind::Register { "register" } else { "station" };
        let name = format!("{folder}/{}.pub", key.fingerprint());
        self.keep(&item.source, name, format!("{key:?}"), item.bytes.clone());
        Ok(())
    }

    /// One list for the directory: a newer one takes the place of the older whole, so that a day can be moved.
    fn sunsets(&mut self, item: &Item) -> Result<(), ImportError> {
        const NAME: &str = "sunset/sunsets.txt";
        let sunsets = match Sunset::read_list(&item.bytes) {
            Ok(sunsets) => sunsets,
            Err(problem) => return Err(ImportError::Sunsets { path: item.source.clone(), problem }),
        };
        if self.report.files.iter().any(|file| file.stored_as == NAME) {
            return self.not_used(item, "a second list of sunsets; put all into one");
        }
        let all: Vec<String> = sunsets.iter().map(ToString::to_string).collect();
        self.keep(&item.source, NAME.to_owned(), format!("sunsets {}", all.join(", ")), item.bytes.clone());
        Ok(())
    }

    /// Plans a file of the directory; one that is there already is only told.
    fn keep(&mut self, source: &Path, stored_as: String, description: String, bytes: Vec<u8>) {
        let place = transaction::Pending::place(self.into, &stored_as);
        let already_present = std::fs::read(place).is_ok_and(|present| present == bytes)
            || self.changes.writes.iter().any(|(name, _)| *name == stored_as);
        self.changes.removals.remove(&stored_as);
        if !already_present {
            self.changes.writes.push((stored_as.clone(), bytes));
        }
        let source = source.to_owned();
        self.report.files.push(Imported { source, stored_as, already_present, description });
    }

    /// Plans to take files away, if they are there; files of this same import are not written.
    fn remove(&mut self, names: Vec<String>) {
        for name in names {
            self.changes.writes.retain(|(planned, _)| *planned != name);
            if transaction::Pending::place(self.into, &name).exists() {
                self.report.replaced.push(name.clone());
                self.changes.removals.insert(name);
            }
        }
    }

    /// Counts what was tolerated in what is used.
    fn find_leniencies(&mut self) {
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for code in self.report.certificates.iter().flat_map(|one| &one.leniencies) {
            *counts.entry(code).or_default() += 1;
        }
        for code in self.report.lists.iter().flat_map(|one| &one.leniencies) {
            *counts.entry(code).or_default() += 1;
        }
        self.report.leniencies = counts;
    }

    fn write(&self) -> Result<(), ImportError> {
        let write = |source| ImportError::Write { path: self.into.to_owned(), source };
        if self.changes == Changes::default() && !self.into.exists() {
            return Ok(());
        }
        std::fs::create_dir_all(self.into).map_err(write)?;
        let _lock = transaction::lock(self.into).map_err(write)?;
        transaction::commit(self.into, &self.changes, &mut || Ok(())).map_err(write)
    }
}

impl From<&AnchorProblem> for Outcome {
    fn from(problem: &AnchorProblem) -> Self {
        Self::NotUsed(problem.to_string())
    }
}
