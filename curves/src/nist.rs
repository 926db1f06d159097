//! P-192 and P-224 (FIPS 186-4 D.1.2): withdrawn for new keys, still on chips and in certificates in the field.

use crate::define::prime_curve;

prime_curve! {
    /// NIST P-192, secp192r1.
    p192::NistP192,
    domain: crate::domain::P192,
    oid: "1.2.840.10045.3.1.1",
    uint: U192,
    bytes: U24,
    equation_a: EquationAIsMinusThree,
    field_generator: 11,
    scalar_generator: 3,
    digest: Sha256,
}

prime_curve! {
    /// NIST P-224, secp224r1. Its prime is 1 modulo 2⁹⁶, so square roots go by Tonelli and Shanks.
    p224::NistP224,
    domain: crate::domain::P224,
    oid: "1.3.132.0.33",
    uint: U256,
    bytes: U28,
    equation_a: EquationAIsMinusThree,
    field_generator: 22,
    scalar_generator: 2,
    digest: Sha224,
}
