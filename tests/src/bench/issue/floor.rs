//! What cryptography alone takes of a card, on the station's side: nobody who makes this card can leave it out.
//!
//! | what | of a card | where |
//! |---|---|---|
//! | brainpoolP256r1, k·G | 3 | PACE: the mapping's key, the nonce's point; Chip Authentication: the key (Doc 9303-11 §4.4, §6.2) |
//! | brainpoolP256r1, k·P | 4 | PACE: the mapping's secret, the key on the mapped generator, the secret; Chip Authentication: the secret |
//! | brainpoolP384r1 signed | 1 | EF.SOD, by the Document Signer (Doc 9303-10 §4.6.2) |
//! | brainpoolP384r1 verified | 1 | EF.SOD before it is written; what is read back is compared with it octet by octet |
//! | RSA-2048, public | 1 | Active Authentication |
//! | P-256 verified | 1 | the statement of the blank's keys, signed at stock-in |
//! | SHA-256 | each data group twice, EF.SOD twice, the portrait once | the content of EF.SOD, the read-back, how the card is known, how the application is known |
//! | AES-128 | every octet of every protected command and answer twice | SCP03 and secure messaging: cipher and checksum |
//!
//! Each is taken from whoever is fastest on this machine, OpenSSL, AWS-LC or this house. Left out, so that the floor is rather too
//! fast than too slow: key derivations, the DES of BAC, random octets, digests of the audit log and the signature under
//! every 256th of its lines. The chip's own key pairs are made when it comes to stock, so nobody waits for an RSA key.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::protocol::curve::{Curve, Point, Scalar};
use cccd_keys::algorithm::HashAlgorithm;
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::public_key::PublicKey;
use cccd_keys::signer::{Signer as _, SoftwareKey};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::nid::Nid;
use openssl::pkey::{Private, Public};
use openssl::rsa::{Padding, Rsa};
use openssl::symm::{Cipher, Crypter, Mode};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng as _};

use super::chips::{Exchanges, Kept};

/// Commands and answers that carry no more than this are not ciphered: a header, a status word and a checksum.
const BARE: usize = 21;

/// Different inputs of each operation.
const INPUTS: usize = 16;

type Once<'a> = Box<dyn Fn(usize) -> bool + Sync + 'a>;

/// One operation, whoever does it.
pub struct Operation<'a> {
    /// Its name among the figures.
    pub name: &'static str,
    /// How often a card needs it.
    pub count: usize,
    contenders: Vec<(&'static str, Once<'a>)>,
    /// Of the fastest: who, and microseconds for one.
    pub fastest: (&'static str, f64),
    /// The same of all.
    pub all: Vec<(&'static str, f64)>,
}

impl std::fmt::Debug for Operation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation")
            .field("name", &self.name)
            .field("fastest", &self.fastest)
            .finish_non_exhaustive()
    }
}

/// The cryptography of a card.
#[derive(Debug)]
pub struct Floor<'a> {
    /// Its operations, the fastest of each found out.
    pub operations: Vec<Operation<'a>>,
}

/// Octets that a card hashes and ciphers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Octets {
    /// Written into files: data groups and EF.SOD.
    pub files: usize,
    /// Of protected commands and answers.
    pub protected: usize,
    /// How many of them carry something.
    pub messages: usize,
}

impl Octets {
    /// The mean of what was kept.
    #[must_use]
    pub fn mean(kept: &Kept) -> Self {
        let mut sum = Self::default();
        for exchanges in kept.values() {
            let one = Self::of(exchanges);
            sum.files += one.files;
            sum.protected += one.protected;
            sum.messages += one.messages;
        }
        let cards = kept.len().max(1);
        Self { files: sum.files / cards, protected: sum.protected / cards, messages: sum.messages / cards }
    }

    fn of(exchanges: &Exchanges) -> Self {
        let mut octets = Self::default();
        for (command, answer) in exchanges {
            // Class 84 is SCP03's, 0C secure messaging's.
            if !command.first().is_some_and(|class| matches!(class, 0x84 | 0x0C)) {
                continue;
            }
            for message in [command, answer] {
                octets.protected += message.len();
                octets.messages += usize::from(message.len() > BARE);
            }
            // UPDATE BINARY.
            if command.get(..2) == Some(&[0x84, 0xD6]) {
                octets.files += command.len();
            }
        }
        octets
    }
}

