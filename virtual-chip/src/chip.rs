//! The chip: command APDU in, response APDU out, whatever the bytes.
//!
//! Every command that changes what the chip keeps is on disk before its answer leaves, a wrong password too. Power off and
//! reset end every session. The quirks of the cards in use are kept: SELECT of the master file is `6D00`, EF.CardAccess is
//! found from inside the application too. DG3 and DG4 are `6982` to whoever did not authenticate as a terminal; a chip that
//! was given no CVCA key says so to everyone.

mod authentication;
mod files;
mod password;
mod personalization;
mod session;
mod terminal_authentication;

use std::fmt;

use cccd_card_profile::apdu::{Command, LinkLost, Response, StatusWord, Transport};
use rand_core::CryptoRng;

use crate::delay::{Delay, NoDelay};
use crate::lab::Defect;
use crate::state::{ChipState, LifeCycle};
use crate::store::{StateFile, StoreError};
use session::{Channel, Session};

/// The most data of one answer: what pcsc-lite's drivers carry, less the status word.
const MAX_ANSWER: usize = 65_533;

/// Which length forms the chip takes (ISO/IEC 7816-4 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LengthSupport {
    /// Short and extended; the ATR says so.
    #[default]
    Extended,
    /// Short only: extended commands are `6700`, longer answers wait for GET RESPONSE.
    ShortOnly,
}

/// Through what a command came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protection {
    None,
    Citizen,
    Personalizer,
}

/// A chip with power.
pub struct Chip {
    state: ChipState,
    store: Option<StateFile>,
    rng: Box<dyn CryptoRng + Send>,
    lengths: LengthSupport,
    delay: Box<dyn Delay>,
    session: Session,
    powered: bool,
    /// The state was changed and is not yet on disk.
    changed: bool,
    /// What it does wrong, on the tester's bench.
    defect: Option<Defect>,
}

impl fmt::Debug for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chip")
            .field("state", &self.state)
            .field("powered", &self.powered)
            .finish_non_exhaustive()
    }
}

impl Chip {
    /// A chip whose memory ends with the process.
    #[must_use]
    pub fn in_memory(state: ChipState, rng: Box<dyn CryptoRng + Send>) -> Self {
        Self::new(state, None, rng)
    }

