//! What happened, in Vietnamese: every error of the library that a command can meet. English is the library's own text.

use std::error::Error;
use std::io;

use cccd_card_profile::personal_number::NotAPersonalNumber;
use cccd_keys::store::{PassphraseError, StoreError as KeyStoreError};
use cccd_population::backup::BackupError;
use cccd_population::card::{CardStatus, ForbiddenChange, NotASodDigest};
use cccd_population::cases::NotACaseId;
use cccd_population::civil_status::{NotAnActId, Refusal};
use cccd_population::export::ExportError;
use cccd_population::forms::FormError;
use cccd_population::identity::NotAnItem;
use cccd_population::import::{FileFault, ImportError};
use cccd_population::matching::BadField;
use cccd_population::person::Flaw;
use cccd_population::places::PlacesError;
use cccd_population::quality::conflict::{NotDecided, SHORTEST_REASON};
use cccd_population::register_key::KeyFileError;
use cccd_population::server::TokenFileError;
use cccd_population::store::{StoreError, TlsFault};

use super::usage::BadValue;
use super::{Language, Setting, words};

/// One link of a chain of errors; `None` for one that is not known here (a path as context speaks for itself).
pub(super) fn sentence(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<StoreError>() {
        return Some(store(error));
    }
    if let Some(error) = error.downcast_ref::<ImportError>() {
        return Some(match error {
            ImportError::Store(error) => store(error),
            ImportError::Report(_) => "Không ghi được báo cáo các dòng bị loại".to_owned(),
            ImportError::File(fault) => format!("Không đọc được tệp: {}", file_fault(fault)),
            _ => return None,
        });
    }
    if let Some(error) = error.downcast_ref::<FormError>() {
        return Some(match error {
            FormError::NoFont => "Máy này không có phông chữ nào dùng được (fonts-dejavu-core)".to_owned(),
            FormError::Barcode => "Không tạo được mã vạch".to_owned(),
            _ => "Không vẽ được biểu mẫu".to_owned(),
        });
    }
    if let Some(error) = error.downcast_ref::<PlacesError>() {
        return Some(places(error));
    }
    if let Some(error) = error.downcast_ref::<ExportError>() {
        return Some(match error {
            ExportError::Store(error) => store(error),
            ExportError::NoSuchForm => "Các mục của luật trước chỉ ghi được thành CSV hoặc JSON".to_owned(),
            ExportError::Write(_) => "Không ghi được tệp".to_owned(),
            _ => return None,
        });
    }
    if let Some(error) = error.downcast_ref::<BackupError>() {
        return backup(error);
    }
    if let Some(error) = error.downcast_ref::<TokenFileError>() {
        return Some(match error {
            TokenFileError::File(error) => key_file(error)?,
            TokenFileError::Line { path, line } => format!(
                "Dòng {line} của {} không phải `vai-trò:mã` với vai trò có thật và ít nhất 32 ký tự",
                path.display()
            ),
            TokenFileError::Empty(path) => format!("{} không có mã truy cập nào", path.display()),
            _ => return None,
        });
    }
    if let Some(error) = error.downcast_ref::<KeyFileError>() {
        return key_file(error);
    }
    if let Some(error) = error.downcast_ref::<KeyStoreError>() {
        return key_store(error);
    }
    if let Some(error) = error.downcast_ref::<PassphraseError>() {
        return Some(format!("Không đọc được mật khẩu kho khóa từ {}", error.path.display()));
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return Some(system(error));
    }
    if let Some(BadField(field)) = error.downcast_ref() {
        return Some(format!("Mục {field} bị thiếu hoặc không đúng dạng"));
    }
    if let Some(error) = error.downcast_ref::<Flaw>() {
        return Some(flaw(error));
    }
    if let Some(error) = error.downcast_ref::<ForbiddenChange>() {
        return Some(forbidden(*error));
    }
    if error.is::<NotAPersonalNumber>() {
        return Some("số định danh có đúng 12 chữ số".to_owned());
    }
    if error.is::<NotAnActId>() {
        return Some("việc hộ tịch được ghi NƠI.NĂM.SỔ.SỐ, như 00070.2026.KS.123".to_owned());
    }
    if error.is::<NotAnItem>() {
        return Some(
            "mục là portrait, fingerprint-1 … fingerprint-10, iris-left, iris-right, marks hoặc eid"
                .to_owned(),
        );
    }
    if error.is::<NotACaseId>() {
        return Some("mã hồ sơ là chữ C và 16 chữ số thập lục phân viết thường".to_owned());
    }
    if error.is::<NotASodDigest>() {
        return Some("SHA-256 của EF.SOD có đúng 64 chữ số thập lục phân viết thường".to_owned());
    }
    error.downcast_ref::<BadValue>().map(|value| value.vietnamese().to_owned())
}

