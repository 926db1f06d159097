//! Elliptic curves by their standardized domain parameters (Doc 9303-11 §9.5.1), and the arithmetic of PACE and
//! Chip Authentication on them.
//!
//! Every point that comes in is uncompressed, on its curve and not infinity; every coordinate that goes out has
//! the field's fixed width, leading zeros kept.

use const_oid::ObjectIdentifier;
use elliptic_curve::ops::Reduce;
use elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use elliptic_curve::{
    AffinePoint, CurveArithmetic, FieldBytes, FieldBytesSize, NonZeroScalar, ProjectivePoint,
};
use rand_core::CryptoRng;
use std::fmt;
use zeroize::Zeroizing;

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
    const NUMBERED: [(u8, Self); 14] = [
        (0, Self::Modp1024Subgroup160),
        (1, Self::Modp2048Subgroup224),
        (2, Self::Modp2048Subgroup256),
        (8, Self::P192),
        (9, Self::BrainpoolP192r1),
        (10, Self::P224),
        (11, Self::BrainpoolP224r1),
        (12, Self::P256),
        (13, Self::BrainpoolP256r1),
        (14, Self::BrainpoolP320r1),
        (15, Self::P384),
        (16, Self::BrainpoolP384r1),
        (17, Self::BrainpoolP512r1),
        (18, Self::P521),
    ];

    /// By the standard's number.
    #[must_use]
    pub fn from_id(id: u8) -> Option<Self> {
        Self::NUMBERED.iter().find(|(number, _)| *number == id).map(|(_, parameters)| *parameters)
    }

    /// The standard's number.
    #[must_use]
    pub fn id(self) -> u8 {
        Self::NUMBERED
            .iter()
            .find(|(_, parameters)| *parameters == self)
            .map_or(u8::MAX, |(number, _)| *number)
    }

    /// The curve, if its arithmetic is here.
    ///
    /// # Errors
    /// [`UnsupportedParameters`] for groups this crate only knows by name.
    pub fn curve(self) -> Result<Curve, UnsupportedParameters> {
        Curve::ALL
            .into_iter()
            .find(|curve| curve.domain_parameters() == self)
            .ok_or(UnsupportedParameters { parameters: self })
    }
}

/// Domain parameters known by number, without arithmetic here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the domain parameters {parameters:?} are not supported")]
pub struct UnsupportedParameters {
    /// Which.
    pub parameters: DomainParameters,
}

/// A curve whose arithmetic is here. All have prime order, so that a point on the curve is in the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// brainpoolP256r1.
    BrainpoolP256r1,
    /// NIST P-384.
    P384,
    /// brainpoolP384r1.
    BrainpoolP384r1,
}

macro_rules! on_curve {
    ($curve:expr, $name:ident => $body:expr) => {
        match $curve {
            $crate::protocol::curve::Curve::P256 => {
                type $name = p256::NistP256;
                $body
            }
            $crate::protocol::curve::Curve::BrainpoolP256r1 => {
                type $name = bp256::BrainpoolP256r1;
                $body
            }
            $crate::protocol::curve::Curve::P384 => {
                type $name = p384::NistP384;
                $body
            }
            $crate::protocol::curve::Curve::BrainpoolP384r1 => {
                type $name = bp384::BrainpoolP384r1;
                $body
            }
        }
    };
}
pub(crate) use on_curve;

