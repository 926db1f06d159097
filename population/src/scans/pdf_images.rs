//! The images of a PDF, one a page as scanners write them. Nothing else of the file is interpreted: no cross-reference
//! table, no object streams (an image's stream cannot stand in one, ISO 32000-1 §7.5.7), no page tree, no scripts. So a
//! damaged table does not matter and there is little to attack. Images are told by their dictionaries, in the order of
//! the file. Read are DCT (JPEG), CCITT fax, and Flate in grey or RGB of 8 bits or black and white of 1 bit; other
//! codings are told.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use hayro_ccitt::{DecodeSettings, DecoderContext, EncodingMode};
use image::GrayImage;

use super::picture::{self, Kind};
use super::{Limits, Unreadable};

/// The longest dictionary of an image.
const MAX_DICTIONARY: usize = 8 * 1024;

/// The most streams that are looked at.
const MAX_STREAMS: usize = 50_000;

/// Images smaller than this on a side are stamps and logos, not pages.
const LEAST_SIDE: u32 = 200;

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its pixels.
    pub pixels: GrayImage,
    /// Its JPEG as it stands in the file, if it is one.
    pub jpeg: Option<core::ops::Range<usize>>,
}

/// Gives the pages one by one to `see`, which says whether to go on; one page is held at a time.
///
/// # Errors
/// [`Unreadable`] when there is no page at all.
pub fn each(
    file: &[u8],
    limits: &Limits,
    mut see: impl FnMut(Result<Page, Unreadable>) -> bool,
) -> Result<(), Unreadable> {
    if find(file, b"/Encrypt").is_some() {
        return Err(Unreadable::Encrypted);
    }
    let masks = masks(file);
    let (mut at, mut pages, mut streams) = (0, 0, 0);
    while let Some(found) = file.get(at..).and_then(|rest| find(rest, b"stream")) {
        let keyword = at + found;
        at = keyword + 6;
        if file.get(..keyword).is_some_and(|before| before.ends_with(b"end")) {
            continue;
        }
        streams += 1;
        if streams > MAX_STREAMS {
            see(Err(Unreadable::TooManyPages));
            return Ok(());
        }
        let Some((object, dictionary)) = dictionary(file, keyword) else { continue };
        let data = match file.get(at..) {
            Some([b'\r', b'\n', ..]) => at + 2,
            Some([b'\n' | b'\r', ..]) => at + 1,
            _ => continue,
        };
        let end = stream_end(file, data, integer(dictionary, b"/Length"));
        at = end;
        let image = name(dictionary, b"/Subtype") == Some(b"Image");
        if !image || masks.contains(&object) || flag(dictionary, b"/ImageMask") {
            continue;
        }
        let (Some(width), Some(height)) = (size(dictionary, b"/Width"), size(dictionary, b"/Height")) else {
            continue;
        };
        if width < LEAST_SIDE || height < LEAST_SIDE {
            continue;
        }
        pages += 1;
        if pages > limits.pages {
            see(Err(Unreadable::TooManyPages));
            return Ok(());
        }
        let page = if limits.allow(width, height) {
            page(file, data..end, dictionary, (width, height), limits)
        } else {
            Err(Unreadable::TooManyPixels)
        };
        if !see(page) {
            return Ok(());
        }
    }
    if pages == 0 { Err(Unreadable::NoImage) } else { Ok(()) }
}

fn page(
    file: &[u8],
    range: core::ops::Range<usize>,
    dictionary: &[u8],
    size: (u32, u32),
    limits: &Limits,
) -> Result<Page, Unreadable> {
    let data = file.get(range.clone()).unwrap_or_default();
    match filter(dictionary) {
        Some(b"DCTDecode" | b"DCT") => {
            Ok(Page { pixels: picture::decode(data, Kind::Jpeg, limits)?, jpeg: Some(range) })
        }
        Some(b"FlateDecode" | b"Fl") => Ok(Page { pixels: flate(data, dictionary, size)?, jpeg: None }),
        Some(b"CCITTFaxDecode" | b"CCF") => Ok(Page { pixels: fax(data, dictionary, size)?, jpeg: None }),
        _ => Err(Unreadable::ImageCoding),
    }
}

