//! Lines of a file, each bounded. What is wrong with one line is told of that line, and the others go on.

use std::io::{self, BufRead};

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Its text, without the end.
    Text(String),
    /// Octets that are no UTF-8.
    NotText,
    /// Longer than allowed; all of it was passed over.
    TooLong,
}

/// The next line of at most `most` octets; `None` at the end of the file.
///
/// # Errors
/// What the file system says.
pub(super) fn next(reader: &mut impl BufRead, most: usize) -> io::Result<Option<Line>> {
    let (mut octets, mut ended, mut any, mut too_long) = (Vec::new(), false, false, false);
    while !ended {
        let there = match reader.fill_buf() {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if there.is_empty() {
            break;
        }
        any = true;
        let end = there.iter().position(|octet| *octet == b'\n');
        let part = there.get(..end.unwrap_or(there.len())).unwrap_or(there);
        too_long |= octets.len().saturating_add(part.len()) > most;
        if !too_long {
            octets.extend_from_slice(part);
        }
        let used = part.len() + usize::from(end.is_some());
        ended = end.is_some();
        reader.consume(used);
    }
    // What an editor puts before the first line is none of it.
    let octets = octets.strip_prefix("\u{feff}".as_bytes()).map(<[u8]>::to_vec).unwrap_or(octets);
    Ok(match (any, too_long) {
        (false, _) => None,
        (true, true) => Some(Line::TooLong),
        (true, false) => Some(String::from_utf8(octets).map_or(Line::NotText, Line::Text)),
    })
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn a_bad_line_is_one_line() {
        let file: &[u8] = b"one\r\n\n\xff\xfe\n0123456789\n01234567\nlast";
        // A small buffer: lines go over its edge.
        let mut reader = BufReader::with_capacity(3, file);
        let mut found = Vec::new();
        while let Some(line) = next(&mut reader, 8).unwrap() {
            found.push(line);
        }
        let text = |text: &str| Line::Text(text.to_owned());
        let expected =
            [text("one\r"), text(""), Line::NotText, Line::TooLong, text("01234567"), text("last")];
        assert_eq!(found, expected);
    }
}
