//! `issuer issue`: everything that can fail is tried before a chip is touched.

use cccd_card_profile::card_holder::{CardData, vietnamese_date, vietnamese_expiry};
use cccd_issuer::accounts::Role;
use cccd_issuer::application::{Application, Reason, Refusal, State, Template};
use cccd_issuer::ledger::{ApplicationId, Entry};
use cccd_issuer::output::Staging;
use cccd_issuer::personalize::KeySource;
use cccd_issuer::station::{Admitted, IssueError, IssuedCard, Station};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::{Value, json};

use super::args::IssueArguments;
use super::failure::Failure;
use super::output::Output;
use super::{capture, connect, faces, progress};

/// The officer's record of the card: there when everything is.
const RECORD: &str = "card.json";

/// The state of a chip in software: twice, as it keeps the one before, and once more while it is written.
const VIRTUAL_CHIP_ROOM: usize = 3 * 64 * 1024;

pub(crate) fn run(
    arguments: &IssueArguments,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let (blank, job) = (arguments.blank()?, arguments.job());
    let stop = progress::watch_interrupts()?;
    let mut application = Application::read(&arguments.application)?;
    application.portrait_accepted.clone_from(&arguments.accept_portrait);
    let store = connect::key_store(&arguments.keys)?;
    connect::allow_reader(&store, &arguments.reader)?;
    let keys = connect::station_keys(&store, at, output)?;
    let (mut ledger, officer) =
        connect::ledger_and_officer(&arguments.ledger, &arguments.officer, Role::Personalise, at, rng)?;
    capture::purge_due(arguments.biometrics.captures.as_ref(), &mut ledger, &officer, at)?;
    capture::open(&arguments.biometrics, &mut application, &ledger)?;
    let mut register = connect::register(&arguments.register, &format!("issuer {}", officer.name()))?;
    let mut staging = Staging::of_one_card(&arguments.out)?;

    let mut station = Station {
        ledger: &mut ledger,
        register: register.as_mut(),
        keys: &keys,
        actor: officer.name(),
        at,
        extended: false,
        blank,
        job,
    };
    // One that is not open yet is taken in here: then it waits for another officer.
    if station.ledger.open_of(application.number.as_str())?.is_none() {
        if staging.is_resumed()
            && let Some((admitted, entry)) = station.issued_before(&application)?
        {
            return only_files(&admitted, &entry, arguments, staging, output);
        }
        // An exchange that is done would be another one: whoever means that asks anew.
        let made = |entry: &Entry| {
            matches!(entry.state, State::Issued | State::Delivered)
                && entry.content_sha256 == application.content_sha256()
        };
        if application.reason != Reason::FirstIssue
            && let Some(entry) = station.ledger.newest_of(application.number.as_str())?.filter(made)
        {
            return Err(Failure::IssuedBefore(entry.id));
        }
        officer.may(Role::Capture)?;
    }
    let admitted = station.admit(&application)?;
    if admitted.is_interrupted() {
        output.note(
            "Hồ sơ này bị ngắt lần trước: hỏi chíp đã ghi đến đâu rồi làm tiếp.",
            "This application was interrupted before: the chip is asked how far it came.",
        );
    }
    faces::stage(&admitted, arguments.dpi, &mut staging)?;
    staging.reserve(RECORD)?;

    let mut card = if arguments.reader == "virtual" {
        staging.ensure_room(VIRTUAL_CHIP_ROOM)?;
        connect::virtual_chip(&arguments.out, keys.master(), store.profile(), rng)?
    } else {
        connect::reader(&arguments.reader, &store, arguments.timeout, &stop, output)?
    };
    station.extended = card.extended;
    let mut bar = progress::Bar::new(stop, output);
    let produced = station.produce(card.link.as_mut(), admitted, &mut bar, rng);
    bar.finish();
    let issued = produced?;
    if issued.test_keys {
        output.note(
            "CẢNH BÁO: phôi này dùng khóa thử công khai của GlobalPlatform; ai cũng ghi được. Không dùng để cấp thẻ thật.",
            "WARNING: this blank came with GlobalPlatform's publicly known test keys: anyone could have written it. Laboratory only.",
        );
    }
    if issued.capabilities.laboratory_only {
        output.note(
            "CẢNH BÁO: thẻ thí nghiệm. Không có xác thực chíp bằng khóa tạo trong chíp: chương trình kiểm tra sẽ từ chối hoặc không kết luận.",
            "WARNING: a card of the laboratory. Its chip made no key of its own: a verifier refuses it or comes to no verdict.",
        );
    }
    let summary = describe(&issued);
    staging
        .fill(RECORD, format!("{summary:#}\n").as_bytes())
        .and_then(|()| staging.commit())
        .map_err(Failure::IssuedWithoutFiles)?;
    output.result(&summary, &lines(&issued, arguments, output));
    Ok(())
}

