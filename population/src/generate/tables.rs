//! The tables behind the proportions, read once from `population/data/`.

use std::sync::LazyLock;

/// A province with a few of its wards.
#[derive(Debug)]
pub(super) struct Province {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    pub(super) prefixes: Vec<&'static str>,
    pub(super) wards: Vec<(&'static str, &'static str)>,
}

/// How a group forms its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameForm {
    /// Family, middle, given.
    Kinh,
    /// `Giàng A Sáng`, `Giàng Thị Mỷ`.
    Hmong,
    /// `Y Moan Êban`, `H'Hen Niê`: mark of sex, given, the mother's clan.
    Ede,
    /// `Ksor Hlen`: the mother's clan, given.
    Jarai,
    /// `A Thút`, `Y Blưi`: mark of sex, given; no family name.
    Bahnar,
    /// `Thạch Sô Phia`.
    Khmer,
}

/// One of the 54 ethnic groups.
#[derive(Debug)]
pub(super) struct People {
    pub(super) name: &'static str,
    pub(super) provinces: Vec<&'static str>,
    pub(super) form: NameForm,
    pub(super) families: Vec<&'static str>,
}

pub(super) type Weighted<T> = Vec<(T, u32)>;

static PROVINCES: LazyLock<Weighted<Province>> = LazyLock::new(|| {
    rows(include_str!("../../data/places.txt"))
        .filter_map(|row| {
            let [code, weight, name, prefixes, wards] = columns(row)?;
            let wards = wards.split(';').filter_map(|ward| ward.split_once('=')).collect();
            let prefixes = prefixes.split(' ').collect();
            Some((Province { code, name, prefixes, wards }, weight.parse().ok()?))
        })
        .collect()
});

static PEOPLES: LazyLock<Weighted<People>> = LazyLock::new(|| {
    rows(include_str!("../../data/peoples.txt"))
        .filter_map(|row| {
            let [name, weight, provinces, form, families] = columns(row)?;
            let form = match form {
                "kinh" => NameForm::Kinh,
                "hmong" => NameForm::Hmong,
                "ede" => NameForm::Ede,
                "jarai" => NameForm::Jarai,
                "bahnar" => NameForm::Bahnar,
                "khmer" => NameForm::Khmer,
                _ => return None,
            };
            let list = |text: &'static str, by| text.split(by).filter(|word| !word.is_empty()).collect();
            let people =
                People { name, provinces: list(provinces, ' '), form, families: list(families, ',') };
            Some((people, weight.parse().ok()?))
        })
        .collect()
});

static NAMES: LazyLock<Vec<(&'static str, Weighted<&'static str>)>> = LazyLock::new(|| {
    rows(include_str!("../../data/names.txt"))
        .filter_map(|row| {
            let (list, elements) = row.split_once('|')?;
            let elements = elements
                .split(',')
                .filter_map(|element| element.rsplit_once(' '))
                .filter_map(|(element, weight)| Some((element, weight.parse().ok()?)))
                .collect();
            Some((list, elements))
        })
        .collect()
});

/// Religions per ten thousand (census of 2019).
pub(super) const RELIGIONS: [(&str, u32); 7] = [
    ("Không", 8_632),
    ("Công giáo", 610),
    ("Phật giáo", 480),
    ("Phật giáo Hòa Hảo", 102),
    ("Tin Lành", 100),
    ("Cao Đài", 58),
    ("Hồi giáo", 7),
];

pub(super) fn provinces() -> &'static [(Province, u32)] {
    &PROVINCES
}

pub(super) fn peoples() -> &'static [(People, u32)] {
    &PEOPLES
}

/// A list of name elements: `family`, `middle-male` …
pub(super) fn names(list: &str) -> &'static [(&'static str, u32)] {
    NAMES.iter().find(|(name, _)| *name == list).map_or(&[], |(_, elements)| elements)
}

/// The names of the 54 ethnic groups.
pub fn ethnic_groups() -> impl Iterator<Item = &'static str> {
    PEOPLES.iter().map(|(people, _)| people.name)
}

/// The name of a province since 1/7/2025 by its code of two digits.
#[must_use]
pub fn province_name(code: &str) -> Option<&'static str> {
    provinces().iter().find(|(province, _)| province.code == code).map(|(province, _)| province.name)
}

/// The province since 1/7/2025 behind the three digits of a number (TT 07/2016), one of the 63 before.
pub(crate) fn present_province(digits: &str) -> Option<&'static str> {
    provinces()
        .iter()
        .find(|(province, _)| province.prefixes.contains(&digits))
        .map(|(province, _)| province.code)
}

fn rows(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

fn columns(row: &'static str) -> Option<[&'static str; 5]> {
    row.split('|').collect::<Vec<_>>().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_whole() {
        assert_eq!(provinces().len(), 34);
        assert!(provinces().iter().all(|(province, weight)| province.wards.len() == 6 && *weight > 0));
        let prefixes: std::collections::BTreeSet<_> =
            provinces().iter().flat_map(|(province, _)| &province.prefixes).collect();
        assert_eq!(prefixes.len(), 63);
        assert_eq!(peoples().len(), 54);
        for list in ["family", "middle-male", "middle-female", "given-male", "given-female"] {
            assert!(names(list).len() > 30, "{list}");
        }
        assert_eq!(names("family").len(), 60);
        let known = |code: &&str| province_name(code).is_some();
        assert!(peoples().iter().flat_map(|(people, _)| &people.provinces).all(known));
        assert_eq!(RELIGIONS.iter().map(|(_, weight)| weight).sum::<u32>(), 9_989);
    }
}
