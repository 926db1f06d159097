//! `61xx` and `6Cxx`: collecting an answer that the link cuts into pieces (ISO/IEC 7816-4 §5.3.4, §11.8.1).

use super::{Command, LengthForm, LinkLost, Response, StatusClass, StatusWord, Transport};

/// A transport that follows `61xx` with GET RESPONSE and repeats a command once for `6Cxx`.
///
/// The wrapped answer is bounded: at most [`GetResponse::MAX_ROUNDS`] rounds and [`GetResponse::MAX_BYTES`] bytes.
#[derive(Debug)]
pub struct GetResponse<T> {
    inner: T,
}

impl<T> GetResponse<T> {
    /// Most GET RESPONSE commands for one answer.
    pub const MAX_ROUNDS: usize = 1024;
    /// Most bytes of one collected answer.
    pub const MAX_BYTES: usize = 131_072;

    /// Wraps a transport.
    pub fn new(inner: T) -> Self {
        Self { inner }
    }

    /// The wrapped transport.
    pub fn into_inner(self) -> T {
        self.inner
    }

    /// The wrapped transport, borrowed.
    pub fn inner(&self) -> &T {
        &self.inner
    }
}

impl<T: Transport> GetResponse<T> {
    fn once(&mut self, command: &[u8]) -> Result<Response, LinkLost> {
        let answer = self.inner.transmit(command)?;
        Response::parse(&answer).ok_or_else(|| LinkLost::new("an answer without a status word"))
    }
}

impl<T: Transport> Transport for GetResponse<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let mut response = self.once(command)?;
        if let StatusClass::WrongExpectedLength { exact } = response.status.class()
            && response.data.is_empty()
            && let Ok(parsed) = Command::parse(command)
        {
            let again = parsed.with_expected_length(u32::from(exact)).with_form(LengthForm::Automatic);
            let bytes = again.to_bytes().map_err(|e| LinkLost::new(e.to_string()))?;
            response = self.once(&bytes)?;
        }
        // GET RESPONSE goes out on the same logical channel, without secure messaging or chaining bits.
        let channel = command.first().map_or(0, |cla| if cla & 0x80 == 0 { cla & 0x03 } else { 0 });
        let mut rounds = 0_usize;
        let mut exact_once = false;
        let mut collected = std::mem::take(&mut response.data);
        let mut status = response.status;
        let mut ask = match status.class() {
            StatusClass::MoreData { available } => Some(available),
            _ => None,
        };
        while let Some(expected) = ask.take() {
            rounds = rounds.saturating_add(1);
            if rounds > Self::MAX_ROUNDS {
                return Err(LinkLost::new("the card announces more and more data"));
            }
            let bytes = Command::new(channel, 0xC0, 0, 0)
                .with_expected_length(u32::from(expected))
                .to_bytes()
                .map_err(|e| LinkLost::new(e.to_string()))?;
            let part = self.once(&bytes)?;
            if collected.len().saturating_add(part.data.len()) > Self::MAX_BYTES {
                return Err(LinkLost::new("the card's answer is longer than any response"));
            }
            collected.extend_from_slice(&part.data);
            status = part.status;
            ask = match status.class() {
                StatusClass::MoreData { available } => Some(available),
                StatusClass::WrongExpectedLength { exact } if part.data.is_empty() && !exact_once => {
                    exact_once = true;
                    Some(exact)
                }
                _ => None,
            };
        }
        // A warning or error after the first piece keeps the pieces: the status word tells.
        debug_assert!(!matches!(status, StatusWord(0x6100..=0x61FF)));
        Ok(Response::new(collected, status).to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Script(Vec<(Vec<u8>, Vec<u8>)>);

    impl Transport for Script {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
            let (expected, answer) = self.0.remove(0);
            assert_eq!(command, expected);
            Ok(answer)
        }
    }

    #[test]
    fn pieces_are_joined() {
        let mut transport = GetResponse::new(Script(vec![
            (vec![0x0C, 0xB0, 0, 0, 0], vec![1, 2, 0x61, 0x02]),
            (vec![0x00, 0xC0, 0, 0, 2], vec![3, 4, 0x61, 0x01]),
            (vec![0x00, 0xC0, 0, 0, 1], vec![5, 0x90, 0x00]),
        ]));
        assert_eq!(transport.transmit(&[0x0C, 0xB0, 0, 0, 0]), Ok(vec![1, 2, 3, 4, 5, 0x90, 0x00]));
        assert!(transport.into_inner().0.is_empty());
    }

    #[test]
    fn the_exact_length_is_asked_for_once() {
        let mut transport = GetResponse::new(Script(vec![
            (vec![0, 0xB0, 0, 0, 0], vec![0x6C, 0x03]),
            (vec![0, 0xB0, 0, 0, 3], vec![0x6C, 0x04]),
        ]));
        assert_eq!(transport.transmit(&[0, 0xB0, 0, 0, 0]), Ok(vec![0x6C, 0x04]));
    }

    #[test]
    fn endless_announcements_end() {
        struct Endless;
        impl Transport for Endless {
            fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, LinkLost> {
                Ok(vec![0xAA, 0x61, 0x00])
            }
        }
        assert!(GetResponse::new(Endless).transmit(&[0, 0xB0, 0, 0, 0]).is_err());
    }
}
