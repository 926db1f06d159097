//! Opening the card, and messages altered on the way.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use cccd_card_profile::apdu::{Command, GetResponse, LinkLost, Response, StatusWord, Transport, exchange};
use cccd_card_profile::file_system::{Aid, ElementaryFile};
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::protocol::active_authentication;
use cccd_card_profile::protocol::bac::{self, BacTerminal, BasicAccessKeys};
use cccd_card_profile::protocol::chip_authentication::ChipAuthenticationTerminal;
use cccd_card_profile::protocol::group::Element;
use cccd_card_profile::protocol::pace::{Mapping, PaceOffer, PaceTerminal, Password};
use cccd_card_profile::protocol::secure_messaging::SecureMessaging;
use cccd_card_profile::protocol::{Step as ProtocolStep, TerminalProtocol};
use cccd_card_profile::tlv;
use rand_core::CryptoRng;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::abilities::{Abilities, Ability};
use super::case::SessionKind;
use crate::runner::{Resettable, Secrets};

/// A protocol as one step. One that succeeds answers `9000`, one that the card refuses the card's status word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Run {
    /// Power off and on.
    Reset,
    /// BAC with the card's MRZ data; the application must be selected.
    Bac,
    /// BAC with other MRZ data.
    BacWrongMrz,
    /// PACE with the CAN, or the MRZ where the CAN is not known.
    Pace,
    /// PACE with the CAN.
    PaceCan,
    /// PACE with the MRZ.
    PaceMrz,
    /// PACE with another CAN.
    PaceWrongCan,
    /// PACE with another MRZ.
    PaceWrongMrz,
    /// PACE by every variant that EF.CardAccess offers, each after a reset; the application is selected in each session.
    /// With an alteration, the answer of the variant that accepts it, or of the last.
    PaceEach,
    /// PACE with the PIN.
    PacePin,
    /// PACE with another PIN: costs a try.
    PaceWrongPin,
    /// PACE with the PUK.
    PacePuk,
    /// PACE with another PUK.
    PaceWrongPuk,
    /// Chip Authentication; the steps after it run under its keys.
    ChipAuthentication,
    /// Goes on under the keys from before Chip Authentication.
    FormerKeys,
    /// Active Authentication over a fresh challenge; `9000` only when the signature is DG15's.
    ActiveAuthentication,
}

/// How one message of a protocol is altered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alter {
    /// Which: the first is 1.
    pub message: usize,
    /// This byte of its data is changed; from the end when negative.
    pub flip: Option<isize>,
    /// Its data are cut to so many bytes.
    pub truncate: Option<usize>,
    /// These bytes follow its data.
    pub append: Option<String>,
    /// These are its data.
    pub data: Option<String>,
    /// This is its class.
    pub class: Option<u8>,
    /// These are P1 and P2.
    pub parameters: Option<u16>,
}

impl Alter {
    fn apply(&self, command: &Command) -> Result<Command> {
        let mut data = match &self.data {
            Some(text) => bytes(text)?,
            None => command.data().to_vec(),
        };
        if let Some(place) = self.flip {
            let length = isize::try_from(data.len())?;
            let place = usize::try_from(if place < 0 { length + place } else { place })?;
            *data.get_mut(place).context("the message is shorter")? ^= 0x01;
        }
        if let Some(length) = self.truncate {
            data.truncate(length);
        }
        if let Some(more) = &self.append {
            data.extend(bytes(more)?);
        }
        let [p1, p2] = self.parameters.unwrap_or(command.p1_p2()).to_be_bytes();
        let class = self.class.unwrap_or(command.cla());
        Ok(Command::new(class, command.ins(), p1, p2)
            .with_data(data)
            .with_optional_length(command.expected_length()))
    }
}

/// Hexadecimal with blanks.
///
/// # Errors
/// When it is not.
pub fn bytes(text: &str) -> Result<Vec<u8>> {
    hex::decode(text.replace(' ', "")).with_context(|| format!("\u{201c}{text}\u{201d} is not hexadecimal"))
}

/// A card being talked to.
pub struct Open<'a> {
    card: &'a mut dyn Resettable,
    secrets: &'a Secrets,
    abilities: &'a Abilities,
    rng: &'a mut dyn CryptoRng,
    /// The session, if one is open.
    pub session: Option<SecureMessaging>,
    former: Option<SecureMessaging>,
}

