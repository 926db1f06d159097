//! Where pcscd cannot run at all: `issuer issue --reader virtual` writes the chip, and the verifier's library reads it
//! in this process, over the same protocols.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use cccd_card_profile::mrz::Mrz;
use cccd_keys::trust::TrustStore;
use cccd_verifier::evidence::Provenance;
use cccd_verifier::inspection::{Access, InspectionOptions, inspect};
use cccd_verifier::register::RegisterReport;
use cccd_verifier::register::http::HttpRegister;
use cccd_verifier::report::{Lang, to_json};
use cccd_verifier::{Case, Policy, Presented as Shown, judge};
use cccd_virtual_chip::Chip;
use jiff::Timestamp;
use rand_core::SeedableRng;

use super::counter::{Counter, Judged, Look, Presented};
use crate::programs::{Finished, Programs};

/// Issues by the program, verifies by the library; no pcscd.
#[derive(Debug)]
pub struct InProcessCounter {
    /// The project's programs.
    pub programs: Programs,
    /// Where the register answers.
    pub register_url: String,
    /// The token for its answers.
    pub token_file: PathBuf,
    /// The time judged at.
    pub now: Timestamp,
}

fn dice() -> rand_chacha::ChaCha20Rng {
    rand_chacha::ChaCha20Rng::seed_from_u64(0xC0DE)
}

impl Counter for InProcessCounter {
    fn transport(&self) -> &'static str {
        "in-process"
    }

    fn issue(&self, state: &Path, arguments: &[&str]) -> Result<Finished> {
        let mut all = vec!["issue", "--reader", "virtual"];
        all.extend_from_slice(arguments);
        let finished = self.programs.run("issuer", &all)?;
        let out = arguments.iter().position(|word| *word == "--out").and_then(|at| arguments.get(at + 1));
        if let (0, Some(out)) = (finished.code, out) {
            std::fs::rename(Path::new(out).join("chip.json"), state)
                .context("the issuer left no chip.json")?;
        }
        Ok(finished)
    }

    fn verify(&self, state: &Path, presented: &Presented, look: &Look<'_>) -> Result<Judged> {
        let chip = Chip::open(state, Box::new(dice()))?;
        let mrz = Mrz::parse(&std::fs::read_to_string(&presented.mrz)?)?;
        let options = InspectionOptions::new(self.now).thorough(look.thorough);
        let evidence = inspect(chip, &Access::can(&presented.can)?, &options, &mut dice(), &mut |_| {})?;
        let trust = TrustStore::load(look.trust)?;
        let tokens = std::fs::read_to_string(&self.token_file)?;
        let token =
            tokens.lines().find_map(|line| line.strip_prefix("verifier:")).context("no verifier's token")?;
        let policy = Policy::default();
        let mut rng = dice();
        let clock = || self.now;
        let register = RegisterReport::ask(
            &mut HttpRegister::new(
                &self.register_url,
                token.trim().to_owned().into(),
                Duration::from_secs(5),
                &trust,
                &policy,
                &clock,
                &mut rng,
            ),
            &evidence,
        );
        let judgement = judge(&Case {
            evidence: &evidence,
            provenance: &Provenance::Live,
            issued_nonce: None,
            trust: &trust,
            at: self.now,
            presented: &Shown::nothing().with_mrz(mrz).with_qr(&presented.qr),
            register: &register,
            policy: &policy,
        });
        let report = to_json(&judgement, Lang::En);
        std::fs::write(look.report, serde_json::to_vec_pretty(&report)?)?;
        Ok(Judged { code: judgement.verdict.decision.exit_code().into(), report })
    }
}
