//! CMS `SignedData`, RFC 5652 §5: what EF.SOD, EF.CardSecurity and master lists are wrapped in.

mod build;
mod supply;
mod verify;

pub(crate) use build::build;
pub use build::{SignError, sign};
pub(crate) use verify::Laid;
pub use verify::{SignatureFacts, SignatureProblem};

use crate::algorithm::{self, HashAlgorithm, SignatureAlgorithm, UnknownAlgorithm, oids};
use crate::asn1::{self, Element, Malformed, Reader, tag};
use crate::certificate::{Certificate, DistinguishedName};
use const_oid::ObjectIdentifier;
use jiff::Timestamp;

/// More certificates than this in one object are refused.
pub const MAX_CERTIFICATES: usize = 16;
/// More `SignerInfos` than this in one object are refused.
pub const MAX_SIGNERS: usize = 8;
/// More signed attributes than this are refused.
const MAX_ATTRIBUTES: usize = 32;

/// A parsed `SignedData`. Nothing in it is believed before [`SignedData::verify`], and nothing after it about *who*
/// signed before the certificate's own path is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedData {
    version: u32,
    econtent_type: ObjectIdentifier,
    econtent: Option<Vec<u8>>,
    certificates: Vec<Certificate>,
    /// Of signers whose certificate did not come along.
    supplied: Vec<Certificate>,
    unreadable_certificates: usize,
    signers: Vec<SignerInfo>,
    leniencies: Vec<Leniency>,
}

/// A departure from RFC 5652 or Doc 9303-10 that is tolerated and reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Leniency {
    /// Lengths of BER that DER does not have, or an OCTET STRING in segments.
    BerLengths,
    /// A certificate that came along cannot be read.
    UnreadableCertificate,
    /// The subject key identifier of a signer is tagged explicitly.
    TaggedKeyIdentifier,
    /// The signer identifier writes the issuer's name otherwise than the certificate does: order, case, string types.
    IssuerNameDiffers,
    /// The signer identifier names another issuer than the certificate's, of the same country; the serial number is its.
    IssuerNameOther,
    /// The signed attributes are not in the order in which they were signed.
    AttributesOutOfOrder,
    /// RSA PKCS#1 v1.5 over a `DigestInfo` whose algorithm lacks NULL.
    DigestInfoWithoutNull,
    /// The signer's certificate did not come along; one that was kept elsewhere made the signature.
    CertificateFromElsewhere,
}

impl Leniency {
    /// Stable code for reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BerLengths => "ber-lengths",
            Self::UnreadableCertificate => "unreadable-certificate",
            Self::TaggedKeyIdentifier => "tagged-key-identifier",
            Self::IssuerNameDiffers => "issuer-name-differs",
            Self::IssuerNameOther => "issuer-name-other",
            Self::AttributesOutOfOrder => "attributes-out-of-order",
            Self::DigestInfoWithoutNull => "digest-info-without-null",
            Self::CertificateFromElsewhere => "certificate-from-elsewhere",
        }
    }
}

/// Who a `SignerInfo` says has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignerIdentifier {
    /// Issuer and serial number (`CMSVersion` 1).
    IssuerAndSerialNumber {
        /// Issuer of the signer's certificate.
        issuer: DistinguishedName,
        /// Content octets of its serial number.
        serial: Vec<u8>,
    },
    /// Subject key identifier (`CMSVersion` 3).
    SubjectKeyIdentifier(Vec<u8>),
}

/// One signature in a `SignedData`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerInfo {
    sid: SignerIdentifier,
    tagged_key_identifier: bool,
    digest: Result<HashAlgorithm, UnknownAlgorithm>,
    attributes: Option<SignedAttributes>,
    algorithm: Result<SignatureAlgorithm, UnknownAlgorithm>,
    signature: Vec<u8>,
}

/// The attributes under a signature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct SignedAttributes {
    /// As received, retagged as the SET OF that is signed (RFC 5652 §5.4).
    encoded: Vec<u8>,
    /// Each attribute's encoding, for a signer that signed the sorted form.
    parts: Vec<Vec<u8>>,
    content_type: Option<ObjectIdentifier>,
    message_digest: Option<Vec<u8>>,
    signing_time: Option<Timestamp>,
    repeated: bool,
}

