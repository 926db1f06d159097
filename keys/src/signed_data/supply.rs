//! Certificates that did not come along (RFC 5652 §5.1 lets them be left out) and are kept elsewhere.

use super::{Laid, SignedData, SignerIdentifier};
use crate::certificate::Certificate;

/// More candidates than this for one signature are not tried.
const MAX_CANDIDATES: usize = 8;

impl SignedData {
    /// Looks for the certificate of every signer that did not bring one along, among those that `candidates` knows. Of
    /// several that the identifier names, the one is taken whose key made the signature: nobody can stand before the
    /// right one by its name.
    pub fn supply(&mut self, candidates: &dyn Fn(&SignerIdentifier) -> Vec<Certificate>) {
        let mut found: Vec<Certificate> = Vec::new();
        for info in self.signers() {
            if self.certificate_of(info).is_some() {
                continue;
            }
            let mut named = candidates(info.sid());
            named.retain(|certificate| info.names(certificate));
            named.truncate(MAX_CANDIDATES);
            let signed = |certificate: &Certificate| {
                self.econtent().is_some_and(|content| {
                    self.verify_signer_by(info, content, Laid::Nobodys, Some((certificate, true))).is_ok()
                })
            };
            let index = if named.len() > 1 { named.iter().position(signed).unwrap_or(0) } else { 0 };
            if index < named.len() {
                found.push(named.swap_remove(index));
            }
        }
        self.supplied.extend(found);
    }

    /// Whether a signer's certificate was supplied, and did not come along.
    #[must_use]
    pub fn is_supplied(&self, certificate: &Certificate) -> bool {
        self.supplied.contains(certificate) && !self.certificates().contains(certificate)
    }
}
