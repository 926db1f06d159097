//! What the lists say about a signer and about the authorities above it: Doc 9303-12 §7.1.4.
//!
//! A list speaks for an authority if that authority signed it, under any of its keys: keys of one name (but for the number
//! of the key in it), and keys joined by link certificates, are one authority (Doc 9303-12 §7.1.4 lets the newest key
//! sign for all older ones). Another authority of the same country says nothing about it, good or bad.

use super::chain::Chain;
use super::path::{RevocationResult, UnknownRevocation};
use super::{StoredCrl, TrustStore};
use crate::certificate::Certificate;
use crate::crl::{Limit, RevokedCertificate};
use crate::path::{Budget, PathProblem};
use crate::public_key::VerifyError;
use jiff::Timestamp;

/// What was found, and what it rests on.
pub(super) struct Revocation {
    pub(super) result: RevocationResult,
    pub(super) leniencies: Vec<&'static str>,
    pub(super) weak_hash: bool,
    pub(super) from_the_future: usize,
    pub(super) of_others: usize,
}

impl Revocation {
    fn unknown(why: UnknownRevocation) -> Self {
        Self {
            result: RevocationResult::Unknown(why),
            leniencies: Vec::new(),
            weak_hash: false,
            from_the_future: 0,
            of_others: 0,
        }
    }
}

impl TrustStore {
    pub(super) fn revocation(
        &self,
        signer: &Certificate,
        chain: &Chain,
        at: Timestamp,
        budget: &mut Budget,
    ) -> Revocation {
        let country = signer.issuer().country();
        let lists: Vec<&StoredCrl> = self
            .crls
            .iter()
            .filter(|crl| country.is_some() && crl.list.issuer().country() == country)
            .filter(|crl| crl.list.covers(signer))
            .collect();
        if lists.is_empty() {
            return Revocation::unknown(UnknownRevocation::NoCrl);
        }
        let none_counts = |why| Revocation { of_others: lists.len(), ..Revocation::unknown(why) };
        let signed: Vec<&StoredCrl> = lists.iter().filter(|crl| crl.signed_by.is_some()).copied().collect();
        if signed.is_empty() {
            return none_counts(UnknownRevocation::SignatureInvalid);
        }
        let understood: Vec<&StoredCrl> =
            signed.into_iter().filter(|crl| !crl.list.has_unknown_critical_extension()).collect();
        if understood.is_empty() {
            return none_counts(UnknownRevocation::CriticalExtension);
        }
        let Ok(speaking) = self.of_the_same_authority(signer, chain, &understood, budget) else {
            return Revocation::unknown(UnknownRevocation::BudgetExhausted);
        };
        if speaking.is_empty() {
            return none_counts(UnknownRevocation::OtherAuthority);
        }
        // Only a whole list says of anybody that he is not revoked.
        let whole: Vec<&StoredCrl> =
            speaking.iter().filter(|crl| crl.list.limit().is_none()).copied().collect();
        let of_others = lists.len().saturating_sub(whole.len());
        let from_the_future = whole.iter().filter(|crl| crl.list.this_update() > at).count();
        let by = |crl: Option<&StoredCrl>, result| Revocation {
            result,
            leniencies: crl.map(|crl| crl.tolerated.clone()).unwrap_or_default(),
            weak_hash: crl.is_some_and(|crl| crl.list.has_weak_signature()),
            from_the_future,
            of_others,
        };
        // A signed list that names a certificate counts whatever its age: revocation is for ever.
        for crl in &speaking {
            if let Some(entry) = named(crl, signer.serial()) {
                let revoked = RevocationResult::Revoked { date: entry.date, reason: entry.reason_name() };
                return by(Some(crl), revoked);
            }
        }
        for crl in &speaking {
            if let Some(entry) = chain.authorities().find_map(|above| named(crl, above.serial())) {
                let (date, reason) = (entry.date, entry.reason_name());
                return by(Some(crl), RevocationResult::AuthorityRevoked { date, reason });
            }
        }
        if whole.is_empty() {
            let limit = speaking.iter().filter_map(|crl| crl.list.limit()).max();
            return match limit {
                Some(limit) => none_counts(UnknownRevocation::Limited(limit)),
                None => none_counts(UnknownRevocation::NoCrl),
            };
        }
        let begun = whole.iter().filter(|crl| crl.list.this_update() <= at);
        match begun.max_by_key(|crl| crl.list.this_update()) {
            Some(crl) => by(
                Some(crl),
                match crl.list.next_update() {
                    Some(next_update) if at <= next_update => {
                        RevocationResult::Good { this_update: crl.list.this_update(), next_update }
                    }
                    next_update => RevocationResult::Unknown(UnknownRevocation::Stale { next_update }),
                },
            ),
            None => {
                let earliest = whole.iter().map(|crl| crl.list.this_update()).min().unwrap_or(at);
                let unknown = UnknownRevocation::FromTheFuture { this_update: earliest };
                by(None, RevocationResult::Unknown(unknown))
            }
        }
    }

