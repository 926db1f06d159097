//! Bodies for what the register reads: files of persons, and the questions of its HTTP interface.

use cccd_population::answer::{CardStatusRequest, MatchRequest, SignedAnswer, is_nonce};
use cccd_population::card::NewCard;
use cccd_population::civil_status::paper::PaperEntry;
use cccd_population::export::PersonWriter;
use cccd_population::extract::Code;
use cccd_population::forms::{FormKind, Slip};
use cccd_population::generate::Nation;
use cccd_population::import::{Format, rows};
use cccd_population::matching::check_form;
use cccd_population::name::is_syllable;
use cccd_population::places::{Map, Places, published};
use cccd_population::quality::Codes as _;
use cccd_population::scans::{Limits, pdf_images};
use cccd_population::search::{SearchKey, blocks};
use cccd_population::text_encoding::{Encoding, Known, recognise};
use jiff::civil::{Date, date};

use crate::Body;

const TODAY: Date = date(2026, 11, 21);

/// The questions of docs/register-api.md.
const MATCH: &str = r#"{"nonce":"AAECAwQFBgcICQoLDA0ODw==","number":"079099000001","full_name":"Nguyễn Văn An","birth_date":"1999-01-15","also":{"sex":"male","residence":"Tổ 1"}}"#;
const CARD_STATUS: &str = r#"{"nonce":"AAECAwQFBgcICQoLDA0ODw==","sod_sha256":"0000000000000000000000000000000000000000000000000000000000000000"}"#;
const NEW_CARD: &str = r#"{"number":"079099000001","sod_sha256":"0000000000000000000000000000000000000000000000000000000000000001","document_number":"099000001","chip_serial":"00000000000000000001","issued":"2026-01-10","expires":"2039-01-15"}"#;
const SIGNED: &str = r#"{"answer":"e30=","signature":"MAA=","key":"00"}"#;

/// A map of two provinces; the published form has its three files with `|` between.
const PLACES: &str = "map,code,name,parent,became\npresent,01,Tỉnh A,,\npresent,00001,Xã B,01,\npresent,00002,Xã C,01,\nbefore,01,Tỉnh A,,01\nbefore,001,Huyện D,01,\nbefore,00003,Xã E,001,00001 00002\n";
const PLACES_JSON: &str = r#"{"map":"present","code":"01","name":"Tỉnh A"}"#;
const PUBLISHED: &str = r#"{"units":[{"code":"01","name":"Tỉnh A","wards":[{"code":"00001","name":"Xã B"}]}]}|{"units":[{"code":"01","name":"Tỉnh A","districts":[{"code":"001","name":"Huyện D","wards":[{"code":"00003","name":"Xã E"}]}]}]}|{"items":[{"code":"01","before":"giữ nguyên"},{"code":"00001","before":"Xã E (huyện D), phần còn lại của Xã F và Xã G"}]}"#;

const QCVN: &str = "<?xml version=\"1.0\"?><q:CongdanCollection xmlns:q=\"http://www.mic.gov.vn/dancu/1.0\" SoCongDan='1'><q:CongDan><q:SoDinhDanh>079099000001</q:SoDinhDanh><q:HoVaTen><q:Ho>A &amp;</q:Ho><q:Ten><![CDATA[B]]></q:Ten></q:HoVaTen><q:GioiTinh>1</q:GioiTinh><q:NgayThangNamSinh><q:NgayThangNam>1999</q:NgayThangNam></q:NgayThangNamSinh></q:CongDan></q:CongdanCollection>";

/// A page of 208 × 200 zeros, stored without packing it would be longer.
const SCANNED: &str = "%PDF-1.4\n5 0 obj\n<< /Subtype /Image /Width 208 /Height 200 /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /FlateDecode /DecodeParms << /Predictor 15 >> /Length 9 >>\nstream\nxxxxxxxxx\nendstream\nendobj\n";

const EXTRACT: &str = "CCCD:TL:1:00070.2026.KS.12:20261126:5E884898DA280471:9F86D081884C7D65";

/// An entry of a paper book.
const PAPER: &str = r#"{"office":"00070","kind":"birth","book":"Quyển 3","year":1956,"page":12,"number":34,"registered":"1956-03","people":[{"role":"child","name":"Nguyễn Văn An","born":"1956-02-11","sex":"male"},{"role":"mother","name":"Lê Thị Bình","born":"1930"}]}"#;

