//! PACE with every mapping: Doc 9303-11 appendices G, H and I, and the PACE of TR-03110's examples.

use cccd_card_profile::apdu::{Command, Replay, Response};
use cccd_card_profile::lds::security_infos::SecurityInfos;
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::drive;
use cccd_card_profile::protocol::group::{Element, Group, Secret};
use cccd_card_profile::protocol::kdf::{Cipher, KeyUse, SymmetricKey, derive_key};
use cccd_card_profile::protocol::pace::{
    Agreement, LastAnswer, Mapping, MappingProof, PaceChip, PaceChipStep, PaceOffer, PaceProtocol,
    PaceTerminal, Password, authentication_token, decrypt_nonce, encrypt_nonce, map_generic, map_integrated,
    pseudo_random, public_value, reduced_pseudo_random, token_input,
};
use cccd_card_profile::protocol::private_key;
use cccd_card_profile::tlv::{self, Reader};
use cccd_keys::algorithm::HashAlgorithm;

use super::bac::matches_key;
use super::{Printed, Section};
use crate::foreign::outcome::Problem;

pub(super) fn example(section: Section<'_>) -> Result<usize, Problem> {
    let offer = offer(&section)?;
    let password = password(&section, offer.protocol.cipher)?;
    let (shared, _) = run(&section, offer)?;
    chip_authentication_mapping(&section, offer, &shared)?;
    exchange(&section, offer, password.as_ref())?;
    section.finish()
}

/// The protocol by its name, the parameters by their number or by their values.
fn offer(section: &Section<'_>) -> Result<PaceOffer, Problem> {
    let name = section.text("protocol").unwrap_or_default();
    let parts: Vec<&str> = name.trim_start_matches("id-PACE-").split('-').collect();
    let agreement = match parts.first() {
        Some(&"ECDH") => Agreement::Ecdh,
        Some(&"DH") => Agreement::Dh,
        _ => return Err(section.problem("protocol", "is not known")),
    };
    let mapping = match parts.get(1) {
        Some(&"GM") => Mapping::Generic,
        Some(&"IM") => Mapping::Integrated,
        Some(&"CAM") => Mapping::ChipAuthentication,
        _ => return Err(section.problem("protocol", "is not known")),
    };
    let cipher = match (parts.get(2), parts.last()) {
        (Some(&"3DES"), _) => Cipher::TripleDes,
        (Some(&"AES"), Some(&"128")) => Cipher::Aes128,
        (Some(&"AES"), Some(&"192")) => Cipher::Aes192,
        (Some(&"AES"), Some(&"256")) => Cipher::Aes256,
        _ => return Err(section.problem("protocol", "is not known")),
    };
    let domain = section.text("domain").unwrap_or_default();
    let number = domain.split("parameterId ").nth(1).unwrap_or_default();
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    let parameters = digits
        .parse()
        .ok()
        .and_then(DomainParameters::from_id)
        .ok_or_else(|| section.problem("domain", "names no standardized parameters"))?;
    let offer = PaceOffer::new(PaceProtocol { agreement, mapping, cipher }, parameters);
    if let Group::Modp(group) = parameters.group() {
        section.check("prime_p", &group.prime())?;
        section.check("order_q", &group.order())?;
        let generator = parameters.group().generator();
        section.check("generator_g", generator.as_bytes())?;
    }
    if let Some(info) = section.bytes("pace_info")? {
        let infos = SecurityInfos::parse(&tlv::encode(0x31, &info));
        let infos = infos.map_err(|error| section.problem("pace_info", error))?;
        section.holds("pace_info", PaceOffer::among(&infos) == [offer])?;
    }
    Ok(offer)
}

