//! Scanned sheets: drawn by ourselves, then turned, darkened, strewn with noise and packed as scanners do.

use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::Command;

use cccd_population::forms::{Content, FormKind, FormRenderer, Slip};
use cccd_population::scans::filing::{Sheet, Summary, incomplete, list, passed_over, run};
use cccd_population::scans::picture::{Kind, decode};
use cccd_population::scans::{Limits, Unreadable, barcode, pdf_images};
use cccd_population::store::{SheetOutcome, SqlStore, Store as _, StoreError};
use image::{GrayImage, ImageFormat, Luma, imageops};
use jiff::civil::date;
use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::{TODAY, change, empty, now, number, postgres, somebody};

fn slip(serial: u64) -> Slip {
    Slip::new(FormKind::Dc01, serial, Some("9F86D081884C7D659A2F".to_owned()), date(2026, 11, 1))
}

/// The pages of a blank form at 150 dots per inch.
fn pages(slip: &Slip) -> Vec<(Slip, GrayImage)> {
    let renderer = FormRenderer::new().unwrap();
    let pages = renderer.pages(slip, &Content::default()).unwrap();
    let count = pages.len().try_into().unwrap();
    (1..)
        .zip(pages)
        .map(|(page, svg)| {
            (Slip { page, pages: count, ..slip.clone() }, renderer.picture(&svg, 150).unwrap())
        })
        .collect()
}

/// Turned about its middle, nearest pixel, white beyond.
fn turned(page: &GrayImage, degrees: f64) -> GrayImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = (f64::from(page.width()), f64::from(page.height()));
    GrayImage::from_fn(page.width(), page.height(), |x, y| {
        let (dx, dy) = (f64::from(x) - width / 2.0, f64::from(y) - height / 2.0);
        let (sx, sy) = (dx * cos + dy * sin + width / 2.0, dy * cos - dx * sin + height / 2.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside the page")]
        if sx >= 0.0 && sy >= 0.0 && sx < width && sy < height {
            *page.get_pixel(sx as u32, sy as u32)
        } else {
            Luma([255])
        }
    })
}

/// Greys between `low` and `high`, each pixel off by up to `noise`.
fn spoilt(page: &GrayImage, low: u8, high: u8, noise: i32, seed: u64) -> GrayImage {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut page = page.clone();
    for pixel in page.iter_mut() {
        let value = i32::from(low) + i32::from(*pixel) * i32::from(high - low) / 255;
        *pixel = (value + rng.random_range(-noise..=noise)).clamp(0, 255).try_into().unwrap();
    }
    page
}

fn encoded(page: &GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    page.write_to(&mut out, format).unwrap();
    out.into_inner()
}

#[test]
fn sheets_as_scanners_give_them() {
    let (slip, page) = pages(&slip(1)).remove(0);
    for (what, scan) in [
        ("as drawn", page.clone()),
        ("turned by a quarter", imageops::rotate90(&page)),
        ("upside down", imageops::rotate180(&page)),
        ("turned back", imageops::rotate270(&page)),
        ("a little askew", turned(&page, 2.0)),
        ("askew", turned(&page, -7.0)),
        ("askew to the other side", turned(&page, 5.0)),
        ("noisy", spoilt(&page, 20, 235, 60, 1)),
        ("pale", spoilt(&page, 150, 215, 6, 2)),
        ("dark", spoilt(&page, 10, 80, 6, 3)),
        ("pale, askew and noisy", spoilt(&turned(&page, 3.0), 110, 225, 25, 4)),
        ("blurred", imageops::blur(&page, 1.2)),
    ] {
        assert_eq!(barcode::read(&scan), Ok(slip.clone()), "{what}");
    }
    let jpeg = encoded(&spoilt(&page, 30, 230, 20, 5), ImageFormat::Jpeg);
    assert_eq!(barcode::read(&decode(&jpeg, Kind::Jpeg, &Limits::default()).unwrap()), Ok(slip));
    assert_eq!(barcode::read(&GrayImage::from_pixel(1_000, 1_400, Luma([250]))), Err(Unreadable::NoBarcode));
}

