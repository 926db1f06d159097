//! The backup of a store: its keys and public files, encrypted to a key of its own that exists only in shares.
//!
//! The backup's file lies at two places or more; the shares lie with their holders. Whoever has the file has nothing, and
//! fewer holders than the threshold have nothing either. Keys of Document Signers and of terminals are left out on purpose:
//! they live for weeks, and a restored signer would sign again what its lost count has counted already.
//!
//! ```text
//! cccd-key-store-backup 1
//! file <name> <hex>                          a public file
//! key <name> <text>                          a key of a store in software
//! wrapped <name> <reference> <hex>           a key of a token: CKM_AES_KEY_WRAP_PAD
//! data secret/log-subjects <reference> <hex> octets that a token kept
//! ```

mod wrapped;

use super::custody::Custody;
use super::sealed::{Sealer, StoredKey};
use super::{KeyStore, Passphrase, StoreError, files, read_settings};
use crate::ceremony::{Act, Kept, KeptFile, KeptKey, Participant};
use crate::shamir::{self, Share};
use age::secrecy::ExposeSecret as _;
use jiff::Timestamp;
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use zeroize::Zeroizing;

const TITLE: &str = "cccd-key-store-backup 1";
/// Folders whose keys are in a backup.
const KEYS: [&str; 5] = ["secret", "csca", "cvca", "dv", "master-list-signer"];
/// Folders whose public files are.
const FOLDERS: [&str; 12] = [
    "backup",
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

/// What a store is made again out of.
#[derive(Debug, Clone, Copy)]
pub struct Restoration<'a> {
    /// One of the places of the backup.
    pub place: &'a Path,
    /// Enough shares.
    pub shares: &'a [Share],
    /// Who takes part, for the record.
    pub present: &'a [Participant],
}

/// A key in a backup: its name, and the line that holds it.
struct KeyLine {
    name: String,
    line: Zeroizing<String>,
}

impl KeyStore {
    /// Makes a backup at all the places, two at least, under a fresh key in `count` shares of which `threshold` give it back.
    /// That key is kept nowhere. The file is opened again and compared before the shares are given out.
    ///
    /// The keys of a token leave it wrapped, if they were made so; each is unwrapped in the token for a moment and signs
    /// before its wrapped form is believed.
    ///
    /// # Errors
    /// [`StoreError`]; a store whose keys were made to stay in their token has no backup of this kind.
    pub fn create_backup(
        &self,
        at: Timestamp,
        (threshold, count): (u8, u8),
        places: &[PathBuf],
        rng: &mut dyn CryptoRng,
    ) -> Result<NewBackup, StoreError> {
        let _lock = self.lock()?;
        if self.is_in_token() && !self.settings().wrapped_backup {
            return Err(StoreError::NotWrappable);
        }
        let mut folders = Vec::new();
        for place in places {
            files::private_dir(place)?;
            folders.push(place.canonicalize().map_err(|source| super::io_error(place, source))?);
        }
        folders.sort();
        folders.dedup();
        if folders.len() < 2 {
            return Err(StoreError::BackupPlan("it is kept at two different places at least".to_owned()));
        }
        let identity = age::x25519::Identity::generate();
        let secret = identity.to_string();
        let shares = shamir::split(secret.expose_secret().as_bytes(), threshold, count, rng)
            .map_err(|error| StoreError::BackupPlan(error.to_string()))?;
        let set = shares.first().map(Share::set).unwrap_or_default();
        let lines = match &self.custody {
            Custody::Sealed(sealer) => self.sealed_keys(sealer)?,
            Custody::Token(token) => self.wrapped_keys(token, &wrapped::wrapping_key(&identity), rng)?,
        };
        let kept = self.kept(&set, (threshold, count), lines.iter().map(|line| line.name.as_str()))?;
        let content = self.content(&kept, &lines)?;
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
        let keys = lines.len();
        let note = format!("set {set}, {threshold} of {count}, {keys} keys, {} places", written.len());
        let output = kept_name(&set);
        let list = kept.to_bytes();
        files::private_dir(&self.dir().join("backup"))?;
        files::write(&self.dir().join(&output), &list, false)?;
        let sha256 = hex::encode(Sha256::digest(&encrypted));
        let act = Act::Backup { backup: kept, sha256, places: written.len() };
        self.record(at, "backup-made", act, (&output, &list), &note)?;
        Ok(NewBackup { set, shares, files: written, keys })
    }

