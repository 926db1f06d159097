//! What a reading station holds to authenticate itself to chips.

use crate::algorithm::SignatureAlgorithm;
use crate::certificate::Certificate;
use crate::chain::find_chain;
use crate::chat::Role;
use crate::date::Date;
use crate::private_key::PrivateKey;
use crate::reference::Reference;
use std::fmt;

/// A terminal's key, its certificate, and those above it.
pub struct TerminalCredentials {
    certificates: Vec<Certificate>,
    holder: Reference,
    key: PrivateKey,
}

/// None of the certificates is a terminal's with this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("none of the certificates belongs to the terminal's key")]
pub struct NoCertificate;

impl TerminalCredentials {
    /// Of certificates in any order and a private key in PKCS#8: the terminal's certificate is the one whose public
    /// half is this key's; of several, the one that ends last.
    ///
    /// # Errors
    /// [`NoCertificate`].
    pub fn new(certificates: Vec<Certificate>, pkcs8: &[u8]) -> Result<Self, NoCertificate> {
        let own = |certificate: &Certificate| {
            let content = certificate.content();
            let algorithm = SignatureAlgorithm::from_oid(content.public_key.algorithm())?;
            let key = PrivateKey::from_pkcs8(pkcs8, algorithm).ok()?;
            let matches =
                content.chat.role() == Role::Terminal && key.public_key(false).ok()? == content.public_key;
            matches.then(|| (content.expiration, content.holder.clone(), key))
        };
        let (_, holder, key) = certificates
            .iter()
            .filter_map(own)
            .max_by_key(|(expiration, _, _)| *expiration)
            .ok_or(NoCertificate)?;
        Ok(Self { certificates, holder, key })
    }

    /// The terminal's name.
    #[must_use]
    pub fn holder(&self) -> &Reference {
        &self.holder
    }

    /// The terminal's key.
    #[must_use]
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The terminal's certificate.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificates.iter().find(|one| one.holder() == &self.holder)
    }

    /// The certificate that a station may not show on this day: one that begins later, which would carry a chip's date into
    /// the future and lock others out, or its own after its last day.
    #[must_use]
    pub fn not_current_on(&self, day: Date) -> Option<&Certificate> {
        let early = |one: &&Certificate| one.content().effective > day;
        let late = |one: &&Certificate| one.content().expiration < day;
        self.certificates.iter().find(early).or_else(|| self.certificate().filter(late))
    }

    /// The certificates to present to a chip that knows one of these keys.
    #[must_use]
    pub fn chain_from(&self, known: &[Reference]) -> Option<Vec<&Certificate>> {
        find_chain(&self.certificates, known, &self.holder)
    }
}

impl fmt::Debug for TerminalCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TerminalCredentials({}, {} certificates)", self.holder, self.certificates.len())
    }
}
