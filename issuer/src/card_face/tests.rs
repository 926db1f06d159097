use super::*;
use cccd_card_profile::card_holder::CardHolder;
use jiff::civil::date;

fn holder(name: &str, residence: &str) -> CardHolder {
    serde_json::from_value(serde_json::json!({
        "number": "079099000001", "full_name": name, "birth_date": "1999-01-15", "sex": "female",
        "nationality": "Việt Nam", "place_of_origin": "Xã Mẫu, Huyện Mẫu, Tỉnh Mẫu", "residence": residence,
        "birth_registration_place": "Ủy ban nhân dân Xã Mẫu, Huyện Mẫu, Tỉnh Mẫu",
        "identification_marks": "Nốt ruồi cách 1 cm trên sau mép phải", "old_number": "012345678"
    }))
    .unwrap()
}

fn card(name: &str, residence: &str) -> CardData {
    CardData::new(holder(name, residence), date(2026, 11, 21), Some("0123456789ABCDEF".into())).unwrap()
}

fn portrait() -> Vec<u8> {
    let picture = image::RgbImage::from_fn(240, 320, |x, y| {
        let inside = (i64::from(x) - 120).pow(2) * 2 + (i64::from(y) - 150).pow(2) < 12_000;
        image::Rgb(if inside { [222, 182, 150] } else { [196, 214, 230] })
    });
    let mut png = Vec::new();
    picture.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
    crate::application::Portrait::from_file(&png).unwrap().print().unwrap()
}

fn read_qr(png: &[u8]) -> String {
    let picture = image::load_from_memory(png).unwrap().to_luma8();
    let (width, height) = picture.dimensions();
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(width as usize, height as usize, |x, y| {
            picture.get_pixel(u32::try_from(x).unwrap(), u32::try_from(y).unwrap()).0[0]
        });
    let grids = prepared.detect_grids();
    assert_eq!(grids.len(), 1, "one QR code is found");
    grids[0].decode().unwrap().1
}

#[test]
fn exact_size_resolution_and_a_qr_code_that_another_decoder_reads() {
    let renderer = FaceRenderer::new().unwrap();
    let card = card("Nguyễn Thị Thúy An", "Số 1 Đường Mẫu, Phường Mẫu, Thành phố Hồ Chí Minh");
    let portrait = portrait();
    let content = FaceContent { card: &card, portrait: Some(&portrait) };
    for template in [Template::CitizenIdentityCard2021, Template::IdentityCard2024] {
        let text = qr_text(&card, template).unwrap();
        for (resolution, size, per_metre) in
            [(Resolution::Dpi300, (1011, 638), 11_811_u32), (Resolution::Dpi600, (2022, 1275), 23_622)]
        {
            let faces = renderer.draw(&content, template, resolution).unwrap();
            for png in [&faces.front, &faces.back] {
                let picture = image::load_from_memory(png).unwrap();
                assert_eq!((picture.width(), picture.height()), size);
                let at = png.windows(4).position(|window| window == b"pHYs").unwrap();
                assert_eq!(png[at + 4..at + 8], per_metre.to_be_bytes());
            }
            assert_eq!(read_qr(&faces.qr), text);
            let side = match template {
                Template::CitizenIdentityCard2021 => &faces.front,
                Template::IdentityCard2024 => &faces.back,
            };
            assert_eq!(read_qr(side), text, "{template:?} {resolution:?}");
            if resolution == Resolution::Dpi600 {
                printed_as_shown(&faces, &card, template);
            }
            if let Ok(directory) = std::env::var("CCCD_KEEP_FACES") {
                std::fs::write(format!("{directory}/{}.pdf", template.as_str()), &faces.print).unwrap();
                for (name, png) in [("front", &faces.front), ("back", &faces.back)] {
                    let file = format!(
                        "{directory}/{}-{name}-{}.png",
                        template.as_str(),
                        resolution.dots_per_inch()
                    );
                    std::fs::write(file, png).unwrap();
                }
            }
        }
    }
}

