//! The chip's end of PACE (Doc 9303-11 §4.4.3, §4.4.4, TR-03110-3 B.11). What a wrong password costs is the business of
//! whoever keeps the chip's state ([`super::PinTries`], [`super::wait_before_try`]): [`PaceChip::awaits_token`] tells
//! when a try is about to be compared.

use super::token::Agreed;
use super::{
    Mapping, PaceError, PaceOffer, PaceProtocol, Password, PasswordType, dynamic_data, encrypt_nonce,
    map_generic, map_integrated, nonce_length, parse_dynamic_data, public_value,
};
use crate::apdu::{Command, Response, StatusWord};
use crate::protocol::block_cipher::same;
use crate::protocol::curve::Scalar;
use crate::protocol::group::{Element, Group, Secret};
use crate::protocol::secure_messaging::SecureMessaging;
use crate::tlv::{self, Reader};
use const_oid::ObjectIdentifier;
use rand_core::CryptoRng;
use std::fmt;
use zeroize::Zeroizing;

/// What a GENERAL AUTHENTICATE brought.
#[derive(Debug)]
pub enum PaceChipStep {
    /// Answer this; the protocol goes on.
    Continue(Response),
    /// Answer this as the run was led, plain or protected; everything after runs in the session.
    Established {
        /// The last answer.
        answer: Response,
        /// The session.
        session: SecureMessaging,
        /// Which password opened it.
        password: PasswordType,
        /// `ID_PICC`: our ephemeral public key, compressed, as Terminal Authentication names the chip.
        chip_identity: Vec<u8>,
        /// The value of DO'7F4C' that MSE:SET AT brought.
        chat: Option<Vec<u8>>,
    },
}

/// What the chip brings to its last answer.
#[derive(Debug, Default, Clone, Copy)]
pub struct LastAnswer<'a> {
    /// The static private key of the chip authentication mapping, on the same parameters.
    pub static_key: Option<&'a Scalar>,
    /// The authorities trusted for Terminal Authentication, newest first: told when MSE:SET AT brought a template
    /// (§4.4.5). Two at most.
    pub authorities: &'a [&'a [u8]],
}

/// The chip after MSE:SET AT. Any refusal ends the run: MSE:SET AT must come again.
pub struct PaceChip {
    protocol: PaceProtocol,
    offer: PaceOffer,
    group: Group,
    password: PasswordType,
    encrypted_nonce: Vec<u8>,
    nonce: Zeroizing<Vec<u8>>,
    mapping: Secret,
    agreement: Secret,
    chat: Option<Vec<u8>>,
    state: State,
}

enum State {
    Nonce,
    Mapping,
    Key { generator: Element, mapping: Option<Element> },
    Token { agreed: Agreed, own: Element, theirs: Element },
    Over,
}

