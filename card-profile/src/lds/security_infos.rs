//! `SecurityInfos`: what EF.CardAccess, EF.CardSecurity and DG14 announce (Doc 9303-11 §9.2, TR-03110-3 §A.1.1).
//!
//! ```text
//! SecurityInfos ::= SET OF SecurityInfo
//! SecurityInfo ::= SEQUENCE { protocol OBJECT IDENTIFIER, requiredData ANY, optionalData ANY OPTIONAL }
//! ```

pub mod oid;
mod read;

use der::asn1::ObjectIdentifier;

use super::{LdsError, integer_bytes};
use crate::tlv::{Reader, Writer, encode};

/// The most infos read: the largest known document has 18.
const MAX_INFOS: usize = 64;

/// A set of security infos, in the order found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityInfos {
    /// The infos.
    pub infos: Vec<SecurityInfo>,
}

/// One security info, by the protocol it announces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecurityInfo {
    /// PACE with standardized domain parameters.
    Pace(PaceInfo),
    /// Domain parameters for PACE.
    PaceDomainParameter(PaceDomainParameterInfo),
    /// Chip Authentication.
    ChipAuthentication(ChipAuthenticationInfo),
    /// The chip's static key for Chip Authentication.
    ChipAuthenticationPublicKey(ChipAuthenticationPublicKeyInfo),
    /// Terminal Authentication.
    TerminalAuthentication(TerminalAuthenticationInfo),
    /// The signature algorithm of Active Authentication with ECDSA.
    ActiveAuthentication(ActiveAuthenticationInfo),
    /// A protocol not known here, or one whose data are not as its standard says.
    Unknown {
        /// The protocol; `None` when not even that can be read.
        protocol: Option<ObjectIdentifier>,
        /// The whole info.
        raw: Vec<u8>,
    },
}

/// ```text
/// PACEInfo ::= SEQUENCE { protocol OBJECT IDENTIFIER, version INTEGER (2), parameterId INTEGER OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaceInfo {
    /// Mapping, key agreement and cipher.
    pub protocol: ObjectIdentifier,
    /// 2.
    pub version: u32,
    /// Standardized domain parameters (TR-03110-3 table 4): 12 is P-256, 13 brainpoolP256r1.
    pub parameter_id: Option<u32>,
}

/// ```text
/// PACEDomainParameterInfo ::= SEQUENCE { protocol OBJECT IDENTIFIER,
///   domainParameter AlgorithmIdentifier, parameterId INTEGER OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaceDomainParameterInfo {
    /// Mapping and key agreement.
    pub protocol: ObjectIdentifier,
    /// The `AlgorithmIdentifier`, DER.
    pub domain_parameter: Vec<u8>,
    /// The local identifier of these parameters.
    pub parameter_id: Option<u32>,
}

/// ```text
/// ChipAuthenticationInfo ::= SEQUENCE { protocol OBJECT IDENTIFIER, version INTEGER, keyId INTEGER OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipAuthenticationInfo {
    /// Key agreement and cipher.
    pub protocol: ObjectIdentifier,
    /// 1 (Doc 9303), 2 or 3 (TR-03110).
    pub version: u32,
    /// Which key.
    pub key_id: Option<u32>,
}

/// ```text
/// ChipAuthenticationPublicKeyInfo ::= SEQUENCE { protocol OBJECT IDENTIFIER,
///   chipAuthenticationPublicKey SubjectPublicKeyInfo, keyId INTEGER OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChipAuthenticationPublicKeyInfo {
    /// Kind of key: DH or ECDH.
    pub protocol: ObjectIdentifier,
    /// The `SubjectPublicKeyInfo`, DER; [`super::public_key`] reads it.
    pub public_key: Vec<u8>,
    /// Which key.
    pub key_id: Option<u32>,
}

/// ```text
/// TerminalAuthenticationInfo ::= SEQUENCE { protocol OBJECT IDENTIFIER, version INTEGER, efCVCA FileID OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalAuthenticationInfo {
    /// id-TA.
    pub protocol: ObjectIdentifier,
    /// 1 (Doc 9303) or 2 (TR-03110).
    pub version: u32,
    /// `efCVCA`, DER, if present.
    pub ef_cvca: Option<Vec<u8>>,
}

