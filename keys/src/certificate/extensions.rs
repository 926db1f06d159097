//! The extensions of Doc 9303-12 §7.1.1, read.

use super::is_known_extension;
use crate::algorithm::oids;
use crate::asn1::{Element, Malformed, Reader, tag};
use const_oid::ObjectIdentifier;
use jiff::Timestamp;

/// More extensions than this in one certificate are refused.
const MAX_EXTENSIONS: usize = 64;
/// More purposes than this in one extended key usage are refused.
const MAX_EXTENDED_USAGES: usize = 64;
/// More names of distribution points than this are refused.
const MAX_DISTRIBUTION_POINTS: usize = 64;
/// More document types than this in one list are refused.
const MAX_DOCUMENT_TYPES: usize = 64;

/// keyUsage, RFC 5280 §4.2.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyUsage {
    bits: u8,
}

impl KeyUsage {
    /// digitalSignature only: a Document Signer.
    pub const DIGITAL_SIGNATURE: Self = Self { bits: 0x80 };
    /// keyCertSign and cRLSign: a CSCA.
    pub const CERTIFICATE_AND_CRL: Self = Self { bits: 0x06 };

    pub(super) const fn octet(self) -> u8 {
        self.bits
    }

    /// digitalSignature.
    #[must_use]
    pub const fn digital_signature(self) -> bool {
        self.bits & 0x80 != 0
    }

    /// keyCertSign.
    #[must_use]
    pub const fn key_cert_sign(self) -> bool {
        self.bits & 0x04 != 0
    }

    /// cRLSign.
    #[must_use]
    pub const fn crl_sign(self) -> bool {
        self.bits & 0x02 != 0
    }
}

/// privateKeyUsagePeriod: when the key may sign, apart from how long its signatures are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PrivateKeyUsagePeriod {
    /// notBefore, if stated.
    pub not_before: Option<Timestamp>,
    /// notAfter, if stated.
    pub not_after: Option<Timestamp>,
}

impl PrivateKeyUsagePeriod {
    /// Whether the key may sign at this time.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.not_before.is_none_or(|from| from <= at) && self.not_after.is_none_or(|to| at <= to)
    }
}

/// What the extensions say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    pub(super) subject_key_identifier: Option<Vec<u8>>,
    pub(super) authority_key_identifier: Option<Vec<u8>>,
    pub(super) key_usage: Option<KeyUsage>,
    pub(super) key_usage_is_critical: bool,
    pub(super) basic_constraints: Option<(bool, Option<u32>)>,
    pub(super) extended_key_usages: Option<Vec<ObjectIdentifier>>,
    pub(super) crl_distribution_points: Vec<Vec<u8>>,
    pub(super) document_types: Option<Vec<String>>,
    pub(super) private_key_usage: Option<PrivateKeyUsagePeriod>,
    pub(super) unknown_critical: Vec<ObjectIdentifier>,
    pub(super) repeated: bool,
}

impl Extensions {
    pub(super) fn read(element: &Element<'_>) -> Result<Self, Malformed> {
        let mut found = Self::default();
        let mut seen: Vec<ObjectIdentifier> = Vec::new();
        let mut list = element.reader().sequence("a list of extensions")?;
        while !list.is_empty() {
            if seen.len() == MAX_EXTENSIONS {
                return Err(Malformed::at(list.offset(), "at most 64 extensions"));
            }
            let mut extension = list.sequence("an extension")?;
            let oid = extension.any()?.oid()?;
            let critical =
                extension.optional(tag::BOOLEAN)?.is_some_and(|flag| flag.content.iter().any(|b| *b != 0));
            let value = extension.expect(tag::OCTET_STRING, "the value of an extension")?;
            if seen.contains(&oid) {
                found.repeated = true;
                continue;
            }
            seen.push(oid);
            found.take(oid, critical, &value)?;
        }
        Ok(found)
    }