/// `K_π` follows from the zone where it is printed. Gives the password then.
fn password(section: &Section<'_>, cipher: Cipher) -> Result<Option<Password>, Problem> {
    if !section.has("mrz_fields") {
        return Ok(None);
    }
    let fields = section.part("mrz_fields")?;
    let mut printed = String::new();
    let mut field = |name: &str| {
        let text = fields.text(name).unwrap_or_default();
        printed.push_str(text);
        text.get(..text.len().saturating_sub(1)).unwrap_or_default()
    };
    let (number, birth) = (field("document_number"), field("date_of_birth"));
    let expiry = field("date_of_expiry");
    let information =
        MrzInformation::new(number, birth, expiry).map_err(|error| section.problem("mrz_fields", error))?;
    fields.finish()?;
    section.holds("mrz_fields", information.as_bytes() == printed.as_bytes())?;
    section.check("k", &HashAlgorithm::Sha1.digest(information.as_bytes()))?;
    let password = Password::mrz(&information);
    matches_key(section, "k_pi", &password.key(cipher))?;
    Ok(Some(password))
}

/// Everything between the password's key and the tokens. Gives the shared secret and the chip's public key, upon which
/// later protocols build.
pub(super) fn run(section: &Section<'_>, offer: PaceOffer) -> Result<(Vec<u8>, Element), Problem> {
    let PaceOffer { protocol, parameters, .. } = offer;
    let group = parameters.group();
    let wrong = |name: &str, error: &dyn std::fmt::Display| section.problem(name, error.to_string());
    let (nonce, encrypted) = (section.need("nonce_s")?, section.need("nonce_z")?);
    if let Some(key) = section.bytes("k_pi")? {
        let key =
            SymmetricKey::new(protocol.cipher, &key).ok_or_else(|| section.problem("k_pi", "is no key"))?;
        let opened = decrypt_nonce(&key, &encrypted).map_err(|error| wrong("nonce_z", &error))?;
        section.holds("nonce_s", *opened == nonce)?;
        section.check("nonce_z", &encrypt_nonce(&key, &nonce).map_err(|error| wrong("nonce_s", &error))?)?;
    }
    let generator = match protocol.mapping {
        Mapping::Generic | Mapping::ChipAuthentication => {
            let (terminal, chip) =
                (secret(section, group, "map_ifd_private")?, secret(section, group, "map_ic_private")?);
            let start = group.generator();
            let terminal_public = public(section, &terminal, &start, "map_ifd_public")?;
            let chip_public = public(section, &chip, &start, "map_ic_public")?;
            let shared = public(section, &terminal, &chip_public, "shared_h")?;
            let also = chip.power(&terminal_public).map_err(|error| wrong("shared_h", &error))?;
            if also != shared {
                return Err(section.problem("shared_h", "is another for the chip"));
            }
            map_generic(parameters, &nonce, &shared).map_err(|error| wrong("mapped_generator", &error))?
        }
        Mapping::Integrated => {
            let other = section.need("nonce_t")?;
            let bits = public_value(&group.generator()).len()
                / if group.agreement() == Agreement::Ecdh { 2 } else { 1 }
                * 8;
            let random = pseudo_random(protocol.cipher, &nonce, &other, bits);
            section.check("prf_r_s_t", &random.map_err(|error| wrong("prf_r_s_t", &error))?)?;
            let reduced = reduced_pseudo_random(parameters, protocol.cipher, &nonce, &other);
            section.check("rp_s_t", &reduced.map_err(|error| wrong("rp_s_t", &error))?)?;
            map_integrated(parameters, protocol.cipher, &nonce, &other)
                .map_err(|error| wrong("mapped_generator", &error))?
        }
    };
    same_element(section, "mapped_generator", &generator)?;
    let (terminal, chip) =
        (secret(section, group, "dh_ifd_private")?, secret(section, group, "dh_ic_private")?);
    let terminal_public = public(section, &terminal, &generator, "dh_ifd_public")?;
    let chip_public = public(section, &chip, &generator, "dh_ic_public")?;
    let shared = terminal.agree(&chip_public).map_err(|error| wrong("shared_k", &error))?;
    section.check("shared_k", &shared)?;
    let also = chip.agree(&terminal_public).map_err(|error| wrong("shared_k", &error))?;
    if *also != *shared {
        return Err(section.problem("shared_k", "is another for the chip"));
    }
    matches_key(section, "ks_enc", &derive_key(&shared, KeyUse::Encryption, protocol.cipher))?;
    matches_key(section, "ks_mac", &derive_key(&shared, KeyUse::Mac, protocol.cipher))?;
    for (input, token, key) in
        [("token_input_ifd", "t_ifd", &chip_public), ("token_input_ic", "t_ic", &terminal_public)]
    {
        section.check(input, &token_input(protocol, key))?;
        let made = authentication_token(&shared, protocol, key).map_err(|error| wrong(token, &error))?;
        section.check(token, &made)?;
    }
    Ok((shared.to_vec(), chip_public))
}

