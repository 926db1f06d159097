//! What an officer at the desk reads where the command line would speak of commands and options.

/// A sentence and what to do about it, each in Vietnamese and in English.
type Words = ((&'static str, &'static str), (&'static str, &'static str));

/// The desk's own words for a code.
pub(super) fn of(code: &str) -> Option<Words> {
    Some(match code {
        "no-session" => (
            ("Phiên làm việc đã hết", "The session is over"),
            ("Đăng nhập lại để làm tiếp.", "Log in again to go on."),
        ),
        "wrong-password" => (
            ("Sai tên hoặc mật khẩu", "The name or the password is wrong"),
            (
                "Nhập lại; sau năm lần sai, tài khoản tạm nghỉ mười lăm phút.",
                "Type them again; after five wrong passwords the account rests for a quarter of an hour.",
            ),
        ),
        "account-resting" => (
            (
                "Tài khoản tạm nghỉ vì nhập sai mật khẩu nhiều lần",
                "The account rests after too many wrong passwords",
            ),
            (
                "Chờ mười lăm phút, hoặc nhờ quản trị viên mở khóa ở trang Tài khoản.",
                "Wait a quarter of an hour, or have an administrator unlock it on the page of accounts.",
            ),
        ),
        "account-locked" => (
            ("Tài khoản đã bị khóa", "The account is locked"),
            ("Hỏi quản trị viên lý do.", "Ask an administrator why."),
        ),
        "account-roles" => (
            ("Quyền không hợp lệ", "These roles do not go together"),
            (
                "Chọn ít nhất một việc; tài khoản quản trị không làm việc khác.",
                "Choose at least one role; an administrator's account has no other.",
            ),
        ),
        "unknown-account" => (
            ("Không có tài khoản này", "There is no such account"),
            ("Xem danh sách ở trang Tài khoản.", "Look at the list on the page of accounts."),
        ),
        "reason-missing" => (
            ("Phải ghi lý do", "A reason is needed"),
            ("Quay lại, ghi lý do rồi gửi lại.", "Go back, write the reason and send again."),
        ),
        _ => return None,
    })
}

/// Instead of a hint that tells what to type on a command line.
pub(super) fn instead(vietnamese: &str, english: &str) -> Option<(&'static str, &'static str)> {
    // A warning not to do it again is never replaced by advice to do it again.
    if english.contains("Do not") {
        return None;
    }
    let of_commands = [vietnamese, english].into_iter().any(|hint| hint.contains('`') || hint.contains("--"))
        || english.contains("same command");
    of_commands.then_some((
        "Mở lại trang rồi làm lại; nếu vẫn vậy, báo người quản lý máy trạm.",
        "Open the page again and repeat it; if that does not help, tell whoever keeps the station.",
    ))
}
