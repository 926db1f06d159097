//! The ephemeral public keys of PACE and Chip Authentication as they pass by, compressed: what Terminal Authentication
//! signs (TR-03110-3 §A.2.2.3).

use crate::apdu::{Command, LinkLost, Response, Transport};
use crate::tlv::Reader;
use sha1::{Digest as _, Sha1};

/// `Comp(PK)`: of a point its x-coordinate, of a Diffie-Hellman key SHA-1 over its bytes without leading zeros (§D.2.1.1).
/// A point is `04 ‖ x ‖ y`, and the coordinates of every curve together are whole words of four bytes: a number that lost
/// a zero and begins like a point is not.
#[must_use]
pub fn compressed_key(key: &[u8]) -> Vec<u8> {
    match key {
        [0x04, coordinates @ ..] if coordinates.len() % 4 == 0 => {
            coordinates.get(..coordinates.len() / 2).unwrap_or_default().to_vec()
        }
        _ => {
            let zeros = key.iter().take_while(|byte| **byte == 0).count();
            Sha1::digest(key.get(zeros..).unwrap_or_default()).to_vec()
        }
    }
}

/// The chip's key in its third answer of PACE, `7C {84 key}`, compressed: `Comp(PK_PICC)`.
#[must_use]
pub fn chip_key_in(answer: &Response) -> Option<Vec<u8>> {
    only_object(&answer.data, 0x84)
}

/// The terminal's key in a command of Chip Authentication, compressed: `Comp(PK_PCD)`. GENERAL AUTHENTICATE `7C {80 key}`,
/// or MSE:SET KAT `91 key`.
#[must_use]
pub fn terminal_key_in(command: &Command) -> Option<Vec<u8>> {
    match (command.ins(), command.p1_p2()) {
        (0x86, _) => only_object(command.data(), 0x80),
        (0x22, 0x41A6) => {
            Reader::new(command.data()).expect(0x91).ok().map(|object| compressed_key(object.value))
        }
        _ => None,
    }
}

fn only_object(data: &[u8], tag: u32) -> Option<Vec<u8>> {
    let mut inner = Reader::new(data).expect(0x7C).ok()?.nested().ok()?;
    inner.expect(tag).ok().map(|object| compressed_key(object.value))
}

/// A transport that notes both keys as they pass: put around the link while PACE runs, around the protected channel
/// while Chip Authentication does.
#[derive(Debug)]
pub struct KeyWitness<T> {
    inner: T,
    chip: Option<Vec<u8>>,
    terminal: Option<Vec<u8>>,
}

impl<T> KeyWitness<T> {
    /// Nothing seen yet.
    pub fn new(inner: T) -> Self {
        Self { inner, chip: None, terminal: None }
    }

    /// `Comp(PK_PICC)` of the PACE run that passed.
    pub fn chip_key(&self) -> Option<&[u8]> {
        self.chip.as_deref()
    }

    /// `Comp(PK_PCD)` of the Chip Authentication that passed.
    pub fn terminal_key(&self) -> Option<&[u8]> {
        self.terminal.as_deref()
    }
}

impl<T: Transport> Transport for KeyWitness<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let answer = self.inner.transmit(command)?;
        if let Some(key) = Command::parse(command).ok().and_then(|command| terminal_key_in(&command)) {
            self.terminal = Some(key);
        }
        if let Some(key) = Response::parse(&answer).and_then(|answer| chip_key_in(&answer)) {
            self.chip = Some(key);
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv;

    #[test]
    fn keys_as_they_pass() {
        let point = [&[0x04][..], &[0xAA; 32], &[0xBB; 32]].concat();
        let answer = Response::ok(tlv::encode(0x7C, &tlv::encode(0x84, &point)));
        assert_eq!(chip_key_in(&answer), Some(vec![0xAA; 32]));
        let mapping = Response::ok(tlv::encode(0x7C, &tlv::encode(0x82, &point)));
        assert_eq!(chip_key_in(&mapping), None);
        let general = Command::new(0, 0x86, 0, 0).with_data(tlv::encode(0x7C, &tlv::encode(0x80, &point)));
        assert_eq!(terminal_key_in(&general), Some(vec![0xAA; 32]));
        let kat = Command::new(0, 0x22, 0x41, 0xA6).with_data(tlv::encode(0x91, &point));
        assert_eq!(terminal_key_in(&kat), Some(vec![0xAA; 32]));
        // A number of 2048 bits, although it starts with 04.
        let number = [&[0x04][..], &[0xCC; 255]].concat();
        assert_eq!(compressed_key(&number), Sha1::digest(&number).to_vec());
    }
}
