//! Montgomery arithmetic modulo an odd number of `N` limbs. Variable time: for public values only.
#![expect(
    clippy::needless_range_loop,
    reason = "limbs of several numbers side by side, unrolled by the compiler"
)]

/// An element in Montgomery form, fully reduced, least significant limb first.
pub(super) type Limbs<const N: usize> = [u64; N];

/// The modulus with what Montgomery's multiplication needs of it.
#[derive(Debug, Clone)]
pub(super) struct Field<const N: usize> {
    modulus: Limbs<N>,
    /// −m⁻¹ mod 2⁶⁴.
    negative_inverse: u64,
    /// R mod m: one.
    pub(super) one: Limbs<N>,
    /// R² mod m.
    r_squared: Limbs<N>,
}

/// Low and high word.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "each word is half of the number")]
fn words(number: u128) -> (u64, u64) {
    (number as u64, (number >> 64) as u64)
}

#[inline(always)]
fn add_carry(a: u64, b: u64, carry: u64) -> (u64, u64) {
    words(u128::from(a) + u128::from(b) + u128::from(carry))
}

#[inline(always)]
fn sub_borrow(a: u64, b: u64, borrow: u64) -> (u64, u64) {
    let (difference, high) = words(u128::from(a).wrapping_sub(u128::from(b) + u128::from(borrow)));
    (difference, high & 1)
}

#[inline(always)]
fn multiply_add(a: u64, b: u64, c: u64, carry: u64) -> (u64, u64) {
    words(u128::from(a) * u128::from(b) + u128::from(c) + u128::from(carry))
}

impl<const N: usize> Field<N> {
    pub(super) fn new(modulus: Limbs<N>) -> Self {
        // Newton: each step doubles the bits that are right.
        let mut inverse = 1_u64;
        for _ in 0..6 {
            inverse = inverse.wrapping_mul(2_u64.wrapping_sub(modulus[0].wrapping_mul(inverse)));
        }
        let mut field =
            Self { modulus, negative_inverse: inverse.wrapping_neg(), one: [0; N], r_squared: [0; N] };
        let mut power = [0; N];
        power[0] = 1;
        for step in 0..(2 * 64 * N) {
            if step == 64 * N {
                field.one = power;
            }
            power = field.add(&power, &power);
        }
        field.r_squared = power;
        field
    }

    pub(super) fn modulus(&self) -> &Limbs<N> {
        &self.modulus
    }

    /// Whether a number is below the modulus.
    pub(super) fn contains(&self, number: &Limbs<N>) -> bool {
        less(number, &self.modulus)
    }

    #[inline(always)]
    pub(super) fn add(&self, a: &Limbs<N>, b: &Limbs<N>) -> Limbs<N> {
        let mut sum = [0; N];
        let mut carry = 0;
        for i in 0..N {
            (sum[i], carry) = add_carry(a[i], b[i], carry);
        }
        self.reduce_once(sum, carry)
    }

    #[inline(always)]
    pub(super) fn sub(&self, a: &Limbs<N>, b: &Limbs<N>) -> Limbs<N> {
        let mut difference = [0; N];
        let mut borrow = 0;
        for i in 0..N {
            (difference[i], borrow) = sub_borrow(a[i], b[i], borrow);
        }
        let mask = 0_u64.wrapping_sub(borrow);
        let mut carry = 0;
        for i in 0..N {
            (difference[i], carry) = add_carry(difference[i], self.modulus[i] & mask, carry);
        }
        difference
    }

    pub(super) fn negate(&self, a: &Limbs<N>) -> Limbs<N> {
        self.sub(&[0; N], a)
    }

    #[inline(always)]
    fn reduce_once(&self, number: Limbs<N>, high: u64) -> Limbs<N> {
        let mut reduced = [0; N];
        let mut borrow = 0;
        for i in 0..N {
            (reduced[i], borrow) = sub_borrow(number[i], self.modulus[i], borrow);
        }
        // Keep the difference when it did not go below zero.
        let keep = 0_u64.wrapping_sub(u64::from(borrow > high));
        for i in 0..N {
            reduced[i] = (number[i] & keep) | (reduced[i] & !keep);
        }
        reduced
    }

    /// a·b·R⁻¹: coarsely integrated operand scanning.
    #[inline(always)]
    pub(super) fn mul(&self, a: &Limbs<N>, b: &Limbs<N>) -> Limbs<N> {
        let mut t = [0_u64; N];
        let mut top = 0_u64;
        for i in 0..N {
            let mut carry = 0;
            for j in 0..N {
                (t[j], carry) = multiply_add(a[j], b[i], t[j], carry);
            }
            let (high, over) = add_carry(top, carry, 0);
            let factor = t[0].wrapping_mul(self.negative_inverse);
            let (_, mut carry) = multiply_add(factor, self.modulus[0], t[0], 0);
            for j in 1..N {
                (t[j - 1], carry) = multiply_add(factor, self.modulus[j], t[j], carry);
            }
            let (low, carry) = add_carry(high, carry, 0);
            t[N - 1] = low;
            top = over + carry;
        }
        self.reduce_once(t, top)
    }

    #[inline(always)]
    pub(super) fn square(&self, a: &Limbs<N>) -> Limbs<N> {
        self.mul(a, a)
    }

    pub(super) fn enter(&self, number: &Limbs<N>) -> Limbs<N> {
        self.mul(number, &self.r_squared)
    }

    pub(super) fn leave(&self, element: &Limbs<N>) -> Limbs<N> {
        let mut one = [0; N];
        one[0] = 1;
        self.mul(element, &one)
    }

    /// Fermat: a^(m−2). For primes.
    pub(super) fn invert(&self, a: &Limbs<N>) -> Limbs<N> {
        let mut exponent = self.modulus;
        let mut borrow = 2;
        for limb in &mut exponent {
            (*limb, borrow) = sub_borrow(*limb, borrow, 0);
        }
        let mut result = self.one;
        for limb in exponent.iter().rev() {
            for bit in (0..64).rev() {
                result = self.square(&result);
                if limb >> bit & 1 == 1 {
                    result = self.mul(&result, a);
                }
            }
        }
        result
    }

    /// All inverses for the price of one (Montgomery's trick). None of them may be zero.
    pub(super) fn invert_all(&self, elements: &mut [Limbs<N>]) {
        let mut products = Vec::with_capacity(elements.len());
        let mut product = self.one;
        for element in elements.iter() {
            products.push(product);
            product = self.mul(&product, element);
        }
        let mut inverse = self.invert(&product);
        for (element, before) in elements.iter_mut().zip(products).rev() {
            let own = self.mul(&inverse, &before);
            inverse = self.mul(&inverse, element);
            *element = own;
        }
    }
}

pub(super) fn less<const N: usize>(a: &Limbs<N>, b: &Limbs<N>) -> bool {
    a.iter().rev().cmp(b.iter().rev()).is_lt()
}

pub(super) fn is_zero<const N: usize>(a: &Limbs<N>) -> bool {
    a.iter().all(|limb| *limb == 0)
}

/// Big-endian bytes, `None` when they do not fit.
pub(super) fn from_be_bytes<const N: usize>(bytes: &[u8]) -> Option<Limbs<N>> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let significant = &bytes[start..];
    if significant.len() > 8 * N {
        return None;
    }
    let mut limbs = [0; N];
    for (limb, chunk) in limbs.iter_mut().zip(significant.rchunks(8)) {
        *limb = chunk.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    }
    Some(limbs)
}
