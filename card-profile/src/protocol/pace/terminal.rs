//! The terminal's end of PACE (Doc 9303-11 §4.4.3, §4.4.4).

use super::{Agreed, PaceError, PaceProtocol, Password, PasswordType, dynamic_data, parse_dynamic_data};
use crate::apdu::{Command, Response};
use crate::protocol::block_cipher::{cbc_decrypt, same, zero_iv};
use crate::protocol::curve::{Curve, DomainParameters, Point, Scalar};
use crate::protocol::kdf::SymmetricKey;
use crate::protocol::secure_messaging::SecureMessaging;
use crate::protocol::{Step, TerminalProtocol};
use crate::tlv;
use rand_core::CryptoRng;
use std::fmt;
use zeroize::Zeroizing;

/// The terminal: MSE:SET AT, then four GENERAL AUTHENTICATE. Gives the session.
pub struct PaceTerminal {
    protocol: PaceProtocol,
    parameters: DomainParameters,
    curve: Curve,
    kind: PasswordType,
    key: SymmetricKey,
    mapping: Scalar,
    agreement: Scalar,
    name_parameters: bool,
    state: State,
}

enum State {
    Start,
    AwaitSet,
    AwaitNonce,
    AwaitMapping { nonce: Zeroizing<Vec<u8>> },
    AwaitKey { generator: Point, mapping: Point },
    AwaitToken { agreed: Agreed, own: Point },
    Over,
}

impl PaceTerminal {
    /// A run with this password: both ephemeral keys are drawn now, mapping first.
    ///
    /// # Errors
    /// [`PaceError::Unsupported`] or [`PaceError::Parameters`].
    pub fn new(
        protocol: PaceProtocol,
        parameters: DomainParameters,
        password: &Password,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, PaceError> {
        if !protocol.is_supported() {
            return Err(PaceError::Unsupported);
        }
        let curve = parameters.curve()?;
        Ok(Self {
            protocol,
            parameters,
            curve,
            kind: password.kind(),
            key: password.key(protocol.cipher),
            mapping: Scalar::generate(curve, rng),
            agreement: Scalar::generate(curve, rng),
            name_parameters: false,
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

    /// MSE:SET AT `00 22 C1 A4`.
    fn set_at(&self) -> Command {
        let mut data = tlv::encode(0x80, self.protocol.oid().as_bytes());
        data.extend(tlv::encode(0x83, &[self.kind.reference()]));
        if self.name_parameters {
            data.extend(tlv::encode(0x84, &[self.parameters.id()]));
        }
        Command::new(0x00, 0x22, 0xC1, 0xA4).with_data(data)
    }
}

fn general_authenticate(last: bool, data: Vec<u8>) -> Command {
    let cla = if last { 0x00 } else { 0x10 };
    Command::new(cla, 0x86, 0x00, 0x00).with_data(data).with_expected_length(256)
}

fn value(answer: &Response, tag: u32) -> Result<Vec<u8>, PaceError> {
    if !answer.is_ok() {
        return Err(PaceError::BrokenOff(answer.status));
    }
    parse_dynamic_data(&answer.data, tag).ok_or(PaceError::Malformed)
}

impl TerminalProtocol for PaceTerminal {
    type Output = SecureMessaging;
    type Error = PaceError;

    fn advance(&mut self, answer: Option<Response>) -> Result<Step<SecureMessaging>, PaceError> {
        match (std::mem::replace(&mut self.state, State::Over), answer) {
            (State::Start, None) => {
                self.state = State::AwaitSet;
                Ok(Step::Send(self.set_at()))
            }
            (State::AwaitSet, Some(answer)) => {
                // 63Cx is a warning: tries left, which the MRZ and the CAN of a CCCD do not count.
                if !answer.is_ok() && answer.status.sw1() != 0x63 {
                    return Err(PaceError::NotOffered(answer.status));
                }
                self.state = State::AwaitNonce;
                Ok(Step::Send(general_authenticate(false, tlv::encode(0x7C, &[]))))
            }
            (State::AwaitNonce, Some(answer)) => {
                let encrypted = value(&answer, 0x80)?;
                if !(16..=32).contains(&encrypted.len()) {
                    return Err(PaceError::Malformed);
                }
                let nonce = cbc_decrypt(&self.key, &zero_iv(self.protocol.cipher), &encrypted)?;
                let own = self.mapping.public_point()?;
                self.state = State::AwaitMapping { nonce };
                Ok(Step::Send(general_authenticate(false, dynamic_data(0x81, own.as_bytes()))))
            }
            (State::AwaitMapping { nonce }, Some(answer)) => {
                let theirs = self.curve.point(&value(&answer, 0x82)?)?;
                if theirs == self.mapping.public_point()? {
                    return Err(PaceError::PublicKey);
                }
                let generator = self.curve.map_generic(&nonce, &self.mapping.multiply(&theirs)?)?;
                let own = self.agreement.multiply(&generator)?;
                let data = dynamic_data(0x83, own.as_bytes());
                self.state = State::AwaitKey { generator, mapping: theirs };
                Ok(Step::Send(general_authenticate(false, data)))
            }
            (State::AwaitKey { generator, mapping }, Some(answer)) => {
                let theirs = self.curve.point(&value(&answer, 0x84)?)?;
                let own = self.agreement.multiply(&generator)?;
                // The two public keys must differ (Doc 9303-11 §4.4.3.2), and a mapping key is no session key.
                if theirs == own || theirs == mapping {
                    return Err(PaceError::PublicKey);
                }
                let agreed = Agreed { protocol: self.protocol, secret: self.agreement.agree(&theirs)? };
                let token = agreed.token(&theirs)?;
                self.state = State::AwaitToken { agreed, own };
                Ok(Step::Send(general_authenticate(true, dynamic_data(0x85, &token))))
            }
            (State::AwaitToken { agreed, own }, Some(answer)) => {
                if !answer.is_ok() {
                    return Err(PaceError::WrongPassword(answer.status));
                }
                let token = token_of(&answer.data).ok_or(PaceError::Malformed)?;
                if !same(&token, &agreed.token(&own)?) {
                    return Err(PaceError::Token);
                }
                Ok(Step::Done(agreed.session()))
            }
            _ => Err(PaceError::Malformed),
        }
    }
}

/// DO'86'; certification authority references (DO'87', DO'88') may follow it on chips with terminal authentication.
fn token_of(data: &[u8]) -> Option<Vec<u8>> {
    let mut outer = tlv::Reader::new(data);
    let mut inner = outer.expect(0x7C).ok()?.nested().ok()?;
    outer.finish().ok()?;
    let token = inner.expect(0x86).ok()?.value.to_vec();
    for tag in [0x87, 0x88] {
        inner.optional(tag).ok()?;
    }
    inner.finish().ok()?;
    Some(token)
}

impl fmt::Debug for PaceTerminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaceTerminal({:?}, {:?}, {:?})", self.protocol, self.parameters, self.kind)
    }
}