/// A run was ended after the card was issued and before its files had their names.
fn only_files(
    admitted: &Admitted,
    entry: &Entry,
    arguments: &IssueArguments,
    mut staging: Staging,
    output: &Output,
) -> Result<(), Failure> {
    output.note(
        "Thẻ của hồ sơ này đã cấp; lần trước chưa kịp để lại tệp: nay làm nốt.",
        "The card of this application is issued; the run before left no files: they are made now.",
    );
    faces::stage(admitted, arguments.dpi, &mut staging)?;
    let mut summary = said(admitted.card(), admitted.application(), admitted.template());
    if let Some(summary) = summary.as_object_mut() {
        let signed = entry.signed.as_ref();
        let mrz = admitted.card().mrz().map_err(Refusal::Name).map_err(IssueError::from)?;
        summary.insert("mrz".to_owned(), json!(mrz.lines()));
        summary.insert("sod_sha256".to_owned(), json!(signed.map(|card| card.sod_sha256.to_string())));
        summary.insert("chip_serial".to_owned(), json!(entry.chip.map(|chip| chip.to_string())));
        let replaced = signed.and_then(|card| card.replaces);
        summary.insert("replaced".to_owned(), json!(replaced.map(|card| card.to_string())));
        summary.insert("resumed".to_owned(), json!(true));
    }
    staging
        .write(RECORD, format!("{summary:#}\n").as_bytes())
        .and_then(|()| staging.commit())
        .map_err(Failure::IssuedWithoutFiles)?;
    let line = format!("{} {}", output.say("Tệp ở", "Files in"), arguments.out.display());
    output.result(&summary, &[line]);
    Ok(())
}

/// What is known of every card that was issued.
fn said(card: &CardData, application: ApplicationId, template: Template) -> Value {
    json!({
        "status": "active",
        "number": card.holder.number.as_str(),
        "document_number": card.holder.number.document_number(),
        "issued": card.issue_date.to_string(),
        "expires": card.expiry.date().map(|date| date.to_string()),
        "template": template.as_str(),
        "application": application.to_string(),
    })
}

/// What card.json and `--json` say: the officer's record of the card, mode 0600.
pub(super) fn describe(issued: &IssuedCard) -> Value {
    let timings = &issued.timings;
    let milliseconds = |time: std::time::Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    let steps: serde_json::Map<String, Value> = timings
        .steps()
        .iter()
        .map(|(step, _)| (step.name().to_owned(), json!(milliseconds(timings.of(*step)))))
        .collect();
    let mut all = said(&issued.card, issued.application, issued.template);
    let made = json!({
        "sod_sha256": issued.sod_sha256.to_string(),
        "chip_serial": issued.chip_serial.to_string(),
        "mrz": issued.mrz.lines(),
        "replaced": issued.replaced.map(|card| card.to_string()),
        "resumed": issued.resumed,
        "test_keys": issued.test_keys,
        "driver": issued.capabilities.name,
        "laboratory": issued.capabilities.laboratory_only,
        "chip_proofs": {
            "chip_authentication": origin(issued.capabilities.chip_authentication),
            "active_authentication": origin(issued.capabilities.active_authentication),
        },
        "lock": {
            "proven": issued.lock_proof.holds(),
            "refused": issued.lock_proof.attempts().iter()
                .map(|(what, status, _)| format!("{what}: {:04X}", status.0)).collect::<Vec<_>>(),
        },
        "milliseconds": {
            "total": milliseconds(timings.total()),
            "key_generation": milliseconds(timings.key_generation()),
            "signing": milliseconds(timings.signing()),
            "steps": steps,
        },
    });
    if let (Some(all), Value::Object(made)) = (all.as_object_mut(), made) {
        all.extend(made);
    }
    all
}

/// Where the key of a proof came from; null when the chip has none.
fn origin(source: KeySource) -> Option<&'static str> {
    match source {
        KeySource::Chip => Some("made-by-the-chip"),
        KeySource::Station => Some("put-in-by-the-station"),
        KeySource::None => None,
    }
}

fn lines(issued: &IssuedCard, arguments: &IssueArguments, output: &Output) -> Vec<String> {
    let dates = (vietnamese_date(issued.card.issue_date), vietnamese_expiry(issued.card.expiry));
    vec![
        format!(
            "{} {}: {} {}",
            output.say("Đã cấp thẻ cho", "Issued a card to"),
            issued.card.holder.full_name,
            output.say("chíp", "chip"),
            issued.chip_serial
        ),
        format!("{} {} – {}", output.say("Có giá trị:", "Valid:"), dates.0, dates.1),
        format!("SHA-256(EF.SOD): {}", issued.sod_sha256),
        format!(
            "{} {}",
            output.say(
                "Đã đọc lại, khóa chíp và thử: mọi lệnh ghi đều bị từ chối. Tệp ở",
                "Read back, locked and probed: every write is refused. Files in"
            ),
            arguments.out.display()
        ),
    ]
}
