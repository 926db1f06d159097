//! The encoder: definite lengths, shortest form.

/// One data object of `tag` and `value`.
#[must_use]
pub fn encode(tag: u32, value: &[u8]) -> Vec<u8> {
    encode_all(tag, &[value])
}

/// One data object of `tag`, its value being `parts` one after the other.
#[must_use]
pub fn encode_all(tag: u32, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    let mut bytes = Vec::with_capacity(length.saturating_add(10));
    write_header(&mut bytes, tag, length);
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Collects data objects.
///
/// ```
/// use cccd_card_profile::tlv::Writer;
/// let mut writer = Writer::new();
/// writer.constructed(0x30, |inner| {
///     inner.primitive(0x02, &[1]);
/// });
/// assert_eq!(writer.into_bytes(), [0x30, 0x03, 0x02, 0x01, 0x01]);
/// ```
#[derive(Clone, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a data object with these bytes as value.
    pub fn primitive(&mut self, tag: u32, value: &[u8]) -> &mut Self {
        write_header(&mut self.bytes, tag, value.len());
        self.bytes.extend_from_slice(value);
        self
    }

    /// Appends a data object whose value `content` writes.
    pub fn constructed(&mut self, tag: u32, content: impl FnOnce(&mut Self)) -> &mut Self {
        let mut inner = Self::new();
        content(&mut inner);
        self.primitive(tag, &inner.bytes)
    }

    /// Appends bytes that are data objects already.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl core::fmt::Debug for Writer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Writer {{ length: {} }}", self.bytes.len())
    }
}

fn write_header(bytes: &mut Vec<u8>, tag: u32, length: usize) {
    let tag = tag.to_be_bytes();
    let leading = tag.iter().take(3).take_while(|byte| **byte == 0).count();
    bytes.extend(tag.iter().skip(leading));
    match u8::try_from(length) {
        Ok(short @ 0..=0x7F) => bytes.push(short),
        _ => {
            let length: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            bytes.push(0x80 | u8::try_from(length.len()).unwrap_or(0));
            bytes.extend(length);
        }
    }
}
