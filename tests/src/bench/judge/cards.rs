//! Ten thousand different cards: 20 kB of data groups and the EF.SOD over them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::sod::{DigestAlgorithm, LdsSecurityObject};
use cccd_keys::algorithm::{HashAlgorithm, SignatureAlgorithm};
use cccd_keys::certificate::{
    Certificate, CertificateOptions, CscaProfile, DocumentSignerProfile, SigningKeyValidity,
};
use cccd_keys::crl::CertificateRevocationList;
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::public_key::PublicKey;
use cccd_keys::signer::{Signer, SigningFailed, SoftwareKey};
use cccd_keys::trust::TrustStore;
use jiff::{SignedDuration, Timestamp};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

/// What a set of cards is signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    P256,
    P384,
    Rsa3072,
    /// Explicit parameters, as on real cards.
    BrainpoolP384r1,
}

impl Algorithm {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Rsa3072 => "rsa3072",
            Self::BrainpoolP384r1 => "brainpoolP384r1",
        }
    }

    /// The hash of data groups, attributes and certificates.
    pub(super) const fn hash(self) -> HashAlgorithm {
        match self {
            Self::P256 | Self::Rsa3072 => HashAlgorithm::Sha256,
            Self::P384 | Self::BrainpoolP384r1 => HashAlgorithm::Sha384,
        }
    }

    const fn digest(self) -> DigestAlgorithm {
        match self {
            Self::P256 | Self::Rsa3072 => DigestAlgorithm::Sha256,
            Self::P384 | Self::BrainpoolP384r1 => DigestAlgorithm::Sha384,
        }
    }

    fn signer(self, rng: &mut ChaCha20Rng) -> Result<Box<dyn Signer>> {
        let (curve, encoding) = match self {
            Self::P256 => (NamedCurve::P256, CurveEncoding::Named),
            Self::P384 => (NamedCurve::P384, CurveEncoding::Named),
            Self::BrainpoolP384r1 => (NamedCurve::BrainpoolP384r1, CurveEncoding::Explicit),
            Self::Rsa3072 => return Ok(Box::new(Rsa::generate(3072)?)),
        };
        Ok(Box::new(SoftwareKey::generate(curve, self.hash(), encoding, rng)?))
    }
}

/// What the data groups hold.
pub(super) enum Content {
    /// 20 kB of anything: passive authentication does not look into them.
    Random,
    /// Those of a card that was issued; the last octets of its portrait are another card's each time.
    Genuine(BTreeMap<DataGroupNumber, Vec<u8>>),
}

/// One card, and what its signature is over.
pub(super) struct Card {
    pub(super) sod: Vec<u8>,
    pub(super) groups: Vec<(DataGroupNumber, Arc<[u8]>)>,
    pub(super) signer: usize,
    pub(super) message: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// The cards, their signers and whom to believe.
pub(super) struct Cards {
    pub(super) cards: Vec<Card>,
    pub(super) keys: Vec<PublicKey>,
    pub(super) csca: Certificate,
    pub(super) trust: TrustStore,
    pub(super) at: Timestamp,
}

impl Cards {
    pub(super) fn make(
        algorithm: Algorithm,
        content: &Content,
        (count, signers): (usize, usize),
        at: Timestamp,
    ) -> Result<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let options = CertificateOptions::for_country("VN")?;
        let csca_key = algorithm.signer(&mut rng)?;
        let csca = CscaProfile::new(options.clone(), 1, SigningKeyValidity::csca(at)?)?
            .issue(&csca_key, &mut rng)?;
        let crl = CertificateRevocationList::issue(
            &csca,
            &csca_key,
            1,
            at,
            SignedDuration::from_hours(24 * 90),
            &[],
        )?;
        let mut trust = TrustStore::new();
        trust.add_anchor(csca.der())?;
        trust.add_crl(crl.der())?;
        let mut certified = Vec::new();
        for serial in 1..=signers {
            let key = algorithm.signer(&mut rng)?;
            let validity = SigningKeyValidity::document_signer(at)?;
            let serial = u32::try_from(serial)?;
            let certificate = DocumentSignerProfile::new(options.clone(), &csca, serial, validity)?.issue(
                key.public_key().spki(),
                &csca_key,
                &mut rng,
            )?;
            certified.push((certificate, Recording { key, last: Mutex::default() }));
        }
        // Each signer signs on a thread of its own.
        let portraits = &portraits(&mut rng);
        let stacks: Vec<Result<Vec<Card>>> = std::thread::scope(|scope| {
            let mut threads = Vec::new();
            for (signer, (certificate, key)) in certified.iter().enumerate() {
                threads.push(scope.spawn(move || {
                    (signer..count)
                        .step_by(signers)
                        .map(|number| {
                            card(algorithm, (number, signer), (content, portraits), certificate, key, at)
                        })
                        .collect()
                }));
            }
            let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
            joined.map(|stack| stack.unwrap_or_else(|_| Err(anyhow::anyhow!("a signer failed")))).collect()
        });
        let mut stacks =
            stacks.into_iter().map(|stack| stack.map(Vec::into_iter)).collect::<Result<Vec<_>>>()?;
        // In turn, as cards come to a counter.
        let mut cards = Vec::with_capacity(count);
        while cards.len() < count {
            cards.extend(stacks.iter_mut().filter_map(Iterator::next));
        }
        let keys = certified.iter().map(|(certificate, _)| certificate.public_key().clone()).collect();
        Ok(Self { cards, keys, csca, trust, at })
    }

