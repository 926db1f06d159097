//! The backup of a store: its keys and public files, encrypted to a key of its own that exists only in shares.
//!
//! The backup's file lies at two places or more; the shares lie with their holders. Whoever has the file has nothing, and
//! fewer holders than the threshold have nothing either. Keys of Document Signers and of terminals are left out on purpose:
//! they live for weeks, and a restored signer would sign again what its lost count has counted already.

use super::custody::Custody;
use super::sealed::{Sealer, StoredKey};
use super::{KeyStore, Passphrase, StoreError, files, read_settings};
use crate::audit_log::Event;
use crate::shamir::{self, Share};
use age::secrecy::ExposeSecret as _;
use jiff::Timestamp;
use rand_core::CryptoRng;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use zeroize::Zeroizing;

const TITLE: &str = "cccd-key-store-backup 1";
/// Folders whose keys are in a backup.
const KEYS: [&str; 5] = ["secret", "csca", "cvca", "dv", "master-list-signer"];
/// Folders whose public files are.
const FOLDERS: [&str; 11] = [
    "csca",
    "link",
    "ds",
    "crl",
    "cvca",
    "dv",
    "terminal",
    "master-list-signer",
    "master-list",
    "foreign",
    "ceremony",
];
const PUBLIC: [&str; 6] = ["cer", "crl", "cvcert", "ml", "json", "pub"];

/// A backup that was made.
#[derive(Debug)]
pub struct NewBackup {
    /// Its name: that of the set of shares.
    pub set: String,
    /// For the holders, each once.
    pub shares: Vec<Share>,
    /// Where its file lies.
    pub files: Vec<PathBuf>,
    /// Private keys in it.
    pub keys: usize,
}

impl KeyStore {
    /// Makes a backup at all the places, two at least, under a fresh wrapping key in `count` shares of which `threshold` give it
    /// back. The wrapping key is kept nowhere. The file is opened again and compared before the shares are given out.
    ///
    /// # Errors
    /// [`StoreError`]; the keys of a token do not leave it: its own means back it up.
    pub fn create_backup(
        &self,
        at: Timestamp,
        (threshold, count): (u8, u8),
        places: &[PathBuf],
        rng: &mut dyn CryptoRng,
    ) -> Result<NewBackup, StoreError> {
        let _lock = self.lock()?;
        let Custody::Sealed(sealer) = &self.custody else {
            let what = "its keys do not leave their token; take the token's own backup, and split its PIN";
            return Err(StoreError::Backup(what.to_owned()));
        };
        let mut folders = Vec::new();
        for place in places {
            files::private_dir(place)?;
            folders.push(place.canonicalize().map_err(|source| super::io_error(place, source))?);
        }
        folders.sort();
        folders.dedup();
        if folders.len() < 2 {
            return Err(StoreError::Backup("it is kept at two different places at least".to_owned()));
        }
        let identity = age::x25519::Identity::generate();
        let secret = identity.to_string();
        let shares = shamir::split(secret.expose_secret().as_bytes(), threshold, count, rng)
            .map_err(|error| StoreError::Backup(error.to_string()))?;
        let set = shares.first().map(Share::set).unwrap_or_default();
        let (content, keys) = self.content(sealer)?;
        let failed = |_| StoreError::Backup("it cannot be encrypted".to_owned());
        let encrypted = age::encrypt(&identity.to_public(), content.as_bytes()).map_err(failed)?;
        if decrypt(&identity, &encrypted)?.as_slice() != content.as_bytes() {
            return Err(StoreError::Backup("it does not read back".to_owned()));
        }
        let mut written = Vec::new();
        for folder in folders {
            let path = folder.join(file_name(&set));
            files::write(&path, &encrypted, true)?;
            written.push(path);
        }
        let note = format!("set {set}, {threshold} of {count}, {keys} keys, {} places", written.len());
        self.log(Event::new(at, "backup-made").payload(&encrypted).note(&note))?;
        Ok(NewBackup { set, shares, files: written, keys })
    }

