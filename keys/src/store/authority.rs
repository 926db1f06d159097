//! The CSCA: its keys, one after another, and the link certificates between them.

use super::custody::{KeySpec, StoreKey};
use super::{KeyStore, StoreError, files};
use crate::algorithm::HashAlgorithm;
use crate::ceremony::{Act, serial_of};
use crate::certificate::{Certificate, CscaProfile, LinkProfile};
use crate::life::{Pool, key_may_sign};
use crate::signer::Signer as _;
use jiff::Timestamp;
use rand_core::CryptoRng;

/// What kind of CSCA key is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuthorityRequest {
    /// For which cards.
    pub pool: Pool,
    /// Whether the authority's name changes with the key.
    pub rename: Rename,
}

/// Whether a rollover changes the authority's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rename {
    /// The name stays; key identifiers tell the keys apart. Lists by the newest key are then found for older ones.
    #[default]
    Keep,
    /// The name gets the key's number. The link certificate says so (nameChange, Doc 9303-12 §7.1.1).
    Number,
}

/// A new CSCA key's certificates.
#[derive(Debug, Clone)]
pub struct NewAuthority {
    /// Self-signed.
    pub certificate: Certificate,
    /// By the key before, if there is one that may still sign: whoever believes that key believes the new one.
    pub link: Option<Certificate>,
}

impl KeyStore {
    /// Makes the next CSCA key for dated cards: the first, or the next generation. Older ones stay as anchors.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn create_csca(&self, at: Timestamp, rng: &mut dyn CryptoRng) -> Result<Certificate, StoreError> {
        self.create_authority(AuthorityRequest::default(), at, rng).map(|made| made.certificate)
    }

    /// Makes a CSCA key with its self-signed certificate and, if there is a key before, the link certificate by it:
    /// by the newest of the same pool that may still sign, else by the newest of any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn create_authority(
        &self,
        request: AuthorityRequest,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<NewAuthority, StoreError> {
        let _lock = self.lock()?;
        let before = self.certificates("csca")?;
        self.nothing_is_missing("csca/")?;
        let number = files::next_number(&self.dir().join("csca"), "cer")?;
        let name = format!("csca/{number:03}");
        let key = self.new_key(&name, self.spec(self.profile().certificate_hash()), rng)?;
        let options = self.settings().certificate_options()?;
        let validity = request.pool.authority_validity(at)?;
        let sequence = u32::try_from(number).unwrap_or(u32::MAX);
        let first = before.first().filter(|_| request.rename == Rename::Keep);
        let kept = first.map(|(name, _)| name.clone());
        let profile = match first {
            Some((_, first)) => CscaProfile::succeeding(options.clone(), first, validity)?,
            None => CscaProfile::new(options.clone(), sequence, validity)?,
        };
        let certificate = profile.issue(&*key, rng)?;
        let mut from = None;
        let link = match self.authority_before(request.pool, at)? {
            Some((old, old_key)) => {
                from = Some(self.place_of(&old)?);
                let profile = LinkProfile::new(options, &old, &certificate)?;
                Some(profile.issue(key.public_key().spki(), &old_key, rng)?)
            }
            None => None,
        };
        self.keep_key(&name, &key)?;
        // The certificate comes last: until it stands, the next attempt takes the same number.
        if let Some(link) = &link {
            files::private_dir(&self.dir().join("link"))?;
            files::write(&self.dir().join(format!("link/{number:03}.cer")), link.der(), false)?;
        }
        files::write(&self.dir().join(format!("{name}.cer")), certificate.der(), false)?;
        let key = key.finish();
        let place = format!("{name}.cer");
        let act = Act::Authority {
            pool: request.pool.name().to_owned(),
            name_of: kept.map(|first| format!("{first}.cer")),
            sequence,
            hash: key.algorithm().hash().name().to_owned(),
            key: hex::encode(key.public_key().spki()),
            serial: serial_of(&certificate),
        };
        let note = format!("{} pool {}", certificate.serial_hex(), request.pool);
        self.record(at, "csca-made", act, (&place, certificate.der()), &note)?;
        if let (Some(link), Some(from)) = (&link, from) {
            let act = Act::Link { from, to: place, serial: serial_of(link) };
            let output = (format!("link/{number:03}.cer"), link.der());
            self.record(at, "csca-linked", act, (&output.0, output.1), &link.serial_hex())?;
        }
        Ok(NewAuthority { certificate, link })
    }

    /// The link certificates between CSCA keys, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn csca_links(&self) -> Result<Vec<Certificate>, StoreError> {
        Ok(self.certificates("link")?.into_iter().map(|(_, certificate)| certificate).collect())
    }

    fn authority_before(
        &self,
        pool: Pool,
        at: Timestamp,
    ) -> Result<Option<(Certificate, StoreKey)>, StoreError> {
        for pool in [Some(pool), None] {
            match self.authority_that_signs(pool, at) {
                Ok(found) => return Ok(Some(found)),
                Err(StoreError::NoCsca | StoreError::NoCscaOfPool(_) | StoreError::CscaKeyExpired(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The newest CSCA key of a pool, or of any, that may sign at the time.
    pub(super) fn authority_that_signs(
        &self,
        pool: Option<Pool>,
        at: Timestamp,
    ) -> Result<(Certificate, StoreKey), StoreError> {
        let all = self.certificates("csca")?;
        if all.is_empty() {
            return Err(StoreError::NoCsca);
        }
        let of_pool = |certificate: &Certificate| pool.is_none_or(|pool| Pool::of(certificate) == pool);
        let mut found: Vec<_> = all.into_iter().filter(|(_, certificate)| of_pool(certificate)).collect();
        if let (true, Some(pool)) = (found.is_empty(), pool) {
            return Err(StoreError::NoCscaOfPool(pool));
        }
        found.retain(|(_, certificate)| key_may_sign(certificate, at));
        let (name, certificate) = found.pop().ok_or(StoreError::CscaKeyExpired(at))?;
        let key = self.open_key(&name)?;
        if key.public_key() != certificate.public_key() {
            return Err(StoreError::Damaged(name));
        }
        Ok((certificate, key))
    }

    pub(super) fn spec(&self, hash: HashAlgorithm) -> KeySpec {
        KeySpec { curve: self.profile().curve(), hash, encoding: self.settings().curve_encoding }
    }
}
