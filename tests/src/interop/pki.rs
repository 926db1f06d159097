//! What our PKI signs, checked by `BouncyCastle` and OpenSSL: certificates of CSCA, link, Document Signer and Master List
//! Signer, CRL, EF.SOD and master list; with explicit curve parameters, and the same with named curves.
//!
//! OpenSSL refuses explicit parameters in a chain, so there it checks the CRL and the signed data only.

use std::path::Path;
use std::process::{Command as Process, Output};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use cccd_keys::algorithm::oids;
use cccd_keys::asn1::Reader;
use cccd_keys::certificate::{
    Certificate, CertificateOptions, CscaProfile, DocumentSignerProfile, LinkProfile,
    MasterListSignerProfile, SigningKeyValidity,
};
use cccd_keys::crl::{CertificateRevocationList, RevokedCertificate};
use cccd_keys::curve::CurveEncoding;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::signer::{Signer as _, SoftwareKey};
use cccd_keys::{asn1, master_list, sod};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;

use super::peer::Peer;
use super::readers;
use super::table::Table;

const BOUNCY_CASTLE: &str = "BouncyCastle 1.84";
const OPENSSL: &str = "OpenSSL";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// An encoded `LDSSecurityObject` stands in an EF.SOD; to whoever checks signatures it is octets.
const CONTENT: &[u8] = b"\x30\x03\x02\x01\x00";

/// Both peers, both profiles, both ways to write a curve.
pub fn run(table: &mut Table, at: Timestamp, rng: &mut dyn CryptoRng) {
    let mut java = readers::start_jmrtd();
    for profile in [AlgorithmProfile::Cccd, AlgorithmProfile::P256] {
        for encoding in [CurveEncoding::Explicit, CurveEncoding::Named] {
            let way = match encoding {
                CurveEncoding::Explicit => "explicit",
                CurveEncoding::Named => "named",
            };
            let line = |what: &str| format!("PKI {} {way}: {what}", profile.name());
            let pki = match Pki::make(profile, encoding, at, rng) {
                Ok(pki) => pki,
                Err(error) => {
                    table.result(BOUNCY_CASTLE, &line("made"), Err(error));
                    continue;
                }
            };
            let chain = line("CSCA, link, signers, CRL");
            let signed = line("EF.SOD, master list");
            match &mut java {
                Ok(java) => {
                    table.result(BOUNCY_CASTLE, &chain, paths_by_bouncy_castle(java, &pki));
                    table.result(BOUNCY_CASTLE, &signed, signed_data_by_bouncy_castle(java, &pki));
                }
                Err(error) => table.skip(BOUNCY_CASTLE, &[&chain, &signed], &format!("{error:#}")),
            }
            if encoding == CurveEncoding::Named {
                table.result(OPENSSL, &chain, paths_by_openssl(&pki));
            }
            table.result(OPENSSL, &line("CRL"), list_by_openssl(&pki));
            table.result(OPENSSL, &signed, signed_data_by_openssl(&pki, encoding));
        }
    }
}

/// Two generations of an authority of one name, and what they signed.
struct Pki {
    at: Timestamp,
    old: Certificate,
    new: Certificate,
    link: Certificate,
    /// Under the old key, under the new one, and one that is revoked.
    old_signer: Certificate,
    new_signer: Certificate,
    revoked_signer: Certificate,
    list_signer: Certificate,
    /// By the new key, for both.
    crl: CertificateRevocationList,
    /// `SignedData` under the old and the new signer.
    objects: [Vec<u8>; 2],
    master_list: Vec<u8>,
}

