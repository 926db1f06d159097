//! A real card in a real reader, on demand: `HW_TESTS_READER` names the reader, `HW_TESTS_CAN` the card's CAN.

use crate::rng;
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_hw_tests::runner::{Secrets, run};
use cccd_hw_tests::script::{Card, Script};
use cccd_reader::{Protocols, Service, Share};
use std::time::Duration;

#[test]
fn a_real_card_holds_to_the_scripts() {
    let Ok(wanted) = std::env::var("HW_TESTS_READER") else {
        eprintln!("skipped, no real card: HW_TESTS_READER is not set");
        return;
    };
    let can = std::env::var("HW_TESTS_CAN").expect("HW_TESTS_CAN: six digits");
    let parameters = DomainParameters::BrainpoolP256r1;
    let secrets = Secrets { can: can.into(), mrz: None, pin: None, puk: None, parameters };
    let service = Service::open().unwrap();
    let reader = service.find(&wanted).unwrap();
    service.wait_for_card(&reader, Duration::from_secs(30)).unwrap();
    let mut card = service.connect(&reader, Share::Exclusive, Protocols::Any).unwrap();
    let scripts = Script::all().unwrap();
    let fitting = scripts.iter().filter(|script| script.card == Card::Issued);
    for script in fitting.filter(|script| !script.tries_to_write || cfg!(feature = "dangerous-real-card")) {
        // The randomness of a test key exchange with one's own card: reproducible on purpose.
        let ran = run(script, &mut card, &secrets, &mut rng(9)).unwrap();
        eprintln!("{}: {} steps, {} skipped", script.name, ran.steps, ran.skipped);
    }
}