/// One line of an opened bundle, and a head.
const BUNDLE_LINE: &str = "{\"place\":1,\"sha256\":\"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\",\"item\":\"{}\"}\n";

/// All bodies of this room.
pub const BODIES: &[Body] = &[
    Body {
        name: "persons-csv",
        seeds: || vec![persons(Format::Csv), b"number,full_name,birth_date,sex\n".to_vec()],
        run: |bytes| import(bytes, Format::Csv),
    },
    Body {
        name: "persons-json",
        seeds: || vec![persons(Format::Json), b"[{\"number\":\"079099000001\"},{}]".to_vec()],
        run: |bytes| import(bytes, Format::Json),
    },
    Body {
        name: "places-file",
        seeds: || {
            [PLACES.to_owned(), format!("[{}]", PLACES_JSON), PUBLISHED.to_owned()].map(Vec::from).into()
        },
        run: places,
    },
    Body {
        name: "persons-qcvn",
        seeds: || vec![persons(Format::Qcvn), QCVN.into()],
        run: |bytes| import(bytes, Format::Qcvn),
    },
    Body {
        name: "form-slips",
        seeds: || {
            let slip = Slip::new(FormKind::Dc01, 7, Some("9F86D081884C7D659A2F".to_owned()), TODAY);
            vec![slip.text().into_bytes(), Slip::new(FormKind::Dc02, 7, None, TODAY).text().into_bytes()]
        },
        run: |bytes| {
            let Ok(text) = core::str::from_utf8(bytes) else { return };
            if let Ok(slip) = Slip::parse(text) {
                assert_eq!(slip.text(), text, "a slip has two spellings");
            }
        },
    },
    Body {
        name: "extract-codes",
        seeds: || {
            [EXTRACT, "CCCD:TL:1:P0123456789abcdef:20261126:5E884898DA280471:9F86D081884C7D65"]
                .map(Vec::from)
                .into()
        },
        run: |bytes| {
            let Ok(text) = core::str::from_utf8(bytes) else { return };
            if let Some(code) = Code::parse(text) {
                assert_eq!(code.to_string(), text, "a code has two spellings");
            }
        },
    },
    Body { name: "paper-entries", seeds: || vec![PAPER.into()], run: papers },
    Body {
        name: "scanned-pdf",
        seeds: || vec![SCANNED.into()],
        run: |bytes| {
            let limits = Limits { pixels: 250_000, pages: 4, ..Limits::default() };
            let _ = pdf_images::each(bytes, &limits, |page| {
                if let Ok(page) = page {
                    let (width, height) = page.pixels.dimensions();
                    assert!(limits.allow(width, height), "a page beyond the limits");
                    assert!(page.jpeg.is_none_or(|range| range.end <= bytes.len()));
                }
                true
            });
        },
    },
    Body {
        name: "bundle-items",
        seeds: || vec![BUNDLE_LINE.into()],
        run: |bytes| {
            let _ = cccd_population::bundle::items(bytes);
            let _ = cccd_population::bundle::check(bytes, &[]);
        },
    },
    Body {
        name: "register-requests",
        seeds: || [MATCH, CARD_STATUS, NEW_CARD, SIGNED].map(Vec::from).into(),
        run: requests,
    },
    Body {
        name: "search-blocks",
        seeds: || {
            // One key with two people, and the list of another that is cut.
            vec![
                [&[0, 0, 0, 0, 0, 0, 0, 1, 2, 5, 9][..], &[0xFF; 8], &[2, 0x81, 0x01]].concat(),
                [&[0xFF; 8][..], &[3, 0x81]].concat(),
            ]
        },
        run: |bytes| {
            for key in [1, -1] {
                let _ = blocks::find(bytes, SearchKey::from_i64(key), 3);
            }
        },
    },
    Body {
        name: "row-encodings",
        seeds: || {
            [
                "Nguyễn Văn Hùng|Tổ 5, Hà Nội",
                "Nguye^~n Va(n Hu`ng",
                "Buøi Vaên Haûi|Huyeän 1",
                "NguyÔn V¨n Hïng",
            ]
            .map(Vec::from)
            .into_iter()
            .chain([b"Nguy\xD4n V\xA8n H\xEFng".to_vec(), b"Nguy\xEA\xDEn V\xE3n".to_vec()])
            .collect()
        },
        run: encodings,
    },
];

