//! The same in Vietnamese, for every program's messages.

/// For a code: what happened, and what to do.
#[must_use]
pub const fn vietnamese(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code.as_bytes() {
        b"token-module" => (
            "không dùng được thư viện PKCS#11",
            "chỉ đúng thư viện của nhà cung cấp bằng --pkcs11 và kiểm tra cấu hình của nó",
        ),
        b"token-missing" => {
            ("không tìm thấy thiết bị khoá mang nhãn này", "cắm thiết bị, hoặc chọn nhãn khác bằng --token")
        }
        b"token-ambiguous" => (
            "nhiều thiết bị khoá mang cùng một nhãn",
            "đặt nhãn riêng cho từng thiết bị; chương trình không đoán",
        ),
        b"token-other" => {
            ("đây không phải thiết bị khoá của kho này", "cắm đúng thiết bị đã dùng khi tạo kho khoá")
        }
        b"token-pin-wrong" => ("mã PIN của thiết bị khoá sai", "đưa đúng mã PIN bằng --pin-file; đừng đoán"),
        b"token-pin-last-try" => (
            "thiết bị khoá chỉ còn một lần thử PIN; chương trình chưa dùng lần đó",
            "kiểm tra chắc chắn mã PIN rồi thêm --spend-last-pin-try; nếu sai, thiết bị sẽ khoá",
        ),
        b"token-pin-locked" => {
            ("mã PIN của thiết bị khoá đã bị khoá", "nhờ cán bộ an ninh của thiết bị đặt mã PIN mới")
        }
        b"token-pin-unusable" => {
            ("mã PIN này không dùng được", "nhờ cán bộ an ninh của thiết bị đặt mã PIN, hoặc kiểm tra độ dài")
        }
        b"token-unsupported" => (
            "thiết bị khoá thiếu thuật toán cần dùng",
            "dùng thiết bị khác, hoặc --profile khác cho kho khoá mới",
        ),
        b"token-no-key" => (
            "thiết bị khoá không có khoá này",
            "cắm thiết bị giữ khoá này, hoặc khôi phục khoá từ bản sao lưu",
        ),
        b"token-key-exists" => {
            ("thiết bị khoá đã có đối tượng mang mã này", "chưa có gì thay đổi; chạy lại lệnh")
        }
        b"token-garbage" => (
            "thiết bị khoá trả lời sai",
            "chưa có gì được cấp bằng câu trả lời đó; ngừng dùng thiết bị và cho kiểm tra",
        ),
        b"token-lost" => (
            "mất liên lạc với thiết bị khoá",
            "cắm lại thiết bị rồi chạy lại lệnh; chương trình làm tiếp từ chỗ dừng",
        ),
        b"token-refuses" => ("thiết bị khoá từ chối", "xem nhật ký của thiết bị; chưa có gì được cấp"),
        b"token-not-hardware" => (
            "thiết bị khoá này là phần mềm",
            "khoá thật phải nằm trong thiết bị phần cứng; chỉ dùng thiết bị phần mềm cho kho thử nghiệm",
        ),
        b"token-not-named" => (
            "khoá của kho này nằm trong thiết bị khoá",
            "chỉ thư viện bằng --pkcs11 và mã PIN bằng --pin-file",
        ),
        b"not-in-token" => {
            ("khoá của kho này là tệp, không nằm trong thiết bị khoá", "bỏ --pkcs11, hoặc chỉ đúng thư mục")
        }
        b"no-pin" => {
            ("không đọc được mã PIN", "chỉ tệp bằng --pin-file hoặc CCCD_KEYS_PIN_FILE; - là đầu vào chuẩn")
        }
        b"software-in-production" => (
            "kho khoá thật không nhận khoá phần mềm",
            "chỉ thiết bị khoá bằng --pkcs11 và --token, hoặc tạo kho thử nghiệm",
        ),
        b"synthetic-names" => {
            ("kho khoá thật cần tên thật của cơ quan", "thêm --organization và --domain của cơ quan cấp")
        }
        b"stays-in-token" => {
            ("khoá riêng này không rời thiết bị khoá", "để trạm tự tạo khoá và xin cấp chứng thư")
        }
        b"signing-failed" => ("khoá không ký được", "thử lại; chưa có gì được cấp"),
        _ => return None,
    })
}
