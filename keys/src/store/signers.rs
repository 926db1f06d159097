//! Ceremonies on CSCA, Document Signers and CRL.

use super::custody::{KeySpec, StoreKey};
use super::{KeyStore, StoreError, files};
use crate::algorithm::HashAlgorithm;
use crate::audit_log::Event;
use crate::certificate::{
    Certificate, CertificateOptions, CscaProfile, DocumentSignerProfile, SigningKeyValidity,
};
use crate::crl::{CertificateRevocationList, RevokedCertificate};
use crate::signed_data::SignError;
use crate::signer::Signer;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;

/// A Document Signer that may sign: certificate and key.
#[derive(Debug)]
pub struct DocumentSigner {
    certificate: Certificate,
    key: StoreKey,
}

impl DocumentSigner {
    /// Its certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its key.
    #[must_use]
    pub fn signer(&self) -> &dyn Signer {
        &self.key
    }

    /// Makes an EF.SOD around an encoded `LDSSecurityObject`, verified before it is returned.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign_ef_sod(
        &self,
        lds_security_object: &[u8],
        signing_time: Timestamp,
    ) -> Result<Vec<u8>, SignError> {
        crate::sod::sign(lds_security_object, &self.certificate, &self.key, signing_time)
    }
}

/// A Document Signer in a list.
#[derive(Debug, Clone)]
pub struct DocumentSignerStatus {
    /// Its certificate.
    pub certificate: Certificate,
    /// Its key is here, not revoked, and may sign at the asked time.
    pub may_sign: bool,
    /// The newest CRL names it.
    pub revoked: bool,
    /// Its private key was erased.
    pub erased: bool,
}

