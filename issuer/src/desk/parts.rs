//! Forms with files: read within bounds, and only those that a page of this very session showed.

use std::sync::Arc;

use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, FromRequestParts as _, Multipart, Request};
use axum::http::StatusCode;

use super::form::{Fields, MARK, MAX_FIELDS, check_mark};
use super::house::Desk;
use super::problem::Problem;
use super::seen::Seen;

/// The longest file of a form.
const MAX_FILE: usize = 8 << 20;

/// The most files of a form.
const MAX_FILES: usize = 16;

/// The longest form with files.
pub(super) const MAX_BODY: usize = 24 << 20;

/// A form with files, of the officer who is logged in.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) seen: Seen,
    pub(super) fields: Fields,
    files: Vec<(String, Vec<u8>)>,
}

impl Parts {
    /// The file of this field, if one was chosen.
    pub(super) fn file(&self, name: &str) -> Option<&[u8]> {
        self.files.iter().find(|(known, _)| known == name).map(|(_, bytes)| bytes.as_slice())
    }

    /// A text that was typed into a field, or lies in a file beside it: one of the two, as neither says what the other does not.
    pub(super) fn text_or_file(&self, field: &str, file: &str) -> Result<Option<String>, Problem> {
        let typed = self.fields.raw(field).map(str::trim).filter(|text| !text.is_empty());
        match (self.file(file), typed) {
            (Some(_), Some(_)) => Err(Problem::bad_field(
                "Vừa ghi số phôi vào ô vừa chọn tệp: một trong hai",
                "Serials were typed and a file was chosen: one of the two",
            )),
            (Some(bytes), None) => String::from_utf8(bytes.to_vec())
                .map(Some)
                .map_err(|_| Problem::bad_field("Tệp này không phải văn bản", "This file is no text")),
            (None, typed) => Ok(typed.map(str::to_owned)),
        }
    }
}

fn failed(error: &MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        too_large()
    } else {
        Problem::bad_field("Đây không phải là biểu mẫu của quầy", "This is no form of the desk")
    }
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "file-too-large",
        ("Tệp quá lớn", "The file is too large"),
        ("Một tệp không quá 8 MB.", "A file has at most 8 MB."),
    )
}

impl FromRequest<Arc<Desk>> for Parts {
    type Rejection = Problem;

    async fn from_request(request: Request, desk: &Arc<Desk>) -> Result<Self, Problem> {
        let (mut head, body) = request.into_parts();
        let seen = Seen::from_request_parts(&mut head, desk).await?;
        let no_form =
            || Problem::bad_field("Đây không phải là biểu mẫu của quầy", "This is no form of the desk");
        let mut form =
            Multipart::from_request(Request::from_parts(head, body), desk).await.map_err(|_| no_form())?;
        // The hidden field comes first: nobody else's file is read.
        let first = form.next_field().await.map_err(|error| failed(&error))?.ok_or_else(no_form)?;
        let ours = first.name() == Some(MARK);
        let mark = first.text().await.map_err(|error| failed(&error))?;
        check_mark(&seen, ours.then_some(mark.as_str()))?;
        let (mut fields, mut files) = (Vec::new(), Vec::new());
        while let Some(mut field) = form.next_field().await.map_err(|error| failed(&error))? {
            let name = field.name().unwrap_or_default().to_owned();
            let is_file = field.file_name().is_some();
            let is_named = field.file_name().is_some_and(|name| !name.is_empty());
            let mut bytes = Vec::new();
            while let Some(part) = field.chunk().await.map_err(|error| failed(&error))? {
                if bytes.len() + part.len() > MAX_FILE {
                    return Err(too_large());
                }
                bytes.extend_from_slice(&part);
            }
            if fields.len() >= MAX_FIELDS || files.len() >= MAX_FILES {
                return Err(no_form());
            }
            if !is_file {
                fields.push((name, String::from_utf8(bytes).map_err(|_| no_form())?));
            } else if !bytes.is_empty() {
                files.push((name, bytes));
            } else if is_named {
                return Err(Problem::bad_field(
                    "Tệp đã chọn không có gì bên trong",
                    "The chosen file is empty",
                ));
            }
        }
        Ok(Self { seen, fields: Fields::of(fields), files })
    }
}
