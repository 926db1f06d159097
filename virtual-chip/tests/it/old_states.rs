use crate::locked;
use cccd_card_profile::apdu::exchange;
use cccd_card_profile::personalization::{KeyVersion, select_application};
use cccd_card_profile::protocol::drive;
use cccd_card_profile::protocol::pace::{PaceOffer, PaceProtocol, PaceTerminal, Password};
use cccd_card_profile::protocol::secure_messaging::SecureChannel;
use cccd_virtual_chip::{LifeCycle, Profile};

#[test]
fn a_state_of_version_1_still_lives() {
    let mut chip = locked();
    let state = chip.state();
    assert_eq!((state.life_cycle(), state.profile()), (LifeCycle::Locked, Profile::Cccd));
    assert_eq!((state.key_version(), state.serial()), (KeyVersion::LOCKED, [0xE0; 10]));
    assert_eq!(state.files().count(), 10);
    let parameters = state.profile().curve().into();
    let can = Password::can("000123").unwrap();
    let offer = PaceOffer::new(PaceProtocol::ECDH_GM_AES_128, parameters);
    let terminal = PaceTerminal::new(offer, &can, &mut *crate::rng());
    let session = drive(&mut chip, terminal.unwrap()).unwrap().session;
    let mut channel = SecureChannel::new(&mut chip, session);
    assert!(exchange(&mut channel, &select_application()).unwrap().is_ok());
}
