//! Building certificates of the CSCA and the Document Signer: Doc 9303-12 §7.1.1, tables 6 and 7.

mod link;
mod master_list_signer;

pub use link::LinkProfile;
pub use master_list_signer::MasterListSignerProfile;

use super::{Certificate, KeyUsage};
use crate::algorithm::oids;
use crate::asn1::{self, Malformed, tag};
use crate::signer::{Signer, SigningFailed};
use const_oid::ObjectIdentifier;
use der::asn1::{BitString, OctetString};
use der::{Decode, Encode};
use jiff::{Span, Timestamp, tz::TimeZone};
use rand_core::CryptoRng;
use spki::{AlgorithmIdentifierOwned, DynSignatureAlgorithmIdentifier, SubjectPublicKeyInfoRef};
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder as _, CertificateBuilder};
use x509_cert::ext::Extension;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

/// A certificate that could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A name, date or extension cannot be expressed.
    #[error("a field of the certificate cannot be written: {0}")]
    Field(String),
    /// The issuer's key did not sign.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// What was built does not read back or does not verify under the issuer's key.
    #[error("the new certificate does not verify: {0}")]
    ReadBack(String),
}

impl From<x509_cert::builder::Error> for BuildError {
    fn from(error: x509_cert::builder::Error) -> Self {
        Self::Field(error.to_string())
    }
}

impl From<Malformed> for BuildError {
    fn from(error: Malformed) -> Self {
        Self::ReadBack(error.to_string())
    }
}

/// How long a key signs and how long its signatures are believed, Doc 9303-12 §4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningKeyValidity {
    /// When both begin.
    pub from: Timestamp,
    /// Last moment at which the private key signs.
    pub key_use_until: Timestamp,
    /// Last moment at which the certificate is valid.
    pub until: Timestamp,
}

impl SigningKeyValidity {
    /// A CSCA: the key signs 5 years; its certificate outlives the longest card of its last signer (27 years 3 months).
    ///
    /// # Errors
    /// A time beyond the calendar.
    pub fn csca(from: Timestamp) -> Result<Self, BuildError> {
        Self::lasting(from, Span::new().years(5), Span::new().years(27).months(3))
    }

    /// A Document Signer: the key signs 3 months; the longest dated card lasts 22 years, so 22 years 3 months.
    ///
    /// # Errors
    /// A time beyond the calendar.
    pub fn document_signer(from: Timestamp) -> Result<Self, BuildError> {
        Self::lasting(from, Span::new().months(3), Span::new().years(22).months(3))
    }

    /// Other spans, in UTC.
    ///
    /// # Errors
    /// A time beyond the calendar.
    pub fn lasting(from: Timestamp, key_use: Span, certificate: Span) -> Result<Self, BuildError> {
        let start = from.to_zoned(TimeZone::UTC);
        let end = |span: Span| {
            start.checked_add(span).map(|end| end.timestamp()).map_err(|e| BuildError::Field(e.to_string()))
        };
        Ok(Self { from, key_use_until: end(key_use)?, until: end(certificate)? })
    }
}

/// What certificates say of an authority besides the country.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityNames {
    /// organizationName.
    pub organization: String,
    /// Its domain: in the alternative names, and where the CRL is published.
    pub domain: String,
}

/// What the certificates of one authority have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateOptions {
    /// Country code, two upper-case letters.
    pub country: String,
    /// organizationName.
    pub organization: String,
    /// dNSName in the alternative names.
    pub domain: String,
    /// Where the CRL is published.
    pub crl_url: String,
}

