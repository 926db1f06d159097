//! A4 in millimetres: labels, dotted lines, combs for digits, boxes to tick, tables. A value that does not fit its place
//! is not cut: the place says so, and the value stands in full on a page of its own.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;

use qrcode::{EcLevel, QrCode};
use resvg::usvg;

use super::lines::break_lines;
use super::{FormError, Slip};

/// Left edge of what is printed.
pub(super) const LEFT: f64 = 20.0;
/// Right edge.
pub(super) const RIGHT: f64 = 195.0;
/// Width between them.
pub(super) const WIDTH: f64 = RIGHT - LEFT;

const FONTS: &str = "'Liberation Serif', 'Times New Roman', 'DejaVu Serif', serif";
/// Values are told from labels by their face.
const VALUE_FONTS: &str = "'DejaVu Sans', 'Liberation Sans', sans-serif";
/// The smallest size that is still read from paper.
const SMALLEST: f64 = 2.0;
/// The barcode with its quiet zone of four modules.
const CODE: f64 = 31.0;
const COMB: f64 = 5.2;

#[derive(Clone, Copy, Default)]
pub(super) struct Style {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) anchor: Anchor,
    pub(super) value: bool,
}

#[derive(Clone, Copy, Default)]
pub(super) enum Anchor {
    #[default]
    Start,
    Middle,
    End,
}

pub(super) fn plain(size: f64) -> Style {
    Style { size, ..Style::default() }
}

impl Style {
    pub(super) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }
    pub(super) fn italic(self) -> Self {
        Self { italic: true, ..self }
    }
    pub(super) fn middle(self) -> Self {
        Self { anchor: Anchor::Middle, ..self }
    }
    pub(super) fn end(self) -> Self {
        Self { anchor: Anchor::End, ..self }
    }
    fn value(self) -> Self {
        Self { value: true, ..self }
    }
}

/// The pages of one form.
pub(super) struct Sheets<'o> {
    options: &'o usvg::Options<'static>,
    pages: Vec<String>,
    widths: RefCell<HashMap<(String, bool, bool), f64>>,
    /// Items that did not fit: label and value.
    overflow: Vec<(String, String)>,
}

impl<'o> Sheets<'o> {
    pub(super) fn new(options: &'o usvg::Options<'static>) -> Self {
        Self { options, pages: vec![String::new()], widths: RefCell::default(), overflow: Vec::new() }
    }

    pub(super) fn next_page(&mut self) {
        self.pages.push(String::new());
    }

    fn put(&mut self, markup: &str) {
        if let Some(page) = self.pages.last_mut() {
            page.push_str(markup);
        }
    }

    pub(super) fn text(&mut self, x: f64, y: f64, text: &str, style: Style) {
        self.put(&markup(x, y, text, style));
    }