/// CCITT group 3 and 4 (ISO 32000-1 §7.4.6). What the fax calls black is white on the page if `/BlackIs1` says so.
fn fax(data: &[u8], dictionary: &[u8], (width, height): (u32, u32)) -> Result<GrayImage, Unreadable> {
    let columns = size(dictionary, b"/Columns").unwrap_or(width);
    if columns != width {
        return Err(Unreadable::Damaged);
    }
    let group = after(dictionary, b"/K").map(|rest| (rest.starts_with(b"-"), leading_integer(rest)));
    let encoding = match group {
        Some((true, _)) => EncodingMode::Group4,
        Some((false, Some(1..))) => EncodingMode::Group3_2D,
        Some(_) => EncodingMode::Group3_1D,
        // Parameters behind a reference: what scanners write.
        None if dictionary.windows(12).any(|part| part == b"/DecodeParms") => EncodingMode::Group4,
        None => EncodingMode::Group3_1D,
    };
    // Either turns black and white about; both together do not.
    let ink_is_white = flag(dictionary, b"/BlackIs1") != turned_about(dictionary);
    let mut lines = Lines { pixels: Vec::new(), width: width as usize, height: height as usize };
    let settings = DecodeSettings {
        columns,
        rows: height,
        end_of_block: !after(dictionary, b"/EndOfBlock").is_some_and(|rest| rest.starts_with(b"false")),
        end_of_line: flag(dictionary, b"/EndOfLine"),
        rows_are_byte_aligned: flag(dictionary, b"/EncodedByteAlign"),
        encoding,
        strict: false,
    };
    // The decoder is not ours; what breaks it is a damaged picture. Lines before the damage are kept.
    let read = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
        hayro_ccitt::decode(data, &mut lines, &mut DecoderContext::new(settings)).is_ok()
    }));
    if lines.pixels.is_empty() || read.is_err() {
        return Err(Unreadable::Damaged);
    }
    lines.pixels.resize(lines.width * lines.height, 255);
    if ink_is_white {
        for pixel in &mut lines.pixels {
            *pixel = 255 - *pixel;
        }
    }
    GrayImage::from_raw(width, height, lines.pixels).ok_or(Unreadable::Damaged)
}

/// Whether `/Decode` turns light and dark about (§8.9.5.2).
fn turned_about(dictionary: &[u8]) -> bool {
    let list = after(dictionary, b"/Decode").and_then(|rest| rest.strip_prefix(b"["));
    list.is_some_and(|list| list.trim_ascii_start().starts_with(b"1"))
}

