//! Keys that sign in the laboratory: ECDSA, RSA in both paddings and DSA, with every hash of Doc 9303-12 §4.4 and with MD5, which
//! stands for all that must not be believed.

use anyhow::{Context as _, Result};
use cccd_card_profile::protocol::dh::{Exponent, ModpGroup};
use cccd_keys::algorithm::{HashAlgorithm, SignatureAlgorithm, hash_identifier, oids};
use cccd_keys::asn1::{self, Reader, tag};
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::signer::{Signer as _, SoftwareKey};
use const_oid::ObjectIdentifier;
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use rand_core::CryptoRng;
use rsa::RsaPrivateKey;
use rsa::traits::PublicKeyParts as _;

/// How a message is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// ECDSA in the form of X9.62.
    Ecdsa(HashAlgorithm),
    /// ECDSA as `r ‖ s` (TR-03111 §5.2.1): what the object identifiers of the BSI name.
    EcdsaPlain(HashAlgorithm),
    /// RSASSA-PKCS1-v1_5.
    RsaPkcs1(HashAlgorithm),
    /// RSASSA-PKCS1-v1_5, named by `rsaEncryption` alone, as CMS allows (RFC 3370 §3.2).
    RsaBare(HashAlgorithm),
    /// RSASSA-PSS.
    RsaPss {
        /// Hash of the message.
        hash: HashAlgorithm,
        /// Hash of the mask.
        mask: HashAlgorithm,
        /// Octets of salt.
        salt: usize,
    },
    /// DSA.
    Dsa(HashAlgorithm),
}

impl Scheme {
    /// RSASSA-PSS as it is used: one hash, and as much salt.
    #[must_use]
    pub fn pss(hash: HashAlgorithm) -> Self {
        Self::RsaPss { hash, mask: hash, salt: hash.digest(&[]).len() }
    }

    /// The hash of the message.
    #[must_use]
    pub const fn hash(self) -> HashAlgorithm {
        match self {
            Self::Ecdsa(hash)
            | Self::EcdsaPlain(hash)
            | Self::RsaPkcs1(hash)
            | Self::RsaBare(hash)
            | Self::RsaPss { hash, .. }
            | Self::Dsa(hash) => hash,
        }
    }

    /// Its `AlgorithmIdentifier`.
    #[must_use]
    pub fn identifier(self) -> Vec<u8> {
        match self {
            Self::Ecdsa(hash) => SignatureAlgorithm::Ecdsa(hash).to_der(),
            Self::EcdsaPlain(hash) => {
                let last = match hash {
                    HashAlgorithm::Sha1 => 1,
                    HashAlgorithm::Sha224 => 2,
                    HashAlgorithm::Sha256 => 3,
                    HashAlgorithm::Sha384 => 4,
                    HashAlgorithm::Sha512 => 5,
                };
                // 0.4.0.127.0.7.1.1.4.1.n, ecdsa-plain-signatures.
                let oid = [4, 0, 0x7F, 0, 7, 1, 1, 4, 1, last];
                asn1::sequence(&[&asn1::tlv(tag::OID, &oid)])
            }
            Self::RsaPkcs1(hash) => SignatureAlgorithm::RsaPkcs1v15(hash).to_der(),
            Self::RsaBare(_) => asn1::sequence(&[&asn1::oid(&oids::RSA), &asn1::tlv(tag::NULL, &[])]),
            Self::RsaPss { hash, mask, salt } => {
                SignatureAlgorithm::RsaPss { hash, mask_hash: mask, salt_length: salt }.to_der()
            }
            Self::Dsa(hash) => SignatureAlgorithm::Dsa(hash).to_der(),
        }
    }
}

/// `md5WithRSAEncryption`, which no profile of Doc 9303 has.
#[must_use]
pub fn md5_with_rsa() -> Vec<u8> {
    let oid = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4");
    asn1::sequence(&[&asn1::oid(&oid), &asn1::tlv(tag::NULL, &[])])
}

/// `md5`.
#[must_use]
pub fn md5() -> Vec<u8> {
    asn1::sequence(&[&asn1::oid(&ObjectIdentifier::new_unwrap("1.2.840.113549.2.5"))])
}

