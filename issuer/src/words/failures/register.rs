//! Failures of the register of persons and its service.

use super::Sentences;

pub(super) fn of(code: &str) -> Option<Sentences> {
    Some(match code {
        "register-refused" => (
            "Cơ sở dữ liệu dân cư từ chối",
            "Look at the card's status with `issuer card status`; the register allows only changes of the card's life.",
            "Xem trạng thái thẻ bằng `issuer card status`; chỉ được chuyển trạng thái theo vòng đời thẻ.",
        ),
        "unknown-card" => (
            "Cơ sở dữ liệu không có thẻ này",
            "Check the hash: 64 hexadecimal digits, as in card.json.",
            "Kiểm tra mã băm: 64 chữ số thập lục phân, như trong card.json.",
        ),
        "register-unreachable" => (
            "Không liên lạc được với cơ sở dữ liệu dân cư",
            "Start the register (`population serve`) or check --register, then run the same command again; nothing is lost.",
            "Khởi động dịch vụ (`population serve`) hoặc kiểm tra --register, rồi chạy lại lệnh; không mất gì.",
        ),
        "register-token" => (
            "Không dùng được mã truy cập cơ sở dữ liệu dân cư",
            "Give the token file with --register-token: a line issuer:TOKEN, mode 0600.",
            "Chỉ ra tệp mã bằng --register-token: một dòng issuer:TOKEN, quyền 0600.",
        ),
        "register-address" => (
            "Địa chỉ cơ sở dữ liệu không đúng",
            "Write --register sqlite:register.db, postgres://USER@HOST/DATABASE or http://127.0.0.1:8080.",
            "Viết --register sqlite:register.db, postgres://NGƯỜI_DÙNG@MÁY/CƠ_SỞ hoặc http://127.0.0.1:8080.",
        ),
        "no-register-key" => (
            "Không có khóa ký của cơ sở dữ liệu",
            "Give the key store that the register answers with (--keys DIR, as for `population serve`); without one its key lies beside its file, or at --register-secrets PATH.",
            "Chỉ ra kho khóa mà cơ sở dữ liệu dùng để trả lời (--keys DIR, như `population serve`); nếu không có, khóa nằm cạnh tệp hoặc ở --register-secrets PATH.",
        ),
        _ => return None,
    })
}
