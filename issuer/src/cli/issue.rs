//! `issuer issue`: everything that can fail is tried before a chip is touched.

use cccd_card_profile::card_holder::{vietnamese_date, vietnamese_expiry};
use cccd_issuer::accounts::Role;
use cccd_issuer::application::Application;
use cccd_issuer::output::Staging;
use cccd_issuer::personalize::KeySource;
use cccd_issuer::station::{IssuedCard, Station};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::{Value, json};

use super::args::IssueArguments;
use super::failure::Failure;
use super::output::Output;
use super::{capture, connect, faces, progress};

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
    let mut staging = Staging::new(&arguments.out)?;

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
    staging.reserve("card.json")?;

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
        .fill("card.json", format!("{summary:#}\n").as_bytes())
        .and_then(|()| staging.commit())
        .map_err(Failure::IssuedWithoutFiles)?;
    output.result(&summary, &lines(&issued, arguments, output));
    Ok(())
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
    json!({
        "status": "active",
        "number": issued.card.holder.number.as_str(),
        "sod_sha256": issued.sod_sha256.to_string(),
        "chip_serial": issued.chip_serial.to_string(),
        "mrz": issued.mrz.lines(),
        "document_number": issued.card.holder.number.document_number(),
        "issued": issued.card.issue_date.to_string(),
        "expires": issued.card.expiry.date().map(|date| date.to_string()),
        "template": issued.template.as_str(),
        "application": issued.application.to_string(),
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
    })
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
