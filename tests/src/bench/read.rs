//! What a whole reading of a card costs: APDUs and bytes in the trace of the inspection that `verifier read` makes, the
//! time those bytes need on the air at least, and the verifier's own time.
//!
//! The floor is what the protocols need when each file is one READ BINARY: 16 APDUs.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use cccd_card_profile::apdu::{Exchange, LinkLost, Trace, Transport};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::trust::TrustStore;
use cccd_verifier::evidence::{ChipAuthenticationOutcome, Provenance};
use cccd_verifier::register::RegisterReport;
use cccd_verifier::{Access, Case, Decision, Evidence, InspectionOptions, Policy, Presented, inspect, judge};
use cccd_virtual_chip::{Chip, LengthSupport};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::country::{Country, blank};
use super::measure::{Figures, median_ms};
use crate::cards;
use crate::commands::Names;

/// EF.CardAccess, PACE (MSE and four GENERAL AUTHENTICATE), SELECT, EF.SOD, DG14, Chip Authentication (MSE and GENERAL
/// AUTHENTICATE), DG1, DG2, DG13, DG15, INTERNAL AUTHENTICATE.
const FLOOR: u32 = 16;
const READINGS: usize = 25;
/// The rates of ISO/IEC 14443-4 that readers and cards agree on, in kbit/s.
const RATES: [u32; 3] = [106, 424, 848];

/// Select, GET CHALLENGE, EXTERNAL AUTHENTICATE, and each of three files in one READ BINARY; or in 231 bytes at a time.
const REFERENCE_FLOOR: [(&str, u32); 2] = [("extended", 6), ("short", 90)];

/// Measures a card of the profile `cccd`, with extended length and with short length only, and the reference set.
///
/// # Errors
/// If the card cannot be issued or is not accepted.
pub fn run(at: Timestamp, figures: &mut Figures) -> Result<()> {
    eprintln!("  issuing the card to read …");
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let (mut country, applications) = Country::found(1, at, &mut rng)?;
    let mut chip = blank(0xCA2D);
    let application = applications.first().context("no application")?;
    let card = country.issue(&mut chip, application, &mut rng)?;
    let can = Access::can(card.card.holder.number.can())?;

    println!(
        "\nA card read whole (portrait of {} bytes), default inspection:",
        card.portrait.face().bytes.len()
    );
    for (name, lengths) in [("extended", LengthSupport::Extended), ("short", LengthSupport::ShortOnly)] {
        chip = chip.with_lengths(lengths);
        let mut host = Vec::new();
        let mut judging = Vec::new();
        let mut last = None;
        for _ in 0..READINGS {
            let reading = read(&mut chip, &can, at, &mut rng)?;
            judging.push(judged(&reading.evidence, &country.trust, at)?);
            host.push(reading.host);
            last = Some(reading);
        }
        let Reading { exchanges, .. } = last.context("nothing was read")?;
        let note = if name == "short" {
            ", on a chip that announces extended length and then refuses it"
        } else {
            ""
        };
        report("read.cccd", name, note, &exchanges, median_ms(&host), figures)?;
        if name == "extended" {
            figures.put("read.cccd.apdus.floor", FLOOR.into(), "APDUs");
            figures.put("read.cccd.judge_ms", median_ms(&judging), "ms of the verifier, judging");
        }
    }
    reference_set(at, &mut rng, figures)?;
    println!(
        "  On the air: bytes × 8 / rate, nothing else. Start and stop bits, frames and their checksums, waiting times\n  \
         and the chip's own computing come on top. The verifier's time is the median of {READINGS} readings on one\n  \
         core, the chip's taken out. Floor of a CCCD: EF.CardAccess, PACE (5), SELECT, EF.SOD, DG14, Chip Authentication\n  \
         (2), DG1, DG2, DG13, DG15, INTERNAL AUTHENTICATE. Floor of the reference set: SELECT, GET CHALLENGE, EXTERNAL\n  \
         AUTHENTICATE and the blocks of its files; EF.CardAccess and EF.ATR/INFO are read beside."
    );
    Ok(())
}

/// What readers are compared by: DG1 of 93 bytes, DG2 of 18,000, EF.SOD of 1,800, opened by BAC with 3DES.
fn reference_set(at: Timestamp, rng: &mut ChaCha20Rng, figures: &mut Figures) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut country, applications) = Country::found_with(AlgorithmProfile::P256, 1, at, rng)?;
    let application = applications.first().context("no application")?;
    let issued = cards::issued(&mut country, application, folder.path(), rng)?;
    println!("\nThe reference set (DG1 93, DG2 18,000, EF.SOD 1,800 bytes; BAC, 3DES), default inspection:");
    for (name, floor) in REFERENCE_FLOOR {
        let extended = name == "extended";
        let card = cards::reference(&country, &issued, extended, folder.path())?;
        let lengths = if extended { LengthSupport::Extended } else { LengthSupport::ShortOnly };
        let mut chip = card.chip(lengths)?;
        let access = Access::mrz(&card.zone);
        let mut host = Vec::new();
        let mut last = None;
        for _ in 0..READINGS {
            let reading = read(&mut chip, &access, at, rng)?;
            anyhow::ensure!(reading.evidence.complete, "the reference set was not read whole");
            host.push(reading.host);
            last = Some(reading);
        }
        let Reading { exchanges, .. } = last.context("nothing was read")?;
        report("read.reference", name, "", &exchanges, median_ms(&host), figures)?;
        figures.put(&format!("read.reference.apdus.floor.{name}"), floor.into(), "APDUs");
    }
    Ok(())
}

