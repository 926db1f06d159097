//! The curves by name, object identifier and standardized number.

use crate::Domain;
use crate::domain;
use const_oid::ObjectIdentifier;
use std::fmt;

/// A curve over a prime field, of prime order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Curve {
    /// NIST P-192.
    P192,
    /// brainpoolP192r1.
    BrainpoolP192r1,
    /// NIST P-224.
    P224,
    /// brainpoolP224r1.
    BrainpoolP224r1,
    /// NIST P-256.
    P256,
    /// brainpoolP256r1.
    BrainpoolP256r1,
    /// brainpoolP320r1.
    BrainpoolP320r1,
    /// NIST P-384.
    P384,
    /// brainpoolP384r1.
    BrainpoolP384r1,
    /// brainpoolP512r1.
    BrainpoolP512r1,
    /// NIST P-521.
    P521,
}

impl Curve {
    /// All of them, in the order of their standardized numbers.
    pub const ALL: [Self; 11] = [
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

    /// The object identifier of the named curve (RFC 5480 §2.1.1.1, RFC 5639 §4.1).
    #[must_use]
    pub const fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::P192 => "1.2.840.10045.3.1.1",
            Self::BrainpoolP192r1 => "1.3.36.3.3.2.8.1.1.3",
            Self::P224 => "1.3.132.0.33",
            Self::BrainpoolP224r1 => "1.3.36.3.3.2.8.1.1.5",
            Self::P256 => "1.2.840.10045.3.1.7",
            Self::BrainpoolP256r1 => "1.3.36.3.3.2.8.1.1.7",
            Self::BrainpoolP320r1 => "1.3.36.3.3.2.8.1.1.9",
            Self::P384 => "1.3.132.0.34",
            Self::BrainpoolP384r1 => "1.3.36.3.3.2.8.1.1.11",
            Self::BrainpoolP512r1 => "1.3.36.3.3.2.8.1.1.13",
            Self::P521 => "1.3.132.0.35",
        })
    }

    /// By its object identifier.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.oid() == oid)
    }

    /// Its number among the standardized domain parameters (Doc 9303-11 §9.5.1, TR-03110-3 A.2.1.1).
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::P192 => 8,
            Self::BrainpoolP192r1 => 9,
            Self::P224 => 10,
            Self::BrainpoolP224r1 => 11,
            Self::P256 => 12,
            Self::BrainpoolP256r1 => 13,
            Self::BrainpoolP320r1 => 14,
            Self::P384 => 15,
            Self::BrainpoolP384r1 => 16,
            Self::BrainpoolP512r1 => 17,
            Self::P521 => 18,
        }
    }

    /// By its number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.number() == number)
    }

    /// Its usual name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P192 => "P-192",
            Self::BrainpoolP192r1 => "brainpoolP192r1",
            Self::P224 => "P-224",
            Self::BrainpoolP224r1 => "brainpoolP224r1",
            Self::P256 => "P-256",
            Self::BrainpoolP256r1 => "brainpoolP256r1",
            Self::BrainpoolP320r1 => "brainpoolP320r1",
            Self::P384 => "P-384",
            Self::BrainpoolP384r1 => "brainpoolP384r1",
            Self::BrainpoolP512r1 => "brainpoolP512r1",
            Self::P521 => "P-521",
        }
    }

    /// Octets of a field element.
    #[must_use]
    pub const fn field_length(self) -> usize {
        match self {
            Self::P192 | Self::BrainpoolP192r1 => 24,
            Self::P224 | Self::BrainpoolP224r1 => 28,
            Self::P256 | Self::BrainpoolP256r1 => 32,
            Self::BrainpoolP320r1 => 40,
            Self::P384 | Self::BrainpoolP384r1 => 48,
            Self::BrainpoolP512r1 => 64,
            Self::P521 => 66,
        }
    }

    /// Octets of a number modulo the order: on every curve here as many as of a field element.
    #[must_use]
    pub const fn order_length(self) -> usize {
        self.field_length()
    }

    /// Bits of the order.
    #[must_use]
    pub const fn order_bits(self) -> usize {
        match self {
            Self::P521 => 521,
            other => other.order_length() * 8,
        }
    }

    /// Its domain parameters.
    #[must_use]
    pub const fn domain(self) -> &'static Domain {
        match self {
            Self::P192 => &domain::P192,
            Self::BrainpoolP192r1 => &domain::BRAINPOOL_P192R1,
            Self::P224 => &domain::P224,
            Self::BrainpoolP224r1 => &domain::BRAINPOOL_P224R1,
            Self::P256 => &domain::P256,
            Self::BrainpoolP256r1 => &domain::BRAINPOOL_P256R1,
            Self::BrainpoolP320r1 => &domain::BRAINPOOL_P320R1,
            Self::P384 => &domain::P384,
            Self::BrainpoolP384r1 => &domain::BRAINPOOL_P384R1,
            Self::BrainpoolP512r1 => &domain::BRAINPOOL_P512R1,
            Self::P521 => &domain::P521,
        }
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
