//! The papers of an application (NĐ 70/2024 art. 21; TT 53/2025/TT-BCA names the forms, the layout is our own): CC01,
//! phiếu thu nhận thông tin căn cước, which the holder checks and signs; CC02, giấy hẹn, with which the card is fetched; CC03,
//! thông báo từ chối, the refusal in writing (Luật Căn cước 2023 art. 23(3)). And phiếu trả thẻ, a paper of our own: what the holder signs
//! when the card is handed over.
//!
//! Every page bears a [`Ticket`] as QR code: a scanner at the desk finds the application again. No personal data is in it.

mod delivery;
mod ticket;

use cccd_card_profile::card_holder::{CardHolder, Sex};
use cccd_population::forms::paper::{Line, Paper};
use cccd_population::forms::{FormError, FormRenderer};
use jiff::civil::Date;

use crate::application::{Ground, Reason, State};
use crate::ledger::Entry;
use crate::words::{self, Language};
pub use delivery::Delivery;
pub use ticket::{NotATicket, Ticket};

/// Which paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Form {
    /// Phiếu thu nhận thông tin căn cước: what was captured, for the holder to check and sign.
    Cc01,
    /// Giấy hẹn trả kết quả: the receipt.
    Cc02,
    /// Thông báo từ chối: the refusal.
    Cc03,
    /// Phiếu trả thẻ: the card was handed over.
    Receipt,
}

/// What a paper is made of.
#[derive(Clone, Copy)]
pub struct Content<'a> {
    /// The application.
    pub entry: &'a Entry,
    /// Its holder, as the register has them.
    pub holder: &'a CardHolder,
    /// The portrait as JPEG, for CC01.
    pub portrait: Option<&'a [u8]>,
    /// Who represents a holder under 14, if somebody does.
    pub representative: Option<&'a str>,
    /// How the card was handed over, for the receipt.
    pub delivery: Option<Delivery<'a>>,
    /// The office.
    pub office: &'a str,
    /// The day on which the paper is made.
    pub today: Date,
}

impl std::fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("application", &self.entry.id).finish_non_exhaustive()
    }
}

/// Why there is no such paper.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PaperError {
    /// A receipt for what was refused, a refusal of what was not.
    #[error("there is no {form} of an application that is {state}", form = .0.as_str(), state = .1.as_str())]
    NotNow(Form, State),
    /// The page cannot be drawn.
    #[error(transparent)]
    Draw(#[from] FormError),
}

impl Form {
    /// The papers, in the order in which they come.
    pub const ALL: [Self; 4] = [Self::Cc01, Self::Cc02, Self::Cc03, Self::Receipt];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cc01 => "CC01",
            Self::Cc02 => "CC02",
            Self::Cc03 => "CC03",
            Self::Receipt => "RECEIPT",
        }
    }

    /// Its number among the forms of TT 53/2025/TT-BCA, if it has one.
    #[must_use]
    pub fn number(self) -> Option<&'static str> {
        (self != Self::Receipt).then(|| self.as_str())
    }

    /// What it is called, in Vietnamese and in English.
    #[must_use]
    pub fn titles(self) -> (&'static str, &'static str) {
        match self {
            Self::Cc01 => ("PHIẾU THU NHẬN THÔNG TIN CĂN CƯỚC", "RECORD OF IDENTITY INFORMATION CAPTURED"),
            Self::Cc02 => ("GIẤY HẸN TRẢ THẺ CĂN CƯỚC", "RECEIPT AND APPOINTMENT FOR THE IDENTITY CARD"),
            Self::Cc03 => ("THÔNG BÁO TỪ CHỐI CẤP THẺ CĂN CƯỚC", "NOTICE OF REFUSAL OF AN IDENTITY CARD"),
            Self::Receipt => ("PHIẾU TRẢ THẺ CĂN CƯỚC", "RECEIPT OF AN IDENTITY CARD"),
        }
    }

    /// Whether an application that stands there has this paper.
    #[must_use]
    pub fn is_of(self, state: State) -> bool {
        match self {
            Self::Cc01 => true,
            Self::Cc02 => state != State::Rejected,
            Self::Cc03 => state == State::Rejected,
            Self::Receipt => state == State::Delivered,
        }
    }
}

