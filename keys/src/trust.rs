//! Whom we believe: CSCA certificates, their CRLs, and the keys of register and reading stations.
//!
//! [`TrustStore`] lives in memory and can be filled from bytes (embedders) or from a directory ([`directory`]).
//! [`TrustStore::check_signer`] gathers facts about a Document Signer; the verdict is the verifier's.

mod chain;
pub mod directory;
mod known;
mod path;
mod revocation;

pub use directory::{ImportError, ImportKind, ImportReport, Imported, LoadError};
pub use known::{KnownSigners, KnownSignersLimits};
pub use path::{
    ChainResult, NotTrusted, ProfileProblem, RevocationResult, SignerPath, UnknownRevocation, ValidityStatus,
};

use crate::asn1::Malformed;
use crate::certificate::Certificate;
use crate::crl::CertificateRevocationList;
use crate::master_list::{MasterList, Use};
use crate::path::{Budget, PathMaterial, VerifiedPath};
use crate::public_key::{PublicKey, VerifyError};
use jiff::SignedDuration;

/// More anchors than this are refused.
pub const MAX_ANCHORS: usize = 4096;
/// More link certificates than this are refused.
pub const MAX_LINKS: usize = 4096;
/// More CRLs than this are refused.
pub const MAX_CRLS: usize = 1024;
/// A list whose next update is nearer than this grows old: states make a new one at least every 90 days, and bringing it
/// here takes people.
pub const CRL_WARNING: SignedDuration = SignedDuration::from_hours(14 * 24);
/// More keys of one kind than this are refused.
pub const MAX_KEYS: usize = 1024;

/// Trust anchors, revocation lists and believed keys.
#[derive(Debug, Clone, Default)]
pub struct TrustStore {
    anchors: Vec<Certificate>,
    links: Vec<Certificate>,
    crls: Vec<StoredCrl>,
    register_keys: Vec<PublicKey>,
    station_keys: Vec<PublicKey>,
    problems: Vec<LoadProblem>,
}

/// A CRL, and the authority that was found to have signed it: an anchor, or a link that leads to one.
#[derive(Debug, Clone)]
struct StoredCrl {
    list: CertificateRevocationList,
    signed_by: Option<Certificate>,
    tolerated: Vec<&'static str>,
}

/// A file of a trust directory that could not be used. The others still are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadProblem {
    /// The file's name within the directory.
    pub file: String,
    /// What is wrong with it.
    pub problem: String,
}

/// What became of one element of a master list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedCertificate {
    /// Offset within the list.
    pub offset: usize,
    /// What it is used as, or why it is not used.
    pub outcome: Result<Use, AnchorProblem>,
}

/// A certificate that is no trust anchor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnchorProblem {
    /// Not a certificate at all.
    #[error("not a certificate: {0}")]
    Malformed(#[from] Malformed),
    /// basicConstraints does not say CA.
    #[error("not the certificate of a certification authority")]
    NotAnAuthority,
    /// keyUsage lacks keyCertSign.
    #[error("its key may not sign certificates")]
    KeyUsage,
    /// No country in its name.
    #[error("its name has no country")]
    NoCountry,
    /// A critical extension that is not understood.
    #[error("it has a critical extension that is not understood: {0}")]
    UnknownCriticalExtension(String),
    /// Issuer and subject differ, as in a link certificate: no anchor by itself.
    #[error("it is not self-signed (a link certificate is no anchor)")]
    NotSelfSigned,
    /// It is self-signed, and no link certificate.
    #[error("it is self-signed: an anchor, no link certificate")]
    SelfSigned,
    /// Its own signature does not hold.
    #[error("its own signature does not verify")]
    SelfSignature,
    /// No room.
    #[error("the trust store is full")]
    Full,
}

/// A CRL or key that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddError {
    /// Not what it should be.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// No room.
    #[error("the trust store is full")]
    Full,
}