/// The sentence in the language asked for.
pub(super) fn or_english(error: &(dyn Error + 'static), setting: &Setting) -> String {
    let words = if setting.lang == Language::Vi { sentence(error) } else { None };
    words.unwrap_or_else(|| error.to_string())
}

fn store(error: &StoreError) -> String {
    match error {
        StoreError::UnknownPerson => "Hệ thống không có người nào mang số này".to_owned(),
        StoreError::NotAlive(life) => {
            let life = if *life == "missing" { "mất tích" } else { "đã chết" };
            format!("Hệ thống ghi nhận người này {life}")
        }
        StoreError::DeadAlready => "Hệ thống đã ghi nhận người này chết".to_owned(),
        StoreError::UnknownCard => "Hệ thống không có thẻ nào mang mã này".to_owned(),
        StoreError::CardInUse => "Người này đang có thẻ còn dùng".to_owned(),
        StoreError::Claimed(what) => format!("{what} đã thuộc về thẻ khác"),
        StoreError::CardForm(what) => format!("{what} không đúng dạng, hoặc không thể có với thẻ này"),
        StoreError::ForbiddenChange(change) => forbidden(*change),
        StoreError::Flaw(error) => flaw(error),
        StoreError::ClockBehind { newest } => {
            format!("Đồng hồ chạy lùi: nhật ký tra cứu đã ghi đến {newest}")
        }
        StoreError::FormGiven => "Phiếu này đã cấp cho người khác".to_owned(),
        StoreError::Busy => "Hệ thống đang bị một tiến trình khác giữ".to_owned(),
        StoreError::Newer { found, known } => format!(
            "Các bảng của hệ thống thuộc phiên bản {found}; chương trình này chỉ biết đến phiên bản {known}"
        ),
        StoreError::KeptElsewhere => "Thông tin của người này do bộ khác quản lý".to_owned(),
        StoreError::BadReference => "Thiếu số văn bản của bộ quản lý, hoặc quá dài".to_owned(),
        StoreError::NumberCancelled => "Số định danh này đã bị hủy".to_owned(),
        StoreError::NumberTaken => "Số định danh này đã cấp cho người khác".to_owned(),
        StoreError::NumberInUse => {
            "Số định danh này đang thuộc một người: việc hộ tịch hoặc quyết định xử lý mới chấm dứt được"
                .to_owned()
        }
        StoreError::OtherNumber => "Việc hộ tịch này đã được cấp số định danh khác".to_owned(),
        StoreError::NumbersExhausted => {
            "Đã cấp hết số định danh của nơi đăng ký, giới tính và năm sinh này".to_owned()
        }
        StoreError::UnknownPaper => "Không có mục sổ giấy đã thống nhất mang tên và vai này".to_owned(),
        StoreError::UnknownStep => "Hệ thống không có bước thủ tục liên thông này".to_owned(),
        StoreError::StepNotAsked => "Bước này còn chờ bước trước".to_owned(),
        StoreError::OtherAnswer => "Bước này đã xong theo một trả lời khác".to_owned(),
        StoreError::BadAnswer => {
            "Trả lời thiếu số hồ sơ, thiếu lý do từ chối (ít nhất 5 ký tự), hoặc ghi ngày chưa đến".to_owned()
        }
        StoreError::AnswerBeforeAct => {
            "Trả lời ghi ngày trước khi đăng ký việc hộ tịch, trước bước hoặc trả lời mà nó nối tiếp"
                .to_owned()
        }
        StoreError::UnknownCase => "Hệ thống không có hồ sơ xử lý nào mang mã này".to_owned(),
        StoreError::CaseDecided => "Hồ sơ này đã được quyết định".to_owned(),
        StoreError::CaseOvertaken => {
            "Một quyết định khác đã thay đổi người liên quan; câu hỏi được mở lại trong hồ sơ khác".to_owned()
        }
        StoreError::OtherVerdict => "Loại hồ sơ này không quyết định như vậy được".to_owned(),
        StoreError::NotDecided(error) => match error {
            NotDecided::NoSuchClaim => "Không có ý kiến nào ở số này".to_owned(),
            NotDecided::NoReason => {
                format!("Quyết định phải có lý do, ít nhất {SHORTEST_REASON} ký tự")
            }
            NotDecided::Nobody => "Quyết định phải ghi tên người quyết định".to_owned(),
            NotDecided::OwnClaim => "Người đưa thông tin vào không được tự quyết định cho nó".to_owned(),
            other => other.to_string(),
        },
        StoreError::Contradicts(why) => why.vietnamese().to_owned(),
        StoreError::OtherAct => "Một việc hộ tịch khác đã đăng ký dưới số này".to_owned(),
        StoreError::Refused(Refusal::Item(error)) => flaw(error),
        StoreError::Refused(refusal) => refusal.vietnamese().to_owned(),
        StoreError::Older { found, known } => format!(
            "Các bảng của hệ thống thuộc phiên bản {found}; chương trình này làm việc với phiên bản {known}"
        ),
        StoreError::Unprotected => {
            "Cơ sở dữ liệu ở máy khác và đường truyền tới đó không được mã hóa".to_owned()
        }
        StoreError::Tls(fault) => match fault {
            TlsFault::NoRoot => {
                "Đường truyền phải mã hóa, nhưng thiếu sslrootcert cho biết tin chứng thư nào".to_owned()
            }
            TlsFault::Root => "Tệp sslrootcert không chứa chứng thư nào".to_owned(),
            TlsFault::NotOffered => "Máy chủ cơ sở dữ liệu không mã hóa đường truyền".to_owned(),
            TlsFault::NoName => "Tên máy chủ không thể có trong một chứng thư".to_owned(),
            other => format!("Máy chủ cơ sở dữ liệu không phải máy được sslrootcert bảo đảm ({other})"),
        },
        StoreError::NotDistributed(why) => {
            format!("Không phân tán được các bảng ({why}); không có gì bị thay đổi")
        }
        StoreError::Unreachable => "Máy chủ cơ sở dữ liệu không trả lời".to_owned(),
        StoreError::NotApart => {
            "Cơ sở dữ liệu căn cước cần tệp riêng, còn tệp này là của cơ sở dữ liệu dân cư".to_owned()
        }
        StoreError::Sealed => {
            "Tôn giáo, nhóm máu, điện thoại, thư điện tử và thông tin khác đã mã hóa dưới khóa không có ở đây"
                .to_owned()
        }
        StoreError::Altered => "Một mục đã mã hóa bị sửa, hoặc là của người khác".to_owned(),
        StoreError::NotInitialised => "Chưa có cơ sở dữ liệu dân cư nào ở đây".to_owned(),
        StoreError::Inconsistent(what) => format!("Các bảng của hệ thống mâu thuẫn: {what}"),
        StoreError::Engine(_) => "Cơ sở dữ liệu gặp lỗi".to_owned(),
        other => other.to_string(),
    }
}

fn backup(error: &BackupError) -> Option<String> {
    Some(match error {
        BackupError::Store(error) => store(error),
        BackupError::Io(_) => "Không đọc hoặc ghi được bản sao lưu".to_owned(),
        BackupError::NoRecipient => "Chưa nêu ai được mở bản sao lưu".to_owned(),
        BackupError::WrongKey => "Bản sao lưu không mở được bằng khóa này".to_owned(),
        BackupError::NoBackup(_) => "Đây không phải bản sao lưu, hoặc phần đầu đã hỏng".to_owned(),
        BackupError::CutOff { rows } => {
            format!("Bản sao lưu bị cắt sau {rows} dòng: không khôi phục gì")
        }
        BackupError::Damaged { rows, .. } => {
            format!("Bản sao lưu bị hỏng sau {rows} dòng: không khôi phục gì")
        }
        BackupError::Version { found, known } => format!(
            "Bản sao lưu có các bảng thuộc phiên bản {found}; chương trình này làm việc với phiên bản {known}"
        ),
        BackupError::NotEmpty(table) => {
            format!("Cơ sở dữ liệu không trống (bảng {table} có dòng): không khôi phục gì")
        }
        BackupError::Stopped => "Đã dừng: không có gì được thực hiện".to_owned(),
        _ => return None,
    })
}

fn places(error: &PlacesError) -> String {
    match error {
        PlacesError::Read(error) => format!("Không đọc được tệp đơn vị hành chính: {}", system(error)),
        PlacesError::TooLong => "Tệp đơn vị hành chính dài hơn 16 MiB".to_owned(),
        PlacesError::Form => {
            "Đây không phải CSV với tiêu đề map,code,name,parent,became, cũng không phải JSON cùng các mục ấy"
                .to_owned()
        }
        PlacesError::Row { row, item } => format!("Dòng {row}: {item} không đúng dạng"),
        PlacesError::Twice { row } => format!("Dòng {row}: đơn vị này đã có ở trên"),
        PlacesError::NoSuchUnit { map, code, item } => {
            format!("Đơn vị {code} ({map}): {item} chỉ đến đơn vị không có trong tệp hoặc khác cấp")
        }
        PlacesError::TooMany => "Một bản đồ có hơn 25000 đơn vị".to_owned(),
        PlacesError::Empty => "Tệp không có đơn vị nào".to_owned(),
        other => other.to_string(),
    }
}

fn flaw(flaw: &Flaw) -> String {
    let item = |item: &str| match item {
        "the date of death or of missing" => "ngày chết hoặc mất tích".to_owned(),
        other => match words::known_item(other) {
            Some((vietnamese, _)) => format!("mục {vietnamese} ({other})"),
            None => format!("mục {other}"),
        },
    };
    let words = match flaw {
        Flaw::Empty(name) => (name, "bị để trống"),
        Flaw::TooLong(name) => (name, "quá dài"),
        Flaw::NoText(name) => (name, "có ký tự không phải chữ"),
        Flaw::Form(name) => (name, "không đúng dạng"),
        Flaw::Date(name) => (name, "không thể có"),
        Flaw::Oneself(name) => (name, "chính là người này"),
        Flaw::Unlisted(name) => (name, "không có trong danh mục"),
        other => return other.to_string(),
    };
    capital(&format!("{} {}", item(words.0), words.1))
}

fn forbidden(change: ForbiddenChange) -> String {
    format!("Thẻ {} không thể chuyển thành {}", status(change.from), status(change.to))
}

/// A card's status for people.
pub(super) fn status(status: CardStatus) -> &'static str {
    match status {
        CardStatus::Active => "đang dùng",
        CardStatus::Held => "bị giữ",
        CardStatus::Lost => "đã mất",
        CardStatus::Revoked => "bị thu hồi",
        CardStatus::Replaced => "đã thay bằng thẻ khác",
        CardStatus::Expired => "hết hạn",
        CardStatus::Destroyed => "đã hủy",
    }
}

