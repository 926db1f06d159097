//! The groups that PACE and Chip Authentication run on, curves and residues under one name.
//!
//! ```text
//! Secret (k, zeroized) ── public() ──► Element (k·G or g^k, checked, fixed width)
//!        └─ agree(&Element) ──► the shared secret's octets: x-coordinate, or the residue at the prime's width
//! ```

use super::curve::{Curve, DomainParameters, InvalidPoint, Point, Scalar};
use super::dh::{Exponent, InvalidResidue, ModpGroup, Residue};
use super::pace::Agreement;
use rand_core::CryptoRng;
use std::fmt;
use zeroize::Zeroizing;

/// A group of prime order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Points of an elliptic curve.
    Curve(Curve),
    /// Residues modulo a prime.
    Modp(ModpGroup),
}

impl Group {
    /// Its standardized domain parameters.
    #[must_use]
    pub fn parameters(self) -> DomainParameters {
        match self {
            Self::Curve(curve) => curve.into(),
            Self::Modp(group) => group.into(),
        }
    }

    /// The key agreement that runs on it.
    #[must_use]
    pub fn agreement(self) -> Agreement {
        match self {
            Self::Curve(_) => Agreement::Ecdh,
            Self::Modp(_) => Agreement::Dh,
        }
    }

    /// The standard generator.
    #[must_use]
    pub fn generator(self) -> Element {
        match self {
            Self::Curve(curve) => Element::Point(curve.generator()),
            Self::Modp(group) => Element::Residue(group.generator()),
        }
    }

    /// Reads a public value and checks it whole: an uncompressed finite point on the curve, or a residue of the
    /// subgroup that is not 1 (Doc 9303-11 §9.4.2, TR-03111 §3.2.1).
    ///
    /// # Errors
    /// [`InvalidElement`].
    pub fn element(self, bytes: &[u8]) -> Result<Element, InvalidElement> {
        Ok(match self {
            Self::Curve(curve) => Element::Point(curve.point(bytes)?),
            Self::Modp(group) => Element::Residue(group.residue(bytes)?),
        })
    }

    /// The generic mapping of a nonce and the first agreement's result onto a new generator (Doc 9303-11 §4.4.3.3.1):
    /// Ĝ = s·G + H, or ĝ = g^s · h.
    ///
    /// # Errors
    /// [`InvalidElement`] when H is of another group, the nonce is too wide, or the result is the identity.
    pub fn map_generic(self, nonce: &[u8], shared: &Element) -> Result<Element, InvalidElement> {
        match (self, shared) {
            (Self::Curve(curve), Element::Point(point)) => {
                Ok(Element::Point(curve.map_generic(nonce, point)?))
            }
            (Self::Modp(group), Element::Residue(residue)) => {
                Ok(Element::Residue(group.map_generic(nonce, residue)?))
            }
            _ => Err(InvalidElement),
        }
    }
}

/// A value that is no element of this group other than the identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an element of this group, or its identity")]
pub struct InvalidElement;

impl From<InvalidPoint> for InvalidElement {
    fn from(_: InvalidPoint) -> Self {
        Self
    }
}

impl From<InvalidResidue> for InvalidElement {
    fn from(_: InvalidResidue) -> Self {
        Self
    }
}

/// An element of the group, checked, not the identity. Public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// A finite point.
    Point(Point),
    /// A residue of prime order.
    Residue(Residue),
}

impl Element {
    /// The group.
    #[must_use]
    pub fn group(&self) -> Group {
        match self {
            Self::Point(point) => Group::Curve(point.curve()),
            Self::Residue(residue) => Group::Modp(residue.group()),
        }
    }

    /// As it goes over the wire, at its fixed width: `04 ‖ x ‖ y`, or y as wide as the prime (TR-03110-3 D.3.4).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Point(point) => point.as_bytes(),
            Self::Residue(residue) => residue.as_bytes(),
        }
    }

    /// The compressed form by which a protocol binds a key (TR-03110-3 A.2.2.3): a point's x-coordinate, and SHA-1
    /// over a residue as it is encoded: without leading zeros (D.2.1.1).
    #[must_use]
    pub fn compressed(&self) -> Vec<u8> {
        use sha1::Digest as _;
        match self {
            Self::Point(point) => point.x().to_vec(),
            Self::Residue(_) => sha1::Sha1::digest(super::pace::public_value(self)).to_vec(),
        }
    }

    /// The context tag of a public value in a public key data object (TR-03110-3 D.3.2, D.3.3): `86` a point,
    /// `84` a residue.
    #[must_use]
    pub fn tag(&self) -> u32 {
        match self {
            Self::Point(_) => 0x86,
            Self::Residue(_) => 0x84,
        }
    }

    /// The point, if it is one.
    #[must_use]
    pub fn point(&self) -> Option<&Point> {
        match self {
            Self::Point(point) => Some(point),
            Self::Residue(_) => None,
        }
    }
}

