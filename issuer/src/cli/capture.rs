//! `issuer capture …`: prints and irises before, with and after an application.

use cccd_issuer::accounts::{Officer, Role};
use cccd_issuer::application::{Application, Biometrics};
use cccd_issuer::capture::device::{Folder, take};
use cccd_issuer::capture::sealed::{Rule, Sealed, SealedError, Vault, identity, purge, recipient};
use cccd_issuer::capture::{Capture, PrintRemark};
use cccd_issuer::fingerprint::quality::Advice;
use cccd_issuer::ledger::{Act, Ledger};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::{Value, json};

use super::args::{CaptureCommand, OpenedArguments, PurgeArguments, TakenArguments};
use super::connect;
use super::failure::Failure;
use super::output::Output;

pub(crate) fn run(
    command: &CaptureCommand,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    match command {
        CaptureCommand::Look(look) => {
            let capture = take(&mut Folder::open(&look.folder)?)?;
            let measured = capture.measured();
            output.result(&describe(&capture, &measured), &lines(&capture, &measured, output));
            if capture.retakes().is_empty() { Ok(()) } else { Err(Failure::RetakePrints) }
        }
        CaptureCommand::Purge(arguments) => clear(arguments, at, rng, output),
    }
}

fn clear(
    arguments: &PurgeArguments,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let (mut ledger, officer) =
        connect::ledger_and_officer(&arguments.ledger, &arguments.officer, Role::Capture, at, rng)?;
    let vault = Vault::open(&arguments.captures)?;
    let rule = if arguments.due { Rule::Due } else { Rule::Closed };
    let purged = purge(&vault, &mut ledger, rule, Act::new(officer.name(), at))?;
    let (kept, all) = ledger.captures_counted()?;
    let line = format!(
        "{} {purged}, {} {kept}",
        output.say("Đã xóa", "Purged"),
        output.say("còn giữ", "still kept")
    );
    output.result(&json!({ "purged": purged, "kept": kept, "purged_ever": all }), &[line]);
    Ok(())
}

/// Takes what the arguments name, and seals it before the application that it belongs to is captured. An application that
/// was captured with prints keeps those.
pub(super) fn seal(
    arguments: &TakenArguments,
    application: &mut Application,
    ledger: &Ledger,
    output: &Output,
) -> Result<Option<Vault>, Failure> {
    let (Some(folder), Some(captures), Some(key)) =
        (&arguments.prints, &arguments.captures, &arguments.capture_recipient)
    else {
        return Ok(None);
    };
    let recipient = recipient(key)?;
    let capture = take(&mut Folder::open(folder)?)?;
    let open = ledger.open_of(application.number.as_str())?;
    let kept = open.map(|entry| ledger.sealed_of(entry.id)).transpose()?.flatten();
    let accepted = arguments.accept_prints.clone();
    if kept.is_some() {
        output.note(
            "Hồ sơ này đã có vân tay niêm phong: giữ nguyên, không lấy lại.",
            "This application has sealed prints already: they stay, these were not taken.",
        );
        application.biometrics = Some(Biometrics { capture, sealed_sha256: kept, accepted });
        return Ok(None);
    }
    let sealed = Sealed::of(&capture, &recipient)?;
    let vault = Vault::open(captures)?;
    vault.put(&sealed)?;
    let sealed_sha256 = Some(sealed.digest().to_owned());
    application.biometrics = Some(Biometrics { capture, sealed_sha256, accepted });
    Ok(Some(vault))
}

/// Takes the sealed file away again when it belongs to no application: none was captured, or another was found. Where the
/// ledger could not say, it stays, and goes with the orphans after a day.
pub(super) fn unseal_unless(
    kept: bool,
    vault: Option<&Vault>,
    application: &Application,
) -> Result<(), Failure> {
    let digest = application.biometrics.as_ref().and_then(|taken| taken.sealed_sha256.as_deref());
    if let (false, Some(vault), Some(digest)) = (kept, vault, digest) {
        vault.remove(digest)?;
    }
    Ok(())
}

