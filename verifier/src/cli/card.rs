//! The card in a reader: found, opened, read, with a progress bar.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cccd_card_profile::apdu::{LinkLost, Trace, TraceContent, Transport};
use cccd_card_profile::mrz::Mrz;
use cccd_card_profile::qr::ScannedQr;
use cccd_reader::{PcscTransport, Protocols, ReaderError, Service, Share};
use cccd_verifier::Evidence;
use cccd_verifier::inspection::{
    Access, ExtendedLength, InspectionOptions, Progress, Step, inspect_with_reset,
};
use cccd_verifier::report::{Lang, printable};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::args::CardArguments;
use super::evidence_store::{read_bounded, write_private};
use super::{Failure, Output, generator};

/// `verifier readers`.
pub(super) fn readers(output: Output) -> Result<u8, Failure> {
    let readers = cccd_reader::readers()?;
    let value: Vec<_> = readers
        .iter()
        .map(|reader| {
            json!({
                "name": reader.name,
                "card_present": reader.card_present,
                "in_exclusive_use": reader.in_exclusive_use,
                "mute": reader.mute,
                "atr": hex::encode(&reader.atr),
            })
        })
        .collect();
    let mut human = String::new();
    for reader in &readers {
        let state = match (reader.card_present, reader.mute) {
            (true, false) => output.text("có thẻ", "card present"),
            (true, true) => output.text("có thẻ không trả lời", "mute card"),
            (false, _) => output.text("trống", "empty"),
        };
        human.push_str(&format!("{}  [{state}]\n", printable(&reader.name)));
    }
    if readers.is_empty() {
        human.push_str(output.text("không có đầu đọc thẻ nào\n", "no card reader is connected\n"));
    }
    output.print(&json!({ "readers": value }), &human);
    Ok(0)
}

/// What the bearer's card shows on its faces, as typed or scanned.
pub(super) struct Printed {
    pub(super) mrz: Option<Mrz>,
    pub(super) qr: Option<String>,
}

impl Printed {
    /// From the arguments.
    pub(super) fn of(card: &CardArguments) -> Result<Self, Failure> {
        let mrz = card.mrz.as_deref().map(read_mrz).transpose()?;
        Ok(Self { mrz, qr: card.qr.clone() })
    }

    /// What opens the chip: the first of CAN, MRZ, QR; the MRZ stays beside for chips without PACE.
    fn access(&self, card: &CardArguments) -> Result<Access, Failure> {
        let bad_can = |()| {
            Failure::usage(
                "bad-can",
                ["CAN gồm sáu chữ số", "a card access number has six digits"],
                ["gõ sáu số cuối của số định danh", "type the last six digits of the personal number"],
            )
        };
        let access = match (&card.can, &self.mrz, &self.qr) {
            (Some(can), _, _) if can.trim().len() != 6 => return Err(bad_can(())),
            (Some(can), _, _) => Access::can(can.trim()).map_err(|_| bad_can(()))?,
            (None, Some(mrz), _) => return Ok(Access::mrz(mrz)),
            (None, None, Some(qr)) => {
                let qr = ScannedQr::parse(qr).map_err(|_| {
                    Failure::usage(
                        "bad-qr",
                        [
                            "mã QR này không phải của thẻ căn cước",
                            "this is not the QR code of an identity card",
                        ],
                        ["quét lại, hoặc dùng --can", "scan it again, or use --can"],
                    )
                })?;
                Access::qr(&qr).map_err(|_| bad_can(()))?
            }
            (None, None, None) => {
                return Err(Failure::usage(
                    "no-password",
                    ["chưa có gì để mở chip", "there is nothing to open the chip with"],
                    ["thêm --can, --mrz hoặc --qr", "add --can, --mrz or --qr"],
                ));
            }
        };
        Ok(match &self.mrz {
            Some(mrz) => access.or_mrz(mrz),
            None => access,
        })
    }
}

fn read_mrz(path: &Path) -> Result<Mrz, Failure> {
    let bytes = read_bounded(path, 4096)?;
    let text = String::from_utf8_lossy(&bytes);
    Mrz::parse(&text).map_err(|error| {
        Failure::bad_file(
            "bad-mrz",
            path,
            ["không phải vùng đọc máy (MRZ)", &format!("not a machine readable zone: {error}")],
            ["gõ lại ba dòng ở mặt sau thẻ", "type the three lines on the back of the card again"],
        )
    })
}

