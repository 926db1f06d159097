//! The printed card: front and back after both legal templates, drawn as SVG and rendered at exact ID-1 size.
//!
//! Contents and labels: TT 06/2021/TT-BCA (card of 2021) and TT 16/2024/TT-BCA (card of 2024). The emblem is our own
//! drawing and every face is marked MẪU / SPECIMEN: this is not an official card.

mod citizen_identity_card_2021;
mod fit;
mod identity_card_2024;
mod ornament;
mod png;
mod svg;

use std::sync::Arc;

use cccd_card_profile::card_holder::CardData;
use cccd_card_profile::mrz::MrzError;
use cccd_card_profile::qr::{QrError, QrLayout2024};
use cccd_population::forms::pdf;
use qrcode::{EcLevel, QrCode};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

use crate::application::Template;
use fit::Measure;

pub(crate) use png::with_resolution;

/// Width of ID-1 in millimetres (ISO/IEC 7810).
pub const WIDTH_MM: f64 = 85.60;

/// Height of ID-1 in millimetres.
pub const HEIGHT_MM: f64 = 53.98;

/// A resolution that card printers have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Resolution {
    /// 300 dots per inch: 1011 × 638 pixels.
    #[default]
    #[value(name = "300")]
    Dpi300,
    /// 600 dots per inch: 2022 × 1275 pixels.
    #[value(name = "600")]
    Dpi600,
}

/// A card's two sides and its QR code, as PNG files, and both sides for a printer.
#[derive(Debug, Clone)]
pub struct CardFaces {
    /// The front.
    pub front: Vec<u8>,
    /// The back.
    pub back: Vec<u8>,
    /// The QR code alone, with its quiet zone.
    pub qr: Vec<u8>,
    /// Front and back as a PDF of two pages of exactly ID-1: vectors, the portrait as it is in the chip, OCR-B inside.
    pub print: Vec<u8>,
}

/// Everything a face shows.
#[derive(Debug, Clone, Copy)]
pub struct FaceContent<'a> {
    /// What the card says.
    pub card: &'a CardData,
    /// The portrait as JPEG; `None` for holders under six.
    pub portrait: Option<&'a [u8]>,
}

/// The prints of the index fingers, as PNG: the 2021 card shows both on its back, no other card any (TT 06/2021/TT-BCA,
/// TT 16/2024/TT-BCA).
#[derive(Debug, Clone, Copy, Default)]
pub struct Prints<'a> {
    /// Ngón trỏ trái.
    pub left_index: Option<&'a [u8]>,
    /// Ngón trỏ phải.
    pub right_index: Option<&'a [u8]>,
}

