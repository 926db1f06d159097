//! The published tables as one page: charts of lines and boxes, the numbers behind each as a table. No script, nothing
//! from elsewhere; a strict Content-Security-Policy is part of it.

use std::fmt::Write as _;

use super::publication::{Publication, Sheet, Words};

/// Column and row of each province on the map of tiles: neighbours stay near each other, areas say nothing.
const TILES: [(&str, u32, u32, &str); 34] = [
    ("12", 0, 0, "Lai Châu"),
    ("15", 1, 0, "Lào Cai"),
    ("08", 2, 0, "Tuyên Quang"),
    ("04", 3, 0, "Cao Bằng"),
    ("11", 0, 1, "Điện Biên"),
    ("25", 1, 1, "Phú Thọ"),
    ("19", 2, 1, "Thái Nguyên"),
    ("20", 3, 1, "Lạng Sơn"),
    ("14", 0, 2, "Sơn La"),
    ("01", 1, 2, "Hà Nội"),
    ("24", 2, 2, "Bắc Ninh"),
    ("22", 3, 2, "Quảng Ninh"),
    ("37", 1, 3, "Ninh Bình"),
    ("33", 2, 3, "Hưng Yên"),
    ("31", 3, 3, "Hải Phòng"),
    ("38", 1, 4, "Thanh Hoá"),
    ("40", 1, 5, "Nghệ An"),
    ("42", 2, 5, "Hà Tĩnh"),
    ("44", 2, 6, "Quảng Trị"),
    ("46", 3, 6, "Huế"),
    ("48", 3, 7, "Đà Nẵng"),
    ("51", 3, 8, "Quảng Ngãi"),
    ("52", 3, 9, "Gia Lai"),
    ("66", 3, 10, "Đắk Lắk"),
    ("75", 1, 11, "Đồng Nai"),
    ("68", 2, 11, "Lâm Đồng"),
    ("56", 3, 11, "Khánh Hoà"),
    ("80", 0, 12, "Tây Ninh"),
    ("79", 1, 12, "TP. HCM"),
    ("91", 0, 13, "An Giang"),
    ("82", 1, 13, "Đồng Tháp"),
    ("86", 2, 13, "Vĩnh Long"),
    ("96", 0, 14, "Cà Mau"),
    ("92", 1, 14, "Cần Thơ"),
];

/// From light to dark: told apart in grey too.
const SHADES: [&str; 5] = ["#e3eef6", "#b5d3e8", "#75aed2", "#2f7fb3", "#124d78"];

const STYLE: &str = "body{font:16px/1.5 system-ui,'DejaVu Sans',sans-serif;color:#1a1a1a;background:#fff;max-width:60rem;\
margin:0 auto;padding:1rem}h1{font-size:1.6rem;margin:.2rem 0}h2{font-size:1.15rem;margin:2.2rem 0 .2rem;border-top:2px \
solid #124d78;padding-top:.5rem}.en{color:#555;font-weight:normal;font-size:.9em;display:block}figure{margin:.6rem 0}\
svg{width:100%;height:auto;max-width:44rem;display:block}svg text{font-family:inherit}.maps{display:flex;flex-wrap:wrap;\
gap:1.5rem}.maps figure{flex:1 1 17rem;min-width:0;max-width:24rem}table{border-collapse:collapse;font-size:.9rem}\
th,td{padding:.15rem .6rem;text-align:right;border-bottom:1px solid #ddd;font-variant-numeric:tabular-nums}\
th:first-child{text-align:left;font-weight:normal}thead th{font-weight:bold;border-bottom:2px solid #124d78}\
tbody tr:last-child{font-weight:bold}.wide{overflow-x:auto}summary{cursor:pointer;color:#124d78;padding:.3rem 0}\
.facts{display:flex;flex-wrap:wrap;gap:.5rem 2.5rem;margin:1rem 0}.facts b{display:block;font-size:1.7rem}\
.note{font-size:.88rem;color:#444}";

