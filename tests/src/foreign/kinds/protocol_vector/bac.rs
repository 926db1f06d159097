//! Basic Access Control and 3DES secure messaging: Doc 9303-11 appendix D.

use cccd_card_profile::apdu::{Command, Response};
use cccd_card_profile::lds::com::Com;
use cccd_card_profile::mrz::{Mrz, MrzInformation, check_digit};
use cccd_card_profile::protocol::bac::{BacChip, BacTerminal, BasicAccessKeys};
use cccd_card_profile::protocol::kdf::{Cipher, KeyUse, SymmetricKey, derive_key};
use cccd_card_profile::protocol::pace::encrypt_nonce;
use cccd_card_profile::protocol::secure_messaging::SecureMessaging;
use cccd_card_profile::protocol::{Step, TerminalProtocol as _};
use cccd_keys::algorithm::HashAlgorithm;
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use super::{Printed, Section};
use crate::foreign::outcome::Problem;

pub(super) fn example(section: Section<'_>) -> Result<usize, Problem> {
    section.ignore(&["text_errata"]);
    let mut matched = 0;
    for zone in section.list("mrz_information_examples")? {
        matched += zone_example(zone)?;
    }
    let keys = section.part("keys")?;
    let information = keys.text("mrz_information").map(str::to_owned).unwrap_or_default();
    let seed = matched_keys(&keys)?;
    matched += keys.finish()?;
    let authentication = section.part("authentication")?;
    let (mut terminal, mut chip) = authenticate(&authentication, &information, &seed)?;
    let session_seed = authentication.need("k_seed")?;
    let session_key = derive_key(&session_seed, KeyUse::Encryption, Cipher::TripleDes);
    let mut counter = number(&authentication.need("ssc")?);
    matched += authentication.finish()?;
    let mut file = Vec::new();
    for exchange in section.list("secure_messaging")? {
        file.extend(protected(&exchange, &mut terminal, &mut chip, &session_key, &mut counter)?);
        matched += exchange.finish()?;
    }
    if let Some(com) = section.bytes("ef_com")? {
        // What the protected commands read is the file.
        section.holds("ef_com", com == file && Com::parse(&com).is_ok())?;
    }
    Ok(matched + section.finish()?)
}

fn zone_example(zone: Section<'_>) -> Result<usize, Problem> {
    let lines = zone.value("mrz").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
    let parsed = Mrz::parse(&lines.join("\n")).map_err(|error| zone.problem("mrz", error))?;
    let format = zone.text("format").unwrap_or_default();
    zone.holds("format", format!("{:?}", parsed.format()).to_uppercase() == format)?;
    let stated = zone.text("document_number").unwrap_or_default();
    zone.holds("document_number", parsed.document_number() == stated.trim_end_matches('<'))?;
    let digit = check_digit(stated).map(String::from);
    zone.holds("check_digit", digit.as_deref() == zone.text("check_digit"))?;
    let stated = zone.text("mrz_information").unwrap_or_default();
    zone.holds("mrz_information", parsed.information().as_bytes() == stated.as_bytes())?;
    zone.finish()
}

/// Appendix D.1 and D.2; gives the seed of the keys.
fn matched_keys(keys: &Section<'_>) -> Result<Vec<u8>, Problem> {
    let information = keys.text("mrz_information").unwrap_or_default();
    let digest = HashAlgorithm::Sha1.digest(information.as_bytes());
    keys.check("sha1", &digest)?;
    let seed = digest.get(..16).unwrap_or_default().to_vec();
    keys.check("k_seed", &seed)?;
    for (name, counter) in [("d1_hash_c1", 1_u8), ("d1_hash_c2", 2)] {
        keys.check(name, &HashAlgorithm::Sha1.digest(&[&seed[..], &[0, 0, 0, counter]].concat()))?;
    }
    matches_key(keys, "k_enc", &derive_key(&seed, KeyUse::Encryption, Cipher::TripleDes))?;
    matches_key(keys, "k_mac", &derive_key(&seed, KeyUse::Mac, Cipher::TripleDes))?;
    Ok(seed)
}