impl From<Point> for Element {
    fn from(point: Point) -> Self {
        Self::Point(point)
    }
}

impl From<Residue> for Element {
    fn from(residue: Residue) -> Self {
        Self::Residue(residue)
    }
}

/// A private key. Zeroized, never printed; whatever is computed with it takes the same time for every value.
pub enum Secret {
    /// Of a curve.
    Scalar(Scalar),
    /// Of a group of residues.
    Exponent(Exponent),
}

impl Secret {
    /// Draws one, uniformly.
    pub fn generate(group: Group, rng: &mut dyn CryptoRng) -> Self {
        match group {
            Group::Curve(curve) => Self::Scalar(Scalar::generate(curve, rng)),
            Group::Modp(group) => Self::Exponent(Exponent::generate(group, rng)),
        }
    }

    /// From its big-endian bytes: a scalar of the order's width and in range, an exponent no wider than the prime.
    #[must_use]
    pub fn from_bytes(group: Group, bytes: &[u8]) -> Option<Self> {
        match group {
            Group::Curve(curve) => Scalar::from_bytes(curve, bytes).map(Self::Scalar),
            Group::Modp(group) => Exponent::from_bytes(group, bytes).map(Self::Exponent),
        }
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> Group {
        match self {
            Self::Scalar(scalar) => Group::Curve(scalar.curve()),
            Self::Exponent(exponent) => Group::Modp(exponent.group()),
        }
    }

    /// The big-endian bytes, as wide as the order: secret.
    #[must_use]
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Scalar(scalar) => scalar.to_secret_bytes(),
            Self::Exponent(exponent) => exponent.to_secret_bytes(),
        }
    }

    /// The public half for the standard generator.
    ///
    /// # Errors
    /// None in practice.
    pub fn public(&self) -> Result<Element, InvalidElement> {
        self.power(&self.group().generator())
    }

    /// The public half for this generator: k·G or g^k.
    ///
    /// # Errors
    /// [`InvalidElement`] when the generator is of another group.
    pub fn power(&self, generator: &Element) -> Result<Element, InvalidElement> {
        match (self, generator) {
            (Self::Scalar(scalar), Element::Point(point)) => Ok(Element::Point(scalar.multiply(point)?)),
            (Self::Exponent(exponent), Element::Residue(residue)) => {
                Ok(Element::Residue(exponent.power(residue)?))
            }
            _ => Err(InvalidElement),
        }
    }

    /// The shared secret with this public key, fixed width: the x-coordinate, or the residue (Doc 9303-11 §9.6).
    ///
    /// # Errors
    /// [`InvalidElement`] when the public key is of another group.
    pub fn agree(&self, public: &Element) -> Result<Zeroizing<Vec<u8>>, InvalidElement> {
        match (self, public) {
            (Self::Scalar(scalar), Element::Point(point)) => Ok(scalar.agree(point)?),
            (Self::Exponent(exponent), Element::Residue(residue)) => Ok(exponent.agree(residue)?),
            _ => Err(InvalidElement),
        }
    }

    /// self · other⁻¹ modulo the order: `CA_IC = SK_IC⁻¹ · SK_Map` (Doc 9303-11 §4.4.3.5.1). `None` for two groups,
    /// and for residues, which have no Chip Authentication Mapping.
    #[must_use]
    pub fn divided_by(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Scalar(dividend), Self::Scalar(divisor)) => dividend.divided_by(divisor).map(Self::Scalar),
            _ => None,
        }
    }

    /// The scalar, if it is one.
    #[must_use]
    pub fn scalar(&self) -> Option<&Scalar> {
        match self {
            Self::Scalar(scalar) => Some(scalar),
            Self::Exponent(_) => None,
        }
    }
}

impl From<Scalar> for Secret {
    fn from(scalar: Scalar) -> Self {
        Self::Scalar(scalar)
    }
}

impl From<Exponent> for Secret {
    fn from(exponent: Exponent) -> Self {
        Self::Exponent(exponent)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({:?})", self.group())
    }
}

#[cfg(test)]
mod tests;
