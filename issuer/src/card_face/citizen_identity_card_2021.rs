//! Căn cước công dân, TT 06/2021/TT-BCA (repealed on 1/7/2024, cards in circulation until they expire).

use cccd_card_profile::card_holder::{vietnamese_date, vietnamese_expiry};
use qrcode::QrCode;

use super::fit::{Field, Measure};
use super::identity_card_2024::portrait;
use super::ornament::{self, GREEN};
use super::svg::{Canvas, INK, LABEL, RED, Style};
use super::{FaceContent, FaceError, Prints};

const LABEL_STYLE: Style = Style::new(1.68, LABEL);
const VALUE: Style = Style::new(2.3, INK).bold();

pub(super) fn front(
    content: &FaceContent<'_>,
    code: &QrCode,
    measure: &Measure<'_>,
) -> Result<String, FaceError> {
    let card = content.card;
    let holder = &card.holder;
    let mut canvas = Canvas::new();
    ornament::background(&mut canvas, GREEN);
    ornament::emblem(&mut canvas, 10.0, 8.4, 12.0);
    canvas.text(40.8, 4.5, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", Style::new(1.94, INK).bold().centred());
    canvas.text(40.8, 6.9, "Độc lập - Tự do - Hạnh phúc", Style::new(1.85, INK).bold().centred());
    canvas.text(40.8, 8.9, "SOCIALIST REPUBLIC OF VIET NAM", Style::new(1.4, LABEL).centred());
    canvas.text(40.8, 10.7, "Independence - Freedom - Happiness", Style::new(1.4, LABEL).centred());
    canvas.text(40.8, 15.1, "CĂN CƯỚC CÔNG DÂN", Style::new(3.2, RED).bold().centred());
    canvas.text(40.8, 17.6, "Citizen Identity Card", Style::new(1.95, RED).bold().centred());
    ornament::chip_symbol(&mut canvas, 16.6, 13.4, 3.9);
    canvas.qr(code, 65.2, 2.4, 18.0);
    portrait(&mut canvas, content, 3.2, 17.6);
    canvas.text(3.2, 49.4, "Có giá trị đến / Date of expiry:", LABEL_STYLE.sized(1.4));
    canvas.text(3.2, 51.9, &vietnamese_expiry(card.expiry), VALUE.sized(2.05));

    let x = 25.6;
    canvas.text(x, 22.4, "Số / No.:", LABEL_STYLE);
    canvas.text(35.0, 22.4, holder.number.as_str(), Style::new(3.5, RED).bold());
    canvas.text(x, 25.3, "Họ và tên / Full name:", LABEL_STYLE);
    let name = holder.full_name.to_uppercase();
    let field = Field { name: "full_name", x, y: 28.5, width: 57.4, lines: 1, height: 4.0 };
    measure.set(&mut canvas, field, &name, Style::new(2.9, INK).bold())?;
    canvas.text(x, 32.4, "Ngày sinh / Date of birth:", LABEL_STYLE);
    canvas.text(48.8, 32.4, &holder.birth_date.to_string(), VALUE);
    canvas.text(x, 35.7, "Giới tính / Sex:", LABEL_STYLE);
    canvas.text(39.8, 35.7, holder.sex.vietnamese(), VALUE);
    canvas.text(47.5, 35.7, "Quốc tịch / Nationality:", LABEL_STYLE);
    let field = Field { name: "nationality", x: 68.4, y: 35.7, width: 15.2, lines: 1, height: 2.9 };
    measure.set(&mut canvas, field, &holder.nationality, VALUE)?;
    canvas.text(x, 38.8, "Quê quán / Place of origin:", LABEL_STYLE);
    let field = Field { name: "place_of_origin", x, y: 41.5, width: 57.4, lines: 1, height: 3.6 };
    measure.set(&mut canvas, field, holder.place_of_origin.as_deref().unwrap_or_default(), VALUE)?;
    canvas.text(x, 45.2, "Nơi thường trú / Place of residence:", LABEL_STYLE);
    let field = Field { name: "residence", x, y: 47.9, width: 57.4, lines: 2, height: 5.3 };
    measure.set(&mut canvas, field, holder.residence.as_deref().unwrap_or_default(), VALUE.sized(2.2))?;
    ornament::specimen(&mut canvas, 65.7, 21.2);
    Ok(canvas.finish())
}

pub(super) fn back(
    content: &FaceContent<'_>,
    prints: &Prints<'_>,
    measure: &Measure<'_>,
) -> Result<String, FaceError> {
    let card = content.card;
    let mut canvas = Canvas::new();
    ornament::background(&mut canvas, GREEN);
    canvas.text(4.0, 4.6, "Đặc điểm nhận dạng / Personal identification:", LABEL_STYLE);
    let marks = card.holder.identification_marks.as_deref().unwrap_or_default();
    let field = Field { name: "identification_marks", x: 4.0, y: 7.4, width: 50.5, lines: 2, height: 5.6 };
    measure.set(&mut canvas, field, marks, VALUE.sized(2.1))?;
    canvas.text(4.0, 14.2, "Ngày, tháng, năm / Date, month, year:", LABEL_STYLE);
    canvas.text(37.4, 14.2, &vietnamese_date(card.issue_date), VALUE.sized(2.1));
    ornament::chip(&mut canvas, 4.0, 16.6, 13.0, 11.4);
    let signer = Style::new(1.42, INK).bold().centred();
    canvas.text(38.0, 17.4, "CỤC TRƯỞNG CỤC CẢNH SÁT", signer);
    canvas.text(38.0, 19.3, "QUẢN LÝ HÀNH CHÍNH VỀ TRẬT TỰ XÃ HỘI", signer);
    let english = Style::new(1.15, LABEL).italic().centred();
    canvas.text(38.0, 21.0, "DIRECTOR GENERAL OF THE POLICE DEPARTMENT", english);
    canvas.text(38.0, 22.4, "FOR ADMINISTRATIVE MANAGEMENT OF SOCIAL ORDER", english);
    ornament::specimen(&mut canvas, 29.5, 25.2);
    for (x, print, vietnamese, english) in [
        (57.6, prints.left_index, "Ngón trỏ trái", "Left index finger"),
        (70.9, prints.right_index, "Ngón trỏ phải", "Right index finger"),
    ] {
        match print {
            Some(png) => canvas.png(png, x, 3.4, 11.6, 17.4),
            None => ornament::empty_frame(&mut canvas, x, 3.4, 11.6, 17.4),
        }
        canvas.text(x + 5.8, 23.0, vietnamese, Style::new(1.5, LABEL).centred());
        canvas.text(x + 5.8, 24.9, english, Style::new(1.2, LABEL).centred());
    }
    let mrz = card.mrz()?;
    canvas.mrz(&mrz.lines());
    Ok(canvas.finish())
}
