//! What must not pass, and what must.

use crate::house::{CONTENT, House, at, founded, today};
use cccd_keys::asn1::{self, Reader, tag};
use cccd_keys::certificate::{CertificateOptions, DocumentSignerProfile, SigningKeyValidity};
use cccd_keys::crl::{CertificateRevocationList, RevokedCertificate};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::signed_data::{SignError, SignatureProblem};
use cccd_keys::signer::Signer as _;
use cccd_keys::sod::{self, EfSod};
use cccd_keys::trust::{
    AnchorProblem, ChainResult, NotTrusted, RevocationResult, TrustStore, UnknownRevocation, ValidityStatus,
};
use jiff::SignedDuration;

fn replace_last(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let position = bytes.windows(from.len()).rposition(|window| window == from).unwrap();
    let mut out = bytes.to_vec();
    out[position..position + to.len()].copy_from_slice(to);
    out
}

/// The `SignerInfo` of an EF.SOD of ours, encoded.
fn signer_info(file: &[u8]) -> Vec<u8> {
    let mut content_info = Reader::new(file).any().unwrap().reader().sequence("").unwrap();
    content_info.any().unwrap();
    let mut signed_data = content_info.any().unwrap().reader().sequence("").unwrap();
    let mut last = signed_data.any().unwrap();
    while !signed_data.is_empty() {
        last = signed_data.any().unwrap();
    }
    last.content.to_vec()
}

/// An EF.SOD around [`CONTENT`] with any certificates and `SignerInfo`s.
fn assemble(certificates: &[u8], signers: &[u8]) -> Vec<u8> {
    let hash = cccd_keys::algorithm::hash_identifier(cccd_keys::algorithm::HashAlgorithm::Sha256);
    let data = asn1::sequence(&[
        &asn1::integer(&[3]),
        &asn1::tlv(tag::SET, &hash),
        &asn1::sequence(&[
            &asn1::oid(&cccd_keys::algorithm::oids::LDS_SECURITY_OBJECT),
            &asn1::tlv(tag::context(0), &asn1::tlv(tag::OCTET_STRING, CONTENT)),
        ]),
        &asn1::tlv(tag::context(0), certificates),
        &asn1::tlv(tag::SET, signers),
    ]);
    let oid = asn1::oid(&cccd_keys::algorithm::oids::SIGNED_DATA);
    asn1::tlv(0x77, &asn1::sequence(&[&oid, &asn1::tlv(tag::context(0), &data)]))
}

#[test]
fn with_several_signers_all_must_hold() {
    let (house, other) =
        (House::new(AlgorithmProfile::P256, "VN", 30), House::new(AlgorithmProfile::P256, "UT", 31));
    let (mine, theirs) = (signer_info(&house.sod()), signer_info(&other.sod()));
    let certificates = [house.signer.der(), other.signer.der()].concat();
    let verify = |signers: &[u8]| EfSod::parse(&assemble(&certificates, signers)).unwrap().verify_signature();
    let facts = verify(&[mine.clone(), theirs.clone()].concat()).unwrap();
    assert_eq!(facts.signer.der(), house.signer.der());
    assert_eq!(facts.further_signers, std::slice::from_ref(&other.signer));
    let mut broken = theirs.clone();
    *broken.last_mut().unwrap() ^= 1;
    for signers in [[mine.clone(), broken.clone()].concat(), [broken, mine.clone()].concat()] {
        assert_eq!(verify(&signers), Err(SignatureProblem::SignatureInvalid));
    }
    // Each with the other's certificate only.
    let alone = EfSod::parse(&assemble(other.signer.der(), &mine)).unwrap().verify_signature();
    assert_eq!(alone, Err(SignatureProblem::NoSignerCertificate));
    assert!(EfSod::parse(&assemble(&certificates, &mine.repeat(9))).is_err());
}

fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let position = bytes.windows(from.len()).position(|window| window == from).unwrap();
    let mut out = bytes.to_vec();
    out[position..position + to.len()].copy_from_slice(to);
    out
}

