//! One macro that makes a `RustCrypto` curve of an entry of the table, the way the crates `bp384` and `p256` make
//! theirs: two prime fields in Montgomery form and the complete addition formulas of Renes, Costello and Batina.
//!
//! The fields' arithmetic is `crypto-bigint`'s, constant in time for secret scalars.

/// The digits of a number, zeros before them, as wide as the integer type that holds it: a field of 224 bits lives in
/// an integer of whole 64-bit words.
pub(crate) const fn widen<const DIGITS: usize>(hex: &str) -> [u8; DIGITS] {
    let bytes = hex.as_bytes();
    let mut wide = [b'0'; DIGITS];
    let mut index = 0;
    while index < bytes.len() {
        wide[DIGITS - bytes.len() + index] = bytes[index];
        index += 1;
    }
    wide
}

/// The digits as text again.
pub(crate) const fn text<const DIGITS: usize>(digits: &[u8; DIGITS]) -> &str {
    match core::str::from_utf8(digits) {
        Ok(text) => text,
        Err(_) => "",
    }
}

/// Defines a module with a curve type of this name.
///
/// The generators are of the multiplicative groups modulo the field's prime and modulo the order: the smallest numbers
/// that are no ℓ-th power for any prime ℓ below 2²⁰ dividing the group's order. Square roots need only that they are
/// no squares, and a wrong one does not compile.
macro_rules! prime_curve {
    (
        $(#[$documentation:meta])*
        $module:ident :: $name:ident,
        domain: $domain:expr,
        oid: $oid:literal,
        uint: $uint:ident,
        bytes: $bytes:ident,
        equation_a: $equation:ident,
        field_generator: $field_generator:literal,
        scalar_generator: $scalar_generator:literal,
        digest: $digest:ident $(,)?
    ) => {
        $(#[$documentation])*
        pub mod $module {
            use crate::domain::Domain;
            use elliptic_curve::array::typenum::consts::$bytes;
            use elliptic_curve::bigint::{Odd, $uint};
            use elliptic_curve::hazmat::FieldArithmetic;
            use elliptic_curve::{CurveArithmetic, PrimeCurveArithmetic};
            use primeorder::{PrimeCurveParams, mul_backend, point_arithmetic};

            pub use field::FieldElement;
            pub use scalar::Scalar;

            const DOMAIN: &Domain = &$domain;
            const DIGITS: usize = $uint::BITS as usize / 4;
            const PRIME: [u8; DIGITS] = crate::define::widen(DOMAIN.prime);
            const ORDER: [u8; DIGITS] = crate::define::widen(DOMAIN.order);

            $(#[$documentation])*
            #[derive(Copy, Clone, Debug, Default, Eq, PartialEq, PartialOrd, Ord)]
            pub struct $name;

            impl elliptic_curve::Curve for $name {
                type FieldBytesSize = $bytes;
                type Uint = $uint;
                const ORDER: Odd<$uint> = Odd::<$uint>::from_be_hex(crate::define::text(&ORDER));
            }

            impl elliptic_curve::PrimeCurve for $name {}

            impl elliptic_curve::point::PointCompression for $name {
                const COMPRESS_POINTS: bool = false;
            }

            impl const_oid::AssociatedOid for $name {
                const OID: const_oid::ObjectIdentifier = const_oid::ObjectIdentifier::new_unwrap($oid);
            }

            /// A point in affine coordinates.
            pub type AffinePoint = primeorder::AffinePoint<$name>;

            /// A point in projective coordinates.
            pub type ProjectivePoint = primeorder::ProjectivePoint<$name>;

            impl CurveArithmetic for $name {
                type AffinePoint = AffinePoint;
                type ProjectivePoint = ProjectivePoint;
                type Scalar = Scalar;
            }

            impl FieldArithmetic for $name {
                type FieldElement = FieldElement;
            }

            impl PrimeCurveArithmetic for $name {
                type CurveGroup = ProjectivePoint;
            }

            impl PrimeCurveParams for $name {
                type PointArithmetic = point_arithmetic::$equation;
                type Backend = mul_backend::VariableOnly;
                const EQUATION_A: FieldElement = FieldElement::from_hex_vartime(DOMAIN.a);
                const EQUATION_B: FieldElement = FieldElement::from_hex_vartime(DOMAIN.b);
                const GENERATOR: (FieldElement, FieldElement) =
                    (FieldElement::from_hex_vartime(DOMAIN.x), FieldElement::from_hex_vartime(DOMAIN.y));
            }

            impl ecdsa::EcdsaCurve for $name {
                const NORMALIZE_S: bool = false;
            }

            impl ecdsa::DigestAlgorithm for $name {
                type Digest = sha2::$digest;
            }

            #[allow(missing_docs, unused_qualifications, clippy::must_use_candidate)]
            mod field {
                use super::{PRIME, $uint};
                use elliptic_curve::ff::PrimeField;
                use elliptic_curve::ops::BatchInvert;
                use elliptic_curve::subtle::{Choice, ConstantTimeEq, CtOption};

                const MODULUS: &str = crate::define::text(&PRIME);

                primefield::monty_field_params! {
                    name: FieldParams,
                    modulus: MODULUS,
                    uint: $uint,
                    byte_order: primefield::ByteOrder::BigEndian,
                    multiplicative_generator: $field_generator,
                    doc: "The field's prime."
                }

                primefield::monty_field_element! {
                    name: FieldElement,
                    params: FieldParams,
                    uint: $uint,
                    doc: "An element of the field."
                }

                primefield::monty_field_arithmetic! {
                    name: FieldElement,
                    params: FieldParams,
                    uint: $uint
                }

                impl BatchInvert for FieldElement {}
            }

            #[allow(missing_docs, unused_qualifications, clippy::must_use_candidate)]
            mod scalar {
                use super::{$name, ORDER, $uint};
                use elliptic_curve::ff::PrimeField;
                use elliptic_curve::ops::Reduce;
                use elliptic_curve::scalar::{FromUintUnchecked, IsHigh};
                use elliptic_curve::subtle::{Choice, ConstantTimeEq, ConstantTimeGreater, CtOption};
                use elliptic_curve::{Curve as _, FieldBytes, field};
                use primeorder::wnaf;

                const MODULUS: &str = crate::define::text(&ORDER);

                primefield::monty_field_params! {
                    name: ScalarParams,
                    modulus: MODULUS,
                    uint: $uint,
                    byte_order: primefield::ByteOrder::BigEndian,
                    multiplicative_generator: $scalar_generator,
                    doc: "The group's order."
                }

                primefield::monty_field_element! {
                    name: Scalar,
                    params: ScalarParams,
                    uint: $uint,
                    doc: "A number modulo the group's order."
                }

                primefield::monty_field_arithmetic! {
                    name: Scalar,
                    params: ScalarParams,
                    uint: $uint
                }

                elliptic_curve::scalar_impls!($name, Scalar);

                wnaf::impl_wnaf_size_for_scalar!(Scalar);

                impl AsRef<Scalar> for Scalar {
                    fn as_ref(&self) -> &Scalar {
                        self
                    }
                }

                impl FromUintUnchecked for Scalar {
                    type Uint = $uint;

                    fn from_uint_unchecked(uint: Self::Uint) -> Self {
                        Self::from_uint_unchecked(uint)
                    }
                }

                impl IsHigh for Scalar {
                    fn is_high(&self) -> Choice {
                        const HALF: $uint = $name::ORDER.as_ref().shr_vartime(1);
                        self.to_canonical().ct_gt(&HALF)
                    }
                }

                impl Reduce<$uint> for Scalar {
                    fn reduce(number: &$uint) -> Self {
                        Self(primefield::MontyFieldElement::from_uint_reduced(number))
                    }
                }

                impl Reduce<FieldBytes<$name>> for Scalar {
                    fn reduce(bytes: &FieldBytes<$name>) -> Self {
                        Self::reduce(&field::bytes_to_uint::<$name>(bytes))
                    }
                }
            }
        }
    };
}
pub(crate) use prime_curve;
