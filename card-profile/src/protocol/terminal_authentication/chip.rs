//! The chip's end.

use super::ChipIdentifier;
use crate::apdu::{Command, Response, StatusWord};
use crate::tlv::Reader;
use cccd_cvc::chain::{CertifiedTerminal, ChainError, ChipTrust, Imported, Validation};
use cccd_cvc::{Certificate, Chat, MAX_LENGTH, SignatureAlgorithm};
use const_oid::ObjectIdentifier;
use rand_core::CryptoRng;
use std::fmt;

/// The longest auxiliary data taken.
const MAX_AUXILIARY: usize = 512;

/// A terminal that authenticated itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatedTerminal {
    /// What it may do: the AND of its chain.
    pub effective: Chat,
    /// Version 2: `Comp(PK_PCD)`, the ephemeral key that Chip Authentication must use before the rights hold.
    pub bound_to: Option<Vec<u8>>,
    /// Version 2: the auxiliary data that it signed, a data object `67`, or nothing.
    pub auxiliary: Vec<u8>,
}

struct Selected {
    terminal: CertifiedTerminal,
    bound_to: Option<Vec<u8>>,
    auxiliary: Vec<u8>,
}

/// One session's Terminal Authentication. It lives as long as secure messaging does: certificates may come again, and
/// a second terminal may follow the first.
#[derive(Default)]
pub struct TerminalAuthenticationChip {
    validation: Validation,
    /// Instruction and bytes of a command that comes in parts.
    chained: Option<(u8, Vec<u8>)>,
    selected: Option<Selected>,
    challenge: Option<[u8; 8]>,
}

impl TerminalAuthenticationChip {
    /// Nothing chosen yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets a challenge and a half-sent command: any other command than the one awaited.
    pub fn interrupt(&mut self) {
        self.chained = None;
        self.challenge = None;
    }

