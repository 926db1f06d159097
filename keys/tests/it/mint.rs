//! Certificates and signed lists of any shape, for what the house's own builders never make.

use cccd_keys::algorithm::oids;
use cccd_keys::asn1::{self, tag};
use cccd_keys::certificate::Certificate;
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::signed_data;
use cccd_keys::signer::{Signer as _, SoftwareKey};
use const_oid::ObjectIdentifier;
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

/// A key and its certificate.
pub(crate) struct Party {
    pub(crate) key: SoftwareKey,
    pub(crate) certificate: Certificate,
}

pub(crate) fn key(seed: u64) -> SoftwareKey {
    let hash = cccd_keys::algorithm::HashAlgorithm::Sha256;
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    SoftwareKey::generate(NamedCurve::P256, hash, CurveEncoding::Named, &mut rng).unwrap()
}

pub(crate) fn name(country: &str, common_name: &str) -> Vec<u8> {
    let attribute = |oid: ObjectIdentifier, tag: u8, text: &str| {
        asn1::tlv(tag::SET, &asn1::sequence(&[&asn1::oid(&oid), &asn1::tlv(tag, text.as_bytes())]))
    };
    asn1::sequence(&[
        &attribute(oids::COUNTRY_NAME, tag::PRINTABLE_STRING, country),
        &attribute(oids::COMMON_NAME, tag::UTF8_STRING, common_name),
    ])
}

fn extension(oid: ObjectIdentifier, value: &[u8]) -> Vec<u8> {
    asn1::sequence(&[&asn1::oid(&oid), &asn1::tlv(tag::OCTET_STRING, value)])
}

/// basicConstraints of an authority.
pub(crate) fn authority() -> Vec<u8> {
    extension(oids::BASIC_CONSTRAINTS, &asn1::sequence(&[&[tag::BOOLEAN, 1, 0xff]]))
}

/// extKeyUsage of one purpose.
pub(crate) fn purpose(oid: ObjectIdentifier) -> Vec<u8> {
    extension(oids::EXTENDED_KEY_USAGE, &asn1::sequence(&[&asn1::oid(&oid)]))
}

/// keyUsage digitalSignature.
pub(crate) fn signs() -> Vec<u8> {
    extension(oids::KEY_USAGE, &[tag::BIT_STRING, 2, 7, 0x80])
}

/// A certificate valid from 2020 to 2049. Key identifiers stand in it unless `bare`.
pub(crate) fn certificate(
    issuer: (&SoftwareKey, &[u8]),
    subject: (&SoftwareKey, &[u8]),
    serial: u32,
    extensions: &[Vec<u8>],
    bare: bool,
) -> Certificate {
    let (issuer_key, issuer_name) = issuer;
    let (subject_key, subject_name) = subject;
    let time = |text: &str| asn1::time(text.parse::<Timestamp>().unwrap());
    let mut list = extensions.concat();
    if !bare {
        let own = asn1::tlv(tag::OCTET_STRING, &subject_key.public_key().key_identifier());
        list.extend(extension(oids::SUBJECT_KEY_IDENTIFIER, &own));
        let above = asn1::tlv(tag::context_primitive(0), &issuer_key.public_key().key_identifier());
        list.extend(extension(oids::AUTHORITY_KEY_IDENTIFIER, &asn1::sequence(&[&above])));
    }
    let algorithm = issuer_key.algorithm().to_der();
    let tbs = asn1::sequence(&[
        &asn1::tlv(tag::context(0), &asn1::integer(&[2])),
        &asn1::integer(&serial.to_be_bytes()),
        &algorithm,
        issuer_name,
        &asn1::sequence(&[&time("2020-01-01T00:00:00Z"), &time("2049-01-01T00:00:00Z")]),
        subject_name,
        subject_key.public_key().spki(),
        &asn1::tlv(tag::context(3), &asn1::sequence(&[&list])),
    ]);
    let signature = issuer_key.sign(&tbs).unwrap();
    Certificate::parse(&asn1::sequence(&[&tbs, &algorithm, &asn1::bit_string(&signature)])).unwrap()
}

/// A self-signed authority.
pub(crate) fn csca(country: &str, common_name: &str, seed: u64) -> Party {
    let (key, name) = (key(seed), name(country, common_name));
    let certificate = certificate((&key, &name), (&key, &name), 1, &[authority()], false);
    Party { key, certificate }
}

/// Somebody under an authority, with these extensions.
pub(crate) fn under(above: &Party, common_name: &str, seed: u64, extensions: &[Vec<u8>]) -> Party {
    let country = above.certificate.country().unwrap();
    let (own, subject) = (key(seed), name(&country, common_name));
    let issuer = (&above.key, above.certificate.subject().der());
    let certificate = certificate(issuer, (&own, &subject), u32::try_from(seed).unwrap(), extensions, false);
    Party { key: own, certificate }
}

/// A signer of master lists.
pub(crate) fn list_signer(above: &Party, seed: u64) -> Party {
    under(above, "Master List Signer", seed, &[signs(), purpose(oids::MASTER_LIST_SIGNING_KEY)])
}

/// A master list of these elements.
pub(crate) fn master_list(signer: &Party, elements: &[&[u8]], at: Timestamp) -> Vec<u8> {
    let content = asn1::sequence(&[&asn1::integer(&[0]), &asn1::tlv(tag::SET, &elements.concat())]);
    signed_data::sign(&oids::CSCA_MASTER_LIST, &content, &signer.certificate, &signer.key, at).unwrap()
}