/// A chip whose own time is taken apart.
struct Timed<'a> {
    chip: &'a mut Chip,
    spent: Duration,
}

impl Transport for Timed<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let start = Instant::now();
        let answer = self.chip.transmit(command);
        self.spent += start.elapsed();
        answer
    }
}

struct Reading {
    evidence: Evidence,
    exchanges: Vec<Exchange>,
    /// Without the chip's time.
    host: Duration,
}

/// As `verifier read` does: with the answer to reset, and no option set.
fn read(chip: &mut Chip, access: &Access, at: Timestamp, rng: &mut ChaCha20Rng) -> Result<Reading> {
    let options = InspectionOptions::new(at).answer_to_reset(chip.reset());
    let mut trace = Trace::new(Timed { chip, spent: Duration::ZERO });
    let start = Instant::now();
    let evidence = inspect(&mut trace, access, &options, rng, &mut |_| {})?;
    let whole = start.elapsed();
    let spent = trace.inner_mut().spent;
    Ok(Reading { evidence, exchanges: trace.exchanges().to_vec(), host: whole.saturating_sub(spent) })
}

/// Judges a reading, so that nothing but a complete one of a genuine card is counted.
fn judged(evidence: &Evidence, trust: &TrustStore, at: Timestamp) -> Result<Duration> {
    let confirmed = |outcome| outcome == ChipAuthenticationOutcome::Confirmed;
    anyhow::ensure!(
        evidence.chip_authentication.as_ref().is_some_and(|record| confirmed(record.outcome)),
        "Chip Authentication was not confirmed"
    );
    let case = Case {
        evidence,
        provenance: &Provenance::Live,
        issued_nonce: None,
        trust,
        at,
        presented: &Presented::default(),
        register: &RegisterReport::default(),
        policy: &Policy::default(),
    };
    let start = Instant::now();
    let judgement = judge(&case);
    let time = start.elapsed();
    anyhow::ensure!(
        judgement.verdict.decision == Decision::Accepted,
        "a genuine card is not accepted: {:?}",
        judgement.verdict
    );
    Ok(time)
}

fn report(
    group: &str,
    name: &str,
    note: &str,
    exchanges: &[Exchange],
    host_ms: f64,
    figures: &mut Figures,
) -> Result<()> {
    println!("  {name} length{note}:");
    let lines = lines(exchanges);
    for line in &lines {
        let several = if line.apdus > 1 { format!("{}×", line.apdus) } else { String::new() };
        println!(
            "    {several:>4} {:<32} {:>7} out {:>7} in  {}",
            line.name, line.bytes_out, line.bytes_in, line.status
        );
    }
    let apdus = u32::try_from(exchanges.len())?;
    let bytes_out: u32 = lines.iter().map(|line| line.bytes_out).sum();
    let bytes_in: u32 = lines.iter().map(|line| line.bytes_in).sum();
    figures.put(&format!("{group}.apdus.{name}"), apdus.into(), "APDUs");
    figures.put(&format!("{group}.bytes_out.{name}"), bytes_out.into(), "bytes");
    figures.put(&format!("{group}.bytes_in.{name}"), bytes_in.into(), "bytes");
    for rate in RATES {
        // Bits by kbit/s are milliseconds.
        let wire = f64::from(bytes_out.saturating_add(bytes_in)) * 8.0 / f64::from(rate);
        figures.put(&format!("{group}.wire_ms.{name}.{rate}"), wire, "ms on the air");
    }
    figures.put(&format!("{group}.host_ms.{name}"), host_ms, "ms of the verifier, reading");
    Ok(())
}

/// Neighbouring commands of one kind.
struct Line {
    name: String,
    apdus: u32,
    bytes_out: u32,
    bytes_in: u32,
    status: String,
}

fn lines(exchanges: &[Exchange]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut names = Names::default();
    for exchange in exchanges {
        let name = names.of(exchange);
        let bytes_out = u32::try_from(exchange.command_length).unwrap_or(u32::MAX);
        let bytes_in = u32::try_from(exchange.response_length.unwrap_or_default()).unwrap_or(u32::MAX);
        let status = exchange.status.map(|status| format!("{:04X}", status.0)).unwrap_or_default();
        match lines.last_mut().filter(|line| line.name == name && name.starts_with("READ BINARY")) {
            Some(line) => {
                line.apdus = line.apdus.saturating_add(1);
                line.bytes_out = line.bytes_out.saturating_add(bytes_out);
                line.bytes_in = line.bytes_in.saturating_add(bytes_in);
                line.status = status;
            }
            None => lines.push(Line { name, apdus: 1, bytes_out, bytes_in, status }),
        }
    }
    lines
}