/// Appendix I: what the chip shows of its static key.
fn chip_authentication_mapping(
    section: &Section<'_>,
    offer: PaceOffer,
    shared: &[u8],
) -> Result<(), Problem> {
    if offer.protocol.mapping != Mapping::ChipAuthentication {
        return Ok(());
    }
    let group = offer.parameters.group();
    let (data, iv) = (section.need("ca_ic")?, section.need("iv")?);
    let key = derive_key(shared, KeyUse::Encryption, offer.protocol.cipher);
    // CBC with a vector of zeros over one block is the block cipher itself.
    let encrypt = |block: &[u8]| encrypt_nonce(&key, block).unwrap_or_default();
    section.check("iv", &encrypt(&[0xff; 16]))?;
    let mut padded = data.clone();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(16), 0);
    for (octet, mask) in padded.iter_mut().zip(&iv) {
        *octet ^= mask;
    }
    section.check("encrypted_ca_data", &encrypt(&padded))?;
    let stated = section.need("map_ic_public")?;
    let mapping_key = element(group, &stated).map_err(|why| section.problem("map_ic_public", why))?;
    let static_key = element(group, &section.need("pk_ic")?).map_err(|why| section.problem("pk_ic", why))?;
    let proof = MappingProof::from_parts(offer.parameters, mapping_key.as_bytes(), &data);
    section.holds("ca_ic", proof.is_some_and(|proof| proof.is_of(&static_key)))?;
    if let Some(info) = section.bytes("chip_authentication_public_key_info")? {
        let infos = SecurityInfos::parse(&tlv::encode(0x31, &info));
        let infos = infos.map_err(|error| section.problem("chip_authentication_public_key_info", error))?;
        let mut keys = infos.chip_authentication_keys();
        let key = keys.next().and_then(|info| private_key::PublicKey::from_spki(&info.public_key).ok());
        let point = match key {
            Some(private_key::PublicKey::EllipticCurve(point)) => Some(Element::from(point)),
            _ => None,
        };
        section.holds("pk_ic", point.as_ref() == Some(&static_key))?;
    }
    Ok(())
}

