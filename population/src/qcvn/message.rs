//! One person as the standard's elements, and back. An element is a path below `CongDan` and its text.

use std::collections::BTreeMap;

use cccd_card_profile::personal_number::PersonalNumber;
use serde_json::{Map, Value, json};

use super::SUPPLEMENT;
use super::codes::{self, Marital};
use crate::import::RowError;
use crate::person::{Person, Relative, Residence, birth_date_text, parse_birth_date};
use crate::places::countries;

/// Elements below one person.
pub const MAX_ELEMENTS: usize = 400;

/// How deep they nest.
pub const MAX_DEPTH: usize = 8;

/// What may not be said twice: the standard's element and a supplement that disagrees.
const CORE: [&str; 4] = ["number", "full_name", "birth_date", "sex"];

/// Between an address and the code of a place that has no item of its own here.
const WITH_CODE: &str = " (đơn vị hành chính ";

type Elements = BTreeMap<String, String>;

/// A person as a `dc:CongDan`.
///
/// # Errors
/// What JSON says of the supplement; persons always have one.
pub fn write(person: &Person) -> Result<String, serde_json::Error> {
    let elements = elements(person);
    let mut text = String::from("<dc:CongDan>");
    let mut open: Vec<&str> = Vec::new();
    for (path, content) in &elements {
        let parts: Vec<&str> = path.split('/').collect();
        let Some((leaf, above)) = parts.split_last() else { continue };
        let common = open.iter().zip(above).take_while(|(one, other)| one == other).count();
        while open.len() > common {
            text += &open.pop().map(|name| format!("</dc:{name}>")).unwrap_or_default();
        }
        for name in above.get(common..).unwrap_or_default() {
            text += &format!("<dc:{name}>");
            open.push(name);
        }
        text += &format!("<dc:{leaf}>{}</dc:{leaf}>", quick_xml::escape::escape(content.as_str()));
    }
    while let Some(name) = open.pop() {
        text += &format!("</dc:{name}>");
    }
    let said = value(&elements.into_iter().collect()).unwrap_or_else(|_| json!({}));
    let patch = difference(&said, &serde_json::to_value(person)?);
    if !patch.as_object().is_some_and(Map::is_empty) {
        let patch = patch.to_string();
        text +=
            &format!("<cccd:{SUPPLEMENT}>{}</cccd:{SUPPLEMENT}>", quick_xml::escape::escape(patch.as_str()));
    }
    text += "</dc:CongDan>\n";
    Ok(text)
}

/// The standard's elements of a person, in its order.
fn elements(person: &Person) -> Vec<(String, String)> {
    let mut list: Vec<(String, String)> = Vec::new();
    let mut add = |path: String, text: &str| {
        // What XML has no way to say is left to the supplement, where JSON has one.
        let text: String =
            text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
        if !text.trim().is_empty() {
            list.push((path, text.trim().to_owned()));
        }
    };
    add("SoDinhDanh".into(), person.number.as_str());
    add("SoCMND".into(), person.old_number.as_deref().unwrap_or_default());
    for (part, text) in name_parts(&person.full_name) {
        add(format!("HoVaTen/{part}"), &text);
    }
    add("GioiTinh".into(), codes::sex_code(person.sex));
    if let Some(group) = &person.ethnic_group {
        add("DanToc/MaDanToc".into(), &codes::ethnic_group_code(group).unwrap_or_default());
        add("DanToc/TenGoi".into(), group);
    }
    let religion = person.religion.as_deref().and_then(codes::religion_code);
    add("TonGiao/MaTonGiao".into(), religion.unwrap_or_default());
    add("TinhTrangHonNhan".into(), codes::marital_code(person.marital_status));
    add("NhomMau".into(), codes::blood_code(person.blood_group));
    add("NgayThangNamSinh/NgayThangNam".into(), &birth_date_text(person.birth_date));
    for (path, place) in
        [("NoiDangKyKhaiSinh", &person.birth_registration_place), ("QueQuan", &person.place_of_origin)]
    {
        let Some(place) = place else { continue };
        let with_code =
            place.rsplit_once(WITH_CODE).and_then(|(text, code)| Some((text, code.strip_suffix(')')?)));
        let (text, code) = with_code.unwrap_or((place, ""));
        add(format!("{path}/MaDonViHanhChinh"), code);
        add(format!("{path}/ChiTiet"), text);
        add(format!("{path}/QuocGia"), countries::of_address(text).unwrap_or(countries::VIETNAM));
    }
    add("QuocTich".into(), countries::code(&person.nationality).unwrap_or(&person.nationality));
    for (path, residence) in
        [("ThuongTru", &person.residences.permanent), ("NoiOHienTai", &person.residences.current)]
    {
        let Some(residence) = residence else { continue };
        let code = residence.ward_code.as_ref().or(residence.province_code.as_ref());
        add(format!("{path}/MaDonViHanhChinh"), code.map(String::as_str).unwrap_or_default());
        add(format!("{path}/ChiTiet"), &residence.address);
        let country = countries::of_address(&residence.address).unwrap_or(countries::VIETNAM);
        add(format!("{path}/QuocGia"), country);
    }
    for (path, relative) in [("Cha", &person.father), ("Me", &person.mother), ("VoChong", &person.spouse)] {
        let Some(relative) = relative else { continue };
        let number = relative.number.as_ref().map(|number| number.as_str().to_owned());
        add(format!("{path}/SoDinhDanh"), &number.unwrap_or_default());
        add(format!("{path}/SoCMND"), relative.old_number.as_deref().unwrap_or_default());
        let nationality = relative.nationality.as_deref().unwrap_or_default();
        add(format!("{path}/QuocTich"), countries::code(nationality).unwrap_or(nationality));
        for (part, text) in name_parts(&relative.name) {
            add(format!("{path}/HoVaTen/{part}"), &text);
        }
    }
    list
}