impl<'a> Open<'a> {
    /// Nothing said yet.
    pub fn new(
        card: &'a mut dyn Resettable,
        secrets: &'a Secrets,
        abilities: &'a Abilities,
        rng: &'a mut dyn CryptoRng,
    ) -> Self {
        Self { card, secrets, abilities, rng, session: None, former: None }
    }

    /// What the card offers.
    #[must_use]
    pub fn abilities(&self) -> &Abilities {
        self.abilities
    }

    /// Resets the card and opens it. The inner error is the card's refusal.
    ///
    /// # Errors
    /// When the card is gone or answers out of the protocol.
    pub fn session(&mut self, kind: SessionKind) -> Result<Result<(), StatusWord>> {
        self.run(Run::Reset, None)?;
        let select = select_application();
        match kind {
            SessionKind::Plain => Ok(Ok(())),
            SessionKind::Selected => self.plain(&select).map(refusal),
            SessionKind::Bac => match refusal(self.plain(&select)?) {
                Ok(()) => self.run(Run::Bac, None).map(refusal),
                refused => Ok(refused),
            },
            SessionKind::Pace => match refusal(self.run(Run::Pace, None)?) {
                Ok(()) => self.protected(&select).map(refusal),
                refused => Ok(refused),
            },
        }
    }

    /// Whether the application gives a challenge for BAC.
    pub(super) fn gives_challenge(&mut self) -> Result<bool> {
        self.run(Run::Reset, None)?;
        self.plain(&select_application())?;
        Ok(self.plain(&bac::get_challenge())?.is_ok())
    }

    /// Bytes out and in, in clear.
    ///
    /// # Errors
    /// When the card is gone, or answers less than a status word.
    pub fn raw(&mut self, command: &[u8]) -> Result<Response> {
        let answer = GetResponse::new(&mut *self.card).transmit(command)?;
        Response::parse(&answer).context("an answer without a status word")
    }

    fn plain(&mut self, command: &Command) -> Result<Response> {
        self.raw(&command.to_bytes()?)
    }

    /// A command through the session.
    ///
    /// # Errors
    /// When the card is gone or its answer does not hold.
    pub fn protected(&mut self, command: &Command) -> Result<Response> {
        let session = self.session.as_mut().context("no session is open")?;
        let protected = session.protect_command(command)?.to_bytes()?;
        let answer = self.raw(&protected)?;
        let session = self.session.as_mut().context("no session is open")?;
        session
            .unprotect_response(&answer)
            .map_err(|error| anyhow!("the protected answer does not hold: {error}"))
    }

    /// A whole file through the session; `None` when the card refuses it.
    ///
    /// # Errors
    /// As [`Open::protected`].
    pub fn read(&mut self, file: ElementaryFile) -> Result<Option<Vec<u8>>> {
        let select = Command::new(0x00, 0xA4, 0x02, 0x0C).with_data(file.file_id().to_bytes());
        if !self.either(&select)?.is_ok() {
            return Ok(None);
        }
        let mut content = Vec::new();
        while content.len() < 0x7FFF {
            let [p1, p2] = u16::try_from(content.len())?.to_be_bytes();
            let answer = self.either(&Command::new(0x00, 0xB0, p1, p2).with_expected_length(0xDF))?;
            match answer.status {
                StatusWord::OK | StatusWord::END_OF_FILE if !answer.data.is_empty() => {
                    content.extend_from_slice(&answer.data);
                }
                // The end of the file, however the card says it.
                _ if !content.is_empty() => break,
                _ => return Ok(None),
            }
            let whole = tlv::length_from_header(&content).is_some_and(|length| content.len() >= length);
            if answer.status == StatusWord::END_OF_FILE || whole && answer.data.len() < 0xDF {
                break;
            }
        }
        Ok(Some(content))
    }

    /// Protected within a session, else in clear.
    fn either(&mut self, command: &Command) -> Result<Response> {
        if self.session.is_some() { self.protected(command) } else { self.plain(command) }
    }

