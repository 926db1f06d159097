//! Document Signers: made, used in turn, counted, erased.

use super::count::{CountedKey, Journal, SignatureCount, is_turned_back};
use super::{KeyStore, StoreError, files};
use crate::audit_log::Event;
use crate::ceremony::{Act, serial_of};
use crate::certificate::{Certificate, DocumentSignerProfile};
use crate::life::{self, Pool, SIGNATURE_LIMIT, Signatures, SignerState};
use crate::signed_data::SignError;
use crate::signer::{Signer, SigningFailed};
use jiff::Timestamp;
use jiff::civil::Date;
use rand_core::CryptoRng;
use std::collections::HashMap;
use std::sync::Arc;

/// A Document Signer that may sign: certificate and key. Each signature is counted before it is made.
#[derive(Debug)]
pub struct DocumentSigner {
    certificate: Certificate,
    key: CountedKey,
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

    /// The cards that it signs.
    #[must_use]
    pub fn pool(&self) -> Pool {
        Pool::of(&self.certificate)
    }

    /// Signatures made and allowed.
    ///
    /// # Errors
    /// A count that cannot be read.
    pub fn signatures(&self) -> Result<Signatures, StoreError> {
        self.key.signatures()
    }

    /// Makes an EF.SOD around an encoded `LDSSecurityObject`, verified before it is returned.
    ///
    /// # Errors
    /// [`SignError`]; a key outside its time of use, or at its last signature, does not sign.
    pub fn sign_ef_sod(
        &self,
        lds_security_object: &[u8],
        signing_time: Timestamp,
    ) -> Result<Vec<u8>, SignError> {
        if !life::key_may_sign(&self.certificate, signing_time) {
            let what = format!("this Document Signer may not sign at {signing_time}");
            return Err(SigningFailed::with_advice(what, "signer-past-use", "run `keys ds new`").into());
        }
        crate::sod::sign(lds_security_object, &self.certificate, &self.key, signing_time)
    }
}

/// The Document Signers that may sign at a time, of both pools: used in turn.
#[derive(Debug)]
pub struct DocumentSigners {
    signers: Vec<DocumentSigner>,
}

impl DocumentSigners {
    /// The signer for a card that is valid up to this day, or without end: of those of its pool whose certificates are
    /// valid as long, the one that has signed least; the newest of equals.
    ///
    /// # Errors
    /// [`StoreError::NoSignerOfPool`]; a count that cannot be read.
    pub fn for_card(&self, expires: Option<Date>, at: Timestamp) -> Result<&DocumentSigner, StoreError> {
        let mut best: Option<(u64, &DocumentSigner)> = None;
        for signer in self.signers.iter().rev() {
            let certificate = signer.certificate();
            if !life::vouches_for(certificate, expires) || !life::key_may_sign(certificate, at) {
                continue;
            }
            let signatures = signer.signatures()?;
            if signatures.left() > 0 && best.is_none_or(|(used, _)| signatures.used < used) {
                best = Some((signatures.used, signer));
            }
        }
        let pool = Pool::for_card(expires);
        best.map(|(_, signer)| signer).ok_or(StoreError::NoSignerOfPool { pool, at })
    }
}

impl From<DocumentSigner> for DocumentSigners {
    fn from(signer: DocumentSigner) -> Self {
        Self { signers: vec![signer] }
    }
}

/// A Document Signer in a list.
#[derive(Debug, Clone)]
pub struct DocumentSignerStatus {
    /// Its certificate.
    pub certificate: Certificate,
    /// The cards that it signs.
    pub pool: Pool,
    /// Where it stands.
    pub state: SignerState,
    /// Signatures made and allowed.
    pub signatures: Signatures,
    /// Its key is here, not revoked, not used up, and may sign at the asked time.
    pub may_sign: bool,
    /// The newest CRL names it.
    pub revoked: bool,
    /// Its private key was erased.
    pub erased: bool,
    /// What the signed log says of its count; `None` for a signer older than such logs.
    pub logged: Option<Signatures>,
}

/// A Document Signer whose private key was erased.
#[derive(Debug, Clone)]
pub struct ErasedSigner {
    /// Serial number in hex.
    pub serial: String,
    /// Signatures that it had made.
    pub signatures: Signatures,
}

