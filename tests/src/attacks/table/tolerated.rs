//! What must pass: departures that are legitimate, or common in the field (class 0 of the table).

use anyhow::Context as _;
use cccd_card_profile::lds::card_access;
use cccd_card_profile::protocol::pace::PaceProtocol;
use cccd_keys::algorithm::{HashAlgorithm, oids};
use cccd_keys::asn1::{self, tag};
use cccd_virtual_chip::lab::File;
use const_oid::ObjectIdentifier;

use super::super::base::Base;
use super::super::{Expected, Variant};
use super::octets;
use crate::laboratory::certificate::{
    DIGITAL_SIGNATURE, RawExtension, basic_constraints, key_identifier, key_usage,
};
use crate::laboratory::chain::Chain;
use crate::laboratory::country::Whose;
use crate::laboratory::keys::{Scheme, hash_alone, hash_with_null};
use crate::laboratory::signed::RawAttribute;
use crate::laboratory::stage::Stage;

const fn tolerated(
    name: &'static str,
    told: &'static str,
    base: Base,
    change: fn(&mut Stage<'_>) -> anyhow::Result<()>,
) -> Variant {
    Variant { class: 0, name, told, base, expected: Expected::Accepted, change }
}

/// The content's digest by another hash than the signature's.
fn digested_by(stage: &mut Stage<'_>, hash: HashAlgorithm) {
    stage.on_sod(move |sod| {
        sod.digest_algorithms.extend(hash_alone(hash));
        let digest = hash.digest(&sod.content);
        for signer in &mut sod.signers {
            signer.digest_algorithm = hash_alone(hash);
            signer.set(oids::MESSAGE_DIGEST, octets(&digest));
        }
    });
}

pub(super) const VARIANTS: &[Variant] = &[
    tolerated(
        "ber",
        "a foreign EF.SOD is written with indefinite lengths (New Zealand)",
        Base::Passport,
        |stage| {
            stage.on_sod(|sod| sod.is_indefinite = true);
            Ok(())
        },
    ),
    tolerated(
        "certificate-from-elsewhere",
        "a foreign EF.SOD brings no certificate along; the verifier keeps its signer's out of the PKD",
        Base::Passport,
        |stage| {
            stage.keeps_signer = true;
            stage.on_sod(|sod| sod.certificates.clear());
            Ok(())
        },
    ),
    tolerated("padding", "zero octets follow EF.SOD", Base::SignedAnew, |stage| {
        stage.on_evidence(|evidence| {
            if let Some(sod) = &mut evidence.files.sod {
                sod.extend([0; 9]);
            }
        });
        Ok(())
    }),
    tolerated(
        "signer-by-key-identifier",
        "the SignerInfo is of version 3 and names the signer by its key identifier",
        Base::SignedAnew,
        |stage| {
            let id = key_identifier(&stage.chain()?.signer.spki)?;
            stage.on_signer(move |signer| {
                signer.version = 3;
                signer.sid = asn1::tlv(tag::context_primitive(0), &id);
            });
            Ok(())
        },
    ),
    tolerated("two-signers", "two signatures, and both hold", Base::SignedAnew, |stage| {
        stage.on_sod(|sod| {
            let again = sod.signers.clone();
            sod.signers.extend(again);
        });
        Ok(())
    }),
    tolerated(
        "csca-along",
        "EF.SOD brings the CSCA's certificate along as well",
        Base::SignedAnew,
        |stage| {
            let csca = stage.chain()?.make()?.csca;
            stage.on_sod(move |sod| sod.certificates.insert(0, csca));
            Ok(())
        },
    ),
    tolerated(
        "pss-and-pkcs1",
        "the signer's certificate is signed by RSASSA-PSS, EF.SOD by PKCS#1 v1.5 (Türkiye)",
        Base::SignedByRsa,
        |stage| {
            stage.on_signer(|signer| signer.signed_by_scheme(Scheme::RsaPkcs1(HashAlgorithm::Sha256)));
            Ok(())
        },
    ),
    tolerated(
        "rsa-encryption",
        "the signature algorithm is rsaEncryption alone, the digest algorithm names the hash (RFC 3370 §3.2)",
        Base::SignedByRsa,
        |stage| {
            stage.on_signer(|signer| signer.signed_by_scheme(Scheme::RsaBare(HashAlgorithm::Sha256)));
            Ok(())
        },
    ),
    tolerated(
        "pss-two-hashes",
        "RSASSA-PSS with SHA-512, a mask of SHA-256 and 20 octets of salt, as its parameters say",
        Base::SignedByRsa,
        |stage| {
            let (hash, mask) = (HashAlgorithm::Sha512, HashAlgorithm::Sha256);
            stage.on_signer(move |signer| signer.signed_by_scheme(Scheme::RsaPss { hash, mask, salt: 20 }));
            Ok(())
        },
    ),
    tolerated(
        "other-digest-of-the-content",
        "the content is digested by SHA-384, the signature hashes by SHA-256",
        Base::SignedAnew,
        |stage| {
            digested_by(stage, HashAlgorithm::Sha384);
            Ok(())
        },
    ),
    tolerated(
        "other-digest-of-the-groups",
        "the data groups are digested by SHA-512",
        Base::SignedAnew,
        |stage| {
            stage.hash = HashAlgorithm::Sha512;
            Ok(())
        },
    ),
    tolerated(
        "null-parameters",
        "the digest algorithms have NULL parameters (RFC 5754 §2)",
        Base::SignedAnew,
        |stage| {
            stage.on_content(|object| object.algorithm = hash_with_null(HashAlgorithm::Sha256));
            stage.on_signer(|signer| signer.digest_algorithm = hash_with_null(HashAlgorithm::Sha256));
            Ok(())
        },
    ),
    tolerated("no-signing-time", "there is no signing time", Base::SignedAnew, |stage| {
        stage.on_signer(|signer| signer.without(oids::SIGNING_TIME));
        Ok(())
    }),
    tolerated(
        "further-attribute",
        "a further attribute is signed that nobody knows",
        Base::SignedAnew,
        |stage| {
            stage.on_signer(|signer| {
                let oid = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.99999.3");
                let attribute = RawAttribute { oid, values: asn1::tlv(tag::NULL, &[]) };
                signer.attributes.get_or_insert_default().push(attribute);
            });
            Ok(())
        },
    ),
    tolerated(
        "lds-1.8",
        "the list of digests is of version 1 and tells LDS 1.8",
        Base::SignedAnew,
        |stage| {
            stage.on_content(|object| {
                object.version = asn1::integer(&[1]);
                object.version_info = Some(("0108".to_owned(), "040000".to_owned()));
            });
            Ok(())
        },
    ),
    tolerated(
        "basic-constraints",
        "the signer's certificate says that it is no authority, where the profile says nothing",
        Base::SignedAnew,
        |stage| {
            stage.chain()?.signer.with(basic_constraints(false, None));
            Ok(())
        },
    ),
    tolerated(
        "csca-path-length",
        "the CSCA sets no path length, where the profile says 0",
        Base::SignedAnew,
        |stage| {
            stage.chain()?.csca.with(basic_constraints(true, None));
            Ok(())
        },
    ),
    tolerated(
        "no-private-key-usage",
        "the signer's certificate does not say when its key signs",
        Base::SignedAnew,
        |stage| {
            stage.chain()?.signer.without(oids::PRIVATE_KEY_USAGE_PERIOD);
            Ok(())
        },
    ),
    tolerated("lower-case-country", "the country's code is in lower case", Base::SignedAnew, |stage| {
        let (csca, signer) = (stage.lab.key(Whose::Csca)?, stage.lab.key(Whose::Signer)?);
        stage.chain = Some(Chain::new("vn", csca, signer, stage.lab.issued)?);
        Ok(())
    }),
    tolerated("dsa", "EF.SOD is signed by DSA", Base::SignedAnew, |stage| {
        let (csca, signer) = (stage.lab.key(Whose::Csca)?, stage.lab.dsa(HashAlgorithm::Sha256)?);
        stage.chain = Some(Chain::new("VN", csca, signer, stage.lab.issued)?);
        Ok(())
    }),
    tolerated(
        "less-announced",
        "EF.CardAccess announces less than DG14 and EF.CardSecurity repeat",
        Base::MappedBeside,
        |stage| {
            let mapping = PaceProtocol::from_name("ECDH-CAM-AES-128").context("no such protocol")?;
            let mut infos = card_access::parse(&stage.file(File::CardAccess)?)?;
            infos.infos.retain(|info| info.protocol() != Some(mapping.oid()));
            stage.write(File::CardAccess, card_access::to_bytes(&infos))
        },
    ),
    tolerated(
        "plain-ecdsa",
        "EF.SOD is signed by plain ECDSA, under the identifiers of the BSI (TR-03111 §5.2.1)",
        Base::SignedAnew,
        |stage| {
            stage.on_signer(|signer| signer.signed_by_scheme(Scheme::EcdsaPlain(HashAlgorithm::Sha256)));
            Ok(())
        },
    ),
    tolerated(
        "sunset-to-come",
        "the policy says that ECDSA on 256 bits shows nothing from tomorrow on",
        Base::SignedAnew,
        |stage| {
            stage.policy.sunsets.push("ecdsa-256:2026-11-22".parse()?);
            Ok(())
        },
    ),
    tolerated(
        "foreign-key-usage",
        "the keyUsage of a foreign signer is not critical",
        Base::Passport,
        |stage| {
            stage.chain()?.signer.with(RawExtension { critical: false, ..key_usage(DIGITAL_SIGNATURE) });
            Ok(())
        },
    ),
    tolerated(
        "older-list-beside",
        "an older list, stale by now, lies beside the one in force",
        Base::OwnList,
        |stage| {
            let chain = stage.chain()?;
            let mut older = chain.crl.clone();
            older.this_update = older.this_update.checked_sub(jiff::SignedDuration::from_hours(2400))?;
            older.next_update = Some(older.this_update.checked_add(jiff::SignedDuration::from_hours(24))?);
            let older = older.sign(&chain.csca_key)?;
            stage.crls.push(older);
            Ok(())
        },
    ),
];
