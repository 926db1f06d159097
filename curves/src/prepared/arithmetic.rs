//! The equation of ECDSA with two tables.

use super::field::{Field, Limbs, from_be_bytes, is_zero, less};
use super::table::{Affine, Exceptional, Jacobian, Table};
use crate::Curve;

/// A curve's domain with the arithmetic of its two fields.
#[derive(Debug)]
pub(super) struct Arithmetic<const N: usize> {
    coordinates: Field<N>,
    scalars: Field<N>,
    a: Limbs<N>,
    b: Limbs<N>,
    order_bits: usize,
    generator: Table<N>,
}

impl<const N: usize> Arithmetic<N> {
    /// Of a curve of the closed table, whose numbers must fit `N` limbs.
    pub(super) fn new(curve: Curve) -> Option<Self> {
        let domain = curve.domain();
        let coordinates = Field::new(from_hex(domain.prime)?);
        let enter = |text| Some(coordinates.enter(&from_hex(text)?));
        let (a, b) = (enter(domain.a)?, enter(domain.b)?);
        let generator = Affine { x: enter(domain.x)?, y: enter(domain.y)? };
        let order_bits = curve.order_bits();
        let generator = Table::new(&coordinates, &a, &generator, order_bits).ok()?;
        let scalars = Field::new(from_hex(domain.order)?);
        Some(Self { coordinates, scalars, a, b, order_bits, generator })
    }

    /// The table of a public key, once its point was found on the curve.
    pub(super) fn prepare(&self, x: &[u8], y: &[u8]) -> Option<Table<N>> {
        let field = &self.coordinates;
        let number = |bytes| from_be_bytes(bytes).filter(|number| field.contains(number));
        let (x, y) = (field.enter(&number(x)?), field.enter(&number(y)?));
        let right = field.mul(&field.add(&field.square(&x), &self.a), &x);
        if field.square(&y) != field.add(&right, &self.b) {
            return None;
        }
        Table::new(field, &self.a, &Affine { x, y }, self.order_bits).ok()
    }

    /// FIPS 186-5 §6.4.2, TR-03111 §4.2.1.2, with a digest of any length.
    pub(super) fn verify(
        &self,
        key: &Table<N>,
        digest: &[u8],
        r: &[u8],
        s: &[u8],
    ) -> Result<bool, Exceptional> {
        let in_range = |bytes| from_be_bytes::<N>(bytes).filter(|n| !is_zero(n) && self.scalars.contains(n));
        let (Some(r), Some(s)) = (in_range(r), in_range(s)) else { return Ok(false) };
        let inverse = self.scalars.enter(&invert_scalar(&self.scalars, &s));
        let from_generator = self.scalars.mul(&self.leftmost_bits(digest), &inverse);
        let from_key = self.scalars.mul(&r, &inverse);
        let field = &self.coordinates;
        let sum = self.generator.add_multiple(field, Jacobian::INFINITY, &from_generator)?;
        let sum = key.add_multiple(field, sum, &from_key)?;
        if is_zero(&sum.z) {
            return Ok(false);
        }
        // x mod n = r, without leaving the projective coordinates: X = r·Z², or (r + n)·Z² where r + n is below p.
        let square = field.square(&sum.z);
        let is_x =
            |number: &Limbs<N>| field.contains(number) && field.mul(&field.enter(number), &square) == sum.x;
        Ok(is_x(&r) || plus(&r, self.scalars.modulus()).is_some_and(|second| is_x(&second)))
    }

    /// The leftmost bits of a digest, as many as the order has, as a scalar.
    fn leftmost_bits(&self, digest: &[u8]) -> Limbs<N> {
        let length = self.order_bits.div_ceil(8);
        let mut number = from_be_bytes(digest.get(..length).unwrap_or(digest)).unwrap_or([0; N]);
        if digest.len() >= length {
            shift_right(&mut number, length * 8 - self.order_bits);
        }
        if !less(&number, self.scalars.modulus()) {
            number = self.scalars.add(&number, &[0; N]);
        }
        number
    }
}

/// A number in hexadecimal, most significant digit first; `None` when it does not fit.
fn from_hex<const N: usize>(text: &str) -> Option<Limbs<N>> {
    let mut number = [0_u64; N];
    for digit in text.chars() {
        let mut carry = u64::from(digit.to_digit(16)?);
        for limb in &mut number {
            let over = *limb >> 60;
            *limb = *limb << 4 | carry;
            carry = over;
        }
        if carry != 0 {
            return None;
        }
    }
    Some(number)
}

fn shift_right<const N: usize>(number: &mut Limbs<N>, bits: usize) {
    if bits > 0 {
        for i in 0..N {
            let above = number.get(i + 1).copied().unwrap_or(0);
            number[i] = number[i] >> bits | above << (64 - bits);
        }
    }
}

/// The sum, `None` when it does not fit.
fn plus<const N: usize>(a: &Limbs<N>, b: &Limbs<N>) -> Option<Limbs<N>> {
    let mut sum = [0; N];
    let mut carry = false;
    for i in 0..N {
        let (low, first) = a[i].overflowing_add(b[i]);
        let (low, second) = low.overflowing_add(u64::from(carry));
        (sum[i], carry) = (low, first || second);
    }
    (!carry).then_some(sum)
}

/// s⁻¹ mod n. By safegcd where the crate's words are ours, by Fermat elsewhere.
fn invert_scalar<const N: usize>(scalars: &Field<N>, s: &Limbs<N>) -> Limbs<N> {
    #[cfg(target_pointer_width = "64")]
    {
        use crypto_bigint::{Odd, Uint};
        let modulus = Odd::new(Uint::<N>::from_words(*scalars.modulus())).into_option();
        let inverse =
            modulus.and_then(|modulus| Uint::from_words(*s).invert_odd_mod_vartime(&modulus).into_option());
        if let Some(inverse) = inverse {
            return *inverse.as_words();
        }
    }
    scalars.leave(&scalars.invert(&scalars.enter(s)))
}
