//! A session over a transport: a transport again.

use super::{SecureMessaging, SecureMessagingError};
use crate::apdu::{Command, LinkLost, Response, Transport, exchange};

/// Why an exchange over a [`SecureChannel`] gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// No answer came.
    #[error(transparent)]
    Link(#[from] LinkLost),
    /// An answer came that does not hold.
    #[error(transparent)]
    SecureMessaging(#[from] SecureMessagingError),
}

/// The terminal's protected channel: plain commands in, plain answers out.
///
/// As a [`Transport`] it can only say that the link is lost; [`SecureChannel::fault`] tells whether the reason was
/// a broken protection, which is a finding about the card or its neighbourhood and not about the reader.
#[derive(Debug)]
pub struct SecureChannel<T> {
    inner: T,
    session: SecureMessaging,
    fault: Option<SecureMessagingError>,
    protected_exchanges: u64,
}

impl<T: Transport> SecureChannel<T> {
    /// Opens the channel.
    pub fn new(inner: T, session: SecureMessaging) -> Self {
        Self { inner, session, fault: None, protected_exchanges: 0 }
    }

    /// The first broken protection.
    pub fn fault(&self) -> Option<SecureMessagingError> {
        self.fault
    }

    /// How many answers were verified under this session. After Chip Authentication, one is the proof.
    pub fn protected_exchanges(&self) -> u64 {
        self.protected_exchanges
    }

    /// Goes on with another session (Chip Authentication restarts secure messaging, Doc 9303-11 §6.2).
    pub fn replace_session(&mut self, session: SecureMessaging) {
        self.session = session;
        self.protected_exchanges = 0;
    }

    /// The wrapped transport.
    pub fn into_inner(self) -> T {
        self.inner
    }

    /// The wrapped transport, borrowed.
    pub fn inner_mut(&mut self) -> &mut T {
        &mut self.inner
    }

    /// Sends a command under protection.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub fn exchange(&mut self, command: &Command) -> Result<Response, ChannelError> {
        let result = self.run(command);
        match &result {
            Ok(_) => self.protected_exchanges = self.protected_exchanges.saturating_add(1),
            Err(ChannelError::SecureMessaging(error)) if self.fault.is_none() => self.fault = Some(*error),
            Err(_) => {}
        }
        result
    }

    fn run(&mut self, command: &Command) -> Result<Response, ChannelError> {
        let protected = self.session.protect_command(command)?;
        let answer = exchange(&mut self.inner, &protected)?;
        Ok(self.session.unprotect_response(&answer)?)
    }
}

impl<T: Transport> Transport for SecureChannel<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let command = Command::parse(command).map_err(|error| LinkLost::new(error.to_string()))?;
        match self.exchange(&command) {
            Ok(response) => Ok(response.to_bytes()),
            Err(ChannelError::Link(lost)) => Err(lost),
            Err(ChannelError::SecureMessaging(error)) => Err(LinkLost::new(error.to_string())),
        }
    }
}
