//! The chip's end of PACE (Doc 9303-11 §4.4.3, §4.4.4). No retry counter: the MRZ and the CAN are never blocked.

use super::{Agreed, PaceProtocol, Password, PasswordType, dynamic_data, parse_dynamic_data};
use crate::apdu::{Command, Response, StatusWord};
use crate::protocol::block_cipher::{cbc_encrypt, same, zero_iv};
use crate::protocol::curve::{Curve, DomainParameters, Point, Scalar};
use crate::protocol::secure_messaging::SecureMessaging;
use crate::tlv::{self, Reader};
use const_oid::ObjectIdentifier;
use rand_core::CryptoRng;
use std::fmt;
use zeroize::Zeroizing;

/// One `PACEInfo` of EF.CardAccess that the chip stands by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceOffer {
    /// The protocol.
    pub protocol: PaceProtocol,
    /// The domain parameters.
    pub parameters: DomainParameters,
}

/// What a GENERAL AUTHENTICATE brought.
#[derive(Debug)]
pub enum PaceChipStep {
    /// Answer this; the protocol goes on.
    Continue(Response),
    /// Answer this, unprotected; everything after runs in the session.
    Established {
        /// The last answer.
        answer: Response,
        /// The session.
        session: SecureMessaging,
        /// Which password opened it.
        password: PasswordType,
    },
}

/// The chip after MSE:SET AT. Any refusal ends the run: MSE:SET AT must come again.
pub struct PaceChip {
    protocol: PaceProtocol,
    curve: Curve,
    password: PasswordType,
    encrypted_nonce: Vec<u8>,
    nonce: Zeroizing<Vec<u8>>,
    mapping: Scalar,
    agreement: Scalar,
    state: State,
}

enum State {
    Nonce,
    Mapping,
    Key { generator: Point },
    Token { agreed: Agreed, own: Point, theirs: Point },
    Over,
}

impl PaceChip {
    /// MSE:SET AT `00 22 C1 A4 {80 protocol, 83 password, [84 parameters]}`. Draws the nonce, the mapping key and
    /// the agreement key, in this order. `7F4C` (a terminal's authorization template) is ignored.
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
        let offer = offers
            .iter()
            .filter(|offer| offer.protocol == protocol && protocol.is_supported())
            .find(|offer| request.parameters.is_none_or(|id| offer.parameters.id() == id))
            .ok_or(StatusWord::INCORRECT_DATA)?;
        let curve = offer.parameters.curve().map_err(|_| StatusWord::INCORRECT_DATA)?;
        let password = password(kind).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let mut nonce = Zeroizing::new(vec![0; 16]);
        rng.fill_bytes(&mut nonce);
        let encrypted_nonce = cbc_encrypt(&password.key(protocol.cipher), &zero_iv(protocol.cipher), &nonce)
            .map_err(|_| StatusWord::NO_PRECISE_DIAGNOSIS)?;
        Ok(Self {
            protocol,
            curve,
            password: kind,
            encrypted_nonce,
            nonce,
            mapping: Scalar::generate(curve, rng),
            agreement: Scalar::generate(curve, rng),
            state: State::Nonce,
        })
    }

    /// GENERAL AUTHENTICATE `86 00 00`, CLA `10` for all but the last.
    ///
    /// # Errors
    /// `6985` out of turn, `6883` or `6985` for wrong chaining, `6A80` for malformed data or an unacceptable
    /// public key, `6300` for a wrong token (Doc 9303-11 §4.4.4.2).
    pub fn general_authenticate(&mut self, command: &Command) -> Result<PaceChipStep, StatusWord> {
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
        let unacceptable = |_| StatusWord::INCORRECT_DATA;
        let (tag, value) = match state {
            State::Nonce => {
                if data != [0x7C, 0x00] {
                    return Err(StatusWord::INCORRECT_DATA);
                }
                self.state = State::Mapping;
                (0x80, self.encrypted_nonce.clone())
            }
            State::Mapping => {
                let theirs = self.curve.point(&received(0x81)?).map_err(unacceptable)?;
                let own = self.mapping.public_point().map_err(unacceptable)?;
                if own == theirs {
                    return Err(StatusWord::INCORRECT_DATA);
                }
                let shared = self.mapping.multiply(&theirs).map_err(unacceptable)?;
                let generator = self.curve.map_generic(&self.nonce, &shared).map_err(unacceptable)?;
                self.state = State::Key { generator };
                (0x82, own.as_bytes().to_vec())
            }
            State::Key { generator } => {
                let theirs = self.curve.point(&received(0x83)?).map_err(unacceptable)?;
                let own = self.agreement.multiply(&generator).map_err(unacceptable)?;
                if own == theirs {
                    return Err(StatusWord::INCORRECT_DATA);
                }
                let secret = self.agreement.agree(&theirs).map_err(unacceptable)?;
                let value = own.as_bytes().to_vec();
                self.state = State::Token { agreed: Agreed { protocol: self.protocol, secret }, own, theirs };
                (0x84, value)
            }
            State::Token { agreed, own, theirs } => {
                let no_token = |_| StatusWord::NO_PRECISE_DIAGNOSIS;
                if !same(&received(0x85)?, &agreed.token(&own).map_err(no_token)?) {
                    return Err(StatusWord::AUTHENTICATION_FAILED);
                }
                let token = agreed.token(&theirs).map_err(no_token)?;
                return Ok(PaceChipStep::Established {
                    answer: Response::ok(dynamic_data(0x86, &token)),
                    session: agreed.session(),
                    password: self.password,
                });
            }
            State::Over => return Err(StatusWord::CONDITIONS_NOT_SATISFIED),
        };
        Ok(PaceChipStep::Continue(Response::ok(dynamic_data(tag, &value))))
    }
}

struct SetAt {
    protocol: Vec<u8>,
    password: u8,
    parameters: Option<u8>,
}

impl SetAt {
    fn read(data: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(data);
        let protocol = reader.expect(0x80).ok()?.value.to_vec();
        let [password] = *reader.expect(0x83).ok()?.value else { return None };
        let parameters = match reader.optional(0x84).ok()? {
            Some(tlv::Tlv { value: [id], .. }) => Some(*id),
            Some(_) => return None,
            None => None,
        };
        reader.optional(0x7F4C).ok()?;
        reader.finish().ok()?;
        Some(Self { protocol, password, parameters })
    }
}

impl fmt::Debug for PaceChip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaceChip({:?}, {:?}, {:?})", self.protocol, self.curve, self.password)
    }
}
