//! Reading files: READ BINARY of ISO/IEC 7816-4 §11.3.3, whatever the chip does at the end of a file.

use cccd_card_profile::apdu::{Command, LinkLost, Response, StatusClass, StatusWord, Transport, exchange};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::atr_info::AtrInfo;
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::secure_messaging::{ChannelError, SecureChannel, SecureMessagingError};
use cccd_card_profile::tlv::{self, Reader};

use crate::evidence::MAX_FILE;

/// How much one READ BINARY asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockSizes {
    /// Whether extended length may be used.
    pub extended: bool,
    /// The longest answer of the chip with its status word, for extended length.
    pub max_response: u32,
}

impl BlockSizes {
    /// Short commands only.
    pub const SHORT: Self = Self { extended: false, max_response: 258 };
    /// The longest answer that is asked for: PC/SC bridges end at 65,535 bytes with the status word.
    const LONGEST: u32 = 65_535;

    /// What EF.ATR/INFO announces: extended length only where the chip tells its buffer.
    #[must_use]
    pub fn announced(info: &AtrInfo) -> Self {
        match info.max_response {
            Some(length) if info.extended_length && length > 512 => {
                Self { extended: true, max_response: length.min(Self::LONGEST) }
            }
            _ => Self::SHORT,
        }
    }

    /// Bytes of a file per READ BINARY under this cipher: what is left of the answer beside status word, checksum,
    /// status object and padding. 231 and 223 for short answers under 3DES and AES.
    #[must_use]
    pub fn block(self, cipher: Cipher) -> u32 {
        let block: u32 = if cipher == Cipher::TripleDes { 8 } else { 16 };
        // SW1 SW2 (2), DO'99' (4), DO'8E' (10), and of DO'87' tag, length and padding indicator.
        let head = if self.extended { 6 } else { 4 };
        let room = self.max_response.saturating_sub(2 + 4 + 10 + head);
        (room / block * block).saturating_sub(1).max(1)
    }
}

/// Why a file was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The link is gone.
    #[error(transparent)]
    Link(#[from] LinkLost),
    /// The protection broke: the session is over.
    #[error(transparent)]
    SecureMessaging(#[from] SecureMessagingError),
    /// The chip refuses.
    #[error("the chip refuses the file: {0}")]
    Refused(StatusWord),
    /// The file claims or has more bytes than any file of a card.
    #[error("the file is longer than any file of a card")]
    TooLong,
}

impl From<ChannelError> for FileError {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Link(lost) => Self::Link(lost),
            ChannelError::SecureMessaging(error) => Self::SecureMessaging(error),
        }
    }
}

/// READ BINARY by short identifier from the start of the file, which becomes the current one.
pub(super) fn by_short_identifier(file: ElementaryFile, length: u32) -> Command {
    Command::new(0x00, 0xB0, file.short_file_id().read_binary_p1(), 0x00).with_expected_length(length)
}

/// READ BINARY of the current file: P1 P2 reach 32,767; beyond it the odd instruction carries the offset in DO'54'.
fn at_offset(offset: usize, length: u32) -> Option<Command> {
    match u16::try_from(offset) {
        Ok(small @ 0..=0x7FFF) => {
            let [p1, p2] = small.to_be_bytes();
            Some(Command::new(0x00, 0xB0, p1, p2).with_expected_length(length))
        }
        _ => {
            let bytes = u32::try_from(offset).ok()?.to_be_bytes();
            let significant: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
            // The answer is wrapped in DO'53': up to four bytes more.
            Some(
                Command::new(0x00, 0xB1, 0x00, 0x00)
                    .with_data(tlv::encode(0x54, &significant))
                    .with_expected_length(length),
            )
        }
    }
}

/// Whether an answer to READ BINARY brings bytes: done, or done with the end of the file reached.
pub(super) fn has_data(answer: &Response) -> bool {
    (answer.is_ok() || answer.status == StatusWord::END_OF_FILE) && !answer.data.is_empty()
}

/// Reads on until the file is as long as its own header says, or the chip has no more. `first` begins it.
fn rest<E: From<FileError>>(
    mut file: Vec<u8>,
    block: u32,
    mut ask: impl FnMut(&Command) -> Result<Response, E>,
) -> Result<Vec<u8>, E> {
    let Some(total) = tlv::length_from_header(&file) else { return Ok(file) };
    if total > MAX_FILE {
        return Err(FileError::TooLong.into());
    }
    while file.len() < total {
        let wanted = u32::try_from(total.saturating_sub(file.len())).unwrap_or(u32::MAX);
        let odd = file.len() > 0x7FFF;
        let length = if odd { wanted.saturating_add(4).min(block) } else { wanted.min(block) };
        let Some(command) = at_offset(file.len(), length) else { return Err(FileError::TooLong.into()) };
        let answer = ask(&command)?;
        if !has_data(&answer) {
            // The file is shorter than it claims: what is there is the evidence.
            return Ok(file);
        }
        if odd {
            match Reader::new(&answer.data).expect(0x53) {
                Ok(object) if !object.value.is_empty() => file.extend_from_slice(object.value),
                _ => return Ok(file),
            }
        } else {
            file.extend_from_slice(&answer.data);
        }
        if file.len() > MAX_FILE {
            return Err(FileError::TooLong.into());
        }
    }
    // Bytes beyond the data object are filling of the file, not content.
    file.truncate(total);
    Ok(file)
}