    fn take(&mut self, oid: ObjectIdentifier, critical: bool, value: &Element<'_>) -> Result<(), Malformed> {
        let mut reader = value.reader();
        match oid {
            oids::SUBJECT_KEY_IDENTIFIER => {
                self.subject_key_identifier =
                    Some(reader.expect(tag::OCTET_STRING, "a subject key identifier")?.content.to_vec());
            }
            oids::AUTHORITY_KEY_IDENTIFIER => {
                let mut fields = reader.sequence("an authority key identifier")?;
                self.authority_key_identifier =
                    fields.optional(tag::context_primitive(0))?.map(|element| element.content.to_vec());
            }
            oids::KEY_USAGE => {
                self.key_usage_is_critical = critical;
                let bits = reader.expect(tag::BIT_STRING, "a key usage")?;
                // The ninth bit (decipherOnly) concerns no key here.
                self.key_usage = Some(KeyUsage { bits: bits.content.get(1).copied().unwrap_or(0) });
            }
            oids::BASIC_CONSTRAINTS => {
                let mut fields = reader.sequence("basic constraints")?;
                let authority =
                    fields.optional(tag::BOOLEAN)?.is_some_and(|flag| flag.content.iter().any(|b| *b != 0));
                let path_length =
                    fields.optional(tag::INTEGER)?.map(|element| element.small_integer()).transpose()?;
                self.basic_constraints = Some((authority, path_length));
            }
            // One that cannot be read is there all the same, and good for nothing.
            oids::EXTENDED_KEY_USAGE => {
                self.extended_key_usages = Some(extended_key_usages(reader).unwrap_or_default());
            }
            oids::PRIVATE_KEY_USAGE_PERIOD => {
                let mut fields = reader.sequence("a private key usage period")?;
                let mut time = |n: u8| -> Result<Option<Timestamp>, Malformed> {
                    fields
                        .optional(tag::context_primitive(n))?
                        .map(|element| Element { tag: tag::GENERALIZED_TIME, ..element }.time())
                        .transpose()
                };
                self.private_key_usage =
                    Some(PrivateKeyUsagePeriod { not_before: time(0)?, not_after: time(1)? });
            }
            // Where lists are found: of no weight by itself, so that a wrong one spoils nothing.
            oids::CRL_DISTRIBUTION_POINTS => {
                self.crl_distribution_points = distribution_points(reader).unwrap_or_default();
            }
            oids::DOCUMENT_TYPE_LIST => self.document_types = Some(document_types(reader)?),
            _ => {}
        }
        if critical && !is_known_extension(&oid) {
            self.unknown_critical.push(oid);
        }
        Ok(())
    }
}

fn extended_key_usages(mut reader: Reader<'_>) -> Result<Vec<ObjectIdentifier>, Malformed> {
    let mut list = reader.sequence("extended key usages")?;
    let mut usages = Vec::new();
    while !list.is_empty() {
        let element = list.any()?;
        if usages.len() == MAX_EXTENDED_USAGES {
            return Err(Malformed::at(element.offset, "at most 64 extended key usages"));
        }
        usages.push(element.oid()?);
    }
    Ok(usages)
}

/// ```text
/// CRLDistributionPoints ::= SEQUENCE OF DistributionPoint
/// DistributionPoint ::= SEQUENCE { distributionPoint [0] DistributionPointName OPTIONAL, … }
/// ```
fn distribution_points(mut reader: Reader<'_>) -> Result<Vec<Vec<u8>>, Malformed> {
    let mut points = reader.sequence("distribution points")?;
    let mut found = Vec::new();
    while !points.is_empty() {
        let mut point = points.sequence("a distribution point")?;
        if let Some(name) = point.optional(tag::context(0))? {
            found.extend(full_names(&name)?.unwrap_or_default());
        }
        if found.len() > MAX_DISTRIBUTION_POINTS {
            return Err(Malformed::at(points.offset(), "at most 64 distribution points"));
        }
    }
    Ok(found)
}

/// ```text
/// DistributionPointName ::= CHOICE { fullName [0] GeneralNames, nameRelativeToCRLIssuer [1] RelativeDistinguishedName }
/// ```
/// The encodings of the full names; `None` for a relative name.
pub(crate) fn full_names(point: &Element<'_>) -> Result<Option<Vec<Vec<u8>>>, Malformed> {
    let Some(names) = point.reader().optional(tag::context(0))? else { return Ok(None) };
    let mut list = names.reader();
    let mut found = Vec::new();
    while !list.is_empty() {
        let name = list.any()?;
        if found.len() == MAX_DISTRIBUTION_POINTS {
            return Err(Malformed::at(name.offset, "at most 64 names"));
        }
        found.push(name.raw.to_vec());
    }
    Ok(Some(found))
}

/// ```text
/// DocumentTypeListSyntax ::= SEQUENCE { version DocumentTypeListVersion, docTypeList SET OF DocumentType }
/// DocumentType ::= PrintableString(SIZE(1..2))
/// ```
fn document_types(mut reader: Reader<'_>) -> Result<Vec<String>, Malformed> {
    let mut fields = reader.sequence("a document type list")?;
    fields.expect(tag::INTEGER, "the version of a document type list")?;
    let mut list = fields.expect(tag::SET, "document types")?.reader();
    let mut types = Vec::new();
    while !list.is_empty() {
        let element = list.any()?;
        let text = element.text().ok_or(Malformed::at(element.offset, "a document type in text"))?;
        if types.len() == MAX_DOCUMENT_TYPES || text.len() > 8 {
            return Err(Malformed::at(element.offset, "a document type of the usual size"));
        }
        types.push(text.to_owned());
    }
    Ok(types)
}
