//! The verifier in one's own program, over one's own transport: no default features are needed.

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_keys::trust::TrustStore;
use cccd_verifier::report::{Lang, to_text};
use cccd_verifier::{Access, Case, InspectionOptions, inspect, judge};
use cccd_virtual_chip::{Chip, ChipState};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

/// The one function to write: bytes to the card, bytes from the card (a phone's NFC, a kiosk's reader …).
struct MyReader(Chip);

impl Transport for MyReader {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        Ok(self.0.execute(command))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // In your program: a card in the field, the clock, the system's generator, your trust directory.
    let (state, _) = ChipState::from_bytes(include_bytes!("specimen/chip.state"))?;
    let card = MyReader(Chip::in_memory(state, Box::new(ChaCha20Rng::seed_from_u64(1))));
    let (mut trust, at, mut rng) =
        (TrustStore::new(), "2026-11-22T08:00:00Z".parse()?, ChaCha20Rng::seed_from_u64(2));
    trust.add_anchor(include_bytes!("specimen/csca.cer"))?;
    trust.add_crl(include_bytes!("specimen/csca.crl"))?;

    let evidence =
        inspect(card, &Access::can("900612")?, &InspectionOptions::new(at), &mut rng, &mut |_| {})?;
    let judgement = judge(&Case::new(&evidence, &trust, at));
    println!("{}", to_text(&judgement, Lang::En));
    Ok(())
}
