//! The path from a Document Signer to an anchor, and its revocation: Doc 9303-11 §5.1, Doc 9303-12 §8.

use super::TrustStore;
use crate::algorithm::UnknownAlgorithm;
use crate::certificate::{Certificate, PrivateKeyUsagePeriod};
use crate::path::Budget;
use jiff::Timestamp;

/// Everything that is known about a signer at a time. Facts, no verdict.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignerPath {
    /// Country of the signer, upper case.
    pub country: Option<String>,
    /// Whether an anchor vouches for it.
    pub chain: ChainResult,
    /// The link certificate over which it does, if not directly.
    pub link: Option<Box<Certificate>>,
    /// What was tolerated in the certificates from the signer to the anchor, by stable code.
    pub leniencies: Vec<&'static str>,
    /// A signature between the signer and the anchor was made with a hash that is no longer collision resistant.
    pub weak_hash: bool,
    /// Bits of the shortest RSA key among the signer's and those above it, if there is one.
    pub shortest_rsa: Option<usize>,
    /// Where the judged time lies in the signer's validity.
    pub validity: ValidityStatus,
    /// Where the judged time lies in the anchor's validity, if there is an anchor.
    pub anchor_validity: Option<ValidityStatus>,
    /// When the signer's key may sign; judge it at the *card's* date of issue.
    pub private_key_usage: Option<PrivateKeyUsagePeriod>,
    /// Document codes that the signer may vouch for, if it says.
    pub document_types: Option<Vec<String>>,
    /// Departures from the profile of a Document Signer.
    pub profile_problems: Vec<ProfileProblem>,
    /// What the CRLs say.
    pub revocation: RevocationResult,
    /// What was tolerated in the list that decided, by stable code.
    pub crl_leniencies: Vec<&'static str>,
    /// The list that decided is signed with a hash that is no longer collision resistant.
    pub crl_weak_hash: bool,
    /// Lists of the signer's authority that begin after the judged time. They make nothing good.
    pub crls_from_the_future: usize,
    /// Lists of the country that speak for another authority, or that nobody who is believed has signed.
    pub crls_of_others: usize,
}

/// Whether an anchor vouches for the signer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ChainResult {
    /// This anchor's key made the signer's certificate.
    Trusted {
        /// The anchor.
        anchor: Box<Certificate>,
    },
    /// No anchor of the signer's country: undetermined, `no-trust-anchor`.
    NoAnchorForIssuer {
        /// The country that would be needed.
        country: Option<String>,
    },
    /// Anchors of the country are at hand and none vouches for the signer: failed, `chain-not-trusted`.
    NotTrusted(NotTrusted),
    /// The signature cannot be computed here: undetermined, `unknown-algorithm`.
    UnknownAlgorithm(UnknownAlgorithm),
    /// The search took more work than is allowed: undetermined, `budget-exhausted`.
    BudgetExhausted,
}

impl ChainResult {
    /// Stable reason code; `None` if trusted.
    #[must_use]
    pub const fn code(&self) -> Option<&'static str> {
        match self {
            Self::Trusted { .. } => None,
            Self::NoAnchorForIssuer { .. } => Some("no-trust-anchor"),
            Self::NotTrusted(_) => Some("chain-not-trusted"),
            Self::UnknownAlgorithm(_) => Some("unknown-algorithm"),
            Self::BudgetExhausted => Some("budget-exhausted"),
        }
    }
}

/// Why no anchor of the country vouches for the signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotTrusted {
    /// The country's authorities have other names and other keys than the issuer that the signer names.
    #[error("the country's known authorities are others than the one named as issuer")]
    UnknownIssuer,
    /// An authority of that name or key exists, and did not make this signature.
    #[error("the named authority did not sign this certificate")]
    SignatureInvalid,
    /// Subject and issuer of the signer are in different countries.
    #[error("signer and issuer are of different countries")]
    CountryMismatch,
}

/// Where a time lies in a period of validity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValidityStatus {
    /// Within it.
    Valid,
    /// Before it.
    NotYetValid,
    /// After it.
    Expired,
}

