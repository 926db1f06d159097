//! One sentence what happened, one what to do.

use std::io::{self, Write as _};
use std::process::ExitCode;

use cccd_population::backup::BackupError;
use cccd_population::civil_status::may_overrule;
use cccd_population::export::ExportError;
use cccd_population::import::ImportError;
use cccd_population::register_key::KeyFileError;
use cccd_population::server::TokenFileError;
use cccd_population::store::StoreError;

use super::{Language, Setting, vietnamese};

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
                    _ => match error.downcast_ref::<BackupError>() {
                        Some(BackupError::Store(store)) => Some(store),
                        _ => None,
                    },
                },
            });
        let (code, vietnamese, english) = match store {
            Some(StoreError::NotInitialised) => (
                "no-register",
                "Chạy `population init --db sqlite:TỆP` trước.",
                "Run `population init --db sqlite:FILE` first.",
            ),
            Some(StoreError::Busy) => ("store-busy", "Thử lại sau giây lát.", "Try again in a moment."),
            Some(StoreError::ClockBehind { .. }) => (
                "clock-went-back",
                "Kiểm tra đồng hồ của máy và --at; nếu chính nhật ký đi trước giờ thật, dùng --correct-clock của \
                 `access-log` (hoặc `identity log`).",
                "Check the machine's clock and --at; if it is the log that is ahead of the true time, use --correct-clock \
                 of `access-log` (or `identity log`).",
            ),
            Some(StoreError::UnknownPerson) => ("unknown-person", "Kiểm tra lại số.", "Check the number."),
            Some(StoreError::UnknownCard) => {
                ("unknown-card", "Kiểm tra lại mã SHA-256.", "Check the SHA-256 of EF.SOD.")
            }
            Some(StoreError::Older { .. }) => (
                "older-register",
                "Sao lưu, rồi chạy `population init` với cùng --db.",
                "Back it up, then run `population init` with the same --db.",
            ),
            Some(StoreError::Unprotected) => (
                "unprotected-line",
                "Thêm ?sslmode=verify-full&sslrootcert=TỆP vào --db, hoặc chạy trên máy chủ của cơ sở dữ liệu.",
                "Add ?sslmode=verify-full&sslrootcert=FILE to --db, or run the program on the database's machine.",
            ),
            Some(StoreError::Tls(_)) => (
                "store-tls",
                "Kiểm tra tên máy và sslrootcert trong --db, và chứng thư của máy chủ (docs/operating.md).",
                "Check host name and sslrootcert of --db, and the server's certificate (docs/operating.md).",
            ),
            Some(StoreError::NotDistributed(_)) => (
                "not-distributed",
                "Cài đặt Citus và `CREATE EXTENSION citus`, hoặc bỏ --distributed.",
                "Install Citus and `CREATE EXTENSION citus`, or leave out --distributed.",
            ),
            Some(StoreError::Unreachable) => (
                "store-unreachable",
                "Khởi động PostgreSQL, hoặc kiểm tra máy, cổng và tên người dùng trong --db; không gì bị ghi dở dang.",
                "Start PostgreSQL, or check host, port and user of --db; nothing was half written.",
            ),
            Some(StoreError::NotApart) => (
                "not-apart",
                "Chọn một tệp khác cho --identity.",
                "Name another file by --identity.",
            ),
            Some(StoreError::Sealed) => (
                "sealed",
                "Chỉ tệp khóa bằng --secrets ĐƯỜNG_DẪN; không có gì bị thay đổi.",
                "Name the keys by --secrets PATH; nothing was changed.",
            ),
            Some(StoreError::Altered) => (
                "sealed-altered",
                "Có người đã sửa cơ sở dữ liệu bên ngoài chương trình: khôi phục từ bản sao lưu.",
                "Somebody changed the database from outside: restore it from a backup.",
            ),
            Some(StoreError::Newer { .. }) => {
                ("newer-register", "Dùng phiên bản mới hơn.", "Use a newer version of this program.")
            }
            Some(StoreError::Engine(_) | StoreError::Inconsistent(_)) => (
                "store-failed",
                "Kiểm tra ổ đĩa và quyền truy cập; không gì bị ghi dở dang.",
                "Check disk and permissions; nothing was half written.",
            ),
            Some(StoreError::Contradicts(why)) if may_overrule(*why) => (
                why.code(),
                "Nếu điều đó cũng đúng, quyết định lại với --take và thêm --also cùng mã này vào các mã đã nêu.",
                "If that holds as well, decide again with --take, and --also with this code beside those named before.",
            ),
            Some(_) => ("refused", "Không có gì bị thay đổi.", "Nothing was changed."),
            None if error.is::<BackupError>() => backup(error.downcast_ref()),
            None => match error.downcast_ref::<ImportError>() {
                Some(_) => (
                    "import-failed",
                    "Sửa tệp rồi chạy lại; phần đã nhập được giữ nguyên.",
                    "Mend the file and run again; what was imported stays.",
                ),
                None if error.chain().any(|cause| {
                    matches!(cause.downcast_ref(), Some(io) if io::Error::kind(io) == io::ErrorKind::AddrInUse)
                }) => ("io", "Chọn cổng khác, hoặc cổng 0.", "Choose another port, or port 0."),
                None if error.chain().any(|cause| {
                    matches!(cause.downcast_ref(), Some(io) if io::Error::kind(io) == io::ErrorKind::AlreadyExists)
                }) => (
                    "file-exists",
                    "Chọn tên tệp khác, hoặc dời tệp có sẵn đi.",
                    "Choose another name, or move the file that is there away.",
                ),
                None if is_open_secret(error) => (
                    "open-secret",
                    "Chạy `chmod 600` cho tệp này, và thay mã hoặc khóa nếu có người đã đọc.",
                    "Run `chmod 600` on the file, and replace what is in it if somebody has read it.",
                ),
                None => ("io", "Kiểm tra đường dẫn và quyền truy cập.", "Check path and permissions."),
            },
        };
        let exit = if ["refused", "backup-refused"].contains(&code) { 1 } else { 3 };
        let hint = setting.say(vietnamese, english).to_owned();
        Self { code, message: sentence(error, setting), hint, exit }
    }

    pub(super) fn report(&self, setting: &Setting) -> ExitCode {
        if setting.json {
            let error = serde_json::json!({"error": {
                "code": self.code, "message": self.message, "hint": self.hint}});
            let _ = writeln!(io::stdout(), "{error}");
        } else {
            let _ =
                writeln!(io::stderr(), "population: {}.\n{}", self.message.trim_end_matches('.'), self.hint);
        }
        ExitCode::from(self.exit)
    }
}

