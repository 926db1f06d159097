//! Persons cut out of a message without holding it. Only tags, comments and CDATA are looked at here, each bounded;
//! what a person's element says is [`super::message`]'s. A damaged person is one rejected row: the next one begins at
//! the next `<CongDan>`. A document type, and with it every entity of a file's own, is refused.

use std::io::BufRead;

use super::{NAMESPACE, message};
use crate::import::{FileFault, ImportError, MAX_ELEMENT, Row, RowError};

/// The longest tag, comment or other markup outside a person.
const MAX_MARKUP: usize = 16 * 1024;

/// Rows of a message.
#[derive(Debug)]
pub struct QcvnRows<R> {
    reader: R,
    position: u64,
    number: u64,
    /// `SoCongDan` of the root: how many persons the sender says there are.
    expected: Option<u64>,
    /// A `<CongDan>` that began while the one before had not ended.
    pending: Option<Vec<u8>>,
    closed: bool,
    over: bool,
}

/// One piece of a file.
enum Piece {
    /// `<name …>`, `</name>`, `<name …/>`, with its octets.
    Tag(Vec<u8>),
    /// Comment, CDATA or processing instruction, with its octets.
    Other(Vec<u8>),
    Text(u8),
    End,
}

impl<R: BufRead> QcvnRows<R> {
    /// Reads up to the root.
    ///
    /// # Errors
    /// [`ImportError::File`] when the root is not the standard's.
    pub fn new(reader: R) -> Result<Self, ImportError> {
        let mut rows = Self {
            reader,
            position: 0,
            number: 0,
            expected: None,
            pending: None,
            closed: false,
            over: false,
        };
        loop {
            match rows.piece(MAX_MARKUP)? {
                Piece::Text(byte) if byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf) => {}
                Piece::Other(markup) => {
                    // Another encoding than UTF-8 is told by the declaration, if by anything.
                    if markup.starts_with(b"<?xml") && !is_utf8(&markup) {
                        return Err(FileFault::NotQcvn("another encoding than UTF-8").into());
                    }
                }
                Piece::Tag(tag) => {
                    rows.expected = root(&tag)?;
                    rows.closed = tag.ends_with(b"/>");
                    return Ok(rows);
                }
                Piece::Text(_) | Piece::End => return Err(FileFault::NotQcvn("no XML").into()),
            }
        }
    }

    fn peek(&mut self) -> Result<Option<u8>, ImportError> {
        let buffer = self.reader.fill_buf().map_err(FileFault::Read)?;
        Ok(buffer.first().copied())
    }

    fn take(&mut self) {
        self.reader.consume(1);
        self.position += 1;
    }

    /// The next piece. Of markup longer than `max` only the beginning is kept.
    fn piece(&mut self, max: usize) -> Result<Piece, ImportError> {
        let Some(first) = self.peek()? else { return Ok(Piece::End) };
        self.take();
        if first != b'<' {
            return Ok(Piece::Text(first));
        }
        let mut markup = vec![first];
        let mut quote = None;
        // The last octets, for ends that are longer than one.
        let mut tail = [0_u8; 3];
        while let Some(byte) = self.peek()? {
            if markup.len() == 1 && byte == b'<' {
                break;
            }
            self.take();
            if markup.len() < max {
                markup.push(byte);
            }
            tail = [tail[1], tail[2], byte];
            let ended = if markup.starts_with(b"<!--") {
                markup.len() > 6 && &tail == b"-->"
            } else if markup.starts_with(b"<![CDATA[") {
                &tail == b"]]>"
            } else if markup.starts_with(b"<?") {
                tail.ends_with(b"?>")
            } else if markup.starts_with(b"<!D") || markup.starts_with(b"<!E") {
                return Err(FileFault::NotQcvn("a document type, which may bring entities").into());
            } else {
                match (quote, byte) {
                    (Some(open), _) if open == byte => quote = None,
                    (None, b'"' | b'\'') => quote = Some(byte),
                    _ => {}
                }
                quote.is_none() && byte == b'>'
            };
            if ended {
                let other = markup.starts_with(b"<!") || markup.starts_with(b"<?");
                return Ok(if other { Piece::Other(markup) } else { Piece::Tag(markup) });
            }
        }
        // Markup that never ends.
        Ok(Piece::Other(markup))
    }

    /// The octets of the next person; `None` at the end of the message.
    fn cut(&mut self) -> Result<Option<Result<Vec<u8>, RowError>>, ImportError> {
        let mut person = match self.pending.take() {
            Some(tag) => tag,
            None => loop {
                match self.piece(MAX_MARKUP)? {
                    Piece::Tag(tag) if is_named(&tag, b"CongDan") && !tag.starts_with(b"</") => break tag,
                    Piece::Tag(tag) if is_named(&tag, b"CongdanCollection") && tag.starts_with(b"</") => {
                        self.closed = true;
                        return Ok(None);
                    }
                    // What stands between persons tells nothing about them.
                    Piece::Tag(_) | Piece::Other(_) | Piece::Text(_) => {}
                    Piece::End => return Ok(None),
                }
            },
        };
        if person.ends_with(b"/>") {
            return Ok(Some(Ok(person)));
        }
        let mut too_long = false;
        loop {
            let room = MAX_ELEMENT.saturating_sub(person.len()).max(64);
            let (octets, tag) = match self.piece(room)? {
                Piece::Text(byte) => (vec![byte], false),
                Piece::Other(markup) => (markup, false),
                Piece::Tag(tag) => (tag, true),
                Piece::End => return Ok(Some(Err(RowError::Xml("the element is not well-formed XML")))),
            };
            if tag && is_named(&octets, b"CongDan") && !octets.starts_with(b"</") {
                self.pending = Some(octets);
                return Ok(Some(Err(RowError::Xml("the element is not well-formed XML"))));
            }
            if tag && is_named(&octets, b"CongdanCollection") && octets.starts_with(b"</") {
                self.closed = true;
                return Ok(Some(Err(RowError::Xml("the element is not well-formed XML"))));
            }
            let end = tag && is_named(&octets, b"CongDan");
            too_long |= person.len() + octets.len() > MAX_ELEMENT;
            if !too_long {
                person.extend(octets);
            }
            if end {
                return Ok(Some(if too_long { Err(RowError::TooLong) } else { Ok(person) }));
            }
        }
    }

    fn end(&mut self) -> Option<ImportError> {
        self.over = true;
        if !self.closed {
            return Some(FileFault::NotQcvn("its end is missing").into());
        }
        let counted = self.expected.is_none_or(|expected| expected == self.number);
        (!counted).then(|| FileFault::NotQcvn("another number of persons than its SoCongDan says").into())
    }
}

