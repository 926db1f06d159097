//! ECDSA verification with tables: of the generator's multiples and of a signer's key's.
//!
//! Signer keys are few and each signs hundreds of thousands of cards. A key may therefore be *prepared*: its multiples are
//! laid out in windows of eight bits, 64 times the length of the order in points, and a verification is one addition a
//! window, without a doubling. **Variable time, for public data only**: a key, a digest and a signature have nothing to hide,
//! and no secret has a type that could come here.
//!
//! What the additions cannot add (two equal points met, which no honest signature brings about) goes the plain way, so
//! that both ways give one answer on every input.

mod arithmetic;
mod field;
mod table;

use std::fmt;
use std::sync::LazyLock;

use crate::{Curve, EcdsaError, Signature, on_curve, verify_ecdsa};
use arithmetic::Arithmetic;
use table::{Exceptional, Table};

/// SHA-512's.
const LONGEST_HASH: usize = 64;

/// A public key laid out for many verifications.
pub struct PreparedKey {
    curve: Curve,
    point: Vec<u8>,
    multiples: Multiples,
}

macro_rules! curves {
    ($($curve:ident: $limbs:literal),+ $(,)?) => {
        enum Multiples {
            $($curve(&'static Arithmetic<$limbs>, Table<$limbs>),)+
        }

        impl Multiples {
            fn of(curve: Curve, x: &[u8], y: &[u8]) -> Option<Self> {
                match curve {
                    $(Curve::$curve => {
                        static ARITHMETIC: LazyLock<Option<Arithmetic<$limbs>>> =
                            LazyLock::new(|| Arithmetic::new(Curve::$curve));
                        let arithmetic = ARITHMETIC.as_ref()?;
                        Some(Self::$curve(arithmetic, arithmetic.prepare(x, y)?))
                    })+
                }
            }

            fn verify(&self, digest: &[u8], r: &[u8], s: &[u8]) -> Result<bool, Exceptional> {
                match self {
                    $(Self::$curve(arithmetic, table) => arithmetic.verify(table, digest, r, s),)+
                }
            }

            fn memory(&self) -> usize {
                match self {
                    $(Self::$curve(_, table) => table.memory(),)+
                }
            }
        }
    };
}

curves! {
    P192: 3,
    BrainpoolP192r1: 3,
    P224: 4,
    BrainpoolP224r1: 4,
    P256: 4,
    BrainpoolP256r1: 4,
    BrainpoolP320r1: 5,
    P384: 6,
    BrainpoolP384r1: 6,
    BrainpoolP512r1: 8,
    P521: 9,
}

impl PreparedKey {
    /// Lays a key out: a few milliseconds, as much as some fifty plain verifications. The point is uncompressed SEC 1.
    ///
    /// # Errors
    /// [`EcdsaError::Key`] when it is no finite point of the curve.
    pub fn new(curve: Curve, point: &[u8]) -> Result<Self, EcdsaError> {
        let width = curve.field_length();
        let Some((0x04, coordinates)) = point.split_first().map(|(form, rest)| (*form, rest)) else {
            return Err(EcdsaError::Key);
        };
        if coordinates.len() != 2 * width {
            return Err(EcdsaError::Key);
        }
        let (x, y) = coordinates.split_at(width);
        let multiples = Multiples::of(curve, x, y).ok_or(EcdsaError::Key)?;
        Ok(Self { curve, point: point.to_vec(), multiples })
    }

    /// The curve.
    #[must_use]
    pub fn curve(&self) -> Curve {
        self.curve
    }

    /// Bytes that the table takes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.multiples.memory()
    }

    /// As [`verify_ecdsa`], with the same answer on every input.
    ///
    /// # Errors
    /// [`EcdsaError`].
    pub fn verify(&self, digest: &[u8], signature: Signature<'_>) -> Result<(), EcdsaError> {
        // No hash is longer, and of what is the plain way takes its own bits on P-521.
        if digest.len() > LONGEST_HASH {
            return verify_ecdsa(self.curve, &self.point, digest, signature);
        }
        let plain = on_curve!(self.curve, C => match signature {
            Signature::Plain(bytes) => ecdsa::Signature::<C>::from_slice(bytes),
            Signature::Der(bytes) => ecdsa::Signature::<C>::from_der(bytes),
        }
        .map(|signature| signature.to_bytes().to_vec()));
        let plain = plain.map_err(|_| EcdsaError::Malformed)?;
        let (r, s) = plain.split_at(self.curve.order_length());
        match self.multiples.verify(digest, r, s) {
            Ok(true) => Ok(()),
            Ok(false) => Err(EcdsaError::Wrong),
            Err(Exceptional) => verify_ecdsa(self.curve, &self.point, digest, Signature::Plain(&plain)),
        }
    }
}

impl fmt::Debug for PreparedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PreparedKey({:?}, {} kB)", self.curve, self.memory() / 1024)
    }
}