#[test]
fn a_genuine_file_holds_and_its_signer_is_trusted() {
    for profile in [AlgorithmProfile::Cccd, AlgorithmProfile::P256] {
        let house = House::new(profile, "VN", 1);
        let file = house.sod();
        let sod = EfSod::parse(&file).unwrap();
        assert_eq!((sod.econtent(), sod.padding()), (CONTENT, 0));
        assert!(sod.has_lds_security_object_type());
        let facts = sod.verify_signature().unwrap();
        assert_eq!(facts.signer.der(), house.signer.der());
        assert_eq!(facts.signing_time, Some(today()));
        assert!(!facts.weak_hash && !facts.hashes_differ);
        let path = house.trust().check_signer(&facts.signer, today());
        assert!(matches!(&path.chain, ChainResult::Trusted { anchor } if anchor.der() == house.csca.der()));
        assert_eq!(path.country.as_deref(), Some("VN"));
        assert_eq!(path.validity, ValidityStatus::Valid);
        assert_eq!(path.anchor_validity, Some(ValidityStatus::Valid));
        assert_eq!(path.profile_problems, []);
        assert_eq!(path.document_types, Some(vec!["ID".to_owned()]));
        assert!(matches!(path.revocation, RevocationResult::Good { .. }), "{:?}", path.revocation);
        let usage = path.private_key_usage.unwrap();
        assert!(usage.covers(at("2027-01-31T23:00:00Z")) && !usage.covers(at("2027-02-02T00:00:00Z")));
        assert_eq!(house.signer.not_after(), at("2049-02-01T00:00:00Z"));
        assert_eq!(house.csca.not_after(), at("2054-02-01T00:00:00Z"));
        assert_eq!(house.signer.covers_document("ID"), Some(true));
        assert_eq!(house.signer.covers_document("P<"), Some(false));
        assert_eq!(house.signer.covers_document("I<"), Some(false));
    }
}

#[test]
fn each_change_is_told_by_its_own_reason() {
    let house = House::new(AlgorithmProfile::P256, "VN", 2);
    let file = house.sod();
    let problem = |bytes: &[u8]| EfSod::parse(bytes).unwrap().verify_signature().unwrap_err().code();
    // The content itself.
    assert_eq!(problem(&replace(&file, CONTENT, b"\x30\x03\x02\x01\x01")), "message-digest-mismatch");
    // Its stated type, in eContentType (the first of the two places).
    let (lds, data) = (b"\x06\x06\x67\x81\x08\x01\x01\x01", b"\x06\x06\x67\x81\x08\x01\x01\x02");
    assert_eq!(problem(&replace(&file, lds, data)), "content-type-mismatch");
    // The signing time, which only the signature protects.
    assert_eq!(problem(&replace(&file, b"261201000000Z", b"261201000001Z")), "signature-invalid");
    // The digest algorithm in the SignerInfo (its last occurrence), to one that does not exist.
    let sha256 = asn1::oid(&cccd_keys::algorithm::oids::SHA256);
    let mut other = sha256.clone();
    *other.last_mut().unwrap() = 0x7f;
    assert_eq!(problem(&replace_last(&file, &sha256, &other)), "unknown-algorithm");
    // The serial number in the SignerInfo: it names a certificate that is not there.
    let serial = asn1::tlv(tag::INTEGER, house.signer.serial());
    let mut other = serial.clone();
    *other.last_mut().unwrap() ^= 1;
    assert_eq!(problem(&replace_last(&file, &serial, &other)), "no-signer-certificate");
    // The last octet of the signature.
    let mut broken = file.clone();
    *broken.last_mut().unwrap() ^= 1;
    assert_eq!(problem(&broken), "signature-invalid");
    for length in 0..file.len() {
        assert!(EfSod::parse(&file[..length]).is_err(), "a file cut at {length} was read");
    }
}