/// The PDF as Poppler draws it: ID-1 in size, its QR code readable, its zone the card's, and the same picture as the PNG.
fn printed_as_shown(faces: &CardFaces, card: &CardData, template: Template) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("card.pdf"), &faces.print).unwrap();
    let poppler = |program: &str, arguments: &[&str]| {
        let mut command = std::process::Command::new(program);
        let output = command.args(arguments).current_dir(folder.path()).output().ok()?;
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(information) = poppler("pdfinfo", &["card.pdf"]) else {
        return eprintln!("skipped: no Poppler");
    };
    // 85.60 × 53.98 mm in points.
    assert!(information.contains("242.646 x 153.014 pts"), "{information}");
    assert!(information.contains("Pages:           2"), "{information}");
    let words = poppler("pdftotext", &["-raw", "card.pdf", "-"]).unwrap();
    let letters: String = words.chars().filter(|letter| !letter.is_whitespace()).collect();
    for line in card.mrz().unwrap().lines() {
        assert!(letters.contains(line), "{line} in {words}");
    }
    assert!(words.contains("NGUYỄN THỊ THÚY AN"), "{words}");
    poppler("pdftoppm", &["-r", "600", "-png", "card.pdf", "side"]).unwrap();
    for (side, shown) in [("side-1.png", &faces.front), ("side-2.png", &faces.back)] {
        let printed = std::fs::read(folder.path().join(side)).unwrap();
        if (template == Template::IdentityCard2024) == (side == "side-2.png") {
            assert_eq!(read_qr(&printed), qr_text(card, template).unwrap(), "{template:?} {side}");
        }
        let small =
            |png: &[u8]| image::load_from_memory(png).unwrap().thumbnail_exact(40, 25).to_luma8().into_raw();
        let differences =
            small(&printed).iter().zip(small(shown)).map(|(a, b)| u32::from(a.abs_diff(b))).sum::<u32>();
        let mean = f64::from(differences) / 1_000.0;
        assert!(mean < 2.0, "{template:?} {side}: the print differs from the picture by {mean:.1} of 255");
    }
}

#[test]
fn long_names_and_addresses_fit_without_loss() {
    let renderer = FaceRenderer::new().unwrap();
    let measure = Measure::new(&renderer.options);
    let long_name =
        "H'Hen Niê Kdăm Y Blô Ksor Nguyễn Công Tằng Tôn Nữ Hoàng Phủ Ngọc Thiên Kim Bảo Châu Anh Thư";
    let long_address = "Số 1234/56/78 Đường Nguyễn Thị Minh Khai nối dài, Tổ dân phố 15, Khu phố 7B, Phường Bình Hưng Hòa B, Quận Bình Tân cũ, Thành phố Hồ Chí Minh, Việt Nam";
    let card = card(long_name, long_address);
    let content = FaceContent { card: &card, portrait: None };
    for svg in [
        identity_card_2024::front(&content, &measure).unwrap(),
        citizen_identity_card_2021::front(&content, &QrCode::new(b"x").unwrap(), &measure).unwrap(),
    ] {
        let letters: String = texts(&svg).concat().chars().filter(|c| !c.is_whitespace()).collect();
        let expected: String = long_name.to_uppercase().chars().filter(|c| !c.is_whitespace()).collect();
        assert!(letters.contains(&expected), "the whole name is printed");
    }
    let back = identity_card_2024::back(&content, &QrCode::new(b"x").unwrap(), &measure).unwrap();
    let letters: String = texts(&back).concat().chars().filter(|c| !c.is_whitespace()).collect();
    assert!(letters.contains(&long_address.chars().filter(|c| !c.is_whitespace()).collect::<String>()));
    renderer.draw(&content, Template::IdentityCard2024, Resolution::Dpi300).unwrap();

    let endless = self::card(&"A".repeat(3_000), "");
    let content = FaceContent { card: &endless, portrait: None };
    assert!(matches!(identity_card_2024::front(&content, &measure), Err(FaceError::DoesNotFit("full_name"))));
}

