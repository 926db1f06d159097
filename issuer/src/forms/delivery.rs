//! Phiếu trả thẻ: which card was handed over, when, by whom; the holder signs for it.

use cccd_population::forms::paper::Line;
use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};

use super::{Content, day, line, part};
use crate::application::Step;
use crate::ledger::ActionEntry;

/// Who signs.
pub(super) const SIGNATURES: [&str; 2] = ["NGƯỜI NHẬN THẺ / RECEIVER", "CÁN BỘ TRẢ THẺ / OFFICER"];

/// How a card was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery<'a> {
    at: &'a str,
    by: &'a str,
}

impl<'a> Delivery<'a> {
    /// As the history of its application tells; `None` if it was not.
    #[must_use]
    pub fn of(actions: &'a [ActionEntry]) -> Option<Self> {
        let delivered = actions.iter().find(|action| action.action == Step::Deliver.as_str())?;
        Some(Self { at: &delivered.at, by: &delivered.actor })
    }
}

impl Content<'_> {
    /// The lines of the receipt; `None` for a card that was not handed over.
    pub(super) fn delivered(&self) -> Option<Vec<Line>> {
        let (delivery, signed) = (self.delivery?, self.entry.signed.as_ref()?);
        let expires = signed.expires.map_or_else(|| "Không thời hạn / No expiry".to_owned(), day);
        let mut lines = self.who();
        lines.push(part("ĐỀ NGHỊ", "REQUEST"));
        lines.extend(self.asked());
        lines.extend([
            part("THẺ ĐÃ TRẢ", "CARD HANDED OVER"),
            line("Số thẻ", "Document number", &signed.document_number),
            line("Ngày cấp", "Issued on", &day(signed.issued)),
            line("Có giá trị đến", "Valid until", &expires),
            line("Trả thẻ lúc", "Handed over at", &clock(delivery.at)),
            line("Cán bộ trả thẻ", "Handed over by", delivery.by),
        ]);
        Some(lines)
    }
}

pub(super) fn statements() -> Vec<String> {
    vec![
        "Tôi đã nhận thẻ, đã kiểm tra thông tin in trên thẻ. / I have received the card and checked what is printed on it."
            .to_owned(),
        "Mất thẻ phải báo ngay cho cơ quan quản lý căn cước. / A card that is lost is reported to the identity office at once."
            .to_owned(),
    ]
}

/// A time of the ledger as people in Vietnam read it.
fn clock(text: &str) -> String {
    let Ok(at) = text.parse::<Timestamp>() else { return text.to_owned() };
    at.to_zoned(TimeZone::fixed(offset(7))).strftime("%H:%M %d/%m/%Y").to_string()
}
