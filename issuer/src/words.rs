//! What officers read, in Vietnamese and English: the sentences of failures by their codes, and the words of states,
//! reasons and grounds.

use cccd_card_profile::personalization::PersonalizationStep;
use cccd_population::card::CardStatus;

use crate::accounts::Role;
use crate::application::{Ground, Reason, State};
use crate::stock::{BlankState, Cause};

/// A language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Language {
    /// Tiếng Việt.
    #[default]
    Vi,
    /// English.
    En,
}

impl Language {
    /// One of two texts.
    #[must_use]
    pub fn say<'a>(self, vietnamese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Vi => vietnamese,
            Self::En => english,
        }
    }
}

/// Where an application stands.
#[must_use]
pub fn state(state: State, language: Language) -> &'static str {
    let vietnamese = match state {
        State::Received => "đã nhận",
        State::Checked => "đã đối chiếu",
        State::Captured => "chờ duyệt",
        State::Approved => "đã duyệt",
        State::Prepared => "đã chuẩn bị",
        State::Queued => "chờ in",
        State::Personalising => "đang ghi chíp",
        State::ReadBack => "đã đọc lại",
        State::Locked => "đã khóa chíp",
        State::Issued => "đã cấp",
        State::Delivered => "đã trả thẻ",
        State::Rejected => "đã từ chối",
        State::Spoiled => "hỏng phôi",
        State::InDoubt => "chưa rõ",
    };
    language.say(vietnamese, state.as_str())
}

/// What the register says of a card.
#[must_use]
pub fn card_status(status: CardStatus, language: Language) -> &'static str {
    let vietnamese = match status {
        CardStatus::Active => "đang dùng",
        CardStatus::Held => "đang bị giữ",
        CardStatus::Lost => "đã báo mất",
        CardStatus::Revoked => "đã thu hồi",
        CardStatus::Replaced => "đã được thay",
        CardStatus::Expired => "hết hạn",
        CardStatus::Destroyed => "đã hủy",
    };
    language.say(vietnamese, status.as_str())
}

/// Where a blank stands.
#[must_use]
pub fn blank_state(state: BlankState, language: Language) -> &'static str {
    let vietnamese = match state {
        BlankState::Expected => "chờ kiểm đếm",
        BlankState::InStock => "trong kho",
        BlankState::Assigned => "đang ghi",
        BlankState::Card => "đã thành thẻ",
        BlankState::Spoiled => "hỏng, chờ hủy",
        BlankState::Lost => "mất",
        BlankState::Destroyed => "đã hủy",
        BlankState::Sent => "đang chuyển",
        BlankState::HandedOver => "đã bàn giao",
    };
    language.say(vietnamese, state.as_str())
}

/// Why a blank is no card.
#[must_use]
pub fn cause(cause: Cause, language: Language) -> &'static str {
    let (vietnamese, english) = match cause {
        Cause::Damaged => ("gãy, cong, xước", "broken, bent, scratched"),
        Cause::Unreadable => ("chíp không trả lời", "the chip does not answer"),
        Cause::WrongKeys => ("sai khóa vận chuyển", "wrong transport keys"),
        Cause::Misprint => ("in hỏng", "misprinted"),
        Cause::PersonalisationFailed => ("ghi chíp không thành", "its personalisation failed"),
        Cause::Missing => ("không thấy trong gói hoặc trong tủ", "missing from the parcel or the cabinet"),
        Cause::Stolen => ("bị trộm", "stolen"),
        Cause::TurnedUp => ("tìm lại được", "turned up"),
        Cause::DestroyedByRule => ("hủy theo quy định", "destroyed by rule"),
        Cause::Other => ("khác, xem ghi chú", "other, see the note"),
    };
    language.say(vietnamese, english)
}

/// What happens to a card, by its stable word.
#[must_use]
pub fn card_change(name: &str, language: Language) -> &str {
    let (vietnamese, english) = match name {
        "lost" => ("báo mất", "reported lost"),
        "found" => ("tìm lại được, hủy thẻ", "found again and destroyed"),
        "hold" => ("giữ thẻ", "held"),
        "return" => ("trả lại thẻ", "given back"),
        "revoke" => ("thu hồi", "revoked"),
        "destroy" => ("hủy thẻ", "destroyed"),
        other => (other, other),
    };
    language.say(vietnamese, english)
}