impl Content<'_> {
    /// The paper as a PDF.
    ///
    /// # Errors
    /// [`PaperError`].
    pub fn pdf(&self, form: Form, renderer: &FormRenderer) -> Result<Vec<u8>, PaperError> {
        self.on_paper(form, |paper| renderer.paper_pdf(paper))
    }

    /// The paper's pages as SVG.
    ///
    /// # Errors
    /// [`PaperError`].
    pub fn pages(&self, form: Form, renderer: &FormRenderer) -> Result<Vec<String>, PaperError> {
        self.on_paper(form, |paper| renderer.paper_pages(paper))
    }

    fn on_paper<T>(
        &self,
        form: Form,
        draw: impl FnOnce(&Paper<'_>) -> Result<T, FormError>,
    ) -> Result<T, PaperError> {
        let not_now = PaperError::NotNow(form, self.entry.state);
        if !form.is_of(self.entry.state) {
            return Err(not_now);
        }
        let (title, title_en) = form.titles();
        let ticket = Ticket { form, application: self.entry.id, due: self.entry.due };
        let holder = if self.representative.is_some() {
            "NGƯỜI ĐẠI DIỆN / REPRESENTATIVE"
        } else {
            "NGƯỜI ĐƯỢC THU NHẬN / HOLDER"
        };
        let both = [holder, "CÁN BỘ THU NHẬN / OFFICER"];
        let receipt = ["NGƯỜI NHẬN GIẤY HẸN / HOLDER", "CÁN BỘ TIẾP NHẬN / OFFICER"];
        let (lines, statements, signatures): (_, _, &[&str]) = match form {
            Form::Cc01 => (self.captured(), captured_statements(), &both),
            Form::Cc02 => (self.receipt(), receipt_statements(), &receipt),
            Form::Cc03 => (self.refusal(), refusal_statements(), &["THỦ TRƯỞNG ĐƠN VỊ / HEAD OF THE OFFICE"]),
            Form::Receipt => {
                (self.delivered().ok_or(not_now)?, delivery::statements(), &delivery::SIGNATURES)
            }
        };
        Ok(draw(&Paper {
            form: form.number(),
            office_label: "Cơ quan quản lý căn cước / Identity office",
            office: self.office,
            title,
            title_en,
            portrait: self.portrait.filter(|_| form == Form::Cc01),
            lines: &lines,
            statements: &statements,
            signatures,
            code: &ticket.to_string(),
            caption: &self.entry.id.to_string(),
            made: &format!("In ngày / Printed on {}", day(self.today)),
            of: &format!("{} · {}", form.number().unwrap_or(title), self.entry.id),
        })?)
    }

    fn captured(&self) -> Vec<Line> {
        let holder = self.holder;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let mut lines = self.who();
        lines.extend([
            line("Quốc tịch", "Nationality", &holder.nationality),
            line("Dân tộc", "Ethnic group", &text(&holder.ethnic_group)),
            line("Tôn giáo", "Religion", &text(&holder.religion)),
            line("Quê quán", "Place of origin", &text(&holder.place_of_origin)),
            line("Nơi cư trú", "Place of residence", &text(&holder.residence)),
            line("Nơi đăng ký khai sinh", "Birth registered at", &text(&holder.birth_registration_place)),
            line("Đặc điểm nhận dạng", "Identification marks", &text(&holder.identification_marks)),
            line("Họ tên cha", "Father", &text(&holder.father)),
            line("Họ tên mẹ", "Mother", &text(&holder.mother)),
            line("Họ tên vợ/chồng", "Spouse", &text(&holder.spouse)),
            line("Số CMND đã cấp", "Former number of nine digits", &text(&holder.old_number)),
            part("ĐỀ NGHỊ", "REQUEST"),
        ]);
        lines.extend(self.asked());
        lines
    }

    fn receipt(&self) -> Vec<Line> {
        let mut lines = self.who();
        lines.extend([part("ĐỀ NGHỊ", "REQUEST")]);
        lines.extend(self.asked());
        lines.extend([
            part("TRẢ KẾT QUẢ", "COLLECTION"),
            line("Ngày hẹn trả thẻ", "The card is ready by", &day(self.entry.due)),
            line("Nơi trả thẻ", "Collect at", self.office),
        ]);
        lines
    }

    fn refusal(&self) -> Vec<Line> {
        let mut lines = self.who();
        lines.extend([part("ĐỀ NGHỊ", "REQUEST")]);
        lines.extend(self.asked());
        let why = self.entry.state_reason.as_deref().unwrap_or_default();
        lines.extend([part("LÝ DO TỪ CHỐI", "REASON FOR REFUSAL"), line("Lý do", "Reason", why)]);
        lines
    }

    fn who(&self) -> Vec<Line> {
        let holder = self.holder;
        let mut lines = vec![
            line("Họ, chữ đệm và tên", "Full name", &holder.full_name.to_uppercase()),
            line("Số định danh cá nhân", "Personal number", holder.number.as_str()),
            line("Ngày, tháng, năm sinh", "Date of birth", &holder.birth_date.to_string()),
            line("Giới tính", "Sex", sex(holder.sex)),
        ];
        if let Some(representative) = self.representative {
            lines.push(line("Người đại diện hợp pháp", "Legal representative", representative));
        }
        lines
    }

    fn asked(&self) -> Vec<Line> {
        let entry = self.entry;
        let mut lines = vec![
            line("Hồ sơ số", "Application", &entry.id.to_string()),
            line("Nội dung", "Asked for", reason(entry.reason)),
        ];
        if let Some(ground) = entry.ground {
            lines.push(line("Căn cứ", "Legal ground", &legal(ground)));
        }
        let received = entry.received_at.parse().map(crate::register::day_in_vietnam).map(day);
        lines.push(line("Ngày tiếp nhận", "Received on", &received.unwrap_or_default()));
        lines
    }
}