impl CertificateOptions {
    /// The names of a synthetic authority in a country.
    ///
    /// # Errors
    /// A country that is not two upper-case letters.
    pub fn for_country(country: &str) -> Result<Self, BuildError> {
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(BuildError::Field(format!("\"{country}\" is not a country code of two capitals")));
        }
        let domain = format!("csca.{}.example", country.to_ascii_lowercase());
        Ok(Self {
            country: country.to_owned(),
            organization: "Synthetic Identity Authority".to_owned(),
            crl_url: format!("http://{domain}/csca.crl"),
            domain,
        })
    }

    /// Of this authority in a country; the synthetic one without names.
    ///
    /// # Errors
    /// A country that is not two upper-case letters.
    pub fn for_authority(country: &str, names: Option<&AuthorityNames>) -> Result<Self, BuildError> {
        let mut options = Self::for_country(country)?;
        if let Some(AuthorityNames { organization, domain }) = names {
            options.organization.clone_from(organization);
            options.domain.clone_from(domain);
            options.crl_url = format!("http://{domain}/csca.crl");
        }
        Ok(options)
    }

    fn name(&self, common_name: &str) -> Result<Name, BuildError> {
        // countryName is a PrintableString, the others UTF8Strings; one attribute in each relative name.
        let attribute = |oid: &str, tag: u8, text: &str| {
            let oid = ObjectIdentifier::new_unwrap(oid);
            asn1::tlv(tag::SET, &asn1::sequence(&[&asn1::oid(&oid), &asn1::tlv(tag, text.as_bytes())]))
        };
        let der = asn1::sequence(&[
            &attribute("2.5.4.6", tag::PRINTABLE_STRING, &self.country),
            &attribute("2.5.4.10", tag::UTF8_STRING, &self.organization),
            &attribute("2.5.4.3", tag::UTF8_STRING, common_name),
        ]);
        Name::from_der(&der).map_err(|e| BuildError::Field(e.to_string()))
    }

    /// Alternative name: dNSName and a directoryName whose localityName is the issuing state (Doc 9303-12
    /// §7.1.1: `L` = the issuing state as in the MRZ).
    fn alternative_name(&self) -> Vec<u8> {
        let locality = asn1::sequence(&[&asn1::tlv(
            tag::SET,
            &asn1::sequence(&[
                &asn1::oid(&oids::LOCALITY_NAME),
                &asn1::tlv(tag::PRINTABLE_STRING, self.mrz_state().as_bytes()),
            ]),
        )]);
        asn1::sequence(&[
            &asn1::tlv(tag::context_primitive(2), self.domain.as_bytes()),
            &asn1::tlv(tag::context(4), &locality),
        ])
    }

    /// The issuing state as the MRZ writes it; the two-letter code where no other is known.
    fn mrz_state(&self) -> &str {
        match self.country.as_str() {
            "VN" => "VNM",
            other => other,
        }
    }

    /// `CRLDistributionPoints` with one URI.
    fn distribution_points(&self) -> Vec<u8> {
        let uri = asn1::tlv(tag::context_primitive(6), self.crl_url.as_bytes());
        let name = asn1::tlv(tag::context(0), &asn1::tlv(tag::context(0), &uri));
        asn1::sequence(&[&asn1::sequence(&[&name])])
    }
}

/// The self-signed certificate of a CSCA: table 6 of Doc 9303-12.
#[derive(Debug, Clone)]
pub struct CscaProfile {
    options: CertificateOptions,
    subject: Name,
    validity: SigningKeyValidity,
}

impl CscaProfile {
    /// A profile; `sequence` numbers the authority's generations in its common name.
    ///
    /// # Errors
    /// A name that cannot be written.
    pub fn new(
        options: CertificateOptions,
        sequence: u32,
        validity: SigningKeyValidity,
    ) -> Result<Self, BuildError> {
        let subject = options.name(&format!("CSCA {} {sequence:03}", options.country))?;
        Ok(Self { options, subject, validity })
    }

    /// The profile of another key of `before`'s authority: its name stays, the key identifiers tell the keys apart.
    ///
    /// # Errors
    /// A name that cannot be written.
    pub fn succeeding(
        options: CertificateOptions,
        before: &Certificate,
        validity: SigningKeyValidity,
    ) -> Result<Self, BuildError> {
        let subject = Name::from_der(before.subject().der()).map_err(|e| BuildError::Field(e.to_string()))?;
        Ok(Self { options, subject, validity })
    }

    /// Builds and signs, then reads back and verifies.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn issue(self, signer: &dyn Signer, rng: &mut dyn CryptoRng) -> Result<Certificate, BuildError> {
        let (validity, key) = (self.validity, signer.public_key().spki().to_vec());
        issue(self, validity, &key, signer, rng)
    }
}

