//! Prints and irises at the desk: from files and from an officer's device, measured, sealed as the command line seals them, and
//! nothing of a hostile file comes through.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::Ordering;

use age::x25519::Identity;
use cccd_issuer::capture::sealed::Vault;
use cccd_issuer::capture::{Capture, Eye, IrisImage};
use cccd_issuer::fingerprint::synthetic::{Drawing, drawn, taken};
use cccd_issuer::fingerprint::{Finger, MissingReason, PrintImage};
use image::{DynamicImage, GrayImage, ImageFormat};

use super::house::{Browser, House};
use crate::support::{NUMBER, OTHER_NUMBER, PORTRAIT, YOUNG_NUMBER};

fn print(finger: Finger) -> Vec<u8> {
    taken(7, finger).unwrap().to_png().unwrap()
}

/// Half laid on: to be taken again.
fn poor(finger: Finger) -> Vec<u8> {
    let grey = drawn(7, finger, Drawing { touched: 0.3, ..Drawing::default() });
    PrintImage::from_raw(grey.width(), grey.height(), grey.into_raw()).unwrap().to_png().unwrap()
}

fn file(picture: GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    DynamicImage::ImageLuma8(picture).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

fn iris() -> Vec<u8> {
    file(GrayImage::new(640, 480), ImageFormat::Jpeg)
}

/// The same print, said to be of so many pixels per metre.
fn of_resolution(png: &[u8], per_metre: u32) -> Vec<u8> {
    let mut file = png.to_vec();
    let at = file.windows(4).position(|chunk| chunk == b"pHYs").unwrap() + 4;
    file[at..at + 4].copy_from_slice(&per_metre.to_be_bytes());
    file
}

/// A visit with its portrait; prints are still to be taken.
fn begun(lan: &mut Browser, number: &str) -> String {
    lan.look_up(number);
    let visit = lan.page.location.clone();
    lan.get(&visit);
    lan.upload(&visit, &PORTRAIT);
    lan.get(&visit);
    visit
}

fn take(lan: &mut Browser, visit: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> u16 {
    lan.get(visit);
    lan.post_parts(&format!("{visit}/prints"), fields, files);
    let status = lan.page.status;
    if status == 303 {
        lan.get(visit);
    }
    status
}

/// Both index fingers, captured; the address of the application.
fn captured(lan: &mut Browser, number: &str) -> String {
    let visit = begun(lan, number);
    let (right, left) = (print(Finger::RightIndex), print(Finger::LeftIndex));
    assert_eq!(
        take(lan, &visit, &[], &[("right-index", &right), ("left-index", &left)]),
        303,
        "{}",
        lan.page.body
    );
    lan.post(&format!("{visit}/capture"), &[]);
    assert_eq!(lan.page.status, 303, "{}", lan.page.body);
    lan.page.location.clone()
}

fn approved(house: &House, address: &str) {
    let mut minh = house.officer("minh");
    minh.get(address);
    minh.post(&format!("{address}/approve"), &[]);
    assert_eq!(minh.page.status, 303, "{}", minh.page.body);
}

fn sealed(house: &House) -> Vec<String> {
    let files = std::fs::read_dir(house.folder.path().join("captures")).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn prints_are_measured_sealed_and_made_into_the_card() {
    let identity = Identity::generate();
    let house = House::with_prints(&identity);
    let mut lan = house.officer("lan");
    let visit = begun(&mut lan, NUMBER);
    assert!(lan.page.says("Còn thiếu") && lan.page.says("ngón trỏ phải: chưa có ảnh vân tay"));
    lan.post(&format!("{visit}/capture"), &[]);
    assert_eq!(lan.page.status, 422, "prints are asked for where they can be taken");

    // One finger, then a poor one that is explained, taken again, and one that is missing; in any order.
    assert_eq!(take(&mut lan, &visit, &[], &[("right-index", &print(Finger::RightIndex))]), 303);
    assert!(lan.page.says("/100") && lan.page.says("tốt") && lan.page.says("mm²"), "{}", lan.page.body);
    lan.get(&format!("{visit}/prints/right-index.png"));
    assert_eq!((lan.page.status, lan.page.header("content-type")), (200, "image/png"));
    assert_eq!(PrintImage::from_png(&lan.page.octets).unwrap(), taken(7, Finger::RightIndex).unwrap());
    assert_eq!(take(&mut lan, &visit, &[], &[("left-index", &poor(Finger::LeftIndex))]), 303);
    assert!(lan.page.says("phải lấy lại") && lan.page.says("đặt phẳng cả đầu ngón"), "{}", lan.page.body);
    lan.post(&format!("{visit}/capture"), &[]);
    assert_eq!(lan.page.status, 422);
    lan.get(&visit);
    lan.post(&format!("{visit}/prints/accept"), &[("reason", "sẹo cũ, đã lấy ba lần")]);
    lan.get(&visit);
    assert!(lan.page.says("Vẫn nhận vân tay, vì") && lan.page.says("Đã đủ"), "{}", lan.page.body);
    // A reason is for the prints that it was said of.
    assert_eq!(take(&mut lan, &visit, &[("missing.left-index", "amputated")], &[]), 303);
    assert!(lan.page.says("cụt ngón") && !lan.page.says("Vẫn nhận vân tay, vì"));
    assert_eq!(take(&mut lan, &visit, &[], &[("right-iris", &iris())]), 303);
    lan.get(&format!("{visit}/prints/right-iris.png"));
    assert_eq!((lan.page.status, lan.page.header("content-type")), (200, "image/png"));
    lan.get(&visit);
    assert_eq!(sealed(&house), [""; 0], "nothing is written before the application is captured");
    lan.post(&format!("{visit}/capture"), &[]);
    let address = lan.page.location.clone();
    assert_eq!(lan.page.status, 303, "{}", lan.page.body);

    // As the command line seals it.
    let name = house.ledger_says("SELECT sealed_sha256 FROM captures");
    assert_eq!(sealed(&house), [format!("{name}.age")]);
    let path = house.folder.path().join("captures");
    let mode = std::fs::metadata(path.join(format!("{name}.age"))).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = Vault::open(&path).unwrap().get(&name, &identity).unwrap();
    let prints = BTreeMap::from([(Finger::RightIndex, taken(7, Finger::RightIndex).unwrap())]);
    let missing = BTreeMap::from([(Finger::LeftIndex, MissingReason::Amputated)]);
    let irises = BTreeMap::from([(Eye::Right, IrisImage::from_file(Eye::Right, iris()).unwrap())]);
    assert!(kept == Capture::new(prints, missing, irises).unwrap());
    let detail = "SELECT detail FROM actions WHERE action = 'capture'";
    assert!(house.ledger_says(detail).contains(r#""biometrics":{"irises":1,"poor":0,"prints":1}"#));
    let drawer = std::fs::read_dir(house.folder.path().join("drawer")).unwrap();
    assert!(drawer.count() > 0);

    // Who captured does not approve; who approves reads what was taken, not which finger somebody lacks.
    lan.get(&address);
    assert!(lan.page.says("1 vân tay, 1 mống mắt") && !lan.page.says("cụt ngón"), "{}", lan.page.body);
    approved(&house, &address);
    lan.get(&address);
    lan.post(&format!("{address}/make"), &[("reader", "Reader 00")]);
    lan.until(&address, "đọc lại đúng từng tệp");
    lan.post(&format!("{address}/deliver"), &[("face", "yes")]);
    assert_eq!(lan.page.status, 303, "{}", lan.page.body);

    // Gone by rule, seven days after it was handed over, when the desk is used.
    house.passes(8 * 24 * 3600);
    let mut lan = house.officer("lan");
    captured(&mut lan, OTHER_NUMBER);
    assert!(!sealed(&house).contains(&format!("{name}.age")), "{:?}", sealed(&house));
    assert_eq!(house.ledger_says("SELECT purged_by FROM captures WHERE application_id = 1"), "lan");
    lan.get(&address);
    assert!(lan.page.says("Đã xóa lúc"), "{}", lan.page.body);
}

#[test]
fn hostile_prints_are_refused_with_a_reason() {
    let house = House::with_prints(&Identity::generate());
    let mut lan = house.officer("lan");
    let visit = begun(&mut lan, NUMBER);
    let png = |width, height| file(GrayImage::new(width, height), ImageFormat::Png);
    let mut huge = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    huge.extend([0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    let good = print(Finger::RightIndex);
    let cases: [(&str, Vec<u8>, &str); 10] = [
        ("a page", b"<html><script>alert(1)</script></html>".to_vec(), "không phải ảnh PNG"),
        (
            "a drawing",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec(),
            "không phải ảnh PNG",
        ),
        ("another format", PORTRAIT.clone(), "không phải ảnh PNG"),
        ("half a print", good[..good.len() / 2].to_vec(), "ảnh bị hỏng"),
        ("a header of huge pixels", huge, "ảnh bị hỏng"),
        ("a bomb of black", png(8_000, 8_000), "ảnh quá lớn"),
        ("a stripe", png(1_300, 200), "ảnh quá lớn"),
        ("a stamp", png(64, 64), "cần ít nhất 180"),
        ("of another resolution", of_resolution(&good, 11_811), "300 điểm ảnh"),
        ("a long file", vec![0x89; (4 << 20) + 1], "ảnh quá lớn"),
    ];
    for (what, file, reason) in cases {
        assert_eq!(take(&mut lan, &visit, &[], &[("right-index", &file)]), 422, "{what}");
        assert!(lan.page.says(reason) && lan.page.says("ngón trỏ phải"), "{what}: {}", lan.page.body);
    }
    assert_eq!(take(&mut lan, &visit, &[], &[("right-index", &vec![0; (8 << 20) + 1])]), 413);
    for (what, file) in [
        ("a frame of huge pixels", {
            let mut huge = iris();
            let frame = huge.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
            huge[frame + 5..frame + 9].copy_from_slice(&[0xFF; 4]);
            huge
        }),
        ("a bitmap", b"BM".to_vec()),
        ("too long", [iris(), vec![0; 16_000]].concat()),
        ("no picture behind its first octets", vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 0, 0, 0xFF, 0xD9]),
    ] {
        assert_eq!(take(&mut lan, &visit, &[], &[("left-iris", &file)]), 422, "{what}");
        assert!(lan.page.says("mống mắt trái"), "{what}: {}", lan.page.body);
    }
    lan.get(&visit);
    lan.post_parts(&format!("{visit}/prints"), &[], &[("left-iris", &b"BM"[..])]);
    assert!(lan.page.says("Chụp lại mống mắt") && !lan.page.says("Lấy lại ngón đó"), "{}", lan.page.body);
    // One picture for two fingers, at once or one after the other.
    let twice: [(&str, &[u8]); 2] = [("right-index", &good), ("left-index", &good)];
    assert_eq!(take(&mut lan, &visit, &[], &twice), 422);
    assert!(lan.page.says("Cùng một ảnh vân tay cho hai ngón"), "{}", lan.page.body);
    assert_eq!(take(&mut lan, &visit, &[], &twice[..1]), 303);
    assert_eq!(take(&mut lan, &visit, &[], &twice[1..]), 422);
    assert!(lan.page.says("Cùng một ảnh vân tay cho hai ngón"), "{}", lan.page.body);
    assert_eq!(take(&mut lan, &visit, &[("missing.right-index", "nothing")], &[]), 303);
    // A print and a reason; a reason of nobody; nothing at all.
    assert_eq!(
        take(&mut lan, &visit, &[("missing.right-index", "bandaged")], &[("right-index", &good)]),
        422
    );
    assert_eq!(take(&mut lan, &visit, &[("missing.right-index", "<b>")], &[]), 422);
    assert!(!lan.page.says("<b>"));
    assert_eq!(take(&mut lan, &visit, &[], &[]), 422);
    // Nothing of all that is there, and a form of another session or for another officer's visit is none.
    lan.get(&visit);
    assert!(lan.page.says("Lấy hai ngón trỏ, hoặc cả mười ngón"));
    lan.post_parts(&format!("{visit}/prints"), &[("mark", &"0".repeat(64))], &[("right-index", &good)]);
    assert_eq!(lan.page.status, 403);
    let mut minh = house.officer("minh");
    minh.get("/");
    assert_eq!(
        {
            minh.post_parts(&format!("{visit}/prints"), &[], &[("right-index", &good)]);
            minh.page.status
        },
        410
    );
    take(&mut lan, &visit, &[], &[("right-index", &good)]);
    minh.get(&format!("{visit}/prints/right-index.png"));
    assert_eq!(minh.page.status, 410);
    for nothing in ["left-index.png", "nose.png", "right-index", "left-iris.png", "../portrait.jpg"] {
        lan.get(&format!("{visit}/prints/{nothing}"));
        assert_eq!(lan.page.status, 404, "{nothing}");
    }
    // A thumb by mistake would ask for all ten: it is left out again.
    take(
        &mut lan,
        &visit,
        &[],
        &[("left-index", &print(Finger::LeftIndex)), ("left-thumb", &print(Finger::LeftThumb))],
    );
    assert!(lan.page.says("ngón cái phải: chưa có ảnh"), "{}", lan.page.body);
    take(&mut lan, &visit, &[("missing.left-thumb", "nothing")], &[]);
    assert!(lan.page.says("Đã đủ"), "{}", lan.page.body);
}

#[test]
fn a_device_gives_what_is_of_this_person_only_and_is_emptied() {
    let house = House::with_prints(&Identity::generate());
    let folder = house.folder.path().join("devices").join("lan");
    let other = house.folder.path().join("devices").join("minh");
    std::fs::create_dir_all(&other).unwrap();
    std::fs::write(other.join("right-index.png"), print(Finger::RightIndex)).unwrap();
    let leave = |fingers: &[Finger]| {
        std::fs::create_dir_all(&folder).unwrap();
        for finger in fingers {
            std::fs::write(folder.join(format!("{finger}.png")), print(*finger)).unwrap();
        }
    };
    let left = || std::fs::read_dir(&folder).unwrap().count();
    let mut lan = house.officer("lan");
    let visit = begun(&mut lan, NUMBER);
    let from = format!("{visit}/prints/device");
    lan.post(&from, &[]);
    assert_eq!(lan.page.status, 409, "there is no device yet");
    leave(&[]);
    lan.get(&visit);
    lan.post(&from, &[]);
    assert_eq!(lan.page.status, 422, "it has nothing yet: {}", lan.page.body);
    leave(&[Finger::RightIndex]);
    std::fs::write(folder.join("missing.json"), r#"{"left-index": "worn-away"}"#).unwrap();
    std::fs::write(folder.join("readme.txt"), "the maker's").unwrap();
    lan.get(&visit);
    lan.post(&from, &[]);
    assert_eq!(lan.page.status, 303, "{}", lan.page.body);
    assert_eq!(left(), 1, "what was taken is gone, what is not the desk's stays");
    lan.get(&visit);
    assert!(lan.page.says("mòn vân") && lan.page.says("Đã đủ"));

    // The next person: what lies there since before they came is not theirs.
    leave(&Finger::INDEX);
    let visit = begun(&mut lan, OTHER_NUMBER);
    let from = format!("{visit}/prints/device");
    lan.post(&from, &[]);
    assert!(lan.page.status == 409 && lan.page.says("có thể là của người khác"), "{}", lan.page.body);
    lan.get(&visit);
    lan.post(&format!("{visit}/prints/empty"), &[]);
    assert_eq!((lan.page.status, left()), (303, 1));
    assert_eq!(house.ledger_says("SELECT count(*) FROM audit WHERE line LIKE '%desk-device-emptied%'"), "1");
    leave(&Finger::INDEX);
    std::fs::write(folder.join("left-index.png"), b"half").unwrap();
    lan.get(&visit);
    lan.post(&from, &[]);
    assert!(lan.page.status == 422 && lan.page.says("ngón trỏ trái"), "{}", lan.page.body);
    assert_eq!(left(), 3, "what was refused is still there to be looked at");
    leave(&Finger::INDEX);
    lan.get(&visit);
    lan.post(&from, &[]);
    assert_eq!((lan.page.status, left()), (303, 1), "{}", lan.page.body);
    assert!(other.join("right-index.png").is_file(), "another officer's device is not this one's");
}

#[test]
fn of_a_child_under_six_nothing_is_taken() {
    let house = House::with_prints(&Identity::generate());
    let mut lan = house.officer("lan");
    lan.look_up(YOUNG_NUMBER);
    let visit = lan.page.location.clone();
    lan.get(&visit);
    assert!(lan.page.says("Trẻ dưới 6 tuổi") && !lan.page.says("file-right-index"));
    assert!(
        lan.page.says("Thẻ không in ảnh")
            && !lan.page.says("name=\"portrait\"")
            && !lan.page.says("data-camera")
    );
    lan.upload(&visit, &PORTRAIT);
    assert_eq!(lan.page.status, 422, "{}", lan.page.body);
    lan.get(&visit);
    assert_eq!(take(&mut lan, &visit, &[], &[("right-index", &print(Finger::RightIndex))]), 422);
    assert!(lan.page.says("Không thu nhận ảnh khuôn mặt, vân tay"), "{}", lan.page.body);
    // With nothing taken, whoever acts for the child is all that is missing.
    lan.get(&visit);
    let acting = [("acting-number", OTHER_NUMBER), ("acting-name", "Trần Thị Mẹ")];
    lan.post(
        &format!("{visit}/asked"),
        &[&[("for", "first-issue"), ("template", "2024")][..], &acting].concat(),
    );
    lan.get(&visit);
    assert!(lan.page.says("Đã đủ") && lan.page.says("Trần Thị Mẹ"), "{}", lan.page.body);
    lan.post(&format!("{visit}/capture"), &[]);
    let address = lan.page.location.clone();
    approved(&house, &address);
    lan.get(&address);
    assert!(!lan.page.says("portrait.jpg"), "{}", lan.page.body);
    lan.get(&format!("{address}/cc01.pdf"));
    assert!(lan.page.status == 200 && lan.page.body.starts_with("%PDF"), "{}", lan.page.status);
    lan.get(&address);
    lan.post(&format!("{address}/make"), &[("reader", "Reader 00")]);
    lan.until(&address, "đọc lại đúng từng tệp");
}

#[test]
fn a_desk_that_only_seals_makes_no_card_of_it_and_another_takes_no_prints() {
    let house = House::sealing_only(&Identity::generate());
    let mut lan = house.officer("lan");
    let address = captured(&mut lan, NUMBER);
    approved(&house, &address);
    lan.get(&address);
    assert!(lan.page.says("không có khóa mở vân tay"), "{}", lan.page.body);
    lan.post(&format!("{address}/make"), &[("reader", "Reader 00")]);
    lan.until(&address, "không được đưa ra ở đây");
    assert_eq!(house.ledger_says("SELECT count(*) FROM chips"), "0", "no chip was touched");
    assert_eq!(house.ledger_says("SELECT state FROM applications"), "approved");

    let house = House::open();
    let mut lan = house.officer("lan");
    let visit = begun(&mut lan, NUMBER);
    assert!(!lan.page.says("file-right-index") && lan.page.says("Đã đủ"));
    assert_eq!(take(&mut lan, &visit, &[], &[("right-index", &print(Finger::RightIndex))]), 409);
}

/// The card of 2021 shows both index fingers on its back: where nothing opens them, it is not printed without.
#[test]
fn the_back_of_a_card_of_2021_shows_the_prints() {
    let identity = Identity::generate();
    let made = |house: &House| {
        let mut lan = house.officer("lan");
        let visit = begun(&mut lan, NUMBER);
        lan.post(&format!("{visit}/asked"), &[("for", "first-issue"), ("template", "2021")]);
        let (right, left) = (print(Finger::RightIndex), print(Finger::LeftIndex));
        assert_eq!(take(&mut lan, &visit, &[], &[("right-index", &right), ("left-index", &left)]), 303);
        lan.post(&format!("{visit}/capture"), &[]);
        let address = lan.page.location.clone();
        lan.get(&format!("{address}/back.png"));
        assert_eq!(lan.page.status, 200, "{}", lan.page.body);
        let back = lan.page.octets.clone();
        lan.get(&format!("{address}/card.pdf"));
        (back, lan.page.status)
    };
    let (opens, seals) = (House::with_prints(&identity), House::sealing_only(&identity));
    let (with, without) = (made(&opens), made(&seals));
    assert_eq!((with.1, without.1), (404, 409), "nothing is printed before its chip is locked");
    assert!(with.0 != without.0, "the frames are filled");
    // Whoever neither approves nor prints the card sees no print.
    let mut hoa = opens.officer("hoa");
    hoa.get("/applications/1/back.png");
    assert!(hoa.page.status == 200 && hoa.page.octets != with.0, "{}", hoa.page.status);
    hoa.get("/applications/1/card.pdf");
    assert_eq!(hoa.page.status, 403);
    let shown = "SELECT count(*) FROM audit WHERE line LIKE '%prints-shown%'";
    assert_eq!((opens.ledger_says(shown), seals.ledger_says(shown)), ("1".to_owned(), "0".to_owned()));
}

#[test]
fn a_broken_chip_calls_nobody_back_to_the_desk() {
    let house = House::with_prints(&Identity::generate());
    let mut lan = house.officer("lan");
    let visit = begun(&mut lan, NUMBER);
    let (right, left) = (print(Finger::RightIndex), poor(Finger::LeftIndex));
    assert_eq!(take(&mut lan, &visit, &[], &[("right-index", &right), ("left-index", &left)]), 303);
    lan.post(&format!("{visit}/prints/accept"), &[("reason", "sẹo cũ")]);
    lan.get(&visit);
    lan.post(&format!("{visit}/capture"), &[]);
    let first = lan.page.location.clone();
    approved(&house, &first);
    house.broken.store(true, Ordering::SeqCst);
    lan.get(&first);
    lan.post(&format!("{first}/make"), &[("reader", "Reader 00")]);
    lan.until(&first, "Làm lại thẻ bằng phôi khác");
    assert_eq!(house.ledger_says("SELECT state FROM applications"), "spoiled");
    house.broken.store(false, Ordering::SeqCst);
    house.passes(3 * 24 * 3600);
    let mut lan = house.officer("lan");

    // Who approves does not take it in; who captures does, and not before the ledger says that the chip is spoiled.
    let mut hoa = house.officer("hoa");
    hoa.get(&first);
    assert!(!hoa.page.says("/anew\""), "{}", hoa.page.body);
    hoa.post(&format!("{first}/anew"), &[]);
    assert_eq!(hoa.page.status, 403);
    lan.get(&first);
    let shown = lan.page.clone();
    lan.post(&format!("{first}/anew"), &[]);
    let second = lan.page.location.clone();
    assert_eq!((lan.page.status, second.as_str()), (303, "/applications/2"), "{}", lan.page.body);
    // The button was pressed twice: the same application.
    lan.page = shown.clone();
    lan.post(&format!("{first}/anew"), &[]);
    assert_eq!(lan.page.location, second);
    lan.get(&first);
    assert!(lan.page.says("href=\"/applications/2\"") && !lan.page.says("/anew\""), "{}", lan.page.body);
    lan.get(&second);
    assert!(lan.page.says("chờ duyệt") && lan.page.says("sẹo cũ"), "{}", lan.page.body);
    lan.post(&format!("{second}/approve"), &[]);
    assert_eq!(lan.page.status, 403, "another officer approves");
    lan.page = shown;
    lan.post(&format!("{second}/anew"), &[]);
    assert_eq!(lan.page.status, 422, "no chip of it is spoiled");
    assert_eq!(sealed(&house).len(), 2, "each seal has a time of its own");

    let due = "SELECT count(DISTINCT due) FROM applications";
    assert_eq!(house.ledger_says(due), "1", "what the citizen was promised stands");
    approved(&house, &second);
    lan.get(&second);
    lan.post(&format!("{second}/make"), &[("reader", "Reader 00")]);
    lan.until(&second, "đọc lại đúng từng tệp");
    assert_eq!(
        house.ledger_says("SELECT group_concat(state) FROM (SELECT state FROM applications ORDER BY id)"),
        "spoiled,issued"
    );
    assert_eq!(house.ledger_says("SELECT count(*) FROM chips"), "2");
}

#[test]
fn what_was_captured_is_made_anew_only_while_it_is_kept_and_can_be_opened() {
    let house = House::with_prints(&Identity::generate());
    let mut lan = house.officer("lan");
    let address = captured(&mut lan, NUMBER);
    approved(&house, &address);
    house.broken.store(true, Ordering::SeqCst);
    lan.get(&address);
    lan.post(&format!("{address}/make"), &[("reader", "Reader 00")]);
    lan.until(&address, "Làm lại thẻ bằng phôi khác");
    for name in sealed(&house) {
        std::fs::remove_file(house.folder.path().join("captures").join(name)).unwrap();
    }
    lan.get(&address);
    let shown = lan.page.clone();
    lan.post(&format!("{address}/anew"), &[]);
    assert_eq!(lan.page.status, 503, "{}", lan.page.body);
    let drawer = house.folder.path().join("drawer");
    for file in std::fs::read_dir(drawer).unwrap().flatten() {
        if file.path().extension().is_some_and(|extension| extension == "sealed") {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
    lan.get(&address);
    assert!(lan.page.says("không còn ở máy trạm này") && !lan.page.says("/anew\""), "{}", lan.page.body);
    lan.page = shown;
    lan.post(&format!("{address}/anew"), &[]);
    assert_eq!(lan.page.status, 409, "{}", lan.page.body);
    assert_eq!(house.ledger_says("SELECT count(*) FROM applications"), "1");
}
