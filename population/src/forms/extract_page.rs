//! An extract of the books on A4: labels in both languages, the items, who signs, and the code.

use super::sheet::{LEFT, RIGHT, Sheets, plain};
use crate::extract::Extract;

/// Where values begin.
const VALUES: f64 = LEFT + 58.0;
/// From one item to the next.
const STEP: f64 = 8.4;
/// The lowest item of a page.
const LOWEST: f64 = 268.0;

pub(super) fn draw(sheets: &mut Sheets<'_>, extract: &Extract, office: &str) {
    let middle = 88.0;
    sheets.text(middle, 15.5, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", plain(4.1).bold().middle());
    sheets.text(middle, 21.0, "Độc lập - Tự do - Hạnh phúc", plain(4.2).bold().middle());
    sheets.line(middle - 24.0, 23.8, middle + 24.0, 23.8, 0.3);
    sheets.text(LEFT, 31.0, "Cơ quan đăng ký / Registry office:", plain(3.0).italic());
    sheets.value(LEFT, RIGHT - 35.0, 36.0, 1, "Cơ quan đăng ký / Registry office", office);
    sheets.text(105.0, 50.0, extract.title, plain(5.6).bold().middle());
    sheets.text(105.0, 55.5, extract.title_en, plain(3.4).italic().middle());
    let mut y = 64.0;
    for line in &extract.lines {
        // The head of a part stands above an item of it.
        let room = if line.value.is_empty() { STEP + 7.0 } else { 0.0 };
        if y + room > LOWEST {
            sheets.next_page();
            y = 50.0;
        }
        if line.value.is_empty() {
            sheets.section(y, &format!("{} / {}", line.vi, line.en));
            y += 7.0;
            continue;
        }
        sheets.text(LEFT, y, line.vi, plain(3.75));
        sheets.text(LEFT, y + 3.4, line.en, plain(2.7).italic());
        sheets.dots(VALUES, RIGHT, y + 0.9);
        sheets.value(VALUES + 0.8, RIGHT, y, 2, &format!("{} / {}", line.vi, line.en), &line.value);
        y += STEP;
    }
    if y > LOWEST - 5.0 {
        sheets.next_page();
        y = 50.0;
    }
    sheets.text(LEFT, y + 6.0, "Kiểm tra mã: population extract check", plain(2.9).italic());
    sheets.text(
        LEFT,
        y + 9.8,
        "Mã chỉ nêu số của việc hộ tịch / The code names the act only.",
        plain(2.7).italic(),
    );
    sheets.signature(RIGHT - 32.0, y + 6.0, "NGƯỜI KÝ TRÍCH LỤC / SIGNED BY");
}