impl BuilderProfile for CscaProfile {
    fn get_issuer(&self, subject: &Name) -> Name {
        subject.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        subject_key: SubjectPublicKeyInfoRef<'_>,
        issuer_key: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let authority = asn1::sequence(&[&asn1::tlv(tag::BOOLEAN, &[0xff]), &asn1::integer(&[])]);
        let mut extensions = common(&self.options, self.validity, subject_key, issuer_key)?;
        extensions.push(extension(oids::KEY_USAGE, true, key_usage(KeyUsage::CERTIFICATE_AND_CRL))?);
        extensions.push(extension(oids::BASIC_CONSTRAINTS, true, authority)?);
        Ok(extensions)
    }
}

/// The certificate of a Document Signer: table 6 of Doc 9303-12, column DS.
#[derive(Debug, Clone)]
pub struct DocumentSignerProfile {
    options: CertificateOptions,
    issuer: Name,
    subject: Name,
    validity: SigningKeyValidity,
    document_types: Vec<String>,
}

impl DocumentSignerProfile {
    /// A profile under `csca`; `sequence` numbers the signers in their common names.
    ///
    /// # Errors
    /// A name that cannot be written.
    pub fn new(
        options: CertificateOptions,
        csca: &Certificate,
        sequence: u32,
        validity: SigningKeyValidity,
    ) -> Result<Self, BuildError> {
        let subject = options.name(&format!("Document Signer {} {sequence:05}", options.country))?;
        let issuer = Name::from_der(csca.subject().der()).map_err(|e| BuildError::Field(e.to_string()))?;
        Ok(Self { options, issuer, subject, validity, document_types: vec!["ID".to_owned()] })
    }

    /// Other document codes than `ID`.
    #[must_use]
    pub fn document_types(mut self, types: &[&str]) -> Self {
        self.document_types = types.iter().map(|text| (*text).to_owned()).collect();
        self
    }

    /// Builds and signs with the CSCA's key, then reads back and verifies.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn issue(
        self,
        subject_spki: &[u8],
        csca: &dyn Signer,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate, BuildError> {
        let validity = self.validity;
        issue(self, validity, subject_spki, csca, rng)
    }
}

impl BuilderProfile for DocumentSignerProfile {
    fn get_issuer(&self, _: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        subject_key: SubjectPublicKeyInfoRef<'_>,
        issuer_key: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        let types = self.document_types.iter();
        let types = types.map(|text| asn1::tlv(tag::PRINTABLE_STRING, text.as_bytes())).collect();
        let list = asn1::sequence(&[&asn1::integer(&[]), &asn1::set_of(tag::SET, types)]);
        let mut extensions = common(&self.options, self.validity, subject_key, issuer_key)?;
        extensions.push(extension(oids::KEY_USAGE, true, key_usage(KeyUsage::DIGITAL_SIGNATURE))?);
        extensions.push(extension(oids::DOCUMENT_TYPE_LIST, false, list)?);
        Ok(extensions)
    }
}

/// Key identifiers, private key usage period, alternative names and CRL distribution point.
fn common(
    options: &CertificateOptions,
    validity: SigningKeyValidity,
    subject_key: SubjectPublicKeyInfoRef<'_>,
    issuer_key: SubjectPublicKeyInfoRef<'_>,
) -> x509_cert::builder::Result<Vec<Extension>> {
    let subject_id = key_identifier(&subject_key)?;
    let issuer_id = key_identifier(&issuer_key)?;
    // GeneralizedTime under implicit tags: the content octets are the same whatever the year.
    let time = |n: u8, at: Timestamp| {
        let text = at.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%SZ").to_string();
        asn1::tlv(tag::context_primitive(n), text.as_bytes())
    };
    let usage = asn1::sequence(&[&time(0, validity.from), &time(1, validity.key_use_until)]);
    Ok(vec![
        extension(
            oids::AUTHORITY_KEY_IDENTIFIER,
            false,
            asn1::sequence(&[&asn1::tlv(tag::context_primitive(0), &issuer_id)]),
        )?,
        extension(oids::SUBJECT_KEY_IDENTIFIER, false, asn1::tlv(tag::OCTET_STRING, &subject_id))?,
        extension(oids::PRIVATE_KEY_USAGE_PERIOD, false, usage)?,
        extension(oids::ISSUER_ALT_NAME, false, options.alternative_name())?,
        extension(oids::SUBJECT_ALT_NAME, false, options.alternative_name())?,
        extension(oids::CRL_DISTRIBUTION_POINTS, false, options.distribution_points())?,
    ])
}

