//! Evidence at rest: what it keeps, who signed it, and what it can still show.

use cccd_keys::trust::TrustStore;
use cccd_verifier::evidence::{EvidenceError, EvidenceFile, Provenance, bound_challenge};
use cccd_verifier::{Check, Evidence, Status};

use crate::card::{Card, Situation, at, decided, elsewhere, options, vietnam};

fn packed(evidence: &Evidence) -> Vec<u8> {
    EvidenceFile::new(evidence).unwrap().to_bytes().unwrap()
}

fn signed(evidence: &Evidence) -> Vec<u8> {
    let key = vietnam().keys.station_key().unwrap();
    EvidenceFile::new(evidence).unwrap().signed(&key).unwrap().to_bytes().unwrap()
}

fn opened(bytes: &[u8]) -> Situation {
    let (evidence, provenance) = EvidenceFile::open(bytes, &vietnam().trust()).unwrap();
    let mut situation = Situation::of(evidence);
    situation.provenance = provenance;
    situation
}

#[test]
fn it_comes_back_as_it_was() {
    let evidence = Card::genuine().read();
    let (again, provenance) = EvidenceFile::open(&packed(&evidence), &TrustStore::new()).unwrap();
    assert_eq!((again, provenance), (evidence, Provenance::Unsigned));
}

#[test]
fn from_an_unsigned_file_the_chip_shows_nothing() {
    let situation = opened(&packed(&Card::genuine().read()));
    let judgement = situation.judge();
    assert_eq!(decided(&judgement), ("undetermined", "chip.chip-authentication", "not-fresh"));
    for check in [Check::ChipAuthentication, Check::ActiveAuthentication] {
        let finding = judgement.findings.iter().find(|finding| finding.check == check).unwrap();
        assert_eq!((finding.status, finding.reason.unwrap().code()), (Status::Inconclusive, "not-fresh"));
    }
    // A failure is not made good by coming from a file.
    let card = Card::altered(|bench| bench.replace_private_keys(&mut crate::card::rng(5)).unwrap());
    assert_eq!(decided(&opened(&packed(&card.read())).judge()).0, "refused");
}

#[test]
fn a_trusted_station_vouches_for_what_it_saw() {
    let situation = opened(&signed(&Card::genuine().read()));
    assert!(matches!(situation.provenance, Provenance::TrustedStation { .. }));
    assert_eq!(decided(&situation.judge()), ("accepted", "-", "-"));
    // The same signature, and nobody who trusts the station.
    let (_, provenance) = EvidenceFile::open(&signed(&situation.evidence), &elsewhere().trust()).unwrap();
    assert_eq!(provenance, Provenance::Unsigned);
}

#[test]
fn a_nonce_that_is_not_answered_outweighs_the_station() {
    let mut situation = opened(&signed(&Card::genuine().read()));
    assert_eq!(decided(&situation.judge()).0, "accepted");
    situation.nonce = Some(vec![0x3F; 16]);
    assert_eq!(decided(&situation.judge()), ("undetermined", "chip.chip-authentication", "not-fresh"));
}

#[test]
fn altered_evidence_is_told() {
    let evidence = Card::genuine().read();
    let mut file: serde_json::Value = serde_json::from_slice(&signed(&evidence)).unwrap();
    let other: serde_json::Value = serde_json::from_slice(&packed(&evidence.without_portrait())).unwrap();
    file["evidence"] = other["evidence"].clone();
    let situation = opened(file.to_string().as_bytes());
    assert_eq!(situation.provenance, Provenance::BadSignature);
    let decided = decided(&situation.judge());
    assert_eq!(decided, ("undetermined", "chip.chip-authentication", "evidence-signature-invalid"));
}

