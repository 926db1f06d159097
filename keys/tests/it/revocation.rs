//! Which list speaks for which signer: keys of one authority share their list, another authority's says nothing.

use crate::house::{House, at, founded, today};
use cccd_keys::certificate::{
    Certificate, CertificateOptions, CscaProfile, DocumentSignerProfile, SigningKeyValidity,
};
use cccd_keys::crl::{CertificateRevocationList, RevokedCertificate};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::signer::{Signer as _, SoftwareKey};
use cccd_keys::trust::{RevocationResult, TrustStore, UnknownRevocation};
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