fn extension(oid: ObjectIdentifier, critical: bool, value: Vec<u8>) -> der::Result<Extension> {
    Ok(Extension { extn_id: oid, critical, extn_value: OctetString::new(value)? })
}

/// keyUsage as a named bit list: trailing zero bits are left out (X.690 §11.2.2).
fn key_usage(usage: KeyUsage) -> Vec<u8> {
    let bits = usage.octet();
    let unused = u8::try_from(bits.trailing_zeros()).unwrap_or(0);
    asn1::tlv(tag::BIT_STRING, &[unused, bits])
}

fn key_identifier(spki: &SubjectPublicKeyInfoRef<'_>) -> x509_cert::builder::Result<Vec<u8>> {
    let der = spki.to_der()?;
    let key = crate::public_key::PublicKey::from_spki(&der)
        .map_err(|_| x509_cert::builder::Error::MissingAttributes)?;
    Ok(key.key_identifier())
}

/// x509-cert's builder asks its signer for a key and an algorithm; the signature itself is made by our own port.
struct Issuer<'a>(&'a dyn Signer);

#[derive(Clone)]
struct IssuerKey(Vec<u8>);

impl signature::Keypair for Issuer<'_> {
    type VerifyingKey = IssuerKey;

    fn verifying_key(&self) -> IssuerKey {
        IssuerKey(self.0.public_key().spki().to_vec())
    }
}

impl spki::EncodePublicKey for IssuerKey {
    fn to_public_key_der(&self) -> spki::Result<der::Document> {
        Ok(der::Document::try_from(self.0.as_slice())?)
    }
}

impl DynSignatureAlgorithmIdentifier for Issuer<'_> {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        Ok(AlgorithmIdentifierOwned::from_der(&self.0.algorithm().to_der())?)
    }
}

fn issue<P: BuilderProfile>(
    profile: P,
    validity: SigningKeyValidity,
    subject_spki: &[u8],
    issuer: &dyn Signer,
    rng: &mut dyn CryptoRng,
) -> Result<Certificate, BuildError> {
    let field = |e: der::Error| BuildError::Field(e.to_string());
    let spki = spki::SubjectPublicKeyInfoOwned::from_der(subject_spki).map_err(field)?;
    let validity = Validity::new(time(validity.from)?, time(validity.until)?);
    let mut builder = CertificateBuilder::new(profile, serial_number(rng)?, validity, spki)?;
    let identity = Issuer(issuer);
    let to_sign = builder.finalize(&identity)?;
    let signature = BitString::from_bytes(&issuer.sign(&to_sign)?).map_err(field)?;
    let der = builder.assemble(signature, &identity)?.to_der().map_err(field)?;
    let certificate = Certificate::parse(&der)?;
    certificate
        .verify_signature(issuer.public_key())
        .map_err(|error| BuildError::ReadBack(error.to_string()))?;
    Ok(certificate)
}

/// 128 random bits under a leading 01: positive, 17 octets, never the same twice (Doc 9303-12: at most 20 octets).
fn serial_number(rng: &mut dyn CryptoRng) -> Result<SerialNumber, BuildError> {
    let mut octets = [1; 17];
    if let Some(random) = octets.get_mut(1..) {
        rng.fill_bytes(random);
    }
    SerialNumber::new(&octets).map_err(|e| BuildError::Field(e.to_string()))
}

fn time(at: Timestamp) -> Result<Time, BuildError> {
    let der = asn1::time(at);
    Time::from_der(&der).map_err(|e| BuildError::Field(e.to_string()))
}
