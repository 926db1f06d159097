//! Evidence and other private files on disk: whole or not at all, mode 0600, encrypted.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::str::FromStr as _;

use cccd_verifier::evidence::MAX_EVIDENCE;
use zeroize::Zeroizing;

use super::Failure;

/// Reads a file of at most `limit` bytes.
pub(super) fn read_bounded(path: &Path, limit: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let read = || -> io::Result<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(Vec::new());
        let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        fs::File::open(path)?.take(bound).read_to_end(&mut bytes)?;
        if bytes.len() > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {limit} bytes")));
        }
        Ok(bytes)
    };
    read().map_err(|error| Failure::cannot_read(path, &error))
}

/// Writes a file so that it is there whole or not at all, readable by its owner only. A device or a pipe is written to as
/// it is: a file renamed over `/dev/null` would take its place for everybody.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let into = || fs::OpenOptions::new().write(true).open(path)?.write_all(bytes);
        return into().map_err(|error| Failure::cannot_write(path, &error));
    }
    let write = || -> io::Result<()> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        let temporary = parent.join(format!(".{name}.{}.tmp", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let written = (|| {
            let mut file = options.open(&temporary)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, path)
        })();
        if written.is_err() {
            drop(fs::remove_file(&temporary));
        }
        written
    };
    write().map_err(|error| Failure::cannot_write(path, &error))
}

/// Finds out before the card is read that its result can be written: nobody lays a card on twice for a wrong path.
pub(super) fn check_writable(path: &Path) -> Result<(), Failure> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let writable = || -> io::Result<()> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let probe = parent.join(format!(".{name}.{}.tmp", std::process::id()));
        fs::File::create(&probe)?;
        fs::remove_file(&probe)
    };
    writable().map_err(|error| Failure::cannot_write(path, &error))
}

/// Encrypts to an age recipient: `age1…`, or a file with one.
pub(super) fn encrypt(recipient: &str, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let text = if recipient.starts_with("age1") {
        recipient.to_owned()
    } else {
        let path = Path::new(recipient);
        let bytes = read_bounded(path, 4096)?;
        first_line(&String::from_utf8_lossy(&bytes), "age1").unwrap_or_default()
    };
    let bad = || {
        Failure::usage(
            "bad-recipient",
            ["không phải khóa nhận age1…", "not an age recipient"],
            ["đưa khóa age1… hoặc tệp chứa nó", "give a key age1…, or a file that holds one"],
        )
    };
    let recipient = age::x25519::Recipient::from_str(&text).map_err(|_| bad())?;
    age::encrypt(&recipient, bytes).map_err(|_| bad())
}

/// Reads evidence, decrypting it if it is encrypted.
pub(super) fn open(path: &Path, identity: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // age adds a header and 16 bytes to every 64 KiB.
    let bytes = read_bounded(path, MAX_EVIDENCE + MAX_EVIDENCE / 1024)?;
    if !bytes.starts_with(b"age-encryption.org/") {
        return Ok(bytes);
    }
    let Some(identity) = identity else {
        return Err(Failure::bad_file(
            "evidence-encrypted",
            path,
            ["tệp đã được mã hóa", "the file is encrypted"],
            ["đưa khóa mở bằng --identity", "give the key that opens it with --identity"],
        ));
    };
    let text = read_bounded(identity, 64 * 1024)?;
    let line = std::str::from_utf8(&text).ok().and_then(|text| first_line(text, "AGE-SECRET-KEY-1"));
    let line = Zeroizing::new(line.unwrap_or_default());
    let key = age::x25519::Identity::from_str(&line).map_err(|_| {
        Failure::bad_file(
            "bad-identity",
            identity,
            ["không có khóa AGE-SECRET-KEY-1…", "no key AGE-SECRET-KEY-1… in it"],
            ["đưa đúng tệp khóa", "name the right key file"],
        )
    })?;
    age::decrypt(&key, &bytes).map(Zeroizing::new).map_err(|_| {
        Failure::bad_file(
            "evidence-not-decrypted",
            path,
            [
                "không mở được bằng khóa này, hoặc tệp đã bị sửa",
                "this key does not open it, or it was altered",
            ],
            ["đưa khóa của người nhận", "give the recipient's key"],
        )
    })
}

fn first_line(text: &str, prefix: &str) -> Option<String> {
    text.lines().map(str::trim).find(|line| line.starts_with(prefix)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use age::secrecy::ExposeSecret as _;

    #[test]
    fn only_the_recipient_opens_it() {
        let folder = tempfile::tempdir().unwrap();
        let (key, other) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
        let write_identity = |name: &str, key: &age::x25519::Identity| {
            let path = folder.path().join(name);
            fs::write(&path, format!("# a comment\n{}\n", key.to_string().expose_secret())).unwrap();
            path
        };
        let (mine, theirs) = (write_identity("mine", &key), write_identity("theirs", &other));
        let recipient = folder.path().join("recipient");
        fs::write(&recipient, format!("# public key\n{}\n", key.to_public())).unwrap();

        let path = folder.path().join("evidence");
        for to in [key.to_public().to_string(), recipient.to_string_lossy().into_owned()] {
            write_private(&path, &encrypt(&to, b"evidence").unwrap()).unwrap();
            assert!(!fs::read(&path).unwrap().windows(8).any(|window| window == b"evidence"));
            assert_eq!(open(&path, Some(&mine)).unwrap().as_slice(), b"evidence");
            assert_eq!(open(&path, Some(&theirs)).unwrap_err().code(), "evidence-not-decrypted");
            assert_eq!(open(&path, None).unwrap_err().code(), "evidence-encrypted");
            assert_eq!(open(&path, Some(&recipient)).unwrap_err().code(), "bad-identity");
        }
        assert_eq!(encrypt("age1nonsense", b"").unwrap_err().exit_code(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_written_to_and_stays_a_pipe() {
        use std::os::unix::fs::FileTypeExt as _;
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("evidence");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).unwrap()
        });
        write_private(&pipe, b"evidence").unwrap();
        assert_eq!(reader.join().unwrap(), b"evidence");
        assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn private_files_are_their_owners_only_and_replaced_whole() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evidence");
        fs::write(&path, "before").unwrap();
        write_private(&path, b"after").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"after");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let nowhere = folder.path().join("no").join("such");
        assert_eq!(write_private(&nowhere, b"x").unwrap_err().code(), "file-unwritable");
        assert_eq!(check_writable(&nowhere).unwrap_err().code(), "file-unwritable");
        assert_eq!(check_writable(folder.path()).unwrap_err().code(), "file-unwritable");
        check_writable(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::read(&path).unwrap(), b"after");
    }
}