    /// The public list of what a backup holds.
    fn kept<'k>(
        &self,
        set: &str,
        (threshold, shares): (u8, u8),
        names: impl Iterator<Item = &'k str>,
    ) -> Result<Kept, StoreError> {
        let mut keys = Vec::new();
        for name in names {
            let plain = name.strip_prefix("secret/").unwrap_or(name);
            let candidates = [format!("{plain}.pub"), format!("{name}.cer"), format!("{name}.cvcert")];
            let mut public = None;
            if let Some(file) = candidates.into_iter().find(|file| self.dir().join(file).exists()) {
                let sha256 = hex::encode(Sha256::digest(files::read(&self.dir().join(&file))?));
                public = Some(KeptFile { file, sha256 });
            }
            keys.push(KeptKey { name: name.to_owned(), public });
        }
        Ok(Kept { set: set.to_owned(), threshold, shares, keys })
    }

    /// The store as text: public files, then its keys.
    fn content(&self, kept: &Kept, keys: &[KeyLine]) -> Result<Zeroizing<String>, StoreError> {
        let mut public = format!("file {} {}\n", kept_name(&kept.set), hex::encode(kept.to_bytes()));
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
        // Room for all of it at once: a string that grows leaves copies behind.
        let length = TITLE.len() + 1 + public.len() + keys.iter().map(|key| key.line.len()).sum::<usize>();
        let mut content = Zeroizing::new(String::with_capacity(length));
        content.push_str(TITLE);
        content.push('\n');
        content.push_str(&public);
        for key in keys {
            content.push_str(&key.line);
        }
        Ok(content)
    }

    /// Names of the keys that a backup holds.
    fn backed_up(&self, extension: &str) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        for folder in KEYS {
            for path in files::list(&self.dir().join(folder), extension)? {
                let stem = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let stem = stem.trim_end_matches(extension).trim_end_matches(".key.");
                names.push(format!("{folder}/{stem}"));
            }
        }
        Ok(names)
    }

    fn sealed_keys(&self, sealer: &Sealer) -> Result<Vec<KeyLine>, StoreError> {
        let mut lines = Vec::new();
        for name in self.backed_up("age")? {
            let key = sealer.open_sealed(&name, &files::read(&self.key_path(&name))?)?;
            let text = key.to_text();
            let line = Zeroizing::new(format!("key {name} {}\n", *text));
            lines.push(KeyLine { name, line });
        }
        Ok(lines)
    }

    /// Makes a store in software in `dir` out of the backup at a place, by enough shares, under a new passphrase. Document
    /// Signers come back with their certificates and without their keys: new ones are to be made.
    ///
    /// # Errors
    /// [`StoreError::Shares`], [`StoreError::Backup`]; an existing store is left as it is.
    pub fn restore_backup(
        from: &Restoration<'_>,
        dir: &Path,
        passphrase: &Passphrase,
        at: Timestamp,
    ) -> Result<Self, StoreError> {
        let backup = Opened::open(from, dir)?;
        if backup.is_of_a_token()? {
            let what = "its keys are of a token: name the token to restore them into with --pkcs11";
            return Err(StoreError::Backup(what.to_owned()));
        }
        let (sealer, wrapped) = Sealer::create(passphrase)?;
        backup.prepare(dir)?;
        files::write(&dir.join("identity.age"), &wrapped, true)?;
        for line in backup.lines()? {
            let Line { kind, name, value } = line?;
            if kind == "key" {
                let key = StoredKey::from_text(value).ok_or_else(damaged)?;
                let sealed = sealer.seal(name, &key)?;
                files::write(&dir.join(format!("{name}.key.age")), &sealed, true)?;
            }
        }
        files::write(&dir.join("store.json"), &backup.settings()?, false)?;
        read_settings(dir)?;
        let store = Self::open(dir, passphrase)?;
        store.restored(at, &backup, from)
    }

    /// The authorities' keys are those of their certificates; then it is recorded.
    fn restored(
        mut self,
        at: Timestamp,
        backup: &Opened,
        from: &Restoration<'_>,
    ) -> Result<Self, StoreError> {
        for (name, certificate) in self.certificates("csca")? {
            use crate::signer::Signer as _;
            if self.open_key(&name)?.public_key() != certificate.public_key() {
                return Err(StoreError::Damaged(name));
            }
        }
        let mut names = Vec::new();
        for line in backup.lines()? {
            let line = line?;
            if line.kind != "file" {
                names.push(line.name);
            }
        }
        let first = from.shares.first();
        let numbers = first.map(|share| (share.threshold(), share.count())).unwrap_or_default();
        let kept = self.kept(&backup.set, numbers, names.into_iter())?;
        let (output, list) = (kept_name(&backup.set), kept.to_bytes());
        files::private_dir(&self.dir().join("backup"))?;
        files::write(&self.dir().join(&output), &list, false)?;
        let used: Vec<u8> = from.shares.iter().map(Share::index).collect();
        let note = format!("set {}, {} shares", backup.set, used.len());
        let token = self.settings().token.as_ref().map(|token| token.serial.clone());
        self.present = from.present.to_vec();
        let act = Act::Restoration { backup: kept, used, token };
        self.record(at, "store-restored", act, (&output, &list), &note)?;
        Ok(self)
    }
}

