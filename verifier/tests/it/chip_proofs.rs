//! Chip Authentication in every variant that a chip may announce, and Active Authentication on curves of all strengths:
//! the chip that holds the keys is genuine, its copy is not.

use cccd_card_profile::lds::public_key::PublicKeyInfo;
use cccd_card_profile::lds::security_infos::oid::{ID_PK_DH, ID_PK_ECDH};
use cccd_card_profile::lds::security_infos::{
    ChipAuthenticationInfo, ChipAuthenticationPublicKeyInfo, SecurityInfo, SecurityInfos,
    TerminalAuthenticationInfo,
};
use cccd_card_profile::lds::sod::{DigestAlgorithm, LdsSecurityObject};
use cccd_card_profile::lds::{DataGroupNumber, card_access, dg14, dg15};
use cccd_card_profile::protocol::chip_authentication::ChipAuthenticationProtocol;
use cccd_card_profile::protocol::curve::{Curve, DomainParameters};
use cccd_card_profile::protocol::dh::ModpGroup;
use cccd_card_profile::protocol::group::Group;
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PublicKey};
use cccd_keys::sod::EfSod;
use cccd_verifier::Check;
use cccd_verifier::evidence::ChipAuthenticationOutcome;
use cccd_virtual_chip::lab::{Bench, File};

use crate::card::{Card, ISSUED, Situation, at, decided, rng, vietnam};

fn key_info(key: &PublicKey, key_id: Option<u32>) -> SecurityInfo {
    let protocol = if matches!(key, PublicKey::DiffieHellman(_)) { ID_PK_DH } else { ID_PK_ECDH };
    let public_key = key.to_spki().unwrap();
    SecurityInfo::ChipAuthenticationPublicKey(ChipAuthenticationPublicKeyInfo {
        protocol,
        public_key,
        key_id,
    })
}

fn info(group: Group, cipher: Cipher, version: u32, key_id: Option<u32>) -> SecurityInfo {
    let protocol = ChipAuthenticationProtocol { agreement: group.agreement(), cipher }.oid();
    SecurityInfo::ChipAuthentication(ChipAuthenticationInfo { protocol, version, key_id })
}

/// The infos of DG14 of a genuine card that do not speak of Chip Authentication.
fn others(bench: &Bench) -> Vec<SecurityInfo> {
    let infos = dg14::parse(bench.read(File::DataGroup(DataGroupNumber::DG14)).unwrap()).unwrap().infos;
    let speaks_of_it = |info: &SecurityInfo| {
        matches!(info, SecurityInfo::ChipAuthentication(_) | SecurityInfo::ChipAuthenticationPublicKey(_))
    };
    infos.into_iter().filter(|info| !speaks_of_it(info)).collect()
}

/// Writes DG14, an EF.CardAccess that agrees with it, and an EF.SOD over both data groups.
fn announce(bench: &mut Bench, infos: Vec<SecurityInfo>) {
    let open = infos.iter().filter(|info| !matches!(info, SecurityInfo::ChipAuthenticationPublicKey(_)));
    let open = SecurityInfos { infos: open.cloned().collect() };
    bench.replace(File::CardAccess, card_access::to_bytes(&open)).unwrap();
    let file = dg14::to_bytes(&SecurityInfos { infos });
    bench.replace(File::DataGroup(DataGroupNumber::DG14), file).unwrap();
    sign(bench);
}

fn sign(bench: &mut Bench) {
    let sod = EfSod::parse(bench.read(File::Sod).unwrap()).unwrap();
    let listed = LdsSecurityObject::from_der(sod.econtent()).unwrap().data_groups();
    let groups = listed
        .into_iter()
        .map(|number| (number, bench.read(File::DataGroup(number)).unwrap().to_vec()))
        .collect();
    let object = LdsSecurityObject::new(DigestAlgorithm::Sha256, &groups).unwrap();
    let signer = vietnam().keys.active_document_signer(at(ISSUED)).unwrap();
    bench.replace(File::Sod, signer.sign_ef_sod(object.as_der(), at(ISSUED)).unwrap()).unwrap();
}

/// A card with a further key of this group under the number 300, announced with these infos.
fn card(group: Group, infos: &[SecurityInfo], copy: bool) -> Card {
    Card::altered(|bench| {
        let key = bench.add_chip_authentication_key(300, group.into(), &mut rng(21)).unwrap();
        let mut all = others(bench);
        all.push(key_info(&key, Some(300)));
        all.extend_from_slice(infos);
        announce(bench, all);
        if copy {
            bench.replace_private_keys(&mut rng(22)).unwrap();
        }
    })
}

