//! The standardized domain parameters by number (Doc 9303-11 §9.5.1), and the curves of `cccd-curves`.
//!
//! Every point that comes in is uncompressed, on its curve and not infinity; every coordinate that goes out has
//! the field's fixed width, leading zeros kept. [`super::group`] puts curves and residues under one name.

use super::dh::ModpGroup;
use super::group::Group;

pub use cccd_curves::{Curve, InvalidPoint, Point, Scalar, on_curve};

/// The standardized domain parameters of Doc 9303-11 §9.5.1 (TR-03110-3 table 4), by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DomainParameters {
    /// 0: 1024-bit MODP group with a 160-bit subgroup.
    Modp1024Subgroup160,
    /// 1: 2048-bit MODP group with a 224-bit subgroup.
    Modp2048Subgroup224,
    /// 2: 2048-bit MODP group with a 256-bit subgroup.
    Modp2048Subgroup256,
    /// 8: NIST P-192.
    P192,
    /// 9: brainpoolP192r1.
    BrainpoolP192r1,
    /// 10: NIST P-224.
    P224,
    /// 11: brainpoolP224r1.
    BrainpoolP224r1,
    /// 12: NIST P-256.
    P256,
    /// 13: brainpoolP256r1.
    BrainpoolP256r1,
    /// 14: brainpoolP320r1.
    BrainpoolP320r1,
    /// 15: NIST P-384.
    P384,
    /// 16: brainpoolP384r1.
    BrainpoolP384r1,
    /// 17: brainpoolP512r1.
    BrainpoolP512r1,
    /// 18: NIST P-521.
    P521,
}

impl DomainParameters {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Modp1024Subgroup160,
        Self::Modp2048Subgroup224,
        Self::Modp2048Subgroup256,
        Self::P192,
        Self::BrainpoolP192r1,
        Self::P224,
        Self::BrainpoolP224r1,
        Self::P256,
        Self::BrainpoolP256r1,
        Self::BrainpoolP320r1,
        Self::P384,
        Self::BrainpoolP384r1,
        Self::BrainpoolP512r1,
        Self::P521,
    ];

    /// By the standard's number.
    #[must_use]
    pub fn from_id(id: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|parameters| parameters.id() == id)
    }

    /// The standard's number.
    #[must_use]
    pub fn id(self) -> u8 {
        match self.group() {
            Group::Modp(group) => group.number(),
            Group::Curve(curve) => curve.number(),
        }
    }

    /// The group: its arithmetic.
    #[must_use]
    pub fn group(self) -> Group {
        match self {
            Self::Modp1024Subgroup160 => Group::Modp(ModpGroup::Modp1024Subgroup160),
            Self::Modp2048Subgroup224 => Group::Modp(ModpGroup::Modp2048Subgroup224),
            Self::Modp2048Subgroup256 => Group::Modp(ModpGroup::Modp2048Subgroup256),
            Self::P192 => Group::Curve(Curve::P192),
            Self::BrainpoolP192r1 => Group::Curve(Curve::BrainpoolP192r1),
            Self::P224 => Group::Curve(Curve::P224),
            Self::BrainpoolP224r1 => Group::Curve(Curve::BrainpoolP224r1),
            Self::P256 => Group::Curve(Curve::P256),
            Self::BrainpoolP256r1 => Group::Curve(Curve::BrainpoolP256r1),
            Self::BrainpoolP320r1 => Group::Curve(Curve::BrainpoolP320r1),
            Self::P384 => Group::Curve(Curve::P384),
            Self::BrainpoolP384r1 => Group::Curve(Curve::BrainpoolP384r1),
            Self::BrainpoolP512r1 => Group::Curve(Curve::BrainpoolP512r1),
            Self::P521 => Group::Curve(Curve::P521),
        }
    }

    /// The curve, if they are one's.
    ///
    /// # Errors
    /// [`UnsupportedParameters`] for a group of residues.
    pub fn curve(self) -> Result<Curve, UnsupportedParameters> {
        match self.group() {
            Group::Curve(curve) => Ok(curve),
            Group::Modp(_) => Err(UnsupportedParameters { parameters: self }),
        }
    }
}

impl From<Curve> for DomainParameters {
    fn from(curve: Curve) -> Self {
        match curve {
            Curve::P192 => Self::P192,
            Curve::BrainpoolP192r1 => Self::BrainpoolP192r1,
            Curve::P224 => Self::P224,
            Curve::BrainpoolP224r1 => Self::BrainpoolP224r1,
            Curve::P256 => Self::P256,
            Curve::BrainpoolP256r1 => Self::BrainpoolP256r1,
            Curve::BrainpoolP320r1 => Self::BrainpoolP320r1,
            Curve::P384 => Self::P384,
            Curve::BrainpoolP384r1 => Self::BrainpoolP384r1,
            Curve::BrainpoolP512r1 => Self::BrainpoolP512r1,
            Curve::P521 => Self::P521,
        }
    }
}

impl From<ModpGroup> for DomainParameters {
    fn from(group: ModpGroup) -> Self {
        match group {
            ModpGroup::Modp1024Subgroup160 => Self::Modp1024Subgroup160,
            ModpGroup::Modp2048Subgroup224 => Self::Modp2048Subgroup224,
            ModpGroup::Modp2048Subgroup256 => Self::Modp2048Subgroup256,
        }
    }
}

/// Domain parameters that are no curve's, where only a curve will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the domain parameters {parameters:?} are not supported")]
pub struct UnsupportedParameters {
    /// Which.
    pub parameters: DomainParameters,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_agree() {
        let numbers: Vec<u8> = (0..=255).filter(|id| DomainParameters::from_id(*id).is_some()).collect();
        assert_eq!(numbers, [0, 1, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
        for parameters in DomainParameters::ALL {
            assert_eq!(DomainParameters::from_id(parameters.id()), Some(parameters));
            assert_eq!(parameters.group().parameters(), parameters);
        }
        assert_eq!(DomainParameters::from_id(13), Some(DomainParameters::BrainpoolP256r1));
        assert_eq!(DomainParameters::P521.curve(), Ok(Curve::P521));
        assert!(DomainParameters::Modp1024Subgroup160.curve().is_err());
    }
}
