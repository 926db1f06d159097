//! Failures of the machine: files, disk, network, fonts.

use super::Sentences;

pub(super) fn of(code: &str) -> Option<Sentences> {
    Some(match code {
        "not-loopback" => (
            "Địa chỉ này mở ra ngoài máy",
            "Use 127.0.0.1, or add --allow-non-loopback behind something that speaks TLS.",
            "Dùng 127.0.0.1, hoặc thêm --allow-non-loopback sau một máy chủ TLS.",
        ),
        "listen" => (
            "Không mở được quầy ở địa chỉ này",
            "Choose another port with --listen, or end the program that uses it.",
            "Chọn cổng khác bằng --listen, hoặc tắt chương trình đang dùng cổng đó.",
        ),
        "disk-full" => (
            "Ổ đĩa đầy",
            "Free some space and run the same command again with the same chip; what was begun is resolved then.",
            "Giải phóng dung lượng rồi chạy lại lệnh với cùng chíp; phần dở dang sẽ được giải quyết.",
        ),
        "file-exists" => (
            "Đã có tệp hoặc thư mục mang tên này; không ghi đè",
            "Give a name that is not there yet, or move away what is: nothing is written over a file, and nothing was done.",
            "Dùng tên chưa có, hoặc chuyển tệp cũ đi nơi khác: không ghi đè tệp nào, và chưa làm gì.",
        ),
        "output-unwritable" => (
            "Không ghi được vào thư mục kết quả",
            "Give a folder that may be written with --out; no chip was touched.",
            "Chỉ ra thư mục ghi được bằng --out; chưa ghi gì vào chíp.",
        ),
        "issued-without-files" => (
            "Thẻ đã cấp nhưng chưa lưu được các tệp",
            "The card is good and recorded; look the faces' folder over and print them from the register.",
            "Thẻ đã hợp lệ và đã ghi nhận; kiểm tra thư mục kết quả rồi in lại mặt thẻ.",
        ),
        "text-does-not-fit" => (
            "Nội dung quá dài, không in đủ lên thẻ",
            "Agree on a shorter form of that field in the register; nothing is cut silently.",
            "Thống nhất cách ghi ngắn hơn trong dữ liệu dân cư; không tự cắt bớt.",
        ),
        "no-font" => (
            "Máy chưa có phông chữ để in thẻ",
            "Install a font for Vietnamese (Debian: fonts-dejavu-core, fonts-ocr-b).",
            "Cài phông chữ (Debian: fonts-dejavu-core, fonts-ocr-b).",
        ),
        "file-unreadable" => (
            "Không đọc được tệp",
            "Check the path and that the file may be read.",
            "Kiểm tra đường dẫn và quyền đọc tệp.",
        ),
        _ => return None,
    })
}