impl Pki {
    fn make(
        profile: AlgorithmProfile,
        encoding: CurveEncoding,
        at: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self> {
        let options = CertificateOptions::for_country("VN")?;
        let mut key = |hash| SoftwareKey::generate(profile.curve(), hash, encoding, rng);
        let (old_key, new_key) = (key(profile.certificate_hash())?, key(profile.certificate_hash())?);
        let signer_keys = [
            key(profile.document_hash())?,
            key(profile.document_hash())?,
            key(profile.document_hash())?,
            key(profile.certificate_hash())?,
        ];
        let ago = |days: i32| at.checked_sub(DAY * days);
        let old = CscaProfile::new(options.clone(), 1, SigningKeyValidity::csca(ago(1500)?)?)?
            .issue(&old_key, rng)?;
        let new = CscaProfile::succeeding(options.clone(), &old, SigningKeyValidity::csca(ago(40)?)?)?
            .issue(&new_key, rng)?;
        let link = LinkProfile::new(options.clone(), &old, &new)?.issue(
            new_key.public_key().spki(),
            &old_key,
            rng,
        )?;
        let [old_signer_key, new_signer_key, revoked_key, list_key] = &signer_keys;
        let mut signer = |authority: &Certificate, authority_key: &SoftwareKey, key: &SoftwareKey, days| {
            let validity = SigningKeyValidity::document_signer(ago(days)?)?;
            let profile = DocumentSignerProfile::new(options.clone(), authority, 1, validity)?;
            anyhow::Ok(profile.issue(key.public_key().spki(), authority_key, rng)?)
        };
        let old_signer = signer(&old, &old_key, old_signer_key, 60)?;
        let new_signer = signer(&new, &new_key, new_signer_key, 30)?;
        let revoked_signer = signer(&new, &new_key, revoked_key, 20)?;
        let validity = SigningKeyValidity::document_signer(ago(10)?)?;
        let list_signer = MasterListSignerProfile::new(options, &new, 1, validity)?.issue(
            list_key.public_key().spki(),
            &new_key,
            rng,
        )?;
        let revoked = RevokedCertificate {
            serial: asn1::shortest(revoked_signer.serial()).to_vec(),
            date: ago(5)?,
            reason: Some(1),
        };
        let crl = CertificateRevocationList::issue(&new, &new_key, 7, ago(1)?, DAY * 30, &[revoked])?;
        let object = |certificate: &Certificate, key: &SoftwareKey| {
            let file = sod::sign(CONTENT, certificate, key, at)?;
            // The ContentInfo inside the tag 77.
            anyhow::Ok(Reader::new(&file).any()?.content.to_vec())
        };
        let objects = [object(&old_signer, old_signer_key)?, object(&new_signer, new_signer_key)?];
        let listed = [old.clone(), new.clone(), link.clone()];
        let master_list = master_list::sign(&listed, &list_signer, &new, list_key, at)?;
        Ok(Self {
            at,
            old,
            new,
            link,
            old_signer,
            new_signer,
            revoked_signer,
            list_signer,
            crl,
            objects,
            master_list,
        })
    }
}

fn paths_by_bouncy_castle(java: &mut Peer, pki: &Pki) -> Result<String> {
    let mut path = |anchor: &Certificate, chain: &[&Certificate], crl: bool| {
        // The list's signer, as this anchor vouches for it.
        let known = if anchor == &pki.old { &pki.link } else { &pki.new };
        let chain: Vec<String> = chain.iter().map(|one| hex::encode(one.der())).collect();
        let mut request = format!(
            "path at={} anchor={} chain={}",
            pki.at.as_second(),
            hex::encode(anchor.der()),
            chain.join(",")
        );
        if crl {
            request += &format!(" crl={} known={}", hex::encode(pki.crl.der()), hex::encode(known.der()));
        }
        java.result(&request)
    };
    path(&pki.old, &[&pki.old_signer], true).context("signer under the old CSCA, with the new key's CRL")?;
    path(&pki.new, &[&pki.new_signer], true).context("signer under the new CSCA, with the CRL")?;
    path(&pki.old, &[&pki.new_signer, &pki.link], false).context("signer over the link certificate")?;
    path(&pki.new, &[&pki.list_signer], true).context("Master List Signer, with the CRL")?;
    ensure!(path(&pki.old, &[&pki.new_signer], false).is_err(), "no link is needed");
    path(&pki.new, &[&pki.revoked_signer], false).context("revoked signer, without the CRL")?;
    ensure!(path(&pki.new, &[&pki.revoked_signer], true).is_err(), "the revoked signer is believed");
    let count = java.result(&format!(
        "crl content={} issuer={}",
        hex::encode(pki.crl.der()),
        hex::encode(pki.new.der())
    ))?;
    ensure!(count == "1", "it counts {count} revoked");
    Ok("4 paths; without the link and with a revoked signer refused".to_owned())
}

fn signed_data_by_bouncy_castle(java: &mut Peer, pki: &Pki) -> Result<String> {
    for object in &pki.objects {
        let content = java.result(&format!("cms content={}", hex::encode(object)))?;
        ensure!(
            content == format!("{} {}", oids::LDS_SECURITY_OBJECT, hex::encode(CONTENT)),
            "it reads {content}"
        );
        let mut changed = object.clone();
        let place = find(&changed, CONTENT).context("the content is in it")?;
        changed[place + 4] ^= 1;
        let answer = java.result(&format!("cms content={}", hex::encode(&changed)));
        ensure!(answer.is_err(), "a changed content is believed");
    }
    let content = java.result(&format!("cms content={}", hex::encode(&pki.master_list)))?;
    ensure!(content.starts_with(&format!("{} 30", oids::CSCA_MASTER_LIST)), "it reads {content}");
    for listed in [&pki.old, &pki.new, &pki.link] {
        ensure!(content.contains(&hex::encode(listed.der())), "{listed:?} is not in the list");
    }
    Ok("content as signed, a changed one refused".to_owned())
}

/// The files of a PKI for OpenSSL: trust files in PEM, which older versions want.
fn write(pki: &Pki) -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let pem = |label: &str, der: &[u8]| {
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<String> =
            text.as_bytes().chunks(64).map(|c| String::from_utf8_lossy(c).into()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    };
    for (name, certificate) in [
        ("old", &pki.old),
        ("new", &pki.new),
        ("link", &pki.link),
        ("old-signer", &pki.old_signer),
        ("new-signer", &pki.new_signer),
        ("revoked-signer", &pki.revoked_signer),
        ("list-signer", &pki.list_signer),
    ] {
        std::fs::write(folder.path().join(format!("{name}.pem")), pem("CERTIFICATE", certificate.der()))?;
    }
    let both = [pem("CERTIFICATE", pki.old.der()), pem("CERTIFICATE", pki.new.der())].concat();
    std::fs::write(folder.path().join("both.pem"), both)?;
    std::fs::write(folder.path().join("list.pem"), pem("X509 CRL", pki.crl.der()))?;
    std::fs::write(folder.path().join("list.crl"), pki.crl.der())?;
    std::fs::write(folder.path().join("old.cms"), &pki.objects[0])?;
    std::fs::write(folder.path().join("new.cms"), &pki.objects[1])?;
    std::fs::write(folder.path().join("list.cms"), &pki.master_list)?;
    Ok(folder)
}

fn openssl(folder: &Path, arguments: &[&str]) -> Result<Output> {
    Ok(Process::new("openssl").current_dir(folder).args(arguments).output()?)
}

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&text).replace('\n', " ")
}