/// Họ, chữ đệm, tên: the first word, those between, the last. One word alone is a name.
fn name_parts(name: &str) -> Vec<(&'static str, String)> {
    let words: Vec<&str> = name.split_whitespace().collect();
    match words.as_slice() {
        [] => Vec::new(),
        [name] => vec![("Ten", (*name).to_owned())],
        [family, between @ .., name] => {
            vec![("Ho", (*family).to_owned()), ("ChuDem", between.join(" ")), ("Ten", (*name).to_owned())]
        }
    }
}

/// The person that a `CongDan` is.
///
/// # Errors
/// [`RowError`] with the element or item that is not of its form.
pub fn read(xml: &[u8]) -> Result<Box<Person>, RowError> {
    let text = core::str::from_utf8(xml).map_err(|_| RowError::Encoding)?;
    let (elements, supplement) = parse(text)?;
    let mut person = value(&elements)?;
    if let Some(supplement) = supplement {
        let patch: Value = serde_json::from_str(&supplement).map_err(|_| RowError::Field(SUPPLEMENT))?;
        let Value::Object(members) = &patch else { return Err(RowError::Field(SUPPLEMENT)) };
        // A core item that the standard can say is said once. A name XML has no letters for may be supplemented.
        if CORE.iter().any(|core| members.contains_key(*core) && person.get(*core).is_some()) {
            return Err(RowError::Field(SUPPLEMENT));
        }
        merge(&mut person, patch);
    }
    for (item, element) in [
        ("number", "SoDinhDanh"),
        ("full_name", "HoVaTen"),
        ("birth_date", "NgayThangNam"),
        ("sex", "GioiTinh"),
    ] {
        if person.get(item).is_none() {
            return Err(RowError::Field(element));
        }
    }
    serde_json::from_value(person).map(Box::new).map_err(|error| {
        // What serde says may quote the content.
        RowError::Json(
            if error.is_data() { "an item is missing, unknown or not of its form" } else { "no person" }
                .to_owned(),
        )
    })
}

/// Leaves with their paths; the supplement apart.
fn parse(text: &str) -> Result<(Elements, Option<String>), RowError> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut elements, mut supplement) = (Elements::new(), None);
    let (mut path, mut content, mut leaf, mut seen): (Vec<String>, _, _, _) =
        (Vec::new(), String::new(), true, 0_usize);
    let malformed = |_| RowError::Xml("the element is not well-formed XML");
    let mut empty = false;
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Start(start) => {
                seen += 1;
                if seen > MAX_ELEMENTS || path.len() > MAX_DEPTH {
                    return Err(RowError::Xml("there are more or deeper elements than a person has"));
                }
                if !content.trim().is_empty() {
                    return Err(RowError::Xml("text stands between elements"));
                }
                path.push(start.local_name().as_ref().to_owned());
                (content, leaf) = (String::new(), true);
            }
            Event::Empty(_) => {
                // Says nothing, but makes its parent no leaf.
                seen += 1;
                if seen > MAX_ELEMENTS {
                    return Err(RowError::Xml("there are more or deeper elements than a person has"));
                }
                leaf = false;
                empty = path.is_empty();
            }
            Event::Text(piece) => content.push_str(&piece.xml10_content()),
            Event::CData(piece) => content.push_str(&piece.xml10_content()),
            Event::GeneralRef(reference) => {
                let named = match reference.xml10_content().as_ref() {
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "amp" => Some('&'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => reference.resolve_char_ref().ok().flatten(),
                };
                content.push(named.ok_or(RowError::Xml("an entity that is not XML's own"))?);
            }
            Event::End(_) => {
                let name = path.get(1..).unwrap_or_default().join("/");
                if leaf && !name.is_empty() {
                    let said = content.trim().to_owned();
                    let again = if name == SUPPLEMENT {
                        supplement.replace(said).is_some()
                    } else {
                        elements.insert(name, said).is_some()
                    };
                    if again {
                        return Err(RowError::Xml("an element stands twice"));
                    }
                }
                path.pop();
                (content, leaf) = (String::new(), false);
            }
            Event::DocType(_) => return Err(RowError::Xml("a document type is not taken")),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof => break,
        }
    }
    if !path.is_empty() || (elements.is_empty() && !empty && supplement.is_none()) {
        return Err(RowError::Xml("the element is not well-formed XML"));
    }
    Ok((elements, supplement))
}

