//! From a Document Signer to an anchor of its country, directly or over link certificates (Doc 9303-12 §8, §7.1.1).

use super::TrustStore;
use super::path::{ChainResult, NotTrusted};
use crate::algorithm::UnknownAlgorithm;
use crate::certificate::Certificate;
use crate::path::{
    Budget, NameChaining, PathMaterial, PathPolicy, PathProblem, RevocationDemand, VerifiedPath,
};
use crate::public_key::{SignatureLeniency, VerifyError};

/// What the search found.
pub(super) struct Chain {
    pub(super) result: ChainResult,
    /// Link certificates, the signer's own issuer first.
    pub(super) links: Vec<Certificate>,
    /// Departures in signatures, and those that the path over links tolerated.
    tolerated: Vec<&'static str>,
}

impl Chain {
    fn without_links(result: ChainResult) -> Self {
        Self { result, links: Vec::new(), tolerated: Vec::new() }
    }

    /// The anchor that vouches for the signer.
    pub(super) fn anchor(&self) -> Option<&Certificate> {
        match &self.result {
            ChainResult::Trusted { anchor } => Some(anchor),
            _ => None,
        }
    }

    /// The authorities above the signer, the nearest first.
    pub(super) fn authorities(&self) -> impl Iterator<Item = &Certificate> {
        self.links.iter().chain(self.anchor())
    }

    /// What was tolerated, by stable code.
    pub(super) fn leniencies(&self, signer: &Certificate) -> Vec<&'static str> {
        let mut codes = self.tolerated.clone();
        for certificate in std::iter::once(signer).chain(self.authorities()) {
            codes.extend(certificate.leniencies().iter().map(|leniency| leniency.code()));
        }
        if let Some(authority) = self.authorities().next()
            && !signer.issuer().matches_in_order(authority.subject())
        {
            let same = signer.issuer().matches(authority.subject());
            codes.push(if same { "name-order" } else { "issuer-by-key-identifier" });
        }
        codes.sort_unstable();
        codes.dedup();
        codes
    }

    /// Whether a signature that the chain rests on is weak; the anchor's own is none of them.
    pub(super) fn weak_hash(&self, signer: &Certificate) -> bool {
        self.anchor().is_some()
            && std::iter::once(signer).chain(&self.links).any(Certificate::has_weak_signature)
    }

    /// Bits of the shortest RSA key of the chain.
    pub(super) fn shortest_rsa(&self, signer: &Certificate) -> Option<usize> {
        std::iter::once(signer)
            .chain(self.authorities())
            .filter_map(|certificate| certificate.public_key().rsa_bits())
            .min()
    }
}

impl TrustStore {
    /// The anchor behind a signer, directly or over link certificates. Every signature counts against the budget.
    pub(super) fn find_chain(&self, signer: &Certificate, budget: &mut Budget) -> Chain {
        let direct = self.direct_chain(signer, budget);
        if matches!(
            direct.result,
            ChainResult::Trusted { .. }
                | ChainResult::BudgetExhausted
                | ChainResult::NotTrusted(NotTrusted::CountryMismatch)
        ) {
            return direct;
        }
        match self.chain_over_links(signer, budget) {
            Ok(Some(chain)) => chain,
            Ok(None) => direct,
            Err(_) => Chain::without_links(ChainResult::BudgetExhausted),
        }
    }

    fn chain_over_links(
        &self,
        signer: &Certificate,
        budget: &mut Budget,
    ) -> Result<Option<Chain>, PathProblem> {
        let country = signer.issuer().country();
        let of_country =
            |certificate: &&Certificate| country.is_some() && certificate.subject().country() == country;
        let mut named = self.links.iter().filter(of_country).filter(|link| is_named(signer, link)).peekable();
        if named.peek().is_none() {
            return Ok(None);
        }
        let links: Vec<Certificate> = self.links.iter().filter(of_country).cloned().collect();
        let anchors: Vec<Certificate> = self.anchors.iter().filter(of_country).cloned().collect();
        let material = PathMaterial { anchors: &anchors, intermediates: &links, crls: &[] };
        for link in named {
            budget.signature()?;
            let Ok(tolerated) = signer.verify_signature_leniently(link.public_key()) else { continue };
            match VerifiedPath::build(link, material, None, &over_links(), budget) {
                Ok(path) => {
                    let tolerated = tolerated.map(SignatureLeniency::code);
                    return Ok(Some(Chain {
                        result: ChainResult::Trusted { anchor: Box::new(path.anchor().clone()) },
                        links: path.certificates().to_vec(),
                        tolerated: tolerated.into_iter().chain(path.leniencies().iter().copied()).collect(),
                    }));
                }
                Err(PathProblem::BudgetExhausted) => return Err(PathProblem::BudgetExhausted),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    fn direct_chain(&self, signer: &Certificate, budget: &mut Budget) -> Chain {
        let country = signer.issuer().country();
        if country.is_some() && signer.subject().country().is_some_and(|own| Some(own) != country) {
            return Chain::without_links(ChainResult::NotTrusted(NotTrusted::CountryMismatch));
        }
        let mut of_country = self
            .anchors
            .iter()
            .filter(|anchor| country.is_some() && anchor.subject().country() == country)
            .peekable();
        if of_country.peek().is_none() {
            return Chain::without_links(ChainResult::NoAnchorForIssuer { country });
        }
        let (mut named, mut unknown) = (false, None);
        // The anchor itself is no Document Signer, whatever signed it.
        for anchor in of_country.filter(|anchor| is_named(signer, anchor) && anchor.der() != signer.der()) {
            named = true;
            if budget.signature().is_err() {
                return Chain::without_links(ChainResult::BudgetExhausted);
            }
            match signer.verify_signature_leniently(anchor.public_key()) {
                Ok(tolerated) => {
                    return Chain {
                        result: ChainResult::Trusted { anchor: Box::new(anchor.clone()) },
                        links: Vec::new(),
                        tolerated: tolerated.map(SignatureLeniency::code).into_iter().collect(),
                    };
                }
                Err(VerifyError::Unknown(algorithm)) => unknown = Some(algorithm),
                Err(_) => {}
            }
        }
        Chain::without_links(why_not(unknown, named))
    }
}

fn why_not(unknown: Option<UnknownAlgorithm>, named: bool) -> ChainResult {
    match (unknown, named) {
        (Some(algorithm), _) => ChainResult::UnknownAlgorithm(algorithm),
        (None, true) => ChainResult::NotTrusted(NotTrusted::SignatureInvalid),
        (None, false) => ChainResult::NotTrusted(NotTrusted::UnknownIssuer),
    }
}

/// Paths over link certificates: revocation is asked elsewhere, and names may be in any order.
pub(crate) fn over_links() -> PathPolicy {
    PathPolicy {
        revocation: RevocationDemand::NotAsked,
        names: NameChaining::AnyOrder,
        ..PathPolicy::default()
    }
}

/// Whether the signer names this authority as its issuer, by key identifier or by name.
fn is_named(signer: &Certificate, authority: &Certificate) -> bool {
    let same_key =
        signer.authority_key_identifier().is_some_and(|id| authority.subject_key_identifier() == Some(id));
    same_key || authority.subject().matches(signer.issuer())
}
