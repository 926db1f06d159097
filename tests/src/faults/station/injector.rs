//! A program into whose system calls faults are put: it is killed before the n-th of a kind, or that call and all after it
//! fail. `strace` does it; without it nothing of this campaign can be tried.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// `kill -9` before it is made.
    Kill,
    /// It fails once.
    Error(&'static str),
    /// It fails, and every one after it.
    Gone(&'static str),
}

/// Where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) call: &'static str,
    pub(super) count: usize,
    pub(super) what: What,
}

/// What a run came to.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) killed: bool,
    /// The fault was met.
    pub(super) met: bool,
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ran {
    /// The stable word of a refusal.
    pub(super) fn reason(&self) -> Option<String> {
        let last = self.stdout.trim().lines().last()?;
        let said: serde_json::Value = serde_json::from_str(last).ok()?;
        Some(said["error"]["code"].as_str()?.to_owned())
    }
}

/// Whether this machine lets a program be traced.
pub(super) fn is_possible() -> bool {
    let tried = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", "inject=write:signal=KILL:when=1", "echo", "x"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.signal() == Some(9))
}

/// What `strace` is told: these calls are written down, and one of them is where the fault is.
pub(super) fn watching(kinds: &[&'static str], fault: Option<Fault>) -> Vec<String> {
    let mut words = vec!["-e".to_owned(), format!("trace={}", kinds.join(","))];
    match fault {
        Some(Fault { call, count, what }) => {
            let how = match what {
                What::Kill => format!("signal=KILL:when={count}"),
                What::Error(error) => format!("error={error}:when={count}"),
                What::Gone(error) => format!("error={error}:when={count}+"),
            };
            words.extend(["-e".to_owned(), format!("inject={call}:{how}")]);
        }
        // With a filter in the kernel, strace 6.1 loses the signal; without a signal it is faster.
        None => words.push("--seccomp-bpf".to_owned()),
    }
    words
}

/// Runs a program with a fault in it.
pub(super) fn run(program: &Path, arguments: &[String], fault: Fault, trace: &Path) -> Result<Ran> {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o"]).arg(trace).args(watching(&[fault.call], Some(fault))).arg(program);
    let output = command.args(arguments).stdin(Stdio::null()).output().context("strace")?;
    let traced = std::fs::read_to_string(trace).unwrap_or_default();
    let killed = output.status.signal() == Some(9);
    Ok(Ran {
        killed,
        met: killed || traced.contains("(INJECTED)"),
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// How many calls of each of these kinds an undisturbed run makes, in the thread that makes most of them: `strace` counts
/// each thread for itself.
pub(super) fn calls(
    program: &Path,
    arguments: &[String],
    kinds: &[&'static str],
    ends_with: &[i32],
    trace: &Path,
) -> Result<BTreeMap<&'static str, usize>> {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "--seccomp-bpf", "-o"]).arg(trace);
    let status = command
        .args(["-e", &format!("trace={}", kinds.join(","))])
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .context("strace")?;
    anyhow::ensure!(
        status.status.code().is_some_and(|code| ends_with.contains(&code)),
        "an undisturbed run ended with {:?}: {}{}",
        status.status.code(),
        String::from_utf8_lossy(&status.stdout),
        String::from_utf8_lossy(&status.stderr)
    );
    Ok(counted(&std::fs::read_to_string(trace)?, kinds))
}

/// `12345 fsync(7) = 0`, by kind and thread.
pub(super) fn counted(trace: &str, kinds: &[&'static str]) -> BTreeMap<&'static str, usize> {
    let mut found: BTreeMap<(&'static str, &str), usize> = BTreeMap::new();
    for line in trace.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((name, _)) = rest.trim_start().split_once('(') else { continue };
        if let Some(kind) = kinds.iter().find(|kind| **kind == name) {
            *found.entry((kind, thread)).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((kind, _), count) in found {
        let known: &mut usize = most.entry(kind).or_default();
        *known = count.max(*known);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_the_thread_that_makes_most() {
        let trace = "7 fsync(3) = 0\n8 fsync(4) = 0\n8 fsync(4 <unfinished ...>\n7 pwrite64(3, \"fsync(\") = 9\n\
                     8 <... fsync resumed>) = 0\n9 +++ exited with 0 +++\n";
        let found = counted(trace, &["fsync", "pwrite64", "rename"]);
        assert_eq!(found, BTreeMap::from([("fsync", 2), ("pwrite64", 1)]));
    }
}