    /// Runs a protocol. With an alteration, the altered message is the last and its answer the result.
    ///
    /// # Errors
    /// When the card is gone, or answers out of the protocol.
    pub fn run(&mut self, run: Run, alter: Option<&Alter>) -> Result<Response> {
        match run {
            Run::Reset => {
                self.card.reset()?;
                (self.session, self.former) = (None, None);
                Ok(Response::ok(Vec::new()))
            }
            Run::Bac | Run::BacWrongMrz => {
                let information = self.mrz(run == Run::BacWrongMrz)?;
                let terminal = BacTerminal::new(BasicAccessKeys::new(&information), &mut *self.rng);
                let outcome = drive(&mut GetResponse::new(&mut *self.card), terminal, alter)?;
                Ok(self.opened(outcome))
            }
            Run::Pace if self.abilities.has(Ability::Can) => {
                self.pace(&Password::can(&self.secrets.can)?, alter)
            }
            Run::PaceCan => self.pace(&Password::can(&self.secrets.can)?, alter),
            Run::Pace | Run::PaceMrz => self.pace(&Password::mrz(&self.mrz(false)?), alter),
            Run::PaceWrongMrz => self.pace(&Password::mrz(&self.mrz(true)?), alter),
            Run::PaceWrongCan => {
                let other = if self.secrets.can.as_str() == "000000" { "000001" } else { "000000" };
                self.pace(&Password::can(other)?, alter)
            }
            Run::PaceEach => self.pace_each(alter),
            Run::PacePin | Run::PacePuk | Run::PaceWrongPin | Run::PaceWrongPuk => {
                let secret = match run {
                    Run::PacePin | Run::PaceWrongPin => &self.secrets.pin,
                    _ => &self.secrets.puk,
                };
                let digits = secret.as_ref().context("the password is not known")?;
                let wrong: Zeroizing<String> = Zeroizing::new(
                    digits.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect(),
                );
                let password = match run {
                    Run::PacePin => Password::pin(digits)?,
                    Run::PaceWrongPin => Password::pin(&wrong)?,
                    Run::PacePuk => Password::puk(digits)?,
                    _ => Password::puk(&wrong)?,
                };
                self.pace(&password, alter)
            }
            Run::ChipAuthentication => self.chip_authentication(alter),
            Run::FormerKeys => {
                let former = self.former.take().context("no keys from before Chip Authentication")?;
                self.session = Some(former);
                Ok(Response::ok(Vec::new()))
            }
            Run::ActiveAuthentication => self.active_authentication(),
        }
    }

    fn mrz(&self, wrong: bool) -> Result<MrzInformation> {
        let [number, birth, expiry] = self.secrets.mrz.as_ref().context("the card's MRZ is not known")?;
        let other = if number.as_str() == "000000000" { "000000001" } else { "000000000" };
        let number = if wrong { Zeroizing::new(other.to_owned()) } else { number.clone() };
        Ok(MrzInformation::new(&number, birth, expiry)?)
    }

    fn pace(&mut self, password: &Password, alter: Option<&Alter>) -> Result<Response> {
        let offer = self.abilities.pace.first().context("the card offers no PACE")?;
        self.pace_by(*offer, password, alter)
    }

    fn pace_by(&mut self, offer: PaceOffer, password: &Password, alter: Option<&Alter>) -> Result<Response> {
        let mut terminal = PaceTerminal::new(offer, password, &mut *self.rng)?;
        if self.abilities.pace.len() > 1 {
            terminal = terminal.naming_parameters();
        }
        match drive(&mut GetResponse::new(&mut *self.card), terminal, alter)? {
            Driven::Answered(answer) => Ok(answer),
            Driven::Done(outcome) => {
                if let (Some(proof), Some(key)) = (&outcome.mapping_proof, &self.abilities.chip_key) {
                    let key = Element::Point(key.point.clone());
                    ensure!(proof.is_of(&key), "the chip does not show the static key that DG14 tells");
                } else if offer.protocol.mapping == Mapping::ChipAuthentication {
                    bail!("the chip shows nothing of its static key");
                }
                Ok(self.opened(Driven::Done(outcome.session)))
            }
        }
    }

