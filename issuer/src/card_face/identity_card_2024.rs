//! Căn cước, TT 16/2024/TT-BCA: no fingerprints, marks or place of origin; the QR code and the chip stand on the back.

use cccd_card_profile::card_holder::{vietnamese_date, vietnamese_expiry};
use qrcode::QrCode;

use super::fit::{Field, Measure};
use super::ornament::{self, TURQUOISE};
use super::svg::{Canvas, INK, LABEL, RED, Style};
use super::{FaceContent, FaceError};

const LABEL_STYLE: Style = Style::new(1.72, LABEL);
const VALUE: Style = Style::new(2.75, INK).bold();

pub(super) fn front(content: &FaceContent<'_>, measure: &Measure<'_>) -> Result<String, FaceError> {
    let holder = &content.card.holder;
    let mut canvas = Canvas::new();
    ornament::background(&mut canvas, TURQUOISE);
    ornament::emblem(&mut canvas, 13.5, 8.9, 12.0);
    canvas.text(52.0, 4.9, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", Style::new(2.3, INK).bold().centred());
    canvas.text(52.0, 7.6, "Độc lập - Tự do - Hạnh phúc", Style::new(2.1, INK).bold().centred());
    canvas.text(52.0, 9.9, "SOCIALIST REPUBLIC OF VIET NAM", Style::new(1.62, LABEL).centred());
    canvas.text(52.0, 11.9, "Independence - Freedom - Happiness", Style::new(1.62, LABEL).centred());
    canvas.text(52.0, 17.0, "CĂN CƯỚC", Style::new(4.7, RED).bold().centred());
    canvas.text(52.0, 19.7, "IDENTITY CARD", Style::new(2.1, RED).bold().centred());
    portrait(&mut canvas, content, 3.5, 17.6);
    ornament::specimen(&mut canvas, 5.0, 49.4);

    let x = 27.5;
    canvas.text(x, 23.6, "Số định danh cá nhân / Personal identification number:", LABEL_STYLE);
    canvas.text(x, 27.8, holder.number.as_str(), Style::new(4.0, RED).bold());
    canvas.text(x, 31.3, "Họ, chữ đệm và tên khai sinh / Full name:", LABEL_STYLE);
    let name = holder.full_name.to_uppercase();
    let field = Field { name: "full_name", x, y: 34.9, width: 55.0, lines: 2, height: 7.6 };
    measure.set(&mut canvas, field, &name, Style::new(3.2, INK).bold())?;
    canvas.text(x, 43.6, "Ngày, tháng, năm sinh / Date of birth:", LABEL_STYLE);
    canvas.text(x, 47.0, &holder.birth_date.to_string(), VALUE);
    canvas.text(67.0, 43.6, "Giới tính / Sex:", LABEL_STYLE);
    canvas.text(67.0, 47.0, holder.sex.vietnamese(), VALUE);
    canvas.text(x, 50.9, "Quốc tịch / Nationality:", LABEL_STYLE);
    let field = Field { name: "nationality", x: 49.5, y: 50.9, width: 33.0, lines: 1, height: 2.9 };
    measure.set(&mut canvas, field, &holder.nationality, VALUE.sized(2.5))?;
    Ok(canvas.finish())
}

pub(super) fn back(
    content: &FaceContent<'_>,
    code: &QrCode,
    measure: &Measure<'_>,
) -> Result<String, FaceError> {
    let card = content.card;
    let holder = &card.holder;
    let mut canvas = Canvas::new();
    ornament::background(&mut canvas, TURQUOISE);
    let x = 4.0;
    canvas.text(x, 4.5, "Nơi cư trú / Place of residence:", LABEL_STYLE);
    let field = Field { name: "residence", x, y: 7.4, width: 58.0, lines: 2, height: 5.9 };
    measure.set(&mut canvas, field, holder.residence.as_deref().unwrap_or_default(), VALUE.sized(2.35))?;
    canvas.text(x, 14.3, "Nơi đăng ký khai sinh / Place of birth:", LABEL_STYLE);
    let field = Field { name: "birth_registration_place", x, y: 17.2, width: 41.0, lines: 2, height: 5.9 };
    measure.set(
        &mut canvas,
        field,
        holder.birth_registration_place.as_deref().unwrap_or_default(),
        VALUE.sized(2.35),
    )?;
    canvas.text(x, 24.0, "Ngày, tháng, năm cấp / Date of issue:", LABEL_STYLE);
    canvas.text(x, 26.6, &vietnamese_date(card.issue_date), VALUE.sized(2.35));
    canvas.text(x, 29.6, "Ngày, tháng, năm hết hạn / Date of expiry:", LABEL_STYLE);
    canvas.text(41.8, 29.6, &vietnamese_expiry(card.expiry), VALUE.sized(2.2));
    ornament::chip(&mut canvas, 47.5, 14.0, 13.0, 10.6);
    canvas.qr(code, 64.1, 2.9, 18.0);
    canvas.text(73.1, 23.6, "BỘ CÔNG AN", Style::new(2.3, RED).bold().centred());
    canvas.text(73.1, 25.9, "MINISTRY OF PUBLIC SECURITY", Style::new(1.28, RED).centred());
    let mrz = card.mrz()?;
    canvas.mrz(&mrz.lines());
    ornament::specimen(&mut canvas, 64.6, 26.9);
    Ok(canvas.finish())
}

/// 20 × 30 mm. None is taken of children under six.
pub(super) fn portrait(canvas: &mut Canvas, content: &FaceContent<'_>, x: f64, y: f64) {
    match content.portrait {
        Some(jpeg) => canvas.jpeg(jpeg, x, y, 20.0, 30.0),
        None => ornament::empty_frame(canvas, x, y, 20.0, 30.0),
    }
}
