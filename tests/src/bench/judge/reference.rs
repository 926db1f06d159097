//! The fastest bare cryptography of this machine: OpenSSL, AWS-LC and ring. Keys are read beforehand.

use anyhow::{Context as _, Result};
use aws_lc_rs::signature as aws;
use cccd_card_profile::lds::sod::content_info;
use cccd_keys::algorithm::{HashAlgorithm, SignatureAlgorithm};
use cccd_keys::certificate::Certificate;
use cccd_keys::public_key::PublicKey;
use openssl::bn::BigNumContext;
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::ec::{EcGroup, EcKey, EcPoint};
use openssl::ecdsa::EcdsaSig;
use openssl::md::Md;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::x509::X509;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use ring::signature as ring_signature;

use super::cards::{Algorithm, Card, Cards};
use super::turns::Contender;

/// One thing done to the card at an index.
type Run<'c> = Box<dyn Fn(usize) -> bool + Sync + 'c>;

/// All references for one set of cards.
pub(super) struct References<'c>(Vec<(&'static str, Run<'c>)>);

impl<'c> References<'c> {
    pub(super) fn of(algorithm: Algorithm, cards: &'c Cards) -> Result<Self> {
        let mut all: Vec<(&'static str, Run<'c>)> = hashes(algorithm, cards);
        all.push(("bare openssl", openssl(algorithm, cards)?));
        if let Some(run) = aws_lc(algorithm, cards)? {
            all.push(("bare aws-lc", run));
        }
        if let Some(run) = ring(algorithm, cards)? {
            all.push(("bare ring", run));
        }
        if algorithm == Algorithm::BrainpoolP384r1 {
            all.push(("bare tables", tables(algorithm, cards)?));
        }
        Ok(Self(all))
    }

    /// With ours before them.
    pub(super) fn contenders<'a>(&'a self, judged: &'a (dyn Fn(usize) -> bool + Sync)) -> Vec<Contender<'a>> {
        let ours: Contender<'a> = ("judged", judged);
        std::iter::once(ours).chain(self.0.iter().map(|(name, run)| (*name, run.as_ref() as _))).collect()
    }
}

fn hashes<'c>(algorithm: Algorithm, cards: &'c Cards) -> Vec<(&'static str, Run<'c>)> {
    let wide = algorithm.hash() == HashAlgorithm::Sha384;
    let each = move |hash: &dyn Fn(&[u8]) -> usize, index: usize| {
        cards.get(index).is_some_and(|card| card.groups.iter().all(|(_, file)| hash(file) > 0))
    };
    let openssl = move |file: &[u8]| {
        if wide { openssl::sha::sha384(file).len() } else { openssl::sha::sha256(file).len() }
    };
    let aws = if wide { &aws_lc_rs::digest::SHA384 } else { &aws_lc_rs::digest::SHA256 };
    let ring = if wide { &ring::digest::SHA384 } else { &ring::digest::SHA256 };
    vec![
        ("hash openssl", Box::new(move |index| each(&openssl, index))),
        (
            "hash aws-lc",
            Box::new(move |index| each(&|file| aws_lc_rs::digest::digest(aws, file).as_ref().len(), index)),
        ),
        (
            "hash ring",
            Box::new(move |index| each(&|file| ring::digest::digest(ring, file).as_ref().len(), index)),
        ),
    ]
}

/// A card with its key.
fn with_key<'k, K>(cards: &'k Cards, keys: &'k [K], index: usize) -> Option<(&'k Card, &'k K)> {
    let card = cards.get(index)?;
    Some((card, keys.get(card.signer)?))
}

fn openssl(algorithm: Algorithm, cards: &Cards) -> Result<Run<'_>> {
    let digests: Vec<Vec<u8>> =
        cards.cards.iter().map(|card| algorithm.hash().digest(&card.message)).collect();
    let nid = match algorithm {
        Algorithm::P256 => Nid::X9_62_PRIME256V1,
        Algorithm::P384 => Nid::SECP384R1,
        Algorithm::BrainpoolP384r1 => Nid::BRAINPOOL_P384R1,
        Algorithm::Rsa3072 => {
            let read = |key: &PublicKey| PKey::public_key_from_der(key.spki());
            let keys = cards.keys.iter().map(read).collect::<Result<Vec<_>, _>>()?;
            return Ok(Box::new(move |index| {
                let found = with_key(cards, &keys, index).zip(digests.get(index));
                found.is_some_and(|((card, key), digest)| rsa(key, digest, &card.signature).unwrap_or(false))
            }));
        }
    };
    let group = EcGroup::from_curve_name(nid)?;
    let mut context = BigNumContext::new()?;
    let mut keys = Vec::new();
    for key in &cards.keys {
        let point = EcPoint::from_bytes(&group, point_of(key)?, &mut context)?;
        keys.push(EcKey::from_public_key(&group, &point)?);
    }
    let read = |card: &Card| EcdsaSig::from_der(&card.signature);
    let signatures = cards.cards.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(Box::new(move |index| {
        let found = with_key(cards, &keys, index).zip(digests.get(index)).zip(signatures.get(index));
        found.is_some_and(|(((_, key), digest), signature)| signature.verify(digest, key).unwrap_or(false))
    }))
}

