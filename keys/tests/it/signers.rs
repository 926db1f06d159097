//! Document Signers that are kept: they are found by what names them, and believed no sooner than an anchor vouches for them.

use crate::house::today;
use crate::mint::{Party, certificate, csca, key, list_signer, name, signs, under};
use cccd_keys::algorithm::oids;
use cccd_keys::asn1::{self, tag};
use cccd_keys::certificate::Certificate;
use cccd_keys::signed_data::{Leniency, SignatureProblem};
use cccd_keys::signer::Signer as _;
use cccd_keys::sod::EfSod;
use cccd_keys::trust::import::{ImportOptions, import};
use cccd_keys::trust::{ChainResult, ImportError, SignerProblem, TrustStore};
use std::path::{Path, PathBuf};

const CONTENT: &[u8] = b"what the signer signed";

fn digest_of(bytes: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).to_vec()
}

/// EF.SOD without any certificate, by this key, under this signer identifier (RFC 5652 §5.3).
fn bare_sod(by: &Party, version: u8, sid: &[u8]) -> EfSod {
    let attribute = |oid, value: &[u8]| asn1::sequence(&[&asn1::oid(&oid), &asn1::tlv(tag::SET, value)]);
    let attributes = asn1::set_of(
        tag::SET,
        vec![
            attribute(oids::CONTENT_TYPE, &asn1::oid(&oids::LDS_SECURITY_OBJECT)),
            attribute(oids::MESSAGE_DIGEST, &asn1::tlv(tag::OCTET_STRING, &digest_of(CONTENT))),
        ],
    );
    let signature = by.key.sign(&attributes).unwrap();
    let mut implicit = attributes;
    implicit[0] = tag::context(0);
    let sha256 = asn1::sequence(&[&asn1::oid(&oids::SHA256)]);
    let info = asn1::sequence(&[
        &asn1::integer(&[version]),
        sid,
        &sha256,
        &implicit,
        &by.key.algorithm().to_der(),
        &asn1::tlv(tag::OCTET_STRING, &signature),
    ]);
    let data = asn1::sequence(&[
        &asn1::integer(&[3]),
        &asn1::tlv(tag::SET, &sha256),
        &asn1::sequence(&[
            &asn1::oid(&oids::LDS_SECURITY_OBJECT),
            &asn1::tlv(tag::context(0), &asn1::tlv(tag::OCTET_STRING, CONTENT)),
        ]),
        &asn1::tlv(tag::SET, &info),
    ]);
    let oid = asn1::oid(&oids::SIGNED_DATA);
    EfSod::parse(&asn1::tlv(0x77, &asn1::sequence(&[&oid, &asn1::tlv(tag::context(0), &data)]))).unwrap()
}

fn by_number(certificate: &Certificate) -> Vec<u8> {
    asn1::sequence(&[certificate.issuer().der(), &asn1::tlv(tag::INTEGER, certificate.serial())])
}

fn by_key(certificate: &Certificate) -> Vec<u8> {
    asn1::tlv(tag::context_primitive(0), certificate.subject_key_identifier().unwrap())
}

fn verified(mut sod: EfSod, trust: &TrustStore) -> Result<(Certificate, Vec<Leniency>), SignatureProblem> {
    sod.supply(trust);
    let facts = sod.verify_signature()?;
    assert_eq!(sod.signer_certificate(), Some(&facts.signer));
    assert!(sod.signed_data().is_supplied(&facts.signer));
    Ok((facts.signer, facts.leniencies))
}

#[test]
fn found_by_number_and_by_key_and_told() {
    let home = csca("UT", "CSCA UT", 1);
    let signer = under(&home, "Document Signer", 20, &[signs()]);
    let mut trust = TrustStore::new();
    trust.add_anchor(home.certificate.der()).unwrap();
    let sods = || [(1, by_number(&signer.certificate)), (3, by_key(&signer.certificate))];
    for (version, sid) in sods() {
        let missing = Err(SignatureProblem::NoSignerCertificate);
        assert_eq!(verified(bare_sod(&signer, version, &sid), &trust).map(drop), missing.map(drop::<()>));
    }
    // Another signer of the same authority helps nobody.
    trust.add_signer(&under(&home, "Another", 21, &[signs()]).certificate).unwrap();
    let sid = by_number(&signer.certificate);
    assert!(verified(bare_sod(&signer, 1, &sid), &trust).is_err());
    assert_eq!(trust.add_signer(&signer.certificate), Ok(true));
    assert_eq!(trust.add_signer(&signer.certificate), Ok(false), "twice changes nothing");
    for (version, sid) in sods() {
        let (found, leniencies) = verified(bare_sod(&signer, version, &sid), &trust).unwrap();
        assert_eq!((&found, leniencies), (&signer.certificate, vec![Leniency::CertificateFromElsewhere]));
        assert!(matches!(trust.check_signer(&found, today()).chain, ChainResult::Trusted { .. }));
    }
    // Signed by another key than the certificate's.
    let impostor = Party { key: key(22), certificate: signer.certificate.clone() };
    let sid = by_number(&signer.certificate);
    assert_eq!(
        verified(bare_sod(&impostor, 1, &sid), &trust).err(),
        Some(SignatureProblem::SignatureInvalid)
    );
    // What came along is never replaced, and is told as that.
    assert_eq!(trust.signer_counts().get("UT"), Some(&2));
}

