//! A session with a chip: what can be asked of it is the session's type.
//!
//! [`Session<T, Connected>`] reads what everyone may read and opens the chip by PACE or BAC. Only a
//! [`Session<T, Secured>`] reads the application's files and asks the chip for proof. A session whose protection broke is
//! given up; its transport comes back for another try.

mod blocks;
mod pace;
mod read;

use cccd_card_profile::apdu::{
    Command, GetResponse, LinkLost, Response, StatusClass, StatusWord, Transport, exchange,
};
use cccd_card_profile::file_system::{Aid, ElementaryFile};
use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_card_profile::lds::security_infos::SecurityInfos;
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::protocol::active_authentication::{Challenge, internal_authenticate};
use cccd_card_profile::protocol::bac::{BacError, BacTerminal, BasicAccessKeys};
use cccd_card_profile::protocol::chip_authentication::{
    ChipAuthentication2Terminal, ChipAuthenticationError, ChipAuthenticationTerminal,
};
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::secure_messaging::{
    ChannelError, SecureChannel, SecureMessaging, SecureMessagingError,
};
use cccd_card_profile::protocol::terminal_authentication::{
    ChipIdentifier, KeyWitness, TerminalAuthenticationError, TerminalAuthenticationTerminal,
};
use cccd_card_profile::protocol::{DriveError, drive};
use cccd_cvc::{Certificate, PrivateKey};
use rand_core::CryptoRng;

pub use blocks::BlockSizes;
pub use pace::{PaceAttempt, PaceOpened, PaceShown};
pub use read::{FileError, PartialFile};

use read::PlainFile;

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
    /// What Terminal Authentication calls the chip.
    identifier: Option<ChipIdentifier>,
    /// Our ephemeral key of Chip Authentication, compressed.
    ephemeral: Option<Vec<u8>>,
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
    /// The card access number beside a PIN is not this card's; the PIN was not tried.
    #[error("the chip refuses the card access number beside the PIN")]
    WrongCan,
    /// The PUK is not this card's; the PIN stays blocked.
    #[error("the chip refuses the PUK")]
    WrongPuk,
    /// The chip does not unblock a PIN by the PUK; the PIN stays blocked.
    #[error("the chip does not unblock the PIN by the PUK: {0}")]
    PukNotOffered(StatusWord),
    /// The PIN is wrong, and so many tries are left.
    #[error("the chip refuses the PIN; tries left: {left}")]
    WrongPin {
        /// How many.
        left: u8,
    },
    /// One try is left of the PIN, and the chip takes it only after the card access number.
    #[error("the PIN has one try left")]
    PinSuspended,
    /// No try is left of the PIN.
    #[error("the PIN is blocked")]
    PinBlocked,
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

    /// The same, told more exactly.
    fn because(self, told: impl FnOnce(OpenError) -> OpenError) -> Box<Self> {
        Self::boxed(self.session, told(self.error))
    }
}

impl<T: Transport> Session<Connected<T>> {
    /// Begins with a card that was just reset or laid on the reader.
    pub fn connect(transport: T) -> Self {
        Self { state: Connected { link: GetResponse::new(transport) } }
    }

    /// What everyone may read: EF.CardAccess and, where wanted, EF.ATR/INFO with the lengths that the chip's interface
    /// carries (Doc 9303-10 §3.11). Both by short identifier: the CCCD refuses SELECT of the master file with `6D00`.
    ///
    /// A chip that has EF.ATR/INFO and says that it has no EF.CardAccess is believed. Any other is asked again by SELECT,
    /// at last after a SELECT of the master file: a chip that merely does not take short identifiers must not look like
    /// one without PACE.
    ///
    /// # Errors
    /// When the link is lost.
    pub fn prepare(&mut self, lengths: bool) -> Result<Prepared, LinkLost> {
        let file = ElementaryFile::CardAccess;
        let first = read::plain(&mut self.state.link, file, false)?;
        let atr_info = if lengths { self.read_atr_info()? } else { None };
        let card_access = match first {
            PlainFile::Content(bytes) => Some(bytes),
            PlainFile::Absent if atr_info.is_some() => None,
            PlainFile::Absent | PlainFile::Refused => self.selected_card_access()?,
        };
        Ok(Prepared { card_access, atr_info })
    }

    fn read_atr_info(&mut self) -> Result<Option<AtrInfo>, LinkLost> {
        let command = read::by_short_identifier(ElementaryFile::AtrInfo, 256);
        let answer = exchange(&mut self.state.link, &command)?;
        Ok(read::has_data(&answer).then(|| AtrInfo::parse(&answer.data).ok()).flatten())
    }

    fn selected_card_access(&mut self) -> Result<Option<Vec<u8>>, LinkLost> {
        let file = ElementaryFile::CardAccess;
        if let PlainFile::Content(bytes) = read::plain(&mut self.state.link, file, true)? {
            return Ok(Some(bytes));
        }
        if !exchange(&mut self.state.link, &select_master_file())?.is_ok() {
            return Ok(None);
        }
        match read::plain(&mut self.state.link, file, true)? {
            PlainFile::Content(bytes) => Ok(Some(bytes)),
            PlainFile::Absent | PlainFile::Refused => Ok(None),
        }
    }