impl SignedData {
    /// Reads a `ContentInfo` that holds a `SignedData`, in DER or BER.
    ///
    /// # Errors
    /// Bytes that are none, or beyond the bounds; with the offset.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let strict = match Self::parse_definite(bytes) {
            Ok(parsed) => return Ok(parsed),
            Err(strict) => strict,
        };
        match asn1::to_definite(bytes) {
            Ok(Some((definite, taken))) if taken == bytes.len() => {
                Self::parse_definite(&definite).map(Self::read_from_ber)
            }
            _ => Err(strict),
        }
    }

    /// Marks what was read from BER.
    pub(crate) fn read_from_ber(mut self) -> Self {
        if !self.leniencies.contains(&Leniency::BerLengths) {
            self.leniencies.push(Leniency::BerLengths);
        }
        self
    }

    fn parse_definite(der: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(der);
        let element = reader.expect(tag::SEQUENCE, "a ContentInfo")?;
        reader.finish("bytes after the ContentInfo")?;
        Self::from_element(&element)
    }

    pub(crate) fn from_element(content_info: &Element<'_>) -> Result<Self, Malformed> {
        let mut info = content_info.reader();
        let kind = info.any()?;
        if kind.oid()? != oids::SIGNED_DATA {
            return Err(Malformed::at(kind.offset, "the content type signed-data"));
        }
        let mut explicit = info.expect(tag::context(0), "a SignedData")?.reader();
        info.finish("bytes after the content")?;
        let mut fields = explicit.sequence("a SignedData")?;
        explicit.finish("bytes after the SignedData")?;

        let element = fields.any()?;
        let version = element.small_integer()?;
        if version != 3 {
            return Err(Malformed::at(element.offset, "version 3 of SignedData"));
        }
        let mut digests = fields.expect(tag::SET, "digest algorithms")?.reader();
        let mut digest_algorithms = Vec::new();
        while !digests.is_empty() {
            let element = digests.expect(tag::SEQUENCE, "a digest algorithm")?;
            if digest_algorithms.len() == MAX_SIGNERS {
                return Err(Malformed::at(element.offset, "at most 8 digest algorithms"));
            }
            digest_algorithms.push(algorithm::hash_from_element(&element)?);
        }
        let mut encapsulated = fields.sequence("encapsulated content")?;
        let econtent_type = encapsulated.any()?.oid()?;
        let econtent = match encapsulated.optional(tag::context(0))? {
            Some(element) => {
                let mut inner = element.reader();
                let octets = inner.expect(tag::OCTET_STRING, "content in an octet string")?.content.to_vec();
                inner.finish("bytes after the content")?;
                Some(octets)
            }
            None => None,
        };
        encapsulated.finish("bytes after the encapsulated content")?;

        let (mut certificates, mut unreadable_certificates) = (Vec::new(), 0);
        if let Some(set) = fields.optional(tag::context(0))? {
            let mut set = set.reader();
            while !set.is_empty() {
                let element = set.any()?;
                if certificates.len() + unreadable_certificates == MAX_CERTIFICATES {
                    return Err(Malformed::at(element.offset, "at most 16 certificates"));
                }
                match Certificate::from_element(&element) {
                    Ok(certificate) if element.tag == tag::SEQUENCE => certificates.push(certificate),
                    _ => unreadable_certificates += 1,
                }
            }
        }
        fields.optional(tag::context(1))?;
        let mut infos = fields.expect(tag::SET, "signer infos")?.reader();
        fields.finish("bytes after the signer infos")?;
        let mut leniencies = Vec::new();
        if asn1::has_long_lengths(content_info.raw) {
            leniencies.push(Leniency::BerLengths);
        }
        if unreadable_certificates > 0 {
            leniencies.push(Leniency::UnreadableCertificate);
        }
        let mut signers = Vec::new();
        while !infos.is_empty() {
            if signers.len() == MAX_SIGNERS {
                return Err(Malformed::at(infos.offset(), "at most 8 signer infos"));
            }
            let element = infos.expect(tag::SEQUENCE, "a signer info")?;
            let signer = SignerInfo::from_element(&element)?;
            if signer.tagged_key_identifier {
                leniencies.push(Leniency::TaggedKeyIdentifier);
            }
            // Outside the signature, so it is compared: RFC 5652 §5.1, the set names every signer's digest.
            if signer.digest.is_ok() && !digest_algorithms.contains(&signer.digest) {
                return Err(Malformed::at(element.offset, "a digest that the digest algorithms name"));
            }
            signers.push(signer);
        }
        Ok(Self {
            version,
            econtent_type,
            econtent,
            certificates,
            supplied: Vec::new(),
            unreadable_certificates,
            signers,
            leniencies,
        })
    }

    /// `CMSVersion`. Always 3 (Doc 9303-10 §4.6.2.2).
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// eContentType.
    #[must_use]
    pub const fn econtent_type(&self) -> ObjectIdentifier {
        self.econtent_type
    }

    /// eContent, if it is inside.
    #[must_use]
    pub fn econtent(&self) -> Option<&[u8]> {
        self.econtent.as_deref()
    }

    /// The certificates that came along: hints for whom to ask, never anchors.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Certificates in the set that could not be read.
    #[must_use]
    pub const fn unreadable_certificates(&self) -> usize {
        self.unreadable_certificates
    }

    /// What reading tolerated.
    #[must_use]
    pub fn leniencies(&self) -> &[Leniency] {
        &self.leniencies
    }

    /// The signatures.
    #[must_use]
    pub fn signers(&self) -> &[SignerInfo] {
        &self.signers
    }
}

