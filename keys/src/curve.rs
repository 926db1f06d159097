//! Elliptic curves: named, or by explicit parameters matched against a closed table.
//!
//! Doc 9303-12 §4.4.2 wants explicit parameters in the certificates of CSCA and Document Signer; 160 of 164 EC keys of
//! a national master list carry them. Parameters that come with a certificate are an attacker's choice (CVE-2020-0601,
//! CVE-2022-0778), so they are only ever *compared* with the table and never computed upon.

mod key_file;
mod table;

use crate::algorithm::oids;
use crate::asn1::{self, Element, Malformed, tag, unsigned};
use const_oid::ObjectIdentifier;
use table::{DOMAINS, Domain};

/// The curves that are recognised. [`NamedCurve::has_arithmetic`] tells which can be computed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum NamedCurve {
    P224,
    P256,
    P384,
    P521,
    BrainpoolP224r1,
    BrainpoolP256r1,
    BrainpoolP320r1,
    BrainpoolP384r1,
    BrainpoolP512r1,
}

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

impl NamedCurve {
    /// Its object identifier (FIPS 186-4, RFC 5639 §4).
    #[must_use]
    pub const fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::P224 => "1.3.132.0.33",
            Self::P256 => "1.2.840.10045.3.1.7",
            Self::P384 => "1.3.132.0.34",
            Self::P521 => "1.3.132.0.35",
            Self::BrainpoolP224r1 => "1.3.36.3.3.2.8.1.1.5",
            Self::BrainpoolP256r1 => "1.3.36.3.3.2.8.1.1.7",
            Self::BrainpoolP320r1 => "1.3.36.3.3.2.8.1.1.9",
            Self::BrainpoolP384r1 => "1.3.36.3.3.2.8.1.1.11",
            Self::BrainpoolP512r1 => "1.3.36.3.3.2.8.1.1.13",
        })
    }

    /// Its usual name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P224 => "P-224",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::BrainpoolP224r1 => "brainpoolP224r1",
            Self::BrainpoolP256r1 => "brainpoolP256r1",
            Self::BrainpoolP320r1 => "brainpoolP320r1",
            Self::BrainpoolP384r1 => "brainpoolP384r1",
            Self::BrainpoolP512r1 => "brainpoolP512r1",
        }
    }

    /// Octets of a field element.
    #[must_use]
    pub const fn field_length(self) -> usize {
        match self {
            Self::P224 | Self::BrainpoolP224r1 => 28,
            Self::P256 | Self::BrainpoolP256r1 => 32,
            Self::BrainpoolP320r1 => 40,
            Self::P384 | Self::BrainpoolP384r1 => 48,
            Self::BrainpoolP512r1 => 64,
            Self::P521 => 66,
        }
    }

    /// Signatures on it can be computed here; the others are only named.
    #[must_use]
    pub const fn has_arithmetic(self) -> bool {
        matches!(self, Self::P256 | Self::P384 | Self::P521 | Self::BrainpoolP256r1 | Self::BrainpoolP384r1)
    }

    /// The curve of an object identifier.
    #[must_use]
    pub fn from_oid(oid: &ObjectIdentifier) -> Option<Self> {
        DOMAINS.iter().map(|domain| domain.curve).find(|curve| curve.oid() == *oid)
    }

    /// `ECParameters`, RFC 5480 §2.1.1 and X9.62: the object identifier or all parameters.
    ///
    /// ```text
    /// SpecifiedECDomain ::= SEQUENCE { version INTEGER { ecdpVer1(1) }, fieldID FieldID, curve Curve,
    ///     base ECPoint, order INTEGER, cofactor INTEGER }
    /// ```
    #[must_use]
    pub fn to_parameters(self, encoding: CurveEncoding) -> Vec<u8> {
        let domain = DOMAINS.iter().find(|domain| domain.curve == self);
        match (encoding, domain) {
            (CurveEncoding::Explicit, Some(domain)) => {
                let field =
                    asn1::sequence(&[&asn1::oid(&oids::PRIME_FIELD), &asn1::integer(&octets(domain.prime))]);
                let curve = asn1::sequence(&[
                    &asn1::tlv(tag::OCTET_STRING, &octets(domain.a)),
                    &asn1::tlv(tag::OCTET_STRING, &octets(domain.b)),
                ]);
                let base = [vec![4], octets(domain.x), octets(domain.y)].concat();
                asn1::sequence(&[
                    &asn1::integer(&[1]),
                    &field,
                    &curve,
                    &asn1::tlv(tag::OCTET_STRING, &base),
                    &asn1::integer(&octets(domain.order)),
                    &asn1::integer(&[1]),
                ])
            }
            _ => asn1::oid(&self.oid()),
        }
    }
}