/// The commands and answers on the wire: each carries the values computed; where the password is known, our terminal
/// speaks them and our chip answers them.
fn exchange(section: &Section<'_>, offer: PaceOffer, password: Option<&Password>) -> Result<(), Problem> {
    if !section.has("exchange") {
        return Ok(());
    }
    let mut pairs: Vec<(Command, Response)> = Vec::new();
    for step in section.list("exchange")? {
        let command =
            Command::parse(&step.need("command")?).map_err(|error| step.problem("command", error))?;
        let mut answer = match step.text("response").map(hex::decode) {
            Some(Ok(answer)) => answer,
            Some(Err(_)) => with_gap_filled(section, &step)?,
            None => return Err(step.problem("response", "is missing")),
        };
        // The status word is not always printed.
        if !answer.ends_with(&[0x90, 0x00]) {
            answer.extend([0x90, 0x00]);
        }
        let answer = Response::parse(&answer).ok_or_else(|| step.problem("response", "is no answer"))?;
        carries(section, command.data())?;
        carries(section, &answer.data)?;
        step.finish()?;
        pairs.push((command, answer));
    }
    section.holds("exchange", !pairs.is_empty())?;
    let Some(password) = password else { return Ok(()) };
    let group = offer.parameters.group();
    let wide = |name: &str| -> Result<Vec<u8>, Problem> {
        Ok(secret(section, group, name)?.to_secret_bytes().to_vec())
    };
    let share = |private: &str| match offer.protocol.mapping {
        Mapping::Integrated => section.need("nonce_t"),
        _ => wide(private),
    };
    let (nonce, map_ifd, map_ic) =
        (section.need("nonce_s")?, share("map_ifd_private")?, share("map_ic_private")?);
    let (dh_ifd, dh_ic) = (wide("dh_ifd_private")?, wide("dh_ic_private")?);
    let failed = |error: &dyn std::fmt::Debug| section.problem("exchange", format!("{error:?}"));

    let dump: String = pairs
        .iter()
        .map(|(command, answer)| {
            let command = command.to_bytes().unwrap_or_default();
            format!("> {}\n< {}\n", hex::encode(command), hex::encode(answer.to_bytes()))
        })
        .collect();
    let mut recorded = Replay::parse(&dump).map_err(|error| failed(&error))?;
    let terminal = PaceTerminal::new(offer, password, &mut Printed::new(&[&map_ifd, &dh_ifd]))
        .map_err(|error| failed(&error))?;
    let outcome = drive(&mut recorded, terminal).map_err(|error| failed(&error.to_string()))?;
    if let Some(proof) = &outcome.mapping_proof {
        section.check("ca_ic", proof.data())?;
    }

    let static_key = match section.bytes("ca_ic")? {
        None => None,
        Some(data) => {
            let data =
                Secret::from_bytes(group, &data).ok_or_else(|| section.problem("ca_ic", "is no number"))?;
            secret(section, group, "map_ic_private")?.divided_by(&data)
        }
    };
    let mut rng = Printed::new(&[
        &nonce,
        if offer.protocol.mapping == Mapping::Integrated { &[] } else { &map_ic },
        &dh_ic,
    ]);
    let mut steps = pairs.iter();
    let (set_at, _) = steps.next().ok_or_else(|| section.problem("exchange", "is empty"))?;
    let mut chip =
        PaceChip::set_at(set_at, &[offer], |_| Some(password), &mut rng).map_err(|status| failed(&status))?;
    for (command, expected) in steps {
        let authorities = authorities(&expected.data);
        let authorities: Vec<&[u8]> = authorities.iter().map(Vec::as_slice).collect();
        let last = LastAnswer {
            static_key: static_key.as_ref().and_then(Secret::scalar),
            authorities: &authorities,
        };
        let answer = match chip.general_authenticate(command, last).map_err(|status| failed(&status))? {
            PaceChipStep::Continue(answer) | PaceChipStep::Established { answer, .. } => answer,
        };
        section.holds("exchange", answer == *expected)?;
    }
    Ok(())
}

/// The values that messages carry, by their tags (Doc 9303-11 §4.4.4.2).
const CARRIED: [(u32, &str); 8] = [
    (0x80, "nonce_z"),
    (0x81, "map_ifd_public"),
    (0x82, "map_ic_public"),
    (0x83, "dh_ifd_public"),
    (0x84, "dh_ic_public"),
    (0x85, "t_ifd"),
    (0x86, "t_ic"),
    (0x8a, "encrypted_ca_data"),
];

/// A message that is printed with digits missing in its middle: what is printed must be the beginning and the end of
/// one that carries a value of the example. Gives that one.
fn with_gap_filled(section: &Section<'_>, step: &Section<'_>) -> Result<Vec<u8>, Problem> {
    let printed = step.text("response").unwrap_or_default().to_ascii_lowercase();
    for (tag, name) in CARRIED {
        let Some(value) = section.bytes(name)? else { continue };
        let message = [tlv::encode(0x7c, &tlv::encode(tag, &value)), vec![0x90, 0x00]].concat();
        let whole = hex::encode(&message);
        let beginning = printed.bytes().zip(whole.bytes()).take_while(|(one, other)| one == other).count();
        let end =
            printed.bytes().rev().zip(whole.bytes().rev()).take_while(|(one, other)| one == other).count();
        if printed.len() < whole.len() && beginning + end >= printed.len() {
            return Ok(message);
        }
    }
    Err(step.problem("response", "is neither hex nor one of the example's messages with a gap"))
}

