//! What scripts can't tell: key agreement, signatures, locks of the state, power cuts.

use crate::{blank, rng};
use cccd_card_profile::apdu::{Command, GetResponse, StatusWord, Transport as _, exchange};
use cccd_card_profile::lds::dir::Dir;
use cccd_card_profile::lds::public_key::PublicKeyInfo;
use cccd_card_profile::lds::{DataGroup, card_access, dg14, dg15};
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::personalization::{KeyVersion, StaticKeys, delete_file, scp03, select_application};
use cccd_card_profile::protocol::active_authentication;
use cccd_card_profile::protocol::bac::{BacTerminal, BasicAccessKeys};
use cccd_card_profile::protocol::chip_authentication::{
    ChipAuthenticationProtocol, ChipAuthenticationTerminal,
};
use cccd_card_profile::protocol::drive;
use cccd_card_profile::protocol::pace::{PaceOffer, PaceProtocol, PaceTerminal, Password};
use cccd_card_profile::protocol::private_key::PublicKey;
use cccd_card_profile::protocol::secure_messaging::SecureChannel;
use cccd_card_profile::tlv;
use cccd_hw_tests::specimen::{self, MRZ};
use cccd_virtual_chip::lab::{Bench, File, every_data_group};
use cccd_virtual_chip::{Chip, ChipState, LengthSupport, LifeCycle, Profile, StateFile};

fn bac(card: &mut Chip) -> SecureChannel<GetResponse<&mut Chip>> {
    let mut transport = GetResponse::new(card);
    assert!(exchange(&mut transport, &select_application()).unwrap().is_ok());
    let mrz = MrzInformation::new(MRZ[0], MRZ[1], MRZ[2]).unwrap();
    let session = drive(&mut transport, BacTerminal::new(BasicAccessKeys::new(&mrz), &mut rng(4))).unwrap();
    SecureChannel::new(transport, session)
}

/// Chip Authentication, then a read under the new keys, then Active Authentication: is it the genuine chip?
fn is_genuine(card: &mut Chip, keys: &specimen::Keys) -> (bool, bool) {
    let mut channel = bac(card);
    let challenge = [1, 2, 3, 4, 5, 6, 7, 8];
    let command = active_authentication::internal_authenticate(&challenge, 256);
    let answer = channel.exchange(&command).unwrap();
    assert!(answer.is_ok(), "{:?}", answer.status);
    let active =
        active_authentication::verify(&keys.active_authentication, &challenge, &answer.data, None).is_ok();
    let PublicKey::EllipticCurve(point) = &keys.chip_authentication else { panic!("no curve") };
    let terminal = ChipAuthenticationTerminal::new(
        ChipAuthenticationProtocol::ECDH_AES_128,
        point.clone(),
        None,
        &mut rng(5),
    );
    let claimed = drive(&mut channel, terminal.unwrap()).unwrap();
    channel.replace_session(claimed.into_unproven_session());
    let read = Command::new(0x00, 0xB0, 0x9E, 0x00).with_expected_length(4);
    let chip = channel.exchange(&read).is_ok_and(|answer| answer.is_ok());
    (chip, active)
}

#[test]
fn the_chip_proves_itself_and_a_clone_does_not() {
    let folder = tempfile::tempdir().unwrap();
    for (name, profile) in [("a", Profile::Cccd), ("b", Profile::P256)] {
        for lengths in [LengthSupport::Extended, LengthSupport::ShortOnly] {
            let path = folder.path().join(format!("{name}{lengths:?}"));
            let mut card = Chip::create(&path, ChipState::blank([1; 10], profile), Box::new(rng(1)))
                .unwrap()
                .with_lengths(lengths);
            let (mut channel, keys) = specimen::personalize(&mut card, profile, &mut rng(2)).unwrap();
            specimen::lock(&mut channel).unwrap();
            card.reset();
            assert_eq!(is_genuine(&mut card, &keys), (true, true));
            drop(card);
            let mut bench = Bench::open(&path).unwrap();
            let com = bench.read(File::Com).unwrap().to_vec();
            bench.replace_private_keys(&mut rng(6)).unwrap();
            bench.save().unwrap();
            assert_eq!(bench.read(File::Com).unwrap(), com);
            drop(bench);
            let mut clone = Chip::open(&path, Box::new(rng(7))).unwrap();
            assert_eq!(is_genuine(&mut clone, &keys), (false, false));
        }
    }
}

