//! Recording what went over a link, without recording secrets.

use super::{LinkLost, StatusWord, Transport, hex};
use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

/// What a trace keeps of each exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TraceContent {
    /// Headers, lengths and status words only.
    #[default]
    Lengths,
    /// The bytes too, except the data of the commands that carry passwords or key material, and their answers: VERIFY,
    /// CHANGE REFERENCE DATA, RESET RETRY COUNTER, MUTUAL, EXTERNAL and GENERAL AUTHENTICATE, PUT DATA, PUT KEY. Without
    /// them nobody comes from the protected bytes to what they say. The rest may be personal: keep it as one keeps
    /// evidence.
    BytesWithoutSecrets,
    /// Every byte. For synthetic cards and one's own only.
    AllBytes,
}

/// One command and its answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Exchange {
    /// CLA INS P1 P2 (shorter if the command was).
    pub header: Vec<u8>,
    /// Length of the whole command.
    pub command_length: usize,
    /// Length of the whole answer; `None` if the link was lost.
    pub response_length: Option<usize>,
    /// The status word.
    pub status: Option<StatusWord>,
    /// The command's bytes, if kept.
    pub command: Option<Vec<u8>>,
    /// The answer's bytes, if kept.
    pub response: Option<Vec<u8>>,
    /// How long the answer took, if a clock was given.
    pub took: Option<Duration>,
}

impl fmt::Debug for Exchange {
    /// Lengths only, whatever is kept.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchange {{ {}, {} bytes", hex(&self.header), self.command_length)?;
        match (self.response_length, self.status) {
            (Some(length), Some(status)) => write!(f, ", {length} bytes, {status} }}"),
            _ => f.write_str(", link lost }"),
        }
    }
}

/// How much went over a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Command APDUs.
    pub apdus: u64,
    /// Bytes of commands.
    pub bytes_out: u64,
    /// Bytes of answers.
    pub bytes_in: u64,
}

/// A clock that only measures: the time since any fixed moment.
pub type Stopwatch = Box<dyn FnMut() -> Duration + Send>;

/// A transport that records.
pub struct Trace<T> {
    inner: T,
    content: TraceContent,
    counters: Counters,
    exchanges: Vec<Exchange>,
    /// Each before the exchange of this number.
    notes: Vec<(usize, String)>,
    stopwatch: Option<Stopwatch>,
}

impl<T: fmt::Debug> fmt::Debug for Trace<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace")
            .field("inner", &self.inner)
            .field("content", &self.content)
            .field("exchanges", &self.exchanges.len())
            .finish_non_exhaustive()
    }
}

impl<T> Trace<T> {
    /// Most exchanges kept; the counters go on beyond.
    pub const MAX_EXCHANGES: usize = 100_000;

    /// Records lengths only.
    pub fn new(inner: T) -> Self {
        Self::with_content(inner, TraceContent::Lengths)
    }

    /// Records so much.
    pub fn with_content(inner: T, content: TraceContent) -> Self {
        Self {
            inner,
            content,
            counters: Counters::default(),
            exchanges: Vec::new(),
            notes: Vec::new(),
            stopwatch: None,
        }
    }

    /// With a clock, so that the dump tells how long each answer took.
    #[must_use]
    pub fn timed(mut self, stopwatch: Stopwatch) -> Self {
        self.stopwatch = Some(stopwatch);
        self
    }

    /// A note between the exchanges: a line `# KEY VALUE` of the dump. What is no printable character is left out.
    pub fn note(&mut self, key: &str, value: &str) {
        if self.notes.len() < Self::MAX_EXCHANGES {
            let line = format!("{key} {value}").chars().filter(|c| !c.is_control()).collect();
            self.notes.push((self.exchanges.len(), line));
        }
    }

    /// What went over the link so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The exchanges so far.
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// The wrapped transport.
    pub fn into_inner(self) -> T {
        self.inner
    }

    /// The wrapped transport, borrowed.
    pub fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// The human-readable dump that [`Replay`](super::Replay) reads: `> command`, `< answer`, `!` link lost; `#` begins a
    /// note or tells the time that an answer took. Bytes not kept are written as `..`.
    ///
    /// ```text
    /// # cccd apdu dump 2
    /// # atr 3B858001807384014056
    /// > 00B09C0000
    /// < 3114300D06082A…9000
    /// # 24 ms
    /// ```
    pub fn dump(&self) -> String {
        let mut text = String::from("# cccd apdu dump 2\n");
        let mut notes = self.notes.iter().peekable();
        let mut write_notes = |text: &mut String, until: usize| {
            while let Some((_, note)) = notes.next_if(|(before, _)| *before <= until) {
                let _ = writeln!(text, "# {note}");
            }
        };
        for (number, exchange) in self.exchanges.iter().enumerate() {
            write_notes(&mut text, number);
            match &exchange.command {
                Some(bytes) => {
                    let _ = writeln!(text, "> {}", hex(bytes));
                }
                None => {
                    let _ =
                        writeln!(text, "> {} .. {} bytes", hex(&exchange.header), exchange.command_length);
                }
            }
            match (&exchange.response, exchange.status) {
                (Some(bytes), _) => {
                    let _ = writeln!(text, "< {}", hex(bytes));
                }
                (None, Some(status)) => {
                    let length = exchange.response_length.unwrap_or_default();
                    let _ = writeln!(text, "< .. {status}, {length} bytes");
                }
                (None, None) => text.push_str("!\n"),
            }
            if let Some(took) = exchange.took {
                let _ = writeln!(text, "# {} ms", took.as_millis());
            }
        }
        write_notes(&mut text, usize::MAX);
        text
    }
}