impl PaceChip {
    /// MSE:SET AT `00 22 C1 A4 {80 protocol, 83 password, [84 parameters], [7F4C template]}`, in any order; other
    /// objects are ignored (§4.4.4.1 note 2). Draws the nonce, the mapping key and the agreement key, in this order.
    /// Without DO'84' the first offer of the protocol runs.
    ///
    /// # Errors
    /// `6A86` for other P1 P2, `6A80` for malformed data or a protocol not offered, `6A88` for a password the chip
    /// does not have.
    pub fn set_at<'p>(
        command: &Command,
        offers: &[PaceOffer],
        password: impl FnOnce(PasswordType) -> Option<&'p Password>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, StatusWord> {
        if command.p1_p2() != 0xC1A4 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        let request = SetAt::read(command.data()).ok_or(StatusWord::INCORRECT_DATA)?;
        let protocol = ObjectIdentifier::from_bytes(&request.protocol)
            .ok()
            .and_then(PaceProtocol::from_oid)
            .ok_or(StatusWord::INCORRECT_DATA)?;
        let kind = PasswordType::from_reference(request.password).ok_or(StatusWord::INCORRECT_DATA)?;
        let offer = *offers
            .iter()
            .filter(|offer| offer.protocol == protocol && protocol.runs_on(offer.parameters))
            .find(|offer| request.parameters.is_none_or(|id| offer.parameter_id == id))
            .ok_or(StatusWord::INCORRECT_DATA)?;
        let password = password(kind).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let mut nonce = Zeroizing::new(vec![0; nonce_length(protocol)]);
        rng.fill_bytes(&mut nonce);
        let encrypted_nonce = encrypt_nonce(&password.key(protocol.cipher), &nonce)
            .map_err(|_| StatusWord::NO_PRECISE_DIAGNOSIS)?;
        let group = offer.parameters.group();
        Ok(Self {
            protocol,
            offer,
            group,
            password: kind,
            encrypted_nonce,
            nonce,
            mapping: Secret::generate(group, rng),
            agreement: Secret::generate(group, rng),
            chat: request.chat,
            state: State::Nonce,
        })
    }

    /// Which password the run is with.
    #[must_use]
    pub fn password(&self) -> PasswordType {
        self.password
    }

    /// Which offer runs.
    #[must_use]
    pub fn offer(&self) -> PaceOffer {
        self.offer
    }

    /// Whether the next command brings the terminal's token: a try of the password.
    #[must_use]
    pub fn awaits_token(&self) -> bool {
        matches!(self.state, State::Token { .. })
    }

    /// GENERAL AUTHENTICATE `86 00 00`, CLA `10` for all but the last.
    ///
    /// # Errors
    /// `6985` out of turn, `6883` or `6985` for wrong chaining, `6A80` for malformed data or an unacceptable
    /// public key, `6300` for a wrong token (Doc 9303-11 §4.4.4.2).
    pub fn general_authenticate(
        &mut self,
        command: &Command,
        last: LastAnswer<'_>,
    ) -> Result<PaceChipStep, StatusWord> {
        let state = std::mem::replace(&mut self.state, State::Over);
        if command.p1_p2() != 0 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        let is_last = matches!(state, State::Token { .. });
        if command.is_chained() == is_last {
            return Err(if is_last {
                StatusWord::LAST_COMMAND_EXPECTED
            } else {
                StatusWord::CONDITIONS_NOT_SATISFIED
            });
        }
        let data = command.data();
        let received = |tag| parse_dynamic_data(data, tag).ok_or(StatusWord::INCORRECT_DATA);
        let (tag, value) = match state {
            State::Nonce => {
                if data != [0x7C, 0x00] {
                    return Err(StatusWord::INCORRECT_DATA);
                }
                self.state = State::Mapping;
                (0x80, self.encrypted_nonce.clone())
            }
            State::Mapping => {
                let (value, generator, mapping) = self.map(&received(0x81)?)?;
                self.state = State::Key { generator, mapping };
                (0x82, value)
            }
            State::Key { generator, mapping } => {
                let theirs = self.group.element(&received(0x83)?).map_err(unacceptable)?;
                let own = self.agreement.power(&generator).map_err(unacceptable)?;
                if own == theirs || mapping.as_ref() == Some(&theirs) {
                    return Err(StatusWord::INCORRECT_DATA);
                }
                let secret = self.agreement.agree(&theirs).map_err(unacceptable)?;
                let value = public_value(&own).to_vec();
                self.state = State::Token { agreed: Agreed { protocol: self.protocol, secret }, own, theirs };
                (0x84, value)
            }
            State::Token { agreed, own, theirs } => {
                let token = agreed.token(&own).map_err(internal)?;
                if !same(&received(0x85)?, &token) {
                    return Err(StatusWord::AUTHENTICATION_FAILED);
                }
                return Ok(PaceChipStep::Established {
                    answer: Response::ok(self.last_answer(&agreed, &theirs, last)?),
                    session: agreed.session(),
                    password: self.password,
                    chip_identity: own.compressed(),
                    chat: self.chat.take(),
                });
            }
            State::Over => return Err(StatusWord::CONDITIONS_NOT_SATISFIED),
        };
        Ok(PaceChipStep::Continue(Response::ok(dynamic_data(tag, &value))))
    }

    /// DO'82' with the generator, and the terminal's mapping key if there is one.
    fn map(&self, theirs: &[u8]) -> Result<(Vec<u8>, Element, Option<Element>), StatusWord> {
        let parameters = self.offer.parameters;
        if self.protocol.mapping == Mapping::Integrated {
            let generator = map_integrated(parameters, self.protocol.cipher, &self.nonce, theirs);
            return Ok((Vec::new(), generator.map_err(unmapped)?, None));
        }
        let theirs = self.group.element(theirs).map_err(unacceptable)?;
        let own = self.mapping.public().map_err(unacceptable)?;
        if own == theirs {
            return Err(StatusWord::INCORRECT_DATA);
        }
        let shared = self.mapping.power(&theirs).map_err(unacceptable)?;
        let generator = map_generic(parameters, &self.nonce, &shared).map_err(unmapped)?;
        Ok((public_value(&own).to_vec(), generator, Some(theirs)))
    }

    fn last_answer(
        &self,
        agreed: &Agreed,
        theirs: &Element,
        last: LastAnswer<'_>,
    ) -> Result<Vec<u8>, StatusWord> {
        let mut objects = tlv::encode(0x86, &agreed.token(theirs).map_err(internal)?);
        if self.chat.is_some() {
            for (tag, authority) in [0x87, 0x88].into_iter().zip(last.authorities) {
                objects.extend(tlv::encode(tag, authority));
            }
        }
        if self.protocol.mapping == Mapping::ChipAuthentication {
            // CA_IC = SK_IC⁻¹ · SK_Map,IC (§4.4.3.5.1), as wide as the order.
            let mapping = self.mapping.scalar();
            let data = mapping.zip(last.static_key).and_then(|(mapping, key)| mapping.divided_by(key));
            let data = data.ok_or(StatusWord::NO_PRECISE_DIAGNOSIS)?.to_secret_bytes();
            objects.extend(tlv::encode(0x8A, &agreed.encrypt(&data).map_err(internal)?));
        }
        Ok(tlv::encode(0x7C, &objects))
    }
}