/// A private key of the laboratory. Never that of a real authority.
pub enum LabKey {
    /// On a curve.
    Ec {
        /// Which.
        curve: NamedCurve,
        /// How its parameters are written.
        encoding: CurveEncoding,
        /// The number.
        scalar: Vec<u8>,
    },
    /// RSA.
    Rsa(Box<RsaPrivateKey>),
    /// DSA in a group of RFC 5114.
    Dsa {
        /// Which.
        group: ModpGroup,
        /// The number.
        exponent: Vec<u8>,
    },
}

impl std::fmt::Debug for LabKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LabKey")
    }
}

impl LabKey {
    /// On a curve.
    ///
    /// # Errors
    /// A curve that nothing is signed on here.
    pub fn ec(curve: NamedCurve, encoding: CurveEncoding, rng: &mut dyn CryptoRng) -> Result<Self> {
        for _ in 0..64 {
            let mut scalar = vec![0; curve.field_length()];
            rng.fill_bytes(&mut scalar);
            if SoftwareKey::from_scalar(curve, HashAlgorithm::Sha256, encoding, &scalar).is_ok() {
                return Ok(Self::Ec { curve, encoding, scalar });
            }
        }
        anyhow::bail!("no key on this curve")
    }

    /// RSA of this length.
    ///
    /// # Errors
    /// If none is found.
    pub fn rsa<R: CryptoRng>(bits: usize, rng: &mut R) -> Result<Self> {
        Ok(Self::Rsa(Box::new(RsaPrivateKey::new(rng, bits)?)))
    }

    /// DSA with a 2048-bit prime; the order is as long as the hash that it is made for, 224 or 256 bits.
    ///
    /// # Errors
    /// If there is no such group.
    pub fn dsa(hash: HashAlgorithm, rng: &mut dyn CryptoRng) -> Result<Self> {
        let group = match hash {
            HashAlgorithm::Sha224 => ModpGroup::Modp2048Subgroup224,
            HashAlgorithm::Sha1 => ModpGroup::Modp1024Subgroup160,
            _ => ModpGroup::Modp2048Subgroup256,
        };
        let exponent = Exponent::generate(group, rng).to_secret_bytes().to_vec();
        Ok(Self::Dsa { group, exponent })
    }

    /// Its `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn spki(&self) -> Result<Vec<u8>> {
        match self {
            Self::Ec { curve, encoding, scalar } => {
                let key = SoftwareKey::from_scalar(*curve, HashAlgorithm::Sha256, *encoding, scalar)?;
                Ok(key.public_key().spki().to_vec())
            }
            Self::Rsa(key) => {
                let numbers = asn1::sequence(&[
                    &asn1::integer(&key.n().as_ref().to_be_bytes()),
                    &asn1::integer(&key.e().to_be_bytes()),
                ]);
                let algorithm = asn1::sequence(&[&asn1::oid(&oids::RSA), &asn1::tlv(tag::NULL, &[])]);
                Ok(asn1::sequence(&[&algorithm, &asn1::bit_string(&numbers)]))
            }
            Self::Dsa { group, exponent } => {
                let parameters = asn1::sequence(&[
                    &asn1::integer(&group.prime()),
                    &asn1::integer(&group.order()),
                    &asn1::integer(group.generator().as_bytes()),
                ]);
                let algorithm = asn1::sequence(&[&asn1::oid(&oids::DSA), &parameters]);
                let public = power(*group, exponent)?;
                Ok(asn1::sequence(&[&algorithm, &asn1::bit_string(&asn1::integer(&public))]))
            }
        }
    }

    /// How it signs if nothing else is asked for.
    #[must_use]
    pub fn usual(&self) -> Scheme {
        match self {
            Self::Ec { .. } => Scheme::Ecdsa(HashAlgorithm::Sha256),
            Self::Rsa(_) => Scheme::pss(HashAlgorithm::Sha256),
            Self::Dsa { group, .. } => Scheme::Dsa(match group {
                ModpGroup::Modp1024Subgroup160 => HashAlgorithm::Sha1,
                ModpGroup::Modp2048Subgroup224 => HashAlgorithm::Sha224,
                ModpGroup::Modp2048Subgroup256 => HashAlgorithm::Sha256,
            }),
        }
    }

    /// Signs a message.
    ///
    /// # Errors
    /// A scheme for another kind of key.
    pub fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>> {
        let digest = scheme.hash().digest(message);
        match (self, scheme) {
            (Self::Ec { curve, encoding, scalar }, Scheme::Ecdsa(hash)) => {
                Ok(SoftwareKey::from_scalar(*curve, hash, *encoding, scalar)?.sign(message)?)
            }
            (Self::Ec { curve, encoding, scalar }, Scheme::EcdsaPlain(hash)) => {
                let der = SoftwareKey::from_scalar(*curve, hash, *encoding, scalar)?.sign(message)?;
                plain(&der, curve.field_length())
            }
            (Self::Rsa(key), Scheme::RsaPkcs1(hash) | Scheme::RsaBare(hash)) => {
                raw(key, &pkcs1(hash, &digest, key.size())?)
            }
            (Self::Rsa(key), Scheme::RsaPss { hash, mask, salt }) => {
                raw(key, &pss(hash, mask, salt, &digest, key.size())?)
            }
            (Self::Dsa { group, exponent }, Scheme::Dsa(_)) => dsa(*group, exponent, &digest),
            _ => anyhow::bail!("this key does not sign so"),
        }
    }
}