    /// The chip of a state file, which it holds until it is dropped.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &std::path::Path, rng: Box<dyn CryptoRng + Send>) -> Result<Self, StoreError> {
        let (store, state) = StateFile::open(path)?;
        Ok(Self::new(state, Some(store), rng))
    }

    /// A new chip with a new state file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn create(
        path: &std::path::Path,
        state: ChipState,
        rng: Box<dyn CryptoRng + Send>,
    ) -> Result<Self, StoreError> {
        let store = StateFile::create(path, &state)?;
        Ok(Self::new(state, Some(store), rng))
    }

    fn new(state: ChipState, store: Option<StateFile>, rng: Box<dyn CryptoRng + Send>) -> Self {
        let session = Session::new(state.access_status());
        Self {
            state,
            store,
            rng,
            lengths: LengthSupport::Extended,
            delay: Box::new(NoDelay),
            session,
            powered: true,
            changed: false,
            defect: None,
        }
    }

    /// With these length forms.
    #[must_use]
    pub fn with_lengths(mut self, lengths: LengthSupport) -> Self {
        self.lengths = lengths;
        self
    }

    /// With this way of waiting after wrong passwords; without, the chip does not wait.
    #[must_use]
    pub fn with_delay(mut self, delay: Box<dyn Delay>) -> Self {
        self.delay = delay;
        self
    }

    /// With one thing wrong.
    #[must_use]
    pub fn with_defect(mut self, defect: Defect) -> Self {
        self.defect = Some(defect);
        self
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    /// What the chip keeps.
    #[must_use]
    pub fn state(&self) -> &ChipState {
        &self.state
    }

    /// Its state file, if it has one.
    #[must_use]
    pub fn store(&self) -> Option<&StateFile> {
        self.store.as_ref()
    }

    /// The state, when the chip is taken apart.
    #[must_use]
    pub fn into_state(self) -> ChipState {
        self.state
    }

    /// Answer to reset (ISO/IEC 7816-3 §8): T=1, historical bytes with the card capabilities (ISO/IEC 7816-4
    /// §12.1.1.9), which announce extended length.
    #[must_use]
    pub fn atr(&self) -> Vec<u8> {
        let third = match self.lengths {
            LengthSupport::Extended => 0x40,
            LengthSupport::ShortOnly => 0x00,
        };
        let mut atr = vec![0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0x84, 0x01, third];
        let check = atr.iter().skip(1).fold(0, |check, byte| check ^ byte);
        atr.push(check);
        atr
    }

    /// Power on: nothing is proved yet. Gives the ATR.
    pub fn power_on(&mut self) -> Vec<u8> {
        self.powered = true;
        self.reset()
    }

    /// Power off: sessions are gone, commands meet a lost link.
    pub fn power_off(&mut self) {
        self.session = Session::new(self.state.access_status());
        self.powered = false;
    }

    /// Reset: sessions are gone. Gives the ATR.
    pub fn reset(&mut self) -> Vec<u8> {
        self.session = Session::new(self.state.access_status());
        self.atr()
    }

    /// One command. Never panics; what is no command is `6700`.
    pub fn execute(&mut self, bytes: &[u8]) -> Vec<u8> {
        let response = match Command::parse(bytes) {
            Err(_) => StatusWord::WRONG_LENGTH.into(),
            Ok(command) if command.is_extended() && self.lengths == LengthSupport::ShortOnly => {
                StatusWord::WRONG_LENGTH.into()
            }
            // GET RESPONSE belongs to the link, also within secure messaging.
            Ok(command) if command.cla() == 0x00 && command.ins() == 0xC0 => self.get_response(&command),
            Ok(command) => {
                self.session.pending = None;
                let response = self.dispatch(&command);
                let response = self.committed(response);
                self.cut_to_link(response, expected(&command))
            }
        };
        response.to_bytes()
    }

    /// Writes a changed state before the answer goes out. What can't be written did not happen.
    fn committed(&mut self, response: Response) -> Response {
        self.persisted().map_or_else(Response::status, |()| response)
    }

    /// Writes a changed state now.
    fn persisted(&mut self) -> Result<(), StatusWord> {
        if !std::mem::take(&mut self.changed) {
            return Ok(());
        }
        let Some(store) = &mut self.store else { return Ok(()) };
        if store.commit(&self.state).is_ok() {
            return Ok(());
        }
        match store.reload() {
            Ok(state) => self.state = state,
            // Neither written nor readable: mute, rather than in a state that nobody can vouch for.
            Err(_) => self.powered = false,
        }
        self.session = Session::new(self.state.access_status());
        Err(StatusWord::MEMORY_FAILURE)
    }

    fn dispatch(&mut self, command: &Command) -> Response {
        let cla = command.cla();
        match cla & 0x9C {
            // 0C: secure messaging of ISO/IEC 7816-4, header authenticated; 1C: and the chain goes on.
            0x0C | 0x1C => self.citizen(command),
            // 04, 84: GlobalPlatform's.
            0x04 | 0x84 => self.personalizer(command),
            _ => self.plain(command),
        }
    }

    fn plain(&mut self, command: &Command) -> Response {
        match self.session.channel {
            Channel::Plain => {}
            Channel::Citizen(_) if self.has(Defect::SurvivesPlainCommand) => {}
            Channel::Personalizer(_) => self.session.close_channel(),
            Channel::Citizen(_) => {
                // Doc 9303-11 §9.8.2: an unprotected command ends secure messaging. The application may be selected
                // anew, so that a terminal finds a chip usable that another one left in a session.
                self.session.close_channel();
                if !(command.ins() == 0xA4 && command.p1() == 0x04) {
                    return StatusWord::SECURE_MESSAGING_OBJECTS_MISSING.into();
                }
            }
        }
        self.run(command, Protection::None)
    }

    fn citizen(&mut self, command: &Command) -> Response {
        let lenient = self.has(Defect::IgnoresChecksum);
        let Channel::Citizen(channel) = &mut self.session.channel else {
            return StatusWord::SECURITY_STATUS_NOT_SATISFIED.into();
        };
        if lenient {
            channel.ignore_checksums();
        }
        let inner = match channel.unprotect_command(command) {
            Ok(inner) => inner,
            Err(error) => {
                self.session.close_channel();
                return error.status_word().into();
            }
        };
        let response = self.run(&inner, Protection::Citizen);
        let next = self.session.next_channel.take();
        let naked = self.has(Defect::AnswersNaked);
        let Channel::Citizen(channel) = &mut self.session.channel else {
            return StatusWord::NO_PRECISE_DIAGNOSIS.into();
        };
        match channel.protect_response(&response) {
            Ok(_) if naked => response,
            Ok(protected) => {
                if let Some(next) = next {
                    self.session.channel = Channel::Citizen(next);
                }
                protected
            }
            Err(_) => {
                self.session.close_channel();
                StatusWord::NO_PRECISE_DIAGNOSIS.into()
            }
        }
    }

    fn personalizer(&mut self, command: &Command) -> Response {
        if command.ins() == 0x82 && command.cla() == 0x84 && self.session.scp03.is_some() {
            return self.external_authenticate(command).unwrap_or_else(Response::status);
        }
        let Channel::Personalizer(channel) = &mut self.session.channel else {
            // In a citizen's session it is a command without that session's protection (Doc 9303-11 §9.8.2).
            self.session.close_channel();
            self.session.end_runs(command.ins());
            return StatusWord::SECURITY_STATUS_NOT_SATISFIED.into();
        };
        let inner = match channel.unwrap_command(command) {
            Ok(inner) => inner,
            Err(error) => {
                self.session.close_channel();
                return error.status_word().into();
            }
        };
        let response = self.run(&inner, Protection::Personalizer);
        let Channel::Personalizer(channel) = &mut self.session.channel else {
            return StatusWord::NO_PRECISE_DIAGNOSIS.into();
        };
        channel.wrap_response(&response).unwrap_or_else(|_| {
            self.session.close_channel();
            StatusWord::NO_PRECISE_DIAGNOSIS.into()
        })
    }

    fn run(&mut self, command: &Command, protection: Protection) -> Response {
        self.session.end_runs(command.ins());
        self.instruction(command, protection).unwrap_or_else(Response::status)
    }

    fn instruction(&mut self, command: &Command, protection: Protection) -> Result<Response, StatusWord> {
        match (command.cla(), command.ins()) {
            (0x80, 0x50) => self.initialize_update(command, protection),
            (0x80, 0xD8) => self.put_key(command, protection),
            (0x80, _) => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED),
            (0x00 | 0x10, 0x86) => self.general_authenticate(command, protection),
            (0x00 | 0x10, 0x2A) => self.verify_certificate(command, protection),
            (0x00 | 0x10, 0x82) if protection == Protection::Citizen => {
                self.authenticate_terminal(command, protection)
            }
            (0x10, _) => Err(StatusWord::CHAINING_NOT_SUPPORTED),
            (0x00, 0xA4) => self.select(command),
            (0x00, 0xB0) => self.read_binary(command),
            (0x00, 0xB1) => self.read_binary_odd(command),
            (0x00, 0x84) => self.get_challenge(command, protection),
            (0x00, 0x82) => self.mutual_authenticate(command, protection),
            (0x00, 0x22) => self.manage_security_environment(command, protection),
            (0x00, 0x88) => self.internal_authenticate(command),
            (0x00, 0x2C) => self.reset_retry_counter(command, protection),
            (0x00, 0xE0) => self.create_file(command),
            (0x00, 0xE4) => self.delete_file(command),
            (0x00, 0xD6 | 0xD7) => self.update_binary(command),
            (0x00, 0xDA) => self.put_data(command),
            (0x00, 0x47) => self.generate_key_pair(command),
            (0x00, 0x44) => self.activate(command),
            (0x00, _) => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED),
            _ => Err(StatusWord::CLASS_NOT_SUPPORTED),
        }
    }

    /// Cuts an answer to what the link takes; the rest waits for GET RESPONSE (ISO/IEC 7816-4 §5.3.4).
    fn cut_to_link(&mut self, mut response: Response, expected: usize) -> Response {
        if response.data.len() > MAX_ANSWER {
            return StatusWord::NO_PRECISE_DIAGNOSIS.into();
        }
        if response.data.len() <= expected {
            return response;
        }
        let rest = response.data.split_off(expected);
        let status = StatusWord::more_data(rest.len());
        self.session.pending = Some((rest, response.status));
        Response::new(response.data, status)
    }

    fn get_response(&mut self, command: &Command) -> Response {
        if command.p1_p2() != 0 || !command.data().is_empty() {
            return StatusWord::INCORRECT_P1_P2.into();
        }
        match self.session.pending.take() {
            None => StatusWord::CONDITIONS_NOT_SATISFIED.into(),
            Some((rest, status)) => self.cut_to_link(Response::new(rest, status), expected(command)),
        }
    }

    fn locked(&self) -> bool {
        self.state.life == LifeCycle::Locked
    }
}

/// Ne; a command that names none may still be answered with a short response's worth.
fn expected(command: &Command) -> usize {
    command.expected_length().map_or(256, |length| usize::try_from(length).unwrap_or(256))
}

/// In-process, the chip is its own reader. Without power the link is lost.
impl Transport for Chip {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        if self.powered { Ok(self.execute(command)) } else { Err(LinkLost::new("the chip has no power")) }
    }
}
