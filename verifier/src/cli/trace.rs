//! `--trace`: what went over the link, in a file that people read and, with secrets, tests replay.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use cccd_card_profile::apdu::{LinkLost, Trace, TraceContent, Transport};
use cccd_card_profile::qr::ScannedQr;
use cccd_reader::{PcscTransport, ReaderError};
use cccd_verifier::inspection::{Access, ExtendedLength, InspectionOptions, Progress, ReadError};
use cccd_verifier::recording::Recorded;
use cccd_verifier::{Reading, Tap};
use rand::rngs::ThreadRng;
use zeroize::Zeroizing;

use super::args::CardArguments;
use super::card::Printed;
use super::evidence_store::write_private;
use super::{Failure, generator};

/// A transport that ends when the user wants to, and that can be let go: PC/SC gives a card to nobody else while an old
/// connection to it is open.
struct Interruptible<T> {
    inner: Option<T>,
    interrupted: Arc<AtomicBool>,
}

impl<T: Transport> Transport for Interruptible<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        if self.interrupted.load(Ordering::SeqCst) {
            return Err(LinkLost::new("interrupted"));
        }
        match &mut self.inner {
            Some(inner) => inner.transmit(command),
            None => Err(LinkLost::new("the card was lifted")),
        }
    }
}

/// The link to the card, and what is kept of it.
pub(super) struct Recorder {
    trace: Trace<Interruptible<PcscTransport>>,
    rng: Recorded<ThreadRng>,
    path: Option<PathBuf>,
    with_secrets: bool,
}

impl Recorder {
    pub(super) fn new(transport: PcscTransport, interrupted: Arc<AtomicBool>, card: &CardArguments) -> Self {
        let content = match (&card.trace, card.trace_with_secrets) {
            (None, _) => TraceContent::Lengths,
            (Some(_), false) => TraceContent::BytesWithoutSecrets,
            (Some(_), true) => TraceContent::AllBytes,
        };
        let start = Instant::now();
        let trace = Trace::with_content(Interruptible { inner: Some(transport), interrupted }, content)
            .timed(Box::new(move || start.elapsed()));
        Self {
            trace,
            rng: Recorded::new(generator()),
            path: card.trace.clone(),
            with_secrets: card.trace_with_secrets,
        }
    }

    /// What the dump begins with: the card's and the reader's circumstances, and with secrets all that a replay needs.
    pub(super) fn describe(&mut self, options: &InspectionOptions, card: &CardArguments, printed: &Printed) {
        if let Some(transport) = &self.trace.inner_mut().inner {
            let (reader, protocol) = (transport.reader().to_owned(), transport.protocol());
            self.trace.note("protocol", protocol.unwrap_or("unknown"));
            self.trace.note("reader", &reader);
        }
        let answer = options.answer_to_reset.as_deref().map(hex::encode_upper).unwrap_or_default();
        self.trace.note("atr", &answer);
        self.trace.note("at", &options.at.to_string());
        let lengths = if options.extended_length == ExtendedLength::Never { "short" } else { "announced" };
        self.trace.note("lengths", lengths);
        self.trace.note("thorough", if options.thorough { "yes" } else { "no" });
        if !self.with_secrets {
            return;
        }
        self.trace.note("SECRETS", "this dump opens the chip and holds everything that it says");
        let qr = printed.qr.as_deref().and_then(|text| ScannedQr::parse(text).ok());
        match (&card.can, &printed.mrz, qr) {
            (Some(can), ..) => self.trace.note("can", can.trim()),
            (None, Some(mrz), _) => self.trace.note("mrz", &mrz.lines().concat()),
            (None, None, Some(qr)) => self.trace.note("can", qr.base.number.can()),
            (None, None, None) => {}
        }
        if let Some(nonce) = &options.nonce {
            self.trace.note("nonce", &hex::encode_upper(nonce));
            self.trace.note("station", options.station.as_deref().unwrap_or_default());
        }
    }

    pub(super) fn is_interrupted(&mut self) -> bool {
        self.trace.inner_mut().interrupted.load(Ordering::SeqCst)
    }

    /// The card was lifted: the connection to it ends.
    pub(super) fn lets_go(&mut self) {
        self.trace.inner_mut().inner = None;
    }

    /// The card came back.
    pub(super) fn goes_on_with(&mut self, transport: PcscTransport) {
        self.trace.note("tap", "the card was laid on again");
        self.trace.inner_mut().inner = Some(transport);
    }

    pub(super) fn tap(
        &mut self,
        reading: &mut Reading,
        access: &Access,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Tap, ReadError> {
        let mut reset = |trace: &mut &mut Trace<Interruptible<PcscTransport>>| {
            let lifted = LinkLost::new("the card was lifted");
            let transport = trace.inner_mut().inner.as_mut().ok_or(lifted)?;
            transport.reset().map_err(|error: ReaderError| LinkLost::new(error.to_string()))
        };
        reading.tap(&mut self.trace, &mut reset, access, &mut self.rng, progress)
    }

    /// Writes the dump, if one was asked for.
    pub(super) fn write(mut self, reading: &Reading, outcome: &Result<(), Failure>) -> Result<(), Failure> {
        let Some(path) = self.path.clone() else { return Ok(()) };
        if self.with_secrets {
            let drawn = Zeroizing::new(hex::encode_upper(self.rng.drawn()));
            self.trace.note("random", &drawn);
        }
        let told = match outcome {
            Err(failure) => failure.code(),
            Ok(()) if reading.evidence().complete => "complete",
            Ok(()) => "incomplete",
        };
        self.trace.note("outcome", told);
        // It is the name of the card: a trace without secrets does not tell whose it is.
        if let Some(digest) = reading.evidence().sod_sha256().filter(|_| self.with_secrets) {
            self.trace.note("sod-sha256", &hex::encode(digest));
        }
        write_private(&path, Zeroizing::new(self.trace.dump()).as_bytes())
    }
}
