//! A certificate, field by field: what is written correctly unless a test writes it otherwise.

use anyhow::Result;
use cccd_keys::algorithm::oids;
use cccd_keys::asn1::{self, tag};
use const_oid::ObjectIdentifier;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::keys::{LabKey, Scheme};

/// An extension (RFC 5280 §4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawExtension {
    /// Which.
    pub oid: ObjectIdentifier,
    /// Whether whoever does not know it must refuse.
    pub critical: bool,
    /// The octets inside `extnValue`.
    pub value: Vec<u8>,
}

impl RawExtension {
    /// An extension.
    #[must_use]
    pub fn new(oid: ObjectIdentifier, critical: bool, value: Vec<u8>) -> Self {
        Self { oid, critical, value }
    }

    pub(super) fn to_der(&self) -> Vec<u8> {
        let critical = if self.critical { asn1::tlv(tag::BOOLEAN, &[0xFF]) } else { Vec::new() };
        asn1::sequence(&[&asn1::oid(&self.oid), &critical, &asn1::tlv(tag::OCTET_STRING, &self.value)])
    }
}

/// A certificate before it is signed. Every field is a whole encoding; an empty one is left out.
#[derive(Debug, Clone)]
pub struct RawCertificate {
    /// `[0] { INTEGER 2 }`.
    pub version: Vec<u8>,
    /// `INTEGER`.
    pub serial: Vec<u8>,
    /// The algorithm within what is signed.
    pub inner_algorithm: Vec<u8>,
    /// `Name`.
    pub issuer: Vec<u8>,
    /// `Time`.
    pub not_before: Vec<u8>,
    /// `Time`.
    pub not_after: Vec<u8>,
    /// `Name`.
    pub subject: Vec<u8>,
    /// `SubjectPublicKeyInfo`.
    pub spki: Vec<u8>,
    /// The extensions; none leaves the field out.
    pub extensions: Vec<RawExtension>,
    /// The algorithm beside the signature.
    pub outer_algorithm: Vec<u8>,
    /// How it is signed in truth.
    pub scheme: Scheme,
}

impl RawCertificate {
    /// The field `validity`; left out when both times are.
    fn validity(&self) -> Vec<u8> {
        if self.not_before.is_empty() && self.not_after.is_empty() {
            return Vec::new();
        }
        asn1::sequence(&[&self.not_before, &self.not_after])
    }

    /// Another algorithm in both places and in truth.
    pub fn signed_by_scheme(&mut self, scheme: Scheme) {
        self.scheme = scheme;
        self.inner_algorithm = scheme.identifier();
        self.outer_algorithm = scheme.identifier();
    }

    /// Valid from here to there, each as the year wants it (RFC 5280 §4.1.2.5).
    pub fn valid(&mut self, from: Timestamp, to: Timestamp) {
        self.not_before = asn1::time(from);
        self.not_after = asn1::time(to);
    }

    /// Without this extension.
    pub fn without(&mut self, oid: ObjectIdentifier) {
        self.extensions.retain(|extension| extension.oid != oid);
    }

    /// With this extension in place of its kind.
    pub fn with(&mut self, extension: RawExtension) {
        self.without(extension.oid);
        self.extensions.push(extension);
    }

    /// The certificate, signed.
    ///
    /// # Errors
    /// If the key does not sign so.
    pub fn sign(&self, issuer: &LabKey) -> Result<Vec<u8>> {
        let extensions: Vec<u8> = self.extensions.iter().flat_map(RawExtension::to_der).collect();
        let extensions = if extensions.is_empty() {
            Vec::new()
        } else {
            asn1::tlv(tag::context(3), &asn1::tlv(tag::SEQUENCE, &extensions))
        };
        let tbs = asn1::sequence(&[
            &self.version,
            &self.serial,
            &self.inner_algorithm,
            &self.issuer,
            &self.validity(),
            &self.subject,
            &self.spki,
            &extensions,
        ]);
        let signature = issuer.sign(self.scheme, &tbs)?;
        Ok(asn1::sequence(&[&tbs, &self.outer_algorithm, &asn1::bit_string(&signature)]))
    }
}

