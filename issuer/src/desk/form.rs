//! Forms: read within bounds, and only those that a page of this very session showed.

use std::sync::Arc;

use axum::Form;
use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::StatusCode;
use subtle::ConstantTimeEq as _;

use super::house::Desk;
use super::problem::Problem;
use super::seen::Seen;

/// The longest form without a file.
pub(super) const MAX_FORM: usize = 64 * 1024;

/// The most fields.
pub(super) const MAX_FIELDS: usize = 100;

/// The longest text of a field, in characters.
const MAX_TEXT: usize = 500;

/// What the hidden field of our forms is called.
pub(super) const MARK: &str = "mark";

/// The fields of a form.
#[derive(Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fields({})", self.0.len())
    }
}

impl Fields {
    /// From a form that was read elsewhere.
    pub(super) fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// A field as it came; for passwords, which are nobody's text.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a field that may come more than once.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A line of text; `None` when the field is missing or empty.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        let Some(text) = self.raw(name).map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        if text.chars().count() > MAX_TEXT || text.chars().any(crate::words::steers) {
            return Err(Problem::bad_field(
                "Một ô chỉ chứa một dòng, không quá 500 ký tự",
                "A field holds one line of at most 500 characters",
            ));
        }
        Ok(Some(text))
    }

    /// A reason, which has to be given.
    pub(super) fn reason(&self) -> Result<&str, Problem> {
        self.text("reason")?.ok_or_else(|| Problem::bad_field("Phải ghi lý do", "A reason is needed"))
    }

    /// The name of this request, under which the ledger knows it again.
    pub(super) fn request(&self, seen: &Seen) -> Result<String, Problem> {
        let word = self.raw("request").unwrap_or_default();
        if word.len() != 32 || !word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(not_ours());
        }
        Ok(format!("desk {} {word}", seen.name()))
    }
}

/// Whether the hidden field is this session's.
pub(super) fn check_mark(seen: &Seen, mark: Option<&str>) -> Result<(), Problem> {
    let mark = mark.unwrap_or_default();
    if bool::from(mark.as_bytes().ct_eq(seen.mark.as_bytes())) { Ok(()) } else { Err(not_ours()) }
}

fn not_ours() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "form-of-another-session",
        (
            "Biểu mẫu này thuộc một phiên khác, chưa có gì được ghi",
            "This form belongs to another session, nothing was done",
        ),
        ("Mở lại trang rồi làm lại.", "Open the page again and repeat it."),
    )
}

/// A form of the officer who is logged in.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) seen: Seen,
    pub(super) fields: Fields,
}

/// The form's fields, whoever sent it.
pub(super) async fn fields_of(request: Request) -> Result<Fields, Problem> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_FORM).await.map_err(|_| {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "form-too-long",
            ("Biểu mẫu quá dài", "The form is too long"),
            ("Rút ngắn nội dung rồi gửi lại.", "Shorten it and send again."),
        )
    })?;
    let form =
        Form::<Vec<(String, String)>>::from_request(Request::from_parts(parts, body.into()), &()).await;
    match form {
        Ok(Form(fields)) if fields.len() <= MAX_FIELDS => Ok(Fields(fields)),
        _ => Err(Problem::bad_field("Đây không phải là biểu mẫu của quầy", "This is no form of the desk")),
    }
}

impl FromRequest<Arc<Desk>> for Signed {
    type Rejection = Problem;

    async fn from_request(request: Request, desk: &Arc<Desk>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let seen = Seen::from_request_parts(&mut parts, desk).await?;
        let fields = fields_of(Request::from_parts(parts, body)).await?;
        check_mark(&seen, fields.raw(MARK))?;
        Ok(Self { seen, fields })
    }
}