/// A backup that its shares have opened.
struct Opened {
    set: String,
    identity: age::x25519::Identity,
    content: Zeroizing<Vec<u8>>,
}

/// One line of it.
struct Line<'a> {
    kind: &'a str,
    name: &'a str,
    value: &'a str,
}

impl Opened {
    fn open(from: &Restoration<'_>, dir: &Path) -> Result<Self, StoreError> {
        let Restoration { place, shares, .. } = *from;
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
        Ok(Self { set, identity, content })
    }

    /// Its lines, each with a name that stays within the store.
    fn lines(&self) -> Result<impl Iterator<Item = Result<Line<'_>, StoreError>>, StoreError> {
        let content = std::str::from_utf8(&self.content).map_err(|_| damaged())?;
        let mut lines = content.lines();
        if lines.next() != Some(TITLE) {
            return Err(damaged());
        }
        Ok(lines.map(|line| {
            let mut words = line.splitn(3, ' ');
            let (Some(kind), Some(name), Some(value)) = (words.next(), words.next(), words.next()) else {
                return Err(damaged());
            };
            if !matches!(kind, "file" | "key" | "wrapped" | "data") || !stays_inside(name) {
                return Err(damaged());
            }
            Ok(Line { kind, name, value })
        }))
    }

    fn is_of_a_token(&self) -> Result<bool, StoreError> {
        for line in self.lines()? {
            if line?.kind == "wrapped" {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The folders and the public files; `store.json` is written last, by whoever restores: a store is one only when it
    /// is whole.
    fn prepare(&self, dir: &Path) -> Result<(), StoreError> {
        for folder in KEYS.iter().chain(&FOLDERS) {
            files::private_dir(&dir.join(folder))?;
        }
        for line in self.lines()? {
            let Line { kind, name, value } = line?;
            if kind == "file" && name != "store.json" {
                let target = dir.join(name);
                if let Some(folder) = target.parent() {
                    files::private_dir(folder)?;
                }
                files::write(&target, &hex::decode(value).map_err(|_| damaged())?, false)?;
            }
        }
        Ok(())
    }

    fn settings(&self) -> Result<Vec<u8>, StoreError> {
        for line in self.lines()? {
            let Line { kind, name, value } = line?;
            if (kind, name) == ("file", "store.json") {
                return hex::decode(value).map_err(|_| damaged());
            }
        }
        Err(damaged())
    }
}

fn damaged() -> StoreError {
    StoreError::Backup("its content cannot be read".to_owned())
}

fn kept_name(set: &str) -> String {
    format!("backup/{set}.json")
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
fn stays_inside(name: &str) -> bool {
    let good = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    };
    name.split('/').count() <= 2 && name.split('/').all(good)
}