/// The page.
#[must_use]
pub fn page(publication: &Publication) -> String {
    let mut html = String::new();
    let day = publication.day;
    let _ = write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>Thống kê dân số {day}</title><style>{STYLE}</style></head><body><header>\
         <h1>Thống kê dân số<span class=\"en\" lang=\"en\">Population statistics</span></h1>\
         <p>Số liệu ngày {:02}/{:02}/{}<span class=\"en\" lang=\"en\">As counted on {day}</span></p></header><main>",
        day.day(),
        day.month(),
        day.year(),
    );
    facts(&mut html, publication);
    section(&mut html, &publication.ages.title, |html| pyramid(html, &publication.ages));
    table(&mut html, &publication.ages);
    let maps = Words {
        vi: "Dân số và tỷ lệ có thẻ theo tỉnh, thành phố".to_owned(),
        en: "Population and card coverage by province".to_owned(),
    };
    section(&mut html, &maps, |html| {
        html.push_str("<div class=\"maps\">");
        let people = |row| publication.provinces.count(row, last_column(&publication.provinces));
        map(html, &publication.provinces, ["Dân số", "Population"], people, shorter);
        let covered = |row| share(publication.cards.count(row, 0), publication.cards.count(row, 2));
        map(html, &publication.cards, ["Tỷ lệ có thẻ", "Share with a card"], covered, |share| {
            format!("{share}%")
        });
        html.push_str("</div>");
    });
    table(&mut html, &publication.provinces);
    table(&mut html, &publication.cards);
    section(&mut html, &publication.peoples.title, |html| bars(html, &publication.peoples));
    table(&mut html, &publication.peoples);
    section(&mut html, &publication.events.title, |html| lines(html, &publication.events));
    table(&mut html, &publication.events);
    section(&mut html, &publication.projection.title, |html| projection(html, publication));
    table(&mut html, &publication.projection);
    html.push_str(
        "<h2>Ghi chú<span class=\"en\" lang=\"en\">Notes</span></h2><div class=\"note\"><p>“…”: không công bố. Số dưới 5 \
         không được công bố, và những số có thể dùng để suy ra chúng cũng vậy. Tuổi là tuổi đạt được trong năm. Sinh tính \
         theo nơi đăng ký, tử theo nơi cư trú sau cùng.</p><p lang=\"en\">“…”: not published. Numbers below 5 are held \
         back, and so are those from which they could be worked out. Age is the age reached within the year. Births \
         are counted where they were registered, deaths where the person last lived.</p></div></main></body></html>\n",
    );
    html
}

/// Text between tags. Names of groups come from records.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Digits in groups of three, as Vietnamese writes them.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

fn shown(count: Option<u64>) -> String {
    count.map_or_else(|| "…".to_owned(), grouped)
}

fn shorter(count: u64) -> String {
    match count {
        0..10_000 => grouped(count),
        10_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{},{}M", count / 1_000_000, count / 100_000 % 10),
    }
}

fn share(some: Option<u64>, all: Option<u64>) -> Option<u64> {
    some?.saturating_mul(100).checked_div(all?)
}

fn last_column(sheet: &Sheet) -> usize {
    sheet.columns.len().saturating_sub(1)
}

fn facts(html: &mut String, publication: &Publication) {
    let total = |sheet: &Sheet, column| sheet.count(sheet.rows.len().saturating_sub(1), column);
    let all = total(&publication.provinces, last_column(&publication.provinces));
    let cards = share(total(&publication.cards, 0), total(&publication.cards, 2));
    let percent = cards.map_or_else(|| "…".to_owned(), |share| format!("{share}%"));
    let (men, women) = (total(&publication.ages, 0), total(&publication.ages, 1));
    html.push_str("<div class=\"facts\">");
    for (number, vi, en) in [
        (shown(all), "người đang sống", "people living"),
        (shown(men), "nam", "male"),
        (shown(women), "nữ", "female"),
        (percent, "từ 14 tuổi có thẻ", "of those 14 or more hold a card"),
    ] {
        let _ = write!(html, "<div><b>{number}</b>{vi}<span class=\"en\" lang=\"en\">{en}</span></div>");
    }
    html.push_str("</div>");
}

