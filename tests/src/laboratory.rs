//! The laboratory: a country in this process, a genuine card of it, and everything around the card written by hand, so that
//! one thing of it can be written otherwise.
//!
//! | module | what |
//! |---|---|
//! | [`keys`] | keys of every kind that signs in the field, and some that must not |
//! | [`certificate`] | certificates, field by field (RFC 5280 §4.1, Doc 9303-12 §7.1) |
//! | [`revocation`] | revocation lists, field by field (RFC 5280 §5.1) |
//! | [`signed`] | EF.SOD and its content, field by field (RFC 5652 §5, Doc 9303-10 §4.6.2) |
//! | [`chain`] | a CSCA, its signer and what they sign, to be altered before it is signed |
//! | [`country`] | the country, its neighbour, and the genuine card |
//! | [`wire`] | what stands between reader and chip |
//! | [`stage`] | one presentation of a card: altered, read, judged |
//!
//! Nothing here is of use against a real card: every key is made here.

pub mod certificate;
pub mod chain;
pub mod country;
pub mod keys;
pub mod revocation;
pub mod signed;
pub mod stage;
pub mod wire;
