//! Why the stock was not changed, in Vietnamese: which blank, which line, which transport.

use super::{BlankState, Entry, StockError};
use crate::words::{self, Language};

impl StockError {
    /// What belongs into brackets behind the sentence of its code; `None` where the English words are all there is.
    #[must_use]
    pub fn vietnamese(&self) -> Option<String> {
        let state = |state: &BlankState| words::blank_state(*state, Language::Vi);
        Some(match self {
            Self::Step { serial, problem } => format!("phôi {serial}: sổ ghi {}", state(&problem.from)),
            Self::Known { serial, entry: Entry::Note, state: BlankState::HandedOver } => {
                format!("phôi {serial} đã bàn giao cho máy trạm khác, chỉ về theo danh sách máy đó ký")
            }
            Self::Known { serial, state: at, entry: Entry::List { sent_with: Some(reference) } } => format!(
                "phôi {serial}: sổ ở đây ghi {}, theo chuyến \u{201c}{reference}\u{201d} chưa nhập biên nhận",
                state(at)
            ),
            Self::Known { serial, state: at, .. } => format!("phôi {serial}: sổ ở đây ghi {}", state(at)),
            Self::Used(serial) => format!("chíp {serial} đã làm thẻ, không còn là phôi"),
            Self::Unknown(serial) => format!("phôi {serial}"),
            Self::NoteKnown => "phiếu giao này của nơi giao này đã nhập".to_owned(),
            Self::NoteUnknown => "chưa nhập phiếu giao nào tên này".to_owned(),
            Self::Unexplained => "cần lý do, và ghi chú hoặc ảnh".to_owned(),
            Self::NoPhoto => "tệp không bắt đầu như ảnh JPEG hoặc PNG".to_owned(),
            Self::Empty => "chưa có số phôi nào".to_owned(),
            Self::List { line } => format!("dòng {line} không phải số phôi 20 chữ số thập lục phân"),
            Self::TooLong(most) => format!("một danh sách có nhiều nhất {most} phôi"),
            Self::Twice(serial) => format!("phôi {serial} có hai lần trong danh sách"),
            Self::NoDocument(_) => "tệp không phải danh sách hay biên nhận của máy trạm".to_owned(),
            Self::Signature(_) => "chữ ký không phải của máy trạm nêu trong tệp".to_owned(),
            Self::OtherStation(_) => "tệp dành cho máy trạm khác".to_owned(),
            Self::OwnStation => "danh sách gửi cho chính máy trạm này".to_owned(),
            Self::Future { at, now, .. } => format!("danh sách ghi {at}, ở đây là {now}"),
            Self::NoTransport => "không có chuyến nào tên này gửi từ đây".to_owned(),
            Self::NotClaimed(serial) => format!("phôi {serial}"),
            Self::ByItsList => "nhận lại danh sách đã ký, kèm các số phôi mới tìm thấy".to_owned(),
            Self::TransportKnown => "chuyến tên này đã gửi hoặc đã nhận".to_owned(),
            Self::NoStationKey => "cần khóa của máy trạm".to_owned(),
            Self::RequestReused => "tên này đã dùng cho một yêu cầu khác".to_owned(),
            Self::Ledger(_) | Self::Signing(_) => return None,
        })
    }
}