impl Curve {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::P256, Self::BrainpoolP256r1, Self::P384, Self::BrainpoolP384r1];

    /// The standardized domain parameters.
    #[must_use]
    pub fn domain_parameters(self) -> DomainParameters {
        match self {
            Self::P256 => DomainParameters::P256,
            Self::BrainpoolP256r1 => DomainParameters::BrainpoolP256r1,
            Self::P384 => DomainParameters::P384,
            Self::BrainpoolP384r1 => DomainParameters::BrainpoolP384r1,
        }
    }

    /// The named curve's object identifier (RFC 5480, RFC 5639).
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::P256 => ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
            Self::BrainpoolP256r1 => ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.7"),
            Self::P384 => ObjectIdentifier::new_unwrap("1.3.132.0.34"),
            Self::BrainpoolP384r1 => ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.11"),
        }
    }

    /// By its object identifier.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.oid() == oid)
    }

    /// Width of a field element, and of a scalar, in bytes.
    #[must_use]
    pub fn field_length(self) -> usize {
        match self {
            Self::P256 | Self::BrainpoolP256r1 => 32,
            Self::P384 | Self::BrainpoolP384r1 => 48,
        }
    }

    /// The base point.
    #[must_use]
    pub fn generator(self) -> Point {
        fn run<C: CurveArithmetic>(curve: Curve) -> Point
        where
            AffinePoint<C>: ToSec1Point<C>,
            FieldBytesSize<C>: ModulusSize,
        {
            let generator: ProjectivePoint<C> = elliptic_curve::Group::generator();
            Point { curve, bytes: encode::<C>(&generator.into()) }
        }
        on_curve!(self, C => run::<C>(self))
    }

    /// Reads an uncompressed point `04 ‖ x ‖ y`.
    ///
    /// # Errors
    /// [`InvalidPoint`] for another form or width, infinity, or a point off the curve.
    pub fn point(self, bytes: &[u8]) -> Result<Point, InvalidPoint> {
        on_curve!(self, C => decode::<C>(bytes).map(|_| ())?);
        Ok(Point { curve: self, bytes: bytes.to_vec() })
    }

    /// The generic mapping: Ĝ = s·G + H (Doc 9303-11 §4.4.3.3.1).
    ///
    /// # Errors
    /// [`InvalidPoint`] when H is of another curve, the nonce is wider than the field or Ĝ is infinity.
    pub fn map_generic(self, nonce: &[u8], shared: &Point) -> Result<Point, InvalidPoint> {
        #[expect(clippy::arithmetic_side_effects, reason = "group operations")]
        fn run<C: CurveArithmetic>(nonce: &[u8], shared: &[u8]) -> Result<Vec<u8>, InvalidPoint>
        where
            AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
            FieldBytesSize<C>: ModulusSize,
        {
            let mut repr = FieldBytes::<C>::default();
            let start = repr.len().checked_sub(nonce.len()).ok_or(InvalidPoint)?;
            repr.get_mut(start..).ok_or(InvalidPoint)?.copy_from_slice(nonce);
            let scalar = <C::Scalar as Reduce<FieldBytes<C>>>::reduce(&repr);
            let generator: ProjectivePoint<C> = elliptic_curve::Group::generator();
            let shared: ProjectivePoint<C> = decode::<C>(shared)?.into();
            finite::<C>(generator * scalar + shared)
        }
        if shared.curve != self {
            return Err(InvalidPoint);
        }
        let bytes = on_curve!(self, C => run::<C>(nonce, &shared.bytes)?);
        Ok(Point { curve: self, bytes })
    }
}

/// A point that is not one: malformed, off its curve, infinity, or of another curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a finite point of this curve")]
pub struct InvalidPoint;

/// A finite point on its curve.
#[derive(Clone, PartialEq, Eq)]
pub struct Point {
    curve: Curve,
    bytes: Vec<u8>,
}

impl Point {
    /// The curve.
    #[must_use]
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// `04 ‖ x ‖ y`, fixed width.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The x-coordinate, fixed width.
    #[must_use]
    pub fn x(&self) -> &[u8] {
        let end = self.curve.field_length().saturating_add(1);
        self.bytes.get(1..end).unwrap_or_default()
    }
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Point({:?})", self.curve)
    }
}

/// A secret scalar between 1 and the order, exclusive. Zeroized, never printed.
pub struct Scalar {
    curve: Curve,
    bytes: Zeroizing<Vec<u8>>,
}

impl Scalar {
    /// Draws one, uniformly, by rejection.
    pub fn generate(curve: Curve, rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = Zeroizing::new(vec![0; curve.field_length()]);
        loop {
            rng.fill_bytes(&mut bytes);
            if on_curve!(curve, C => parse_scalar::<C>(&bytes).is_some()) {
                return Self { curve, bytes };
            }
        }
    }

    /// From its big-endian bytes of the field's width; `None` when out of range.
    #[must_use]
    pub fn from_bytes(curve: Curve, bytes: &[u8]) -> Option<Self> {
        on_curve!(curve, C => parse_scalar::<C>(bytes).is_some())
            .then(|| Self { curve, bytes: Zeroizing::new(bytes.to_vec()) })
    }

    /// The curve.
    #[must_use]
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// The big-endian bytes: secret.
    #[must_use]
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.bytes.clone()
    }

    /// k·G.
    ///
    /// # Errors
    /// None in practice: a scalar in range times the generator is finite.
    pub fn public_point(&self) -> Result<Point, InvalidPoint> {
        self.multiply(&self.curve.generator())
    }

    /// k·P.
    ///
    /// # Errors
    /// [`InvalidPoint`] when P is of another curve.
    pub fn multiply(&self, point: &Point) -> Result<Point, InvalidPoint> {
        #[expect(clippy::arithmetic_side_effects, reason = "group operation")]
        fn run<C: CurveArithmetic>(scalar: &[u8], point: &[u8]) -> Result<Vec<u8>, InvalidPoint>
        where
            AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
            FieldBytesSize<C>: ModulusSize,
        {
            let point: ProjectivePoint<C> = decode::<C>(point)?.into();
            let scalar = Zeroizing::new(*parse_scalar::<C>(scalar).ok_or(InvalidPoint)?.as_ref());
            finite::<C>(point * *scalar)
        }
        if point.curve != self.curve {
            return Err(InvalidPoint);
        }
        let bytes = on_curve!(self.curve, C => run::<C>(&self.bytes, &point.bytes)?);
        Ok(Point { curve: self.curve, bytes })
    }

    /// Elliptic curve Diffie-Hellman: the x-coordinate of k·P, fixed width (Doc 9303-11 §9.6, TR-03111 §4.3.1).
    ///
    /// # Errors
    /// [`InvalidPoint`] when P is of another curve.
    pub fn agree(&self, point: &Point) -> Result<Zeroizing<Vec<u8>>, InvalidPoint> {
        self.multiply(point).map(|shared| Zeroizing::new(shared.x().to_vec()))
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scalar({:?})", self.curve)
    }
}