    pub(super) fn get(&self, index: usize) -> Option<&Card> {
        self.cards.get(index)
    }
}

/// Stands for pictures of faces, which digests do not look at.
fn portraits(rng: &mut ChaCha20Rng) -> Vec<Arc<[u8]>> {
    (0..64)
        .map(|_| {
            let mut portrait = vec![0; 18_400];
            rng.fill_bytes(&mut portrait);
            Arc::from(portrait)
        })
        .collect()
}

fn card(
    algorithm: Algorithm,
    (number, signer): (usize, usize),
    (content, portraits): (&Content, &[Arc<[u8]>]),
    certificate: &Certificate,
    key: &Recording,
    at: Timestamp,
) -> Result<Card> {
    let mut rng = ChaCha20Rng::seed_from_u64(u64::try_from(number)?);
    let (mut files, portrait) = match content {
        Content::Random => {
            let mut files = BTreeMap::new();
            for (group, length) in [(1, 93), (13, 650), (14, 420), (15, 437)] {
                let mut file = vec![0; length];
                rng.fill_bytes(&mut file);
                files.insert(DataGroupNumber::new(group)?, file);
            }
            (files, Arc::clone(portraits.get(number % portraits.len()).context("no portrait")?))
        }
        Content::Genuine(files) => {
            let mut portrait = files.get(&DataGroupNumber::DG2).context("no portrait")?.clone();
            if let Some(end) = portrait.last_chunk_mut::<8>() {
                rng.fill_bytes(end);
            }
            (files.clone(), Arc::from(portrait))
        }
    };
    files.insert(DataGroupNumber::DG2, portrait.to_vec());
    let object = LdsSecurityObject::new(algorithm.digest(), &files).context("no content")?;
    let sod = cccd_keys::sod::sign(object.as_der(), certificate, key, at)?;
    files.remove(&DataGroupNumber::DG2);
    let mut groups: Vec<(DataGroupNumber, Arc<[u8]>)> =
        files.into_iter().map(|(number, file)| (number, Arc::from(file))).collect();
    groups.push((DataGroupNumber::DG2, portrait));
    let (message, signature) = key.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Card { sod, groups, signer, message, signature })
}

/// Keeps what was signed last, for those who verify nothing else.
struct Recording {
    key: Box<dyn Signer>,
    last: Mutex<(Vec<u8>, Vec<u8>)>,
}

impl Signer for Recording {
    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }

    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        let signature = self.key.sign(message)?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = (message.to_vec(), signature.clone());
        Ok(signature)
    }
}

/// RSA by OpenSSL: the house itself makes no RSA keys.
struct Rsa {
    key: PKey<Private>,
    public_key: PublicKey,
}

impl Rsa {
    fn generate(bits: u32) -> Result<Self> {
        let key = PKey::from_rsa(openssl::rsa::Rsa::generate(bits)?)?;
        let public_key = PublicKey::from_spki(&key.public_key_to_der()?)?;
        Ok(Self { key, public_key })
    }
}

impl Signer for Rsa {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RsaPkcs1v15(HashAlgorithm::Sha256)
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        openssl::sign::Signer::new(MessageDigest::sha256(), &self.key)
            .and_then(|mut signer| signer.sign_oneshot_to_vec(message))
            .map_err(|error| SigningFailed::new(error.to_string()))
    }
}
