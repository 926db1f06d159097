//! Chip Authentication, both versions, with libeac in both roles. That the keys are the same is shown by use, as for PACE.

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::apdu::{Command, LinkLost, Response, StatusWord, Transport};
use cccd_card_profile::protocol::chip_authentication::{
    ChipAuthentication2Terminal, ChipAuthenticationChip, ChipAuthenticationOffer, ChipAuthenticationProtocol,
    ChipAuthenticationTerminal, ChipAuthenticationVersion, set_kat,
};
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::drive;
use cccd_card_profile::protocol::group::{Element, Secret};
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::pace::Agreement;
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PrivateKey};
use cccd_card_profile::tlv::{self, Reader};
use rand_core::CryptoRng;

use super::libeac::{Libeac, NAME};
use super::pace::{CIPHERS, REPETITIONS, chip_uses, drops_zeros, terminal_uses};
use super::table::Table;

/// Tries every cipher and group in both versions and roles; one line for each cipher, version and role.
pub fn run(table: &mut Table, rng: &mut dyn CryptoRng) {
    let mut libeac = match Libeac::start() {
        Ok(libeac) => libeac,
        Err(error) => return table.skip(NAME, &["CA version 1", "CA version 2"], &format!("{error:#}")),
    };
    for (agreement, family) in [(Agreement::Ecdh, "CA-ECDH"), (Agreement::Dh, "CA-DH")] {
        for (cipher, name) in CIPHERS {
            let protocol = ChipAuthenticationProtocol { agreement, cipher };
            let runs: [(ChipAuthenticationVersion, &str, Run); 4] = [
                (ChipAuthenticationVersion::One, "terminal", libeac_is_terminal),
                (ChipAuthenticationVersion::One, "chip", libeac_is_chip),
                (ChipAuthenticationVersion::Two, "terminal", libeac_is_terminal_2),
                (ChipAuthenticationVersion::Two, "chip", libeac_is_chip_2),
            ];
            for (version, role, run) in runs {
                let line = format!("{family} version {} {name}, it is the {role}", version.number());
                table.result(NAME, &line, every_group(&mut libeac, protocol, version, rng, run));
            }
        }
    }
}

type Run = fn(&mut Libeac, ChipAuthenticationProtocol, DomainParameters, &mut dyn CryptoRng) -> Result<()>;

fn every_group(
    libeac: &mut Libeac,
    protocol: ChipAuthenticationProtocol,
    version: ChipAuthenticationVersion,
    rng: &mut dyn CryptoRng,
    run: Run,
) -> Result<String> {
    let mut agreed = Vec::new();
    // libeac takes another curve for parameters 14.
    for id in (0..=2).chain(8..=18).filter(|id| *id != 14) {
        let parameters = DomainParameters::from_id(id).context("no such parameters")?;
        if parameters.group().agreement() != protocol.agreement {
            continue;
        }
        let mut try_it = |libeac: &mut Libeac| {
            libeac.say(&format!("new {}", version.number()))?;
            libeac.say(&format!("ca {} {id}", protocol.oid()))?;
            run(libeac, protocol, parameters, rng)
        };
        let mut outcome = try_it(libeac);
        for _ in 0..REPETITIONS {
            if outcome.is_ok() || !drops_zeros(libeac, "ca", parameters) {
                break;
            }
            outcome = try_it(libeac);
        }
        outcome.with_context(|| format!("parameters {id}"))?;
        agreed.push(id.to_string());
    }
    Ok(format!("parameters {}", agreed.join(" ")))
}

fn libeac_is_terminal(
    libeac: &mut Libeac,
    protocol: ChipAuthenticationProtocol,
    parameters: DomainParameters,
    rng: &mut dyn CryptoRng,
) -> Result<()> {
    let key = PrivateKey::generate(KeyAlgorithm::from(parameters.group()), rng)?;
    let public = key.public_key()?.element().context("a key that agrees")?;
    let answer = libeac.ask("ca-ephemeral", &[])?;
    let ephemeral = answer.get(1).context("no ephemeral key")?;
    libeac.ask("ca-agree", &[public.as_bytes()])?;
    libeac.say("ca-keys")?;
    let refused = |status| anyhow::anyhow!("our chip answers {status:?}");
    let mut session = if protocol.cipher == Cipher::TripleDes {
        let set = Command::new(0x00, 0x22, 0x41, 0xA6).with_data(tlv::encode(0x91, ephemeral));
        set_kat(&set, |_| Some(&key)).map_err(refused)?.session
    } else {
        let set =
            Command::new(0x00, 0x22, 0x41, 0xA4).with_data(tlv::encode(0x80, protocol.oid().as_bytes()));
        let version = ChipAuthenticationVersion::One;
        let offer = ChipAuthenticationOffer { protocol, version, key_id: None };
        let chip = ChipAuthenticationChip::set_at(&set, &[offer], rng).map_err(refused)?;
        let send = tlv::encode(0x7C, &tlv::encode(0x80, ephemeral));
        let send = Command::new(0x00, 0x86, 0, 0).with_data(send).with_expected_length(256);
        chip.general_authenticate(&send, &key, None).map_err(refused)?.session
    };
    terminal_uses(libeac, protocol.cipher, "ca", &mut session)
}