#[test]
fn padding_is_tolerated_and_counted_other_trailing_bytes_are_not() {
    let house = House::new(AlgorithmProfile::P256, "VN", 4);
    let file = house.sod();
    let padded = EfSod::parse(&[file.clone(), vec![0; 9]].concat()).unwrap();
    assert_eq!(padded.padding(), 9);
    assert_eq!(padded.file_digest(), EfSod::parse(&file).unwrap().file_digest());
    let error = EfSod::parse(&[file.clone(), vec![0, 1]].concat()).unwrap_err();
    assert_eq!(error.offset(), file.len());
}

#[test]
fn content_without_signed_attributes_or_signers_is_unsigned() {
    let house = House::new(AlgorithmProfile::P256, "VN", 5);
    let content_info = |signers: &[u8]| assemble(house.signer.der(), signers);
    let none = EfSod::parse(&content_info(&[])).unwrap().verify_signature();
    assert_eq!(none, Err(SignatureProblem::NoSigner));
    // Signed directly, as RFC 5652 allows and Doc 9303-10 does not.
    let hash = cccd_keys::algorithm::hash_identifier(cccd_keys::algorithm::HashAlgorithm::Sha256);
    let sid = asn1::sequence(&[house.signer.issuer().der(), &asn1::tlv(tag::INTEGER, house.signer.serial())]);
    let signature = house.signer_key.sign(CONTENT).unwrap();
    let info = asn1::sequence(&[
        &asn1::integer(&[1]),
        &sid,
        &hash,
        &house.signer_key.algorithm().to_der(),
        &asn1::tlv(tag::OCTET_STRING, &signature),
    ]);
    let direct = EfSod::parse(&content_info(&info)).unwrap().verify_signature();
    assert_eq!(direct, Err(SignatureProblem::NoSignedAttributes));
    assert_eq!(SignatureProblem::NoSignedAttributes.code(), "unsigned-content");
}

#[test]
fn nothing_is_signed_with_another_certificate_than_the_keys_own() {
    let (house, other) =
        (House::new(AlgorithmProfile::P256, "VN", 6), House::new(AlgorithmProfile::P256, "VN", 7));
    let result = sod::sign(CONTENT, &house.signer, &other.signer_key, today());
    assert!(matches!(result, Err(SignError::CertificateMismatch)));
}

#[test]
fn a_signer_of_another_country_or_a_self_made_authority_is_not_trusted() {
    let home = House::new(AlgorithmProfile::P256, "VN", 8);
    let foreign = House::new(AlgorithmProfile::P256, "UT", 9);
    let impostor = House::new(AlgorithmProfile::P256, "VN", 10);
    let trust = home.trust();
    let chain = |house: &House| trust.check_signer(&house.signer, today()).chain;
    assert_eq!(chain(&foreign).code(), Some("no-trust-anchor"));
    // Same names, other key: the key identifiers do not match, the name does, the signature does not hold.
    assert!(matches!(chain(&impostor), ChainResult::NotTrusted(NotTrusted::SignatureInvalid)));
    // Trusting both countries: the foreign signer is trusted, and it is foreign.
    let mut both = home.trust();
    both.add_anchor(foreign.csca.der()).unwrap();
    let path = both.check_signer(&foreign.signer, today());
    assert!(matches!(path.chain, ChainResult::Trusted { .. }));
    assert_eq!(path.country.as_deref(), Some("UT"));
    // A foreign CSCA that certifies a signer of ours.
    let options = CertificateOptions::for_country("VN").unwrap();
    let validity = SigningKeyValidity::document_signer(founded()).unwrap();
    let mut rng = foreign.rng;
    let smuggled = DocumentSignerProfile::new(options, &foreign.csca, 1, validity)
        .unwrap()
        .issue(home.signer_key.public_key().spki(), &foreign.csca_key, &mut rng)
        .unwrap();
    let chain = both.check_signer(&smuggled, today()).chain;
    assert!(matches!(chain, ChainResult::NotTrusted(NotTrusted::CountryMismatch)));
}