impl KeyStore {
    /// Makes a Document Signer for dated cards under the newest CSCA. Several may be in use at once.
    ///
    /// # Errors
    /// [`StoreError`]; no CSCA, or one whose key may not sign at the time.
    pub fn create_document_signer(
        &self,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate, StoreError> {
        self.create_signer_of_pool(Pool::Dated, SIGNATURE_LIMIT, at, rng)
    }

    /// Makes a Document Signer of a pool, under the newest CSCA of that pool, for at most `limit` signatures.
    ///
    /// # Errors
    /// [`StoreError`]; no CSCA of the pool, or none whose key may sign at the time.
    pub fn create_signer_of_pool(
        &self,
        pool: Pool,
        limit: u64,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate, StoreError> {
        let _lock = self.lock()?;
        let (csca, csca_key) = self.authority_that_signs(Some(pool), at)?;
        self.nothing_is_missing("ds/")?;
        let number = files::next_number(&self.dir().join("ds"), "cer")?;
        let name = format!("ds/{number:05}");
        let key = self.new_key(&name, self.spec(self.profile().document_hash()), rng)?;
        let options = self.settings().certificate_options()?;
        let sequence = u32::try_from(number).unwrap_or(u32::MAX);
        let validity = pool.signer_validity(at, &csca)?;
        let certificate = DocumentSignerProfile::new(options, &csca, sequence, validity)?.issue(
            key.public_key().spki(),
            &csca_key,
            rng,
        )?;
        // The count stands before the key: a key without a count does not sign.
        SignatureCount::of(self.dir(), &name).begin(limit.min(SIGNATURE_LIMIT))?;
        self.keep_key(&name, &key)?;
        files::write(&self.dir().join(format!("{name}.cer")), certificate.der(), false)?;
        let key = key.finish();
        let act = Act::DocumentSigner {
            authority: self.place_of(&csca)?,
            pool: pool.name().to_owned(),
            limit: limit.min(SIGNATURE_LIMIT),
            sequence,
            key: hex::encode(key.public_key().spki()),
            serial: serial_of(&certificate),
        };
        let note = format!("{} pool {pool} limit {}", certificate.serial_hex(), limit.min(SIGNATURE_LIMIT));
        let place = format!("{name}.cer");
        self.record(at, "document-signer-made", act, (&place, certificate.der()), &note)?;
        Ok(certificate)
    }

    /// Makes a new Document Signer of a pool and erases the private keys of all older ones of that pool. Gives the new
    /// certificate and what was erased.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is erased unless the new signer stands.
    pub fn rotate_document_signer(
        &self,
        pool: Pool,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Certificate, Vec<ErasedSigner>), StoreError> {
        let certificate = self.create_signer_of_pool(pool, SIGNATURE_LIMIT, at, rng)?;
        let older = |status: &DocumentSignerStatus| {
            status.pool == pool && status.certificate.serial() != certificate.serial()
        };
        let erased = self.erase_signers(at, older, rng)?;
        Ok((certificate, erased))
    }

    /// Erases the private keys that have no further use: past their time, used up, revoked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn erase_finished_signers(
        &self,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<ErasedSigner>, StoreError> {
        self.erase_signers(at, |status| status.state.is_over(), rng)
    }

    /// Doc 9303-12 §4.1: a key past its use is destroyed accountably, in its token or its file. The log says which, after
    /// how many signatures. A file is overwritten before it is removed; what a medium keeps beyond that is why a software store is no place
    /// for real keys.
    fn erase_signers(
        &self,
        at: Timestamp,
        wanted: impl Fn(&DocumentSignerStatus) -> bool,
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<ErasedSigner>, StoreError> {
        let _lock = self.lock()?;
        let mut erased = Vec::new();
        for (name, status) in self.signer_states(at)? {
            if !wanted(&status) || !self.key_path(&name).exists() {
                continue;
            }
            self.erase_key(&name, rng)?;
            let DocumentSignerStatus { certificate, signatures, .. } = &status;
            let signatures = *signatures;
            let serial = certificate.serial_hex();
            let Signatures { used, limit } = signatures;
            let how = if self.is_in_token() { "destroyed in its token" } else { "overwritten and removed" };
            let logged = status.logged.filter(|logged| is_turned_back(signatures, *logged));
            let logged = logged.map(|logged| format!(" (the log: {} of {})", logged.used, logged.limit));
            let logged = logged.unwrap_or_default();
            let note = format!("{serial} after {used} of {limit} signatures{logged}, {how}");
            let event = Event::new(at, "document-signer-key-erased").payload(certificate.der()).note(&note);
            self.log(event)?;
            erased.push(ErasedSigner { serial, signatures });
        }
        Ok(erased)
    }

    /// The Document Signers, oldest first, and where each stands at the time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn document_signers(&self, at: Timestamp) -> Result<Vec<DocumentSignerStatus>, StoreError> {
        Ok(self.signer_states(at)?.into_iter().map(|(_, status)| status).collect())
    }

    fn signer_states(&self, at: Timestamp) -> Result<Vec<(String, DocumentSignerStatus)>, StoreError> {
        let crl = self.newest_crl()?;
        let certificates = self.certificates("ds")?;
        let counts = if certificates.is_empty() { HashMap::new() } else { self.logged_counts()? };
        certificates
            .into_iter()
            .map(|(name, certificate)| {
                let signatures = SignatureCount::of(self.dir(), &name).read()?;
                let erased = !self.key_path(&name).exists();
                let revoked = crl.as_ref().is_some_and(|crl| crl.find(certificate.serial()).is_some());
                let logged = counts.get(&certificate.serial_hex()).copied();
                let turned_back = logged.is_some_and(|logged| is_turned_back(signatures, logged));
                let state = match SignerState::of(&certificate, signatures, revoked, erased, at) {
                    state @ (SignerState::Revoked | SignerState::Erased) => state,
                    _ if turned_back => SignerState::Miscounted,
                    state => state,
                };
                let may_sign = state == SignerState::Active;
                let pool = Pool::of(&certificate);
                let status = DocumentSignerStatus {
                    certificate,
                    pool,
                    state,
                    signatures,
                    may_sign,
                    revoked,
                    erased,
                    logged,
                };
                Ok((name, status))
            })
            .collect()
    }

    /// The states, if no signer's count was turned back: somebody wrote here who should not, and until that is looked into
    /// nothing is signed.
    fn trusted_states(&self, at: Timestamp) -> Result<Vec<(String, DocumentSignerStatus)>, StoreError> {
        let states = self.signer_states(at)?;
        for (_, status) in &states {
            if let (SignerState::Miscounted, Some(logged)) = (status.state, status.logged) {
                let signer = status.certificate.serial_hex();
                return Err(StoreError::CountTurnedBack { signer, found: status.signatures, logged });
            }
        }
        Ok(states)
    }

    /// Every Document Signer that may sign at the time, opened.
    ///
    /// # Errors
    /// [`StoreError::NoDocumentSigner`]; [`StoreError::CountTurnedBack`]; or [`StoreError::Damaged`] when key, certificate and CSCA do not belong together.
    pub fn active_signers(&self, at: Timestamp) -> Result<DocumentSigners, StoreError> {
        let authorities = self.csca_certificates()?;
        let mut signers = Vec::new();
        let states = self.trusted_states(at)?;
        let journal = self.journal(at)?;
        for (name, status) in states.into_iter().filter(|(_, status)| status.may_sign) {
            signers.push(self.open_signer(name, status.certificate, &authorities, &journal)?);
        }
        if signers.is_empty() {
            return Err(StoreError::NoDocumentSigner(at));
        }
        Ok(DocumentSigners { signers })
    }

    /// The Document Signer of dated cards whose turn it is at the time: the one that has signed least, the newest of
    /// equals.
    ///
    /// # Errors
    /// As [`active_signers`](Self::active_signers).
    pub fn active_document_signer(&self, at: Timestamp) -> Result<DocumentSigner, StoreError> {
        self.active_signer_of_pool(Pool::Dated, at)
    }

    /// The same of any pool.
    ///
    /// # Errors
    /// As [`active_signers`](Self::active_signers).
    pub fn active_signer_of_pool(&self, pool: Pool, at: Timestamp) -> Result<DocumentSigner, StoreError> {
        let states = self.trusted_states(at)?.into_iter().rev();
        let (name, status) = states
            .filter(|(_, status)| status.may_sign && status.pool == pool)
            .min_by_key(|(_, status)| status.signatures.used)
            .ok_or(StoreError::NoDocumentSigner(at))?;
        self.open_signer(name, status.certificate, &self.csca_certificates()?, &self.journal(at)?)
    }

    fn open_signer(
        &self,
        name: String,
        certificate: Certificate,
        authorities: &[Certificate],
        journal: &Arc<Journal>,
    ) -> Result<DocumentSigner, StoreError> {
        let key = self.open_key(&name)?;
        if key.public_key() != certificate.public_key() {
            return Err(StoreError::Damaged(name));
        }
        // A certificate that rotted on the disk would vouch for cards that every verifier refuses.
        let vouched = authorities.iter().any(|csca| {
            csca.verify_signature(csca.public_key()).is_ok()
                && certificate.verify_signature(csca.public_key()).is_ok()
        });
        if !vouched {
            return Err(StoreError::Damaged(name));
        }
        let count = SignatureCount::of(self.dir(), &name);
        let key = CountedKey::new(key, count, certificate.serial_hex(), Arc::clone(journal));
        Ok(DocumentSigner { certificate, key })
    }
}
