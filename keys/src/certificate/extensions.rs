//! The extensions of Doc 9303-12 §7.1.1, read.

use super::is_known_extension;
use crate::algorithm::oids;
use crate::asn1::{Element, Malformed, Reader, tag};
use const_oid::ObjectIdentifier;
use jiff::Timestamp;

/// More extensions than this in one certificate are refused.
const MAX_EXTENSIONS: usize = 64;
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
    pub(super) basic_constraints: Option<(bool, Option<u32>)>,
    pub(super) extended_key_usage: bool,
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
            oids::EXTENDED_KEY_USAGE => self.extended_key_usage = true,
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
            oids::DOCUMENT_TYPE_LIST => self.document_types = Some(document_types(reader)?),
            _ => {}
        }
        if critical && !is_known_extension(&oid) {
            self.unknown_critical.push(oid);
        }
        Ok(())
    }
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
