//! `SubjectPublicKeyInfo` as DG14 and DG15 of cards in the field carry it.
//!
//! Parameters that come along are compared with the closed tables of curves and groups and never computed upon
//! (decision 0013).

use super::{KeyError, PublicKey};
use crate::protocol::curve::{Curve, DomainParameters};
use crate::protocol::dh::ModpGroup;
use crate::protocol::group::Group;
use crate::tlv::{self, Reader, Tlv};
use cccd_curves::ExplicitParameters;
use const_oid::ObjectIdentifier;
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, RsaPublicKey};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ID_EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const PRIME_FIELD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.1.1");
/// X9.42 `dhpublicnumber` (RFC 3279 §2.3.3).
const DH_PUBLIC_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10046.2.1");
/// PKCS#3 `dhKeyAgreement`.
const DH_KEY_AGREEMENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.3.1");
/// TR-03110-3 A.2.1.1.
pub(super) const STANDARDIZED_DOMAIN_PARAMETERS: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("0.4.0.127.0.7.1.2");

/// The longest RSA modulus, in octets: 8192 bits.
const MAX_MODULUS: usize = 1024;
/// The shortest RSA modulus, in bits. Short keys are read, and judged elsewhere.
const MIN_MODULUS_BITS: u32 = 512;

/// ```text
/// SubjectPublicKeyInfo ::= SEQUENCE { algorithm SEQUENCE { OBJECT IDENTIFIER, parameters ANY OPTIONAL },
///   subjectPublicKey BIT STRING }
/// ```
pub(super) fn read(der: &[u8]) -> Result<PublicKey, KeyError> {
    let (algorithm, parameters, key) = outer(der).ok_or(KeyError::Malformed)?;
    if algorithm == RSA_ENCRYPTION {
        return rsa(key);
    }
    let parameters = parameters.ok_or(KeyError::Unsupported)?;
    let group = if algorithm == ID_EC_PUBLIC_KEY {
        curve(&parameters).map(Group::Curve)
    } else if algorithm == STANDARDIZED_DOMAIN_PARAMETERS {
        let [number] = *parameters.value else { return Err(KeyError::Unsupported) };
        (parameters.tag == 0x02)
            .then(|| DomainParameters::from_id(number))
            .flatten()
            .map(DomainParameters::group)
    } else if algorithm == DH_PUBLIC_NUMBER {
        residues(&parameters, true).map(Group::Modp)
    } else if algorithm == DH_KEY_AGREEMENT {
        residues(&parameters, false).map(Group::Modp)
    } else {
        None
    };
    match group.ok_or(KeyError::Unsupported)? {
        Group::Curve(curve) => Ok(PublicKey::EllipticCurve(curve.point(key)?)),
        Group::Modp(group) => {
            let mut reader = Reader::new(key);
            let value = reader.expect(0x02).map_err(|_| KeyError::Malformed)?.value;
            reader.finish().map_err(|_| KeyError::Malformed)?;
            Ok(PublicKey::DiffieHellman(group.residue(significant(value))?))
        }
    }
}

fn outer(der: &[u8]) -> Option<(ObjectIdentifier, Option<Tlv<'_>>, &[u8])> {
    let mut file = Reader::new(der);
    let mut info = file.expect(0x30).ok()?.nested().ok()?;
    file.finish().ok()?;
    let mut algorithm = info.expect(0x30).ok()?.nested().ok()?;
    let oid = oid(&algorithm.expect(0x06).ok()?)?;
    let parameters = if algorithm.finish().is_ok() { None } else { Some(algorithm.read().ok()?) };
    algorithm.finish().ok()?;
    let (unused, key) = info.expect(0x03).ok()?.value.split_first()?;
    info.finish().ok()?;
    (*unused == 0).then_some((oid, parameters, key))
}

fn oid(object: &Tlv<'_>) -> Option<ObjectIdentifier> {
    (object.tag == 0x06).then(|| ObjectIdentifier::from_bytes(object.value).ok()).flatten()
}

/// `ECParameters` (RFC 5480 §2.1.1): a name, or X9.62's `SpecifiedECDomain`.
fn curve(parameters: &Tlv<'_>) -> Option<Curve> {
    if let Some(name) = oid(parameters) {
        return Curve::from_oid(name);
    }
    let mut reader = (parameters.tag == 0x30).then(|| parameters.nested().ok()).flatten()?;
    reader.expect(0x02).ok()?;
    let mut field = reader.expect(0x30).ok()?.nested().ok()?;
    if oid(&field.expect(0x06).ok()?)? != PRIME_FIELD {
        return None;
    }
    let prime = field.expect(0x02).ok()?.value;
    field.finish().ok()?;
    // A seed may follow the coefficients.
    let mut coefficients = reader.expect(0x30).ok()?.nested().ok()?;
    let a = coefficients.expect(0x04).ok()?.value;
    let b = coefficients.expect(0x04).ok()?.value;
    let generator = reader.expect(0x04).ok()?.value;
    let order = reader.expect(0x02).ok()?.value;
    // X9.62 lets the cofactor be left out, Doc 9303-12 §4.4.2 does not.
    let cofactor = Some(reader.expect(0x02).ok()?.value);
    reader.finish().ok()?;
    ExplicitParameters { prime, a, b, generator, order, cofactor }.curve()
}