/// Why a card cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaceError {
    /// A text is too long for its field even at the smallest size that can be read.
    #[error("the field {0} is too long to be printed without loss")]
    DoesNotFit(&'static str),
    /// The QR code cannot hold it.
    #[error("the QR code cannot be made: {0}")]
    Qr(String),
    /// The name cannot be transliterated.
    #[error("the machine readable zone cannot be made: {0}")]
    Mrz(#[from] MrzError),
    /// No font for the text.
    #[error("no usable font is installed (fonts-dejavu-core)")]
    NoFont,
    /// The renderer failed.
    #[error("the card's face cannot be drawn: {0}")]
    Render(String),
}

/// Draws cards. Holds the fonts: make one and keep it.
pub struct FaceRenderer {
    options: usvg::Options<'static>,
}

impl Resolution {
    /// Dots per inch.
    #[must_use]
    pub fn dots_per_inch(self) -> u32 {
        match self {
            Self::Dpi300 => 300,
            Self::Dpi600 => 600,
        }
    }

    /// Width and height of ID-1 in pixels, rounded to the nearest.
    #[must_use]
    pub fn pixels(self) -> (u32, u32) {
        match self {
            Self::Dpi300 => (1011, 638),
            Self::Dpi600 => (2022, 1275),
        }
    }
}

impl FaceRenderer {
    /// Loads the system's fonts.
    ///
    /// # Errors
    /// [`FaceError::NoFont`] when there is none for Vietnamese text.
    pub fn new() -> Result<Self, FaceError> {
        let mut fonts = fontdb::Database::new();
        fonts.load_system_fonts();
        let preferred =
            fontdb::Query { families: &[fontdb::Family::Name("DejaVu Sans")], ..Default::default() };
        if fonts.query(&preferred).is_none() {
            // Any sans serif is better than none; the layout measures what it gets.
            fonts
                .query(&fontdb::Query { families: &[fontdb::Family::SansSerif], ..Default::default() })
                .ok_or(FaceError::NoFont)?;
        } else {
            fonts.set_sans_serif_family("DejaVu Sans");
            fonts.set_monospace_family("DejaVu Sans Mono");
        }
        // fonts-ocr-b brings slanted and inverted cuts that all call themselves regular: only the upright one is read
        // by machines.
        let other_cuts: Vec<_> = fonts
            .faces()
            .filter(|face| face.families.iter().any(|(family, _)| family == "OCR B"))
            .filter(|face| !matches!(face.post_script_name.as_str(), "OCRB" | "OCRB-Regular"))
            .map(|face| face.id)
            .collect();
        other_cuts.into_iter().for_each(|id| fonts.remove_face(id));
        let options = usvg::Options {
            fontdb: Arc::new(fonts),
            font_family: "DejaVu Sans".into(),
            // Nothing but our own data URLs is ever loaded.
            image_href_resolver: usvg::ImageHrefResolver {
                resolve_string: Box::new(|_, _| None),
                ..Default::default()
            },
            ..Default::default()
        };
        Ok(Self { options })
    }

    /// Both sides and the QR code.
    ///
    /// # Errors
    /// [`FaceError`].
    pub fn draw(
        &self,
        content: &FaceContent<'_>,
        template: Template,
        resolution: Resolution,
    ) -> Result<CardFaces, FaceError> {
        self.draw_with_prints(content, &Prints::default(), template, resolution)
    }

    /// As [`draw`](Self::draw), with the prints that the 2021 card shows on its back.
    ///
    /// # Errors
    /// [`FaceError`].
    pub fn draw_with_prints(
        &self,
        content: &FaceContent<'_>,
        prints: &Prints<'_>,
        template: Template,
        resolution: Resolution,
    ) -> Result<CardFaces, FaceError> {
        let text = qr_text(content.card, template).map_err(|error| FaceError::Qr(error.to_string()))?;
        let code = QrCode::with_error_correction_level(&text, EcLevel::M)
            .map_err(|error| FaceError::Qr(error.to_string()))?;
        let measure = Measure::new(&self.options);
        let (front, back) = match template {
            Template::CitizenIdentityCard2021 => (
                citizen_identity_card_2021::front(content, &code, &measure)?,
                citizen_identity_card_2021::back(content, prints, &measure)?,
            ),
            Template::IdentityCard2024 => (
                identity_card_2024::front(content, &measure)?,
                identity_card_2024::back(content, &code, &measure)?,
            ),
        };
        let sides = [self.tree(&front)?, self.tree(&back)?];
        let [front, back] = &sides;
        Ok(CardFaces {
            front: Self::render(front, resolution)?,
            back: Self::render(back, resolution)?,
            qr: png::qr(&code)?,
            print: pdf::write(&sides, "MẪU / SPECIMEN")
                .map_err(|error| FaceError::Render(error.to_string()))?,
        })
    }

    /// A drawing of ours as a PDF of one page.
    ///
    /// # Errors
    /// [`FaceError`].
    pub fn paper(&self, svg: &str) -> Result<Vec<u8>, FaceError> {
        pdf::write(&[self.tree(svg)?], "Báo cáo").map_err(|error| FaceError::Render(error.to_string()))
    }

    fn tree(&self, svg: &str) -> Result<usvg::Tree, FaceError> {
        usvg::Tree::from_str(svg, &self.options).map_err(|error| FaceError::Render(error.to_string()))
    }

    fn render(tree: &usvg::Tree, resolution: Resolution) -> Result<Vec<u8>, FaceError> {
        let (width, height) = resolution.pixels();
        let mut pixmap =
            Pixmap::new(width, height).ok_or(FaceError::Render("no memory for the picture".into()))?;
        let size = tree.size();
        #[expect(clippy::cast_precision_loss, reason = "pixels of a card are exact in f32")]
        let scale = Transform::from_scale(width as f32 / size.width(), height as f32 / size.height());
        resvg::render(tree, scale, &mut pixmap.as_mut());
        let bytes = pixmap.encode_png().map_err(|error| FaceError::Render(error.to_string()))?;
        with_resolution(&bytes, resolution.dots_per_inch())
            .ok_or(FaceError::Render("the PNG has no header".into()))
    }
}

impl std::fmt::Debug for FaceRenderer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaceRenderer").finish_non_exhaustive()
    }
}

/// What the QR code of a card says.
///
/// # Errors
/// [`QrError`] for a field that holds the separator.
pub fn qr_text(card: &CardData, template: Template) -> Result<String, QrError> {
    match template {
        Template::CitizenIdentityCard2021 => card.qr_2021().text(),
        Template::IdentityCard2024 => card.qr_2024().text(&QrLayout2024::default()),
    }
}

#[cfg(test)]
mod tests;