impl<R: BufRead> Iterator for QcvnRows<R> {
    type Item = Result<Row, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        if self.closed {
            return self.end().map(Err);
        }
        match self.cut() {
            Err(error) => {
                self.over = true;
                Some(Err(error))
            }
            Ok(None) => self.end().map(Err),
            Ok(Some(person)) => {
                self.number += 1;
                let person = person.and_then(|octets| message::read(&octets));
                Some(Ok(Row { number: self.number, position: self.position, person, converted: None }))
            }
        }
    }
}

/// Whether a tag's local name is this one.
fn is_named(tag: &[u8], name: &[u8]) -> bool {
    let inner = tag.strip_prefix(b"</").or_else(|| tag.strip_prefix(b"<")).unwrap_or_default();
    let length =
        inner.iter().take_while(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'>' | b'/')).count();
    let full = inner.get(..length).unwrap_or_default();
    full.rsplit(|byte| *byte == b':').next() == Some(name)
}

fn is_utf8(declaration: &[u8]) -> bool {
    let text = declaration.to_ascii_lowercase();
    let at = text.windows(8).position(|part| part == b"encoding");
    at.is_none_or(|at| {
        let rest = text.get(at..).unwrap_or_default();
        rest.windows(5).any(|part| part == b"utf-8") || rest.windows(4).any(|part| part == b"utf8")
    })
}

/// Checks the root and reads `SoCongDan`.
fn root(tag: &[u8]) -> Result<Option<u64>, ImportError> {
    use quick_xml::events::Event;
    let fault = |what| ImportError::from(FileFault::NotQcvn(what));
    let text = core::str::from_utf8(tag).map_err(|_| fault("no XML in UTF-8"))?;
    let event = quick_xml::Reader::from_str(text).read_event().map_err(|_| fault("no XML"))?;
    let (Event::Start(start) | Event::Empty(start)) = event else { return Err(fault("no XML")) };
    if start.local_name().as_ref() != "CongdanCollection" {
        return Err(fault("another root than CongdanCollection"));
    }
    let (mut of_standard, mut expected) = (false, None);
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| fault("no XML"))?;
        let key: &str = attribute.key.as_ref();
        let value: &str = &attribute.value;
        if key == "xmlns" || key.starts_with("xmlns:") {
            of_standard |= value == NAMESPACE;
        } else if key == "SoCongDan" {
            expected = Some(value.trim().parse().map_err(|_| fault("a SoCongDan that is no number"))?);
        }
    }
    if of_standard { Ok(expected) } else { Err(fault("another namespace than the standard's")) }
}
