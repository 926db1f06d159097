//! Document Signers: made, used in turn, counted, erased.

use super::count::{CountedKey, Journal, SignatureCount, is_turned_back, logged_counts};
use super::history::History;
use super::{KeyStore, StoreError, files};
use crate::audit_log::Event;
use crate::ceremony::{Act, serial_of};
use crate::certificate::{Certificate, DocumentSignerProfile};
use crate::life::{self, Pool, SIGNATURE_LIMIT, Signatures, SignerState};
use crate::public_key::OftenUsed;
use crate::signed_data::{Laid, SignError};
use crate::signer::{Signer, SigningFailed};
use jiff::Timestamp;
use jiff::civil::Date;
use rand_core::CryptoRng;
use std::sync::Arc;

/// A Document Signer that may sign: certificate and key. Each signature is counted before it is made.
#[derive(Debug)]
pub struct DocumentSigner {
    certificate: Certificate,
    key: CountedKey,
    /// What its signatures are verified with before they are handed out.
    verifies: OftenUsed,
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
        let laid = Laid::Own(self.verifies.key());
        crate::sod::sign_by(lds_security_object, &self.certificate, &self.key, laid, signing_time)
    }
}

/// The Document Signers that may sign at a time, of both pools: used in turn.
#[derive(Debug)]
pub struct DocumentSigners {
    signers: Vec<DocumentSigner>,
    passed_over: Vec<PassedOver>,
}

/// A Document Signer that could sign but for its count, which is missing or cannot be read: it is never used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// Serial number in hex.
    pub serial: String,
    /// The cards that it would sign.
    pub pool: Pool,
    /// The file of its count.
    pub count: String,
}

impl PassedOver {
    fn new(certificate: &Certificate, problem: StoreError) -> Self {
        let count = match problem {
            StoreError::CountDamaged(count) => count,
            other => other.to_string(),
        };
        Self { serial: certificate.serial_hex(), pool: Pool::of(certificate), count }
    }
}

impl DocumentSigners {
    /// The signer for a card that is valid up to this day, or without end: of those of its pool whose certificates are
    /// valid as long, the one that has signed least; the newest of equals. A signer whose count cannot be read is passed over.
    ///
    /// # Errors
    /// [`StoreError::NoSignerOfPool`]; [`StoreError::CountDamaged`] if there would be one but for its count.
    pub fn for_card(&self, expires: Option<Date>, at: Timestamp) -> Result<&DocumentSigner, StoreError> {
        let mut best: Option<(u64, &DocumentSigner)> = None;
        for signer in self.signers.iter().rev() {
            let certificate = signer.certificate();
            if !life::vouches_for(certificate, expires) || !life::key_may_sign(certificate, at) {
                continue;
            }
            let Ok(signatures) = signer.signatures() else { continue };
            if signatures.left() > 0 && best.is_none_or(|(used, _)| signatures.used < used) {
                best = Some((signatures.used, signer));
            }
        }
        let pool = Pool::for_card(expires);
        if let Some((_, signer)) = best {
            return Ok(signer);
        }
        let damaged = self.passed_over().into_iter().find(|one| one.pool == pool);
        Err(damaged
            .map_or(StoreError::NoSignerOfPool { pool, at }, |one| StoreError::CountDamaged(one.count)))
    }

    /// Those that are not used because their counts cannot be read, when they were opened or now.
    #[must_use]
    pub fn passed_over(&self) -> Vec<PassedOver> {
        let now = self
            .signers
            .iter()
            .filter_map(|signer| Some(PassedOver::new(&signer.certificate, signer.signatures().err()?)));
        self.passed_over.iter().cloned().chain(now).collect()
    }
}

