//! Bodies for certificates, lists and signatures, which come with a card or from a file.

use std::sync::OnceLock;

use cccd_keys::algorithm::SignatureAlgorithm;
use cccd_keys::certificate::Certificate;
use cccd_keys::curve::CurveParameters;
use cccd_keys::deviation_list::{DeviationList, Document};
use cccd_keys::ldif::{LdifReader, looks_like_ldif};
use cccd_keys::master_list::MasterList;
use cccd_keys::path::Budget;
use cccd_keys::public_key::PublicKey;
use cccd_keys::signed_data::SignerIdentifier;
use cccd_keys::sunset::Sunset;
use cccd_keys::trust::TrustStore;
use cccd_keys::{asn1, crl, sod};

use crate::Body;

/// All bodies of this room.
pub const BODIES: &[Body] = &[
    Body { name: "certificate", seeds: || vec![pki().certificate.clone()], run: certificate },
    Body {
        name: "crl",
        seeds: || vec![pki().crl.clone()],
        run: |bytes| drop(crl::CertificateRevocationList::parse(bytes)),
    },
    Body { name: "ef-sod", seeds: || vec![pki().sod.clone()], run: ef_sod },
    Body {
        name: "public-key",
        seeds: || vec![pki().key.clone()],
        run: |bytes| drop(PublicKey::from_spki(bytes)),
    },
    Body { name: "ber", seeds: || vec![pki().sod.clone()], run: |bytes| drop(asn1::to_definite(bytes)) },
    Body {
        name: "key-file",
        seeds: || vec![pki().key.clone()],
        run: |bytes| {
            let _ = CurveParameters::of_key(bytes);
        },
    },
    Body { name: "master-list", seeds: || vec![pki().list.clone()], run: master_list },
    Body { name: "share", seeds: shares, run: share },
    Body { name: "ceremony", seeds: || vec![CEREMONY.as_bytes().to_vec()], run: record },
    Body { name: "deviation-list", seeds: || vec![pki().deviations.clone()], run: deviation_list },
    Body { name: "ldif", seeds: || vec![pki().ldif.clone()], run: ldif },
    Body { name: "signers-kept", seeds: || vec![pki().certificate.repeat(2)], run: signers_kept },
    Body {
        name: "sunsets",
        seeds: || vec![b"# remark\necdsa-256:2060-01-01\nrsa-3072:2045-12-31\n".to_vec()],
        run: sunsets,
    },
    Body {
        name: "pem-blocks",
        seeds: || vec![b"-----BEGIN X-----\nMAMCAQA=\n-----END X-----\n".to_vec()],
        run: |bytes| drop(asn1::pem_blocks(bytes)),
    },
    Body {
        name: "trust-import",
        seeds: || vec![pki().list.clone(), pki().certificate.clone()],
        run: trust_import,
    },
    Body {
        name: "der-or-pem",
        seeds: || vec![pki().certificate.clone()],
        run: |bytes| drop(asn1::der_or_pem(bytes)),
    },
];

fn certificate(bytes: &[u8]) {
    if let Ok(certificate) = Certificate::parse(bytes) {
        let algorithm: Result<SignatureAlgorithm, _> = certificate.signature_algorithm();
        drop((algorithm, certificate.country(), certificate.covers_document("ID")));
    }
}

/// A record whose files are all the same certificate.
const CEREMONY: &str = r#"{"version":1,"number":1,"time":"2026-11-01T00:00:00Z","tool":"keys","country":"VN","present":[{"name":"A"}],"act":{"kind":"link","from":"csca/001.cer","to":"csca/002.cer","serial":"01"},"output":{"file":"link/002.cer","sha256":"00"}}"#;

fn record(bytes: &[u8]) {
    if let Ok(record) = cccd_keys::ceremony::Record::parse(bytes) {
        drop(cccd_keys::ceremony::replay(&record, &|_| Some(pki().certificate.clone())));
    }
}

fn shares() -> Vec<Vec<u8>> {
    use rand_core::SeedableRng as _;
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(3);
    let shares = cccd_keys::shamir::split(b"a secret", 2, 3, &mut rng).unwrap_or_default();
    shares.iter().map(|share| share.to_text().as_bytes().to_vec()).collect()
}

/// Texts of shares, one a line.
fn share(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let shares: Vec<_> = (1..)
        .zip(text.lines().take(20))
        .filter_map(|(place, line)| cccd_keys::shamir::Share::from_text(line, place).ok())
        .collect();
    drop(cccd_keys::shamir::combine(&shares));
}

fn ef_sod(bytes: &[u8]) {
    if let Ok(file) = sod::EfSod::parse(bytes) {
        drop(file.verify_signature());
    }
}

fn master_list(bytes: &[u8]) {
    if let Ok(list) = MasterList::parse(bytes) {
        let verified = list.verify();
        if let Some(signer) = list.signed_data().certificates().first() {
            let anchors: Vec<Certificate> = list.certificates().take(4).cloned().collect();
            drop(list.signer_path(signer, &anchors, None, &mut Budget::new(16, 1_000)));
        }
        drop(verified);
    }
}

fn deviation_list(bytes: &[u8]) {
    if let Ok(list) = DeviationList::parse(bytes) {
        let verified = list.verify();
        for deviation in list.deviations() {
            let along: Vec<&Certificate> = list.signed_data().certificates().iter().collect();
            let document = Document { document_type: Some("ID"), number: Some("1"), issued: None };
            let _ = deviation.concerns(&along, document);
        }
        drop(verified);
    }
}

