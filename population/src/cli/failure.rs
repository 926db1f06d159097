//! One sentence what happened, one what to do.

use std::process::ExitCode;

use cccd_population::export::ExportError;
use cccd_population::import::ImportError;
use cccd_population::store::StoreError;

use super::Setting;

/// An error with a code of its own.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Failure {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: String,
    pub(super) exit: u8,
}

impl Failure {
    pub(super) fn usage(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into(), exit: 2 }
    }

    pub(super) fn could_not(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: hint.into(), exit: 3 }
    }

    pub(super) fn of(error: &anyhow::Error, setting: &Setting) -> Self {
        if let Some(failure) = error.downcast_ref::<Self>() {
            return Self {
                code: failure.code,
                message: failure.message.clone(),
                hint: failure.hint.clone(),
                exit: failure.exit,
            };
        }
        let store =
            error.downcast_ref::<StoreError>().or_else(|| match error.downcast_ref::<ImportError>() {
                Some(ImportError::Store(store)) => Some(store),
                _ => match error.downcast_ref::<ExportError>() {
                    Some(ExportError::Store(store)) => Some(store),
                    _ => None,
                },
            });
        let (code, vietnamese, english) = match store {
            Some(StoreError::NotInitialised) => (
                "no-register",
                "Chạy `population init --db sqlite:TỆP` trước.",
                "Run `population init --db sqlite:FILE` first.",
            ),
            Some(StoreError::Busy) => ("store-busy", "Thử lại sau giây lát.", "Try again in a moment."),
            Some(StoreError::UnknownPerson) => ("unknown-person", "Kiểm tra lại số.", "Check the number."),
            Some(StoreError::UnknownCard) => {
                ("unknown-card", "Kiểm tra lại mã SHA-256.", "Check the SHA-256 of EF.SOD.")
            }
            Some(StoreError::Newer { .. }) => {
                ("newer-register", "Dùng phiên bản mới hơn.", "Use a newer version of this program.")
            }
            Some(StoreError::Engine(_)) => (
                "store-failed",
                "Kiểm tra ổ đĩa và quyền truy cập; không gì bị ghi dở dang.",
                "Check disk and permissions; nothing was half written.",
            ),
            Some(_) => ("refused", "Không có gì bị thay đổi.", "Nothing was changed."),
            None => match error.downcast_ref::<ImportError>() {
                Some(_) => (
                    "import-failed",
                    "Sửa tệp rồi chạy lại; phần đã nhập được giữ nguyên.",
                    "Mend the file and run again; what was imported stays.",
                ),
                None => ("io", "Kiểm tra đường dẫn và quyền truy cập.", "Check path and permissions."),
            },
        };
        let mut causes = error.chain().map(ToString::to_string).collect::<Vec<_>>();
        causes.dedup();
        let hint = setting.say(vietnamese, english);
        Self::could_not(code, causes.join(": "), hint)
    }

    pub(super) fn report(&self, setting: &Setting) -> ExitCode {
        if setting.json {
            let error = serde_json::json!({"error": {
                "code": self.code, "message": self.message, "hint": self.hint}});
            println!("{error}");
        } else {
            eprintln!("population: {}.\n{}", self.message.trim_end_matches('.'), self.hint);
        }
        ExitCode::from(self.exit)
    }
}
