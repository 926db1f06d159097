//! Ceremonies on the keys behind Terminal Authentication: CVCA, document verifiers, inspection systems
//! (TR-03110-3 §2, §C).
//!
//! ```text
//! D/cvca/001.cvcert, 001.key.age      D/cvca/002.cvcert, 002.link.cvcert, 002.key.age
//! D/dv/00001.cvcert, 00001.key.age    D/terminal/00001.cvcert, 00001.key.age
//! ```
//!
//! The CVCA is the card issuer's: what it allows, chips open. Its certificates are kept beside the CSCA's and have nothing
//! else to do with them.

mod requests;

pub use requests::{NewRequest, RequestAnswer, is_renewal};

use super::custody::{KeySpec, StoreKey};
use super::sealed::StoredKey;
use super::unfinished::Fresh;
use super::{KeyStore, StoreError, files};
use crate::algorithm::HashAlgorithm;
use crate::audit_log::Event;
use crate::ceremony::{Act, CardVerifiable, card_verifiable_date, card_verifiable_validity};
use crate::curve::{CurveEncoding, NamedCurve};
use crate::profile::AlgorithmProfile;
use cccd_cvc::chain::{MAX_TRUST_POINTS, TrustPoint, find_chain};
use cccd_cvc::{
    Certificate, CertificateContent, Chat, Curve, Date, Hash, InspectionRights, PrivateKey, Reference, Role,
    Scalar, SignatureAlgorithm, VerifyingKey,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand_core::CryptoRng;
use std::path::Path;

/// The longest a terminal's certificate may be valid: a stolen terminal reads until then.
pub const MAX_TERMINAL_DAYS: u16 = 31;

/// The longest a document verifier's may be (TR-03139 §4.1 recommends three months).
pub const MAX_VERIFIER_DAYS: u16 = 93;

/// The longest a CVCA's may be: three years.
pub const MAX_CVCA_DAYS: u16 = 1096;

/// The name of the file with a terminal's private key, in an exported folder.
pub const TERMINAL_KEY_FILE: &str = "terminal.pkcs8";

/// For whom and for how long a certificate is issued.
#[derive(Debug, Clone, Copy)]
pub struct VerifyingRequest<'a> {
    /// What stands between country code and sequence number: 1 to 9 letters or digits.
    pub holder: &'a str,
    /// What may be read at most.
    pub rights: InspectionRights,
    /// Days of validity, the first included.
    pub days: u16,
}

/// Where the certificates of one kind lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifyingKind {
    /// `cvca/`
    Cvca,
    /// `dv/`
    DocumentVerifier,
    /// `terminal/`
    Terminal,
}

impl VerifyingKind {
    const fn folder(self) -> &'static str {
        match self {
            Self::Cvca => "cvca",
            Self::DocumentVerifier => "dv",
            Self::Terminal => "terminal",
        }
    }
}

/// A certificate with its key.
struct Authority {
    /// Its name in the store.
    name: String,
    certificate: Certificate,
    key: StoreKey,
}

impl Authority {
    fn file(&self) -> String {
        format!("{}.cvcert", self.name)
    }

    fn verifying_key(&self) -> Result<VerifyingKey, StoreError> {
        self.key.verifying_key().ok_or_else(|| damaged_key(&self.name))
    }
}