/// A certificate that was slipped into a download, with the issuer and the number of a genuine one.
#[test]
fn a_namesake_neither_hides_the_genuine_signer_nor_is_believed() {
    let home = csca("UT", "CSCA UT", 1);
    let signer = under(&home, "Document Signer", 20, &[signs()]);
    let nobody = csca("UT", "CSCA UT", 9);
    let namesake = under(&nobody, "Document Signer", 30, &[signs()]);
    let (own, subject) = (key(30), name("UT", "Document Signer"));
    let issuer = (&nobody.key, home.certificate.subject().der());
    let namesake =
        Party { certificate: certificate(issuer, (&own, &subject), 20, &[signs()], false), ..namesake };
    for order in [[&namesake, &signer], [&signer, &namesake]] {
        let mut trust = TrustStore::new();
        trust.add_anchor(home.certificate.der()).unwrap();
        for one in order {
            trust.add_signer(&one.certificate).unwrap();
        }
        let sid = by_number(&signer.certificate);
        let (found, _) = verified(bare_sod(&signer, 1, &sid), &trust).unwrap();
        assert_eq!(found, signer.certificate, "the one that signed");
        let (found, _) = verified(bare_sod(&namesake, 1, &sid), &trust).unwrap();
        assert_eq!(found, namesake.certificate);
        assert!(!matches!(trust.check_signer(&found, today()).chain, ChainResult::Trusted { .. }));
    }
}

#[test]
fn who_is_no_document_signer_is_not_kept() {
    let home = csca("UT", "CSCA UT", 1);
    let mut trust = TrustStore::new();
    let mut why = |certificate: &Certificate| match trust.add_signer(certificate) {
        Err(SignerProblem::NotADocumentSigner(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why(&home.certificate), "it is an authority's");
    assert_eq!(why(&list_signer(&home, 10).certificate), "it is for another purpose (extKeyUsage)");
    let (own, subject) = (key(40), name("UT", "Alone"));
    let alone = certificate((&own, &subject), (&own, &subject), 1, &[signs()], false);
    assert_eq!(why(&alone), "nobody else certified it");
}

fn bring(files: &[PathBuf], into: &Path) -> Result<cccd_keys::trust::ImportReport, ImportError> {
    import(files, into, &ImportOptions { at: Some(today()), ..ImportOptions::default() })
}

#[test]
fn a_country_has_one_file_and_a_new_download_adds_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("trust");
    let home = csca("UT", "CSCA UT", 1);
    let signers: Vec<Party> =
        (20..24).map(|seed| under(&home, "Document Signer", seed, &[signs()])).collect();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let alone = file("one.cer", signers[0].certificate.der());
    let report = bring(std::slice::from_ref(&alone), &into).unwrap();
    assert_eq!((report.count("document-signer"), report.count("anchor")), (1, 0));
    assert_eq!(report.files[0].stored_as, "signer/UT.cer");
    assert_eq!(TrustStore::load(&into).unwrap().anchors().len(), 0, "nobody is believed for it");
    for signer in &signers[1..] {
        bring(&[file("next.cer", signer.certificate.der())], &into).unwrap();
    }
    assert!(bring(&[alone], &into).unwrap().files[0].already_present);
    let trust = TrustStore::load(&into).unwrap();
    assert_eq!((trust.signer_counts().get("UT"), trust.problems().len()), (Some(&4), 0));
    for signer in &signers {
        let sid = by_number(&signer.certificate);
        assert_eq!(verified(bare_sod(signer, 1, &sid), &trust).unwrap().0, signer.certificate);
    }
    // A file that was cut is told, and harms nobody else.
    let stored = into.join("signer/UT.cer");
    let bytes = std::fs::read(&stored).unwrap();
    std::fs::write(&stored, &bytes[..bytes.len() - 1]).unwrap();
    let trust = TrustStore::load(&into).unwrap();
    assert_eq!(
        (trust.problems()[0].file.as_str(), trust.signer_counts().get("UT")),
        ("signer/UT.cer", Some(&3))
    );
}

#[test]
fn many_with_one_number_are_bounded() {
    let home = csca("UT", "CSCA UT", 1);
    let mut trust = TrustStore::new();
    let subject = name("UT", "Document Signer");
    let outcomes: Vec<_> = (100..170)
        .map(|seed| {
            let own = key(seed);
            let issuer = (&home.key, home.certificate.subject().der());
            trust.add_signer(&certificate(issuer, (&own, &subject), 7, &[signs()], false))
        })
        .collect();
    assert_eq!(outcomes.iter().filter(|one| **one == Ok(true)).count(), 64);
    assert_eq!(outcomes.last(), Some(&Err(SignerProblem::TooManyAlike)));
}
