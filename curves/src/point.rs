//! Points on whichever curve a card names.

use crate::{Curve, on_curve};
use elliptic_curve::ops::Reduce;
use elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytes, FieldBytesSize, ProjectivePoint};
use std::fmt;

/// A point that is not one: malformed, off its curve, infinity, or of another curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a finite point of this curve")]
pub struct InvalidPoint;

/// A finite point on its curve. Public.
#[derive(Clone, PartialEq, Eq)]
pub struct Point {
    curve: Curve,
    bytes: Vec<u8>,
}

impl Point {
    /// What a computation gave, already known to be finite and on the curve.
    pub(crate) fn computed(curve: Curve, bytes: Vec<u8>) -> Self {
        Self { curve, bytes }
    }

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

impl Curve {
    /// The base point.
    #[must_use]
    pub fn generator(self) -> Point {
        Point::computed(self, self.domain().generator())
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

pub(crate) fn decode<C: CurveArithmetic>(bytes: &[u8]) -> Result<AffinePoint<C>, InvalidPoint>
where
    AffinePoint<C>: FromSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    if bytes.first() != Some(&0x04) {
        return Err(InvalidPoint);
    }
    AffinePoint::<C>::from_sec1_bytes(bytes).map_err(|_| InvalidPoint)
}

pub(crate) fn finite<C: CurveArithmetic>(point: ProjectivePoint<C>) -> Result<Vec<u8>, InvalidPoint>
where
    AffinePoint<C>: ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    if bool::from(elliptic_curve::Group::is_identity(&point)) {
        return Err(InvalidPoint);
    }
    let point: AffinePoint<C> = point.into();
    Ok(point.to_sec1_point(false).as_bytes().to_vec())
}