/// A heading of the counts; `None` for one that needs no words (an age).
pub(super) fn count(name: &str) -> Option<&'static str> {
    Some(match name {
        "alive" => "còn sống",
        "dead" => "đã chết",
        "missing" => "mất tích",
        "male" => "nam",
        "female" => "nữ",
        "unspecified" => "không rõ",
        other => status(CardStatus::parse(other)?),
    })
}

fn file_fault(fault: &FileFault) -> String {
    match fault {
        FileFault::Read(error) => system(error),
        FileFault::LongLine => "có dòng dài hơn 256 KiB (dấu nháy chưa đóng?)".to_owned(),
        FileFault::NotCsv { line: Some(line) } => format!("không phải CSV bằng UTF-8, ở dòng {line}"),
        FileFault::NotCsv { line: None } => "không phải CSV bằng UTF-8".to_owned(),
        FileFault::NotQcvn(what) => format!("không phải thông điệp QCVN 109:2017 ({what})"),
        FileFault::UnknownColumn(place) => format!("không biết cột thứ {place} của dòng tiêu đề"),
        FileFault::ColumnTwice(name) => format!("dòng tiêu đề có cột {name} hai lần"),
        FileFault::NoColumn(name) => format!("dòng tiêu đề thiếu cột {name}"),
        other => other.to_string(),
    }
}