/// What a reader does with a chip.
#[must_use]
pub fn step(step: PersonalizationStep, language: Language) -> &'static str {
    use PersonalizationStep as Step;
    let (vietnamese, english) = match step {
        Step::Select | Step::OpenChannel => ("mở kênh bảo mật tới chíp", "opening the channel to the chip"),
        Step::CreateFiles => ("tạo tệp", "creating the files"),
        Step::GenerateKeys => ("chíp sinh cặp khóa", "the chip makes its keys"),
        Step::SignSecurityObject => ("ký EF.SOD", "signing EF.SOD"),
        Step::WriteFiles => ("ghi dữ liệu", "writing the files"),
        Step::PutAccessKeys => ("ghi khóa truy cập", "writing the access keys"),
        Step::ReadBack => ("đọc lại như người dân", "reading back as a citizen would"),
        Step::ReplaceTransportKeys => ("thay khóa vận chuyển", "replacing the transport keys"),
        Step::Lock => ("khóa chíp", "locking the chip"),
        Step::ProbeLock => ("thử mọi lệnh ghi phải bị từ chối", "every write must be refused now"),
        _ => ("", ""),
    };
    language.say(vietnamese, english)
}

/// What was done, by the ledger's name of it.
#[must_use]
pub fn action(name: &str, language: Language) -> &str {
    let vietnamese = match name {
        "receive" => "nhận hồ sơ",
        "check" => "đối chiếu dữ liệu",
        "capture" => "thu nhận",
        "approve" => "duyệt",
        "prepare" => "chuẩn bị dữ liệu",
        "enqueue" => "xếp hàng",
        "personalise" => "gán phôi, ghi chíp",
        "sign" => "ký EF.SOD",
        "confirm-read-back" => "đọc lại đúng",
        "lock" => "khóa chíp",
        "issue" => "ghi vào cơ sở dữ liệu",
        "deliver" => "trả thẻ",
        "reject" => "từ chối",
        "spoil" => "bỏ phôi",
        "doubt" => "bị ngắt",
        "resume" => "ghi lại từ đầu",
        "find-locked" => "thấy chíp đã khóa",
        other => other,
    };
    language.say(vietnamese, name)
}

/// What an officer may do.
#[must_use]
pub fn role(role: Role, language: Language) -> &'static str {
    let (vietnamese, english) = match role {
        Role::Administrator => ("quản trị tài khoản", "keeps the accounts"),
        Role::Capture => ("thu nhận", "captures"),
        Role::Approve => ("duyệt", "approves"),
        Role::Personalise => ("in thẻ, ghi chíp", "personalises"),
        Role::Deliver => ("trả thẻ", "hands over"),
        Role::Stock => ("giữ phôi", "keeps the stock"),
        Role::Audit => ("kiểm tra nhật ký", "reads the audit log"),
    };
    language.say(vietnamese, english)
}

/// What an application is for.
#[must_use]
pub fn reason(reason: Reason, language: Language) -> &'static str {
    match reason {
        Reason::FirstIssue => language.say("cấp lần đầu", "first issue"),
        Reason::Exchange => language.say("cấp đổi", "exchange"),
        Reason::Reissue => language.say("cấp lại", "reissue"),
    }
}

/// The legal ground of an exchange or a reissue (Luật Căn cước 2023 art. 24).
#[must_use]
pub fn ground(ground: Ground, language: Language) -> &'static str {
    let (vietnamese, english) = match ground {
        Ground::Age => ("đến tuổi phải đổi", "an age was reached"),
        Ground::Particulars => ("thay đổi họ tên, ngày sinh", "name or date of birth changed"),
        Ground::Appearance => {
            ("thay đổi nhận dạng, ảnh, vân tay, giới tính", "appearance, biometrics or sex changed")
        }
        Ground::PrintedWrong => ("thẻ in sai", "printed wrong"),
        Ground::UnitsRearranged => ("sắp xếp đơn vị hành chính", "units of administration rearranged"),
        Ground::NumberEstablishedAnew => ("xác lập lại số định danh", "personal number established anew"),
        Ground::OnRequest => ("theo yêu cầu", "on request"),
        Ground::LostOrDamaged => ("bị mất hoặc hư hỏng", "lost or damaged beyond use"),
        Ground::NationalityRegained => ("được trở lại quốc tịch Việt Nam", "nationality regained"),
    };
    language.say(vietnamese, english)
}

