//! Commands by name, from the header that Secure Messaging leaves readable.

use cccd_card_profile::apdu::Exchange;
use cccd_card_profile::file_system::{CCCD_FILES, ElementaryFile};

/// Names the commands of one link in their order; it remembers which file offsets are in.
#[derive(Debug, Default)]
pub struct Names {
    current: String,
}

impl Names {
    /// What this exchange was.
    pub fn of(&mut self, exchange: &Exchange) -> String {
        self.of_header(&exchange.header)
    }

    /// What a command with this header is.
    pub fn of_header(&mut self, header: &[u8]) -> String {
        let [cla, ins, p1, p2] = header else { return "?".to_owned() };
        let protected = cla & 0x0C == 0x0C;
        let text = match (*ins, *p1, *p2) {
            (0xA4, 0x04, _) => "SELECT application",
            (0xA4, ..) => "SELECT file",
            (0xB0, 0x80.., _) => {
                let is_plain = |file: &ElementaryFile| {
                    matches!(file, ElementaryFile::AtrInfo | ElementaryFile::CardAccess)
                };
                let file = CCCD_FILES
                    .iter()
                    .find(|file| file.short_file_id().read_binary_p1() == *p1 && is_plain(file) != protected);
                self.current = file.map_or_else(|| format!("file {:02X}", p1 & 0x1F), |file| file.name());
                return format!("READ BINARY {}", self.current);
            }
            (0xB0 | 0xB1, ..) => return format!("READ BINARY {}", self.current),
            (0x22, _, 0xA4) if !protected => "MSE:SET AT (PACE)",
            (0x22, _, 0xA4) => "MSE:SET AT (Chip Authentication)",
            (0x22, ..) => "MSE",
            (0x86, ..) if !protected => "GENERAL AUTHENTICATE (PACE)",
            (0x86, ..) => "GENERAL AUTHENTICATE (CA)",
            (0x84, ..) => "GET CHALLENGE",
            (0x82, ..) => "EXTERNAL AUTHENTICATE",
            (0x88, ..) => "INTERNAL AUTHENTICATE",
            (0xC0, ..) => "GET RESPONSE",
            (0x50, ..) => "INITIALIZE UPDATE",
            (0xE0, ..) => "CREATE FILE",
            (0xE4, ..) => "DELETE FILE",
            (0xD6 | 0xD7, ..) => "UPDATE BINARY",
            (0xDA, ..) => "PUT DATA",
            (0xD8, ..) => "PUT KEY",
            (0x47 | 0x46, ..) => "GENERATE ASYMMETRIC KEY PAIR",
            (0x44, ..) => "ACTIVATE",
            (0xCA | 0xCB, ..) => "GET DATA",
            _ => return format!("{cla:02X} {ins:02X} {p1:02X} {p2:02X}"),
        };
        text.to_owned()
    }
}
