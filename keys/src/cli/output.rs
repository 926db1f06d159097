//! What people and programs see.

use super::period;
use cccd_keys::certificate::Certificate;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;

/// How to speak.
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) vietnamese: bool,
}

impl Output {
    /// A text in the chosen language.
    pub(crate) fn text(&self, english: &str, vietnamese: &str) -> String {
        if self.vietnamese { vietnamese } else { english }.to_owned()
    }

    /// A result: JSON or text. A closed pipe is no reason to fail a ceremony that is done.
    pub(crate) fn print(&self, value: &Value, human: &str) {
        let mut out = std::io::stdout().lock();
        drop(if self.json { writeln!(out, "{value}") } else { writeln!(out, "{human}") });
    }

    /// A warning, on standard error.
    pub(crate) fn warn(&self, text: &str) {
        let label = self.text("WARNING", "CẢNH BÁO");
        drop(writeln!(std::io::stderr(), "{label}: {text}"));
    }

    /// Said at every opening of a store.
    pub(crate) fn software_warning(&self, dir: &Path) {
        self.warn(&format!(
            "{} ({})",
            self.text(
                "SOFTWARE KEY STORE: private keys are files on this disk; never for the keys of a real authority",
                "KHO KHOÁ PHẦN MỀM: khoá riêng là tệp trên đĩa này; không bao giờ dùng cho khoá của cơ quan cấp thật",
            ),
            dir.display()
        ));
    }

    /// A failure: what happened and what to do.
    pub(crate) fn failure(&self, code: &str, message: &str, hint: &str) {
        if self.json {
            let value = json!({ "error": { "code": code, "message": message, "hint": hint } });
            drop(writeln!(std::io::stdout(), "{value}"));
        }
        let mut out = std::io::stderr().lock();
        drop(match vietnamese(code).filter(|_| self.vietnamese) {
            Some((what, advice)) => writeln!(out, "lỗi [{code}]: {what} ({message}).\ncần làm: {advice}."),
            None => writeln!(out, "error [{code}]: {message}.\nwhat to do: {hint}."),
        });
    }

    /// A certificate that was made, for people.
    pub(crate) fn certificate_text(&self, kind: &str, certificate: &Certificate) -> String {
        format!(
            "{kind} {}\n  {} {}\n  {} {}\n  {} {} – {}",
            certificate.subject(),
            self.text("serial", "số sê-ri"),
            certificate.serial_hex(),
            self.text("key signs", "khoá ký"),
            period(certificate),
            self.text("valid", "hiệu lực"),
            certificate.not_before(),
            certificate.not_after(),
        )
    }
}

/// The facts of a certificate.
pub(crate) fn certificate_json(certificate: &Certificate) -> Value {
    let usage = certificate.private_key_usage();
    json!({
        "subject": certificate.subject().to_string(),
        "serial": certificate.serial_hex(),
        "sha256": hex::encode(certificate.fingerprint()),
        "key": certificate.public_key().describe(),
        "key_use_from": usage.and_then(|period| period.not_before),
        "key_use_until": usage.and_then(|period| period.not_after),
        "not_before": certificate.not_before(),
        "not_after": certificate.not_after(),
    })
}

