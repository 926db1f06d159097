//! Terminal Authentication with libeac in both roles: it follows our chain of CV certificates and checks our terminal's
//! signature, and our chip follows the chain and checks the signature that libeac makes.

use anyhow::{Context as _, Result, bail, ensure};
use cccd_card_profile::apdu::{Command, LinkLost, Response, StatusWord, Transport};
use cccd_card_profile::protocol::drive;
use cccd_card_profile::protocol::terminal_authentication::{
    ChipIdentifier, TerminalAuthenticationChip, TerminalAuthenticationTerminal,
};
use cccd_card_profile::tlv;
use cccd_cvc::chain::{ChipTrust, TrustPoint};
use cccd_cvc::{
    Certificate, CertificateContent, Chat, Curve, Date, Hash, InspectionRights, PrivateKey, Reference, Role,
    SignatureAlgorithm,
};
use rand_core::CryptoRng;

use super::libeac::{Libeac, NAME};
use super::readers::{JMRTD, start_jmrtd};
use super::table::Table;

/// What a command of our terminal carries.
const LARGEST: usize = 220;
const FINGERPRINTS: InspectionRights = InspectionRights { fingerprints: true, irises: false };

/// The key of one holder of a certificate.
#[derive(Clone, Copy)]
enum Kind {
    Curve(Curve, Hash),
    Rsa(SignatureAlgorithm),
}

/// One line for each kind of key and role; libeac knows RSA with SHA-256 and SHA-512.
const KINDS: [(&str, &[Kind]); 3] = [
    (
        "ECDSA",
        &[
            Kind::Curve(Curve::P256, Hash::Sha256),
            Kind::Curve(Curve::BrainpoolP256r1, Hash::Sha256),
            Kind::Curve(Curve::P384, Hash::Sha384),
            Kind::Curve(Curve::BrainpoolP384r1, Hash::Sha384),
            Kind::Curve(Curve::BrainpoolP512r1, Hash::Sha512),
            Kind::Curve(Curve::P521, Hash::Sha512),
        ],
    ),
    ("RSA PKCS#1 v1.5", &[Kind::Rsa(SignatureAlgorithm::RsaPkcs1(Hash::Sha256))]),
    (
        "RSA PSS",
        &[
            Kind::Rsa(SignatureAlgorithm::RsaPss(Hash::Sha256)),
            Kind::Rsa(SignatureAlgorithm::RsaPss(Hash::Sha512)),
        ],
    ),
];

/// Every kind of key in both roles; then JMRTD's certificates.
pub fn run(table: &mut Table, rng: &mut dyn CryptoRng) {
    let mut libeac = match Libeac::start() {
        Ok(libeac) => libeac,
        Err(error) => return table.skip(NAME, &["TA"], &format!("{error:#}")),
    };
    for (name, kinds) in KINDS {
        let chip = every(kinds, rng, |chain, rng| libeac_is_chip(&mut libeac, chain, rng));
        table.result(NAME, &format!("TA {name}, it is the chip"), chip);
        let line = format!("TA {name}, it is the terminal");
        if name == "RSA PSS" {
            let reason = "it signs with the longest salt; TR-03110-3 has one as long as the hash";
            table.leave_out(NAME, &line, reason);
            continue;
        }
        let terminal = every(kinds, rng, |chain, rng| libeac_is_terminal(&mut libeac, chain, rng));
        table.result(NAME, &line, terminal);
    }
    let line = "CV certificates parsed and verified";
    match start_jmrtd() {
        Ok(mut java) => {
            let kinds: Vec<Kind> = KINDS.iter().flat_map(|(_, kinds)| kinds.iter().copied()).collect();
            let answer = every(&kinds, rng, |chain, _| {
                let [root, verifier] = [&chain.root, &chain.verifier].map(|one| hex::encode(one.to_bytes()));
                let name = java.result(&format!("cvc content={verifier} issuer={root}"))?;
                ensure!(name.replace('/', "") == "VNDVHCM00001", "it reads the name {name}");
                Ok(())
            });
            table.result(JMRTD, line, answer);
        }
        Err(error) => table.skip(JMRTD, &[line], &format!("{error:#}")),
    }
}

