//! Real EF.SODs of five states, altered everywhere: what is signed cannot change unnoticed, however leniently it is read.

use std::path::{Path, PathBuf};

use cccd_keys::asn1::Reader;
use cccd_keys::master_list::MasterList;
use cccd_keys::sod::EfSod;
use cccd_keys::trust::{KnownSigners, TrustStore};
use cccd_verifier::evidence::Files;
use cccd_verifier::policy::WeakAlgorithms;
use cccd_verifier::{Case, Check, Evidence, Policy, Status, judge_among};
use jiff::Timestamp;

use crate::card::{at, tables_at_once};

/// The five, each with another way of signing: brainpool and explicit curves, RSA of both paddings, SHA-1 (accepted here, so that
/// the signature decides).
const NAMES: [&str; 5] = ["DE", "FR", "RU-b", "SG", "US"];

fn believed(data: &Path) -> TrustStore {
    let mut trust = TrustStore::new();
    for entry in std::fs::read_dir(data.join("masterlists")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "ml") {
            let list = MasterList::parse(&std::fs::read(path).unwrap()).unwrap();
            list.verify().unwrap();
            trust.add_master_list(&list);
        }
    }
    trust
}

/// Signature and chain both hold.
fn holds(file: &[u8], known: &KnownSigners<'_>, policy: &Policy, at: Timestamp) -> bool {
    let evidence = Evidence::of_files(Files { sod: Some(file.to_vec()), ..Files::default() }, at);
    let judgement = judge_among(&Case { policy, ..Case::new(&evidence, known.trust(), at) }, known);
    let passed = |check: Check| {
        judgement.findings.iter().any(|finding| finding.check == check && finding.status == Status::Passed)
    };
    passed(Check::SodSignature) && passed(Check::SignerChain)
}

/// What is signed: content, its type, when, and of the signer's certificate what its authority signed.
fn signed_parts(file: &[u8]) -> (Vec<u8>, String, Option<Timestamp>, Vec<u8>) {
    let sod = EfSod::parse(file).unwrap();
    let facts = sod.verify_signature().unwrap();
    let certificate = Reader::new(facts.signer.der()).sequence("a certificate").unwrap().any().unwrap().raw;
    (sod.econtent().to_vec(), sod.econtent_type().to_string(), facts.signing_time, certificate.to_vec())
}

#[test]
fn real_files_altered_at_every_byte_never_say_something_else() {
    let Some(data) = std::env::var_os("CCCD_FOREIGN_DATA").map(PathBuf::from) else {
        eprintln!("skipped: CCCD_FOREIGN_DATA is not set");
        return;
    };
    let trust = believed(&data);
    let known = &tables_at_once(&trust);
    let now = at("2026-11-25T00:00:00Z");
    let mut policy = Policy::default();
    policy.weak_algorithms = WeakAlgorithms::Accept;
    policy.least_rsa_bits = 0;
    let policy = &policy;
    for name in NAMES {
        let genuine = std::fs::read(data.join(format!("sod/sod_real_{name}.bin"))).unwrap();
        for _ in 0..2 {
            assert!(holds(&genuine, known, policy, now), "{name}");
        }
        let said = &signed_parts(&genuine);
        let altered = |position: usize| {
            let with = |change: u8| {
                let mut file = genuine.clone();
                file[position] ^= change;
                file
            };
            let mut longer = genuine.clone();
            longer.insert(position, genuine[position]);
            let mut shorter = genuine.clone();
            shorter.remove(position);
            [with(0x01), with(0x80), longer, shorter, genuine[..position].to_vec()]
        };
        let altered = &altered;
        let half = |from: usize| {
            (from..genuine.len())
                .step_by(2)
                .flat_map(altered)
                .filter(|file| holds(file, known, policy, now))
                .inspect(|file| assert_eq!(&signed_parts(file), said, "{name}"))
                .count()
        };
        let unnoticed = std::thread::scope(|scope| {
            let other = scope.spawn(|| half(1));
            half(0) + other.join().unwrap()
        });
        eprintln!("{name}: {} files, {unnoticed} differ in nothing that is signed", genuine.len() * 5);
    }
}