/// The names of the authorities in the chip's last answer.
fn authorities(data: &[u8]) -> Vec<Vec<u8>> {
    let Ok(template) = Reader::new(data).expect(0x7c).and_then(|object| object.nested()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for object in template.flatten() {
        if object.tag == 0x87 || object.tag == 0x88 {
            found.push(object.value.to_vec());
        }
    }
    found
}

/// What one message carries is what the example computes.
fn carries(section: &Section<'_>, data: &[u8]) -> Result<(), Problem> {
    let Ok(objects) = Reader::new(data).expect(0x7c).and_then(|object| object.nested()) else {
        return Ok(());
    };
    for object in objects.flatten() {
        let Some((_, name)) = CARRIED.iter().find(|(tag, _)| *tag == object.tag) else { continue };
        if let Some(stated) = section.bytes(name)? {
            // A point goes over the wire with its form octet, a number without leading zeros.
            let same = object.value.ends_with(&stated) || stated.ends_with(object.value);
            section.holds(name, same && !object.value.is_empty())?;
        }
    }
    Ok(())
}

/// The public half of a private key for a generator, compared where it is printed.
fn public(
    section: &Section<'_>,
    secret: &Secret,
    generator: &Element,
    name: &str,
) -> Result<Element, Problem> {
    let element = secret.power(generator).map_err(|error| section.problem(name, error))?;
    same_element(section, name, &element)?;
    Ok(element)
}

pub(super) fn same_element(section: &Section<'_>, name: &str, computed: &Element) -> Result<(), Problem> {
    let Some(stated) = section.bytes(name)? else { return Ok(()) };
    let stated = element(computed.group(), &stated).map_err(|why| section.problem(name, why))?;
    section.holds(name, stated == *computed)
}

/// A public value as printed: a point with or without `04`, a number with or without leading zeros.
pub(super) fn element(group: Group, printed: &[u8]) -> Result<Element, String> {
    let width = group.generator().as_bytes().len();
    let bytes = match group.agreement() {
        Agreement::Ecdh if printed.len().checked_add(1) == Some(width) => [&[4], printed].concat(),
        Agreement::Ecdh => printed.to_vec(),
        Agreement::Dh => fixed_width(printed, width),
    };
    group.element(&bytes).map_err(|error| error.to_string())
}

/// A private key as printed: any width, and sometimes above the order.
pub(super) fn secret(section: &Section<'_>, group: Group, name: &str) -> Result<Secret, Problem> {
    let printed = section.need(name)?;
    let bytes = match group {
        Group::Curve(curve) => {
            let order = hex::decode(curve.domain().order).map_err(|error| section.problem(name, error))?;
            let number = fixed_width(&printed, order.len());
            if number < order { number } else { minus(&number, &order) }
        }
        Group::Modp(_) => cccd_keys::asn1::unsigned(&printed).to_vec(),
    };
    Secret::from_bytes(group, &bytes).ok_or_else(|| section.problem(name, "is no private key of the group"))
}

fn fixed_width(number: &[u8], width: usize) -> Vec<u8> {
    let number = cccd_keys::asn1::unsigned(number);
    let mut bytes = vec![0; width.saturating_sub(number.len())];
    bytes.extend_from_slice(number);
    bytes
}

/// The difference of two numbers of one width, the first not the smaller.
fn minus(number: &[u8], order: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut digits: Vec<u8> = Vec::with_capacity(number.len());
    for (digit, other) in number.iter().zip(order).rev() {
        let (first, under) = digit.overflowing_sub(*other);
        let (second, again) = first.overflowing_sub(u8::from(borrow));
        borrow = under || again;
        digits.push(second);
    }
    digits.reverse();
    digits
}