/// What the standard's elements say, as the JSON form of a person.
fn value(elements: &Elements) -> Result<Value, RowError> {
    let mut left: BTreeMap<&str, &str> = elements
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let mut person = Map::new();
    let mut put = |item: &str, value: Option<Value>| {
        if let Some(value) = value {
            person.insert(item.to_owned(), value);
        }
    };
    let text = |text: &str| Value::String(text.to_owned());
    if let Some(number) = left.remove("SoDinhDanh") {
        personal_number(number)?;
        put("number", Some(text(number)));
    }
    put("old_number", left.remove("SoCMND").map(text));
    put("full_name", name(&mut left, "HoVaTen").map(Value::String));
    if let Some(code) = left.remove("GioiTinh") {
        let sex = codes::sex(code).map_err(|_| RowError::Field("GioiTinh"))?;
        put("sex", serde_json::to_value(sex).ok());
    }
    let called = left.remove("DanToc/TenGoi");
    let group = match left.remove("DanToc/MaDanToc") {
        Some(code) => codes::ethnic_group(code).map_err(|_| RowError::Field("MaDanToc"))?,
        None => called,
    };
    put("ethnic_group", group.map(text));
    if let Some(code) = left.remove("TonGiao/MaTonGiao") {
        left.remove("TonGiao/TenGoi");
        put("religion", Some(text(codes::religion(code).map_err(|_| RowError::Field("MaTonGiao"))?)));
    } else {
        put("religion", left.remove("TonGiao/TenGoi").map(text));
    }
    let mut notes = Vec::new();
    if let Some(code) = left.remove("TinhTrangHonNhan") {
        match codes::marital(code).map_err(|_| RowError::Field("TinhTrangHonNhan"))? {
            Marital::Is(status) => put("marital_status", Some(text(status.as_str()))),
            Marital::DivorcedOrWidowed => notes.push("TinhTrangHonNhan=3".to_owned()),
            Marital::NotKnown => {}
        }
    }
    if let Some(code) = left.remove("NhomMau") {
        let group = codes::blood(code).map_err(|_| RowError::Field("NhomMau"))?;
        put("blood_group", group.map(|group| text(group.as_str())));
    }
    if let Some(said) =
        left.remove("NgayThangNamSinh/NgayThangNam").or_else(|| left.remove("NgayThangNamSinh"))
    {
        let date = parse_birth_date(said).ok_or(RowError::Field("NgayThangNam"))?;
        put("birth_date", serde_json::to_value(date).ok());
    }
    for (path, item) in [("NoiDangKyKhaiSinh", "birth_registration_place"), ("QueQuan", "place_of_origin")] {
        let (code, address) = address(&mut left, path)?;
        put(
            item,
            match (code, address) {
                (None, None) => None,
                (None, Some(address)) => Some(Value::String(address)),
                (Some(code), address) => Some(Value::String(
                    format!("{}{WITH_CODE}{code})", address.unwrap_or_default()).trim().to_owned(),
                )),
            },
        );
    }
    if let Some(said) = left.remove("QuocTich") {
        put("nationality", Some(Value::String(nationality(said)?)));
    }
    let mut residences = Map::new();
    for (path, slot) in [("ThuongTru", "permanent"), ("NoiOHienTai", "current")] {
        let (code, address) = address(&mut left, path)?;
        let Some(mut residence) = address.as_deref().map(Residence::new) else {
            if code.is_some() {
                return Err(RowError::Field("ChiTiet"));
            }
            continue;
        };
        match code {
            Some(code) if code.len() == 5 => residence.ward_code = Some(code.to_owned()),
            Some(code) if code.len() == 2 => residence.province_code = Some(code.to_owned()),
            // A district tells less than the address does.
            Some(code) if code.len() == 3 => {
                residence.address = format!("{}{WITH_CODE}{code})", residence.address);
            }
            Some(_) => return Err(RowError::Field("MaDonViHanhChinh")),
            None => {}
        }
        residences.insert(slot.to_owned(), serde_json::to_value(residence).unwrap_or_default());
    }
    put("residences", Some(Value::Object(residences)));
    for (path, item) in [("Cha", "father"), ("Me", "mother"), ("VoChong", "spouse")] {
        put(item, relative(&mut left, path)?);
    }
    // Empty lists and `alive` are what a person has of whom nothing else is said.
    put("life", serde_json::to_value(crate::person::Life::Alive).ok());
    notes.extend(left.into_iter().map(|(path, text)| format!("{path}={text}")));
    if !notes.is_empty() {
        put("other", Some(Value::String(format!("QCVN 109: {}", notes.join("; ")))));
    }
    Ok(Value::Object(person))
}

