//! The register's own secrets beside its database, when no key store is at hand: a P-256 key that signs answers, and
//! the keys under which numbers are logged and given, and those of sealed items. Software keys in files of mode 0600; they say so where they are made.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use cccd_keys::algorithm::HashAlgorithm;
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::signer::{Signer as _, SoftwareKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::bundle::OpeningKey;
use crate::matching::DigestKey;
use crate::numbers::NumberKey;
use crate::seal::SealKeys;

/// The most keys of sealed items in a file.
const MAX_SEAL_KEYS: u64 = 256;

/// A key file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Other users may read it.
    #[error("{0} can be read by other users")]
    Open(PathBuf),
    /// Not 64 hexadecimal digits, or no key of the curve.
    #[error("{0} holds no key")]
    NoKey(PathBuf),
    /// The file system refused.
    #[error("{path} cannot be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The signing key in `<db>.register-key`, made at the first start; its public half stands in `<db>.register.pub`
/// (`SubjectPublicKeyInfo`, DER). Answers whether it was made just now.
///
/// # Errors
/// [`KeyFileError`].
pub fn signing_key(database: &Path, rng: &mut dyn CryptoRng) -> Result<(SoftwareKey, bool), KeyFileError> {
    let path = beside(database, "register-key");
    let (scalar, fresh) = secret(&path, rng, |candidate| key_of(candidate).is_some())?;
    let key = key_of(&scalar).ok_or(KeyFileError::NoKey(path))?;
    let public = beside(database, "register.pub");
    if std::fs::read(&public).ok().as_deref() != Some(key.public_key().spki()) {
        publish(&public, key.public_key().spki())?;
    }
    Ok((key, fresh))
}

/// The key of the log of attempts in `<db>.digest-key`, made at the first start.
///
/// # Errors
/// [`KeyFileError`].
pub fn digest_key(database: &Path, rng: &mut dyn CryptoRng) -> Result<DigestKey, KeyFileError> {
    secret(&beside(database, "digest-key"), rng, |_| true).map(|(key, _)| DigestKey::new(key))
}

/// The key of the permutation of personal numbers, from the secret in `<db>.number-key`, made at the first start. A file of its
/// own: the signing key may change, this one stays.
///
/// # Errors
/// [`KeyFileError`].
pub fn number_key(database: &Path, rng: &mut dyn CryptoRng) -> Result<NumberKey, KeyFileError> {
    secret(&beside(database, "number-key"), rng, |_| true).map(|(key, _)| NumberKey::derive(&key))
}

/// A collecting station's signing key in `<path>.station-key`, made at the first use; its public half stands in
/// `<path>.station.pub` (`SubjectPublicKeyInfo`, DER), for the register's folder of trusted stations.
///
/// # Errors
/// [`KeyFileError`].
pub fn station_key(path: &Path, rng: &mut dyn CryptoRng) -> Result<SoftwareKey, KeyFileError> {
    let file = beside(path, "station-key");
    let (scalar, _) = secret(&file, rng, |candidate| key_of(candidate).is_some())?;
    let key = key_of(&scalar).ok_or(KeyFileError::NoKey(file))?;
    let public = beside(path, "station.pub");
    if std::fs::read(&public).ok().as_deref() != Some(key.public_key().spki()) {
        publish(&public, key.public_key().spki())?;
    }
    Ok(key)
}

/// The key that opens bundles sealed to this register, in `<db>.bundle-key`, made at the first use; to whom stations seal
/// stands in `<db>.bundle.pub`.
///
/// # Errors
/// [`KeyFileError`].
pub fn bundle_key(database: &Path) -> Result<OpeningKey, KeyFileError> {
    let path = beside(database, "bundle-key");
    if !path.exists() {
        let fresh = OpeningKey::generate();
        match write_secret(&path, fresh.to_string().expose_secret().as_bytes()) {
            Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
                return Err(KeyFileError::Io { path, source });
            }
            _ => {}
        }
    }
    let text = read_secret(&path, 256)?;
    let text = core::str::from_utf8(&text).map_err(|_| KeyFileError::NoKey(path.clone()))?;
    let key: OpeningKey = text.trim().parse().map_err(|_| KeyFileError::NoKey(path))?;
    publish(&beside(database, "bundle.pub"), format!("{}\n", key.to_public()).as_bytes())?;
    Ok(key)
}

/// The keys of sealed items in `<db>.seal-key`, one a line, the oldest first; none where the file is missing.
///
/// # Errors
/// [`KeyFileError`].
pub fn seal_keys(database: &Path) -> Result<SealKeys, KeyFileError> {
    keys_of(beside(database, "seal-key"))
}

/// The keys of an identity database's sealed values in `<db>.identity-key`; none where the file is missing.
///
/// # Errors
/// [`KeyFileError`].
pub fn identity_keys(database: &Path) -> Result<SealKeys, KeyFileError> {
    keys_of(beside(database, "identity-key"))
}

/// The same, with a first key made where there is none. Answers whether it was made just now.
///
/// # Errors
/// [`KeyFileError`].
pub fn make_identity_keys(
    database: &Path,
    rng: &mut dyn CryptoRng,
) -> Result<(SealKeys, bool), KeyFileError> {
    let path = beside(database, "identity-key");
    let fresh = !path.exists() && secret(&path, rng, |_| true)?.1;
    Ok((keys_of(path)?, fresh))
}

/// The key of an identity database's log in `<db>.identity-log-key`, made at the first use.
///
/// # Errors
/// [`KeyFileError`].
pub fn identity_log_key(database: &Path, rng: &mut dyn CryptoRng) -> Result<DigestKey, KeyFileError> {
    secret(&beside(database, "identity-log-key"), rng, |_| true).map(|(key, _)| DigestKey::new(key))
}

