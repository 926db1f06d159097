//! The terminal's end of PACE (Doc 9303-11 §4.4.3, §4.4.4).

use super::token::Agreed;
use super::{
    Mapping, MappingProof, PaceError, PaceOffer, Password, PasswordType, decrypt_nonce, dynamic_data,
    map_generic, map_integrated, parse_dynamic_data, public_value,
};
use crate::apdu::{Command, Response, StatusWord};
use crate::protocol::block_cipher::same;
use crate::protocol::group::{Element, Group, Secret};
use crate::protocol::kdf::SymmetricKey;
use crate::protocol::secure_messaging::SecureMessaging;
use crate::protocol::{Step, TerminalProtocol};
use crate::tlv;
use rand_core::CryptoRng;
use std::fmt;
use zeroize::Zeroizing;

/// The most certification authority references in the last answer: DO'87' and DO'88'.
const AUTHORITY_TAGS: [u32; 2] = [0x87, 0x88];

/// What a completed run gives.
#[derive(Debug)]
pub struct PaceOutcome {
    /// The session.
    pub session: SecureMessaging,
    /// Which password opened it.
    pub password: PasswordType,
    /// `ID_PICC`: the chip's ephemeral public key, compressed. Terminal Authentication names the chip by it
    /// (TR-03110-2 §3.3.1, Doc 9303-11 §7.1.2).
    pub chip_identity: Vec<u8>,
    /// The authorities that the chip trusts, newest first (DO'87', DO'88'): where a chain for Terminal Authentication
    /// begins.
    pub authorities: Vec<Vec<u8>>,
    /// With the chip authentication mapping: what the chip shows of its static key. Nothing is proved before
    /// [`MappingProof::is_of`] holds for a key that the issuer signed.
    pub mapping_proof: Option<MappingProof>,
}

/// What the terminal adds to the mapping: a key, or a nonce.
enum MappingShare {
    Key(Secret),
    Nonce(Vec<u8>),
}

/// The terminal: MSE:SET AT, then four GENERAL AUTHENTICATE.
pub struct PaceTerminal {
    offer: PaceOffer,
    group: Group,
    kind: PasswordType,
    key: SymmetricKey,
    share: MappingShare,
    agreement: Secret,
    name_parameters: bool,
    chat: Option<Vec<u8>>,
    last_try: bool,
    state: State,
}

enum State {
    Start,
    AwaitSet,
    AwaitNonce,
    AwaitMapping { nonce: Zeroizing<Vec<u8>> },
    AwaitKey { generator: Element, mapping: Option<Element> },
    AwaitToken { agreed: Agreed, own: Element, theirs: Element, mapping: Option<Element> },
    Over,
}

impl PaceTerminal {
    /// A run with this password: all that is random is drawn now, first for the mapping, then the ephemeral key.
    ///
    /// # Errors
    /// [`PaceError::Unsupported`] when the protocol does not run on the parameters.
    pub fn new(offer: PaceOffer, password: &Password, rng: &mut dyn CryptoRng) -> Result<Self, PaceError> {
        let protocol = offer.protocol;
        if !protocol.runs_on(offer.parameters) {
            return Err(PaceError::Unsupported);
        }
        let group = offer.parameters.group();
        let share = match protocol.mapping {
            Mapping::Generic | Mapping::ChipAuthentication => MappingShare::Key(Secret::generate(group, rng)),
            Mapping::Integrated => {
                let mut nonce = vec![0; protocol.cipher.key_length()];
                rng.fill_bytes(&mut nonce);
                MappingShare::Nonce(nonce)
            }
        };
        Ok(Self {
            offer,
            group,
            kind: password.kind(),
            key: password.key(protocol.cipher),
            share,
            agreement: Secret::generate(group, rng),
            name_parameters: false,
            chat: None,
            last_try: false,
            state: State::Start,
        })
    }

    /// Names the domain parameters in MSE:SET AT (DO'84'): needed when the chip offers several
    /// (Doc 9303-11 §4.4.4.1).
    #[must_use]
    pub fn naming_parameters(mut self) -> Self {
        self.name_parameters = true;
        self
    }

