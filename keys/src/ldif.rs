//! LDIF, RFC 2849: the form in which the ICAO PKD hands out certificates, revocation lists and master lists.
//!
//! The file is read as a stream, one attribute at a time: a download of the PKD is 100 MB and need not be held. Nothing in
//! it is signed as a whole; what it brings is judged like any other file. Bounded: lines, values, and the whole.

use base64::Engine as _;
use std::io::{self, BufRead, Read as _};

/// Largest file that is read, in octets.
pub const MAX_LDIF: u64 = 512 * 1024 * 1024;
/// Longest line, folded lines joined: a master list of 64 MiB in base64.
pub const MAX_LINE: usize = 90 * 1024 * 1024;

/// One attribute of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Its name in lower case, without options such as `;binary`.
    pub name: String,
    /// Its value, base64 taken off.
    pub value: Vec<u8>,
}

/// A file that is no LDIF.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LdifError {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line is not what it should be.
    #[error("{what} at line {line}")]
    Malformed {
        /// Which line, from 1.
        line: u64,
        /// What was expected or found.
        what: &'static str,
    },
}

/// Reads a file, attribute by attribute.
#[derive(Debug)]
pub struct LdifReader<R> {
    input: io::Take<R>,
    /// Lines read so far.
    lines: u64,
    /// The line that comes next.
    next: Option<Vec<u8>>,
    /// An entry began, and its `dn` was read.
    in_entry: bool,
}

/// Whether a file looks like LDIF: its first line that is no comment begins an entry or states the version.
#[must_use]
pub fn looks_like_ldif(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let first = start
        .split(|octet| *octet == b'\n')
        .map(<[u8]>::trim_ascii_end)
        .find(|line| !line.is_empty() && !line.starts_with(b"#") && !line.starts_with(b" "));
    first.is_some_and(|line| {
        let lower = line.get(..8.min(line.len())).unwrap_or_default().to_ascii_lowercase();
        lower.starts_with(b"dn:") || lower.starts_with(b"version:")
    })
}

