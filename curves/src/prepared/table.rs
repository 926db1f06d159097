//! Multiples of one point, in windows of eight bits: k·P is a sum of table entries, without a doubling.

use super::field::{Field, Limbs, is_zero};

/// Signed digits of eight bits: −128 … 127.
const DIGITS: usize = 128;

#[derive(Debug, Clone, Copy)]
pub(super) struct Affine<const N: usize> {
    pub(super) x: Limbs<N>,
    pub(super) y: Limbs<N>,
}

/// X/Z², Y/Z³; `z` zero is infinity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jacobian<const N: usize> {
    pub(super) x: Limbs<N>,
    pub(super) y: Limbs<N>,
    pub(super) z: Limbs<N>,
}

/// Two points met that an addition without case distinction cannot add: the caller goes the plain way.
#[derive(Debug)]
pub(super) struct Exceptional;

impl<const N: usize> Jacobian<N> {
    pub(super) const INFINITY: Self = Self { x: [0; N], y: [0; N], z: [0; N] };

    pub(super) fn of(field: &Field<N>, point: &Affine<N>) -> Self {
        Self { x: point.x, y: point.y, z: field.one }
    }

    /// P + Q, Q affine: 8 multiplications, 3 squarings.
    #[inline(always)]
    pub(super) fn add(
        &self,
        field: &Field<N>,
        other: &Affine<N>,
        negative: bool,
    ) -> Result<Self, Exceptional> {
        let y = if negative { field.negate(&other.y) } else { other.y };
        if is_zero(&self.z) {
            return Ok(Self { x: other.x, y, z: field.one });
        }
        let zz = field.square(&self.z);
        let h = field.sub(&field.mul(&zz, &other.x), &self.x);
        if is_zero(&h) {
            return Err(Exceptional);
        }
        let r = field.sub(&field.mul(&field.mul(&zz, &self.z), &y), &self.y);
        let hh = field.square(&h);
        let hhh = field.mul(&hh, &h);
        let v = field.mul(&hh, &self.x);
        let x = field.sub(&field.sub(&field.square(&r), &hhh), &field.add(&v, &v));
        let y = field.sub(&field.mul(&r, &field.sub(&v, &x)), &field.mul(&hhh, &self.y));
        Ok(Self { x, y, z: field.mul(&self.z, &h) })
    }

    /// 2·P on y² = x³ + ax + b.
    pub(super) fn double(&self, field: &Field<N>, a: &Limbs<N>) -> Self {
        let xx = field.square(&self.x);
        let yy = field.square(&self.y);
        let zz = field.square(&self.z);
        let xyy = field.mul(&self.x, &yy);
        let s = field.add(&field.add(&xyy, &xyy), &field.add(&xyy, &xyy));
        let m = field.add(&field.add(&field.add(&xx, &xx), &xx), &field.mul(a, &field.square(&zz)));
        let x = field.sub(&field.square(&m), &field.add(&s, &s));
        let mut y4 = field.square(&yy);
        for _ in 0..3 {
            y4 = field.add(&y4, &y4);
        }
        let y = field.sub(&field.mul(&m, &field.sub(&s, &x)), &y4);
        let yz = field.mul(&self.y, &self.z);
        Self { x, y, z: field.add(&yz, &yz) }
    }
}

/// `d·2⁸ⁱ·P` for every window i and digit d from 1 to 128.
#[derive(Debug)]
pub(super) struct Table<const N: usize> {
    points: Vec<Affine<N>>,
}

impl<const N: usize> Table<N> {
    /// Windows for scalars of this many bits; the last takes the carry of the signed digits.
    fn windows(bits: usize) -> usize {
        bits / 8 + 1
    }

    pub(super) fn new(
        field: &Field<N>,
        a: &Limbs<N>,
        point: &Affine<N>,
        bits: usize,
    ) -> Result<Self, Exceptional> {
        let windows = Self::windows(bits);
        let mut base = Jacobian::of(field, point);
        let mut bases = Vec::with_capacity(windows);
        for _ in 0..windows {
            bases.push(base);
            for _ in 0..8 {
                base = base.double(field, a);
            }
        }
        let bases = to_affine(field, &bases)?;
        let mut multiples = Vec::with_capacity(windows * DIGITS);
        for base in &bases {
            let mut multiple = Jacobian::of(field, base);
            multiples.push(multiple);
            multiple = multiple.double(field, a);
            multiples.push(multiple);
            for _ in 2..DIGITS {
                multiple = multiple.add(field, base, false)?;
                multiples.push(multiple);
            }
        }
        Ok(Self { points: to_affine(field, &multiples)? })
    }

    /// Adds k·P, k little-endian bytes.
    #[inline(always)]
    pub(super) fn add_multiple(
        &self,
        field: &Field<N>,
        mut sum: Jacobian<N>,
        scalar: &Limbs<N>,
    ) -> Result<Jacobian<N>, Exceptional> {
        let mut carry = 0_u16;
        for (window, multiples) in self.points.chunks_exact(DIGITS).enumerate() {
            let byte = scalar.get(window / 8).map_or(0, |limb| limb.to_le_bytes()[window % 8]);
            let digit = u16::from(byte) + carry;
            let negative = digit > 128;
            carry = u16::from(negative);
            let magnitude = usize::from(if negative { 256 - digit } else { digit });
            if magnitude != 0 {
                sum = sum.add(field, &multiples[magnitude - 1], negative)?;
            }
        }
        Ok(sum)
    }

    pub(super) fn memory(&self) -> usize {
        self.points.len() * size_of::<Affine<N>>()
    }
}

fn to_affine<const N: usize>(
    field: &Field<N>,
    points: &[Jacobian<N>],
) -> Result<Vec<Affine<N>>, Exceptional> {
    let mut inverses: Vec<Limbs<N>> = points.iter().map(|point| point.z).collect();
    if inverses.iter().any(is_zero) {
        return Err(Exceptional);
    }
    field.invert_all(&mut inverses);
    Ok(points
        .iter()
        .zip(inverses)
        .map(|(point, inverse)| {
            let square = field.square(&inverse);
            Affine { x: field.mul(&point.x, &square), y: field.mul(&field.mul(&point.y, &square), &inverse) }
        })
        .collect())
}