/// A transport that ends when the user wants to.
struct Interruptible<T> {
    inner: T,
    interrupted: Arc<AtomicBool>,
}

impl<T: Transport> Transport for Interruptible<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        if self.interrupted.load(Ordering::SeqCst) {
            return Err(LinkLost::new("interrupted"));
        }
        self.inner.transmit(command)
    }
}

/// Reads the card.
pub(super) fn inspect(
    card: &CardArguments,
    printed: &Printed,
    options: InspectionOptions,
    output: Output,
) -> Result<Evidence, Failure> {
    let access = printed.access(card)?;
    let length = if card.short_length { ExtendedLength::Never } else { ExtendedLength::Announced };
    let options = options.thorough(card.thorough).extended_length(length);
    let service = Service::open()?;
    let reader = find_reader(&service, card.reader.as_deref())?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let (flag, canceller) = (Arc::clone(&interrupted), service.canceller());
    // Without a handler the process ends as usual: worse only in that the card is not reset at once.
    let _ = ctrlc::set_handler(move || {
        flag.store(true, Ordering::SeqCst);
        canceller.cancel();
    });
    service.wait_for_card(&reader, Duration::from_secs(card.timeout))?;
    let transport = service.connect(&reader, Share::Exclusive, Protocols::Any)?;
    let mut trace = Trace::with_content(
        Interruptible { inner: transport, interrupted },
        if card.trace.is_some() { TraceContent::BytesWithoutSecrets } else { TraceContent::Lengths },
    );
    let bar = progress_bar();
    let mut progress = |progress: Progress| {
        bar.set_length(u64::from(progress.total));
        bar.set_position(u64::from(progress.done));
        bar.set_message(words(progress.step, output.lang));
    };
    let mut reset = |trace: &mut &mut Trace<Interruptible<PcscTransport>>| {
        let transport = &mut trace.inner_mut().inner;
        transport.reset().map_err(|error: ReaderError| LinkLost::new(error.to_string()))
    };
    let evidence =
        inspect_with_reset(&mut trace, &mut reset, &access, &options, &mut generator(), &mut progress);
    bar.finish_and_clear();
    if let Some(path) = &card.trace {
        write_private(path, trace.dump().as_bytes())?;
    }
    Ok(evidence?)
}

/// The reader that is named; else the only one; else the only one with a card in it.
fn find_reader(service: &Service, name: Option<&str>) -> Result<String, Failure> {
    if let Some(name) = name {
        return Ok(service.find(name)?);
    }
    let readers = service.readers()?;
    let mut with_card = readers.iter().filter(|reader| reader.card_present);
    match (readers.as_slice(), with_card.next(), with_card.next()) {
        ([], _, _) => Err(ReaderError::NoReader.into()),
        ([only], _, _) => Ok(only.name.clone()),
        (_, Some(only), None) => Ok(only.name.clone()),
        _ => {
            let names: Vec<String> = readers.iter().map(|reader| printable(&reader.name)).collect();
            let names = names.join("; ");
            Err(Failure::usage(
                "reader-needed",
                [&format!("có nhiều đầu đọc: {names}"), &format!("there are several readers: {names}")],
                ["chọn một bằng --reader", "choose one with --reader"],
            ))
        }
    }
}

fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(1);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len}  {msg}") {
        bar.set_style(style);
    }
    bar
}

fn words(step: Step, lang: Lang) -> String {
    let (vi, en) = match step {
        Step::Preparing => ("chuẩn bị", "preparing"),
        Step::Opening => ("mở chip", "opening the chip"),
        Step::Reading(file) => return file.name(),
        Step::ChipAuthentication => ("xác thực chip", "chip authentication"),
        Step::OpeningAgain => ("mở lại chip", "opening the chip again"),
        Step::ActiveAuthentication => ("xác thực chủ động", "active authentication"),
        Step::Done => ("xong", "done"),
    };
    match lang {
        Lang::Vi => vi.to_owned(),
        Lang::En => en.to_owned(),
    }
}
