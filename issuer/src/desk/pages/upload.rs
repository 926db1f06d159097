//! A portrait from outside: bounded, decoded by the house's own rules, and refused with a reason.

use std::sync::Arc;

use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::super::form::{MARK, check_mark};
use super::super::house::Desk;
use super::super::problem::Problem;
use super::super::seen::Seen;
use super::super::visits::Picture;
use crate::accounts::Role;
use crate::application::Portrait;
use crate::application::portrait::MAX_PORTRAIT_BYTES;
use crate::capture::CaptureError;
use crate::portrait_quality::{FaceFinder, Rules, assess};
use crate::station::IssueError;

/// The longest upload: the file, and the form around it.
pub(in crate::desk) const MAX_BODY: usize = MAX_PORTRAIT_BYTES + 16 * 1024;

fn too_large() -> Problem {
    let mut problem = Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "portrait-too-large",
        ("Tệp ảnh chân dung quá lớn", "The portrait file is too large"),
        ("Dùng tệp ảnh chân dung không quá 8 MB.", "Give a portrait file of at most 8 MB."),
    );
    problem.status = StatusCode::PAYLOAD_TOO_LARGE;
    problem
}

fn no_upload() -> Problem {
    Problem::bad_field("Chưa chọn tệp ảnh", "No portrait file was chosen")
}

/// The file of the form; the hidden field comes first.
async fn file_of(form: &mut Multipart, seen: &Seen) -> Result<Vec<u8>, Problem> {
    let failed = |error: axum::extract::multipart::MultipartError| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE { too_large() } else { no_upload() }
    };
    let first = form.next_field().await.map_err(failed)?.ok_or_else(no_upload)?;
    let ours = first.name() == Some(MARK);
    let mark = first.text().await.map_err(failed)?;
    check_mark(seen, ours.then_some(mark.as_str()))?;
    let mut file = form.next_field().await.map_err(failed)?.ok_or_else(no_upload)?;
    if file.name() != Some("portrait") {
        return Err(no_upload());
    }
    let mut bytes = Vec::new();
    while let Some(part) = file.chunk().await.map_err(failed)? {
        if bytes.len() + part.len() > MAX_PORTRAIT_BYTES {
            return Err(too_large());
        }
        bytes.extend_from_slice(&part);
    }
    if bytes.is_empty() { Err(no_upload()) } else { Ok(bytes) }
}

pub(in crate::desk) async fn portrait(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    seen: Seen,
    mut form: Multipart,
) -> Result<Redirect, Problem> {
    seen.must(Role::Capture)?;
    // Nobody's visit takes no upload.
    let visit = desk.visits.get(&id, seen.name(), desk.now())?;
    if visit.is_too_young(desk.today()) {
        return Err(CaptureError::TooYoung.into());
    }
    let file = file_of(&mut form, &seen).await?;
    let picture = desk.heavily(move || look_at(file)).await?;
    desk.visits.change(&id, seen.name(), desk.now(), |visit| {
        visit.picture = Some(picture);
        visit.accepted = None;
        Ok(())
    })?;
    Ok(Redirect::to(&format!("/visits/{id}#portrait")))
}

fn look_at(file: Vec<u8>) -> Result<Picture, Problem> {
    let portrait = Portrait::from_file(&file)?;
    let shown = portrait.print()?;
    let finder = FaceFinder::new().map_err(IssueError::FaceModel)?;
    let assessment = assess(&portrait.picture()?, &finder, &Rules::default());
    let remarks =
        assessment.remarks.iter().map(|remark| (remark.vietnamese.clone(), remark.english.clone())).collect();
    Ok(Picture { file, shown, remarks, retake: !assessment.is_usable() })
}

pub(in crate::desk) async fn shown(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    seen: Seen,
) -> Result<Response, Problem> {
    let visit = desk.visits.get(&id, seen.name(), desk.now())?;
    let picture = visit.picture.ok_or_else(Problem::nothing_here)?;
    Ok(image("image/jpeg", picture.shown))
}

/// A picture of ours.
pub(super) fn image(media: &'static str, bytes: Vec<u8>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    (headers, bytes).into_response()
}
