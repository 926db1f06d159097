//! DC01 and DC02: what the barcode says, that another decoder reads it, and that the pages hold everything.

use cccd_population::card::{Card, CardStatus, SodDigest};
use cccd_population::forms::{Content, FormKind, FormRenderer, NotASlip, Slip, slip};
use cccd_population::matching::DigestKey;
use cccd_population::person::{HouseholdMember, Person, Relative, Residence};
use jiff::civil::date;
use proptest::prelude::*;

use crate::{TODAY, number, somebody};

fn slip_of(kind: FormKind) -> Slip {
    Slip::new(kind, 0x0123_4567_89ab_cdef, Some("9F86D081884C7D659A2F".to_owned()), TODAY)
}

#[test]
fn a_slip_has_one_spelling() {
    let slip = slip_of(FormKind::Dc01);
    let text = slip.text();
    assert_eq!(
        text,
        "CCCD:DC01:1:0123456789ABCDEF:9F86D081884C7D659A2F:20261121:1/1:".to_owned()
            + &text[text.len() - 8..]
    );
    assert_eq!(Slip::parse(&text), Ok(slip.clone()));
    assert!(!slip.is_blank() && Slip::new(FormKind::Dc02, 7, None, TODAY).is_blank());
    let blank = Slip::new(FormKind::Dc02, 7, None, TODAY);
    assert_eq!(Slip::parse(&blank.text()), Ok(blank));
    // Every character is one of ISO/IEC 18004's 45.
    assert!(
        text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b":/".contains(&byte))
    );
    // Every changed character is noticed.
    for at in 0..text.len() {
        let mut other = text.clone().into_bytes();
        other[at] = if other[at] == b'7' { b'8' } else { b'7' };
        assert!(Slip::parse(&String::from_utf8(other).unwrap()).is_err(), "{at}");
    }
    assert_eq!(Slip::parse("https://example.vn"), Err(NotASlip::Foreign));
    assert_eq!(Slip::parse("CCCD:DC03:1:A"), Err(NotASlip::Foreign));
    assert_eq!(Slip::parse("CCCD:DC01:2:A"), Err(NotASlip::Version));
    assert_eq!(Slip::parse("CCCD:DC01:1:A"), Err(NotASlip::Checksum));
}

/// The row tells nothing of the number: another key gives another row.
#[test]
fn rows_are_told_apart_by_the_register_only() {
    let key = |octet: u8| DigestKey::new(zeroize::Zeroizing::new([octet; 32]));
    let (one, two) = (number("079099000001"), number("079099000002"));
    let row = slip::row_of(&key(1), &one);
    assert_eq!(row.len(), 20);
    assert_eq!(row, slip::row_of(&key(1), &one));
    assert_ne!(row, slip::row_of(&key(1), &two));
    assert_ne!(row, slip::row_of(&key(2), &one));
}

fn full() -> (Person, Card) {
    let mut person = somebody();
    person.mother = Some(Relative::new("Trần Thị Mẹ", None));
    person.household = (0..12)
        .map(|place| HouseholdMember {
            name: format!("Nguyễn Thị Út {place}"),
            number: None,
            relation: "Con".to_owned(),
        })
        .collect();
    person.children = (0..6).map(|place| Relative::new(&format!("Nguyễn Con {place}"), None)).collect();
    let mut home = Residence::new(&"Số 10, ngách 25/7, ngõ 120, đường Mẫu rất dài, ".repeat(9));
    home.ward_code = Some("00070".to_owned());
    person.residences.permanent = Some(home);
    let card = Card {
        number: person.number.clone(),
        sod_sha256: SodDigest::from_bytes([1; 32]),
        document_number: "099000001".to_owned(),
        chip_serial: "00000000000000000001".to_owned(),
        issued: date(2024, 7, 1),
        expires: None,
        status: CardStatus::Active,
        since: date(2024, 7, 1),
    };
    (person, card)
}