impl SignerInfo {
    fn from_element(element: &Element<'_>) -> Result<Self, Malformed> {
        let mut fields = element.reader();
        let version = fields.any()?;
        let sid = fields.any()?;
        // RFC 5652 §5.3: the version follows from the kind of identifier.
        if version.small_integer()? != if sid.tag == tag::SEQUENCE { 1 } else { 3 } {
            return Err(Malformed::at(version.offset, "the version that the signer identifier calls for"));
        }
        let tagged_key_identifier = sid.tag == tag::context(0);
        let sid = match sid.tag {
            tag::SEQUENCE => {
                let mut parts = sid.reader();
                let issuer = DistinguishedName::from_element(&parts.expect(tag::SEQUENCE, "an issuer")?)?;
                let serial = parts.any()?.integer()?.to_vec();
                SignerIdentifier::IssuerAndSerialNumber { issuer, serial }
            }
            0x80 => SignerIdentifier::SubjectKeyIdentifier(sid.content.to_vec()),
            // Explicitly tagged by some encoders: [0] { OCTET STRING }.
            0xa0 => {
                let inner = sid.reader().expect(tag::OCTET_STRING, "a subject key identifier")?;
                SignerIdentifier::SubjectKeyIdentifier(inner.content.to_vec())
            }
            _ => return Err(Malformed::at(sid.offset, "a signer identifier")),
        };
        let digest = algorithm::hash_from_element(&fields.expect(tag::SEQUENCE, "a digest algorithm")?)?;
        let attributes =
            fields.optional(tag::context(0))?.map(|element| SignedAttributes::read(&element)).transpose()?;
        let algorithm = fields.expect(tag::SEQUENCE, "a signature algorithm")?;
        let algorithm = SignatureAlgorithm::from_element(&algorithm, digest.as_ref().ok().copied())?;
        let signature = fields.expect(tag::OCTET_STRING, "a signature")?.content.to_vec();
        fields.optional(tag::context(1))?;
        fields.finish("bytes after the signer info")?;
        Ok(Self { sid, tagged_key_identifier, digest, attributes, algorithm, signature })
    }

    /// When it signed, as it says under its own signature.
    #[must_use]
    pub fn signing_time(&self) -> Option<Timestamp> {
        self.attributes.as_ref()?.signing_time
    }

    /// Whom it names.
    #[must_use]
    pub const fn sid(&self) -> &SignerIdentifier {
        &self.sid
    }

    /// Whether it names this certificate, letter by letter or in other writing ([`Leniency::IssuerNameDiffers`]).
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> bool {
        match &self.sid {
            SignerIdentifier::IssuerAndSerialNumber { issuer, serial } => {
                asn1::shortest(certificate.serial()) == asn1::shortest(serial)
                    && certificate.issuer().matches(issuer)
            }
            SignerIdentifier::SubjectKeyIdentifier(identifier) => {
                // A signer without the extension is still known by the hash of its key.
                certificate.subject_key_identifier().map_or_else(
                    || certificate.public_key().key_identifier() == *identifier,
                    |own| own == identifier,
                )
            }
        }
    }
}

impl SignerInfo {
    /// Whether it means this certificate though it names another issuer: one of the same country, and the serial number
    /// is the certificate's. The identifier is not signed; the signature decides.
    fn might_mean(&self, certificate: &Certificate) -> bool {
        matches!(&self.sid, SignerIdentifier::IssuerAndSerialNumber { issuer, serial }
            if asn1::shortest(certificate.serial()) == asn1::shortest(serial)
                && issuer.country().is_some()
                && issuer.country() == certificate.issuer().country())
    }

    /// The issuer's name in the identifier is not octet for octet the certificate's.
    fn writes_issuer_otherwise(&self, certificate: &Certificate) -> bool {
        matches!(&self.sid, SignerIdentifier::IssuerAndSerialNumber { issuer, .. }
            if issuer.der() != certificate.issuer().der())
    }
}

impl SignedAttributes {
    fn read(element: &Element<'_>) -> Result<Self, Malformed> {
        let mut found = Self::default();
        let mut encoded = element.raw.to_vec();
        if let Some(first) = encoded.first_mut() {
            *first = tag::SET;
        }
        found.encoded = encoded;
        let mut seen = Vec::new();
        let mut list = element.reader();
        while !list.is_empty() {
            if seen.len() == MAX_ATTRIBUTES {
                return Err(Malformed::at(list.offset(), "at most 32 signed attributes"));
            }
            let attribute = list.expect(tag::SEQUENCE, "a signed attribute")?;
            found.parts.push(attribute.raw.to_vec());
            let mut fields = attribute.reader();
            let kind = fields.any()?.oid()?;
            let mut values = fields.expect(tag::SET, "the values of an attribute")?.reader();
            found.repeated |= seen.contains(&kind);
            seen.push(kind);
            match kind {
                oids::CONTENT_TYPE => found.content_type = Some(values.any()?.oid()?),
                oids::MESSAGE_DIGEST => {
                    let digest = values.expect(tag::OCTET_STRING, "a message digest")?;
                    found.message_digest = Some(digest.content.to_vec());
                }
                oids::SIGNING_TIME => found.signing_time = Some(values.any()?.time()?),
                _ => continue,
            }
            found.repeated |= !values.is_empty();
        }
        Ok(found)
    }
}
