//! What states, reasons, grounds, roles and steps are called.

use cccd_card_profile::personalization::PersonalizationStep;
use cccd_population::card::CardStatus;

use super::Language;
use crate::accounts::Role;
use crate::application::{Ground, Reason, State};
use crate::capture::Eye;
use crate::fingerprint::{Finger, MissingReason};
use crate::stock::{BlankState, Cause};

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

/// A difference or an open thing of the stock, by its stable word.
#[must_use]
pub fn stock_difference(language: Language, word: &str) -> &str {
    match word {
        "not-counted" => language.say("chưa kiểm đếm", "not counted"),
        "not-found" => language.say("đã kiểm đếm, không thấy", "looked for and not found"),
        "not-received" => language.say("bên nhận không thấy", "not found where it was sent to"),
        "signed-for-elsewhere" => language.say(
            "có trong sổ ở đây, bên nhận cũng ký là có",
            "in the books here, and the receiver signed for it",
        ),
        "surplus" => language
            .say("đếm thừa: có ở đây, không danh sách nào nêu", "found here by a count, and on no list"),
        "on-the-way" => language.say("đang chuyển", "on the way"),
        "lost" => language.say("mất", "lost"),
        "to-destroy" => language.say("hỏng, chờ hủy", "spoiled, to be destroyed"),
        "not-in-cabinet" => language.say("không có trong tủ", "not in the cabinet"),
        "not-expected-in-cabinet" => {
            language.say("có trong tủ, sổ ghi khác", "in the cabinet, the books say otherwise")
        }
        "assigned-without-work" => {
            language.say("ghi là đang dùng, hồ sơ không ghi chíp", "assigned, and no card is made of it")
        }
        "card-not-issued" => {
            language.say("ghi là thẻ, hồ sơ chưa cấp", "a card, and its application is not issued")
        }
        "chip-used-from-stock" => {
            language.say("đã dùng, sổ ghi còn trong kho", "used, and the books have it in stock")
        }
        "card-without-blank" => {
            language.say("thẻ làm từ phôi ngoài sổ", "a card of a blank that is in no book")
        }
        other => other,
    }
}

/// What the books say beside a difference: a state, an application, or somebody's own words.
#[must_use]
pub fn stock_detail(language: Language, detail: &str) -> String {
    if let Some(state) = BlankState::ALL.into_iter().find(|state| state.as_str() == detail) {
        return blank_state(state, language).to_owned();
    }
    match detail.strip_prefix("application ") {
        Some(id) => format!("{} {id}", language.say("hồ sơ", "application")),
        None if detail == "unknown" => language.say("sổ không có", "the books do not know it").to_owned(),
        None => detail.to_owned(),
    }
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

/// Where the law gives a ground, as each language cites it: `art. 24(1)(đ)`, `Điều 24 khoản 1 điểm đ`.
#[must_use]
pub fn clause(ground: Ground, language: Language) -> String {
    let english = ground.clause();
    let parts =
        english.strip_prefix("art. ").map(|rest| rest.split(['(', ')']).filter(|part| !part.is_empty()));
    match (language, parts) {
        (Language::Vi, Some(parts)) => {
            let named =
                ["Điều", "khoản", "điểm"].iter().zip(parts).map(|(name, part)| format!("{name} {part}"));
            named.collect::<Vec<_>>().join(" ")
        }
        _ => english.to_owned(),
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

/// A finger.
#[must_use]
pub fn finger(finger: Finger, language: Language) -> &'static str {
    let english = match finger {
        Finger::RightThumb => "right thumb",
        Finger::RightIndex => "right index finger",
        Finger::RightMiddle => "right middle finger",
        Finger::RightRing => "right ring finger",
        Finger::RightLittle => "right little finger",
        Finger::LeftThumb => "left thumb",
        Finger::LeftIndex => "left index finger",
        Finger::LeftMiddle => "left middle finger",
        Finger::LeftRing => "left ring finger",
        Finger::LeftLittle => "left little finger",
    };
    language.say(finger.vietnamese(), english)
}

/// Why there is no print of a finger.
#[must_use]
pub fn missing_finger(reason: MissingReason, language: Language) -> &'static str {
    let english = match reason {
        MissingReason::Amputated => "amputated",
        MissingReason::Bandaged => "bandaged",
        MissingReason::Deformed => "deformed",
        MissingReason::WornAway => "ridges worn away",
    };
    language.say(reason.vietnamese(), english)
}

/// An eye.
#[must_use]
pub fn eye(eye: Eye, language: Language) -> &'static str {
    let english = match eye {
        Eye::Right => "right eye",
        Eye::Left => "left eye",
    };
    language.say(eye.vietnamese(), english)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_is_cited_as_each_language_does() {
        assert_eq!(clause(Ground::UnitsRearranged, Language::Vi), "Điều 24 khoản 1 điểm đ");
        assert_eq!(clause(Ground::UnitsRearranged, Language::En), "art. 24(1)(đ)");
        for ground in Ground::ALL {
            assert!(clause(ground, Language::Vi).starts_with("Điều 24 khoản "), "{ground}");
        }
    }
}