/// ```text
/// ActiveAuthenticationInfo ::= SEQUENCE { protocol OBJECT IDENTIFIER, version INTEGER (1),
///   signatureAlgorithm OBJECT IDENTIFIER }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveAuthenticationInfo {
    /// id-icao-mrtd-security-aaProtocolObject.
    pub protocol: ObjectIdentifier,
    /// 1.
    pub version: u32,
    /// ecdsa-plain-SHA… (TR-03111 §5.2.1).
    pub signature_algorithm: ObjectIdentifier,
}

impl SecurityInfos {
    /// Reads the `SET` (EF.CardAccess as a whole, or the value of DG14).
    ///
    /// # Errors
    /// [`LdsError`]; a malformed info among good ones is [`SecurityInfo::Unknown`], no error.
    pub fn parse(set: &[u8]) -> Result<Self, LdsError> {
        let mut infos = Vec::new();
        for object in Reader::new(set).expect(0x31)?.nested()? {
            let object = object?;
            if infos.len() == MAX_INFOS {
                return Err(LdsError::Value { what: "number of security infos", offset: object.offset });
            }
            infos.push(SecurityInfo::read(&object));
        }
        Ok(Self { infos })
    }

    /// Whether an info names a protocol of Chip Authentication and is not as its standard says.
    #[must_use]
    pub fn has_malformed_chip_authentication(&self) -> bool {
        self.infos.iter().any(|info| {
            matches!(info, SecurityInfo::Unknown { protocol: Some(protocol), .. }
                if read::is_chip_authentication(*protocol))
        })
    }

    /// The DER `SET OF`: elements ascending by their encodings (ISO/IEC 8825-1 §11.6).
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let mut elements: Vec<Vec<u8>> = self.infos.iter().map(SecurityInfo::to_der).collect();
        elements.sort_unstable();
        encode(0x31, &elements.concat())
    }

    /// The PACE infos.
    pub fn pace(&self) -> impl Iterator<Item = &PaceInfo> {
        self.infos.iter().filter_map(|info| match info {
            SecurityInfo::Pace(info) => Some(info),
            _ => None,
        })
    }

    /// The Chip Authentication infos.
    pub fn chip_authentication(&self) -> impl Iterator<Item = &ChipAuthenticationInfo> {
        self.infos.iter().filter_map(|info| match info {
            SecurityInfo::ChipAuthentication(info) => Some(info),
            _ => None,
        })
    }

    /// The Chip Authentication keys.
    pub fn chip_authentication_keys(&self) -> impl Iterator<Item = &ChipAuthenticationPublicKeyInfo> {
        self.infos.iter().filter_map(|info| match info {
            SecurityInfo::ChipAuthenticationPublicKey(info) => Some(info),
            _ => None,
        })
    }

    /// The Active Authentication info, present when the key of DG15 is an EC key (Doc 9303-11 §9.2.9).
    #[must_use]
    pub fn active_authentication(&self) -> Option<&ActiveAuthenticationInfo> {
        self.infos.iter().find_map(|info| match info {
            SecurityInfo::ActiveAuthentication(info) => Some(info),
            _ => None,
        })
    }

    /// Whether Terminal Authentication of this version is announced.
    #[must_use]
    pub fn announces_terminal_authentication(&self, version: u32) -> bool {
        self.infos
            .iter()
            .any(|info| matches!(info, SecurityInfo::TerminalAuthentication(info) if info.version == version))
    }

    /// Whether Terminal Authentication is announced.
    #[must_use]
    pub fn offers_terminal_authentication(&self) -> bool {
        self.infos.iter().any(|info| matches!(info, SecurityInfo::TerminalAuthentication(_)))
    }
}

