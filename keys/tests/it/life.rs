//! How keys live: times of use, counts, pools, rollover, lists. Each rule at its boundary.

use crate::house::{CONTENT, at, founded};
use cccd_keys::algorithm::oids;
use cccd_keys::asn1;
use cccd_keys::certificate::Certificate;
use cccd_keys::life::{
    ListSequence, Pool, SIGNATURE_LIMIT, Signatures, SignerState, days_left, next_list, vouches_for,
};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::signed_data::SignError;
use cccd_keys::sod::EfSod;
use cccd_keys::store::{
    AuthorityRequest, DocumentSigners, KeyStore, LostCrl, Passphrase, Rename, StoreError, StoreSettings,
    verify_ceremonies,
};
use cccd_keys::trust::{ChainResult, RevocationResult, TrustStore};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::path::Path;

const QUARTER: SignedDuration = SignedDuration::from_hours(90 * 24);
const NO_EXPIRY: AuthorityRequest = AuthorityRequest { pool: Pool::NoExpiry, rename: Rename::Keep };

fn make(dir: &Path, made: Timestamp) -> (KeyStore, ChaCha20Rng) {
    let mut rng = ChaCha20Rng::seed_from_u64(31);
    let settings = StoreSettings::new(AlgorithmProfile::P256, "VN", made);
    let passphrase = Passphrase::new("correct horse".to_owned());
    let store = KeyStore::init(dir, settings, &passphrase, &mut rng).unwrap();
    store.create_csca(made, &mut rng).unwrap();
    (store, rng)
}

fn periods(certificate: &Certificate) -> [String; 3] {
    let usage = certificate.private_key_usage().unwrap();
    assert_eq!(usage.not_before, Some(certificate.not_before()));
    [certificate.not_before(), usage.not_after.unwrap(), certificate.not_after()].map(|at| at.to_string())
}

#[test]
fn keys_sign_and_last_as_long_as_the_rules_say() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), founded());
    assert_eq!(
        periods(&store.csca().unwrap()),
        ["2026-11-01T00:00:00Z", "2031-11-01T00:00:00Z", "2054-02-01T00:00:00Z"]
    );
    let signer = store.create_document_signer(founded(), &mut rng).unwrap();
    assert_eq!(periods(&signer), ["2026-11-01T00:00:00Z", "2027-02-01T00:00:00Z", "2049-02-01T00:00:00Z"]);
    // The last signer that this CSCA key makes ends with it, to the second.
    let last = store.create_document_signer(at("2031-11-01T00:00:00Z"), &mut rng).unwrap();
    assert_eq!(last.not_after(), store.csca().unwrap().not_after());
    let late = store.create_document_signer(at("2031-11-01T00:00:01Z"), &mut rng);
    assert!(matches!(late, Err(StoreError::CscaKeyExpired(_))));

    let none = store.create_signer_of_pool(Pool::NoExpiry, SIGNATURE_LIMIT, founded(), &mut rng);
    assert!(matches!(none, Err(StoreError::NoCscaOfPool(Pool::NoExpiry))));
    let csca = store.create_authority(NO_EXPIRY, founded(), &mut rng).unwrap().certificate;
    assert_eq!(periods(&csca), ["2026-11-01T00:00:00Z", "2031-11-01T00:00:00Z", "2101-11-01T00:00:00Z"]);
    let signer = store.create_signer_of_pool(Pool::NoExpiry, SIGNATURE_LIMIT, founded(), &mut rng).unwrap();
    assert_eq!(periods(&signer), ["2026-11-01T00:00:00Z", "2027-02-01T00:00:00Z", "2096-11-01T00:00:00Z"]);
    assert!(signer.verify_signature(csca.public_key()).is_ok());
    // The keys of dated cards go on, under their own authority.
    let dated = store.create_document_signer(founded(), &mut rng).unwrap();
    assert!(dated.verify_signature(csca.public_key()).is_err());
}

