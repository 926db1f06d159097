//! Places from the trees and the list of mergers as they are published: two JSON trees (province, ward; province,
//! district, ward) and one JSON list that says of each present unit, in words, which units of before went into it.
//!
//! The words name wards (`Xã Tân Lập (huyện Tân Thạnh)`) without codes. A name that several wards of the merged
//! provinces bear, and no district tells them apart, counts for all of them: more candidates, never a wrong one.
//! What the words say of parts (`một phần`, `phần còn lại`) needs no reading of its own: a ward that is named by two
//! present units was split.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::file::MAX_FILE;
use super::{Map, Places, PlacesError, Unit};
use crate::name::comparison_key;

/// The longest description of one merger, in octets.
const MAX_WORDS: usize = 16 * 1024;

#[derive(Deserialize)]
struct Tree {
    units: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    code: String,
    name: String,
    #[serde(default)]
    districts: Vec<District>,
    #[serde(default)]
    wards: Vec<Leaf>,
}

#[derive(Deserialize)]
struct District {
    code: String,
    name: String,
    wards: Vec<Leaf>,
}

#[derive(Deserialize)]
struct Leaf {
    code: String,
    name: String,
}

#[derive(Deserialize)]
struct Mergers {
    items: Vec<Merger>,
}

#[derive(Deserialize)]
struct Merger {
    code: String,
    #[serde(default)]
    before: String,
}

/// What could not be made out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unclear {
    /// Present units that the list does not have, or that name none of before.
    pub without_origin: Vec<String>,
    /// Wards of before that no present one names.
    pub without_future: Vec<String>,
    /// Entries of the list whose code is no present unit's.
    pub unknown_codes: Vec<String>,
}

/// Reads the three files and says what stays unclear.
///
/// # Errors
/// [`PlacesError`].
pub fn read(present: &[u8], before: &[u8], mergers: &[u8]) -> Result<(Places, Unclear), PlacesError> {
    let (present, before): (Tree, Tree) = (parse(present)?, parse(before)?);
    let mergers: Mergers = parse(mergers)?;
    let mut units = Vec::new();
    for tree in [(Map::Present, present), (Map::Before, before)] {
        let (map, tree) = tree;
        for node in tree.units {
            units.extend(node.wards.into_iter().map(|leaf| (map, unit(leaf, &node.code))));
            for district in node.districts {
                units.extend(district.wards.into_iter().map(|leaf| (map, unit(leaf, &district.code))));
                let leaf = Leaf { code: district.code, name: district.name };
                units.push((map, unit(leaf, &node.code)));
            }
            units.push((map, unit(Leaf { code: node.code, name: node.name }, "")));
        }
    }
    let mut places = Places::from_units(units)?;
    let unclear = lead(&mut places, &mergers);
    Ok((places, unclear))
}

fn parse<'t, T: Deserialize<'t>>(text: &'t [u8]) -> Result<T, PlacesError> {
    if text.len() as u64 > MAX_FILE {
        return Err(PlacesError::TooLong);
    }
    serde_json::from_slice(text).map_err(|_| PlacesError::Form)
}

fn unit(leaf: Leaf, parent: &str) -> Unit {
    Unit {
        code: leaf.code,
        name: crate::name::clean(&leaf.name),
        parent: parent.to_owned(),
        became: BTreeSet::new(),
    }
}