fn key_file(error: &KeyFileError) -> Option<String> {
    Some(match error {
        KeyFileError::Open(path) => format!("Người dùng khác đọc được {}", path.display()),
        KeyFileError::NoKey(path) => format!("{} không chứa khóa", path.display()),
        KeyFileError::Io { path, .. } => format!("Không đọc hoặc ghi được {}", path.display()),
        _ => return None,
    })
}

fn key_store(error: &KeyStoreError) -> Option<String> {
    Some(match error {
        KeyStoreError::Missing(path) => format!("Không có kho khóa trong {}", path.display()),
        KeyStoreError::WrongPassphrase => "Mật khẩu không mở được kho khóa".to_owned(),
        KeyStoreError::Damaged(file) => format!("Tệp khóa {file} bị hỏng hoặc bị thay"),
        KeyStoreError::Io { path, .. } => format!("Không đọc hoặc ghi được {}", path.display()),
        _ => return None,
    })
}

fn system(error: &io::Error) -> String {
    use io::ErrorKind as Kind;
    let words = match error.kind() {
        Kind::NotFound => "không có tệp hoặc thư mục này",
        Kind::PermissionDenied => "không được phép truy cập",
        Kind::AlreadyExists => "đã có sẵn",
        Kind::AddrInUse => "địa chỉ đang được dùng",
        Kind::AddrNotAvailable => "máy này không có địa chỉ đó",
        Kind::StorageFull => "ổ đĩa đầy",
        Kind::ReadOnlyFilesystem => "ổ đĩa chỉ cho đọc",
        Kind::IsADirectory => "đây là thư mục",
        Kind::NotADirectory => "đây không phải thư mục",
        _ => {
            return error
                .raw_os_error()
                .map_or_else(|| error.to_string(), |code| format!("lỗi hệ thống số {code}"));
        }
    };
    words.to_owned()
}

