//! The drawer: what was captured lies here, sealed, until its card is made or refused. The ledger keeps digests only.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::seal::SealKeys;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::fields::FIELDS;
use super::problem::Problem;
use crate::application::file::MAX_FILE_BYTES;
use crate::application::{Application, Ground, State};
use crate::capture::sealed::DAYS_AFTER_ISSUE;
use crate::ledger::{Entry, Ledger, LedgerError};
use crate::output::write_private;

/// As what an application is sealed.
const ITEM: &str = "application";

/// Sealed applications in a folder, each called by the digest of its content.
pub(super) struct Drawer {
    folder: PathBuf,
    keys: SealKeys,
}

impl Drawer {
    pub(super) fn new(folder: PathBuf, keys: SealKeys) -> Self {
        Self { folder, keys }
    }

    fn path(&self, content_sha256: &str) -> PathBuf {
        self.folder.join(format!("{content_sha256}.sealed"))
    }

    /// Puts an application in; the same again is no harm.
    pub(super) fn put(&self, application: &Application) -> Result<(), Problem> {
        let plain = Zeroizing::new(file(application).to_string().into_bytes());
        let sealed = self.keys.seal(ITEM, &application.number, &plain).map_err(|error| broken(&error))?;
        write_private(&self.path(&application.content_sha256()), &sealed).map_err(|error| broken(&error))
    }

    /// The application of this entry.
    pub(super) fn get(&self, entry: &Entry) -> Result<Application, Problem> {
        self.open(&entry.content_sha256, &entry.number)
    }

    fn open(&self, content_sha256: &str, number: &PersonalNumber) -> Result<Application, Problem> {
        let path = self.path(content_sha256);
        let length = std::fs::metadata(&path).map(|found| found.len());
        match length {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing()),
            Err(error) => return Err(broken(&error)),
            Ok(length) if usize::try_from(length).map_or(true, |length| length > MAX_FILE_BYTES * 2) => {
                return Err(missing());
            }
            Ok(_) => {}
        }
        let sealed = std::fs::read(&path).map_err(|error| broken(&error))?;
        let plain = self.keys.open(ITEM, number, &sealed).map_err(|error| broken(&error))?;
        let application = Application::parse(&plain, &self.folder).map_err(|error| broken(&error))?;
        if application.content_sha256() != content_sha256 {
            return Err(missing());
        }
        Ok(application)
    }

    /// Takes out what is not needed any more.
    pub(super) fn remove(&self, content_sha256: &str) {
        if let Err(error) = std::fs::remove_file(self.path(content_sha256))
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, "a closed application stays in the drawer");
        }
    }
}

/// How long a file that belongs to no application is left: another desk may be about to write of it.
const ORPHAN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// How long an application whose chip was spoiled is left after it was captured.
const KEPT_OF_SPOILED: SignedDuration = SignedDuration::from_hours(24 * DAYS_AFTER_ISSUE);

impl Drawer {
    /// Takes out what a crash left: files half written, and applications that are closed or that the ledger never learnt of.
    /// Where the ledger knows nothing of all that lies here, it is another station's, and nothing sealed is touched.
    /// Answers how many.
    pub(super) fn sweep(&self, ledger: &Ledger, now: Timestamp) -> Result<u32, LedgerError> {
        let Ok(files) = std::fs::read_dir(&self.folder) else { return Ok(0) };
        let (mut over, mut unknown, mut knows_some) = (Vec::new(), Vec::new(), false);
        for file in files.flatten() {
            let path = file.path();
            let name = file.file_name().to_string_lossy().into_owned();
            let written = file.metadata().and_then(|known| known.modified()).ok();
            let written = written.and_then(|time| Timestamp::try_from(time).ok());
            let is_old = written.is_some_and(|written| now.duration_since(written) > ORPHAN_AFTER);
            let Some(content) = name.strip_suffix(".sealed") else {
                if name.ends_with(".part") && is_old {
                    over.push(path);
                }
                continue;
            };
            let states = ledger.states_of_content(content)?;
            // Of a spoiled chip's application the card is made anew, while prints are kept for it, too.
            let kept = |written: Timestamp| now.duration_since(written) <= KEPT_OF_SPOILED;
            let waits = written.is_some_and(kept);
            let closed = |state: &State| match state {
                State::Issued => false,
                State::Spoiled => !waits,
                other => other.is_closed(),
            };
            match states.as_slice() {
                [] if is_old => unknown.push(path),
                [] => {}
                states => {
                    knows_some = true;
                    if states.iter().all(closed) {
                        over.push(path);
                    }
                }
            }
        }
        if knows_some {
            over.append(&mut unknown);
        } else if !unknown.is_empty() {
            tracing::warn!(
                left = unknown.len(),
                "the ledger knows nothing of what lies in the drawer: is it this station's?"
            );
        }
        let mut swept = 0;
        for path in over {
            match std::fs::remove_file(&path) {
                Ok(()) => swept += 1,
                Err(error) => tracing::warn!(%error, "something stays in the drawer"),
            }
        }
        Ok(swept)
    }
}

/// Puts an application that was captured beside the desk into its drawer, so that its card can be made there. `false`: it
/// could not be written, which stops nobody.
#[must_use]
pub fn keep_for_desk(folder: &Path, keys: SealKeys, application: &Application) -> bool {
    Drawer::new(folder.to_owned(), keys).put(application).is_ok()
}

fn missing() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "application-not-in-drawer",
        (
            "Ảnh và tờ khai của hồ sơ này không nằm ở máy trạm này",
            "The portrait and paper of this application do not lie at this station",
        ),
        (
            "Làm tiếp ở máy đã thu nhận, hoặc từ chối hồ sơ rồi thu nhận lại.",
            "Go on at the station that captured it, or refuse it and capture it again.",
        ),
    )
}

fn broken(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "the drawer failed");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "drawer-failed",
        ("Không đọc hoặc ghi được ngăn hồ sơ", "The drawer of applications cannot be read or written"),
        ("Kiểm tra ổ đĩa và tệp khóa của máy trạm.", "Check the station's disk and its key file."),
    )
}

/// As the application file has it.
fn file(application: &Application) -> Value {
    let mut person = Map::new();
    person.insert("number".to_owned(), json!(application.number.as_str()));
    for field in &FIELDS {
        if let Some(text) = (field.said)(&application.asserted) {
            person.insert(field.name.to_owned(), json!(text));
        }
    }
    json!({
        "person": person,
        "portrait": Some(&application.portrait).filter(|portrait| !portrait.is_empty())
            .map(|portrait| format!("data:application/octet-stream;base64,{}", STANDARD.encode(portrait))),
        "reason": application.reason.as_str(),
        "ground": application.ground.map(Ground::as_str),
        "template": application.template.as_str(),
        "representative": application.representative,
        "papers": application.papers,
    })
}
