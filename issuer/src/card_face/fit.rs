//! Fitting text into its field without loss: first the size shrinks within what is pleasant, then lines are added,
//! then the size goes down to what can still be read. What does not fit then is an error, never cut.

use std::cell::RefCell;
use std::collections::HashMap;

use cccd_population::forms::break_lines;
use resvg::usvg;

use super::FaceError;
use super::svg::{Canvas, Style, escape};

/// No letter is printed with a smaller size (millimetres of the em: 1.15 mm is 3.3 pt).
const FLOOR: f64 = 1.15;

/// Measures text with the fonts that will draw it.
pub(super) struct Measure<'a> {
    options: &'a usvg::Options<'static>,
    known: RefCell<HashMap<(String, bool), f64>>,
}

/// A field: where its text may stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) x: f64,
    /// Baseline of the first line at the preferred size.
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) lines: usize,
    /// Height for all lines; one line takes 1.22 em.
    pub(super) height: f64,
}

impl<'a> Measure<'a> {
    pub(super) fn new(options: &'a usvg::Options<'static>) -> Self {
        Self { options, known: RefCell::default() }
    }

    /// Width of a text at size 1.
    pub(super) fn width(&self, text: &str, bold: bool) -> f64 {
        let key = (text.to_owned(), bold);
        if let Some(width) = self.known.borrow().get(&key) {
            return *width;
        }
        let weight = if bold { "bold" } else { "normal" };
        // The bars keep spaces at the ends from being trimmed; their own width is taken off.
        let markup = |inner: &str| {
            format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><text y="100" font-family="'DejaVu Sans', sans-serif" font-size="100" font-weight="{weight}" xml:space="preserve">|{inner}|</text></svg>"#
            )
        };
        let advance = |inner: &str| {
            usvg::Tree::from_str(&markup(inner), self.options)
                .ok()
                .map_or(0.0, |tree| f64::from(tree.root().abs_bounding_box().width()))
        };
        let width = (advance(&escape(text)) - advance("")).max(0.0) / 100.0;
        self.known.borrow_mut().insert(key, width);
        width
    }

    /// Sets a text into a field.
    pub(super) fn set(
        &self,
        canvas: &mut Canvas,
        field: Field,
        text: &str,
        style: Style,
    ) -> Result<(), FaceError> {
        let (size, lines) = self.fit(field, text, style)?;
        let step = (field.height / count(lines.len()).max(1.0)).min(size * 1.22);
        for (index, line) in lines.iter().enumerate() {
            canvas.text(field.x, field.y + count(index) * step, line, style.sized(size));
        }
        Ok(())
    }

    /// The largest size at which the text fits, and its lines.
    pub(super) fn fit(
        &self,
        field: Field,
        text: &str,
        style: Style,
    ) -> Result<(f64, Vec<String>), FaceError> {
        let mut size = style.size;
        while size >= FLOOR {
            let room = field.width / size;
            let possible = whole(field.height / (size * 1.22)).max(1);
            // One line may shrink to nine tenths before a second one is begun.
            let allowed = if size > style.size * 0.9 {
                field.lines.min(possible)
            } else {
                possible.max(field.lines.min(possible))
            };
            if let Some(lines) = self.wrap(text, style.bold, room).filter(|lines| lines.len() <= allowed) {
                return Ok((size, lines));
            }
            size -= 0.05;
        }
        Err(FaceError::DoesNotFit(field.name))
    }

    fn wrap(&self, text: &str, bold: bool, room: f64) -> Option<Vec<String>> {
        (room > 0.0).then(|| break_lines(text, room, |line| self.width(line, bold)))
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

fn whole(value: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a handful of lines, never negative"
    )]
    {
        (value + 0.02).clamp(0.0, 100.0) as usize
    }
}