/// What opens sealed prints and irises.
pub(super) struct Opener {
    vault: Vault,
    identity: age::x25519::Identity,
}

impl Opener {
    /// `None` where the folder or the key is not given: the station then says what is missing.
    pub(super) fn new(arguments: &OpenedArguments) -> Result<Option<Self>, Failure> {
        let (Some(captures), Some(file)) = (&arguments.captures, &arguments.capture_identity) else {
            return Ok(None);
        };
        let text = connect::secret(file)?;
        Ok(Some(Self { vault: Vault::open(captures)?, identity: identity(&text)? }))
    }

    /// Puts what was sealed under this name into the application.
    pub(super) fn add(&self, digest: &str, application: &mut Application) -> Result<(), Failure> {
        let capture = self.vault.get(digest, &self.identity)?;
        let sealed_sha256 = Some(digest.to_owned());
        application.biometrics = Some(Biometrics { capture, sealed_sha256, accepted: None });
        Ok(())
    }
}

/// Opens what was sealed with the open application of this person, if anything was.
pub(super) fn open(
    arguments: &OpenedArguments,
    application: &mut Application,
    ledger: &Ledger,
) -> Result<(), Failure> {
    let Some(entry) = ledger.open_of(application.number.as_str())? else { return Ok(()) };
    let Some(digest) = ledger.sealed_of(entry.id)? else { return Ok(()) };
    // Without them the station says what is missing.
    match Opener::new(arguments)? {
        Some(opener) => opener.add(&digest, application),
        None => Ok(()),
    }
}

/// Takes away what is over, whenever somebody works with the folder.
pub(super) fn purge_due(
    captures: Option<&std::path::PathBuf>,
    ledger: &mut Ledger,
    officer: &Officer,
    at: Timestamp,
) -> Result<(), SealedError> {
    match captures {
        Some(folder) => {
            purge(&Vault::open(folder)?, ledger, Rule::Due, Act::new(officer.name(), at)).map(drop)
        }
        None => Ok(()),
    }
}

fn describe(capture: &Capture, measured: &[PrintRemark]) -> Value {
    let short = |value: f64| (value * 100.0).round() / 100.0;
    json!({
        "usable": capture.retakes().is_empty(),
        "prints": measured.iter().map(|print| {
            let (quality, ridges) = (print.quality, print.quality.ridges);
            json!({
                "finger": print.finger.as_str(),
                "score": quality.score,
                "usable": quality.is_usable(),
                "advice": quality.advice.map(Advice::code),
                "touched_mm2": short(ridges.touched),
                "clear_mm2": short(ridges.clear),
                "coherence": short(ridges.coherence),
                "contrast": short(ridges.contrast),
                "period": short(ridges.period),
            })
        }).collect::<Vec<_>>(),
        "missing": capture.missing().iter().map(|(finger, reason)| json!({
            "finger": finger.as_str(), "reason": reason.as_str(), "passing": reason.is_passing(),
        })).collect::<Vec<_>>(),
        "irises": capture.irises().keys().map(|eye| eye.as_str()).collect::<Vec<_>>(),
        "measure": "ridge structure; not NFIQ 2",
    })
}

fn lines(capture: &Capture, measured: &[PrintRemark], output: &Output) -> Vec<String> {
    let mut lines: Vec<String> = measured
        .iter()
        .map(|print| {
            let advice = print.quality.advice.map_or_else(String::new, |advice| {
                format!("  {}", output.say(advice.vietnamese(), advice.english()))
            });
            let finger = output.say(print.finger.vietnamese(), print.finger.as_str());
            format!("{:>3}  {finger}{advice}", print.quality.score)
        })
        .collect();
    lines.extend(capture.missing().iter().map(|(finger, reason)| {
        let finger = output.say(finger.vietnamese(), finger.as_str());
        format!("  –  {finger}  {}", output.say(reason.vietnamese(), reason.as_str()))
    }));
    lines
}
