//! What the chip forgets without power.

use cccd_card_profile::access::AccessStatus;
use cccd_card_profile::apdu::StatusWord;
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::personalization::scp03::{Scp03Chip, Scp03Session};
use cccd_card_profile::protocol::bac::BacChip;
use cccd_card_profile::protocol::chip_authentication::ChipAuthenticationChip;
use cccd_card_profile::protocol::pace::PaceChip;
use cccd_card_profile::protocol::secure_messaging::SecureMessaging;

use super::terminal_authentication::TerminalSession;

/// Who speaks, protected by what.
pub(super) enum Channel {
    Plain,
    Citizen(SecureMessaging),
    Personalizer(Scp03Session),
}

pub(super) struct Session {
    pub(super) application_selected: bool,
    pub(super) current_file: Option<ElementaryFile>,
    pub(super) status: AccessStatus,
    pub(super) channel: Channel,
    /// Replaces the channel once the answer is out (Chip Authentication).
    pub(super) next_channel: Option<SecureMessaging>,
    pub(super) bac: BacChip,
    pub(super) pace: Option<PaceChip>,
    pub(super) chip_authentication: Option<ChipAuthenticationChip>,
    pub(super) terminal: TerminalSession,
    pub(super) scp03: Option<Scp03Chip>,
    /// What waits for GET RESPONSE, and the status word after it.
    pub(super) pending: Option<(Vec<u8>, StatusWord)>,
}

impl Session {
    pub(super) fn new(status: AccessStatus) -> Self {
        Self {
            application_selected: false,
            current_file: None,
            status,
            channel: Channel::Plain,
            next_channel: None,
            bac: BacChip::new(),
            pace: None,
            chip_authentication: None,
            terminal: TerminalSession::default(),
            scp03: None,
            pending: None,
        }
    }

    /// Ends secure messaging and forgets what was proved; the selection of the application stays.
    pub(super) fn close_channel(&mut self) {
        self.channel = Channel::Plain;
        self.next_channel = None;
        self.status.reset();
        self.current_file = None;
        self.chip_authentication = None;
        self.pace = None;
        self.terminal = TerminalSession::default();
    }

    /// A run that another command interrupts is over.
    pub(super) fn end_runs(&mut self, instruction: u8) {
        if instruction != 0x82 {
            self.bac = BacChip::new();
            self.scp03 = None;
        }
        if !matches!(instruction, 0x2A | 0x82) {
            self.terminal.run.interrupt();
        }
        if instruction != 0x86 {
            self.pace = None;
            self.chip_authentication = None;
        }
    }
}
