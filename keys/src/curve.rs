//! Elliptic curves: named, or by explicit parameters matched against a closed table.
//!
//! Doc 9303-12 §4.4.2 wants explicit parameters in the certificates of CSCA and Document Signer; 160 of 164 EC keys of
//! a national master list carry them. Parameters that come with a certificate are an attacker's choice (CVE-2020-0601,
//! CVE-2022-0778), so they are only ever *compared* with the table and never computed upon.

mod key_file;

use crate::algorithm::oids;
use crate::asn1::{self, Element, Malformed, tag};
use cccd_curves::ExplicitParameters;

/// The curves that are recognised and computed on: the closed table of `cccd-curves`.
pub use cccd_curves::Curve as NamedCurve;

/// How the curve is written into a `SubjectPublicKeyInfo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CurveEncoding {
    /// `specifiedCurve`: all domain parameters, as Doc 9303-12 §4.4.2 wants it.
    #[default]
    Explicit,
    /// `namedCurve`: the object identifier, for software that refuses explicit parameters.
    Named,
}

/// What the parameters of a key say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CurveParameters {
    /// A curve of the table.
    Known(NamedCurve, CurveEncoding),
    /// An object identifier that is not in the table, or explicit parameters that equal no entry of it.
    Unknown,
}

/// `ECParameters`, RFC 5480 §2.1.1 and X9.62: the object identifier or all parameters.
///
/// ```text
/// SpecifiedECDomain ::= SEQUENCE { version INTEGER { ecdpVer1(1) }, fieldID FieldID, curve Curve,
///     base ECPoint, order INTEGER, cofactor INTEGER }
/// ```
#[must_use]
pub fn to_parameters(curve: NamedCurve, encoding: CurveEncoding) -> Vec<u8> {
    if encoding == CurveEncoding::Named {
        return asn1::oid(&curve.oid());
    }
    let domain = curve.domain();
    let field = asn1::sequence(&[&asn1::oid(&oids::PRIME_FIELD), &asn1::integer(&octets(domain.prime))]);
    let coefficients = asn1::sequence(&[
        &asn1::tlv(tag::OCTET_STRING, &octets(domain.a)),
        &asn1::tlv(tag::OCTET_STRING, &octets(domain.b)),
    ]);
    asn1::sequence(&[
        &asn1::integer(&[1]),
        &field,
        &coefficients,
        &asn1::tlv(tag::OCTET_STRING, &domain.generator()),
        &asn1::integer(&octets(domain.order)),
        &asn1::integer(&[1]),
    ])
}

impl CurveParameters {
    /// Recognises the parameters of a key. Explicit ones must equal an entry of the table in every value that is
    /// present: field, a, b, generator (compressed or not), order, and cofactor 1 or absent. A seed is ignored.
    ///
    /// # Errors
    /// Bytes that are no `ECParameters` at all.
    pub fn from_element(element: &Element<'_>) -> Result<Self, Malformed> {
        match element.tag {
            tag::OID => Ok(NamedCurve::from_oid(element.oid()?)
                .map_or(Self::Unknown, |curve| Self::Known(curve, CurveEncoding::Named))),
            tag::SEQUENCE => {
                let curve = stated(element)?.and_then(|parameters| parameters.curve());
                Ok(curve.map_or(Self::Unknown, |curve| Self::Known(curve, CurveEncoding::Explicit)))
            }
            tag::NULL => Ok(Self::Unknown),
            _ => Err(Malformed::at(element.offset, "parameters of an elliptic curve")),
        }
    }
}

/// The values that a `SpecifiedECDomain` states; `None` when its field is not a prime field.
fn stated<'a>(element: &Element<'a>) -> Result<Option<ExplicitParameters<'a>>, Malformed> {
    let mut reader = element.reader();
    reader.expect(tag::INTEGER, "the version of curve parameters")?;
    let mut field_id = reader.sequence("a field")?;
    let field = field_id.any()?.oid()?;
    // A characteristic-two field carries a structure here.
    let prime = field_id.any()?;
    let mut curve = reader.sequence("a curve")?;
    let a = curve.expect(tag::OCTET_STRING, "coefficient a")?.content;
    let b = curve.expect(tag::OCTET_STRING, "coefficient b")?.content;
    let generator = reader.expect(tag::OCTET_STRING, "a generator")?.content;
    let order = reader.expect(tag::INTEGER, "an order")?.integer()?;
    let cofactor = reader.optional(tag::INTEGER)?.map(|element| element.content);
    reader.finish("bytes after the curve parameters")?;
    if field != oids::PRIME_FIELD || prime.tag != tag::INTEGER {
        return Ok(None);
    }
    Ok(Some(ExplicitParameters { prime: prime.content, a, b, generator, order, cofactor }))
}

/// The octets of a table entry; the table's own test proves that every entry decodes.
fn octets(number: &str) -> Vec<u8> {
    hex::decode(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::Reader;

    #[test]
    fn the_table_is_whole_and_every_encoding_is_recognised() {
        for curve in NamedCurve::ALL {
            for encoding in [CurveEncoding::Explicit, CurveEncoding::Named] {
                let der = to_parameters(curve, encoding);
                let element = Reader::new(&der).any().unwrap();
                let found = CurveParameters::from_element(&element);
                assert_eq!(found, Ok(CurveParameters::Known(curve, encoding)));
            }
        }
    }

    #[test]
    fn a_single_changed_octet_of_explicit_parameters_is_never_a_known_curve() {
        let good = to_parameters(NamedCurve::P256, CurveEncoding::Explicit);
        for position in 0..good.len() {
            let mut bad = good.clone();
            bad[position] ^= 1;
            let found = Reader::new(&bad).any().and_then(|element| CurveParameters::from_element(&element));
            // The version number (the first INTEGER's value) says nothing about the curve.
            if let Ok(CurveParameters::Known(..)) = found {
                let version = good.windows(3).position(|w| w == [2, 1, 1]).unwrap() + 2;
                assert_eq!(position, version, "changed octet {position} was accepted");
            }
        }
    }
}
