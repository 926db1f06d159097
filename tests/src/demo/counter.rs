//! The two counters of the demo: the desk that issues a card, and the bank's counter that verifies one. Both work on a
//! chip that lies in a reader; what differs is whether pcscd stands between ([`PcscCounter`]) or, where it cannot run
//! at all, nothing does ([`InProcessCounter`](super::in_process::InProcessCounter)).

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use cccd_reader::Service;

use crate::programs::{Finished, Programs, Running};

/// How long a card may take to leave or to be noticed.
const SWAP: Duration = Duration::from_secs(10);

/// What the bearer hands over and the teller types or scans.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The six digits that open the chip.
    pub can: String,
    /// The file with the optical MRZ.
    pub mrz: PathBuf,
    /// The text of the printed QR code.
    pub qr: String,
}

/// How a card is looked at.
#[derive(Debug, Clone)]
pub struct Look<'a> {
    /// The folder of trust anchors and CRLs.
    pub trust: &'a Path,
    /// Read EF.COM and every group it lists, too.
    pub thorough: bool,
    /// Where the report goes.
    pub report: &'a Path,
}

/// What a verification ended with.
#[derive(Debug)]
pub struct Judged {
    /// The exit code of `verifier verify`.
    pub code: i32,
    /// Its JSON report.
    pub report: Value,
}

impl Judged {
    /// The verdict's word.
    #[must_use]
    pub fn decision(&self) -> &str {
        self.report["verdict"]["decision"].as_str().unwrap_or("none")
    }

    /// The check that decided.
    #[must_use]
    pub fn decided_by(&self) -> &str {
        self.report["verdict"]["decided_by"].as_str().unwrap_or("none")
    }

    /// The checks with a status, as `check (reason)`.
    #[must_use]
    pub fn with_status(&self, status: &str) -> Vec<(String, String)> {
        let findings = self.report["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
        findings
            .iter()
            .filter(|finding| finding["status"] == status)
            .map(|finding| (text(finding, "check"), text(finding, "reason")))
            .collect()
    }
}

/// Where cards are issued and verified.
pub trait Counter {
    /// How the chip is reached, as the demo's last line names it.
    fn transport(&self) -> &'static str;

    /// Runs `issuer issue` for the chip whose state is in `state`.
    ///
    /// # Errors
    /// If the program cannot be started.
    fn issue(&self, state: &Path, arguments: &[&str]) -> Result<Finished>;

    /// Verifies the chip whose state is in `state`.
    ///
    /// # Errors
    /// If it cannot be read or there is no report.
    fn verify(&self, state: &Path, presented: &Presented, look: &Look<'_>) -> Result<Judged>;
}

/// A reader of pcscd, with a chip in it.
#[derive(Debug)]
pub struct PcscCounter {
    /// The project's programs.
    pub programs: Programs,
    /// The reader's name.
    pub reader: String,
    /// Host and port of the virtual reader.
    pub vpcd: String,
    /// Scratch files and logs.
    pub scratch: PathBuf,
    /// Where the register answers.
    pub register_url: String,
    /// The token for its answers.
    pub token_file: PathBuf,
}

impl PcscCounter {
    /// Puts the chip whose state is in `state` into the reader; it leaves when the value is dropped.
    ///
    /// # Errors
    /// If the chip's process does not come up.
    pub fn insert(&self, state: &Path) -> Result<Running> {
        // pcscd notices within half a second that a card left; until then the reader seems to hold the one before.
        let service = Service::open()?;
        service.wait_for_removal(&self.reader, SWAP)?;
        let ready = self.scratch.join("chip.ready");
        let log = self.scratch.join("virtual-chip.log");
        let arguments =
            ["serve", "--state", path(state)?, "--vpcd", &self.vpcd, "--ready-file", path(&ready)?];
        let chip = self.programs.start("virtual-chip", &arguments, &ready, &log)?;
        service.wait_for_card(&self.reader, SWAP)?;
        Ok(chip)
    }
}

impl Counter for PcscCounter {
    fn transport(&self) -> &'static str {
        "pcscd"
    }

    fn issue(&self, state: &Path, arguments: &[&str]) -> Result<Finished> {
        let _chip = self.insert(state)?;
        let mut all = vec!["issue", "--reader", &self.reader];
        all.extend_from_slice(arguments);
        self.programs.run("issuer", &all)
    }

    fn verify(&self, state: &Path, presented: &Presented, look: &Look<'_>) -> Result<Judged> {
        let _chip = self.insert(state)?;
        let mut arguments = vec!["verify", "--json", "--reader", &self.reader, "--can", &presented.can];
        arguments.extend(["--mrz", path(&presented.mrz)?, "--qr", &presented.qr]);
        arguments.extend(["--trust", path(look.trust)?]);
        arguments.extend(["--register", &self.register_url, "--token-file", path(&self.token_file)?]);
        if look.thorough {
            arguments.push("--thorough");
        }
        let finished = self.programs.run("verifier", &arguments)?;
        let report = finished.json()?;
        std::fs::write(look.report, &finished.stdout)?;
        Ok(Judged { code: finished.code, report })
    }
}

/// A path as an argument.
///
/// # Errors
/// If it is not Unicode.
pub fn path(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not Unicode", path.display()))
}
