//! PACE, as a session runs it (Doc 9303-11 §4.4, TR-03110-2 §2.5).

use cccd_card_profile::apdu::Transport;
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::protocol::pace::{
    MappingProof, PaceError, PaceOffer, PaceOutcome, PaceTerminal, Password, reset_retry_counter,
};
use cccd_card_profile::protocol::terminal_authentication::ChipIdentifier;
use cccd_card_profile::protocol::{DriveError, drive};
use rand_core::CryptoRng;

use super::{BlockSizes, ChannelError, Connected, FileError, NotOpened, OpenError, Secured, Session};

/// How PACE is run.
#[derive(Debug, Clone, Copy)]
pub struct PaceAttempt<'a> {
    /// The variant.
    pub offer: PaceOffer,
    /// The chip announces several: the domain parameters are named.
    pub several: bool,
    /// The password.
    pub password: &'a Password,
    /// At which blocks EF.CardSecurity is read, with the chip authentication mapping.
    pub blocks: BlockSizes,
}

/// What a chip shows on the way, beside that it knows the password.
#[derive(Debug, Default)]
pub struct PaceShown {
    /// With the chip authentication mapping: what it shows of its static key.
    pub proof: Option<MappingProof>,
    /// EF.CardSecurity, which holds that key; read with the chip authentication mapping only.
    pub card_security: Option<Result<Vec<u8>, FileError>>,
}

/// An open session with what the chip showed, or the session back.
pub type PaceOpened<T> = Result<(Session<Secured<T>>, PaceShown), Box<NotOpened<T>>>;

impl PaceAttempt<'_> {
    fn terminal(&self, rng: &mut dyn CryptoRng) -> Result<PaceTerminal, OpenError> {
        let terminal = PaceTerminal::new(self.offer, self.password, rng).map_err(OpenError::of_pace)?;
        Ok(if self.several { terminal.naming_parameters() } else { terminal })
    }

    fn with<'b>(&self, password: &'b Password) -> PaceAttempt<'b> {
        PaceAttempt { offer: self.offer, several: self.several, password, blocks: self.blocks }
    }
}

impl OpenError {
    fn of_pace(error: PaceError) -> Self {
        match error {
            PaceError::WrongPassword(status) => match status.as_tries_left() {
                Some(left) => Self::WrongPin { left },
                None => Self::WrongPassword,
            },
            PaceError::Token => Self::WrongPassword,
            PaceError::PinSuspended => Self::PinSuspended,
            PaceError::PinBlocked => Self::PinBlocked,
            PaceError::NotOffered(status) => Self::PasswordNotOffered(status),
            error => Self::Protocol(error.to_string()),
        }
    }
}

impl From<DriveError<PaceError>> for OpenError {
    fn from(error: DriveError<PaceError>) -> Self {
        match error {
            DriveError::Link(lost) => Self::Link(lost),
            DriveError::Protocol(error) => Self::of_pace(error),
        }
    }
}

impl<T: Transport> Session<Connected<T>> {
    /// PACE (Doc 9303-11 §4.4): MSE:SET AT and four GENERAL AUTHENTICATE, with the chip authentication mapping EF.CardSecurity,
    /// then SELECT of the application under the new keys. A failure gives the session back.
    ///
    /// # Errors
    /// The session as it was, and why.
    pub fn pace(self, attempt: &PaceAttempt<'_>, rng: &mut dyn CryptoRng) -> PaceOpened<T> {
        let (session, proof) = self.established(attempt, rng)?;
        session.shown(proof, attempt.blocks)
    }

