use super::*;

/// A file on a chip, and how the chip hands it out.
struct Handed<'a> {
    file: &'a [u8],
    /// Longer reads are refused with this.
    most: usize,
    refusal: StatusWord,
    /// Fewer bytes than asked for, even in the middle.
    at_a_time: usize,
    short_identifiers: bool,
    commands: Vec<Command>,
}

impl<'a> Handed<'a> {
    fn new(file: &'a [u8]) -> Self {
        Self {
            file,
            most: usize::MAX,
            refusal: StatusWord::WRONG_LENGTH,
            at_a_time: usize::MAX,
            short_identifiers: true,
            commands: Vec::new(),
        }
    }

    fn answer(&mut self, command: &Command) -> Response {
        self.commands.push(command.clone());
        let odd = command.has_odd_instruction();
        let offset = match (command.ins(), command.p1()) {
            (0xA4, _) => return Response::status(StatusWord::OK),
            (0xB0, 0x80..) if !self.short_identifiers => {
                return Response::status(StatusWord::INCORRECT_P1_P2);
            }
            (0xB0, 0x80..) => usize::from(command.p2()),
            (0xB0, _) => usize::from(command.p1_p2()),
            _ => {
                let object = Reader::new(command.data()).expect(0x54).unwrap();
                object.value.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte))
            }
        };
        let asked = usize::try_from(command.expected_length().unwrap()).unwrap();
        if asked > self.most {
            return Response::status(self.refusal);
        }
        let length = (asked - if odd { 4 } else { 0 }).min(self.at_a_time);
        let Some(tail) = self.file.get(offset..).filter(|tail| !tail.is_empty()) else {
            return Response::status(StatusWord::WRONG_PARAMETERS);
        };
        let data = tail.get(..length).unwrap_or(tail).to_vec();
        let status = if data.len() < length { StatusWord::END_OF_FILE } else { StatusWord::OK };
        Response::new(if odd { tlv::encode(0x53, &data) } else { data }, status)
    }

    fn read(&mut self, most: u32) -> Result<Vec<u8>, FileError> {
        self.read_from(PartialFile::new(ElementaryFile::Com), most)
    }

    fn read_from(&mut self, mut partial: PartialFile, most: u32) -> Result<Vec<u8>, FileError> {
        let mut blocks = BlockSizes { most, ..BlockSizes::SHORT };
        read_on(&mut partial, &mut blocks, |blocks| blocks.most, |command| Ok(self.answer(command)))
            .map(|()| partial.into_bytes())
    }
}

#[test]
fn offsets_beyond_15_bits_take_the_odd_instruction() {
    assert_eq!(at_offset(0x7FFF, 16).unwrap().header(), [0x00, 0xB0, 0x7F, 0xFF]);
    let odd = at_offset(0x8000, 16).unwrap();
    assert_eq!(odd.header(), [0x00, 0xB1, 0x00, 0x00]);
    assert_eq!(odd.data(), [0x54, 0x02, 0x80, 0x00]);
    assert_eq!(at_offset(0x01_2345, 16).unwrap().data(), [0x54, 0x03, 0x01, 0x23, 0x45]);
}

#[test]
fn a_file_is_read_to_its_end_and_its_filling_left() {
    let content = tlv::encode(0x61, &vec![7; 70_000]);
    let padded = [content.clone(), vec![0; 50]].concat();
    assert_eq!(Handed::new(&padded).read(223).unwrap(), content);
    let mut long = Handed::new(&padded);
    assert_eq!(long.read(65_503).unwrap(), content);
    // Two reads: the second is beyond 32,767, in the middle of the file.
    assert_eq!(long.commands.iter().map(Command::ins).collect::<Vec<_>>(), [0xB0, 0xB1]);
    let short = tlv::encode(0x61, &[1, 2, 3]);
    assert_eq!(Handed::new(&[short.clone(), vec![0xFF; 9]].concat()).read(223).unwrap(), short);
}