/// `r ‖ s` at the width of the field.
fn plain(der: &[u8], width: usize) -> Result<Vec<u8>> {
    let mut numbers = Reader::new(der).sequence("a signature")?;
    let mut out = Vec::with_capacity(2 * width);
    for _ in 0..2 {
        let number = asn1::unsigned(numbers.any()?.integer()?);
        out.extend(std::iter::repeat_n(0, width.saturating_sub(number.len())));
        out.extend_from_slice(number);
    }
    Ok(out)
}

/// RSADP over an encoded message (RFC 8017 §5.2.1).
fn raw(key: &RsaPrivateKey, encoded: &[u8]) -> Result<Vec<u8>> {
    let number = BoxedUint::from_be_slice(encoded, key.n().bits_precision())?;
    let signature = rsa::hazmat::rsa_decrypt_and_check(key, None::<&mut rand_chacha::ChaCha20Rng>, &number)?;
    let bytes = signature.to_be_bytes();
    Ok(bytes.get(bytes.len().saturating_sub(key.size())..).context("no signature")?.to_vec())
}

/// EMSA-PKCS1-v1_5 (RFC 8017 §9.2).
fn pkcs1(hash: HashAlgorithm, digest: &[u8], width: usize) -> Result<Vec<u8>> {
    let algorithm = asn1::sequence(&[&asn1::oid(&hash.oid()), &asn1::tlv(tag::NULL, &[])]);
    let info = asn1::sequence(&[&algorithm, &asn1::tlv(tag::OCTET_STRING, digest)]);
    let filling = width.checked_sub(info.len() + 3).context("the key is too short")?;
    Ok([&[0, 1][..], &vec![0xFF; filling], &[0], &info].concat())
}

/// EMSA-PSS (RFC 8017 §9.1.1) for a modulus of a whole number of octets; the salt is all 5A.
fn pss(
    hash: HashAlgorithm,
    mask: HashAlgorithm,
    salt: usize,
    digest: &[u8],
    width: usize,
) -> Result<Vec<u8>> {
    let salt = vec![0x5A; salt];
    let hashed = hash.digest(&[&[0; 8][..], digest, &salt].concat());
    let length = width.checked_sub(hashed.len() + 1).context("the key is too short")?;
    let zeros = length.checked_sub(salt.len() + 1).context("the key is too short")?;
    let block = [&vec![0; zeros][..], &[1], &salt].concat();
    let stream = (0_u32..).flat_map(|counter| mask.digest(&[&hashed[..], &counter.to_be_bytes()].concat()));
    let mut masked: Vec<u8> = block.iter().zip(stream).map(|(octet, mask)| octet ^ mask).collect();
    if let Some(first) = masked.first_mut() {
        *first &= 0x7F;
    }
    Ok([&masked[..], &hashed, &[0xBC]].concat())
}