impl TrustStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a CSCA certificate (DER or PEM) after checking that it can be an anchor. Adding it twice changes nothing.
    ///
    /// # Errors
    /// [`AnchorProblem`].
    pub fn add_anchor(&mut self, bytes: &[u8]) -> Result<&Certificate, AnchorProblem> {
        let certificate = Certificate::parse_der_or_pem(bytes)?;
        check_anchor(&certificate)?;
        let index = match self.anchors.iter().position(|known| known.der() == certificate.der()) {
            Some(index) => index,
            None if self.anchors.len() >= MAX_ANCHORS => return Err(AnchorProblem::Full),
            None => {
                self.anchors.push(certificate);
                self.match_crls();
                self.anchors.len() - 1
            }
        };
        self.anchors.get(index).ok_or(AnchorProblem::Full)
    }

    /// Adds a link certificate (DER or PEM): a CSCA key, certified by another CSCA key. It is believed as far as the
    /// other key is, whenever that is asked. Adding it twice changes nothing.
    ///
    /// # Errors
    /// [`AnchorProblem`]; a self-signed certificate is [`AnchorProblem::SelfSigned`].
    pub fn add_link(&mut self, bytes: &[u8]) -> Result<&Certificate, AnchorProblem> {
        let certificate = Certificate::parse_der_or_pem(bytes)?;
        match check_anchor(&certificate) {
            // A new key under the old name, without key identifiers, looks like a self-signature that does not hold.
            Err(AnchorProblem::NotSelfSigned | AnchorProblem::SelfSignature) => {}
            Err(problem) => return Err(problem),
            Ok(()) => return Err(AnchorProblem::SelfSigned),
        }
        let index = match self.links.iter().position(|known| known.der() == certificate.der()) {
            Some(index) => index,
            None if self.links.len() >= MAX_LINKS => return Err(AnchorProblem::Full),
            None => {
                self.links.push(certificate);
                self.match_crls();
                self.links.len() - 1
            }
        };
        self.links.get(index).ok_or(AnchorProblem::Full)
    }

    /// Adds every certificate of a master list that is of use: anchors and links. The list's own signature and its
    /// signer are for the caller to judge first ([`MasterList::verify`], [`MasterList::signer_path`]): whoever adds a
    /// list believes it.
    pub fn add_master_list(&mut self, list: &MasterList) -> Vec<ListedCertificate> {
        list.entries()
            .iter()
            .map(|entry| {
                let outcome =
                    entry.certificate.as_ref().map_err(|error| AnchorProblem::from(*error)).and_then(
                        |certificate| match self.add_anchor(certificate.der()) {
                            Ok(_) => Ok(Use::Anchor),
                            Err(AnchorProblem::NotSelfSigned) => {
                                self.add_link(certificate.der()).map(|_| Use::Link)
                            }
                            Err(problem) => Err(problem),
                        },
                    );
                ListedCertificate { offset: entry.offset, outcome }
            })
            .collect()
    }

    /// Adds a CRL (DER or PEM). Its signature is checked against the anchors now and whenever one is added.
    ///
    /// # Errors
    /// [`AddError`].
    pub fn add_crl(&mut self, bytes: &[u8]) -> Result<(), AddError> {
        let list = CertificateRevocationList::parse(&crate::asn1::der_or_pem(bytes)?)?;
        if self.crls.iter().any(|known| known.list.der() == list.der()) {
            return Ok(());
        }
        if self.crls.len() >= MAX_CRLS {
            return Err(AddError::Full);
        }
        self.crls.push(StoredCrl { list, signed_by: None, tolerated: Vec::new() });
        self.match_crls();
        Ok(())
    }

    /// Adds a key whose signed register answers are believed (SPKI, DER or PEM).
    ///
    /// # Errors
    /// [`AddError`].
    pub fn add_register_key(&mut self, spki: &[u8]) -> Result<(), AddError> {
        add_key(&mut self.register_keys, spki)
    }

    /// Adds a key of a trusted reading station (SPKI, DER or PEM).
    ///
    /// # Errors
    /// [`AddError`].
    pub fn add_station_key(&mut self, spki: &[u8]) -> Result<(), AddError> {
        add_key(&mut self.station_keys, spki)
    }

    /// The anchors.
    #[must_use]
    pub fn anchors(&self) -> &[Certificate] {
        &self.anchors
    }

    /// The link certificates.
    #[must_use]
    pub fn links(&self) -> &[Certificate] {
        &self.links
    }

    /// The CRLs, each with the authority that signed it, if anyone believed did.
    pub fn crls(&self) -> impl Iterator<Item = (&CertificateRevocationList, Option<&Certificate>)> {
        self.crls.iter().map(|crl| (&crl.list, crl.signed_by.as_ref()))
    }

    /// Keys whose register answers are believed.
    #[must_use]
    pub fn register_keys(&self) -> &[PublicKey] {
        &self.register_keys
    }

    /// The believed register key with this fingerprint (hex SHA-256 of its SPKI).
    #[must_use]
    pub fn register_key(&self, fingerprint: &str) -> Option<&PublicKey> {
        self.register_keys.iter().find(|key| key.fingerprint() == fingerprint)
    }

    /// Keys of trusted reading stations.
    #[must_use]
    pub fn station_keys(&self) -> &[PublicKey] {
        &self.station_keys
    }

    /// The trusted station key with this fingerprint (hex SHA-256 of its SPKI).
    #[must_use]
    pub fn station_key(&self, fingerprint: &str) -> Option<&PublicKey> {
        self.station_keys.iter().find(|key| key.fingerprint() == fingerprint)
    }

    /// Files that could not be used when the store was loaded.
    #[must_use]
    pub fn problems(&self) -> &[LoadProblem] {
        &self.problems
    }

    /// Finds the signer of each CRL that has none yet: an anchor of the same country that may sign CRLs, or a link that
    /// leads to one. Doc 9303-12 §7.1.4 lets the newest CSCA key sign for all older ones, so the name need not be equal.
    fn match_crls(&mut self) {
        if self.crls.iter().all(|crl| crl.signed_by.is_some()) {
            return;
        }
        let (anchors, links) = (&self.anchors, &self.links);
        for crl in self.crls.iter_mut().filter(|crl| crl.signed_by.is_none()) {
            let found = revocation::signer_of(&crl.list, anchors).or_else(|| {
                revocation::signer_of(&crl.list, links)
                    .filter(|(link, _)| leads_to_an_anchor(link, anchors, links))
            });
            if let Some((authority, tolerated)) = found {
                crl.signed_by = Some(authority);
                crl.tolerated = tolerated;
            }
        }
    }
}