#[test]
fn a_signer_stops_at_its_last_moment_and_at_its_last_signature() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), founded());
    store.create_signer_of_pool(Pool::Dated, 2, founded(), &mut rng).unwrap();
    let (last, after) = (at("2027-02-01T00:00:00Z"), at("2027-02-01T00:00:01Z"));
    let signer = store.active_document_signer(last).unwrap();
    assert!(matches!(signer.sign_ef_sod(CONTENT, after), Err(SignError::Signing(_))));
    assert_eq!(signer.signatures().unwrap(), Signatures { used: 0, limit: 2 });
    EfSod::parse(&signer.sign_ef_sod(CONTENT, last).unwrap()).unwrap().verify_signature().unwrap();
    // What another process does with the same key counts here too.
    let elsewhere = store.active_document_signer(last).unwrap();
    elsewhere.sign_ef_sod(CONTENT, last).unwrap();
    assert!(matches!(signer.sign_ef_sod(CONTENT, last), Err(SignError::Signing(_))));
    assert!(matches!(store.active_document_signer(last), Err(StoreError::NoDocumentSigner(_))));
    let status = &store.document_signers(last).unwrap()[0];
    assert_eq!((status.state, status.signatures.unwrap().used), (SignerState::Exhausted, 2));
    assert_eq!(days_left(&status.certificate, founded()), 92);
    assert_eq!(store.document_signers(after).unwrap()[0].state, SignerState::PastUse);
    let before = store.document_signers(at("2026-10-31T23:59:59Z")).unwrap();
    assert_eq!(before[0].state, SignerState::NotYet);
}

#[test]
fn a_count_that_is_lost_or_damaged_is_no_count_of_zero() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), founded());
    store.create_document_signer(founded(), &mut rng).unwrap();
    let signer = store.active_document_signer(founded()).unwrap();
    let count = dir.path().join("ds/00001.count.json");
    // Set aside, then the machine fell over before the signature was made: the number is lost, not given twice.
    std::fs::write(&count, br#"{"used":249999,"limit":250000}"#).unwrap();
    signer.sign_ef_sod(CONTENT, founded()).unwrap();
    assert!(signer.sign_ef_sod(CONTENT, founded()).is_err());
    for damage in [&b""[..], b"{\"used\":0}", b"{\"used\":-1,\"limit\":5}"] {
        std::fs::write(&count, damage).unwrap();
        assert!(signer.sign_ef_sod(CONTENT, founded()).is_err());
        assert!(matches!(store.active_document_signer(founded()), Err(StoreError::CountDamaged(_))));
        assert!(matches!(store.active_signers(founded()), Err(StoreError::CountDamaged(_))));
    }
    std::fs::remove_file(&count).unwrap();
    assert!(signer.sign_ef_sod(CONTENT, founded()).is_err());
}

/// One damaged count ends neither the list nor the work of the others, and its signer is never used.
#[test]
fn a_signer_with_a_damaged_count_is_passed_over_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), founded());
    let first = store.create_document_signer(founded(), &mut rng).unwrap();
    let second = store.create_document_signer(founded(), &mut rng).unwrap();
    let count = dir.path().join("ds/00002.count.json");
    let kept = std::fs::read(&count).unwrap();
    let opened = store.active_signers(founded()).unwrap();
    assert_eq!(opened.passed_over(), []);
    let turn = |signers: &DocumentSigners| {
        let signer = signers.for_card(Some(date(2040, 5, 1)), founded()).unwrap();
        signer.sign_ef_sod(CONTENT, founded()).unwrap();
        signer.certificate().serial_hex()
    };
    for damage in [Some(&b"{"[..]), Some(b""), None] {
        match damage {
            Some(bytes) => std::fs::write(&count, bytes).unwrap(),
            None => std::fs::remove_file(&count).unwrap(),
        }
        let listed = store.document_signers(founded()).unwrap();
        let states: Vec<_> = listed.iter().map(|one| (one.state.name(), one.may_sign)).collect();
        assert_eq!(states, [("active", true), ("count-damaged", false)]);
        assert_eq!(listed[1].signatures, None);
        // It was damaged before the opening, or while the station worked: the newest, whose turn it would be, is not used.
        for signers in [&store.active_signers(founded()).unwrap(), &opened] {
            for _ in 0..2 {
                assert_eq!(turn(signers), first.serial_hex());
            }
            let told = signers.passed_over();
            assert_eq!((told.len(), &told[0].serial, told[0].pool), (1, &second.serial_hex(), Pool::Dated));
            assert!(told[0].count.ends_with("00002.count.json"), "{}", told[0].count);
        }
        assert_eq!(store.active_document_signer(founded()).unwrap().certificate().der(), first.der());
    }
    // A signer past its use is missed by nobody.
    let past = at("2027-03-01T00:00:00Z");
    assert!(matches!(store.active_signers(past), Err(StoreError::NoDocumentSigner(_))));
    // Put back as it was, it signs again; the way out without is its erasure, which the log tells of.
    std::fs::write(&count, kept).unwrap();
    assert_eq!(turn(&opened), second.serial_hex());
    drop(opened);
    std::fs::remove_file(&count).unwrap();
    let erased = store.erase_finished_signers(founded(), &mut rng).unwrap();
    assert_eq!(
        erased.iter().map(|one| (&one.serial, one.signatures)).collect::<Vec<_>>(),
        [(&second.serial_hex(), None)]
    );
    let log = std::fs::read_to_string(store.audit_log_path()).unwrap();
    assert!(log.contains("after an unknown number of signatures (the log: "), "{log}");
    assert_eq!(store.document_signers(founded()).unwrap()[1].state, SignerState::Erased);
}

