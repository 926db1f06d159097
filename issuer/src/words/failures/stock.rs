//! Failures of blanks in stock and the queue that uses them.

use super::Sentences;

pub(super) fn of(code: &str) -> Option<Sentences> {
    Some(match code {
        "not-in-stock" => (
            "Phôi này không có trong kho",
            "Take a blank that is in stock (`issuer stock list --state in-stock`), or receive its delivery note first.",
            "Lấy phôi có trong kho (`issuer stock list --state in-stock`), hoặc nhập phiếu giao phôi trước.",
        ),
        "blank-state-forbids" => (
            "Trạng thái phôi không cho phép",
            "Look at the blank with `issuer stock show`; a chip in work is given up with `issuer spoil`.",
            "Xem phôi bằng `issuer stock show`; chíp đang ghi thì loại bằng `issuer spoil`.",
        ),
        "blank-known" => (
            "Số phôi bị trùng",
            "Compare the list with the delivery note: each serial enters the stock once. See where it is: `issuer stock show`.",
            "Đối chiếu danh sách với phiếu giao: mỗi số phôi chỉ nhập kho một lần. Xem phôi đang ở đâu: `issuer stock show`.",
        ),
        "blank-held" => (
            "Danh sách nêu một phôi mà sổ ở đây ghi khác",
            "If it is on the way from here, enter that transport's receipt first (`issuer stock acknowledge`), then this list again. \
             Otherwise look at the blank (`issuer stock show`) and take the others: accept the list with `--serials` and without it.",
            "Nếu phôi đang trên đường từ đây đi: nhập biên nhận của lần chuyển đó trước (`issuer stock acknowledge`), rồi nhận lại \
             danh sách này. Nếu không: xem phôi (`issuer stock show`) và nhận các phôi khác bằng `--serials`, không có phôi này.",
        ),
        "stock-document-future" => (
            "Danh sách ghi giờ ký chưa tới",
            "Compare both stations' clocks. If the other one is wrong, have it take the transport back and send it again with the right time.",
            "So đồng hồ của hai máy trạm. Nếu máy kia sai, đề nghị bên gửi nhận lại chuyến đó rồi gửi lại khi giờ đã đúng.",
        ),
        "blank-not-claimed" => (
            "Không có biên nhận nào của lần chuyển này nói bên nhận có phôi đó, và không lần đếm nào thấy thừa phôi đó",
            "Look at `issuer stock reconcile`: what both stations say they have, or was found too much, stands there with its transport or note.",
            "Xem `issuer stock reconcile`: phôi mà cả hai trạm đều ghi là có, hoặc đếm thừa, đứng ở đó, kèm lần chuyển hoặc phiếu.",
        ),
        "blank-unknown" => (
            "Kho không có phôi này",
            "Check the serial: 20 hexadecimal digits, as `issuer probe` shows it.",
            "Kiểm tra số phôi: 20 chữ số thập lục phân, như `issuer probe` hiện.",
        ),
        "stock-by-list" => (
            "Phôi này do trạm khác gửi",
            "Accept its signed list again with the serials that turned up (`issuer stock accept --list … --serials …`): the sender then gets a receipt for them.",
            "Nhận lại theo danh sách đã ký, kèm các số phôi mới tìm thấy (`issuer stock accept --list … --serials …`): bên gửi sẽ có biên nhận.",
        ),
        "delivery-known" => (
            "Phiếu giao hoặc lần chuyển này đã nhập rồi",
            "Look at `issuer stock reconcile`: a delivery enters once. The signed list or receipt is given out again by `issuer stock paper`.",
            "Xem `issuer stock reconcile`: mỗi lần giao chỉ nhập một lần. Lấy lại danh sách hoặc biên nhận đã ký bằng `issuer stock paper`.",
        ),
        "delivery-unknown" => (
            "Không có phiếu giao hoặc lần chuyển này",
            "Receive the delivery note first (`issuer stock receive`), with the same supplier and name.",
            "Nhập phiếu giao trước (`issuer stock receive`), đúng tên nhà cung cấp và số phiếu.",
        ),
        "cause-missing" => {
            ("Thiếu lý do", "Give --cause, and --note or --photo.", "Nhập --cause, và --note hoặc --photo.")
        }
        "photo-unreadable" => (
            "Tệp ảnh không phải ảnh JPEG hoặc PNG",
            "Give the photo as the camera made it, JPEG or PNG; the ledger keeps its digest.",
            "Dùng tệp ảnh JPEG hoặc PNG như máy ảnh đã lưu; sổ giữ mã băm của tệp.",
        ),
        "serials-unreadable" => (
            "Danh sách số phôi không đúng mẫu",
            "Give a file with one serial of 20 hexadecimal digits a line.",
            "Dùng tệp mỗi dòng một số phôi, 20 chữ số thập lục phân.",
        ),
        "stock-document" | "stock-document-foreign" => (
            "Danh sách hoặc biên nhận không dùng được",
            "Use the file that the other station signed for this one, and that station's public key.",
            "Dùng tệp do trạm kia ký cho trạm này, cùng khóa công khai của trạm đó.",
        ),
        "queue-stands" => (
            "Hàng đợi đang dừng",
            "Look at `issuer queue list`, correct the cause, and let it go on with `issuer queue resume`; then run the command again.",
            "Xem `issuer queue list`, khắc phục, cho chạy tiếp bằng `issuer queue resume`, rồi chạy lại lệnh.",
        ),
        "reader-stands" => (
            "Có đầu đọc đang dừng, phôi nằm trong đó phải chờ",
            "Look at `issuer queue list`, correct the cause, and let it go on with `issuer queue resume --reader NAME`; then run the command again.",
            "Xem `issuer queue list`, khắc phục, cho chạy tiếp bằng `issuer queue resume --reader TÊN`, rồi chạy lại lệnh.",
        ),
        "too-many-readers" => (
            "Quá nhiều đầu đọc",
            "Give at most sixteen readers; further ones belong to another host of the same ledger.",
            "Tối đa mười sáu đầu đọc; dùng thêm máy khác với cùng sổ.",
        ),
        "count-differs" => (
            "Số phôi đếm được khác với danh sách",
            "What agrees is booked. Look for what is missing; what is not found is noted with a cause (`issuer stock lose`), here and at the station that sent it.",
            "Phôi khớp đã vào sổ. Tìm phôi thiếu; không thấy thì ghi lý do bằng `issuer stock lose`, ở đây và ở trạm đã gửi.",
        ),
        "stock-differs" => (
            "Có phôi không ở đúng chỗ trong sổ",
            "Look for the blanks named; say what became of them with `issuer stock lose` or `issuer stock spoil`, and of what two stations say they have, or was found too much, with `issuer stock settle`.",
            "Tìm các phôi nêu trên; ghi rõ bằng `issuer stock lose` hoặc `issuer stock spoil`; phôi mà hai trạm cùng ghi là có, hoặc đếm thừa, thì làm rõ bằng `issuer stock settle`.",
        ),
        _ => return None,
    })
}
