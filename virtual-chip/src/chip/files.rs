//! SELECT and READ BINARY (ISO/IEC 7816-4 §11.2.2, §11.3.3; Doc 9303-10 §3.6).

use cccd_card_profile::access::AccessCondition;
use cccd_card_profile::apdu::{Command, Response, StatusWord};
use cccd_card_profile::file_system::{Aid, ElementaryFile, FileId, Parent};
use cccd_card_profile::lds::cvca;
use cccd_card_profile::tlv::{self, Reader};
use std::borrow::Cow;

use super::Chip;
use crate::lab::Defect;

/// The file a terminal may read, or why not. What is behind access is `6982` before it, whether it exists or not.
type Readable<'a> = Result<(ElementaryFile, Cow<'a, [u8]>), StatusWord>;

impl Chip {
    pub(super) fn select(&mut self, command: &Command) -> Result<Response, StatusWord> {
        match command.p1() {
            0x04 => self.select_application(command),
            0x02 => self.select_elementary_file(command),
            // The cards in use do not know SELECT of the master file.
            0x00 => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED),
            _ => Err(StatusWord::INCORRECT_P1_P2),
        }
    }

    fn select_application(&mut self, command: &Command) -> Result<Response, StatusWord> {
        if command.data() != Aid::LDS1.as_bytes() {
            return Err(StatusWord::FILE_NOT_FOUND);
        }
        let answer = match command.p2() {
            0x0C => Vec::new(),
            0x00 => tlv::encode(0x6F, &tlv::encode(0x84, Aid::LDS1.as_bytes())),
            _ => return Err(StatusWord::INCORRECT_P1_P2),
        };
        self.session.application_selected = true;
        self.session.current_file = None;
        Ok(Response::ok(answer))
    }

    fn select_elementary_file(&mut self, command: &Command) -> Result<Response, StatusWord> {
        if !matches!(command.p2(), 0x0C | 0x00 | 0x04) {
            return Err(StatusWord::INCORRECT_P1_P2);
        }
        let id = <[u8; 2]>::try_from(command.data()).map_err(|_| StatusWord::WRONG_LENGTH)?;
        let file = self.by_identifier(FileId(u16::from_be_bytes(id))).ok_or(self.unknown_file())?;
        let length = if self.session.status.personalizer {
            self.state.file(file).ok_or(StatusWord::FILE_NOT_FOUND)?.len()
        } else {
            self.readable(file)?.1.len()
        };
        self.session.current_file = Some(file);
        if command.p2() == 0x0C {
            return Ok(Response::ok(Vec::new()));
        }
        let length = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
        let fcp = [tlv::encode(0x80, &length), tlv::encode(0x83, &id)].concat();
        Ok(Response::ok(tlv::encode(if command.p2() == 0 { 0x6F } else { 0x62 }, &fcp)))
    }

    fn by_identifier(&self, id: FileId) -> Option<ElementaryFile> {
        // EF.CVCA and EF.CardAccess share an identifier: a chip that believes nobody has only the latter, and the
        // personalizer writes only the latter.
        let has_cvca = !self.session.status.personalizer && self.state.terminal_trust().is_some();
        let inside = ElementaryFile::from_file_id(Parent::Lds1, id)
            .filter(|_| self.session.application_selected)
            .filter(|file| *file != ElementaryFile::Cvca || has_cvca);
        inside.or_else(|| ElementaryFile::from_file_id(Parent::MasterFile, id))
    }

    /// Short identifiers of the application are the lower byte of the identifier; EF.CardAccess is found from there
    /// too. EF.ATR/INFO (`01`, as DG1), EF.CardSecurity (`1D`, as EF.SOD) and EF.DIR (`1E`, as EF.COM) only outside.
    fn by_short_identifier(&self, short: u8) -> Option<ElementaryFile> {
        let in_application = || self.by_identifier(FileId(0x0100 | u16::from(short)));
        match short {
            0x01 if !self.session.application_selected => Some(ElementaryFile::AtrInfo),
            0x1E if !self.session.application_selected => Some(ElementaryFile::Dir),
            0x01..=0x1E => in_application(),
            _ => None,
        }
    }

    fn unknown_file(&self) -> StatusWord {
        if self.session.status.chip_access.is_some() || self.session.status.personalizer {
            self.absent()
        } else {
            StatusWord::SECURITY_STATUS_NOT_SATISFIED
        }
    }

    fn absent(&self) -> StatusWord {
        if self.has(Defect::ConfusesAbsence) {
            StatusWord::REFERENCED_DATA_NOT_FOUND
        } else {
            StatusWord::FILE_NOT_FOUND
        }
    }

    fn readable(&self, file: ElementaryFile) -> Readable<'_> {
        let given = self.has(Defect::GivesFingerprints) && self.session.status.chip_access.is_some()
            || self.has(Defect::OpenWithoutAccess) && AccessCondition::ChipAccess == file.read_condition();
        if !given && !file.read_condition().allows(&self.session.status) {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        if file == ElementaryFile::Cvca && self.state.file(file).is_none() {
            // It follows the trust points: written nowhere but in the laboratory, made when it is read.
            let trust = self.state.terminal_trust().ok_or(StatusWord::FILE_NOT_FOUND)?;
            let names: Vec<_> = trust.points().iter().map(|point| point.holder.clone()).collect();
            return Ok((file, Cow::Owned(cvca::to_bytes(&names))));
        }
        let content = self.state.file(file).ok_or(self.absent())?;
        Ok((file, Cow::Borrowed(content.as_slice())))
    }

    fn current(&self) -> Result<ElementaryFile, StatusWord> {
        self.session.current_file.ok_or(StatusWord::COMMAND_NOT_ALLOWED)
    }

    /// READ BINARY with even INS: offset of 15 bits in the current EF, or of 8 bits in a named one.
    pub(super) fn read_binary(&mut self, command: &Command) -> Result<Response, StatusWord> {
        if !command.data().is_empty() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let (p1, p2) = (command.p1(), command.p2());
        let (file, offset) = if p1 & 0x80 == 0 {
            (self.current()?, usize::from(command.p1_p2()))
        } else if p1 & 0x60 == 0 {
            (self.named(p1 & 0x1F)?, usize::from(p2))
        } else {
            return Err(StatusWord::INCORRECT_P1_P2);
        };
        let (file, content) = self.readable(file)?;
        if self.has(Defect::ReadsBeyondEnd) && offset >= content.len() {
            return Ok(Response::ok(Vec::new()));
        }
        let (part, status) =
            part(&content, offset, command.expected_length().ok_or(StatusWord::WRONG_LENGTH)?)?;
        let answer = Response::new(part, status);
        self.session.current_file = Some(file);
        Ok(answer)
    }

    /// READ BINARY with odd INS: offset in DO'54', answer in DO'53'.
    pub(super) fn read_binary_odd(&mut self, command: &Command) -> Result<Response, StatusWord> {
        let incorrect = |_| StatusWord::INCORRECT_DATA;
        let mut reader = Reader::new(command.data());
        let offset = reader.expect(0x54).map_err(incorrect)?.value;
        reader.finish().map_err(incorrect)?;
        if offset.is_empty() || offset.len() > 4 {
            return Err(StatusWord::INCORRECT_DATA);
        }
        let offset = offset.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
        let file = match command.p1_p2() {
            short @ 0..=0x1F => self.named(u8::try_from(short).unwrap_or(0))?,
            id => self.by_identifier(FileId(id)).ok_or(self.unknown_file())?,
        };
        let (file, content) = self.readable(file)?;
        let expected = command.expected_length().ok_or(StatusWord::WRONG_LENGTH)?;
        // The header of DO'53' counts: what fits beside it is read, "all" stays all.
        let room = match expected {
            256 | 65_536 => expected,
            _ => (0..=4)
                .map(|header| expected.saturating_sub(header))
                .find(|room| tlv_length(*room) <= expected)
                .filter(|room| *room > 0)
                .ok_or(StatusWord::WRONG_LENGTH)?,
        };
        let (part, status) = part(&content, offset, room)?;
        let answer = Response::new(tlv::encode(0x53, part), status);
        self.session.current_file = Some(file);
        Ok(answer)
    }

    /// The EF of a short identifier; zero is the current one.
    fn named(&self, short: u8) -> Result<ElementaryFile, StatusWord> {
        if short == 0 { self.current() } else { self.by_short_identifier(short).ok_or(self.unknown_file()) }
    }
}

