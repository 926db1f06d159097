//! Master lists of our own: made, read back, passed on.

use crate::house::{House, at, founded, today};
use cccd_keys::certificate::Certificate;
use cccd_keys::master_list::{MasterList, Use};
use cccd_keys::path::Budget;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::{AuthorityRequest, KeyStore, Passphrase, StoreError, StoreSettings};
use cccd_keys::trust::TrustStore;
use jiff::SignedDuration;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::path::Path;

fn make(dir: &Path, country: &str, seed: u64) -> (KeyStore, ChaCha20Rng) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let settings = StoreSettings::new(AlgorithmProfile::P256, country, founded());
    let passphrase = Passphrase::new("correct horse".to_owned());
    let store = KeyStore::init(dir, settings, &passphrase, &mut rng).unwrap();
    store.create_csca(founded(), &mut rng).unwrap();
    (store, rng)
}

#[test]
fn a_list_of_our_own_is_read_like_any_other() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), "VN", 41);
    store.create_authority(AuthorityRequest::default(), today(), &mut rng).unwrap();
    let made = store.export_master_list(today(), &mut rng).unwrap();
    assert_eq!((made.number, made.certificates), (1, 3));
    let list = MasterList::parse(&made.der).unwrap();
    let facts = list.verify().unwrap();
    assert_eq!(facts.signer.der(), made.signer.der());
    assert_eq!(facts.signing_time, Some(today()));
    let uses: Vec<Use> = list.entries().iter().map(|entry| entry.usability().unwrap()).collect();
    assert_eq!(uses.iter().filter(|one| **one == Use::Anchor).count(), 2);
    assert_eq!(uses.iter().filter(|one| **one == Use::Link).count(), 1);
    // From the old key alone, over the link in the list itself.
    let old = [store.csca_certificates().unwrap().remove(0)];
    list.signer_path(&facts.signer, &old, Some(today()), &mut Budget::default()).unwrap();
    let mut trust = TrustStore::new();
    assert!(trust.add_master_list(&list).iter().all(|listed| listed.outcome.is_ok()));
    assert_eq!((trust.anchors().len(), trust.links().len()), (2, 1));
    // The same signer signs the next list, until its year is over.
    let next = store.export_master_list(today(), &mut rng).unwrap();
    assert_eq!((next.number, next.signer.der()), (2, made.signer.der()));
    let later = today() + SignedDuration::from_hours(366 * 24);
    assert_ne!(store.export_master_list(later, &mut rng).unwrap().signer.der(), made.signer.der());
}

#[test]
fn a_foreign_list_is_taken_in_only_under_a_known_authority_and_passed_on() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, mut rng) = make(ours.path(), "VN", 42);
    let (foreign, mut foreign_rng) = make(theirs.path(), "UT", 43);
    let list = foreign.export_master_list(today(), &mut foreign_rng).unwrap();
    let anchor = foreign.csca().unwrap();
    let refused = |result| match result {
        Err(StoreError::MasterList(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let unknown = refused(store.import_master_list(&list.der, &[], today()));
    assert!(unknown.contains("no known authority"), "{unknown}");
    let other = House::new(AlgorithmProfile::P256, "UT", 44).csca;
    refused(store.import_master_list(&list.der, &[other], today()));
    let mut altered = list.der.clone();
    let place = altered.len() - 3;
    altered[place] ^= 1;
    refused(store.import_master_list(&altered, std::slice::from_ref(&anchor), today()));
    refused(store.import_master_list(&list.der[..40], std::slice::from_ref(&anchor), today()));
    refused(store.import_master_list(&list.der, std::slice::from_ref(&anchor), at("2026-10-01T00:00:00Z")));
    assert!(store.foreign_authorities().unwrap().is_empty());

    let taken = store.import_master_list(&list.der, std::slice::from_ref(&anchor), today()).unwrap();
    assert_eq!((taken.added, taken.known, taken.useless.len()), (1, 0, 0));
    // Known now: the next list of theirs needs no officer.
    let again = store.import_master_list(&list.der, &[], today()).unwrap();
    assert_eq!((again.added, again.known), (0, 1));
    let own = store.export_master_list(today(), &mut rng).unwrap();
    let listed = MasterList::parse(&own.der).unwrap();
    let countries: Vec<String> = listed.countries().into_iter().collect();
    assert_eq!(countries, ["UT", "VN"]);
    assert!(listed.certificates().any(|one: &Certificate| one.der() == anchor.der()));
}
