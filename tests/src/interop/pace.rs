//! PACE with libeac in both roles, on every standardised group, with every cipher and the mapping that both have. That the keys
//! are the same is shown by use: a protected command and its answer, one end of them libeac's.

use anyhow::{Context as _, Result, bail, ensure};
use cccd_card_profile::apdu::{Command, LinkLost, Response, StatusWord, Transport};
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::drive;
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::pace::{
    Agreement, LastAnswer, Mapping, PaceChip, PaceChipStep, PaceOffer, PaceProtocol, PaceTerminal, Password,
};
use cccd_card_profile::protocol::secure_messaging::SecureMessaging;
use cccd_card_profile::tlv::{self, Reader};
use rand_core::CryptoRng;

use super::libeac::{Libeac, NAME, Session};
use super::table::Table;

const CAN: &str = "304512";
pub(super) const CIPHERS: [(Cipher, &str); 4] = [
    (Cipher::TripleDes, "3DES"),
    (Cipher::Aes128, "AES-128"),
    (Cipher::Aes192, "AES-192"),
    (Cipher::Aes256, "AES-256"),
];
const FAMILIES: [(Agreement, &str); 2] = [(Agreement::Ecdh, "PACE-ECDH-GM"), (Agreement::Dh, "PACE-DH-GM")];

/// Tries every combination in both roles; one line for each family, cipher and role.
pub fn run(table: &mut Table, rng: &mut dyn CryptoRng) {
    let mut libeac = match Libeac::start() {
        Ok(libeac) => libeac,
        Err(error) => {
            table.skip(NAME, &FAMILIES.map(|(_, name)| name), &format!("{error:#}"));
            return;
        }
    };
    for (agreement, family) in FAMILIES {
        for (cipher, cipher_name) in CIPHERS {
            let protocol = PaceProtocol { agreement, mapping: Mapping::Generic, cipher };
            for (role, name) in [(Role::Terminal, "it is the terminal"), (Role::Chip, "it is the chip")] {
                let line = format!("{family}-{cipher_name}, {name}");
                table.result(NAME, &line, every_group(&mut libeac, protocol, role, rng));
            }
        }
    }
    table.leave_out(
        NAME,
        "PACE-ECDH-IM, PACE-DH-IM",
        "it has the mapping of TR-03110 2.01 (Icart's function on E(t, s)), not Doc 9303's: JMRTD has that one",
    );
    table.leave_out(NAME, "PACE on parameters 14", "it takes brainpoolP512r1 for brainpoolP320r1");
    table.leave_out(NAME, "PACE-ECDH-CAM", "it has no chip authentication mapping");
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Terminal,
    Chip,
}

fn every_group(
    libeac: &mut Libeac,
    protocol: PaceProtocol,
    role: Role,
    rng: &mut dyn CryptoRng,
) -> Result<String> {
    let (mut agreed, mut repeated) = (Vec::new(), 0);
    for id in (0..=2).chain(8..=18).filter(|id| *id != 14) {
        let parameters = DomainParameters::from_id(id).context("no such parameters")?;
        if !protocol.runs_on(parameters) {
            continue;
        }
        let mut run = |libeac: &mut Libeac| match role {
            Role::Terminal => libeac_is_terminal(libeac, protocol, parameters, rng),
            Role::Chip => libeac_is_chip(libeac, protocol, parameters, rng),
        };
        let mut outcome = run(libeac);
        while outcome.is_err() && repeated < REPETITIONS && drops_zeros(libeac, "pace", parameters) {
            repeated += 1;
            outcome = run(libeac);
        }
        outcome.with_context(|| format!("parameters {id}"))?;
        agreed.push(id.to_string());
    }
    ensure!(!agreed.is_empty(), "we have no such protocol on any group");
    let repeated =
        if repeated == 0 { String::new() } else { format!("; {repeated} repeated: leading zeros") };
    Ok(format!("parameters {}{repeated}", agreed.join(" ")))
}

/// How often a run may be repeated because of what [`drops_zeros`] tells: one in 256 is.
pub(super) const REPETITIONS: usize = 4;

