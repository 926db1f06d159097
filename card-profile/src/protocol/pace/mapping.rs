//! The mappings: a nonce becomes a generator (Doc 9303-11 §4.4.3.3).

use super::field::Field;
use super::{PaceError, integrated};
use crate::protocol::curve::{Curve, DomainParameters};
use crate::protocol::group::{Element, Group};
use crate::protocol::kdf::Cipher;
use zeroize::Zeroizing;

/// The generic mapping: Ĝ = s·G + H or ĝ = g^s · h (§4.4.3.3.1). The nonce may be wider than the field: it counts
/// modulo the order.
///
/// # Errors
/// [`PaceError::PublicKey`] when H is of another group or Ĝ is the identity.
pub fn map_generic(
    parameters: DomainParameters,
    nonce: &[u8],
    shared: &Element,
) -> Result<Element, PaceError> {
    let group = parameters.group();
    match group {
        Group::Curve(curve) if nonce.len() > curve.field_length() => {
            let order = field(curve.domain().order)?;
            Ok(group.map_generic(&order.to_bytes(&order.reduce(nonce)), shared)?)
        }
        _ => Ok(group.map_generic(nonce, shared)?),
    }
}

/// The integrated mapping: Ĝ = `f_G(R_p(s, t))` (§4.4.3.3.2), s the chip's nonce and t the terminal's.
///
/// # Errors
/// [`PaceError::Unsupported`] on P-224, whose prime has no point encoding; [`PaceError::Malformed`] when a nonce has
/// not the cipher's length; [`PaceError::PublicKey`] when the nonces lead to no generator.
pub fn map_integrated(
    parameters: DomainParameters,
    cipher: Cipher,
    s: &[u8],
    t: &[u8],
) -> Result<Element, PaceError> {
    match parameters.group() {
        Group::Curve(Curve::P224) => Err(PaceError::Unsupported),
        Group::Curve(curve) => {
            let domain = curve.domain();
            let (p, a, b) = (octets(domain.prime)?, octets(domain.a)?, octets(domain.b)?);
            let random = integrated::pseudo_random(cipher, s, t, field_bits(curve))?;
            let [x, y] = integrated::encode_point([&p, &a, &b], &random).ok_or(PaceError::Unsupported)?;
            let point = Zeroizing::new([&[4][..], &x, &y].concat());
            Ok(Element::Point(curve.point(&point).map_err(|_| PaceError::PublicKey)?))
        }
        Group::Modp(group) => {
            let reduced = reduced_pseudo_random(parameters, cipher, s, t)?;
            Ok(Element::Residue(group.map_integrated(&reduced).map_err(|_| PaceError::PublicKey)?))
        }
    }
}

/// The pseudo-random function R(s, t) for a prime of so many bits (§4.4.3.3.2).
///
/// # Errors
/// [`PaceError::Malformed`] when s or t have not the cipher's length.
pub fn pseudo_random(
    cipher: Cipher,
    s: &[u8],
    t: &[u8],
    modulus_bits: usize,
) -> Result<Zeroizing<Vec<u8>>, PaceError> {
    Ok(integrated::pseudo_random(cipher, s, t, modulus_bits)?)
}

/// `R_p(s, t)` = R(s, t) mod p, at the prime's width (§4.4.3.3.2): what the integrated mapping encodes or raises.
///
/// # Errors
/// As [`pseudo_random`].
pub fn reduced_pseudo_random(
    parameters: DomainParameters,
    cipher: Cipher,
    s: &[u8],
    t: &[u8],
) -> Result<Zeroizing<Vec<u8>>, PaceError> {
    let (prime, bits) = match parameters.group() {
        Group::Curve(curve) => (octets(curve.domain().prime)?, field_bits(curve)),
        Group::Modp(group) => (group.prime(), group.length().saturating_mul(8)),
    };
    let field = Field::new(&prime).ok_or(BAD)?;
    Ok(field.to_bytes(&field.reduce(&integrated::pseudo_random(cipher, s, t, bits)?)))
}

/// Bits of the field's prime.
fn field_bits(curve: Curve) -> usize {
    if curve == Curve::P521 { 521 } else { curve.field_length().saturating_mul(8) }
}

/// The tables hold; this is what would be said if they did not.
const BAD: PaceError = PaceError::Unsupported;

fn octets(number: &str) -> Result<Vec<u8>, PaceError> {
    hex::decode(number).map_err(|_| BAD)
}

fn field(modulus: &str) -> Result<Field, PaceError> {
    Field::new(&octets(modulus)?).ok_or(BAD)
}