/// What happened and what to do, in Vietnamese; the English sentence keeps the particulars.
fn vietnamese(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code {
        "store-exists" => ("thư mục đã có kho khoá", "chọn thư mục khác; kho khoá không bao giờ bị ghi đè"),
        "store-missing" => {
            ("thư mục không có kho khoá", "chạy `keys init --dir D` trước, hoặc chỉ đúng thư mục")
        }
        "wrong-passphrase" => ("mật khẩu không mở được kho khoá", "chỉ đúng tệp bằng --passphrase-file"),
        "no-passphrase" => {
            ("không đọc được mật khẩu", "chỉ tệp bằng --passphrase-file hoặc CCCD_KEYS_PASSPHRASE_FILE")
        }
        "store-damaged" => ("tệp của kho khoá bị hỏng hoặc bị tráo", "khôi phục tệp từ bản sao lưu"),
        "io" => ("không đọc hoặc ghi được tệp", "kiểm tra đường dẫn, quyền ghi và dung lượng đĩa"),
        "no-csca" => ("kho khoá chưa có CSCA", "chạy `keys csca --dir D`"),
        "no-csca-of-pool" => (
            "kho khoá chưa có CSCA cho nhóm thẻ này",
            "chạy `keys csca --pool no-expiry --dir D` (thẻ không thời hạn) hoặc `--pool dated`",
        ),
        "no-signer-of-pool" => (
            "không có Document Signer nào của nhóm thẻ này được ký lúc này",
            "chạy `keys ds new --pool no-expiry --dir D` (thẻ không thời hạn) hoặc `--pool dated`",
        ),
        "too-few-shares" => ("chưa đủ số mảnh", "mời thêm người giữ mảnh"),
        "shares-mixed" => ("các mảnh thuộc các bộ khác nhau", "dùng các mảnh cùng một bộ"),
        "share-repeated" => ("một mảnh được đưa vào hai lần", "mỗi mảnh chỉ dùng một lần"),
        "shares-wrong" => ("các mảnh không khớp: có mảnh bị giả", "dùng các mảnh khác của bộ"),
        "share-damaged" => ("mảnh bị hỏng hoặc gõ sai", "gõ hoặc quét lại mảnh đó, hoặc dùng mảnh khác"),
        "backup-failed" => ("không tạo hoặc không mở được bản sao lưu", "thử bản ở nơi lưu thứ hai"),
        "backup-plan" => (
            "không thể tạo bản sao lưu như vậy",
            "đưa hai --out khác nhau, --shares từ 2 đến 16 và --threshold từ 2 đến số mảnh",
        ),
        "not-wrappable" => (
            "kho khoá này không có bản sao lưu: khoá được tạo để không bao giờ rời thiết bị",
            "dùng cách sao lưu của chính thiết bị và chia mã PIN, hoặc tạo kho bằng `keys init --wrapped-backup`",
        ),
        "ceremonies-wrong" => ("có nghi thức không khớp", "giữ nguyên thư mục và cho kiểm tra"),
        "master-list-refused" => {
            ("danh sách CSCA bị từ chối", "lấy lại danh sách, hoặc chỉ CSCA của người ký bằng --anchor")
        }
        "count-turned-back" => (
            "số đếm chữ ký của một Document Signer bị vặn ngược so với nhật ký đã ký",
            "tìm xem ai đã ghi vào kho; `keys ds erase` kết thúc Document Signer này, rồi `keys ds new`",
        ),
        "count-damaged" => (
            "số đếm chữ ký của một Document Signer bị mất hoặc hỏng; Document Signer này không ký",
            "`keys ds erase` kết thúc Document Signer này, `keys ds new` tạo cái mới",
        ),
        "crl-lost" => (
            "mất CRL mới nhất: nhật ký đã ký cho biết đã có danh sách mới hơn",
            "đặt lại tệp từ bản sao lưu, hoặc từ một thư mục trust mà danh sách đã được xuất ra",
        ),
        "crl-gap" => ("dãy CRL bị thiếu một danh sách", "khôi phục danh sách bị thiếu từ bản sao lưu"),
        "clock-behind" => (
            "thời gian đưa vào sớm hơn mục mới nhất của nhật ký đã ký",
            "chỉnh lại đồng hồ của máy; nếu đồng hồ đúng và trước đây đã chạy trước, ghi nhận bằng `keys log correct-clock`",
        ),
        "clock-not-behind" => {
            ("nhật ký không có mục nào muộn hơn: không có gì để chỉnh", "giữ nguyên nhật ký")
        }
        "no-reason" => (
            "thiếu lý do, hoặc lý do quá dài hay không phải một dòng",
            "đưa một dòng không quá 200 ký tự bằng --reason",
        ),
        "crl-backwards" => ("CRL trước đó có thời điểm muộn hơn", "kiểm tra đồng hồ"),
        "csca-key-expired" => ("khoá CSCA đã hết hạn ký", "chạy `keys csca --dir D` để tạo thế hệ kế tiếp"),
        "no-document-signer" => {
            ("không có Document Signer nào được ký lúc này", "chạy `keys ds new --dir D`")
        }
        "no-crl" => ("kho khoá chưa có CRL", "chạy `keys crl issue --dir D`"),
        "unknown-serial" => {
            ("không có chứng thư mang số sê-ri này", "xem số sê-ri bằng `keys ds list --dir D`")
        }
        "certificate-not-built" | "key-not-made" => {
            ("không tạo được chứng thư", "kiểm tra mã nước, thời gian và profile")
        }
        "cvca-exists" => ("kho khoá đã có CVCA", "chạy `keys cvca link --dir D` để tạo thế hệ kế tiếp"),
        "no-cvca" => (
            "kho khoá không có CVCA còn hiệu lực",
            "chạy `keys cvca init --dir D`; CVCA đã hết hạn thì không thể nối tiếp",
        ),
        "no-document-verifier" => {
            ("không có đơn vị xác minh (DV) nào còn hiệu lực", "chạy `keys cvca dv --dir D`")
        }
        "which-document-verifier" => ("có nhiều đơn vị xác minh (DV)", "chỉ rõ một đơn vị bằng --dv"),
        "rights-beyond-authority" => (
            "quyền đọc vượt quá chứng thư cấp trên hoặc chứng thư trước",
            "xin ít quyền hơn bằng --read, hoặc cấp thêm quyền cho cấp trên",
        ),
        "request-refused" => (
            "yêu cầu chứng thư bị từ chối",
            "tạo lại yêu cầu; yêu cầu đầu tiên phải được đối chiếu với người gửi",
        ),
        "unknown-holder" => {
            ("không có chứng thư CV mang tên này", "xem các tên bằng `keys cvca list --dir D`")
        }
        "not-a-holder" => ("tên này không dùng được", "dùng 1 đến 9 chữ cái hoặc chữ số, ví dụ HCM01"),
        "cv-certificate-not-made" => {
            ("không tạo được chứng thư CV", "kiểm tra mã nước, thời gian và profile")
        }
        "audit-log" | "log-broken" => {
            ("nhật ký không ghi được hoặc không toàn vẹn", "giữ nguyên thư mục và cho kiểm tra nhật ký")
        }
        "not-confirmed" => ("chưa được xác nhận", "nếu thật sự muốn, lặp lại lệnh với --yes để xác nhận"),
        other => return cccd_keys::token::vietnamese(other),
    })
}