/// Writes `became` into the units of before.
fn lead(places: &mut Places, mergers: &Mergers) -> Unclear {
    let mut unclear = Unclear::default();
    let words: BTreeMap<&str, &str> =
        mergers.items.iter().map(|merger| (merger.code.as_str(), merger.before.as_str())).collect();
    for code in words.keys().filter(|code| !places.present.contains_key(**code)) {
        unclear.unknown_codes.push((*code).to_owned());
    }
    let mut links: Vec<(String, String)> = Vec::new();
    // Provinces first: they say where wards of before are looked for.
    let mut sources: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for province in places.present.values().filter(|unit| unit.parent.is_empty()) {
        let said = words.get(province.code.as_str()).copied().unwrap_or_default();
        let said = comparison_key(said.get(..said.len().min(MAX_WORDS)).unwrap_or_default());
        let from: Vec<&str> = places
            .before
            .values()
            .filter(|unit| unit.parent.is_empty())
            .filter(|unit| unit.code == province.code || says(&said, bare(&comparison_key(&unit.name))))
            .map(|unit| unit.code.as_str())
            .collect();
        links.extend(from.iter().map(|code| ((*code).to_owned(), province.code.clone())));
        sources.insert(&province.code, from);
    }
    // Wards of before by province and name.
    let mut named: BTreeMap<(&str, String), Vec<&Unit>> = BTreeMap::new();
    let mut nameless: BTreeMap<(&str, String), Vec<&Unit>> = BTreeMap::new();
    for ward in places.before.values().filter(|unit| unit.code.len() == 5) {
        if let Some(province) = places.province(Map::Before, &ward.code) {
            let name = ward_key(&ward.name);
            nameless.entry((&province.code, without_kind(&name))).or_default().push(ward);
            named.entry((&province.code, name)).or_default().push(ward);
        }
    }
    for now in places.present.values().filter(|unit| unit.code.len() == 5) {
        let Some(said) = words.get(now.code.as_str()).filter(|said| said.len() <= MAX_WORDS) else {
            unclear.without_origin.push(now.code.clone());
            continue;
        };
        let from = sources.get(now.parent.as_str()).map_or(&[][..], Vec::as_slice);
        let mut found = 0;
        for (name, district) in mentions(said, &now.name) {
            let among = |table: &BTreeMap<(&str, String), Vec<&Unit>>, name: &str| -> Vec<String> {
                let wards: Vec<&Unit> = from
                    .iter()
                    .filter_map(|province| table.get(&(*province, name.to_owned())))
                    .flatten()
                    .copied()
                    .collect();
                let there = |ward: &&&Unit| {
                    district.as_deref().is_none_or(|district| {
                        places.before.get(&ward.parent).is_some_and(|unit| same_district(unit, district))
                    })
                };
                let told: Vec<&&Unit> = wards.iter().filter(there).collect();
                // A district that none of them lies in is a slip of the pen: all count.
                let told = if told.is_empty() { wards.iter().collect() } else { told };
                told.into_iter().map(|ward| ward.code.clone()).collect()
            };
            let mut wards = among(&named, &name);
            if wards.is_empty() {
                // A town may have been a commune when the map of before was drawn.
                wards = among(&nameless, &without_kind(&name));
            }
            found += wards.len();
            links.extend(wards.into_iter().map(|ward| (ward, now.code.clone())));
        }
        if found == 0 {
            unclear.without_origin.push(now.code.clone());
        }
    }
    for (old, now) in links {
        if let Some(unit) = places.before.get_mut(&old) {
            unit.became.insert(now);
        }
    }
    let lost = places.before.values().filter(|unit| unit.code.len() == 5 && unit.became.is_empty());
    unclear.without_future = lost.map(|unit| unit.code.clone()).collect();
    unclear
}

fn same_district(unit: &Unit, said: &str) -> bool {
    let name = comparison_key(&unit.name);
    name == said || bare(&name) == bare(said)
}

/// A name without its kind; quarters by number keep it (`quận 6` is no `6`).
fn bare(name: &str) -> &str {
    const KINDS: [&str; 6] = ["tỉnh ", "thành phố ", "thị xã ", "huyện ", "quận ", "thủ đô "];
    KINDS
        .iter()
        .find_map(|kind| {
            // Keys have their tones at the end of a word.
            let kind = comparison_key(kind);
            let rest = name.strip_prefix(kind.as_str())?.strip_prefix(' ')?;
            (!rest.starts_with(|c: char| c.is_ascii_digit())).then_some(rest)
        })
        .unwrap_or(name)
}

