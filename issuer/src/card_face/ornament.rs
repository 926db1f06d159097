//! What is drawn and not said: background, emblem, chip, the SPECIMEN mark.

use std::f64::consts::TAU;
use std::fmt::Write;

use super::svg::{Canvas, Style};
use super::{HEIGHT_MM, WIDTH_MM};

/// Colours of a face's background, top left to bottom right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    pub(super) from: &'static str,
    pub(super) middle: &'static str,
    pub(super) to: &'static str,
    pub(super) line: &'static str,
}

/// The card of 2021: green to yellow.
pub(super) const GREEN: Palette =
    Palette { from: "#d9efe4", middle: "#f3f6e6", to: "#f6e9d3", line: "#3f9d83" };

/// The card of 2024: turquoise to cream.
pub(super) const TURQUOISE: Palette =
    Palette { from: "#d3ecec", middle: "#eef5ee", to: "#f8efdc", line: "#2f8f97" };

/// Gradient and guilloche: bundles of phase-shifted waves, and a rosette.
pub(super) fn background(canvas: &mut Canvas, palette: Palette) {
    canvas.raw(&format!(
        r#"<defs><linearGradient id="bg" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="{}"/><stop offset="0.55" stop-color="{}"/><stop offset="1" stop-color="{}"/></linearGradient></defs><rect width="{WIDTH_MM}" height="{HEIGHT_MM}" fill="url(#bg)"/>"#,
        palette.from, palette.middle, palette.to
    ));
    let mut lines = String::new();
    for strand in 0..22 {
        let phase = f64::from(strand) * 0.285;
        let base = HEIGHT_MM * (f64::from(strand) + 0.5) / 22.0;
        for step in 0..=86 {
            let x = f64::from(step) * WIDTH_MM / 86.0;
            let y = base + 3.4 * (x / 9.0 + phase).sin() + 1.3 * (x / 3.7 - phase * 1.7).sin();
            let _ = write!(lines, "{}{x:.2} {y:.2}", if step == 0 { "M" } else { "L" });
        }
    }
    let mut rosette = String::new();
    let (cx, cy) = (WIDTH_MM * 0.62, HEIGHT_MM * 0.55);
    for ring in 0..7 {
        let size = 8.0 + f64::from(ring) * 2.3;
        for step in 0..=240 {
            let angle = TAU * f64::from(step) / 240.0;
            let radius = size + 1.9 * (angle * 12.0 + f64::from(ring) * 0.9).sin();
            let _ = write!(
                rosette,
                "{}{:.2} {:.2}",
                if step == 0 { "M" } else { "L" },
                cx + radius * angle.cos(),
                cy + radius * angle.sin()
            );
        }
        rosette.push('Z');
    }
    canvas.raw(&format!(
        r#"<path d="{lines}" fill="none" stroke="{0}" stroke-width="0.07" stroke-opacity="0.42"/><path d="{rosette}" fill="none" stroke="{0}" stroke-width="0.07" stroke-opacity="0.36"/>"#,
        palette.line
    ));
    watermark(canvas);
}