fn captured_statements() -> Vec<String> {
    vec![
        "Tôi đã kiểm tra các thông tin trên và xác nhận là đúng. / I have checked what stands above and confirm that it is true."
            .to_owned(),
    ]
}

fn receipt_statements() -> Vec<String> {
    vec![
        "Khi đến nhận thẻ, mang theo giấy này và thẻ cũ (nếu đổi thẻ). / Bring this paper, and the old card when it is exchanged."
            .to_owned(),
        "Thời hạn: 7 ngày làm việc kể từ ngày nhận đủ hồ sơ (Luật Căn cước 2023, Điều 26). / Time limit: seven working days."
            .to_owned(),
    ]
}

fn refusal_statements() -> Vec<String> {
    vec![
        "Việc từ chối được thông báo bằng văn bản theo Luật Căn cước 2023, Điều 23 khoản 3. / Given in writing under art. 23(3) of the Law on Identification 2023."
            .to_owned(),
        "Công dân có quyền bổ sung hồ sơ và nộp lại, khiếu nại theo quy định của pháp luật. / You may complete the application and hand it in again, or complain as the law provides."
            .to_owned(),
    ]
}

fn line(vi: &'static str, en: &'static str, value: &str) -> Line {
    // What nobody said is seen to be so.
    let value = if value.is_empty() { "–" } else { value };
    Line { vi, en, value: value.to_owned() }
}

fn part(vi: &'static str, en: &'static str) -> Line {
    Line { vi, en, value: String::new() }
}

fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "Nam / Male",
        Sex::Female => "Nữ / Female",
        Sex::Unspecified => "–",
    }
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::FirstIssue => "Cấp thẻ lần đầu / First issue",
        Reason::Exchange => "Cấp đổi thẻ / Exchange",
        Reason::Reissue => "Cấp lại thẻ / Reissue",
    }
}

/// As a Vietnamese text cites the law, and in English.
fn legal(ground: Ground) -> String {
    let (vi, en) = ground.words();
    let clause = |language| words::clause(ground, language);
    format!("{vi} ({}) / {en} ({})", clause(Language::Vi), clause(Language::En))
}

fn day(day: Date) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}

#[cfg(test)]
mod tests;