fn paths_by_openssl(pki: &Pki) -> Result<String> {
    let folder = write(pki)?;
    let time = pki.at.as_second().to_string();
    let verify = |arguments: &[&str]| -> Result<Output> {
        openssl(folder.path(), &[&["verify", "-x509_strict", "-attime", &time], arguments].concat())
    };
    let good = |what: &str, arguments: &[&str]| -> Result<()> {
        let output = verify(arguments)?;
        ensure!(output.status.success(), "{what}: {}", said(&output));
        Ok(())
    };
    let list = ["-crl_check", "-CRLfile", "list.pem"];
    good("signer under the old CSCA", &["-CAfile", "old.pem", "old-signer.pem"])?;
    let with = [&list[..], &["-CAfile", "new.pem", "new-signer.pem"]].concat();
    good("signer under the new CSCA, with the CRL", &with)?;
    // A list by another key of the same authority is looked for on demand only, and both must lead to one anchor.
    let over = [&list[..], &["-extended_crl", "-CAfile", "old.pem", "-untrusted", "link.pem"]].concat();
    good("signer under the old CSCA, with the new key's CRL", &[&over[..], &["old-signer.pem"]].concat())?;
    good(
        "signer over the link certificate",
        &["-CAfile", "old.pem", "-untrusted", "link.pem", "new-signer.pem"],
    )?;
    let with = [&list[..], &["-CAfile", "new.pem", "list-signer.pem"]].concat();
    good("Master List Signer, with the CRL", &with)?;
    let alone = verify(&["-CAfile", "old.pem", "new-signer.pem"])?;
    ensure!(!alone.status.success(), "no link is needed");
    let revoked = verify(&[&list[..], &["-CAfile", "new.pem", "revoked-signer.pem"]].concat())?;
    ensure!(said(&revoked).contains("certificate revoked"), "the revoked signer: {}", said(&revoked));
    Ok("5 paths; without the link and with a revoked signer refused".to_owned())
}

fn list_by_openssl(pki: &Pki) -> Result<String> {
    let folder = write(pki)?;
    let check = |anchor: &str| {
        openssl(
            folder.path(),
            &["crl", "-inform", "DER", "-in", "list.crl", "-CAfile", anchor, "-noout", "-text"],
        )
    };
    let output = check("new.pem")?;
    ensure!(said(&output).contains("verify OK"), "{}", said(&output));
    ensure!(said(&output).contains("Key Compromise"), "no reason in {}", said(&output));
    ensure!(!said(&check("old.pem")?).contains("verify OK"), "the old key did not sign it");
    Ok("crl -CAfile; another key refused".to_owned())
}

fn signed_data_by_openssl(pki: &Pki, encoding: CurveEncoding) -> Result<String> {
    let folder = write(pki)?;
    let time = pki.at.as_second().to_string();
    let chain: Vec<&str> = match encoding {
        CurveEncoding::Explicit => vec!["-noverify"],
        CurveEncoding::Named => vec!["-attime", &time, "-purpose", "any", "-CAfile", "both.pem"],
    };
    for name in ["old", "new", "list"] {
        let file = format!("{name}.cms");
        let common = ["cms", "-verify", "-binary", "-inform", "DER", "-in", &file, "-out", "content"];
        let output = openssl(folder.path(), &[&common[..], &chain].concat())?;
        ensure!(output.status.success(), "{name}: {}", said(&output));
        let content = std::fs::read(folder.path().join("content"))?;
        ensure!(name == "list" || content == CONTENT, "{name}: another content");
    }
    let mut changed = pki.objects[0].clone();
    let place = find(&changed, CONTENT).context("the content is in it")?;
    changed[place + 4] ^= 1;
    std::fs::write(folder.path().join("changed.cms"), changed)?;
    let common = ["cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", "changed.cms"];
    ensure!(!openssl(folder.path(), &common)?.status.success(), "a changed content is believed");
    Ok(match encoding {
        CurveEncoding::Explicit => "cms -verify -noverify; a changed content refused".to_owned(),
        CurveEncoding::Named => "cms -verify up to the CSCA; a changed content refused".to_owned(),
    })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
