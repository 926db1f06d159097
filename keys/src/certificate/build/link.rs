//! Link certificates: the next CSCA key, certified by the one before. Doc 9303-12 §7.1.1, table 6, column CSCA link.

use super::{BuildError, CertificateOptions, SigningKeyValidity, common, extension, issue, key_usage};
use crate::algorithm::oids;
use crate::asn1::{self, tag};
use crate::certificate::{Certificate, KeyUsage};
use crate::signer::Signer;
use der::Decode;
use rand_core::CryptoRng;
use spki::SubjectPublicKeyInfoRef;
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::ext::Extension;
use x509_cert::name::Name;

/// A link certificate from an old CSCA key to a new one. It begins with the new key and ends with whichever of the two
/// self-signed certificates ends first: the old key vouches for nothing beyond its own end. If the authority's name
/// changes, it carries the extension `nameChange`.
#[derive(Debug, Clone)]
pub struct LinkProfile {
    options: CertificateOptions,
    issuer: Name,
    subject: Name,
    renamed: bool,
    validity: SigningKeyValidity,
}

impl LinkProfile {
    /// A link from `old` to `new`, both self-signed.
    ///
    /// # Errors
    /// A name that cannot be written.
    pub fn new(
        options: CertificateOptions,
        old: &Certificate,
        new: &Certificate,
    ) -> Result<Self, BuildError> {
        let name = |of: &Certificate| {
            Name::from_der(of.subject().der()).map_err(|error| BuildError::Field(error.to_string()))
        };
        let usage = new.private_key_usage().and_then(|period| period.not_after);
        let validity = SigningKeyValidity {
            from: new.not_before(),
            key_use_until: usage.unwrap_or(new.not_after()),
            until: new.not_after().min(old.not_after()),
        };
        let renamed = !old.subject().matches_in_order(new.subject());
        Ok(Self { options, issuer: name(old)?, subject: name(new)?, renamed, validity })
    }

    /// Builds and signs with the old key, then reads back and verifies.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn issue(
        self,
        new_spki: &[u8],
        old_key: &dyn Signer,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate, BuildError> {
        let validity = self.validity;
        issue(self, validity, new_spki, old_key, rng)
    }
}

impl BuilderProfile for LinkProfile {
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
        let authority = asn1::sequence(&[&asn1::tlv(tag::BOOLEAN, &[0xff]), &asn1::integer(&[])]);
        let mut extensions = common(&self.options, self.validity, subject_key, issuer_key)?;
        extensions.push(extension(oids::KEY_USAGE, true, key_usage(KeyUsage::CERTIFICATE_AND_CRL))?);
        extensions.push(extension(oids::BASIC_CONSTRAINTS, true, authority)?);
        if self.renamed {
            extensions.push(extension(oids::NAME_CHANGE, false, asn1::tlv(tag::NULL, &[]))?);
        }
        Ok(extensions)
    }
}
