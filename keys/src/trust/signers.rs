//! Document Signers kept beside the anchors: for documents that do not bring their signer's certificate along.
//!
//! They are *candidates*: whoever is found here is judged like a signer that came in EF.SOD, by an anchor of its country,
//! its profile, its validity and the revocation lists. Nobody becomes trusted by lying here
//! (`docs/decisions/0107-signers-kept.md`).

use super::TrustStore;
use super::directory::signers_name;
use crate::algorithm::oids;
use crate::asn1::{self, Malformed, Reader, tag};
use crate::certificate::{Certificate, DistinguishedName, MAX_CERTIFICATE};
use crate::signed_data::SignerIdentifier;
use sha1::{Digest as _, Sha1};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// More signers than this are refused: the ICAO PKD has some 30,000.
pub const MAX_SIGNERS: usize = 65_536;
/// More signers than this with one serial number in one country, or with one key identifier, are refused.
const MAX_ALIKE: usize = 64;

/// A certificate that is not kept as a Document Signer's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerProblem {
    /// Not a certificate at all.
    #[error("not a certificate: {0}")]
    Malformed(#[from] Malformed),
    /// It is not that of a Document Signer.
    #[error("not the certificate of a certification authority, nor of a Document Signer: {0}")]
    NotADocumentSigner(&'static str),
    /// No room.
    #[error("the trust store is full")]
    Full,
    /// Too many that an identifier could not tell apart.
    #[error("more than 64 signers of the country have this serial number")]
    TooManyAlike,
}

/// The signers, by what a `SignerInfo` names them with. Certificates are read when they are asked for.
#[derive(Clone, Default)]
pub(super) struct Shelf {
    certificates: Vec<Box<[u8]>>,
    /// By country of the issuer and serial number.
    by_number: HashMap<(String, Vec<u8>), Vec<usize>>,
    by_key: HashMap<Vec<u8>, Vec<usize>>,
    countries: BTreeMap<String, usize>,
}

/// What a signer is found by.
struct Identity {
    country: String,
    serial: Vec<u8>,
    /// subjectKeyIdentifier, else SHA-1 of the key (RFC 5280 §4.2.1.2).
    key: Vec<u8>,
}

impl Shelf {
    /// Puts a certificate in. False if it was there.
    fn put(&mut self, der: &[u8]) -> Result<bool, SignerProblem> {
        let Identity { country, serial, key } = Identity::read(der)?;
        let alike = self.by_number.entry((country.clone(), serial)).or_default();
        if alike.iter().any(|index| self.certificates.get(*index).is_some_and(|known| **known == *der)) {
            return Ok(false);
        }
        if alike.len() >= MAX_ALIKE {
            return Err(SignerProblem::TooManyAlike);
        }
        if self.certificates.len() >= MAX_SIGNERS {
            return Err(SignerProblem::Full);
        }
        let index = self.certificates.len();
        self.certificates.push(der.into());
        alike.push(index);
        let same_key = self.by_key.entry(key).or_default();
        if same_key.len() < MAX_ALIKE {
            same_key.push(index);
        }
        *self.countries.entry(country).or_default() += 1;
        Ok(true)
    }

    fn named(&self, identifier: &SignerIdentifier) -> Vec<Certificate> {
        let found = match identifier {
            SignerIdentifier::IssuerAndSerialNumber { issuer, serial } => {
                let country = issuer.country().unwrap_or_default();
                self.by_number.get(&(country, asn1::shortest(serial).to_vec()))
            }
            SignerIdentifier::SubjectKeyIdentifier(key) => self.by_key.get(key),
        };
        let read = |index: &usize| Certificate::parse(self.certificates.get(*index)?).ok();
        found.into_iter().flatten().filter_map(read).collect()
    }
}

impl Identity {
    /// Reads the few fields that tell signers apart.
    fn read(der: &[u8]) -> Result<Self, Malformed> {
        let mut tbs = Reader::new(der).sequence("a certificate")?.sequence("a TBSCertificate")?;
        tbs.optional(tag::context(0))?;
        let serial = asn1::shortest(tbs.any()?.integer()?).to_vec();
        tbs.expect(tag::SEQUENCE, "a signature algorithm")?;
        let issuer = DistinguishedName::from_element(&tbs.expect(tag::SEQUENCE, "an issuer")?)?;
        tbs.expect(tag::SEQUENCE, "a validity")?;
        tbs.expect(tag::SEQUENCE, "a subject")?;
        let mut spki = tbs.sequence("a public key")?;
        spki.any()?;
        let key = spki.any()?.bit_octets()?;
        let mut identifier = None;
        while !tbs.is_empty() {
            let field = tbs.any()?;
            if field.tag == tag::context(3) {
                let mut list = field.reader().sequence("extensions")?;
                while !list.is_empty() {
                    let mut extension = list.sequence("an extension")?;
                    if extension.any()?.oid()? == oids::SUBJECT_KEY_IDENTIFIER {
                        extension.optional(tag::BOOLEAN)?;
                        let value = extension.expect(tag::OCTET_STRING, "the value of an extension")?;
                        identifier = Some(value.reader().any()?.content.to_vec());
                    }
                }
            }
        }
        Ok(Self {
            country: issuer.country().unwrap_or_default(),
            serial,
            key: identifier.unwrap_or_else(|| Sha1::digest(key).to_vec()),
        })
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shelf({})", self.certificates.len())
    }
}

impl TrustStore {
    /// Keeps a Document Signer's certificate as a candidate. True if it is new. It is believed no sooner than an anchor
    /// vouches for it.
    ///
    /// # Errors
    /// [`SignerProblem`].
    pub fn add_signer(&mut self, certificate: &Certificate) -> Result<bool, SignerProblem> {
        check_signer_certificate(certificate)?;
        self.signers.put(certificate.der())
    }

    /// Keeps the certificates of a file of the trust directory: one after the other, or in PEM. They are read when they
    /// are asked for.
    ///
    /// # Errors
    /// [`SignerProblem`]; those before it are kept.
    pub fn add_signers(&mut self, file: &[u8]) -> Result<(), SignerProblem> {
        let blocks = asn1::pem_blocks(file)?;
        if !blocks.is_empty() {
            return blocks.iter().try_for_each(|block| self.signers.put(block).map(drop));
        }
        let mut reader = Reader::new(file);
        while !reader.is_empty() {
            let element = reader.expect(tag::SEQUENCE, "a certificate")?;
            if element.raw.len() > MAX_CERTIFICATE {
                return Err(Malformed::at(element.offset, "a certificate of at most 64 KiB").into());
            }
            self.signers.put(element.raw)?;
        }
        Ok(())
    }

    /// The signers kept here that an identifier might name. The names are for the caller to compare, and whether anyone
    /// is to be believed is [`TrustStore::check_signer`]'s question.
    #[must_use]
    pub fn signers_named(&self, identifier: &SignerIdentifier) -> Vec<Certificate> {
        self.signers.named(identifier)
    }

    /// How many Document Signers are kept of each country.
    #[must_use]
    pub const fn signer_counts(&self) -> &BTreeMap<String, usize> {
        &self.signers.countries
    }

    /// The certificates that belong into a file of the trust directory, in the order of their octets.
    pub(super) fn signers_in(&self, file: &str) -> Vec<&[u8]> {
        let mut found: Vec<&[u8]> = self
            .signers
            .by_number
            .iter()
            .filter(|((country, _), _)| signers_name(country) == file)
            .flat_map(|(_, indices)| indices)
            .filter_map(|index| self.signers.certificates.get(*index).map(AsRef::as_ref))
            .collect();
        found.sort_unstable();
        found
    }
}

/// Whether a certificate is of the kind that signs documents (Doc 9303-12 §7.1.1). What else is wrong with it is judged with
/// the document.
fn check_signer_certificate(certificate: &Certificate) -> Result<(), SignerProblem> {
    let problem = if matches!(certificate.basic_constraints(), Some((true, _))) {
        "it is an authority's"
    } else if certificate.is_self_issued() {
        "nobody else certified it"
    } else if certificate.has_extended_key_usage() {
        "it is for another purpose (extKeyUsage)"
    } else if certificate.key_usage().is_some_and(|usage| !usage.digital_signature()) {
        "its key may not sign"
    } else if certificate.issuer().country().is_none() {
        "its issuer's name has no country"
    } else {
        return Ok(());
    };
    Err(SignerProblem::NotADocumentSigner(problem))
}