/// The rest of an unprotected file whose first block was read.
pub(super) fn plain_rest<T: Transport>(link: &mut T, first: Vec<u8>) -> Result<Vec<u8>, LinkLost> {
    let length = 256;
    let outcome: Result<Vec<u8>, FileError> =
        rest(first.clone(), length, |command| Ok(exchange(link, command)?));
    match outcome {
        Ok(file) => Ok(file),
        Err(FileError::Link(lost)) => Err(lost),
        Err(_) => Ok(first),
    }
}

/// The current file, unprotected.
pub(super) fn plain_current<T: Transport>(link: &mut T) -> Result<Option<Vec<u8>>, LinkLost> {
    let Some(command) = at_offset(0, 256) else { return Ok(None) };
    let answer = exchange(link, &command)?;
    if has_data(&answer) { plain_rest(link, answer.data).map(Some) } else { Ok(None) }
}

/// Whether a refusal speaks of the file, so that asking otherwise changes nothing: not there, or not for this terminal.
fn is_about_the_file(status: StatusWord) -> bool {
    matches!(status, StatusWord::FILE_NOT_FOUND | StatusWord::SECURITY_STATUS_NOT_SATISFIED)
}

/// A file of the application, through the protected channel.
pub(super) fn protected<T: Transport>(
    channel: &mut SecureChannel<T>,
    file: ElementaryFile,
    block: u32,
) -> Result<Vec<u8>, FileError> {
    let mut first = channel.exchange(&by_short_identifier(file, block))?;
    if let StatusClass::WrongExpectedLength { exact } = first.status.class() {
        first = channel.exchange(&by_short_identifier(file, u32::from(exact)))?;
    }
    if !has_data(&first) && !is_about_the_file(first.status) {
        // A chip without short identifiers: the file is selected, and read from its start.
        let select = Command::new(0x00, 0xA4, 0x02, 0x0C).with_data(file.file_id().to_bytes());
        let selected = channel.exchange(&select)?;
        first = match at_offset(0, block) {
            Some(command) if selected.is_ok() => channel.exchange(&command)?,
            _ => selected,
        };
    }
    if !has_data(&first) {
        return Err(FileError::Refused(first.status));
    }
    rest(first.data, block, |command| Ok::<_, FileError>(channel.exchange(command)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_fill_the_answer() {
        assert_eq!(BlockSizes::SHORT.block(Cipher::TripleDes), 231);
        assert_eq!(BlockSizes::SHORT.block(Cipher::Aes128), 223);
        let info = AtrInfo::extended(65_536, 65_538);
        assert_eq!(BlockSizes::announced(&info).max_response, 65_535);
        assert_eq!(BlockSizes::announced(&info).block(Cipher::Aes256), 65_503);
        assert_eq!(BlockSizes::announced(&AtrInfo::default()), BlockSizes::SHORT);
        // A buffer told without the capability, or the capability without a buffer, is no announcement.
        let silent = AtrInfo { extended_length: true, ..AtrInfo::default() };
        assert_eq!(BlockSizes::announced(&silent), BlockSizes::SHORT);
    }

    #[test]
    fn offsets_beyond_15_bits_take_the_odd_instruction() {
        assert_eq!(at_offset(0x7FFF, 16).unwrap().header(), [0x00, 0xB0, 0x7F, 0xFF]);
        let odd = at_offset(0x8000, 16).unwrap();
        assert_eq!(odd.header(), [0x00, 0xB1, 0x00, 0x00]);
        assert_eq!(odd.data(), [0x54, 0x02, 0x80, 0x00]);
    }

    fn read(file: &[u8], first: usize, block: u32) -> Result<Vec<u8>, FileError> {
        rest(file.get(..first).unwrap().to_vec(), block, |command| {
            let offset = match command.ins() {
                0xB0 => usize::from(command.p1_p2()),
                _ => {
                    let object = Reader::new(command.data()).expect(0x54).unwrap();
                    object.value.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte))
                }
            };
            let odd = command.has_odd_instruction();
            let length =
                usize::try_from(command.expected_length().unwrap()).unwrap() - if odd { 4 } else { 0 };
            let Some(tail) = file.get(offset..).filter(|tail| !tail.is_empty()) else {
                return Ok(Response::status(StatusWord::WRONG_PARAMETERS));
            };
            let data = tail.get(..length).unwrap_or(tail).to_vec();
            let status = if data.len() < length { StatusWord::END_OF_FILE } else { StatusWord::OK };
            Ok(Response::new(if odd { tlv::encode(0x53, &data) } else { data }, status))
        })
    }

    #[test]
    fn a_file_is_read_to_its_end_and_its_filling_left() {
        let content = tlv::encode(0x61, &vec![7; 70_000]);
        let padded = [content.clone(), vec![0; 50]].concat();
        assert_eq!(read(&padded, 223, 223).unwrap(), content);
        assert_eq!(read(&padded, 65_503, 65_503).unwrap(), content);
        let short = tlv::encode(0x61, &[1, 2, 3]);
        assert_eq!(read(&[short.clone(), vec![0xFF; 9]].concat(), 14, 223).unwrap(), short);
    }

    #[test]
    fn a_file_cut_short_is_what_is_there() {
        let content = tlv::encode(0x77, &vec![7; 1_000]);
        let cut = content.get(..600).unwrap();
        assert_eq!(read(cut, 223, 223).unwrap(), cut);
        assert_eq!(read(cut, 600, 65_503).unwrap(), cut);
    }

    #[test]
    fn a_length_beyond_any_card_is_refused_before_it_is_read() {
        assert_eq!(read(&[0x77, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 0], 7, 223), Err(FileError::TooLong));
    }
}
