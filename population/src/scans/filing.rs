//! A folder of scans into a folder of rows: `INTO/ROW/DC01-SERIAL-p1of2.png`. The scans stay where they are.
//!
//! `INTO/filed.jsonl` remembers every file that was done, by SHA-256 and length, with what became of its pages: it is
//! written after the pages are on disk, so a run that was broken off loses nothing and the next one goes on. A page's
//! name is its identity: the same sheet again is told and not kept twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use image::{GrayImage, ImageFormat};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::picture::{self, Kind};
use super::{Limits, Unreadable, barcode, pdf_images};
use crate::forms::Slip;
use crate::store::ScannedSheet;

/// The journal's name.
pub const JOURNAL: &str = "filed.jsonl";

/// The longest line of the journal: a PDF of a thousand pages.
const MAX_LINE: u64 = 1 << 20;

/// What became of one page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// The file it came from.
    pub file: String,
    /// Its place in the file, from 1.
    pub page: usize,
    /// `filed`, `again` (the sheet is there already), or the code of [`Unreadable`].
    pub outcome: String,
    /// The barcode, if one was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slip: Option<String>,
    /// Where it is filed, below the target folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filed_as: Option<String>,
    /// SHA-256 of what is filed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Days since it was printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<i32>,
    /// Older than allowed, or printed in the future.
    #[serde(default)]
    pub flagged: bool,
}

impl Sheet {
    /// What the register enters of a page that is filed.
    #[must_use]
    pub fn as_filed(&self, today: Date) -> Option<(Slip, ScannedSheet)> {
        let slip = Slip::parse(self.slip.as_deref()?).ok()?;
        let mut digest = [0; 32];
        hex::decode_to_slice(self.sha256.as_deref()?, &mut digest).ok()?;
        let sheet = ScannedSheet {
            form: slip.kind,
            serial: slip.serial.clone(),
            page: slip.page,
            pages: slip.pages,
            printed: slip.printed,
            filed: today,
            file_name: self.filed_as.clone()?,
            digest,
        };
        Some((slip, sheet))
    }
}

#[derive(Serialize, Deserialize)]
struct Line {
    sha256: String,
    name: String,
    sheets: Vec<Sheet>,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Files looked at.
    pub files: u64,
    /// Files that an earlier run had done.
    pub known: u64,
    /// Pages filed now or before.
    pub filed: u64,
    /// Pages of sheets that were there already.
    pub again: u64,
    /// Pages that could not be read.
    pub unreadable: u64,
    /// Filed pages that are flagged for their age.
    pub flagged: u64,
}

/// Files of a folder in the order of their names; links and folders are left out.
///
/// # Errors
/// What the file system says.
pub fn list(from: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.insert(entry.path());
        }
    }
    Ok(files.into_iter().collect())
}

/// How many links, folders and other things [`list`] leaves out.
///
/// # Errors
/// What the file system says.
pub fn passed_over(from: &Path) -> std::io::Result<u64> {
    let mut count = 0;
    for entry in std::fs::read_dir(from)? {
        count += u64::from(!entry?.file_type()?.is_file());
    }
    Ok(count)
}

/// Files every page of the files; `see` hears of each file's sheets.
///
/// # Errors
/// What the file system says of the target folder; what it says of a scan is an outcome.
pub fn run(
    files: &[PathBuf],
    into: &Path,
    limits: &Limits,
    today: Date,
    mut see: impl FnMut(&[Sheet]),
) -> std::io::Result<Summary> {
    std::fs::create_dir_all(into)?;
    let journal = into.join(JOURNAL);
    let done = known(&journal)?;
    let mut journal = appended(&journal)?;
    let mut summary = Summary::default();
    for path in files {
        summary.files += 1;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let sheets = match read(path, limits) {
            Err(why) => vec![unread(&name, 1, why)],
            Ok(octets) => {
                let digest = hex::encode(Sha256::digest(&octets));
                if let Some(sheets) = done.get(&(digest.clone(), name.clone())) {
                    summary.known += 1;
                    sheets.clone()
                } else {
                    let sheets = file(&name, &octets, into, limits, today)?;
                    let line = Line { sha256: digest, name, sheets };
                    let mut text = serde_json::to_vec(&line)?;
                    text.push(b'\n');
                    journal.write_all(&text)?;
                    journal.sync_data()?;
                    line.sheets
                }
            }
        };
        for sheet in &sheets {
            match sheet.outcome.as_str() {
                "filed" => summary.filed += 1,
                "again" => summary.again += 1,
                _ => summary.unreadable += 1,
            }
            summary.flagged += u64::from(sheet.flagged && sheet.outcome == "filed");
        }
        see(&sheets);
    }
    Ok(summary)
}

