//! Failures of officers, their accounts and sessions.

use super::Sentences;

pub(super) fn of(code: &str) -> Option<Sentences> {
    Some(match code {
        "no-officer" => (
            "Chưa cho biết ai thực hiện",
            "Give --officer and --password-file, or --session after `issuer account login`.",
            "Nhập --officer và --password-file, hoặc --session sau khi `issuer account login`.",
        ),
        "no-session-file" => {
            ("Chưa cho biết tệp phiên làm việc", "Give --session FILE.", "Nhập --session và tên tệp.")
        }
        "password-unreadable" => (
            "Không dùng được tệp mật khẩu hoặc tệp phiên",
            "Give a file that only you may read (mode 0600).",
            "Dùng tệp chỉ riêng bạn đọc được (chế độ 0600).",
        ),
        "wrong-password" => (
            "Sai tên hoặc mật khẩu",
            "Check the name and the password file; after five wrong passwords the account rests.",
            "Kiểm tra tên và tệp mật khẩu; sau năm lần sai, tài khoản tạm nghỉ.",
        ),
        "account-resting" => (
            "Tài khoản tạm nghỉ vì nhập sai mật khẩu nhiều lần",
            "Wait a quarter of an hour, or ask an administrator for `issuer account unlock`.",
            "Chờ mười lăm phút, hoặc nhờ quản trị viên `issuer account unlock`.",
        ),
        "account-altered" => (
            "Tài khoản khác với lịch sử của nó: có người đã sửa sổ cấp thẻ",
            "Do not go on. Run `issuer audit verify`, and tell whoever oversees the station.",
            "Không làm tiếp. Chạy `issuer audit verify` và báo người giám sát máy trạm.",
        ),
        "account-locked" => ("Tài khoản đã bị khóa", "Ask an administrator why.", "Hỏi quản trị viên lý do."),
        "no-session" => (
            "Phiên làm việc đã hết",
            "Log in again: `issuer account login`.",
            "Đăng nhập lại: `issuer account login`.",
        ),
        "role-missing" => (
            "Cán bộ này không có quyền làm việc đó",
            "Have it done by an officer with the role named.",
            "Giao cho cán bộ có quyền nêu trên.",
        ),
        "administrator-needed" => (
            "Chỉ quản trị viên mới lập tài khoản",
            "The first account is an administrator's (--role administrator); all others are made with --officer of one.",
            "Tài khoản đầu tiên là của quản trị viên (--role administrator); các tài khoản khác do quản trị viên lập.",
        ),
        "account-name" => (
            "Tên tài khoản không hợp lệ",
            "Use 2 to 32 small letters, digits, dots and hyphens, a letter first.",
            "Dùng 2 đến 32 chữ thường không dấu, chữ số, dấu chấm, gạch nối; bắt đầu bằng chữ.",
        ),
        "account-roles" => (
            "Quyền không hợp lệ",
            "Give --role; an administrator's account has no other role.",
            "Nhập --role; tài khoản quản trị không có quyền khác.",
        ),
        "account-exists" => ("Đã có tài khoản tên này", "Choose another name.", "Chọn tên khác."),
        "unknown-account" => {
            ("Không có tài khoản này", "Look at `issuer account list`.", "Xem `issuer account list`.")
        }
        "last-administrator" => (
            "Không khóa quản trị viên cuối cùng",
            "Make another administrator first.",
            "Lập quản trị viên khác trước.",
        ),
        "password-refused" => (
            "Mật khẩu không đạt",
            "Use at least 10 characters beside the account's name, more than one again and again.",
            "Dùng ít nhất 10 ký tự ngoài tên tài khoản, không lặp một ký tự.",
        ),
        _ => return None,
    })
}