/// CVCA, document verifier, terminal.
struct Chain {
    root: Certificate,
    verifier: Certificate,
    terminal: Certificate,
    key: PrivateKey,
}

fn every(
    kinds: &[Kind],
    rng: &mut dyn CryptoRng,
    mut run: impl FnMut(&Chain, &mut dyn CryptoRng) -> Result<()>,
) -> Result<String> {
    let mut names = Vec::new();
    for kind in kinds {
        let chain = Chain::new(*kind, rng)?;
        let name = chain.name();
        run(&chain, rng).with_context(|| name.clone())?;
        names.push(name);
    }
    Ok(names.join(", "))
}

impl Chain {
    fn new(kind: Kind, rng: &mut dyn CryptoRng) -> Result<Self> {
        let generate = |rng: &mut dyn CryptoRng| match kind {
            Kind::Curve(curve, hash) => PrivateKey::generate(curve, SignatureAlgorithm::Ecdsa(hash), rng),
            Kind::Rsa(algorithm) => PrivateKey::generate_rsa(2048, algorithm, rng),
        };
        let (root_key, verifier_key, key) = (generate(rng)?, generate(rng)?, generate(rng)?);
        let root = reference("VNCVCA00001")?;
        let verifier = reference("VNDVHCM00001")?;
        let terminal = reference("VNISHCM00001")?;
        let certify = |by: (&Reference, &PrivateKey),
                       whom: (&Reference, &PrivateKey),
                       role,
                       rng: &mut dyn CryptoRng| {
            CertificateContent {
                authority: by.0.clone(),
                public_key: whom.1.public_key(role == Role::Cvca)?,
                holder: whom.0.clone(),
                chat: Chat::inspection(role, FINGERPRINTS),
                effective: Date::new(2026, 1, 1)?,
                expiration: Date::new(2026, 12, 31)?,
                extensions: None,
            }
            .sign(by.1, rng)
            .map_err(anyhow::Error::from)
        };
        Ok(Self {
            root: certify((&root, &root_key), (&root, &root_key), Role::Cvca, rng)?,
            verifier: certify((&root, &root_key), (&verifier, &verifier_key), Role::DomesticVerifier, rng)?,
            terminal: certify((&verifier, &verifier_key), (&terminal, &key), Role::Terminal, rng)?,
            key,
        })
    }

    fn name(&self) -> String {
        let curve = self.key.curve().map(|curve| format!("{curve:?} ")).unwrap_or_default();
        let algorithm = self.key.algorithm().name();
        let short = ["id-TA-ECDSA-", "id-TA-"].iter().find_map(|prefix| algorithm.strip_prefix(prefix));
        format!("{curve}{}", short.unwrap_or(&algorithm))
    }
}

/// A plain signature as TR-03111 §5.2.1 has it, r and s as wide as the order: libeac makes them as wide as the longer of
/// the two, which on P-521 is a byte short once in four.
fn at_full_width(signature: Vec<u8>, curve: Option<Curve>) -> Vec<u8> {
    let Some(width) = curve.map(Curve::order_length) else { return signature };
    let (r, s) = signature.split_at(signature.len() / 2);
    if r.len() != s.len() || r.len() > width {
        return signature;
    }
    let zeros = vec![0; width - r.len()];
    [&zeros, r, &zeros, s].concat()
}

fn reference(name: &str) -> Result<Reference> {
    Ok(Reference::from_bytes(name.as_bytes())?)
}

/// As PACE leaves it; what stands in it is for neither side to judge here.
const CHIP: &[u8] = b"compressed ephemeral key of PACE";
const EPHEMERAL: &[u8] = b"compressed ephemeral key of Chip Authentication";

