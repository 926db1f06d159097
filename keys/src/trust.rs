//! Whom we believe: CSCA certificates, their CRLs, and the keys of register and reading stations.
//!
//! [`TrustStore`] lives in memory and can be filled from bytes (embedders) or from a directory ([`directory`]).
//! [`TrustStore::check_signer`] gathers facts about a Document Signer; the verdict is the verifier's.

mod chain;
pub mod directory;
mod freshness;
pub mod import;
mod known;
mod path;
mod revocation;
mod signers;
mod transaction;

pub(crate) use chain::over_links;

pub use directory::LoadError;
pub use freshness::{Age, CRL_WARNING, LIST_AGE, LIST_WARNING};
pub use import::{ImportError, ImportKind, ImportReport, Imported};
pub use known::{KnownSigners, KnownSignersLimits};
pub use path::{
    ChainResult, NotTrusted, ProfileProblem, RevocationResult, SignerPath, UnknownRevocation, ValidityStatus,
};
pub use signers::{MAX_SIGNERS, SignerProblem};

use crate::asn1::Malformed;
use crate::certificate::Certificate;
use crate::crl::CertificateRevocationList;
use crate::deviation_list::{DeviationList, DeviationListProblem, Document};
use crate::master_list::{MasterList, Use};
use crate::path::{Budget, PathMaterial, PathProblem, VerifiedPath};
use crate::public_key::{PublicKey, VerifyError};
use crate::signed_data::SignerInfo;
use crate::sunset::Sunset;
use const_oid::ObjectIdentifier;
use jiff::Timestamp;

/// More anchors than this are refused.
pub const MAX_ANCHORS: usize = 4096;
/// More link certificates than this are refused.
pub const MAX_LINKS: usize = 4096;
/// More CRLs than this are refused.
pub const MAX_CRLS: usize = 1024;
/// More keys of one kind than this are refused.
pub const MAX_KEYS: usize = 1024;

/// Trust anchors, revocation lists and believed keys.
#[derive(Debug, Clone, Default)]
pub struct TrustStore {
    anchors: Vec<Certificate>,
    /// Who brought each anchor.
    origins: Vec<Origin>,
    lists: Vec<TrustedList>,
    deviations: Vec<TrustedDeviations>,
    links: Vec<Certificate>,
    crls: Vec<StoredCrl>,
    signers: signers::Shelf,
    sunsets: Vec<Sunset>,
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

/// Who brought an anchor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Origin {
    /// Somebody gave it by itself.
    given: bool,
    /// Master lists that have it, by their place among the lists.
    lists: Vec<usize>,
}

/// A master list that is believed, as far as it must be remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedList {
    /// Country of the state that signed it.
    pub country: Option<String>,
    /// Who signed it.
    pub signer: String,
    /// When, as the signer says.
    pub signed_at: Option<Timestamp>,
    /// Certificates in it.
    pub certificates: usize,
}

/// A deviation list that is believed.
#[derive(Debug, Clone)]
struct TrustedDeviations {
    country: Option<String>,
    signed_at: Option<Timestamp>,
    list: DeviationList,
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
    /// More work than is allowed was spent on the list before this certificate.
    #[error("the work budget of the list is spent")]
    BudgetExhausted,
}

