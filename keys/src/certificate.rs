//! X.509 certificates of the CSCA and its Document Signers, Doc 9303-12 §7.1.
//!
//! Reading is lenient (what real CSCAs do wrong is kept as a [`Leniency`]), building is strict. Signatures are
//! checked over the received `TBSCertificate` octets.

mod build;
mod extensions;
mod name;

pub use build::{
    AuthorityNames, BuildError, CertificateOptions, CscaProfile, DocumentSignerProfile, LinkProfile,
    MasterListSignerProfile, SigningKeyValidity,
};
pub(crate) use extensions::full_names;
pub use extensions::{KeyUsage, PrivateKeyUsagePeriod};
pub use name::DistinguishedName;

use crate::algorithm::{SignatureAlgorithm, UnknownAlgorithm, oids};
use crate::asn1::{self, Element, Malformed, Reader, tag};
use crate::public_key::{PublicKey, SignatureLeniency, VerifyError};
use const_oid::ObjectIdentifier;
use extensions::Extensions;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Largest certificate that is read, in octets (post-quantum signatures fit).
pub const MAX_CERTIFICATE: usize = 64 * 1024;

/// A parsed certificate, with the octets it came from. Copies share them.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate(Arc<Fields>);

#[derive(PartialEq, Eq)]
struct Fields {
    der: Vec<u8>,
    tbs: Vec<u8>,
    serial: Vec<u8>,
    issuer: DistinguishedName,
    subject: DistinguishedName,
    not_before: Timestamp,
    not_after: Timestamp,
    public_key: PublicKey,
    signature_algorithm: Result<SignatureAlgorithm, UnknownAlgorithm>,
    signature: Vec<u8>,
    extensions: Extensions,
    leniencies: Vec<Leniency>,
}

/// A departure from RFC 5280 or Doc 9303-12 that reading tolerates and policy may judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Leniency {
    /// The serial number is negative or zero.
    SerialNotPositive,
    /// The serial number is longer than 20 octets.
    SerialTooLong,
    /// A country code in lower case.
    LowerCaseCountry,
    /// No subject key identifier.
    NoSubjectKeyIdentifier,
    /// The two signature algorithm fields differ.
    AlgorithmFieldsDiffer,
    /// The same extension occurs twice.
    RepeatedExtension,
    /// Lengths of BER that DER does not have.
    BerLengths,
    /// A validity before 2050 that is no `UTCTime` (RFC 5280 §4.1.2.5).
    TimeForm,
}