/// A few synthetic persons as export writes them.
fn persons(format: Format) -> Vec<u8> {
    let mut file = Vec::new();
    let written = PersonWriter::new(&mut file, format).and_then(|mut writer| {
        Nation::new(3, 1, TODAY).try_for_each(|person| writer.write(&person))?;
        writer.finish().map(drop)
    });
    if written.is_ok() { file } else { Vec::new() }
}

/// Every row is a person who can be true and comes back from JSON unchanged, or it is refused; rows count up and never
/// stand beyond the file's end.
fn import(bytes: &[u8], format: Format) {
    let Ok(rows) = rows(bytes, format) else { return };
    for (expected, row) in (1..).zip(rows) {
        let Ok(row) = row else { break };
        assert_eq!(row.number, expected);
        assert!(row.position <= bytes.len() as u64, "a row beyond the end");
        let Ok(Ok(person)) = row.person.map(|person| person.checked(TODAY)) else { continue };
        let again = serde_json::to_string(&person).ok().and_then(|text| serde_json::from_str(&text).ok());
        assert!(again.as_ref() == Some(&person), "a person changes on the way through JSON");
        assert!(person.clone().checked(TODAY).as_ref() == Ok(&person), "checking twice changes a person");
    }
}

/// What is read is written and read again unchanged; every unit hangs in its map and every look-up ends.
fn places(bytes: &[u8]) {
    let read = Places::read(bytes).ok().or_else(|| {
        let mut parts = bytes.splitn(3, |byte| *byte == b'|');
        published::read(parts.next()?, parts.next()?, parts.next()?).ok().map(|(places, _)| places)
    });
    let Some(places) = read else { return };
    let mut file = Vec::new();
    assert!(places.write(&mut file).is_ok());
    for map in [Map::Present, Map::Before] {
        for unit in places.units(map) {
            assert!(places.province(map, &unit.code).is_some(), "a unit without a province");
            let _ = (places.became(&unit.code), places.provinces_of(&unit.code));
        }
    }
    if let Ok(again) = Places::read(file.as_slice()) {
        for map in [Map::Present, Map::Before] {
            assert!(places.units(map).eq(again.units(map)), "a unit changes on the way through its file");
        }
    }
}

/// A row is refused, or as many fields come back as went in, composed, and good text stays as it was.
fn encodings(bytes: &[u8]) {
    let fields: Vec<&[u8]> = bytes.split(|octet| *octet == b'|').collect();
    // What a file remembers of its words changes nothing.
    let alone = recognise(&fields);
    let mut known = Known::default();
    let rounds = if fields.iter().all(|field| field.is_ascii()) { 0 } else { 2 };
    for _ in 0..rounds {
        match known.recognise(&fields) {
            Ok(None) => assert!(
                alone.as_ref().is_ok_and(|row| row
                    .fields
                    .iter()
                    .map(String::as_bytes)
                    .eq(fields.iter().copied()))
            ),
            Ok(Some(row)) => assert_eq!(Ok(row), alone),
            Err(error) => assert_eq!(Err(error), alone),
        }
    }
    let Ok(row) = alone else { return };
    assert_eq!(row.fields.len(), fields.len());
    for (text, octets) in row.fields.iter().zip(&fields) {
        assert!(row.encoding != Encoding::Utf8 || text.as_bytes() == *octets, "good text was changed");
        let _ = is_syllable(text);
    }
}

/// An entry that can be is the same after it was written and read, and differs from itself in nothing.
fn papers(bytes: &[u8]) {
    let Ok(entry) = serde_json::from_slice::<PaperEntry>(bytes) else { return };
    let Ok(entry) = entry.checked(TODAY) else { return };
    let again =
        serde_json::to_vec(&entry).ok().and_then(|text| serde_json::from_slice::<PaperEntry>(&text).ok());
    let again = again.and_then(|again| again.checked(TODAY).ok());
    assert_eq!(again.as_ref(), Some(&entry), "an entry does not come back");
    assert_eq!(again.map(|again| (again.id(), again.differences(&entry).len())), Some((entry.id(), 0)));
}

fn requests(bytes: &[u8]) {
    if let Ok(request) = serde_json::from_slice::<MatchRequest>(bytes) {
        assert_eq!(request.subject().len(), 64);
        let _ = (is_nonce(&request.nonce), check_form(&request));
    }
    if let Ok(request) = serde_json::from_slice::<CardStatusRequest>(bytes) {
        assert_eq!(request.subject().len(), 64);
    }
    let _ = (serde_json::from_slice::<NewCard>(bytes), serde_json::from_slice::<SignedAnswer>(bytes));
}