/// Version 2: libeac must take our chip's token, and no other.
fn libeac_is_terminal_2(
    libeac: &mut Libeac,
    protocol: ChipAuthenticationProtocol,
    parameters: DomainParameters,
    rng: &mut dyn CryptoRng,
) -> Result<()> {
    let key = PrivateKey::generate(KeyAlgorithm::from(parameters.group()), rng)?;
    let public = key.public_key()?.element().context("a key that agrees")?;
    let answer = libeac.ask("ca-ephemeral", &[])?;
    let [compressed, ephemeral] = answer.as_slice() else { anyhow::bail!("no ephemeral key") };
    libeac.ask("ca-agree", &[public.as_bytes()])?;
    let refused = |status| anyhow::anyhow!("our chip answers {status:?}");
    let set = Command::new(0x00, 0x22, 0x41, 0xA4).with_data(tlv::encode(0x80, protocol.oid().as_bytes()));
    let version = ChipAuthenticationVersion::Two;
    let offer = ChipAuthenticationOffer { protocol, version, key_id: None };
    let chip = ChipAuthenticationChip::set_at(&set, &[offer], rng).map_err(refused)?;
    let send = tlv::encode(0x7C, &tlv::encode(0x80, ephemeral));
    let send = Command::new(0x00, 0x86, 0, 0).with_data(send).with_expected_length(256);
    // The key that libeac would have announced in Terminal Authentication: its compressed form is compared too, with the
    // leading zeros of a coordinate that libeac leaves out.
    let mut announced = compressed.clone();
    while parameters.group().agreement() == Agreement::Ecdh && announced.len() < ephemeral.len() / 2 {
        announced.insert(0, 0);
    }
    let agreement = chip.general_authenticate(&send, &key, Some(&announced)).map_err(refused)?;
    let mut inner = Reader::new(&agreement.answer.data).expect(0x7C)?.nested()?;
    let (nonce, token) = (inner.expect(0x81)?.value, inner.expect(0x82)?.value);
    let mut altered = token.to_vec();
    if let Some(byte) = altered.last_mut() {
        *byte ^= 1;
    }
    ensure!(!libeac.check("ca-check", &[nonce, &altered])?, "libeac takes an altered token");
    ensure!(libeac.check("ca-check", &[nonce, token])?, "libeac does not take our chip's token");
    let mut session = agreement.session;
    terminal_uses(libeac, protocol.cipher, "ca", &mut session)
}

/// A chip whose Chip Authentication is libeac's.
struct LibeacChip<'a>(&'a mut Libeac, ChipAuthenticationVersion);

impl LibeacChip<'_> {
    fn run(&mut self, command: &Command) -> Result<Response> {
        match (command.ins(), command.p2()) {
            (0x22, 0xA6) => {
                self.agree(Reader::new(command.data()).expect(0x91)?.value)?;
                Ok(StatusWord::OK.into())
            }
            (0x22, _) => Ok(StatusWord::OK.into()),
            _ => {
                let mut outer = Reader::new(command.data());
                let ephemeral = outer.expect(0x7C)?.nested()?.expect(0x80)?.value;
                Ok(Response::ok(tlv::encode(0x7C, &self.agree(ephemeral)?)))
            }
        }
    }

    /// Takes the terminal's key; what goes into the answer.
    fn agree(&mut self, theirs: &[u8]) -> Result<Vec<u8>> {
        self.0.ask("ca-agree", &[theirs])?;
        if self.1 == ChipAuthenticationVersion::One {
            self.0.say("ca-keys")?;
            return Ok(Vec::new());
        }
        let answer = self.0.ask("ca-prove", &[theirs])?;
        let [nonce, token] = answer.as_slice() else { anyhow::bail!("libeac proves nothing") };
        Ok([tlv::encode(0x81, nonce), tlv::encode(0x82, token)].concat())
    }
}

impl Transport for LibeacChip<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        Command::parse(command)
            .map_err(Into::into)
            .and_then(|command| self.run(&command))
            .map(|answer| answer.to_bytes())
            .map_err(|error| LinkLost::new(format!("{error:#}")))
    }
}

/// Gives libeac a chip's key; its public half. libeac has no generator of long-term keys: ours makes the pair, libeac
/// computes with it.
fn key_for(libeac: &mut Libeac, parameters: DomainParameters, rng: &mut dyn CryptoRng) -> Result<Element> {
    let key = PrivateKey::generate(KeyAlgorithm::from(parameters.group()), rng)?;
    let public = key.public_key()?.element().context("a key that agrees")?;
    // The first byte names the algorithm.
    let secret = key.to_secret_bytes()?;
    libeac.ask("ca-key", &[secret.get(1..).context("no secret")?, public.as_bytes()])?;
    Ok(public)
}

fn libeac_is_chip(
    libeac: &mut Libeac,
    protocol: ChipAuthenticationProtocol,
    parameters: DomainParameters,
    rng: &mut dyn CryptoRng,
) -> Result<()> {
    let public = key_for(libeac, parameters, rng)?;
    let terminal = ChipAuthenticationTerminal::new(protocol, public, None, rng)?;
    let mut chip = LibeacChip(libeac, ChipAuthenticationVersion::One);
    let claimed = drive(&mut chip, terminal).map_err(|error| anyhow::anyhow!("our terminal: {error}"))?;
    chip_uses(libeac, protocol.cipher, "ca", &mut claimed.into_unproven_session())
}

/// Version 2: our terminal must take libeac's token.
fn libeac_is_chip_2(
    libeac: &mut Libeac,
    protocol: ChipAuthenticationProtocol,
    parameters: DomainParameters,
    rng: &mut dyn CryptoRng,
) -> Result<()> {
    let public = key_for(libeac, parameters, rng)?;
    let ephemeral = Secret::generate(parameters.group(), rng);
    let terminal = ChipAuthentication2Terminal::new(protocol, public, None, ephemeral)?;
    let mut chip = LibeacChip(libeac, ChipAuthenticationVersion::Two);
    let mut session = drive(&mut chip, terminal).map_err(|error| anyhow::anyhow!("our terminal: {error}"))?;
    chip_uses(libeac, protocol.cipher, "ca", &mut session)
}