fn name(left: &mut BTreeMap<&str, &str>, path: &str) -> Option<String> {
    let mut words = Vec::new();
    for part in ["Ho", "ChuDem", "Ten"] {
        words.extend(left.remove(format!("{path}/{part}").as_str()));
    }
    if words.is_empty() {
        // Some senders write the whole name as text.
        words.extend(left.remove(path));
    }
    (!words.is_empty()).then(|| words.join(" "))
}

/// Code and text of a place; a foreign country is named at the end of the text.
fn address<'e>(
    left: &mut BTreeMap<&str, &'e str>,
    path: &str,
) -> Result<(Option<&'e str>, Option<String>), RowError> {
    let code = left.remove(format!("{path}/MaDonViHanhChinh").as_str());
    if code.is_some_and(|code| {
        !matches!(code.len(), 2 | 3 | 5) || !code.bytes().all(|byte| byte.is_ascii_digit())
    }) {
        return Err(RowError::Field("MaDonViHanhChinh"));
    }
    let detail = left.remove(format!("{path}/ChiTiet").as_str());
    let country = match left.remove(format!("{path}/QuocGia").as_str()) {
        None | Some(countries::VIETNAM) => None,
        Some(code) => Some(countries::name(code).ok_or(RowError::Field("QuocGia"))?),
    };
    let text = match (detail, country) {
        (Some(text), Some(country)) if countries::of_address(text).is_none() => {
            Some(format!("{text}, {country}"))
        }
        (Some(text), _) => Some(text.to_owned()),
        (None, country) => country.map(str::to_owned),
    };
    Ok((code, text))
}

/// A code of two capitals is a country's; anything else stands as it is written.
fn nationality(said: &str) -> Result<String, RowError> {
    let is_code = said.len() == 2 && said.bytes().all(|byte| byte.is_ascii_uppercase());
    if !is_code {
        return Ok(said.to_owned());
    }
    countries::name(said).map(str::to_owned).ok_or(RowError::Field("QuocTich"))
}

fn relative(left: &mut BTreeMap<&str, &str>, path: &str) -> Result<Option<Value>, RowError> {
    let number = left.remove(format!("{path}/SoDinhDanh").as_str());
    let old_number = left.remove(format!("{path}/SoCMND").as_str()).map(str::to_owned);
    let nationality = left.remove(format!("{path}/QuocTich").as_str()).map(nationality).transpose()?;
    let name = name(left, &format!("{path}/HoVaTen"));
    if number.is_none() && old_number.is_none() && nationality.is_none() && name.is_none() {
        return Ok(None);
    }
    let number = number.map(personal_number).transpose()?;
    let relative = Relative { name: name.unwrap_or_default(), number, old_number, nationality };
    Ok(serde_json::to_value(relative).ok())
}

fn personal_number(digits: &str) -> Result<PersonalNumber, RowError> {
    PersonalNumber::parse(digits).map_err(|_| RowError::Field("SoDinhDanh"))
}

/// The merge patch that makes `from` into `to` (RFC 7386).
fn difference(from: &Value, to: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (from, to) else { return to.clone() };
    let mut patch = Map::new();
    for (name, value) in new {
        match old.get(name) {
            Some(known) if known == value => {}
            // Two levels at most: a person's items nest no deeper.
            Some(known) if known.is_object() && value.is_object() => {
                patch.insert(name.clone(), difference(known, value));
            }
            _ => {
                patch.insert(name.clone(), value.clone());
            }
        }
    }
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    Value::Object(patch)
}

/// Applies a merge patch; it nests no deeper than a person does.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(members) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(object) = target else { return };
    for (name, value) in members {
        if value.is_null() {
            object.remove(&name);
        } else {
            merge(object.entry(name).or_insert(Value::Null), value);
        }
    }
}