/// Whoever may write into the directory can put an older count back, or a higher limit; the signed log says otherwise.
#[test]
fn a_count_that_was_turned_back_is_found_at_the_next_opening() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), founded());
    store.create_signer_of_pool(Pool::Dated, 5000, founded(), &mut rng).unwrap();
    store.create_signer_of_pool(Pool::Dated, 9, founded(), &mut rng).unwrap();
    let count = dir.path().join("ds/00001.count.json");
    let kept = || std::fs::read(&count).unwrap();
    let never_used = kept();
    let signers = store.active_signers(founded()).unwrap();
    let sign = |signers: &DocumentSigners, times| {
        for _ in 0..times {
            signers
                .for_card(Some(date(2040, 5, 1)), founded())
                .unwrap()
                .sign_ef_sod(CONTENT, founded())
                .unwrap();
        }
    };
    // The second makes its 9, the first the others: enough for blocks.
    sign(&signers, 209);
    drop(signers);
    let used = |store: &KeyStore| store.document_signers(founded()).unwrap()[0].signatures.unwrap().used;
    assert_eq!(used(&store), 200);
    let lines = std::fs::read_to_string(dir.path().join("audit.log")).unwrap().lines().count();
    assert!(lines < 150, "a log of {lines} lines for 209 signatures");
    let honest = kept();
    for forged in [
        never_used,
        br#"{"used":199,"limit":5000}"#.to_vec(),
        br#"{"used":200,"limit":250000}"#.to_vec(),
        br#"{"used":0,"limit":250000}"#.to_vec(),
    ] {
        std::fs::write(&count, &forged).unwrap();
        let error = store.active_signers(founded()).unwrap_err();
        assert_eq!(error.code(), "count-turned-back");
        assert!(error.to_string().contains("the signed log 200 of 5000"), "{error}");
        assert_eq!(store.active_document_signer(founded()).unwrap_err().code(), "count-turned-back");
        assert_eq!(store.document_signers(founded()).unwrap()[0].state, SignerState::Miscounted);
    }
    // The log cut back with it does not hold under its signed head.
    let log = dir.path().join("audit.log");
    let text = std::fs::read_to_string(&log).unwrap();
    let first: Vec<&str> = text.lines().take(4).collect();
    std::fs::write(&log, first.join("\n") + "\n").unwrap();
    assert_eq!(store.active_signers(founded()).unwrap_err().code(), "audit-log");
    std::fs::write(&log, text).unwrap();
    // What a crash leaves, numbers set aside and not logged, costs them and no more.
    std::fs::write(&count, br#"{"used":230,"limit":5000}"#).unwrap();
    sign(&store.active_signers(founded()).unwrap(), 1);
    assert_eq!(used(&store), 231);
    std::fs::write(&count, honest).unwrap();
    assert_eq!(store.active_signers(founded()).unwrap_err().code(), "count-turned-back");
    // The way out: this signer ends, another begins.
    let erased = store.erase_finished_signers(founded(), &mut rng).unwrap();
    assert_eq!(erased.len(), 2, "the one that is used up, and the one that was turned back");
    store.create_document_signer(founded(), &mut rng).unwrap();
    sign(&store.active_signers(founded()).unwrap(), 1);
}

#[test]
fn many_threads_never_sign_once_too_often() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), founded());
    store.create_signer_of_pool(Pool::Dated, 10, founded(), &mut rng).unwrap();
    let made: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let signer = store.active_document_signer(founded()).unwrap();
                scope.spawn(move || (0..5).filter(|_| signer.sign_ef_sod(CONTENT, founded()).is_ok()).count())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(made, 10);
}

