//! Runs a script over any transport.

use anyhow::{Context as _, Result, bail, ensure};
use cccd_card_profile::apdu::{Command, GetResponse, LinkLost, Response, Transport};
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::protocol::bac::{BacError, BacTerminal, BasicAccessKeys};
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::pace::{PaceError, PaceOffer, PaceProtocol, PaceTerminal, Password};
use cccd_card_profile::protocol::secure_messaging::SecureMessaging;
use cccd_card_profile::protocol::{DriveError, drive};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::script::{Protocol, Script, Step, status_fits};

/// A transport that can also be reset: a card in a reader, or a chip in-process.
pub trait Resettable: Transport {
    /// Ends every session of the card.
    ///
    /// # Errors
    /// [`LinkLost`] when the card is gone.
    fn reset(&mut self) -> Result<(), LinkLost>;
}

impl Resettable for cccd_virtual_chip::Chip {
    fn reset(&mut self) -> Result<(), LinkLost> {
        self.power_off();
        self.power_on();
        Ok(())
    }
}

impl Resettable for cccd_virtual_chip::lab::jmrtd::JmrtdApplet {
    fn reset(&mut self) -> Result<(), LinkLost> {
        Self::reset(self);
        Ok(())
    }
}

impl Resettable for cccd_reader::PcscTransport {
    fn reset(&mut self) -> Result<(), LinkLost> {
        Self::reset(self).map_err(|error| LinkLost::new(error.to_string()))
    }
}

/// What opens the card. Zeroized, never printed.
pub struct Secrets {
    /// The card access number.
    pub can: Zeroizing<String>,
    /// Document number, birth and expiry (`YYMMDD`), if they are known.
    pub mrz: Option<[Zeroizing<String>; 3]>,
    /// The PIN, if there is one. Cases with it are run on cards of the laboratory only.
    pub pin: Option<Zeroizing<String>>,
    /// The PUK, if there is one.
    pub puk: Option<Zeroizing<String>>,
    /// The domain parameters of PACE.
    pub parameters: DomainParameters,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ran {
    /// Steps that the card answered as it should.
    pub steps: usize,
    /// Steps that could not be tried: their secret is not known.
    pub skipped: usize,
}

/// Runs a script from a reset card on.
///
/// # Errors
/// The first step whose answer is not what the script expects, by name.
pub fn run(
    script: &Script,
    card: &mut dyn Resettable,
    secrets: &Secrets,
    rng: &mut dyn CryptoRng,
) -> Result<Ran> {
    card.reset()?;
    let mut ran = Ran::default();
    let mut session: Option<SecureMessaging> = None;
    for step in &script.steps {
        let answer = perform(step, card, secrets, &mut session, rng).with_context(|| {
            format!("\u{201c}{}\u{201d}, step \u{201c}{}\u{201d}", script.name, step.name)
        })?;
        let Some(answer) = answer else {
            ran.skipped += 1;
            continue;
        };
        check(step, &answer).with_context(|| {
            format!("\u{201c}{}\u{201d}, step \u{201c}{}\u{201d}", script.name, step.name)
        })?;
        ran.steps += 1;
    }
    Ok(ran)
}

fn check(step: &Step, answer: &Response) -> Result<()> {
    ensure!(
        step.status.iter().any(|pattern| status_fits(pattern, answer.status.0)),
        "the card answers {:?}, expected {}",
        answer.status,
        step.status.join(" or ")
    );
    if let Some(start) = &step.starts_with {
        let start = hex::decode(start).context("starts_with is not hexadecimal")?;
        ensure!(answer.data.starts_with(&start), "the answer's data starts otherwise");
    }
    if let Some(length) = step.length {
        ensure!(answer.data.len() == length, "{} bytes of data, expected {length}", answer.data.len());
    }
    Ok(())
}

/// One step; `None` when its secret is not known. A protocol that succeeds answers `9000`, one that the card refuses
/// the card's status word.
fn perform(
    step: &Step,
    card: &mut dyn Resettable,
    secrets: &Secrets,
    session: &mut Option<SecureMessaging>,
    rng: &mut dyn CryptoRng,
) -> Result<Option<Response>> {
    if let Some(command) = &step.command {
        let bytes = hex::decode(command.replace(' ', "")).context("the command is not hexadecimal")?;
        return match session.as_mut().filter(|_| !step.plain) {
            None => {
                let answer = GetResponse::new(card).transmit(&bytes)?;
                if step.plain {
                    *session = None;
                }
                Response::parse(&answer).context("an answer without a status word").map(Some)
            }
            Some(open) => {
                let protected = open.protect_command(&Command::parse(&bytes)?)?.to_bytes()?;
                let answer = GetResponse::new(card).transmit(&protected)?;
                let answer = Response::parse(&answer).context("an answer without a status word")?;
                Ok(Some(open.unprotect_response(&answer)?))
            }
        };
    }
    let opened = match step.protocol {
        Some(Protocol::PaceCan) => pace(card, &secrets.can, secrets.parameters, rng)?,
        Some(Protocol::PaceWrongCan) => {
            let other = if secrets.can.as_str() == "000000" { "000001" } else { "000000" };
            pace(card, other, secrets.parameters, rng)?
        }
        Some(protocol @ (Protocol::Bac | Protocol::BacWrongKey)) => {
            let Some([number, birth, expiry]) = &secrets.mrz else { return Ok(None) };
            let number = match protocol {
                Protocol::Bac => number.clone(),
                _ if number.as_str() == "000000000" => Zeroizing::new("000000001".to_owned()),
                _ => Zeroizing::new("000000000".to_owned()),
            };
            bac(card, &MrzInformation::new(&number, birth, expiry)?, rng)?
        }
        Some(Protocol::Reset) => {
            card.reset()?;
            *session = None;
            return Ok(Some(Response::ok(Vec::new())));
        }
        None => bail!("neither a command nor a protocol"),
    };
    Ok(Some(match opened {
        Ok(open) => {
            *session = Some(open);
            Response::ok(Vec::new())
        }
        Err(refusal) => refusal,
    }))
}

type Opened = Result<SecureMessaging, Response>;

fn pace(
    card: &mut dyn Resettable,
    can: &str,
    parameters: DomainParameters,
    rng: &mut dyn CryptoRng,
) -> Result<Opened> {
    let offer = PaceOffer::new(PaceProtocol::ECDH_GM_AES_128, parameters);
    let terminal = PaceTerminal::new(offer, &Password::can(can)?, rng)?;
    match drive(card, terminal) {
        Ok(outcome) => Ok(Ok(outcome.session)),
        Err(DriveError::Link(lost)) => Err(lost.into()),
        Err(DriveError::Protocol(
            PaceError::WrongPassword(status) | PaceError::NotOffered(status) | PaceError::BrokenOff(status),
        )) => Ok(Err(status.into())),
        Err(DriveError::Protocol(other)) => Err(other.into()),
    }
}

fn bac(card: &mut dyn Resettable, mrz: &MrzInformation, rng: &mut dyn CryptoRng) -> Result<Opened> {
    match drive(card, BacTerminal::new(BasicAccessKeys::new(mrz), rng)) {
        Ok(session) => Ok(Ok(session)),
        Err(DriveError::Link(lost)) => Err(lost.into()),
        Err(DriveError::Protocol(BacError::Refused(status) | BacError::NoChallenge(status))) => {
            Ok(Err(status.into()))
        }
        Err(DriveError::Protocol(other)) => Err(other.into()),
    }
}
