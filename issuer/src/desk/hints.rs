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
        "account-altered" => (
            (
                "Tài khoản khác với lịch sử của nó: có người đã sửa sổ cấp thẻ",
                "The account is not as it was given: somebody changed the ledger",
            ),
            (
                "Không làm tiếp; báo người giám sát máy trạm.",
                "Do not go on; tell whoever oversees the station.",
            ),
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

/// What to do at the desk, for codes whose sentence serves here and whose hint speaks of files and commands.
fn advice(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code {
        "unknown-person" => (
            "Kiểm tra lại số. Số đã hủy có số thay thế: hỏi cơ quan dân cư. Nếu số đúng, cập nhật dân cư trước (mẫu DC01).",
            "Check the number. One that has ended is followed by another: ask the register's office. If it is right, have the record added first (form DC01).",
        ),
        "has-active-card" => (
            "Quay lại và chọn lý do đổi hoặc cấp lại: thẻ mới thay thẻ đó.",
            "Go back and choose an exchange or a reissue: the new card replaces that one.",
        ),
        "card-held" => (
            "Cán bộ duyệt kết thúc việc giữ ở trang Thẻ, nếu cơ quan giữ thẻ đồng ý; rồi tiếp nhận lại.",
            "An approver ends the holding on the page of cards, if the authority that holds it agrees; then take it in again.",
        ),
        "two-papers" => (
            "Vụ việc đã mở ở cơ quan dân cư: giải quyết xong rồi tiếp nhận lại hồ sơ.",
            "The register's office has it as a case now: have it decided there, then take the application in again.",
        ),
        "not-represented" => (
            "Quay lại và ghi cha, mẹ hoặc người đại diện hợp pháp.",
            "Go back and name father, mother or legal representative.",
        ),
        "other-application-open" => (
            "Xong hồ sơ đó trước, ở trang Hồ sơ: duyệt, in hoặc từ chối; chíp đang làm dở thì làm tiếp với đúng chíp đó, hoặc loại chíp.",
            "Finish that one first, on the page of applications: approve, make or refuse it; with a chip in work, go on with that chip or give it up.",
        ),
        "no-card-in-use" => (
            "Nhập mã của thẻ (SHA-256 của SOD), hoặc quét mã QR trên thẻ.",
            "Type the card's name (SHA-256 of its SOD), or scan the code on it.",
        ),
        "request-answered" => (
            "Xem hồ sơ nêu trên; mở lại trang để bắt đầu hồ sơ mới.",
            "Look at the application named; open the page again to begin a new one.",
        ),
        "request-reused" => (
            "Mở lại trang: biểu mẫu này đã được gửi với nội dung khác.",
            "Open the page again: this form was sent with something else in it.",
        ),
        "delivery-known" => (
            "Mỗi phiếu giao, mỗi lần chuyển chỉ nhập một lần: xem danh sách phiếu và các lần chuyển ở trang Kho phôi.",
            "A delivery or a transport enters once: look at the notes and transports on the page of the stock.",
        ),
        "delivery-unknown" => (
            "Kiểm tra tên nơi giao và số phiếu: nhập phiếu giao phôi trước, rồi đếm.",
            "Check supplier and note: enter the delivery note first, then count it.",
        ),
        "blank-state-forbids" => (
            "Xem phôi ở trang Kho phôi: phôi chưa đếm thì đếm trước; chíp đang ghi thì loại ở trang hồ sơ của nó.",
            "Look at the blank on the page of the stock: count it first if nobody has; a chip in work is given up on its application's page.",
        ),
        "blank-held" => (
            "Nếu phôi đang trên đường từ đây đi: nhập biên nhận của chuyến đó trước, rồi nhận lại danh sách này. Nếu không: xem phôi ở trang Kho phôi, và nhận danh sách với số của các phôi khác.",
            "If it is on the way from here, enter that transport's receipt first, then this list again. Otherwise look at the blank on the page of the stock, and take the list with the serials of the others.",
        ),
        "blank-known" => (
            "Đối chiếu danh sách với phiếu giao: mỗi số phôi chỉ nhập một lần; phôi đã giao cho máy trạm khác chỉ về theo danh sách máy đó ký. Tìm số phôi ở trang Kho phôi để xem nó ở đâu.",
            "Compare the list with the delivery note: a serial enters once, and what went to another station comes back by its signed list. Look the serial up on the page of the stock.",
        ),
        "blank-unknown" => (
            "Kiểm tra số phôi: 20 chữ số thập lục phân. Phôi chưa có trong sổ thì nhập phiếu giao hoặc danh sách của nó trước.",
            "Check the serial: 20 hexadecimal digits. Of a blank that is in no book, enter the note or list first.",
        ),
        "blank-not-claimed" => (
            "Xem bảng không khớp ở trang Kho phôi: phôi cần làm rõ đứng ở đó, kèm chuyến.",
            "Look at what does not fit on the page of the stock: what can be settled stands there with its transport.",
        ),
        "cause-missing" => {
            ("Chọn lý do, và ghi chú hoặc thêm ảnh.", "Choose a cause, and write a note or add a photo.")
        }
        "approval-missing" => ("Đề nghị một cán bộ khác duyệt hồ sơ.", "Have another officer approve it."),
        "unknown-application" => {
            ("Xem danh sách ở trang Hồ sơ.", "Look at the list on the page of applications.")
        }
        _ => return None,
    })
}

/// Instead of a hint that tells what to type on a command line.
pub(super) fn instead(
    code: &str,
    (vietnamese, english): (&str, &str),
) -> Option<(&'static str, &'static str)> {
    if let Some(advice) = advice(code) {
        return Some(advice);
    }
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
