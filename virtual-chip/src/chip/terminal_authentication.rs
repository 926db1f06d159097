//! Terminal Authentication (TR-03110-1 §3.5, TR-03110-2 §3.3): what opens DG3 and DG4.
//!
//! Certificates come under secure messaging only. Version 1 gives its rights at once, after Chip Authentication; version
//! 2 comes before and its rights wait for the Chip Authentication that uses the key it named. Whatever ends secure
//! messaging ends the rights.

use cccd_card_profile::access::TerminalRight;
use cccd_card_profile::apdu::{Command, Response, StatusWord};
use cccd_card_profile::protocol::terminal_authentication::{
    AuthenticatedTerminal, ChipIdentifier, TerminalAuthenticationChip, rights,
};
use cccd_cvc::Chat;

use super::{Chip, Protection};

/// What a session knows for Terminal Authentication, and what it proved.
#[derive(Default)]
pub(super) struct TerminalSession {
    pub(super) run: TerminalAuthenticationChip,
    /// `ID_PICC`, since the chip was opened.
    identifier: Option<ChipIdentifier>,
    /// The authorization by which the terminal announced itself in PACE, the value of DO'7F4C': it gets no more.
    announced: Option<Vec<u8>>,
    /// `Comp(PK_PCD)` of the Chip Authentication before, if there was one.
    used: Option<Vec<u8>>,
    /// Version 2: rights that wait for a Chip Authentication with this key.
    waiting: Option<AuthenticatedTerminal>,
}

impl TerminalSession {
    /// Of a chip that was just opened.
    pub(super) fn opened(identifier: ChipIdentifier, announced: Option<Vec<u8>>) -> Self {
        Self { identifier: Some(identifier), announced, ..Self::default() }
    }

    /// Whether a terminal of version 2 signed, and its rights wait for the key that it named.
    pub(super) fn awaits_chip_authentication(&self) -> bool {
        self.waiting.is_some()
    }

    /// What a chain's rights are worth here (TR-03110-3 §2.7): no more than was announced, and nothing if that cannot be
    /// read.
    fn allowed(&self, effective: &Chat) -> Vec<TerminalRight> {
        match &self.announced {
            None => rights(effective),
            Some(template) => {
                Chat::from_value(template).map(|chat| rights(&chat.and(effective))).unwrap_or_default()
            }
        }
    }
}

impl Chip {
    /// The rule of every command here: within secure messaging, on a chip that believes somebody.
    fn may_authenticate_terminal(&self, protection: Protection) -> Result<(), StatusWord> {
        self.chip_access()?;
        if protection != Protection::Citizen {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        if self.state.terminal_trust().is_none() {
            return Err(StatusWord::REFERENCED_DATA_NOT_FOUND);
        }
        Ok(())
    }

    /// MSE:SET DST.
    pub(super) fn set_verification_key(
        &mut self,
        command: &Command,
        protection: Protection,
    ) -> Result<Response, StatusWord> {
        self.may_authenticate_terminal(protection)?;
        let trust = self.state.terminal_trust().ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        self.session.terminal.run.set_dst(command, &trust)
    }

    /// MSE:SET AT of Terminal Authentication.
    pub(super) fn set_terminal(
        &mut self,
        command: &Command,
        protection: Protection,
    ) -> Result<Response, StatusWord> {
        self.may_authenticate_terminal(protection)?;
        self.session.terminal.run.set_at(command)
    }

    /// PSO:VERIFY CERTIFICATE. A new date or a new trust point is on disk before the answer.
    pub(super) fn verify_certificate(
        &mut self,
        command: &Command,
        protection: Protection,
    ) -> Result<Response, StatusWord> {
        self.may_authenticate_terminal(protection)?;
        let mut trust = self.state.terminal_trust().ok_or(StatusWord::REFERENCED_DATA_NOT_FOUND)?;
        let (answer, imported) = self.session.terminal.run.verify_certificate(command, &mut trust)?;
        if imported.date_moved || imported.new_trust_point {
            self.state.set_terminal_trust(&trust);
            self.changed = true;
        }
        Ok(answer)
    }

    /// GET CHALLENGE within secure messaging, once a terminal was named.
    pub(super) fn terminal_challenge(&mut self) -> Response {
        Response::ok(self.session.terminal.run.get_challenge(&mut *self.rng))
    }

    /// EXTERNAL AUTHENTICATE within secure messaging.
    pub(super) fn authenticate_terminal(
        &mut self,
        command: &Command,
        protection: Protection,
    ) -> Result<Response, StatusWord> {
        self.may_authenticate_terminal(protection)?;
        let terminal = &mut self.session.terminal;
        let identifier = terminal.identifier.as_ref().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        // A second terminal's rights replace the first's, also when it fails.
        if !command.is_chained() {
            self.session.status.terminal_rights.clear();
            terminal.waiting = None;
        }
        let authenticated =
            terminal.run.external_authenticate(command, identifier, terminal.used.as_deref())?;
        match authenticated {
            Some(terminal) if terminal.bound_to.is_some() => self.session.terminal.waiting = Some(terminal),
            Some(authenticated) => {
                self.session.status.terminal_rights = self.session.terminal.allowed(&authenticated.effective);
            }
            None => {}
        }
        Ok(Response::ok(Vec::new()))
    }

    /// Chip Authentication is about to succeed with this ephemeral key of the terminal, compressed. Rights of version 2
    /// hold now, if it is the key that was named; rights of version 1 were bound to the key before and end.
    ///
    /// # Errors
    /// `6300` for another key than the one that was named: the terminal of version 2 is not the one that signed.
    pub(super) fn chip_authentication_used(&mut self, compressed: Vec<u8>) -> Result<(), StatusWord> {
        self.session.status.terminal_rights.clear();
        if let Some(terminal) = self.session.terminal.waiting.take() {
            if terminal.bound_to.as_ref() != Some(&compressed) {
                return Err(StatusWord::AUTHENTICATION_FAILED);
            }
            self.session.status.terminal_rights = self.session.terminal.allowed(&terminal.effective);
        }
        self.session.terminal.used = Some(compressed);
        Ok(())
    }
}
