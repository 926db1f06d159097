//! Extended Access Control version 2: PACE, Terminal Authentication, Chip Authentication (TR-03110-2 §3, the worked
//! example of TR-03110).

use cccd_card_profile::apdu::{Command, LinkLost, Response, Transport};
use cccd_card_profile::lds::security_infos::SecurityInfos;
use cccd_card_profile::lds::{card_access, card_security};
use cccd_card_profile::protocol::chip_authentication::{
    ChipAuthentication2Terminal, ChipAuthenticationProtocol,
};
use cccd_card_profile::protocol::drive;
use cccd_card_profile::protocol::group::Element;
use cccd_card_profile::protocol::kdf::{Cipher, KeyUse, derive_key};
use cccd_card_profile::protocol::pace::{PaceOffer, Password, public_value};
use cccd_card_profile::protocol::secure_messaging::SecureMessaging;
use cccd_card_profile::protocol::terminal_authentication::{ChipIdentifier, compressed_key};
use cccd_card_profile::tlv;
use cccd_cvc::chain::{ChipTrust, TrustPoint, Validation};
use cccd_cvc::{Certificate, PrivateKey};
use cccd_keys::signed_data::SignedData;

use super::Section;
use super::bac::matches_key;
use super::pace::{run, same_element, secret};
use crate::foreign::outcome::Problem;

pub(super) fn example(section: Section<'_>) -> Result<usize, Problem> {
    let file = section.need("ef_cardaccess")?;
    let infos = card_access::parse(&file).map_err(|error| section.problem("ef_cardaccess", error))?;
    section.holds("ef_cardaccess", card_access::to_bytes(&infos) == file)?;
    let offers = PaceOffer::among(&infos);
    let offer = *offers.first().ok_or_else(|| section.problem("ef_cardaccess", "offers no PACE"))?;
    card_security_file(&section)?;
    let password = password(&section)?;
    matches_key(&section, "k_pi", &password.key(offer.protocol.cipher))?;

    let pace = section.part("pace")?;
    let (shared, chip_public) = run(&pace, offer)?;
    let mut matched = pace.finish()?;
    let chip = section.part("chip_authentication")?;
    let ephemeral = chip_authentication(&chip, &infos, offer)?;
    matched += chip.finish()?;
    let terminal = section.part("terminal_authentication")?;
    terminal_authentication(&terminal, &chip_public, &ephemeral)?;
    matched += terminal.finish()?;
    matched += samples(&section, &shared, offer.protocol.cipher)?;
    Ok(matched + section.finish()?)
}

/// EF.CardSecurity: its signature holds, and it repeats what EF.CardAccess says under it.
fn card_security_file(section: &Section<'_>) -> Result<(), Problem> {
    let Some(file) = section.bytes("ef_cardsecurity")? else { return Ok(()) };
    let wrong = |error: String| section.problem("ef_cardsecurity", error);
    let content = card_security::content_info(&file).map_err(|error| wrong(error.to_string()))?;
    let signed = SignedData::parse(content).map_err(|error| wrong(error.to_string()))?;
    signed.verify().map_err(|error| wrong(error.to_string()))?;
    let infos = card_security::parse(signed.econtent().unwrap_or_default());
    let infos = infos.map_err(|error| wrong(error.to_string()))?;
    section.holds("ef_cardsecurity", infos.chip_authentication_keys().next().is_some())
}

/// `123456 (PIN)`: digits, and what they are.
fn password(section: &Section<'_>) -> Result<Password, Problem> {
    let printed = section.text("password").unwrap_or_default();
    let (digits, kind) = printed.split_once(' ').unwrap_or((printed, ""));
    let wrong = |error: String| section.problem("password", error);
    match kind.trim_matches(['(', ')']) {
        "PIN" => Password::pin(digits).map_err(|error| wrong(error.to_string())),
        "CAN" => Password::can(digits).map_err(|error| wrong(error.to_string())),
        "PUK" => Password::puk(digits).map_err(|error| wrong(error.to_string())),
        other => Err(wrong(format!("is of a kind that is not known: '{other}'"))),
    }
}

/// Chip Authentication version 2; gives the terminal's ephemeral public key.
fn chip_authentication(
    section: &Section<'_>,
    infos: &SecurityInfos,
    offer: PaceOffer,
) -> Result<Element, Problem> {
    let failed = |name: &str, error: String| section.problem(name, error);
    let announced = infos.chip_authentication().find(|info| info.version == 2);
    let announced =
        announced.ok_or_else(|| failed("token", "no Chip Authentication version 2".to_owned()))?;
    let protocol = ChipAuthenticationProtocol::from_oid(announced.protocol)
        .ok_or_else(|| failed("token", "of a protocol that is not known".to_owned()))?;
    let group = offer.parameters.group();
    let (chip, terminal) = (secret(section, group, "ic_private")?, secret(section, group, "ifd_private")?);
    let chip_public = chip.public().map_err(|error| failed("ic_public", error.to_string()))?;
    let terminal_public = terminal.public().map_err(|error| failed("ifd_public", error.to_string()))?;
    same_element(section, "ic_public", &chip_public)?;
    same_element(section, "ifd_public", &terminal_public)?;
    let shared = terminal.agree(&chip_public).map_err(|error| failed("shared_k", error.to_string()))?;
    section.check("shared_k", &shared)?;
    let (nonce, token) = (section.need("nonce")?, section.need("token")?);
    let input = [&shared[..], &nonce].concat();
    matches_key(section, "ks_enc", &derive_key(&input, KeyUse::Encryption, protocol.cipher))?;
    matches_key(section, "ks_mac", &derive_key(&input, KeyUse::Mac, protocol.cipher))?;

    // Our terminal against a chip that answers what is printed: it believes this token and no other.
    let speak = |token: &[u8]| -> Result<SecureMessaging, Problem> {
        let answer = tlv::encode_all(0x7c, &[&tlv::encode(0x81, &nonce), &tlv::encode(0x82, token)]);
        let run = ChipAuthentication2Terminal::new(
            protocol,
            chip_public.clone(),
            announced.key_id,
            secret(section, group, "ifd_private")?,
        );
        let run = run.map_err(|error| failed("token", error.to_string()))?;
        let mut chip = Answers(vec![Response::ok(answer), Response::ok(Vec::new())]);
        drive(&mut chip, run).map_err(|error| failed("token", error.to_string()))
    };
    speak(&token)?;
    let changed: Vec<u8> = token.iter().map(|octet| octet ^ 1).collect();
    section.holds("token", speak(&changed).is_err())?;
    section.holds("nonce", true)?;
    Ok(terminal_public)
}