impl From<DocumentSigner> for DocumentSigners {
    fn from(signer: DocumentSigner) -> Self {
        Self { signers: vec![signer], passed_over: Vec::new() }
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
    /// Signatures made and allowed; `None` if its count is missing or cannot be read.
    pub signatures: Option<Signatures>,
    /// Its key is here, not revoked, not used up, and may sign at the asked time.
    pub may_sign: bool,
    /// The newest CRL names it, or the record of one that is lost.
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
    /// Signatures that it had made; `None` if its count could not be read.
    pub signatures: Option<Signatures>,
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

    /// Erases the private keys that have no further use: past their time, used up, revoked, or with a count that is damaged
    /// or was turned back.
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
        for (name, status) in self.signer_states(&self.history()?, at)? {
            if !wanted(&status) || !self.key_path(&name).exists() {
                continue;
            }
            self.erase_key(&name, rng)?;
            let DocumentSignerStatus { certificate, signatures, .. } = &status;
            let signatures = *signatures;
            let serial = certificate.serial_hex();
            let after = match signatures {
                Some(Signatures { used, limit }) => format!("{used} of {limit}"),
                None => "an unknown number of".to_owned(),
            };
            let how = if self.is_in_token() { "destroyed in its token" } else { "overwritten and removed" };
            let logged =
                status.logged.filter(|logged| signatures.is_none_or(|found| is_turned_back(found, *logged)));
            let logged = logged.map(|logged| format!(" (the log: {} of {})", logged.used, logged.limit));
            let logged = logged.unwrap_or_default();
            let note = format!("{serial} after {after} signatures{logged}, {how}");
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
        Ok(self.signer_states(&self.history()?, at)?.into_iter().map(|(_, status)| status).collect())
    }

    fn signer_states(
        &self,
        history: &History,
        at: Timestamp,
    ) -> Result<Vec<(String, DocumentSignerStatus)>, StoreError> {
        let listed = self.revoked_serials()?;
        let certificates = self.certificates("ds")?;
        let counts = logged_counts(history.records());
        certificates
            .into_iter()
            .map(|(name, certificate)| {
                let signatures = SignatureCount::of(self.dir(), &name).read().ok();
                let erased = !self.key_path(&name).exists();
                let revoked = listed.contains(&serial_of(&certificate));
                let logged = counts.get(&certificate.serial_hex()).copied();
                let turned_back = signatures
                    .is_some_and(|found| logged.is_some_and(|logged| is_turned_back(found, logged)));
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

    /// The states, if something may be signed at all. Not before what was signed already. Not where no list tells any more who is revoked. Nor if a signer's count
    /// was turned back: somebody wrote here who should not, and that is looked into first.
    fn trusted_states(&self, at: Timestamp) -> Result<Vec<(String, DocumentSignerStatus)>, StoreError> {
        let history = self.history()?;
        history.is_followed_by(at)?;
        self.no_crl_is_lost(&history)?;
        let states = self.signer_states(&history, at)?;
        for (_, status) in &states {
            if let (SignerState::Miscounted, Some(found), Some(logged)) =
                (status.state, status.signatures, status.logged)
            {
                let signer = status.certificate.serial_hex();
                return Err(StoreError::CountTurnedBack { signer, found, logged });
            }
        }
        Ok(states)
    }

    /// Why a signer that could sign at the time but for its count does not.
    fn damage_of(&self, name: &str, status: &DocumentSignerStatus, at: Timestamp) -> Option<StoreError> {
        let wanted = status.state == SignerState::CountDamaged && life::key_may_sign(&status.certificate, at);
        wanted.then(|| SignatureCount::of(self.dir(), name).read().err()).flatten()
    }

    /// Every Document Signer that may sign at the time, opened. One whose count is damaged is passed over.
    ///
    /// # Errors
    /// [`StoreError::NoDocumentSigner`], or [`StoreError::CountDamaged`] if there would be one but for its count;
    /// [`StoreError::CountTurnedBack`]; [`StoreError::CrlLost`]; [`StoreError::ClockBehind`]; or [`StoreError::Damaged`] when key, certificate and CSCA do not belong together.
    pub fn active_signers(&self, at: Timestamp) -> Result<DocumentSigners, StoreError> {
        let authorities = self.csca_certificates()?;
        let (mut signers, mut passed_over) = (Vec::new(), Vec::new());
        let states = self.trusted_states(at)?;
        let journal = self.journal(at)?;
        for (name, status) in states {
            if let Some(problem) = self.damage_of(&name, &status, at) {
                passed_over.push(PassedOver::new(&status.certificate, problem));
            } else if status.may_sign {
                signers.push(self.open_signer(name, status.certificate, &authorities, &journal)?);
            }
        }
        if signers.is_empty() {
            let damaged = passed_over.pop().map(|one: PassedOver| StoreError::CountDamaged(one.count));
            return Err(damaged.unwrap_or(StoreError::NoDocumentSigner(at)));
        }
        Ok(DocumentSigners { signers, passed_over })
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
        let mut states = self.trusted_states(at)?;
        states.retain(|(_, status)| status.pool == pool);
        let damaged = states.iter().find_map(|(name, status)| self.damage_of(name, status, at));
        let (name, status) = states
            .into_iter()
            .rev()
            .filter(|(_, status)| status.may_sign)
            .min_by_key(|(_, status)| status.signatures.map_or(u64::MAX, |made| made.used))
            .ok_or(damaged.unwrap_or(StoreError::NoDocumentSigner(at)))?;
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
        let verifies = OftenUsed::new(certificate.public_key().clone());
        Ok(DocumentSigner { certificate, key, verifies })
    }
}
