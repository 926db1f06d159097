//! Which list speaks for which signer: keys of one authority share their list, another authority's says nothing.

use crate::house::{House, at, founded, today};
use cccd_keys::asn1::{self, tag};
use cccd_keys::certificate::{
    Certificate, CertificateOptions, CscaProfile, DocumentSignerProfile, SigningKeyValidity,
};
use cccd_keys::crl::{CertificateRevocationList, Limit, RevokedCertificate};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::signer::{Signer as _, SoftwareKey};
use cccd_keys::trust::{RevocationResult, TrustStore, UnknownRevocation};
use const_oid::ObjectIdentifier;
use jiff::{SignedDuration, Timestamp};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A further authority of the same country under another name or number, and a signer of its own.
struct Other {
    csca: Certificate,
    key: SoftwareKey,
    signer: Certificate,
}

impl Other {
    fn new(house: &mut House, number: u32, organization: Option<&str>) -> Self {
        let mut options = CertificateOptions::for_country("VN").unwrap();
        if let Some(organization) = organization {
            organization.clone_into(&mut options.organization);
        }
        let profile = AlgorithmProfile::P256;
        let mut key = || {
            SoftwareKey::generate(
                profile.curve(),
                profile.document_hash(),
                profile.curve_encoding(),
                &mut house.rng,
            )
            .unwrap()
        };
        let (own, signing) = (key(), key());
        let validity = SigningKeyValidity::csca(founded()).unwrap();
        let csca = CscaProfile::new(options.clone(), number, validity).unwrap();
        let csca = csca.issue(&own, &mut house.rng).unwrap();
        let validity = SigningKeyValidity::document_signer(founded()).unwrap();
        let signer = DocumentSignerProfile::new(options, &csca, 1, validity)
            .unwrap()
            .issue(signing.public_key().spki(), &own, &mut house.rng)
            .unwrap();
        Self { csca, key: own, signer }
    }

    fn list(&self, number: u64, from: Timestamp, revoked: &[&Certificate]) -> CertificateRevocationList {
        let revoked: Vec<_> = revoked
            .iter()
            .map(|one| RevokedCertificate { serial: one.serial().to_vec(), date: from, reason: Some(1) })
            .collect();
        CertificateRevocationList::issue(&self.csca, &self.key, number, from, DAY * 60, &revoked).unwrap()
    }
}

fn house() -> House {
    House::new(AlgorithmProfile::P256, "VN", 95)
}

fn ask(
    house: &House,
    other: &Other,
    lists: &[&CertificateRevocationList],
    who: &Certificate,
) -> RevocationResult {
    let mut trust = TrustStore::new();
    trust.add_anchor(house.csca.der()).unwrap();
    trust.add_anchor(other.csca.der()).unwrap();
    for list in lists {
        trust.add_crl(list.der()).unwrap();
    }
    trust.check_signer(who, today()).revocation
}

#[test]
fn the_newest_key_of_an_authority_signs_for_the_older_ones() {
    let mut house = house();
    let newer = Other::new(&mut house, 2, None);
    let list = newer.list(1, founded(), &[]);
    assert!(matches!(ask(&house, &newer, &[&list], &house.signer), RevocationResult::Good { .. }));
    assert!(matches!(ask(&house, &newer, &[&house.crl], &newer.signer), RevocationResult::Good { .. }));
    let naming = newer.list(2, founded(), &[&house.signer]);
    assert!(matches!(
        ask(&house, &newer, &[&house.crl, &naming], &house.signer),
        RevocationResult::Revoked { .. }
    ));
}

#[test]
fn another_authority_of_the_country_says_nothing_good_or_bad() {
    let mut house = house();
    let passports = Other::new(&mut house, 1, Some("Passport Office"));
    let unknown = RevocationResult::Unknown(UnknownRevocation::OtherAuthority);
    let list = passports.list(1, founded(), &[]);
    assert_eq!(ask(&house, &passports, &[&list], &house.signer), unknown);
    let naming = passports.list(2, founded(), &[&house.signer]);
    assert_eq!(ask(&house, &passports, &[&naming], &house.signer), unknown);
    assert!(matches!(
        ask(&house, &passports, &[&house.crl, &naming], &house.signer),
        RevocationResult::Good { .. }
    ));
    assert!(matches!(ask(&house, &passports, &[&list], &passports.signer), RevocationResult::Good { .. }));
}

#[test]
fn a_revoked_authority_takes_its_signers_along() {
    let mut house = house();
    let newer = Other::new(&mut house, 2, None);
    let naming = newer.list(1, founded(), &[&house.csca]);
    assert!(matches!(
        ask(&house, &newer, &[&house.crl, &naming], &house.signer),
        RevocationResult::AuthorityRevoked { reason: "key-compromise", .. }
    ));
    assert!(matches!(ask(&house, &newer, &[&naming], &newer.signer), RevocationResult::Good { .. }));
}

#[test]
fn a_list_from_the_future_makes_nothing_good_and_is_told() {
    let mut house = house();
    let newer = Other::new(&mut house, 2, None);
    let future = newer.list(9, at("2027-01-01T00:00:00Z"), &[]);
    let expected = UnknownRevocation::FromTheFuture { this_update: at("2027-01-01T00:00:00Z") };
    assert_eq!(ask(&house, &newer, &[&future], &house.signer), RevocationResult::Unknown(expected));
    let mut trust = house.trust();
    trust.add_anchor(newer.csca.der()).unwrap();
    trust.add_crl(future.der()).unwrap();
    let path = trust.check_signer(&house.signer, today());
    assert!(matches!(path.revocation, RevocationResult::Good { .. }), "the list in force still counts");
    assert_eq!(path.crls_from_the_future, 1);
}

