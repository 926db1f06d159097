//! Recording what went over a link, without recording secrets.

use super::{LinkLost, StatusWord, Transport, hex};
use std::fmt;
use std::fmt::Write as _;

/// What a trace keeps of each exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TraceContent {
    /// Headers, lengths and status words only.
    #[default]
    Lengths,
    /// The bytes too, except the data of MUTUAL AUTHENTICATE, EXTERNAL AUTHENTICATE, GENERAL AUTHENTICATE, PUT
    /// DATA and PUT KEY and their answers. The rest may hold personal data: keep it as one keeps evidence.
    BytesWithoutSecrets,
    /// Every byte. For synthetic cards only.
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

/// A transport that records.
#[derive(Debug)]
pub struct Trace<T> {
    inner: T,
    content: TraceContent,
    counters: Counters,
    exchanges: Vec<Exchange>,
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
        Self { inner, content, counters: Counters::default(), exchanges: Vec::new() }
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

    /// The human-readable dump that [`Replay`](super::Replay) reads: `> command`, `< answer`, `!` link lost;
    /// `#` begins a comment. Bytes not kept are written as a comment with their number.
    pub fn dump(&self) -> String {
        let mut text = String::from("# cccd apdu dump 1\n");
        for (number, exchange) in self.exchanges.iter().enumerate() {
            let _ = writeln!(text, "# {number} {} bytes", exchange.command_length);
            match &exchange.command {
                Some(bytes) => {
                    let _ = writeln!(text, "> {}", hex(bytes));
                }
                None => {
                    let _ = writeln!(text, "> {} ..", hex(&exchange.header));
                }
            }
            match (&exchange.response, exchange.status) {
                (Some(bytes), _) => {
                    let _ = writeln!(text, "< {}", hex(bytes));
                }
                (None, Some(status)) => {
                    let _ = writeln!(text, "< .. {status}");
                }
                (None, None) => text.push_str("!\n"),
            }
        }
        text
    }
}

/// Whether the command's data or answer hold key material or a password.
fn is_secret(command: &[u8]) -> bool {
    command.get(1).is_none_or(|ins| matches!(ins, 0x82 | 0x86 | 0x87 | 0xDA | 0xDB | 0xD8))
}

impl<T: Transport> Transport for Trace<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let answer = self.inner.transmit(command);
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
        trace.transmit(&[0, 0xDA, 1, 0x66, 2, 0x31, 0x32]).unwrap();
        trace.transmit(&[0, 0xB0, 0, 0, 0]).unwrap();
        assert_eq!(trace.counters(), Counters { apdus: 2, bytes_out: 12, bytes_in: 16 });
        assert_eq!(trace.exchanges()[0].command, None);
        let dump = trace.dump();
        assert!(!dump.contains("3132") && dump.contains("> 00DA0166 ..") && dump.contains("> 00B0000000"));
    }

    #[test]
    fn a_dump_replays() {
        let mut trace = Trace::with_content(Echo, TraceContent::AllBytes);
        trace.transmit(&[0, 0xB0, 0, 0, 4]).unwrap();
        let mut replay = Replay::parse(&trace.dump()).unwrap();
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
