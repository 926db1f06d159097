//! Whatever bytes come, an answer comes back.

use std::sync::OnceLock;

use cccd_keys::trust::TrustStore;
use cccd_verifier::evidence::{EvidenceFile, Files, Provenance};
use cccd_verifier::register::{RegisterReport, answer};
use cccd_verifier::report::{Lang, printable, to_json, to_text};
use cccd_verifier::{Case, Decision, Evidence, Policy, Presented, judge};
use proptest::prelude::*;

use crate::card::{Card, NOW, Situation, at, tables_at_once, vietnam};

fn genuine() -> &'static (Evidence, Vec<u8>) {
    static GENUINE: OnceLock<(Evidence, Vec<u8>)> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let evidence = Card::genuine().read().without_portrait();
        let bytes = EvidenceFile::new(&evidence).unwrap().to_bytes().unwrap();
        (evidence, bytes)
    })
}

fn verdict_of(files: Files) -> Decision {
    let evidence = Evidence::of_files(files, at(NOW));
    let judgement = judge(&Case {
        evidence: &evidence,
        provenance: &Provenance::Live,
        issued_nonce: None,
        trust: &TrustStore::new(),
        at: at(NOW),
        presented: &Presented::nothing(),
        register: &RegisterReport::not_asked(),
        policy: &Policy::default(),
    });
    let _ = (to_text(&judgement, Lang::Vi), to_json(&judgement, Lang::En));
    judgement.verdict.decision
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn evidence_of_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(EvidenceFile::open(&bytes, &TrustStore::new()).is_err());
    }

    /// Altered evidence is no evidence, or is judged without being accepted.
    #[test]
    fn evidence_with_altered_bytes(position in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = genuine().1.clone();
        let position = position.index(bytes.len());
        bytes[position] = byte;
        if let Ok((evidence, provenance)) = EvidenceFile::open(&bytes, &TrustStore::new()) {
            let mut situation = Situation::of(evidence);
            situation.provenance = provenance;
            prop_assert_ne!(situation.judge().verdict.decision, Decision::Accepted);
        }
    }

    #[test]
    fn files_of_any_bytes(sod in proptest::collection::vec(any::<u8>(), 0..300), group in 1_u8..=16,
                          file in proptest::collection::vec(any::<u8>(), 0..300)) {
        let files = Files { sod: Some(sod), data_groups: [(group, file)].into(), ..Files::default() };
        prop_assert_ne!(verdict_of(files), Decision::Accepted);
    }

    /// One byte of one genuine file is another: never accepted, whatever the file.
    #[test]
    fn genuine_files_with_an_altered_byte(which in 0_usize..5, position in any::<prop::sample::Index>(), change in 1_u8..) {
        let mut evidence = genuine().0.clone();
        {
            let files = &mut evidence.files;
            let group = [1, 13, 14, 15].get(which).copied();
            let file = match group {
                Some(group) => files.data_groups.get_mut(&group).unwrap(),
                None => files.sod.as_mut().unwrap(),
            };
            let position = position.index(file.len());
            file[position] ^= change;
        }
        prop_assert_ne!(Situation::of(evidence).judge().verdict.decision, Decision::Accepted);
    }

    #[test]
    fn register_answers_of_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let expected = answer::Expected { kind: "match", nonce: "n", subject: "s", now: at(NOW) };
        prop_assert!(answer::match_answer(&bytes, &expected, &TrustStore::new(), &Policy::default()).is_err());
    }

    #[test]
    fn printable_is_one_harmless_line(text in any::<String>()) {
        let shown = printable(&text);
        prop_assert!(shown.chars().all(|character| !character.is_control()));
        prop_assert!(shown.chars().count() <= 501);
    }
}

/// Faults enumerated: every byte of EF.SOD, whether the signature covers it or not.
#[test]
fn every_altered_byte_of_ef_sod_is_noticed() {
    let genuine = genuine().0.clone();
    let length = genuine.files.sod.as_ref().unwrap().len();
    let trust = vietnam().trust();
    let known = tables_at_once(&trust);
    let accepted: Vec<(usize, u8)> = (0..length)
        .flat_map(|position| [0x01, 0x02, 0x80].map(|change| (position, change)))
        .filter(|&(position, change)| {
            let mut evidence = genuine.clone();
            evidence.files.sod.as_mut().unwrap()[position] ^= change;
            Situation::of(evidence).judge_beside(&known).verdict.decision == Decision::Accepted
        })
        .collect();
    assert!(accepted.is_empty(), "accepted all the same: {accepted:?}");
}