#[test]
fn an_authority_is_no_document_signer_and_a_signer_is_no_anchor() {
    let house = House::new(AlgorithmProfile::P256, "VN", 11);
    let mut trust = house.trust();
    assert_eq!(trust.add_anchor(house.signer.der()).unwrap_err(), AnchorProblem::NotAnAuthority);
    let path = trust.check_signer(&house.csca, today());
    assert!(path.profile_problems.iter().any(|problem| problem.is_violation()));
    assert!(matches!(path.chain, ChainResult::NotTrusted(_)));
    let mut damaged = house.csca.der().to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(TrustStore::new().add_anchor(&damaged).unwrap_err(), AnchorProblem::SelfSignature);
}

#[test]
fn revocation_is_good_only_by_a_signed_list_of_the_right_time() {
    let house = House::new(AlgorithmProfile::P256, "VN", 12);
    let check = |lists: &[&CertificateRevocationList], time| {
        let mut trust = TrustStore::new();
        trust.add_anchor(house.csca.der()).unwrap();
        for list in lists {
            trust.add_crl(list.der()).unwrap();
        }
        trust.check_signer(&house.signer, time).revocation
    };
    let unknown = |result: RevocationResult| match result {
        RevocationResult::Unknown(why) => why.code(),
        other => panic!("{other:?}"),
    };
    assert!(matches!(check(&[&house.crl], today()), RevocationResult::Good { .. }));
    assert_eq!(unknown(check(&[], today())), "no-crl");
    assert_eq!(unknown(check(&[&house.crl], at("2027-02-01T00:00:00Z"))), "crl-stale");
    assert_eq!(unknown(check(&[&house.crl], at("2026-10-31T00:00:00Z"))), "crl-from-the-future");
    let impostor = House::new(AlgorithmProfile::P256, "VN", 13);
    assert_eq!(
        check(&[&impostor.crl], today()),
        RevocationResult::Unknown(UnknownRevocation::SignatureInvalid)
    );
    let foreign = House::new(AlgorithmProfile::P256, "UT", 14);
    assert_eq!(unknown(check(&[&foreign.crl], today())), "no-crl");

    let entry = RevokedCertificate { serial: house.signer.serial().to_vec(), date: today(), reason: Some(1) };
    let day = SignedDuration::from_hours(24);
    let revoking =
        CertificateRevocationList::issue(&house.csca, &house.csca_key, 2, today(), day, &[entry]).unwrap();
    let expected = RevocationResult::Revoked { date: today(), reason: "key-compromise" };
    // With the older list beside it, when stale, and when it is from the future: revoked is revoked.
    for time in [today(), at("2030-01-01T00:00:00Z"), at("2026-11-15T00:00:00Z")] {
        assert_eq!(check(&[&house.crl, &revoking], time), expected);
    }
    let other = RevokedCertificate { serial: vec![1, 2, 3], date: today(), reason: None };
    let clean =
        CertificateRevocationList::issue(&house.csca, &house.csca_key, 3, today(), day, &[other]).unwrap();
    assert!(matches!(check(&[&clean], today()), RevocationResult::Good { .. }));
    let too_long = SignedDuration::from_hours(91 * 24);
    assert!(
        CertificateRevocationList::issue(&house.csca, &house.csca_key, 4, today(), too_long, &[]).is_err()
    );
}

#[test]
fn explicit_parameters_with_a_chosen_generator_are_an_unknown_curve() {
    // CVE-2020-0601: the attacker's generator makes the trusted public key's private key known.
    let house = House::new(AlgorithmProfile::Cccd, "VN", 15);
    let spki = house.signer.public_key().spki();
    let generator = hex::decode("1d1c64f068cf45ffa2a63a81b7c13f6b").unwrap();
    let mut other = generator.clone();
    other[5] ^= 1;
    let forged = replace(house.signer.der(), &generator, &other);
    let forged = cccd_keys::certificate::Certificate::parse(&forged).unwrap();
    assert_ne!(forged.public_key().spki(), spki);
    assert_eq!(forged.public_key().curve(), None);
    let algorithm = house.signer_key.algorithm();
    let signature = house.signer_key.sign(b"x").unwrap();
    let result = forged.public_key().verify(algorithm, b"x", &signature);
    assert!(matches!(result, Err(cccd_keys::public_key::VerifyError::Unknown(_))));
}
