//! The child and its parent: what is decoded, and what is ended.

use std::io::Cursor;
use std::time::{Duration, Instant};

use cccd_pictures::{Decoder, DecoderError, Limits, PictureError, decode_here};
use image::{DynamicImage, ImageFormat, RgbImage};

fn decoder(limits: Limits) -> Decoder {
    Decoder::new(env!("CARGO_BIN_EXE_cccd-decode"), &[], limits)
}

fn code(error: Result<cccd_pictures::Pixels, DecoderError>) -> &'static str {
    error.err().map_or("decoded", |error| error.code())
}

/// A picture with some structure.
fn picture(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let rgb = RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([x, y, x * y / 7].map(|value| u8::try_from(value % 256).unwrap()))
    });
    let mut file = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(rgb).write_to(&mut file, format).unwrap();
    file.into_inner()
}

#[test]
fn pictures_come_back_as_pixels() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png] {
        let file = picture(format, 120, 160);
        let pixels = decoder(Limits::default()).decode(&file).unwrap();
        assert_eq!((pixels.width(), pixels.height(), pixels.channels()), (120, 160, 3));
        assert_eq!(pixels, decode_here(&file, &Limits::default()).unwrap());
        let png = image::load_from_memory(&pixels.to_png().unwrap()).unwrap();
        assert_eq!(png.to_rgb8().into_raw(), pixels.samples());
    }
}

#[test]
fn what_is_no_picture_is_said() {
    let decoder = decoder(Limits::default());
    for no_picture in [b"".as_slice(), b"GIF89a", b"MZ", &[0; 4096]] {
        assert_eq!(code(decoder.decode(no_picture)), "not-a-picture");
    }
    for file in [picture(ImageFormat::Jpeg, 64, 80), picture(ImageFormat::Png, 64, 80)] {
        for part in 1..6 {
            let cut = &file[..file.len() * part / 6];
            assert_eq!(code(decoder.decode(cut)), "picture-damaged", "cut to {part}/6");
        }
    }
    // Bare headers of JPEG 2000.
    assert_eq!(code(decoder.decode(b"\0\0\0\x0CjP  \r\n\x87\n")), "picture-damaged");
    assert_eq!(code(decoder.decode(&[0xFF, 0x4F, 0xFF, 0x51])), "picture-damaged");
}

/// The start of a picture that claims 60,000 × 60,000.
fn bombs() -> Vec<Vec<u8>> {
    let mut png = b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\xEA\x60\0\0\xEA\x60\x08\x02\0\0\0".to_vec();
    // CRC-32 of the header chunk (ISO/IEC 15948 annex D).
    let crc = !png[12..].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 },
        )
    });
    png.extend(crc.to_be_bytes());
    png.extend(b"\0\0\0\x04IDAT\x78\x9C\x03\0");
    let mut jpeg = picture(ImageFormat::Jpeg, 16, 16);
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xEA, 0x60, 0xEA, 0x60]);
    // WSQ: SOI, a frame header of 60,000 × 60,000.
    let wsq = [0xFF, 0xA0, 0xFF, 0xA2, 0, 17, 0, 255, 0xEA, 0x60, 0xEA, 0x60, 0, 0, 0, 0, 0, 1, 2, 0, 0];
    vec![png, jpeg, wsq.to_vec()]
}

#[test]
fn bombs_are_too_large_before_they_are_unpacked() {
    let decoder = decoder(Limits::default());
    for bomb in bombs() {
        assert_eq!(code(decoder.decode(&bomb)), "picture-too-large");
    }
    let small = Limits { pixels: 64 * 79, ..Limits::default() };
    assert_eq!(
        code(Decoder::new(env!("CARGO_BIN_EXE_cccd-decode"), &[], small).decode(&picture(
            ImageFormat::Png,
            64,
            80
        ))),
        "picture-too-large"
    );
    let short = Limits { input_bytes: 100, ..Limits::default() };
    let refused = Decoder::new("/nonexistent", &[], short).decode(&[0; 101]);
    assert!(matches!(refused, Err(DecoderError::Picture(PictureError::TooLarge))));
}

#[test]
fn memory_is_bounded() {
    // Less than the program itself needs: whatever it asks for next is refused.
    let limits = Limits { memory_bytes: 1 << 20, ..Limits::default() };
    assert_eq!(code(decoder(limits).decode(&picture(ImageFormat::Jpeg, 600, 800))), "decoder-out-of-memory");
}

#[test]
fn time_is_bounded_and_the_child_is_gone() {
    let limits = Limits { wall_time: Duration::from_millis(300), ..Limits::default() };
    let begun = Instant::now();
    // Children that never answer, answer without end, answer rubbish, spin, or are not there.
    assert_eq!(code(Decoder::new("/bin/sleep", &["60"], limits).decode(b"x")), "decoder-out-of-time");
    assert!(begun.elapsed() < Duration::from_secs(5));
    let flood = Limits { pixels: 1000, ..Limits::default() };
    assert_eq!(code(Decoder::new("/usr/bin/yes", &[], flood).decode(b"x")), "decoder-crashed");
    assert_eq!(
        code(Decoder::new("/bin/echo", &["CCCDPIX1"], Limits::default()).decode(b"x")),
        "decoder-crashed"
    );
    let spin = ["-c", "ulimit -t 1; while :; do :; done"];
    assert_eq!(code(Decoder::new("/bin/sh", &spin, Limits::default()).decode(b"x")), "decoder-out-of-time");
    assert_eq!(
        code(Decoder::new("/bin/sh", &["-c", "kill -11 $$"], Limits::default()).decode(b"x")),
        "decoder-crashed"
    );
    assert_eq!(
        code(Decoder::new("/nonexistent", &[], Limits::default()).decode(b"x")),
        "decoder-not-started"
    );
    // The child refuses to work without its bounds.
    assert_eq!(
        code(Decoder::new(env!("CARGO_BIN_EXE_cccd-decode"), &["1"], Limits::default()).decode(b"x")),
        "decoder-not-started"
    );
}

/// A descriptor that an ancestor left open for everyone is closed, and the limits stand, before anything is read.
#[test]
fn the_child_holds_three_descriptors_and_cannot_open_a_fourth() {
    let mut child = std::process::Command::new("/bin/sh")
        .args(["-c", "exec 9</etc/passwd; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_cccd-decode")])
        .args(["1000", "1000", "536870912", "5"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let limits = format!("/proc/{}/limits", child.id());
    let confined = |limits: &str| {
        let line = |name: &str| {
            limits
                .lines()
                .find(|line| line.starts_with(name))
                .map(|line| line[name.len()..].split_whitespace().next().unwrap_or_default().to_owned())
        };
        line("Max processes") == Some("0".to_owned())
            && line("Max open files") == Some("3".to_owned())
            && line("Max address space") == Some("536870912".to_owned())
            && line("Max file size") == Some("0".to_owned())
            && line("Max cpu time") == Some("5".to_owned())
            && line("Max core file size") == Some("0".to_owned())
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    while !confined(&std::fs::read_to_string(&limits).unwrap()) {
        assert!(Instant::now() < deadline, "{}", std::fs::read_to_string(&limits).unwrap());
        std::thread::sleep(Duration::from_millis(5));
    }
    match std::fs::read_dir(format!("/proc/{}/fd", child.id())) {
        Ok(open) => assert_eq!(open.count(), 3),
        Err(error) => {
            eprintln!(
                "skipped: who is not root does not see the descriptors of a confined process ({error})"
            );
        }
    }
    drop(child.stdin.take());
    // Nothing came: that is no picture.
    assert_eq!(child.wait().unwrap().code(), Some(10));
}
