//! One path, verified from the anchor down: RFC 5280 §6.1.

use super::build::Search;
use super::{Budget, PathProblem};
use crate::certificate::{Certificate, Leniency};
use crate::public_key::{PublicKey, SignatureLeniency};

impl Search<'_> {
    /// Verifies a path, end first. Gives what had to be tolerated.
    pub(super) fn validate(
        &self,
        path: &[&Certificate],
        anchor: &Certificate,
        level: usize,
        budget: &mut Budget,
    ) -> Result<Vec<&'static str>, PathProblem> {
        may_sign_certificates(anchor)?;
        self.is_valid_now(anchor)?;
        let mut leniencies = Vec::new();
        let mut issuer = anchor;
        let mut key: PublicKey = anchor.public_key().clone();
        let mut room = anchor.basic_constraints().and_then(|(_, length)| length);
        let mut intermediates = 0_usize;
        for (distance, certificate) in path.iter().enumerate().rev() {
            budget.signature()?;
            leniencies.extend(certificate.verify_signature_leniently(&key)?.map(SignatureLeniency::code));
            self.is_valid_now(certificate)?;
            if !certificate.issuer().matches_in_order(issuer.subject()) {
                leniencies.push("name-order");
            }
            if !certificate.unknown_critical_extensions().is_empty() {
                return Err(PathProblem::UnknownCriticalExtension);
            }
            if certificate.leniencies().contains(&Leniency::RepeatedExtension) {
                return Err(PathProblem::RepeatedExtension);
            }
            leniencies.extend(certificate.leniencies().iter().map(|leniency| leniency.code()));
            if self.asks_revocation() {
                self.is_not_revoked(certificate, issuer, &key, level, budget)?;
            }
            key = certificate.public_key().inheriting_from(&key);
            if distance > 0 {
                is_authority(certificate)?;
                if !certificate.is_self_issued() {
                    room = match room {
                        Some(left) => Some(left.checked_sub(1).ok_or(PathProblem::PathLength)?),
                        None => None,
                    };
                    intermediates = intermediates.saturating_add(1);
                }
                if let Some((_, Some(own))) = certificate.basic_constraints() {
                    room = Some(room.map_or(own, |left| left.min(own)));
                }
            }
            issuer = certificate;
        }
        if self.policy.max_intermediates.is_some_and(|most| intermediates > most) {
            return Err(PathProblem::TooLong);
        }
        leniencies.sort_unstable();
        leniencies.dedup();
        Ok(leniencies)
    }

    fn is_valid_now(&self, certificate: &Certificate) -> Result<(), PathProblem> {
        match self.at {
            Some(at) if at < certificate.not_before() => Err(PathProblem::NotYetValid),
            Some(at) if at > certificate.not_after() => Err(PathProblem::Expired),
            _ => Ok(()),
        }
    }
}

/// basicConstraints says CA, and the key may sign certificates (RFC 5280 §6.1.4 (k), (n)).
pub(super) fn is_authority(certificate: &Certificate) -> Result<(), PathProblem> {
    if !matches!(certificate.basic_constraints(), Some((true, _))) {
        return Err(PathProblem::NotAnAuthority);
    }
    may_sign_certificates(certificate)
}

fn may_sign_certificates(certificate: &Certificate) -> Result<(), PathProblem> {
    match certificate.key_usage() {
        Some(usage) if !usage.key_cert_sign() => Err(PathProblem::KeyUsage),
        _ => Ok(()),
    }
}