impl Leniency {
    /// Stable code for reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SerialNotPositive => "serial-not-positive",
            Self::SerialTooLong => "serial-too-long",
            Self::LowerCaseCountry => "lower-case-country",
            Self::NoSubjectKeyIdentifier => "no-subject-key-identifier",
            Self::AlgorithmFieldsDiffer => "algorithm-fields-differ",
            Self::TimeForm => "time-form",
            Self::RepeatedExtension => "repeated-extension",
            Self::BerLengths => "ber-lengths",
        }
    }
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// Bytes that are no certificate, or more than [`MAX_CERTIFICATE`]; with the offset.
    pub fn parse(der: &[u8]) -> Result<Self, Malformed> {
        if der.len() > MAX_CERTIFICATE {
            return Err(Malformed::at(MAX_CERTIFICATE, "a certificate of at most 64 KiB"));
        }
        let mut reader = Reader::new(der);
        let element = reader.expect(tag::SEQUENCE, "a certificate")?;
        reader.finish("bytes after the certificate")?;
        Self::from_element(&element)
    }

    /// Reads a certificate in DER or PEM.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_der_or_pem(bytes: &[u8]) -> Result<Self, Malformed> {
        Self::parse(&asn1::der_or_pem(bytes)?)
    }

    /// Reads an element of a list, within the bound of a single certificate.
    pub(crate) fn from_list(element: &Element<'_>) -> Result<Self, Malformed> {
        if element.tag != tag::SEQUENCE || element.raw.len() > MAX_CERTIFICATE {
            return Err(Malformed::at(element.offset, "a certificate of at most 64 KiB"));
        }
        Self::from_element(element)
    }

    pub(crate) fn from_element(element: &Element<'_>) -> Result<Self, Malformed> {
        let mut reader = element.reader();
        let tbs = reader.expect(tag::SEQUENCE, "a TBSCertificate")?;
        let outer_algorithm = reader.expect(tag::SEQUENCE, "a signature algorithm")?;
        let signature = reader.expect(tag::BIT_STRING, "a signature")?.bit_octets()?.to_vec();
        reader.finish("bytes after the signature")?;

        let mut leniencies = Vec::new();
        let mut fields = tbs.reader();
        fields.optional(tag::context(0))?;
        let serial = fields.any()?.integer()?.to_vec();
        if serial.first().is_some_and(|b| b & 0x80 != 0) || asn1::unsigned(&serial).is_empty() {
            leniencies.push(Leniency::SerialNotPositive);
        }
        if asn1::unsigned(&serial).len() > 20 {
            leniencies.push(Leniency::SerialTooLong);
        }
        let inner_algorithm = fields.expect(tag::SEQUENCE, "the signature algorithm of a TBSCertificate")?;
        if inner_algorithm.raw != outer_algorithm.raw {
            leniencies.push(Leniency::AlgorithmFieldsDiffer);
        }
        let issuer = DistinguishedName::from_element(&fields.expect(tag::SEQUENCE, "an issuer")?)?;
        let mut validity = fields.sequence("a validity")?;
        let (from, until) = (validity.any()?, validity.any()?);
        let (not_before, not_after) = (from.time()?, until.time()?);
        let other_form = |element: &Element<'_>, at| asn1::time(at).first() != Some(&element.tag);
        if other_form(&from, not_before) || other_form(&until, not_after) {
            leniencies.push(Leniency::TimeForm);
        }
        let subject = DistinguishedName::from_element(&fields.expect(tag::SEQUENCE, "a subject")?)?;
        if [&issuer, &subject]
            .iter()
            .any(|name| name.country_as_written().is_some_and(|c| c.bytes().any(|b| b.is_ascii_lowercase())))
        {
            leniencies.push(Leniency::LowerCaseCountry);
        }
        let public_key = PublicKey::from_element(&fields.expect(tag::SEQUENCE, "a public key")?)?;
        fields.optional(tag::context_primitive(1))?;
        fields.optional(tag::context_primitive(2))?;
        let extensions = match fields.optional(tag::context(3))? {
            Some(element) => Extensions::read(&element)?,
            None => Extensions::default(),
        };
        fields.finish("bytes after the extensions")?;
        if extensions.repeated {
            leniencies.push(Leniency::RepeatedExtension);
        }
        if extensions.subject_key_identifier.is_none() {
            leniencies.push(Leniency::NoSubjectKeyIdentifier);
        }
        if asn1::has_long_lengths(element.raw) {
            leniencies.push(Leniency::BerLengths);
        }
        Ok(Self(Arc::new(Fields {
            der: element.raw.to_vec(),
            tbs: tbs.raw.to_vec(),
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            public_key,
            signature_algorithm: SignatureAlgorithm::from_element(&outer_algorithm, None)?,
            signature,
            extensions,
            leniencies,
        })))
    }

    /// The certificate as received.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 of the certificate.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.0.der).into()
    }

    /// Content octets of the serial number.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    /// The serial number in lower-case hex, without a leading sign octet.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        hex::encode(asn1::unsigned(&self.0.serial))
    }

    /// Who signed it.
    #[must_use]
    pub fn issuer(&self) -> &DistinguishedName {
        &self.0.issuer
    }

    /// Whose it is.
    #[must_use]
    pub fn subject(&self) -> &DistinguishedName {
        &self.0.subject
    }

    /// Country code of the subject (else of the issuer), upper case.
    #[must_use]
    pub fn country(&self) -> Option<String> {
        self.0.subject.country().or_else(|| self.0.issuer.country())
    }

    /// Start of validity.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// End of validity.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// The certified key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public_key
    }

    /// The algorithm of the issuer's signature.
    ///
    /// # Errors
    /// An algorithm that is not known here.
    pub fn signature_algorithm(&self) -> Result<SignatureAlgorithm, UnknownAlgorithm> {
        self.0.signature_algorithm.clone()
    }

    /// The issuer's signature.
    pub(crate) fn signature(&self) -> &[u8] {
        &self.0.signature
    }

    /// subjectKeyIdentifier.
    #[must_use]
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.0.extensions.subject_key_identifier.as_deref()
    }

    /// keyIdentifier of authorityKeyIdentifier.
    #[must_use]
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.0.extensions.authority_key_identifier.as_deref()
    }

    /// keyUsage.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.0.extensions.key_usage
    }

    /// keyUsage is marked critical.
    #[must_use]
    pub fn has_critical_key_usage(&self) -> bool {
        self.0.extensions.key_usage_is_critical
    }

    /// basicConstraints: whether a CA, and the path length.
    #[must_use]
    pub fn basic_constraints(&self) -> Option<(bool, Option<u32>)> {
        self.0.extensions.basic_constraints
    }

    /// An extended key usage is present.
    #[must_use]
    pub fn has_extended_key_usage(&self) -> bool {
        self.0.extensions.extended_key_usages.is_some()
    }

    /// The purposes of extKeyUsage, if it is present.
    #[must_use]
    pub fn extended_key_usages(&self) -> Option<&[ObjectIdentifier]> {
        self.0.extensions.extended_key_usages.as_deref()
    }

    /// The full names in cRLDistributionPoints, each as encoded.
    #[must_use]
    pub fn crl_distribution_points(&self) -> &[Vec<u8>] {
        &self.0.extensions.crl_distribution_points
    }

    /// documentTypeList, Doc 9303-12 §7.1.1: the document codes this signer may sign.
    #[must_use]
    pub fn document_types(&self) -> Option<&[String]> {
        self.0.extensions.document_types.as_deref()
    }

    /// Whether the signer may vouch for a document whose MRZ starts with `document_code` (`ID`, `I<`, `P<` …). `None`
    /// if the certificate does not say. A listed type covers the code if they are equal without fillers, or if it is
    /// the single letter that the code begins with (Doc 9303-12 §7.1.1: the type as in the MRZ, one or two letters).
    #[must_use]
    pub fn covers_document(&self, document_code: &str) -> Option<bool> {
        let code = document_code.trim_end_matches('<');
        self.document_types().map(|types| {
            types.iter().map(|listed| listed.trim_end_matches('<')).any(|listed| {
                listed == code || (listed.len() == 1 && !code.is_empty() && code.starts_with(listed))
            })
        })
    }

    /// privateKeyUsagePeriod.
    #[must_use]
    pub fn private_key_usage(&self) -> Option<PrivateKeyUsagePeriod> {
        self.0.extensions.private_key_usage
    }

    /// Critical extensions that this crate does not process.
    #[must_use]
    pub fn unknown_critical_extensions(&self) -> &[ObjectIdentifier] {
        &self.0.extensions.unknown_critical
    }

    /// What reading tolerated.
    #[must_use]
    pub fn leniencies(&self) -> &[Leniency] {
        &self.0.leniencies
    }

    /// Issuer and subject are the same.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.0.issuer.matches(&self.0.subject)
    }

    /// Whether `issuer_key` made this certificate's signature. Nothing else is checked.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_signature(&self, issuer_key: &PublicKey) -> Result<(), VerifyError> {
        issuer_key.verify(self.signature_algorithm()?, &self.0.tbs, &self.0.signature)
    }

    /// As [`verify_signature`](Self::verify_signature), but tolerates what old signers write, and says so.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_signature_leniently(
        &self,
        issuer_key: &PublicKey,
    ) -> Result<Option<SignatureLeniency>, VerifyError> {
        issuer_key.verify_leniently(self.signature_algorithm()?, &self.0.tbs, &self.0.signature)
    }

    /// Its issuer signed with a hash that is no longer collision resistant.
    #[must_use]
    pub fn has_weak_signature(&self) -> bool {
        self.0.signature_algorithm.as_ref().is_ok_and(|algorithm| algorithm.hash().is_weak())
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.0.subject.to_string())
            .field("issuer", &self.0.issuer.to_string())
            .field("serial", &self.serial_hex())
            .field("not_after", &self.0.not_after)
            .finish_non_exhaustive()
    }
}

/// Object identifiers of extensions that are understood; a critical one outside of it makes a certificate unusable.
pub(crate) fn is_known_extension(oid: &ObjectIdentifier) -> bool {
    [
        oids::SUBJECT_KEY_IDENTIFIER,
        oids::KEY_USAGE,
        oids::PRIVATE_KEY_USAGE_PERIOD,
        oids::SUBJECT_ALT_NAME,
        oids::ISSUER_ALT_NAME,
        oids::BASIC_CONSTRAINTS,
        // Nobody here asks for a policy, and any policy will do (RFC 5280 §6.1.1 (c)–(e)).
        oids::CERTIFICATE_POLICIES,
        oids::CRL_DISTRIBUTION_POINTS,
        oids::AUTHORITY_KEY_IDENTIFIER,
        oids::EXTENDED_KEY_USAGE,
        oids::DOCUMENT_TYPE_LIST,
        oids::NAME_CHANGE,
    ]
    .contains(oid)
}