/// Whether a link certificate leads to one of these anchors.
fn leads_to_an_anchor(link: &Certificate, anchors: &[Certificate], links: &[Certificate]) -> bool {
    let material = PathMaterial { anchors, intermediates: links, crls: &[] };
    VerifiedPath::build(link, material, None, &chain::over_links(), &mut Budget::default()).is_ok()
}

fn add_key(keys: &mut Vec<PublicKey>, spki: &[u8]) -> Result<(), AddError> {
    let key = PublicKey::from_spki(&crate::asn1::der_or_pem(spki)?)?;
    if keys.contains(&key) {
        return Ok(());
    }
    if keys.len() >= MAX_KEYS {
        return Err(AddError::Full);
    }
    keys.push(key);
    Ok(())
}

/// Whether a certificate can be a trust anchor: Doc 9303-12 §7.1.1, column CSCA self-signed.
///
/// # Errors
/// [`AnchorProblem`].
pub fn check_anchor(certificate: &Certificate) -> Result<(), AnchorProblem> {
    if !matches!(certificate.basic_constraints(), Some((true, _))) {
        return Err(AnchorProblem::NotAnAuthority);
    }
    if certificate.key_usage().is_some_and(|usage| !usage.key_cert_sign()) {
        return Err(AnchorProblem::KeyUsage);
    }
    if certificate.subject().country().is_none() {
        return Err(AnchorProblem::NoCountry);
    }
    if let Some(oid) = certificate.unknown_critical_extensions().first() {
        return Err(AnchorProblem::UnknownCriticalExtension(oid.to_string()));
    }
    // A key rollover under the same name is told by its key identifiers.
    let other_key = matches!(
        (certificate.authority_key_identifier(), certificate.subject_key_identifier()),
        (Some(authority), Some(subject)) if authority != subject
    );
    if !certificate.is_self_issued() || other_key {
        return Err(AnchorProblem::NotSelfSigned);
    }
    match certificate.verify_signature_leniently(certificate.public_key()) {
        // An anchor on a curve that cannot be computed on vouches for nothing here; it is kept to say so by name.
        Ok(_) | Err(VerifyError::Unknown(_)) => Ok(()),
        Err(_) => Err(AnchorProblem::SelfSignature),
    }
}
