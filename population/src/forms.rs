//! The paper forms of collection, drawn for printing on A4: DC01, phiếu thu thập thông tin dân cư, and DC02, phiếu đề
//! nghị giải quyết thủ tục về căn cước (TT 53/2025/TT-BCA names them; the layout is our own, over the 26 items of
//! Luật Căn cước 2023 art. 9). Blank, or with what the register holds.
//!
//! Every page bears a [`Slip`] as QR code, by which its scan finds its row again. It names the row by
//! a reference that only the register can resolve: no personal data is in the code.
//!
//! | module | what |
//! |---|---|
//! | [`slip`] | what the barcode says |
//! | `sheet` | text, combs, boxes and tables on A4, as SVG |
//! | `dc01`, `dc02` | the two layouts |
//! | [`paper`] | what an office hands out: extracts of the books ([`crate::extract`]), forms of the station |
//! | [`pdf`] | SVG pages as a PDF |

mod dc01;
mod dc02;
mod lines;
pub mod paper;
pub mod pdf;
mod sheet;
pub mod slip;

use core::fmt;
use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

use crate::card::Card;
use crate::person::Person;
use paper::Paper;
use sheet::Sheets;

pub use lines::break_lines;
pub use slip::{FormKind, NotASlip, Slip};

/// What a form is filled with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Content<'p> {
    /// The person; `None` leaves every box empty.
    pub person: Option<&'p Person>,
    /// The card in use, for item 14.
    pub card: Option<&'p Card>,
}

/// Why a form cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// No font for Vietnamese text.
    #[error("no usable font is installed (fonts-dejavu-core)")]
    NoFont,
    /// The barcode cannot hold the slip.
    #[error("the barcode cannot be made")]
    Barcode,
    /// The renderer failed.
    #[error("the form cannot be drawn: {0}")]
    Render(String),
}

/// Draws forms. Holds the fonts: make one and keep it.
pub struct FormRenderer {
    options: usvg::Options<'static>,
}

impl FormRenderer {
    /// Loads the system's fonts.
    ///
    /// # Errors
    /// [`FormError::NoFont`] when there is none for Vietnamese text.
    pub fn new() -> Result<Self, FormError> {
        let mut fonts = fontdb::Database::new();
        fonts.load_system_fonts();
        let known = fontdb::Query { families: &[fontdb::Family::Name("DejaVu Serif")], ..Default::default() };
        if fonts.query(&known).is_some() {
            fonts.set_serif_family("DejaVu Serif");
        }
        let any = fontdb::Query { families: &[fontdb::Family::Serif], ..Default::default() };
        if fonts.query(&any).is_none() {
            return Err(FormError::NoFont);
        }
        let options = usvg::Options {
            fontdb: Arc::new(fonts),
            font_family: "DejaVu Serif".into(),
            // Nothing but our own data URLs is ever loaded.
            image_href_resolver: usvg::ImageHrefResolver {
                resolve_string: Box::new(|_, _| None),
                ..Default::default()
            },
            ..Default::default()
        };
        Ok(Self { options })
    }

    /// The pages of a form as SVG, A4 in millimetres. What does not fit its box goes to further pages in full.
    ///
    /// # Errors
    /// [`FormError`].
    pub fn pages(&self, slip: &Slip, content: &Content<'_>) -> Result<Vec<String>, FormError> {
        let mut sheets = Sheets::new(&self.options);
        match slip.kind {
            FormKind::Dc01 => dc01::draw(&mut sheets, content),
            FormKind::Dc02 => dc02::draw(&mut sheets, content),
        }
        sheets.finish(slip)
    }

    /// The form as a PDF that prints at its true size.
    ///
    /// # Errors
    /// [`FormError`].
    pub fn pdf(&self, slip: &Slip, content: &Content<'_>) -> Result<Vec<u8>, FormError> {
        let mut pages = Vec::new();
        for svg in self.pages(slip, content)? {
            pages.push(self.tree(&svg)?);
        }
        pdf::write(&pages, slip.kind.title()).map_err(|error| FormError::Render(error.to_string()))
    }

    /// The pages of a paper as SVG.
    ///
    /// # Errors
    /// [`FormError`].
    pub fn paper_pages(&self, paper: &Paper<'_>) -> Result<Vec<String>, FormError> {
        let mut sheets = Sheets::new(&self.options);
        paper::draw(&mut sheets, paper);
        sheets.finish_with(paper.code, paper.caption, paper.made, paper.of)
    }

    /// A paper as a PDF.
    ///
    /// # Errors
    /// [`FormError`].
    pub fn paper_pdf(&self, paper: &Paper<'_>) -> Result<Vec<u8>, FormError> {
        let mut pages = Vec::new();
        for svg in self.paper_pages(paper)? {
            pages.push(self.tree(&svg)?);
        }
        pdf::write(&pages, paper.title).map_err(|error| FormError::Render(error.to_string()))
    }

    /// One page as grey pixels, as a scanner at so many dots per inch would give it.
    ///
    /// # Errors
    /// [`FormError`].
    pub fn picture(&self, svg: &str, dots_per_inch: u16) -> Result<image::GrayImage, FormError> {
        let tree = self.tree(svg)?;
        let scale = f32::from(dots_per_inch) / 96.0;
        let size = tree.size();
        let size = usvg::Size::from_wh(size.width() * scale, size.height() * scale)
            .ok_or(FormError::Render("no size".into()))?
            .to_int_size();
        let mut pixmap =
            Pixmap::new(size.width(), size.height()).ok_or(FormError::Render("no memory".into()))?;
        pixmap.fill(resvg::tiny_skia::Color::WHITE);
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
        let grey = pixmap.pixels().iter().map(|pixel| pixel.green()).collect();
        image::GrayImage::from_raw(size.width(), size.height(), grey)
            .ok_or(FormError::Render("no picture".into()))
    }

    fn tree(&self, svg: &str) -> Result<usvg::Tree, FormError> {
        usvg::Tree::from_str(svg, &self.options).map_err(|error| FormError::Render(error.to_string()))
    }
}

impl fmt::Debug for FormRenderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormRenderer").finish_non_exhaustive()
    }
}
