//! libeac (`OpenPACE`) behind `tests/interop/libeac/peer.c`, and secure messaging with its primitives: counter, cipher and
//! checksum are libeac's, the frame around them is ours (Doc 9303-11 §9.8).

use std::process::Command as Process;

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::apdu::{Command, Response, StatusWord};
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::tlv::{self, Reader};

use super::peer::{Peer, built};

/// The peer's name in the table.
pub const NAME: &str = "libeac 1.1.2";

/// The running peer.
#[derive(Debug)]
pub struct Libeac(Peer);

impl Libeac {
    /// Starts it.
    ///
    /// # Errors
    /// If it was not built.
    pub fn start() -> Result<Self> {
        Ok(Self(Peer::start(Process::new(built("libeac/peer")?))?))
    }

    /// A request; results are octet strings.
    ///
    /// # Errors
    /// If libeac refuses.
    pub fn ask(&mut self, verb: &str, arguments: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
        let mut line = verb.to_owned();
        for argument in arguments {
            line.push(' ');
            line.push_str(&octets(argument));
        }
        let result = self.0.result(&line)?;
        result
            .split_whitespace()
            .map(|word| {
                if word == "-" {
                    Ok(Vec::new())
                } else {
                    hex::decode(word).context("the peer answers no octets")
                }
            })
            .collect()
    }

    /// A request with one result.
    ///
    /// # Errors
    /// If libeac refuses.
    pub fn one(&mut self, verb: &str, arguments: &[&[u8]]) -> Result<Vec<u8>> {
        self.ask(verb, arguments)?.into_iter().next().with_context(|| format!("{verb}: no result"))
    }

    /// A request that is answered with yes or no.
    ///
    /// # Errors
    /// If libeac refuses to say.
    pub fn check(&mut self, verb: &str, arguments: &[&[u8]]) -> Result<bool> {
        let line = arguments.iter().fold(verb.to_owned(), |line, argument| line + " " + &octets(argument));
        Ok(self.0.result(&line)? == "1")
    }

    /// A request in words.
    ///
    /// # Errors
    /// If libeac refuses.
    pub fn say(&mut self, words: &str) -> Result<()> {
        self.0.result(words).map(drop)
    }
}

fn octets(bytes: &[u8]) -> String {
    if bytes.is_empty() { "-".to_owned() } else { hex::encode(bytes) }
}

/// One end of a session whose cryptography is libeac's.
#[derive(Debug)]
pub struct Session {
    block: usize,
}

impl Session {
    /// Takes the keys of PACE (`pace`) or Chip Authentication (`ca`).
    ///
    /// # Errors
    /// If libeac has none.
    pub fn open(libeac: &mut Libeac, protocol: &str, cipher: Cipher) -> Result<Self> {
        libeac.say(&format!("session {protocol}"))?;
        Ok(Self { block: cipher.block_length() })
    }

    fn pad(&self, bytes: &[u8]) -> Vec<u8> {
        let mut padded = bytes.to_vec();
        padded.push(0x80);
        while !padded.len().is_multiple_of(self.block) {
            padded.push(0);
        }
        padded
    }

    fn unpad(padded: &[u8]) -> Result<Vec<u8>> {
        let end = padded.iter().rposition(|byte| *byte != 0).context("nothing but zeros")?;
        ensure!(padded.get(end) == Some(&0x80), "the padding is wrong");
        Ok(padded.get(..end).unwrap_or_default().to_vec())
    }

    /// Terminal: protects a command.
    ///
    /// # Errors
    /// If libeac refuses.
    pub fn protect(&self, libeac: &mut Libeac, command: &Command) -> Result<Command> {
        libeac.say("count")?;
        let secured = Command::new(command.cla() | 0x0C, command.ins(), command.p1(), command.p2());
        let mut objects = Vec::new();
        if !command.data().is_empty() {
            let cryptogram = libeac.one("encrypt", &[&self.pad(command.data())])?;
            objects.extend(tlv::encode_all(0x87, &[&[0x01], &cryptogram]));
        }
        if let Some(length) = command.expected_length() {
            objects.extend(tlv::encode(0x97, &[u8::try_from(length % 256)?]));
        }
        let input = [self.pad(&secured.header()), objects.clone()].concat();
        let checksum = libeac.one("mac", &[&self.pad(&input)])?;
        objects.extend(tlv::encode(0x8E, &checksum));
        Ok(secured.with_data(objects).with_expected_length(256))
    }