/// A key that was derived is the one that the example prints.
pub(super) fn matches_key(section: &Section<'_>, name: &str, derived: &SymmetricKey) -> Result<(), Problem> {
    let Some(stated) = section.bytes(name)? else { return Ok(()) };
    let stated = SymmetricKey::new(derived.cipher(), &stated);
    section.holds(name, stated.is_some_and(|stated| stated.ct_eq(derived).into()))
}

/// Appendix D.3: both ends with the randomness that is printed. Gives both sessions.
fn authenticate(
    section: &Section<'_>,
    information: &str,
    seed: &[u8],
) -> Result<(SecureMessaging, SecureMessaging), Problem> {
    let keys = || -> Result<BasicAccessKeys, Problem> {
        let field = |range| information.get(range).unwrap_or_default();
        // Nine characters or more, its digit; six, its digit; six, its digit.
        let number = field(0..information.len().saturating_sub(15));
        let (birth, expiry) = information.split_at_checked(number.len() + 1).map_or(("", ""), |(_, rest)| {
            (rest.get(..6).unwrap_or_default(), rest.get(7..13).unwrap_or_default())
        });
        let made =
            MrzInformation::new(number, birth, expiry).map_err(|error| section.problem("keys", error))?;
        if made.as_bytes() != information.as_bytes() {
            return Err(section.problem("keys", "do not follow from the zone"));
        }
        Ok(BasicAccessKeys::new(&made))
    };
    let (rnd_ic, rnd_ifd) = (section.need("rnd_ic")?, section.need("rnd_ifd")?);
    let (k_ifd, k_ic) = (section.need("k_ifd")?, section.need("k_ic")?);
    let cipher_key = derive_key(seed, KeyUse::Encryption, Cipher::TripleDes);
    let encrypted = |plain: &[u8]| encrypt_nonce(&cipher_key, plain).unwrap_or_default();
    let s = [&rnd_ifd[..], &rnd_ic, &k_ifd].concat();
    section.check("s", &s)?;
    section.check("e_ifd", &encrypted(&s))?;
    let r = [&rnd_ic[..], &rnd_ifd, &k_ic].concat();
    section.check("r", &r)?;
    section.check("e_ic", &encrypted(&r))?;

    let refused = |what: &dyn std::fmt::Debug| section.problem("exchange", format!("{what:?}"));
    let mut terminal = BacTerminal::new(keys()?, &mut Printed::new(&[&rnd_ifd, &k_ifd]));
    let mut chip = BacChip::new();
    terminal.advance(None).map_err(|error| refused(&error))?;
    let challenge = chip.get_challenge(&mut Printed::new(&[&rnd_ic]));
    let step = terminal.advance(Some(Response::ok(challenge))).map_err(|error| refused(&error))?;
    let Step::Send(command) = step else { return Err(section.problem("exchange", "ends too early")) };
    section.check("command_apdu", &command.to_bytes().unwrap_or_default())?;
    section.check("m_ifd", command.data().get(32..).unwrap_or_default())?;
    let (answer, chip_session) = chip
        .mutual_authenticate(&keys()?, command.data(), &mut Printed::new(&[&k_ic]))
        .map_err(|status| refused(&status))?;
    section.check("response_data", &answer.data)?;
    section.check("m_ic", answer.data.get(32..).unwrap_or_default())?;
    let session = match terminal.advance(Some(answer)).map_err(|error| refused(&error))? {
        Step::Done(session) => session,
        Step::Send(_) => return Err(section.problem("exchange", "does not end")),
    };
    let session_seed: Vec<u8> = k_ifd.iter().zip(&k_ic).map(|(ours, theirs)| ours ^ theirs).collect();
    section.check("k_seed", &session_seed)?;
    matches_key(section, "ks_enc", &derive_key(&session_seed, KeyUse::Encryption, Cipher::TripleDes))?;
    matches_key(section, "ks_mac", &derive_key(&session_seed, KeyUse::Mac, Cipher::TripleDes))?;
    let half = |random: &[u8]| random.get(4..).unwrap_or_default().to_vec();
    section.check("ssc", &[half(&rnd_ic), half(&rnd_ifd)].concat())?;
    Ok((session, chip_session))
}

