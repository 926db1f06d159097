//! Why something was not done: told on a page of its own, in the language of the officer. Holds no personal data.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::hints;
use crate::accounts::AccountError;
use crate::application::{PortraitError, Refusal};
use crate::card_face::FaceError;
use crate::ledger::LedgerError;
use crate::register::RegisterError;
use crate::station::IssueError;
use crate::stock::StockError;
use crate::words::{self, Language};

/// What the page says. `guard` makes it, which knows the language.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) vietnamese: String,
    pub(super) english: String,
    pub(super) hint: (String, String),
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        (vietnamese, english): (&str, &str),
        (hint_vietnamese, hint_english): (&str, &str),
    ) -> Self {
        Self {
            status,
            code,
            vietnamese: vietnamese.to_owned(),
            english: english.to_owned(),
            hint: (hint_vietnamese.to_owned(), hint_english.to_owned()),
        }
    }

    pub(super) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            ("Máy trạm gặp lỗi", "The station failed"),
            (
                "Thử lại; nếu vẫn lỗi, xem nhật ký của máy trạm.",
                "Try again; if it fails again, look at the station's log.",
            ),
        )
    }

    pub(super) fn nothing_here() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "unknown-page",
            ("Không có trang này", "There is nothing at this address"),
            ("Bắt đầu lại từ trang chính.", "Begin again at the first page."),
        )
    }

    pub(super) fn no_visit() -> Self {
        Self::new(
            StatusCode::GONE,
            "visit-over",
            ("Lượt tiếp nhận này đã kết thúc", "This visit is over"),
            (
                "Tra cứu lại số định danh; chưa có gì được ghi.",
                "Look the number up again; nothing was written.",
            ),
        )
    }

    /// The officer's roles need to know no citizen.
    pub(super) fn no_citizens() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "role-missing",
            (
                "Tài khoản này không được xem hồ sơ và thẻ của công dân",
                "This account sees no applications and cards of citizens",
            ),
            (
                "Chỉ cán bộ thu nhận, duyệt, in hoặc trả thẻ xem được.",
                "Only who captures, approves, personalises or delivers sees them.",
            ),
        )
    }

    /// Prints are for whoever approves or prints the card.
    pub(super) fn no_prints() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "role-missing",
            (
                "Tài khoản này không được xem vân tay trên mặt sau thẻ",
                "This account does not see the prints on the card's back",
            ),
            (
                "Cán bộ duyệt hoặc in thẻ mở tệp in này.",
                "Whoever approves or personalises opens this print file.",
            ),
        )
    }

    /// Approved is what was shown. Nothing was written: it waits as before.
    pub(super) fn not_what_was_shown() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "not-what-was-shown",
            (
                "Biểu mẫu không nêu đúng nội dung hồ sơ đang chờ duyệt; chưa duyệt gì",
                "The form does not name what waits for approval; nothing was approved",
            ),
            (
                "Hồ sơ vẫn chờ duyệt: mở lại trang của hồ sơ, so lại rồi duyệt.",
                "The application still waits: open its page again, compare it, then approve.",
            ),
        )
    }

    /// The register says something else than what was captured. Looking writes nothing: the application stands where it stood.
    pub(super) fn changed_since_capture() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "changed-since-capture",
            (
                "Dữ liệu dân cư về người này đã đổi sau khi thu nhận",
                "What the register says of this person has changed since it was captured",
            ),
            (
                "Từ chối hồ sơ này rồi tiếp nhận lại: nội dung đã thu nhận không còn là nội dung sẽ in.",
                "Refuse this application and take it in again: what was captured is not what would be printed.",
            ),
        )
    }

    /// The pictures of a card went when it was handed over.
    pub(super) fn not_kept() -> Self {
        Self::new(
            StatusCode::GONE,
            "pictures-not-kept",
            (
                "Thẻ này đã trả: ảnh và hình thẻ không còn được giữ",
                "This card was handed over: its pictures are no longer kept",
            ),
            (
                "Xem thẻ đã trả, hoặc vòng đời của thẻ ở trang Thẻ; làm thẻ khác cần một hồ sơ mới.",
                "Look at the card itself, or at its life on the page of cards; another card takes a new application.",
            ),
        )
    }

    pub(super) fn bad_field(vietnamese: &str, english: &str) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad-field",
            (vietnamese, english),
            ("Quay lại, sửa ô đó rồi gửi lại.", "Go back, correct the field and send again."),
        )
    }

    pub(super) fn no_session() -> Self {
        Self::from(AccountError::NoSession)
    }

    /// What was told here may have broken the connection that it came over.
    pub(super) fn is_failure(&self) -> bool {
        self.status.is_server_error()
    }

    pub(super) fn sentence(&self, language: Language) -> &str {
        language.say(&self.vietnamese, &self.english)
    }

    pub(super) fn hint(&self, language: Language) -> &str {
        language.say(&self.hint.0, &self.hint.1)
    }

    /// From an error's code and its own English words.
    fn told(status: StatusCode, code: &'static str, english: &str) -> Self {
        if let Some(((vietnamese, english), hint)) = hints::of(code) {
            return Self::new(status, code, (vietnamese, english), hint);
        }
        let vietnamese = words::told(code, english, Language::Vi);
        let hint = words::of_failure(code).map_or_else(
            || {
                (
                    "Xem lý do ở trên rồi thử lại.".to_owned(),
                    "See the reason above, then try again.".to_owned(),
                )
            },
            |(_, english, vietnamese)| {
                let (vietnamese, english) =
                    hints::instead(code, (vietnamese, english)).unwrap_or((vietnamese, english));
                (vietnamese.to_owned(), english.to_owned())
            },
        );
        Self { status, code, vietnamese, english: capital(english), hint }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl From<IssueError> for Problem {
    fn from(error: IssueError) -> Self {
        let status = match &error {
            IssueError::Ledger(LedgerError::Unknown(_)) | IssueError::Stock(StockError::Unknown(_)) => {
                StatusCode::NOT_FOUND
            }
            // Another reason has to be chosen; nothing stands in the way.
            IssueError::Refused(Refusal::HadACard | Refusal::NothingToExchange | Refusal::NeverHadACard) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            IssueError::Stock(error) if error.is_refusal() => StatusCode::CONFLICT,
            IssueError::Portrait(_) => StatusCode::UNPROCESSABLE_ENTITY,
            error if error.is_refusal() => StatusCode::CONFLICT,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        if status.is_server_error() {
            tracing::error!(code = error.code(), "the station could not do it");
        }
        Self::told(status, error.code(), &error.to_string())
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        IssueError::from(error).into()
    }
}

impl From<StockError> for Problem {
    fn from(error: StockError) -> Self {
        let detail = error.vietnamese();
        let mut problem = Self::from(IssueError::from(error));
        if let (None, Some((text, ..)), Some(detail)) =
            (hints::of(problem.code), words::of_failure(problem.code), detail)
        {
            problem.vietnamese = format!("{text} ({detail})");
        }
        problem
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        IssueError::from(error).into()
    }
}

impl From<PortraitError> for Problem {
    fn from(error: PortraitError) -> Self {
        IssueError::from(error).into()
    }
}

impl From<FaceError> for Problem {
    fn from(error: FaceError) -> Self {
        Self::told(StatusCode::UNPROCESSABLE_ENTITY, "face-not-drawable", &error.to_string())
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let status = match &error {
            AccountError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            AccountError::NoSession | AccountError::WrongPassword => StatusCode::UNAUTHORIZED,
            AccountError::Resting => StatusCode::TOO_MANY_REQUESTS,
            AccountError::Locked | AccountError::Altered | AccountError::MayNot { .. } => {
                StatusCode::FORBIDDEN
            }
            AccountError::Unknown => StatusCode::NOT_FOUND,
            AccountError::Exists | AccountError::LastAdministrator => StatusCode::CONFLICT,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::told(status, error.code(), &error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