    /// Terminal: checks an answer and opens it.
    ///
    /// # Errors
    /// If it does not hold.
    pub fn unprotect(&self, libeac: &mut Libeac, response: &Response) -> Result<Response> {
        libeac.say("count")?;
        let mut reader = Reader::new(&response.data);
        let cryptogram = reader.optional(0x87)?;
        let status = reader.expect(0x99)?;
        let input: Vec<u8> = cryptogram
            .iter()
            .flat_map(|object| tlv::encode(0x87, object.value))
            .chain(tlv::encode(0x99, status.value))
            .collect();
        let checksum = libeac.one("mac", &[&self.pad(&input)])?;
        ensure!(reader.expect(0x8E)?.value == checksum, "libeac computes another checksum over the answer");
        reader.finish()?;
        let data = match cryptogram {
            Some(object) => {
                let (indicator, bytes) = object.value.split_first().context("an empty cryptogram")?;
                ensure!(*indicator == 0x01, "an unknown padding");
                Self::unpad(&libeac.one("decrypt", &[bytes])?)?
            }
            None => Vec::new(),
        };
        let status = u16::from_be_bytes(status.value.try_into()?);
        Ok(Response::new(data, StatusWord(status)))
    }

    /// Chip: checks a command and opens it.
    ///
    /// # Errors
    /// If it does not hold.
    pub fn receive(&self, libeac: &mut Libeac, command: &Command) -> Result<Command> {
        libeac.say("count")?;
        let mut reader = Reader::new(command.data());
        let odd = command.has_odd_instruction();
        let cryptogram = reader.optional(if odd { 0x85 } else { 0x87 })?;
        let length = reader.optional(0x97)?;
        let mut input = self.pad(&command.header());
        for object in [&cryptogram, &length].into_iter().flatten() {
            input.extend(tlv::encode(object.tag, object.value));
        }
        let checksum = libeac.one("mac", &[&self.pad(&input)])?;
        ensure!(reader.expect(0x8E)?.value == checksum, "libeac computes another checksum over the command");
        reader.finish()?;
        let mut plain = Command::new(command.cla() & !0x0C, command.ins(), command.p1(), command.p2());
        if let Some(object) = cryptogram {
            let bytes = if odd { object.value } else { object.value.get(1..).unwrap_or_default() };
            plain = plain.with_data(Self::unpad(&libeac.one("decrypt", &[bytes])?)?);
        }
        if let Some(object) = length {
            let number = object.value.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
            let all = if object.value.len() == 1 { 256 } else { 65_536 };
            plain = plain.with_expected_length(if number == 0 { all } else { number });
        }
        Ok(plain)
    }

    /// Chip: protects an answer.
    ///
    /// # Errors
    /// If libeac refuses.
    pub fn answer(&self, libeac: &mut Libeac, response: &Response, odd: bool) -> Result<Response> {
        libeac.say("count")?;
        let mut objects = Vec::new();
        if !response.data.is_empty() {
            let cryptogram = libeac.one("encrypt", &[&self.pad(&response.data)])?;
            objects = if odd {
                tlv::encode(0x85, &cryptogram)
            } else {
                tlv::encode_all(0x87, &[&[0x01], &cryptogram])
            };
        }
        objects.extend(tlv::encode(0x99, &response.status.0.to_be_bytes()));
        let checksum = libeac.one("mac", &[&self.pad(&objects)])?;
        objects.extend(tlv::encode(0x8E, &checksum));
        Ok(Response::new(objects, response.status))
    }
}