/// Whether the Vietnamese sentence alone would hide what the officer needs: which field, which chip, which file.
#[must_use]
pub fn needs_detail(code: &str) -> bool {
    !matches!(
        code,
        "unknown-person"
            | "person-dead"
            | "person-missing"
            | "has-active-card"
            | "card-held"
            | "portrait-no-image"
            | "portrait-retake"
            | "no-card-in-use"
            | "not-a-number"
            | "stopped"
    )
}

/// For a code: what happened in Vietnamese, what to do in English and in Vietnamese.
#[expect(clippy::too_many_lines, reason = "a table of sentences")]
#[must_use]
pub fn of_failure(code: &str) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match code {
        "application-unreadable" => (
            "Không đọc được hồ sơ hoặc ảnh chân dung",
            "Check the path and that the file may be read; a portrait's path counts from the application file.",
            "Kiểm tra đường dẫn và quyền đọc tệp; đường dẫn ảnh tính từ thư mục của hồ sơ.",
        ),
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
        "application-malformed" => (
            "Hồ sơ không đúng mẫu",
            "Correct the application file; `issuer --help` shows a good one.",
            "Sửa tệp hồ sơ; `issuer --help` có ví dụ đúng.",
        ),
        "portrait-no-image" => (
            "Tệp ảnh chân dung không phải là ảnh",
            "Give a portrait as JPEG, PNG or JPEG 2000.",
            "Dùng ảnh chân dung dạng JPEG, PNG hoặc JPEG 2000.",
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
        "no-such-paper" => (
            "Hồ sơ ở trạng thái này không có giấy đó",
            "CC02 is for an application that goes on, CC03 for one that was refused; `issuer application show` tells which.",
            "CC02 dùng cho hồ sơ đang xử lý, CC03 cho hồ sơ bị từ chối; xem `issuer application show`.",
        ),
        "unknown-person" => (
            "Cơ sở dữ liệu dân cư không có số định danh này",
            "Check the number; if it is right, have the person's record added first (form DC01).",
            "Kiểm tra lại số; nếu đúng, cập nhật dân cư trước (mẫu DC01).",
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
        "register-refused" => (
            "Cơ sở dữ liệu dân cư từ chối",
            "Look at the card's status with `issuer card status`; the register allows only changes of the card's life.",
            "Xem trạng thái thẻ bằng `issuer card status`; chỉ được chuyển trạng thái theo vòng đời thẻ.",
        ),
        "unknown-card" => (
            "Cơ sở dữ liệu không có thẻ này",
            "Check the hash: 64 hexadecimal digits, as in card.json.",
            "Kiểm tra mã băm: 64 chữ số thập lục phân, như trong card.json.",
        ),
        "register-unreachable" => (
            "Không liên lạc được với cơ sở dữ liệu dân cư",
            "Start the register (`population serve`) or check --register, then run the same command again; nothing is lost.",
            "Khởi động dịch vụ (`population serve`) hoặc kiểm tra --register, rồi chạy lại lệnh; không mất gì.",
        ),
        "register-token" => (
            "Không dùng được mã truy cập cơ sở dữ liệu dân cư",
            "Give the token file with --register-token: a line issuer:TOKEN, mode 0600.",
            "Chỉ ra tệp mã bằng --register-token: một dòng issuer:TOKEN, quyền 0600.",
        ),
        "register-address" => (
            "Địa chỉ cơ sở dữ liệu không đúng",
            "Write --register sqlite:register.db, postgres://USER@HOST/DATABASE or http://127.0.0.1:8080.",
            "Viết --register sqlite:register.db, postgres://NGƯỜI_DÙNG@MÁY/CƠ_SỞ hoặc http://127.0.0.1:8080.",
        ),
        "other-application-open" => (
            "Người này còn một hồ sơ khác đang dở",
            "Run that application again with its chip, or give its chip up with `issuer spoil`.",
            "Chạy lại hồ sơ đó với đúng chíp của nó, hoặc loại chíp bằng `issuer spoil`.",
        ),
        "state-forbids" => (
            "Trạng thái hồ sơ không cho phép",
            "Look at the state named: what is issued, rejected or spoiled stays so.",
            "Xem trạng thái nêu trên: hồ sơ đã cấp, bị từ chối hoặc chíp hỏng thì không đổi nữa.",
        ),
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
        "disk-full" => (
            "Ổ đĩa đầy",
            "Free some space and run the same command again with the same chip; what was begun is resolved then.",
            "Giải phóng dung lượng rồi chạy lại lệnh với cùng chíp; phần dở dang sẽ được giải quyết.",
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
            "Leave --prints out: the law takes none of a child under six.",
            "Bỏ --prints: luật không thu nhận của trẻ dưới 6 tuổi.",
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
        "request-reused" => (
            "Mã yêu cầu này đã dùng cho việc khác",
            "Give every request a name of its own with --request.",
            "Đặt cho mỗi yêu cầu một mã riêng bằng --request.",
        ),
        "reason-missing" => ("Thiếu lý do", "Say why with --reason.", "Nêu lý do bằng --reason."),
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
            "Use at least 10 characters that are not the name.",
            "Dùng ít nhất 10 ký tự, không chứa tên tài khoản.",
        ),
        "holidays-unreadable" => (
            "Không đọc được danh sách ngày nghỉ",
            "Give a file with one day a line, like 2027-02-05.",
            "Dùng tệp mỗi dòng một ngày, như 2027-02-05.",
        ),
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
            "Compare the list with the delivery note: each serial enters the stock once.",
            "Đối chiếu danh sách với phiếu giao: mỗi số phôi chỉ nhập kho một lần.",
        ),
        "blank-unknown" => (
            "Kho không có phôi này",
            "Check the serial: 20 hexadecimal digits, as `issuer probe` shows it.",
            "Kiểm tra số phôi: 20 chữ số thập lục phân, như `issuer probe` hiện.",
        ),
        "delivery-known" => (
            "Phiếu giao hoặc lần chuyển này đã nhập rồi",
            "Look at `issuer stock reconcile`: a delivery enters once.",
            "Xem `issuer stock reconcile`: mỗi lần giao chỉ nhập một lần.",
        ),
        "delivery-unknown" => (
            "Không có phiếu giao hoặc lần chuyển này",
            "Receive the delivery note first (`issuer stock receive`), with the same supplier and name.",
            "Nhập phiếu giao trước (`issuer stock receive`), đúng tên nhà cung cấp và số phiếu.",
        ),
        "cause-missing" => {
            ("Thiếu lý do", "Give --cause, and --note or --photo.", "Nhập --cause, và --note hoặc --photo.")
        }
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
        "file-unreadable" => (
            "Không đọc được tệp",
            "Check the path and that the file may be read.",
            "Kiểm tra đường dẫn và quyền đọc tệp.",
        ),
        "no-register-key" => (
            "Không có khóa ký của cơ sở dữ liệu",
            "Run this where the register is kept: its key lies beside its file, or at --register-secrets PATH.",
            "Chạy ở nơi giữ cơ sở dữ liệu: khóa nằm cạnh tệp, hoặc chỉ ra bằng --register-secrets PATH.",
        ),
        "queue-stands" => (
            "Hàng đợi đang dừng",
            "Look at `issuer queue list`, correct the cause, and let it go on with `issuer queue resume`; then run the command again.",
            "Xem `issuer queue list`, khắc phục, cho chạy tiếp bằng `issuer queue resume`, rồi chạy lại lệnh.",
        ),
        "batch-not-done" => (
            "Còn hồ sơ trong lô chưa thành thẻ",
            "Look at results.jsonl: what waits is approved by another officer; then run the same command again.",
            "Xem results.jsonl: hồ sơ chờ thì giao người khác duyệt, rồi chạy lại đúng lệnh này.",
        ),
        "too-many-readers" => (
            "Quá nhiều đầu đọc",
            "Give at most sixteen readers; further ones belong to another host of the same ledger.",
            "Tối đa mười sáu đầu đọc; dùng thêm máy khác với cùng sổ.",
        ),
        "stock-differs" => (
            "Có phôi không ở đúng chỗ trong sổ",
            "Look for the blanks named; say what became of them with `issuer stock lose` or `issuer stock spoil`.",
            "Tìm các phôi nêu trên; ghi rõ bằng `issuer stock lose` hoặc `issuer stock spoil`.",
        ),
        _ => return None,
    })
}