#[test]
fn two_sheets_and_strangers() {
    let (one, two) = (pages(&slip(1)).remove(0).1, pages(&slip(2)).remove(0).1);
    let mut both = GrayImage::from_pixel(one.width() * 2, one.height(), Luma([255]));
    imageops::overlay(&mut both, &one, 0, 0);
    imageops::overlay(&mut both, &two, i64::from(one.width()), 0);
    assert_eq!(barcode::read(&both), Err(Unreadable::TwoBarcodes));
    let code = qrcode::QrCode::new("https://example.vn").unwrap();
    let code = code.render::<Luma<u8>>().min_dimensions(400, 400).build();
    let code = GrayImage::from_raw(code.width(), code.height(), code.into_raw()).unwrap();
    assert_eq!(barcode::read(&code), Err(Unreadable::ForeignBarcode));
}

/// A PDF as scanners write it: one image a page, a table that nobody reads.
fn pdf(images: &[(&str, u32, u32, Vec<u8>)]) -> Vec<u8> {
    let mut out = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n".to_vec();
    for (place, (more, width, height, data)) in images.iter().enumerate() {
        out.extend(format!(
            "{} 0 obj\n<< /Type /XObject /Subtype /Image /Width {width} /Height {height} {more} /Length {} >>\nstream\r\n",
            place + 3, data.len()
        ).bytes());
        out.extend(data);
        out.extend(b"\nendstream\nendobj\n");
    }
    out.extend(b"trailer << /Root 1 0 R >>\n%%EOF\n");
    out
}