/// Forms of which not every page is filed: serial, pages that are missing.
///
/// # Errors
/// What the file system says.
pub fn incomplete(into: &Path) -> std::io::Result<BTreeMap<String, Vec<u8>>> {
    let mut pages: BTreeMap<String, (u8, BTreeSet<u8>)> = BTreeMap::new();
    let filed = known(&into.join(JOURNAL))?;
    let slips = filed.values().flatten().filter_map(|sheet| Slip::parse(sheet.slip.as_deref()?).ok());
    for slip in slips {
        let entry = pages.entry(format!("{}-{}", slip.kind.as_str(), slip.serial)).or_default();
        entry.0 = entry.0.max(slip.pages);
        entry.1.insert(slip.page);
    }
    let missing = pages.into_iter().map(|(form, (count, there))| {
        (form, (1..=count).filter(|page| !there.contains(page)).collect::<Vec<u8>>())
    });
    Ok(missing.filter(|(_, missing)| !missing.is_empty()).collect())
}

fn read(path: &Path, limits: &Limits) -> Result<Vec<u8>, Unreadable> {
    let file = File::open(path).map_err(|_| Unreadable::File)?;
    let length = file.metadata().map_err(|_| Unreadable::File)?.len();
    if length > limits.file {
        return Err(Unreadable::TooLong);
    }
    let mut octets = Vec::new();
    file.take(limits.file + 1).read_to_end(&mut octets).map_err(|_| Unreadable::File)?;
    if octets.len() as u64 > limits.file { Err(Unreadable::TooLong) } else { Ok(octets) }
}

fn file(name: &str, octets: &[u8], into: &Path, limits: &Limits, today: Date) -> std::io::Result<Vec<Sheet>> {
    let Some(kind) = Kind::of(octets) else { return Ok(vec![unread(name, 1, Unreadable::UnknownFile)]) };
    if kind != Kind::Pdf {
        let sheet = match picture::decode(octets, kind, limits).and_then(|pixels| barcode::read(&pixels)) {
            Err(why) => unread(name, 1, why),
            Ok(slip) => keep(name, 1, &slip, into, (octets, kind.ending()), today, limits)?,
        };
        return Ok(vec![sheet]);
    }
    let mut sheets = Vec::new();
    let mut failed = None;
    let read = pdf_images::each(octets, limits, |page| {
        let number = sheets.len() + 1;
        let sheet = page.and_then(|page| Ok((barcode::read(&page.pixels)?, page)));
        let sheet = match sheet {
            Err(why) => Ok(unread(name, number, why)),
            Ok((slip, page)) => match page.jpeg.and_then(|range| octets.get(range)) {
                Some(jpeg) => keep(name, number, &slip, into, (jpeg, "jpg"), today, limits),
                None => png(&page.pixels)
                    .and_then(|png| keep(name, number, &slip, into, (&png, "png"), today, limits)),
            },
        };
        match sheet {
            Ok(sheet) => sheets.push(sheet),
            Err(error) => failed = Some(error),
        }
        failed.is_none()
    });
    if let Some(error) = failed {
        return Err(error);
    }
    if let Err(why) = read {
        sheets.push(unread(name, 1, why));
    }
    Ok(sheets)
}

