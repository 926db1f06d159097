//! Requests for card-verifiable certificates and their renewal: TR-03110-3 §C.2, TR-03139 §4.2.
//!
//! ```text
//! D/request/terminal-VNISHCM0100002.key.age   a key that asks, until its certificate is installed
//! ```
//!
//! Whoever runs terminals makes the key where it stays and sends a request. The first is signed by the new key alone and
//! is compared by people; each renewal is signed by the key before it as well, which the authority knows.

use super::{Authority, VerifyingKind, certificate_date, days, in_use, named, public_key, unsigned};
use crate::audit_log::Event;
use crate::ceremony::CardVerifiable;
use crate::store::custody::StoreKey;
use crate::store::unfinished::Fresh;
use crate::store::{KeyStore, StoreError, files};
use cccd_cvc::{
    AuthenticatedRequest, Certificate, CertificateContent, Chat, InspectionRights, Reference, Request, Role,
    VerifyingKey,
};
use jiff::Timestamp;
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};

/// A request that was made here.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// For the authority.
    pub bytes: Vec<u8>,
    /// The reference it asks for.
    pub holder: Reference,
    /// The key before has signed it too.
    pub is_renewal: bool,
}

/// How the authority answers a request.
#[derive(Debug, Clone, Copy)]
pub struct RequestAnswer<'a> {
    /// As what: a document verifier or a terminal.
    pub role: Role,
    /// What may be read; as before when a renewal leaves it out, and never more than before.
    pub rights: Option<InspectionRights>,
    /// Days of validity, the first included.
    pub days: u16,
    /// The document verifier above a terminal.
    pub under: Option<&'a str>,
    /// People have compared a first request with its sender.
    pub compared: bool,
}

/// Whether the octets are a renewal.
///
/// # Errors
/// [`StoreError::Request`] when they are no request.
pub fn is_renewal(bytes: &[u8]) -> Result<bool, StoreError> {
    match (AuthenticatedRequest::parse(bytes), Request::parse(bytes)) {
        (Ok(_), _) => Ok(true),
        (_, Ok(_)) => Ok(false),
        (_, Err(error)) => Err(StoreError::Request(error.to_string())),
    }
}

fn kind_of(role: Role) -> Result<VerifyingKind, StoreError> {
    match role {
        Role::DomesticVerifier | Role::ForeignVerifier => Ok(VerifyingKind::DocumentVerifier),
        Role::Terminal => Ok(VerifyingKind::Terminal),
        Role::Cvca => Err(StoreError::Request("a CVCA is not certified by request".to_owned())),
    }
}

