//! Deviation lists, Doc 9303-12 §10: what a state knows to be wrong in its own documents, under its signature.
//!
//! ```text
//! DeviationList ::= SEQUENCE { version INTEGER {v0(0)}, digestAlgorithm AlgorithmIdentifier OPTIONAL, deviations SET OF Deviation }
//! Deviation ::= SEQUENCE { documents DeviationDocuments, descriptions SET OF DeviationDescription }
//! ```
//!
//! A deviation excuses nothing: it is told, and a person decides.

use crate::algorithm::oids;
use crate::asn1::{self, Element, Malformed, Reader, tag};
use crate::certificate::{Certificate, DistinguishedName};
use crate::path::{Budget, PathMaterial, PathProblem, VerifiedPath};
use crate::signed_data::{SignatureFacts, SignatureProblem, SignedData};
use crate::trust::over_links;
use const_oid::ObjectIdentifier;
use jiff::Timestamp;

/// Largest deviation list that is read, in octets.
pub const MAX_DEVIATION_LIST: usize = 16 * 1024 * 1024;
/// More deviations than this are refused.
const MAX_DEVIATIONS: usize = 10_000;
/// More descriptions of one deviation than this are refused.
const MAX_DESCRIPTIONS: usize = 64;
/// More numbers of documents than this in one deviation are refused.
const MAX_NUMBERS: usize = 1_000_000;

/// A parsed deviation list. Nothing in it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviationList {
    signed_data: SignedData,
    deviations: Vec<Deviation>,
}

/// Documents that deviate, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// Document code of the zone, if only those deviate.
    pub document_type: Option<String>,
    /// The certificate by which they are signed, or which deviates itself.
    pub certificate: Option<CertificateReference>,
    /// First and last day of issue, if only those deviate.
    pub issued: Option<(Timestamp, Timestamp)>,
    /// Numbers of the documents, if only those deviate.
    pub numbers: Vec<String>,
    /// How they deviate: types below 2.23.136.1.1.7.
    pub kinds: Vec<ObjectIdentifier>,
}

/// How a deviation names a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateReference {
    /// By issuer and serial number.
    IssuerAndSerialNumber {
        /// Its issuer.
        issuer: DistinguishedName,
        /// Content octets of its serial number.
        serial: Vec<u8>,
    },
    /// By its subject key identifier.
    SubjectKeyIdentifier(Vec<u8>),
    /// By a digest of the whole certificate.
    Digest(Vec<u8>),
}

/// What is asked about a document.
#[derive(Debug, Clone, Copy, Default)]
pub struct Document<'a> {
    /// Document code of the zone.
    pub document_type: Option<&'a str>,
    /// Document number of the zone.
    pub number: Option<&'a str>,
    /// When it was issued.
    pub issued: Option<Timestamp>,
}

/// Why a list does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviationListProblem {
    /// Its content is something else.
    #[error("the signed content is no deviation list")]
    ContentType,
    /// Its signature does not hold.
    #[error(transparent)]
    Signature(#[from] SignatureProblem),
    /// Its signer's certificate is for another purpose (Doc 9303-12 §7.1.1, column Deviation List Signer).
    #[error("the signer's certificate is not for deviation lists")]
    SignerPurpose,
}

impl DeviationList {
    /// Reads a list in DER or BER (a CMS `ContentInfo`).
    ///
    /// # Errors
    /// Bytes that are none, or beyond the bounds; with the offset.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_DEVIATION_LIST {
            return Err(Malformed::at(MAX_DEVIATION_LIST, "a deviation list of at most 16 MiB"));
        }
        let signed_data = SignedData::parse(bytes)?;
        let content = signed_data.econtent().ok_or(Malformed::at(0, "the content of a deviation list"))?;
        let deviations = read(content)?;
        Ok(Self { signed_data, deviations })
    }

    /// The envelope.
    #[must_use]
    pub const fn signed_data(&self) -> &SignedData {
        &self.signed_data
    }

    /// Every deviation, in the list's order.
    #[must_use]
    pub fn deviations(&self) -> &[Deviation] {
        &self.deviations
    }

    /// Verifies the list's own signature and that its signer is one for deviation lists.
    ///
    /// # Errors
    /// [`DeviationListProblem`].
    pub fn verify(&self) -> Result<SignatureFacts, DeviationListProblem> {
        if self.signed_data.econtent_type() != oids::DEVIATION_LIST {
            return Err(DeviationListProblem::ContentType);
        }
        let facts = self.signed_data.verify()?;
        let purposes = facts.signer.extended_key_usages().unwrap_or_default();
        if !purposes.contains(&oids::DEVIATION_LIST_SIGNING_KEY) {
            return Err(DeviationListProblem::SignerPurpose);
        }
        Ok(facts)
    }

    /// The path from the list's signer to one of `anchors`: those of the signer's country, for a state speaks of its own
    /// documents only. Certificates that came along may lie on it; revocation is not asked.
    ///
    /// # Errors
    /// [`PathProblem`].
    pub fn signer_path(
        &self,
        signer: &Certificate,
        anchors: &[Certificate],
        links: &[Certificate],
        at: Option<Timestamp>,
        budget: &mut Budget,
    ) -> Result<VerifiedPath, PathProblem> {
        let country = signer.country();
        let of_country = |one: &&Certificate| country.is_some() && one.country() == country;
        let anchors: Vec<_> = anchors.iter().filter(of_country).cloned().collect();
        let along = self.signed_data.certificates().iter().chain(links);
        let intermediates: Vec<_> = along.filter(of_country).cloned().collect();
        let material = PathMaterial { anchors: &anchors, intermediates: &intermediates, crls: &[] };
        VerifiedPath::build(signer, material, at, &over_links(), budget)
    }
}

