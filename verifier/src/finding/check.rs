//! The checks. **The order of declaration is the order in which they decide**: of several that fail, the first one is
//! named (`docs/decisions/0031-deciding-check.md`).

use super::coded;

coded! {
    /// A check of the verifier.
    pub enum Check {
        /// The signature of EF.SOD holds (Doc 9303-11 §5.1 steps 1–3).
        SodSignature = "passive.sod-signature",
        /// Every data group read has the digest that EF.SOD signs (Doc 9303-11 §5.1 step 4).
        DataGroupHashes = "passive.dg-hashes",
        /// A trust anchor vouches for the Document Signer (Doc 9303-12 §8).
        SignerChain = "passive.signer-chain",
        /// The Document Signer is of the country that issued the document.
        SignerCountry = "passive.signer-country",
        /// The Document Signer may sign this type of document (Doc 9303-12 §7.1.1).
        SignerDocumentType = "passive.signer-document-type",
        /// The Document Signer is valid now, and its key might sign when the card was issued.
        SignerValidity = "passive.signer-validity",
        /// The Document Signer is not revoked (Doc 9303-12 §7.1.4).
        Revocation = "passive.revocation",
        /// The issuing state does not say that documents like this one deviate (Doc 9303-12 §10).
        Deviation = "passive.deviation",
        /// The chip holds the private key of Chip Authentication (Doc 9303-11 §6.2).
        ChipAuthentication = "chip.chip-authentication",
        /// The chip holds the private key of Active Authentication (Doc 9303-11 §6.1).
        ActiveAuthentication = "chip.active-authentication",
        /// The chip showed its key within PACE (Doc 9303-11 §4.4.3.5.2).
        PaceChipAuthenticationMapping = "chip.pace-cam",
        /// The document is not past its expiry.
        DocumentExpiry = "document.expiry",
        /// The machine readable zone is coherent, and is the printed one.
        DocumentMrz = "document.mrz",
        /// The QR code is this card's.
        DocumentQr = "document.qr",
        /// EF.CardAccess is repeated under the signature, in DG14 (Doc 9303-11 §9.2.11) or EF.CardSecurity.
        CardAccessAuthentic = "lds.card-access-authentic",
        /// DG1 and DG13 speak of one person and one card.
        DataGroupsConsistent = "lds.dg-consistent",
        /// EF.COM lists what EF.SOD signs.
        ComSodConsistent = "lds.com-sod-consistent",
        /// The chip was opened by PACE.
        Pace = "access.pace",
        /// The chip was opened by Basic Access Control.
        Bac = "access.bac",
        /// The chip was opened by the strongest protocol that it offers.
        Downgrade = "access.downgrade",
        /// The chip accepted this terminal: it decides nothing about the card (TR-03110-1 §3.5).
        TerminalAuthentication = "access.terminal-authentication",
        /// Every protected answer verified.
        SecureMessaging = "secure-messaging.integrity",
        /// The register knows the card as active.
        RegisterCardStatus = "register.card-status",
        /// The register knows the person.
        RegisterMatch = "register.match",
        /// A person compared the portrait with the bearer.
        HolderPortrait = "holder.portrait",
    }
}