fn section(html: &mut String, title: &Words, chart: impl FnOnce(&mut String)) {
    let (vi, en) = (escaped(&title.vi), escaped(&title.en));
    let _ = write!(html, "<h2>{vi}<span class=\"en\" lang=\"en\">{en}</span></h2>");
    chart(html);
}

fn table(html: &mut String, sheet: &Sheet) {
    let title = escaped(&sheet.title.vi);
    let _ = write!(
        html,
        "<details><summary>Bảng số liệu · <span lang=\"en\">Table</span>: {title}</summary><div class=\"wide\">\
         <table><caption class=\"en\" lang=\"en\">{}</caption><thead><tr><td></td>",
        escaped(&sheet.title.en)
    );
    for column in &sheet.columns {
        let _ = write!(
            html,
            "<th scope=\"col\">{}<span class=\"en\" lang=\"en\">{}</span></th>",
            escaped(&column.vi),
            escaped(&column.en)
        );
    }
    html.push_str("</tr></thead><tbody>");
    for (row, counts) in sheet.rows.iter().zip(&sheet.counts) {
        let _ = write!(html, "<tr><th scope=\"row\">{}</th>", escaped(&row.vi));
        for count in counts {
            let _ = write!(html, "<td>{}</td>", shown(*count));
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div></details>");
}

/// A drawing; the table beside it says the same to those who do not see it.
fn drawing(html: &mut String, [width, height]: [u32; 2], label: &str, draw: impl FnOnce(&mut String)) {
    let label = escaped(label);
    let _ = write!(
        html,
        "<figure><svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\" font-size=\"12\">"
    );
    draw(html);
    html.push_str("</svg></figure>");
}

/// A length of `of` for a part of `most`.
fn length(part: u64, most: u64, of: u64) -> u64 {
    part.saturating_mul(of).checked_div(most).unwrap_or(0)
}

fn pyramid(html: &mut String, sheet: &Sheet) {
    let groups = sheet.rows.len().saturating_sub(1);
    let most =
        (0..groups).flat_map(|row| [sheet.count(row, 0), sheet.count(row, 1)]).flatten().max().unwrap_or(1);
    let height = u32::try_from(groups * 20 + 50).unwrap_or(600);
    drawing(html, [640, height], &sheet.title.vi, |html| {
        html.push_str(
            "<text x=\"150\" y=\"18\" text-anchor=\"middle\" font-weight=\"bold\">Nam · Male</text>\
             <text x=\"490\" y=\"18\" text-anchor=\"middle\" font-weight=\"bold\">Nữ · Female</text>",
        );
        for (place, row) in (0..groups).rev().enumerate() {
            let y = 28 + place * 20;
            let words = sheet.rows.get(row).map_or("", |words| words.vi.as_str());
            let _ = write!(
                html,
                "<text x=\"320\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                y + 13,
                escaped(words)
            );
            for (column, fill) in [(0, "#2f7fb3"), (1, "#e0a458")] {
                match sheet.count(row, column) {
                    Some(count) => {
                        let wide = length(count, most, 240);
                        let x = if column == 0 { 285 - wide } else { 355 };
                        let (edge, anchor) =
                            if column == 0 { (280 - wide, "end") } else { (360 + wide, "start") };
                        let _ = write!(
                            html,
                            "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"17\" fill=\"{fill}\"/>\
                             <text x=\"{edge}\" y=\"{}\" text-anchor=\"{anchor}\" font-size=\"10\" fill=\"#444\">{}</text>",
                            y + 13,
                            shorter(count)
                        );
                    }
                    None => {
                        let (x, anchor) = if column == 0 { (280, "end") } else { (360, "start") };
                        let _ = write!(
                            html,
                            "<text x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\" fill=\"#444\">…</text>",
                            y + 13
                        );
                    }
                }
            }
        }
    });
}

fn map(
    html: &mut String,
    sheet: &Sheet,
    [vi, en]: [&str; 2],
    value: impl Fn(usize) -> Option<u64>,
    text: impl Fn(u64) -> String,
) {
    let of = |code: &str| sheet.codes.iter().position(|known| known == code).and_then(&value);
    let mut values: Vec<u64> = TILES.iter().filter_map(|(code, ..)| of(code)).collect();
    values.sort_unstable();
    // A fifth of the provinces in each shade.
    let shade = |value: u64| {
        let below = values.iter().filter(|other| **other < value).count();
        (below * SHADES.len()).checked_div(values.len()).unwrap_or(0).min(SHADES.len() - 1)
    };
    drawing(html, [352, 600], &format!("{vi} · {en}"), |html| {
        let _ = write!(
            html,
            "<text x=\"4\" y=\"16\" font-weight=\"bold\" font-size=\"14\">{vi}<tspan fill=\"#555\" font-weight=\"normal\"> · {en}</tspan></text>"
        );
        for (code, column, row, name) in TILES {
            let (x, y) = (4 + column * 87, 26 + row * 38);
            let (fill, ink, words) = match of(code) {
                Some(value) => {
                    let shade = shade(value);
                    let ink = if shade > 2 { "#fff" } else { "#1a1a1a" };
                    (SHADES.get(shade).copied().unwrap_or("#fff"), ink, text(value))
                }
                None => ("#fff", "#1a1a1a", "…".to_owned()),
            };
            let _ = write!(
                html,
                "<rect x=\"{x}\" y=\"{y}\" width=\"84\" height=\"35\" fill=\"{fill}\" stroke=\"#8aa\" stroke-width=\"0.5\"/>\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"{ink}\">{name}</text>\
                 <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\" fill=\"{ink}\">{words}</text>",
                x + 42,
                y + 15,
                x + 42,
                y + 29
            );
        }
    });
}

/// The groups with the most people.
fn bars(html: &mut String, sheet: &Sheet) {
    let column = last_column(sheet);
    let mut groups: Vec<(u64, &str)> = sheet
        .rows
        .iter()
        .take(sheet.rows.len().saturating_sub(1))
        .enumerate()
        .filter_map(|(row, words)| Some((sheet.count(row, column)?, words.vi.as_str())))
        .collect();
    groups.sort_by_key(|(count, name)| (core::cmp::Reverse(*count), *name));
    let shown = groups.len().min(12);
    let all = sheet.count(sheet.rows.len().saturating_sub(1), column);
    let height = u32::try_from(shown * 24 + 8).unwrap_or(320);
    drawing(html, [640, height], &sheet.title.vi, |html| {
        let most = groups.first().map_or(1, |(count, _)| *count);
        for (place, (count, name)) in groups.iter().take(shown).enumerate() {
            let (y, wide) = (4 + place * 24, length(*count, most, 340));
            let percent = all.and_then(|all| share_of_thousand(*count, all)).unwrap_or_default();
            let _ = write!(
                html,
                "<text x=\"130\" y=\"{}\" text-anchor=\"end\">{}</text>\
                 <rect x=\"138\" y=\"{y}\" width=\"{wide}\" height=\"19\" fill=\"#2f7fb3\"/>\
                 <text x=\"{}\" y=\"{}\" font-size=\"11\" fill=\"#444\">{}{percent}</text>",
                y + 14,
                escaped(name),
                144 + wide,
                y + 14,
                grouped(*count)
            );
        }
    });
}

fn share_of_thousand(some: u64, all: u64) -> Option<String> {
    let share = some.saturating_mul(1_000).checked_div(all)?;
    Some(format!(" ({},{}%)", share / 10, share % 10))
}

/// The sum of all provinces, and everything that was assumed.
fn projection(html: &mut String, publication: &Publication) {
    let (sheet, outlook) = (&publication.projection, &publication.outlook);
    let whole = sheet.rows.len().saturating_sub(1);
    let last = publication.provinces.columns.len().saturating_sub(1);
    // As counted, in another shade, and then as projected.
    let now = (publication.day.year().to_string(), publication.provinces.count(whole, last), "#2a6496");
    let later = sheet.columns.iter().enumerate();
    let later = later.map(|(column, words)| (words.vi.clone(), sheet.count(whole, column), "#75aed2"));
    let bars: Vec<(String, Option<u64>, &str)> = core::iter::once(now).chain(later).collect();
    let most = bars.iter().filter_map(|(_, count, _)| *count).max().unwrap_or(1);
    drawing(html, [640, 178], &sheet.title.vi, |html| {
        for (place, (year, count, shade)) in bars.iter().enumerate() {
            let (y, wide) = (4 + place * 28, length(count.unwrap_or(0), most, 420));
            let _ = write!(
                html,
                "<text x=\"52\" y=\"{}\" text-anchor=\"end\">{}</text>\
                 <rect x=\"60\" y=\"{y}\" width=\"{wide}\" height=\"22\" fill=\"{shade}\"/>\
                 <text x=\"{}\" y=\"{}\" font-size=\"11\" fill=\"#444\">{}</text>",
                y + 15,
                escaped(year),
                66 + wide,
                y + 15,
                shown(*count)
            );
        }
    });
    let (from, to) = outlook.window;
    let [births, deaths, moves] =
        outlook.events.map(|events| if events < 4.5 { "…".to_owned() } else { grouped_whole(events) });
    let [men, women] =
        outlook.life.map(|years| years.map_or_else(|| "…".to_owned(), |years| decimal(years, 1)));
    // A rate of few events would tell them.
    let few = |events: f64| events < 4.5;
    let held_back = || "…".to_owned();
    let [born, _, _] = outlook.events;
    let fertility = if few(born) { held_back() } else { decimal(outlook.fertility, 2) };
    let boys = if outlook.born.iter().any(|born| few(*born)) {
        held_back()
    } else {
        decimal(outlook.boys * 100.0, 1)
    };
    let weight = decimal(super::outlook::WEIGHT, 0);
    let _ = write!(
        html,
        "<div class=\"note\"><p>Giả định: phương pháp thành phần, từng năm, theo tỉnh, giới tính và tuổi. Tỷ suất lấy từ sự \
         kiện đã đăng ký các năm {from}–{to} ({births} sinh, {deaths} tử, {moves} chuyển tỉnh) và giữ nguyên. Tổng tỷ suất \
         sinh {fertility}; tuổi thọ trung bình nam {men}, nữ {women}; {boys}% trẻ sinh là nam. Tỷ suất được làm trơn theo \
         năm tuổi liền kề; tỉnh có ít sự kiện gần với tỷ suất chung (trọng số {weight} sự kiện). Không có di cư quốc tế. Số \
         liệu làm tròn đến hàng chục.</p><p lang=\"en\">Assumptions: cohort-component method, year by year, by province, sex and \
         age. Rates are those of the events registered in {from}–{to} ({births} births, {deaths} deaths, {moves} moves \
         between provinces) and stay as they are. Total fertility {fertility}; life expectancy {men} (male), {women} \
         (female) years; {boys}% of the newborn are boys. Rates are smoothed over five ages; a province with few events \
         is near the national rates (weight: {weight} events). Nobody comes from abroad or goes there. Numbers are \
         rounded to tens.</p></div>"
    );
}

/// A number with so many digits after the comma.
fn decimal(number: f64, digits: usize) -> String {
    format!("{number:.digits$}").replace('.', ",")
}

fn grouped_whole(number: f64) -> String {
    decimal(number, 0).parse().map_or_else(|_| "…".to_owned(), grouped)
}

/// One line for each kind of event; a month that is held back leaves a gap.
fn lines(html: &mut String, sheet: &Sheet) {
    let months = sheet.rows.len().saturating_sub(1);
    let kinds = last_column(sheet);
    let values = (0..months).flat_map(|row| (0..kinds).map(move |column| (row, column)));
    let most = values.filter_map(|(row, column)| sheet.count(row, column)).max().unwrap_or(1);
    let styles = [
        ("#124d78", ""),
        ("#8c2d19", "6 3"),
        ("#e0a458", ""),
        ("#555", "2 3"),
        ("#3c7a3c", "9 3 2 3"),
        ("#999", ""),
    ];
    drawing(html, [640, 300], &sheet.title.vi, |html| {
        let _ = write!(
            html,
            "<text x=\"48\" y=\"16\" font-size=\"11\" fill=\"#444\" text-anchor=\"end\">{}</text>\
             <path d=\"M54 12H630M54 212H630\" stroke=\"#bbb\" stroke-width=\"1\"/>\
             <text x=\"48\" y=\"216\" font-size=\"11\" fill=\"#444\" text-anchor=\"end\">0</text>",
            shorter(most)
        );
        let x = |row: usize| 66 + row * 50;
        for (row, words) in sheet.rows.iter().take(months).enumerate() {
            let month = words.vi.split_once('-').map_or(words.vi.clone(), |(year, month)| {
                format!("{month}/{}", year.get(2..).unwrap_or_default())
            });
            let _ = write!(
                html,
                "<text x=\"{}\" y=\"230\" font-size=\"11\" text-anchor=\"middle\">{}</text>",
                x(row),
                escaped(&month)
            );
        }
        for (column, (ink, dashes)) in (0..kinds).zip(styles) {
            let mut path = String::new();
            let mut drawn = false;
            for row in 0..months {
                match sheet.count(row, column) {
                    Some(count) => {
                        let y = 212 - length(count, most, 200);
                        let _ = write!(path, "{}{} {y}", if drawn { "L" } else { "M" }, x(row));
                        let _ =
                            write!(html, "<circle cx=\"{}\" cy=\"{y}\" r=\"2.5\" fill=\"{ink}\"/>", x(row));
                        drawn = true;
                    }
                    None => drawn = false,
                }
            }
            let _ = write!(
                html,
                "<path d=\"{path}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>"
            );
            let (left, down) = (60 + column % 3 * 195, 254 + column / 3 * 20);
            let words = sheet.columns.get(column);
            let _ = write!(
                html,
                "<path d=\"M{left} {down}h26\" stroke=\"{ink}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"/>\
                 <text x=\"{}\" y=\"{}\" font-size=\"11\">{} · {}</text>",
                left + 32,
                down + 4,
                escaped(words.map_or("", |words| words.vi.as_str())),
                escaped(words.map_or("", |words| words.en.as_str())),
            );
        }
    });
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::statistics::cells::{Cell, Measure, RollUp};

    #[test]
    fn every_present_province_has_one_tile() {
        for (code, _, _, name) in TILES {
            let full = crate::generate::province_name(code).unwrap();
            assert!(full.ends_with(name) || name == "TP. HCM", "{code} {full} {name}");
        }
        let places: std::collections::BTreeSet<_> = TILES.iter().map(|(_, x, y, _)| (x, y)).collect();
        let codes: std::collections::BTreeSet<_> = TILES.iter().map(|(code, ..)| code).collect();
        assert_eq!((places.len(), codes.len()), (34, 34));
    }

    #[test]
    fn what_records_say_is_published_only_where_it_is_on_the_list() {
        let mut rollup = RollUp::new();
        for (people, count) in
            [("<script>alert(1)</script>", 50), ("=1+2", 40), ("Klingon", 1), ("Brâu", 3), ("Kinh", 60)]
        {
            let cell =
                Cell { sex: "male".to_owned(), cohort: 1990, ..Cell::of(Measure::Living).other(people) };
            rollup.add(Cell { province: "01".to_owned(), ward: "00070".to_owned(), ..cell }, count);
        }
        let cell = Cell { sex: "male".to_owned(), cohort: 1990, ..Cell::of(Measure::Living).other("Kinh") };
        rollup.add(Cell { province: "9Q".to_owned(), ward: "x".to_owned(), ..cell }, 7);
        let publication = Publication::new(&rollup, date(2026, 11, 21));
        let html = page(&publication);
        let everything: String = publication.sheets().map(Sheet::csv).chain([html.clone()]).collect();
        for word in ["script", "=1+2", "Klingon", "Brâu", "9Q"] {
            assert!(!everything.contains(word), "{word}");
        }
        assert!(html.contains("Dân tộc khác hoặc chưa rõ") && html.contains("Nơi khác hoặc chưa rõ"));
        assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("src="));
        for sheet in publication.sheets() {
            for count in sheet.counts.iter().flatten().flatten() {
                assert!(*count >= 5, "{}", sheet.name);
            }
        }
        // What stands there is text all the same.
        assert_eq!(escaped("<script>alert('1')</script>"), "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
    }
}