impl KeyStore {
    /// Makes a CSCA: the first, or the next generation. Older ones stay as anchors.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn create_csca(&self, at: Timestamp, rng: &mut dyn CryptoRng) -> Result<Certificate, StoreError> {
        let _lock = self.lock()?;
        let number = self.csca_certificates()?.len() + 1;
        let profile = self.profile();
        let name = format!("csca/{number:03}");
        let key = self.new_key(&name, self.spec(profile.certificate_hash()), rng)?;
        let options = CertificateOptions::for_country(self.country())?;
        let sequence = u32::try_from(number).unwrap_or(u32::MAX);
        let certificate =
            CscaProfile::new(options, sequence, SigningKeyValidity::csca(at)?)?.issue(&key, rng)?;
        self.keep_key(&name, &key)?;
        files::write(&self.dir().join(format!("{name}.cer")), certificate.der(), false)?;
        self.log(Event::new(at, "csca-made").payload(certificate.der()).note(&certificate.serial_hex()))?;
        Ok(certificate)
    }

    /// Makes a Document Signer under the newest CSCA. Several may be in use at once.
    ///
    /// # Errors
    /// [`StoreError`]; no CSCA, or one whose key may not sign at the time.
    pub fn create_document_signer(
        &self,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate, StoreError> {
        let _lock = self.lock()?;
        let (csca, csca_key) = self.csca_that_signs(at)?;
        let number = self.certificates("ds")?.len() + 1;
        let profile = self.profile();
        let name = format!("ds/{number:05}");
        let key = self.new_key(&name, self.spec(profile.document_hash()), rng)?;
        let options = CertificateOptions::for_country(self.country())?;
        let sequence = u32::try_from(number).unwrap_or(u32::MAX);
        let validity = SigningKeyValidity::document_signer(at)?;
        let certificate = DocumentSignerProfile::new(options, &csca, sequence, validity)?.issue(
            key.public_key().spki(),
            &csca_key,
            rng,
        )?;
        self.keep_key(&name, &key)?;
        files::write(&self.dir().join(format!("{name}.cer")), certificate.der(), false)?;
        let note = certificate.serial_hex();
        self.log(Event::new(at, "document-signer-made").payload(certificate.der()).note(&note))?;
        Ok(certificate)
    }

    /// Makes a new Document Signer and erases the private keys of all older ones (Doc 9303-12 §4.1: a key past its use
    /// is destroyed accountably): in its token, or its file, which is overwritten before it is removed; what a medium keeps beyond that is
    /// why a software store is no place for real keys. Gives the new certificate and the serial numbers erased.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is erased unless the new signer stands.
    pub fn rotate_document_signer(
        &self,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Certificate, Vec<String>), StoreError> {
        let certificate = self.create_document_signer(at, rng)?;
        let _lock = self.lock()?;
        let mut erased = Vec::new();
        for (name, old) in self.certificates("ds")? {
            if old.serial() == certificate.serial() || !self.key_path(&name).exists() {
                continue;
            }
            self.erase_key(&name, rng)?;
            let serial = old.serial_hex();
            self.log(Event::new(at, "document-signer-key-erased").payload(old.der()).note(&serial))?;
            erased.push(serial);
        }
        Ok((certificate, erased))
    }

    /// The Document Signers, oldest first, and whether each may sign at the time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn document_signers(&self, at: Timestamp) -> Result<Vec<DocumentSignerStatus>, StoreError> {
        let crl = self.newest_crl()?;
        let list = self.certificates("ds")?.into_iter();
        Ok(list
            .map(|(name, certificate)| {
                let erased = !self.key_path(&name).exists();
                let revoked = crl.as_ref().is_some_and(|crl| crl.find(certificate.serial()).is_some());
                let may_sign = may_sign(&certificate, at) && !revoked && !erased;
                DocumentSignerStatus { may_sign, revoked, erased, certificate }
            })
            .collect())
    }

    /// The newest Document Signer whose key may sign at the time and that is not revoked.
    ///
    /// # Errors
    /// [`StoreError::NoDocumentSigner`]; or [`StoreError::Damaged`] when key, certificate and CSCA do not belong together.
    pub fn active_document_signer(&self, at: Timestamp) -> Result<DocumentSigner, StoreError> {
        let crl = self.newest_crl()?;
        let (name, certificate) = self
            .certificates("ds")?
            .into_iter()
            .filter(|(name, certificate)| {
                may_sign(certificate, at)
                    && self.key_path(name).exists()
                    && crl.as_ref().is_none_or(|crl| crl.find(certificate.serial()).is_none())
            })
            .max_by_key(|(name, certificate)| (certificate.not_before(), name.clone()))
            .ok_or(StoreError::NoDocumentSigner(at))?;
        let key = self.open_key(&name)?;
        if key.public_key() != certificate.public_key() {
            return Err(StoreError::Damaged(name));
        }
        // A certificate that rotted on the disk would vouch for cards that every verifier refuses.
        let vouched = self.csca_certificates()?.iter().any(|csca| {
            csca.verify_signature(csca.public_key()).is_ok()
                && certificate.verify_signature(csca.public_key()).is_ok()
        });
        if !vouched {
            return Err(StoreError::Damaged(name));
        }
        Ok(DocumentSigner { certificate, key })
    }

    /// Issues the next CRL: everything revoked before, and the given serial numbers (hex) with the reason.
    ///
    /// # Errors
    /// [`StoreError`]; a serial number that was never issued changes nothing.
    pub fn issue_crl(
        &self,
        at: Timestamp,
        validity: SignedDuration,
        revoke: &[String],
        reason: Option<u8>,
    ) -> Result<CertificateRevocationList, StoreError> {
        let _lock = self.lock()?;
        let (csca, csca_key) = self.csca_that_signs(at)?;
        let before = self.newest_crl()?;
        let issued: Vec<Certificate> =
            self.certificates("ds")?.into_iter().map(|(_, certificate)| certificate).collect();
        let mut entries = before.as_ref().map(|crl| crl.entries().to_vec()).unwrap_or_default();
        for serial in revoke {
            let wanted = serial.trim().to_ascii_lowercase();
            let certificate = issued
                .iter()
                .find(|certificate| certificate.serial_hex() == wanted)
                .ok_or_else(|| StoreError::UnknownSerial(serial.clone()))?;
            let serial = crate::asn1::shortest(certificate.serial()).to_vec();
            if !entries.iter().any(|entry| entry.serial == serial) {
                entries.push(RevokedCertificate { serial, date: at, reason });
            }
        }
        entries.sort();
        let number = before.and_then(|crl| crl.number()).unwrap_or(0).saturating_add(1);
        let crl = CertificateRevocationList::issue(&csca, &csca_key, number, at, validity, &entries)?;
        files::write(&self.dir().join(format!("crl/{number:06}.crl")), crl.der(), false)?;
        let note = format!("number {number}, {} revoked", entries.len());
        self.log(Event::new(at, "crl-issued").payload(crl.der()).note(&note))?;
        Ok(crl)
    }

    fn spec(&self, hash: HashAlgorithm) -> KeySpec {
        KeySpec { curve: self.profile().curve(), hash, encoding: self.settings().curve_encoding }
    }

    fn newest_crl(&self) -> Result<Option<CertificateRevocationList>, StoreError> {
        match self.crl() {
            Ok(crl) => Ok(Some(crl)),
            Err(StoreError::NoCrl) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn csca_that_signs(&self, at: Timestamp) -> Result<(Certificate, StoreKey), StoreError> {
        let (name, certificate) = self.certificates("csca")?.pop().ok_or(StoreError::NoCsca)?;
        if !may_sign(&certificate, at) {
            return Err(StoreError::CscaKeyExpired(at));
        }
        let key = self.open_key(&name)?;
        if key.public_key() != certificate.public_key() {
            return Err(StoreError::Damaged(name));
        }
        Ok((certificate, key))
    }
}

fn may_sign(certificate: &Certificate, at: Timestamp) -> bool {
    certificate.not_before() <= at
        && at <= certificate.not_after()
        && certificate.private_key_usage().is_none_or(|period| period.covers(at))
}
