//! The Brainpool curves of RFC 5639 that have no stable crate of their own.

use crate::define::prime_curve;

prime_curve! {
    /// brainpoolP192r1 (RFC 5639 §3.2).
    bp192::BrainpoolP192r1,
    domain: crate::domain::BRAINPOOL_P192R1,
    oid: "1.3.36.3.3.2.8.1.1.3",
    uint: U192,
    bytes: U24,
    equation_a: EquationAIsGeneric,
    field_generator: 7,
    scalar_generator: 7,
    digest: Sha256,
}

prime_curve! {
    /// brainpoolP224r1 (RFC 5639 §3.3).
    bp224::BrainpoolP224r1,
    domain: crate::domain::BRAINPOOL_P224R1,
    oid: "1.3.36.3.3.2.8.1.1.5",
    uint: U256,
    bytes: U28,
    equation_a: EquationAIsGeneric,
    field_generator: 3,
    scalar_generator: 3,
    digest: Sha224,
}

prime_curve! {
    /// brainpoolP320r1 (RFC 5639 §3.5).
    bp320::BrainpoolP320r1,
    domain: crate::domain::BRAINPOOL_P320R1,
    oid: "1.3.36.3.3.2.8.1.1.9",
    uint: U384,
    bytes: U40,
    equation_a: EquationAIsGeneric,
    field_generator: 5,
    scalar_generator: 6,
    digest: Sha384,
}

prime_curve! {
    /// brainpoolP512r1 (RFC 5639 §3.7): the curve of Vietnam's own CSCA.
    bp512::BrainpoolP512r1,
    domain: crate::domain::BRAINPOOL_P512R1,
    oid: "1.3.36.3.3.2.8.1.1.13",
    uint: U512,
    bytes: U64,
    equation_a: EquationAIsGeneric,
    field_generator: 2,
    scalar_generator: 7,
    digest: Sha512,
}
