//! What others write and we tolerate: each departure is accepted, counted and told, and nothing else comes through with it.

use crate::house::{CONTENT, House, today};
use cccd_keys::algorithm::{HashAlgorithm, SignatureAlgorithm, hash_identifier, oids};
use cccd_keys::asn1::{self, Reader, tag};
use cccd_keys::certificate::{self, Certificate, DistinguishedName};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::public_key::{PublicKey, SignatureLeniency, VerifyError};
use cccd_keys::signed_data::{Leniency, SignatureProblem};
use cccd_keys::signer::Signer as _;
use cccd_keys::sod::{self, EfSod};
use rsa::traits::PublicKeyParts as _;

/// An RSA key of 1024 bits, made once for these tests; nothing else ever uses it.
fn rsa_key() -> rsa::RsaPrivateKey {
    let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::seed_from_u64(1);
    rsa::RsaPrivateKey::new_with_exp_unchecked(&mut rng, 1024, rsa::BoxedUint::from(65_537_u32)).unwrap()
}

fn spki(key: &rsa::RsaPublicKey) -> Vec<u8> {
    let algorithm = asn1::sequence(&[&asn1::oid(&oids::RSA), &asn1::tlv(tag::NULL, &[])]);
    let numbers =
        asn1::sequence(&[&asn1::integer(&key.n().to_be_bytes()), &asn1::integer(&key.e().to_be_bytes())]);
    asn1::sequence(&[&algorithm, &asn1::bit_string(&numbers)])
}

#[test]
fn a_digest_info_without_null_is_tolerated_and_nothing_shorter() {
    let key = rsa_key();
    let public = PublicKey::from_spki(&spki(&key.to_public_key())).unwrap();
    assert_eq!(public.rsa_bits(), Some(1024));
    let sign = |prefix: Vec<u8>, digest: &[u8]| {
        let scheme = rsa::Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: prefix.into_boxed_slice() };
        key.sign(scheme, digest).unwrap()
    };
    for hash in HashAlgorithm::ALL {
        let digest = hash.digest(b"message");
        let algorithm = SignatureAlgorithm::RsaPkcs1v15(hash);
        let prefix = |algorithm: &[u8]| {
            let whole = asn1::sequence(&[algorithm, &asn1::tlv(tag::OCTET_STRING, &digest)]);
            whole[..whole.len() - digest.len()].to_vec()
        };
        let with_null = asn1::sequence(&[&asn1::oid(&hash.oid()), &asn1::tlv(tag::NULL, &[])]);
        let good = sign(prefix(&with_null), &digest);
        assert_eq!(public.verify_leniently(algorithm, b"message", &good), Ok(None));
        let short = sign(prefix(&hash_identifier(hash)), &digest);
        assert_eq!(
            public.verify(algorithm, b"message", &short),
            Err(VerifyError::Invalid),
            "strictly it is wrong"
        );
        let tolerated = public.verify_leniently(algorithm, b"message", &short);
        assert_eq!(tolerated, Ok(Some(SignatureLeniency::DigestInfoWithoutNull)));
        assert_eq!(public.verify_leniently(algorithm, b"massage", &short), Err(VerifyError::Invalid));
        // The bare digest, and a DigestInfo of another hash.
        let bare = sign(Vec::new(), &digest);
        assert_eq!(public.verify_leniently(algorithm, b"message", &bare), Err(VerifyError::Invalid));
        let other = HashAlgorithm::ALL.into_iter().find(|other| *other != hash).unwrap();
        let other = sign(prefix(&hash_identifier(other)), &digest);
        assert_eq!(public.verify_leniently(algorithm, b"message", &other), Err(VerifyError::Invalid));
    }
}

/// EF.SOD of the house with another issuer in its signer identifier, which no signature covers.
fn with_issuer(house: &House, issuer: &[u8], serial: &[u8]) -> EfSod {
    let file = house.sod();
    let sid = asn1::sequence(&[house.signer.issuer().der(), &asn1::tlv(tag::INTEGER, house.signer.serial())]);
    let at = file.windows(sid.len()).rposition(|window| window == sid).unwrap();
    let other = asn1::sequence(&[issuer, &asn1::tlv(tag::INTEGER, serial)]);
    // The lengths around it change with it, so the whole is built again from its parts.
    let rebuilt = rebuild(&file, at, &sid, &other);
    EfSod::parse(&rebuilt).unwrap()
}

