//! Cards issued per second by one station on one core, into chips in this process, and where the time goes.
//!
//! The chip computes in this process too, so its RSA key generation is in the figure; a real chip takes its own time.

use std::time::{Duration, Instant};

use anyhow::Result;
use cccd_card_profile::personalization::PersonalizationStep;
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PrivateKey};
use cccd_issuer::application::{Application, Portrait};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::country::{Country, blank};
use super::measure::{Figures, mean_ms};

const CARDS: usize = 48;
const KEYS: u32 = 96;

/// Measures `cccd`: RSA-2048 for Active Authentication, brainpoolP256r1 in the chip, brainpoolP384r1 in the PKI.
///
/// # Errors
/// If a card cannot be issued.
pub fn run(at: Timestamp, figures: &mut Figures) -> Result<()> {
    println!(
        "\nCards issued, one core, {CARDS} cards, register and ledger in memory, chips in this process:"
    );
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let (mut country, applications) = Country::found(CARDS, at, &mut rng)?;
    let mut steps = vec![Duration::ZERO; PersonalizationStep::ALL.len()];
    let (mut whole, mut key_generation, mut signing) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for (application, serial) in applications.iter().zip(1_u64..) {
        if serial % 8 == 1 {
            eprintln!("  issuing card {serial} of {CARDS} …");
        }
        let mut chip = blank(serial);
        let start = Instant::now();
        let card = country.issue(&mut chip, application, &mut rng)?;
        whole += start.elapsed();
        anyhow::ensure!(card.lock_proof.holds(), "the lock of a card does not hold");
        for (total, step) in steps.iter_mut().zip(PersonalizationStep::ALL) {
            *total += card.timings.of(step);
        }
        key_generation += card.timings.key_generation();
        signing += card.timings.signing();
    }

    println!("  where the time goes, mean per card:");
    let cards = u32::try_from(CARDS)?;
    let print = |name: &str, time: Duration| {
        let share = 100.0 * time.as_secs_f64() / whole.as_secs_f64();
        println!("    {name:<42} {:>12.3} ms {share:>5.1} %", (time / cards).as_secs_f64() * 1000.0);
    };
    for (step, time) in PersonalizationStep::ALL.iter().zip(&steps) {
        print(step.name(), *time);
    }
    let in_steps: Duration = steps.iter().sum();
    print("portrait, checks, register, ledger", whole.saturating_sub(in_steps));
    print("  of which the portrait, measured apart", portraits(&applications)?);
    print("whole card", whole);

    let keys = rsa_keys(&mut rng)?;
    let read_back = PersonalizationStep::ALL
        .iter()
        .zip(&steps)
        .find(|(step, _)| **step == PersonalizationStep::ReadBack)
        .map_or(Duration::ZERO, |(_, time)| *time);
    let share = |time: Duration| time.as_secs_f64() / whole.as_secs_f64();
    figures.put("issue.cards_per_s", f64::from(cards) / whole.as_secs_f64(), "1/s");
    figures.put("issue.crypto_share", share(key_generation + signing), "of the time");
    figures.put("issue.key_generation_share", share(key_generation), "of the time");
    figures.put("issue.signing_share", share(signing), "of the time");
    figures.put("issue.read_back_share", share(read_back), "of the time");
    figures.put("issue.rsa2048_keygen_ms", mean_ms(&keys), "ms, mean");
    println!(
        "  crypto_share is a lower bound. It counts the two key pairs that the chip makes (RSA-2048 and brainpoolP256r1,\n  \
         with the two commands that ask for them) and the signature of EF.SOD with its own verification. It does not\n  \
         count PACE, Chip and Active Authentication and hashes of the read-back, nor the ciphers of SCP03 and Secure\n  \
         Messaging: those are within the steps above. The time to find an RSA key varies from key to key: its mean is\n  \
         over {KEYS} keys."
    );
    Ok(())
}

/// Decoding the portraits, scaling them for print, compressing them for DG2.
fn portraits(applications: &[Application]) -> Result<Duration> {
    let start = Instant::now();
    for application in applications {
        Portrait::from_file(&application.portrait)?;
    }
    Ok(start.elapsed())
}

fn rsa_keys(rng: &mut ChaCha20Rng) -> Result<Vec<Duration>> {
    eprintln!("  making {KEYS} RSA keys …");
    (0..KEYS)
        .map(|_| {
            let start = Instant::now();
            PrivateKey::generate(KeyAlgorithm::Rsa2048, rng)?;
            Ok(start.elapsed())
        })
        .collect()
}
