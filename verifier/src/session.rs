//! A session with a chip: what can be asked of it is the session's type.
//!
//! [`Session<T, Connected>`] reads what everyone may read and opens the chip by PACE or BAC. Only a
//! [`Session<T, Secured>`] reads the application's files and asks the chip for proof. A session whose protection broke is
//! given up; its transport comes back for another try.

mod read;

use cccd_card_profile::apdu::{Command, GetResponse, LinkLost, Response, StatusWord, Transport, exchange};
use cccd_card_profile::file_system::{Aid, ElementaryFile};
use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_card_profile::lds::security_infos::SecurityInfos;
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::protocol::active_authentication::{Challenge, internal_authenticate};
use cccd_card_profile::protocol::bac::{BacError, BacTerminal, BasicAccessKeys};
use cccd_card_profile::protocol::chip_authentication::{ChipAuthenticationError, ChipAuthenticationTerminal};
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::pace::{PaceError, PaceOffer, PaceProtocol, PaceTerminal, Password};
use cccd_card_profile::protocol::secure_messaging::{
    ChannelError, SecureChannel, SecureMessaging, SecureMessagingError,
};
use cccd_card_profile::protocol::{DriveError, drive};
use rand_core::CryptoRng;

pub use read::{BlockSizes, FileError};

/// Nothing is authenticated.
#[derive(Debug)]
pub struct Connected<T> {
    link: GetResponse<T>,
}

/// The chip is open, every exchange is protected.
#[derive(Debug)]
pub struct Secured<T: Transport> {
    channel: SecureChannel<GetResponse<T>>,
    cipher: Cipher,
    verified_before: u64,
}

/// A session in the state `S`.
#[derive(Debug)]
pub struct Session<S> {
    state: S,
}

/// Why the chip did not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The link is gone.
    #[error(transparent)]
    Link(#[from] LinkLost),
    /// The password is not this card's.
    #[error("the chip refuses the password")]
    WrongPassword,
    /// The chip does not take a password of this kind.
    #[error("the chip does not take a password of this kind: {0}")]
    PasswordNotOffered(StatusWord),
    /// The chip has not the application of an electronic document.
    #[error("the chip has no electronic document: SELECT answered {0}")]
    NoApplication(StatusWord),
    /// The chip does not follow the protocol.
    #[error("the chip does not complete the access protocol: {0}")]
    Protocol(String),
}

/// A chip that did not open: the session as it was, for another try, and why.
#[derive(Debug)]
pub struct NotOpened<T> {
    /// The session, nothing authenticated.
    pub session: Session<Connected<T>>,
    /// Why.
    pub error: OpenError,
}

impl<T> NotOpened<T> {
    fn boxed(session: Session<Connected<T>>, error: OpenError) -> Box<Self> {
        Box::new(Self { session, error })
    }
}

impl<T: Transport> Session<Connected<T>> {
    /// Begins with a card that was just reset or laid on the reader.
    pub fn connect(transport: T) -> Self {
        Self { state: Connected { link: GetResponse::new(transport) } }
    }

    /// EF.CardAccess, by its short identifier: the master file is never selected, the CCCD refuses that with `6D00`.
    /// Chips that need it are asked again by file identifier. `None` when the chip has no such file.
    ///
    /// # Errors
    /// When the link is lost.
    pub fn read_card_access(&mut self) -> Result<Option<Vec<u8>>, LinkLost> {
        let file = ElementaryFile::CardAccess;
        if let Some(bytes) = self.read_plain(file)? {
            return Ok(Some(bytes));
        }
        let select = Command::new(0x00, 0xA4, 0x02, 0x0C).with_data(file.file_id().to_bytes());
        if exchange(&mut self.state.link, &select)?.is_ok() {
            return read::plain_current(&mut self.state.link);
        }
        Ok(None)
    }

    /// EF.ATR/INFO, if the chip has one: the lengths that its interface carries (Doc 9303-10 §3.11.1).
    ///
    /// # Errors
    /// When the link is lost.
    pub fn read_atr_info(&mut self) -> Result<Option<AtrInfo>, LinkLost> {
        let file = ElementaryFile::AtrInfo;
        let command = read::by_short_identifier(file, 256);
        let answer = exchange(&mut self.state.link, &command)?;
        Ok(read::has_data(&answer).then(|| AtrInfo::parse(&answer.data).ok()).flatten())
    }

