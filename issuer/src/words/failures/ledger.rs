//! Failures of the station's ledger and its audit log.

use super::Sentences;

pub(super) fn of(code: &str) -> Option<Sentences> {
    Some(match code {
        "ledger-in-use" => (
            "Sổ cấp thẻ đang được chương trình khác dùng",
            "Wait until the other issuer has finished, then run the command again.",
            "Đợi chương trình kia xong rồi chạy lại.",
        ),
        "ledger-failed" => (
            "Không ghi được sổ cấp thẻ",
            "Check the disk and the file; the chip is not touched without the ledger. Then run the same command again.",
            "Kiểm tra ổ đĩa và tệp; không có sổ thì không ghi chíp. Sau đó chạy lại lệnh.",
        ),
        "ledger-full" => (
            "Ổ đĩa chứa sổ cấp thẻ của trạm đã đầy",
            "Free some space on the disk of the station's ledger (--ledger) and do the same again, with the same chip; what was begun is resolved then.",
            "Giải phóng dung lượng ổ đĩa chứa sổ của trạm (--ledger) rồi làm lại, với cùng chíp; phần dở dang sẽ được giải quyết.",
        ),
        "audit-cut"
        | "audit-broken"
        | "audit-other-head"
        | "audit-actions-differ"
        | "audit-not-signed"
        | "audit-head-signature"
        | "audit-foreign-head" => (
            "Nhật ký kiểm tra không toàn vẹn",
            "Keep the store and the heads as they are, stop the station, and tell whoever oversees it.",
            "Giữ nguyên kho dữ liệu và các lần ký, dừng trạm và báo cho người giám sát.",
        ),
        "station-key" => (
            "Không dùng được khóa của trạm",
            "Check the files PATH.station-key, PATH.subject-key and PATH.station.pub: mode 0600, and the station's own.",
            "Kiểm tra các tệp PATH.station-key, PATH.subject-key và PATH.station.pub: chế độ 0600, đúng của trạm.",
        ),
        "heads-unreadable" => (
            "Không dùng được tệp các lần ký",
            "Give the file that `issuer audit export` wrote.",
            "Dùng tệp do `issuer audit export` ghi.",
        ),
        "nothing-logged" => ("Nhật ký chưa có gì", "Do something first.", "Làm việc gì đó trước đã."),
        "no-station" => (
            "Chưa cho biết khóa của trạm ở đâu",
            "Give --station PATH: each host has keys of its own.",
            "Nhập --station PATH: mỗi máy có khóa riêng.",
        ),
        "ledger-older" => (
            "Sổ cấp thẻ do phiên bản cũ lập, khi chưa có người duyệt thứ hai",
            "Close it with the program that made it, keep the file, and begin a new ledger.",
            "Kết thúc sổ cũ bằng chương trình đã lập, lưu tệp lại và mở sổ mới.",
        ),
        "no-ledger" => (
            "Không có sổ cấp thẻ ở đó",
            "Check --ledger; a new ledger begins with `issuer account add` of an administrator.",
            "Kiểm tra --ledger; sổ mới bắt đầu bằng `issuer account add` cho người quản trị.",
        ),
        _ => return None,
    })
}
