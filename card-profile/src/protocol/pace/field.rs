//! Arithmetic in GF(p) for the integrated mapping. What depends on the nonce runs in time that does not.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, NonZero, Odd, Resize as _};
use zeroize::{Zeroize as _, Zeroizing};

/// A prime field, its modulus public.
pub(super) struct Field {
    params: BoxedMontyParams,
    modulus: NonZero<BoxedUint>,
    length: usize,
}

/// An element of a [`Field`]. Wiped when dropped.
pub(super) struct Residue(BoxedMontyForm);

impl Drop for Residue {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Field {
    /// The field of this odd prime, big-endian; whether it is prime is the caller's to know.
    pub(super) fn new(modulus: &[u8]) -> Option<Self> {
        let number = BoxedUint::from_be_slice_vartime(modulus);
        let odd: Odd<BoxedUint> = Option::from(Odd::new(number.clone()))?;
        let modulus_is_small = number.bits_vartime() < 3;
        if modulus_is_small {
            return None;
        }
        Some(Self {
            params: BoxedMontyParams::new_vartime(odd),
            modulus: Option::from(NonZero::new(number))?,
            length: modulus.len(),
        })
    }

    /// A number of any length, reduced.
    pub(super) fn reduce(&self, bytes: &[u8]) -> Residue {
        let own = self.params.bits_precision();
        let given = u32::try_from(bytes.len()).unwrap_or(u32::MAX).saturating_mul(8);
        let mut wide = BoxedUint::from_be_slice_truncated(bytes, own.max(given));
        let mut reduced = wide.rem(&self.modulus);
        wide.zeroize();
        let residue = Residue(BoxedMontyForm::new(reduced.clone(), &self.params));
        reduced.zeroize();
        residue
    }

    pub(super) fn one(&self) -> Residue {
        Residue(BoxedMontyForm::one(&self.params))
    }

    /// The exponent is public.
    pub(super) fn power(&self, base: &Residue, exponent: &BoxedUint) -> Residue {
        Residue(base.0.pow(exponent))
    }

    /// The inverse by Fermat's theorem; zero of zero.
    pub(super) fn invert(&self, residue: &Residue) -> Residue {
        self.power(residue, &self.below(2))
    }

    /// p − 1 − (p + 1)/4: raises h to the inverse of its square root when p ≡ 3 mod 4. `None` for other p.
    pub(super) fn inverse_square_root_exponent(&self) -> Option<BoxedUint> {
        let lowest = self.modulus.as_words().first()?;
        // (p + 1)/4 = ⌊p/4⌋ + 1
        let quarter = self.modulus.shr_vartime(2)?;
        (lowest & 3 == 3).then(|| self.below(2).wrapping_sub(&quarter))
    }

    /// As big-endian bytes of the modulus' width.
    pub(super) fn to_bytes(&self, residue: &Residue) -> Zeroizing<Vec<u8>> {
        let mut number = residue.0.retrieve();
        let bytes = Zeroizing::new(number.to_be_bytes().into_vec());
        number.zeroize();
        let start = bytes.len().saturating_sub(self.length);
        Zeroizing::new(bytes.get(start..).unwrap_or_default().to_vec())
    }

    fn below(&self, difference: u8) -> BoxedUint {
        let difference = BoxedUint::from(difference).resize(self.modulus.bits_precision());
        self.modulus.wrapping_sub(&difference)
    }
}

impl Residue {
    pub(super) fn plus(&self, other: &Self) -> Self {
        Self(self.0.add(&other.0))
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        Self(self.0.mul(&other.0))
    }

    pub(super) fn square(&self) -> Self {
        Self(self.0.square())
    }

    pub(super) fn negated(&self) -> Self {
        Self(self.0.neg())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GF(23): 23 ≡ 3 mod 4.
    #[test]
    fn a_field_small_enough_to_check_by_hand() {
        let field = Field::new(&[23]).unwrap();
        let number = |value: u8| field.reduce(&[value]);
        let value = |residue: &Residue| field.to_bytes(residue).to_vec();
        for x in 1..23 {
            assert_eq!(value(&number(x).times(&field.invert(&number(x)))), [1]);
            let root = field.inverse_square_root_exponent().unwrap();
            let square = number(x).square();
            let inverse_root = field.power(&square, &root);
            assert_eq!(value(&inverse_root.square().times(&square)), [1], "{x}");
        }
        assert_eq!(value(&field.invert(&number(0))), [0]);
        assert_eq!(value(&number(5).negated().plus(&number(5))), [0]);
        assert_eq!(value(&field.reduce(&[1, 0, 0])), [u8::try_from(65_536 % 23).unwrap()]);
        assert!(Field::new(&[29]).unwrap().inverse_square_root_exponent().is_none(), "29 is 1 mod 4");
        assert!(Field::new(&[22]).is_none());
        assert!(Field::new(&[]).is_none());
    }
}