impl Floor<'static> {
    /// What a card of so many octets needs, with a portrait of so many.
    ///
    /// # Errors
    /// If keys cannot be made or somebody rejects what is right.
    pub fn of(octets: Octets, portrait: usize) -> Result<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(9);
        let message = vec![0x5A; 160];
        let mut operations = vec![
            base(&mut rng)?,
            agree(&mut rng)?,
            signed(&message, &mut rng)?,
            verified("bp384_verify", 1, NamedCurve::BrainpoolP384r1, &message, &mut rng)?,
            rsa(&mut rng)?,
            verified("p256_verify", 1, NamedCurve::P256, &message, &mut rng)?,
            hashed(2 * octets.files + portrait),
            ciphered(octets)?,
        ];
        for operation in &mut operations {
            operation.measure()?;
        }
        Ok(Self { operations })
    }
}

impl Floor<'_> {
    /// Microseconds of a card on one core, added up.
    #[must_use]
    pub fn microseconds(&self) -> f64 {
        self.operations.iter().map(|operation| operation.count as f64 * operation.fastest.1).sum()
    }

    /// Cards in a second on so many threads: nothing but this, for so long.
    ///
    /// # Errors
    /// If any operation fails.
    pub fn cards_per_s(&self, threads: usize, time: Duration) -> Result<f64> {
        let (done, good) = (AtomicUsize::new(0), AtomicBool::new(true));
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while start.elapsed() < time {
                        let card = done.fetch_add(1, Ordering::Relaxed);
                        if !self.card(card) {
                            good.store(false, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        ensure!(good.into_inner(), "an operation of the floor fails");
        Ok(done.into_inner() as f64 / start.elapsed().as_secs_f64())
    }

    fn card(&self, card: usize) -> bool {
        self.operations.iter().all(|operation| {
            let fastest = operation.contenders.iter().find(|(name, _)| *name == operation.fastest.0);
            fastest.is_some_and(|(_, once)| (0..operation.count).all(|turn| once(card + turn)))
        })
    }
}

impl Operation<'_> {
    /// The contenders in turn, the best of many short rounds each.
    fn measure(&mut self) -> Result<()> {
        let mut best = vec![f64::MAX; self.contenders.len()];
        for _ in 0..24 {
            for ((name, once), best) in self.contenders.iter().zip(&mut best) {
                let start = Instant::now();
                let mut done = 0_usize;
                while start.elapsed() < Duration::from_millis(6) {
                    ensure!(once(done), "{}: {name} fails", self.name);
                    done += 1;
                }
                *best = best.min(start.elapsed().as_secs_f64() * 1e6 / done as f64);
            }
        }
        self.all = self.contenders.iter().map(|(name, _)| *name).zip(best).collect();
        self.fastest = self
            .all
            .iter()
            .copied()
            .min_by(|one, other| one.1.total_cmp(&other.1))
            .context("nobody does it")?;
        Ok(())
    }
}

fn operation(
    name: &'static str,
    count: usize,
    contenders: Vec<(&'static str, Once<'static>)>,
) -> Operation<'static> {
    Operation { name, count, contenders, fastest: ("", f64::MAX), all: Vec::new() }
}

fn at<T>(all: &[T], index: usize) -> Option<&T> {
    all.get(index % all.len().max(1))
}

const CURVE: Curve = Curve::BrainpoolP256r1;

fn scalars(rng: &mut dyn CryptoRng) -> Vec<Scalar> {
    (0..INPUTS).map(|_| Scalar::generate(CURVE, rng)).collect()
}