#[test]
fn signers_take_turns_and_pools_never_mix() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), founded());
    let first = store.create_document_signer(founded(), &mut rng).unwrap();
    let second = store.create_document_signer(founded(), &mut rng).unwrap();
    let signers = store.active_signers(founded()).unwrap();
    let expires = Some(date(2040, 5, 1));
    let turns: Vec<String> = (0..4)
        .map(|_| {
            let signer = signers.for_card(expires, founded()).unwrap();
            signer.sign_ef_sod(CONTENT, founded()).unwrap();
            signer.certificate().serial_hex()
        })
        .collect();
    let [a, b] = [first, second].map(|one| one.serial_hex());
    assert_eq!(turns, [b.clone(), a.clone(), b, a]);
    let nobody = signers.for_card(None, founded()).unwrap_err();
    assert!(matches!(nobody, StoreError::NoSignerOfPool { pool: Pool::NoExpiry, .. }));

    store.create_authority(NO_EXPIRY, founded(), &mut rng).unwrap();
    let lifelong = store.create_signer_of_pool(Pool::NoExpiry, SIGNATURE_LIMIT, founded(), &mut rng).unwrap();
    let signers = store.active_signers(founded()).unwrap();
    assert_eq!(signers.for_card(None, founded()).unwrap().certificate().der(), lifelong.der());
    assert_eq!(signers.for_card(expires, founded()).unwrap().pool(), Pool::Dated);
    // A rotation of one pool leaves the other alone.
    let (_, erased) = store.rotate_document_signer(Pool::Dated, founded(), &mut rng).unwrap();
    assert_eq!(erased.iter().map(|one| one.signatures.unwrap().used).collect::<Vec<_>>(), [2, 2]);
    assert!(store.active_signers(founded()).unwrap().for_card(None, founded()).is_ok());
}

#[test]
fn a_signer_outlives_the_longest_dated_card_by_nothing_and_no_card_outlives_it() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), founded());
    let signer = store.create_document_signer(founded(), &mut rng).unwrap();
    // Signed on the last day of use for somebody two years before the milestone: 22 years.
    assert!(vouches_for(&signer, Some(date(2049, 2, 1))));
    assert!(!vouches_for(&signer, Some(date(2049, 2, 2))));
    assert!(!vouches_for(&signer, None));
    let signers = store.active_signers(founded()).unwrap();
    assert!(signers.for_card(Some(date(2049, 2, 2)), founded()).is_err());
}

#[test]
fn erasure_leaves_evidence() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), founded());
    let signer = store.create_document_signer(founded(), &mut rng).unwrap();
    store.active_document_signer(founded()).unwrap().sign_ef_sod(CONTENT, founded()).unwrap();
    assert!(store.erase_finished_signers(founded(), &mut rng).unwrap().is_empty());
    let later = at("2027-02-01T00:00:01Z");
    let erased = store.erase_finished_signers(later, &mut rng).unwrap();
    assert_eq!(erased.len(), 1);
    assert!(!dir.path().join("ds/00001.key.age").exists());
    assert_eq!(store.document_signers(later).unwrap()[0].state, SignerState::Erased);
    let log = std::fs::read_to_string(store.audit_log_path()).unwrap();
    let expected =
        format!("{} after 1 of {SIGNATURE_LIMIT} signatures, overwritten and removed", signer.serial_hex());
    assert!(log.contains(&expected), "{log}");
    assert!(store.erase_finished_signers(later, &mut rng).unwrap().is_empty());
}

