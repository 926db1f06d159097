//! SVG pages as one PDF (ISO 32000-1), written by `krilla`: vectors, pictures as they were coded, and text with the
//! letters of its fonts inside, so that every reader and printer shows the same and a search finds a name.

use krilla::error::KrillaError;
use krilla::geom::Size;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::{Document, SerializeSettings};
use krilla_svg::{SurfaceExt as _, SvgSettings};
use resvg::usvg;

/// Points of PDF in a pixel of SVG (72 / 96).
const POINTS: f32 = 0.75;

/// Why pages do not become a PDF.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PdfError {
    /// A page without a size, or with a picture or a pattern that cannot be drawn.
    #[error("page {0} cannot be drawn")]
    Page(usize),
    /// The writer refuses.
    #[error("the PDF cannot be written: {0:?}")]
    Write(KrillaError),
}

/// A document of these pages, each in its true size. The same pages give the same octets.
///
/// # Errors
/// [`PdfError`].
pub fn write(pages: &[usvg::Tree], title: &str) -> Result<Vec<u8>, PdfError> {
    let mut document = Document::new_with(SerializeSettings { xmp_metadata: true, ..Default::default() });
    document.set_metadata(Metadata::new().title(title.to_owned()).language("vi".to_owned()));
    for (place, tree) in (1..).zip(pages) {
        let failed = PdfError::Page(place);
        let (width, height) = (tree.size().width() * POINTS, tree.size().height() * POINTS);
        let (Some(size), Some(settings)) =
            (Size::from_wh(width, height), PageSettings::from_wh(width, height))
        else {
            return Err(failed);
        };
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        surface.draw_svg(tree, size, SvgSettings::default()).ok_or(failed)?;
        surface.finish();
        page.finish();
    }
    document.finish().map_err(PdfError::Write)
}
