//! From the roll-up to the tables that are published, protected together.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::cells::{Measure, RollUp};
use super::disclosure::{Published, Table, protect};
use super::groups::{OTHER_PEOPLES, named};
use super::outlook::{Outlook, YEARS};
use crate::civil_status::Kind;
use crate::generate::province_name;
use crate::quality::score::NOWHERE;

/// From this age everybody has a card (Luật Căn cước 2023 art. 19).
pub const CARD_AGE: i16 = 14;

/// The last age group is open.
const OPEN_AGE: i16 = 100;

/// Months shown, the one of the count last.
const MONTHS: i32 = 12;

/// A word in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Words {
    fn new(vi: &str, en: &str) -> Self {
        Self { vi: vi.to_owned(), en: en.to_owned() }
    }

    fn same(word: &str) -> Self {
        Self::new(word, word)
    }
}

/// A table as it is published; the row and the column of totals come last.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The name of its file: `population-by-province`.
    pub name: String,
    /// What it says.
    pub title: Words,
    /// Codes of the rows, the total's is empty.
    pub codes: Vec<String>,
    /// Heads of the rows.
    pub rows: Vec<Words>,
    /// Heads of the columns.
    pub columns: Vec<Words>,
    /// Counts; `None` is held back.
    pub counts: Published,
}

impl Sheet {
    /// A number, if it is published.
    #[must_use]
    pub fn count(&self, row: usize, column: usize) -> Option<u64> {
        self.counts.get(row)?.get(column).copied().flatten()
    }

    /// The table as CSV, one head per column in both languages; what is held back is `…`.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = String::from("code,vi,en");
        for column in &self.columns {
            text.push(',');
            text.push_str(&field(&column.en));
        }
        for ((code, row), counts) in self.codes.iter().zip(&self.rows).zip(&self.counts) {
            text.push_str(&format!("\n{},{},{}", field(code), field(&row.vi), field(&row.en)));
            for count in counts {
                text.push(',');
                text.push_str(&count.map_or_else(|| "…".to_owned(), |count| count.to_string()));
            }
        }
        text.push('\n');
        text
    }
}

/// A field of CSV. What a spreadsheet would take for a formula is led in by an apostrophe.
fn field(text: &str) -> String {
    let safe =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

/// All that is published of one count.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The day of the count.
    pub day: Date,
    /// The living by province and sex.
    pub provinces: Sheet,
    /// The living by age and sex.
    pub ages: Sheet,
    /// The living by ethnic group and sex.
    pub peoples: Sheet,
    /// Those of [`CARD_AGE`] and more, with and without a card, by province.
    pub cards: Sheet,
    /// Events of the last twelve months.
    pub events: Sheet,
    /// The population in later years by province, in tens.
    pub projection: Sheet,
    /// What the projection assumes.
    pub outlook: Outlook,
    /// The living by ward and sex, a table for each province.
    pub wards: Vec<Sheet>,
}

