//! Any bytes: an answer or an error, never a panic.

use crate::house::{House, today};
use cccd_keys::asn1::der_or_pem;
use cccd_keys::audit_log::{self, Chain};
use cccd_keys::certificate::Certificate;
use cccd_keys::crl::CertificateRevocationList;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::public_key::PublicKey;
use cccd_keys::sod::EfSod;
use cccd_keys::trust::TrustStore;
use proptest::prelude::*;
use std::sync::LazyLock;

static HOUSE: LazyLock<House> = LazyLock::new(|| House::new(AlgorithmProfile::P256, "VN", 77));
static SOD: LazyLock<Vec<u8>> = LazyLock::new(|| HOUSE.sod());

fn everything(bytes: &[u8]) {
    if let Ok(sod) = EfSod::parse(bytes) {
        drop(sod.verify_signature());
        if let Some(signer) = sod.signer_certificate() {
            let path = HOUSE.trust().check_signer(signer, today());
            assert!(format!("{path:?}").len() > 10);
        }
    }
    if let Ok(certificate) = Certificate::parse(bytes) {
        assert!(!format!("{certificate:?}").is_empty());
        assert!(certificate.document_types().is_some() || certificate.covers_document("ID").is_none());
    }
    drop(CertificateRevocationList::parse(bytes));
    drop(PublicKey::from_spki(bytes));
    drop(der_or_pem(bytes));
    drop(cccd_keys::asn1::to_definite(bytes));
    let _ = cccd_keys::curve::CurveParameters::of_key(bytes);
    if let Ok(list) = cccd_keys::master_list::MasterList::parse(bytes) {
        drop(list.verify());
        assert!(list.entries().iter().all(|entry| entry.offset < bytes.len()));
    }
    let mut trust = TrustStore::new();
    drop(trust.add_anchor(bytes).map(drop));
    drop(trust.add_crl(bytes));
}

fn mutated(
    original: &[u8],
    edits: &[(prop::sample::Index, u8)],
    cut: Option<prop::sample::Index>,
) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for (index, value) in edits {
        let index = index.index(bytes.len());
        bytes[index] = *value;
    }
    if let Some(cut) = cut {
        bytes.truncate(cut.index(bytes.len()));
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        everything(&bytes);
    }

    #[test]
    fn arbitrary_logs(text in "[{}\":,a-z0-9\n]{0,200}|\\PC{0,100}") {
        let head = Chain::default().head(&HOUSE.signer_key).unwrap();
        if let Ok(log) = audit_log::verify(&text, &head, HOUSE.signer.public_key()) {
            prop_assert!(text.lines().count() == log.records.len());
        }
    }

    #[test]
    fn mutated_objects(
        which in 0usize..4,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let house = &*HOUSE;
        let original = match which {
            0 => SOD.as_slice(),
            1 => house.csca.der(),
            2 => house.signer.der(),
            _ => house.crl.der(),
        };
        let bytes = mutated(original, &edits, cut);
        everything(&bytes);
        // A changed EF.SOD never verifies as the genuine content by the genuine key.
        if which == 0 && bytes != *SOD && let Ok(sod) = EfSod::parse(&bytes) {
            let genuine = EfSod::parse(&SOD).unwrap();
            if let Ok(facts) = sod.verify_signature() && facts.signer.der() == house.signer.der() {
                prop_assert_eq!(sod.econtent(), genuine.econtent());
            }
        }
        // A changed certificate never verifies under the CSCA's key with another content.
        if which == 2 && let Ok(certificate) = Certificate::parse(&bytes) && bytes != house.signer.der()
            && certificate.verify_signature(house.csca.public_key()).is_ok() {
            prop_assert_eq!(certificate.public_key(), house.signer.public_key());
            prop_assert_eq!(certificate.not_after(), house.signer.not_after());
        }
    }
}