    pub(super) fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64, width: f64) {
        self.put(&format!(
            r#"<path d="M{x1:.2} {y1:.2}L{x2:.2} {y2:.2}" stroke="black" stroke-width="{width:.2}" fill="none"/>"#
        ));
    }

    /// A line to write on.
    pub(super) fn dots(&mut self, x1: f64, x2: f64, y: f64) {
        if x2 > x1 {
            self.put(&format!(
                r#"<path d="M{x1:.2} {y:.2}L{x2:.2} {y:.2}" stroke="black" stroke-width="0.22" stroke-dasharray="0.3 0.75" fill="none"/>"#
            ));
        }
    }

    pub(super) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64) {
        self.put(&format!(
            r#"<rect x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" stroke="black" stroke-width="0.25" fill="none"/>"#
        ));
    }

    /// A picture, given as base64 of a JPEG, in its place and no wider or higher.
    pub(super) fn jpeg(&mut self, x: f64, y: f64, width: f64, height: f64, base64: &str) {
        self.put(&format!(
            r#"<image x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" href="data:image/jpeg;base64,{base64}"/>"#
        ));
        self.rect(x, y, width, height);
    }

    fn shade(&mut self, x: f64, y: f64, width: f64, height: f64) {
        self.put(&format!(
            r##"<rect x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" fill="#ececec"/>"##
        ));
    }

    /// A heading from the left edge.
    pub(super) fn section(&mut self, y: f64, right: f64, title: &str) {
        self.shade(LEFT, y - 4.0, right - LEFT, 5.4);
        self.text(LEFT + 1.2, y, title, plain(3.7).bold());
    }

    /// A label and a dotted line to `right`, with the value on it. Answers nothing: what does not fit is kept.
    pub(super) fn field(&mut self, x: f64, right: f64, y: f64, label: &str, value: &str) {
        self.text(x, y, label, plain(3.75));
        let from = x + self.width(label, plain(3.75)) + 1.5;
        self.dots(from, right, y + 0.7);
        self.value(from + 0.8, right, y, 1, label, value);
    }

    /// A field of two lines: the second goes over the full width.
    pub(super) fn long_field(&mut self, y: f64, step: f64, label: &str, value: &str) {
        self.text(LEFT, y, label, plain(3.75));
        let from = LEFT + self.width(label, plain(3.75)) + 1.5;
        self.dots(from, RIGHT, y + 0.7);
        self.dots(LEFT, RIGHT, y + step + 0.7);
        if value.is_empty() {
            return;
        }
        let style = plain(3.3).bold().value();
        let words: Vec<&str> = value.split_whitespace().collect();
        let mut first = words.len();
        while first > 0 && self.width(&words[..first].join(" "), style) > RIGHT - from - 1.0 {
            first -= 1;
        }
        let (one, two) = words.split_at(first);
        if self.width(&two.join(" "), style) <= WIDTH - 1.0 && first > 0 {
            self.text(from + 0.8, y, &one.join(" "), style);
            self.text(LEFT + 0.8, y + step, &two.join(" "), style);
        } else {
            self.does_not_fit(from + 0.8, y, label, value);
        }
    }

    /// A value between two edges, smaller if it must be, on at most so many lines.
    pub(super) fn value(&mut self, x: f64, right: f64, y: f64, lines: usize, label: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let mut size = 3.4;
        while size >= SMALLEST {
            let style = plain(size).bold().value();
            let wrapped = self.wrap(value, style, right - x);
            if wrapped.len() <= lines {
                let step = size * 1.1;
                let top = y - step * number(wrapped.len() - 1);
                for (place, line) in wrapped.iter().enumerate() {
                    self.text(x, top + step * number(place), line, style);
                }
                return;
            }
            size -= 0.2;
        }
        self.does_not_fit(x, y, label, value);
    }

    fn does_not_fit(&mut self, x: f64, y: f64, label: &str, value: &str) {
        self.text(x, y, "(xem trang bổ sung)", plain(2.8).italic());
        self.overflow.push((label.trim_end_matches(':').to_owned(), value.to_owned()));
    }

    /// Keeps for the supplement what no row of a table is left for.
    pub(super) fn more(&mut self, label: &str, value: &str) {
        self.overflow.push((label.to_owned(), value.to_owned()));
    }

    /// Cells for digits.
    pub(super) fn comb(&mut self, x: f64, y: f64, cells: usize, value: &str) -> f64 {
        let mut letters = value.chars();
        for place in 0..cells {
            let left = x + COMB * number(place);
            self.rect(left, y - 4.3, COMB, 5.8);
            if let Some(letter) = letters.next() {
                self.text(left + COMB / 2.0, y, &letter.to_string(), plain(3.6).bold().middle().value());
            }
        }
        x + COMB * number(cells)
    }

    /// Day, month, year in cells; what is not known stays empty.
    pub(super) fn date(&mut self, x: f64, y: f64, day: &str, month: &str, year: &str) -> f64 {
        let mut x = x;
        for (place, (cells, value)) in [(2, day), (2, month), (4, year)].into_iter().enumerate() {
            x = self.comb(x, y, cells, value);
            if place < 2 {
                self.text(x + 0.9, y, "/", plain(3.7));
                x += 2.8;
            }
        }
        x
    }

    /// Boxes to tick, one after another.
    pub(super) fn ticks(&mut self, x: f64, y: f64, gap: f64, choices: &[(&str, bool)]) {
        let mut x = x;
        for (label, chosen) in choices {
            self.tick(x, y, *chosen);
            self.text(x + 5.2, y, label, plain(3.75));
            x += 5.2 + self.width(label, plain(3.75)) + gap;
        }
    }

    pub(super) fn tick(&mut self, x: f64, y: f64, chosen: bool) {
        self.rect(x, y - 3.3, 3.9, 3.9);
        if chosen {
            self.line(x + 0.7, y - 2.6, x + 3.2, y - 0.1, 0.5);
            self.line(x + 3.2, y - 2.6, x + 0.7, y - 0.1, 0.5);
        }
    }

    /// A table; empty rows are for writing. Answers its lower edge.
    pub(super) fn table(
        &mut self,
        y: f64,
        row_height: f64,
        columns: &[(&str, f64)],
        rows: &[Vec<String>],
    ) -> f64 {
        let head = 8.4;
        let height = head + row_height * number(rows.len());
        self.shade(LEFT, y, WIDTH, head);
        let mut x = LEFT;
        for (place, (title, width)) in columns.iter().enumerate() {
            self.rect(x, y, *width, height);
            let lines = self.wrap(title, plain(3.1).bold(), width - 1.5);
            for (line, words) in lines.iter().enumerate() {
                let at = y + head / 2.0 + 1.1 + 3.4 * (number(line) - number(lines.len() - 1) / 2.0);
                self.text(x + width / 2.0, at, words, plain(3.1).bold().middle());
            }
            for (row, cells) in rows.iter().enumerate() {
                let bottom = y + head + row_height * number(row + 1);
                let cell = cells.get(place).map_or("", String::as_str);
                if let Some(printed) = cell.strip_prefix('\u{1}') {
                    // Printed on the form, not filled in.
                    let lines = self.wrap(printed, plain(3.2), width - 2.0);
                    for (line, words) in lines.iter().enumerate() {
                        let at = bottom - row_height / 2.0
                            + 1.1
                            + 3.3 * (number(line) - number(lines.len() - 1) / 2.0);
                        self.text(x + 1.2, at, words, plain(3.2));
                    }
                } else {
                    self.value(x + 1.2, x + width - 1.0, bottom - 2.0, 2, title, cell);
                }
            }
            x += width;
        }
        for row in 0..rows.len() {
            let at = y + head + row_height * number(row);
            self.line(LEFT, at, LEFT + columns.iter().map(|(_, width)| width).sum::<f64>(), at, 0.25);
        }
        y + height
    }

    /// The head of an official paper, beside which the barcode stands.
    pub(super) fn head(&mut self, name: &str, title: &str, note: &str) {
        let middle = 95.0;
        self.text(LEFT, 14.5, &format!("Mẫu {name}"), plain(3.6).bold());
        self.text(middle, 15.5, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", plain(4.1).bold().middle());
        self.text(middle, 21.0, "Độc lập - Tự do - Hạnh phúc", plain(4.2).bold().middle());
        self.line(middle - 24.0, 23.8, middle + 24.0, 23.8, 0.3);
        self.text(middle, 33.0, title, plain(4.5).bold().middle());
        self.text(middle, 38.5, note, plain(3.5).italic().middle());
    }

    /// Where somebody signs.
    pub(super) fn signature(&mut self, x: f64, y: f64, who: &str) {
        self.text(x, y, "Ngày …… / …… / …………", plain(3.2).italic().middle());
        self.text(x, y + 5.0, who, plain(3.7).bold().middle());
        self.text(x, y + 9.2, "(Ký, ghi rõ họ tên)", plain(3.2).italic().middle());
    }

    /// Adds what did not fit, barcodes and page numbers.
    pub(super) fn finish(mut self, slip: &Slip) -> Result<Vec<String>, FormError> {
        self.supplement();
        let total = u8::try_from(self.pages.len()).map_err(|_| FormError::Barcode)?;
        let mut done = Vec::with_capacity(self.pages.len());
        for (page, content) in (1_u8..).zip(&self.pages) {
            let slip = Slip { page, pages: total, ..slip.clone() };
            let code = barcode(&slip.text(), &slip.serial)?;
            let foot = format!("{} · {} · trang {page}/{total}", slip.kind.as_str(), grouped(&slip.serial),);
            let foot = markup(RIGHT, 290.0, &foot, plain(2.9).end());
            let day = slip.printed;
            let printed = format!("In ngày {:02}/{:02}/{:04}", day.day(), day.month(), day.year());
            let printed = markup(LEFT, 290.0, &printed, plain(2.9));
            done.push(format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" viewBox="0 0 210 297"><rect width="210" height="297" fill="white"/>{content}{code}{foot}{printed}</svg>"#
            ));
        }
        Ok(done)
    }

    /// Adds what did not fit, one code on every page, and page numbers.
    pub(super) fn finish_with(
        mut self,
        code: &str,
        caption: &str,
        left: &str,
        right: &str,
    ) -> Result<Vec<String>, FormError> {
        self.supplement();
        let total = self.pages.len();
        let code = barcode(code, caption)?;
        let pages = (1..).zip(&self.pages).map(|(page, content)| {
            let left = markup(LEFT, 290.0, left, plain(2.9));
            let right = markup(RIGHT, 290.0, &format!("{right} · {page}/{total}"), plain(2.9).end());
            format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" viewBox="0 0 210 297"><rect width="210" height="297" fill="white"/>{content}{code}{left}{right}</svg>"#
            )
        });
        Ok(pages.collect())
    }

    fn supplement(&mut self) {
        let mut y = f64::MAX;
        for (label, value) in std::mem::take(&mut self.overflow) {
            let lines = self.wrap(&value, plain(3.3).value(), WIDTH - 2.0);
            for (place, line) in lines.iter().enumerate() {
                if y > 275.0 {
                    self.next_page();
                    self.text(LEFT, 40.0, "TRANG BỔ SUNG", plain(4.4).bold());
                    y = 50.0;
                }
                if place == 0 {
                    self.text(LEFT, y, &label, plain(3.7).bold());
                    y += 5.0;
                }
                self.text(LEFT + 1.0, y, line, plain(3.3).value());
                y += 4.6;
            }
            y += 2.0;
        }
    }

    pub(super) fn wrap(&self, text: &str, style: Style, room: f64) -> Vec<String> {
        break_lines(text, room, |line| self.width(line, style))
    }

    fn width(&self, text: &str, style: Style) -> f64 {
        let key = (text.to_owned(), style.bold, style.value);
        if let Some(width) = self.widths.borrow().get(&key) {
            return width * style.size;
        }
        // The bars keep blanks at the ends; their own width is taken off.
        let advance = |inner: &str| {
            let line = markup(
                0.0,
                0.0,
                &format!("|{inner}|"),
                Style { size: 100.0, anchor: Anchor::Start, ..style },
            );
            let svg =
                format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10">{line}</svg>"#);
            usvg::Tree::from_str(&svg, self.options)
                .map_or(0.0, |tree| f64::from(tree.root().abs_bounding_box().width()))
        };
        let width = (advance(text) - advance("")).max(0.0) / 100.0;
        self.widths.borrow_mut().insert(key, width);
        width * style.size
    }
}

