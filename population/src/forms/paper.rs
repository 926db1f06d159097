//! A paper that an office hands out: its head, labels in both languages with what is said, statements, who signs, and a code.
//! Extracts of the books are such papers ([`crate::extract`]), and so are the forms of the issuing station.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::sheet::{LEFT, RIGHT, Sheets, plain};

/// Where values begin.
const VALUES: f64 = LEFT + 58.0;
/// From one item to the next.
const STEP: f64 = 8.4;
/// From one line of a statement to the next.
const LINE: f64 = 4.4;
/// The lowest item of a page.
const LOWEST: f64 = 268.0;
/// A portrait of 3 to 4.
const PORTRAIT: (f64, f64) = (30.0, 40.0);
/// What signatures take.
const SIGNATURES: f64 = 32.0;

/// One item: its label in both languages, and what is said.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// Vietnamese.
    pub vi: &'static str,
    /// English.
    pub en: &'static str,
    /// What is said; empty for the head of a part.
    pub value: String,
}

impl core::fmt::Debug for Line {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Line").field("en", &self.en).finish_non_exhaustive()
    }
}

/// What is printed. Personal data: `Debug` is redacted.
#[derive(Clone, Copy)]
pub struct Paper<'a> {
    /// The name of the form, if it has one: "CC01".
    pub form: Option<&'a str>,
    /// Which office: the label in both languages.
    pub office_label: &'a str,
    /// Which office.
    pub office: &'a str,
    /// The title, Vietnamese.
    pub title: &'a str,
    /// The title, English.
    pub title_en: &'a str,
    /// A portrait as JPEG, beside the items.
    pub portrait: Option<&'a [u8]>,
    /// Items in the order of the paper.
    pub lines: &'a [Line],
    /// Sentences beneath the items.
    pub statements: &'a [String],
    /// Who signs, from left to right; one or two.
    pub signatures: &'a [&'a str],
    /// What the code says; it is on every page.
    pub code: &'a str,
    /// What stands beneath the code, for a person who must type it.
    pub caption: &'a str,
    /// At the foot: when it was made.
    pub made: &'a str,
    /// At the foot: what it is of.
    pub of: &'a str,
}

impl core::fmt::Debug for Paper<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Paper")
            .field("form", &self.form)
            .field("title", &self.title_en)
            .finish_non_exhaustive()
    }
}

pub(super) fn draw(sheets: &mut Sheets<'_>, paper: &Paper<'_>) {
    let middle = 88.0;
    if let Some(form) = paper.form {
        sheets.text(LEFT, 10.5, &format!("Mẫu {form}"), plain(3.2).bold());
    }
    sheets.text(middle, 15.5, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", plain(4.1).bold().middle());
    sheets.text(middle, 21.0, "Độc lập - Tự do - Hạnh phúc", plain(4.2).bold().middle());
    sheets.line(middle - 24.0, 23.8, middle + 24.0, 23.8, 0.3);
    sheets.text(LEFT, 31.0, &format!("{}:", paper.office_label), plain(3.0).italic());
    sheets.value(LEFT, RIGHT - 35.0, 36.0, 1, paper.office_label, paper.office);
    sheets.text(105.0, 50.0, paper.title, plain(5.6).bold().middle());
    sheets.text(105.0, 55.5, paper.title_en, plain(3.4).italic().middle());
    let mut y = 64.0;
    // Items beside the portrait are shorter; a part's head goes over the full width only beneath it.
    let mut beside = None;
    if let Some(portrait) = paper.portrait {
        let (width, height) = PORTRAIT;
        sheets.jpeg(RIGHT - width, y - 3.0, width, height, &STANDARD.encode(portrait));
        beside = Some((RIGHT - width - 4.0, y - 3.0 + height));
    }
    for line in paper.lines {
        // The head of a part stands above an item of it.
        let room = if line.value.is_empty() { STEP + 7.0 } else { 0.0 };
        if y + room > LOWEST {
            sheets.next_page();
            (y, beside) = (50.0, None);
        }
        let right = beside.filter(|(_, lower)| y - 4.0 < *lower).map_or(RIGHT, |(right, _)| right);
        if line.value.is_empty() {
            sheets.section(y, right, &format!("{} / {}", line.vi, line.en));
            y += 7.0;
            continue;
        }
        sheets.text(LEFT, y, line.vi, plain(3.75));
        sheets.text(LEFT, y + 3.4, line.en, plain(2.7).italic());
        sheets.dots(VALUES, right, y + 0.9);
        sheets.value(VALUES + 0.8, right, y, 2, &format!("{} / {}", line.vi, line.en), &line.value);
        y += STEP;
    }
    y = y.max(beside.map_or(y, |(_, lower)| lower + 6.0));
    for statement in paper.statements {
        let style = plain(3.2).italic();
        let wrapped = sheets.wrap(statement, style, RIGHT - LEFT);
        for line in &wrapped {
            if y > LOWEST {
                sheets.next_page();
                y = 50.0;
            }
            sheets.text(LEFT, y, line, style);
            y += LINE;
        }
        y += 1.2;
    }
    if y > LOWEST + 22.0 - SIGNATURES {
        sheets.next_page();
        y = 50.0;
    }
    let places: &[f64] = match paper.signatures {
        [_] => &[RIGHT - 32.0],
        _ => &[LEFT + 35.0, RIGHT - 38.0],
    };
    for (who, x) in paper.signatures.iter().zip(places) {
        sheets.signature(*x, y + 6.0, who);
    }
}
