//! Secret scalars on whichever curve a card names.

use crate::point::{decode, finite};
use crate::{Curve, InvalidPoint, Point, on_curve};
use elliptic_curve::ff::PrimeField as _;
use elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use elliptic_curve::{
    AffinePoint, CurveArithmetic, FieldBytes, FieldBytesSize, NonZeroScalar, ProjectivePoint,
};
use rand_core::CryptoRng;
use std::fmt;
use zeroize::{Zeroize as _, Zeroizing};

/// A secret scalar between 1 and the order, exclusive. Zeroized, never printed; whatever is computed with it takes
/// the same time for every value.
pub struct Scalar {
    curve: Curve,
    bytes: Zeroizing<Vec<u8>>,
}

impl Scalar {
    /// Draws one, uniformly, by rejection. The bits above the order's are cleared first, so that P-521 does not wait
    /// for seven zeros.
    pub fn generate(curve: Curve, rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = Zeroizing::new(vec![0; curve.order_length()]);
        let mask = 0xFF_u8 >> (curve.order_length() * 8 - curve.order_bits());
        loop {
            rng.fill_bytes(&mut bytes);
            if let Some(first) = bytes.first_mut() {
                *first &= mask;
            }
            if on_curve!(curve, C => parse::<C>(&bytes).is_some()) {
                return Self { curve, bytes };
            }
        }
    }

    /// From its big-endian bytes of the order's width; `None` when out of range.
    #[must_use]
    pub fn from_bytes(curve: Curve, bytes: &[u8]) -> Option<Self> {
        on_curve!(curve, C => parse::<C>(bytes).is_some())
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
            let scalar = Zeroizing::new(*parse::<C>(scalar).ok_or(InvalidPoint)?.as_ref());
            finite::<C>(point * *scalar)
        }
        if point.curve() != self.curve {
            return Err(InvalidPoint);
        }
        let bytes = on_curve!(self.curve, C => run::<C>(&self.bytes, point.as_bytes())?);
        Ok(Point::computed(self.curve, bytes))
    }

    /// Elliptic curve Diffie-Hellman: the x-coordinate of k·P, fixed width (Doc 9303-11 §9.6, TR-03111 §4.3.1).
    ///
    /// # Errors
    /// [`InvalidPoint`] when P is of another curve.
    pub fn agree(&self, point: &Point) -> Result<Zeroizing<Vec<u8>>, InvalidPoint> {
        self.multiply(point).map(|shared| Zeroizing::new(shared.x().to_vec()))
    }

    /// self · other⁻¹ modulo the order: the chip's proof in PACE with Chip Authentication Mapping
    /// (Doc 9303-11 §4.4.3.5.1). `None` when the two are of different curves.
    #[must_use]
    pub fn divided_by(&self, other: &Self) -> Option<Self> {
        #[expect(clippy::arithmetic_side_effects, reason = "arithmetic modulo the order")]
        fn run<C: CurveArithmetic>(dividend: &[u8], divisor: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
            let dividend = Zeroizing::new(*parse::<C>(dividend)?.as_ref());
            let divisor = Zeroizing::new(*parse::<C>(divisor)?.as_ref());
            let inverse: Option<C::Scalar> = elliptic_curve::Field::invert(&*divisor).into();
            let quotient = Zeroizing::new(*dividend * *Zeroizing::new(inverse?));
            let mut repr: FieldBytes<C> = quotient.to_repr();
            let bytes = Zeroizing::new(repr.to_vec());
            repr.zeroize();
            Some(bytes)
        }
        if other.curve != self.curve {
            return None;
        }
        let bytes = on_curve!(self.curve, C => run::<C>(&self.bytes, &other.bytes)?);
        Some(Self { curve: self.curve, bytes })
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scalar({:?})", self.curve)
    }
}

fn parse<C: CurveArithmetic>(bytes: &[u8]) -> Option<NonZeroScalar<C>> {
    let repr = FieldBytes::<C>::try_from(bytes).ok()?;
    NonZeroScalar::<C>::from_repr(repr).into_option()
}