fn ldif(bytes: &[u8]) {
    let _ = looks_like_ldif(bytes);
    if let Ok(mut reader) = LdifReader::new(bytes) {
        while let Ok(Some(attribute)) = reader.next_attribute() {
            assert!(attribute.line > 0);
        }
    }
}

/// A file of Document Signers, and who is found in it by the names of those whose certificates it holds.
fn signers_kept(bytes: &[u8]) {
    let mut trust = TrustStore::new();
    drop(trust.add_signers(bytes));
    if let Ok(certificate) = Certificate::parse(&pki().certificate) {
        let (issuer, serial) = (certificate.issuer().clone(), certificate.serial().to_vec());
        drop(trust.signers_named(&SignerIdentifier::IssuerAndSerialNumber { issuer, serial }));
        let key = certificate.public_key().key_identifier();
        drop(trust.signers_named(&SignerIdentifier::SubjectKeyIdentifier(key)));
    }
}

/// What is read is written, and read again.
fn sunsets(bytes: &[u8]) {
    let _ = Sunset::looks_like_list(bytes);
    if let Ok(all) = Sunset::read_list(bytes) {
        let text: String = all.iter().map(|sunset| format!("{sunset}\n")).collect();
        assert_eq!(Sunset::read_list(text.as_bytes()), Ok(all));
    }
}

/// What a trust store makes of any bytes, without a disk.
fn trust_import(bytes: &[u8]) {
    let mut trust = TrustStore::new();
    if let Ok(list) = MasterList::parse(bytes) {
        drop(trust.add_master_list(&list));
    }
    drop(trust.add_anchor(bytes).map(drop));
    drop(trust.add_link(bytes).map(drop));
    drop(trust.add_deviations(bytes));
    drop(trust.add_crl(bytes));
}

struct Pki {
    certificate: Vec<u8>,
    crl: Vec<u8>,
    sod: Vec<u8>,
    key: Vec<u8>,
    list: Vec<u8>,
    deviations: Vec<u8>,
    ldif: Vec<u8>,
}

/// A small PKI, made once.
fn pki() -> &'static Pki {
    static PKI: OnceLock<Pki> = OnceLock::new();
    PKI.get_or_init(|| build().unwrap_or_else(|error| panic!("the seeds cannot be made: {error}")))
}

fn build() -> Result<Pki, Box<dyn std::error::Error>> {
    use cccd_keys::algorithm::HashAlgorithm;
    use cccd_keys::certificate::{
        CertificateOptions, CscaProfile, DocumentSignerProfile, SigningKeyValidity,
    };
    use cccd_keys::curve::{CurveEncoding, NamedCurve};
    use cccd_keys::signer::{Signer, SoftwareKey};
    use rand_core::SeedableRng;

    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(9303);
    let at: jiff::Timestamp = "2026-01-01T00:00:00Z".parse()?;
    let curve = NamedCurve::BrainpoolP384r1;
    let options = CertificateOptions::for_country("VN")?;
    let csca_key = SoftwareKey::generate(curve, HashAlgorithm::Sha256, CurveEncoding::Explicit, &mut rng)?;
    let csca =
        CscaProfile::new(options.clone(), 1, SigningKeyValidity::csca(at)?)?.issue(&csca_key, &mut rng)?;
    let signer_key = SoftwareKey::generate(curve, HashAlgorithm::Sha256, CurveEncoding::Explicit, &mut rng)?;
    let signer = DocumentSignerProfile::new(options, &csca, 1, SigningKeyValidity::document_signer(at)?)?
        .issue(signer_key.public_key().spki(), &csca_key, &mut rng)?;
    let list = crl::CertificateRevocationList::issue(
        &csca,
        &csca_key,
        1,
        at,
        jiff::SignedDuration::from_hours(24 * 90),
        &[],
    )?;
    let files = std::collections::BTreeMap::new();
    let content = cccd_card_profile::lds::sod::LdsSecurityObject::new(
        cccd_card_profile::lds::sod::DigestAlgorithm::Sha256,
        &files,
    )
    .ok_or("no LDS security object")?;
    let listed = asn1::sequence(&[&asn1::integer(&[0]), &asn1::tlv(asn1::tag::SET, csca.der())]);
    let kind = asn1::oid(&cccd_keys::algorithm::oids::DEVIATION_LIST);
    let documents = asn1::sequence(&[
        &asn1::tlv(asn1::tag::context_primitive(0), b"ID"),
        &asn1::tlv(asn1::tag::context_primitive(2), &[7; 20]),
        &asn1::tlv(asn1::tag::context(5), &asn1::tlv(asn1::tag::PRINTABLE_STRING, b"1")),
    ]);
    let deviation = asn1::sequence(&[&documents, &asn1::tlv(asn1::tag::SET, &asn1::sequence(&[&kind]))]);
    let deviations = asn1::sequence(&[&asn1::integer(&[0]), &asn1::tlv(asn1::tag::SET, &deviation)]);
    Ok(Pki {
        deviations: cccd_keys::signed_data::sign(
            &cccd_keys::algorithm::oids::DEVIATION_LIST,
            &deviations,
            &signer,
            &signer_key,
            at,
        )?,
        ldif: b"version: 1\n\ndn: cn=1,o=crl,c=VN\n# note\nsn: x\nuserCertificate;binary:: MAMC\n AQA=\n"
            .to_vec(),
        list: cccd_keys::signed_data::sign(
            &cccd_keys::algorithm::oids::CSCA_MASTER_LIST,
            &listed,
            &signer,
            &signer_key,
            at,
        )?,
        certificate: signer.der().to_vec(),
        crl: list.der().to_vec(),
        sod: sod::sign(content.as_der(), &signer, &signer_key, at)?,
        key: signer_key.public_key().spki().to_vec(),
    })
}
