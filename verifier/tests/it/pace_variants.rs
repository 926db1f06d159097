//! Which PACE variant is run, and what the chip authentication mapping is worth.

use std::collections::BTreeMap;

use cccd_card_profile::lds::security_infos::{SecurityInfo, SecurityInfos};
use cccd_card_profile::lds::sod::{DigestAlgorithm, LdsSecurityObject};
use cccd_card_profile::lds::{DataGroupNumber, card_access, card_security, dg14};
use cccd_card_profile::protocol::curve::Curve;
use cccd_card_profile::protocol::pace::PaceProtocol;
use cccd_keys::signed_data;
use cccd_keys::sod::EfSod;
use cccd_keys::trust::TrustStore;
use cccd_verifier::evidence::{EvidenceFile, Provenance};
use cccd_verifier::{Check, Evidence, Finding};
use cccd_virtual_chip::lab::{Bench, File};

use crate::card::{Authority, Card, ISSUED, Situation, at, decided, elsewhere, impostor, rng, vietnam};

const DG14: File = File::DataGroup(DataGroupNumber::DG14);

fn oid(name: &str) -> String {
    PaceProtocol::from_name(name).unwrap().oid().to_string()
}

/// Announces these variants on brainpoolP256r1, under the signature too.
fn announce(bench: &mut Bench, names: &[&str], key_in_dg14: bool) {
    let change = |infos: &mut SecurityInfos| {
        infos.infos.retain(|info| !matches!(info, SecurityInfo::Pace(_)));
        let pace = |name: &&str| SecurityInfo::pace(PaceProtocol::from_name(name).unwrap().oid(), 13);
        infos.infos.extend(names.iter().map(pace));
    };
    let mut offered = card_access::parse(bench.read(File::CardAccess).unwrap()).unwrap();
    change(&mut offered);
    bench.replace(File::CardAccess, card_access::to_bytes(&offered)).unwrap();
    let mut signed = dg14::parse(bench.read(DG14).unwrap()).unwrap();
    change(&mut signed);
    if !key_in_dg14 {
        signed.infos.retain(|info| !matches!(info, SecurityInfo::ChipAuthenticationPublicKey(_)));
    }
    bench.replace(DG14, dg14::to_bytes(&signed)).unwrap();
    sign_again(bench);
}

fn sign_again(bench: &mut Bench) {
    let genuine = EfSod::parse(bench.read(File::Sod).unwrap()).unwrap();
    let numbers = LdsSecurityObject::from_der(genuine.econtent()).unwrap().data_groups();
    sign_over(bench, &numbers);
}

fn sign_over(bench: &mut Bench, numbers: &[DataGroupNumber]) {
    let groups: BTreeMap<_, _> = numbers
        .iter()
        .map(|number| (*number, bench.read(File::DataGroup(*number)).unwrap().to_vec()))
        .collect();
    let object = LdsSecurityObject::new(DigestAlgorithm::Sha256, &groups).unwrap();
    let signer = vietnam().keys.active_document_signer(at(ISSUED)).unwrap();
    let sod = signer.sign_ef_sod(object.as_der(), at(ISSUED)).unwrap();
    bench.replace(File::Sod, sod).unwrap();
}

/// EF.CardSecurity with the chip's static key, as it stood in DG14.
fn card_security_by(bench: &mut Bench, authority: &Authority) {
    let dg14 = dg14::parse(bench.read(DG14).unwrap()).unwrap();
    let key = dg14.chip_authentication_keys().next().unwrap().public_key.clone();
    card_security_with(bench, authority, key);
}

fn card_security_with(bench: &mut Bench, authority: &Authority, key: Vec<u8>) {
    let mut infos = card_access::parse(bench.read(File::CardAccess).unwrap()).unwrap();
    infos.infos.push(SecurityInfo::chip_authentication_ecdh_key(key, Some(13)));
    let signer = authority.keys.active_document_signer(at(ISSUED)).unwrap();
    let file = signed_data::sign(
        &card_security::ID_SECURITY_OBJECT,
        &card_security::to_econtent(&infos),
        signer.certificate(),
        signer.signer(),
        at(ISSUED),
    );
    bench.add(File::CardSecurity, file.unwrap()).unwrap();
}

const BOTH: [&str; 2] = ["ECDH-GM-AES-128", "ECDH-CAM-AES-128"];

/// A card with the mapping, its key in EF.CardSecurity alone.
fn mapped(authority: &Authority) -> Card {
    Card::altered(|bench| {
        announce(bench, &BOTH, true);
        card_security_by(bench, authority);
        announce(bench, &BOTH, false);
    })
}

/// A card with the mapping whose EF.CardSecurity is of another EF.CardAccess, which DG14 repeats.
fn reannounced(authority: &Authority, key_in_dg14: bool) -> Card {
    Card::altered(|bench| {
        card_security_by(bench, authority);
        announce(bench, &BOTH, key_in_dg14);
    })
}