    /// As [`Session::pace`], and stays in the master file: there [`Session::read_file`] reads EF.CardSecurity, which
    /// shares its identifiers with the application's EF.SOD (Doc 9303-10 §3.11.4). [`Session::select_application`]
    /// goes on.
    ///
    /// # Errors
    /// The session as it was, and why.
    pub fn pace_in_master_file(
        self,
        attempt: &PaceAttempt<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Session<Secured<T>>, Box<NotOpened<T>>> {
        self.established(attempt, rng).map(|(session, _)| session)
    }

    /// PACE with a PIN that has one try left: within a session that the card access number opens (TR-03110-2 §2.5).
    ///
    /// # Errors
    /// The session as it was, and why.
    pub fn pace_resuming(
        self,
        attempt: &PaceAttempt<'_>,
        card_access_number: &Password,
        rng: &mut dyn CryptoRng,
    ) -> PaceOpened<T> {
        let (mut session, _) =
            self.established(&attempt.with(card_access_number), rng).map_err(|not_opened| {
                not_opened.because(|error| match error {
                    OpenError::WrongPassword | OpenError::WrongPin { .. } => OpenError::WrongCan,
                    other => other,
                })
            })?;
        let terminal = match attempt.terminal(rng) {
            Ok(terminal) => terminal.spending_the_last_try(),
            Err(error) => return Err(NotOpened::boxed(session.abandon(), error)),
        };
        match drive(&mut session.state.channel, terminal) {
            Ok(PaceOutcome { session: keys, mapping_proof, chip_identity, .. }) => {
                session.state.identifier = Some(ChipIdentifier::pace(&chip_identity));
                session.replace_keys(keys);
                session.shown(mapping_proof, attempt.blocks)
            }
            Err(error) => Err(NotOpened::boxed(session.abandon(), error.into())),
        }
    }

    /// Unblocks the PIN by the PUK, which `attempt` has: PACE, RESET RETRY COUNTER, and out again (TR-03110-3 B.12).
    ///
    /// # Errors
    /// The session as it was, and why.
    pub fn unblock_pin(
        self,
        attempt: &PaceAttempt<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, Box<NotOpened<T>>> {
        let (mut session, _) = self.established(attempt, rng).map_err(|not_opened| {
            not_opened.because(|error| match error {
                OpenError::WrongPassword | OpenError::WrongPin { .. } => OpenError::WrongPuk,
                OpenError::PasswordNotOffered(status) => OpenError::PukNotOffered(status),
                other => other,
            })
        })?;
        let error = match session.state.channel.exchange(&reset_retry_counter(None)) {
            Ok(answer) if answer.is_ok() => None,
            Ok(answer) => Some(OpenError::PukNotOffered(answer.status)),
            Err(ChannelError::Link(lost)) => Some(OpenError::Link(lost)),
            Err(ChannelError::SecureMessaging(error)) => Some(OpenError::Protocol(error.to_string())),
        };
        let mut session = session.abandon();
        match error.or_else(|| session.settle().err().map(OpenError::Link)) {
            Some(error) => Err(NotOpened::boxed(session, error)),
            None => Ok(session),
        }
    }

    #[expect(clippy::type_complexity, reason = "a session with its proof, or the session back")]
    fn established(
        mut self,
        attempt: &PaceAttempt<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Session<Secured<T>>, Option<MappingProof>), Box<NotOpened<T>>> {
        let terminal = match attempt.terminal(rng) {
            Ok(terminal) => terminal,
            Err(error) => return Err(NotOpened::boxed(self, error)),
        };
        match drive(&mut self.state.link, terminal) {
            Ok(outcome) => {
                let identifier = ChipIdentifier::pace(&outcome.chip_identity);
                Ok((self.secured(outcome.session, Some(identifier)), outcome.mapping_proof))
            }
            Err(error) => Err(NotOpened::boxed(self, error.into())),
        }
    }
}

impl<T: Transport> Session<Secured<T>> {
    /// EF.CardSecurity is of the master file, in which PACE leaves the session: it is read before the application is
    /// selected.
    fn shown(mut self, proof: Option<MappingProof>, blocks: BlockSizes) -> PaceOpened<T> {
        let card_security = proof.is_some().then(|| self.read_file(ElementaryFile::CardSecurity, blocks));
        let broken = match &card_security {
            Some(Err(FileError::Link(lost))) => Some(OpenError::Link(lost.clone())),
            Some(Err(FileError::SecureMessaging(error))) => Some(OpenError::Protocol(error.to_string())),
            _ => None,
        };
        if let Some(error) = broken {
            return Err(NotOpened::boxed(self.abandon(), error));
        }
        self.select_application().map(|session| (session, PaceShown { proof, card_security }))
    }
}