/// Lines of a fax, no more than the picture has.
struct Lines {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

impl hayro_ccitt::Decoder for Lines {
    fn push_row(&mut self, changes: &[u32]) {
        let from = self.pixels.len();
        if from >= self.width * self.height {
            return;
        }
        let mut ink = false;
        for change in changes.iter().map(|change| *change as usize).chain([self.width]) {
            let to = from + change.min(self.width);
            if to > self.pixels.len() {
                self.pixels.resize(to, if ink { 0 } else { 255 });
            }
            ink = !ink;
        }
    }
}

fn flate(data: &[u8], dictionary: &[u8], (width, height): (u32, u32)) -> Result<GrayImage, Unreadable> {
    if find(dictionary, b"/Indexed").is_some() {
        return Err(Unreadable::ImageCoding);
    }
    let bits = integer(dictionary, b"/BitsPerComponent").unwrap_or(8);
    let predicted = match integer(dictionary, b"/Predictor").unwrap_or(1) {
        1 => false,
        10..=15 => true,
        _ => return Err(Unreadable::ImageCoding),
    };
    let (columns, rows) = (width as usize, height as usize);
    let colours: &[usize] = match name(dictionary, b"/ColorSpace") {
        Some(b"DeviceGray" | b"CalGray" | b"G") => &[1],
        Some(b"DeviceRGB" | b"CalRGB" | b"RGB") => &[3],
        // Behind a reference: the length of the data tells.
        _ => &[1, 3],
    };
    let row = |colours: usize| if bits == 1 { (columns * colours).div_ceil(8) } else { columns * colours };
    if !matches!(bits, 1 | 8) || (bits == 1 && colours == [3]) {
        return Err(Unreadable::ImageCoding);
    }
    let length = |colours: usize| rows * (row(colours) + usize::from(predicted));
    let longest = colours.iter().map(|count| length(*count)).max().unwrap_or_default();
    let mut raw = Vec::new();
    // What is longer than its page is not unpacked: no bomb.
    let read = ZlibDecoder::new(data).take(longest as u64).read_to_end(&mut raw);
    let colours = colours.iter().copied().rev().find(|count| raw.len() >= length(*count));
    let Some(colours) = colours else {
        return Err(Unreadable::Damaged);
    };
    // A checksum that fails behind a whole page costs nothing.
    let _ = read;
    let row = row(colours);
    if predicted {
        raw = unpredict(&raw, row, rows, if bits == 1 { 1 } else { colours }).ok_or(Unreadable::Damaged)?;
    }
    let about = if turned_about(dictionary) { 255 } else { 0 };
    let mut grey: Vec<u8> = Vec::with_capacity(columns * rows);
    for line in raw.chunks(row).take(rows) {
        match (bits, colours) {
            (1, _) => grey.extend((0..columns).map(|x| {
                let byte = line.get(x / 8).copied().unwrap_or_default();
                if byte & (0x80 >> (x % 8)) == 0 { 0 } else { 255_u8 }
            })),
            (_, 3) => grey.extend(line.chunks(3).take(columns).map(|pixel| match pixel {
                [red, green, blue] => {
                    let sum = u32::from(*red) * 3 + u32::from(*green) * 6 + u32::from(*blue);
                    u8::try_from(sum / 10).unwrap_or(u8::MAX)
                }
                _ => 255,
            })),
            _ => grey.extend(line.iter().take(columns)),
        }
    }
    for pixel in &mut grey {
        *pixel ^= about;
    }
    GrayImage::from_raw(width, height, grey).ok_or(Unreadable::Damaged)
}

/// Undoes PNG's filters (ISO/IEC 15948 §9).
fn unpredict(raw: &[u8], row: usize, rows: usize, step: usize) -> Option<Vec<u8>> {
    let mut plain: Vec<u8> = Vec::with_capacity(row * rows);
    let mut above = vec![0_u8; row];
    for line in raw.chunks(row + 1).take(rows) {
        let (filter, line) = line.split_first()?;
        let mut done: Vec<u8> = Vec::with_capacity(row);
        for (x, byte) in line.iter().enumerate() {
            let left = x.checked_sub(step).and_then(|x| done.get(x)).copied().unwrap_or_default();
            let up = above.get(x).copied().unwrap_or_default();
            let corner = x.checked_sub(step).and_then(|x| above.get(x)).copied().unwrap_or_default();
            let guess = match filter {
                0 => 0,
                1 => left,
                2 => up,
                3 => u8::midpoint(left, up),
                4 => paeth(left, up, corner),
                _ => return None,
            };
            done.push(byte.wrapping_add(guess));
        }
        done.resize(row, 0);
        plain.extend_from_slice(&done);
        above = done;
    }
    Some(plain)
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    let far = |value: u8| (guess - i16::from(value)).abs();
    if far(left) <= far(up) && far(left) <= far(corner) {
        left
    } else if far(up) <= far(corner) {
        up
    } else {
        corner
    }
}

/// The object's number and the dictionary that stands before its `stream`.
fn dictionary(file: &[u8], keyword: usize) -> Option<(u32, &[u8])> {
    let from = keyword.saturating_sub(MAX_DICTIONARY);
    let before = file.get(from..keyword)?;
    let at = before.windows(4).rposition(|part| part == b" obj")?;
    let mut words = before.get(..at)?.rsplit(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let _generation = words.next()?;
    let object = core::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    let dictionary = before.get(at + 4..)?;
    dictionary.trim_ascii_start().starts_with(b"<<").then_some((object, dictionary))
}

fn stream_end(file: &[u8], data: usize, length: Option<u64>) -> usize {
    if let Some(end) = length.and_then(|length| data.checked_add(usize::try_from(length).ok()?)) {
        let rest = file.get(end..).unwrap_or_default();
        let rest = rest.get(..rest.len().min(16)).unwrap_or_default();
        if rest.trim_ascii_start().starts_with(b"endstream") {
            return end;
        }
    }
    let rest = file.get(data..).unwrap_or_default();
    data + find(rest, b"endstream").unwrap_or(rest.len())
}

/// Numbers of objects that are masks of other images.
fn masks(file: &[u8]) -> Vec<u32> {
    let mut masks = Vec::new();
    for key in [&b"/SMask"[..], b"/Mask"] {
        let mut at = 0;
        while let Some(found) = file.get(at..).and_then(|rest| find(rest, key)) {
            at += found + key.len();
            let rest = file.get(at..).unwrap_or_default();
            if let Some(number) = leading_integer(rest).and_then(|number| u32::try_from(number).ok())
                && masks.len() < 10_000
            {
                masks.push(number);
            }
        }
    }
    masks
}

/// What follows a key, if the key is not the beginning of a longer one.
fn after<'d>(dictionary: &'d [u8], key: &[u8]) -> Option<&'d [u8]> {
    let mut at = 0;
    while let Some(found) = dictionary.get(at..).and_then(|rest| find(rest, key)) {
        at += found + key.len();
        let rest = dictionary.get(at..)?;
        if rest.first().is_none_or(|byte| !byte.is_ascii_alphanumeric()) {
            return Some(rest.trim_ascii_start());
        }
    }
    None
}