    /// The lists that the authority of this signer has signed, under any of its names and keys.
    fn of_the_same_authority<'a>(
        &self,
        signer: &Certificate,
        chain: &Chain,
        signed: &[&'a StoredCrl],
        budget: &mut Budget,
    ) -> Result<Vec<&'a StoredCrl>, PathProblem> {
        let mut authority: Vec<&Certificate> = chain.authorities().collect();
        let speaks = |authority: &[&Certificate], crl: &StoredCrl| {
            let Some(by) = &crl.signed_by else { return false };
            by.subject().is_same_authority(signer.issuer())
                || authority.iter().any(|above| is_same(above, by))
        };
        if !signed.iter().all(|crl| speaks(&authority, crl))
            && let Some(country) = authority.first().map(|first| first.subject().country())
        {
            let of_country = |one: &&Certificate| one.subject().country() == country;
            let links: Vec<&Certificate> = self.links.iter().filter(of_country).collect();
            let anchors = self.anchors.iter().filter(of_country);
            let issuers: Vec<&Certificate> = anchors.chain(links.iter().copied()).collect();
            // Link certificates join names and keys; each round adds at least one, or is the last.
            loop {
                let before = authority.len();
                for link in &links {
                    join(link, &issuers, &mut authority, budget)?;
                }
                if authority.len() == before {
                    break;
                }
            }
        }
        Ok(signed.iter().filter(|crl| speaks(&authority, crl)).copied().collect())
    }
}

/// The entry by which a list revokes a certificate of its own issuer.
fn named<'a>(crl: &'a StoredCrl, serial: &[u8]) -> Option<&'a RevokedCertificate> {
    let entry = crl.list.find(serial)?;
    match crl.list.limit() {
        Some(Limit::Indirect) => None,
        Some(Limit::Delta) if entry.is_taken_back() => None,
        _ => Some(entry),
    }
}

/// If the link was signed by a key of the authority, or is of one of its keys, both ends are the authority's.
fn join<'a>(
    link: &'a Certificate,
    issuers: &[&'a Certificate],
    authority: &mut Vec<&'a Certificate>,
    budget: &mut Budget,
) -> Result<(), PathProblem> {
    let knows = |authority: &[&Certificate], one: &Certificate| {
        authority.iter().any(|above| above.public_key() == one.public_key())
    };
    for issuer in issuers {
        budget.step()?;
        if issuer.public_key() == link.public_key() || !issuer.subject().matches(link.issuer()) {
            continue;
        }
        let (above, below) = (knows(authority, issuer), knows(authority, link));
        if above == below {
            continue;
        }
        budget.signature()?;
        if link.verify_signature_leniently(issuer.public_key()).is_ok() {
            authority.push(if above { link } else { issuer });
        }
    }
    Ok(())
}

/// One name or one key is one authority; its keys may be numbered in the name.
pub(super) fn is_same(one: &Certificate, other: &Certificate) -> bool {
    one.public_key() == other.public_key() || one.subject().is_same_authority(other.subject())
}

/// Who signed a list: an authority of its country that may sign lists.
pub(super) fn signer_of(
    crl: &crate::crl::CertificateRevocationList,
    authorities: &[Certificate],
) -> Option<(Certificate, Vec<&'static str>)> {
    let country = crl.issuer().country()?;
    authorities
        .iter()
        .filter(|authority| authority.subject().country().as_deref() == Some(country.as_str()))
        .filter(|authority| authority.key_usage().is_none_or(crate::certificate::KeyUsage::crl_sign))
        .find_map(|authority| {
            let tolerated: Result<_, VerifyError> = crl.verify_signature_leniently(authority.public_key());
            let tolerated = tolerated.ok()?.map(crate::public_key::SignatureLeniency::code).into_iter();
            let tolerated = tolerated.chain(crl.leniencies().iter().copied()).collect();
            Some((authority.clone(), tolerated))
        })
}
