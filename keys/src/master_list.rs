//! CSCA master lists, Doc 9303-12 §9: what one state has found of all others' authorities, under its own signature.
//!
//! ```text
//! CscaMasterList ::= SEQUENCE { version CscaMasterListVersion { v0(0) }, certList SET OF Certificate }
//! ```
//!
//! The list's signature makes nothing in it an anchor: whether its signer is to be believed is asked of a trust store
//! or of a path ([`MasterList::signer_path`]), and each certificate is judged by itself ([`MasterList::entries`]).

mod build;

pub use build::sign;

use crate::algorithm::oids;
use crate::asn1::{self, Malformed, Reader, tag};
use crate::certificate::Certificate;
use crate::path::{
    Budget, NameChaining, PathMaterial, PathPolicy, PathProblem, RevocationDemand, VerifiedPath,
};
use crate::signed_data::{SignatureFacts, SignatureProblem, SignedData};
use crate::trust::{AnchorProblem, check_anchor};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Largest master list that is read, in octets.
pub const MAX_MASTER_LIST: usize = 64 * 1024 * 1024;
/// More certificates than this in one list are refused.
pub const MAX_ENTRIES: usize = 100_000;

/// A parsed master list. Nothing in it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterList {
    signed_data: SignedData,
    entries: Vec<Entry>,
}

/// One element of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Offset within the signed content.
    pub offset: usize,
    /// The certificate, and what it is of use for; or why it cannot be read.
    pub certificate: Result<Certificate, Malformed>,
}

/// What a certificate of the list is of use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A self-signed CSCA certificate: it can be an anchor.
    Anchor,
    /// A CSCA certificate made by another key of its state: a link, believed as far as that key is.
    Link,
}

/// Why a certificate of the list is of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Useless {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// It is no certificate of a CSCA.
    #[error(transparent)]
    NotAnAuthority(#[from] AnchorProblem),
}

/// Why a list does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MasterListProblem {
    /// Its content is something else.
    #[error("the signed content is no master list")]
    ContentType,
    /// Its signature does not hold.
    #[error(transparent)]
    Signature(#[from] SignatureProblem),
    /// Its signer's certificate is for another purpose (Doc 9303-12 §7.1.1, column Master List Signer).
    #[error("the signer's certificate is not for master lists")]
    SignerPurpose,
}

impl MasterListProblem {
    /// Stable reason code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ContentType => "content-type-mismatch",
            Self::Signature(problem) => problem.code(),
            Self::SignerPurpose => "signer-extended-key-usage",
        }
    }
}

impl Entry {
    /// What the certificate is of use for.
    ///
    /// # Errors
    /// [`Useless`], with the reason.
    pub fn usability(&self) -> Result<Use, Useless> {
        match check_anchor(self.certificate.as_ref().map_err(|malformed| *malformed)?) {
            Ok(()) => Ok(Use::Anchor),
            Err(AnchorProblem::NotSelfSigned) => Ok(Use::Link),
            Err(problem) => Err(problem.into()),
        }
    }
}

impl MasterList {
    /// Reads a list in DER or BER (`.ml`, a CMS `ContentInfo`). An element that cannot be read does not harm the others.
    ///
    /// # Errors
    /// Bytes that are none, or beyond the bounds; with the offset.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_MASTER_LIST {
            return Err(Malformed::at(MAX_MASTER_LIST, "a master list of at most 64 MiB"));
        }
        let signed_data = SignedData::parse(bytes)?;
        let content = signed_data.econtent().ok_or(Malformed::at(0, "the content of a master list"))?;
        let definite = match read(content) {
            Err(_) => asn1::to_definite(content).ok().flatten().map(|(definite, _)| definite),
            Ok(_) => None,
        };
        let entries = read(definite.as_deref().unwrap_or(content))?;
        Ok(Self { signed_data, entries })
    }

    /// The envelope.
    #[must_use]
    pub const fn signed_data(&self) -> &SignedData {
        &self.signed_data
    }

    /// Every element of the list, in its order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The certificates that can be read.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.entries.iter().filter_map(|entry| entry.certificate.as_ref().ok())
    }

    /// The countries whose certificates are in the list, upper case.
    #[must_use]
    pub fn countries(&self) -> BTreeSet<String> {
        self.certificates().filter_map(Certificate::country).collect()
    }

    /// Verifies the list's own signature and that its signer is one for master lists. Whether that signer is to be
    /// believed is another question.
    ///
    /// # Errors
    /// [`MasterListProblem`].
    pub fn verify(&self) -> Result<SignatureFacts, MasterListProblem> {
        if self.signed_data.econtent_type() != oids::CSCA_MASTER_LIST {
            return Err(MasterListProblem::ContentType);
        }
        let facts = self.signed_data.verify()?;
        let purposes = facts.signer.extended_key_usages().unwrap_or_default();
        if !purposes.contains(&oids::MASTER_LIST_SIGNING_KEY) {
            return Err(MasterListProblem::SignerPurpose);
        }
        Ok(facts)
    }

    /// The path from the list's signer to one of `anchors`. Certificates that came along and links of the list may lie
    /// on it; revocation is not asked.
    ///
    /// # Errors
    /// [`PathProblem`].
    pub fn signer_path(
        &self,
        signer: &Certificate,
        anchors: &[Certificate],
        at: Option<Timestamp>,
        budget: &mut Budget,
    ) -> Result<VerifiedPath, PathProblem> {
        let mut intermediates = self.signed_data.certificates().to_vec();
        let country = signer.country();
        let of_country = |certificate: &&Certificate| certificate.country() == country;
        intermediates.extend(self.certificates().filter(of_country).cloned());
        let policy = PathPolicy {
            revocation: RevocationDemand::NotAsked,
            names: NameChaining::AnyOrder,
            ..PathPolicy::default()
        };
        let material = PathMaterial { anchors, intermediates: &intermediates, crls: &[] };
        VerifiedPath::build(signer, material, at, &policy, budget)
    }
}

fn read(content: &[u8]) -> Result<Vec<Entry>, Malformed> {
    let mut reader = Reader::new(content);
    let mut fields = reader.sequence("a master list")?;
    reader.finish("bytes after the master list")?;
    let version = fields.expect(tag::INTEGER, "the version of a master list")?;
    if version.small_integer()? != 0 {
        return Err(Malformed::at(version.offset, "version 0 of a master list"));
    }
    let mut list = fields.expect(tag::SET, "the certificates of a master list")?.reader();
    fields.finish("bytes after the certificates")?;
    let mut entries = Vec::new();
    while !list.is_empty() {
        let element = list.any()?;
        if entries.len() == MAX_ENTRIES {
            return Err(Malformed::at(element.offset, "at most 100,000 certificates"));
        }
        entries.push(Entry { offset: element.offset, certificate: Certificate::from_list(&element) });
    }
    Ok(entries)
}
