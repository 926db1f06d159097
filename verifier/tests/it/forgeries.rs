//! Cards that differ from an accepted one in one thing, and the check that must decide.

use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::card_access;
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::dg13::NationalData;
use cccd_card_profile::tlv;
use cccd_keys::sod::EfSod;
use cccd_keys::trust::TrustStore;
use cccd_verifier::policy::RegisterDemand;
use cccd_verifier::register::{CardStatus, RegisterError, RegisterReport};
use cccd_verifier::{Check, Status};
use cccd_virtual_chip::lab::{Bench, File};

use crate::card::{
    Authority, Card, ISSUED, Says, Situation, at, decided, elsewhere, impostor, options, presented, rng,
    vietnam,
};

const DG13: File = File::DataGroup(DataGroupNumber::DG13);
const DG14: File = File::DataGroup(DataGroupNumber::DG14);
const DG15: File = File::DataGroup(DataGroupNumber::DG15);

fn refused(situation: &Situation, check: &'static str, reason: &'static str) {
    assert_eq!(decided(&situation.judge()), ("refused", check, reason));
}

fn undetermined(situation: &Situation, check: &'static str, reason: &'static str) {
    assert_eq!(decided(&situation.judge()), ("undetermined", check, reason));
}

fn signed_again(bench: &mut Bench, authority: &Authority) {
    let genuine = EfSod::parse(bench.read(File::Sod).unwrap()).unwrap();
    let signer = authority.keys.active_document_signer(at(ISSUED)).unwrap();
    let sod = signer.sign_ef_sod(genuine.econtent(), at(ISSUED)).unwrap();
    bench.replace(File::Sod, sod).unwrap();
}

#[test]
fn a_changed_name() {
    let card = Card::altered(|bench| {
        let mut data = NationalData::parse(bench.read(DG13).unwrap()).unwrap();
        data.full_name = Some("Nguyễn Văn Giả".to_owned());
        bench.replace(DG13, data.to_bytes()).unwrap();
    });
    let situation = Situation::of(card.read());
    refused(&situation, "passive.dg-hashes", "hash-mismatch");
    // The person whose number it carries is not asked for: the attempts are theirs.
    assert!(situation.register.match_withheld);
    let judgement = situation.judge();
    let consistent = judgement.findings.iter().find(|f| f.check == Check::DataGroupsConsistent).unwrap();
    assert_eq!((consistent.status, consistent.detail.as_deref()), (Status::Failed, Some("full_name")));
    assert!(!judgement.document.full_name.unwrap().authentic);
}

#[test]
fn a_group_that_nobody_signed_is_found_by_a_thorough_reading() {
    let card = Card::altered(|bench| {
        let mut groups = Com::parse(bench.read(File::Com).unwrap()).unwrap().data_groups();
        groups.push(DataGroupNumber::DG11);
        bench.replace(File::Com, Com::new(&groups).to_bytes()).unwrap();
        bench.add(File::DataGroup(DataGroupNumber::DG11), tlv::encode(0x6B, &[0x5C, 0x00])).unwrap();
    });
    let situation = Situation::of(card.read_with(&options().thorough(true)).unwrap());
    refused(&situation, "passive.dg-hashes", "unsigned-content");
    let judgement = situation.judge();
    let com = judgement.findings.iter().find(|finding| finding.check == Check::ComSodConsistent).unwrap();
    assert_eq!((com.status, com.detail.as_deref()), (Status::Failed, Some("DG11")));
}

#[test]
fn a_signer_of_another_country_who_is_trusted_there() {
    let card = Card::altered(|bench| signed_again(bench, elsewhere()));
    let mut situation = Situation::of(card.read());
    situation.trust.add_anchor(elsewhere().keys.csca().unwrap().der()).unwrap();
    situation.trust.add_crl(elsewhere().keys.crl().unwrap().der()).unwrap();
    refused(&situation, "passive.signer-country", "country-mismatch");
    assert!(!situation.judge().document.number.unwrap().authentic);
}

#[test]
fn a_self_made_authority_that_calls_itself_ours() {
    let card = Card::altered(|bench| signed_again(bench, impostor()));
    refused(&Situation::of(card.read()), "passive.signer-chain", "chain-not-trusted");
}

#[test]
fn a_copy_without_the_private_keys_gives_complete_evidence() {
    let card = Card::altered(|bench| bench.replace_private_keys(&mut rng(77)).unwrap());
    let evidence = card.read();
    assert!(evidence.complete, "{evidence:?}");
    assert_eq!(evidence.files, Card::genuine().read().files);
    let situation = Situation::of(evidence);
    refused(&situation, "chip.chip-authentication", "key-agreement-failed");
    let judgement = situation.judge();
    let failed: Vec<&str> =
        judgement.findings.iter().filter(|f| f.is_failed()).map(|f| f.check.code()).collect();
    assert_eq!(failed, ["chip.chip-authentication", "chip.active-authentication"]);
}

