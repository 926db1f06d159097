//! Files become items, each of one kind, whatever the file's name says.

use super::{ImportError, ImportKind};
use crate::algorithm::oids;
use crate::asn1;
use crate::certificate::Certificate;
use crate::crl::CertificateRevocationList;
use crate::deviation_list::DeviationList;
use crate::ldif::{Attribute, LdifError, LdifReader, looks_like_ldif};
use crate::master_list::MasterList;
use crate::signed_data::SignedData;
use crate::sunset::Sunset;
use crate::trust::directory::read_bounded;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// More objects than this in one LDIF are refused.
const MAX_OBJECTS: usize = 200_000;

/// What an item is, in the order in which items are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A certificate that may be an anchor.
    Authority,
    MasterList,
    Link,
    Crl,
    Deviations,
    /// A certificate of no authority: perhaps a Document Signer's.
    Signer,
    Key,
    /// From when on kinds of signatures show nothing.
    Sunsets,
    Unreadable,
}

/// One object of a file.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) kind: Kind,
    pub(super) source: PathBuf,
    /// The line of an LDIF; `None` for a file that is the object.
    pub(super) line: Option<u64>,
    pub(super) bytes: Vec<u8>,
    /// Read already, if it is a certificate.
    pub(super) certificate: Option<Certificate>,
    /// Why it cannot be read.
    pub(super) problem: Option<String>,
}

/// The objects of a file.
pub(super) fn items(path: &Path, kind: ImportKind) -> Result<Vec<Item>, ImportError> {
    let read = |source| ImportError::Read { path: path.to_owned(), source };
    if kind == ImportKind::Anchors && is_ldif(path).map_err(read)? {
        return of_ldif(path);
    }
    let bytes = read_bounded(path).map_err(read)?;
    if kind == ImportKind::Anchors && Sunset::looks_like_list(&bytes) {
        let source = path.to_owned();
        let kind = Kind::Sunsets;
        return Ok(vec![Item { kind, source, line: None, bytes, certificate: None, problem: None }]);
    }
    let refuse = |problem: String| ImportError::Refused { path: path.to_owned(), problem };
    let objects = asn1::pem_blocks(&bytes).map_err(|error| refuse(error.to_string()))?;
    let objects = if objects.is_empty() { vec![bytes] } else { objects };
    let several = objects.len();
    let mut found = Vec::new();
    for (number, bytes) in objects.into_iter().enumerate() {
        let item = match kind {
            ImportKind::Anchors => classify(path, None, bytes),
            ImportKind::Register | ImportKind::Station => Item {
                kind: Kind::Key,
                source: path.to_owned(),
                line: None,
                bytes,
                certificate: None,
                problem: None,
            },
        };
        if let (Kind::Unreadable, Some(problem)) = (item.kind, &item.problem) {
            let which = if several > 1 { format!("object {}: ", number + 1) } else { String::new() };
            return Err(refuse(format!("{which}{problem}")));
        }
        found.push(item);
    }
    Ok(found)
}

fn is_ldif(path: &Path) -> io::Result<bool> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut start = Vec::new();
    File::open(path)?.take(4096).read_to_end(&mut start)?;
    Ok(looks_like_ldif(&start))
}

fn of_ldif(path: &Path) -> Result<Vec<Item>, ImportError> {
    let wrong = |error: LdifError| match error {
        LdifError::Io(source) => ImportError::Read { path: path.to_owned(), source },
        error => ImportError::Refused { path: path.to_owned(), problem: error.to_string() },
    };
    let file = File::open(path).map_err(|source| wrong(source.into()))?;
    let mut reader = LdifReader::new(BufReader::with_capacity(1 << 16, file)).map_err(wrong)?;
    let mut found = Vec::new();
    while let Some(Attribute { line, name, value }) = reader.next_attribute().map_err(wrong)? {
        let is_object = matches!(
            name.as_str(),
            "usercertificate"
                | "cacertificate"
                | "certificaterevocationlist"
                | "authorityrevocationlist"
                | "pkdmasterlistcontent"
                | "cscamasterlistdata"
                | "pkddeviationlistcontent"
        );
        if !is_object {
            continue;
        }
        if found.len() == MAX_OBJECTS {
            return Err(wrong(LdifError::Malformed { line, what: "at most 200,000 objects" }));
        }
        let mut item = classify(path, Some(line), value);
        // Of what is only told, nothing more is needed.
        if matches!(item.kind, Kind::Signer | Kind::Authority | Kind::Unreadable) {
            item.bytes = Vec::new();
        }
        found.push(item);
    }
    Ok(found)
}

/// What the bytes are, by themselves.
fn classify(path: &Path, line: Option<u64>, bytes: Vec<u8>) -> Item {
    let (kind, certificate, problem) = recognise(&bytes);
    Item { kind, source: path.to_owned(), line, bytes, certificate, problem }
}

fn recognise(bytes: &[u8]) -> (Kind, Option<Certificate>, Option<String>) {
    let unreadable = |problem: String| (Kind::Unreadable, None, Some(problem));
    if begins_with_identifier(bytes) {
        let outcome = SignedData::parse(bytes).map_err(|error| error.to_string()).and_then(|signed| {
            match signed.econtent_type() {
                oids::CSCA_MASTER_LIST => {
                    MasterList::parse(bytes).map(|_| Kind::MasterList).map_err(|error| error.to_string())
                }
                oids::DEVIATION_LIST => {
                    DeviationList::parse(bytes).map(|_| Kind::Deviations).map_err(|error| error.to_string())
                }
                other => Err(format!("signed content of another kind: {other}")),
            }
        });
        return match outcome {
            Ok(kind) => (kind, None, None),
            Err(problem) => unreadable(problem),
        };
    }
    let certificate = match Certificate::parse(bytes) {
        Ok(certificate) => certificate,
        Err(error) => {
            return match CertificateRevocationList::parse(bytes) {
                Ok(_) => (Kind::Crl, None, None),
                // The one that came further is the likelier.
                Err(other) if other.offset > error.offset => unreadable(other.to_string()),
                Err(_) => unreadable(error.to_string()),
            };
        }
    };
    let is_authority = matches!(certificate.basic_constraints(), Some((true, _)));
    let own_key = match (certificate.authority_key_identifier(), certificate.subject_key_identifier()) {
        (Some(authority), Some(subject)) => authority == subject,
        _ => certificate.is_self_issued(),
    };
    let kind = match (is_authority, certificate.is_self_issued() && own_key) {
        (true, true) => Kind::Authority,
        (true, false) => Kind::Link,
        (false, _) => Kind::Signer,
    };
    (kind, Some(certificate), None)
}

/// Whether the outermost object begins with an OBJECT IDENTIFIER, as a `ContentInfo` does in DER and BER.
fn begins_with_identifier(bytes: &[u8]) -> bool {
    let after = match bytes {
        [0x30, length, rest @ ..] if *length <= 0x80 => rest,
        [0x30, length, rest @ ..] => rest.get(usize::from(length & 0x7f)..).unwrap_or_default(),
        _ => return false,
    };
    after.first() == Some(&asn1::tag::OID)
}