/// Without DG14, neither on the chip nor listed.
fn without_dg14(bench: &mut Bench) {
    let genuine = EfSod::parse(bench.read(File::Sod).unwrap()).unwrap();
    let mut numbers = LdsSecurityObject::from_der(genuine.econtent()).unwrap().data_groups();
    numbers.retain(|number| *number != DataGroupNumber::DG14);
    bench.remove(DG14).unwrap();
    sign_over(bench, &numbers);
}

fn finding_of(situation: &Situation, check: Check) -> Finding {
    situation.judge().findings.into_iter().find(|finding| finding.check == check).unwrap()
}

/// A card with the mapping, its key in the signed DG14.
pub(crate) fn with_the_mapping() -> Card {
    Card::altered(|bench| announce(bench, &BOTH, true))
}

fn finding(situation: &Situation) -> Finding {
    finding_of(situation, Check::PaceChipAuthenticationMapping)
}

/// Status, reason and detail of what is said about EF.CardAccess.
fn card_access_told(situation: &Situation) -> (&'static str, &'static str, String) {
    let finding = finding_of(situation, Check::CardAccessAuthentic);
    let reason = finding.reason.map_or("-", |reason| reason.code());
    (finding.status.code(), reason, finding.detail.unwrap_or_default())
}

fn told(situation: &Situation) -> (&'static str, &'static str) {
    let finding = finding(situation);
    (finding.status.code(), finding.reason.map_or("-", |reason| reason.code()))
}

/// EF.CardSecurity is signed by itself and names no holder: its chip is genuine, and may be another card's.
#[test]
fn a_key_of_ef_card_security_alone_is_not_bound_to_the_data() {
    let evidence = mapped(vietnam()).read();
    assert_eq!(evidence.access.pace_used, Some(oid("ECDH-CAM-AES-128")));
    assert!(evidence.files.card_security.is_some());
    assert_eq!(told(&Situation::of(evidence)), ("unavailable", "key-not-bound"));
}

/// The copied data of one card beside the chip of another, which the copier owns: its EF.CardSecurity and its mapping hold.
#[test]
fn copied_data_beside_ones_own_genuine_chip_are_not_genuine() {
    let spliced = Card::altered(|bench| {
        // DG14 as the victim's EF.SOD signs it; then the chip's keys, and the file that names them, are the copier's.
        announce(bench, &BOTH, true);
        let own = bench.state_mut().make_static_key(Curve::BrainpoolP256r1, &mut rng(78)).unwrap();
        card_security_with(bench, vietnam(), own.to_spki().unwrap());
    });
    let evidence = spliced.read();
    let situation = Situation::of(evidence);
    assert_eq!(told(&situation), ("unavailable", "key-not-bound"));
    assert_eq!(situation.judge().verdict.decision.code(), "refused", "Chip Authentication fails");
}

#[test]
fn a_key_of_the_signed_dg14_will_do() {
    let evidence = with_the_mapping().read();
    assert!(evidence.files.card_security.is_none());
    assert_eq!(evidence.missing(File::CardSecurity).unwrap().status_word.as_deref(), Some("6A82"));
    assert_eq!(told(&Situation::of(evidence)), ("passed", "-"));
}

/// A copy has every byte and answers every command; it does not come to the key.
#[test]
fn a_copy_fails_the_mapping() {
    let copy = mapped(vietnam()).with(|bench| bench.replace_private_keys(&mut rng(77)).unwrap());
    let situation = Situation::of(copy.read());
    assert_eq!(told(&situation), ("failed", "key-agreement-failed"));
    assert_eq!(decided(&situation.judge()).0, "refused");
}

/// Whoever makes a key can sign it: the signer of EF.CardSecurity must be believed as EF.SOD's is.
#[test]
fn a_key_that_nobody_known_signed_shows_nothing() {
    for authority in [impostor(), elsewhere()] {
        let evidence = mapped(authority).read();
        let mut situation = Situation::of(evidence);
        if std::ptr::eq(authority, elsewhere()) {
            // Believed, and of another country than EF.SOD's signer.
            situation.trust.add_anchor(elsewhere().keys.csca().unwrap().der()).unwrap();
            situation.trust.add_crl(elsewhere().keys.crl().unwrap().der()).unwrap();
        }
        assert_eq!(told(&situation), ("inconclusive", "key-not-authentic"));
        assert_eq!(decided(&situation.judge()), ("undetermined", "chip.pace-cam", "key-not-authentic"));
    }
    let mut without_crl = Situation::of(mapped(vietnam()).read());
    without_crl.trust = vietnam().trust_without_crl();
    assert_eq!(told(&without_crl), ("inconclusive", "key-not-authentic"));
    // An altered file of a known signer.
    let altered = mapped(vietnam()).with(|bench| {
        let mut file = bench.read(File::CardSecurity).unwrap().to_vec();
        *file.last_mut().unwrap() ^= 1;
        bench.replace(File::CardSecurity, file).unwrap();
    });
    assert_eq!(told(&Situation::of(altered.read())), ("inconclusive", "key-not-authentic"));
    let garbage = mapped(vietnam()).with(|bench| bench.replace(File::CardSecurity, [0x30, 0x00]).unwrap());
    assert_eq!(told(&Situation::of(garbage.read())), ("inconclusive", "malformed-data"));
}