impl Deviation {
    /// Whether a document that these certificates stand for may be among those that deviate: whatever the deviation
    /// states must fit, and what is not known of the document might.
    #[must_use]
    pub fn concerns(&self, certificates: &[&Certificate], document: Document<'_>) -> bool {
        let certificate = self
            .certificate
            .as_ref()
            .is_none_or(|wanted| certificates.iter().any(|certificate| wanted.names(certificate)));
        let document_type = match (&self.document_type, document.document_type) {
            (Some(wanted), Some(found)) => {
                wanted.trim_end_matches('<') == found.trim_end_matches('<')
                    || found.starts_with(wanted.trim_end_matches('<'))
            }
            _ => true,
        };
        let issued = match (self.issued, document.issued) {
            (Some((first, last)), Some(found)) => first <= found && found <= last,
            _ => true,
        };
        let number = self.numbers.is_empty()
            || document.number.is_none_or(|found| {
                let found = found.trim_end_matches('<');
                self.numbers.iter().any(|number| number.trim_end_matches('<') == found)
            });
        certificate && document_type && issued && number
    }
}

impl CertificateReference {
    /// Whether this certificate is meant.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> bool {
        use crate::algorithm::HashAlgorithm;
        match self {
            Self::IssuerAndSerialNumber { issuer, serial } => {
                asn1::shortest(serial) == asn1::shortest(certificate.serial())
                    && certificate.issuer().matches(issuer)
            }
            Self::SubjectKeyIdentifier(identifier) => {
                certificate.subject_key_identifier() == Some(identifier.as_slice())
            }
            // The algorithm is told by the length: no two of them have the same.
            Self::Digest(digest) => {
                HashAlgorithm::ALL.into_iter().any(|hash| hash.digest(certificate.der()) == *digest)
            }
        }
    }

    /// ```text
    /// DocumentSignerIdentifier ::= CHOICE { issuerAndSerialNumber [1], subjectKeyIdentifier [2], certificateDigest [3] }
    /// ```
    fn read(element: &Element<'_>) -> Result<Self, Malformed> {
        match element.tag {
            tag if tag == tag::context(1) => {
                let mut fields = element.reader();
                let issuer = DistinguishedName::from_element(&fields.expect(tag::SEQUENCE, "an issuer")?)?;
                Ok(Self::IssuerAndSerialNumber { issuer, serial: fields.any()?.integer()?.to_vec() })
            }
            tag if tag == tag::context_primitive(2) => {
                Ok(Self::SubjectKeyIdentifier(element.content.to_vec()))
            }
            _ => Ok(Self::Digest(element.content.to_vec())),
        }
    }
}

fn read(content: &[u8]) -> Result<Vec<Deviation>, Malformed> {
    let mut reader = Reader::new(content);
    let mut fields = reader.sequence("a deviation list")?;
    reader.finish("bytes after the deviation list")?;
    let version = fields.expect(tag::INTEGER, "the version of a deviation list")?;
    if version.small_integer()? != 0 {
        return Err(Malformed::at(version.offset, "version 0 of a deviation list"));
    }
    fields.optional(tag::SEQUENCE)?;
    let mut set = fields.expect(tag::SET, "deviations")?.reader();
    fields.finish("bytes after the deviations")?;
    let mut deviations = Vec::new();
    while !set.is_empty() {
        if deviations.len() == MAX_DEVIATIONS {
            return Err(Malformed::at(set.offset(), "at most 10,000 deviations"));
        }
        let mut deviation = set.sequence("a deviation")?;
        let documents = deviation.sequence("the documents of a deviation")?;
        let descriptions = deviation.expect(tag::SET, "descriptions of a deviation")?.reader();
        deviation.finish("bytes after a deviation")?;
        deviations.push(read_deviation(documents, descriptions)?);
    }
    Ok(deviations)
}

fn read_deviation(mut documents: Reader<'_>, mut descriptions: Reader<'_>) -> Result<Deviation, Malformed> {
    let text = |element: &Element<'_>| -> Result<String, Malformed> {
        let text = std::str::from_utf8(element.content).ok().filter(|text| text.len() <= 64);
        text.map(str::to_owned).ok_or(Malformed::at(element.offset, "a short text"))
    };
    let document_type =
        documents.optional(tag::context_primitive(0))?.map(|element| text(&element)).transpose()?;
    let certificate = match documents.peek() {
        Some(next)
            if [tag::context(1), tag::context_primitive(2), tag::context_primitive(3)].contains(&next) =>
        {
            Some(CertificateReference::read(&documents.any()?)?)
        }
        _ => None,
    };
    let issued = match documents.optional(tag::context(4))? {
        Some(element) => {
            let mut times = element.reader();
            Some((times.any()?.time()?, times.any()?.time()?))
        }
        None => None,
    };
    let mut numbers = Vec::new();
    if let Some(element) = documents.optional(tag::context(5))? {
        let mut set = element.reader();
        while !set.is_empty() {
            if numbers.len() == MAX_NUMBERS {
                return Err(Malformed::at(set.offset(), "at most a million documents"));
            }
            numbers.push(text(&set.any()?)?);
        }
    }
    documents.finish("bytes after the documents of a deviation")?;
    let mut kinds = Vec::new();
    while !descriptions.is_empty() {
        if kinds.len() == MAX_DESCRIPTIONS {
            return Err(Malformed::at(descriptions.offset(), "at most 64 descriptions"));
        }
        let mut description = descriptions.sequence("a description of a deviation")?;
        // The text is for people and in any words; the type says what it is.
        if description.peek() != Some(tag::OID) {
            description.any()?;
        }
        kinds.push(description.any()?.oid()?);
    }
    Ok(Deviation { document_type, certificate, issued, numbers, kinds })
}