/// A chip that gives its answers in turn, last first.
struct Answers(Vec<Response>);

impl Transport for Answers {
    fn transmit(&mut self, _command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let answer = self.0.pop().ok_or_else(|| LinkLost::new("no answer left"))?;
        Ok(answer.to_bytes())
    }
}

/// Terminal Authentication version 2: the chain, what is signed, the signature.
fn terminal_authentication(
    section: &Section<'_>,
    chip_public: &Element,
    ephemeral: &Element,
) -> Result<(), Problem> {
    let certificate = |name: &str| -> Result<Certificate, Problem> {
        Certificate::parse(&section.need(name)?).map_err(|error| section.problem(name, error))
    };
    let cvca = certificate("cvca_certificate")?;
    let point =
        TrustPoint::from_certificate(&cvca).map_err(|error| section.problem("cvca_certificate", error))?;
    section.holds("cvca_certificate", cvca.is_self_signed())?;
    let mut trust = ChipTrust::new(vec![point], cvca.content().effective)
        .ok_or_else(|| section.problem("cvca_certificate", "is no trust point"))?;
    let mut session = Validation::new();
    let terminal = certificate("terminal_certificate")?;
    for (name, one) in
        [("dv_certificate", &certificate("dv_certificate")?), ("terminal_certificate", &terminal)]
    {
        let choose = session.choose(&trust, one.authority().as_bytes());
        choose.map_err(|error| section.problem(name, error))?;
        session.import(&mut trust, one).map_err(|error| section.problem(name, error))?;
        section.holds(name, true)?;
    }
    let certified = session
        .terminal(terminal.holder().as_bytes())
        .ok_or_else(|| section.problem("terminal_certificate", "names no terminal"))?;
    if let Some(algorithm) = section.text("algorithm") {
        section.holds("algorithm", certified.key.algorithm().name() == algorithm)?;
    }
    let chip = compressed_key(chip_public.as_bytes());
    section.check("id_picc", ChipIdentifier::pace(&chip).as_bytes())?;
    let ephemeral = compressed_key(public_value(ephemeral));
    section.check("comp_pk_dh_ifd", &ephemeral)?;
    let challenge = section.need("challenge")?;
    section.check("signed_data", &[&chip[..], &challenge, &ephemeral].concat())?;
    let message = [chip.as_slice(), &challenge, &ephemeral];
    let verified = certified.key.verify(&message, &section.need("signature")?);
    section.holds("signature", verified.is_ok())?;
    let refused = certified.key.verify(&message[1..], &section.need("signature")?);
    section.holds("challenge", refused.is_err())?;
    let key = PrivateKey::from_pkcs8(&section.need("terminal_key_pkcs8")?, certified.key.algorithm());
    let key = key.map_err(|error| section.problem("terminal_key_pkcs8", error))?;
    let own = key.verifying_key().map_err(|error| section.problem("terminal_key_pkcs8", error))?;
    section.holds("terminal_key_pkcs8", own == certified.key)
}

/// The first protected exchange after PACE: what the command's data become, and the checksum of an empty answer.
fn samples(section: &Section<'_>, shared: &[u8], cipher: Cipher) -> Result<usize, Problem> {
    if !section.has("secure_messaging_samples") {
        return Ok(0);
    }
    let mut session = SecureMessaging::from_secret(shared, cipher);
    let mut matched = 0;
    for sample in section.list("secure_messaging_samples")? {
        if let Some(plain) = sample.bytes("plain")? {
            sample.ignore(&["enc_iv_from_ssc"]);
            let command = Command::new(0x00, 0x22, 0x81, 0xb6).with_data(plain);
            let protected = session.protect_command(&command);
            let protected = protected.map_err(|error| sample.problem("plain", error))?;
            let object = tlv::Reader::new(protected.data()).expect(0x87).map(|object| object.value.to_vec());
            let object = object.map_err(|error| sample.problem("cipher", error))?;
            sample.check("cipher", object.strip_prefix(&[1]).unwrap_or_default())?;
        }
        if let Some(input) = sample.bytes("mac_input")? {
            let checksum = tlv::encode(0x8e, &sample.need("mac")?);
            let answer = Response::ok([&input[..], &checksum].concat());
            sample.holds("mac", session.unprotect_response(&answer).is_ok())?;
        }
        matched += sample.finish()?;
    }
    Ok(matched)
}
