//! The portrait of the chip as a picture that every program shows, decoded in a child process.

use std::path::Path;

use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::dg2::Dg2;
use cccd_pictures::{Decoder, DecoderError, Limits, PictureError};
use cccd_verifier::Evidence;

use super::evidence_store::write_private;
use super::{Failure, Output};

/// Saves the portrait as PNG. That there is none, or that it cannot be decoded, is said: the verdict stands without it.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn save(evidence: &Evidence, path: &Path, output: Output) -> Result<(), Failure> {
    let portrait = evidence
        .data_group(DataGroupNumber::DG2)
        .and_then(|file| Dg2::parse(file).ok())
        .and_then(|dg2| dg2.portrait().map(|face| face.bytes.clone()));
    let Some(portrait) = portrait else {
        output.note("Không có ảnh để lưu.", "There is no portrait to save.");
        return Ok(());
    };
    match decode(&portrait) {
        Ok(png) => write_private(path, &png),
        Err(error) => {
            let (vi, en) = words(&error);
            let label = output.text("không lưu được ảnh", "the portrait is not saved");
            eprintln!("{label} [{}]: {}", error.code(), output.text(vi, en));
            Ok(())
        }
    }
}

fn decode(picture: &[u8]) -> Result<Vec<u8>, DecoderError> {
    let program = std::env::current_exe().map_err(|_| DecoderError::NotStarted)?;
    let decoder = Decoder::new(program, &["decode-picture"], Limits::default());
    decoder.decode(picture)?.to_png().ok_or(DecoderError::Crashed)
}

/// What happened; there is nothing to do but to look at the card.
fn words(error: &DecoderError) -> (&'static str, &'static str) {
    match error {
        DecoderError::Picture(PictureError::NotAPicture) => (
            "dữ liệu ảnh trong chip không phải ảnh; hãy so người với ảnh in trên thẻ",
            "what the chip holds is no picture; compare the person with the printed one",
        ),
        DecoderError::Picture(PictureError::TooLarge) => (
            "ảnh trong chip lớn quá mức; hãy so người với ảnh in trên thẻ",
            "the chip's picture is larger than any picture of a card; compare the person with the printed one",
        ),
        DecoderError::Picture(_) => (
            "ảnh trong chip bị hỏng; hãy so người với ảnh in trên thẻ",
            "the chip's picture is damaged; compare the person with the printed one",
        ),
        DecoderError::OutOfTime | DecoderError::OutOfMemory => (
            "ảnh trong chip tốn quá nhiều thời gian hoặc bộ nhớ để giải mã; hãy so người với ảnh in trên thẻ",
            "the chip's picture takes too much time or memory; compare the person with the printed one",
        ),
        _ => (
            "không chạy được phần giải mã ảnh; hãy làm lại",
            "the picture's decoder could not be run; try again",
        ),
    }
}