/// EF.CardSecurity and EF.SOD share FID 011D and SFI 1D, EF.DIR and EF.COM share SFI 1E (Doc 9303-10 §3.11).
#[test]
fn files_of_the_master_file_are_read_before_the_application_is_selected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chip");
    let mut card = Chip::create(&path, ChipState::blank([1; 10], Profile::P256), Box::new(rng(1))).unwrap();
    let (mut channel, _) = specimen::personalize(&mut card, Profile::P256, &mut rng(2)).unwrap();
    specimen::lock(&mut channel).unwrap();
    drop(card);
    let (directory, security) = (Dir::lds1().to_bytes(), tlv::encode(0x30, b"security infos, signed"));
    let mut bench = Bench::open(&path).unwrap();
    bench.add(File::Dir, directory.clone()).unwrap();
    bench.add(File::CardSecurity, security.clone()).unwrap();
    let (sod, com) = (bench.read(File::Sod).unwrap()[..8].to_vec(), bench.read(File::Com).unwrap().to_vec());
    bench.save().unwrap();
    drop(bench);

    let mut card = Chip::open(&path, Box::new(rng(3))).unwrap();
    let read = |file: File| {
        Command::new(0x00, 0xB0, file.short_file_id().read_binary_p1(), 0x00).with_expected_length(256)
    };
    let mut transport = GetResponse::new(&mut card);
    assert_eq!(exchange(&mut transport, &read(File::Dir)).unwrap().data, directory);
    let refused = exchange(&mut transport, &read(File::CardSecurity)).unwrap().status;
    assert_eq!(refused, StatusWord::SECURITY_STATUS_NOT_SATISFIED);
    let secrets = specimen::secrets(Profile::P256);
    let password = Password::can(&secrets.can).unwrap();
    let offer = PaceOffer::new(PaceProtocol::ECDH_GM_AES_128, secrets.parameters);
    let pace = PaceTerminal::new(offer, &password, &mut rng(4)).unwrap();
    let session = drive(&mut transport, pace).unwrap().session;
    let mut channel = SecureChannel::new(transport, session);
    assert_eq!(channel.exchange(&read(File::CardSecurity)).unwrap().data, security);
    assert_eq!(channel.exchange(&read(File::Dir)).unwrap().data, directory);
    assert!(channel.exchange(&select_application()).unwrap().is_ok());
    assert_eq!(channel.exchange(&read(File::Sod)).unwrap().data[..8], sod);
    assert_eq!(channel.exchange(&read(File::Com)).unwrap().data, com);
}

/// A card of the laboratory with DG1 to DG16: a citizen's terminal reads all but fingers and eyes, and understands them.
#[test]
fn a_card_with_every_data_group_is_read_and_understood() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chip");
    let mut card = Chip::create(&path, ChipState::blank([1; 10], Profile::P256), Box::new(rng(1))).unwrap();
    specimen::personalize(&mut card, Profile::P256, &mut rng(2)).unwrap();
    drop(card);
    let mut bench = Bench::open(&path).unwrap();
    let key = PublicKeyInfo::rsa(&[0xC1; 128], &[1, 0, 1]).unwrap();
    let (dg14, dg15) = (dg14::to_bytes(&card_access::cccd(12)), dg15::to_bytes(&key));
    let files = every_data_group(Some(&dg14), Some(&dg15));
    assert_eq!(files.len(), 16);
    for (file, content) in &files {
        if bench.read(*file).is_some() {
            bench.replace(*file, content.clone()).unwrap();
        } else {
            bench.add(*file, content.clone()).unwrap();
        }
    }
    bench.save().unwrap();
    drop(bench);
    let mut card = Chip::open(&path, Box::new(rng(3))).unwrap();
    let mut channel = bac(&mut card);
    for (file, content) in &files {
        let read = Command::new(0x00, 0xB0, file.short_file_id().read_binary_p1(), 0x00);
        let answer = channel.exchange(&read.with_expected_length(65_536)).unwrap();
        let File::DataGroup(number) = *file else { panic!("{file:?}") };
        if matches!(number.value(), 3 | 4) {
            assert_eq!(answer.status, StatusWord::SECURITY_STATUS_NOT_SATISFIED, "{number}");
            continue;
        }
        assert_eq!(&answer.data, content, "{number}");
        let group = DataGroup::parse(number, &answer.data).unwrap();
        assert_eq!(group.quirks(), [], "{number}");
    }
}