/// k·G with a fresh k.
fn base(rng: &mut dyn CryptoRng) -> Result<Operation<'static>> {
    let ours = scalars(rng);
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1)?;
    let theirs = ours.iter().map(number).collect::<Result<Vec<_>>>()?;
    Ok(operation(
        "bp256_base",
        3,
        vec![
            (
                "ours",
                Box::new(move |index| at(&ours, index).is_some_and(|scalar| scalar.public_point().is_ok())),
            ),
            (
                "openssl",
                Box::new(move |index| {
                    at(&theirs, index).is_some_and(|scalar| openssl_multiply(&group, None, scalar).is_ok())
                }),
            ),
        ],
    ))
}

/// k·P of another's P.
fn agree(rng: &mut dyn CryptoRng) -> Result<Operation<'static>> {
    let ours = scalars(rng);
    let points = ours.iter().map(Scalar::public_point).collect::<Result<Vec<Point>, _>>()?;
    let group = EcGroup::from_curve_name(Nid::BRAINPOOL_P256R1)?;
    let theirs = ours.iter().map(number).collect::<Result<Vec<_>>>()?;
    let octets: Vec<Vec<u8>> = points.iter().map(|point| point.as_bytes().to_vec()).collect();
    Ok(operation(
        "bp256_agree",
        4,
        vec![
            (
                "ours",
                Box::new(move |index| {
                    let pair = at(&ours, index).zip(at(&points, index + 1));
                    pair.is_some_and(|(scalar, point)| scalar.agree(point).is_ok())
                }),
            ),
            (
                "openssl",
                Box::new(move |index| {
                    let pair = at(&theirs, index).zip(at(&octets, index + 1));
                    pair.is_some_and(|(scalar, point)| openssl_multiply(&group, Some(point), scalar).is_ok())
                }),
            ),
        ],
    ))
}

fn number(scalar: &Scalar) -> Result<BigNum> {
    Ok(BigNum::from_slice(&scalar.to_secret_bytes())?)
}

fn openssl_multiply(group: &EcGroup, point: Option<&[u8]>, scalar: &BigNum) -> Result<()> {
    let mut context = BigNumContext::new()?;
    let mut product = EcPoint::new(group)?;
    match point {
        None => product.mul_generator2(group, scalar, &mut context)?,
        Some(point) => {
            let point = EcPoint::from_bytes(group, point, &mut context)?;
            product.mul2(group, &point, scalar, &mut context)?;
        }
    }
    let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
    product.affine_coordinates(group, &mut x, &mut y, &mut context)?;
    Ok(())
}

/// EF.SOD's signature; what is hashed is as long as signed attributes are.
fn signed(message: &[u8], rng: &mut dyn CryptoRng) -> Result<Operation<'static>> {
    let curve = NamedCurve::BrainpoolP384r1;
    let ours = SoftwareKey::generate(curve, HashAlgorithm::Sha256, CurveEncoding::Explicit, rng)?;
    let theirs: EcKey<Private> = EcKey::generate(EcGroup::from_curve_name(Nid::BRAINPOOL_P384R1)?.as_ref())?;
    let (message, digest) = (message.to_vec(), openssl::sha::sha256(message));
    Ok(operation(
        "bp384_sign",
        1,
        vec![
            ("ours", Box::new(move |_| ours.sign(&message).is_ok())),
            ("openssl", Box::new(move |_| EcdsaSig::sign(&digest, &theirs).is_ok())),
        ],
    ))
}