fn rsa(key: &PKey<Public>, digest: &[u8], signature: &[u8]) -> Result<bool> {
    let mut context = PkeyCtx::new(key)?;
    context.verify_init()?;
    context.set_rsa_padding(Padding::PKCS1)?;
    context.set_signature_md(Md::sha256())?;
    Ok(context.verify(digest, signature)?)
}

fn aws_lc(algorithm: Algorithm, cards: &Cards) -> Result<Option<Run<'_>>> {
    let verification: &'static dyn aws::VerificationAlgorithm = match algorithm {
        Algorithm::P256 => &aws::ECDSA_P256_SHA256_ASN1,
        Algorithm::P384 => &aws::ECDSA_P384_SHA384_ASN1,
        Algorithm::Rsa3072 => &aws::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::BrainpoolP384r1 => return Ok(None),
    };
    let mut keys = Vec::new();
    for key in &cards.keys {
        keys.push(aws::ParsedPublicKey::new(verification, key.spki())?);
    }
    Ok(Some(Box::new(move |index| {
        with_key(cards, &keys, index)
            .is_some_and(|(card, key)| key.verify_sig(&card.message, &card.signature).is_ok())
    })))
}

fn ring(algorithm: Algorithm, cards: &Cards) -> Result<Option<Run<'_>>> {
    let verification: &'static dyn ring_signature::VerificationAlgorithm = match algorithm {
        Algorithm::P256 => &ring_signature::ECDSA_P256_SHA256_ASN1,
        Algorithm::P384 => &ring_signature::ECDSA_P384_SHA384_ASN1,
        Algorithm::Rsa3072 => &ring_signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::BrainpoolP384r1 => return Ok(None),
    };
    let mut keys = Vec::new();
    for key in &cards.keys {
        let octets = match algorithm {
            Algorithm::Rsa3072 => PKey::public_key_from_der(key.spki())?.rsa()?.public_key_to_der_pkcs1()?,
            _ => point_of(key)?.to_vec(),
        };
        keys.push(ring_signature::UnparsedPublicKey::new(verification, octets));
    }
    Ok(Some(Box::new(move |index| {
        with_key(cards, &keys, index)
            .is_some_and(|(card, key)| key.verify(&card.message, &card.signature).is_ok())
    })))
}

/// Ours, bare: the same as OpenSSL's, but with the hash of the attributes.
fn tables(algorithm: Algorithm, cards: &Cards) -> Result<Run<'_>> {
    let with_tables = |key: &PublicKey| key.with_tables().context("a key without tables");
    let keys = cards.keys.iter().map(with_tables).collect::<Result<Vec<_>>>()?;
    let signed_with = SignatureAlgorithm::Ecdsa(algorithm.hash());
    Ok(Box::new(move |index| {
        with_key(cards, &keys, index)
            .is_some_and(|(card, key)| key.verify(signed_with, &card.message, &card.signature).is_ok())
    }))
}

/// The uncompressed point at the end of an elliptic curve's `SubjectPublicKeyInfo`.
fn point_of(key: &PublicKey) -> Result<&[u8]> {
    let curve = key.curve().context("no elliptic curve")?;
    let start = key.spki().len().checked_sub(2 * curve.field_length() + 1);
    start.and_then(|start| key.spki().get(start..)).context("a short key")
}

/// OpenSSL's store with one anchor.
pub(super) fn certificate_store(csca: &Certificate) -> Result<X509Store> {
    let mut builder = X509StoreBuilder::new()?;
    builder.add_cert(X509::from_der(csca.der())?)?;
    Ok(builder.build())
}

/// `CMS_verify`, signer's path and all.
pub(super) fn cms_verify(card: &Card, store: &X509Store) -> bool {
    let verify = || -> Result<()> {
        let mut cms = CmsContentInfo::from_der(content_info(&card.sod)?)?;
        Ok(cms.verify(None, Some(store), None, None, CMSOptions::BINARY)?)
    };
    verify().is_ok()
}