fn chip(card: &Card) -> (ChipAuthenticationOutcome, u32, (&'static str, &'static str, &'static str)) {
    let evidence = card.read();
    let record = evidence.chip_authentication.as_ref().unwrap();
    let (outcome, version) = (record.outcome, record.version);
    (outcome, version, decided(&Situation::of(evidence).judge()))
}

const ACCEPTED: (&str, &str, &str) = ("accepted", "-", "-");
const REFUSED: (&str, &str, &str) = ("refused", "chip.chip-authentication", "key-agreement-failed");

#[test]
fn chip_authentication_on_every_group() {
    for (index, parameters) in DomainParameters::ALL.into_iter().enumerate() {
        let group = parameters.group();
        let ciphers = [Cipher::Aes256, Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192];
        let cipher = ciphers[index % ciphers.len()];
        for version in [1, 2] {
            let infos = [info(group, cipher, version, Some(300))];
            let genuine = chip(&card(group, &infos, false));
            assert_eq!(
                genuine,
                (ChipAuthenticationOutcome::Confirmed, version, ACCEPTED),
                "{parameters:?} {cipher:?}"
            );
        }
    }
}

/// A copy has every byte and not the keys: with either version, on curves and residues, by either command.
#[test]
fn a_copy_is_refused_in_every_variant() {
    for group in [Group::Curve(Curve::BrainpoolP512r1), Group::Modp(ModpGroup::Modp2048Subgroup256)] {
        for cipher in [Cipher::TripleDes, Cipher::Aes256] {
            for version in [1, 2] {
                let copy = chip(&card(group, &[info(group, cipher, version, Some(300))], true));
                let failed = (ChipAuthenticationOutcome::Failed, version, REFUSED);
                assert_eq!(copy, failed, "{group:?} {cipher:?}");
            }
        }
    }
}

/// Old documents announce a key and no protocol: 3DES, by MSE:SET KAT.
#[test]
fn a_key_without_an_info_is_3des() {
    for group in [Group::Curve(Curve::BrainpoolP224r1), Group::Modp(ModpGroup::Modp1024Subgroup160)] {
        let (outcome, version, verdict) = chip(&card(group, &[], false));
        assert_eq!((outcome, version, verdict), (ChipAuthenticationOutcome::Confirmed, 1, ACCEPTED));
    }
}

/// Two keys of one chip, the first without a number: the stronger is asked for by its number.
#[test]
fn of_two_keys_the_stronger_is_used() {
    let card = Card::altered(|bench| {
        let first = bench.chip_authentication_key().unwrap().unwrap();
        let strong = Group::Curve(Curve::P521);
        let second = bench.add_chip_authentication_key(7, strong.into(), &mut rng(23)).unwrap();
        let mut all = others(bench);
        all.extend([
            key_info(&first, Some(1)),
            info(Group::Curve(Curve::BrainpoolP256r1), Cipher::Aes128, 1, Some(1)),
            key_info(&second, Some(7)),
            info(strong, Cipher::Aes256, 1, Some(7)),
        ]);
        announce(bench, all);
    });
    let evidence = card.read();
    let record = evidence.chip_authentication.as_ref().unwrap();
    let used = PublicKey::from_spki(&record.public_key).unwrap();
    assert_eq!(used.element().unwrap().group(), Group::Curve(Curve::P521));
    assert_eq!(decided(&Situation::of(evidence).judge()), ACCEPTED);
}

/// Version 2 waits for the terminal's proof: nothing was shown, and nothing speaks against the chip.
#[test]
fn version_2_behind_terminal_authentication_is_not_a_failure() {
    let group = Group::Curve(Curve::BrainpoolP256r1);
    let terminal = SecurityInfo::TerminalAuthentication(TerminalAuthenticationInfo {
        protocol: "0.4.0.127.0.7.2.2.2".parse().unwrap(),
        version: 2,
        ef_cvca: None,
    });
    let card = card(group, &[info(group, Cipher::Aes128, 2, Some(300)), terminal], false);
    let evidence = card.read();
    let judgement = Situation::of(evidence).judge();
    let finding =
        judgement.findings.iter().find(|finding| finding.check == Check::ChipAuthentication).unwrap();
    let told = (finding.status.code(), finding.reason.map(cccd_verifier::Reason::code));
    assert_eq!(told, ("unavailable", Some("terminal-authentication-required")));
    assert_eq!(decided(&judgement).0, "undetermined");
}

/// A key in a group of nobody's standard is not computed with.
#[test]
fn an_unknown_group_is_undetermined() {
    let card = Card::altered(|bench| {
        let first = bench.chip_authentication_key().unwrap().unwrap();
        let mut spki = first.to_spki().unwrap();
        // brainpoolP256r1 becomes brainpoolP256t1.
        let name = [0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07];
        let position = spki.windows(name.len()).position(|window| window == name).unwrap();
        spki[position + name.len() - 1] = 0x08;
        let mut all = others(bench);
        all.push(SecurityInfo::chip_authentication_ecdh_key(spki, None));
        all.push(info(Group::Curve(Curve::BrainpoolP256r1), Cipher::Aes128, 1, None));
        announce(bench, all);
    });
    let (outcome, _, verdict) = chip(&card);
    assert_eq!(outcome, ChipAuthenticationOutcome::NotSupported);
    let expected = ("undetermined", "chip.chip-authentication", "protocol-not-supported");
    assert_eq!(verdict, expected);
}

/// DG15 with a key on any curve, with and without the info that names the hash.
#[test]
fn active_authentication_on_every_curve() {
    for curve in Curve::ALL {
        let algorithm = KeyAlgorithm::EllipticCurve(curve);
        for copy in [false, true] {
            let card = Card::altered(|bench| {
                let key = bench.set_active_authentication_key(algorithm, &mut rng(24)).unwrap();
                let key = PublicKeyInfo::from_der(&key.to_spki().unwrap()).unwrap();
                bench.replace(File::DataGroup(DataGroupNumber::DG15), dg15::to_bytes(&key)).unwrap();
                sign(bench);
                if copy {
                    bench.replace_active_authentication_key(&mut rng(25)).unwrap();
                }
            });
            let verdict = decided(&Situation::of(card.read()).judge());
            let refused = ("refused", "chip.active-authentication", "challenge-mismatch");
            assert_eq!(verdict, if copy { refused } else { ACCEPTED }, "{curve}");
        }
    }
}