impl KeyStore {
    /// Makes the first CVCA key with its self-signed certificate. Its successors come by [`KeyStore::link_cvca`].
    ///
    /// # Errors
    /// [`StoreError::CvcaExists`]; else [`StoreError`].
    pub fn create_cvca(
        &self,
        at: Timestamp,
        request: &VerifyingRequest<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate, StoreError> {
        let _lock = self.lock()?;
        if !self.verifying_certificates(VerifyingKind::Cvca)?.is_empty() {
            return Err(StoreError::CvcaExists);
        }
        self.self_signed_cvca(at, request, 1, rng)
    }

    /// Makes the next CVCA key: self-signed for new chips, and a link certificate by the key before, which takes old
    /// chips along. Gives both.
    ///
    /// # Errors
    /// [`StoreError::NoCvca`], or one that is past its last day.
    pub fn link_cvca(
        &self,
        at: Timestamp,
        days: u16,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Certificate, Certificate), StoreError> {
        let _lock = self.lock()?;
        let (old, number) = self.newest_cvca(at)?;
        let content = old.certificate.content();
        let request = VerifyingRequest {
            holder: content.holder.holder().unwrap_or_default(),
            rights: content.chat.inspection_rights(),
            days,
        };
        let number = number.saturating_add(1);
        let certificate = self.self_signed_cvca(at, &request, number, rng)?;
        let mut content = certificate.content().clone();
        content.authority = old.certificate.holder().clone();
        let link = content.sign_with(|body| old.key.sign_plain(body))?;
        let place = format!("cvca/{number:03}.link.cvcert");
        files::write(&self.dir().join(&place), &link.to_bytes(), false)?;
        let key = certificate.content().public_key.resolve(None).map_err(unsigned)?;
        let facts = CardVerifiable::of(&link, Some(old.file()), &old.verifying_key()?, &key, request.days);
        self.record_certificate(at, "cvca-linked", facts, &place, &link)?;
        Ok((certificate, link))
    }

    /// Makes a document verifier with its key.
    ///
    /// # Errors
    /// [`StoreError::NoCvca`], or one that is past its last day.
    pub fn create_document_verifier(
        &self,
        at: Timestamp,
        request: &VerifyingRequest<'_>,
        foreign: bool,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate, StoreError> {
        let _lock = self.lock()?;
        let (cvca, _) = self.newest_cvca(at)?;
        let role = if foreign { Role::ForeignVerifier } else { Role::DomesticVerifier };
        self.certify(&cvca, at, VerifyingKind::DocumentVerifier, request, role, rng)
    }

    /// Makes an inspection system with its key, under the named document verifier or the only one in use.
    ///
    /// # Errors
    /// [`StoreError::UnknownHolder`], [`StoreError::NoDocumentVerifier`], [`StoreError::WhichVerifier`];
    /// [`StoreError::BeyondAuthority`] for rights that the document verifier has not.
    pub fn create_terminal(
        &self,
        at: Timestamp,
        request: &VerifyingRequest<'_>,
        verifier: Option<&str>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate, StoreError> {
        let _lock = self.lock()?;
        let verifier = self.verifier_that_signs(at, verifier)?;
        self.certify(&verifier, at, VerifyingKind::Terminal, request, Role::Terminal, rng)
    }

    /// The certificates of a kind, oldest first, with their names in the store; link certificates are apart.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn verifying_certificates(
        &self,
        kind: VerifyingKind,
    ) -> Result<Vec<(String, Certificate)>, StoreError> {
        let all = self.read_certificates(kind.folder())?;
        Ok(all.into_iter().filter(|(name, _)| !name.ends_with(".link")).collect())
    }

    /// The link certificates, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn link_certificates(&self) -> Result<Vec<Certificate>, StoreError> {
        let all = self.read_certificates(VerifyingKind::Cvca.folder())?;
        Ok(all.into_iter().filter(|(name, _)| name.ends_with(".link")).map(|(_, link)| link).collect())
    }

    /// What a chip that is made now shall believe: the newest CVCA key, and the one before while its certificate lasts,
    /// so that terminals certified under it still read new cards. Empty when the store has no CVCA.
    ///
    /// # Errors
    /// [`StoreError::NoCvca`] when the newest is not in use at the time; a damaged file.
    pub fn trust_points(&self, at: Timestamp) -> Result<Vec<TrustPoint>, StoreError> {
        let today = certificate_date(at)?;
        let all = self.verifying_certificates(VerifyingKind::Cvca)?;
        if all.last().is_some_and(|(_, newest)| !in_use(newest, today)) {
            return Err(StoreError::NoCvca);
        }
        all.into_iter()
            .rev()
            .take(MAX_TRUST_POINTS)
            .filter(|(_, one)| in_use(one, today))
            .map(|(name, one)| TrustPoint::from_certificate(&one).map_err(|_| StoreError::Damaged(name)))
            .collect()
    }

    /// Writes what a reading station needs into a folder: the terminal's certificate and every one above it, and its
    /// private key **in clear**, readable by its owner only. Gives the names of the files.
    ///
    /// # Errors
    /// [`StoreError::UnknownHolder`]; a file that cannot be written.
    pub fn export_terminal(
        &self,
        at: Timestamp,
        terminal: &str,
        out: &Path,
    ) -> Result<Vec<String>, StoreError> {
        let (name, certificate) = self
            .verifying_certificates(VerifyingKind::Terminal)?
            .into_iter()
            .rfind(|(_, one)| named(one, terminal))
            .ok_or_else(|| StoreError::UnknownHolder(terminal.to_owned()))?;
        // Only a key in software can be handed over.
        let StoreKey::Software(key) = self.open_key(&name)? else {
            return Err(StoreError::StaysInToken(certificate.holder().to_string()));
        };
        let key = private_key(&StoredKey::of(&key)).ok_or_else(|| damaged_key(&name))?;
        let mut pile = self.link_certificates()?;
        let verifiers = self.verifying_certificates(VerifyingKind::DocumentVerifier)?;
        pile.extend(verifiers.into_iter().map(|(_, verifier)| verifier));
        pile.push(certificate.clone());
        // From the oldest key on, so that chips of every generation are reached.
        let roots: Vec<Reference> = self
            .verifying_certificates(VerifyingKind::Cvca)?
            .into_iter()
            .map(|(_, cvca)| cvca.holder().clone())
            .collect();
        let chain = find_chain(&pile, &roots, certificate.holder()).ok_or(StoreError::Damaged(name))?;
        files::private_dir(out)?;
        // Certificates of an earlier export would send the station's chain astray.
        for old in files::list(out, "cvcert")? {
            std::fs::remove_file(&old).map_err(|source| super::io_error(&old, source))?;
        }
        let mut written = Vec::new();
        for (number, one) in chain.iter().enumerate() {
            let file = format!("{:02}-{}.cvcert", number.saturating_add(1), one.holder());
            files::write(&out.join(&file), &one.to_bytes(), false)?;
            written.push(file);
        }
        files::write(&out.join(TERMINAL_KEY_FILE), &key.to_pkcs8().map_err(unsigned)?, true)?;
        written.push(TERMINAL_KEY_FILE.to_owned());
        self.log_certificate(at, "terminal-exported", &certificate)?;
        Ok(written)
    }

    fn self_signed_cvca(
        &self,
        at: Timestamp,
        request: &VerifyingRequest<'_>,
        number: usize,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate, StoreError> {
        let place = format!("cvca/{number:03}");
        let name = self.reference(request.holder, number)?;
        let key = self.new_verifying_key(&place, rng)?;
        let (effective, expiration) = days(at, request.days, None)?;
        let certificate = CertificateContent {
            authority: name.clone(),
            public_key: public_key(&key, true)?,
            holder: name,
            chat: Chat::inspection(Role::Cvca, request.rights),
            effective,
            expiration,
            extensions: None,
        }
        .sign_with(|body| key.sign_plain(body))?;
        let own = key.verifying_key().ok_or_else(|| damaged_key(&place))?;
        self.keep(&place, key, &certificate)?;
        let facts = CardVerifiable::of(&certificate, None, &own, &own, request.days);
        self.record_certificate(at, "cvca-made", facts, &format!("{place}.cvcert"), &certificate)?;
        Ok(certificate)
    }

    fn certify(
        &self,
        authority: &Authority,
        at: Timestamp,
        kind: VerifyingKind,
        request: &VerifyingRequest<'_>,
        role: Role,
        rng: &mut dyn CryptoRng,
    ) -> Result<Certificate, StoreError> {
        let before = self.verifying_certificates(kind)?;
        let place = self.next_place(kind)?;
        let generation =
            before.iter().filter(|(_, one)| one.holder().holder() == Some(request.holder)).count();
        let (effective, expiration) = days(at, request.days, Some(&authority.certificate))?;
        let holder = self.reference(request.holder, generation.saturating_add(1))?;
        requests::within(request.rights, authority, &holder.to_string())?;
        let key = self.new_verifying_key(&place, rng)?;
        let certificate = CertificateContent {
            authority: authority.certificate.holder().clone(),
            public_key: public_key(&key, false)?,
            holder,
            chat: Chat::inspection(role, request.rights),
            effective,
            expiration,
            extensions: None,
        }
        .sign_with(|body| authority.key.sign_plain(body))?;
        let own = key.verifying_key().ok_or_else(|| damaged_key(&place))?;
        self.keep(&place, key, &certificate)?;
        let signer = authority.verifying_key()?;
        let facts = CardVerifiable::of(&certificate, Some(authority.file()), &signer, &own, request.days);
        let event = match kind {
            VerifyingKind::Terminal => "terminal-made",
            _ => "document-verifier-made",
        };
        self.record_certificate(at, event, facts, &format!("{place}.cvcert"), &certificate)?;
        Ok(certificate)
    }

    fn keep(&self, name: &str, key: Fresh<StoreKey>, certificate: &Certificate) -> Result<(), StoreError> {
        let path = self.dir().join(format!("{name}.cvcert"));
        if let Some(folder) = path.parent() {
            files::private_dir(folder)?;
        }
        self.keep_key(name, &key)?;
        files::write(&path, &certificate.to_bytes(), false)?;
        key.finish();
        Ok(())
    }

    /// Where the next certificate of a kind goes.
    fn next_place(&self, kind: VerifyingKind) -> Result<String, StoreError> {
        let number = files::next_number(&self.dir().join(kind.folder()), "cvcert")?;
        Ok(format!("{}/{number:05}", kind.folder()))
    }

    fn newest_cvca(&self, at: Timestamp) -> Result<(Authority, usize), StoreError> {
        let today = certificate_date(at)?;
        let all = self.verifying_certificates(VerifyingKind::Cvca)?;
        let number =
            files::next_number(&self.dir().join(VerifyingKind::Cvca.folder()), "cvcert")?.saturating_sub(1);
        let (name, certificate) =
            all.into_iter().next_back().filter(|(_, one)| in_use(one, today)).ok_or(StoreError::NoCvca)?;
        let key = self.open_key(&name)?;
        // A certificate that rotted, or was swapped, on the disk certifies nothing.
        let vouched = key.verifying_key().is_some_and(|key| certificate.verify_signature(&key).is_ok());
        if !vouched {
            return Err(StoreError::Damaged(name));
        }
        Ok((Authority { name, certificate, key }, number))
    }

    /// Keys behind Terminal Authentication are on the chip's own curve: a chip verifies three signatures in a session.
    fn new_verifying_key(&self, name: &str, rng: &mut dyn CryptoRng) -> Result<Fresh<StoreKey>, StoreError> {
        let curve = match self.profile() {
            AlgorithmProfile::Cccd => NamedCurve::BrainpoolP256r1,
            AlgorithmProfile::P256 => NamedCurve::P256,
        };
        let spec = KeySpec { curve, hash: HashAlgorithm::Sha256, encoding: CurveEncoding::Explicit };
        self.new_key(name, spec, rng)
    }

    fn reference(&self, holder: &str, number: usize) -> Result<Reference, StoreError> {
        Reference::new(self.country(), holder, &format!("{number:05}"))
            .map_err(|_| StoreError::NotAHolder(holder.to_owned()))
    }

    fn read_certificates(&self, folder: &str) -> Result<Vec<(String, Certificate)>, StoreError> {
        files::list(&self.dir().join(folder), "cvcert")?
            .into_iter()
            .map(|path| {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let name = format!("{folder}/{stem}");
                Certificate::parse(&files::read(&path)?)
                    .map(|certificate| (name.clone(), certificate))
                    .map_err(|_| StoreError::Damaged(format!("{name}.cvcert")))
            })
            .collect()
    }

    /// The record of a certificate, from which it can be made again.
    fn record_certificate(
        &self,
        at: Timestamp,
        event: &str,
        facts: CardVerifiable,
        place: &str,
        certificate: &Certificate,
    ) -> Result<(), StoreError> {
        let note = certificate.holder().to_string();
        self.record(at, event, Act::CardVerifiable(facts), (place, &certificate.to_bytes()), &note)
    }

    fn log_certificate(
        &self,
        at: Timestamp,
        event: &str,
        certificate: &Certificate,
    ) -> Result<(), StoreError> {
        let note = certificate.holder().to_string();
        self.log(Event::new(at, event).payload(&certificate.to_bytes()).note(&note))
    }
}

fn public_key(key: &StoreKey, with_parameters: bool) -> Result<cccd_cvc::PublicKey, StoreError> {
    let key = key.verifying_key().ok_or_else(|| damaged_key("new key"))?;
    cccd_cvc::PublicKey::new(&key, with_parameters).map_err(unsigned)
}

fn private_key(stored: &StoredKey) -> Option<PrivateKey> {
    let StoredKey::Ecdsa { curve, hash: HashAlgorithm::Sha256, scalar, .. } = stored else { return None };
    let scalar = Scalar::from_bytes(Curve::from_oid(curve.oid())?, scalar)?;
    PrivateKey::from_scalar(scalar, SignatureAlgorithm::Ecdsa(Hash::Sha256)).ok()
}

fn damaged_key(name: &str) -> StoreError {
    StoreError::Damaged(name.to_owned())
}

fn unsigned<E: std::fmt::Display>(error: E) -> StoreError {
    StoreError::Verifying(error.to_string())
}

/// Named by its whole reference, or by the holder's part of it.
fn named(certificate: &Certificate, name: &str) -> bool {
    let holder = certificate.holder();
    holder.to_string() == name || holder.holder() == Some(name)
}

fn in_use(certificate: &Certificate, today: Date) -> bool {
    let content = certificate.content();
    content.effective <= today && today <= content.expiration
}

/// The day of a time, in UTC, as certificates and chips write it.
///
/// # Errors
/// [`StoreError::Verifying`] outside the 21st century.
pub fn certificate_date(at: Timestamp) -> Result<Date, StoreError> {
    card_verifiable_date(at.to_zoned(TimeZone::UTC).date()).map_err(unsigned)
}

/// The first and the last day: never beyond the authority's own.
fn days(at: Timestamp, count: u16, authority: Option<&Certificate>) -> Result<(Date, Date), StoreError> {
    card_verifiable_validity(at, count, authority).map_err(unsigned)
}