/// Each page's barcode is read by another decoder, and says which page it is.
#[test]
fn another_decoder_reads_every_page() {
    let renderer = FormRenderer::new().unwrap();
    let (person, card) = full();
    for kind in [FormKind::Dc01, FormKind::Dc02] {
        let slip = slip_of(kind);
        for content in [Content::default(), Content { person: Some(&person), card: Some(&card) }] {
            let pages = renderer.pages(&slip, &content).unwrap();
            // What does not fit stands on a page more.
            assert!(
                if content.person.is_some() { pages.len() > 2 } else { pages.len() == 2 },
                "{}",
                pages.len()
            );
            for (place, svg) in (1_u8..).zip(&pages) {
                let picture = renderer.picture(svg, 200).unwrap();
                assert_eq!((picture.width(), picture.height()), (1654, 2339));
                let (width, height) = (picture.width() as usize, picture.height() as usize);
                let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
                    picture.as_raw()[y * width + x]
                });
                let grids = prepared.detect_grids();
                let texts: Vec<String> =
                    grids.iter().filter_map(|grid| grid.decode().ok()).map(|(_, text)| text).collect();
                let expected = Slip { page: place, pages: pages.len().try_into().unwrap(), ..slip.clone() };
                assert_eq!(texts, [expected.text()]);
            }
        }
    }
}

/// Nothing of the person is in the barcode, and everything that does not fit is on the pages all the same.
#[test]
fn nothing_is_cut() {
    let renderer = FormRenderer::new().unwrap();
    let (person, card) = full();
    let pages = renderer
        .pages(&slip_of(FormKind::Dc01), &Content { person: Some(&person), card: Some(&card) })
        .unwrap();
    let all = pages.concat();
    for member in &person.household {
        assert!(all.contains(&member.name), "{}", member.name);
    }
    for child in &person.children {
        assert!(all.contains(&child.name), "{}", child.name);
    }
    let address = &person.residences.permanent.as_ref().unwrap().address;
    // Lines are broken at blanks: word by word it is all there.
    assert!(all.matches("ngách").count() >= address.matches("ngách").count());
    for item in 1..=26 {
        assert!(all.contains(&format!("{item}. ")) || item == 15 && all.contains("(mục 15)"), "item {item}");
    }
    assert!(!slip_of(FormKind::Dc01).text().contains(person.number.as_str()));
}

#[test]
fn a_pdf_of_vectors_in_true_size() {
    let renderer = FormRenderer::new().unwrap();
    let pdf = renderer.pdf(&slip_of(FormKind::Dc01), &Content::default()).unwrap();
    assert_eq!(pdf, renderer.pdf(&slip_of(FormKind::Dc01), &Content::default()).unwrap());
    let text = String::from_utf8_lossy(&pdf);
    assert!(text.starts_with("%PDF-1.7") && text.trim_end().ends_with("%%EOF"));
    assert!(!text.contains("CreationDate"), "nothing of the moment is in it");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("form.pdf"), &pdf).unwrap();
    let said = |program: &str| {
        let mut command = std::process::Command::new(program);
        let output = command.args(["form.pdf", "-"]).current_dir(folder.path()).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    // Poppler is the judge of sizes and letters; where it is not installed, only our own reading is left.
    let Some(words) = said("pdftotext") else { return eprintln!("skipped: no pdftotext") };
    assert!(words.contains("PHIẾU THU THẬP THÔNG TIN DÂN CƯ"), "{words}");
    let information =
        std::process::Command::new("pdfinfo").arg("form.pdf").current_dir(folder.path()).output();
    let information = String::from_utf8_lossy(&information.unwrap().stdout).into_owned();
    assert!(information.contains("595.276 x 841.89 pts (A4)"), "{information}");
    assert!(information.contains("Pages:           2"), "{information}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    /// Text from outside is text on the page: never markup, never a failure.
    #[test]
    fn any_text_can_be_printed(text in "\\PC{0,120}", name in "[<&\"'a-zÀ-ỹ \u{0}-\u{1f}]{1,80}") {
        let renderer = FormRenderer::new().unwrap();
        let mut person = somebody();
        person.full_name = name;
        person.other = Some(text);
        let pages = renderer.pages(&slip_of(FormKind::Dc01), &Content { person: Some(&person), card: None }).unwrap();
        for page in pages {
            prop_assert!(renderer.picture(&page, 40).is_ok());
        }
    }

    #[test]
    fn no_text_makes_a_slip_panic(text in "(CCCD:DC0[12]:1:)?[0-9A-F:/]{0,80}") {
        if let Ok(slip) = Slip::parse(&text) {
            prop_assert_eq!(slip.text(), text);
        }
    }
}