/// Replaces `old` at `at` by `new` and corrects every length around it.
fn rebuild(object: &[u8], at: usize, old: &[u8], new: &[u8]) -> Vec<u8> {
    let element = Reader::new(object).any().unwrap();
    if at == 0 && element.raw == old {
        return new.to_vec();
    }
    let mut content = Vec::new();
    let mut reader = element.reader();
    while !reader.is_empty() {
        let child = reader.any().unwrap();
        let holds = child.offset <= at && at < child.offset + child.raw.len();
        if holds {
            content.extend(rebuild(child.raw, at - child.offset, old, new));
        } else {
            content.extend_from_slice(child.raw);
        }
    }
    asn1::tlv(element.tag, &content)
}

/// A name with one attribute a part: type, string type and text.
fn name(parts: &[(const_oid::ObjectIdentifier, u8, &[u8])]) -> Vec<u8> {
    let relative = parts.iter().map(|(kind, string, text)| {
        let attribute = asn1::sequence(&[&asn1::oid(kind), &asn1::tlv(*string, text)]);
        asn1::tlv(tag::SET, &attribute)
    });
    asn1::tlv(tag::SEQUENCE, &relative.collect::<Vec<_>>().concat())
}

#[test]
fn a_signer_identifier_that_spells_the_issuer_otherwise_is_tolerated() {
    let house = House::new(AlgorithmProfile::P256, "UT", 90);
    let serial = house.signer.serial().to_vec();
    let tolerated = |sod: &EfSod| sod.verify_signature().map(|facts| facts.leniencies);
    assert_eq!(tolerated(&with_issuer(&house, house.signer.issuer().der(), &serial)), Ok(vec![]));
    // Another name of the same country, and the same number.
    let other = name(&[(oids::COUNTRY_NAME, tag::PRINTABLE_STRING, b"ut")]);
    assert_eq!(tolerated(&with_issuer(&house, &other, &serial)), Ok(vec![Leniency::IssuerNameOther]));
    // Another country, or another number: the signer's certificate is not there.
    let elsewhere = name(&[(oids::COUNTRY_NAME, tag::PRINTABLE_STRING, b"LA")]);
    let missing = Err(SignatureProblem::NoSignerCertificate);
    assert_eq!(tolerated(&with_issuer(&house, &elsewhere, &serial)), missing);
    assert_eq!(tolerated(&with_issuer(&house, &other, &[0x17])), missing);
    // A serial number with a superfluous octet is the same number.
    let padded = [&[0], serial.as_slice()].concat();
    let padded = if serial[0] & 0x80 == 0 { padded } else { serial };
    assert_eq!(tolerated(&with_issuer(&house, house.signer.issuer().der(), &padded)), Ok(vec![]));
}

#[test]
fn names_are_the_same_in_every_string_type() {
    let parse = |der: &[u8]| DistinguishedName::parse(der).unwrap();
    let country = (oids::COUNTRY_NAME, tag::PRINTABLE_STRING, &b"VN"[..]);
    let utf8 = parse(&name(&[country, (oids::LOCALITY_NAME, tag::UTF8_STRING, "Đà Nẵng É".as_bytes())]));
    let bmp: Vec<u8> = "Đà Nẵng É".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let bmp = parse(&name(&[country, (oids::LOCALITY_NAME, tag::BMP_STRING, &bmp)]));
    assert!(utf8.matches_in_order(&bmp));
    let latin = parse(&name(&[country, (oids::LOCALITY_NAME, tag::TELETEX_STRING, b"\xc9")]));
    let same = parse(&name(&[country, (oids::LOCALITY_NAME, tag::UTF8_STRING, "é".as_bytes())]));
    assert!(latin.matches(&same) && !latin.matches(&utf8));
    // Keys of one authority are numbered; another authority has another name.
    let numbered = |number: &[u8]| {
        parse(&name(&[
            country,
            (oids::SERIAL_NUMBER, tag::PRINTABLE_STRING, number),
            (oids::LOCALITY_NAME, tag::UTF8_STRING, b"x"),
        ]))
    };
    assert!(numbered(b"1").is_same_authority(&numbered(b"2")) && !numbered(b"1").matches(&numbered(b"2")));
    assert!(!numbered(b"1").is_same_authority(&utf8));
    let called = |text: &[u8]| parse(&name(&[country, (oids::COMMON_NAME, tag::UTF8_STRING, text)]));
    for (one, other) in [("CSCA-HUNGARY", "CSCA-HUNGARY 4"), ("csca-switzerland-1", "CSCA-Switzerland-12")] {
        assert!(called(one.as_bytes()).is_same_authority(&called(other.as_bytes())), "{one} {other}");
    }
    for (one, other) in
        [("CSCA-HUNGARY", "ID-CSCA-HUNGARY 02"), ("CSCA", ""), ("Passport CA", "Trial Passport CA")]
    {
        assert!(!called(one.as_bytes()).is_same_authority(&called(other.as_bytes())), "{one} {other}");
    }
}