fn integer(dictionary: &[u8], key: &[u8]) -> Option<u64> {
    let rest = after(dictionary, key)?;
    let number = leading_integer(rest)?;
    // `12 0 R` is a reference, not a number.
    let behind = rest.iter().position(|byte| !byte.is_ascii_digit()).and_then(|at| rest.get(at..))?;
    let words: Vec<&[u8]> = behind
        .get(..behind.len().min(24))
        .unwrap_or_default()
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .collect();
    let reference = matches!(words.as_slice(), [generation, letter, ..]
        if generation.iter().all(u8::is_ascii_digit) && letter.first() == Some(&b'R'));
    (!reference).then_some(number)
}

fn leading_integer(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_start();
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    core::str::from_utf8(text.get(..digits.min(12))?).ok()?.parse().ok()
}

fn size(dictionary: &[u8], key: &[u8]) -> Option<u32> {
    integer(dictionary, key).map(|value| u32::try_from(value).unwrap_or(u32::MAX))
}

fn name<'d>(dictionary: &'d [u8], key: &[u8]) -> Option<&'d [u8]> {
    let rest = after(dictionary, key)?.strip_prefix(b"/")?;
    let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    rest.get(..length)
}

fn flag(dictionary: &[u8], key: &[u8]) -> bool {
    after(dictionary, key).is_some_and(|rest| rest.starts_with(b"true"))
}

/// The one filter, alone or in an array; `None` for none and for chains.
fn filter(dictionary: &[u8]) -> Option<&[u8]> {
    if let Some(name) = name(dictionary, b"/Filter") {
        return Some(name);
    }
    let list = after(dictionary, b"/Filter")?.strip_prefix(b"[")?;
    let list = list.get(..list.iter().position(|byte| *byte == b']')?)?;
    let mut names =
        list.split(|byte| byte.is_ascii_whitespace() || *byte == b'/').filter(|word| !word.is_empty());
    let one = names.next()?;
    names.next().is_none().then_some(one)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = wanted.first()?;
    let mut from = 0;
    while let Some(at) = text.get(from..)?.iter().position(|byte| byte == first) {
        let at = from + at;
        if text.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}