impl ValidityStatus {
    /// Where `at` lies in a certificate's validity.
    #[must_use]
    pub fn of(certificate: &Certificate, at: Timestamp) -> Self {
        if at < certificate.not_before() {
            Self::NotYetValid
        } else if at > certificate.not_after() {
            Self::Expired
        } else {
            Self::Valid
        }
    }
}

/// A departure from Doc 9303-12 §7.1.1, column Document Signer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProfileProblem {
    /// basicConstraints says CA: an authority's certificate is no Document Signer.
    IsAuthority,
    /// keyUsage is missing or lacks digitalSignature.
    KeyUsage,
    /// An extended key usage: a certificate for another purpose.
    ExtendedKeyUsage,
    /// A critical extension that is not understood.
    UnknownCriticalExtension,
    /// The same extension twice.
    RepeatedExtension,
    /// No authority key identifier.
    NoAuthorityKeyIdentifier,
    /// No private key usage period.
    NoPrivateKeyUsagePeriod,
    /// No document type list.
    NoDocumentTypeList,
    /// Valid beyond its anchor.
    OutlivesAnchor,
    /// keyUsage is not marked critical.
    KeyUsageNotCritical,
    /// basicConstraints, which a Document Signer does not have, saying that it is no authority.
    BasicConstraints,
    /// The anchor allows authorities below it: its path length is not 0.
    AnchorPathLength,
}

impl ProfileProblem {
    /// Stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::IsAuthority => "signer-is-authority",
            Self::KeyUsage => "signer-key-usage",
            Self::ExtendedKeyUsage => "signer-extended-key-usage",
            Self::UnknownCriticalExtension => "unknown-critical-extension",
            Self::RepeatedExtension => "repeated-extension",
            Self::NoAuthorityKeyIdentifier => "no-authority-key-identifier",
            Self::NoPrivateKeyUsagePeriod => "no-private-key-usage-period",
            Self::NoDocumentTypeList => "no-document-type-list",
            Self::OutlivesAnchor => "signer-outlives-anchor",
            Self::KeyUsageNotCritical => "key-usage-not-critical",
            Self::BasicConstraints => "signer-basic-constraints",
            Self::AnchorPathLength => "anchor-path-length",
        }
    }

    /// The certificate is for another purpose and must not vouch for a document; the others are remarks, common in
    /// certificates of real states.
    #[must_use]
    pub const fn is_violation(self) -> bool {
        matches!(
            self,
            Self::IsAuthority
                | Self::KeyUsage
                | Self::ExtendedKeyUsage
                | Self::UnknownCriticalExtension
                | Self::RepeatedExtension
        )
    }
}

/// What the CRLs say about a signer. Unknown is never good.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevocationResult {
    /// A list that holds at the judged time does not name it.
    Good {
        /// When that list was made.
        this_update: Timestamp,
        /// When the next is due.
        next_update: Timestamp,
    },
    /// A list names it.
    Revoked {
        /// Since when.
        date: Timestamp,
        /// Reason in kebab case.
        reason: &'static str,
    },
    /// An authority between the signer and the anchor, or the anchor itself, is named: all that it vouches for falls.
    AuthorityRevoked {
        /// Since when.
        date: Timestamp,
        /// Reason in kebab case.
        reason: &'static str,
    },
    /// It cannot be said.
    Unknown(UnknownRevocation),
}

/// Why nothing can be said about revocation; reason code `revocation-unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownRevocation {
    /// No list of the country.
    NoCrl,
    /// The newest list is past its next update.
    Stale {
        /// When the next was due; a list must say it (Doc 9303-12 §7.1.4).
        next_update: Option<Timestamp>,
    },
    /// Lists are at hand, and no anchor signed any of them.
    SignatureInvalid,
    /// The lists begin after the judged time.
    FromTheFuture {
        /// When the earliest begins.
        this_update: Timestamp,
    },
    /// The country's lists are those of another of its authorities.
    OtherAuthority,
    /// The authority's lists are not whole.
    Limited(crate::crl::Limit),
    /// The lists have a critical extension that is not understood.
    CriticalExtension,
    /// It took more work than is allowed.
    BudgetExhausted,
}

