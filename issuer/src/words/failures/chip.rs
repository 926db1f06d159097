//! Failures of chips, readers and the keys behind them.

use super::Sentences;

pub(super) fn of(code: &str) -> Option<Sentences> {
    Some(match code {
        "card-lost" => (
            "Mất liên lạc với chíp",
            "Lay the chip flat on the reader, leave it there and run the command again.",
            "Đặt chíp nằm phẳng trên đầu đọc, giữ yên và chạy lại.",
        ),
        "chip-keys" => (
            "Chíp không có khóa vận chuyển mà trạm này biết",
            "Do not try again: wrong tries lock a chip. Use a blank of this station's stock, or the right --keys.",
            "Không thử lại: thử sai nhiều lần chíp sẽ khóa. Dùng phôi của trạm này, hoặc đúng --keys.",
        ),
        "no-blank-of-ours" => (
            "Chíp này không phải phôi thẻ căn cước",
            "Lay a blank of this station's stock on the reader.",
            "Đặt phôi của trạm lên đầu đọc.",
        ),
        "no-signer-of-pool" => (
            "Không có Document Signer nào được ký thẻ này lúc này",
            "Have a Document Signer made for these cards: `keys ds new --pool dated`, or `--pool no-expiry` (its CSCA first).",
            "Tạo Document Signer cho nhóm thẻ này: `keys ds new --pool dated` hoặc `--pool no-expiry` (cần CSCA của nhóm trước).",
        ),
        "count-turned-back" => (
            "Số đếm chữ ký của một Document Signer bị vặn ngược so với nhật ký đã ký",
            "Issue nothing and tell those who keep the keys: somebody wrote into the key store.",
            "Ngừng cấp thẻ và báo cho người giữ khóa: có người đã ghi vào kho khóa.",
        ),
        "count-damaged" => (
            "Số đếm chữ ký của Document Signer bị mất hoặc hỏng",
            "Have another Document Signer made: `keys ds erase`, then `keys ds new`.",
            "Tạo Document Signer khác: `keys ds erase`, rồi `keys ds new`.",
        ),
        "crl-lost" => (
            "Kho khóa mất CRL mới nhất, không còn biết Document Signer nào đã bị thu hồi",
            "Have the list's file put back into the key store, from a backup or a trust folder; then run the command again.",
            "Đặt lại tệp danh sách vào kho khóa, từ bản sao lưu hoặc thư mục trust; rồi chạy lại lệnh.",
        ),
        "clock-behind" => (
            "Đồng hồ của trạm sớm hơn mục mới nhất của nhật ký kho khóa",
            "Set this machine's clock; if it is right, those who keep the keys record that the log is ahead: `keys log correct-clock`.",
            "Chỉnh đồng hồ của máy; nếu đồng hồ đúng, người giữ khóa ghi nhận nhật ký đi trước bằng `keys log correct-clock`.",
        ),
        "laboratory-only" => (
            "Loại phôi này chỉ dùng trong phòng thí nghiệm",
            "For a citizen use a blank of this station's stock; for a test add --lab, with a register and keys of the laboratory.",
            "Thẻ cho công dân phải dùng phôi của trạm; để thử nghiệm thêm --lab, với dữ liệu và khóa thí nghiệm.",
        ),
        "production-keys" => (
            "Kho khóa thật chỉ dùng để cấp thẻ cho công dân",
            "Use blanks of the station in a real reader, without --lab; for trials make a laboratory's key store.",
            "Dùng phôi của trạm trong đầu đọc thật, không có --lab; để thử nghiệm hãy tạo kho khóa thí nghiệm.",
        ),
        "no-chip-serial" => (
            "Chíp JMRTD không có số sê-ri",
            "Give the name that the laboratory wrote on the card: --chip-serial and 20 hexadecimal digits.",
            "Nhập tên chíp ghi trên thẻ: --chip-serial và 20 chữ số thập lục phân.",
        ),
        "no-virtual-jmrtd" => (
            "Chíp ảo không có ứng dụng JMRTD",
            "Lay a Java Card with the applet on a reader and name it with --reader.",
            "Đặt thẻ Java Card có ứng dụng đó lên đầu đọc và chỉ ra bằng --reader.",
        ),
        "chip-not-blank" => (
            "Chíp không trắng",
            "Take another blank; `issuer probe` tells what this chip is.",
            "Lấy phôi khác; `issuer probe` cho biết chíp này là gì.",
        ),
        "chip-used" => (
            "Chíp này đã dùng cho hồ sơ khác",
            "Take another blank; a chip's serial is used once. If its application was interrupted, run that again.",
            "Lấy phôi khác; mỗi chíp chỉ dùng một lần. Nếu hồ sơ của nó bị ngắt, hãy chạy lại hồ sơ đó.",
        ),
        "other-chip" => (
            "Hồ sơ này đang dở trên chíp khác",
            "Lay the chip named first on the reader, or give it up with `issuer spoil`.",
            "Đặt đúng chíp nêu trước lên đầu đọc, hoặc loại nó bằng `issuer spoil`.",
        ),
        "in-doubt" => (
            "Thẻ chưa hoàn thành",
            "Lay the same chip on the reader and run the same command again: the chip is asked how far it came.",
            "Đặt lại đúng chíp đó và chạy lại lệnh: chương trình sẽ hỏi chíp đã ghi đến đâu.",
        ),
        "stopped" => (
            "Đã dừng ở điểm an toàn, thẻ chưa hoàn thành",
            "Run the same command again with the same chip to finish the card.",
            "Chạy lại lệnh với cùng chíp để hoàn thành thẻ.",
        ),
        "chip-spoiled" => (
            "Chíp hỏng, đã ghi vào sổ",
            "Put the chip aside as spoiled, take another blank and run the command again.",
            "Để riêng chíp hỏng, lấy phôi khác và chạy lại lệnh.",
        ),
        "no-passphrase" => (
            "Không đọc được mật khẩu kho khóa",
            "Give the file with --passphrase-file or CCCD_KEYS_PASSPHRASE_FILE.",
            "Chỉ ra tệp bằng --passphrase-file hoặc CCCD_KEYS_PASSPHRASE_FILE.",
        ),
        "virtual-chip" => (
            "Không dùng được tệp trạng thái của chíp ảo",
            "Give another folder with --out; an interrupted card keeps its chip in chip.json there.",
            "Chọn thư mục khác bằng --out; thẻ dở dang giữ chíp trong chip.json ở đó.",
        ),
        "chip-not-in-ledger" => (
            "Sổ cấp thẻ không có chíp này",
            "Check the serial and --ledger.",
            "Kiểm tra số sê-ri và --ledger.",
        ),
        _ => return None,
    })
}
