//! PACE's object identifiers (Doc 9303-11 §9.2.1).

use crate::protocol::kdf::Cipher;
use const_oid::ObjectIdentifier;

/// The key agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Agreement {
    /// Diffie-Hellman.
    Dh,
    /// Elliptic curve Diffie-Hellman.
    Ecdh,
}

/// How the nonce becomes a generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mapping {
    /// Generic mapping (§4.4.3.3.1).
    Generic,
    /// Integrated mapping (§4.4.3.3.2).
    Integrated,
    /// Chip authentication mapping (§4.4.3.3.3).
    ChipAuthentication,
}

/// A PACE protocol: `id-PACE-<agreement>-<mapping>-<cipher>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PaceProtocol {
    /// The key agreement.
    pub agreement: Agreement,
    /// The mapping.
    pub mapping: Mapping,
    /// The cipher.
    pub cipher: Cipher,
}

const ID_PACE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.4");

impl PaceProtocol {
    /// `id-PACE-ECDH-GM-AES-CBC-CMAC-128`: what a CCCD offers.
    pub const ECDH_GM_AES_128: Self =
        Self { agreement: Agreement::Ecdh, mapping: Mapping::Generic, cipher: Cipher::Aes128 };

    /// By object identifier; `None` when it is no PACE protocol.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        let mut arcs = oid.arcs();
        if !ID_PACE.arcs().all(|arc| arcs.next() == Some(arc)) {
            return None;
        }
        let (agreement, mapping) = match arcs.next()? {
            1 => (Agreement::Dh, Mapping::Generic),
            2 => (Agreement::Ecdh, Mapping::Generic),
            3 => (Agreement::Dh, Mapping::Integrated),
            4 => (Agreement::Ecdh, Mapping::Integrated),
            6 => (Agreement::Ecdh, Mapping::ChipAuthentication),
            _ => return None,
        };
        let cipher = match arcs.next()? {
            1 if mapping != Mapping::ChipAuthentication => Cipher::TripleDes,
            2 => Cipher::Aes128,
            3 => Cipher::Aes192,
            4 => Cipher::Aes256,
            _ => return None,
        };
        arcs.next().is_none().then_some(Self { agreement, mapping, cipher })
    }

    /// The object identifier. A combination the standard does not name (DH or 3DES with the chip authentication
    /// mapping) gives the nearest arcs, which no card accepts.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        let family = match (self.agreement, self.mapping) {
            (Agreement::Dh, Mapping::Generic) => 1,
            (Agreement::Ecdh, Mapping::Generic) => 2,
            (Agreement::Dh, Mapping::Integrated) => 3,
            (Agreement::Ecdh, Mapping::Integrated) => 4,
            (Agreement::Dh, Mapping::ChipAuthentication) => 5,
            (Agreement::Ecdh, Mapping::ChipAuthentication) => 6,
        };
        let cipher = match self.cipher {
            Cipher::TripleDes => 1,
            Cipher::Aes128 => 2,
            Cipher::Aes192 => 3,
            Cipher::Aes256 => 4,
        };
        ID_PACE.push_arc(family).and_then(|oid| oid.push_arc(cipher)).unwrap_or(ID_PACE)
    }

    /// Whether this crate can run it.
    #[must_use]
    pub fn is_supported(self) -> bool {
        self.agreement == Agreement::Ecdh && self.mapping == Mapping::Generic
    }
}