fn parse_scalar<C: CurveArithmetic>(bytes: &[u8]) -> Option<NonZeroScalar<C>> {
    let repr = FieldBytes::<C>::try_from(bytes).ok()?;
    NonZeroScalar::<C>::from_repr(repr).into_option()
}

fn decode<C: CurveArithmetic>(bytes: &[u8]) -> Result<AffinePoint<C>, InvalidPoint>
where
    AffinePoint<C>: FromSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    if bytes.first() != Some(&0x04) {
        return Err(InvalidPoint);
    }
    AffinePoint::<C>::from_sec1_bytes(bytes).map_err(|_| InvalidPoint)
}

fn encode<C: CurveArithmetic>(point: &AffinePoint<C>) -> Vec<u8>
where
    AffinePoint<C>: ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    point.to_sec1_point(false).as_bytes().to_vec()
}

fn finite<C: CurveArithmetic>(point: ProjectivePoint<C>) -> Result<Vec<u8>, InvalidPoint>
where
    AffinePoint<C>: ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    if bool::from(elliptic_curve::Group::is_identity(&point)) {
        return Err(InvalidPoint);
    }
    Ok(encode::<C>(&point.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::test_rng::Given;
    use proptest::prelude::*;

    #[test]
    fn numbers_and_names_agree() {
        for id in 0..=255 {
            if let Some(parameters) = DomainParameters::from_id(id) {
                assert_eq!(parameters.id(), id);
            }
        }
        assert_eq!(DomainParameters::from_id(13), Some(DomainParameters::BrainpoolP256r1));
        assert!(DomainParameters::P521.curve().is_err());
        for curve in Curve::ALL {
            assert_eq!(Curve::from_oid(curve.oid()), Some(curve));
            assert_eq!(curve.domain_parameters().curve(), Ok(curve));
        }
    }

    #[test]
    fn both_sides_agree_on_every_curve() {
        for curve in Curve::ALL {
            let mut rng = Given::new(&[]);
            let (a, b) = (Scalar::generate(curve, &mut rng), Scalar::generate(curve, &mut rng));
            let one = a.agree(&b.public_point().unwrap()).unwrap();
            let other = b.agree(&a.public_point().unwrap()).unwrap();
            assert_eq!(one, other);
            assert_eq!(one.len(), curve.field_length());
        }
    }

    #[test]
    fn what_is_no_finite_point_is_refused() {
        for curve in Curve::ALL {
            let good = curve.generator();
            let mut off = good.as_bytes().to_vec();
            *off.last_mut().unwrap() ^= 1;
            assert_eq!(curve.point(&off), Err(InvalidPoint));
            assert_eq!(curve.point(&[0]), Err(InvalidPoint), "infinity");
            assert_eq!(curve.point(&[]), Err(InvalidPoint));
            let mut compressed = vec![2];
            compressed.extend_from_slice(good.x());
            assert_eq!(curve.point(&compressed), Err(InvalidPoint));
            assert_eq!(curve.point(good.as_bytes()), Ok(good));
            assert!(Scalar::from_bytes(curve, &vec![0; curve.field_length()]).is_none());
            assert!(Scalar::from_bytes(curve, &vec![0xFF; curve.field_length()]).is_none());
        }
    }

    #[test]
    fn a_mapping_to_infinity_is_refused() {
        let curve = Curve::P256;
        let mut minus_one = vec![0; 32];
        minus_one[31] = 1;
        let one = Scalar::from_bytes(curve, &minus_one).unwrap().public_point().unwrap();
        // H = -G: the same x, the other y.
        let order_minus_one =
            crate::apdu::from_hex("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550")
                .unwrap();
        let negative = Scalar::from_bytes(curve, &order_minus_one).unwrap().public_point().unwrap();
        assert_eq!(one.x(), negative.x());
        assert_eq!(curve.map_generic(&[1], &negative), Err(InvalidPoint));
        assert!(curve.map_generic(&[2], &negative).is_ok());
    }

    /// A shared secret whose first byte is zero keeps it: width is the field's, not the number's.
    #[test]
    fn leading_zeros_of_a_shared_secret_are_kept() {
        let curve = Curve::BrainpoolP256r1;
        let mut scalar = vec![0; 32];
        let generator = curve.generator();
        let found = (1..=4000_u16).find_map(|number| {
            scalar[30..].copy_from_slice(&number.to_be_bytes());
            let secret = Scalar::from_bytes(curve, &scalar)?.agree(&generator).ok()?;
            (secret[0] == 0).then_some(secret)
        });
        let secret = found.expect("one in 256 has a leading zero");
        assert_eq!(secret.len(), 32);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            for curve in Curve::ALL {
                let _ = curve.point(&bytes);
                let _ = Scalar::from_bytes(curve, &bytes);
                let _ = curve.map_generic(&bytes, &curve.generator());
            }
        }
    }
}
