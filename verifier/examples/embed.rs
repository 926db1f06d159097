//! The verifier in one's own program, over one's own transport: no default features are needed.
use cccd_card_profile::apdu::{LinkLost, Replay, Transport};
use cccd_keys::trust::TrustStore;
use cccd_verifier::{Access, Case, InspectionOptions, Policy, Presented, inspect, judge};
use cccd_verifier::{evidence::Provenance, register::RegisterReport, report};

/// The one function to write: bytes to the card, bytes from the card (NFC of a phone, a kiosk's reader …).
struct MyReader(Replay);
impl Transport for MyReader {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        self.0.transmit(command)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let reader =
        MyReader(Replay::parse("> 00B09C0000\n< 6A82\n> 00A4020C02011C\n< 6A82\n> 00B0810000\n!\n")?);
    let (trust, at) = (TrustStore::new(), "2026-11-21T08:00:00Z".parse()?);
    let mut rng = <rand_chacha::ChaCha20Rng as rand_core::SeedableRng>::from_seed([0; 32]);
    let evidence =
        match inspect(reader, &Access::can("000001")?, &InspectionOptions::new(at), &mut rng, &mut |_| {}) {
            Ok(evidence) => evidence,
            Err(error) => return Ok(println!("not read: {error}; {}", error.hint())),
        };
    let (policy, presented, register) =
        (Policy::default(), Presented::nothing(), RegisterReport::not_asked());
    let (provenance, issued_nonce) = (&Provenance::Live, None);
    let judgement = judge(&Case {
        evidence: &evidence,
        provenance,
        issued_nonce,
        trust: &trust,
        at,
        presented: &presented,
        register: &register,
        policy: &policy,
    });
    println!("{}", report::to_text(&judgement, report::Lang::En));
    Ok(())
}