#[test]
fn times_are_utc_time_through_2049_and_generalized_time_from_2050() {
    // X.509: RFC 5280 §4.1.2.5; the private key usage period is GeneralizedTime always (§4.2.1.4 of RFC 3280).
    let has = |certificate: &Certificate, text: &[u8]| {
        certificate.der().windows(text.len()).any(|window| window == text)
    };
    for (made, kind, text) in [
        ("2027-09-30T23:59:59Z", asn1::tag::UTC_TIME, &b"491230235959Z"[..]),
        ("2027-09-30T23:59:58Z", asn1::tag::UTC_TIME, b"491230235958Z"),
        ("2027-10-01T00:00:00Z", asn1::tag::GENERALIZED_TIME, b"20500101000000Z"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (store, mut rng) = make(dir.path(), at(made));
        let signer = store.create_document_signer(at(made), &mut rng).unwrap();
        let not_after = asn1::tlv(kind, text);
        assert!(has(&signer, &not_after), "{made}: {}", signer.not_after());
        let read = Certificate::parse(signer.der()).unwrap();
        assert_eq!(read.not_after(), signer.not_after());
        let usage = at(made).to_string().replace(['-', ':', 'T'], "");
        assert!(has(&signer, usage.as_bytes()), "{usage} is written in full");
    }
    let last = asn1::time(at("2049-12-31T23:59:59Z"));
    assert_eq!(last, asn1::tlv(asn1::tag::UTC_TIME, b"491231235959Z"));
    let first = asn1::time(at("2050-01-01T00:00:00Z"));
    assert_eq!(first, asn1::tlv(asn1::tag::GENERALIZED_TIME, b"20500101000000Z"));
}

#[test]
fn lists_follow_each_other_without_a_gap_and_in_time() {
    let list = |number, day| (Some(number), at(&format!("2026-11-{day:02}T00:00:00Z")));
    assert_eq!(next_list(&[], founded()), Ok(1));
    assert_eq!(next_list(&[list(1, 1), list(2, 5)], list(0, 5).1), Ok(3));
    assert_eq!(next_list(&[list(1, 1), list(3, 5)], list(0, 6).1), Err(ListSequence::Gap(2)));
    assert_eq!(next_list(&[list(2, 5)], list(0, 6).1), Err(ListSequence::Gap(1)));
    assert_eq!(next_list(&[(None, founded())], list(0, 6).1), Err(ListSequence::Gap(1)));
    assert_eq!(next_list(&[list(1, 5)], list(0, 4).1), Err(ListSequence::Backwards(list(0, 5).1)));

    let dir = tempfile::tempdir().unwrap();
    let (store, _) = make(dir.path(), founded());
    for (number, day) in [(1, "2026-11-02"), (2, "2026-12-01"), (3, "2027-01-01")] {
        let crl = store.issue_crl(at(&format!("{day}T00:00:00Z")), QUARTER, &[], None).unwrap();
        // With nothing revoked there is a list all the same, with number, key identifier and the next date.
        assert_eq!((crl.number(), crl.entries().len()), (Some(number), 0));
        assert_eq!(crl.authority_key_identifier(), store.csca().unwrap().subject_key_identifier());
        assert_eq!(crl.next_update(), Some(crl.this_update() + QUARTER));
    }
    let long = store.issue_crl(at("2027-01-02T00:00:00Z"), QUARTER + SignedDuration::from_secs(1), &[], None);
    assert!(matches!(long, Err(StoreError::Build(_))));
    std::fs::remove_file(dir.path().join("crl/000002.crl")).unwrap();
    let refused = store.issue_crl(at("2027-01-02T00:00:00Z"), QUARTER, &[], None);
    assert!(matches!(refused, Err(StoreError::CrlSequence(ListSequence::Gap(2)))));
}

/// A file that is gone must not make another's key be written over, nor a revocation be forgotten.
#[test]
fn a_lost_file_is_told_and_its_successors_stay_what_they_are() {
    let later = at("2026-11-20T00:00:00Z");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let (store, mut rng) = make(folder.path(), founded());
    store.create_csca(founded(), &mut rng).unwrap();
    let signers: Vec<String> =
        (0..2).map(|_| store.create_document_signer(founded(), &mut rng).unwrap().serial_hex()).collect();
    store.issue_crl(founded(), QUARTER, &[], None).unwrap();
    store.issue_crl(founded(), QUARTER, &signers[..1], Some(1)).unwrap();
    let damaged =
        |name: &str, error: StoreError| matches!(error, StoreError::Damaged(told) if told.starts_with(name));

    for lost in ["csca/001.cer", "csca/002.cer", "ds/00001.cer", "ds/00002.cer"] {
        let before = std::fs::read(file(lost)).unwrap();
        let keys = ["csca/001", "csca/002", "ds/00001", "ds/00002"].map(|name| format!("{name}.key.age"));
        let kept = keys.each_ref().map(|key| std::fs::read(file(key)).unwrap());
        std::fs::remove_file(file(lost)).unwrap();
        let refused = match lost.starts_with("csca") {
            true => store.create_csca(later, &mut rng),
            false => store.create_document_signer(later, &mut rng),
        };
        assert!(damaged(lost, refused.unwrap_err()), "{lost}");
        assert_eq!(keys.each_ref().map(|key| std::fs::read(file(key)).unwrap()), kept, "{lost}");
        std::fs::write(file(lost), before).unwrap();
    }
    let newest = std::fs::read(file("crl/000002.crl")).unwrap();
    std::fs::remove_file(file("crl/000002.crl")).unwrap();
    // Nobody could tell any more that the first signer is revoked: no list goes on, no card is signed, nothing is exported.
    let lost = |error: StoreError| matches!(error, StoreError::CrlLost(LostCrl { number: 2, newest: 1 }));
    let out = tempfile::tempdir().unwrap();
    let refuses = || {
        assert!(lost(store.issue_crl(later, QUARTER, &[], None).unwrap_err()));
        assert!(lost(store.crl().unwrap_err()));
        assert!(lost(store.export(out.path()).unwrap_err()));
        assert!(lost(store.active_signers(later).unwrap_err()));
        assert!(lost(store.active_document_signer(later).unwrap_err()));
        assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
    };
    refuses();
    let states =
        || store.document_signers(later).unwrap().iter().map(|status| status.state).collect::<Vec<_>>();
    assert_eq!(states(), [SignerState::Revoked, SignerState::Active], "the record still names it");
    // Under the name of the lost one, an older list is what it is.
    std::fs::copy(file("crl/000001.crl"), file("crl/000002.crl")).unwrap();
    assert!(lost(store.export(out.path()).unwrap_err()));
    std::fs::remove_file(file("crl/000002.crl")).unwrap();
    // With its record gone as well, the signed log tells.
    let last = std::fs::read_dir(file("ceremony")).unwrap().count();
    let record = file(&format!("ceremony/{last:06}.json"));
    let kept = std::fs::read(&record).unwrap();
    std::fs::remove_file(&record).unwrap();
    refuses();
    let all = std::fs::read(file("crl/000001.crl")).unwrap();
    std::fs::remove_file(file("crl/000001.crl")).unwrap();
    assert!(matches!(store.crl(), Err(StoreError::CrlLost(LostCrl { number: 2, newest: 0 }))));
    std::fs::write(file("crl/000001.crl"), all).unwrap();
    std::fs::write(record, kept).unwrap();
    std::fs::write(file("crl/000002.crl"), newest).unwrap();
    store.export(out.path()).unwrap();
    assert_eq!(store.issue_crl(later, QUARTER, &[], None).unwrap().entries().len(), 1);

    // A record that is lost leaves a gap in the numbers: the next one is not written over the last.
    let last = std::fs::read_dir(file("ceremony")).unwrap().count();
    let newest = file(&format!("ceremony/{last:06}.json"));
    let record = std::fs::read(&newest).unwrap();
    std::fs::remove_file(file("ceremony/000001.json")).unwrap();
    store.create_csca(later, &mut rng).unwrap();
    assert_eq!(std::fs::read(newest).unwrap(), record);
}

/// Cards are not signed before what was signed; a clock that was ahead is acknowledged in the log, and nothing else turns it.
#[test]
fn a_clock_that_was_ahead_is_corrected_in_the_log_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), founded());
    let signer = store.create_document_signer(founded(), &mut rng).unwrap();
    store.issue_crl(founded(), QUARTER, &[], None).unwrap();
    let (ahead, today) = (at("2036-11-02T00:00:00Z"), at("2026-11-02T00:00:00Z"));
    assert_eq!(store.correct_clock(today, "none").unwrap_err().code(), "clock-not-behind");
    // Ten years ahead, a list was issued; the CSCA's key of 2026 may not sign any more by then, so another was made.
    store.create_csca(ahead, &mut rng).unwrap();
    store.issue_crl(ahead, QUARTER, &[signer.serial_hex()], Some(4)).unwrap();
    let behind =
        |error: StoreError| matches!(error, StoreError::ClockBehind { newest, .. } if newest == ahead);
    assert!(behind(store.active_signers(today).unwrap_err()));
    assert!(behind(store.active_document_signer(today).unwrap_err()));
    assert!(behind(store.follows_the_log(today).unwrap_err()));
    assert!(matches!(
        store.issue_crl(today, QUARTER, &[], None),
        Err(StoreError::CrlSequence(ListSequence::Backwards(_)))
    ));
    for reason in ["", " ", "a\nb", &"x".repeat(201)] {
        assert_eq!(store.correct_clock(today, reason).unwrap_err().code(), "no-reason");
    }
    // A line that nobody signed corrects nothing.
    let log = store.audit_log_path();
    let kept = std::fs::read_to_string(&log).unwrap();
    let last = kept.lines().last().unwrap();
    let previous = hex::encode(sha2::Digest::finalize(sha2::Digest::chain_update(
        <sha2::Sha256 as sha2::Digest>::new(),
        last,
    )));
    let sequence = kept.lines().count() + 1;
    let forged = format!(
        "{{\"sequence\":{sequence},\"time\":\"{today}\",\"previous\":\"{previous}\",\"event\":\"clock-corrected\"}}\n"
    );
    std::fs::write(&log, format!("{kept}{forged}")).unwrap();
    assert!(behind(store.follows_the_log(today).unwrap_err()));
    std::fs::write(&log, kept).unwrap();

    let made = store.correct_clock(today, " the time server was wrong ").unwrap();
    assert_eq!((made.newest, made.at), (ahead, today));
    let text = std::fs::read_to_string(&log).unwrap();
    let line = text.lines().last().unwrap();
    assert!(line.contains("the log was at 2036-11-02T00:00:00Z: the time server was wrong"), "{line}");
    // Lists go on with the next number, and whoever was revoked stays so.
    let list = store.issue_crl(today, QUARTER, &[], None).unwrap();
    assert_eq!((list.number(), list.entries().len(), list.this_update()), (Some(3), 1, today));
    store.create_document_signer(today, &mut rng).unwrap();
    store.active_document_signer(today).unwrap().sign_ef_sod(CONTENT, today).unwrap();
    // From the correction on the rule is the same as before it.
    let earlier = at("2026-11-01T23:54:59Z");
    assert!(
        matches!(store.active_signers(earlier), Err(StoreError::ClockBehind { newest, .. }) if newest == today)
    );
    let refused = store.issue_crl(earlier, QUARTER, &[], None);
    assert!(matches!(refused, Err(StoreError::CrlSequence(ListSequence::Backwards(time))) if time == today));
    assert_eq!(
        verify_ceremonies(dir.path()).unwrap().iter().filter_map(|one| one.problem.clone()).next(),
        None
    );
}