#[test]
fn without_a_static_key_to_compare_nothing_is_known() {
    let card = mapped(vietnam()).with(|bench| bench.remove(File::CardSecurity).unwrap());
    assert_eq!(told(&Situation::of(card.read())), ("unavailable", "not-read"));
}

/// Anyone can make such a record up: from a file it counts when a station vouches for it.
#[test]
fn from_a_file_the_mapping_is_not_fresh() {
    let card = Card::altered(|bench| {
        card_security_by(bench, vietnam());
        announce(bench, &BOTH, true);
    });
    let evidence = card.read();
    let plain = EvidenceFile::new(&evidence).unwrap().to_bytes().unwrap();
    let (again, provenance) = EvidenceFile::open(&plain, &TrustStore::new()).unwrap();
    assert_eq!(again, evidence);
    let mut situation = Situation::of(again);
    situation.provenance = provenance;
    assert_eq!(told(&situation), ("inconclusive", "not-fresh"));
    situation.provenance = Provenance::TrustedStation { key: "00".to_owned() };
    assert_eq!(told(&situation), ("passed", "-"));
    // And no record of another key passes.
    let mut other: Evidence = situation.evidence.clone();
    let record = other.pace_chip_authentication.as_mut().unwrap();
    *record.data.last_mut().unwrap() ^= 1;
    situation.evidence = other.clone();
    assert_eq!(told(&situation), ("failed", "key-agreement-failed"));
    other.pace_chip_authentication.as_mut().unwrap().mapping_key = vec![4; 65];
    situation.evidence = other;
    assert_eq!(told(&situation), ("inconclusive", "malformed-data"));
}

/// A chip that announces the mapping and refuses it opens with the next variant; that is told, and refuses nobody.
#[test]
fn a_refused_variant_gives_way_to_the_next() {
    let card = Card::altered_p256(|bench| announce(bench, &["ECDH-GM-AES-256", "ECDH-CAM-AES-256"], true));
    let evidence = card.read();
    assert_eq!(evidence.access.pace_used, Some(oid("ECDH-GM-AES-256")));
    let situation = Situation::of(evidence);
    assert_eq!(told(&situation), ("unavailable", "protocol-not-used"));
    assert_eq!(situation.judge().verdict.decision.code(), "accepted");
}

#[test]
fn a_card_with_the_integrated_mapping_or_3des_is_read() {
    for names in [&["ECDH-IM-AES-256"][..], &["ECDH-IM-3DES"], &["ECDH-GM-3DES", "ECDH-IM-AES-192"]] {
        let evidence = Card::altered(|bench| announce(bench, names, true)).read();
        assert_eq!(evidence.access.pace_used, Some(oid(names.last().unwrap())));
        assert_eq!(Situation::of(evidence).judge().verdict.decision.code(), "accepted");
    }
}

/// Doc 9303-10 §3.11.4: EF.CardSecurity has all of EF.CardAccess, as DG14 has. Each that is authentic must agree.
#[test]
fn ef_card_access_is_compared_with_ef_card_security_too() {
    let agreeing = Situation::of(mapped(vietnam()).read());
    assert_eq!(card_access_told(&agreeing), ("passed", "-", String::new()));
    for key_in_dg14 in [true, false] {
        let differing = Situation::of(reannounced(vietnam(), key_in_dg14).read());
        let expected = ("failed", "card-access-mismatch", "EF.CardSecurity".to_owned());
        assert_eq!(card_access_told(&differing), expected);
        assert_eq!(decided(&differing.judge()).0, "refused");
    }
    // Anyone can make such a file: it says nothing against what DG14 says.
    let forged = Situation::of(reannounced(impostor(), true).read());
    assert_eq!(card_access_told(&forged), ("passed", "-", String::new()));
}

#[test]
fn ef_card_security_will_do_where_there_is_no_dg14() {
    let alone = |card: Card| Situation::of(card.with(without_dg14).read());
    assert_eq!(card_access_told(&alone(mapped(vietnam()))), ("passed", "-", String::new()));
    let (status, reason, _) = card_access_told(&alone(reannounced(vietnam(), false)));
    assert_eq!((status, reason), ("failed", "card-access-mismatch"));
    let (status, reason, _) = card_access_told(&alone(mapped(impostor())));
    assert_eq!((status, reason), ("inconclusive", "key-not-authentic"));
    let nothing = alone(mapped(vietnam()).with(|bench| bench.remove(File::CardSecurity).unwrap()));
    let (status, reason, _) = card_access_told(&nothing);
    assert_eq!((status, reason), ("inconclusive", "unsigned-content"));
}
