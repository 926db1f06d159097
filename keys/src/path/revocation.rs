//! Revocation along a path: RFC 5280 §6.3, whole lists only.

use super::build::Search;
use super::{Budget, PathProblem, RevocationUnknown};
use crate::certificate::{Certificate, KeyUsage};
use crate::crl::CertificateRevocationList;
use crate::public_key::PublicKey;

impl<'a> Search<'a> {
    /// Whether a list that counts leaves the certificate out, and none that is signed names it.
    pub(super) fn is_not_revoked(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        issuer_key: &PublicKey,
        level: usize,
        budget: &mut Budget,
    ) -> Result<(), PathProblem> {
        let mut unknown = RevocationUnknown::NoCrl;
        let mut good = false;
        for list in self.material.crls {
            budget.step()?;
            if !self.same_name(list.issuer(), certificate.issuer()) || !list.covers(certificate) {
                continue;
            }
            if !list.is_complete_and_numbered() {
                unknown = unknown.max(RevocationUnknown::NotProcessed);
                continue;
            }
            if !self.may_be_believed(list, issuer, issuer_key, level, budget)? {
                unknown = unknown.max(RevocationUnknown::SignatureInvalid);
                continue;
            }
            // A signed list that names the certificate counts whatever its age: revocation is for ever.
            if list.find(certificate.serial()).is_some() {
                return Err(PathProblem::Revoked);
            }
            match self.at {
                Some(at) if at < list.this_update() => {
                    unknown = unknown.max(RevocationUnknown::FromTheFuture);
                }
                Some(at) if list.next_update().is_none_or(|next| at > next) => {
                    unknown = unknown.max(RevocationUnknown::Stale);
                }
                _ => good = true,
            }
        }
        if good { Ok(()) } else { Err(PathProblem::RevocationUnknown(unknown)) }
    }

    /// Whether the list is signed by its issuer: by the key above, or by another key of that name for which a path
    /// exists and which may sign lists.
    fn may_be_believed(
        &self,
        list: &CertificateRevocationList,
        issuer: &Certificate,
        issuer_key: &PublicKey,
        level: usize,
        budget: &mut Budget,
    ) -> Result<bool, PathProblem> {
        if may_sign_lists(issuer) {
            budget.signature()?;
            if list.verify_signature(issuer_key).is_ok() {
                return Ok(true);
            }
        }
        for other in self.material.anchors {
            if self.is_other_signer(other, issuer, list) {
                budget.signature()?;
                if list.verify_signature(other.public_key()).is_ok() {
                    return Ok(true);
                }
            }
        }
        for other in self.material.intermediates {
            if !self.is_other_signer(other, issuer, list) {
                continue;
            }
            budget.signature()?;
            if list.verify_signature(other.public_key()).is_err() || !Self::may_go_deeper(level) {
                continue;
            }
            match self.run(other, level.saturating_add(1), budget) {
                Ok(_) => return Ok(true),
                Err(PathProblem::BudgetExhausted) => return Err(PathProblem::BudgetExhausted),
                Err(_) => {}
            }
        }
        Ok(false)
    }

    fn is_other_signer(
        &self,
        other: &'a Certificate,
        issuer: &Certificate,
        list: &CertificateRevocationList,
    ) -> bool {
        other.der() != issuer.der() && may_sign_lists(other) && self.same_name(other.subject(), list.issuer())
    }
}

/// RFC 5280 §6.3.3 (f): the bit counts where the extension is.
fn may_sign_lists(certificate: &Certificate) -> bool {
    certificate.key_usage().is_none_or(KeyUsage::crl_sign)
}
