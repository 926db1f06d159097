//! The certificate of a Master List Signer: Doc 9303-12 §7.1.1, table 6, column Master List Signer.

use super::{BuildError, CertificateOptions, SigningKeyValidity, common, extension, issue, key_usage};
use crate::algorithm::oids;
use crate::asn1;
use crate::certificate::{Certificate, KeyUsage};
use crate::signer::Signer;
use der::Decode;
use rand_core::CryptoRng;
use spki::SubjectPublicKeyInfoRef;
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::ext::Extension;
use x509_cert::name::Name;

/// A signer of master lists and of nothing else: its extended key usage is critical.
#[derive(Debug, Clone)]
pub struct MasterListSignerProfile {
    options: CertificateOptions,
    issuer: Name,
    subject: Name,
    validity: SigningKeyValidity,
}

impl MasterListSignerProfile {
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
        let subject = options.name(&format!("Master List Signer {} {sequence:03}", options.country))?;
        let issuer = Name::from_der(csca.subject().der()).map_err(|e| BuildError::Field(e.to_string()))?;
        Ok(Self { options, issuer, subject, validity })
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

impl BuilderProfile for MasterListSignerProfile {
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
        let purposes = asn1::sequence(&[&asn1::oid(&oids::MASTER_LIST_SIGNING_KEY)]);
        let mut extensions = common(&self.options, self.validity, subject_key, issuer_key)?;
        extensions.push(extension(oids::KEY_USAGE, true, key_usage(KeyUsage::DIGITAL_SIGNATURE))?);
        extensions.push(extension(oids::EXTENDED_KEY_USAGE, true, purposes)?);
        Ok(extensions)
    }
}
