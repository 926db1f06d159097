//! Classes 9 to 13: EF.SOD itself.

use cccd_keys::algorithm::{HashAlgorithm, oids};
use cccd_keys::asn1::{self, tag};
use cccd_verifier::Check::{DataGroupHashes, SignerChain, SodSignature};
use cccd_verifier::Reason;
use const_oid::ObjectIdentifier;

use super::super::Variant;
use super::super::base::{Base, DG1};
use super::{lds_content_type, octets, refused, replaced, undetermined};
use crate::laboratory::country::Whose;
use crate::laboratory::keys::{Scheme, hash_alone, md5, md5_with_rsa};
use crate::laboratory::signed::{RawAttribute, RawHash};

/// id-data, which some states write.
const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
/// id-icao-cscaMasterList.
const MASTER_LIST: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.136.1.1.2");
/// The first octets of P-256's generator.
const GENERATOR: [u8; 8] = [0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47];
/// The last octets of its prime, in explicit parameters.
const PRIME: [u8; 13] = [0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];

fn other_generator(spki: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut other = GENERATOR;
    if let Some(octet) = other.get_mut(3) {
        *octet ^= 1;
    }
    replaced(spki, &GENERATOR, &other)
}

/// Another signed content type, in both places.
fn typed(sod: &mut crate::laboratory::signed::RawSigned, oid: ObjectIdentifier) {
    sod.content_type = oid;
    for signer in &mut sod.signers {
        signer.set(oids::CONTENT_TYPE, asn1::oid(&oid));
    }
}

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        class: 9,
        name: "other-message-digest",
        told: "the signed messageDigest is of another content",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::MessageDigestMismatch),
        change: |stage| {
            stage.on_signer(|signer| {
                signer.set(oids::MESSAGE_DIGEST, octets(&HashAlgorithm::Sha256.digest(b"another")));
            });
            Ok(())
        },
    },
    Variant {
        class: 9,
        name: "other-content-type",
        told: "the signed contentType is another than the content's",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::ContentTypeMismatch),
        change: |stage| {
            stage.on_signer(|signer| signer.set(oids::CONTENT_TYPE, asn1::oid(&ID_DATA)));
            Ok(())
        },
    },
    Variant {
        class: 9,
        name: "no-message-digest",
        told: "there is no messageDigest among the signed attributes",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::UnsignedContent),
        change: |stage| {
            stage.on_signer(|signer| signer.without(oids::MESSAGE_DIGEST));
            Ok(())
        },
    },
    Variant {
        class: 9,
        name: "no-content-type",
        told: "there is no contentType among the signed attributes",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::UnsignedContent),
        change: |stage| {
            stage.on_signer(|signer| signer.without(oids::CONTENT_TYPE));
            Ok(())
        },
    },
    Variant {
        class: 9,
        name: "no-signed-attributes",
        told: "the content is signed without attributes",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::UnsignedContent),
        change: |stage| {
            stage.on_signer(|signer| signer.attributes = None);
            Ok(())
        },
    },
    Variant {
        class: 9,
        name: "two-message-digests",
        told: "messageDigest stands twice, of the content and of another",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::MalformedData),
        change: |stage| {
            stage.on_signer(|signer| {
                let values = octets(&HashAlgorithm::Sha256.digest(b"another"));
                let second = RawAttribute { oid: oids::MESSAGE_DIGEST, values };
                signer.attributes.get_or_insert_default().push(second);
            });
            Ok(())
        },
    },
    Variant {
        class: 9,
        name: "two-values",
        told: "contentType has two values",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::MalformedData),
        change: |stage| {
            stage.on_signer(|signer| {
                let both = [lds_content_type(), asn1::oid(&ID_DATA)].concat();
                signer.set(oids::CONTENT_TYPE, both);
            });
            Ok(())
        },
    },
    Variant {
        class: 9,
        name: "nobody-signed",
        told: "there is no SignerInfo",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::UnsignedContent),
        change: |stage| {
            stage.on_sod(|sod| sod.signers.clear());
            Ok(())
        },
    },
    Variant {
        class: 10,
        name: "id-data",
        told: "the content is of type id-data, in both places",
        base: Base::SignedAnew,
        expected: undetermined(SodSignature, Reason::ContentTypeMismatch),
        change: |stage| {
            stage.on_sod(|sod| typed(sod, ID_DATA));
            Ok(())
        },
    },
    Variant {
        class: 10,
        name: "master-list",
        told: "the content is of the type of a master list, in both places",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::ContentTypeMismatch),
        change: |stage| {
            stage.on_sod(|sod| typed(sod, MASTER_LIST));
            Ok(())
        },
    },
    Variant {
        class: 10,
        name: "security-object",
        told: "EF.CardSecurity's content type, in both places",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::ContentTypeMismatch),
        change: |stage| {
            stage.on_sod(|sod| {
                typed(sod, cccd_card_profile::lds::card_security::ID_SECURITY_OBJECT);
            });
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "flipped-signature",
        told: "one bit of the signature is another",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::SignatureInvalid),
        change: |stage| {
            stage.on_signer(|signer| signer.is_broken = true);
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "other-hash-announced",
        told: "signed with SHA-256, announced as SHA-384",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::SignatureInvalid),
        change: |stage| {
            stage.on_signer(|signer| signer.algorithm = Scheme::Ecdsa(HashAlgorithm::Sha384).identifier());
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "pkcs1-announced-as-pss",
        told: "signed by PKCS#1 v1.5, announced as RSASSA-PSS",
        base: Base::SignedByRsa,
        expected: refused(SodSignature, Reason::SignatureInvalid),
        change: |stage| {
            stage.on_signer(|signer| signer.scheme = Scheme::RsaPkcs1(HashAlgorithm::Sha256));
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "pss-announced-as-pkcs1",
        told: "signed by RSASSA-PSS, announced as PKCS#1 v1.5",
        base: Base::SignedByRsa,
        expected: refused(SodSignature, Reason::SignatureInvalid),
        change: |stage| {
            stage.on_signer(|signer| {
                signer.algorithm = Scheme::RsaPkcs1(HashAlgorithm::Sha256).identifier();
            });
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "pss-other-salt",
        told: "the parameters announce 20 octets of salt, the signature has 32",
        base: Base::SignedByRsa,
        expected: refused(SodSignature, Reason::SignatureInvalid),
        change: |stage| {
            let (hash, mask) = (HashAlgorithm::Sha256, HashAlgorithm::Sha256);
            stage.on_signer(move |signer| {
                signer.algorithm = Scheme::RsaPss { hash, mask, salt: 20 }.identifier();
            });
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "pss-other-mask",
        told: "the parameters announce MGF1 with SHA-384, the signature has SHA-256",
        base: Base::SignedByRsa,
        expected: refused(SodSignature, Reason::SignatureInvalid),
        change: |stage| {
            let (hash, mask) = (HashAlgorithm::Sha256, HashAlgorithm::Sha384);
            stage.on_signer(move |signer| {
                signer.algorithm = Scheme::RsaPss { hash, mask, salt: 32 }.identifier();
            });
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "pss-without-parameters",
        told: "RSASSA-PSS is announced without parameters",
        base: Base::SignedByRsa,
        expected: undetermined(SodSignature, Reason::UnknownAlgorithm),
        change: |stage| {
            stage.on_signer(|signer| signer.algorithm = asn1::sequence(&[&asn1::oid(&oids::RSA_PSS)]));
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "ecdsa-for-an-rsa-key",
        told: "ECDSA is announced, the signer's key is RSA",
        base: Base::SignedByRsa,
        expected: refused(SodSignature, Reason::SignatureInvalid),
        change: |stage| {
            stage.on_signer(|signer| signer.algorithm = Scheme::Ecdsa(HashAlgorithm::Sha256).identifier());
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "md5",
        told: "MD5 with RSA is announced",
        base: Base::SignedByRsa,
        expected: undetermined(SodSignature, Reason::UnknownAlgorithm),
        change: |stage| {
            stage.on_sod(|sod| {
                sod.digest_algorithms = md5();
                for signer in &mut sod.signers {
                    signer.digest_algorithm = md5();
                    signer.algorithm = md5_with_rsa();
                }
            });
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "sha-1",
        told: "signed with SHA-1",
        base: Base::SignedByRsa,
        expected: undetermined(SodSignature, Reason::WeakAlgorithm),
        change: |stage| {
            stage.on_signer(|signer| signer.signed_by_scheme(Scheme::pss(HashAlgorithm::Sha1)));
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "sha-1-of-the-content",
        told: "messageDigest is a SHA-1 of the content",
        base: Base::SignedAnew,
        expected: undetermined(SodSignature, Reason::WeakAlgorithm),
        change: |stage| {
            stage.on_sod(|sod| {
                sod.digest_algorithms = hash_alone(HashAlgorithm::Sha1);
                let digest = HashAlgorithm::Sha1.digest(&sod.content);
                for signer in &mut sod.signers {
                    signer.digest_algorithm = hash_alone(HashAlgorithm::Sha1);
                    signer.set(oids::MESSAGE_DIGEST, octets(&digest));
                }
            });
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "sha-1-of-the-groups",
        told: "the data groups are hashed by SHA-1",
        base: Base::SignedAnew,
        expected: undetermined(DataGroupHashes, Reason::WeakAlgorithm),
        change: |stage| {
            stage.hash = HashAlgorithm::Sha1;
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "digest-not-announced",
        told: "digestAlgorithms does not name the signer's digest",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::MalformedData),
        change: |stage| {
            stage.on_sod(|sod| sod.digest_algorithms = hash_alone(HashAlgorithm::Sha512));
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "past-its-sunset",
        told: "the policy says that ECDSA on 256 bits shows nothing since yesterday",
        base: Base::SignedAnew,
        expected: undetermined(SodSignature, Reason::AlgorithmSunset),
        change: |stage| {
            stage.policy.sunsets.push("ecdsa-256:2026-11-20".parse()?);
            Ok(())
        },
    },
    Variant {
        class: 11,
        name: "rsa-past-its-sunset",
        told: "the policy says that RSA of 2048 bits shows nothing since today",
        base: Base::SignedByRsa,
        expected: undetermined(SodSignature, Reason::AlgorithmSunset),
        change: |stage| {
            stage.policy.sunsets.push("rsa-2048:2026-11-21".parse()?);
            Ok(())
        },
    },
    Variant {
        class: 12,
        name: "chosen-generator",
        told: "the signer's key has explicit parameters with another generator",
        base: Base::SignedAnew,
        expected: undetermined(SodSignature, Reason::UnknownAlgorithm),
        change: |stage| {
            let chain = stage.chain()?;
            chain.signer.spki = other_generator(&chain.signer.spki)?;
            Ok(())
        },
    },
    Variant {
        class: 12,
        name: "chosen-generator-of-the-csca",
        told: "EF.SOD brings a CSCA along with the trusted point and another generator (CVE-2020-0601)",
        base: Base::Pinned,
        expected: refused(SignerChain, Reason::ChainNotTrusted),
        change: |stage| {
            let impostor = stage.lab.key(Whose::Impostor)?;
            let chain = stage.chain()?;
            let mut csca = chain.csca.clone();
            csca.spki = other_generator(&csca.spki)?;
            let csca = csca.sign(&impostor)?;
            chain.issuer_key = impostor;
            stage.on_sod(move |sod| sod.certificates.push(csca));
            Ok(())
        },
    },
    Variant {
        class: 12,
        name: "composite-modulus",
        told: "the signer's key has explicit parameters with an even modulus (CVE-2022-0778)",
        base: Base::SignedAnew,
        expected: undetermined(SodSignature, Reason::UnknownAlgorithm),
        change: |stage| {
            let mut other = PRIME;
            if let Some(octet) = other.last_mut() {
                *octet = 0xFE;
            }
            let chain = stage.chain()?;
            chain.signer.spki = replaced(&chain.signer.spki, &PRIME, &other)?;
            Ok(())
        },
    },
    Variant {
        class: 13,
        name: "trailing-bytes",
        told: "bytes follow EF.SOD that are no padding",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::MalformedData),
        change: |stage| {
            // The reader takes what the file's own length says; the bytes come with evidence from elsewhere.
            stage.on_evidence(|evidence| {
                if let Some(sod) = &mut evidence.files.sod {
                    sod.extend([0xDE, 0xAD]);
                }
            });
            Ok(())
        },
    },
    Variant {
        class: 13,
        name: "cut-short",
        told: "EF.SOD is cut short",
        base: Base::Genuine,
        expected: refused(SodSignature, Reason::MalformedData),
        change: |stage| Ok(stage.bench.truncate(super::super::base::SOD, 300)?),
    },
    Variant {
        class: 13,
        name: "long-length-inside",
        told: "the signed list of digests writes its length in five octets",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::MalformedData),
        change: |stage| {
            stage.on_sod(|sod| {
                let mut inside = asn1::Reader::new(&sod.content);
                let Ok(element) = inside.any() else { return };
                let length = u32::try_from(element.content.len()).unwrap_or_default().to_be_bytes();
                let long = [&[0x30, 0x84][..], &length, element.content].concat();
                let digest = HashAlgorithm::Sha256.digest(&long);
                sod.content = long;
                for signer in &mut sod.signers {
                    signer.set(oids::MESSAGE_DIGEST, octets(&digest));
                }
            });
            Ok(())
        },
    },
    Variant {
        class: 13,
        name: "duplicate-number",
        told: "DG1 is listed twice, with the right digest and with another",
        base: Base::SignedAnew,
        expected: refused(DataGroupHashes, Reason::MalformedData),
        change: |stage| {
            stage.on_content(|object| {
                object.hashes.push(RawHash::of(1, HashAlgorithm::Sha256, b"another"));
            });
            Ok(())
        },
    },
    Variant {
        class: 13,
        name: "number-17",
        told: "a group of the number 17 is listed",
        base: Base::SignedAnew,
        expected: refused(DataGroupHashes, Reason::MalformedData),
        change: |stage| {
            stage.on_content(|object| object.hashes.push(RawHash::of(17, HashAlgorithm::Sha256, b"17")));
            Ok(())
        },
    },
    Variant {
        class: 13,
        name: "long-length-of-dg1",
        told: "DG1 writes its length in three octets: another file with the same content",
        base: Base::Genuine,
        expected: refused(DataGroupHashes, Reason::HashMismatch),
        change: |stage| {
            let file = stage.file(DG1)?;
            let content = file.get(2..).unwrap_or_default();
            let length = u16::try_from(content.len())?.to_be_bytes();
            stage.write(DG1, [&[0x61, 0x82][..], &length, content].concat())
        },
    },
    Variant {
        class: 13,
        name: "indefinite-without-end",
        told: "EF.SOD opens two hundred encodings of indefinite length and closes none",
        base: Base::Genuine,
        expected: refused(SodSignature, Reason::MalformedData),
        change: |stage| {
            stage.on_evidence(|evidence| {
                evidence.files.sod = Some([vec![0x77, 0x80], [0x30, 0x80].repeat(200)].concat());
            });
            Ok(())
        },
    },
    Variant {
        class: 13,
        name: "indefinite-lengths",
        told: "our EF.SOD is written with indefinite lengths, which our signers never write",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::MalformedData),
        change: |stage| {
            stage.on_sod(|sod| sod.is_indefinite = true);
            Ok(())
        },
    },
    Variant {
        class: 13,
        name: "trailing-in-the-content",
        told: "an element follows the list of digests, inside what is signed",
        base: Base::SignedAnew,
        expected: refused(SodSignature, Reason::MalformedData),
        change: |stage| {
            stage.on_sod(|sod| {
                sod.content.extend(asn1::tlv(tag::NULL, &[]));
                let digest = HashAlgorithm::Sha256.digest(&sod.content);
                for signer in &mut sod.signers {
                    signer.set(oids::MESSAGE_DIGEST, octets(&digest));
                }
            });
            Ok(())
        },
    },
];