/// With its first letter large.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_register_has_words() {
        let change = ForbiddenChange { from: CardStatus::Lost, to: CardStatus::Active };
        let io = || io::Error::from(io::ErrorKind::PermissionDenied);
        let path = || std::path::PathBuf::from("x");
        let errors: Vec<Box<dyn Error>> = vec![
            Box::new(StoreError::UnknownPerson),
            Box::new(StoreError::NotAlive("missing")),
            Box::new(StoreError::DeadAlready),
            Box::new(StoreError::UnknownCard),
            Box::new(StoreError::CardInUse),
            Box::new(StoreError::Claimed("chip_serial")),
            Box::new(StoreError::CardForm("expires")),
            Box::new(StoreError::ForbiddenChange(change)),
            Box::new(StoreError::Flaw(Flaw::Date("the date of death or of missing"))),
            Box::new(StoreError::ClockBehind { newest: jiff::Timestamp::UNIX_EPOCH }),
            Box::new(StoreError::FormGiven),
            Box::new(StoreError::Busy),
            Box::new(StoreError::Newer { found: 2, known: 1 }),
            Box::new(StoreError::NumberCancelled),
            Box::new(StoreError::NumberTaken),
            Box::new(StoreError::OtherAct),
            Box::new(StoreError::NumberInUse),
            Box::new(StoreError::UnknownPaper),
            Box::new(StoreError::UnknownStep),
            Box::new(StoreError::StepNotAsked),
            Box::new(StoreError::OtherAnswer),
            Box::new(StoreError::BadAnswer),
            Box::new(StoreError::AnswerBeforeAct),
            Box::new(StoreError::UnknownCase),
            Box::new(StoreError::CaseDecided),
            Box::new(StoreError::CaseOvertaken),
            Box::new(StoreError::OtherVerdict),
            Box::new(StoreError::NotDecided(NotDecided::NoReason)),
            Box::new(StoreError::Contradicts(cccd_population::civil_status::Contradiction::Married)),
            Box::new(StoreError::OtherNumber),
            Box::new(StoreError::NumbersExhausted),
            Box::new(StoreError::Refused(Refusal::TooYoung)),
            Box::new(StoreError::Refused(Refusal::Item(Flaw::Unlisted("ethnic_group")))),
            Box::new(StoreError::Older { found: 1, known: 2 }),
            Box::new(StoreError::Unprotected),
            Box::new(StoreError::Tls(TlsFault::NoRoot)),
            Box::new(StoreError::Tls(TlsFault::Refused("x".to_owned()))),
            Box::new(StoreError::NotDistributed("x")),
            Box::new(StoreError::Unreachable),
            Box::new(StoreError::NotApart),
            Box::new(StoreError::Sealed),
            Box::new(StoreError::Altered),
            Box::new(StoreError::NotInitialised),
            Box::new(StoreError::Inconsistent("a date")),
            Box::new(StoreError::Engine(Box::new(io()))),
            Box::new(ImportError::File(FileFault::NotCsv { line: Some(3) })),
            Box::new(ImportError::File(FileFault::NoColumn("sex"))),
            Box::new(ImportError::Report(io())),
            Box::new(ImportError::Store(StoreError::Busy)),
            Box::new(ExportError::Write(io())),
            Box::new(BackupError::WrongKey),
            Box::new(BackupError::CutOff { rows: 3 }),
            Box::new(BackupError::Damaged { rows: 3, what: "a row of another width" }),
            Box::new(BackupError::NotEmpty("person".to_owned())),
            Box::new(BackupError::Version { found: 1, known: 2 }),
            Box::new(BackupError::NoBackup("it is too short")),
            Box::new(BackupError::NoRecipient),
            Box::new(BackupError::Stopped),
            Box::new(BackupError::Io(io())),
            Box::new(KeyFileError::Open(path())),
            Box::new(KeyFileError::Io { path: path(), source: io() }),
            Box::new(TokenFileError::Empty(path())),
            Box::new(BadField("full_name")),
            Box::new(Flaw::Empty("full_name")),
            Box::new(change),
            Box::new(NotAPersonalNumber),
            Box::new(NotASodDigest),
            Box::new(BadValue::Db),
            Box::new(io()),
        ];
        for error in errors {
            let words = sentence(error.as_ref()).unwrap_or_default();
            assert!(!words.is_empty() && words != error.to_string(), "{error}");
            assert!(!words.is_ascii(), "{words}");
        }
    }
}