/// Whether words name a unit, not only one whose name begins like it.
fn says(words: &str, name: &str) -> bool {
    // An abbreviation that the published list uses.
    if name == comparison_key("Hồ Chí Minh") && words.contains("tphcm") {
        return true;
    }
    words.match_indices(name).any(|(start, _)| {
        let after = words.get(start + name.len()..).unwrap_or_default();
        let before = words.get(..start).unwrap_or_default();
        !after.starts_with(char::is_alphanumeric) && !before.ends_with(char::is_alphanumeric)
    })
}

/// Names of wards in the words, as comparison keys with kind, each with the district that stands behind it.
/// `giữ nguyên` means the unit itself.
fn mentions(words: &str, own: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    if comparison_key(words).contains(&comparison_key("giữ nguyên")) {
        found.push((ward_key(own), None));
    }
    let mut kind = String::new();
    for part in parts(words) {
        let (name, district) = match part.split_once('(') {
            Some((name, rest)) => (name, rest.split(')').next()),
            None => (part.as_str(), None),
        };
        let Some((said, name)) = ward_name(name) else {
            // `của các phường Cửa Nam, Điện Biên`: the kind is said once.
            let name = ward_key(name);
            if !kind.is_empty() && !name.is_empty() {
                found.push((format!("{kind} {name}"), None));
            }
            continue;
        };
        kind = said;
        // `(phần còn lại sau khi sáp nhập vào phường X)` tells no district.
        let district = district.map(comparison_key).filter(|text| is_district(text));
        found.push((format!("{kind} {name}"), district));
    }
    found
}

/// The comparison key, with `Phường 01` as `Phường 1`.
fn ward_key(name: &str) -> String {
    let key = comparison_key(name);
    let number = |word: &str| {
        let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        if digits { word.trim_start_matches('0').to_owned() } else { word.to_owned() }
    };
    key.split(' ').map(number).collect::<Vec<_>>().join(" ")
}

/// The key of a ward's name behind its kind; numbered quarters keep it.
fn without_kind(key: &str) -> String {
    let bare = KINDS.iter().find_map(|kind| key.strip_prefix(&comparison_key(kind))?.strip_prefix(' '));
    bare.filter(|name| !name.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(key).to_owned()
}

const KINDS: [&str; 4] = ["phường", "xã", "thị trấn", "đặc khu"];

fn is_district(key: &str) -> bool {
    ["huyện", "quận", "thị xã", "thành phố", "tp"].iter().any(|kind| key.starts_with(&comparison_key(kind)))
}

/// The last kind in the text and what follows it.
fn ward_name(text: &str) -> Option<(String, String)> {
    let key = ward_key(text);
    let words: Vec<&str> = key.split(' ').collect();
    let kinds: Vec<(usize, String)> = KINDS
        .iter()
        .flat_map(|kind| {
            let kind = comparison_key(kind);
            let length = kind.split(' ').count();
            let places: Vec<usize> = (0..words.len())
                .filter(|start| words.get(*start..start + length).is_some_and(|part| part.join(" ") == kind))
                .collect();
            places.into_iter().map(move |start| (start + length, kind.clone()))
        })
        .collect();
    let (end, kind) = kinds.into_iter().max_by_key(|(end, _)| *end)?;
    let name = words.get(end..).unwrap_or_default().join(" ");
    (!name.is_empty()).then_some((kind, name))
}

/// Cuts at commas, semicolons and `và` that stand in no parenthesis.
fn parts(words: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut depth = 0_usize;
    for c in words.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && matches!(c, ',' | ';' | '.') {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts.iter().flat_map(|part| outside(part, " và ")).collect()
}

/// Cuts a text at a word where no parenthesis is open.
fn outside(text: &str, word: &str) -> Vec<String> {
    let mut cut = Vec::new();
    let mut from = 0;
    for (at, _) in text.match_indices(word) {
        let open = text.get(..at).unwrap_or_default();
        if open.matches('(').count() <= open.matches(')').count() {
            cut.push(text.get(from..at).unwrap_or_default().to_owned());
            from = at + word.len();
        }
    }
    cut.push(text.get(from..).unwrap_or_default().to_owned());
    cut
}