/// Whether the command's data or answer hold key material or a password.
fn is_secret(command: &[u8]) -> bool {
    command.get(1).is_none_or(|ins| {
        matches!(ins, 0x20 | 0x21 | 0x24 | 0x25 | 0x2C | 0x2D | 0x82 | 0x86 | 0x87 | 0xDA | 0xDB | 0xD8)
    })
}

impl<T: Transport> Transport for Trace<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let start = self.stopwatch.as_mut().map(|clock| clock());
        let answer = self.inner.transmit(command);
        let took = start
            .zip(self.stopwatch.as_mut().map(|clock| clock()))
            .map(|(start, end)| end.saturating_sub(start));
        let keep = match self.content {
            TraceContent::Lengths => false,
            TraceContent::BytesWithoutSecrets => !is_secret(command),
            TraceContent::AllBytes => true,
        };
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        self.counters.apdus = self.counters.apdus.saturating_add(1);
        self.counters.bytes_out = self.counters.bytes_out.saturating_add(count(command.len()));
        let response = answer.as_deref().ok();
        if let Some(bytes) = response {
            self.counters.bytes_in = self.counters.bytes_in.saturating_add(count(bytes.len()));
        }
        if self.exchanges.len() < Self::MAX_EXCHANGES {
            self.exchanges.push(Exchange {
                header: command.iter().take(4).copied().collect(),
                command_length: command.len(),
                response_length: response.map(<[u8]>::len),
                status: response
                    .and_then(|bytes| bytes.last_chunk::<2>())
                    .map(|status| StatusWord(u16::from_be_bytes(*status))),
                command: keep.then(|| command.to_vec()),
                response: response.filter(|_| keep).map(<[u8]>::to_vec),
                took,
            });
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Replay, Transport};
    use super::*;

    struct Echo;
    impl Transport for Echo {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
            Ok([command, &[0x90, 0x00]].concat())
        }
    }

    #[test]
    fn secrets_are_not_kept() {
        let mut trace = Trace::with_content(Echo, TraceContent::BytesWithoutSecrets);
        for ins in [0x20, 0x24, 0x2C, 0x82, 0x86, 0xDA, 0xD8] {
            trace.transmit(&[0x0C, ins, 1, 0x66, 2, 0x31, 0x32]).unwrap();
        }
        trace.transmit(&[0, 0xB0, 0, 0, 0]).unwrap();
        assert_eq!(trace.counters(), Counters { apdus: 8, bytes_out: 54, bytes_in: 70 });
        assert!(trace.exchanges().iter().take(7).all(|exchange| exchange.command.is_none()));
        let dump = trace.dump();
        assert!(!dump.contains("3132") && dump.contains("> 0CDA0166 .. 7 bytes"), "{dump}");
        assert!(dump.contains("> 00B0000000"));
    }

    #[test]
    fn a_dump_is_readable_and_replays() {
        let mut ticks = 0;
        let clock = move || {
            ticks += 24;
            Duration::from_millis(ticks)
        };
        let mut trace = Trace::with_content(Echo, TraceContent::AllBytes).timed(Box::new(clock));
        trace.note("atr", "3B\n> 00");
        trace.transmit(&[0, 0xB0, 0, 0, 4]).unwrap();
        trace.note("outcome", "complete");
        let dump = trace.dump();
        assert_eq!(
            dump,
            "# cccd apdu dump 2\n# atr 3B> 00\n> 00B0000004\n< 00B00000049000\n# 24 ms\n# outcome complete\n"
        );
        let mut replay = Replay::parse(&dump).unwrap();
        assert_eq!(replay.note("outcome"), Some("complete"));
        assert_eq!(replay.note("reader"), None);
        assert_eq!(replay.transmit(&[0, 0xB0, 0, 0, 4]), Ok(vec![0, 0xB0, 0, 0, 4, 0x90, 0x00]));
        assert!(replay.is_finished());
        assert!(replay.transmit(&[0, 0xB0, 0, 0, 4]).is_err());
    }

    #[test]
    fn a_dump_without_bytes_does_not_replay() {
        let mut trace = Trace::new(Echo);
        trace.transmit(&[0, 0xB0, 0, 0, 4]).unwrap();
        assert!(Replay::parse(&trace.dump()).is_err());
    }
}