/// `C`, `O`, `CN`.
#[must_use]
pub fn name(country: &str, common_name: &str) -> Vec<u8> {
    let attribute = |oid: &str, kind: u8, text: &str| {
        let oid = ObjectIdentifier::new_unwrap(oid);
        asn1::tlv(tag::SET, &asn1::sequence(&[&asn1::oid(&oid), &asn1::tlv(kind, text.as_bytes())]))
    };
    asn1::sequence(&[
        &attribute("2.5.4.6", tag::PRINTABLE_STRING, country),
        &attribute("2.5.4.10", tag::UTF8_STRING, "Synthetic Identity Authority"),
        &attribute("2.5.4.3", tag::UTF8_STRING, common_name),
    ])
}

/// The octets of a key identifier (RFC 5280 §4.2.1.2, method 1).
///
/// # Errors
/// If the key cannot be read.
pub fn key_identifier(spki: &[u8]) -> Result<Vec<u8>> {
    Ok(cccd_keys::public_key::PublicKey::from_spki(spki)?.key_identifier())
}

/// `AuthorityKeyIdentifier` with a key identifier.
#[must_use]
pub fn authority_key(identifier: &[u8]) -> RawExtension {
    let value = asn1::sequence(&[&asn1::tlv(tag::context_primitive(0), identifier)]);
    RawExtension::new(oids::AUTHORITY_KEY_IDENTIFIER, false, value)
}

/// `KeyUsage`: the first octet of the named bits.
#[must_use]
pub fn key_usage(bits: u8) -> RawExtension {
    let unused = u8::try_from(bits.trailing_zeros()).unwrap_or(0).min(7);
    RawExtension::new(oids::KEY_USAGE, true, asn1::tlv(tag::BIT_STRING, &[unused, bits]))
}

/// `digitalSignature`.
pub const DIGITAL_SIGNATURE: u8 = 0x80;
/// `keyCertSign` and `cRLSign`.
pub const CERTIFICATE_AND_CRL: u8 = 0x06;

/// `BasicConstraints`.
#[must_use]
pub fn basic_constraints(authority: bool, path_length: Option<u8>) -> RawExtension {
    let authority = if authority { asn1::tlv(tag::BOOLEAN, &[0xFF]) } else { Vec::new() };
    let length = path_length.map(|length| asn1::integer(&[length])).unwrap_or_default();
    RawExtension::new(oids::BASIC_CONSTRAINTS, true, asn1::sequence(&[&authority, &length]))
}

/// `PrivateKeyUsagePeriod`.
#[must_use]
pub fn private_key_usage(from: Timestamp, to: Timestamp) -> RawExtension {
    let time = |number: u8, at: Timestamp| {
        let text = at.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%SZ").to_string();
        asn1::tlv(tag::context_primitive(number), text.as_bytes())
    };
    let value = asn1::sequence(&[&time(0, from), &time(1, to)]);
    RawExtension::new(oids::PRIVATE_KEY_USAGE_PERIOD, false, value)
}

/// `DocumentTypeList` (Doc 9303-12 §7.1.1.6).
#[must_use]
pub fn document_types(types: &[&str]) -> RawExtension {
    let types = types.iter().map(|text| asn1::tlv(tag::PRINTABLE_STRING, text.as_bytes())).collect();
    let value = asn1::sequence(&[&asn1::integer(&[]), &asn1::set_of(tag::SET, types)]);
    RawExtension::new(oids::DOCUMENT_TYPE_LIST, false, value)
}

/// `ExtKeyUsageSyntax` with one purpose.
#[must_use]
pub fn extended_key_usage(purpose: &str) -> RawExtension {
    let purpose = asn1::oid(&ObjectIdentifier::new_unwrap(purpose));
    RawExtension::new(oids::EXTENDED_KEY_USAGE, true, asn1::sequence(&[&purpose]))
}

/// So many days after a time.
///
/// # Errors
/// Beyond the calendar.
pub fn days_after(at: Timestamp, days: i64) -> Result<Timestamp> {
    let day = Span::new().try_hours(days.saturating_mul(24))?;
    Ok(at.checked_add(day)?)
}
