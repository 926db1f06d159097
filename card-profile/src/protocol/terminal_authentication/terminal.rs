//! The terminal's end.

use super::ChipIdentifier;
use crate::apdu::{Command, Response, StatusWord};
use crate::protocol::{Step, TerminalProtocol};
use crate::tlv;
use cccd_cvc::{Certificate, PrivateKey, Reference};
use rand_core::CryptoRng;
use std::collections::VecDeque;
use std::fmt;

/// What the chip refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalRefusal {
    /// MSE:SET DST: it does not know the key that signed a certificate.
    Key(Reference),
    /// PSO:VERIFY CERTIFICATE of this holder: expired, of another authority, or not allowed.
    Certificate(Reference),
    /// MSE:SET AT: it does not take the terminal's key.
    Terminal,
    /// GET CHALLENGE.
    Challenge,
    /// EXTERNAL AUTHENTICATE: the signature.
    Signature,
}

impl TerminalRefusal {
    /// A stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key(_) => "key-unknown",
            Self::Certificate(_) => "certificate-refused",
            Self::Terminal => "terminal-refused",
            Self::Challenge => "challenge-refused",
            Self::Signature => "signature-refused",
        }
    }
}

/// Why a terminal did not authenticate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TerminalAuthenticationError {
    /// The chip refuses.
    #[error("the chip refuses {}: {status}", .what.code())]
    Refused {
        /// What.
        what: TerminalRefusal,
        /// How.
        status: StatusWord,
    },
    /// The challenge has not eight bytes.
    #[error("the chip's challenge is malformed")]
    Malformed,
    /// The terminal's own key cannot sign.
    #[error("the terminal's key cannot sign")]
    Key,
}

/// What version 2 says in MSE:SET AT.
struct Version2 {
    algorithm: Vec<u8>,
    auxiliary: Vec<u8>,
}

enum Stage {
    Choose(Reference),
    /// A certificate, or a part of it.
    Verify(Reference),
    SetAt,
    Challenge,
    Authenticate,
}

/// The terminal: presents its certificates and signs. Run it through the protected channel. Drives to `()`.
pub struct TerminalAuthenticationTerminal<'a> {
    key: &'a PrivateKey,
    rng: &'a mut dyn CryptoRng,
    chip: ChipIdentifier,
    /// `Comp(PK_PCD)`.
    ephemeral: Vec<u8>,
    version2: Option<Version2>,
    largest: usize,
    commands: VecDeque<(Stage, Command)>,
    awaited: Option<Stage>,
}

impl<'a> TerminalAuthenticationTerminal<'a> {
    /// Version 1, after Chip Authentication with an ephemeral key of this compressed form. The chain leads from a key
    /// the chip knows to the terminal's; `largest` is the most data that one command may carry. Longer ones are
    /// chained (ISO/IEC 7816-4 §5.3.3). Randomness is drawn when signing, where the algorithm asks for it.
    #[must_use]
    pub fn version1(
        chain: &[&Certificate],
        key: &'a PrivateKey,
        chip: ChipIdentifier,
        compressed_ephemeral: &[u8],
        largest: usize,
        rng: &'a mut dyn CryptoRng,
    ) -> Self {
        Self::new(chain, key, chip, compressed_ephemeral, None, largest, rng)
    }

    /// Version 2, before Chip Authentication, which must then use the ephemeral key of this compressed form.
    /// `auxiliary` is a data object `67`, or nothing.
    #[must_use]
    pub fn version2(
        chain: &[&Certificate],
        key: &'a PrivateKey,
        chip: ChipIdentifier,
        compressed_ephemeral: &[u8],
        auxiliary: &[u8],
        largest: usize,
        rng: &'a mut dyn CryptoRng,
    ) -> Self {
        let algorithm = key.algorithm().oid().as_bytes().to_vec();
        let version2 = Version2 { algorithm, auxiliary: auxiliary.to_vec() };
        Self::new(chain, key, chip, compressed_ephemeral, Some(version2), largest, rng)
    }