    /// With a certificate holder authorization template: the **value** of DO'7F4C'. The chip then tells whom it trusts,
    /// and with version 2 of Terminal Authentication limits what the terminal may do (§4.4.4.1, TR-03110-3 B.11.1).
    #[must_use]
    pub fn with_chat(mut self, template: impl Into<Vec<u8>>) -> Self {
        self.chat = Some(template.into());
        self
    }

    /// Goes on when the chip tells that one try is left of the PIN. Else the run ends before it is spent.
    #[must_use]
    pub fn spending_the_last_try(mut self) -> Self {
        self.last_try = true;
        self
    }

    /// MSE:SET AT `00 22 C1 A4`.
    fn set_at(&self) -> Command {
        let mut data = tlv::encode(0x80, self.offer.protocol.oid().as_bytes());
        data.extend(tlv::encode(0x83, &[self.kind.reference()]));
        if self.name_parameters {
            data.extend(tlv::encode(0x84, &[self.offer.parameter_id]));
        }
        if let Some(template) = &self.chat {
            data.extend(tlv::encode(0x7F4C, template));
        }
        Command::new(0x00, 0x22, 0xC1, 0xA4).with_data(data)
    }

    /// `9000`, or a warning: the tries left of the PIN, `6283` when it is deactivated.
    fn is_set(&self, answer: &Response) -> Result<(), PaceError> {
        let pin = self.kind == PasswordType::Pin;
        match (answer.status.as_tries_left(), answer.status.sw1()) {
            (Some(0), _) if pin => Err(PaceError::PinBlocked),
            (Some(1), _) if pin && !self.last_try => Err(PaceError::PinSuspended),
            (_, 0x63) => Ok(()),
            _ if answer.is_ok() => Ok(()),
            _ => Err(PaceError::NotOffered(answer.status)),
        }
    }

    fn refused(&self, status: StatusWord) -> PaceError {
        match status {
            StatusWord::AUTHENTICATION_METHOD_BLOCKED if self.kind == PasswordType::Pin => {
                PaceError::PinBlocked
            }
            StatusWord::CONDITIONS_NOT_SATISFIED if self.kind == PasswordType::Pin => PaceError::PinSuspended,
            status => PaceError::BrokenOff(status),
        }
    }

    fn map(&self, nonce: &[u8], answer: &Response) -> Result<(Element, Option<Element>), PaceError> {
        match &self.share {
            MappingShare::Key(own) => {
                let theirs = self.group.element(&value(answer, 0x82)?)?;
                if theirs == own.public()? {
                    return Err(PaceError::PublicKey);
                }
                let generator = map_generic(self.offer.parameters, nonce, &own.power(&theirs)?)?;
                Ok((generator, Some(theirs)))
            }
            MappingShare::Nonce(own) => {
                // §4.4.5.2.2: DO'82' is empty; chips that leave it out are met.
                let is_empty = answer.data == [0x7C, 0x00] || value(answer, 0x82)?.is_empty();
                if !is_empty {
                    return Err(PaceError::Malformed);
                }
                let protocol = self.offer.protocol;
                Ok((map_integrated(self.offer.parameters, protocol.cipher, nonce, own)?, None))
            }
        }
    }
}

/// A residue of 2048 bits makes the command extended (Doc 9303-11 §9.3.1), and its answer is as long.
fn general_authenticate(last: bool, data: Vec<u8>) -> Command {
    let cla = if last { 0x00 } else { 0x10 };
    let expected = if data.len() > 255 { 65_536 } else { 256 };
    Command::new(cla, 0x86, 0x00, 0x00).with_data(data).with_expected_length(expected)
}

fn value(answer: &Response, tag: u32) -> Result<Vec<u8>, PaceError> {
    if !answer.is_ok() {
        return Err(PaceError::BrokenOff(answer.status));
    }
    parse_dynamic_data(&answer.data, tag).ok_or(PaceError::Malformed)
}

impl TerminalProtocol for PaceTerminal {
    type Output = PaceOutcome;
    type Error = PaceError;

