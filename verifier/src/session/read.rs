//! Reading files: READ BINARY of ISO/IEC 7816-4 §11.3.3, whatever the chip does on the way and at the end of a file.

use cccd_card_profile::apdu::{Command, LinkLost, Response, StatusClass, StatusWord, Transport, exchange};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::cvca;
use cccd_card_profile::protocol::secure_messaging::{ChannelError, SecureChannel, SecureMessagingError};
use cccd_card_profile::tlv::{self, Reader};

use super::BlockSizes;
use crate::evidence::MAX_FILE;

/// The longest header of a data object that a card's file begins with.
const LONGEST_HEADER: usize = 6;

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
    /// The chip hands the file out in pieces so small that reading it has no end.
    #[error("the chip hands the file out in pieces without end")]
    Endless,
}

impl From<ChannelError> for FileError {
    fn from(error: ChannelError) -> Self {
        match error {
            ChannelError::Link(lost) => Self::Link(lost),
            ChannelError::SecureMessaging(error) => Self::SecureMessaging(error),
        }
    }
}

/// A file on its way: what came of it so far. It can go on in another session, at the byte where it stopped.
#[derive(Clone)]
pub struct PartialFile {
    file: ElementaryFile,
    bytes: Vec<u8>,
    /// It is the current file of the session.
    current: bool,
    /// It was begun in another session.
    resumed: bool,
}

impl PartialFile {
    /// Nothing read yet.
    #[must_use]
    pub fn new(file: ElementaryFile) -> Self {
        Self { file, bytes: Vec::new(), current: false, resumed: false }
    }

    /// Which file.
    #[must_use]
    pub fn file(&self) -> ElementaryFile {
        self.file
    }

    /// How many bytes came.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How long the file is by its own header, once that came. EF.CVCA is a list, of a fixed length.
    fn length(&self) -> Option<usize> {
        match self.file {
            ElementaryFile::Cvca => Some(cvca::LENGTH),
            _ => tlv::length_from_header(&self.bytes),
        }
    }