/// A neutral emblem, drawn for this project: a lotus in a ring. Not the state's.
pub(super) fn emblem(canvas: &mut Canvas, cx: f64, cy: f64, diameter: f64) {
    let scale = diameter / 12.0;
    let mut petals = String::new();
    for (turn, length, width) in [
        (-78.0, 3.5, 0.95),
        (78.0, 3.5, 0.95),
        (-52.0, 4.0, 1.15),
        (52.0, 4.0, 1.15),
        (-26.0, 4.4, 1.25),
        (26.0, 4.4, 1.25),
        (0.0, 4.7, 1.3),
    ] {
        let _ = write!(
            petals,
            r##"<path transform="rotate({turn} 0 2.4)" d="M0 2.4C{0} {1} {0} {2} 0 {3}C-{0} {2} -{0} {1} 0 2.4Z" fill="#f3c14b" stroke="#a8141f" stroke-width="0.16"/>"##,
            width,
            2.4 - length * 0.25,
            2.4 - length * 0.7,
            2.4 - length
        );
    }
    let mut beads = String::new();
    for bead in 0..36 {
        let angle = TAU * f64::from(bead) / 36.0;
        let _ = write!(
            beads,
            r##"<circle cx="{:.3}" cy="{:.3}" r="0.17" fill="#f3c14b"/>"##,
            5.3 * angle.cos(),
            5.3 * angle.sin()
        );
    }
    canvas.raw(&format!(
        r##"<g transform="translate({cx} {cy}) scale({scale})"><circle r="6" fill="#f3c14b"/><circle r="5.8" fill="#c4202e"/><circle r="4.8" fill="none" stroke="#f3c14b" stroke-width="0.2"/>{beads}{petals}<path d="M-3.4 3.1Q0 4.3 3.4 3.1" fill="none" stroke="#f3c14b" stroke-width="0.35" stroke-linecap="round"/></g>"##
    ));
}

/// Contact plate of the chip, 13 × 11.8 mm or smaller.
pub(super) fn chip(canvas: &mut Canvas, x: f64, y: f64, width: f64, height: f64) {
    canvas.raw(&format!(
        r##"<g transform="translate({x} {y}) scale({} {})" stroke="#8c7327" stroke-width="0.22" fill="none"><rect width="12" height="10" rx="1.6" fill="#d9bd63"/><rect width="12" height="10" rx="1.6" fill="#fff6cf" fill-opacity="0.28"/><path d="M0 3.4H4.2V6.6H0M12 3.4H7.8V6.6H12M4.2 3.4L4.2 0M7.8 3.4V0M4.2 6.6V10M7.8 6.6V10M4.2 3.4H7.8M4.2 6.6H7.8"/><rect x="4.2" y="3.4" width="3.6" height="3.2" rx="0.5" fill="#cfae4b"/></g>"##,
        width / 12.0,
        height / 10.0
    ));
}

/// The symbol of Doc 9303-9 §2.3: this document has a chip.
pub(super) fn chip_symbol(canvas: &mut Canvas, x: f64, y: f64, width: f64) {
    canvas.raw(&format!(
        r##"<g transform="translate({x} {y}) scale({})" fill="none" stroke="#b3202c" stroke-width="0.55"><rect x="0.3" y="0.3" width="8.4" height="5.2" rx="0.5"/><path d="M0.3 2.9H3M6 2.9H8.7"/><circle cx="4.5" cy="2.9" r="1.5"/></g>"##,
        width / 9.0
    ));
}

/// MẪU · SPECIMEN across the face, faint: drawn right after the background, beneath what must be read.
fn watermark(canvas: &mut Canvas) {
    canvas.raw(r##"<g transform="rotate(-24 42.8 27)" opacity="0.13">"##);
    canvas.text(42.8, 30.5, "MẪU · SPECIMEN", Style::new(9.2, "#b3202c").bold().centred());
    canvas.raw("</g>");
}

/// The same once in plain sight.
pub(super) fn specimen(canvas: &mut Canvas, x: f64, y: f64) {
    canvas.raw(&format!(
        r##"<rect x="{:.3}" y="{:.3}" width="17" height="3" rx="0.6" fill="#ffffff" fill-opacity="0.6" stroke="#b3202c" stroke-width="0.18"/>"##,
        x, y
    ));
    canvas.text(x + 8.5, y + 2.1, "MẪU / SPECIMEN", Style::new(1.62, "#b3202c").bold().centred());
}

/// A frame for something that is not there: a portrait of the youngest, a fingerprint.
pub(super) fn empty_frame(canvas: &mut Canvas, x: f64, y: f64, width: f64, height: f64) {
    canvas.raw(&format!(
        r##"<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#ffffff" fill-opacity="0.4" stroke="#7d9990" stroke-width="0.15" stroke-dasharray="0.7 0.5"/>"##
    ));
}