/// A store after a rollover: signers under both keys, a list by the new one.
struct Rollover {
    _dir: tempfile::TempDir,
    store: KeyStore,
    rng: ChaCha20Rng,
    signers: [Certificate; 2],
}

fn later() -> Timestamp {
    at("2030-11-01T00:00:00Z")
}

fn rollover(rename: Rename) -> Rollover {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), founded());
    let old = store.create_document_signer(at("2030-10-31T00:00:00Z"), &mut rng).unwrap();
    let request = AuthorityRequest { pool: Pool::Dated, rename };
    let made = store.create_authority(request, later(), &mut rng).unwrap();
    let same = made.certificate.subject().matches(store.csca_certificates().unwrap()[0].subject());
    assert_eq!(same, rename == Rename::Keep);
    let new = store.create_document_signer(later(), &mut rng).unwrap();
    Rollover { _dir: dir, store, rng, signers: [old, new] }
}

fn trust(store: &KeyStore, anchors: &[usize]) -> TrustStore {
    let mut trust = TrustStore::new();
    let authorities = store.csca_certificates().unwrap();
    for anchor in anchors {
        trust.add_anchor(authorities[*anchor].der()).unwrap();
    }
    for link in store.csca_links().unwrap() {
        trust.add_link(link.der()).unwrap();
    }
    trust.add_crl(store.crl().unwrap().der()).unwrap();
    trust
}

