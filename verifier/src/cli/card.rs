//! The card in a reader: found, opened, read, with a progress bar.

use std::io::{BufRead as _, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cccd_card_profile::lds::sod::HashCheck;
use cccd_card_profile::mrz::Mrz;
use cccd_card_profile::qr::ScannedQr;
use cccd_reader::{PcscTransport, Protocols, ReaderError, Service, Share};
use cccd_verifier::inspection::{
    Access, AccessError, Arrived, ExtendedLength, InspectionOptions, Progress, ReadError, Step,
};
use cccd_verifier::report::{Lang, printable};
use cccd_verifier::{Evidence, Reading, Tap};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use zeroize::Zeroizing;

use super::args::CardArguments;
use super::evidence_store::{check_writable, read_bounded};
use super::trace::Recorder;
use super::{Failure, Output, terminal};

/// Between two tries to speak to a card that is there and does not answer.
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// More often a card need not be laid on again.
const MOST_TAPS: u32 = 20;

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
        if let Some(pin) = &card.pin {
            return pin_access(card, pin);
        }
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

/// By the PIN, with what resumes or unblocks it beside.
fn pin_access(card: &CardArguments, pin: &str) -> Result<Access, Failure> {
    let wrong = |error: AccessError| {
        Failure::usage(
            "bad-pin",
            ["PIN gồm 5 đến 16 chữ số, PUK 8 đến 16, CAN 6", &error.to_string()],
            [
                "gõ lại; chip chưa bị hỏi nên chưa mất lần thử nào",
                "type it again; the chip was not asked, no try is lost",
            ],
        )
    };
    let mut access = Access::pin(&secret(pin)?).map_err(wrong)?;
    if let Some(can) = &card.can {
        access = access.or_can(can.trim()).map_err(wrong)?;
    }
    if let Some(puk) = &card.puk {
        access = access.or_puk(&secret(puk)?).map_err(wrong)?;
    }
    Ok(access)
}

/// The argument, or a line of standard input for `-`.
fn secret(argument: &str) -> Result<Zeroizing<String>, Failure> {
    if argument != "-" {
        return Ok(Zeroizing::new(argument.trim().to_owned()));
    }
    let mut line = Zeroizing::new(String::with_capacity(64));
    match std::io::stdin().lock().take(64).read_line(&mut line) {
        Ok(_) => Ok(Zeroizing::new(line.trim().to_owned())),
        Err(error) => Err(Failure::usage(
            "no-password",
            ["không đọc được từ đầu vào chuẩn", &format!("standard input cannot be read: {error}")],
            [
                "gõ PIN trên dòng lệnh, hoặc nối đầu vào",
                "give the PIN as an argument, or connect standard input",
            ],
        )),
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

/// Reads the card.
pub(super) fn inspect(
    card: &CardArguments,
    printed: &Printed,
    options: InspectionOptions,
    output: Output,
) -> Result<Evidence, Failure> {
    let access = printed.access(card)?;
    if card.pin.is_some() {
        eprintln!(
            "{}",
            output.text(
                "CẢNH BÁO: mỗi PIN sai mất một trong ba lần thử; hết lượt thì PIN bị khoá cho đến khi có PUK.",
                "WARNING: each wrong PIN costs one of three tries; when none is left the PIN is blocked until the PUK comes.",
            )
        );
    }
    let length = if card.short_length { ExtendedLength::Never } else { ExtendedLength::Announced };
    let terminal = card.terminal.as_deref().map(|folder| terminal::read(folder, options.at)).transpose()?;
    let options = options.thorough(card.thorough).extended_length(length).terminal(terminal);
    if card.trace_with_secrets {
        output.note(
            "CẢNH BÁO: tệp vết sẽ chứa mật khẩu mở chip và mọi dữ liệu của thẻ. Chỉ dùng với thẻ giả lập hoặc thẻ của chính bạn.",
            "WARNING: the trace will hold the password that opens the chip and everything that the card says. For synthetic \
             cards and your own only.",
        );
    }
    if let Some(trace) = &card.trace {
        check_writable(trace)?;
    }
    let service = Service::open()?;
    let reader = find_reader(&service, card.reader.as_deref())?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let (flag, canceller) = (Arc::clone(&interrupted), service.canceller());
    // Without a handler the process ends as usual: worse only in that the card is not reset at once.
    let _ = ctrlc::set_handler(move || {
        flag.store(true, Ordering::SeqCst);
        canceller.cancel();
    });
    let (atr, transport) = first_card(&service, &reader, card)?;
    let options = options.answer_to_reset(atr);
    let mut recorder = Recorder::new(transport, Arc::clone(&interrupted), card);
    recorder.describe(&options, card, printed);
    let mut reading = Reading::new(options);
    let bar = progress_bar();
    let outcome = taps(&mut reading, &mut recorder, &access, &Desk { service, reader, card, output, bar });
    recorder.write(&reading, &outcome)?;
    outcome.map(|()| reading.into_evidence())
}

/// The first card, with its answer to reset. One that is still on its way into the field is there and does not answer, or is gone
/// again: as long as a lifted card may take to come back, it is asked once more.
fn first_card(
    service: &Service,
    reader: &str,
    card: &CardArguments,
) -> Result<(Vec<u8>, PcscTransport), Failure> {
    let mut atr = service.wait_for_card(reader, Duration::from_secs(card.timeout))?;
    let deadline = Instant::now() + Duration::from_secs(card.resume_for);
    let left = || deadline.saturating_duration_since(Instant::now());
    loop {
        match service.connect(reader, Share::Exclusive, Protocols::Any) {
            Ok(transport) => return Ok((atr, transport)),
            Err(ReaderError::Unresponsive { .. } | ReaderError::NoCard { .. }) if !left().is_zero() => {
                std::thread::sleep(BETWEEN_TRIES);
                match service.wait_for_card(reader, left()) {
                    Ok(again) => atr = again,
                    Err(ReaderError::Cancelled) => return Err(ReaderError::Cancelled.into()),
                    // What is wrong with the card says the next try.
                    Err(_) => {}
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Where cards are laid, and how one speaks to whoever lays them.
struct Desk<'a> {
    service: Service,
    reader: String,
    card: &'a CardArguments,
    output: Output,
    bar: ProgressBar,
}

/// Taps until the reading is over, or the card does not come back.
fn taps(
    reading: &mut Reading,
    recorder: &mut Recorder,
    access: &Access,
    desk: &Desk<'_>,
) -> Result<(), Failure> {
    let Desk { bar, output, .. } = desk;
    let mut progress = |progress: Progress| {
        bar.set_length(u64::from(progress.total));
        bar.set_position(u64::from(progress.done));
        bar.set_message(words(&progress, output.lang));
        if let Some(Arrived { file, digest: Some(HashCheck::Differs), .. }) = progress.arrived {
            let warning = output.text(
                "không khớp với giá trị băm đã ký trong EF.SOD",
                "does not have the digest that EF.SOD signs",
            );
            bar.suspend(|| eprintln!("{}: {warning}", file.name()));
        }
    };
    let mut left = MOST_TAPS;
    let ended = loop {
        let tap = recorder.tap(reading, access, &mut progress);
        left = left.saturating_sub(1);
        let give_up = left == 0 || desk.card.resume_for == 0 || recorder.is_interrupted();
        let (failed, other) = match tap {
            Ok(Tap::Done) => break Ok(()),
            Ok(Tap::Lost(lost)) => (ReadError::Link(lost), false),
            Err(ReadError::OtherCard) => (ReadError::OtherCard, true),
            Err(error) => break Err(error),
        };
        recorder.lets_go();
        match if give_up { None } else { desk.wait_for_return(other) } {
            Some(transport) => recorder.goes_on_with(transport),
            // Evidence of what came is more than none; another card's owner is told that it is another.
            None if reading.is_begun() && !other => break Ok(()),
            None => break Err(failed),
        }
    };
    desk.bar.finish_and_clear();
    Ok(ended?)
}

impl Desk<'_> {
    /// Asks for the card and waits for it. `None` when it does not come.
    fn wait_for_return(&self, other: bool) -> Option<PcscTransport> {
        let seconds = self.card.resume_for;
        let asked = if other {
            self.output.text(
                "Đây là thẻ khác: hãy nhấc ra và đặt lại thẻ ban đầu",
                "This is another card: take it off and lay the first one on the reader again",
            )
        } else {
            self.output.text(
                "Mất liên lạc với thẻ: hãy đặt lại đúng thẻ đó và để yên, việc đọc sẽ tiếp tục từ chỗ dừng",
                "The card was lost: lay it on the reader again and leave it there, reading goes on where it stopped",
            )
        };
        self.bar.suspend(|| eprintln!("{asked} ({seconds} s)."));
        let deadline = Instant::now() + Duration::from_secs(seconds);
        let left = || deadline.saturating_duration_since(Instant::now());
        if other {
            self.service.wait_for_removal(&self.reader, left()).ok()?;
        }
        loop {
            match self.service.wait_for_card(&self.reader, left()) {
                // The other card, or this one lifted again.
                Ok(_) => match self.service.connect(&self.reader, Share::Exclusive, Protocols::Any) {
                    Ok(transport) => return Some(transport),
                    Err(_) if left().is_zero() => return None,
                    Err(_) => std::thread::sleep(BETWEEN_TRIES),
                },
                Err(_) => return None,
            }
        }
    }
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

fn words(progress: &Progress, lang: Lang) -> String {
    let (vi, en) = match progress.step {
        Step::Preparing => ("chuẩn bị", "preparing"),
        Step::Opening => ("mở chip", "opening the chip"),
        Step::Reading(file) => {
            return match progress.arrived.and_then(|arrived| arrived.digest) {
                Some(HashCheck::Matches) => format!("{} ✓", file.name()),
                Some(_) => format!("{} ✗", file.name()),
                None => file.name(),
            };
        }
        Step::ChipAuthentication => ("xác thực chip", "chip authentication"),
        Step::OpeningAgain => ("mở lại chip", "opening the chip again"),
        Step::ActiveAuthentication => ("xác thực chủ động", "active authentication"),
        Step::TerminalAuthentication => ("xác thực thiết bị đọc", "terminal authentication"),
        Step::Done => ("xong", "done"),
    };
    match lang {
        Lang::Vi => vi.to_owned(),
        Lang::En => en.to_owned(),
    }
}
