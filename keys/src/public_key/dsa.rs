//! DSA, FIPS 186-4 §4.7: old authorities sign with it (Doc 9303-12 §4.4.3). Verified only, never made.

use super::VerifyError;
use crate::asn1::{Element, Malformed, Reader, unsigned};
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};

/// Longest prime p that is computed with, in octets (FIPS 186-4 §4.2: 3072 bits).
const MAX_P: usize = 384;
/// Longest prime q.
const MAX_Q: usize = 32;

/// p, q and g of a key; without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Domain {
    p: Vec<u8>,
    q: Vec<u8>,
    g: Vec<u8>,
}

impl Domain {
    /// ```text
    /// Dss-Parms ::= SEQUENCE { p INTEGER, q INTEGER, g INTEGER }
    /// ```
    pub(super) fn read(element: &Element<'_>) -> Result<Self, Malformed> {
        let mut fields = element.reader();
        let p = unsigned(fields.any()?.integer()?);
        let q = unsigned(fields.any()?.integer()?);
        let g = unsigned(fields.any()?.integer()?);
        fields.finish("bytes after the parameters of DSA")?;
        if p.len() > MAX_P || q.len() > MAX_Q || g.len() > p.len() {
            return Err(Malformed::at(element.offset, "a DSA key of at most 3072 and 256 bits"));
        }
        Ok(Self { p: p.to_vec(), q: q.to_vec(), g: g.to_vec() })
    }

    /// Octets of p.
    pub(super) const fn length(&self) -> usize {
        self.p.len()
    }
}

/// Whether `signature` (`Dss-Sig-Value` in DER) is the key's over a message with this digest.
pub(super) fn verify(domain: &Domain, y: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    const UNUSABLE: VerifyError = VerifyError::UnusableKey("a DSA key that cannot be computed with");
    let mut reader = Reader::new(signature);
    let (r, s) = read_signature(&mut reader).map_err(|_| VerifyError::Invalid)?;
    let (p, q) = (odd(&domain.p).ok_or(UNUSABLE)?, odd(&domain.q).ok_or(UNUSABLE)?);
    let (p_field, q_field) = (BoxedMontyParams::new_vartime(p), BoxedMontyParams::new_vartime(q));
    let in_range = |number: &[u8], modulus: &[u8]| {
        !number.is_empty() && (number.len(), number) < (modulus.len(), modulus)
    };
    if !in_range(y, &domain.p) || !in_range(&domain.g, &domain.p) {
        return Err(UNUSABLE);
    }
    if !in_range(r, &domain.q) || !in_range(s, &domain.q) {
        return Err(VerifyError::Invalid);
    }
    // The leftmost bits of the digest, as many as q has.
    let digest = digest.get(..digest.len().min(domain.q.len())).unwrap_or(digest);
    let modulo_q = |number: &[u8]| form(number, &q_field);
    let inverse = modulo_q(s).ok_or(VerifyError::Invalid)?.invert_vartime().into_option();
    let inverse = inverse.ok_or(VerifyError::Invalid)?;
    let u1 = modulo_q(digest).ok_or(VerifyError::Invalid)?.mul(&inverse).retrieve();
    let u2 = modulo_q(r).ok_or(VerifyError::Invalid)?.mul(&inverse).retrieve();
    let (g, y) = (form(&domain.g, &p_field).ok_or(UNUSABLE)?, form(y, &p_field).ok_or(UNUSABLE)?);
    let v = g.pow(&u1).mul(&y.pow(&u2)).retrieve();
    let v = v.rem_vartime(q_field.modulus().as_nz_ref());
    if unsigned(&v.to_be_bytes()) == r { Ok(()) } else { Err(VerifyError::Invalid) }
}

fn read_signature<'a>(reader: &mut Reader<'a>) -> Result<(&'a [u8], &'a [u8]), Malformed> {
    let mut fields = reader.sequence("a DSA signature")?;
    reader.finish("bytes after the signature")?;
    let mut number = || -> Result<&'a [u8], Malformed> {
        let element = fields.any()?;
        let octets = element.integer()?;
        if octets.first().is_some_and(|first| first & 0x80 != 0) {
            return Err(Malformed::at(element.offset, "a negative integer"));
        }
        Ok(unsigned(octets))
    };
    let pair = (number()?, number()?);
    fields.finish("bytes after the numbers of a signature")?;
    Ok(pair)
}

fn odd(octets: &[u8]) -> Option<Odd<BoxedUint>> {
    let number = BoxedUint::from_be_slice_vartime(octets);
    (number.bits_vartime() > 1).then_some(())?;
    Odd::new(number).into_option()
}

/// A number modulo the field's modulus.
fn form(octets: &[u8], field: &BoxedMontyParams) -> Option<BoxedMontyForm> {
    let precision = field.bits_precision();
    let bits = u32::try_from(octets.len().checked_mul(8)?).ok()?;
    let number = BoxedUint::from_be_slice(octets, precision.max(bits)).ok()?;
    let number = number.rem_vartime(field.modulus().as_nz_ref());
    Some(BoxedMontyForm::new(number, field))
}
