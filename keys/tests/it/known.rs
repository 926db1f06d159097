//! Signers met before: the same facts, bounded memory, and nothing kept of whom nobody vouches for.

use crate::house::{CONTENT, House, founded, today};
use crate::mint;
use cccd_keys::algorithm::HashAlgorithm;
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::signer::SoftwareKey;
use cccd_keys::sod::{self, EfSod};
use cccd_keys::trust::{KnownSigners, KnownSignersLimits, TrustStore};
use jiff::{SignedDuration, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

fn limits(signers: usize, tables: usize, uses_before_tables: u32) -> KnownSignersLimits {
    /// Tables of one key on P-256.
    const TABLES: usize = 270_336;
    KnownSignersLimits { signers, table_memory: tables * TABLES, uses_before_tables }
}

fn houses(count: u64) -> (Vec<House>, TrustStore) {
    let houses: Vec<House> =
        (0..count).map(|seed| House::new(AlgorithmProfile::P256, "VN", 100 + seed)).collect();
    let mut trust = TrustStore::new();
    for house in &houses {
        trust.add_anchor(house.csca.der()).unwrap();
        trust.add_crl(house.crl.der()).unwrap();
    }
    (houses, trust)
}

/// As a verifier does: the signer, then the signature.
fn judge(known: &KnownSigners<'_>, file: &[u8], at: Timestamp) {
    let sod = EfSod::parse(file).unwrap();
    let signer = sod.signer_certificate().unwrap();
    let path = known.check_signer(signer, at);
    assert_eq!(format!("{path:?}"), format!("{:?}", known.trust().check_signer(signer, at)));
    assert_eq!(sod.verify_signature_with(Some(known)), sod.verify_signature());
}

#[test]
fn the_facts_are_those_of_the_plain_way_before_and_after_tables() {
    for profile in [AlgorithmProfile::P256, AlgorithmProfile::Cccd] {
        let house = House::new(profile, "VN", 7);
        let trust = house.trust();
        let known = KnownSigners::new(&trust, limits(8, 8, 2));
        let good = house.sod();
        for seen in 0..5 {
            assert_eq!(known.table_memory() > 0, seen > 2, "tables come with the third use");
            judge(&known, &good, today());
        }
        let signature_at = good.len() - 1;
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[signature_at] ^= 1 << bit;
            judge(&known, &bad, today());
        }
        assert_eq!(known.len(), 1);
    }
}

/// A signer and its authority on one curve, as a state would have them: whatever the curve, a key that returns gets its tables.
#[test]
fn every_curve_of_the_table_is_made_faster_and_says_the_same() {
    for (number, curve) in NamedCurve::ALL.into_iter().enumerate() {
        let hash = if curve.field_length() > 48 { HashAlgorithm::Sha512 } else { HashAlgorithm::Sha256 };
        let mut rng = ChaCha20Rng::seed_from_u64(u64::try_from(number).unwrap());
        let mut key = || SoftwareKey::generate(curve, hash, CurveEncoding::Explicit, &mut rng);
        // Curves on which this house makes no keys are met as others' signers only.
        let (Ok(above), Ok(own)) = (key(), key()) else { continue };
        let (authority, subject) = (mint::name("UT", "CSCA UT"), mint::name("UT", "Document Signer"));
        let csca =
            mint::certificate((&above, &authority), (&above, &authority), 1, &[mint::authority()], false);
        let signer = mint::certificate((&above, &authority), (&own, &subject), 2, &[mint::signs()], false);
        let mut trust = TrustStore::new();
        trust.add_anchor(csca.der()).unwrap();
        let limits = KnownSignersLimits { uses_before_tables: 2, ..KnownSignersLimits::default() };
        let known = KnownSigners::new(&trust, limits);
        let good = sod::sign(CONTENT, &signer, &own, today()).unwrap();
        for seen in 0..5 {
            assert_eq!(known.table_memory() > 0, seen > 2, "{curve:?}: tables come with the third use");
            judge(&known, &good, today());
        }
        let mut bad = good.clone();
        *bad.last_mut().unwrap() ^= 1;
        judge(&known, &bad, today());
        eprintln!("{curve:?}: {} kB", known.table_memory() / 1024);
    }
}

#[test]
fn another_time_is_judged_anew() {
    let house = House::new(AlgorithmProfile::P256, "VN", 8);
    let trust = house.trust();
    let known = KnownSigners::new(&trust, KnownSignersLimits::default());
    let file = house.sod();
    for days in [30, -30, 365 * 30, 100, 30] {
        judge(&known, &file, founded() + SignedDuration::from_hours(days * 24));
    }
}

#[test]
fn whom_nobody_vouches_for_is_not_kept() {
    let (houses, trust) = houses(1);
    let known = KnownSigners::new(&trust, limits(8, 8, 0));
    // Same country, same names: a stranger who says he is of the house.
    for seed in 0..4 {
        let stranger = House::new(AlgorithmProfile::P256, "VN", seed);
        for _ in 0..3 {
            judge(&known, &stranger.sod(), today());
        }
    }
    assert!(known.is_empty() && known.table_memory() == 0);
    judge(&known, &houses[0].sod(), today());
    assert_eq!(known.len(), 1);
}

#[test]
fn memory_is_bounded_and_the_one_not_met_for_longest_makes_room() {
    let (houses, trust) = houses(4);
    let files: Vec<Vec<u8>> = houses.iter().map(House::sod).collect();
    for (signers, tables) in [(4, 2), (2, 4), (1, 1), (4, 0), (0, 4)] {
        let limits = limits(signers, tables, 0);
        let known = KnownSigners::new(&trust, limits);
        for round in 0..3 {
            for file in &files {
                judge(&known, file, today());
                assert!(known.len() <= signers, "{limits:?} round {round}");
                assert!(known.table_memory() <= limits.table_memory, "{limits:?} round {round}");
            }
        }
        assert_eq!(known.table_memory() > 0, signers > 0 && tables > 0, "{limits:?}");
    }
}

#[test]
fn threads_share_it() {
    let (houses, trust) = houses(3);
    let known = KnownSigners::new(&trust, limits(2, 1, 1));
    let files: Vec<Vec<u8>> = houses.iter().map(House::sod).collect();
    std::thread::scope(|scope| {
        for start in 0..4 {
            let (known, files) = (&known, &files);
            scope.spawn(move || {
                for round in 0..8 {
                    judge(known, &files[(start + round) % files.len()], today());
                }
            });
        }
    });
    assert!(known.len() <= 2 && known.table_memory() <= 270_336);
}

/// A signer that is known vouches for what it signed and for nothing else.
#[test]
fn a_known_certificate_does_not_lend_its_key() {
    let (houses, trust) = houses(2);
    let known = KnownSigners::new(&trust, limits(8, 8, 0));
    for house in &houses {
        judge(&known, &house.sod(), today());
    }
    assert!(sod::sign(CONTENT, &houses[0].signer, &houses[1].signer_key, today()).is_err());
    let (first, second) = (houses[0].sod(), houses[1].sod());
    let (first, second) = (EfSod::parse(&first).unwrap(), EfSod::parse(&second).unwrap());
    let key = known.key_of(first.signer_certificate().unwrap()).unwrap();
    assert_eq!(&*key, first.signer_certificate().unwrap().public_key());
    assert_ne!(&*key, second.signer_certificate().unwrap().public_key());
}