impl Publication {
    /// What may be published of a count that was made on `day`.
    #[must_use]
    pub fn new(rollup: &RollUp, day: Date) -> Self {
        let rollup = &named(rollup);
        let mut provinces = Draft::new(
            "population-by-province",
            "Dân số theo tỉnh, thành phố và giới tính",
            "Population by province and sex",
        );
        let mut ages = Draft::new(
            "population-by-age",
            "Dân số theo nhóm tuổi và giới tính",
            "Population by age group and sex",
        );
        let mut peoples = Draft::new(
            "population-by-ethnic-group",
            "Dân số theo dân tộc và giới tính",
            "Population by ethnic group and sex",
        );
        let mut cards = Draft::new(
            "card-coverage",
            "Người từ đủ 14 tuổi trong năm có thẻ đang dùng",
            "People reaching 14 or more this year who hold a card in use",
        );
        cards.about.push(format!("from={CARD_AGE}"));
        let mut events = Draft::new(
            "events-by-month",
            "Sự kiện hộ tịch và cư trú theo tháng",
            "Civil status and residence events by month",
        );
        events.about.push("events".to_owned());
        let mut wards: BTreeMap<String, Draft> = BTreeMap::new();
        let months = months(day);
        for sheet in [&mut provinces, &mut ages, &mut peoples] {
            sheet.columns(&["male", "female"]);
        }
        ages.rows(&(0..=OPEN_AGE / 5).map(|group| format!("age={:03}", group * 5)).collect::<Vec<_>>());
        cards.columns(&["card=yes", "card=no"]);
        events.columns(&["birth", "death", "KH", "LH", "CT", "other"]);
        events.rows(&months);
        for (cell, count) in rollup.iter() {
            let age = day.year().saturating_sub(cell.cohort);
            match cell.measure {
                Measure::Living => {
                    let province = format!("province={}", cell.province);
                    provinces.add(&province, &cell.sex, count);
                    let group = age.clamp(0, OPEN_AGE) / 5 * 5;
                    ages.add(&format!("age={group:03}"), &cell.sex, count);
                    peoples.add(&format!("people={}", cell.other), &cell.sex, count);
                    // Every province has its row, so that none says by its absence that nobody is old enough.
                    cards.add(&province, "card=no", if age >= CARD_AGE { count } else { 0 });
                    let sheet = wards.entry(cell.province.clone()).or_insert_with(|| {
                        let name = province_words(&cell.province);
                        let mut draft = Draft::new(
                            &format!(
                                "wards-of-{}",
                                if cell.province == NOWHERE { "unknown" } else { &cell.province }
                            ),
                            &format!("Dân số theo phường, xã: {}", name.vi),
                            &format!("Population by ward: {}", name.en),
                        );
                        draft.about.push(province.clone());
                        draft.columns(&["male", "female"]);
                        draft
                    });
                    sheet.add(&format!("ward={}", cell.ward), &cell.sex, count);
                }
                Measure::Holder if age >= CARD_AGE => {
                    let ended = !cell.period.is_empty() && cell.period < day.to_string();
                    if !ended {
                        let province = format!("province={}", cell.province);
                        cards.add(&province, "card=yes", count);
                        cards.add(&province, "card=no", count.saturating_neg());
                    }
                }
                Measure::BirthMonth => events.add_known(&cell.period, "birth", count),
                Measure::DeathMonth => events.add_known(&cell.period, "death", count),
                Measure::Act => {
                    let column = ["KH", "LH", "CT"].into_iter().find(|kind| cell.other == *kind);
                    events.add_known(&cell.period, column.unwrap_or("other"), count);
                }
                _ => {}
            }
        }
        events.without_empty_columns();
        let wards: Vec<Draft> = wards.into_values().collect();
        let drafts = [&provinces, &ages, &peoples, &cards, &events].into_iter().chain(&wards);
        let tables: Vec<Table> = drafts.map(Draft::table).collect();
        let mut published = protect(&tables).into_iter();
        let mut sheet = |draft: Draft| draft.sheet(published.next().unwrap_or_default());
        let outlook = Outlook::new(rollup, day);
        let provinces = sheet(provinces);
        let projection = projected(&outlook, &provinces, day);
        Self {
            day,
            provinces,
            ages: sheet(ages),
            peoples: sheet(peoples),
            cards: sheet(cards),
            events: sheet(events),
            projection,
            outlook,
            wards: wards.into_iter().map(sheet).collect(),
        }
    }

    /// Every table.
    pub fn sheets(&self) -> impl Iterator<Item = &Sheet> {
        [&self.provinces, &self.ages, &self.peoples, &self.cards, &self.events, &self.projection]
            .into_iter()
            .chain(&self.wards)
    }
}

/// Every fifth year. A province whose people are not published has no future either.
fn projected(outlook: &Outlook, provinces: &Sheet, day: Date) -> Sheet {
    let years: Vec<usize> = (5..=YEARS).step_by(5).collect();
    let last = provinces.columns.len().saturating_sub(1);
    let in_tens = |people: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "people, from 0")]
        let tens = (people / 10.0).round().clamp(0.0, 1e12) as u64;
        (tens > 0).then_some(tens * 10)
    };
    let whole = provinces.codes.len().saturating_sub(1);
    let row = |(row, code): (usize, &String)| {
        let shown = provinces.count(row, last).is_some();
        let people = |year: usize| -> f64 {
            let of = outlook.provinces.iter().zip(&outlook.people);
            let of = of.filter(|(known, _)| row == whole || *known == code);
            of.filter_map(|(_, people)| people.get(year)).sum()
        };
        years.iter().map(|year| in_tens(people(*year)).filter(|_| shown)).collect()
    };
    let year = |after: &usize| {
        let year = i16::try_from(*after).unwrap_or(0).saturating_add(day.year());
        Words::same(&year.to_string())
    };
    Sheet {
        name: "projection-by-province".to_owned(),
        title: Words::new("Dân số dự báo theo tỉnh, thành phố", "Projected population by province"),
        codes: provinces.codes.clone(),
        rows: provinces.rows.clone(),
        columns: years.iter().map(year).collect(),
        counts: provinces.codes.iter().enumerate().map(row).collect(),
    }
}

/// The months up to the one of `day`, oldest first.
fn months(day: Date) -> Vec<String> {
    let back = (0..MONTHS).rev();
    back.filter_map(|back| day.first_of_month().checked_sub(back.months()).ok())
        .filter_map(|month| month.to_string().get(..7).map(str::to_owned))
        .collect()
}

/// A table that is being counted.
struct Draft {
    name: String,
    title: Words,
    about: Vec<String>,
    columns: Vec<String>,
    rows: BTreeMap<String, BTreeMap<String, i64>>,
}

