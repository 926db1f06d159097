//! Foreign readers read our chips through pcscd: JMRTD and the crate `dmrtd`.

use std::process::Command as Process;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use cccd_card_profile::protocol::curve::{Curve, DomainParameters};
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::pace::{Agreement, Mapping, PaceOffer, PaceProtocol};
use cccd_hw_tests::pcscd::Pcscd;
use cccd_issuer::station::IssuedCard;
use cccd_keys::profile::AlgorithmProfile;
use cccd_reader::Service;
use cccd_virtual_chip::lab::Equipment;
use cccd_virtual_chip::vpcd::{Stop, serve};
use cccd_virtual_chip::{Chip, ChipState, Profile};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng as _};
use zeroize::Zeroizing;

use super::pace::CIPHERS;
use super::peer::{Peer, built};
use super::table::Table;
use crate::country::{Country, blank_with};

/// The peer's name in the table.
pub const JMRTD: &str = "JMRTD 0.8.6";
const DMRTD: &str = "dmrtd 0.3.5";

/// Starts the Java program.
///
/// # Errors
/// If it was not built or there is no Java.
pub fn start_jmrtd() -> Result<Peer> {
    let classes = built("jmrtd/classes")?;
    let libraries = built("jmrtd/lib")?;
    let mut process = Process::new("java");
    // Short programs do best with the first compiler and one collector thread.
    process.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]);
    if let Some(library) = pcsc_library() {
        process.arg(format!("-Dsun.security.smartcardio.library={library}"));
    }
    // The chip serves one program after another; JMRTD's log says what it does anyway.
    process.args(["-Dsun.security.smartcardio.t1GetResponse=true", "-cp"]);
    process.arg(format!("{}:{}/*", classes.display(), libraries.display())).arg("Peer");
    Peer::start(process)
}

/// Java looks for the library where Debian does not have it.
fn pcsc_library() -> Option<String> {
    let output = Process::new("ldconfig").arg("-p").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().find(|line| line.trim_start().starts_with("libpcsclite.so.1 "))?;
    Some(line.rsplit_once("=> ")?.1.to_owned())
}

/// A chip in a reader of pcscd, until it is taken out.
struct Laid {
    stop: Stop,
    thread: Option<JoinHandle<Chip>>,
}

impl Laid {
    fn into_reader(mut chip: Chip, pcscd: &Pcscd, slot: u16) -> Result<Self> {
        let stop = Stop::default();
        let ending = stop.clone();
        let address = pcscd.address(slot);
        let thread = spawn(move || {
            serve(&mut chip, &address, &ending, |_| {});
            chip
        });
        let laid = Self { stop, thread: Some(thread) };
        wait_for(pcscd.reader(slot)?, true)?;
        Ok(laid)
    }
}