/// Appendix D.4: one command and its answer, by both ends. Gives what was read.
fn protected(
    section: &Section<'_>,
    terminal: &mut SecureMessaging,
    chip: &mut SecureMessaging,
    key: &SymmetricKey,
    counter: &mut u64,
) -> Result<Vec<u8>, Problem> {
    let wrong = |what: &dyn std::fmt::Debug| section.problem("protected_command", format!("{what:?}"));
    let plain = Command::parse(&section.need("plain_command")?).map_err(|error| wrong(&error))?;
    let command = terminal.protect_command(&plain).map_err(|error| wrong(&error))?;
    section.check("protected_command", &command.to_bytes().map_err(|error| wrong(&error))?)?;
    let opened = chip.unprotect_command(&command).map_err(|error| wrong(&error))?;
    section.holds("plain_command", opened.data() == plain.data() && opened.p1_p2() == plain.p1_p2())?;

    *counter = counter.wrapping_add(1);
    section.check("ssc_command", &counter.to_be_bytes())?;
    let header = pad(&command.header());
    section.check("cmd_header", &header)?;
    let mut objects = Vec::new();
    if !plain.data().is_empty() {
        let padded = pad(plain.data());
        section.check("padded_data", &padded)?;
        let encrypted = encrypt_nonce(key, &padded).map_err(|error| wrong(&error))?;
        section.check("encrypted_data", &encrypted)?;
        let object = cccd_card_profile::tlv::encode(0x87, &[&[1][..], &encrypted].concat());
        section.check("do87", &object)?;
        objects.extend(object);
    }
    if let Some(length) = plain.expected_length() {
        let object = cccd_card_profile::tlv::encode(0x97, &[u8::try_from(length).unwrap_or(0)]);
        if plain.data().is_empty() {
            section.check("do97", &object)?;
            objects.extend(object);
        }
    }
    // The command ends in its checksum: `8E 08 CC`.
    let (body, tail) = split_tail(command.data(), 10);
    section.check("m", &[&header[..], body].concat())?;
    section.check("n", &pad(&[&counter.to_be_bytes()[..], &header, &objects].concat()))?;
    section.check("cc", tail.get(2..).unwrap_or_default())?;

    let answer = Response::parse(&section.need("protected_response")?);
    let answer = answer.ok_or_else(|| section.problem("protected_response", "is no answer"))?;
    let read = terminal.unprotect_response(&answer).map_err(|error| wrong(&error))?;
    section.check("response_data", &read.data)?;
    let made = chip.protect_response(&Response::ok(read.data.clone())).map_err(|error| wrong(&error))?;
    section.holds("protected_response", made == answer)?;
    *counter = counter.wrapping_add(1);
    section.check("ssc_response", &counter.to_be_bytes())?;
    let (body, tail) = split_tail(&answer.data, 10);
    let signed = [&counter.to_be_bytes()[..], body].concat();
    if let Some(stated) = section.bytes("k")? {
        // Printed with its padding, or without where it fills its blocks' length in the text.
        section.holds("k", stated == pad(&signed) || stated == signed)?;
    }
    section.check("cc_response", tail.get(2..).unwrap_or_default())?;
    Ok(read.data)
}

fn split_tail(data: &[u8], length: usize) -> (&[u8], &[u8]) {
    data.split_at_checked(data.len().saturating_sub(length)).unwrap_or((data, &[]))
}

/// ISO/IEC 9797-1 padding method 2, for blocks of eight.
fn pad(data: &[u8]) -> Vec<u8> {
    let mut padded = data.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(8), 0);
    padded
}

fn number(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |number, octet| (number << 8) | u64::from(*octet))
}