fn verified(
    name: &'static str,
    count: usize,
    curve: NamedCurve,
    message: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Operation<'static>> {
    let hash = HashAlgorithm::Sha256;
    let key = SoftwareKey::generate(curve, hash, CurveEncoding::Named, rng)?;
    let signature = key.sign(message)?;
    let plain = key.public_key().clone();
    let (_, point) = plain.point().context("a key without a point")?;
    let nid = if curve == NamedCurve::P256 { Nid::X9_62_PRIME256V1 } else { Nid::BRAINPOOL_P384R1 };
    let group = EcGroup::from_curve_name(nid)?;
    let mut context = BigNumContext::new()?;
    let read = EcPoint::from_bytes(&group, point, &mut context)?;
    let theirs: EcKey<Public> = EcKey::from_public_key(&group, &read)?;
    let (parsed, digest) = (EcdsaSig::from_der(&signature)?, openssl::sha::sha256(message));
    let algorithm = key.algorithm();
    let ours = move |key: PublicKey, signature: Vec<u8>, message: Vec<u8>| -> Once<'static> {
        Box::new(move |_| key.verify(algorithm, &message, &signature).is_ok())
    };
    let mut contenders: Vec<(&'static str, Once<'static>)> = vec![
        ("ours", ours(plain.clone(), signature.clone(), message.to_vec())),
        ("openssl", Box::new(move |_| parsed.verify(&digest, &theirs).unwrap_or(false))),
    ];
    if let Some(prepared) = plain.with_tables() {
        contenders.push(("tables", ours(prepared, signature.clone(), message.to_vec())));
    }
    if curve == NamedCurve::P256 {
        let aws = &aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1;
        let key = aws_lc_rs::signature::ParsedPublicKey::new(aws, plain.spki())?;
        let message = message.to_vec();
        contenders.push(("aws-lc", Box::new(move |_| key.verify_sig(&message, &signature).is_ok())));
    }
    Ok(operation(name, count, contenders))
}

fn rsa(rng: &mut dyn CryptoRng) -> Result<Operation<'static>> {
    let key = Rsa::generate(2048)?;
    let public = Rsa::public_key_from_der(&key.public_key_to_der()?)?;
    let mut block = vec![0; 256];
    rng.fill_bytes(block.get_mut(1..).unwrap_or_default());
    Ok(operation(
        "rsa2048_public",
        1,
        vec![(
            "openssl",
            Box::new(move |_| {
                let mut out = [0; 256];
                public.public_encrypt(&block, &mut out, Padding::NONE).is_ok()
            }),
        )],
    ))
}

fn hashed(octets: usize) -> Operation<'static> {
    let (ours, theirs) = (vec![0xA5; octets], vec![0xA5; octets]);
    operation(
        "sha256",
        1,
        vec![
            ("openssl", Box::new(move |_| std::hint::black_box(openssl::sha::sha256(&ours)).len() == 32)),
            (
                "aws-lc",
                Box::new(move |_| {
                    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &theirs).as_ref().len() == 32
                }),
            ),
        ],
    )
}

/// Cipher and checksum: a checksum is a cipher whose last block counts.
fn ciphered(octets: Octets) -> Result<Operation<'static>> {
    let messages = octets.messages.max(1);
    let length = (octets.protected / messages).next_multiple_of(16);
    let text = vec![0x3C; length];
    let cipher = Cipher::aes_128_cbc();
    let once = move || -> Result<()> {
        let mut out = vec![0; length + 16];
        for _ in 0..2 * messages {
            let mut crypter = Crypter::new(cipher, Mode::Encrypt, &[7; 16], Some(&[0; 16]))?;
            crypter.pad(false);
            crypter.update(&text, &mut out)?;
        }
        Ok(())
    };
    Ok(operation("aes128", 1, vec![("openssl", Box::new(move |_| once().is_ok()))]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_those_of_protected_messages() {
        let plain = (vec![0x00; 40], vec![0x00; 2]);
        let write = ([&[0x84, 0xD6][..], &[0; 298]].concat(), vec![0; 10]);
        let read = (vec![0x0C; 19], vec![0; 600]);
        let kept = Kept::from([
            (1, vec![plain.clone(), write.clone(), read.clone()]),
            (2, vec![plain, write, read]),
        ]);
        assert_eq!(Octets::mean(&kept), Octets { files: 300, protected: 300 + 10 + 19 + 600, messages: 2 });
        assert_eq!(Octets::mean(&Kept::new()), Octets::default());
    }

    #[test]
    fn every_contender_does_what_it_says() {
        let octets = Octets { files: 2_000, protected: 4_000, messages: 8 };
        let floor = Floor::of(octets, 1_000).unwrap();
        for operation in &floor.operations {
            for (name, once) in &operation.contenders {
                assert!((0..3).all(once), "{} by {name}", operation.name);
            }
        }
        assert!(floor.cards_per_s(1, Duration::from_millis(20)).unwrap() > 0.0);
        assert!(floor.microseconds() > 100.0);
    }
}