/// ```text
/// DomainParameters ::= SEQUENCE { p INTEGER, g INTEGER, q INTEGER, j INTEGER OPTIONAL, … }    X9.42
/// DHParameter ::= SEQUENCE { prime INTEGER, base INTEGER, privateValueLength INTEGER OPTIONAL }    PKCS#3
/// ```
fn residues(parameters: &Tlv<'_>, with_order: bool) -> Option<ModpGroup> {
    let mut reader = (parameters.tag == 0x30).then(|| parameters.nested().ok()).flatten()?;
    let prime = reader.expect(0x02).ok()?.value;
    let generator = reader.expect(0x02).ok()?.value;
    let order = if with_order { Some(reader.expect(0x02).ok()?.value) } else { None };
    ModpGroup::from_numbers(prime, generator, order)
}

/// ```text
/// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
/// ```
fn rsa(key: &[u8]) -> Result<PublicKey, KeyError> {
    fn numbers(key: &[u8]) -> Option<(&[u8], &[u8])> {
        let mut reader = Reader::new(key);
        let mut numbers = reader.expect(0x30).ok()?.nested().ok()?;
        reader.finish().ok()?;
        let modulus = significant(numbers.expect(0x02).ok()?.value);
        let exponent = significant(numbers.expect(0x02).ok()?.value);
        numbers.finish().ok()?;
        Some((modulus, exponent))
    }
    let (modulus, exponent) = numbers(key).ok_or(KeyError::Malformed)?;
    rsa_key(modulus, exponent).map(PublicKey::Rsa)
}

/// An RSA key from its numbers: an odd modulus, and any odd exponent above 1 and below the modulus. (Under 1, whatever
/// is signed is its own signature.)
pub(super) fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Result<RsaPublicKey, KeyError> {
    if modulus.len() > MAX_MODULUS || exponent.len() > modulus.len() {
        return Err(KeyError::Unsupported);
    }
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    if !is_odd(modulus) || !is_odd(exponent) {
        return Err(KeyError::Unsupported);
    }
    let (n, e) = (BoxedUint::from_be_slice_vartime(modulus), BoxedUint::from_be_slice_vartime(exponent));
    if n.bits() < MIN_MODULUS_BITS || e <= BoxedUint::one() || e >= n {
        return Err(KeyError::Unsupported);
    }
    Ok(RsaPublicKey::new_unchecked(n, e))
}

pub(super) fn significant(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    number.get(zeros..).unwrap_or_default()
}

pub(super) fn write(key: &PublicKey) -> Result<Vec<u8>, KeyError> {
    let identifier = |oid: ObjectIdentifier| tlv::encode(0x06, oid.as_bytes());
    let (algorithm, octets) = match key {
        PublicKey::Rsa(key) => {
            let numbers = [integer(&key.n_bytes()), integer(&key.e_bytes())].concat();
            ([identifier(RSA_ENCRYPTION), tlv::encode(0x05, &[])].concat(), tlv::encode(0x30, &numbers))
        }
        PublicKey::EllipticCurve(point) => {
            let algorithm = [identifier(ID_EC_PUBLIC_KEY), identifier(point.curve().oid())].concat();
            (algorithm, point.as_bytes().to_vec())
        }
        PublicKey::DiffieHellman(residue) => {
            let group = residue.group();
            let numbers =
                [integer(&group.prime()), integer(group.generator().as_bytes()), integer(&group.order())];
            let parameters = tlv::encode(0x30, &numbers.concat());
            ([identifier(DH_PUBLIC_NUMBER), parameters].concat(), integer(residue.as_bytes()))
        }
    };
    let bits = [&[0], octets.as_slice()].concat();
    Ok(tlv::encode_all(0x30, &[&tlv::encode(0x30, &algorithm), &tlv::encode(0x03, &bits)]))
}

/// A non-negative INTEGER: no zeros before it but the one that keeps the sign.
fn integer(number: &[u8]) -> Vec<u8> {
    let number = significant(number);
    let needs_sign = number.first().is_none_or(|first| first & 0x80 != 0);
    let sign: &[u8] = if needs_sign { &[0] } else { &[] };
    tlv::encode(0x02, &[sign, number].concat())
}
