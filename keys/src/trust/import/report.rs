//! What an import did.

use super::master_list::ListReport;
use super::read::Item;
use crate::certificate::Certificate;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One file of the trust directory.
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

/// What became of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is an anchor.
    Anchor,
    /// It is a link, believed as far as the key that signed it.
    Link,
    /// It is kept as a Document Signer's, for documents that do not bring it along; believed as far as an anchor vouches for it.
    Signer,
    /// It is not used, and why.
    NotUsed(String),
}

impl Outcome {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Anchor => "anchor",
            Self::Link => "link",
            Self::Signer => "document-signer",
            Self::NotUsed(_) => "not-used",
        }
    }
}

/// A certificate that an import met.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateReport {
    /// The file that it came in.
    pub source: PathBuf,
    /// Its line in an LDIF.
    pub line: Option<u64>,
    /// Its offset in the content of a master list.
    pub offset: Option<usize>,
    /// Its country, if it can be read.
    pub country: Option<String>,
    /// Whose it is, if it can be read.
    pub subject: Option<String>,
    /// SHA-256, hex, if it can be read.
    pub sha256: Option<String>,
    /// The end of its validity, if it can be read.
    pub not_after: Option<Timestamp>,
    /// What became of it.
    pub outcome: Outcome,
    /// What was tolerated in it.
    pub leniencies: Vec<&'static str>,
}

impl CertificateReport {
    pub(super) fn new(
        item: &Item,
        certificate: Option<&Certificate>,
        offset: Option<usize>,
        outcome: Outcome,
    ) -> Self {
        let leniencies =
            |one: &Certificate| one.leniencies().iter().map(|leniency| leniency.code()).collect();
        Self {
            source: item.source.clone(),
            line: item.line,
            offset,
            country: certificate.and_then(Certificate::country),
            subject: certificate.map(|one| one.subject().to_string()),
            sha256: certificate.map(|one| hex::encode(one.fingerprint())),
            not_after: certificate.map(Certificate::not_after),
            outcome,
            leniencies: certificate.map(leniencies).unwrap_or_default(),
        }
    }
}

/// What an import did, or with `dry_run` would have done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ImportReport {
    /// Each file of the directory that the import brought or found there.
    pub files: Vec<Imported>,
    /// Files of the directory that newer ones replaced.
    pub replaced: Vec<String>,
    /// Each master list.
    pub lists: Vec<ListReport>,
    /// Each certificate, used or not.
    pub certificates: Vec<CertificateReport>,
    /// What was tolerated, by code, with its count.
    pub leniencies: BTreeMap<&'static str, usize>,
    /// What is old or will be soon.
    pub warnings: Vec<String>,
    /// Nothing was changed.
    pub dry_run: bool,
}

impl ImportReport {
    /// Why certificates are not used, with their counts.
    #[must_use]
    pub fn not_used(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for one in &self.certificates {
            if let Outcome::NotUsed(reason) = &one.outcome {
                *counts.entry(reason.as_str()).or_default() += 1;
            }
        }
        counts
    }

    /// How many certificates ended like this.
    #[must_use]
    pub fn count(&self, code: &str) -> usize {
        self.certificates.iter().filter(|one| one.outcome.code() == code).count()
    }
}