#[test]
fn a_copy_with_one_right_key() {
    let card = Card::altered(|bench| bench.replace_active_authentication_key(&mut rng(78)).unwrap());
    refused(&Situation::of(card.read()), "chip.active-authentication", "challenge-mismatch");
}

/// A copy that hides the groups of the proofs, to look like a chip that offers none.
#[test]
fn hidden_keys() {
    for file in [DG14, DG15] {
        let card = Card::altered(|bench| bench.remove(file).unwrap());
        refused(&Situation::of(card.read()), "passive.dg-hashes", "data-group-absent");
    }
}

#[test]
fn altered_ef_card_access() {
    let card = Card::altered(|bench| {
        let mut infos = card_access::parse(bench.read(File::CardAccess).unwrap()).unwrap();
        let again =
            cccd_card_profile::lds::security_infos::SecurityInfo::chip_authentication_ecdh_aes_128(Some(9));
        infos.infos.push(again);
        bench.replace(File::CardAccess, card_access::to_bytes(&infos)).unwrap();
    });
    refused(&Situation::of(card.read()), "lds.card-access-authentic", "card-access-mismatch");
}

#[test]
fn ef_sod_cut_short() {
    let card = Card::altered(|bench| bench.truncate(File::Sod, 300).unwrap());
    let situation = Situation::of(card.read());
    assert_eq!(situation.evidence.files.sod.as_ref().map(Vec::len), Some(300));
    refused(&situation, "passive.sod-signature", "malformed-data");
}

#[test]
fn ef_sod_with_a_flipped_bit() {
    let card = Card::altered(|bench| {
        let mut sod = bench.read(File::Sod).unwrap().to_vec();
        let last = sod.len() - 1;
        sod[last] ^= 1;
        bench.replace(File::Sod, sod).unwrap();
    });
    refused(&Situation::of(card.read()), "passive.sod-signature", "signature-invalid");
}

#[test]
fn no_ef_sod_at_all() {
    let card = Card::altered(|bench| bench.remove(File::Sod).unwrap());
    refused(&Situation::of(card.read()), "passive.sod-signature", "no-sod");
}

#[test]
fn an_expired_card() {
    let mut situation = Situation::of(Card::genuine().read());
    // On 2039-01-15 it is still valid in Vietnam, on the 16th it is not; by then its list is old as well.
    situation.at = at("2039-01-15T16:59:59Z");
    let expiry = |situation: &Situation| {
        let judgement = situation.judge();
        judgement.findings.into_iter().find(|f| f.check == Check::DocumentExpiry).unwrap()
    };
    assert!(expiry(&situation).is_passed());
    situation.at = at("2039-01-15T17:00:00Z");
    assert_eq!(expiry(&situation).reason.map(cccd_verifier::Reason::code), Some("document-expired"));
    assert_eq!(decided(&situation.judge()).0, "refused");
}

#[test]
fn what_the_register_says() {
    let cases = [
        (CardStatus::Lost, "refused", "card-lost"),
        (CardStatus::Held, "refused", "card-held"),
        (CardStatus::Revoked, "refused", "card-revoked"),
        (CardStatus::Replaced, "refused", "card-replaced"),
        (CardStatus::Expired, "refused", "card-expired"),
        (CardStatus::Destroyed, "refused", "card-destroyed"),
        (CardStatus::Unknown, "undetermined", "card-unknown"),
    ];
    let mut situation = Situation::of(Card::genuine().read());
    for (status, decision, reason) in cases {
        situation.register = RegisterReport::ask(&mut Says { status, matches: true }, &situation.evidence);
        assert_eq!(decided(&situation.judge()), (decision, "register.card-status", reason));
    }
    let mut no_match = Says { status: CardStatus::Active, matches: false };
    situation.register = RegisterReport::ask(&mut no_match, &situation.evidence);
    refused(&situation, "register.match", "no-match");
    situation.register.matched = Some(Err(RegisterError::TooManyAttempts));
    undetermined(&situation, "register.match", "too-many-attempts");
    situation.register.card_status = Some(Err(RegisterError::Unreachable("refused".to_owned())));
    undetermined(&situation, "register.card-status", "register-not-heard");
    situation.register = RegisterReport::not_asked();
    assert_eq!(decided(&situation.judge()).0, "accepted");
    situation.policy.register = RegisterDemand::Always;
    undetermined(&situation, "register.card-status", "not-asked");
}