fn keys_of(path: PathBuf) -> Result<SealKeys, KeyFileError> {
    match read_secret(&path, MAX_SEAL_KEYS * 65) {
        Ok(text) => keys_in(&text).ok_or(KeyFileError::NoKey(path)),
        Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Ok(SealKeys::none())
        }
        Err(error) => Err(error),
    }
}

/// The same, with a first key made where there is none. Answers whether it was made just now.
///
/// # Errors
/// [`KeyFileError`].
pub fn make_seal_keys(database: &Path, rng: &mut dyn CryptoRng) -> Result<(SealKeys, bool), KeyFileError> {
    let path = beside(database, "seal-key");
    let fresh = !path.exists() && secret(&path, rng, |_| true)?.1;
    Ok((seal_keys(database)?, fresh))
}

/// Adds a key, which seals from now on. Programs that run go on with the keys they know: start them again before the
/// register is sealed anew.
///
/// # Errors
/// [`KeyFileError`].
pub fn add_seal_key(database: &Path, rng: &mut dyn CryptoRng) -> Result<SealKeys, KeyFileError> {
    add_key(beside(database, "seal-key"), rng)
}

/// Adds a key of an identity database, as [`add_seal_key`] does of a register.
///
/// # Errors
/// [`KeyFileError`].
pub fn add_identity_key(database: &Path, rng: &mut dyn CryptoRng) -> Result<SealKeys, KeyFileError> {
    add_key(beside(database, "identity-key"), rng)
}

fn add_key(path: PathBuf, rng: &mut dyn CryptoRng) -> Result<SealKeys, KeyFileError> {
    let known = if path.exists() { read_secret(&path, MAX_SEAL_KEYS * 65)? } else { Zeroizing::default() };
    let mut key = Zeroizing::new([0; 32]);
    rng.fill_bytes(key.as_mut_slice());
    let mut text = Zeroizing::new(Vec::with_capacity(known.len() + 66));
    text.extend_from_slice(known.trim_ascii());
    if !text.is_empty() {
        text.push(b'\n');
    }
    text.extend_from_slice(Zeroizing::new(hex::encode(key.as_slice())).as_bytes());
    text.push(b'\n');
    let keys = keys_in(&text).ok_or_else(|| KeyFileError::NoKey(path.clone()))?;
    let io = |source| KeyFileError::Io { path: path.clone(), source };
    let new = beside(&path, "next");
    write_secret(&new, &text).map_err(io)?;
    std::fs::rename(&new, &path).map_err(io)?;
    Ok(keys)
}

fn keys_in(text: &[u8]) -> Option<SealKeys> {
    let keys: Option<Vec<_>> = text
        .trim_ascii()
        .split(|octet| *octet == b'\n')
        .map(|line| {
            let mut key = Zeroizing::new([0; 32]);
            hex::decode_to_slice(line.trim_ascii(), key.as_mut_slice()).ok().map(|()| key)
        })
        .collect();
    keys.map(SealKeys::new)
}

/// `register.db` → `register.db.<suffix>`.
#[must_use]
pub fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// Writes a new file of mode 0600 whole or not at all, never over an existing one.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if it is there; what the file system says.
pub fn write_secret(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = beside(path, &format!("{}.new", std::process::id()));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        // A link, unlike a rename, refuses when another process was first.
        std::fs::hard_link(&temporary, path)
    };
    let result = write();
    let _ = std::fs::remove_file(&temporary);
    result
}

/// Reads a secret of at most `max` octets; refuses a file that others may read.
///
/// # Errors
/// [`KeyFileError`].
pub fn read_secret(path: &Path, max: u64) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let io = |source| KeyFileError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.permissions().mode() & 0o077 != 0 {
        return Err(KeyFileError::Open(path.to_owned()));
    }
    let mut content = Zeroizing::new(Vec::new());
    file.take(max).read_to_end(&mut content).map_err(io)?;
    Ok(content)
}

fn secret(
    path: &Path,
    rng: &mut dyn CryptoRng,
    good: impl Fn(&[u8; 32]) -> bool,
) -> Result<(Zeroizing<[u8; 32]>, bool), KeyFileError> {
    let mut bytes = Zeroizing::new([0; 32]);
    let mut fresh = false;
    if !path.exists() {
        // A random value is refused with probability below 2⁻³².
        for _ in 0..16 {
            rng.fill_bytes(bytes.as_mut_slice());
            if good(&bytes) {
                break;
            }
        }
        let text = Zeroizing::new(hex::encode(bytes.as_slice()));
        match write_secret(path, text.as_bytes()) {
            Ok(()) => fresh = true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(KeyFileError::Io { path: path.to_owned(), source }),
        }
    }
    let text = read_secret(path, 128)?;
    hex::decode_to_slice(text.trim_ascii(), bytes.as_mut_slice())
        .map_err(|_| KeyFileError::NoKey(path.to_owned()))?;
    Ok((bytes, fresh))
}

fn key_of(scalar: &[u8; 32]) -> Option<SoftwareKey> {
    SoftwareKey::from_scalar(NamedCurve::P256, HashAlgorithm::Sha256, CurveEncoding::Named, scalar).ok()
}

fn publish(path: &Path, content: &[u8]) -> Result<(), KeyFileError> {
    let temporary = beside(path, &format!("{}.new", std::process::id()));
    std::fs::write(&temporary, content)
        .and_then(|()| std::fs::rename(&temporary, path))
        .map_err(|source| KeyFileError::Io { path: path.to_owned(), source })
}
