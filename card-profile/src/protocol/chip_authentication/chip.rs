//! The chip's end of Chip Authentication (Doc 9303-11 §6.2.4).

use super::ChipAuthenticationProtocol;
use crate::apdu::{Command, Response, StatusWord};
use crate::protocol::curve::Scalar;
use crate::protocol::kdf::Cipher;
use crate::protocol::secure_messaging::SecureMessaging;
use crate::tlv::{self, Reader};
use const_oid::ObjectIdentifier;

/// One `ChipAuthenticationInfo` of DG14 that the chip stands by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChipAuthenticationOffer {
    /// The protocol.
    pub protocol: ChipAuthenticationProtocol,
    /// The number of its key, if it has one.
    pub key_id: Option<u32>,
}

/// MSE:SET KAT `00 22 41 A6 {91 ephemeral, [84 key]}`, 3DES (§6.2.4.1). The answer goes out under the old session,
/// the returned one replaces it.
///
/// # Errors
/// `6A86`, `6A80`, `6A88` for P1 P2, data or key.
pub fn set_kat<'k>(
    command: &Command,
    key: impl FnOnce(Option<u32>) -> Option<&'k Scalar>,
) -> Result<(Response, SecureMessaging), StatusWord> {
    if command.p1_p2() != 0x41A6 {
        return Err(StatusWord::INCORRECT_P1_P2);
    }
    let incorrect = |_| StatusWord::INCORRECT_DATA;
    let mut reader = Reader::new(command.data());
    let ephemeral = reader.expect(0x91).map_err(incorrect)?.value;
    let key_id = read_key_id(&mut reader)?;
    let key = key(key_id).ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
    Ok((Response::status(StatusWord::OK), agree(key, ephemeral, Cipher::TripleDes)?))
}

/// The chip after MSE:SET AT: it waits for GENERAL AUTHENTICATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChipAuthenticationChip {
    offer: ChipAuthenticationOffer,
}

impl ChipAuthenticationChip {
    /// MSE:SET AT `00 22 41 A4 {80 protocol, [84 key]}` (§6.2.4.2).
    ///
    /// # Errors
    /// `6A86`, `6A80`, `6A88` for P1 P2, data, or a protocol and key not offered.
    pub fn set_at(command: &Command, offers: &[ChipAuthenticationOffer]) -> Result<Self, StatusWord> {
        if command.p1_p2() != 0x41A4 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        let incorrect = |_| StatusWord::INCORRECT_DATA;
        let mut reader = Reader::new(command.data());
        let oid = reader.expect(0x80).map_err(incorrect)?.value;
        let key_id = read_key_id(&mut reader)?;
        let protocol = ObjectIdentifier::from_bytes(oid)
            .ok()
            .and_then(ChipAuthenticationProtocol::from_oid)
            .ok_or(StatusWord::INCORRECT_DATA)?;
        let offer = offers
            .iter()
            .filter(|offer| offer.protocol == protocol)
            .find(|offer| key_id.is_none() || offer.key_id == key_id)
            .ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        Ok(Self { offer: *offer })
    }

    /// The chosen offer: it says which key to bring to [`ChipAuthenticationChip::general_authenticate`].
    #[must_use]
    pub fn offer(self) -> ChipAuthenticationOffer {
        self.offer
    }

    /// GENERAL AUTHENTICATE `00 86 00 00 7C{80 ephemeral}`. The answer goes out under the old session, the returned
    /// one replaces it.
    ///
    /// # Errors
    /// `6A86`, `6A80` for P1 P2 or data.
    pub fn general_authenticate(
        self,
        command: &Command,
        key: &Scalar,
    ) -> Result<(Response, SecureMessaging), StatusWord> {
        if command.p1_p2() != 0 {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        let incorrect = |_| StatusWord::INCORRECT_DATA;
        let mut outer = Reader::new(command.data());
        let mut inner = outer.expect(0x7C).and_then(|object| object.nested()).map_err(incorrect)?;
        outer.finish().map_err(incorrect)?;
        let ephemeral = inner.expect(0x80).map_err(incorrect)?.value;
        inner.finish().map_err(incorrect)?;
        let session = agree(key, ephemeral, self.offer.protocol.cipher)?;
        Ok((Response::ok(tlv::encode(0x7C, &[])), session))
    }
}

fn read_key_id(reader: &mut Reader<'_>) -> Result<Option<u32>, StatusWord> {
    let object = reader.optional(0x84).map_err(|_| StatusWord::INCORRECT_DATA)?;
    reader.finish().map_err(|_| StatusWord::INCORRECT_DATA)?;
    object
        .map(|object| {
            (1..=4)
                .contains(&object.value.len())
                .then(|| object.value.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)))
                .ok_or(StatusWord::INCORRECT_DATA)
        })
        .transpose()
}

fn agree(key: &Scalar, ephemeral: &[u8], cipher: Cipher) -> Result<SecureMessaging, StatusWord> {
    let point = key.curve().point(ephemeral).map_err(|_| StatusWord::INCORRECT_DATA)?;
    let secret = key.agree(&point).map_err(|_| StatusWord::INCORRECT_DATA)?;
    Ok(SecureMessaging::from_secret(&secret, cipher))
}