#[test]
fn what_is_printed_is_another_persons() {
    let mut situation = Situation::of(Card::genuine().read());
    let qr = "079099000002||Nguyễn Văn Ba|15011999|Nam|Số 1 Đường Mẫu, Phường Mẫu, Tỉnh Mẫu|20112026";
    situation.presented = presented().with_qr(qr);
    refused(&situation, "document.qr", "qr-mismatch");
    situation.presented = presented().with_qr("https://example.invalid/");
    refused(&situation, "document.qr", "malformed-data");
    let zone = "IDVNM0990000029079099000002<<29901156M3901151VNM<<<<<<<<<<<6NGUYEN<<VAN<BA<<<<<<<<<<<<<<<<";
    situation.presented = presented().with_mrz(cccd_card_profile::mrz::Mrz::parse(zone).unwrap());
    refused(&situation, "document.mrz", "mrz-mismatch");
    situation.presented = presented().with_holder(Some(false));
    refused(&situation, "holder.portrait", "bearer-differs");
    situation.presented = presented().with_holder(Some(true));
    assert_eq!(decided(&situation.judge()).0, "accepted");
}

/// Unknown revocation is never good, and a missing anchor never bad.
#[test]
fn without_trust_nothing_is_decided() {
    let mut situation = Situation::of(Card::genuine().read());
    situation.trust = vietnam().trust_without_crl();
    undetermined(&situation, "passive.revocation", "revocation-unknown");
    situation.trust = vietnam().trust();
    situation.at = at("2026-12-25T00:00:00Z");
    undetermined(&situation, "passive.revocation", "crl-stale");
    situation.at = at(crate::card::NOW);
    situation.trust = TrustStore::new();
    undetermined(&situation, "passive.signer-chain", "no-trust-anchor");
    let judgement = situation.judge();
    assert_eq!(judgement.statements.data.code(), "intact");
    assert_eq!(judgement.statements.trust.code(), "unknown");
    assert!(!judgement.document.number.unwrap().authentic);
}

#[test]
fn a_revoked_signer() {
    let authority = Authority::new("VN", 41);
    let card = Card::altered(|bench| signed_again(bench, &authority));
    let serial = authority.keys.active_document_signer(at(ISSUED)).unwrap().certificate().serial_hex();
    let later = at("2026-11-20T05:00:00Z");
    authority.keys.issue_crl(later, jiff::SignedDuration::from_hours(240), &[serial], None).unwrap();
    let mut situation = Situation::of(card.read());
    situation.trust = authority.trust();
    refused(&situation, "passive.revocation", "certificate-revoked");
}

#[test]
fn an_expired_or_early_signer() {
    let mut situation = Situation::of(Card::genuine().read());
    situation.at = at("2099-01-01T00:00:00Z");
    refused(&situation, "passive.signer-validity", "certificate-expired");
    situation.at = at("2026-11-19T00:00:00Z");
    refused(&situation, "passive.signer-validity", "certificate-not-yet-valid");
}

/// A Document Signer made to measure, under an authority that is trusted; EF.SOD signed by it.
fn signed_by(types: &[&str], from: &str) -> Situation {
    use cccd_keys::certificate::{
        CertificateOptions, CscaProfile, DocumentSignerProfile, SigningKeyValidity,
    };
    use cccd_keys::profile::AlgorithmProfile;
    use cccd_keys::signer::{Signer as _, SoftwareKey};
    let (mut rng, from) = (rng(51), at(from));
    let algorithms = AlgorithmProfile::Cccd;
    let mut key = || {
        let (curve, encoding) = (algorithms.curve(), algorithms.curve_encoding());
        SoftwareKey::generate(curve, algorithms.document_hash(), encoding, &mut rng).unwrap()
    };
    let (csca_key, signer_key) = (key(), key());
    let options = || CertificateOptions::for_country("VN").unwrap();
    let csca = CscaProfile::new(options(), 9, SigningKeyValidity::csca(from).unwrap()).unwrap();
    let csca = csca.issue(&csca_key, &mut rng).unwrap();
    let validity = SigningKeyValidity::document_signer(from).unwrap();
    let signer = DocumentSignerProfile::new(options(), &csca, 1, validity).unwrap().document_types(types);
    let signer = signer.issue(signer_key.public_key().spki(), &csca_key, &mut rng).unwrap();
    let card = Card::altered(|bench| {
        let genuine = EfSod::parse(bench.read(File::Sod).unwrap()).unwrap();
        let sod = cccd_keys::sod::sign(genuine.econtent(), &signer, &signer_key, from).unwrap();
        bench.replace(File::Sod, sod).unwrap();
    });
    let mut situation = Situation::of(card.read());
    situation.trust.add_anchor(csca.der()).unwrap();
    situation
}

#[test]
fn a_signer_of_passports_or_of_later_days() {
    // One list serves all keys of a country (Doc 9303-12 §7.1.4): with the right types and time the card is accepted.
    assert_eq!(decided(&signed_by(&["ID"], ISSUED).judge()).0, "accepted");
    refused(&signed_by(&["P"], ISSUED), "passive.signer-document-type", "document-type-not-allowed");
    // A key made two days after the day of issue: whoever signed with it backdated the card.
    let mut situation = signed_by(&["ID"], "2026-11-22T02:00:00Z");
    situation.at = at("2026-11-23T00:00:00Z");
    refused(&situation, "passive.signer-validity", "outside-private-key-usage");
}