    /// MSE:SET DST `00 22 81 B6 {83 authority}` (TR-03110-3 §B.11.3).
    ///
    /// # Errors
    /// `6A80` for the data, `6A88` for a key that is not known.
    pub fn set_dst(&mut self, command: &Command, trust: &ChipTrust) -> Result<Response, StatusWord> {
        self.interrupt();
        let mut reader = Reader::new(command.data());
        let name = reader.expect(0x83).map_err(|_| StatusWord::INCORRECT_DATA)?.value;
        reader.finish().map_err(|_| StatusWord::INCORRECT_DATA)?;
        self.validation.choose(trust, name).map_err(|_| StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        Ok(Response::status(StatusWord::OK))
    }

    /// PSO:VERIFY CERTIFICATE `00 2A 00 BE {7F4E, 5F37}` (§B.11.4), perhaps in chained parts. What it tells to have
    /// changed in `trust` must be kept before the answer goes out.
    ///
    /// # Errors
    /// `6A80` for what is no certificate, `6A88` without MSE:SET DST, `6300` when it does not hold, `6985` when it is
    /// expired or its holder may not be certified by that authority.
    pub fn verify_certificate(
        &mut self,
        command: &Command,
        trust: &mut ChipTrust,
    ) -> Result<(Response, Imported), StatusWord> {
        let done = Response::status(StatusWord::OK);
        self.challenge = None;
        if command.p1_p2() != 0x00BE {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        let Some(data) = self.collect(command)? else { return Ok((done, Imported::default())) };
        // A new certificate, another terminal.
        self.selected = None;
        let certificate = Certificate::from_command_data(&data).map_err(|_| StatusWord::INCORRECT_DATA)?;
        match self.validation.import(trust, &certificate) {
            Ok(imported) => Ok((done, imported)),
            Err(ChainError::UnknownKey) => Err(StatusWord::REFERENCED_DATA_NOT_FOUND),
            Err(ChainError::Signature(_) | ChainError::Authority) => Err(StatusWord::AUTHENTICATION_FAILED),
            Err(_) => Err(StatusWord::CONDITIONS_NOT_SATISFIED),
        }
    }

    /// MSE:SET AT `00 22 81 A4` (§B.11.2). Version 2 names an ephemeral key in `91`.
    ///
    /// # Errors
    /// `6A80` for the data, `6A88` for a terminal whose certificate was not verified.
    pub fn set_at(&mut self, command: &Command) -> Result<Response, StatusWord> {
        self.interrupt();
        self.selected = None;
        let request = SetAt::read(command.data()).ok_or(StatusWord::INCORRECT_DATA)?;
        let terminal =
            self.validation.terminal(&request.holder).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        // The algorithm is the certificate's; a terminal that names another is not answered by guessing.
        if request.algorithm.is_some_and(|algorithm| algorithm != terminal.key.algorithm()) {
            return Err(StatusWord::INCORRECT_DATA);
        }
        self.selected =
            Some(Selected { terminal, bound_to: request.ephemeral, auxiliary: request.auxiliary });
        Ok(Response::status(StatusWord::OK))
    }

    /// Whether a terminal was named, so that the next GET CHALLENGE is for it.
    #[must_use]
    pub fn awaits_challenge(&self) -> bool {
        self.selected.is_some()
    }

    /// GET CHALLENGE: `r_PICC`.
    pub fn get_challenge(&mut self, rng: &mut dyn CryptoRng) -> Vec<u8> {
        let mut challenge = [0; 8];
        rng.fill_bytes(&mut challenge);
        self.chained = None;
        self.challenge = Some(challenge);
        challenge.to_vec()
    }

    /// EXTERNAL AUTHENTICATE `00 82 00 00 <signature>` (§B.11.6), perhaps in chained parts. `used` is `Comp(PK_PCD)` of
    /// the Chip Authentication before, if one was completed: version 1 needs it. `None` while parts are to come.
    ///
    /// # Errors
    /// `6985` without challenge, or version 1 without Chip Authentication; `6300` for the signature.
    pub fn external_authenticate(
        &mut self,
        command: &Command,
        chip: &ChipIdentifier,
        used: Option<&[u8]>,
    ) -> Result<Option<AuthenticatedTerminal>, StatusWord> {
        if command.p1_p2() != 0 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        let Some(signature) = self.collect(command)? else { return Ok(None) };
        let unprepared = StatusWord::CONDITIONS_NOT_SATISFIED;
        let challenge = self.challenge.take().ok_or(unprepared)?;
        let selected = self.selected.take().ok_or(unprepared)?;
        let ephemeral = selected.bound_to.as_deref().or(used).ok_or(unprepared)?;
        let message = [chip.as_bytes(), &challenge, ephemeral, &selected.auxiliary];
        selected.terminal.key.verify(&message, &signature).map_err(|_| StatusWord::AUTHENTICATION_FAILED)?;
        Ok(Some(AuthenticatedTerminal {
            effective: selected.terminal.effective,
            bound_to: selected.bound_to,
            auxiliary: selected.auxiliary,
        }))
    }

    /// Joins chained commands: the data when the last part is here.
    fn collect(&mut self, command: &Command) -> Result<Option<Vec<u8>>, StatusWord> {
        let mut data = match self.chained.take() {
            Some((instruction, data)) if instruction == command.ins() => data,
            _ => Vec::new(),
        };
        if data.len().saturating_add(command.data().len()) > MAX_LENGTH {
            return Err(StatusWord::WRONG_LENGTH);
        }
        data.extend_from_slice(command.data());
        if command.is_chained() {
            self.chained = Some((command.ins(), data));
            return Ok(None);
        }
        Ok(Some(data))
    }
}

struct SetAt {
    algorithm: Option<SignatureAlgorithm>,
    holder: Vec<u8>,
    auxiliary: Vec<u8>,
    ephemeral: Option<Vec<u8>>,
}

impl SetAt {
    fn read(data: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(data);
        let algorithm = match reader.optional(0x80).ok()? {
            None => None,
            Some(object) => {
                let oid = ObjectIdentifier::from_bytes(object.value).ok()?;
                Some(SignatureAlgorithm::from_oid(oid)?)
            }
        };
        let holder = reader.expect(0x83).ok()?.value.to_vec();
        let auxiliary = reader.optional(0x67).ok()?.map(|object| object.raw.to_vec()).unwrap_or_default();
        let ephemeral = reader.optional(0x91).ok()?.map(|object| object.value.to_vec());
        reader.finish().ok()?;
        // Auxiliary data belong to version 2, which names its ephemeral key.
        let good = auxiliary.len() <= MAX_AUXILIARY && (auxiliary.is_empty() || ephemeral.is_some());
        let bounded = ephemeral.as_ref().is_none_or(|key| (1..=128).contains(&key.len()));
        (good && bounded).then_some(Self { algorithm, holder, auxiliary, ephemeral })
    }
}

impl fmt::Debug for TerminalAuthenticationChip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TerminalAuthenticationChip")
            .field("selected", &self.selected.is_some())
            .field("challenge", &self.challenge.is_some())
            .finish_non_exhaustive()
    }
}