    fn read_plain(&mut self, file: ElementaryFile) -> Result<Option<Vec<u8>>, LinkLost> {
        let answer = exchange(&mut self.state.link, &read::by_short_identifier(file, 256))?;
        if !read::has_data(&answer) {
            return Ok(None);
        }
        read::plain_rest(&mut self.state.link, answer.data).map(Some)
    }

    /// PACE (Doc 9303-11 §4.4): MSE:SET AT and four GENERAL AUTHENTICATE, then SELECT of the application under the new
    /// keys. A failure gives the session back.
    ///
    /// # Errors
    /// The session as it was, and why.
    pub fn pace(
        mut self,
        protocol: PaceProtocol,
        parameters: DomainParameters,
        several: bool,
        password: &Password,
        rng: &mut dyn CryptoRng,
    ) -> Result<Session<Secured<T>>, Box<NotOpened<T>>> {
        let terminal = match PaceTerminal::new(PaceOffer::new(protocol, parameters), password, rng) {
            Ok(terminal) if several => terminal.naming_parameters(),
            Ok(terminal) => terminal,
            Err(error) => return Err(NotOpened::boxed(self, OpenError::Protocol(error.to_string()))),
        };
        match drive(&mut self.state.link, terminal) {
            Ok(outcome) => self.secured(outcome.session).select_application(),
            Err(DriveError::Link(lost)) => Err(NotOpened::boxed(self, OpenError::Link(lost))),
            Err(DriveError::Protocol(PaceError::WrongPassword(_) | PaceError::Token)) => {
                Err(NotOpened::boxed(self, OpenError::WrongPassword))
            }
            Err(DriveError::Protocol(PaceError::NotOffered(status))) => {
                Err(NotOpened::boxed(self, OpenError::PasswordNotOffered(status)))
            }
            Err(DriveError::Protocol(error)) => {
                Err(NotOpened::boxed(self, OpenError::Protocol(error.to_string())))
            }
        }
    }

    /// Basic Access Control (Doc 9303-11 §4.3): SELECT of the application, GET CHALLENGE, MUTUAL AUTHENTICATE.
    ///
    /// # Errors
    /// The session as it was, and why.
    pub fn bac(
        mut self,
        information: &MrzInformation,
        rng: &mut dyn CryptoRng,
    ) -> Result<Session<Secured<T>>, Box<NotOpened<T>>> {
        match exchange(&mut self.state.link, &select_application()) {
            Ok(answer) if answer.is_ok() => {}
            Ok(answer) => return Err(NotOpened::boxed(self, OpenError::NoApplication(answer.status))),
            Err(lost) => return Err(NotOpened::boxed(self, OpenError::Link(lost))),
        }
        let terminal = BacTerminal::new(BasicAccessKeys::new(information), rng);
        match drive(&mut self.state.link, terminal) {
            Ok(keys) => Ok(self.secured(keys)),
            Err(DriveError::Link(lost)) => Err(NotOpened::boxed(self, OpenError::Link(lost))),
            Err(DriveError::Protocol(BacError::Refused(_) | BacError::Answer)) => {
                Err(NotOpened::boxed(self, OpenError::WrongPassword))
            }
            Err(DriveError::Protocol(error)) => {
                Err(NotOpened::boxed(self, OpenError::Protocol(error.to_string())))
            }
        }
    }

    /// Leaves a broken session behind on chips that were not reset: a plain command makes the chip drop its keys
    /// (Doc 9303-11 §9.8.2), and brings those that allow it back to the master file. The answer does not matter.
    ///
    /// # Errors
    /// When the link is lost.
    pub fn settle(&mut self) -> Result<(), LinkLost> {
        let select = Command::new(0x00, 0xA4, 0x00, 0x0C).with_data([0x3F, 0x00]);
        exchange(&mut self.state.link, &select).map(drop)
    }

    /// The transport.
    pub fn into_transport(self) -> T {
        self.state.link.into_inner()
    }

    fn secured(self, keys: SecureMessaging) -> Session<Secured<T>> {
        let cipher = keys.cipher();
        Session {
            state: Secured { channel: SecureChannel::new(self.state.link, keys), cipher, verified_before: 0 },
        }
    }
}

fn select_application() -> Command {
    Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(Aid::LDS1.as_bytes())
}