impl std::fmt::Display for NamedCurve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl CurveParameters {
    /// Recognises the parameters of a key. Explicit ones must equal an entry of the table in every value that is
    /// present: field, a, b, generator (compressed or not), order, and cofactor 1 or absent. A seed is ignored.
    ///
    /// # Errors
    /// Bytes that are no `ECParameters` at all.
    pub fn from_element(element: &Element<'_>) -> Result<Self, Malformed> {
        match element.tag {
            tag::OID => Ok(NamedCurve::from_oid(&element.oid()?)
                .map_or(Self::Unknown, |curve| Self::Known(curve, CurveEncoding::Named))),
            tag::SEQUENCE => {
                let stated = Stated::read(element)?;
                Ok(DOMAINS
                    .iter()
                    .find(|domain| stated.equals(domain))
                    .map_or(Self::Unknown, |domain| Self::Known(domain.curve, CurveEncoding::Explicit)))
            }
            tag::NULL => Ok(Self::Unknown),
            _ => Err(Malformed::at(element.offset, "parameters of an elliptic curve")),
        }
    }
}

/// The values that a `SpecifiedECDomain` states, unjudged.
struct Stated<'a> {
    field: ObjectIdentifier,
    prime: &'a [u8],
    a: &'a [u8],
    b: &'a [u8],
    base: &'a [u8],
    order: &'a [u8],
    cofactor: Option<&'a [u8]>,
}

impl<'a> Stated<'a> {
    fn read(element: &Element<'a>) -> Result<Self, Malformed> {
        let mut reader = element.reader();
        reader.expect(tag::INTEGER, "the version of curve parameters")?;
        let mut field_id = reader.sequence("a field")?;
        let field = field_id.any()?.oid()?;
        // A characteristic-two field carries a structure here; it equals no entry either way.
        let prime = field_id.any()?;
        let prime = if prime.tag == tag::INTEGER { prime.content } else { &[] };
        let mut curve = reader.sequence("a curve")?;
        let a = curve.expect(tag::OCTET_STRING, "coefficient a")?.content;
        let b = curve.expect(tag::OCTET_STRING, "coefficient b")?.content;
        let base = reader.expect(tag::OCTET_STRING, "a generator")?.content;
        let order = reader.expect(tag::INTEGER, "an order")?.integer()?;
        let cofactor = reader.optional(tag::INTEGER)?.map(|element| element.content);
        reader.finish("bytes after the curve parameters")?;
        Ok(Self { field, prime, a, b, base, order, cofactor })
    }

    fn equals(&self, domain: &Domain) -> bool {
        self.field == oids::PRIME_FIELD
            && unsigned(self.prime) == unsigned(&octets(domain.prime))
            && unsigned(self.a) == unsigned(&octets(domain.a))
            && unsigned(self.b) == unsigned(&octets(domain.b))
            && unsigned(self.order) == unsigned(&octets(domain.order))
            && self.cofactor.is_none_or(|cofactor| unsigned(cofactor) == [1])
            && self.is_generator(domain)
    }

    fn is_generator(&self, domain: &Domain) -> bool {
        let (x, y) = (octets(domain.x), octets(domain.y));
        match self.base.split_first() {
            Some((4, point)) => point == [x, y].concat(),
            Some((sign @ (2 | 3), point)) => point == x && y.last().is_some_and(|last| last & 1 == sign & 1),
            _ => false,
        }
    }
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
        for domain in &DOMAINS {
            let curve = domain.curve;
            for number in [domain.prime, domain.a, domain.b, domain.x, domain.y] {
                assert_eq!(hex::decode(number).unwrap().len(), curve.field_length(), "{curve}");
            }
            for encoding in [CurveEncoding::Explicit, CurveEncoding::Named] {
                let der = curve.to_parameters(encoding);
                let element = Reader::new(&der).any().unwrap();
                let found = CurveParameters::from_element(&element);
                assert_eq!(found, Ok(CurveParameters::Known(curve, encoding)));
            }
        }
    }

    #[test]
    fn a_single_changed_octet_of_explicit_parameters_is_never_a_known_curve() {
        let good = NamedCurve::P256.to_parameters(CurveEncoding::Explicit);
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