/// A deviation list that is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviationsNotTrusted {
    /// Not what it should be.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It does not stand.
    #[error(transparent)]
    Problem(#[from] DeviationListProblem),
    /// No authority of its country that is believed vouches for its signer.
    #[error("the list's signer: {0}")]
    Signer(#[from] PathProblem),
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
        let index = self.take_anchor(certificate, None)?;
        self.match_crls();
        self.anchors.get(index).ok_or(AnchorProblem::Full)
    }

    /// Adds an anchor that somebody gave, or that the list of this number brought.
    fn take_anchor(&mut self, certificate: Certificate, list: Option<usize>) -> Result<usize, AnchorProblem> {
        let known = self.anchors.iter().position(|known| known.der() == certificate.der());
        let index = match known {
            Some(index) => index,
            None if self.anchors.len() >= MAX_ANCHORS => return Err(AnchorProblem::Full),
            None => {
                check_anchor(&certificate)?;
                self.anchors.push(certificate);
                self.origins.push(Origin::default());
                self.anchors.len() - 1
            }
        };
        if let Some(origin) = self.origins.get_mut(index) {
            match list {
                None => origin.given = true,
                Some(list) if !origin.lists.contains(&list) => origin.lists.push(list),
                Some(_) => {}
            }
        }
        Ok(index)
    }

    /// Adds a link certificate (DER or PEM): a CSCA key, certified by another CSCA key. It is believed as far as the
    /// other key is, whenever that is asked. Adding it twice changes nothing.
    ///
    /// # Errors
    /// [`AnchorProblem`]; a self-signed certificate is [`AnchorProblem::SelfSigned`].
    pub fn add_link(&mut self, bytes: &[u8]) -> Result<&Certificate, AnchorProblem> {
        let index = self.take_link(Certificate::parse_der_or_pem(bytes)?)?;
        self.match_crls();
        self.links.get(index).ok_or(AnchorProblem::Full)
    }

    fn take_link(&mut self, certificate: Certificate) -> Result<usize, AnchorProblem> {
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
                self.links.len() - 1
            }
        };
        Ok(index)
    }

    /// Adds every certificate of a master list that is of use: anchors and links. The list's own signature and its
    /// signer are for the caller to judge first ([`MasterList::verify`], [`MasterList::signer_path`]): whoever adds a
    /// list believes it. At most as many signatures are computed as a store has room for.
    pub fn add_master_list(&mut self, list: &MasterList) -> Vec<ListedCertificate> {
        let signer =
            list.signed_data().signers().first().and_then(|info| list.signed_data().certificate_of(info));
        self.lists.push(TrustedList {
            country: signer.and_then(Certificate::country),
            signer: signer.map(|signer| signer.subject().to_string()).unwrap_or_default(),
            signed_at: list.signed_data().signers().first().and_then(SignerInfo::signing_time),
            certificates: list.entries().len(),
        });
        let number = self.lists.len() - 1;
        let mut budget = MAX_ANCHORS + MAX_LINKS;
        let listed = list
            .entries()
            .iter()
            .map(|entry| {
                let certificate = entry.certificate.as_ref().map_err(|error| AnchorProblem::from(*error));
                let outcome = certificate.and_then(|certificate| {
                    budget = budget.checked_sub(1).ok_or(AnchorProblem::BudgetExhausted)?;
                    match self.take_anchor(certificate.clone(), Some(number)) {
                        Ok(_) => Ok(Use::Anchor),
                        Err(AnchorProblem::NotSelfSigned) => {
                            self.take_link(certificate.clone()).map(|_| Use::Link)
                        }
                        Err(problem) => Err(problem),
                    }
                });
                ListedCertificate { offset: entry.offset, outcome }
            })
            .collect();
        self.match_crls();
        listed
    }

    /// The master lists that were added.
    #[must_use]
    pub fn master_lists(&self) -> &[TrustedList] {
        &self.lists
    }

    /// The master lists that have an anchor.
    pub fn lists_with(&self, anchor: &Certificate) -> impl Iterator<Item = &TrustedList> {
        let origin = self.origin_of(anchor);
        origin.into_iter().flat_map(|origin| &origin.lists).filter_map(|number| self.lists.get(*number))
    }

    /// Whether somebody gave this anchor by itself, and not only a master list has it.
    #[must_use]
    pub fn is_given(&self, anchor: &Certificate) -> bool {
        self.origin_of(anchor).is_some_and(|origin| origin.given)
    }

    fn origin_of(&self, anchor: &Certificate) -> Option<&Origin> {
        let index = self.anchors.iter().position(|known| known.der() == anchor.der())?;
        self.origins.get(index)
    }

    /// Adds a deviation list whose signature holds and whose signer an authority of its own country vouches for.
    ///
    /// # Errors
    /// [`DeviationsNotTrusted`].
    pub fn add_deviations(&mut self, bytes: &[u8]) -> Result<(), DeviationsNotTrusted> {
        let list = DeviationList::parse(bytes)?;
        let facts = list.verify()?;
        // A certificate is judged at the time of the signature: what it says outlives its validity.
        let time = facts.signing_time;
        list.signer_path(&facts.signer, &self.anchors, &self.links, time, &mut Budget::default())?;
        if self.deviations.iter().any(|known| known.list == list) {
            return Ok(());
        }
        if self.deviations.len() >= MAX_KEYS {
            return Err(DeviationsNotTrusted::Full);
        }
        self.deviations.push(TrustedDeviations {
            country: facts.signer.country(),
            signed_at: facts.signing_time,
            list,
        });
        Ok(())
    }

    /// The deviation lists: country, when signed, and how many deviations.
    pub fn deviation_lists(&self) -> impl Iterator<Item = (Option<&str>, Option<Timestamp>, usize)> {
        let facts = |one: &'_ TrustedDeviations| (one.signed_at, one.list.deviations().len());
        self.deviations.iter().map(move |one| {
            let (signed_at, count) = facts(one);
            (one.country.as_deref(), signed_at, count)
        })
    }

    /// Whether a state told that documents like this one deviate: kinds of deviation, each once. Asked with the signer and
    /// the authorities above it; only lists of the signer's own country are heard.
    #[must_use]
    pub fn deviations_of(
        &self,
        certificates: &[&Certificate],
        document: Document<'_>,
    ) -> Vec<ObjectIdentifier> {
        let country = certificates.first().and_then(|signer| signer.country());
        let mut kinds: Vec<_> = self
            .deviations
            .iter()
            .filter(|one| country.is_some() && one.country == country)
            .flat_map(|one| one.list.deviations())
            .filter(|deviation| deviation.concerns(certificates, document))
            .flat_map(|deviation| deviation.kinds.iter().copied())
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// Whether a list of this country is here.
    #[must_use]
    pub fn has_deviations_of(&self, country: &str) -> bool {
        self.deviations.iter().any(|one| one.country.as_deref() == Some(country))
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

    /// From when on kinds of signatures show nothing, as whoever keeps this directory decided.
    #[must_use]
    pub fn sunsets(&self) -> &[Sunset] {
        &self.sunsets
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
    VerifiedPath::build(link, material, None, &over_links(), &mut Budget::default()).is_ok()
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
