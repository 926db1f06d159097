//! Foreign readers read our chips through pcscd: JMRTD and the crate `dmrtd`.

use std::process::Command as Process;
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_hw_tests::pcscd::Pcscd;
use cccd_issuer::station::IssuedCard;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::trust::TrustStore;
use cccd_reader::Service;
use cccd_virtual_chip::vpcd::{Stop, serve};
use cccd_virtual_chip::{Chip, Profile};
use jiff::Timestamp;
use rand_core::CryptoRng;

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
}

impl Known {
    fn new(profile: Profile, card: &IssuedCard, trust: &TrustStore, reader: &str) -> Result<Self> {
        let csca = trust.anchors().first().context("no CSCA")?.der();
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
            hex::encode(csca)
        );
        let parameters = DomainParameters::from(profile.curve()).id();
        Ok(Self { request, can: card.card.holder.number.can().to_owned(), parameters, aa, ca })
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
        known.push(Known::new(profile, &issued, &country.trust, pcscd.reader(slot)?)?);
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
    Ok(())
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
    let Known { request, can, parameters, aa, ca, .. } = card;
    let pace = format!("oid={GM_AES_128} parameters={parameters}");
    let short = format!("{request} ca=1 aa={}", challenge(rng));
    let lines = [
        ("BAC", "BAC, short blocks".to_owned()),
        ("CA", format!("CA-ECDH-AES-128 on {ca}, after BAC")),
        ("AA", format!("AA {aa}, after BAC")),
        ("signature", format!("EF.SOD's signature ({ca})")),
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
