//! A foreign program: requests go to its standard input, a line each; lines come back.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

/// Longer than anything a peer is asked for takes on a slow machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// How much of what it complained about is kept.
const KEPT: usize = 4000;

/// Where `scripts/interop-peers` put the peers: `interop` beside the directory of the running program.
///
/// # Errors
/// If the running program has no such path.
pub fn folder() -> Result<PathBuf> {
    let this = std::env::current_exe()?;
    let target = this.parent().and_then(Path::parent).context("the program has no directory")?;
    Ok(target.join("interop"))
}

/// A running peer; it ends when this value is dropped.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    complaints: Arc<Mutex<Vec<u8>>>,
}

/// What a request brought: the steps that succeeded with their notes, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// `done STEP NOTE`.
    pub done: Vec<(String, String)>,
    /// `ok RESULT`, or the step and words of `error STEP WORDS`.
    pub end: std::result::Result<String, (String, String)>,
}

impl Peer {
    /// Starts a program.
    ///
    /// # Errors
    /// If it is not there.
    pub fn start(mut command: Command) -> Result<Self> {
        let mut child =
            command
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .with_context(|| format!("{} cannot be started", command.get_program().to_string_lossy()))?;
        let input = child.stdin.take().context("no standard input")?;
        let output = child.stdout.take().context("no standard output")?;
        let mut errors = child.stderr.take().context("no standard error")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let Ok(line) = line else { break };
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&complaints);
        thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(length @ 1..) = errors.read(&mut buffer) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(buffer.get(..length).unwrap_or_default());
                let excess = kept.len().saturating_sub(KEPT);
                kept.drain(..excess);
            }
        });
        Ok(Self { child, input, lines, complaints })
    }

    /// Sends a line.
    ///
    /// # Errors
    /// If the peer has ended.
    pub fn send(&mut self, line: &str) -> Result<()> {
        writeln!(self.input, "{line}").and_then(|()| self.input.flush()).map_err(|_| self.gone())
    }

    /// Waits for a line.
    ///
    /// # Errors
    /// If the peer has ended or says nothing for too long.
    pub fn line(&mut self) -> Result<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => bail!("no answer within {} s", PATIENCE.as_secs()),
            Err(RecvTimeoutError::Disconnected) => Err(self.gone()),
        }
    }

    /// A request and its answer.
    ///
    /// # Errors
    /// If the peer ends, hangs or speaks otherwise.
    pub fn ask(&mut self, request: &str) -> Result<Answer> {
        self.send(request)?;
        let mut done = Vec::new();
        loop {
            let line = self.line()?;
            let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let (first, second) = rest.split_once(' ').unwrap_or((rest, ""));
            match word {
                "done" => done.push((first.to_owned(), second.to_owned())),
                "ok" => return Ok(Answer { done, end: Ok(rest.to_owned()) }),
                "error" => return Ok(Answer { done, end: Err((first.to_owned(), second.to_owned())) }),
                // Programs that are no peers of ours by birth print what they like in between.
                _ => {}
            }
        }
    }

    /// A request that is answered with a result alone.
    ///
    /// # Errors
    /// If the peer refuses.
    pub fn result(&mut self, request: &str) -> Result<String> {
        match self.ask(request)?.end {
            Ok(result) => Ok(result),
            Err((step, words)) => bail!("{step}: {words}{}", self.complaint()),
        }
    }

    /// The end of what it complained about, for a person to read.
    #[must_use]
    pub fn complaint(&self) -> String {
        let kept = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&kept);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines.iter().rev().take(12).rev();
        last.map(|line| format!("\n    | {}", line.trim_end())).collect()
    }

    fn gone(&mut self) -> anyhow::Error {
        thread::sleep(Duration::from_millis(100));
        let status = self.child.try_wait().ok().flatten().map(|status| status.to_string());
        anyhow::anyhow!("the peer has ended ({}){}", status.unwrap_or_default(), self.complaint())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A built peer's file.
///
/// # Errors
/// If it was not built.
pub fn built(path: &str) -> Result<PathBuf> {
    let file = folder()?.join(path);
    ensure!(file.exists(), "not built: run `make interop`, or see {}", file.display());
    Ok(file)
}
