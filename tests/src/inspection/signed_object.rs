//! EF.SOD, its signer and what it lists: `LDS_H`. The inspection succeeds when the card is accepted.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::com::Com;
use cccd_keys::algorithm::{HashAlgorithm, oids};
use cccd_keys::asn1::{self, tag};
use cccd_verifier::policy::WeakAlgorithms;
use cccd_virtual_chip::lab::{File, every_data_group};
use jiff::tz::TimeZone;

use super::{Case, Plan};
use crate::attacks::base::{DG2, DG3};
use crate::laboratory::certificate::{
    RawCertificate, RawExtension, days_after, key_identifier, key_usage, name,
};
use crate::laboratory::chain::Chain;
use crate::laboratory::country::{LabCountry, Whose};
use crate::laboratory::keys::{LabKey, Scheme, hash_alone, md5, md5_with_rsa};
use crate::laboratory::signed::{RawHash, RawSigned};
use crate::laboratory::stage::Stage;

fn accepted(stage: Stage<'_>) -> Result<bool> {
    Ok(stage.show()?.told().0 == "accepted")
}

/// CSCA and signer of one kind, with this scheme for both and for EF.SOD; the groups by the same hash. SHA-1 is believed, as the
/// deprecated profile of these cases wants it.
fn signed_by(lab: &LabCountry, csca: Scheme, sod: Scheme) -> Result<bool> {
    let hash = sod.hash();
    let key = |scheme: Scheme, is_csca: bool| -> Result<Arc<LabKey>> {
        match scheme {
            Ecdsa(_) | EcdsaPlain(_) => lab.key(if is_csca { Whose::Csca } else { Whose::Signer }),
            Dsa(hash) => lab.dsa(hash),
            _ => lab.rsa(is_csca),
        }
    };
    let mut chain = Chain::new("VN", key(csca, true)?, key(sod, false)?, lab.issued)?;
    chain.csca.signed_by_scheme(csca);
    chain.signer.signed_by_scheme(csca);
    chain.crl.scheme = csca;
    let mut stage = Stage::signed_anew(lab)?;
    stage.chain = Some(chain);
    stage.hash = hash;
    if hash == Sha1 || csca.hash() == Sha1 {
        stage.policy.weak_algorithms = WeakAlgorithms::Accept;
    }
    stage.on_sod(move |signed| {
        signed.digest_algorithms = hash_alone(hash);
        let digest = hash.digest(&signed.content);
        for signer in &mut signed.signers {
            signer.digest_algorithm = hash_alone(hash);
            signer.set(oids::MESSAGE_DIGEST, asn1::tlv(tag::OCTET_STRING, &digest));
            signer.signed_by_scheme(sod);
        }
    });
    accepted(stage)
}

fn all_by(lab: &LabCountry, scheme: Scheme) -> Result<bool> {
    signed_by(lab, scheme, scheme)
}

/// The signer's certificate, written otherwise.
fn certificate(lab: &LabCountry, change: fn(&mut RawCertificate) -> Result<()>) -> Result<bool> {
    let mut stage = Stage::signed_anew(lab)?;
    change(&mut stage.chain()?.signer)?;
    accepted(stage)
}

/// EF.SOD, written otherwise.
fn sod(lab: &LabCountry, change: fn(&mut RawSigned)) -> Result<bool> {
    let mut stage = Stage::signed_by_rsa(lab)?;
    stage.on_sod(change);
    accepted(stage)
}

/// What is signed, written otherwise.
fn listed(lab: &LabCountry, change: fn(&mut crate::laboratory::signed::RawObject)) -> Result<bool> {
    let mut stage = Stage::signed_anew(lab)?;
    stage.on_content(change);
    accepted(stage)
}