fn markup(x: f64, y: f64, text: &str, style: Style) -> String {
    let anchor = match style.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let weight = if style.bold { "bold" } else { "normal" };
    let slant = if style.italic { "italic" } else { "normal" };
    let (fonts, stretch) = if style.value { (VALUE_FONTS, "condensed") } else { (FONTS, "condensed") };
    format!(
        r#"<text x="{x:.2}" y="{y:.2}" font-family="{fonts}" font-stretch="{stretch}" font-size="{:.2}" font-weight="{weight}" font-style="{slant}" text-anchor="{anchor}" fill="black" xml:space="preserve">{}</text>"#,
        style.size,
        escape(text)
    )
}

/// Text from outside never becomes markup.
fn escape(text: &str) -> String {
    let legal: String =
        text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
    quick_xml::escape::escape(legal.as_str()).into_owned()
}

/// The barcode in the upper right corner, and a serial beneath for a person who must type it.
fn barcode(text: &str, caption: &str) -> Result<String, FormError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::Q).map_err(|_| FormError::Barcode)?;
    let modules = code.width();
    let module = CODE / number(modules + 8);
    let (left, top) = (RIGHT - CODE + 4.0 * module, 8.0 + 4.0 * module);
    let mut path = String::new();
    for (place, color) in code.to_colors().into_iter().enumerate() {
        if color == qrcode::Color::Dark {
            let (row, column) = (place / modules, place % modules);
            let (x, y) = (left + module * number(column), top + module * number(row));
            // A hair more than a module: no white seams between neighbours.
            let side = module * 1.02;
            let _ = write!(path, "M{x:.3} {y:.3}h{side:.3}v{side:.3}h-{side:.3}z");
        }
    }
    let serial = markup(RIGHT - CODE / 2.0, 8.0 + CODE + 1.6, &grouped(caption), plain(2.5).middle().value());
    Ok(format!(r#"<path d="{path}" fill="black"/>{serial}"#))
}

/// In fours.
fn grouped(serial: &str) -> String {
    let letters: Vec<char> = serial.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

pub(super) fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
