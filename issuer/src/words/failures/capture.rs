//! Failures of portraits, prints and irises.

use super::Sentences;

pub(super) fn of(code: &str) -> Option<Sentences> {
    Some(match code {
        "portrait-no-image" => (
            "Tệp ảnh chân dung không phải là ảnh",
            "Give a portrait as JPEG, PNG or JPEG 2000.",
            "Dùng ảnh chân dung dạng JPEG, PNG hoặc JPEG 2000.",
        ),
        "portrait-missing" => (
            "Hồ sơ không có ảnh chân dung",
            "Add the portrait: only the card of a child under six goes without.",
            "Thêm ảnh chân dung: chỉ thẻ của trẻ dưới 6 tuổi không có ảnh.",
        ),
        "portrait-too-large" => (
            "Tệp ảnh chân dung quá lớn",
            "Give a portrait file of at most 8 MiB.",
            "Dùng tệp ảnh chân dung không quá 8 MiB.",
        ),
        "portrait-unusable" => (
            "Ảnh chân dung không dùng được",
            "Take the portrait again: upright, 3 to 4, at least 240 × 320 pixels.",
            "Chụp lại ảnh: khổ đứng 3×4, ít nhất 240 × 320 điểm ảnh.",
        ),
        "prints-retake" => (
            "Vân tay phải lấy lại",
            "Take those fingers again as said, or accept them with a reason: --accept-prints; `issuer capture look FOLDER` tells each score.",
            "Lấy lại những ngón đó, hoặc nhận kèm lý do: --accept-prints; `issuer capture look FOLDER` cho điểm từng ngón.",
        ),
        "prints-missing" => (
            "Hồ sơ này có vân tay đã niêm phong, nhưng không được đưa ra ở đây",
            "Name the folder and what opens it: --captures and --capture-identity.",
            "Chỉ ra thư mục và khóa mở: --captures và --capture-identity.",
        ),
        "finger-unexplained" | "finger-contradiction" => (
            "Thiếu vân tay mà không có lý do, hoặc có cả hai",
            "Take ten fingers or the two index ones; say in missing.json why one cannot be taken: amputated, bandaged, deformed, worn-away.",
            "Lấy đủ mười ngón hoặc hai ngón trỏ; ghi lý do trong missing.json: amputated, bandaged, deformed, worn-away.",
        ),
        "print-unusable" | "print-resolution" | "iris-unusable" => (
            "Ảnh vân tay hoặc mống mắt không dùng được",
            "Prints are PNG of 500 pixels per inch, irises JPEG or JPEG 2000 of at most 16 kB.",
            "Vân tay là PNG 500 điểm một inch, mống mắt là JPEG hoặc JPEG 2000 không quá 16 kB.",
        ),
        "biometrics-too-young" => (
            "Không thu nhận sinh trắc học của trẻ dưới 6 tuổi",
            "Leave the portrait and --prints out: the law takes neither of a child under six.",
            "Bỏ ảnh chân dung và --prints: luật không thu nhận của trẻ dưới 6 tuổi.",
        ),
        "device-unreadable" | "missing-unreadable" => (
            "Không đọc được dữ liệu của thiết bị",
            "Check the folder that --prints names and missing.json in it.",
            "Kiểm tra thư mục sau --prints và tệp missing.json trong đó.",
        ),
        "capture-absent"
        | "capture-damaged"
        | "capture-unreadable"
        | "capture-other-identity"
        | "capture-key" => (
            "Không mở được vân tay đã niêm phong",
            "Check --captures, --capture-recipient and --capture-identity; what is lost is captured anew.",
            "Kiểm tra --captures, --capture-recipient và --capture-identity; nếu mất thì thu nhận lại.",
        ),
        "portrait-retake" => (
            "Ảnh phải chụp lại",
            "Take the picture again as said, or accept it with a reason: --accept-portrait; `issuer portrait` with --picture shows what was measured.",
            "Chụp lại theo nhận xét, hoặc nhận ảnh kèm lý do: --accept-portrait; `issuer portrait` với --picture cho thấy đã đo gì.",
        ),
        _ => return None,
    })
}
