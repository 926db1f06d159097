//! The path from a Document Signer to an anchor, and its revocation: Doc 9303-11 §5.1, Doc 9303-12 §8.

use super::TrustStore;
use crate::algorithm::UnknownAlgorithm;
use crate::certificate::{Certificate, PrivateKeyUsagePeriod};
use crate::path::{Budget, NameChaining, PathMaterial, PathPolicy, RevocationDemand, VerifiedPath};
use crate::public_key::VerifyError;
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
    /// What was tolerated in the signer's certificate and the anchor's, by stable code.
    pub leniencies: Vec<&'static str>,
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
        }
    }
}

impl TrustStore {
    /// Gathers the facts about a Document Signer at a time.
    #[must_use]
    pub fn check_signer(&self, signer: &Certificate, at: Timestamp) -> SignerPath {
        let (chain, link) = self.chain_over_links(signer);
        let anchor = match &chain {
            ChainResult::Trusted { anchor } => Some(anchor.as_ref()),
            _ => None,
        };
        SignerPath {
            country: signer.country(),
            validity: ValidityStatus::of(signer, at),
            anchor_validity: anchor.map(|anchor| ValidityStatus::of(anchor, at)),
            private_key_usage: signer.private_key_usage(),
            document_types: signer.document_types().map(<[String]>::to_vec),
            profile_problems: profile_problems(signer, anchor),
            revocation: self.revocation(signer, at),
            leniencies: leniencies(signer, link.as_ref().or(anchor)),
            link: link.map(Box::new),
            chain,
        }
    }

    /// Whether an anchor vouches for a signer: names, keys and signatures, directly or over link certificates. Time and
    /// revocation are not looked at.
    #[must_use]
    pub fn chain_of(&self, signer: &Certificate) -> ChainResult {
        self.chain_over_links(signer).0
    }

    /// The anchor, or the link certificate whose key made the signer's certificate and the anchor behind it.
    fn chain_over_links(&self, signer: &Certificate) -> (ChainResult, Option<Certificate>) {
        let direct = self.direct_chain(signer);
        if matches!(
            direct,
            ChainResult::Trusted { .. } | ChainResult::NotTrusted(NotTrusted::CountryMismatch)
        ) {
            return (direct, None);
        }
        let country = signer.issuer().country();
        let of_country =
            |certificate: &&Certificate| country.is_some() && certificate.subject().country() == country;
        let links: Vec<Certificate> = self.links.iter().filter(of_country).cloned().collect();
        let anchors: Vec<Certificate> = self.anchors.iter().filter(of_country).cloned().collect();
        let policy = PathPolicy {
            revocation: RevocationDemand::NotAsked,
            names: NameChaining::AnyOrder,
            ..PathPolicy::default()
        };
        let mut budget = Budget::default();
        for link in links.iter().filter(|link| is_named(signer, link)) {
            if signer.verify_signature(link.public_key()).is_err() {
                continue;
            }
            let material = PathMaterial { anchors: &anchors, intermediates: &links, crls: &[] };
            if let Ok(path) = VerifiedPath::build(link, material, None, &policy, &mut budget) {
                return (
                    ChainResult::Trusted { anchor: Box::new(path.anchor().clone()) },
                    Some(link.clone()),
                );
            }
        }
        (direct, None)
    }

    fn direct_chain(&self, signer: &Certificate) -> ChainResult {
        let country = signer.issuer().country();
        if country.is_some() && signer.subject().country().is_some_and(|own| Some(own) != country) {
            return ChainResult::NotTrusted(NotTrusted::CountryMismatch);
        }
        let mut of_country = self
            .anchors
            .iter()
            .filter(|anchor| country.is_some() && anchor.subject().country() == country)
            .peekable();
        if of_country.peek().is_none() {
            return ChainResult::NoAnchorForIssuer { country };
        }
        let (mut named, mut unknown) = (false, None);
        for anchor in of_country {
            if !is_named(signer, anchor) {
                continue;
            }
            // The anchor itself is no Document Signer, whatever signed it.
            if anchor.der() == signer.der() {
                continue;
            }
            named = true;
            match signer.verify_signature(anchor.public_key()) {
                Ok(()) => return ChainResult::Trusted { anchor: Box::new(anchor.clone()) },
                Err(VerifyError::Unknown(algorithm)) => unknown = Some(algorithm),
                Err(_) => {}
            }
        }
        match (unknown, named) {
            (Some(algorithm), _) => ChainResult::UnknownAlgorithm(algorithm),
            (None, true) => ChainResult::NotTrusted(NotTrusted::SignatureInvalid),
            (None, false) => ChainResult::NotTrusted(NotTrusted::UnknownIssuer),
        }
    }

    fn revocation(&self, signer: &Certificate, at: Timestamp) -> RevocationResult {
        let country = signer.issuer().country();
        let lists: Vec<_> = self
            .crls
            .iter()
            .filter(|crl| country.is_some() && crl.list.issuer().country() == country)
            .filter(|crl| crl.list.covers(signer))
            .collect();
        if lists.is_empty() {
            return RevocationResult::Unknown(UnknownRevocation::NoCrl);
        }
        let usable =
            |crl: &&&super::StoredCrl| crl.signed_by.is_some() && !crl.list.has_unknown_critical_extension();
        let signed: Vec<_> = lists.iter().filter(usable).map(|crl| &crl.list).collect();
        // A signed list that names the signer counts whatever its age: revocation is for ever.
        if let Some(entry) = signed.iter().find_map(|list| list.find(signer.serial())) {
            return RevocationResult::Revoked { date: entry.date, reason: entry.reason_name() };
        }
        let newest =
            signed.iter().filter(|list| list.this_update() <= at).max_by_key(|list| list.this_update());
        let unknown = match newest {
            Some(list) => match list.next_update() {
                Some(next_update) if at <= next_update => {
                    return RevocationResult::Good { this_update: list.this_update(), next_update };
                }
                next_update => UnknownRevocation::Stale { next_update },
            },
            None => signed
                .iter()
                .map(|list| list.this_update())
                .min()
                .map_or(UnknownRevocation::SignatureInvalid, |this_update| {
                    UnknownRevocation::FromTheFuture { this_update }
                }),
        };
        RevocationResult::Unknown(unknown)
    }
}

/// Whether the signer names this authority as its issuer, by key identifier or by name.
fn is_named(signer: &Certificate, authority: &Certificate) -> bool {
    let same_key =
        signer.authority_key_identifier().is_some_and(|id| authority.subject_key_identifier() == Some(id));
    same_key || authority.subject().matches(signer.issuer())
}

/// What was tolerated, by stable code.
fn leniencies(signer: &Certificate, authority: Option<&Certificate>) -> Vec<&'static str> {
    let of =
        |certificate: &Certificate| certificate.leniencies().iter().map(|leniency| leniency.code()).collect();
    let mut codes: Vec<&'static str> = of(signer);
    if let Some(authority) = authority {
        codes.extend(of(authority));
        if !signer.issuer().matches_in_order(authority.subject()) {
            let same = signer.issuer().matches(authority.subject());
            codes.push(if same { "name-order" } else { "issuer-by-key-identifier" });
        }
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn profile_problems(signer: &Certificate, anchor: Option<&Certificate>) -> Vec<ProfileProblem> {
    use crate::certificate::Leniency;
    let checks = [
        // Doc 9303-12 wants no BasicConstraints at all; CA=false is seen and harmless.
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
    ];
    checks.into_iter().filter_map(|(present, problem)| present.then_some(problem)).collect()
}