fn unacceptable<E>(_: E) -> StatusWord {
    StatusWord::INCORRECT_DATA
}

fn unmapped(_: PaceError) -> StatusWord {
    StatusWord::INCORRECT_DATA
}

fn internal<E>(_: E) -> StatusWord {
    StatusWord::NO_PRECISE_DIAGNOSIS
}

struct SetAt {
    protocol: Vec<u8>,
    password: u8,
    parameters: Option<u8>,
    chat: Option<Vec<u8>>,
}

impl SetAt {
    fn read(data: &[u8]) -> Option<Self> {
        let (mut protocol, mut password, mut parameters, mut chat) = (None, None, None, None);
        let mut reader = Reader::new(data);
        while !reader.is_empty() {
            let object = reader.read().ok()?;
            let (slot, value) = match (object.tag, object.value) {
                (0x80, value) => (&mut protocol, value),
                (0x83, value @ [_]) => (&mut password, value),
                (0x84, value @ [_]) => (&mut parameters, value),
                (0x83 | 0x84, _) => return None,
                (0x7F4C, value) => (&mut chat, value),
                _ => continue,
            };
            if slot.replace(value.to_vec()).is_some() {
                return None;
            }
        }
        let one = |value: Vec<u8>| value.first().copied();
        Some(Self {
            protocol: protocol?,
            password: password.and_then(one)?,
            parameters: parameters.and_then(one),
            chat,
        })
    }
}

impl fmt::Debug for PaceChip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaceChip({:?}, {:?})", self.offer, self.password)
    }
}