/// EF.COM and EF.SOD list other groups; read thoroughly.
fn inconsistent(lab: &LabCountry, com: &[u8], change: fn(&mut Stage<'_>) -> Result<()>) -> Result<bool> {
    let mut stage = Stage::signed_anew(lab)?;
    let numbers: Vec<DataGroupNumber> =
        com.iter().map(|number| DataGroupNumber::new(u32::from(*number))).collect::<Result<_, _>>()?;
    stage.write(File::Com, Com::new(&numbers).to_bytes())?;
    stage.options = stage.options.clone().thorough(true);
    change(&mut stage)?;
    accepted(stage)
}

/// The signer's certificate is kept by the inspection system, and not in EF.SOD: of another state than ours, which always writes it.
fn signer_elsewhere(lab: &LabCountry) -> Result<bool> {
    let mut stage = Stage::signed_by_rsa(lab)?;
    "UTO".clone_into(&mut stage.policy.own_issuing_state);
    stage.keeps_signer = true;
    stage.on_sod(|sod| sod.certificates.clear());
    accepted(stage)
}

fn md5_in_the_certificate(certificate: &mut RawCertificate) -> Result<()> {
    certificate.inner_algorithm = md5_with_rsa();
    certificate.outer_algorithm = md5_with_rsa();
    Ok(())
}

use HashAlgorithm::{Sha1, Sha224, Sha256, Sha384, Sha512};
use Plan::Run;
use Scheme::{Dsa, Ecdsa, EcdsaPlain, RsaBare, RsaPkcs1};

/// In certificates the algorithm names its hash; `rsaEncryption` alone is of CMS.
fn bare(lab: &LabCountry, hash: HashAlgorithm) -> Result<bool> {
    signed_by(lab, RsaPkcs1(hash), RsaBare(hash))
}

pub(super) const CASES: &[Case] = &[
    ("LDS_H_01", Run(|lab| all_by(lab, RsaPkcs1(Sha1)))),
    ("LDS_H_02", Run(|lab| all_by(lab, Scheme::pss(Sha1)))),
    ("LDS_H_03", Run(|lab| all_by(lab, Scheme::pss(Sha256)))),
    ("LDS_H_04", Run(|lab| all_by(lab, RsaPkcs1(Sha224)))),
    ("LDS_H_05", Run(|lab| all_by(lab, RsaPkcs1(Sha256)))),
    ("LDS_H_06", Run(|lab| all_by(lab, RsaPkcs1(Sha384)))),
    ("LDS_H_07", Run(|lab| all_by(lab, RsaPkcs1(Sha512)))),
    ("LDS_H_09", Run(|lab| all_by(lab, Ecdsa(Sha1)))),
    ("LDS_H_10", Run(|lab| all_by(lab, EcdsaPlain(Sha1)))),
    ("LDS_H_11", Run(|lab| all_by(lab, EcdsaPlain(Sha224)))),
    ("LDS_H_12", Run(|lab| all_by(lab, EcdsaPlain(Sha256)))),
    ("LDS_H_13", Run(|lab| all_by(lab, EcdsaPlain(Sha384)))),
    ("LDS_H_14", Run(|lab| all_by(lab, EcdsaPlain(Sha512)))),
    ("LDS_H_15", Run(signer_elsewhere)),
    (
        "LDS_H_36",
        Run(|lab| {
            sod(lab, |sod| {
                sod.digest_algorithms = md5();
                for signer in &mut sod.signers {
                    signer.digest_algorithm = md5();
                    signer.algorithm = md5_with_rsa();
                }
            })
        }),
    ),
    ("LDS_H_45", Run(|lab| listed(lab, |object| object.hashes.push(RawHash::of(10, Sha256, b"nowhere"))))),
    (
        "LDS_H_46",
        Run(|lab| {
            listed(lab, |object| {
                if let Some(hash) = object.group(1) {
                    hash.number = asn1::integer(&[0xFF]);
                }
            })
        }),
    ),
    (
        "LDS_H_47",
        Run(|lab| {
            listed(lab, |object| {
                if let Some(hash) = object.group(2) {
                    hash.number.clear();
                }
            })
        }),
    ),
    (
        "LDS_H_50",
        Run(|lab| {
            certificate(lab, |certificate| {
                certificate.serial.clear();
                Ok(())
            })
        }),
    ),
    (
        "LDS_H_51",
        Run(|lab| {
            certificate(lab, |certificate| {
                certificate.inner_algorithm = Ecdsa(Sha384).identifier();
                Ok(())
            })
        }),
    ),
    (
        "LDS_H_52",
        Run(|lab| {
            certificate(lab, |certificate| {
                certificate.inner_algorithm.clear();
                Ok(())
            })
        }),
    ),
    (
        "LDS_H_54",
        Run(|lab| {
            certificate(lab, |certificate| {
                certificate.issuer = name("VN", "CSCA VN 777");
                Ok(())
            })
        }),
    ),
    (
        "LDS_H_55",
        Run(|lab| {
            certificate(lab, |certificate| {
                certificate.issuer.clear();
                Ok(())
            })
        }),
    ),
    (
        "LDS_H_56",
        Run(|lab| {
            let issued = lab.issued;
            let mut stage = Stage::signed_anew(lab)?;
            let long = |at: jiff::Timestamp| {
                let text = at.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%SZ").to_string();
                asn1::tlv(tag::GENERALIZED_TIME, text.as_bytes())
            };
            let signer = &mut stage.chain()?.signer;
            signer.not_before = long(issued);
            signer.not_after = long(days_after(issued, 4_000)?);
            accepted(stage)
        }),
    ),
    (
        "LDS_H_57",
        Run(|lab| {
            certificate(lab, |certificate| {
                certificate.not_before.clear();
                certificate.not_after.clear();
                Ok(())
            })
        }),
    ),
    (
        "LDS_H_58",
        Run(|lab| {
            let mut stage = Stage::signed_by_rsa(lab)?;
            let signer = &mut stage.chain()?.signer;
            let mut fields = asn1::Reader::new(&signer.spki).sequence("a key")?;
            fields.any()?;
            let key = fields.any()?.raw.to_vec();
            signer.spki = asn1::sequence(&[&md5_with_rsa(), &key]);
            accepted(stage)
        }),
    ),
    (
        "LDS_H_59",
        Run(|lab| {
            certificate(lab, |certificate| {
                certificate.spki.clear();
                Ok(())
            })
        }),
    ),
    (
        "LDS_H_60",
        Run(|lab| {
            certificate(lab, |certificate| {
                // The issuer's name and serial number in place of the identifier of its key.
                let issuer = asn1::tlv(tag::context(4), &certificate.issuer);
                let value = asn1::sequence(&[
                    &asn1::tlv(tag::context(1), &issuer),
                    &asn1::tlv(tag::context_primitive(2), &[1]),
                ]);
                certificate.with(RawExtension::new(oids::AUTHORITY_KEY_IDENTIFIER, false, value));
                Ok(())
            })
        }),
    ),
    (
        "LDS_H_61",
        Run(|lab| {
            certificate(lab, |certificate| {
                certificate.without(oids::AUTHORITY_KEY_IDENTIFIER);
                Ok(())
            })
        }),
    ),
    (
        "LDS_H_62",
        Run(|lab| {
            certificate(lab, |certificate| {
                certificate.with(RawExtension { critical: false, ..key_usage(0x80) });
                Ok(())
            })
        }),
    ),
    (
        "LDS_H_63",
        Run(|lab| {
            certificate(lab, |certificate| {
                certificate.with(key_usage(0x40));
                Ok(())
            })
        }),
    ),
    (
        "LDS_H_64",
        Run(|lab| {
            certificate(lab, |certificate| {
                certificate.without(oids::KEY_USAGE);
                Ok(())
            })
        }),
    ),
    ("LDS_H_65", Run(|lab| certificate(lab, md5_in_the_certificate))),
    (
        "LDS_H_66",
        Run(|lab| {
            certificate(lab, |certificate| {
                certificate.outer_algorithm.clear();
                Ok(())
            })
        }),
    ),
    (
        "LDS_H_69",
        Run(|lab| {
            let mut stage = Stage::signed_anew(lab)?;
            stage.on_content(|object| {
                if let Some(hash) = object.group(2) {
                    *hash = RawHash::of(2, Sha256, b"another portrait");
                }
            });
            let mut file = stage.file(DG2)?;
            *file.last_mut().context("no DG2")? ^= 0xFF;
            stage.write(DG2, file)?;
            accepted(stage)
        }),
    ),
    ("LDS_H_70", Run(|lab| all_by(lab, Ecdsa(Sha224)))),
    ("LDS_H_71", Run(|lab| all_by(lab, Ecdsa(Sha256)))),
    ("LDS_H_72", Run(|lab| all_by(lab, Ecdsa(Sha384)))),
    ("LDS_H_73", Run(|lab| all_by(lab, Ecdsa(Sha512)))),
    (
        "LDS_H_74",
        Run(|lab| {
            let mut stage = Stage::signed_anew(lab)?;
            stage.hash = Sha512;
            accepted(stage)
        }),
    ),
    ("LDS_H_75", Run(|lab| signed_by(lab, Scheme::pss(Sha256), RsaPkcs1(Sha256)))),
    ("LDS_H_76", Run(|lab| signed_by(lab, RsaPkcs1(Sha256), Scheme::pss(Sha256)))),
    ("LDS_H_77", Run(|lab| signed_by(lab, Ecdsa(Sha256), Scheme::pss(Sha256)))),
    ("LDS_H_78", Run(|lab| signed_by(lab, Scheme::pss(Sha512), Ecdsa(Sha256)))),
    ("LDS_H_79", Run(|lab| bare(lab, Sha1))),
    ("LDS_H_80", Run(|lab| bare(lab, Sha224))),
    ("LDS_H_81", Run(|lab| bare(lab, Sha256))),
    ("LDS_H_82", Run(|lab| bare(lab, Sha384))),
    ("LDS_H_83", Run(|lab| bare(lab, Sha512))),
    ("LDS_H_84", Run(|lab| sod(lab, |sod| sod.signers.iter_mut().for_each(|signer| signer.version = 3)))),
    (
        "LDS_H_85",
        Run(|lab| {
            let mut stage = Stage::signed_anew(lab)?;
            let id = key_identifier(&stage.chain()?.signer.spki)?;
            stage.on_signer(move |signer| signer.sid = asn1::tlv(tag::context_primitive(0), &id));
            accepted(stage)
        }),
    ),
    (
        "LDS_H_90",
        Run(|lab| {
            inconsistent(lab, &[1, 2, 13, 14, 15], |stage| {
                let dg3 = every_data_group(None, None).into_iter().find(|(file, _)| *file == DG3);
                stage.write(DG3, dg3.context("no DG3")?.1)
            })
        }),
    ),
    (
        "LDS_H_91",
        Run(|lab| {
            inconsistent(lab, &[1, 2, 3, 13, 14, 15], |stage| {
                stage.on_content(|object| object.hashes.retain(|hash| hash.group != 2));
                Ok(())
            })
        }),
    ),
    (
        "LDS_H_92",
        Run(|lab| {
            inconsistent(lab, &[1, 2, 13, 14, 15], |stage| {
                stage.on_content(|object| object.hashes.retain(|hash| hash.group != 2));
                Ok(())
            })
        }),
    ),
    ("LDS_H_94", Run(|lab| all_by(lab, Scheme::pss(Sha224)))),
    ("LDS_H_95", Run(|lab| all_by(lab, Scheme::pss(Sha384)))),
    ("LDS_H_96", Run(|lab| all_by(lab, Scheme::pss(Sha512)))),
    ("LDS_H_97", Run(|lab| signed_by(lab, Dsa(Sha224), Dsa(Sha224)))),
    ("LDS_H_98", Run(|lab| signed_by(lab, Dsa(Sha256), Dsa(Sha256)))),
];
