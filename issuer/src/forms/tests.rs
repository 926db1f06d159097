use std::path::Path;

use cccd_card_profile::card_holder::CardHolder;
use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::application::{Application, Step};
use crate::ledger::{Act, ApplicationId, Ledger};

const TODAY: Date = date(2026, 11, 26);

fn holder(name: &str) -> CardHolder {
    serde_json::from_value(json!({
        "number": "079099000001", "full_name": name, "birth_date": "1999-01-15", "sex": "female",
        "nationality": "Việt Nam", "place_of_origin": "Xã Mẫu, Tỉnh Mẫu", "residence": "Số 1 Đường Mẫu, Phường Mẫu"
    }))
    .unwrap()
}

/// An application as it is captured, or refused for this reason.
fn entry(refused: Option<&str>) -> Entry {
    let at: Timestamp = "2026-11-26T02:00:00Z".parse().unwrap();
    let act = Act::new("lan", at);
    let json = r#"{"person":{"number":"079099000001"},"portrait":"/9j/4AAQSkZJRg==","reason":"exchange",
        "ground":"particulars"}"#;
    let application = Application::parse(json.as_bytes(), Path::new("")).unwrap();
    let mut ledger = Ledger::in_memory().unwrap();
    let id = ledger.receive(&application, act).unwrap().id;
    ledger.advance(id, Step::Check, None, &Value::Null, act).unwrap();
    ledger.capture(id, "what is to be printed", act).unwrap();
    if let Some(reason) = refused {
        ledger.advance(id, Step::Reject, Some(reason), &Value::Null, act).unwrap();
    }
    ledger.entry(id).unwrap()
}

fn pages(form: Form, entry: &Entry, holder: &CardHolder, portrait: Option<&[u8]>) -> Vec<String> {
    let renderer = FormRenderer::new().expect("a font is needed");
    let content = Content {
        entry,
        holder,
        portrait,
        representative: None,
        delivery: None,
        office: "Công an phường Mẫu",
        today: TODAY,
    };
    let pages = content.pages(form, &renderer).unwrap();
    assert!(content.pdf(form, &renderer).unwrap().starts_with(b"%PDF-"));
    // Another decoder finds the application by every page.
    for page in &pages {
        let picture = renderer.picture(page, 150).unwrap();
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            picture.as_raw()[y * width + x]
        });
        let codes: Vec<String> =
            prepared.detect_grids().iter().map(|grid| grid.decode().unwrap().1).collect();
        let ticket: Ticket = codes.first().expect("a code").parse().unwrap();
        assert_eq!(ticket, Ticket { form, application: entry.id, due: entry.due });
    }
    pages
}

fn portrait() -> Vec<u8> {
    let mut jpeg = Vec::new();
    image::RgbImage::from_fn(300, 400, |x, y| {
        image::Rgb([u8::try_from(x % 256).unwrap(), u8::try_from(y % 256).unwrap(), 90])
    })
    .write_to(&mut std::io::Cursor::new(&mut jpeg), image::ImageFormat::Jpeg)
    .unwrap();
    jpeg
}

#[test]
fn the_record_of_capture_shows_what_the_card_will_say_and_the_portrait() {
    let entry = entry(None);
    let portrait = portrait();
    let shown = pages(Form::Cc01, &entry, &holder("Nguyễn Thúy An"), Some(&portrait)).concat();
    for said in
        ["NGUYỄN THÚY AN", "079099000001", "15/01/1999", "Xã Mẫu, Tỉnh Mẫu", "Cấp đổi thẻ", "art. 24(1)(b)"]
    {
        assert!(shown.contains(said), "{said}");
    }
    assert!(shown.contains("data:image/jpeg;base64,"));
    let without = pages(Form::Cc01, &entry, &holder("Nguyễn Thúy An"), None).concat();
    assert!(!without.contains("<image"));
    // The portrait is for the record of capture alone.
    assert!(
        !pages(Form::Cc02, &entry, &holder("Nguyễn Thúy An"), Some(&portrait)).concat().contains("<image")
    );
}

#[test]
fn the_receipt_names_the_day_that_the_law_gives() {
    let entry = entry(None);
    // Thursday 26 November and seven working days.
    assert_eq!(entry.due, date(2026, 12, 7));
    let shown = pages(Form::Cc02, &entry, &holder("Nguyễn Thúy An"), None).concat();
    assert!(shown.contains("07/12/2026") && shown.contains("26/11/2026"), "{shown}");
}

#[test]
fn a_refusal_is_given_in_writing_with_its_reason_and_to_nobody_else() {
    let renderer = FormRenderer::new().expect("a font is needed");
    let why = "the application differs from the register in: full_name";
    let (refused, open) = (entry(Some(why)), entry(None));
    let holder = holder("Nguyễn Thúy An");
    let shown = pages(Form::Cc03, &refused, &holder, None).concat();
    assert!(shown.contains(why) && shown.contains("Điều 23 khoản 3"));
    for (form, entry) in [(Form::Cc03, &open), (Form::Cc02, &refused)] {
        let content = Content {
            entry,
            holder: &holder,
            portrait: None,
            representative: None,
            delivery: None,
            office: "",
            today: TODAY,
        };
        assert!(matches!(content.pdf(form, &renderer), Err(PaperError::NotNow(of, _)) if of == form));
    }
}

#[test]
fn a_long_name_stands_in_full_and_a_hostile_one_is_text() {
    let entry = entry(None);
    let long = "Công Tằng Tôn Nữ Thị Hoàng Ngọc Quỳnh Như Phương Uyên ".repeat(8);
    let shown = pages(Form::Cc01, &entry, &holder(long.trim()), None);
    assert_eq!(shown.len(), 2, "what does not fit its line has a page of its own");
    let hostile = pages(Form::Cc02, &entry, &holder("<script>alert(1)</script>"), None).concat();
    assert!(!hostile.contains("<SCRIPT>") && hostile.contains("&lt;SCRIPT&gt;"));
}

proptest! {
    #[test]
    fn a_ticket_has_one_spelling_and_a_misread_one_is_noticed(number in 1_i64..10_000_000, day in 0..40_000_i64,
        at in 5_usize..40, to in "[0-9A-Z]") {
        let due = date(2020, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
        for form in Form::ALL {
            let application: ApplicationId = number.to_string().parse().unwrap();
            let ticket = Ticket { form, application, due };
            let text = ticket.to_string();
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b':'));
            prop_assert_eq!(text.parse::<Ticket>(), Ok(ticket));
            let at = at.min(text.len() - 1);
            let mut other = text.clone();
            other.replace_range(at..=at, &to);
            prop_assert!(other == text || other.parse::<Ticket>().is_err());
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,80}") {
        let _ = text.parse::<Ticket>();
    }
}