#[test]
fn files_are_read_back_as_they_were_written_before_the_lock() {
    let mut card = blank(Profile::P256);
    let (_, keys) = specimen::personalize(&mut card, Profile::P256, &mut rng(2)).unwrap();
    assert_eq!(card.state().life_cycle(), LifeCycle::Personalizing);
    let mut channel = bac(&mut card);
    for (file, content) in specimen::contents(Profile::P256, &keys).unwrap() {
        if file == File::DataGroup(cccd_card_profile::lds::DataGroupNumber::DG3) || file == File::AtrInfo {
            continue;
        }
        let select = Command::new(0x00, 0xA4, 0x02, 0x0C).with_data(file.file_id().to_bytes());
        assert!(channel.exchange(&select).unwrap().is_ok(), "{}", file.name());
        let mut back = Vec::new();
        while back.len() < content.len() {
            let [p1, p2] = u16::try_from(back.len()).unwrap().to_be_bytes();
            let answer =
                channel.exchange(&Command::new(0x00, 0xB0, p1, p2).with_expected_length(223)).unwrap();
            assert!(!answer.data.is_empty());
            back.extend_from_slice(&answer.data);
        }
        assert_eq!(back, content, "{}", file.name());
        let end = u16::try_from(content.len()).unwrap().to_be_bytes();
        let beyond = Command::new(0x00, 0xB0, end[0], end[1]).with_expected_length(1);
        assert_eq!(channel.exchange(&beyond).unwrap().status.0, 0x6B00);
        let last = Command::new(0x00, 0xB0, 0x00, 0x00).with_expected_length(65_535);
        assert_eq!(channel.exchange(&last).unwrap().status.0, 0x6282);
    }
}

#[test]
fn after_the_lock_even_the_stations_own_keys_write_nothing() {
    let mut card = blank(Profile::P256);
    let (mut channel, _) = specimen::personalize(&mut card, Profile::P256, &mut rng(2)).unwrap();
    specimen::lock(&mut channel).unwrap();
    // In the channel that is still open.
    assert_eq!(channel.exchange(&delete_file(0x0101)).unwrap().status.0, 0x6985);
    card.reset();
    assert!(exchange(&mut card, &select_application()).unwrap().is_ok());
    let keys = |_: &scp03::ChipAnnouncement| Some(specimen::replacement_keys());
    let mut channel = scp03::open(&mut card, KeyVersion::LOCKED, keys, &mut rng(3)).unwrap();
    assert_eq!(channel.exchange(&delete_file(0x0101)).unwrap().status.0, 0x6985);
}

#[test]
fn wrong_transport_keys_are_counted_and_end_in_a_refusal_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chip");
    StateFile::create(&path, &ChipState::blank([1; 10], Profile::P256)).unwrap();
    for _ in 0..10 {
        // A power cut between the tries does not give them back.
        let mut card = Chip::open(&path, Box::new(rng(1))).unwrap();
        card.execute(&select_application().to_bytes().unwrap());
        card.execute(&hex::decode("8050FF0008000102030405060700").unwrap());
        let answer = card.execute(&hex::decode("848233001000112233445566778899AABBCCDDEEFF").unwrap());
        assert_ne!(answer, [0x90, 0x00]);
    }
    let mut card = Chip::open(&path, Box::new(rng(1))).unwrap();
    card.execute(&select_application().to_bytes().unwrap());
    let answer = card.execute(&hex::decode("8050FF0008000102030405060700").unwrap());
    assert_eq!(answer, [0x69, 0x83]);
    // Nor do the right keys help any more.
    let keys = |_: &scp03::ChipAnnouncement| Some(StaticKeys::publicly_known_test_keys());
    assert!(scp03::open(&mut card, KeyVersion::TEST, keys, &mut rng(3)).is_err());
}

#[test]
fn what_was_answered_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chip");
    let mut card = Chip::create(&path, ChipState::blank([1; 10], Profile::P256), Box::new(rng(1))).unwrap();
    specimen::personalize(&mut card, Profile::P256, &mut rng(2)).unwrap();
    let now: Vec<_> = card.state().files().collect();
    // No orderly end: the process forgets the chip where it stands.
    let kept = StateFile::peek(&path).unwrap();
    assert_eq!(kept.files().collect::<Vec<_>>(), now);
    assert_eq!(kept.has_access_keys(), (true, true));
}

#[test]
fn a_chip_that_cannot_write_says_so_and_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chip");
    let mut card = Chip::create(&path, ChipState::blank([1; 10], Profile::P256), Box::new(rng(1))).unwrap();
    card.execute(&select_application().to_bytes().unwrap());
    // A folder where the new state should be written.
    std::fs::create_dir(folder.path().join("chip.new")).unwrap();
    assert_eq!(card.execute(&hex::decode("8050FF0008000102030405060700").unwrap()), [0x65, 0x81]);
    std::fs::remove_dir(folder.path().join("chip.new")).unwrap();
    assert_eq!(card.transmit(&select_application().to_bytes().unwrap()).unwrap(), [0x90, 0x00]);
    assert_eq!(card.execute(&hex::decode("8050FF0008000102030405060700").unwrap()).len(), 34);
}
