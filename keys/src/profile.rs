//! Algorithm profiles: which curve and hash each kind of key uses.

use crate::algorithm::HashAlgorithm;
use crate::curve::{CurveEncoding, NamedCurve};

/// A consistent choice of algorithms for a whole PKI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlgorithmProfile {
    /// As real cards: brainpoolP384r1 with explicit parameters; SHA-256 for data groups, `messageDigest` and the
    /// signature of EF.SOD. Certificates and CRLs are signed with SHA-384, the hash of the curve's own strength.
    #[default]
    Cccd,
    /// P-256 and SHA-256 with named curves: fast, and readable by software that refuses explicit parameters.
    P256,
}

impl AlgorithmProfile {
    /// Curve of CSCA and Document Signer.
    #[must_use]
    pub const fn curve(self) -> NamedCurve {
        match self {
            Self::Cccd => NamedCurve::BrainpoolP384r1,
            Self::P256 => NamedCurve::P256,
        }
    }

    /// How the curve is written into certificates.
    #[must_use]
    pub const fn curve_encoding(self) -> CurveEncoding {
        match self {
            Self::Cccd => CurveEncoding::Explicit,
            Self::P256 => CurveEncoding::Named,
        }
    }

    /// Hash with which the CSCA signs certificates and CRLs.
    #[must_use]
    pub const fn certificate_hash(self) -> HashAlgorithm {
        match self {
            Self::Cccd => HashAlgorithm::Sha384,
            Self::P256 => HashAlgorithm::Sha256,
        }
    }

    /// Hash of EF.SOD's signature, and of the data groups in it.
    #[must_use]
    pub const fn document_hash(self) -> HashAlgorithm {
        HashAlgorithm::Sha256
    }

    /// The name used on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cccd => "cccd",
            Self::P256 => "p256",
        }
    }
}

impl std::str::FromStr for AlgorithmProfile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "cccd" => Ok(Self::Cccd),
            "p256" => Ok(Self::P256),
            other => Err(format!("unknown profile \"{other}\"; there are cccd and p256")),
        }
    }
}