#[test]
fn text_from_outside_never_becomes_markup() {
    let renderer = FaceRenderer::new().unwrap();
    let measure = Measure::new(&renderer.options);
    let hostile = "</text><image href=\"/etc/passwd\"/><script>&lt;'\u{0}\u{fffe}";
    let plain = card("An", "An");
    let attacked = card("An", hostile);
    let count = |card: &CardData| {
        let content = FaceContent { card, portrait: None };
        let svg = identity_card_2024::back(&content, &QrCode::new(b"x").unwrap(), &measure).unwrap();
        let tree = usvg::Tree::from_str(&svg, &renderer.options).unwrap();
        assert!(!has_image(tree.root()), "no image element came from a text");
        assert!(!svg.contains("<script") && !svg.contains('\u{0}'));
        svg.matches("<image").count()
    };
    assert_eq!(count(&plain), count(&attacked));
}

fn has_image(group: &usvg::Group) -> bool {
    group.children().iter().any(|node| match node {
        usvg::Node::Image(_) => true,
        usvg::Node::Group(group) => has_image(group),
        _ => false,
    })
}

/// The character data of all text elements, unescaped.
fn texts(svg: &str) -> Vec<String> {
    svg.split("<text ")
        .skip(1)
        .filter_map(|part| part.split_once('>')?.1.split_once("</text>").map(|(text, _)| text))
        .map(|text| text.replace("&#39;", "'").replace("&amp;", "&"))
        .collect()
}

/// The prints of both index fingers, each in its own frame, on the back of 2021 and nowhere else.
#[test]
fn the_back_of_2021_shows_both_index_fingers() {
    use crate::fingerprint::synthetic::taken;
    use crate::fingerprint::{Finger, PrintImage, assess};
    let renderer = FaceRenderer::new().unwrap();
    let card = card("Nguyễn Thị Thúy An", "Số 1 Đường Mẫu");
    let content = FaceContent { card: &card, portrait: None };
    let png = |finger| taken(3, finger).unwrap().to_png().unwrap();
    let (left, right) = (png(Finger::LeftIndex), png(Finger::RightIndex));
    let prints = Prints { left_index: Some(&left), right_index: Some(&right) };
    // The frames, 11.6 × 17.4 mm, as they are at 600 dots per inch, brought back to 500.
    let framed = |back: &[u8], x_mm: f64| {
        let picture = image::load_from_memory(back).unwrap().to_luma8();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside the card")]
        let dots = |mm: f64| (mm * 600.0 / 25.4).round() as u32;
        let cut =
            image::imageops::crop_imm(&picture, dots(x_mm), dots(3.4), dots(11.6), dots(17.4)).to_image();
        let filter = image::imageops::FilterType::Lanczos3;
        image::imageops::resize(&cut, dots(11.6) * 500 / 600, dots(17.4) * 500 / 600, filter)
    };
    let score = |grey: image::GrayImage| {
        assess(&PrintImage::from_raw(grey.width(), grey.height(), grey.into_raw()).unwrap()).score
    };
    let old = Template::CitizenIdentityCard2021;
    let with = renderer.draw_with_prints(&content, &prints, old, Resolution::Dpi600).unwrap();
    let without = renderer.draw(&content, old, Resolution::Dpi600).unwrap();
    for x in [57.6, 70.9] {
        assert!(score(framed(&with.back, x)) >= 65, "{x}");
        assert!(score(framed(&without.back, x)) < 40, "{x}");
    }
    assert_ne!(framed(&with.back, 57.6), framed(&with.back, 70.9));
    assert_eq!(with.front, without.front);
    let new = Template::IdentityCard2024;
    let with = renderer.draw_with_prints(&content, &prints, new, Resolution::Dpi300).unwrap();
    assert_eq!(with.back, renderer.draw(&content, new, Resolution::Dpi300).unwrap().back);
}
