//! Chip Authentication with libeac in both roles. That the keys are the same is shown by use, as for PACE.

use anyhow::{Context as _, Result};
use cccd_card_profile::apdu::{Command, LinkLost, Response, StatusWord, Transport};
use cccd_card_profile::protocol::chip_authentication::{
    ChipAuthenticationChip, ChipAuthenticationOffer, ChipAuthenticationProtocol, ChipAuthenticationTerminal,
    ChipAuthenticationVersion, set_kat,
};
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::drive;
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::pace::Agreement;
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PrivateKey};
use cccd_card_profile::tlv::{self, Reader};
use rand_core::CryptoRng;

use super::libeac::{Libeac, NAME};
use super::pace::{CIPHERS, REPETITIONS, chip_uses, drops_zeros, terminal_uses};
use super::table::Table;

/// Tries every cipher and group in both roles; one line for each cipher and role.
pub fn run(table: &mut Table, rng: &mut dyn CryptoRng) {
    let mut libeac = match Libeac::start() {
        Ok(libeac) => libeac,
        Err(error) => return table.skip(NAME, &["CA version 1"], &format!("{error:#}")),
    };
    for (agreement, family) in [(Agreement::Ecdh, "CA-ECDH"), (Agreement::Dh, "CA-DH")] {
        for (cipher, name) in CIPHERS {
            let protocol = ChipAuthenticationProtocol { agreement, cipher };
            let terminal = format!("{family} version 1 {name}, it is the terminal");
            table.result(NAME, &terminal, every_group(&mut libeac, protocol, rng, libeac_is_terminal));
            let chip = format!("{family} version 1 {name}, it is the chip");
            table.result(NAME, &chip, every_group(&mut libeac, protocol, rng, libeac_is_chip));
        }
    }
}

type Run = fn(&mut Libeac, ChipAuthenticationProtocol, DomainParameters, &mut dyn CryptoRng) -> Result<()>;

fn every_group(
    libeac: &mut Libeac,
    protocol: ChipAuthenticationProtocol,
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
            libeac.say("new 1")?;
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

/// A chip whose Chip Authentication is libeac's.
struct LibeacChip<'a>(&'a mut Libeac);

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
                self.agree(outer.expect(0x7C)?.nested()?.expect(0x80)?.value)?;
                Ok(Response::ok([0x7C, 0x00]))
            }
        }
    }

    fn agree(&mut self, theirs: &[u8]) -> Result<()> {
        self.0.ask("ca-agree", &[theirs])?;
        self.0.say("ca-keys")
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

fn libeac_is_chip(
    libeac: &mut Libeac,
    protocol: ChipAuthenticationProtocol,
    parameters: DomainParameters,
    rng: &mut dyn CryptoRng,
) -> Result<()> {
    // libeac has no generator of long-term keys: ours makes the pair, libeac computes with it.
    let key = PrivateKey::generate(KeyAlgorithm::from(parameters.group()), rng)?;
    let public = key.public_key()?.element().context("a key that agrees")?;
    // The first byte names the algorithm.
    let secret = key.to_secret_bytes()?;
    libeac.ask("ca-key", &[secret.get(1..).context("no secret")?, public.as_bytes()])?;
    let terminal = ChipAuthenticationTerminal::new(protocol, public, None, rng)?;
    let claimed =
        drive(&mut LibeacChip(libeac), terminal).map_err(|error| anyhow::anyhow!("our terminal: {error}"))?;
    chip_uses(libeac, protocol.cipher, "ca", &mut claimed.into_unproven_session())
}