#[test]
fn a_rollover_takes_verifiers_along_who_know_the_old_key_only() {
    for rename in [Rename::Keep, Rename::Number] {
        let house = rollover(rename);
        house.store.issue_crl(later(), QUARTER, &[], None).unwrap();
        let link = &house.store.csca_links().unwrap()[0];
        let authorities = house.store.csca_certificates().unwrap();
        assert_eq!(link.not_before(), later());
        assert_eq!(link.not_after(), authorities[0].not_after());
        assert_eq!(link.basic_constraints(), Some((true, Some(0))));
        let name_change = asn1::oid(&oids::NAME_CHANGE);
        let renamed = link.der().windows(name_change.len()).any(|window| window == name_change);
        assert_eq!(renamed, rename == Rename::Number);
        let trust = trust(&house.store, &[0]);
        for signer in &house.signers {
            let path = trust.check_signer(signer, later());
            assert!(matches!(path.chain, ChainResult::Trusted { .. }), "{:?}", path.chain);
        }
        assert!(trust.check_signer(&house.signers[1], later()).link.is_some());
        let alone = {
            let mut trust = TrustStore::new();
            trust.add_anchor(authorities[0].der()).unwrap();
            trust
        };
        let path = alone.check_signer(&house.signers[1], later());
        assert!(matches!(path.chain, ChainResult::NotTrusted(_)), "{:?}", path.chain);
    }
}