    fn new(
        chain: &[&Certificate],
        key: &'a PrivateKey,
        chip: ChipIdentifier,
        ephemeral: &[u8],
        version2: Option<Version2>,
        largest: usize,
        rng: &'a mut dyn CryptoRng,
    ) -> Self {
        let mut terminal = Self {
            key,
            rng,
            chip,
            ephemeral: ephemeral.to_vec(),
            version2,
            largest: largest.max(1),
            commands: VecDeque::new(),
            awaited: None,
        };
        for certificate in chain {
            let authority = certificate.authority();
            terminal.commands.push_back((Stage::Choose(authority.clone()), set_dst(authority)));
            let data = certificate.to_command_data();
            for part in terminal.parts(0x2A, 0xBE, &data) {
                let stage = Stage::Verify(certificate.holder().clone());
                terminal.commands.push_back((stage, part));
            }
        }
        let holder = chain.last().map(|certificate| certificate.holder().as_bytes()).unwrap_or_default();
        terminal.commands.push_back((Stage::SetAt, terminal.set_at(holder)));
        let challenge = Command::new(0x00, 0x84, 0x00, 0x00).with_expected_length(8);
        terminal.commands.push_back((Stage::Challenge, challenge));
        terminal
    }

    /// MSE:SET AT `00 22 81 A4 {[80 algorithm], 83 terminal, [67 auxiliary], [91 ephemeral]}` (§B.11.2).
    fn set_at(&self, holder: &[u8]) -> Command {
        let name = tlv::encode(0x83, holder);
        let data = match &self.version2 {
            None => name,
            Some(version2) => [
                tlv::encode(0x80, &version2.algorithm),
                name,
                version2.auxiliary.clone(),
                tlv::encode(0x91, &self.ephemeral),
            ]
            .concat(),
        };
        Command::new(0x00, 0x22, 0x81, 0xA4).with_data(data)
    }

    /// One command, or several chained by bit 5 of the class.
    fn parts(&self, ins: u8, p2: u8, data: &[u8]) -> Vec<Command> {
        let count = data.len().div_ceil(self.largest);
        data.chunks(self.largest)
            .enumerate()
            .map(|(index, part)| {
                let cla = if index.saturating_add(1) == count { 0x00 } else { 0x10 };
                Command::new(cla, ins, 0x00, p2).with_data(part)
            })
            .collect()
    }

    fn sign(&mut self, challenge: &[u8]) -> Result<(), TerminalAuthenticationError> {
        let auxiliary = self.version2.as_ref().map(|version2| version2.auxiliary.clone()).unwrap_or_default();
        let message = [self.chip.as_bytes(), challenge, &self.ephemeral, &auxiliary];
        let signature = self.key.sign(&message, self.rng).map_err(|_| TerminalAuthenticationError::Key)?;
        let parts = self.parts(0x82, 0x00, &signature);
        self.commands.extend(parts.into_iter().map(|part| (Stage::Authenticate, part)));
        Ok(())
    }

    fn take(&mut self, stage: &Stage, answer: &Response) -> Result<(), TerminalAuthenticationError> {
        if !answer.is_ok() {
            let what = match stage {
                Stage::Choose(name) => TerminalRefusal::Key(name.clone()),
                Stage::Verify(name) => TerminalRefusal::Certificate(name.clone()),
                Stage::SetAt => TerminalRefusal::Terminal,
                Stage::Challenge => TerminalRefusal::Challenge,
                Stage::Authenticate => TerminalRefusal::Signature,
            };
            return Err(TerminalAuthenticationError::Refused { what, status: answer.status });
        }
        match stage {
            Stage::Challenge if answer.data.len() == 8 => self.sign(&answer.data),
            Stage::Challenge => Err(TerminalAuthenticationError::Malformed),
            _ => Ok(()),
        }
    }
}

/// MSE:SET DST `00 22 81 B6 {83 authority}` (§B.11.3).
fn set_dst(authority: &Reference) -> Command {
    Command::new(0x00, 0x22, 0x81, 0xB6).with_data(tlv::encode(0x83, authority.as_bytes()))
}

impl TerminalProtocol for TerminalAuthenticationTerminal<'_> {
    type Output = ();
    type Error = TerminalAuthenticationError;

    fn advance(&mut self, answer: Option<Response>) -> Result<Step<()>, TerminalAuthenticationError> {
        match (self.awaited.take(), answer) {
            (None, None) => {}
            (Some(stage), Some(answer)) => {
                if let Err(error) = self.take(&stage, &answer) {
                    self.commands.clear();
                    return Err(error);
                }
            }
            _ => return Err(TerminalAuthenticationError::Malformed),
        }
        match self.commands.pop_front() {
            None => Ok(Step::Done(())),
            Some((stage, command)) => {
                self.awaited = Some(stage);
                Ok(Step::Send(command))
            }
        }
    }
}

impl fmt::Debug for TerminalAuthenticationTerminal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TerminalAuthenticationTerminal({:?})", self.key)
    }
}