impl UnknownRevocation {
    /// Stable code of the detail.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoCrl => "no-crl",
            Self::Stale { .. } => "crl-stale",
            Self::SignatureInvalid => "crl-signature-invalid",
            Self::FromTheFuture { .. } => "crl-from-the-future",
            Self::OtherAuthority => "crl-of-other-authority",
            Self::Limited(limit) => limit.code(),
            Self::CriticalExtension => "crl-critical-extension",
            Self::BudgetExhausted => "budget-exhausted",
        }
    }
}

impl SignerPath {
    /// The authorities between the signer and the anchor that are known here, and the anchor.
    pub fn authorities(&self) -> impl Iterator<Item = &Certificate> {
        let anchor = match &self.chain {
            ChainResult::Trusted { anchor } => Some(anchor.as_ref()),
            _ => None,
        };
        self.link.as_deref().into_iter().chain(anchor)
    }
}

impl TrustStore {
    /// Gathers the facts about a Document Signer at a time. The work is bounded, whatever the certificates claim.
    #[must_use]
    pub fn check_signer(&self, signer: &Certificate, at: Timestamp) -> SignerPath {
        let mut budget = Budget::default();
        let chain = self.find_chain(signer, &mut budget);
        let anchor = chain.anchor();
        let revocation = self.revocation(signer, &chain, at, &mut budget);
        SignerPath {
            country: signer.country(),
            validity: ValidityStatus::of(signer, at),
            anchor_validity: anchor.map(|anchor| ValidityStatus::of(anchor, at)),
            private_key_usage: signer.private_key_usage(),
            document_types: signer.document_types().map(<[String]>::to_vec),
            profile_problems: profile_problems(signer, anchor),
            leniencies: chain.leniencies(signer),
            weak_hash: chain.weak_hash(signer),
            shortest_rsa: chain.shortest_rsa(signer),
            revocation: revocation.result,
            crl_leniencies: revocation.leniencies,
            crl_weak_hash: revocation.weak_hash,
            crls_from_the_future: revocation.from_the_future,
            crls_of_others: revocation.of_others,
            link: chain.links.first().cloned().map(Box::new),
            chain: chain.result,
        }
    }

    /// Whether an anchor vouches for a signer: names, keys and signatures, directly or over link certificates. Time and
    /// revocation are not looked at.
    #[must_use]
    pub fn chain_of(&self, signer: &Certificate) -> ChainResult {
        self.find_chain(signer, &mut Budget::default()).result
    }
}

fn profile_problems(signer: &Certificate, anchor: Option<&Certificate>) -> Vec<ProfileProblem> {
    use crate::certificate::Leniency;
    let checks = [
        (signer.basic_constraints().is_some_and(|(authority, _)| authority), ProfileProblem::IsAuthority),
        (signer.key_usage().is_none_or(|usage| !usage.digital_signature()), ProfileProblem::KeyUsage),
        (signer.has_extended_key_usage(), ProfileProblem::ExtendedKeyUsage),
        (!signer.unknown_critical_extensions().is_empty(), ProfileProblem::UnknownCriticalExtension),
        (signer.leniencies().contains(&Leniency::RepeatedExtension), ProfileProblem::RepeatedExtension),
        (signer.authority_key_identifier().is_none(), ProfileProblem::NoAuthorityKeyIdentifier),
        (signer.private_key_usage().is_none(), ProfileProblem::NoPrivateKeyUsagePeriod),
        (signer.document_types().is_none(), ProfileProblem::NoDocumentTypeList),
        (
            anchor.is_some_and(|anchor| signer.not_after() > anchor.not_after()),
            ProfileProblem::OutlivesAnchor,
        ),
        (
            signer.basic_constraints().is_some_and(|(authority, _)| !authority),
            ProfileProblem::BasicConstraints,
        ),
        (
            anchor
                .and_then(Certificate::basic_constraints)
                .is_some_and(|(authority, length)| authority && length != Some(0)),
            ProfileProblem::AnchorPathLength,
        ),
        (
            signer.key_usage().is_some() && !signer.has_critical_key_usage(),
            ProfileProblem::KeyUsageNotCritical,
        ),
    ];
    checks.into_iter().filter_map(|(present, problem)| present.then_some(problem)).collect()
}