fn unread(file: &str, page: usize, why: Unreadable) -> Sheet {
    Sheet {
        file: file.to_owned(),
        page,
        outcome: why.code().to_owned(),
        slip: None,
        filed_as: None,
        sha256: None,
        days: None,
        flagged: false,
    }
}

/// Writes a page under its row, whole or not at all.
fn keep(
    file: &str,
    page: usize,
    slip: &Slip,
    into: &Path,
    (octets, ending): (&[u8], &str),
    today: Date,
    limits: &Limits,
) -> std::io::Result<Sheet> {
    let stem = format!("{}-{}-p{}of{}", slip.kind.as_str(), slip.serial, slip.page, slip.pages);
    // A slip's parts are hexadecimal digits: no name of a file leads out of the folder.
    let folder = into.join(&slip.row);
    std::fs::create_dir_all(&folder)?;
    let there = ["png", "jpg"].map(|ending| format!("{stem}.{ending}"));
    let days = today.since(slip.printed).map_or(0, |span| span.get_days());
    let mut sheet = Sheet {
        file: file.to_owned(),
        page,
        outcome: "filed".to_owned(),
        slip: Some(slip.text()),
        filed_as: Some(format!("{}/{stem}.{ending}", slip.row)),
        sha256: None,
        days: Some(days),
        flagged: days > limits.days || days < 0,
    };
    if let Some(known) = there.into_iter().find(|known| folder.join(known).exists()) {
        let mut digest = Sha256::new();
        let mut there = File::open(folder.join(&known))?;
        let mut part = vec![0; 1 << 16];
        loop {
            let count = there.read(&mut part)?;
            if count == 0 {
                break;
            }
            digest.update(part.get(..count).unwrap_or_default());
        }
        sheet.sha256 = Some(hex::encode(digest.finalize()));
        sheet.outcome = "again".to_owned();
        sheet.filed_as = Some(format!("{}/{known}", slip.row));
        return Ok(sheet);
    }
    sheet.sha256 = Some(hex::encode(Sha256::digest(octets)));
    let part = folder.join(format!("{stem}.{ending}.part"));
    let mut out = private(&part, false)?;
    out.write_all(octets)?;
    out.sync_all()?;
    std::fs::rename(&part, folder.join(format!("{stem}.{ending}")))?;
    Ok(sheet)
}

fn png(pixels: &GrayImage) -> std::io::Result<Vec<u8>> {
    let mut out = Cursor::new(Vec::new());
    pixels.write_to(&mut out, ImageFormat::Png).map_err(std::io::Error::other)?;
    Ok(out.into_inner())
}

/// The journal, at the end of its last whole line: what was not finished is cut off.
fn appended(path: &Path) -> std::io::Result<File> {
    let file = private(path, true)?;
    let mut reader = BufReader::new(File::open(path)?);
    let (mut whole, mut line) = (0_u64, Vec::new());
    loop {
        line.clear();
        let count = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? as u64;
        if count == 0 {
            break;
        }
        if line.ends_with(b"\n") {
            whole += count;
        } else if count < MAX_LINE {
            break;
        } else {
            // A part of a long line.
            whole += count;
        }
    }
    if file.metadata()?.len() > whole {
        file.set_len(whole)?;
    }
    Ok(file)
}

/// Scans hold persons: for their owner only.
fn private(path: &Path, append: bool) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().write(true).create(true).append(append).truncate(!append).mode(0o600).open(path)
}

type Known = BTreeMap<(String, String), Vec<Sheet>>;

/// The journal; a line that was not finished is not there.
fn known(path: &Path) -> std::io::Result<Known> {
    let mut known = Known::new();
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(known),
        opened => opened?,
    };
    let mut reader = BufReader::new(file);
    loop {
        let mut line = Vec::new();
        if reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(known);
        }
        if let Ok(line) = serde_json::from_slice::<Line>(&line) {
            known.insert((line.sha256, line.name), line.sheets);
        }
    }
}