impl Draft {
    fn new(name: &str, vi: &str, en: &str) -> Self {
        let title = Words::new(vi, en);
        Self { name: name.to_owned(), title, about: Vec::new(), columns: Vec::new(), rows: BTreeMap::new() }
    }

    fn columns(&mut self, columns: &[&str]) {
        self.columns = columns.iter().map(|column| (*column).to_owned()).collect();
    }

    fn rows(&mut self, rows: &[String]) {
        self.rows = rows.iter().map(|row| (row.clone(), BTreeMap::new())).collect();
    }

    fn add(&mut self, row: &str, column: &str, count: i64) {
        if !self.columns.iter().any(|known| known == column) {
            self.columns.push(column.to_owned());
        }
        let counts = self.rows.entry(row.to_owned()).or_default();
        *counts.entry(column.to_owned()).or_default() += count;
    }

    /// A kind of event that nobody had needs no column.
    fn without_empty_columns(&mut self) {
        let rows = &self.rows;
        self.columns
            .retain(|column| rows.values().any(|counts| counts.get(column).is_some_and(|count| *count != 0)));
    }

    /// Rows that are not shown are not counted.
    fn add_known(&mut self, row: &str, column: &str, count: i64) {
        if self.rows.contains_key(row) {
            self.add(row, column, count);
        }
    }

    fn table(&self) -> Table {
        let count = |counts: &BTreeMap<String, i64>, column: &String| {
            counts.get(column).map_or(0, |count| u64::try_from(*count).unwrap_or(0))
        };
        Table {
            about: self.about.clone(),
            rows: self.rows.keys().cloned().collect(),
            columns: self.columns.iter().map(|column| format!("column={column}")).collect(),
            counts: self
                .rows
                .values()
                .map(|counts| self.columns.iter().map(|column| count(counts, column)).collect())
                .collect(),
        }
    }

    fn sheet(self, counts: Published) -> Sheet {
        let code = |row: &String| row.split_once('=').map_or(row.as_str(), |(_, code)| code).to_owned();
        let total = Words::new("Tổng số", "Total");
        let mut rows: Vec<Words> = self.rows.keys().map(|row| words(row)).collect();
        let mut columns: Vec<Words> = self.columns.iter().map(|column| words(column)).collect();
        let mut codes: Vec<String> = self.rows.keys().map(code).collect();
        rows.push(total.clone());
        columns.push(total);
        codes.push(String::new());
        Sheet { name: self.name, title: self.title, codes, rows, columns, counts }
    }
}

fn province_words(code: &str) -> Words {
    match province_name(code) {
        Some(name) => Words::same(name),
        None if code == NOWHERE => Words::new("Nơi khác hoặc chưa rõ", "Elsewhere or unknown"),
        None => Words::same(code),
    }
}

/// The head of a row or column.
fn words(coordinate: &str) -> Words {
    match coordinate.split_once('=') {
        Some(("province", code)) => province_words(code),
        Some(("age", from)) => {
            let from: i16 = from.parse().unwrap_or(0);
            if from >= OPEN_AGE {
                Words::same(&format!("{from}+"))
            } else {
                Words::same(&format!("{from}–{}", from + 4))
            }
        }
        Some(("people", "")) => Words::new("Chưa ghi", "Not recorded"),
        Some(("people", OTHER_PEOPLES)) => Words::new("Dân tộc khác hoặc chưa rõ", "Other or unknown"),
        Some(("ward", code)) if code == NOWHERE => {
            Words::new("Nơi khác hoặc chưa rõ", "Elsewhere or unknown")
        }
        Some(("card", "yes")) => Words::new("Có thẻ", "With a card"),
        Some(("card", _)) => Words::new("Chưa có thẻ", "Without a card"),
        Some((_, word)) => Words::same(word),
        None => match coordinate {
            "male" => Words::new("Nam", "Male"),
            "female" => Words::new("Nữ", "Female"),
            "unspecified" => Words::new("Không rõ", "Unspecified"),
            "birth" => Words::new("Sinh", "Births"),
            "death" => Words::new("Tử", "Deaths"),
            "other" => Words::new("Khác", "Other"),
            code => match Kind::from_code(code) {
                Some(Kind::Marriage) => Words::new("Kết hôn", "Marriages"),
                Some(Kind::Divorce) => Words::new("Ly hôn", "Divorces"),
                Some(Kind::MarriageAnnulled) => Words::new("Hủy kết hôn", "Marriages annulled"),
                Some(Kind::Permanent) => Words::new("Đăng ký thường trú", "Moves"),
                _ => Words::same(code),
            },
        },
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_field_is_a_formula_or_breaks_its_row() {
        for (text, field) in [("=1+2", "'=1+2"), ("@x", "'@x"), ("a,b", "\"a,b\""), ("Kinh", "Kinh")] {
            assert_eq!(super::field(text), field);
        }
    }
}