    fn advance(&mut self, answer: Option<Response>) -> Result<Step<PaceOutcome>, PaceError> {
        match (std::mem::replace(&mut self.state, State::Over), answer) {
            (State::Start, None) => {
                self.state = State::AwaitSet;
                Ok(Step::Send(self.set_at()))
            }
            (State::AwaitSet, Some(answer)) => {
                self.is_set(&answer)?;
                self.state = State::AwaitNonce;
                Ok(Step::Send(general_authenticate(false, tlv::encode(0x7C, &[]))))
            }
            (State::AwaitNonce, Some(answer)) => {
                if !answer.is_ok() {
                    return Err(self.refused(answer.status));
                }
                let nonce = decrypt_nonce(&self.key, &value(&answer, 0x80)?)?;
                let data = match &self.share {
                    MappingShare::Key(own) => dynamic_data(0x81, public_value(&own.public()?)),
                    MappingShare::Nonce(own) => dynamic_data(0x81, own),
                };
                self.state = State::AwaitMapping { nonce };
                Ok(Step::Send(general_authenticate(false, data)))
            }
            (State::AwaitMapping { nonce }, Some(answer)) => {
                if !answer.is_ok() {
                    return Err(PaceError::BrokenOff(answer.status));
                }
                let (generator, mapping) = self.map(&nonce, &answer)?;
                let own = self.agreement.power(&generator)?;
                let data = dynamic_data(0x83, public_value(&own));
                self.state = State::AwaitKey { generator, mapping };
                Ok(Step::Send(general_authenticate(false, data)))
            }
            (State::AwaitKey { generator, mapping }, Some(answer)) => {
                let theirs = self.group.element(&value(&answer, 0x84)?)?;
                let own = self.agreement.power(&generator)?;
                // The two public keys must differ (Doc 9303-11 §4.4.1), and a mapping key is no session key.
                if theirs == own || mapping.as_ref() == Some(&theirs) {
                    return Err(PaceError::PublicKey);
                }
                let agreed = Agreed { protocol: self.offer.protocol, secret: self.agreement.agree(&theirs)? };
                let token = agreed.token(&theirs)?;
                self.state = State::AwaitToken { agreed, own, theirs, mapping };
                Ok(Step::Send(general_authenticate(true, dynamic_data(0x85, &token))))
            }
            (State::AwaitToken { agreed, own, theirs, mapping }, Some(answer)) => {
                if !answer.is_ok() {
                    return Err(PaceError::WrongPassword(answer.status));
                }
                let last = Last::read(&answer.data).ok_or(PaceError::Malformed)?;
                if !same(&last.token, &agreed.token(&own)?) {
                    return Err(PaceError::Token);
                }
                let shows = self.offer.protocol.mapping == Mapping::ChipAuthentication;
                let mapping_proof = mapping.filter(|_| shows).map(|mapping_key| {
                    let data = last.encrypted_data.and_then(|encrypted| agreed.decrypt(&encrypted));
                    MappingProof::new(mapping_key, data.unwrap_or_default())
                });
                Ok(Step::Done(PaceOutcome {
                    session: agreed.session(),
                    password: self.kind,
                    chip_identity: theirs.compressed(),
                    authorities: last.authorities,
                    mapping_proof,
                }))
            }
            _ => Err(PaceError::Malformed),
        }
    }
}

/// The last answer: `86` token, `87` and `88` certification authority references, `8A` encrypted Chip Authentication
/// Data (§4.4.5 table 4).
struct Last {
    token: Vec<u8>,
    authorities: Vec<Vec<u8>>,
    encrypted_data: Option<Vec<u8>>,
}

impl Last {
    fn read(data: &[u8]) -> Option<Self> {
        let mut outer = tlv::Reader::new(data);
        let mut inner = outer.expect(0x7C).ok()?.nested().ok()?;
        outer.finish().ok()?;
        let token = inner.expect(0x86).ok()?.value.to_vec();
        let mut authorities = Vec::new();
        for tag in AUTHORITY_TAGS {
            authorities.extend(inner.optional(tag).ok()?.map(|object| object.value.to_vec()));
        }
        let encrypted_data = inner.optional(0x8A).ok()?.map(|object| object.value.to_vec());
        inner.finish().ok()?;
        Some(Self { token, authorities, encrypted_data })
    }
}

impl fmt::Debug for PaceTerminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaceTerminal({:?}, {:?})", self.offer, self.kind)
    }
}
