//! Commands and responses of ISO/IEC 7816-4, and the one function that is the transport.
//!
//! A [`Transport`] takes bytes and gives bytes. A card that refuses is an answer with a status word; only a
//! lost link is an error. Secure messaging, [`GetResponse`], [`Fused`], [`Trace`] and [`Replay`] are transports again.

mod answer_to_reset;
mod command;
mod fused;
mod get_response;
mod replay;
mod status_word;
mod trace;

pub use answer_to_reset::AnswerToReset;
pub use command::{Command, CommandError, LengthForm};
pub use fused::Fused;
pub use get_response::GetResponse;
pub use replay::{DumpError, Replay};
pub use status_word::{StatusClass, StatusWord};
pub use trace::{Counters, Exchange, Stopwatch, Trace, TraceContent};

use zeroize::Zeroizing;

/// The link to the card is gone: no answer will come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the link to the card was lost: {reason}")]
pub struct LinkLost {
    reason: String,
}

impl LinkLost {
    /// A lost link, with what is known of the cause.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }

    /// What is known of the cause.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Bytes in, bytes out: one command APDU, one response APDU (data, then the two bytes of the status word).
pub trait Transport {
    /// Sends one command APDU and waits for its response APDU.
    ///
    /// # Errors
    /// [`LinkLost`] when no answer can come; a refusal of the card is an `Ok` answer.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost>;
}

impl<T: Transport + ?Sized> Transport for &mut T {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        (**self).transmit(command)
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        (**self).transmit(command)
    }
}

/// Sends a command and parses the answer.
///
/// # Errors
/// [`LinkLost`] from the transport, or when the answer has no status word.
pub fn exchange<T: Transport + ?Sized>(transport: &mut T, command: &Command) -> Result<Response, LinkLost> {
    let bytes = Zeroizing::new(command.to_bytes().map_err(|e| LinkLost::new(e.to_string()))?);
    let answer = transport.transmit(&bytes)?;
    Response::parse(&answer).ok_or_else(|| LinkLost::new("an answer shorter than a status word"))
}

/// A response APDU (ISO/IEC 7816-4 §5.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The response data field.
    pub data: Vec<u8>,
    /// SW1 and SW2.
    pub status: StatusWord,
}

impl Response {
    /// Longest response: 65,536 bytes of data and the status word.
    pub const MAX_LENGTH: usize = 65_538;

    /// A response with data.
    #[must_use]
    pub fn new(data: impl Into<Vec<u8>>, status: StatusWord) -> Self {
        Self { data: data.into(), status }
    }

    /// `9000` with data.
    #[must_use]
    pub fn ok(data: impl Into<Vec<u8>>) -> Self {
        Self::new(data, StatusWord::OK)
    }

    /// A status word alone.
    #[must_use]
    pub fn status(status: StatusWord) -> Self {
        Self::new(Vec::new(), status)
    }

    /// Splits the status word off; `None` when the bytes are shorter than that or longer than any response.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > Self::MAX_LENGTH {
            return None;
        }
        let (data, status) = bytes.split_last_chunk::<2>()?;
        Some(Self { data: data.to_vec(), status: StatusWord(u16::from_be_bytes(*status)) })
    }

    /// The bytes on the link.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.data.clone();
        bytes.extend_from_slice(&self.status.0.to_be_bytes());
        bytes
    }

    /// Whether the status word is `9000`.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.status.is_ok()
    }
}

impl From<StatusWord> for Response {
    fn from(status: StatusWord) -> Self {
        Self::status(status)
    }
}

impl std::fmt::Debug for Response {
    /// Lengths only: the data may be a citizen's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Response {{ data: {} bytes, status: {} }}", self.data.len(), self.status)
    }
}

#[cfg(test)]
pub(crate) use replay::from_hex;

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_shorter_than_its_status_word_is_none() {
        assert_eq!(Response::parse(&[0x90]), None);
        assert_eq!(Response::parse(&[0x90, 0x00]), Some(Response::status(StatusWord::OK)));
        assert_eq!(Response::parse(&vec![0; 65_539]), None);
    }

    #[test]
    fn debug_shows_no_data() {
        assert_eq!(
            format!("{:?}", Response::ok(b"secret".to_vec())),
            "Response { data: 6 bytes, status: 9000 }"
        );
    }
}