impl Laid {
    /// Out of the reader again.
    fn take(mut self, reader: &str) -> Result<Chip> {
        self.stop.stop();
        let chip = self.thread.take().context("no thread")?.join();
        let chip = chip.map_err(|_| anyhow::anyhow!("the chip's thread has panicked"))?;
        wait_for(reader, false)?;
        Ok(chip)
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn wait_for(reader: &str, present: bool) -> Result<()> {
    let service = Service::open()?;
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        if service.readers()?.iter().any(|info| info.name == reader && info.card_present == present) {
            return Ok(());
        }
        sleep(Duration::from_millis(20));
    }
    bail!("the card is not noticed in {reader}")
}

/// What a reader must know of a card.
struct Known {
    request: String,
    can: String,
    parameters: u8,
    /// How the AA key is called, and the hash of its signatures.
    aa: &'static str,
    ca: &'static str,
    /// The certificates and key that the card's chip lets read DG3.
    terminal: String,
}

impl Known {
    fn new(profile: Profile, card: &IssuedCard, country: &Country, reader: &str) -> Result<Self> {
        let terminal = country.terminal.as_ref().context("no terminal")?;
        let chain: Vec<String> = terminal.chain.iter().map(hex::encode).collect();
        let terminal = format!(
            "ta-key={} ta-key-algorithm=EC ta-chain={} ta-authority={}",
            hex::encode(&terminal.key),
            chain.join(","),
            terminal.authority
        );
        // A country has a CSCA for its dated cards and one for those without expiry; a reader trusts both.
        let csca: Vec<String> =
            country.trust.anchors().iter().map(|anchor| hex::encode(anchor.der())).collect();
        let (aa, ca) = match profile {
            Profile::Cccd => ("RSA-2048", "brainpoolP256r1"),
            Profile::P256 => ("ECDSA P-256", "P-256"),
        };
        let request = format!(
            "read reader={} number={} birth={} expiry={} hash=SHA-256 csca={}",
            hex::encode(reader),
            card.mrz.document_number(),
            card.mrz.birth_date_field(),
            card.mrz.expiry_field(),
            csca.join(",")
        );
        let parameters = DomainParameters::from(profile.curve()).id();
        Ok(Self { request, can: card.card.holder.number.can().to_owned(), parameters, aa, ca, terminal })
    }
}

/// One card of each profile, in two readers at once.
pub fn run(table: &mut Table, at: Timestamp, rng: &mut dyn CryptoRng) {
    if let Err(error) = with_pcscd(table, at, rng) {
        let reason = format!("{error:#}");
        table.skip(JMRTD, &["everything through pcscd"], &reason);
        table.skip(DMRTD, &["everything through pcscd"], &reason);
    }
}

fn with_pcscd(table: &mut Table, at: Timestamp, rng: &mut dyn CryptoRng) -> Result<()> {
    let profiles = [(Profile::Cccd, AlgorithmProfile::Cccd), (Profile::P256, AlgorithmProfile::P256)];
    let mut cards = Vec::new();
    for (serial, (profile, algorithms)) in (0x1A00..).zip(profiles) {
        let (mut country, applications) = Country::found_with(algorithms, 1, at, rng)?;
        let mut chip = blank_with(profile, serial);
        let issued = country.issue(&mut chip, applications.first().context("no application")?, rng)?;
        cards.push((profile, chip, issued, country));
    }
    let pcscd = Pcscd::start()?;
    let mut laid = Vec::new();
    let mut known = Vec::new();
    for (slot, (profile, chip, issued, country)) in (0..).zip(cards) {
        known.push(Known::new(profile, &issued, &country, pcscd.reader(slot)?)?);
        laid.push(Laid::into_reader(chip, &pcscd, slot)?);
    }
    match start_jmrtd() {
        Ok(mut peer) => known.iter().for_each(|card| jmrtd(table, &mut peer, card, rng)),
        Err(error) => table.skip(JMRTD, &["everything"], &format!("{error:#}")),
    }
    match built("dmrtd/debug/interop-dmrtd").and_then(|program| Peer::start(Process::new(program))) {
        Ok(mut peer) => known.iter().for_each(|card| dmrtd(table, &mut peer, card, rng)),
        Err(error) => table.skip(DMRTD, &["everything"], &format!("{error:#}")),
    }
    let (card, first) = (known.first().context("no card")?, laid.swap_remove(0));
    let reader = pcscd.reader(0)?;
    let mut state = first.take(reader)?.into_state();
    let equipped = equip(&mut state, rng)?;
    let chip = Chip::in_memory(state, Box::new(ChaCha20Rng::from_rng(rng)));
    let _laid = Laid::into_reader(chip, &pcscd, 0)?;
    match start_jmrtd() {
        Ok(mut peer) => laboratory(table, &mut peer, card, &equipped),
        Err(error) => table.skip(JMRTD, &["PACE of the laboratory"], &format!("{error:#}")),
    }
    Ok(())
}

const PIN: &str = "482915";
const PUK: &str = "9048261735";

/// PACE that no CCCD offers, a protocol on parameters each.
const OFFERS: [(Agreement, Mapping, Cipher, DomainParameters); 9] = [
    (Agreement::Ecdh, Mapping::Generic, Cipher::TripleDes, DomainParameters::P256),
    (Agreement::Ecdh, Mapping::Generic, Cipher::Aes192, DomainParameters::BrainpoolP384r1),
    (Agreement::Ecdh, Mapping::Generic, Cipher::Aes256, DomainParameters::P521),
    (Agreement::Dh, Mapping::Generic, Cipher::Aes128, DomainParameters::Modp2048Subgroup256),
    (Agreement::Ecdh, Mapping::Integrated, Cipher::Aes128, DomainParameters::BrainpoolP256r1),
    (Agreement::Ecdh, Mapping::Integrated, Cipher::Aes256, DomainParameters::P384),
    (Agreement::Ecdh, Mapping::Integrated, Cipher::TripleDes, DomainParameters::P256),
    (Agreement::Dh, Mapping::Integrated, Cipher::Aes128, DomainParameters::Modp2048Subgroup224),
    (Agreement::Ecdh, Mapping::ChipAuthentication, Cipher::Aes128, DomainParameters::BrainpoolP256r1),
];

/// What the chip was given, and the public half of its static key.
struct Equipped {
    offers: Vec<PaceOffer>,
    static_key: Vec<u8>,
}

fn equip(state: &mut ChipState, rng: &mut dyn CryptoRng) -> Result<Equipped> {
    let offers: Vec<PaceOffer> = OFFERS
        .into_iter()
        .map(|(agreement, mapping, cipher, parameters)| {
            PaceOffer::new(PaceProtocol { agreement, mapping, cipher }, parameters)
        })
        .collect();
    let secret = |text: &str| Some(Zeroizing::new(text.to_owned()));
    state.equip(Equipment { pace: offers.clone(), can: None, pin: secret(PIN), puk: secret(PUK) })?;
    let static_key = state.make_static_key(Curve::BrainpoolP256r1, rng)?.to_spki()?;
    Ok(Equipped { offers, static_key })
}

/// Every offer with the CAN; the first with PIN and PUK too.
fn laboratory(table: &mut Table, peer: &mut Peer, card: &Known, equipped: &Equipped) {
    let Known { request, can, .. } = card;
    let ask = |offer: &PaceOffer, password: &str, secret: &str| {
        format!(
            "{request} oid={} parameters={} name-parameters=1 open-only=1 pace={password} secret={secret}",
            offer.protocol.oid(),
            offer.parameter_id
        )
    };
    for offer in &equipped.offers {
        let line = format!("PACE-CAN-{} on {:?}", family(offer.protocol), offer.parameters);
        if offer.protocol.mapping == Mapping::ChipAuthentication {
            let request =
                format!("{} static-key={}", ask(offer, "can", can), hex::encode(&equipped.static_key));
            let proof = ("CAM", "the proof of the chip in PACE-CAM".to_owned());
            read(table, JMRTD, peer, &request, &[("PACE", line), proof]);
        } else {
            read(table, JMRTD, peer, &ask(offer, "can", can), &[("PACE", line)]);
        }
    }
    if let Some(offer) = equipped.offers.first() {
        for (password, secret) in [("pin", PIN), ("puk", PUK)] {
            let name = password.to_uppercase();
            let line = format!("PACE-{name}-{} on {:?}", family(offer.protocol), offer.parameters);
            read(table, JMRTD, peer, &ask(offer, password, secret), &[("PACE", line)]);
        }
    }
}

fn family(protocol: PaceProtocol) -> String {
    let agreement = match protocol.agreement {
        Agreement::Dh => "DH",
        Agreement::Ecdh => "ECDH",
    };
    let mapping = match protocol.mapping {
        Mapping::Generic => "GM",
        Mapping::Integrated => "IM",
        Mapping::ChipAuthentication => "CAM",
    };
    let cipher = CIPHERS.iter().find(|(cipher, _)| *cipher == protocol.cipher).map_or("", |(_, name)| name);
    format!("{agreement}-{mapping}-{cipher}")
}

/// A step of the peer's, and the line it fills.
type Line = (&'static str, String);

/// Asks once, and fills a line for each step named.
fn read(table: &mut Table, name: &str, peer: &mut Peer, request: &str, lines: &[Line]) {
    let answer = peer.ask(request);
    for (step, line) in lines {
        let result = match &answer {
            Err(error) => Err(anyhow::anyhow!("{error:#}")),
            Ok(answer) => match (answer.done.iter().find(|(done, _)| done == step), &answer.end) {
                (Some((_, note)), _) => Ok(note.clone()),
                (None, Err((at, words))) if at == step => Err(anyhow::anyhow!("{words}{}", peer.complaint())),
                (None, Err((at, words))) => Err(anyhow::anyhow!("not reached: {at}: {words}")),
                (None, Ok(_)) => Err(anyhow::anyhow!("not done")),
            },
        };
        table.result(name, line, result);
    }
}

fn challenge(rng: &mut dyn CryptoRng) -> String {
    let mut challenge = [0; 8];
    rng.fill_bytes(&mut challenge);
    hex::encode(challenge)
}

const GM_AES_128: &str = "0.4.0.127.0.7.2.2.4.2.2";

fn jmrtd(table: &mut Table, peer: &mut Peer, card: &Known, rng: &mut dyn CryptoRng) {
    let Known { request, can, parameters, aa, ca, terminal } = card;
    let pace = format!("oid={GM_AES_128} parameters={parameters}");
    let short = format!("{request} ca=1 aa={}", challenge(rng));
    let lines = [
        ("BAC", "BAC, short blocks".to_owned()),
        ("CA", format!("CA-ECDH-AES-128 on {ca}, after BAC")),
        ("AA", format!("AA {aa}, after BAC")),
        ("signature", format!("EF.SOD's signature ({ca})")),
        ("refused", "DG3 is refused without TA".to_owned()),
        ("hashes", "data groups against EF.SOD".to_owned()),
        ("classes", "data groups parsed by its LDS classes".to_owned()),
    ];
    read(table, JMRTD, peer, &short, &lines);
    let extended =
        format!("{request} {pace} pace=can secret={can} extended=1 sfi=1 ca=1 aa={}", challenge(rng));
    let lines = [
        ("PACE", format!("PACE-CAN-ECDH-GM-AES-128 on {ca}")),
        ("CA", format!("CA-ECDH-AES-128 on {ca}, after PACE")),
        ("AA", format!("AA {aa}, after PACE")),
        ("hashes", "data groups against EF.SOD, blocks of 8,000".to_owned()),
    ];
    read(table, JMRTD, peer, &extended, &lines);
    for (access, opening) in [("BAC", String::new()), ("PACE", format!(" {pace} pace=can secret={can}"))] {
        let authenticated = format!("{request}{opening} ca=1 {terminal}");
        let lines = [
            ("TA", format!("TA on {ca}, after {access}")),
            ("DG3", format!("DG3 read by the terminal, after {access}")),
            ("hashes", "data groups against EF.SOD, DG3 too".to_owned()),
        ];
        read(table, JMRTD, peer, &authenticated, &lines);
    }
    let mrz = format!("{request} {pace} pace=mrz name-parameters=1 sfi=1 ca=1");
    let lines = [
        ("PACE", format!("PACE-MRZ-ECDH-GM-AES-128 on {ca}, named")),
        ("hashes", "data groups against EF.SOD, by SFI".to_owned()),
    ];
    read(table, JMRTD, peer, &mrz, &lines);
}

fn dmrtd(table: &mut Table, peer: &mut Peer, card: &Known, rng: &mut dyn CryptoRng) {
    let Known { request, can, aa, ca, .. } = card;
    let lines = [
        ("BAC", "BAC".to_owned()),
        ("passive", format!("passive authentication to the CSCA ({ca})")),
        ("AA", format!("AA {aa}, after BAC")),
    ];
    read(table, DMRTD, peer, &format!("{request} aa={}", challenge(rng)), &lines);
    for (kind, secret) in [("can", can.as_str()), ("mrz", "")] {
        let request = format!("{request} pace={kind} secret={secret}");
        let lines = [
            ("PACE", format!("PACE-{}-ECDH-GM-AES-128 on {ca}", kind.to_uppercase())),
            ("passive", "passive authentication to the CSCA".to_owned()),
        ];
        read(table, DMRTD, peer, &request, &lines);
    }
}