#[test]
fn padding_and_long_lengths_are_told() {
    let house = House::new(AlgorithmProfile::P256, "UT", 91);
    let file = house.sod();
    assert_eq!(EfSod::parse(&file).unwrap().leniencies(), Vec::<&str>::new());
    assert_eq!(EfSod::parse(&[&file[..], &[0, 0]].concat()).unwrap().leniencies(), ["trailing-padding"]);
    let error = EfSod::parse(&[&file[..], &[0, 1]].concat()).unwrap_err();
    assert_eq!((error.code(), error.offset()), ("malformed-data", file.len()));
    // The outermost SEQUENCE of the certificate with a length in one octet more than it needs.
    let der = house.signer.der();
    let content = Reader::new(der).any().unwrap().content;
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let long = [&[0x30, 0x84][..], &length, content].concat();
    let long = Certificate::parse(&long).unwrap();
    assert_eq!(long.leniencies(), [certificate::Leniency::BerLengths]);
    assert_eq!(long.verify_signature(house.csca.public_key()), Ok(()), "the signed octets are the same");
}

/// Post-quantum signers: keys and signatures of any size are read within bounds, and nothing is concluded.
#[test]
fn keys_and_signatures_of_tomorrow_are_undetermined() {
    let house = House::new(AlgorithmProfile::P256, "UT", 92);
    // ML-DSA-87 (FIPS 204) and SLH-DSA-SHA2-256f (FIPS 205): object identifier, key and signature in octets.
    for (algorithm, key, signature) in
        [("2.16.840.1.101.3.4.3.19", 2592_usize, 4627_usize), ("2.16.840.1.101.3.4.3.25", 64, 49_856)]
    {
        let algorithm = asn1::sequence(&[&asn1::oid(&const_oid::ObjectIdentifier::new(algorithm).unwrap())]);
        let spki = asn1::sequence(&[&algorithm, &asn1::bit_string(&vec![7; key])]);
        let mut tbs = Reader::new(house.signer.der()).sequence("").unwrap().any().unwrap().raw.to_vec();
        let old = house.signer.public_key().spki();
        let at = tbs.windows(old.len()).position(|window| window == old).unwrap();
        tbs = rebuild(&tbs, at, old, &spki);
        let certificate = asn1::sequence(&[&tbs, &algorithm, &asn1::bit_string(&vec![7; signature])]);
        let certificate = Certificate::parse(&certificate).unwrap();
        assert!(certificate.signature_algorithm().is_err());
        let unknown = certificate.verify_signature(house.csca.public_key());
        assert!(matches!(unknown, Err(VerifyError::Unknown(_))), "{unknown:?}");
        let path = house.trust().check_signer(&certificate, today());
        assert_eq!(path.chain.code(), Some("unknown-algorithm"));
        // In an EF.SOD: the certificate's key is of tomorrow, and so is the signature over the content.
        let file = house.sod();
        let old = house.signer.der();
        let at = file.windows(old.len()).position(|window| window == old).unwrap();
        let file = rebuild(&file, at, old, certificate.der());
        let old = house.signer_key.algorithm().to_der();
        let at = file.windows(old.len()).rposition(|window| window == old).unwrap();
        let parsed = EfSod::parse(&rebuild(&file, at, &old, &algorithm)).unwrap();
        let problem = parsed.verify_signature().unwrap_err();
        assert!(problem.is_undetermined(), "{problem:?}");
    }
    assert!(sod::sign(CONTENT, &house.signer, &house.signer_key, today()).is_ok());
}