/// libeac leaves the leading zeros of a Diffie-Hellman secret out (PKCS#3 §8.3 keeps them, and so do we): whether this
/// was such a run.
pub(super) fn drops_zeros(libeac: &mut Libeac, protocol: &str, parameters: DomainParameters) -> bool {
    let width = match parameters {
        DomainParameters::Modp1024Subgroup160 => 128,
        DomainParameters::Modp2048Subgroup224 | DomainParameters::Modp2048Subgroup256 => 256,
        _ => return false,
    };
    libeac.one(&format!("keys {protocol}"), &[]).is_ok_and(|secret| secret.len() < width)
}

fn begin(libeac: &mut Libeac, protocol: PaceProtocol, parameters: DomainParameters) -> Result<()> {
    libeac.say("new 2")?;
    libeac.say(&format!("pace {} {}", protocol.oid(), parameters.id()))?;
    libeac.say(&format!("password can {}", hex::encode(CAN)))
}

fn general_authenticate(last: bool, tag: u32, value: &[u8]) -> Command {
    let data = if tag == 0 { Vec::new() } else { tlv::encode(tag, value) };
    let cla = if last { 0x00 } else { 0x10 };
    Command::new(cla, 0x86, 0, 0).with_data(tlv::encode(0x7C, &data)).with_expected_length(256)
}

/// The value of the data object that an answer or command carries; `None` when it is not there.
fn dynamic(data: &[u8], tag: u32) -> Result<Option<Vec<u8>>> {
    let mut outer = Reader::new(data);
    let mut inner = outer.expect(0x7C)?.nested()?;
    Ok(inner.optional(tag)?.map(|object| object.value.to_vec()))
}

fn libeac_is_terminal(
    libeac: &mut Libeac,
    protocol: PaceProtocol,
    parameters: DomainParameters,
    rng: &mut dyn CryptoRng,
) -> Result<()> {
    begin(libeac, protocol, parameters)?;
    let password = Password::can(CAN)?;
    let oid = tlv::encode(0x80, protocol.oid().as_bytes());
    let set = [oid, tlv::encode(0x83, &[2]), tlv::encode(0x84, &[parameters.id()])].concat();
    let set = Command::new(0x00, 0x22, 0xC1, 0xA4).with_data(set);
    let refused = |status| anyhow::anyhow!("our chip answers {status:?}");
    let mut chip = PaceChip::set_at(&set, &[PaceOffer::new(protocol, parameters)], |_| Some(&password), rng)
        .map_err(refused)?;
    let mut step = |command: Command| match chip
        .general_authenticate(&command, LastAnswer::default())
        .map_err(refused)?
    {
        PaceChipStep::Continue(answer) => Ok(answer),
        PaceChipStep::Established { .. } => bail!("our chip ends too early"),
    };
    let nonce = step(general_authenticate(false, 0, &[]))?;
    libeac.ask("take-nonce", &[&dynamic(&nonce.data, 0x80)?.context("no nonce")?])?;
    let mapping = libeac.one("mapping", &[])?;
    let answer = step(general_authenticate(false, 0x81, &mapping))?;
    let theirs = dynamic(&answer.data, 0x82)?.context("no mapping data")?;
    libeac.ask("map", &[&theirs])?;
    let ephemeral = libeac.one("ephemeral", &[])?;
    let answer = step(general_authenticate(false, 0x83, &ephemeral))?;
    let theirs = dynamic(&answer.data, 0x84)?.context("no public key")?;
    libeac.ask("agree", &[&theirs])?;
    let token = libeac.one("token", &[&theirs])?;
    let last = general_authenticate(true, 0x85, &token);
    let PaceChipStep::Established { answer, mut session, .. } =
        chip.general_authenticate(&last, LastAnswer::default()).map_err(refused)?
    else {
        bail!("our chip does not end")
    };
    let token = dynamic(&answer.data, 0x86)?.context("no token")?;
    ensure!(libeac.check("check-token", &[&token])?, "libeac does not take our chip's token");
    terminal_uses(libeac, protocol.cipher, "pace", &mut session)
}