impl KeyStore {
    /// Makes a key and the request for its certificate. If this store holds the holder's certificate of before with its
    /// key, in use today, that key signs the request too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn request_certificate(
        &self,
        at: Timestamp,
        role: Role,
        holder: &str,
        rng: &mut dyn CryptoRng,
    ) -> Result<NewRequest, StoreError> {
        let _lock = self.lock()?;
        let kind = kind_of(role)?;
        let today = certificate_date(at)?;
        let of_holder: Vec<_> = self
            .verifying_certificates(kind)?
            .into_iter()
            .filter(|(_, one)| one.holder().holder() == Some(holder))
            .collect();
        let pending = self.pending(kind, holder)?.len();
        let number = of_holder.len().saturating_add(pending).saturating_add(1);
        let reference = self.reference(holder, number)?;
        let name = format!("request/{}-{reference}", kind.folder());
        files::private_dir(&self.dir().join("request"))?;
        let key = self.new_verifying_key(&name, rng)?;
        let before =
            of_holder.into_iter().rfind(|(name, one)| in_use(one, today) && self.key_path(name).exists());
        let authority = before.as_ref().map(|(_, one)| one.authority());
        let request =
            Request::make_with(public_key(&key, true)?, &reference, authority, |body| key.sign_plain(body))?;
        let bytes = match &before {
            Some((name, one)) => {
                let old = self.open_key(name)?;
                request.authenticate_with(one.holder(), |message| old.sign_plain(message))?.to_bytes()
            }
            None => request.as_bytes().to_vec(),
        };
        self.keep_key(&name, &key)?;
        key.finish();
        let note = reference.to_string();
        self.log(Event::new(at, "cv-certificate-requested").payload(&bytes).note(&note))?;
        Ok(NewRequest { bytes, holder: reference, is_renewal: before.is_some() })
    }

    /// Certifies the key of a request. Its inner signature must hold; a renewal's outer one under the holder's certificate
    /// of before, which must be in use; a first request must have been compared.
    ///
    /// # Errors
    /// [`StoreError::Request`], [`StoreError::BeyondAuthority`].
    pub fn answer_request(
        &self,
        at: Timestamp,
        bytes: &[u8],
        answer: RequestAnswer<'_>,
    ) -> Result<Certificate, StoreError> {
        let _lock = self.lock()?;
        let kind = kind_of(answer.role)?;
        let refused = |reason: &str| StoreError::Request(reason.to_owned());
        let today = certificate_date(at)?;
        let authority = match kind {
            VerifyingKind::Terminal => self.verifier_that_signs(at, answer.under)?,
            _ => self.newest_cvca(at)?.0,
        };
        let issuer =
            authority.key.verifying_key().ok_or_else(|| refused("the authority's key is of no use"))?;
        let known = self.verifying_certificates(kind)?;
        let (request, before) = match AuthenticatedRequest::parse(bytes) {
            Ok(renewal) => {
                let before = known.iter().find(|(_, one)| *one.holder() == renewal.reference);
                let (_, before) =
                    before.ok_or_else(|| refused("it is signed by a key that is not known here"))?;
                if !in_use(before, today) {
                    return Err(refused("the key that signed it is past its certificate's days"));
                }
                let key = before.content().public_key.resolve(Some(&issuer)).map_err(unsigned)?;
                renewal.verify(&key).map_err(|_| refused("a signature of it does not hold"))?;
                (renewal.request, Some(before.clone()))
            }
            Err(_) => {
                let request = Request::parse(bytes).map_err(|error| refused(&error.to_string()))?;
                request.verify().map_err(|_| refused("its signature does not hold"))?;
                if !answer.compared {
                    return Err(refused("it is the first of its holder and was not compared"));
                }
                (request, None)
            }
        };
        let holder = &request.holder;
        if known.iter().any(|(_, one)| one.holder() == holder) {
            return Err(refused("a certificate of this reference exists"));
        }
        match &before {
            Some(before)
                if (before.holder().country(), before.holder().holder())
                    != (holder.country(), holder.holder()) =>
            {
                return Err(refused("a renewal keeps its holder's name"));
            }
            Some(before) if before.content().chat.role() != answer.role => {
                return Err(refused("a renewal keeps its role"));
            }
            None if known.iter().any(|(_, one)| one.holder().holder() == holder.holder()) => {
                return Err(refused("its holder is known: a renewal is signed by the key before"));
            }
            _ => {}
        }
        let key = request.public_key.resolve(None).map_err(|_| refused("its key is of no use"))?;
        if (key.algorithm(), key.curve()) != (issuer.algorithm(), issuer.curve()) {
            return Err(refused("its key is on another curve or of another algorithm than the authority's"));
        }
        let previous = before.as_ref().map(|before| before.content().chat.inspection_rights());
        let rights = answer.rights.or(previous).unwrap_or_default();
        if previous.is_some_and(|previous| exceeds(rights, previous)) {
            return Err(StoreError::BeyondAuthority(holder.to_string()));
        }
        within(rights, &authority, &holder.to_string())?;
        let certificate = self.sign_for(at, &authority, &key, holder, answer, rights)?;
        let folder = self.dir().join(kind.folder());
        files::private_dir(&folder)?;
        let place = format!("{}.cvcert", self.next_place(kind)?);
        files::write(&self.dir().join(&place), &certificate.to_bytes(), false)?;
        let digest = hex::encode(Sha256::digest(bytes));
        let facts = CardVerifiable::of(&certificate, Some(authority.file()), &issuer, &key, answer.days)
            .answering(digest, before.is_some());
        self.record_certificate(at, "cv-certificate-issued", facts, &place, &certificate)?;
        Ok(certificate)
    }

    fn sign_for(
        &self,
        at: Timestamp,
        authority: &Authority,
        key: &VerifyingKey,
        holder: &Reference,
        answer: RequestAnswer<'_>,
        rights: InspectionRights,
    ) -> Result<Certificate, StoreError> {
        let (effective, expiration) = days(at, answer.days, Some(&authority.certificate))?;
        let content = CertificateContent {
            authority: authority.certificate.holder().clone(),
            public_key: cccd_cvc::PublicKey::new(key, false).map_err(unsigned)?,
            holder: holder.clone(),
            chat: Chat::inspection(answer.role, rights),
            effective,
            expiration,
            extensions: None,
        };
        Ok(content.sign_with(|body| authority.key.sign_plain(body))?)
    }

    /// Takes the certificate that answers a request of this store in: the key that asked gets its place.
    ///
    /// # Errors
    /// [`StoreError::Request`] when no key here asked for it.
    pub fn install_certificate(&self, at: Timestamp, certificate: &Certificate) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        let kind = kind_of(certificate.content().chat.role())?;
        let pending = format!("request/{}-{}", kind.folder(), certificate.holder());
        let refused = || StoreError::Request("no key of this store asked for this certificate".to_owned());
        let path = self.key_path(&pending);
        if !path.exists() {
            return Err(refused());
        }
        let key = self.open_key(&pending)?;
        let given = &certificate.content().public_key;
        if [false, true].into_iter().all(|full| public_key(&key, full).ok().as_ref() != Some(given)) {
            return Err(refused());
        }
        // Where the authority is this same store, its certificate lies there already, without a key.
        let all = self.verifying_certificates(kind)?;
        let name = match all.into_iter().find(|(_, one)| one == certificate) {
            Some((name, _)) => name,
            None => self.next_place(kind)?,
        };
        self.keep(&name, Fresh::plain(key), certificate)?;
        let noise = vec![0; files::read(&path)?.len()];
        files::erase(&path, &noise)?;
        self.log_certificate(at, "cv-certificate-installed", certificate)
    }

    fn pending(&self, kind: VerifyingKind, holder: &str) -> Result<Vec<String>, StoreError> {
        let start = format!("{}-{}{holder}", kind.folder(), self.country());
        let mut found = Vec::new();
        for extension in ["age", "token"] {
            for path in files::list(&self.dir().join("request"), extension)? {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if name
                    .strip_prefix(&start)
                    .is_some_and(|rest| rest.split('.').next().is_some_and(|n| n.len() == 5))
                {
                    found.push(name);
                }
            }
        }
        Ok(found)
    }

    /// The document verifier that certifies a terminal: the one that is named, or the only one in use.
    pub(super) fn verifier_that_signs(
        &self,
        at: Timestamp,
        verifier: Option<&str>,
    ) -> Result<Authority, StoreError> {
        let today = certificate_date(at)?;
        let all = self.verifying_certificates(VerifyingKind::DocumentVerifier)?;
        if let Some(name) = verifier.filter(|name| !all.iter().any(|(_, one)| named(one, name))) {
            return Err(StoreError::UnknownHolder(name.to_owned()));
        }
        let mut usable: Vec<_> = all
            .into_iter()
            .filter(|(name, one)| {
                verifier.is_none_or(|wanted| named(one, wanted))
                    && in_use(one, today)
                    && self.key_path(name).exists()
            })
            .collect();
        let mut holders: Vec<String> =
            usable.iter().filter_map(|(_, one)| one.holder().holder().map(str::to_owned)).collect();
        holders.sort();
        holders.dedup();
        if verifier.is_none() && holders.len() > 1 {
            return Err(StoreError::WhichVerifier(holders.join(", ")));
        }
        let (name, certificate) = usable.pop().ok_or(StoreError::NoDocumentVerifier(at))?;
        let key: StoreKey = self.open_key(&name)?;
        Ok(Authority { name, certificate, key })
    }
}

const fn exceeds(rights: InspectionRights, limit: InspectionRights) -> bool {
    (rights.fingerprints && !limit.fingerprints) || (rights.irises && !limit.irises)
}

/// A chip takes the intersection along the chain; rights that would fall away there are not written at all.
pub(super) fn within(
    rights: InspectionRights,
    authority: &Authority,
    holder: &str,
) -> Result<(), StoreError> {
    if exceeds(rights, authority.certificate.content().chat.inspection_rights()) {
        return Err(StoreError::BeyondAuthority(holder.to_owned()));
    }
    Ok(())
}