/// A list with this extension, naming these certificates with this reason, each entry with these further extensions.
fn with_extension(
    other: &Other,
    (oid, critical, value): (&str, bool, Vec<u8>),
    named: &[&Certificate],
    (reason, entry_extensions): (u8, &[u8]),
) -> CertificateRevocationList {
    let extension = |oid: &str, critical: bool, value: &[u8]| {
        let critical = if critical { vec![tag::BOOLEAN, 1, 0xff] } else { vec![] };
        let oid = asn1::oid(&ObjectIdentifier::new_unwrap(oid));
        asn1::sequence(&[&oid, &critical, &asn1::tlv(tag::OCTET_STRING, value)])
    };
    let reason = extension("2.5.29.21", false, &[tag::ENUMERATED, 1, reason]);
    let entries: Vec<u8> = named
        .iter()
        .flat_map(|one| {
            let extensions = asn1::sequence(&[&reason, entry_extensions]);
            asn1::sequence(&[&asn1::tlv(tag::INTEGER, one.serial()), &asn1::time(founded()), &extensions])
        })
        .collect();
    let entries = if entries.is_empty() { entries } else { asn1::tlv(tag::SEQUENCE, &entries) };
    let number = extension("2.5.29.20", false, &asn1::integer(&[7]));
    let extensions = asn1::sequence(&[&number, &extension(oid, critical, &value)]);
    let algorithm = other.key.algorithm().to_der();
    let tbs = asn1::sequence(&[
        &asn1::integer(&[1]),
        &algorithm,
        other.csca.subject().der(),
        &asn1::time(founded()),
        &asn1::time(founded() + DAY * 60),
        &entries,
        &asn1::tlv(tag::context(0), &extensions),
    ]);
    let signature = asn1::bit_string(&other.key.sign(&tbs).unwrap());
    CertificateRevocationList::parse(&asn1::sequence(&[&tbs, &algorithm, &signature])).unwrap()
}

const DELTA: &str = "2.5.29.27";
const DISTRIBUTION_POINT: &str = "2.5.29.28";

fn flag(number: u8) -> Vec<u8> {
    asn1::sequence(&[&asn1::tlv(tag::context_primitive(number), &[0xff])])
}

/// RFC 5280 §5.2.4, §5.2.5: what is left out of such a list may be revoked all the same.
#[test]
fn a_list_that_is_not_whole_makes_nothing_good_and_says_why() {
    let mut house = house();
    let other = Other::new(&mut house, 2, None);
    let base = asn1::integer(&[6]);
    let whole = other.list(1, founded(), &[]);
    for (extension, limit) in [
        ((DELTA, true, base.clone()), Limit::Delta),
        // A list of changes that forgot to say that it must be understood.
        ((DELTA, false, base), Limit::Delta),
        ((DISTRIBUTION_POINT, true, flag(4)), Limit::Indirect),
        ((DISTRIBUTION_POINT, false, flag(4)), Limit::Indirect),
        ((DISTRIBUTION_POINT, true, flag(1)), Limit::Partial),
        ((DISTRIBUTION_POINT, true, flag(2)), Limit::Partial),
        ((DISTRIBUTION_POINT, true, flag(5)), Limit::Partial),
        ((DISTRIBUTION_POINT, true, asn1::sequence(&[&[0x83, 2, 1, 0x40]])), Limit::Partial),
    ] {
        let list = with_extension(&other, extension.clone(), &[], (1, &[]));
        assert_eq!(list.limit(), Some(limit), "{extension:?}");
        let unknown = RevocationResult::Unknown(UnknownRevocation::Limited(limit));
        assert_eq!(ask(&house, &other, &[&list], &other.signer), unknown, "{extension:?}");
        assert!(matches!(
            ask(&house, &other, &[&list, &whole], &other.signer),
            RevocationResult::Good { .. }
        ));
        // Whom it names is revoked, unless its number may be another issuer's.
        let naming = with_extension(&other, extension.clone(), &[&other.signer], (1, &[]));
        let found = ask(&house, &other, &[&naming, &whole], &other.signer);
        if limit == Limit::Indirect {
            assert!(matches!(found, RevocationResult::Good { .. }), "{found:?}");
        } else {
            assert!(matches!(found, RevocationResult::Revoked { reason: "key-compromise", .. }), "{found:?}");
        }
    }
    // Taken back by a list of changes (removeFromCRL): not named, and not good either.
    let back = with_extension(&other, (DELTA, true, asn1::integer(&[6])), &[&other.signer], (8, &[]));
    let unknown = RevocationResult::Unknown(UnknownRevocation::Limited(Limit::Delta));
    assert_eq!(ask(&house, &other, &[&back], &other.signer), unknown);
    // An entry of another issuer makes the list an indirect one, whatever the list says of itself.
    let issuer = asn1::sequence(&[
        &asn1::oid(&ObjectIdentifier::new_unwrap("2.5.29.29")),
        &asn1::tlv(tag::OCTET_STRING, &asn1::sequence(&[])),
    ]);
    let unknown_extension = ("1.2.3.4", false, vec![5, 0]);
    let list = with_extension(&other, unknown_extension.clone(), &[&other.signer], (1, &issuer));
    assert_eq!(list.limit(), Some(Limit::Indirect));
    let list = with_extension(&other, unknown_extension, &[], (1, &[]));
    assert!(matches!(ask(&house, &other, &[&list], &other.signer), RevocationResult::Good { .. }));
    let list = with_extension(&other, ("1.2.3.4", true, vec![5, 0]), &[], (1, &[]));
    let unknown = RevocationResult::Unknown(UnknownRevocation::CriticalExtension);
    assert_eq!(ask(&house, &other, &[&list], &other.signer), unknown);
}
