//! Prints and irises at the desk: where they come from and go to, and what was taken of somebody so far, one by one. In memory
//! only, until they are sealed with their application.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use age::x25519::{Identity, Recipient};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::house::lock;
use super::problem::Problem;
use crate::application::{Application, Biometrics};
use crate::capture::device::{DeviceError, DevicePort, Left, Taken};
use crate::capture::sealed::{Rule, Sealed, SealedError, Vault, purge};
use crate::capture::{Capture, CaptureError, Eye, IrisImage, named};
use crate::fingerprint::{Finger, MissingReason, PrintImage, PrintQuality, assess};
use crate::ledger::{Act, ApplicationId, Ledger};
use crate::words::{self, Language};

/// Opens the device of this officer.
pub type OpenDevice = Box<dyn Fn(&str) -> Result<Box<dyn DevicePort>, DeviceError> + Send + Sync>;

/// How often the desk looks whether the time of a sealed capture is over.
const LOOK: SignedDuration = SignedDuration::from_hours(1);

/// Where prints and irises go, and where they come from.
pub struct Captures {
    vault: Vault,
    recipient: Recipient,
    identity: Option<Identity>,
    device: Option<OpenDevice>,
    looked: Mutex<Option<Timestamp>>,
}

impl std::fmt::Debug for Captures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Captures").field("vault", &self.vault).finish_non_exhaustive()
    }
}

impl Captures {
    /// Sealed to this recipient, into this folder.
    #[must_use]
    pub fn new(vault: Vault, recipient: Recipient) -> Self {
        Self { vault, recipient, identity: None, device: None, looked: Mutex::default() }
    }

    /// With what opens them: cards are made here, too.
    #[must_use]
    pub fn opened_with(mut self, identity: Option<Identity>) -> Self {
        self.identity = identity;
        self
    }

    /// With a device for each officer.
    #[must_use]
    pub fn taken_with(mut self, device: Option<OpenDevice>) -> Self {
        self.device = device;
        self
    }

    pub(super) fn has_device(&self) -> bool {
        self.device.is_some()
    }

    pub(super) fn opens(&self) -> bool {
        self.identity.is_some()
    }

    /// What lies in the device of this officer; `None` if that cannot be told.
    pub(super) fn left(&self, officer: &str) -> Option<Left> {
        let Some(open) = &self.device else { return Some(Left::default()) };
        match open(officer).and_then(|mut device| device.left()) {
            Ok(left) => Some(left),
            Err(error) if error.is_absent() => Some(Left::default()),
            Err(error) => {
                tracing::warn!(%error, "what lies in a device cannot be told");
                None
            }
        }
    }

    /// The device of this officer.
    pub(super) fn device(&self, officer: &str) -> Result<Box<dyn DevicePort>, Problem> {
        let open = self.device.as_ref().ok_or_else(Problem::nothing_here)?;
        Ok(open(officer)?)
    }

    /// Seals what was taken, and gives the application its name.
    pub(super) fn seal(&self, taken: &TakenSoFar, application: &mut Application) -> Result<(), Problem> {
        let (capture, accepted) = (taken.capture()?, taken.accepted.clone());
        self.seal_again(Biometrics { capture, sealed_sha256: None, accepted }, application)
    }

    /// Seals this, under a name of its own, as what was taken with the application.
    pub(super) fn seal_again(&self, taken: Biometrics, application: &mut Application) -> Result<(), Problem> {
        let sealed = Sealed::of(&taken.capture, &self.recipient)?;
        self.vault.put(&sealed)?;
        application.biometrics =
            Some(Biometrics { sealed_sha256: Some(sealed.digest().to_owned()), ..taken });
        Ok(())
    }

    /// Takes the sealed file of an application away that nobody captured.
    pub(super) fn unseal(&self, application: &Application) {
        let digest = application.biometrics.as_ref().and_then(|taken| taken.sealed_sha256.as_deref());
        if let Some(Err(error)) = digest.map(|digest| self.vault.remove(digest)) {
            tracing::warn!(%error, "a sealed capture stays that belongs to no application");
        }
    }

