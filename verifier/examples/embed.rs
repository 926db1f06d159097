//! The verifier in one's own program, over one's own transport: no default features are needed.

use cccd_card_profile::apdu::{LinkLost, Replay, Transport};
use cccd_keys::trust::TrustStore;
use cccd_verifier::evidence::Provenance;
use cccd_verifier::register::RegisterReport;
use cccd_verifier::report::{Lang, to_text};
use cccd_verifier::{Access, Case, InspectionOptions, Policy, Presented, inspect, judge};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

/// The one function to write: bytes to the card, bytes from the card (a phone's NFC, a kiosk's reader …).
struct MyReader(Replay);

impl Transport for MyReader {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        self.0.transmit(command)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A card that is taken away after its second answer; a program of yours has a card, a clock and a real generator.
    let reader =
        MyReader(Replay::parse("> 00B09C0000\n< 6A82\n> 00A4020C02011C\n< 6A82\n> 00B0810000\n!\n")?);
    let (trust, at) = (TrustStore::new(), "2026-11-21T08:00:00Z".parse()?);
    let (options, mut rng) = (InspectionOptions::new(at), ChaCha20Rng::from_seed([0; 32]));
    match inspect(reader, &Access::can("000001")?, &options, &mut rng, &mut |_| {}) {
        Err(error) => println!("not read: {error}; {}", error.hint()),
        Ok(evidence) => {
            let (policy, presented) = (Policy::default(), Presented::nothing());
            let (register, provenance) = (RegisterReport::not_asked(), Provenance::Live);
            let judgement = judge(&Case {
                evidence: &evidence,
                provenance: &provenance,
                issued_nonce: None,
                trust: &trust,
                at,
                presented: &presented,
                register: &register,
                policy: &policy,
            });
            println!("{}", to_text(&judgement, Lang::En));
        }
    }
    Ok(())
}