    /// EF.DIR, the applications of the chip (Doc 9303-10 §3.11.2), if it has one. No reading needs it: a card of this
    /// profile has the one application. By short identifier, then by SELECT.
    ///
    /// # Errors
    /// When the link is lost.
    pub fn read_dir(&mut self) -> Result<Option<Vec<u8>>, LinkLost> {
        for by_selection in [false, true] {
            if let PlainFile::Content(bytes) =
                read::plain(&mut self.state.link, ElementaryFile::Dir, by_selection)?
            {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
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
        let link = &mut self.state.link;
        match select(|command| exchange(link, command)) {
            Ok(status) if status.is_ok() => {}
            Ok(status) => return Err(NotOpened::boxed(self, OpenError::NoApplication(status))),
            Err(lost) => return Err(NotOpened::boxed(self, OpenError::Link(lost))),
        }
        let terminal = BacTerminal::new(BasicAccessKeys::new(information), rng);
        match drive(&mut self.state.link, terminal) {
            Ok(keys) => Ok(self.secured(keys, Some(ChipIdentifier::bac(information)))),
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
        exchange(&mut self.state.link, &select_master_file()).map(drop)
    }

    /// The transport.
    pub fn into_transport(self) -> T {
        self.state.link.into_inner()
    }

    fn secured(self, keys: SecureMessaging, identifier: Option<ChipIdentifier>) -> Session<Secured<T>> {
        let cipher = keys.cipher();
        Session {
            state: Secured {
                channel: SecureChannel::new(self.state.link, keys),
                cipher,
                verified_before: 0,
                identifier,
                ephemeral: None,
            },
        }
    }
}

fn select_master_file() -> Command {
    Command::new(0x00, 0xA4, 0x00, 0x0C).with_data([0x3F, 0x00])
}

/// SELECT of the application (Doc 9303-10 §3.3), without an answer and without Le, which some chips refuse here. Others
/// refuse to answer nothing: they are asked for their file control information.
fn select<E>(mut ask: impl FnMut(&Command) -> Result<Response, E>) -> Result<StatusWord, E> {
    let command = |p2| Command::new(0x00, 0xA4, 0x04, p2).with_data(Aid::LDS1.as_bytes());
    let status = ask(&command(0x0C))?.status;
    if read::is_about_length(status) || status == StatusWord::FUNCTION_NOT_SUPPORTED {
        return Ok(ask(&command(0x00).with_expected_length(256))?.status);
    }
    Ok(status)
}

impl<T: Transport> Session<Secured<T>> {
    /// SELECT of the application (Doc 9303-10 §3.4): from here on its files are read.
    ///
    /// # Errors
    /// The session, given up, and why.
    pub fn select_application(mut self) -> Result<Self, Box<NotOpened<T>>> {
        let channel = &mut self.state.channel;
        let error = match select(|command| channel.exchange(command)) {
            Ok(status) if status.is_ok() => return Ok(self),
            Ok(status) => OpenError::NoApplication(status),
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
        let (mut partial, mut blocks) = (PartialFile::new(file), blocks);
        self.read_on(&mut partial, &mut blocks)?;
        Ok(partial.into_bytes())
    }

    /// Reads a file on, from where it stands; whatever happens, what came is kept in it. A chip that refuses a length
    /// under protection is asked for smaller blocks, which are left in `blocks` for what follows.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read_on(&mut self, partial: &mut PartialFile, blocks: &mut BlockSizes) -> Result<(), FileError> {
        read::protected(&mut self.state.channel, partial, blocks, self.state.cipher)
    }

    /// One exchange that changes nothing: the first byte of EF.SOD. After Chip Authentication, its answer is the proof.
    ///
    /// # Errors
    /// [`FileError`]; that the chip refuses is an answer.
    pub fn confirm(&mut self) -> Result<(), FileError> {
        self.state.channel.exchange(&read::by_short_identifier(ElementaryFile::Sod, 1))?;
        Ok(())
    }

    /// Chip Authentication (Doc 9303-11 §6.2). A completed run switches to the new keys and proves nothing: the next
    /// exchange must verify ([`Session::verified_since_new_keys`]).
    ///
    /// # Errors
    /// When the chip refuses, or its protection broke.
    pub fn chip_authentication(&mut self, terminal: ChipAuthenticationTerminal) -> Result<(), ProofError> {
        let mut witness = KeyWitness::new(&mut self.state.channel);
        let outcome = drive(&mut witness, terminal);
        let ephemeral = witness.terminal_key().map(<[u8]>::to_vec);
        match outcome {
            Ok(claimed) => {
                self.state.ephemeral = ephemeral;
                self.replace_keys(claimed.into_unproven_session());
                Ok(())
            }
            Err(DriveError::Protocol(error)) => Err(ProofError::ChipAuthentication(error)),
            Err(DriveError::Link(lost)) => Err(self.channel_fault(lost)),
        }
    }

    /// Chip Authentication version 2 (TR-03110-2 §3.4.1). A completed run is the proof, by the chip's token; what follows
    /// goes on under the new keys.
    ///
    /// # Errors
    /// When the chip refuses, its token is wrong, or its protection broke.
    pub fn chip_authentication_2(&mut self, terminal: ChipAuthentication2Terminal) -> Result<(), ProofError> {
        match drive(&mut self.state.channel, terminal) {
            Ok(keys) => {
                self.replace_keys(keys);
                Ok(())
            }
            Err(DriveError::Protocol(error)) => Err(ProofError::ChipAuthentication(error)),
            Err(DriveError::Link(lost)) => Err(self.channel_fault(lost)),
        }
    }

    fn replace_keys(&mut self, keys: SecureMessaging) {
        self.state.verified_before =
            self.state.verified_before.saturating_add(self.state.channel.protected_exchanges());
        self.state.cipher = keys.cipher();
        self.state.channel.replace_session(keys);
    }

    /// Terminal Authentication version 1 (TR-03110-1 §3.5) with the ephemeral key of the Chip Authentication before:
    /// shows the chip what this terminal may read. `largest` is the most data of one command. What the chip refuses is an
    /// answer.
    ///
    /// # Errors
    /// When the link was lost, or the protection broke.
    pub fn terminal_authentication(
        &mut self,
        chain: &[&Certificate],
        key: &PrivateKey,
        largest: usize,
        rng: &mut dyn CryptoRng,
    ) -> Result<Result<(), TerminalAuthenticationError>, ProofError> {
        let (Some(identifier), Some(ephemeral)) = (self.state.identifier.clone(), &self.state.ephemeral)
        else {
            return Ok(Err(TerminalAuthenticationError::Malformed));
        };
        let terminal =
            TerminalAuthenticationTerminal::version1(chain, key, identifier, ephemeral, largest, rng);
        Self::shown_terminal(drive(&mut self.state.channel, terminal))
            .map_err(|lost| self.channel_fault(lost))
    }

    /// Terminal Authentication version 2 (TR-03110-2 §3.3), before the Chip Authentication that will use the ephemeral
    /// key of this compressed form: what the terminal may read opens with that.
    ///
    /// # Errors
    /// When the link was lost, or the protection broke.
    pub fn terminal_authentication_2(
        &mut self,
        chain: &[&Certificate],
        key: &PrivateKey,
        ephemeral: &[u8],
        largest: usize,
        rng: &mut dyn CryptoRng,
    ) -> Result<Result<(), TerminalAuthenticationError>, ProofError> {
        let Some(identifier) = self.state.identifier.clone() else {
            return Ok(Err(TerminalAuthenticationError::Malformed));
        };
        let terminal =
            TerminalAuthenticationTerminal::version2(chain, key, identifier, ephemeral, &[], largest, rng);
        Self::shown_terminal(drive(&mut self.state.channel, terminal))
            .map_err(|lost| self.channel_fault(lost))
    }

    fn shown_terminal(
        outcome: Result<(), DriveError<TerminalAuthenticationError>>,
    ) -> Result<Result<(), TerminalAuthenticationError>, LinkLost> {
        match outcome {
            Ok(()) => Ok(Ok(())),
            Err(DriveError::Protocol(error)) => Ok(Err(error)),
            Err(DriveError::Link(lost)) => Err(lost),
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
        let channel = &mut self.state.channel;
        let mut ask = |expected| channel.exchange(&internal_authenticate(challenge, expected));
        let mut answer = if blocks.extended {
            let answer = ask(65_536)?;
            // Some chips refuse the long Le here, others answer it with nothing.
            let refused = read::is_about_length(answer.status) || answer.is_ok() && answer.data.is_empty();
            if refused { ask(256)? } else { answer }
        } else {
            ask(256)?
        };
        if let StatusClass::WrongExpectedLength { exact } = answer.status.class() {
            answer = ask(u32::from(exact))?;
        }
        if answer.is_ok() && !answer.data.is_empty() {
            Ok(answer.data)
        } else {
            Err(ProofError::Refused(answer.status))
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

impl From<ChannelError> for ProofError {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Link(lost) => Self::Link(lost),
            ChannelError::SecureMessaging(error) => Self::SecureMessaging(error),
        }
    }
}

/// Whether a refusal can be about a length: a chip that did not take a long one may take a short one.
#[must_use]
pub fn is_about_length(status: StatusWord) -> bool {
    read::is_about_length(status)
}

/// What everyone may read of a chip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prepared {
    /// EF.CardAccess, if the chip has one.
    pub card_access: Option<Vec<u8>>,
    /// EF.ATR/INFO, if the chip has one that can be understood.
    pub atr_info: Option<AtrInfo>,
}

/// The security infos of EF.CardAccess, if they can be read.
#[must_use]
pub fn parse_card_access(file: &[u8]) -> Option<SecurityInfos> {
    cccd_card_profile::lds::card_access::parse(file).ok()
}
