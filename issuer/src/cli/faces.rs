//! The faces of a card, drawn before its chip is touched: what does not fit is told while nothing is lost.

use cccd_card_profile::validity::age_on;
use cccd_issuer::card_face::{FaceContent, FaceError, FaceRenderer, Prints, Resolution};
use cccd_issuer::fingerprint::{Finger, PrintImage};
use cccd_issuer::output::Staging;
use cccd_issuer::station::{Admitted, BIOMETRICS_FROM_AGE, IssueError};

use super::failure::Failure;

/// Draws both faces, the QR code and the sheet for a card printer into the staging folder.
pub(crate) fn stage(admitted: &Admitted, dpi: Resolution, staging: &mut Staging) -> Result<(), Failure> {
    let card = admitted.card();
    let youngest = age_on(card.holder.birth_date, card.issue_date) < BIOMETRICS_FROM_AGE;
    let bears = !youngest && !admitted.portrait().is_of_nobody();
    let portrait = bears.then(|| admitted.portrait().print()).transpose().map_err(IssueError::from)?;
    let print_of = |finger| admitted.capture().and_then(|capture| capture.prints().get(&finger));
    let printed = |finger| print_of(finger).map(PrintImage::to_png).transpose();
    let left = printed(Finger::LeftIndex).map_err(|error| FaceError::Render(error.to_string()))?;
    let right = printed(Finger::RightIndex).map_err(|error| FaceError::Render(error.to_string()))?;
    let faces = FaceRenderer::new()?.draw_with_prints(
        &FaceContent { card, portrait: portrait.as_deref() },
        &Prints { left_index: left.as_deref(), right_index: right.as_deref() },
        admitted.template(),
        dpi,
    )?;
    let files = [
        ("qr.png", &faces.qr),
        ("front.png", &faces.front),
        ("back.png", &faces.back),
        ("card.pdf", &faces.print),
    ];
    for (name, content) in files {
        staging.write(name, content)?;
    }
    Ok(())
}