    fn pace_each(&mut self, alter: Option<&Alter>) -> Result<Response> {
        let mut last = Response::ok(Vec::new());
        for offer in self.abilities.pace.clone() {
            self.run(Run::Reset, None)?;
            let password = if self.abilities.has(Ability::Can) {
                Password::can(&self.secrets.can)?
            } else {
                Password::mrz(&self.mrz(false)?)
            };
            let variant = || format!("{:?} on {:?}", offer.protocol, offer.parameters);
            last = self.pace_by(offer, &password, alter).with_context(variant)?;
            if alter.is_some() {
                if last.is_ok() {
                    return Ok(last);
                }
                continue;
            }
            ensure!(last.is_ok(), "{} does not open the card: {}", variant(), last.status);
            let selected = self.protected(&select_application()).with_context(variant)?;
            ensure!(selected.is_ok(), "{}: SELECT is answered {}", variant(), selected.status);
        }
        Ok(last)
    }

    fn opened(&mut self, outcome: Driven<SecureMessaging>) -> Response {
        match outcome {
            Driven::Done(session) => {
                self.session = Some(session);
                Response::ok(Vec::new())
            }
            Driven::Answered(answer) => answer,
        }
    }

    fn chip_authentication(&mut self, alter: Option<&Alter>) -> Result<Response> {
        let key = self.abilities.chip_key.clone().context("the card tells no key of Chip Authentication")?;
        let terminal = ChipAuthenticationTerminal::new(key.protocol, key.point, key.key_id, &mut *self.rng)?;
        let session = self.session.as_mut().context("no session is open")?;
        let mut link = Protected { link: GetResponse::new(&mut *self.card), session };
        match drive(&mut link, terminal, alter)? {
            Driven::Done(claimed) => {
                self.former = self.session.replace(claimed.into_unproven_session());
                Ok(Response::ok(Vec::new()))
            }
            Driven::Answered(answer) => Ok(answer),
        }
    }

    fn active_authentication(&mut self) -> Result<Response> {
        let (key, hash) =
            self.abilities.active_key.clone().context("the card tells no key of Active Authentication")?;
        let mut challenge = [0; 8];
        self.rng.fill_bytes(&mut challenge);
        let answer = self.protected(&active_authentication::internal_authenticate(&challenge, 256))?;
        if answer.is_ok() {
            active_authentication::verify(&key, &challenge, &answer.data, hash)?;
        }
        Ok(Response::status(answer.status))
    }
}

impl std::fmt::Debug for Open<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("session", &self.session.is_some()).finish_non_exhaustive()
    }
}

fn select_application() -> Command {
    Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(Aid::LDS1.as_bytes())
}

#[expect(clippy::needless_pass_by_value, reason = "the answer is over")]
fn refusal(answer: Response) -> Result<(), StatusWord> {
    if answer.is_ok() { Ok(()) } else { Err(answer.status) }
}

/// How a protocol ended.
enum Driven<T> {
    Done(T),
    /// The card's answer ended it: a refusal, or whatever an altered message was answered.
    Answered(Response),
}

/// Runs a terminal end, with at most one message altered.
fn drive<T, P>(link: &mut T, mut protocol: P, alter: Option<&Alter>) -> Result<Driven<P::Output>>
where
    T: Transport,
    P: TerminalProtocol,
    P::Error: std::fmt::Display,
{
    let mut last: Option<Response> = None;
    let mut number = 0_usize;
    loop {
        let refused = last.as_ref().filter(|answer| !answer.is_ok()).map(|answer| answer.status);
        match (protocol.advance(last.take()), refused) {
            (Ok(ProtocolStep::Done(output)), _) => return Ok(Driven::Done(output)),
            (Ok(ProtocolStep::Send(command)), _) => {
                number += 1;
                if let Some(alter) = alter.filter(|alter| alter.message == number) {
                    return Ok(Driven::Answered(exchange(link, &alter.apply(&command)?)?));
                }
                last = Some(exchange(link, &command)?);
            }
            (Err(_), Some(status)) => return Ok(Driven::Answered(status.into())),
            (Err(error), None) => bail!("the card's answer is out of the protocol: {error}"),
        }
    }
}

/// A session over a link, borrowed.
struct Protected<'s, T> {
    link: T,
    session: &'s mut SecureMessaging,
}

impl<T: Transport> Transport for Protected<'_, T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let lost = |error: &dyn std::fmt::Display| LinkLost::new(error.to_string());
        let command = Command::parse(command).map_err(|error| lost(&error))?;
        let protected = self.session.protect_command(&command).map_err(|error| lost(&error))?;
        let answer = exchange(&mut self.link, &protected)?;
        self.session.unprotect_response(&answer).map(|answer| answer.to_bytes()).map_err(|error| lost(&error))
    }
}
