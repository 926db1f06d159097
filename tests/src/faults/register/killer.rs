//! A program that dies at a moment that is asked for.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::Desk;

/// How data leaves a program for a file.
pub(super) const OF_FILES: &[&str] = &["pwrite64", "fsync", "fdatasync", "ftruncate", "unlink", "write"];

/// How it leaves for a server.
pub(super) const OF_SOCKETS: &[&str] = &["sendto", "write"];

/// Steps of the clock, where tracing is forbidden.
const STEPS: usize = 200;

pub(super) enum Killer {
    Strace,
    Clock,
}

/// Before the `count`th call of a kind; of the clock's, at that step.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) call: &'static str,
    pub(super) count: usize,
}

/// What a run came to.
pub(super) struct Run {
    pub(super) killed: bool,
    pub(super) code: Option<i32>,
    /// Standard output: what was promised to somebody.
    pub(super) answered: String,
    pub(super) errors: String,
}

impl Killer {
    pub(super) fn found() -> Self {
        let tried = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e", "inject=write:signal=KILL:when=1", "echo", "x"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if tried.is_ok_and(|status| status.signal() == Some(9)) { Self::Strace } else { Self::Clock }
    }

    pub(super) fn how(&self) -> &'static str {
        match self {
            Self::Strace => "killed at every system call that writes",
            Self::Clock => "killed by the clock (no strace, or tracing is forbidden)",
        }
    }

    pub(super) fn kinds(&self, calls: &[&'static str]) -> Vec<&'static str> {
        match self {
            Self::Strace => calls.to_vec(),
            Self::Clock => vec!["time"],
        }
    }

    pub(super) fn run(&self, desk: &Desk, arguments: &[String], at: Moment) -> Result<Run> {
        let program = desk.programs.path("population");
        let mut command = match self {
            Self::Strace => {
                let mut command = Command::new("strace");
                let (trace, inject) = (
                    format!("trace={}", at.call),
                    format!("inject={}:signal=KILL:when={}", at.call, at.count),
                );
                command.args(["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject]).arg(program);
                command
            }
            Self::Clock => Command::new(program),
        };
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().context("the program to be killed")?;
        if let Self::Clock = self {
            // An undisturbed run takes some tens of milliseconds; whoever is quicker has ended by itself.
            let step = Duration::from_micros(500);
            let due = step.saturating_mul(u32::try_from(at.count.min(STEPS))?);
            std::thread::sleep(due.saturating_sub(started.elapsed()));
            child.kill().context("kill -9")?;
        }
        let output = child.wait_with_output()?;
        Ok(Run {
            killed: output.status.signal() == Some(9),
            code: output.status.code(),
            answered: String::from_utf8_lossy(&output.stdout).into_owned(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}