fn power(group: ModpGroup, exponent: &[u8]) -> Result<Vec<u8>> {
    let secret = Exponent::from_bytes(group, exponent).context("no exponent of the group")?;
    let public = secret.public_residue().map_err(|_| anyhow::anyhow!("no residue of the group"))?;
    Ok(public.as_bytes().to_vec())
}

/// FIPS 186-4 §4.6. The per-message number comes from key and digest: fit for test messages only.
fn dsa(group: ModpGroup, exponent: &[u8], digest: &[u8]) -> Result<Vec<u8>> {
    let order = group.order();
    let q = Odd::new(BoxedUint::from_be_slice_vartime(&order)).into_option().context("an even order")?;
    let field = BoxedMontyParams::new_vartime(q);
    let modulo = |octets: &[u8]| -> Result<BoxedMontyForm> {
        let bits = u32::try_from(octets.len() * 8)?.max(field.bits_precision());
        let number = BoxedUint::from_be_slice(octets, bits)?;
        Ok(BoxedMontyForm::new(number.rem_vartime(field.modulus().as_nz_ref()), &field))
    };
    let digest = digest.get(..digest.len().min(order.len())).unwrap_or(digest);
    let mut nonce = HashAlgorithm::Sha512.digest(&[exponent, digest].concat());
    nonce.truncate(order.len() - 1);
    let r = modulo(&power(group, &left_filled(&nonce, order.len()))?)?;
    let inverse = modulo(&nonce)?.invert_vartime().into_option().context("no inverse")?;
    let s = modulo(digest)?.add(&modulo(exponent)?.mul(&r)).mul(&inverse);
    let number = |form: BoxedMontyForm| asn1::integer(&form.retrieve().to_be_bytes());
    Ok(asn1::sequence(&[&number(r), &number(s)]))
}

fn left_filled(octets: &[u8], width: usize) -> Vec<u8> {
    let mut out = vec![0; width.saturating_sub(octets.len())];
    out.extend_from_slice(octets);
    out
}

/// `AlgorithmIdentifier` of a hash with NULL parameters, as many encoders write it.
#[must_use]
pub fn hash_with_null(hash: HashAlgorithm) -> Vec<u8> {
    asn1::sequence(&[&asn1::oid(&hash.oid()), &asn1::tlv(tag::NULL, &[])])
}

/// `AlgorithmIdentifier` of a hash.
#[must_use]
pub fn hash_alone(hash: HashAlgorithm) -> Vec<u8> {
    hash_identifier(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cccd_keys::public_key::{PublicKey, VerifyError};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    /// The verifier's own arithmetic, tested against Wycheproof and OpenSSL elsewhere, is the referee.
    #[test]
    fn what_the_laboratory_signs_verifies_and_nothing_else() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let ec = LabKey::ec(NamedCurve::P256, CurveEncoding::Named, &mut rng).unwrap();
        let rsa = LabKey::rsa(2048, &mut rng).unwrap();
        let mut cases = Vec::new();
        for hash in HashAlgorithm::ALL {
            cases.push((&ec, Scheme::Ecdsa(hash), SignatureAlgorithm::Ecdsa(hash)));
            cases.push((&rsa, Scheme::RsaPkcs1(hash), SignatureAlgorithm::RsaPkcs1v15(hash)));
            let mask_hash = HashAlgorithm::Sha256;
            let pss = Scheme::RsaPss { hash, mask: mask_hash, salt: 20 };
            cases.push((&rsa, pss, SignatureAlgorithm::RsaPss { hash, mask_hash, salt_length: 20 }));
        }
        let dsa: Vec<LabKey> = [HashAlgorithm::Sha1, HashAlgorithm::Sha224, HashAlgorithm::Sha256]
            .map(|hash| LabKey::dsa(hash, &mut rng).unwrap())
            .into();
        cases.extend(dsa.iter().map(|key| {
            let hash = key.usual().hash();
            (key, Scheme::Dsa(hash), SignatureAlgorithm::Dsa(hash))
        }));
        for (key, scheme, algorithm) in cases {
            let public = PublicKey::from_spki(&key.spki().unwrap()).unwrap();
            let signature = key.sign(scheme, b"message").unwrap();
            assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()), "{scheme:?}");
            assert_eq!(public.verify(algorithm, b"massage", &signature), Err(VerifyError::Invalid));
        }
    }
}