    /// What was sealed under this name; `None` where nothing opens it.
    fn open(&self, digest: &str) -> Result<Option<Capture>, SealedError> {
        self.identity.as_ref().map(|identity| self.vault.get(digest, identity)).transpose()
    }

    /// Takes away what is over.
    pub(super) fn purge_due(&self, ledger: &mut Ledger, act: Act<'_>) {
        let mut looked = lock(&self.looked);
        if looked.is_some_and(|looked| act.at.duration_since(looked) < LOOK) {
            return;
        }
        match purge(&self.vault, ledger, Rule::Due, Act { request: None, ..act }) {
            Ok(purged) => {
                *looked = Some(act.at);
                if purged > 0 {
                    tracing::info!(purged, "sealed captures whose time was over are gone");
                }
            }
            Err(error) => tracing::error!(%error, "sealed captures whose time is over stay"),
        }
    }
}

/// Opens what was sealed with this application. Without them the station says what is missing.
pub(super) fn opened(
    captures: Option<&Captures>,
    ledger: &Ledger,
    id: ApplicationId,
) -> Result<Option<Biometrics>, Problem> {
    let Some(digest) = ledger.sealed_of(id)? else { return Ok(None) };
    let capture = captures.map(|captures| captures.open(&digest)).transpose()?.flatten();
    Ok(capture.map(|capture| Biometrics { capture, sealed_sha256: Some(digest), accepted: None }))
}

/// A print, measured.
#[derive(Clone)]
pub(super) struct Print {
    pub(super) image: Arc<PrintImage>,
    pub(super) quality: PrintQuality,
}

impl Print {
    pub(super) fn of(image: PrintImage) -> Self {
        let quality = assess(&image);
        Self { image: Arc::new(image), quality }
    }
}

/// What is said of a finger.
pub(super) enum Said {
    Print(Print),
    Missing(MissingReason),
    /// Neither: what was taken of it goes.
    Nothing,
}

impl From<Taken> for Said {
    fn from(taken: Taken) -> Self {
        match taken {
            Taken::Print(image) => Self::Print(Print::of(image)),
            Taken::Missing(reason) => Self::Missing(reason),
        }
    }
}

/// Prints, reasons and irises so far.
#[derive(Clone, Default)]
pub(super) struct TakenSoFar {
    pub(super) prints: BTreeMap<Finger, Print>,
    pub(super) missing: BTreeMap<Finger, MissingReason>,
    pub(super) irises: BTreeMap<Eye, Arc<IrisImage>>,
    /// Why they are taken although some should be taken again.
    pub(super) accepted: Option<String>,
}

impl TakenSoFar {
    /// A finger is taken anew: a reason to take what was there before is none for this.
    pub(super) fn say(&mut self, finger: Finger, said: Said) {
        self.accepted = None;
        self.prints.remove(&finger);
        self.missing.remove(&finger);
        match said {
            Said::Print(print) => drop(self.prints.insert(finger, print)),
            Said::Missing(reason) => drop(self.missing.insert(finger, reason)),
            Said::Nothing => {}
        }
    }

    pub(super) fn see(&mut self, eye: Eye, image: IrisImage) {
        self.irises.insert(eye, Arc::new(image));
    }

    /// What is still to be taken.
    pub(super) fn lacks(&self) -> Option<CaptureError> {
        let fingers: BTreeSet<Finger> = self.prints.keys().chain(self.missing.keys()).copied().collect();
        named(&fingers).err()
    }

    /// Prints that should be taken again, and nobody said why they are taken nevertheless.
    pub(super) fn to_retake(&self) -> bool {
        self.accepted.is_none() && self.prints.values().any(|print| !print.quality.is_usable())
    }

    /// Two fingers never give the very same picture: one of them was not taken.
    pub(super) fn all_differ(&self) -> Result<(), Problem> {
        let mut seen: Vec<(&Finger, &Print)> = Vec::new();
        for (finger, print) in &self.prints {
            if let Some((other, _)) = seen.iter().find(|(_, known)| known.image == print.image) {
                return Err(Problem::same_print(**other, *finger));
            }
            seen.push((finger, print));
        }
        Ok(())
    }