    fn content(&self, sealer: &Sealer) -> Result<(Zeroizing<String>, usize), StoreError> {
        let mut public = String::new();
        let mut take = |path: &Path, name: &str| -> Result<(), StoreError> {
            let bytes = files::read(path)?;
            public.push_str(&format!("file {name} {}\n", hex::encode(bytes)));
            Ok(())
        };
        for name in ["store.json", "audit.log", "audit.head.json", "register.pub", "station.pub", "log.pub"] {
            take(&self.dir().join(name), name)?;
        }
        for folder in FOLDERS {
            for extension in PUBLIC {
                for path in files::list(&self.dir().join(folder), extension)? {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    take(&path, &format!("{folder}/{name}"))?;
                }
            }
        }
        let mut lines = Vec::new();
        for folder in KEYS {
            for path in files::list(&self.dir().join(folder), "age")? {
                let stem = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let stem = stem.trim_end_matches(".key.age");
                let name = format!("{folder}/{stem}");
                let key = sealer.open_sealed(&name, &files::read(&path)?)?;
                let text = key.to_text();
                lines.push(Zeroizing::new(format!("key {name} {}\n", *text)));
            }
        }
        // Room for all of it at once: a string that grows leaves copies behind.
        let length = TITLE.len() + 1 + public.len() + lines.iter().map(|line| line.len()).sum::<usize>();
        let mut content = Zeroizing::new(String::with_capacity(length));
        content.push_str(TITLE);
        content.push('\n');
        content.push_str(&public);
        for line in &lines {
            content.push_str(line);
        }
        Ok((content, lines.len()))
    }

    /// Makes a store in `dir` out of the backup at a place, by enough shares, under a new passphrase. Document Signers come back
    /// with their certificates and without their keys: new ones are to be made.
    ///
    /// # Errors
    /// [`StoreError::Shares`], [`StoreError::Backup`]; an existing store is left as it is.
    pub fn restore_backup(
        place: &Path,
        shares: &[Share],
        dir: &Path,
        passphrase: &Passphrase,
        at: Timestamp,
    ) -> Result<Self, StoreError> {
        if dir.join("store.json").exists() {
            return Err(StoreError::Exists(dir.to_owned()));
        }
        let secret = shamir::combine(shares)?;
        let set = shares.first().map(Share::set).unwrap_or_default();
        let wrong = || StoreError::Backup("the shares are of another kind of secret".to_owned());
        let text = std::str::from_utf8(&secret).map_err(|_| wrong())?;
        let identity = age::x25519::Identity::from_str(text).map_err(|_| wrong())?;
        let path = place.join(file_name(&set));
        if !path.exists() {
            let what = format!("there is no backup of the set {set} in {}", place.display());
            return Err(StoreError::Backup(what));
        }
        let content = decrypt(&identity, &files::read(&path)?)?;
        let damaged = || StoreError::Backup("its content cannot be read".to_owned());
        let content = std::str::from_utf8(&content).map_err(|_| damaged())?;
        let mut lines = content.lines();
        if lines.next() != Some(TITLE) {
            return Err(damaged());
        }
        let (sealer, wrapped) = Sealer::create(passphrase)?;
        for folder in KEYS.iter().chain(&FOLDERS) {
            files::private_dir(&dir.join(folder))?;
        }
        files::write(&dir.join("identity.age"), &wrapped, true)?;
        let mut settings = None;
        for line in lines {
            let mut words = line.splitn(3, ' ');
            let (Some(kind), Some(name), Some(value)) = (words.next(), words.next(), words.next()) else {
                return Err(damaged());
            };
            let target = inside(dir, name).ok_or_else(damaged)?;
            if let Some(folder) = target.parent() {
                files::private_dir(folder)?;
            }
            match kind {
                "file" => {
                    let bytes = hex::decode(value).map_err(|_| damaged())?;
                    // Written last: a store is one only when it is whole.
                    if name == "store.json" {
                        settings = Some(bytes);
                    } else {
                        files::write(&target, &bytes, false)?;
                    }
                }
                "key" => {
                    let key = StoredKey::from_text(value).ok_or_else(damaged)?;
                    let sealed = sealer.seal(name, &key)?;
                    files::write(&dir.join(format!("{name}.key.age")), &sealed, true)?;
                }
                _ => return Err(damaged()),
            }
        }
        files::write(&dir.join("store.json"), &settings.ok_or_else(damaged)?, false)?;
        read_settings(dir)?;
        let store = Self::open(dir, passphrase)?;
        for (name, certificate) in store.certificates("csca")? {
            use crate::signer::Signer as _;
            if store.open_key(&name)?.public_key() != certificate.public_key() {
                return Err(StoreError::Damaged(name));
            }
        }
        store.log(Event::new(at, "store-restored").note(&format!("set {set}, {} shares", shares.len())))?;
        Ok(store)
    }
}

fn file_name(set: &str) -> String {
    format!("cccd-backup-{set}.age")
}

fn decrypt(identity: &age::x25519::Identity, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    age::decrypt(identity, file)
        .map(Zeroizing::new)
        .map_err(|_| StoreError::Backup("its file is damaged or of other shares".to_owned()))
}

/// A name within the store: one folder at most, and never a way out.
fn inside(dir: &Path, name: &str) -> Option<PathBuf> {
    let good = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    (name.split('/').count() <= 2 && name.split('/').all(good)).then(|| dir.join(name))
}