#[test]
fn the_newest_key_signs_the_lists_of_all_older_ones() {
    let house = rollover(Rename::Keep);
    let old = house.signers[0].serial_hex();
    house.store.issue_crl(later(), QUARTER, &[], None).unwrap();
    let authorities = house.store.csca_certificates().unwrap();
    let list = house.store.crl().unwrap();
    assert!(list.verify_signature(authorities[1].public_key()).is_ok());
    let both = trust(&house.store, &[0, 1]);
    for signer in &house.signers {
        let revocation = both.check_signer(signer, later()).revocation;
        assert!(matches!(revocation, RevocationResult::Good { .. }), "{revocation:?}");
    }
    house.store.issue_crl(later(), QUARTER, &[old], Some(1)).unwrap();
    let both = trust(&house.store, &[0, 1]);
    let revocation = both.check_signer(&house.signers[0], later()).revocation;
    assert!(matches!(revocation, RevocationResult::Revoked { reason: "key-compromise", .. }));
    let revocation = both.check_signer(&house.signers[1], later()).revocation;
    assert!(matches!(revocation, RevocationResult::Good { .. }));
}

#[test]
fn a_revoked_csca_takes_its_link_successors_and_a_revoked_link_its_own_with_it() {
    for revoke_link in [false, true] {
        let house = rollover(Rename::Keep);
        let (old, link) =
            (house.store.csca_certificates().unwrap().remove(0), house.store.csca_links().unwrap().remove(0));
        let serial = if revoke_link { link.serial_hex() } else { old.serial_hex() };
        house.store.issue_crl(later(), QUARTER, &[serial], Some(2)).unwrap();
        // A verifier that came here over the link has nobody left to believe.
        let over = trust(&house.store, &[0]);
        let revocation = over.check_signer(&house.signers[1], later()).revocation;
        assert!(
            matches!(revocation, RevocationResult::AuthorityRevoked { reason: "ca-compromise", .. }),
            "{revocation:?}"
        );
        // The old key's own signer falls with the old key; with the link alone it does not.
        let revocation = over.check_signer(&house.signers[0], later()).revocation;
        assert_eq!(matches!(revocation, RevocationResult::AuthorityRevoked { .. }), !revoke_link);
        // A verifier that was given the new key by hand goes on.
        let direct = trust(&house.store, &[1]);
        let revocation = direct.check_signer(&house.signers[1], later()).revocation;
        assert!(matches!(revocation, RevocationResult::Good { .. }), "{revocation:?}");
    }
}

#[test]
fn after_its_time_a_key_makes_no_link() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), founded());
    let in_time = at("2031-11-01T00:00:00Z");
    assert!(store.create_authority(AuthorityRequest::default(), in_time, &mut rng).unwrap().link.is_some());
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), founded());
    let late = at("2031-11-01T00:00:01Z");
    assert!(store.create_authority(AuthorityRequest::default(), late, &mut rng).unwrap().link.is_none());
}

#[test]
fn a_trust_directory_carries_the_links() {
    let mut house = rollover(Rename::Keep);
    house.store.issue_crl(later(), QUARTER, &[], None).unwrap();
    house.store.create_authority(NO_EXPIRY, later(), &mut house.rng).unwrap();
    let out = tempfile::tempdir().unwrap();
    let files = house.store.export(out.path()).unwrap();
    assert_eq!(files.iter().filter(|name| name.starts_with("link/")).count(), 2);
    let trust = TrustStore::load(out.path()).unwrap();
    assert_eq!((trust.anchors().len(), trust.links().len(), trust.problems().len()), (3, 2, 0));
}