#[test]
fn without_the_portrait_its_digest_is_compared() {
    let evidence = Card::genuine().read().without_portrait();
    assert!(!evidence.files.data_groups.contains_key(&2));
    let bytes = signed(&evidence);
    let judgement = opened(&bytes).judge();
    assert_eq!(decided(&judgement).0, "accepted");
    let hashes = judgement.findings.iter().find(|finding| finding.check == Check::DataGroupHashes).unwrap();
    assert_eq!(hashes.scope.unwrap().code(), "portrait-withheld");
    let mut wrong = evidence;
    for digest in wrong.files.withheld.get_mut(&2).unwrap().values_mut() {
        *digest = "00".repeat(32);
    }
    assert_eq!(decided(&opened(&signed(&wrong)).judge()), ("refused", "passive.dg-hashes", "hash-mismatch"));
}

/// Online freshness: the verifier issues a nonce, the answer is bound to station, time and card.
#[test]
fn active_authentication_answers_the_verifiers_own_nonce() {
    let nonce = vec![0x3F; 16];
    let options = options().station("desk-7").nonce(Some(nonce.clone()));
    let evidence = Card::genuine().read_with(&options).unwrap();
    let record = evidence.active_authentication.as_ref().unwrap();
    let expected = bound_challenge(&nonce, "desk-7", evidence.read_at, &evidence.sod_sha256().unwrap());
    assert_eq!(record.challenge, expected);

    let mut situation = opened(&packed(&evidence));
    assert_eq!(decided(&situation.judge()).0, "undetermined");
    situation.nonce = Some(nonce);
    let judgement = situation.judge();
    let finding = judgement.findings.iter().find(|f| f.check == Check::ActiveAuthentication).unwrap();
    assert_eq!(finding.scope.unwrap().code(), "challenge-of-verifier");
    assert!(finding.is_passed());
    // Chip Authentication left nothing that a third party could check; one proof is enough.
    assert_eq!(decided(&judgement), ("accepted", "-", "-"));

    let passes = |situation: &Situation| {
        let findings = situation.judge().findings;
        findings.iter().any(|f| f.check == Check::ActiveAuthentication && f.is_passed())
    };
    // Not the verifier's nonce; a station that was not there; an hour late.
    situation.nonce = Some(vec![0x40; 16]);
    assert!(!passes(&situation));
    situation.nonce = Some(vec![0x3F; 16]);
    situation.evidence.station = Some("desk-8".to_owned());
    assert!(!passes(&situation));
    situation.evidence.station = Some("desk-7".to_owned());
    assert!(passes(&situation));
    situation.at = at("2026-11-21T04:00:00Z");
    assert!(!passes(&situation));
}

#[test]
fn fingerprints_passwords_and_strangers_fields_are_refused() {
    let evidence = Card::genuine().read();
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        use base64::Engine as _;
        let mut inner = serde_json::to_value(&evidence).unwrap();
        change(&mut inner);
        let mut file: serde_json::Value = serde_json::from_slice(&packed(&evidence)).unwrap();
        let encoded = base64::engine::general_purpose::STANDARD.encode(inner.to_string());
        file["evidence"] = encoded.into();
        EvidenceFile::open(file.to_string().as_bytes(), &TrustStore::new()).map(drop)
    };
    assert_eq!(with(&|_| {}), Ok(()));
    assert!(with(&|inner| inner["files"]["data_groups"]["3"] = "YQA=".into()).is_err());
    assert!(with(&|inner| inner["files"]["data_groups"]["17"] = "YQA=".into()).is_err());
    assert!(with(&|inner| inner["password"] = "000001".into()).is_err());
    assert_eq!(with(&|inner| inner["station"] = "x".repeat(300).into()), Err(EvidenceError::Bounds));
    let text = String::from_utf8(packed(&evidence)).unwrap();
    assert!(!text.contains(crate::card::CAN));
}

/// Personal data stay out of what ends up in logs.
#[test]
fn debug_shows_no_content() {
    let evidence = Card::genuine().read();
    let situation = Situation::of(evidence);
    let shown = format!("{:?} {:?}", situation.evidence, situation.judge());
    for personal in ["079099000001", "Nguyễn", "NGUYEN", "Đường Mẫu", "15/01/1999"] {
        assert!(!shown.contains(personal), "{personal}");
    }
}