    fn capture(&self) -> Result<Capture, CaptureError> {
        let prints = self.prints.iter().map(|(finger, print)| (*finger, (*print.image).clone())).collect();
        let irises = self.irises.iter().map(|(eye, image)| (*eye, (**image).clone())).collect();
        Capture::new(prints, self.missing.clone(), irises)
    }
}

fn not_taken(code: &'static str, vietnamese: &str, english: &str) -> Problem {
    let hint = (
        "Lấy lại ngón đó hoặc chọn lý do; không có gì được ghi.",
        "Take that finger again or choose a reason; nothing was written.",
    );
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, (vietnamese, english), hint)
}

impl Problem {
    /// Prints that should be taken again, and nobody said why they are good enough.
    pub(super) fn poor_prints() -> Self {
        not_taken("prints-retake", "Có vân tay phải lấy lại", "A print has to be taken again")
    }

    /// One picture for two fingers.
    pub(super) fn same_print(one: Finger, other: Finger) -> Self {
        let vietnamese = [one, other].map(|finger| words::finger(finger, Language::Vi)).join(" và ");
        let english = [one, other].map(|finger| words::finger(finger, Language::En)).join(" and ");
        not_taken(
            "print-twice",
            &format!("Cùng một ảnh vân tay cho hai ngón: {vietnamese}"),
            &format!("The same print was given for two fingers: {english}"),
        )
    }

    /// This desk was opened without a place for prints.
    pub(super) fn no_captures() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "no-captures",
            ("Quầy này không thu nhận vân tay, mống mắt", "This desk takes neither prints nor irises"),
            (
                "Mở quầy với --captures và --capture-recipient, hoặc thu nhận bằng `issuer application receive --prints`.",
                "Open the desk with --captures and --capture-recipient, or use `issuer application receive --prints`.",
            ),
        )
    }

    /// What lies in the device is not of the person at the desk.
    pub(super) fn device_holds_another() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "device-holds-another",
            (
                "Thiết bị còn giữ vân tay lấy trước khi tra cứu người này: có thể là của người khác",
                "The device holds what was taken before this person was looked up: it may be another's",
            ),
            (
                "Bấm “Xóa dữ liệu trong thiết bị”, rồi lấy vân tay của người đang đứng trước quầy.",
                "Press \u{201c}Empty the device\u{201d}, then take the prints of the person before you.",
            ),
        )
    }
}

impl From<CaptureError> for Problem {
    fn from(error: CaptureError) -> Self {
        let mut problem = not_taken(error.code(), &error.vietnamese(), &error.to_string());
        if let CaptureError::Iris(_) = error {
            problem.hint = (
                "Chụp lại mống mắt đó, hoặc để trống; không có gì được ghi.".to_owned(),
                "Take that iris again, or leave it out; nothing was written.".to_owned(),
            );
        }
        problem
    }
}

impl From<DeviceError> for Problem {
    fn from(error: DeviceError) -> Self {
        if let DeviceError::Capture(error) = error {
            return error.into();
        }
        let (vietnamese, english) = (error.vietnamese(), error.to_string());
        Self::new(
            StatusCode::CONFLICT,
            error.code(),
            (&vietnamese, &english),
            (
                "Kiểm tra thiết bị và thư mục mang tên tài khoản của bạn, hoặc tải tệp lên.",
                "Check the device and the folder that has your account's name, or upload the files.",
            ),
        )
    }
}

impl From<SealedError> for Problem {
    fn from(error: SealedError) -> Self {
        tracing::error!(code = error.code(), "a sealed capture failed");
        let english = error.to_string();
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            error.code(),
            ("Không niêm phong hoặc không mở được vân tay", &english),
            (
                "Báo người quản lý máy trạm: kiểm tra --captures và các khóa; nếu mất thì thu nhận lại.",
                "Tell whoever keeps the station: check --captures and its keys; what is lost is captured anew.",
            ),
        )
    }
}