#[test]
fn a_chip_that_hands_out_less_than_asked_for_is_read_on() {
    let content = tlv::encode(0x61, &vec![7; 40_000]);
    for at_a_time in [17, 100, 231, 4_000] {
        let mut chip = Handed { at_a_time, ..Handed::new(&content) };
        assert_eq!(chip.read(65_503).unwrap(), content, "{at_a_time}");
    }
    // The header itself in pieces.
    let mut chip = Handed { at_a_time: 1, ..Handed::new(&[0x61, 0x03, 1, 2, 3]) };
    assert_eq!(chip.read(223).unwrap(), [0x61, 0x03, 1, 2, 3]);
}

#[test]
fn refused_lengths_are_asked_for_in_smaller_blocks() {
    let content = tlv::encode(0x61, &vec![7; 1_000]);
    for refusal in [0x6700, 0x6A86, 0x6F00].map(StatusWord) {
        for most in [231, 160, 112] {
            let mut chip = Handed { most, refusal, ..Handed::new(&content) };
            assert_eq!(chip.read(256).unwrap(), content, "{most} {refusal}");
        }
        let mut chip = Handed { most: 100, refusal, ..Handed::new(&content) };
        assert_eq!(chip.read(256), Err(FileError::Refused(refusal)));
    }
    // A refusal that is not about a length is final.
    let denied = StatusWord::SECURITY_STATUS_NOT_SATISFIED;
    let mut chip = Handed { most: 100, refusal: denied, ..Handed::new(&content) };
    assert_eq!(chip.read(256), Err(FileError::Refused(denied)));
    assert_eq!(chip.commands.len(), 1);
}

#[test]
fn files_are_selected_where_short_identifiers_are_refused() {
    let content = tlv::encode(0x61, &vec![7; 500]);
    let mut chip = Handed { short_identifiers: false, ..Handed::new(&content) };
    assert_eq!(chip.read(231).unwrap(), content);
    let headers: Vec<[u8; 4]> = chip.commands.iter().map(Command::header).collect();
    assert_eq!(
        headers,
        [[0, 0xB0, 0x9E, 0], [0, 0xA4, 0x02, 0x0C], [0, 0xB0, 0, 0], [0, 0xB0, 0, 231], [0, 0xB0, 1, 0xCE]]
    );
}

#[test]
fn a_file_goes_on_where_it_stopped() {
    let content = tlv::encode(0x61, &vec![7; 40_000]);
    for stopped in [3, 200, 32_767, 32_768, 40_003] {
        let mut partial = PartialFile::new(ElementaryFile::Com);
        partial.bytes = content[..stopped].to_vec();
        let mut chip = Handed::new(&content);
        assert_eq!(chip.read_from(partial.interrupted(), 65_503).unwrap(), content, "{stopped}");
        assert_eq!(chip.commands.iter().map(Command::ins).next(), Some(0xA4));
        assert_eq!(chip.commands.len(), 2, "{stopped}");
    }
}

#[test]
fn a_file_cut_short_is_what_is_there() {
    let content = tlv::encode(0x77, &vec![7; 1_000]);
    let cut = content.get(..600).unwrap();
    assert_eq!(Handed::new(cut).read(223).unwrap(), cut);
    assert_eq!(Handed::new(cut).read(65_503).unwrap(), cut);
    assert_eq!(Handed::new(&[0x77]).read(223).unwrap(), [0x77]);
}

#[test]
fn a_length_beyond_any_card_is_refused_before_it_is_read() {
    let mut chip = Handed::new(&[0x77, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 0]);
    assert_eq!(chip.read(223), Err(FileError::TooLong));
    assert_eq!(chip.commands.len(), 1);
}

#[test]
fn pieces_without_end_end() {
    let content = tlv::encode(0x77, &vec![7; 500_000]);
    let mut chip = Handed { at_a_time: 1, ..Handed::new(&content) };
    assert_eq!(chip.read(223), Err(FileError::Endless));
    assert!(chip.commands.len() < 40_000, "{}", chip.commands.len());
}