impl<T: Transport> Session<Secured<T>> {
    fn select_application(mut self) -> Result<Self, Box<NotOpened<T>>> {
        let error = match self.state.channel.exchange(&select_application()) {
            Ok(answer) if answer.is_ok() => return Ok(self),
            Ok(answer) => OpenError::NoApplication(answer.status),
            Err(ChannelError::Link(lost)) => OpenError::Link(lost),
            Err(ChannelError::SecureMessaging(error)) => OpenError::Protocol(error.to_string()),
        };
        Err(NotOpened::boxed(self.abandon(), error))
    }

    /// Reads a file of the application, whole: one READ BINARY by short identifier at the largest block, the rest by
    /// offset (odd instruction beyond 32,767). No header is peeked at.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read_file(&mut self, file: ElementaryFile, blocks: BlockSizes) -> Result<Vec<u8>, FileError> {
        read::protected(&mut self.state.channel, file, blocks.block(self.state.cipher))
    }

    /// Chip Authentication (Doc 9303-11 §6.2). A completed run switches to the new keys and proves nothing: the next
    /// exchange must verify ([`Session::verified_since_new_keys`]).
    ///
    /// # Errors
    /// When the chip refuses, or its protection broke.
    pub fn chip_authentication(&mut self, terminal: ChipAuthenticationTerminal) -> Result<(), ProofError> {
        match drive(&mut self.state.channel, terminal) {
            Ok(claimed) => {
                self.state.verified_before =
                    self.state.verified_before.saturating_add(self.state.channel.protected_exchanges());
                let keys = claimed.into_unproven_session();
                self.state.cipher = keys.cipher();
                self.state.channel.replace_session(keys);
                Ok(())
            }
            Err(DriveError::Protocol(error)) => Err(ProofError::ChipAuthentication(error)),
            Err(DriveError::Link(lost)) => Err(self.channel_fault(lost)),
        }
    }

    /// Active Authentication (Doc 9303-11 §6.1): the chip's answer to the challenge, not yet judged.
    ///
    /// # Errors
    /// When the chip refuses, or its protection broke.
    pub fn active_authentication(
        &mut self,
        challenge: &Challenge,
        blocks: BlockSizes,
    ) -> Result<Vec<u8>, ProofError> {
        let expected = if blocks.extended { 65_536 } else { 256 };
        match self.state.channel.exchange(&internal_authenticate(challenge, expected)) {
            Ok(Response { data, status }) if status.is_ok() && !data.is_empty() => Ok(data),
            Ok(Response { status, .. }) => Err(ProofError::Refused(status)),
            Err(ChannelError::Link(lost)) => Err(ProofError::Link(lost)),
            Err(ChannelError::SecureMessaging(error)) => Err(ProofError::SecureMessaging(error)),
        }
    }

    /// How many answers verified since the keys last changed. After Chip Authentication, one is the proof.
    pub fn verified_since_new_keys(&self) -> u64 {
        self.state.channel.protected_exchanges()
    }

    /// How many answers verified in this session.
    pub fn verified(&self) -> u64 {
        self.state.verified_before.saturating_add(self.verified_since_new_keys())
    }

    /// The first answer that did not hold, if one did not.
    pub fn fault(&self) -> Option<SecureMessagingError> {
        self.state.channel.fault()
    }

    /// Gives the session up.
    pub fn abandon(self) -> Session<Connected<T>> {
        Session { state: Connected { link: self.state.channel.into_inner() } }
    }

    fn channel_fault(&self, lost: LinkLost) -> ProofError {
        match self.state.channel.fault() {
            Some(error) => ProofError::SecureMessaging(error),
            None => ProofError::Link(lost),
        }
    }
}

/// Why the chip gave no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The link is gone.
    #[error(transparent)]
    Link(#[from] LinkLost),
    /// The protection broke: the session is over.
    #[error(transparent)]
    SecureMessaging(#[from] SecureMessagingError),
    /// Chip Authentication was refused.
    #[error(transparent)]
    ChipAuthentication(#[from] ChipAuthenticationError),
    /// The chip refused to sign.
    #[error("the chip refuses to sign: {0}")]
    Refused(StatusWord),
}

/// The security infos of EF.CardAccess, if they can be read.
#[must_use]
pub fn parse_card_access(file: &[u8]) -> Option<SecurityInfos> {
    cccd_card_profile::lds::card_access::parse(file).ok()
}
