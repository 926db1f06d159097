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

    /// Those that the standard names: eleven over ECDH, eight over DH (§9.2.3).
    pub fn all() -> impl Iterator<Item = Self> {
        let ciphers = [Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256];
        let family = |agreement, mapping| ciphers.map(|cipher| Self { agreement, mapping, cipher });
        [
            family(Agreement::Dh, Mapping::Generic),
            family(Agreement::Ecdh, Mapping::Generic),
            family(Agreement::Dh, Mapping::Integrated),
            family(Agreement::Ecdh, Mapping::Integrated),
            family(Agreement::Ecdh, Mapping::ChipAuthentication),
        ]
        .into_iter()
        .flatten()
        .filter(|protocol| {
            protocol.mapping != Mapping::ChipAuthentication || protocol.cipher != Cipher::TripleDes
        })
    }

    /// In short, as the object identifier's name says it: `ECDH-GM-AES-128`.
    #[must_use]
    pub fn name(self) -> String {
        let agreement = match self.agreement {
            Agreement::Dh => "DH",
            Agreement::Ecdh => "ECDH",
        };
        let mapping = match self.mapping {
            Mapping::Generic => "GM",
            Mapping::Integrated => "IM",
            Mapping::ChipAuthentication => "CAM",
        };
        let cipher = match self.cipher {
            Cipher::TripleDes => "3DES",
            Cipher::Aes128 => "AES-128",
            Cipher::Aes192 => "AES-192",
            Cipher::Aes256 => "AES-256",
        };
        format!("{agreement}-{mapping}-{cipher}")
    }

    /// By its short name, whatever the case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }

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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Doc 9303-11 §4.4.3 tables 2 and 3.
    #[test]
    fn nineteen_protocols_by_identifier_and_name() {
        let all: Vec<_> = PaceProtocol::all().collect();
        assert_eq!(all.len(), 19);
        for protocol in all {
            assert_eq!(PaceProtocol::from_oid(protocol.oid()), Some(protocol));
            assert_eq!(PaceProtocol::from_name(&protocol.name().to_lowercase()), Some(protocol));
        }
        assert_eq!(PaceProtocol::ECDH_GM_AES_128.name(), "ECDH-GM-AES-128");
        assert_eq!(PaceProtocol::ECDH_GM_AES_128.oid().to_string(), "0.4.0.127.0.7.2.2.4.2.2");
        for stranger in ["0.4.0.127.0.7.2.2.4.6.1", "0.4.0.127.0.7.2.2.4.5.2", "0.4.0.127.0.7.2.2.4.2", "1.2"]
        {
            assert_eq!(PaceProtocol::from_oid(stranger.parse().unwrap()), None, "{stranger}");
        }
    }
}