fn tlv_length(value: u32) -> u32 {
    value.saturating_add(match value {
        0..=0x7F => 2,
        0x80..=0xFF => 3,
        _ => 4,
    })
}

/// A part of a file: `6B00` beyond its end, `6282` when it is shorter than asked. Ne of 256 or 65,536 asks for all
/// that fits, and no warning is due.
fn part(content: &[u8], offset: usize, expected: u32) -> Result<(&[u8], StatusWord), StatusWord> {
    let rest = content.get(offset..).filter(|rest| !rest.is_empty()).ok_or(StatusWord::WRONG_PARAMETERS)?;
    let wanted = usize::try_from(expected).unwrap_or(usize::MAX);
    match rest.get(..wanted) {
        Some(part) => Ok((part, StatusWord::OK)),
        None if matches!(expected, 256 | 65_536) => Ok((rest, StatusWord::OK)),
        None => Ok((rest, StatusWord::END_OF_FILE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_file() {
        let file = [1, 2, 3];
        assert_eq!(part(&file, 1, 2), Ok((&[2, 3][..], StatusWord::OK)));
        assert_eq!(part(&file, 1, 3), Ok((&[2, 3][..], StatusWord::END_OF_FILE)));
        assert_eq!(part(&file, 1, 256), Ok((&[2, 3][..], StatusWord::OK)));
        assert_eq!(part(&file, 3, 1), Err(StatusWord::WRONG_PARAMETERS));
    }

    #[test]
    fn the_odd_answer_fits_what_was_asked() {
        for room in [1_u32, 127, 128, 255, 256, 1000] {
            let value = vec![0; usize::try_from(room).unwrap()];
            assert_eq!(tlv::encode(0x53, &value).len(), usize::try_from(tlv_length(room)).unwrap());
        }
    }
}
