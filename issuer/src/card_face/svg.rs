//! A small SVG writer in millimetres. Text from outside passes [`escape`] and nothing else.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use qrcode::{Color, QrCode};

use super::{HEIGHT_MM, WIDTH_MM};

/// Ink of labels.
pub(super) const LABEL: &str = "#3b5a52";
/// Ink of values.
pub(super) const INK: &str = "#141414";
/// Ink of titles.
pub(super) const RED: &str = "#b3202c";

/// OCR-B where the machine has it (fonts-ocr-b), else a monospaced font; the pitch is set glyph by glyph.
const MRZ_FONTS: &str = "'OCR B', OCR-B, OCRB, 'DejaVu Sans Mono', monospace";

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) size: f64,
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) colour: &'static str,
    pub(super) anchor: Anchor,
}

/// Which point of a text the coordinates name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
}

impl Style {
    pub(super) const fn new(size: f64, colour: &'static str) -> Self {
        Self { size, bold: false, italic: false, colour, anchor: Anchor::Start }
    }

    pub(super) const fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    pub(super) const fn italic(mut self) -> Self {
        self.italic = true;
        self
    }

    pub(super) const fn centred(mut self) -> Self {
        self.anchor = Anchor::Middle;
        self
    }

    pub(super) const fn sized(mut self, size: f64) -> Self {
        self.size = size;
        self
    }
}

/// A face being drawn.
#[derive(Debug)]
pub(super) struct Canvas {
    svg: String,
}

impl Canvas {
    pub(super) fn new() -> Self {
        Self {
            svg: format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_MM}mm" height="{HEIGHT_MM}mm" viewBox="0 0 {WIDTH_MM} {HEIGHT_MM}">"#
            ),
        }
    }

    /// Adds markup of our own making: never text from outside.
    pub(super) fn raw(&mut self, markup: &str) {
        self.svg.push_str(markup);
    }

    pub(super) fn text(&mut self, x: f64, y: f64, text: &str, style: Style) {
        let weight = if style.bold { "bold" } else { "normal" };
        let slant = if style.italic { "italic" } else { "normal" };
        let anchor = match style.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
        };
        let _ = write!(
            self.svg,
            r#"<text x="{x:.3}" y="{y:.3}" font-family="'DejaVu Sans', sans-serif" font-size="{:.3}" font-weight="{weight}" font-style="{slant}" fill="{}" text-anchor="{anchor}" xml:space="preserve">{}</text>"#,
            style.size,
            style.colour,
            escape(text)
        );
    }

    /// The three lines of a TD1 MRZ: 30 characters at 2.54 mm, Doc 9303-3 §4.1 and 9303-5 §4.2.
    pub(super) fn mrz(&mut self, lines: &[&str]) {
        self.raw(&format!(
            r##"<rect x="0" y="{:.3}" width="{WIDTH_MM}" height="{:.3}" fill="#ffffff" fill-opacity="0.72"/>"##,
            MRZ_TOP,
            HEIGHT_MM - MRZ_TOP
        ));
        let mut baseline = MRZ_FIRST_BASELINE;
        for line in lines {
            let mut x = MRZ_LEFT;
            let places: Vec<String> = line
                .chars()
                .map(|_| {
                    let place = format!("{x:.3}");
                    x += MRZ_PITCH;
                    place
                })
                .collect();
            let _ = write!(
                self.svg,
                r#"<text x="{}" y="{baseline:.3}" font-family="{MRZ_FONTS}" font-size="{MRZ_SIZE}" fill="{INK}" text-anchor="middle">{}</text>"#,
                places.join(" "),
                escape(line)
            );
            baseline += MRZ_LINE;
        }
    }

    /// A QR code in a white square of `side` millimetres, quiet zone of two modules inside it.
    pub(super) fn qr(&mut self, code: &QrCode, x: f64, y: f64, side: f64) {
        let _ = write!(
            self.svg,
            r##"<rect x="{x:.3}" y="{y:.3}" width="{side:.3}" height="{side:.3}" fill="#ffffff"/>"##
        );
        let modules = code.width();
        let count = f64::from(u32::try_from(modules).unwrap_or(1)) + 4.0;
        let module = side / count;
        let mut path = String::new();
        for (row, colours) in code.to_colors().chunks(modules).enumerate() {
            for (column, colour) in colours.iter().enumerate() {
                if *colour == Color::Dark {
                    let place = |index: usize| f64::from(u32::try_from(index).unwrap_or_default()) + 2.0;
                    let (px, py) = (x + place(column) * module, y + place(row) * module);
                    let _ = write!(path, "M{px:.4} {py:.4}h{module:.4}v{module:.4}h-{module:.4}z");
                }
            }
        }
        let _ = write!(self.svg, r##"<path d="{path}" fill="#000000" shape-rendering="crispEdges"/>"##);
    }

    /// A JPEG, cut to fill its frame.
    pub(super) fn jpeg(&mut self, bytes: &[u8], x: f64, y: f64, width: f64, height: f64) {
        let _ = write!(
            self.svg,
            r#"<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="xMidYMid slice" href="data:image/jpeg;base64,{}"/>"#,
            STANDARD.encode(bytes)
        );
    }

    /// A PNG on white, whole in its frame.
    pub(super) fn png(&mut self, bytes: &[u8], x: f64, y: f64, width: f64, height: f64) {
        let _ = write!(
            self.svg,
            r##"<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#ffffff"/><image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="xMidYMid meet" href="data:image/png;base64,{}"/>"##,
            STANDARD.encode(bytes)
        );
    }

    pub(super) fn finish(mut self) -> String {
        self.svg.push_str("</svg>");
        self.svg
    }
}

/// The MRZ area of TD1 is 23.2 mm high (Doc 9303-5 §4.1).
pub(super) const MRZ_TOP: f64 = HEIGHT_MM - 23.2;
const MRZ_FIRST_BASELINE: f64 = MRZ_TOP + 7.0;
const MRZ_LINE: f64 = 6.35;
const MRZ_PITCH: f64 = 2.54;
/// Centre of the first character: the line of 30 stands in the middle.
const MRZ_LEFT: f64 = (WIDTH_MM - 29.0 * MRZ_PITCH) / 2.0;
/// OCR-B size I: an em of 10 pt at this pitch.
const MRZ_SIZE: f64 = 3.53;

/// Makes text safe inside an element or attribute; characters that XML 1.0 forbids become U+FFFD.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}