impl<R: BufRead> LdifReader<R> {
    /// A reader from the start of a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn new(input: R) -> Result<Self, LdifError> {
        let mut reader =
            Self { input: input.take(MAX_LDIF.saturating_add(1)), lines: 0, next: None, in_entry: false };
        let mut first = reader.physical_line()?;
        if let Some(line) = &mut first
            && line.starts_with(b"\xef\xbb\xbf")
        {
            line.drain(..3);
        }
        reader.next = first;
        Ok(reader)
    }

    /// The next attribute of an entry; `dn` itself is none. `None` at the end.
    ///
    /// # Errors
    /// [`LdifError`], with the line.
    pub fn next_attribute(&mut self) -> Result<Option<Attribute>, LdifError> {
        while let Some((line, text)) = self.logical_line()? {
            let bad = |what| LdifError::Malformed { line, what };
            if text.is_empty() {
                self.in_entry = false;
                continue;
            }
            if text.starts_with(b"#") {
                continue;
            }
            let colon =
                text.iter().position(|octet| *octet == b':').ok_or(bad("an attribute and a colon"))?;
            let (name, rest) = text.split_at_checked(colon).ok_or(bad("an attribute"))?;
            let name = name.split(|octet| *octet == b';').next().unwrap_or_default();
            let is_name = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.');
            if name.is_empty() || name.len() > 128 || !name.iter().all(is_name) {
                return Err(bad("the name of an attribute"));
            }
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            let value = match rest {
                [b':', b':', value @ ..] => base64::engine::general_purpose::STANDARD
                    .decode(value.trim_ascii())
                    .map_err(|_| bad("base64 that decodes"))?,
                [b':', b'<', ..] => return Err(bad("a value, and not a reference to elsewhere,")),
                [b':', value @ ..] => value.trim_ascii().to_vec(),
                _ => return Err(bad("a value")),
            };
            match name.as_str() {
                "version" if !self.in_entry => {}
                "dn" => self.in_entry = true,
                _ if !self.in_entry => return Err(bad("an entry that begins with dn")),
                "changetype" if !value.eq_ignore_ascii_case(b"add") => {
                    let what = "a delta of the PKD (changetype delete or modify) is not taken, bring the complete download; found";
                    return Err(bad(what));
                }
                "changetype" => {}
                _ => return Ok(Some(Attribute { line, name, value })),
            }
        }
        Ok(None)
    }

    /// A line with the folded ones that follow, and where it begins.
    fn logical_line(&mut self) -> Result<Option<(u64, Vec<u8>)>, LdifError> {
        let Some(mut text) = self.next.take() else { return Ok(None) };
        let line = self.lines;
        loop {
            match self.physical_line()? {
                Some(folded) if folded.first() == Some(&b' ') => {
                    if text.len().saturating_add(folded.len()) > MAX_LINE {
                        return Err(LdifError::Malformed { line, what: "a line of at most 90 MiB" });
                    }
                    text.extend_from_slice(folded.get(1..).unwrap_or_default());
                }
                other => {
                    self.next = other;
                    return Ok(Some((line, text)));
                }
            }
        }
    }

    /// A line without its end.
    fn physical_line(&mut self) -> Result<Option<Vec<u8>>, LdifError> {
        let mut line = Vec::new();
        let bound = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        let read = (&mut self.input).take(bound.saturating_add(1)).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        self.lines = self.lines.saturating_add(1);
        if self.input.limit() == 0 {
            return Err(LdifError::Malformed { line: self.lines, what: "a file of at most 512 MiB" });
        }
        if line.len() > MAX_LINE {
            return Err(LdifError::Malformed { line: self.lines, what: "a line of at most 90 MiB" });
        }
        while matches!(line.last(), Some(b'\n' | b'\r')) {
            line.pop();
        }
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Attribute>, LdifError> {
        let mut reader = LdifReader::new(text.as_bytes())?;
        let mut found = Vec::new();
        while let Some(attribute) = reader.next_attribute()? {
            found.push(attribute);
        }
        Ok(found)
    }

    fn wrong_at(text: &str) -> u64 {
        match read(text) {
            Err(LdifError::Malformed { line, .. }) => line,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn folded_lines_base64_and_comments() {
        let text = "\u{feff}# a comment\n  that goes on\nversion: 1\n\ndn: cn=a,\n c=VN\nobjectClass: top\n\
                    userCertificate;binary:: AQ\n ID\n\n\ndn:: Yz1WTg==\r\ncn:: \r\nsn:x\r\n";
        let found = read(text).unwrap();
        let found: Vec<_> =
            found.iter().map(|one| (one.line, one.name.as_str(), one.value.as_slice())).collect();
        let expected: [(u64, &str, &[u8]); 4] = [
            (7, "objectclass", b"top"),
            (8, "usercertificate", &[1, 2, 3]),
            (13, "cn", b""),
            (14, "sn", b"x"),
        ];
        assert_eq!(found, expected);
        assert!(looks_like_ldif(text.as_bytes()) && looks_like_ldif(b"\n#\nDN: c=VN"));
        assert!(!looks_like_ldif(b"-----BEGIN CERTIFICATE-----") && !looks_like_ldif(&[0x30, 0x82]));
    }

    #[test]
    fn what_is_none_is_told_with_its_line() {
        assert_eq!(wrong_at("dn: c=VN\ncn: a\nno colon\n"), 3);
        assert_eq!(wrong_at("dn: c=VN\n\ncn: a\n"), 3, "an attribute of no entry");
        assert_eq!(wrong_at("dn: c=VN\ncn:: %%%\n"), 2);
        assert_eq!(wrong_at("dn: c=VN\ncn:: QUJD\n RA\n"), 2, "the fold belongs to the line before");
        assert_eq!(wrong_at("dn: c=VN\ncn:< file:///etc/passwd\n"), 2);
        for change in ["delete", "modify", "Delete", "moddn"] {
            assert_eq!(wrong_at(&format!("dn: c=VN\n\ndn: c=LA\nchangetype: {change}\n")), 4);
        }
        let told = read("dn: c=VN\nchangetype: modify\n").unwrap_err().to_string();
        assert!(told.contains("bring the complete download") && told.ends_with("found at line 2"), "{told}");
        assert_eq!(read("dn: c=VN\nchangetype: Add\n\ndn: c=LA\nchangetype: add\n").unwrap(), []);
        assert_eq!(wrong_at("dn: c=VN\n: a\n"), 2);
        assert_eq!(read("").unwrap(), []);
    }
}
