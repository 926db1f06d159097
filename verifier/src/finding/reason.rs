//! Why a check did not pass. Codes are stable: a new cause gets a new code, an old one never changes its meaning.

use super::coded;

coded! {
    /// Why a check did not pass.
    pub enum Reason {
        /// Bytes that are not what their standard says, or cut short.
        MalformedData = "malformed-data",
        /// A file or content that nobody signed.
        UnsignedContent = "unsigned-content",
        /// The signature does not verify.
        SignatureInvalid = "signature-invalid",
        /// The signer's certificate did not come along.
        NoSignerCertificate = "no-signer-certificate",
        /// The signed content type is another.
        ContentTypeMismatch = "content-type-mismatch",
        /// The content does not have the signed digest.
        MessageDigestMismatch = "message-digest-mismatch",
        /// Algorithm, curve or key type is not known here.
        UnknownAlgorithm = "unknown-algorithm",
        /// An algorithm past its sunset.
        WeakAlgorithm = "weak-algorithm",
        /// The kind of signature shows nothing any more since a day that the policy names: the card is to be exchanged.
        AlgorithmSunset = "algorithm-sunset",
        /// A file does not have the signed digest.
        HashMismatch = "hash-mismatch",
        /// A data group that EF.SOD lists is not on the chip.
        DataGroupAbsent = "data-group-absent",
        /// A data group that EF.SOD lists was not read.
        DataGroupNotRead = "data-group-not-read",
        /// EF.SOD could not be read or was not given.
        NoSod = "no-sod",
        /// No trust anchor of the signer's country is at hand.
        NoTrustAnchor = "no-trust-anchor",
        /// Anchors of the country are at hand, and none vouches for the signer.
        ChainNotTrusted = "chain-not-trusted",
        /// The search took more work than is allowed.
        BudgetExhausted = "budget-exhausted",
        /// The signer is of another country than the document.
        CountryMismatch = "country-mismatch",
        /// The document's issuing state is in no table.
        UnknownIssuingState = "unknown-issuing-state",
        /// The signer may not sign this type of document.
        DocumentTypeNotAllowed = "document-type-not-allowed",
        /// The signer does not say which documents it may sign.
        NoDocumentTypeList = "no-document-type-list",
        /// The certificate is past its validity.
        CertificateExpired = "certificate-expired",
        /// The certificate is not valid yet.
        CertificateNotYetValid = "certificate-not-yet-valid",
        /// The signer's key might not sign when the card was issued.
        OutsidePrivateKeyUsage = "outside-private-key-usage",
        /// The certificate is not that of a Document Signer.
        SignerProfile = "signer-profile",
        /// The signer is revoked.
        CertificateRevoked = "certificate-revoked",
        /// Nothing is known about revocation.
        RevocationUnknown = "revocation-unknown",
        /// The newest revocation list is past its next update.
        CrlStale = "crl-stale",
        /// No deviation list of the signer's country is at hand.
        NoDeviationList = "no-deviation-list",
        /// The issuing state says that documents like this one deviate from the standard.
        DeviationListed = "deviation-listed",
        /// The card does not offer the protocol.
        ProtocolNotOffered = "protocol-not-offered",
        /// The protocol is offered, and another way was taken.
        ProtocolNotUsed = "protocol-not-used",
        /// The protocol is offered in a variant that is not known here.
        ProtocolNotSupported = "protocol-not-supported",
        /// The chip runs the protocol only with a terminal that has proved its right.
        TerminalAuthenticationRequired = "terminal-authentication-required",
        /// The chip did not come to the key that it should hold.
        KeyAgreementFailed = "key-agreement-failed",
        /// The chip's answer is not the signature of its key over the challenge.
        ChallengeMismatch = "challenge-mismatch",
        /// The chip refused to answer.
        AnswerRefused = "answer-refused",
        /// The key was not the one that EF.SOD protects.
        KeyNotAuthentic = "key-not-authentic",
        /// The key is authentic, and nothing says that it is the key of the chip with these data.
        KeyNotBound = "key-not-bound",
        /// Nothing shows that the chip was here and now.
        NotFresh = "not-fresh",
        /// The station's signature on the evidence does not hold.
        EvidenceSignatureInvalid = "evidence-signature-invalid",
        /// The document expired.
        DocumentExpired = "document-expired",
        /// The document does not say when it expires in a way that is understood.
        NoExpiryDate = "no-expiry-date",
        /// A check digit is wrong.
        CheckDigitWrong = "check-digit-wrong",
        /// The printed machine readable zone is another.
        MrzMismatch = "mrz-mismatch",
        /// The QR code is of another card or person.
        QrMismatch = "qr-mismatch",
        /// It was not shown to the verifier.
        NotPresented = "not-presented",
        /// EF.CardAccess is not what DG14 or EF.CardSecurity repeats.
        CardAccessMismatch = "card-access-mismatch",
        /// Data groups contradict each other.
        DataMismatch = "data-mismatch",
        /// EF.COM lists other groups than EF.SOD.
        ComSodMismatch = "com-sod-mismatch",
        /// The file was not read.
        NotRead = "not-read",
        /// The chip refuses the file to this terminal.
        AccessDenied = "access-denied",
        /// The chip knows no authority above this terminal.
        TerminalAuthorityUnknown = "terminal-authority-unknown",
        /// A certificate of this terminal begins later: it was not shown to the chip.
        TerminalCertificateNotYetValid = "terminal-certificate-not-yet-valid",
        /// The chip refused a certificate of this terminal.
        TerminalCertificateRefused = "terminal-certificate-refused",
        /// The chip refused this terminal.
        TerminalRefused = "terminal-refused",
        /// The chip did not show that it is genuine: this terminal shows it nothing.
        ChipNotAuthenticated = "chip-not-authenticated",
        /// The chip offers a stronger protocol than the one that opened it.
        ProtocolDowngrade = "protocol-downgrade",
        /// A protected answer did not verify.
        SecureMessagingIntegrity = "secure-messaging-integrity",
        /// The link to the card was lost.
        TransportFailure = "transport-failure",
        /// Nobody asked the register.
        NotAsked = "not-asked",
        /// The register did not answer, or not in a way to be believed.
        RegisterNotHeard = "register-not-heard",
        /// The register allows no further attempt for now.
        TooManyAttempts = "too-many-attempts",
        /// The register does not confirm this person.
        NoMatch = "no-match",
        /// The register never recorded this card.
        CardUnknown = "card-unknown",
        /// Reported lost.
        CardLost = "card-lost",
        /// Held for now.
        CardHeld = "card-held",
        /// Revoked.
        CardRevoked = "card-revoked",
        /// A newer card took its place.
        CardReplaced = "card-replaced",
        /// Expired in the register.
        CardExpired = "card-expired",
        /// Destroyed.
        CardDestroyed = "card-destroyed",
        /// Nobody compared the bearer.
        NotCompared = "not-compared",
        /// A person says that the bearer is another.
        BearerDiffers = "bearer-differs",
    }
}