    /// Whether nothing came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether its bytes are of more than one session: then only its digest tells that they belong together.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// To be continued in another session, where it must be selected again.
    #[must_use]
    pub fn interrupted(mut self) -> Self {
        self.current = false;
        self.resumed = self.resumed || !self.bytes.is_empty();
        self
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl std::fmt::Debug for PartialFile {
    /// Name and length only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PartialFile({}, {} bytes)", self.file.name(), self.bytes.len())
    }
}

/// READ BINARY by short identifier from the start of the file, which becomes the current one.
pub(super) fn by_short_identifier(file: ElementaryFile, length: u32) -> Command {
    Command::new(0x00, 0xB0, file.short_file_id().read_binary_p1(), 0x00).with_expected_length(length)
}

/// SELECT of an EF under the current DF, without an answer. No Le: some chips refuse one here.
pub(super) fn select_file(file: ElementaryFile) -> Command {
    Command::new(0x00, 0xA4, 0x02, 0x0C).with_data(file.file_id().to_bytes())
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

/// Whether a refusal can be about the length that was asked for: asking for less may help.
pub(super) fn is_about_length(status: StatusWord) -> bool {
    matches!(
        status,
        StatusWord::WRONG_LENGTH | StatusWord::INCORRECT_P1_P2 | StatusWord::NO_PRECISE_DIAGNOSIS
    ) || matches!(status.class(), StatusClass::WrongExpectedLength { .. })
}

/// Whether a refusal can be about the short identifier: SELECT and an offset may help.
fn is_about_identifier(status: StatusWord) -> bool {
    matches!(
        status,
        StatusWord::INCORRECT_P1_P2
            | StatusWord::WRONG_PARAMETERS
            | StatusWord::FUNCTION_NOT_SUPPORTED
            | StatusWord::COMMAND_NOT_ALLOWED
            | StatusWord::INSTRUCTION_NOT_SUPPORTED
    )
}

/// Whether a refusal speaks of the file, so that asking otherwise changes nothing: not there, or not for this terminal.
fn is_about_the_file(status: StatusWord) -> bool {
    matches!(status, StatusWord::FILE_NOT_FOUND | StatusWord::SECURITY_STATUS_NOT_SATISFIED)
}

/// Whether an answer without bytes says that the file ends here.
fn is_end(answer: &Response) -> bool {
    matches!(answer.status, StatusWord::OK | StatusWord::END_OF_FILE | StatusWord::WRONG_PARAMETERS)
}

/// Reads a file from where it stands to its end: until it is as long as its own header says, or the chip has no more.
/// What a chip refuses for its length is asked for in smaller blocks, which are then kept.
pub(super) fn read_on<E: From<FileError>>(
    partial: &mut PartialFile,
    blocks: &mut BlockSizes,
    block: impl Fn(BlockSizes) -> u32,
    mut ask: impl FnMut(&Command) -> Result<Response, E>,
) -> Result<(), E> {
    let mut exchanges = 0_usize;
    let mut ask = |partial: &PartialFile, command: &Command| {
        exchanges = exchanges.saturating_add(1);
        // Sixteen bytes an exchange are fewer than any chip gives.
        let total = partial.length().unwrap_or_default().min(MAX_FILE);
        if exchanges > 64_usize.saturating_add(total / 16) {
            return Err(FileError::Endless.into());
        }
        ask(command)
    };
    loop {
        let offset = partial.bytes.len();
        let total = partial.length();
        match total {
            Some(total) if total > MAX_FILE => return Err(FileError::TooLong.into()),
            // Bytes beyond the data object are filling of the file, not content.
            Some(total) if offset >= total => {
                partial.bytes.truncate(total);
                return Ok(());
            }
            // No data object at all: what is there is the evidence.
            None if offset >= LONGEST_HEADER => return Ok(()),
            _ => {}
        }
        let by_short_identifier_now = !partial.current && offset == 0 && !blocks.by_selection;
        if !partial.current && !by_short_identifier_now {
            let answer = ask(partial, &select_file(partial.file))?;
            if !answer.is_ok() {
                return Err(FileError::Refused(answer.status).into());
            }
            partial.current = true;
        }
        let odd = offset > 0x7FFF;
        let wanted =
            total.map_or(u32::MAX, |total| u32::try_from(total.saturating_sub(offset)).unwrap_or(u32::MAX));
        let length = wanted.saturating_add(if odd { 4 } else { 0 }).min(block(*blocks));
        let command = if by_short_identifier_now {
            by_short_identifier(partial.file, length)
        } else {
            at_offset(offset, length).ok_or(FileError::TooLong)?
        };
        let mut answer = ask(partial, &command)?;
        if let StatusClass::WrongExpectedLength { exact } = answer.status.class()
            && answer.data.is_empty()
        {
            answer = ask(partial, &command.with_expected_length(u32::from(exact)))?;
        }
        if has_data(&answer) {
            partial.current = true;
            let came = if odd {
                Reader::new(&answer.data).expect(0x53).map(|object| object.value)
            } else {
                Ok(&*answer.data)
            };
            match came {
                Ok(bytes) if !bytes.is_empty() => partial.bytes.extend_from_slice(bytes),
                // No more than what is there.
                _ => return Ok(()),
            }
        } else if offset > 0 && is_end(&answer) {
            // The file is shorter than it claims: what is there is the evidence.
            return Ok(());
        } else if by_short_identifier_now && is_about_identifier(answer.status) {
            blocks.by_selection = true;
        } else if let Some(smaller) = blocks.smaller().filter(|_| is_about_length(answer.status)) {
            *blocks = smaller;
        } else if by_short_identifier_now && !is_about_the_file(answer.status) {
            // Whatever it means by that, it may mean the short identifier.
            blocks.by_selection = true;
        } else {
            return Err(FileError::Refused(answer.status).into());
        }
    }
}

/// An unprotected file, as far as it can be had.
pub(super) enum PlainFile {
    /// Its bytes.
    Content(Vec<u8>),
    /// The chip says that it has none.
    Absent,
    /// The chip refuses.
    Refused,
}

/// An unprotected file under the master file, by its short identifier or by SELECT.
pub(super) fn plain<T: Transport>(
    link: &mut T,
    file: ElementaryFile,
    by_selection: bool,
) -> Result<PlainFile, LinkLost> {
    let mut partial = PartialFile::new(file);
    let mut blocks = BlockSizes { by_selection, ..BlockSizes::SHORT };
    let outcome: Result<(), FileError> = read_on(
        &mut partial,
        &mut blocks,
        |blocks| blocks.most.min(256),
        |command| Ok(exchange(link, command)?),
    );
    match outcome {
        Err(FileError::Link(lost)) => Err(lost),
        Err(FileError::Refused(StatusWord::FILE_NOT_FOUND)) if partial.is_empty() => Ok(PlainFile::Absent),
        _ if partial.is_empty() => Ok(PlainFile::Refused),
        _ => Ok(PlainFile::Content(partial.into_bytes())),
    }
}

/// A file of the application, through the protected channel.
pub(super) fn protected<T: Transport>(
    channel: &mut SecureChannel<T>,
    partial: &mut PartialFile,
    blocks: &mut BlockSizes,
    cipher: cccd_card_profile::protocol::kdf::Cipher,
) -> Result<(), FileError> {
    read_on(
        partial,
        blocks,
        |blocks| blocks.block(cipher),
        |command| Ok::<_, FileError>(channel.exchange(command)?),
    )
}

#[cfg(test)]
mod tests;
