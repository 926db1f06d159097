//! Reports as drawings: SVG for the desk, and a page of paper from the same bars.

use std::fmt::Write as _;

use jiff::civil::Date;

use super::{Done, Report, Span};
use crate::words::Language;

/// Colours that are told apart in grey, too.
const ISSUED: &str = "#0b3d5c";
const RECEIVED: &str = "#9fb8c9";

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}

/// Received and issued, a pair of bars a day. A text beside it says the same in words.
#[must_use]
pub fn bars(report: &Report, language: Language) -> String {
    let (width, height) = (960.0, 260.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">",
        language.say("Biểu đồ: nhận và cấp theo ngày", "Chart: received and issued by day")
    );
    draw_bars(&mut svg, report, language, (0.0, 0.0), (width, height));
    svg.push_str("</svg>");
    svg
}

#[expect(clippy::cast_precision_loss, reason = "counts of a chart are small")]
fn draw_bars(
    svg: &mut String,
    report: &Report,
    language: Language,
    (x, y): (f64, f64),
    (width, height): (f64, f64),
) {
    let days: Vec<(&Date, &Done)> = report.days.iter().collect();
    let most = days.iter().map(|(_, done)| done.received.max(done.issued)).max().unwrap_or_default().max(1);
    let (left, top, bottom) = (x + 44.0, y + 30.0, y + height - 30.0);
    let step = (width - 54.0) / days.len().max(1) as f64;
    let bar = (step * 0.4).min(24.0);
    let scale = (bottom - top) / most as f64;
    // A String takes whatever is written into it.
    let _ = write!(
        svg,
        "<g font-family=\"DejaVu Sans\" font-size=\"14\" fill=\"#16212b\">\
         <line x1=\"{left}\" y1=\"{bottom}\" x2=\"{}\" y2=\"{bottom}\" stroke=\"#44525f\"/>\
         <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{most}</text><text x=\"{}\" y=\"{bottom}\" text-anchor=\"end\">0</text>\
         <rect x=\"{left}\" y=\"{}\" width=\"14\" height=\"14\" fill=\"{RECEIVED}\"/><text x=\"{}\" y=\"{}\">{}</text>\
         <rect x=\"{}\" y=\"{}\" width=\"14\" height=\"14\" fill=\"{ISSUED}\"/><text x=\"{}\" y=\"{}\">{}</text>",
        x + width - 4.0,
        left - 6.0,
        top + 10.0,
        left - 6.0,
        y + 4.0,
        left + 20.0,
        y + 16.0,
        language.say("đã nhận", "received"),
        left + 140.0,
        y + 4.0,
        left + 160.0,
        y + 16.0,
        language.say("đã cấp", "issued"),
    );
    let every = days.len().div_ceil(12).max(1);
    for (place, (day, done)) in days.iter().enumerate() {
        let middle = left + step * (place as f64 + 0.5);
        for (count, colour, offset) in [(done.received, RECEIVED, -bar), (done.issued, ISSUED, 0.0)] {
            let tall = count as f64 * scale;
            let _ = write!(
                svg,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{bar:.1}\" height=\"{tall:.1}\" fill=\"{colour}\"/>",
                middle + offset,
                bottom - tall
            );
        }
        if place % every == 0 {
            let _ = write!(
                svg,
                "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{:02}/{:02}</text>",
                bottom + 18.0,
                day.day(),
                day.month()
            );
        }
    }
    svg.push_str("</g>");
}

/// A page of A4 with the whole report, 72 points an inch.
#[must_use]
pub fn page(report: &Report, span: Span, language: Language) -> String {
    let say = |vietnamese, english| language.say(vietnamese, english);
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"595pt\" height=\"842pt\" viewBox=\"0 0 595 842\">\
         <rect width=\"595\" height=\"842\" fill=\"#ffffff\"/><g font-family=\"DejaVu Sans\" fill=\"#16212b\">",
    );
    let at = std::cell::Cell::new(60.0_f64);
    let text = |svg: &mut String, size: f64, x: f64, words: &str, down: f64| {
        let _ =
            write!(svg, "<text x=\"{x}\" y=\"{}\" font-size=\"{size}\">{}</text>", at.get(), escaped(words));
        at.set(at.get() + down);
    };
    text(
        &mut svg,
        18.0,
        50.0,
        say("Báo cáo của máy trạm cấp căn cước", "Report of the issuing station"),
        22.0,
    );
    let date = |day: Date| day.strftime("%d/%m/%Y").to_string();
    text(&mut svg, 11.0, 50.0, &format!("{} – {}", date(span.first()), date(span.last())), 28.0);
    let total = report.total();
    for (name, count) in [
        (say("Hồ sơ đã nhận", "Applications received"), total.received),
        (say("Thẻ đã cấp", "Cards issued"), total.issued),
        (say("Thẻ đã trả", "Cards handed over"), total.delivered),
        (say("Hồ sơ bị từ chối", "Applications refused"), total.refused),
        (say("Phôi hỏng", "Chips spoiled"), total.spoiled),
        (say("Thẻ cấp quá hạn", "Cards issued late"), report.issued_late),
        (say("Hồ sơ đang quá hạn", "Open and late now"), report.late_now),
    ] {
        text(&mut svg, 11.0, 50.0, name, 0.0);
        text(&mut svg, 11.0, 300.0, &count.to_string(), 17.0);
    }
    if let Some(median) = report.median() {
        text(
            &mut svg,
            11.0,
            50.0,
            say("Ngày làm việc đến khi cấp, trung vị", "Working days to the card, median"),
            0.0,
        );
        text(&mut svg, 11.0, 300.0, &median.to_string(), 17.0);
    }
    text(&mut svg, 13.0, 50.0, "", 14.0);
    let chart = at.get();
    text(&mut svg, 11.0, 50.0, "", 200.0);
    text(&mut svg, 13.0, 50.0, say("Theo lý do", "By reason"), 20.0);
    for ((reason, ground), done) in report.reasons.iter().take(12) {
        let name = ground.as_ref().map_or_else(|| reason.clone(), |ground| format!("{reason}, {ground}"));
        text(&mut svg, 10.0, 50.0, &name, 0.0);
        text(&mut svg, 10.0, 300.0, &format!("{} / {}", done.received, done.issued), 15.0);
    }
    text(&mut svg, 13.0, 50.0, "", 10.0);
    text(&mut svg, 13.0, 50.0, say("Phôi hỏng theo lý do", "Spoilage by reason"), 20.0);
    for (reason, count) in report.spoilage.iter().take(12) {
        let short: String = reason.chars().take(60).collect();
        text(&mut svg, 10.0, 50.0, &short, 0.0);
        text(&mut svg, 10.0, 500.0, &count.to_string(), 15.0);
    }
    draw_bars(&mut svg, report, language, (46.0, chart), (505.0, 180.0));
    svg.push_str("</g></svg>");
    svg
}
