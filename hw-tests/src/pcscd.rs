//! A pcscd of one's own, with vsmartcard's virtual reader, for tests and demonstrations. Needs root.
//!
//! pcscd's socket is one for the whole machine. Users of this module take turns through a lock file; a pcscd that
//! runs already is used if it has a virtual reader, and left running.

use std::fs::{File, OpenOptions, TryLockError};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use cccd_reader::{ReaderInfo, Service};
use tempfile::TempDir;

const SOCKET: &str = "/run/pcscd/pcscd.comm";
const LOCK: &str = "/run/lock/cccd-pcscd.lock";
const NAME: &str = "Virtual PCD";
/// Slots that Debian's vpcd has in one reader.
const SLOTS: u16 = 2;
/// Where Debian's own configuration has it listen.
const DEBIAN_PORT: u16 = 0x8C7B;
const PATIENCE: Duration = Duration::from_secs(10);
/// How long another user's turn may take.
const TURN: Duration = Duration::from_secs(600);

/// A running pcscd with a virtual reader. Ends the one it started when dropped.
#[derive(Debug)]
pub struct Pcscd {
    /// `None` when it ran before.
    child: Option<Child>,
    port: u16,
    readers: Vec<String>,
    /// Configuration and log.
    folder: TempDir,
    /// Given back last.
    _turn: File,
}

impl Pcscd {
    /// Waits for its turn, starts pcscd (or takes the one that runs) and waits until its virtual readers are there.
    ///
    /// # Errors
    /// When pcscd or the driver is not installed, this user may not start it, or a pcscd without virtual reader runs.
    pub fn start() -> Result<Self> {
        let turn = take_turn()?;
        let folder = tempfile::Builder::new().prefix("cccd-pcscd-").tempdir()?;
        if std::os::unix::net::UnixStream::connect(SOCKET).is_ok() {
            let readers = virtual_readers()?;
            if readers.is_empty() {
                bail!(
                    "a pcscd without virtual reader runs already; stop it (its socket is {SOCKET}) and try again"
                );
            }
            let port = configured_port(Path::new("/etc/reader.conf.d/vpcd")).unwrap_or(DEBIAN_PORT);
            return Ok(Self { child: None, port, readers, folder, _turn: turn });
        }
        let driver = driver()?;
        let port = free_port()?;
        let configuration = folder.path().join("reader.conf.d");
        std::fs::create_dir(&configuration)?;
        std::fs::write(
            configuration.join("vpcd"),
            format!(
                "FRIENDLYNAME \"{NAME}\"\nDEVICENAME /dev/null:0x{port:X}\nLIBPATH {}\nCHANNELID 0x{port:X}\n",
                driver.display()
            ),
        )?;
        std::fs::create_dir_all("/run/pcscd").context("pcscd needs /run/pcscd: run this as root")?;
        let log = File::create(folder.path().join("pcscd.log"))?;
        let child = Command::new("pcscd")
            .args(["--foreground", "--info", "--config"])
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("pcscd can't be started: install the packages pcscd and vsmartcard-vpcd")?;
        let mut pcscd = Self { child: Some(child), port, readers: Vec::new(), folder, _turn: turn };
        pcscd.wait()?;
        Ok(pcscd)
    }

    fn wait(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait()?
            {
                bail!("pcscd ended at once ({status}): {}", self.log());
            }
            if let Ok(readers) = virtual_readers()
                && readers.len() >= usize::from(SLOTS)
            {
                self.readers = readers;
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("pcscd shows no virtual reader: {}", self.log());
            }
            sleep(Duration::from_millis(5));
        }
    }

    /// The reader of a slot (0 or 1), as PC/SC names it.
    ///
    /// # Errors
    /// When there is no such slot.
    pub fn reader(&self, slot: u16) -> Result<&str> {
        self.readers.get(usize::from(slot)).map(String::as_str).context("no such slot")
    }

    /// Where a chip for this slot connects: `HOST:PORT` for `virtual-chip serve --vpcd`.
    #[must_use]
    pub fn address(&self, slot: u16) -> String {
        format!("127.0.0.1:{}", self.port.saturating_add(slot))
    }

    /// Whether it ran before.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.child.is_none()
    }

    /// What pcscd wrote to its log; empty for one that ran before.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("pcscd.log")).unwrap_or_default()
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        // SIGTERM lets it take its socket away; no signal but SIGKILL is to be had from std, so kill(1) sends it.
        let asked =
            Command::new("kill").arg(child.id().to_string()).status().is_ok_and(|status| status.success());
        let deadline = Instant::now() + Duration::from_secs(3);
        while asked && Instant::now() < deadline {
            if matches!(child.try_wait(), Ok(Some(_))) {
                return;
            }
            sleep(Duration::from_millis(5));
        }
        let _ = child.kill();
        let _ = child.wait();
        let _ = std::fs::remove_file(SOCKET);
    }
}

fn take_turn() -> Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(LOCK)
        .with_context(|| format!("{LOCK} can't be opened: run this as root"))?;
    let deadline = Instant::now() + TURN;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => sleep(Duration::from_millis(50)),
            Err(TryLockError::WouldBlock) => bail!("another test has used pcscd for {} s", TURN.as_secs()),
            Err(TryLockError::Error(error)) => return Err(error).context(LOCK),
        }
    }
}

fn virtual_readers() -> Result<Vec<String>> {
    let mut names: Vec<String> = Service::open()?
        .readers()?
        .into_iter()
        .map(|ReaderInfo { name, .. }| name)
        .filter(|name| name.contains(NAME))
        .collect();
    names.sort();
    Ok(names)
}

/// The driver of Debian's package, or wherever its configuration says.
fn driver() -> Result<PathBuf> {
    let configured = std::fs::read_to_string("/etc/reader.conf.d/vpcd").unwrap_or_default();
    configured
        .lines()
        .filter_map(|line| line.trim().strip_prefix("LIBPATH"))
        .map(|path| PathBuf::from(path.trim()))
        .chain([PathBuf::from("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")])
        .find(|path| path.exists())
        .context("the virtual reader's driver is missing: install the package vsmartcard-vpcd")
}

fn configured_port(path: &Path) -> Option<u16> {
    let text = std::fs::read_to_string(path).ok()?;
    let device = text.lines().find_map(|line| line.trim().strip_prefix("DEVICENAME"))?;
    let port = device.trim().rsplit_once(':')?.1;
    match port.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16).ok(),
        None => port.parse().ok(),
    }
}

/// A port that is free together with the next one: one for each slot.
fn free_port() -> Result<u16> {
    for _ in 0..50 {
        let first = TcpListener::bind("0.0.0.0:0")?;
        let port = first.local_addr()?.port();
        if let Some(next) = port.checked_add(1)
            && TcpListener::bind(("0.0.0.0", next)).is_ok()
        {
            return Ok(port);
        }
    }
    bail!("no two neighbouring ports are free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_in_both_notations() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vpcd");
        std::fs::write(&path, "FRIENDLYNAME \"x\"\nDEVICENAME   /dev/null:0x8C7B\n").unwrap();
        assert_eq!(configured_port(&path), Some(35_963));
        std::fs::write(&path, "DEVICENAME /dev/null:36100\n").unwrap();
        assert_eq!(configured_port(&path), Some(36_100));
    }
}
