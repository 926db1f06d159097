//! Objects from an array or from lines, cut out by their braces without holding the file: depth and length bounded,
//! no recursion.

use std::io::BufRead;

use super::{FileFault, ImportError, Row, RowError};

/// The longest object of one person, in octets.
pub const MAX_ELEMENT: usize = 256 * 1024;

/// Rows of a JSON array, or of JSON lines.
#[derive(Debug)]
pub struct JsonRows<R> {
    reader: R,
    position: u64,
    number: u64,
}

impl<R: BufRead> JsonRows<R> {
    /// Reads from the start of a file.
    #[must_use]
    pub fn new(reader: R) -> Self {
        Self { reader, position: 0, number: 0 }
    }

    /// The next octet, not taken.
    fn peek(&mut self) -> Result<Option<u8>, ImportError> {
        let buffer = self.reader.fill_buf().map_err(FileFault::Read)?;
        Ok(buffer.first().copied())
    }

    fn take(&mut self) {
        self.reader.consume(1);
        self.position += 1;
    }

    /// One element: an object to its closing brace; anything else to the next comma, bracket or line end.
    fn element(&mut self) -> Result<Option<Result<Vec<u8>, RowError>>, ImportError> {
        // Between elements: white space, the array's brackets and commas, a byte order mark.
        while let Some(byte) = self.peek()? {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'[' | b']' | 0xef | 0xbb | 0xbf) {
                break;
            }
            self.take();
        }
        let mut element = Vec::new();
        let (mut depth, mut in_string, mut escaped, mut too_long) = (0_usize, false, false, false);
        while let Some(byte) = self.peek()? {
            if depth == 0 && !in_string && !element.is_empty() && matches!(byte, b',' | b']' | b'\n') {
                break;
            }
            // JSON allows no line end within a string: an unclosed one ends here and damages one row only.
            if in_string && byte == b'\n' {
                break;
            }
            self.take();
            if element.len() < MAX_ELEMENT {
                element.push(byte);
            } else {
                too_long = true;
            }
            if in_string {
                in_string = escaped || byte != b'"';
                escaped = !escaped && byte == b'\\';
                continue;
            }
            match byte {
                b'"' => in_string = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                _ => {}
            }
        }
        Ok(match (element.is_empty(), too_long) {
            (true, _) => None,
            (_, true) => Some(Err(RowError::TooLong)),
            _ => Some(Ok(element)),
        })
    }
}

impl<R: BufRead> Iterator for JsonRows<R> {
    type Item = Result<Row, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let element = match self.element() {
            Ok(element) => element?,
            Err(error) => return Some(Err(error)),
        };
        self.number += 1;
        let person = element.and_then(|bytes| {
            let text = core::str::from_utf8(&bytes).map_err(|_| RowError::Encoding)?;
            serde_json::from_str(text).map(Box::new).map_err(|error| {
                // What serde says may quote the content; its kind and column do not.
                let kind = if error.is_data() {
                    "a field is missing, unknown or not of its form"
                } else {
                    "not JSON"
                };
                RowError::Json(format!(
                    "{kind} (line {}, column {} of the row)",
                    error.line(),
                    error.column()
                ))
            })
        });
        Some(Ok(Row { number: self.number, position: self.position, person, converted: None }))
    }
}
