//! The station's audit log: lines appended per second, durable on the disk, and verified per second.

use std::time::Instant;

use anyhow::{Result, ensure};
use cccd_issuer::audit::{Auditor, LogEntry};
use cccd_issuer::ledger::Ledger;
use cccd_keys::public_key::PublicKey;
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use sha2::{Digest as _, Sha256};

use super::measure::Figures;

const LINES: usize = 400_000;
/// What is appended in one transaction, as a busy queue of readers does.
const AT_ONCE: usize = 500;

/// Measures both, and the hashing that nobody can leave out.
///
/// # Errors
/// If the log cannot be written or does not hold.
pub fn run(at: Timestamp, figures: &mut Figures) -> Result<()> {
    println!("\nAudit log of a station, {LINES} lines in SQLite on the disk, {AT_ONCE} a transaction:");
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("ledger.sqlite");
    let mut ledger = Ledger::open(&path)?;
    ledger.log_with(Auditor::beside(&path, &mut ChaCha20Rng::seed_from_u64(1))?);
    let texts: Vec<(String, String)> = (0..LINES)
        .map(|n| {
            (format!("{:012}", 79_099_000_000_u64 + n as u64), format!("application {n} action 4 by minh"))
        })
        .collect();
    let start = Instant::now();
    for page in texts.chunks(AT_ONCE) {
        let entries: Vec<LogEntry<'_>> = page
            .iter()
            .map(|(number, note)| LogEntry {
                event: "application-approve",
                subject: Some(number),
                said: note,
                note,
                at,
            })
            .collect();
        ledger.log(&entries)?;
    }
    ledger.sign_log()?;
    let appended = LINES as f64 / start.elapsed().as_secs_f64();

    let key = PublicKey::from_spki(&std::fs::read(folder.path().join("ledger.sqlite.station.pub"))?)?;
    let start = Instant::now();
    let proof = ledger.follow_log(&key, &[])?;
    let verified = LINES as f64 / start.elapsed().as_secs_f64();
    ensure!(proof.lines == LINES as u64 && proof.beyond_head == 0, "{proof:?}");

    let line = vec![b'x'; 400];
    let start = Instant::now();
    for _ in 0..LINES {
        std::hint::black_box(Sha256::digest(std::hint::black_box(&line)));
    }
    let hashed = LINES as f64 / start.elapsed().as_secs_f64();
    println!("  appended {appended:>12.0} lines/s");
    println!("  verified {verified:>12.0} lines/s    SHA-256 alone over lines of 400 octets {hashed:.0}/s");
    figures.put("audit.append_per_s", appended, "1/s");
    figures.put("audit.verify_per_s", verified, "1/s");
    Ok(())
}