/// A chip whose Terminal Authentication is libeac's.
struct LibeacChip<'a>(&'a mut Libeac, Vec<u8>);

impl LibeacChip<'_> {
    fn run(&mut self, command: &Command) -> Result<Response> {
        if command.is_chained() {
            self.1.extend_from_slice(command.data());
            return Ok(StatusWord::OK.into());
        }
        let data = [std::mem::take(&mut self.1), command.data().to_vec()].concat();
        match command.ins() {
            0x22 => Ok(StatusWord::OK.into()),
            0x2A => {
                self.0.ask("ta-import", &[&tlv::encode(0x7F21, &data)])?;
                Ok(StatusWord::OK.into())
            }
            0x84 => Ok(Response::ok(self.0.one("ta-challenge", &[])?)),
            0x82 => {
                ensure!(
                    self.0.check("ta-verify", &[EPHEMERAL, CHIP, &data])?,
                    "libeac does not take our terminal's signature"
                );
                Ok(StatusWord::OK.into())
            }
            other => bail!("our terminal sends instruction {other:02X}"),
        }
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

fn libeac_is_chip(libeac: &mut Libeac, chain: &Chain, rng: &mut dyn CryptoRng) -> Result<()> {
    libeac.say("new 2")?;
    libeac.ask("ta-anchor", &[&chain.root.to_bytes()])?;
    let certificates = [&chain.verifier, &chain.terminal];
    let identifier = ChipIdentifier::pace(CHIP);
    let terminal = TerminalAuthenticationTerminal::version2(
        &certificates,
        &chain.key,
        identifier,
        EPHEMERAL,
        &[],
        LARGEST,
        rng,
    );
    drive(&mut LibeacChip(libeac, Vec::new()), terminal)
        .map_err(|error| anyhow::anyhow!("our terminal: {error}"))
}

fn libeac_is_terminal(libeac: &mut Libeac, chain: &Chain, rng: &mut dyn CryptoRng) -> Result<()> {
    libeac.say("new 2")?;
    libeac.ask("ta-terminal", &[&chain.key.to_pkcs8()?, &chain.terminal.to_bytes()])?;
    let mut chip = TerminalAuthenticationChip::new();
    let mut trust = ChipTrust::new(vec![TrustPoint::from_certificate(&chain.root)?], Date::new(2026, 2, 1)?)
        .context("no trust")?;
    let refused = |status| anyhow::anyhow!("our chip answers {status:?}");
    for certificate in [&chain.verifier, &chain.terminal] {
        let name = tlv::encode(0x83, certificate.authority().as_bytes());
        chip.set_dst(&Command::new(0x00, 0x22, 0x81, 0xB6).with_data(name), &trust).map_err(refused)?;
        let verify = Command::new(0x00, 0x2A, 0x00, 0xBE).with_data(certificate.to_command_data());
        chip.verify_certificate(&verify, &mut trust).map_err(refused)?;
    }
    let set = [tlv::encode(0x83, chain.terminal.holder().as_bytes()), tlv::encode(0x91, EPHEMERAL)].concat();
    chip.set_at(&Command::new(0x00, 0x22, 0x81, 0xA4).with_data(set)).map_err(refused)?;
    libeac.ask("ta-take", &[&chip.get_challenge(rng)])?;
    let signature = at_full_width(libeac.one("ta-sign", &[EPHEMERAL, CHIP])?, chain.key.curve());
    let authenticate = Command::new(0x00, 0x82, 0x00, 0x00).with_data(signature);
    let terminal = chip
        .external_authenticate(&authenticate, &ChipIdentifier::pace(CHIP), None)
        .map_err(refused)?
        .context("our chip awaits more")?;
    ensure!(terminal.effective.inspection_rights() == FINGERPRINTS, "our chip gives other rights");
    Ok(())
}
