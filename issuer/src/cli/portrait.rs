//! `issuer portrait`: is this picture good enough for a card?

use std::io::Cursor;
use std::path::Path;

use cccd_issuer::application::{Portrait, read_portrait};
use cccd_issuer::output::Staging;
use cccd_issuer::portrait_quality::{Assessment, FaceFinder, Rules, Weight, annotated, assess};
use cccd_issuer::station::IssueError;
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use super::args::PortraitArguments;
use super::failure::Failure;
use super::output::Output;

pub(crate) fn run(arguments: &PortraitArguments, output: &Output) -> Result<(), Failure> {
    let bytes = read_portrait(&arguments.file)?;
    let picture =
        Portrait::from_file(&bytes).and_then(|portrait| portrait.picture()).map_err(IssueError::from)?;
    let rules = Rules::default();
    let finder = FaceFinder::new().map_err(Failure::FaceModel)?;
    let assessment = assess(&picture, &finder, &rules);
    if let Some(path) = &arguments.picture {
        write(path, &annotated(&picture, &assessment, &rules))?;
    }
    output.result(&describe(&assessment), &lines(&assessment, output));
    if assessment.is_usable() { Ok(()) } else { Err(Failure::RetakePortrait) }
}

fn write(path: &Path, picture: &RgbImage) -> Result<(), Failure> {
    let mut png = Vec::new();
    picture
        .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
        .map_err(|error| cccd_issuer::card_face::FaceError::Render(error.to_string()))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut staging = Staging::new(folder)?;
    staging.write(&name, &png)?;
    staging.commit()?;
    Ok(())
}

fn describe(assessment: &Assessment) -> Value {
    let measured = &assessment.measured;
    let short = |value: f64| (value * 10_000.0).round() / 10_000.0;
    json!({
        "usable": assessment.is_usable(),
        "remarks": assessment.remarks.iter().map(|remark| json!({
            "code": remark.code,
            "weight": remark.weight.as_str(),
            "measured": short(remark.measured),
            "limit": short(remark.limit),
            "vi": remark.vietnamese,
            "en": remark.english,
        })).collect::<Vec<_>>(),
        "measured": {
            "faces": measured.faces,
            "face": measured.face.map(|face| json!({
                "across": short(face.across), "down": short(face.down),
                "width": short(face.width), "height": short(face.height),
            })),
            "score": short(measured.score),
            "face_pixels": short(measured.face_pixels),
            "tilt": short(measured.tilt),
            "light": short(measured.light),
            "burnt": short(measured.burnt),
            "uneven": short(measured.uneven),
            "contrast": short(measured.contrast),
            "sharpness": short(measured.sharpness),
            "colour": short(measured.colour),
            "warmth": short(measured.warmth),
            "background": short(measured.background),
        },
    })
}

/// The remarks as an officer reads them.
pub(super) fn lines(assessment: &Assessment, output: &Output) -> Vec<String> {
    if assessment.remarks.is_empty() {
        return vec![output.say("Ảnh dùng được.", "The portrait can be used.").to_owned()];
    }
    assessment
        .remarks
        .iter()
        .map(|remark| {
            let weight = match remark.weight {
                Weight::Retake => output.say("chụp lại", "retake"),
                Weight::Look => output.say("xem lại", "look"),
            };
            format!("{weight} · {}", output.say(&remark.vietnamese, &remark.english))
        })
        .collect()
}
