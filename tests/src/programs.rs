//! Runs the project's own programs as separate processes, the way their users do.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Where the built programs lie.
#[derive(Debug, Clone)]
pub struct Programs {
    directory: PathBuf,
    environment: Vec<(String, String)>,
}

/// What one finished program left behind.
#[derive(Debug)]
pub struct Finished {
    /// The exit code: 0 done, 1 refused, 2 usage, 3 could not, 4 undetermined.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Wall-clock time from start to end.
    pub took: Duration,
}

impl Finished {
    /// The output as JSON.
    ///
    /// # Errors
    /// If it is not JSON; the message carries both streams.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout)
            .with_context(|| format!("no JSON (exit {}): {}\n{}", self.code, self.stdout, self.stderr))
    }
}

impl Programs {
    /// The directory of the running program, where cargo puts its siblings (tests run one level deeper).
    ///
    /// # Errors
    /// If the running program has no path or the siblings are not built.
    pub fn beside_this_one() -> Result<Self> {
        let this = std::env::current_exe()?;
        let mut directory = this.parent().context("the program has no directory")?.to_owned();
        if directory.ends_with("deps") {
            directory.pop();
        }
        for name in ["keys", "issuer", "verifier", "virtual-chip", "population"] {
            if !directory.join(name).is_file() {
                bail!("{name} is not built: run `cargo build --workspace --bins`");
            }
        }
        Ok(Self { directory, environment: Vec::new() })
    }

    /// The same programs with one more environment variable.
    #[must_use]
    pub fn with_environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where a program lies.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn command<S: AsRef<OsStr>>(&self, name: &str, arguments: &[S]) -> Command {
        let mut command = Command::new(self.directory.join(name));
        command.args(arguments).envs(self.environment.iter().map(|(k, v)| (k, v))).stdin(Stdio::null());
        command
    }

    /// Runs a program to its end, whatever its exit code.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn run<S: AsRef<OsStr>>(&self, name: &str, arguments: &[S]) -> Result<Finished> {
        let start = Instant::now();
        let output =
            self.command(name, arguments).output().with_context(|| format!("cannot start {name}"))?;
        Ok(Finished {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            took: start.elapsed(),
        })
    }

    /// Runs a program that must succeed.
    ///
    /// # Errors
    /// If it does not end with exit code 0; the message carries what it said.
    pub fn must<S: AsRef<OsStr>>(&self, name: &str, arguments: &[S]) -> Result<Finished> {
        let finished = self.run(name, arguments)?;
        if finished.code != 0 {
            let words: Vec<_> = arguments.iter().map(|a| a.as_ref().to_string_lossy()).collect();
            bail!(
                "`{name} {}` ended with {}:\n{}{}",
                words.join(" "),
                finished.code,
                finished.stdout,
                finished.stderr
            );
        }
        Ok(finished)
    }

    /// Starts a program that runs until it is dropped, and waits for the file that says it is ready.
    ///
    /// # Errors
    /// If it ends early or is not ready in time.
    pub fn start<S: AsRef<OsStr>>(
        &self,
        name: &str,
        arguments: &[S],
        ready: &Path,
        log: &Path,
    ) -> Result<Running> {
        let _ = std::fs::remove_file(ready);
        let file = std::fs::File::create(log)?;
        let child = self
            .command(name, arguments)
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let mut running = Running { child };
        let deadline = Instant::now() + Duration::from_secs(30);
        while !ready.exists() {
            if let Some(status) = running.child.try_wait()? {
                bail!("{name} ended at once ({status}): {}", tail(log));
            }
            if Instant::now() > deadline {
                bail!("{name} was not ready after 30 s: {}", tail(log));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(running)
    }
}

fn tail(log: &Path) -> String {
    let mut text = String::new();
    if let Ok(mut file) = std::fs::File::open(log) {
        let _ = file.read_to_string(&mut text);
    }
    let lines: Vec<_> = text.lines().rev().take(10).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// A program in the background; it ends when this value is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