/// Code and advice where the register itself did not fail.
fn backup(error: Option<&BackupError>) -> (&'static str, &'static str, &'static str) {
    match error {
        Some(BackupError::WrongKey) => {
            ("wrong-key", "Đưa tệp khóa của một người nhận.", "Give the key file of one of the recipients.")
        }
        Some(BackupError::Version { .. }) => (
            "backup-version",
            "Khôi phục bằng chương trình đã tạo ra bản sao lưu, rồi chạy `population init` của chương trình này.",
            "Restore it with the program that made it, then run this program's `population init`.",
        ),
        Some(BackupError::NotEmpty(_)) => {
            ("backup-refused", "Chỉ một chỗ mới bằng --db.", "Name a new place by --db.")
        }
        Some(BackupError::CutOff { .. } | BackupError::Damaged { .. } | BackupError::NoBackup(_)) => {
            ("backup-refused", "Dùng bản sao lưu khác.", "Use another backup.")
        }
        Some(BackupError::Stopped) => ("stopped", "Chạy lại khi cần.", "Run it again when you like."),
        _ => ("io", "Kiểm tra đường dẫn, quyền truy cập và ổ đĩa.", "Check path, permissions and disk."),
    }
}

/// The causes from the outermost on, each once. What is not ours (the database's own words) is told in English only.
fn sentence(error: &anyhow::Error, setting: &Setting) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut told = false;
    for cause in error.chain() {
        let words = match setting.lang {
            Language::En => Some(cause.to_string()),
            Language::Vi => {
                let words = vietnamese::sentence(cause);
                let context = (words.is_none() && !told).then(|| cause.to_string());
                told |= words.is_some();
                words.or(context)
            }
        };
        if let Some(words) = words.filter(|words| causes.iter().all(|known| !known.ends_with(words.as_str())))
        {
            causes.push(words);
        }
    }
    causes.join(": ")
}

fn is_open_secret(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(KeyFileError::Open(_)))
        || matches!(error.downcast_ref(), Some(TokenFileError::File(KeyFileError::Open(_))))
}
