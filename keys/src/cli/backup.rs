//! `keys backup`: the store's backup at several places, its key in shares; and a PIN in shares.

use super::args::{Arguments, BackupCommand};
use super::output::Output;
use super::{Failure, new_passphrase};
use cccd_keys::shamir::{self, Share};
use cccd_keys::store::{KeyStore, Restoration, StoreError};
use jiff::Timestamp;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use rand_core::CryptoRng;
use serde_json::json;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest file of a share or a PIN.
const MAX_FILE: u64 = 64 * 1024;

pub(super) fn run(
    command: &BackupCommand,
    arguments: &Arguments,
    open: &dyn Fn() -> Result<KeyStore, Failure>,
    output: &Output,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(), Failure> {
    match command {
        BackupCommand::Create { shares, threshold, out, shares_out } => {
            let made = open()?.create_backup(at, (*threshold, *shares), out, rng)?;
            let written = write_shares(output, &made.shares, shares_out)?;
            output.print(
                &json!({
                    "set": made.set,
                    "threshold": threshold,
                    "keys": made.keys,
                    "backups": made.files,
                    "shares": written,
                }),
                &format!(
                    "{} {} ({} {}):\n  {}\n{}\n  {}",
                    output.text("Backup", "Bản sao lưu"),
                    made.set,
                    made.keys,
                    output.text("keys", "khoá"),
                    names(&made.files),
                    output.text(
                        "Shares, one for each holder; print them, hand them out, delete the files:",
                        "Các mảnh, mỗi người giữ một mảnh; in ra, trao tận tay rồi xoá tệp:"
                    ),
                    names(&written),
                ),
            );
        }
        BackupCommand::Restore { from, share } => {
            let shares = read_shares(share)?;
            let dir = &arguments.dir;
            if dir.join("store.json").exists() {
                return Err(StoreError::Exists(dir.clone()).into());
            }
            // Before anything is made.
            drop(shamir::combine(&shares).map_err(StoreError::from)?);
            let restoration = Restoration { place: from, shares: &shares, present: &arguments.present };
            let store = if let Some(access) = arguments.token.access() {
                KeyStore::restore_backup_in_token(&restoration, dir, access.open(None)?, at)?
            } else {
                let passphrase = new_passphrase(arguments, output, rng)?;
                KeyStore::restore_backup(&restoration, dir, &passphrase, at)?
            };
            output.print(
                &json!({ "dir": dir, "csca": store.csca_certificates()?.len() }),
                &format!(
                    "{} {}\n{}",
                    output.text("Key store restored in", "Đã khôi phục kho khoá tại"),
                    dir.display(),
                    output.text(
                        "Document Signers come back without their keys: make new ones with `keys ds new`.",
                        "Document Signer được khôi phục không kèm khoá riêng: tạo mới bằng `keys ds new`."
                    ),
                ),
            );
        }
        BackupCommand::SplitPin { pin_file, shares, threshold, shares_out } => {
            let bytes = read(pin_file)?;
            let pin = bytes.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
            let made = shamir::split(pin, *threshold, *shares, rng)
                .map_err(|error| StoreError::BackupPlan(error.to_string()))?;
            let written = write_shares(output, &made, shares_out)?;
            output.print(
                &json!({ "set": made.first().map(Share::set), "threshold": threshold, "shares": written }),
                &format!("{}\n  {}", output.text("Shares:", "Các mảnh:"), names(&written)),
            );
        }
        BackupCommand::JoinPin { share, out } => {
            let pin = shamir::combine(&read_shares(share)?).map_err(StoreError::from)?;
            write_private(out, &pin)?;
            output.print(&json!({ "out": out }), &format!("{}", out.display()));
        }
    }
    Ok(())
}

fn names(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join("\n  ")
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> StoreError {
    move |source| StoreError::Io { path: path.to_owned(), source }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    if std::fs::metadata(path).map_err(io(path))?.len() > MAX_FILE {
        return Err(io(path)(std::io::ErrorKind::FileTooLarge.into()));
    }
    Ok(Zeroizing::new(std::fs::read(path).map_err(io(path))?))
}

/// A new file that only its owner reads.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let write =
        || options.open(path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    write().map_err(io(path))
}

/// A file for each share: what it is, its text in short lines, and the same as QR.
fn write_shares(output: &Output, shares: &[Share], folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    std::fs::create_dir_all(folder).map_err(io(folder))?;
    let mut written = Vec::new();
    for share in shares {
        let (index, count) = (share.index(), share.count());
        let path = folder.join(format!("share-{}-{index}-of-{count}.txt", share.set()));
        let text = share.to_text();
        let mut page = Zeroizing::new(String::with_capacity(8192));
        page.push_str(&format!(
            "{} {index}/{count}: {} {}, {} {}\n\n",
            output.text("Share", "Mảnh"),
            output.text("needed to open:", "số mảnh cần để mở:"),
            share.threshold(),
            output.text("set", "bộ số"),
            share.set(),
        ));
        for line in text.as_bytes().chunks(40) {
            page.push_str(&String::from_utf8_lossy(line));
            page.push('\n');
        }
        if let Ok(code) = QrCode::new(text.as_bytes()) {
            let picture = Zeroizing::new(code.render::<Dense1x2>().quiet_zone(true).build());
            page.push('\n');
            page.push_str(&picture);
            page.push('\n');
        }
        write_private(&path, page.as_bytes())?;
        written.push(path);
    }
    Ok(written)
}

fn read_shares(paths: &[PathBuf]) -> Result<Vec<Share>, StoreError> {
    let mut shares = Vec::new();
    for (place, path) in (1..).zip(paths) {
        let bytes = read(path)?;
        let text = Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned());
        let digits = |line: &&str| {
            let line = line.trim();
            !line.is_empty() && line.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'-' | b' '))
        };
        let mut joined = Zeroizing::new(String::with_capacity(text.len()));
        for line in text.lines().filter(digits) {
            joined.push_str(line);
        }
        shares.push(Share::from_text(&joined, place)?);
    }
    Ok(shares)
}
