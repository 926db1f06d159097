//! What a whole reading of a card costs: APDUs and bytes in the trace of the inspection that `verifier read` makes, the
//! time those bytes need on the air at least, and the verifier's own time.
//!
//! The floor is what the protocols need when each file is one READ BINARY: 16 APDUs.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use cccd_card_profile::apdu::{Exchange, LinkLost, Trace, Transport};
use cccd_card_profile::file_system::{CCCD_FILES, ElementaryFile};
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

/// EF.CardAccess, PACE (MSE and four GENERAL AUTHENTICATE), SELECT, EF.SOD, DG14, Chip Authentication (MSE and GENERAL
/// AUTHENTICATE), DG1, DG2, DG13, DG15, INTERNAL AUTHENTICATE.
const FLOOR: u32 = 16;
const READINGS: usize = 25;
/// The rates of ISO/IEC 14443-4 that readers and cards agree on, in kbit/s.
const RATES: [u32; 3] = [106, 424, 848];

/// Measures a card of the profile `cccd`, with extended length and with short length only.
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
    let can = card.card.holder.number.can().to_owned();

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
        report(name, &exchanges, median_ms(&host), median_ms(&judging), figures)?;
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

fn read(chip: &mut Chip, can: &str, at: Timestamp, rng: &mut ChaCha20Rng) -> Result<Reading> {
    chip.reset();
    let mut trace = Trace::new(Timed { chip, spent: Duration::ZERO });
    let access = Access::can(can)?;
    let options = InspectionOptions::new(at);
    let start = Instant::now();
    let evidence = inspect(&mut trace, &access, &options, rng, &mut |_| {})?;
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
    name: &str,
    exchanges: &[Exchange],
    host_ms: f64,
    judging_ms: f64,
    figures: &mut Figures,
) -> Result<()> {
    println!(
        "  {name} length{}:",
        if name == "short" { ", on a chip that announces extended length and then refuses it" } else { "" }
    );
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
    figures.put(&format!("read.cccd.apdus.{name}"), apdus.into(), "APDUs");
    if name == "extended" {
        figures.put("read.cccd.apdus.floor", FLOOR.into(), "APDUs");
    }
    figures.put(&format!("read.cccd.bytes_out.{name}"), bytes_out.into(), "bytes");
    figures.put(&format!("read.cccd.bytes_in.{name}"), bytes_in.into(), "bytes");
    for rate in RATES {
        // Bits by kbit/s are milliseconds.
        let wire = f64::from(bytes_out.saturating_add(bytes_in)) * 8.0 / f64::from(rate);
        figures.put(&format!("read.cccd.wire_ms.{name}.{rate}"), wire, "ms on the air");
    }
    figures.put(&format!("read.cccd.host_ms.{name}"), host_ms, "ms of the verifier, reading");
    if name == "extended" {
        figures.put("read.cccd.judge_ms", judging_ms, "ms of the verifier, judging");
    } else {
        println!(
            "  On the air: bytes × 8 / rate, nothing else. Start and stop bits, frames and their checksums, waiting times\n  \
             and the chip's own computing come on top. The verifier's time is the median of {READINGS} readings on one\n  \
             core, the chip's taken out. Floor: EF.CardAccess, PACE (5), SELECT, EF.SOD, DG14, Chip Authentication (2),\n  \
             DG1, DG2, DG13, DG15, INTERNAL AUTHENTICATE."
        );
    }
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
    let mut current = String::new();
    for exchange in exchanges {
        let name = name(exchange, &mut current);
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

/// The command by its header, which Secure Messaging leaves readable. `current` is the file that offsets are in.
fn name(exchange: &Exchange, current: &mut String) -> String {
    let [cla, ins, p1, p2] = exchange.header.as_slice() else { return "?".to_owned() };
    let protected = cla & 0x0C == 0x0C;
    match (ins, p1, p2) {
        (0xA4, 0x04, _) => "SELECT application".to_owned(),
        (0xA4, ..) => "SELECT".to_owned(),
        (0xB0, 0x80.., _) => {
            let is_plain =
                |file: &ElementaryFile| matches!(file, ElementaryFile::AtrInfo | ElementaryFile::CardAccess);
            let file = CCCD_FILES
                .iter()
                .find(|file| file.short_file_id().read_binary_p1() == *p1 && is_plain(file) != protected);
            *current = file.map_or_else(|| format!("file {:02X}", p1 & 0x1F), |file| file.name());
            format!("READ BINARY {current}")
        }
        (0xB0 | 0xB1, ..) => format!("READ BINARY {current}"),
        (0x22, _, 0xA4) if !protected => "MSE:SET AT (PACE)".to_owned(),
        (0x22, _, 0xA4) => "MSE:SET AT (Chip Authentication)".to_owned(),
        (0x22, ..) => "MSE".to_owned(),
        (0x86, ..) if !protected => "GENERAL AUTHENTICATE (PACE)".to_owned(),
        (0x86, ..) => "GENERAL AUTHENTICATE (CA)".to_owned(),
        (0x88, ..) => "INTERNAL AUTHENTICATE".to_owned(),
        (0xC0, ..) => "GET RESPONSE".to_owned(),
        _ => format!("{cla:02X} {ins:02X} {p1:02X} {p2:02X}"),
    }
}
