//! Failures of applications, and what stands between them and a card.

use super::Sentences;

pub(super) fn of(code: &str) -> Option<Sentences> {
    Some(match code {
        "application-unreadable" => (
            "Không đọc được hồ sơ hoặc ảnh chân dung",
            "Check the path and that the file may be read; a portrait's path counts from the application file.",
            "Kiểm tra đường dẫn và quyền đọc tệp; đường dẫn ảnh tính từ thư mục của hồ sơ.",
        ),
        "application-malformed" => (
            "Hồ sơ không đúng mẫu",
            "Correct the application file; `issuer --help` shows a good one.",
            "Sửa tệp hồ sơ; `issuer --help` có ví dụ đúng.",
        ),
        "no-such-paper" => (
            "Hồ sơ ở trạng thái này không có giấy đó",
            "CC02 is for an application that goes on, CC03 for one that was refused; `issuer application show` tells which.",
            "CC02 dùng cho hồ sơ đang xử lý, CC03 cho hồ sơ bị từ chối; xem `issuer application show`.",
        ),
        "unknown-person" => (
            "Cơ sở dữ liệu dân cư không có số định danh này",
            "Check the number. One that has ended is followed by another, which `population show NUMBER` names. If it is right, have the person's record added first (form DC01).",
            "Kiểm tra lại số. Số đã hủy có số thay thế, xem `population show SỐ`. Nếu số đúng, cập nhật dân cư trước (mẫu DC01).",
        ),
        "two-papers" => (
            "Giấy tờ khác của người này không khớp với cơ sở dữ liệu dân cư; đã chuyển thành vụ việc để xem xét",
            "The register has it as a case now (`population cases list`): have it decided there, then take the application in again.",
            "Vụ việc đã mở trong cơ sở dữ liệu dân cư (`population cases list`): giải quyết xong rồi tiếp nhận lại hồ sơ.",
        ),
        "not-represented" => (
            "Người dưới 14 tuổi phải có người đại diện",
            "Name father, mother or legal representative in the application (`representative`).",
            "Ghi cha, mẹ hoặc người đại diện hợp pháp vào hồ sơ (`representative`).",
        ),
        "no-representative" => (
            "Người đại diện không phải cha, mẹ hoặc người đại diện theo cơ sở dữ liệu dân cư",
            "Check number and name; if they are right, have the register corrected first (form DC02).",
            "Kiểm tra số và họ tên; nếu đúng, đề nghị điều chỉnh dân cư trước (mẫu DC02).",
        ),
        "person-dead" => (
            "Cơ sở dữ liệu dân cư ghi người này đã chết",
            "If that is wrong, have the register corrected first; no card is issued meanwhile.",
            "Nếu sai, phải đính chính dữ liệu dân cư trước; chưa cấp thẻ.",
        ),
        "person-missing" => (
            "Cơ sở dữ liệu dân cư ghi người này mất tích",
            "If the person is here, have the register corrected first; no card is issued meanwhile.",
            "Nếu người này có mặt, phải đính chính dữ liệu dân cư trước; chưa cấp thẻ.",
        ),
        "differs-from-register" => (
            "Hồ sơ khác với cơ sở dữ liệu dân cư",
            "Resolve the fields named with the applicant: correct the application, or the register first (form DC01).",
            "Đối chiếu các trường nêu trên với công dân: sửa hồ sơ, hoặc cập nhật dân cư trước (mẫu DC01).",
        ),
        "has-active-card" => (
            "Số định danh này đang có thẻ còn hiệu lực",
            "Apply for an exchange or a reissue (\"reason\": \"exchange\" or \"reissue\"), which replaces that card.",
            "Lập hồ sơ đổi hoặc cấp lại (\"reason\": \"exchange\" hoặc \"reissue\") để thay thẻ đó.",
        ),
        "not-a-citizen" => (
            "Cơ sở dữ liệu dân cư ghi người này mang quốc tịch khác",
            "Cards are for citizens; if nationality was regained, have that act registered first.",
            "Thẻ chỉ cấp cho công dân; nếu đã trở lại quốc tịch Việt Nam, đăng ký việc đó trước.",
        ),
        "had-a-card" => (
            "Người này đã từng được cấp thẻ: không phải cấp lần đầu",
            "Choose a reissue, on the ground that applies.",
            "Chọn cấp lại, với căn cứ đúng.",
        ),
        "nothing-to-exchange" => (
            "Người này không có thẻ để đổi",
            "Choose a reissue if the card is lost or damaged, a first issue if there never was one.",
            "Chọn cấp lại nếu thẻ đã mất hoặc hỏng; nếu chưa từng có thẻ, chọn cấp lần đầu.",
        ),
        "never-had-a-card" => (
            "Người này chưa từng được cấp thẻ: không phải cấp lại",
            "Choose a first issue.",
            "Chọn cấp lần đầu.",
        ),
        "card-held" => (
            "Thẻ của người này đang bị giữ",
            "End the holding first (`issuer card return`), if the authority that holds the card agrees.",
            "Kết thúc việc giữ thẻ trước (`issuer card return`), nếu cơ quan giữ thẻ đồng ý.",
        ),
        "sex-unspecified" | "dates-contradict" | "name-not-writable" => (
            "Dữ liệu dân cư không đủ để cấp thẻ",
            "Have the person's record corrected in the register first (form DC01).",
            "Cập nhật dữ liệu dân cư trước (mẫu DC01).",
        ),
        "other-application-open" => (
            "Người này còn một hồ sơ khác đang dở",
            "Finish that one first (`issuer application list`): approve, make or refuse it; with a chip in work, run it again with its chip or give the chip up with `issuer spoil`.",
            "Xong hồ sơ đó trước (`issuer application list`): duyệt, in hoặc từ chối; nếu chíp đang làm dở, chạy lại với đúng chíp đó hoặc loại chíp bằng `issuer spoil`.",
        ),
        "state-forbids" => (
            "Trạng thái hồ sơ không cho phép",
            "Look at the state named: what is issued, rejected or spoiled stays so.",
            "Xem trạng thái nêu trên: hồ sơ đã cấp, bị từ chối hoặc chíp hỏng thì không đổi nữa.",
        ),
        "not-a-number" => (
            "Số định danh phải có 12 chữ số",
            "Give all 12 digits with --number.",
            "Nhập đủ 12 chữ số sau --number.",
        ),
        "no-card-in-use" => (
            "Người này không có thẻ đang dùng",
            "Name another card of this person by --sod-sha256.",
            "Chỉ ra thẻ khác của người này bằng --sod-sha256.",
        ),
        "request-answered" => (
            "Yêu cầu này đã được trả lời; hồ sơ của nó đã kết thúc",
            "Look at the application named (`issuer application show`); a new one takes another --request.",
            "Xem hồ sơ nêu trên (`issuer application show`); hồ sơ mới cần mã --request khác.",
        ),
        "card-not-active" => (
            "Thẻ này không còn dùng được",
            "Do not hand it over. Look at the card's life; if need be, take an application for another one in.",
            "Không trả thẻ này. Xem vòng đời của thẻ; nếu cần, tiếp nhận hồ sơ cấp lại.",
        ),
        "approval-missing" => (
            "Hồ sơ chờ cán bộ khác duyệt",
            "Have another officer approve it: `issuer application approve`; then run the same command again.",
            "Đề nghị cán bộ khác duyệt: `issuer application approve`, rồi chạy lại lệnh.",
        ),
        "same-officer" => (
            "Người tiếp nhận không được duyệt hồ sơ của mình",
            "Have an officer approve it who did not capture it.",
            "Đề nghị cán bộ khác, không phải người tiếp nhận, duyệt hồ sơ.",
        ),
        "changed-since-capture" => (
            "Dữ liệu dân cư về người này đã đổi sau khi thu nhận; hồ sơ bị trả lại",
            "Take the application in again and have it approved again: what was approved is not what would be printed.",
            "Tiếp nhận và duyệt lại hồ sơ: nội dung đã duyệt không còn là nội dung sẽ in.",
        ),
        "unknown-application" => (
            "Sổ cấp thẻ không có hồ sơ này",
            "Look at `issuer application list` for its number.",
            "Xem số hồ sơ bằng `issuer application list`.",
        ),
        "application-not-open" => (
            "Sổ cấp thẻ không có hồ sơ đang mở đúng với tệp này",
            "Take this very file in first (`issuer application receive`), or name the application by --id.",
            "Tiếp nhận đúng tệp này trước (`issuer application receive`), hoặc chỉ ra hồ sơ bằng --id.",
        ),
        "issued-already" => (
            "Thẻ theo đúng hồ sơ này đã được cấp",
            "Look at the application named (`issuer application show`). For another exchange, take a new application in (`issuer application receive`).",
            "Xem hồ sơ nêu trên (`issuer application show`). Nếu đổi thẻ lần nữa, tiếp nhận hồ sơ mới (`issuer application receive`).",
        ),
        "request-reused" => (
            "Mã yêu cầu này đã dùng cho việc khác",
            "Give every request a name of its own with --request.",
            "Đặt cho mỗi yêu cầu một mã riêng bằng --request.",
        ),
        "reason-missing" => ("Thiếu lý do", "Say why with --reason.", "Nêu lý do bằng --reason."),
        "holidays-unreadable" => (
            "Không đọc được danh sách ngày nghỉ",
            "Give a file with one day a line, like 2027-02-05.",
            "Dùng tệp mỗi dòng một ngày, như 2027-02-05.",
        ),
        "batch-not-done" => (
            "Còn hồ sơ trong lô chưa thành thẻ",
            "Look at results.jsonl: what waits is approved by another officer, what was refused is corrected in its row; then run the same command again.",
            "Xem results.jsonl: hồ sơ chờ thì giao người khác duyệt, dòng bị từ chối thì sửa lại; rồi chạy lại đúng lệnh này.",
        ),
        _ => return None,
    })
}