impl SecurityInfo {
    /// PACE with ECDH, generic mapping, AES-128-CBC and CMAC (`id-PACE-ECDH-GM-AES-CBC-CMAC-128`), version 2.
    #[must_use]
    pub fn pace_ecdh_gm_aes_128(parameter_id: u32) -> Self {
        Self::Pace(PaceInfo {
            protocol: oid::ID_PACE_ECDH_GM_AES_CBC_CMAC_128,
            version: 2,
            parameter_id: Some(parameter_id),
        })
    }

    /// PACE with any protocol, version 2.
    #[must_use]
    pub fn pace(protocol: ObjectIdentifier, parameter_id: u32) -> Self {
        Self::Pace(PaceInfo { protocol, version: 2, parameter_id: Some(parameter_id) })
    }

    /// Chip Authentication with ECDH, AES-128-CBC and CMAC (`id-CA-ECDH-AES-CBC-CMAC-128`), version 1.
    #[must_use]
    pub fn chip_authentication_ecdh_aes_128(key_id: Option<u32>) -> Self {
        Self::ChipAuthentication(ChipAuthenticationInfo {
            protocol: oid::ID_CA_ECDH_AES_CBC_CMAC_128,
            version: 1,
            key_id,
        })
    }

    /// The chip's ECDH key, as a `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn chip_authentication_ecdh_key(public_key: Vec<u8>, key_id: Option<u32>) -> Self {
        Self::ChipAuthenticationPublicKey(ChipAuthenticationPublicKeyInfo {
            protocol: oid::ID_PK_ECDH,
            public_key,
            key_id,
        })
    }

    /// Terminal Authentication version 1.
    #[must_use]
    pub fn terminal_authentication() -> Self {
        Self::TerminalAuthentication(TerminalAuthenticationInfo {
            protocol: oid::ID_TA,
            version: 1,
            ef_cvca: None,
        })
    }

    /// Active Authentication with ECDSA under this signature algorithm.
    #[must_use]
    pub fn active_authentication(signature_algorithm: ObjectIdentifier) -> Self {
        Self::ActiveAuthentication(ActiveAuthenticationInfo {
            protocol: oid::ID_AA,
            version: 1,
            signature_algorithm,
        })
    }

    /// The protocol announced.
    #[must_use]
    pub fn protocol(&self) -> Option<ObjectIdentifier> {
        match self {
            Self::Pace(info) => Some(info.protocol),
            Self::PaceDomainParameter(info) => Some(info.protocol),
            Self::ChipAuthentication(info) => Some(info.protocol),
            Self::ChipAuthenticationPublicKey(info) => Some(info.protocol),
            Self::TerminalAuthentication(info) => Some(info.protocol),
            Self::ActiveAuthentication(info) => Some(info.protocol),
            Self::Unknown { protocol, .. } => *protocol,
        }
    }

    /// The DER `SEQUENCE`.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let mut content = Writer::new();
        if let Self::Unknown { raw, .. } = self {
            content.raw(raw);
            return content.into_bytes();
        }
        if let Some(protocol) = self.protocol() {
            content.primitive(0x06, protocol.as_bytes());
        }
        let mut integer = |value: u32| {
            content.primitive(0x02, &integer_bytes(value));
        };
        let optional = match self {
            Self::Pace(info) => {
                integer(info.version);
                info.parameter_id
            }
            Self::ChipAuthentication(info) => {
                integer(info.version);
                info.key_id
            }
            Self::PaceDomainParameter(info) => {
                content.raw(&info.domain_parameter);
                info.parameter_id
            }
            Self::ChipAuthenticationPublicKey(info) => {
                content.raw(&info.public_key);
                info.key_id
            }
            Self::TerminalAuthentication(info) => {
                integer(info.version);
                content.raw(info.ef_cvca.as_deref().unwrap_or_default());
                None
            }
            Self::ActiveAuthentication(info) => {
                integer(info.version);
                content.primitive(0x06, info.signature_algorithm.as_bytes());
                None
            }
            Self::Unknown { .. } => None,
        };
        if let Some(value) = optional {
            content.primitive(0x02, &integer_bytes(value));
        }
        encode(0x30, &content.into_bytes())
    }
}