fn packed(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

const GREY: &str = "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode";

fn read_pdf(file: &[u8], limits: &Limits) -> Vec<Result<Slip, Unreadable>> {
    let mut found = Vec::new();
    let read = pdf_images::each(file, limits, |page| {
        found.push(page.and_then(|page| barcode::read(&page.pixels)));
        true
    });
    if let Err(why) = read {
        found.push(Err(why));
    }
    found
}

#[test]
fn images_of_a_pdf_in_each_coding() {
    let limits = Limits::default();
    let (slip, page) = pages(&slip(1)).remove(0);
    let (width, height) = page.dimensions();
    let jpeg = encoded(&page, ImageFormat::Jpeg);
    let raw = page.as_raw();
    let rgb: Vec<u8> = raw.iter().flat_map(|grey| [*grey; 3]).collect();
    let lines = raw.chunks(width as usize);
    let bits: Vec<u8> = lines
        .clone()
        .flat_map(|line| {
            line.chunks(8).map(|eight| {
                eight.iter().enumerate().fold(0, |byte, (at, grey)| byte | u8::from(*grey > 127) << (7 - at))
            })
        })
        .collect();
    // PNG's filters 1 (left) and 2 (up) by turns.
    let mut filtered = Vec::new();
    let mut above = vec![0_u8; width as usize];
    for (row, line) in lines.enumerate() {
        let up = row % 2 == 1;
        filtered.push(if up { 2 } else { 1 });
        filtered.extend(line.iter().enumerate().map(|(x, grey)| {
            grey.wrapping_sub(if up {
                above[x]
            } else if x > 0 {
                line[x - 1]
            } else {
                0
            })
        }));
        above.copy_from_slice(line);
    }
    let predictor = format!("{GREY} /DecodeParms << /Predictor 15 /Columns {width} >>");
    let images = [
        ("/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter [/DCTDecode]", jpeg),
        (GREY, packed(raw)),
        ("/ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode", packed(&rgb)),
        ("/ColorSpace 9 0 R /BitsPerComponent 8 /Filter /FlateDecode", packed(&rgb)),
        ("/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /FlateDecode", packed(&bits)),
        (predictor.as_str(), packed(&filtered)),
    ]
    .map(|(more, data)| (more, width, height, data));
    assert_eq!(read_pdf(&pdf(&images), &limits), vec![Ok(slip.clone()); 6]);
    // A length that lies and a reference instead of one: the end is looked for.
    let file = pdf(&images[1..2]);
    let text: Vec<u8> = file.clone();
    let at = text.windows(7).position(|part| part == b"/Length").unwrap();
    let mut lying = file.clone();
    lying.splice(at + 8..at + 9, *b"9");
    assert_eq!(read_pdf(&lying, &limits), [Ok(slip.clone())]);
    // Masks and stamps are no pages.
    let masked = "/SMask 4 0 R /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode";
    let stamp = (GREY, 50, 50, packed(&[0; 2_500]));
    let file = pdf(&[(masked, width, height, packed(raw)), (GREY, width, height, packed(raw)), stamp]);
    assert_eq!(read_pdf(&file, &limits), [Ok(slip)]);
}

#[test]
fn what_is_refused_before_it_is_decoded() {
    let limits = Limits::default();
    // A PNG that says it has 3.6 thousand million pixels.
    let mut bomb = encoded(&GrayImage::new(8, 8), ImageFormat::Png);
    bomb.splice(16..24, [0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let crc = {
        // The header's checksum, so that the size is believed.
        let mut crc = flate2::Crc::new();
        crc.update(&bomb[12..29]);
        crc.sum().to_be_bytes()
    };
    bomb.splice(29..33, crc);
    assert_eq!(decode(&bomb, Kind::Png, &limits).unwrap_err(), Unreadable::TooManyPixels);
    let wide = pdf(&[(GREY, 60_000, 60_000, packed(&[0; 100]))]);
    assert_eq!(read_pdf(&wide, &limits), [Err(Unreadable::TooManyPixels)]);
    // Megabytes of zeros in a few octets: not unpacked beyond the page, and no page either.
    let zeros = pdf(&[(GREY, 300, 300, packed(&vec![0; 20_000_000]))]);
    assert_eq!(read_pdf(&zeros, &limits), [Err(Unreadable::NoBarcode)]);
    let short = pdf(&[(GREY, 300, 300, packed(&[0; 100]))]);
    assert_eq!(read_pdf(&short, &limits), [Err(Unreadable::Damaged)]);
    let fax = pdf(&[("/BitsPerComponent 1 /Filter /CCITTFaxDecode", 300, 300, vec![0; 10])]);
    assert_eq!(read_pdf(&fax, &limits), [Err(Unreadable::Damaged)]);
    let other = pdf(&[("/BitsPerComponent 1 /Filter /JBIG2Decode", 300, 300, vec![0; 10])]);
    assert_eq!(read_pdf(&other, &limits), [Err(Unreadable::ImageCoding)]);
    // Keywords without end: each is looked at once, and not all of them.
    let keywords = [b"%PDF-1.4\n".to_vec(), b"stream\n".repeat(3_000_000)].concat();
    assert_eq!(read_pdf(&keywords, &limits), [Err(Unreadable::TooManyPages)]);
    let many = pdf(&vec![("/Filter /JBIG2Decode", 300, 300, vec![0]); 12]);
    let read = read_pdf(&many, &Limits { pages: 10, ..limits });
    assert_eq!((read.len(), read[10].clone()), (11, Err(Unreadable::TooManyPages)));
    assert_eq!(read_pdf(b"%PDF-1.4\n/Encrypt 5 0 R", &limits), [Err(Unreadable::Encrypted)]);
    assert_eq!(read_pdf(b"%PDF-1.4\nstream stream endstream", &limits), [Err(Unreadable::NoImage)]);
}

fn file(from: &Path, into: &Path) -> (Summary, Vec<Sheet>) {
    let mut sheets = Vec::new();
    let files = list(from).unwrap();
    let summary =
        run(&files, into, &Limits::default(), TODAY, |done| sheets.extend_from_slice(done)).unwrap();
    (summary, sheets)
}

#[cfg(unix)]
#[test]
fn what_is_no_file_of_the_folder_is_counted_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str| folder.path().join(name);
    std::fs::write(of("a.pdf"), "a").unwrap();
    std::fs::create_dir(of("more")).unwrap();
    std::os::unix::fs::symlink(of("a.pdf"), of("b.pdf")).unwrap();
    assert_eq!(list(folder.path()).unwrap(), [of("a.pdf")]);
    assert_eq!(passed_over(folder.path()).unwrap(), 2);
}

/// A folder with a PDF of two pages, a copy, an old sheet, a stranger and rubbish.
#[test]
fn a_folder_finds_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (from, into) = (folder.path().join("from"), folder.path().join("into"));
    std::fs::create_dir_all(from.join("below")).unwrap();
    let both = pages(&slip(1));
    let old = Slip { printed: date(2026, 9, 1), ..slip(2) };
    let old = pages(&old).remove(1);
    let image = |page: &GrayImage| (GREY, page.width(), page.height(), packed(page.as_raw()));
    std::fs::write(from.join("a.pdf"), pdf(&[image(&both[0].1), image(&both[1].1)])).unwrap();
    std::fs::write(from.join("b.png"), encoded(&turned(&both[0].1, 1.0), ImageFormat::Png)).unwrap();
    std::fs::write(from.join("c.jpg"), encoded(&old.1, ImageFormat::Jpeg)).unwrap();
    std::fs::write(from.join("d.txt"), "hello").unwrap();
    std::fs::write(from.join("e.png"), b"\x89PNG\r\n\x1a\nrubbish").unwrap();
    let (summary, sheets) = file(&from, &into);
    let outcomes: Vec<&str> = sheets.iter().map(|sheet| sheet.outcome.as_str()).collect();
    assert_eq!(outcomes, ["filed", "filed", "again", "filed", "unknown-file", "damaged"]);
    assert_eq!((summary.filed, summary.again, summary.unreadable, summary.flagged), (3, 1, 2, 1));
    assert_eq!((sheets[3].days, sheets[3].flagged, sheets[0].flagged), (Some(81), true, false));
    let filed = into.join(sheets[1].filed_as.as_ref().unwrap());
    assert_eq!(
        barcode::read(&decode(&std::fs::read(&filed).unwrap(), Kind::Png, &Limits::default()).unwrap()),
        Ok(both[1].0.clone())
    );
    let missing = incomplete(&into).unwrap();
    assert_eq!(missing.get("DC01-0000000000000002"), Some(&vec![1]));
    assert_eq!(missing.len(), 1);
    // Again: nothing is read twice, nothing changes.
    let (again, same) = file(&from, &into);
    assert_eq!((again.known, again.filed, same), (5, 3, sheets.clone()));
    // Broken off in the middle of a line of the journal: the rest is done, nothing is doubled.
    let journal = into.join("filed.jsonl");
    let text = std::fs::read(&journal).unwrap();
    std::fs::write(&journal, &text[..text.len() / 4]).unwrap();
    let (summary, _) = file(&from, &into);
    assert_eq!((summary.filed + summary.again, summary.unreadable), (4, 2));
    let rows = std::fs::read_dir(into.join("9F86D081884C7D659A2F")).unwrap().count();
    assert_eq!(rows, 3);
    assert!(incomplete(&into).unwrap().len() == 1);
}

/// A program of the test machine (scripts/setup), or `None`, said once, where it is not and is not demanded.
fn run_tool(folder: &Path, program: &str, arguments: &[&str]) -> Option<()> {
    match Command::new(program).args(arguments).current_dir(folder).output() {
        Ok(output) => {
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
            Some(())
        }
        Err(error) if std::env::var_os("CCCD_DEMAND_POSTGRES").is_some() => {
            panic!("{program} is demanded: {error}")
        }
        Err(error) => {
            eprintln!("skipped: {program}: {error}");
            None
        }
    }
}

/// Our PDF drawn by poppler, packed by libtiff as office scanners do: two pages of CCITT group 3, group 4 and JPEG.
#[test]
fn forms_drawn_and_packed_by_others() {
    let folder = tempfile::tempdir().unwrap();
    let renderer = FormRenderer::new().unwrap();
    let slip = slip(77);
    std::fs::write(folder.path().join("form.pdf"), renderer.pdf(&slip, &Content::default()).unwrap())
        .unwrap();
    let tool = |program: &str, arguments: &str| {
        run_tool(folder.path(), program, &arguments.split(' ').collect::<Vec<_>>())
    };
    let expected = [1, 2].map(|page| Ok(Slip { page, pages: 2, ..slip.clone() }));
    for dots in [150, 200, 300] {
        let Some(()) = tool("pdftoppm", &format!("-r {dots} -mono -tiff form.pdf bits{dots}")) else {
            return;
        };
        let Some(()) = tool("pdftoppm", &format!("-r {dots} -gray -png form.pdf grey{dots}")) else { return };
        for (page, expected) in (1..).zip(&expected) {
            let png = std::fs::read(folder.path().join(format!("grey{dots}-{page}.png"))).unwrap();
            let pixels = decode(&png, Kind::Png, &Limits::default()).unwrap();
            assert_eq!(&barcode::read(&pixels), expected, "{dots} dots, page {page}");
        }
        for coding in ["g3:1d", "g3:2d", "g4"] {
            let both = format!("-c {coding} bits{dots}-1.tif bits{dots}-2.tif both.tif");
            let Some(()) = tool("tiffcp", &both) else { return };
            let Some(()) = tool("tiff2pdf", "-o scan.pdf both.tif") else { return };
            let scan = std::fs::read(folder.path().join("scan.pdf")).unwrap();
            assert_eq!(read_pdf(&scan, &Limits::default()), expected, "{coding} at {dots}");
        }
        let Some(()) = tool("pdftoppm", &format!("-r {dots} -gray -tiff form.pdf grey{dots}")) else {
            return;
        };
        let Some(()) = tool("tiffcp", &format!("grey{dots}-1.tif grey{dots}-2.tif both.tif")) else { return };
        for coding in ["-j -q 60", "-z"] {
            let Some(()) = tool("tiff2pdf", &format!("{coding} -o scan.pdf both.tif")) else { return };
            let scan = std::fs::read(folder.path().join("scan.pdf")).unwrap();
            assert_eq!(read_pdf(&scan, &Limits::default()), expected, "{coding} at {dots}");
        }
    }
    // Cut anywhere: pages before the cut are read, nothing panics.
    let scan = std::fs::read(folder.path().join("scan.pdf")).unwrap();
    for part in 1..8 {
        let _ = read_pdf(&scan[..scan.len() * part / 8], &Limits::default());
    }
}

/// Scans as a district office makes them: any turn, a few degrees askew, noise, fading, three resolutions. What docs/collection.md
/// states is measured with `CCCD_SCANS=600`.
#[test]
fn nearly_every_scan_is_read() {
    let asked = std::env::var("CCCD_SCANS").ok().and_then(|count| count.parse().ok());
    let count: u64 = asked.unwrap_or(30);
    let renderer = FormRenderer::new().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(20_261_126);
    let (mut read, mut wrong, mut counts) = (0, 0, std::collections::BTreeMap::<u16, (u64, u64)>::new());
    for serial in 0..count {
        let dots = [150, 200, 300][usize::try_from(serial % 3).unwrap()];
        let expected = slip(serial);
        let svg = renderer.pages(&expected, &Content::default()).unwrap().remove(0);
        let page = renderer.picture(&svg, dots).unwrap();
        let page = match rng.random_range(0..4) {
            0 => page,
            1 => imageops::rotate90(&page),
            2 => imageops::rotate180(&page),
            _ => imageops::rotate270(&page),
        };
        let page = turned(&page, f64::from(rng.random_range(-50..=50)) / 10.0);
        let page = if rng.random_bool(0.3) { imageops::blur(&page, 0.8) } else { page };
        let (low, high) = (rng.random_range(0..100), rng.random_range(170..=255));
        let page = spoilt(&page, low, high, rng.random_range(0..=30), serial);
        let page = decode(&encoded(&page, ImageFormat::Jpeg), Kind::Jpeg, &Limits::default()).unwrap();
        let counted = counts.entry(dots).or_default();
        counted.1 += 1;
        match barcode::read(&page) {
            Ok(slip) if slip == (Slip { pages: 2, ..expected }) => {
                read += 1;
                counted.0 += 1;
            }
            Ok(_) => wrong += 1,
            Err(_) => {}
        }
    }
    eprintln!("scans read: {read} of {count}, by dots per inch {counts:?}, wrongly {wrong}");
    assert_eq!(wrong, 0);
    assert!(read * 100 >= count * 97, "{read} of {count}");
}

/// A page strewn with what looks like corners of barcodes costs seconds, not hours.
#[test]
fn a_page_of_corners_ends() {
    let begun = std::time::Instant::now();
    let page = GrayImage::from_fn(3_000, 3_000, |x, y| {
        let (x, y) = (x % 60 / 6, y % 60 / 6);
        let ring = x.abs_diff(3).max(y.abs_diff(3));
        Luma([if ring <= 1 || ring == 3 { 0 } else { 255 }])
    });
    assert_eq!(barcode::read(&page), Err(Unreadable::TooBusy));
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

/// Pages enter the register under the person whose row they name, each once; on both engines.
#[test]
fn pages_enter_the_register_once() {
    for place in [None, postgres::database()] {
        let mut store = match place {
            None => empty(),
            Some(place) => SqlStore::create(&place, now()).unwrap(),
        };
        let person = somebody();
        store.put_person(&person, &change()).unwrap();
        let blank = Slip::new(FormKind::Dc02, 9, None, date(2026, 11, 1));
        let named = slip(8);
        let sheet = |slip: &Slip, page: u8| {
            let slip = Slip { page, pages: 2, ..slip.clone() };
            let sheet = Sheet {
                file: "a.pdf".to_owned(),
                page: 1,
                outcome: "filed".to_owned(),
                slip: Some(slip.text()),
                filed_as: Some(format!("{}/x.png", slip.row)),
                sha256: Some("ab".repeat(32)),
                days: Some(20),
                flagged: false,
            };
            sheet.as_filed(TODAY).unwrap()
        };
        store.claim_form_row(&named.row, &person.number).unwrap();
        let batch = [sheet(&named, 1), sheet(&named, 2), sheet(&named, 2), sheet(&blank, 1)];
        let outcomes = store.enter_sheets(&batch).unwrap();
        assert_eq!(
            outcomes,
            [SheetOutcome::Entered, SheetOutcome::Entered, SheetOutcome::Known, SheetOutcome::NoPerson]
        );
        store.claim_form_row(&blank.serial, &person.number).unwrap();
        store.claim_form_row(&blank.serial, &person.number).unwrap();
        let again = store.enter_sheets(&batch).unwrap();
        assert_eq!(again.iter().filter(|outcome| **outcome == SheetOutcome::Entered).count(), 1);
        let held = store.sheets_of(&person.number).unwrap();
        assert_eq!(
            held.iter().map(|sheet| (sheet.form, sheet.page)).collect::<Vec<_>>(),
            [(FormKind::Dc01, 1), (FormKind::Dc01, 2), (FormKind::Dc02, 1)]
        );
        assert_eq!((held[2].printed, held[2].filed, held[2].digest), (date(2026, 11, 1), TODAY, [0xab; 32]));
        // A row is one person's.
        let mut other = somebody();
        other.number = number("079099000002");
        assert!(matches!(store.claim_form_row(&named.row, &other.number), Err(StoreError::UnknownPerson)));
        store.put_person(&other, &change()).unwrap();
        assert!(matches!(store.claim_form_row(&named.row, &other.number), Err(StoreError::FormGiven)));
        assert_eq!(store.holder_of_form_row(&named.row).unwrap(), Some(person.number));
    }
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(
        more in "[ -~]{0,60}",
        data in proptest::collection::vec(any::<u8>(), 0..300),
        cut in 0_usize..400,
    ) {
        let mut file = pdf(&[(more.as_str(), 201, 201, data.clone()), (GREY, 201, 201, packed(&data))]);
        let _ = pdf_images::each(&file, &Limits::default(), |_| true);
        file.truncate(cut);
        let _ = pdf_images::each(&file, &Limits::default(), |_| true);
        let _ = pdf_images::each(&data, &Limits::default(), |_| true);
    }
}