/// libeac's terminal sends a protected command to our chip, and takes its answer.
///
/// # Errors
/// If one of them does not hold.
pub(super) fn terminal_uses(
    libeac: &mut Libeac,
    cipher: Cipher,
    protocol: &str,
    chip: &mut SecureMessaging,
) -> Result<()> {
    let theirs = Session::open(libeac, protocol, cipher)?;
    let command = Command::new(0x00, 0xA4, 0x02, 0x0C).with_data([0x01, 0x1E]);
    let protected = theirs.protect(libeac, &command)?;
    let opened = chip.unprotect_command(&protected).context("our chip, libeac's command")?;
    ensure!(opened.data() == command.data(), "our chip sees another command");
    let answer = chip.protect_response(&Response::ok(*b"sixteen bytes and more"))?;
    let answer = theirs.unprotect(libeac, &answer).context("libeac, our chip's answer")?;
    ensure!(answer.data == *b"sixteen bytes and more", "libeac sees another answer");
    Ok(())
}

/// Our terminal sends a protected command to libeac's chip, and takes its answer.
///
/// # Errors
/// If one of them does not hold.
pub(super) fn chip_uses(
    libeac: &mut Libeac,
    cipher: Cipher,
    protocol: &str,
    terminal: &mut SecureMessaging,
) -> Result<()> {
    let theirs = Session::open(libeac, protocol, cipher)?;
    let command = Command::new(0x00, 0xB0, 0x9E, 0x00).with_expected_length(256);
    let protected = terminal.protect_command(&command)?;
    let opened = theirs.receive(libeac, &protected).context("libeac, our terminal's command")?;
    ensure!(opened == command, "libeac sees another command");
    let answer = theirs.answer(libeac, &Response::ok(*b"sixteen bytes and more"), false)?;
    let answer = terminal.unprotect_response(&answer).context("our terminal, libeac's answer")?;
    ensure!(answer.data == *b"sixteen bytes and more", "our terminal sees another answer");
    Ok(())
}

/// A chip whose PACE is libeac's.
struct LibeacChip<'a> {
    libeac: &'a mut Libeac,
    /// Over the terminal's key, for the last step.
    token: Vec<u8>,
}

impl LibeacChip<'_> {
    fn run(&mut self, command: &Command) -> Result<Response> {
        if command.ins() == 0x22 {
            return Ok(StatusWord::OK.into());
        }
        let mut outer = Reader::new(command.data());
        let mut inner = outer.expect(0x7C)?.nested()?;
        let (tag, value) = if inner.is_empty() {
            (0x80, self.libeac.one("nonce", &[])?)
        } else {
            let object = inner.read()?;
            inner.finish()?;
            self.step(object.tag, object.value)?
        };
        Ok(Response::ok(tlv::encode(0x7C, &tlv::encode(tag, &value))))
    }

    fn step(&mut self, tag: u32, value: &[u8]) -> Result<(u32, Vec<u8>)> {
        Ok(match tag {
            0x81 => {
                let own = self.libeac.one("mapping", &[])?;
                self.libeac.ask("map", &[value])?;
                (0x82, own)
            }
            0x83 => {
                let own = self.libeac.one("ephemeral", &[])?;
                self.libeac.ask("agree", &[value])?;
                self.token = self.libeac.one("token", &[value])?;
                (0x84, own)
            }
            0x85 => {
                let holds = self.libeac.check("check-token", &[value])?;
                ensure!(holds, "libeac does not take our terminal's token");
                (0x86, std::mem::take(&mut self.token))
            }
            _ => bail!("our terminal sends DO'{tag:02X}'"),
        })
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
    protocol: PaceProtocol,
    parameters: DomainParameters,
    rng: &mut dyn CryptoRng,
) -> Result<()> {
    begin(libeac, protocol, parameters)?;
    let terminal = PaceTerminal::new(PaceOffer::new(protocol, parameters), &Password::can(CAN)?, rng)?;
    let mut chip = LibeacChip { libeac, token: Vec::new() };
    let mut outcome = drive(&mut chip, terminal).map_err(|error| anyhow::anyhow!("our terminal: {error}"))?;
    chip_uses(libeac, protocol.cipher, "pace", &mut outcome.session)
}
