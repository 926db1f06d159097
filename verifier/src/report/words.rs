//! The words of reports, Vietnamese and English side by side. A missing word is a compile error.

use super::{Lang, WarningCode};
use crate::finding::{Check, Finding, Reason, Scope, Status};
use crate::verdict::{
    BearerStatement, ChipStatement, DataStatement, Decision, RegisterStatement, TrustStatement,
};

fn pick(lang: Lang, vi: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
}

/// The name of a check.
#[must_use]
pub fn check_name(check: Check, lang: Lang) -> &'static str {
    let (vi, en) = match check {
        Check::SodSignature => ("chữ ký của EF.SOD", "signature of EF.SOD"),
        Check::DataGroupHashes => ("mã băm của các nhóm dữ liệu", "digests of the data groups"),
        Check::SignerChain => ("chuỗi chứng thư của người ký", "chain of the signer"),
        Check::SignerCountry => ("quốc gia của người ký", "country of the signer"),
        Check::SignerDocumentType => ("loại giấy tờ của người ký", "document type of the signer"),
        Check::SignerValidity => ("hiệu lực của người ký", "validity of the signer"),
        Check::Revocation => ("người ký chưa bị thu hồi", "signer not revoked"),
        Check::Deviation => ("sai lệch do quốc gia cấp công bố", "deviations told by the issuing state"),
        Check::ChipAuthentication => ("xác thực chip (CA)", "Chip Authentication"),
        Check::ActiveAuthentication => ("xác thực chủ động (AA)", "Active Authentication"),
        Check::PaceChipAuthenticationMapping => {
            ("PACE kèm xác thực chip", "PACE with chip authentication mapping")
        }
        Check::DocumentExpiry => ("thời hạn của giấy tờ", "expiry of the document"),
        Check::DocumentMrz => ("vùng đọc máy (MRZ)", "machine readable zone"),
        Check::DocumentQr => ("mã QR", "QR code"),
        Check::CardAccessAuthentic => ("tính xác thực của EF.CardAccess", "authenticity of EF.CardAccess"),
        Check::DataGroupsConsistent => ("nhất quán giữa DG1 và DG13", "consistency of DG1 and DG13"),
        Check::ComSodConsistent => ("nhất quán giữa EF.COM và EF.SOD", "consistency of EF.COM and EF.SOD"),
        Check::Pace => ("mở chip bằng PACE", "opened by PACE"),
        Check::Bac => ("mở chip bằng BAC", "opened by BAC"),
        Check::Downgrade => ("không bị hạ cấp giao thức", "no downgrade"),
        Check::TerminalAuthentication => {
            ("chip chấp nhận thiết bị đọc (TA)", "terminal accepted by the chip")
        }
        Check::SecureMessaging => ("toàn vẹn của kênh bảo mật", "integrity of secure messaging"),
        Check::RegisterCardStatus => {
            ("trạng thái thẻ trong cơ sở dữ liệu", "status of the card in the register")
        }
        Check::RegisterMatch => {
            ("đối chiếu người với cơ sở dữ liệu", "match of the person with the register")
        }
        Check::HolderPortrait => ("đối chiếu ảnh với người cầm thẻ", "portrait compared with the bearer"),
    };
    pick(lang, vi, en)
}

/// What it proves when the check passes, under the circumstance in which it was made.
#[must_use]
pub fn proves(finding: &Finding, lang: Lang) -> String {
    let (vi, en) = match finding.check {
        Check::SodSignature => (
            "danh sách mã băm được ký bằng khóa của chứng thư đi kèm",
            "the list of digests was signed by the key of the certificate that came along",
        ),
        Check::DataGroupHashes => {
            ("các tệp đã đọc đúng là các tệp đã ký", "the files that were read are those that were signed")
        }
        Check::SignerChain => {
            ("một CSCA mà ta tin bảo đảm cho người ký", "a CSCA that we believe vouches for the signer")
        }
        Check::SignerCountry => {
            ("người ký thuộc quốc gia cấp giấy tờ", "the signer is of the country that issued the document")
        }
        Check::SignerDocumentType => {
            ("người ký được phép ký loại giấy tờ này", "the signer may sign this type of document")
        }
        Check::SignerValidity => (
            "chứng thư còn hiệu lực, và khóa được phép ký vào ngày cấp thẻ",
            "the certificate is valid, and its key might sign on the day of issue",
        ),
        Check::Revocation => (
            "danh sách thu hồi còn hiệu lực không nêu tên người ký",
            "a revocation list in force does not name the signer",
        ),
        Check::Deviation => (
            "quốc gia cấp không công bố sai lệch nào cho loại giấy tờ này",
            "the issuing state tells of no deviation of such documents",
        ),
        Check::ChipAuthentication => (
            "chip giữ khóa bí mật mà người ký bảo đảm: không phải bản sao",
            "the chip holds the private key that the signer vouches for: it is no copy",
        ),
        Check::ActiveAuthentication => (
            "chip đã ký thử thách bằng khóa mà người ký bảo đảm: không phải bản sao",
            "the chip signed the challenge with the key that the signer vouches for: it is no copy",
        ),
        Check::PaceChipAuthenticationMapping => {
            ("chip đã chứng tỏ khóa của nó trong PACE", "the chip showed its key within PACE")
        }
        Check::DocumentExpiry => {
            ("giấy tờ chưa hết hạn vào thời điểm xét", "the document has not expired at the time judged at")
        }
        Check::DocumentMrz => ("MRZ trong chip tự nhất quán", "the chip's zone is coherent in itself"),
        Check::DocumentQr => (
            "mã QR in trên thẻ nói về cùng người và cùng thẻ với chip",
            "the printed QR code speaks of the same person and card as the chip",
        ),
        Check::CardAccessAuthentic => (
            "những gì chip đề nghị trước khi mở được nhắc lại dưới chữ ký",
            "what the chip offers before it opens is repeated under the signature",
        ),
        Check::DataGroupsConsistent => (
            "hai nhóm dữ liệu nói về cùng một người và một thẻ",
            "both groups speak of one person and one card",
        ),
        Check::ComSodConsistent => {
            ("chip không liệt kê nhóm nào chưa được ký", "the chip lists no group that was not signed")
        }
        Check::Pace => (
            "người mở biết mật khẩu in trên thẻ; đường truyền được bảo vệ",
            "whoever opened it knew the password printed on the card; the link is protected",
        ),
        Check::Bac => ("người mở biết MRZ", "whoever opened it knew the machine readable zone"),
        Check::Downgrade => (
            "chip được mở bằng giao thức mạnh nhất mà nó đề nghị",
            "the chip was opened by the strongest protocol that it offers",
        ),
        Check::TerminalAuthentication => (
            "chip cho phép thiết bị này đọc những gì chứng thư của nó cho phép",
            "the chip lets this terminal read what its certificates allow",
        ),
        Check::SecureMessaging => (
            "mọi câu trả lời được bảo vệ đều đúng mã kiểm",
            "every protected answer carried a right checksum",
        ),
        Check::RegisterCardStatus => {
            ("cơ sở dữ liệu ghi thẻ này đang được dùng", "the register has this card as active")
        }
        Check::RegisterMatch => (
            "số, họ tên và ngày sinh thuộc về cùng một người đang sống",
            "number, name and birth belong to one living person",
        ),
        Check::HolderPortrait => (
            "một người đã so ảnh trong chip với người cầm thẻ",
            "a person compared the portrait with the bearer",
        ),
    };
    let scope = match finding.scope {
        None => return pick(lang, vi, en).to_owned(),
        Some(Scope::ChipOnly) => ("chỉ xét MRZ trong chip", "the chip's own zone alone was looked at"),
        Some(Scope::OpticalCompared) => ("đã so với MRZ in trên thẻ", "compared with the printed zone"),
        Some(Scope::HereAndNow) => ("tại đây, lúc này", "here and now"),
        Some(Scope::StationSigned) => ("theo trạm đọc mà ta tin", "as a trusted reading station saw it"),
        Some(Scope::ChallengeOfVerifier) => {
            ("trả lời thử thách do chính nơi kiểm tra đưa ra", "in answer to this verifier's own challenge")
        }
        Some(Scope::PortraitWithheld) => (
            "ảnh không có trong tệp: chỉ so mã băm đã lưu",
            "the portrait was left out: its stored digest was compared",
        ),
    };
    format!("{} ({})", pick(lang, vi, en), pick(lang, scope.0, scope.1))
}

/// What it does not prove, even when the check passes.
#[must_use]
pub fn does_not_prove(check: Check, lang: Lang) -> &'static str {
    let (vi, en) = match check {
        Check::SodSignature => (
            "người ký là ai, và dữ liệu nhóm có khớp danh sách không",
            "who the signer is, or that the data groups fit the list",
        ),
        Check::DataGroupHashes => (
            "chip là bản gốc: bản sao cũng có các tệp này",
            "that the chip is the original: a copy has the same files",
        ),
        Check::SignerChain => ("người ký chưa bị thu hồi", "that the signer has not been revoked"),
        Check::SignerCountry => {
            ("người ký được phép ký loại giấy tờ này", "that the signer may sign this type of document")
        }
        Check::SignerDocumentType => ("giấy tờ còn giá trị", "that the document is still valid"),
        Check::SignerValidity => ("người ký chưa bị thu hồi", "that the signer has not been revoked"),
        Check::Revocation => {
            ("thẻ này chưa bị báo mất hay thu hồi", "that this card was not reported lost or revoked")
        }
        Check::Deviation => (
            "giấy tờ không có sai lệch nào chưa công bố",
            "that documents like this one have no deviation that nobody told of",
        ),
        Check::ChipAuthentication => (
            "người cầm thẻ là chủ thẻ; bên thứ ba không thể kiểm lại",
            "that the bearer is the holder; and nothing to a third party",
        ),
        Check::ActiveAuthentication => (
            "người cầm thẻ là chủ thẻ; thẻ không được chuyển tiếp từ nơi khác",
            "that the bearer is the holder, or that the card is not relayed from elsewhere",
        ),
        Check::PaceChipAuthenticationMapping => ("người cầm thẻ là chủ thẻ", "that the bearer is the holder"),
        Check::DocumentExpiry => (
            "thẻ chưa bị thay, thu hồi hay báo mất",
            "that the card was not replaced, revoked or reported lost",
        ),
        Check::DocumentMrz => (
            "chip nằm trong đúng tấm thẻ, trừ khi MRZ in đã được so",
            "that the chip sits in its own card, unless the printed zone was compared",
        ),
        Check::DocumentQr => {
            ("mã QR là thật: nó không được ký", "that the QR code is genuine: it is not signed")
        }
        Check::CardAccessAuthentic => {
            ("chip thực hiện những gì nó đề nghị", "that the chip does what it offers")
        }
        Check::DataGroupsConsistent => {
            ("dữ liệu đúng với sự thật ngày nay", "that the data are still true today")
        }
        Check::ComSodConsistent => {
            ("EF.COM là thật: nó không được ký", "that EF.COM is genuine: it is not signed")
        }
        Check::Pace => (
            "chip là bản gốc; mật khẩu ngắn và in công khai",
            "that the chip is the original; the password is short and printed in the open",
        ),
        Check::Bac => (
            "đường truyền giữ được bí mật: khóa của BAC đoán được",
            "that the link stays secret: the keys of BAC can be guessed",
        ),
        Check::Downgrade => ("chip là bản gốc", "that the chip is the original"),
        Check::TerminalAuthentication => (
            "điều gì về thẻ: đây là quyền của thiết bị đọc",
            "anything about the card: it is the terminal's right",
        ),
        Check::SecureMessaging => (
            "chip là bản gốc, trừ khi khóa đến từ xác thực chip",
            "that the chip is the original, unless the keys come from Chip Authentication",
        ),
        Check::RegisterCardStatus => ("người cầm thẻ là chủ thẻ", "that the bearer is the holder"),
        Check::RegisterMatch => ("người cầm thẻ là người đó", "that the bearer is that person"),
        Check::HolderPortrait => {
            ("người đó so đúng: máy không kiểm tra", "that this person judged rightly: no machine checked it")
        }
    };
    pick(lang, vi, en)
}

/// A reason in words.
#[must_use]
pub fn reason_text(reason: Reason, lang: Lang) -> &'static str {
    let (vi, en) = match reason {
        Reason::MalformedData => ("dữ liệu sai cấu trúc hoặc bị cắt", "malformed, or cut short"),
        Reason::UnsignedContent => {
            ("có tệp hay nội dung không ai ký", "a file or content that nobody signed")
        }
        Reason::SignatureInvalid => ("chữ ký không đúng", "the signature does not verify"),
        Reason::NoSignerCertificate => (
            "thiếu chứng thư của người ký, trong thẻ cũng như trong thư mục tin cậy",
            "the signer's certificate is missing, from the card and from the trust directory",
        ),
        Reason::ContentTypeMismatch => {
            ("loại nội dung đã ký là loại khác", "the signed content type is another")
        }
        Reason::MessageDigestMismatch => {
            ("nội dung không khớp mã băm đã ký", "the content does not have the signed digest")
        }
        Reason::UnknownAlgorithm => (
            "thuật toán, đường cong hoặc loại khóa chưa biết",
            "algorithm, curve or key type is not known here",
        ),
        Reason::WeakAlgorithm => ("thuật toán đã quá hạn dùng", "an algorithm past its sunset"),
        Reason::AlgorithmSunset => (
            "kiểu chữ ký đã hết hạn tin cậy: cần đổi thẻ",
            "a kind of signature that is no longer believed: the card is to be exchanged",
        ),
        Reason::HashMismatch => ("tệp không khớp mã băm đã ký", "a file does not have the signed digest"),
        Reason::DataGroupAbsent => (
            "nhóm dữ liệu có trong EF.SOD nhưng không có trên chip",
            "a data group that EF.SOD lists is not on the chip",
        ),
        Reason::DataGroupNotRead => {
            ("nhóm dữ liệu có trong EF.SOD chưa được đọc", "a data group that EF.SOD lists was not read")
        }
        Reason::NoSod => ("không có EF.SOD", "there is no EF.SOD"),
        Reason::NoTrustAnchor => {
            ("không có CSCA của quốc gia này để tin", "no CSCA of this country is at hand")
        }
        Reason::BudgetExhausted => {
            ("việc tìm đường tin cậy vượt quá mức cho phép", "the search took more work than is allowed")
        }
        Reason::ChainNotTrusted => (
            "không CSCA nào của quốc gia này bảo đảm cho người ký",
            "no CSCA of this country vouches for the signer",
        ),
        Reason::CountryMismatch => ("người ký thuộc quốc gia khác", "the signer is of another country"),
        Reason::UnknownIssuingState => {
            ("mã quốc gia cấp không có trong bảng", "the issuing state is in no table")
        }
        Reason::DocumentTypeNotAllowed => {
            ("người ký không được phép ký loại giấy tờ này", "the signer may not sign this type of document")
        }
        Reason::NoDocumentTypeList => {
            ("người ký không nêu loại giấy tờ được ký", "the signer does not say which documents it may sign")
        }
        Reason::CertificateExpired => ("chứng thư đã hết hiệu lực", "the certificate has expired"),
        Reason::CertificateNotYetValid => ("chứng thư chưa có hiệu lực", "the certificate is not valid yet"),
        Reason::OutsidePrivateKeyUsage => {
            ("khóa không được phép ký vào ngày cấp thẻ", "the key might not sign on the day of issue")
        }
        Reason::SignerProfile => {
            ("chứng thư không phải của người ký giấy tờ", "the certificate is not that of a Document Signer")
        }
        Reason::CertificateRevoked => ("người ký đã bị thu hồi", "the signer is revoked"),
        Reason::RevocationUnknown => {
            ("không biết người ký có bị thu hồi không", "whether the signer is revoked is not known")
        }
        Reason::CrlStale => ("danh sách thu hồi đã quá hạn", "the revocation list is past its next update"),
        Reason::NoDeviationList => {
            ("không có danh sách sai lệch của quốc gia này", "no deviation list of this country is at hand")
        }
        Reason::DeviationListed => (
            "quốc gia cấp công bố giấy tờ loại này có sai lệch",
            "the issuing state says that documents like this one deviate",
        ),
        Reason::ProtocolNotOffered => ("thẻ không có giao thức này", "the card does not offer it"),
        Reason::ProtocolNotUsed => ("giao thức không được dùng", "it was not used"),
        Reason::ProtocolNotSupported => {
            ("biến thể của giao thức chưa được hỗ trợ", "the variant is not supported here")
        }
        Reason::TerminalAuthenticationRequired => (
            "chip chỉ chạy giao thức này với thiết bị đã chứng minh quyền của mình",
            "the chip runs it only with a terminal that has proved its right",
        ),
        Reason::KeyAgreementFailed => {
            ("chip không giữ khóa mà nó phải có", "the chip does not hold the key that it should")
        }
        Reason::ChallengeMismatch => (
            "câu trả lời không phải chữ ký của chip lên thử thách",
            "the answer is not the chip's signature over the challenge",
        ),
        Reason::AnswerRefused => ("chip từ chối trả lời", "the chip refuses to answer"),
        Reason::KeyNotAuthentic => ("khóa không được EF.SOD bảo đảm", "the key is not protected by EF.SOD"),
        Reason::KeyNotBound => (
            "khóa là thật, nhưng EF.SOD của thẻ này không gắn với nó: có thể là chip của thẻ khác",
            "the key is authentic, and this card's EF.SOD does not name it: it may be another card's chip",
        ),
        Reason::NotFresh => {
            ("không có gì cho thấy chip có mặt lúc này", "nothing shows that the chip was here and now")
        }
        Reason::EvidenceSignatureInvalid => (
            "chữ ký của trạm đọc không đúng: tệp đã bị sửa",
            "the station's signature does not hold: the file was altered",
        ),
        Reason::DocumentExpired => ("giấy tờ đã hết hạn", "the document has expired"),
        Reason::NoExpiryDate => ("không đọc được ngày hết hạn", "no date of expiry can be read"),
        Reason::CheckDigitWrong => ("số kiểm tra sai", "a check digit is wrong"),
        Reason::MrzMismatch => {
            ("MRZ in trên thẻ khác MRZ trong chip", "the printed zone is another than the chip's")
        }
        Reason::QrMismatch => {
            ("mã QR thuộc về thẻ hoặc người khác", "the QR code is of another card or person")
        }
        Reason::NotPresented => ("không được xuất trình", "it was not shown"),
        Reason::CardAccessMismatch => (
            "EF.CardAccess khác với phần được nhắc lại dưới chữ ký",
            "EF.CardAccess is not what is repeated under the signature",
        ),
        Reason::DataMismatch => ("các nhóm dữ liệu mâu thuẫn nhau", "data groups contradict each other"),
        Reason::ComSodMismatch => ("EF.COM liệt kê khác EF.SOD", "EF.COM lists other groups than EF.SOD"),
        Reason::NotRead => ("không được đọc", "it was not read"),
        Reason::AccessDenied => {
            ("chip không cho thiết bị này đọc", "the chip does not give it to this terminal")
        }
        Reason::TerminalAuthorityUnknown => (
            "chip không biết cơ quan cấp chứng thư cho thiết bị này",
            "the chip knows no authority above this terminal",
        ),
        Reason::TerminalCertificateNotYetValid => (
            "chứng thư của thiết bị này chưa đến ngày hiệu lực nên không được trình cho chip",
            "a certificate of this terminal begins later, so it was not shown to the chip",
        ),
        Reason::TerminalCertificateRefused => (
            "chip từ chối chứng thư của thiết bị này: có thể đã hết hạn",
            "the chip refuses a certificate of this terminal: it may be past its last day",
        ),
        Reason::TerminalRefused => ("chip từ chối thiết bị này", "the chip refuses this terminal"),
        Reason::ChipNotAuthenticated => (
            "chip chưa chứng minh là thật nên thiết bị không trình gì cho nó",
            "the chip did not show that it is genuine, so this terminal showed it nothing",
        ),
        Reason::ProtocolDowngrade => (
            "chip có giao thức mạnh hơn giao thức đã mở nó",
            "the chip offers a stronger protocol than the one that opened it",
        ),
        Reason::SecureMessagingIntegrity => {
            ("một câu trả lời được bảo vệ không đúng mã kiểm", "a protected answer did not verify")
        }
        Reason::TransportFailure => ("mất liên lạc với thẻ", "the link to the card was lost"),
        Reason::NotAsked => ("chưa hỏi cơ sở dữ liệu", "the register was not asked"),
        Reason::RegisterNotHeard => (
            "không nhận được trả lời đáng tin của cơ sở dữ liệu",
            "no answer of the register that could be believed",
        ),
        Reason::TooManyAttempts => {
            ("đã hỏi quá nhiều lần trong giờ này", "too many attempts within this hour")
        }
        Reason::NoMatch => {
            ("cơ sở dữ liệu không xác nhận người này", "the register does not confirm this person")
        }
        Reason::CardUnknown => {
            ("cơ sở dữ liệu chưa từng ghi nhận thẻ này", "the register never recorded this card")
        }
        Reason::CardLost => ("thẻ đã được báo mất", "the card was reported lost"),
        Reason::CardHeld => ("thẻ đang bị tạm giữ", "the card is held"),
        Reason::CardRevoked => ("thẻ đã bị thu hồi", "the card was revoked"),
        Reason::CardReplaced => ("thẻ đã được thay bằng thẻ mới", "a newer card took its place"),
        Reason::CardExpired => ("cơ sở dữ liệu ghi thẻ đã hết hạn", "expired in the register"),
        Reason::CardDestroyed => ("thẻ đã bị hủy", "the card was destroyed"),
        Reason::NotCompared => ("chưa ai so với người cầm thẻ", "nobody compared the bearer"),
        Reason::BearerDiffers => ("người cầm thẻ là người khác", "the bearer is another person"),
    };
    pick(lang, vi, en)
}

/// A status in words.
#[must_use]
pub fn status_name(status: Status, lang: Lang) -> &'static str {
    let (vi, en) = match status {
        Status::Passed => ("đạt", "passed"),
        Status::Failed => ("không đạt", "failed"),
        Status::Inconclusive => ("không kết luận được", "inconclusive"),
        Status::NotApplicable => ("không áp dụng", "not applicable"),
        Status::Unavailable => ("không có để kiểm tra", "unavailable"),
    };
    pick(lang, vi, en)
}

/// A decision in words.
#[must_use]
pub fn decision_name(decision: Decision, lang: Lang) -> &'static str {
    let (vi, en) = match decision {
        Decision::Accepted => ("CHẤP NHẬN", "ACCEPTED"),
        Decision::Refused => ("TỪ CHỐI", "REFUSED"),
        Decision::Undetermined => ("CHƯA XÁC ĐỊNH", "UNDETERMINED"),
    };
    pick(lang, vi, en)
}

pub(super) fn authentic(authentic: bool, lang: Lang) -> &'static str {
    if authentic {
        pick(lang, "xác thực", "authentic")
    } else {
        pick(lang, "CHƯA xác thực", "NOT authenticated")
    }
}

pub(super) fn data(statement: DataStatement, lang: Lang) -> &'static str {
    let (vi, en) = match statement {
        DataStatement::Authentic => ("xác thực", "authentic"),
        DataStatement::Intact => ("nguyên vẹn, chưa biết nơi cấp", "intact, issuer unknown"),
        DataStatement::NotAuthentic => ("KHÔNG xác thực", "NOT authentic"),
        DataStatement::Unknown => ("chưa xác định được", "cannot be said"),
    };
    pick(lang, vi, en)
}

pub(super) fn chip(statement: ChipStatement, lang: Lang) -> &'static str {
    let (vi, en) = match statement {
        ChipStatement::Genuine => ("chip thật, không phải bản sao", "genuine, not a copy"),
        ChipStatement::Copy => ("KHÔNG giữ khóa của chip thật", "does NOT hold the keys of the genuine chip"),
        ChipStatement::NotShown => ("chưa chứng tỏ là chip thật", "not shown to be genuine"),
    };
    pick(lang, vi, en)
}

pub(super) fn trust(statement: TrustStatement, lang: Lang) -> &'static str {
    let (vi, en) = match statement {
        TrustStatement::Known => {
            ("đã biết nơi cấp, danh sách thu hồi còn hiệu lực", "known, revocation list in force")
        }
        TrustStatement::Stale => (
            "đã biết nơi cấp, thiếu danh sách thu hồi còn hiệu lực",
            "known, without a revocation list in force",
        ),
        TrustStatement::Unknown => ("chưa biết nơi cấp", "issuer unknown"),
        TrustStatement::NotTrusted => ("KHÔNG tin được người ký", "signer NOT trusted"),
    };
    pick(lang, vi, en)
}

pub(super) fn register(statement: RegisterStatement, lang: Lang) -> &'static str {
    let (vi, en) = match statement {
        RegisterStatement::Agrees => ("khớp", "agrees"),
        RegisterStatement::Disagrees => ("KHÔNG khớp", "does NOT agree"),
        RegisterStatement::NotHeard => ("đã hỏi, chưa có trả lời dùng được", "asked, no usable answer"),
        RegisterStatement::NotAsked => ("chưa hỏi", "not asked"),
    };
    pick(lang, vi, en)
}

pub(super) fn bearer(statement: BearerStatement, lang: Lang) -> &'static str {
    let (vi, en) = match statement {
        BearerStatement::Same => ("đã có người đối chiếu: đúng người", "compared by a person: the same"),
        BearerStatement::Different => {
            ("đã có người đối chiếu: KHÁC người", "compared by a person: ANOTHER person")
        }
        BearerStatement::NotCompared => {
            ("CHƯA ai đối chiếu ảnh với người cầm thẻ", "NOBODY has compared the portrait with the bearer")
        }
    };
    pick(lang, vi, en)
}

/// The labels of a report.
/// What a warning about the trust says.
pub(super) fn warning(code: WarningCode, lang: Lang) -> &'static str {
    let (vi, en) = match code {
        WarningCode::CrlDueSoon => ("danh sách thu hồi sắp quá hạn", "the revocation list is due soon"),
        WarningCode::MasterListGrowsOld => ("danh sách chủ sắp cũ", "the master list grows old"),
        WarningCode::MasterListOld => ("danh sách chủ đã cũ", "the master list is old"),
        WarningCode::CrlFromTheFuture => (
            "danh sách thu hồi có ngày trong tương lai, không tính",
            "revocation lists from the future, not counted",
        ),
        WarningCode::CrlNotUsed => (
            "danh sách thu hồi của quốc gia này không dùng được",
            "revocation lists of the country that say nothing about this signer",
        ),
        WarningCode::FileNotUsable => ("tệp không dùng được", "a file cannot be used"),
    };
    pick(lang, vi, en)
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Label {
    Verdict,
    DecidedBy,
    JudgedAt,
    ReadAt,
    Holder,
    Number,
    FullName,
    BirthDate,
    Sex,
    Expiry,
    Residence,
    Portrait,
    Statements,
    Data,
    Chip,
    Trust,
    Register,
    Bearer,
    Checks,
    Tolerated,
    Warnings,
    FromCard,
    FromStation,
    FromAltered,
    FromFile,
}

pub(super) fn label(label: Label, lang: Lang) -> &'static str {
    let (vi, en) = match label {
        Label::Verdict => ("Kết luận", "Verdict"),
        Label::DecidedBy => ("Quyết định bởi", "Decided by"),
        Label::JudgedAt => ("Xét vào lúc", "Judged at"),
        Label::ReadAt => ("Đọc vào lúc", "Read at"),
        Label::Holder => ("CHỦ THẺ", "HOLDER"),
        Label::Number => ("Số định danh", "Number"),
        Label::FullName => ("Họ và tên", "Name"),
        Label::BirthDate => ("Ngày sinh", "Born"),
        Label::Sex => ("Giới tính", "Sex"),
        Label::Expiry => ("Có giá trị đến", "Expires"),
        Label::Residence => ("Nơi cư trú", "Residence"),
        Label::Portrait => ("Ảnh", "Portrait"),
        Label::Statements => ("NHẬN ĐỊNH", "STATEMENTS"),
        Label::Data => ("Dữ liệu", "Data"),
        Label::Chip => ("Chip", "Chip"),
        Label::Trust => ("Nơi cấp", "Trust"),
        Label::Register => ("Cơ sở dữ liệu dân cư", "Register"),
        Label::Bearer => ("Người cầm thẻ", "Bearer"),
        Label::Checks => ("CÁC PHÉP KIỂM TRA", "CHECKS"),
        Label::Tolerated => ("ĐÃ DUNG THỨ KHI ĐỌC", "TOLERATED IN READING"),
        Label::Warnings => ("CẦN LƯU Ý VỀ THƯ MỤC TIN CẬY", "TO LOOK AFTER IN THE TRUST DIRECTORY"),
        Label::FromCard => ("từ thẻ", "from the card"),
        Label::FromStation => ("từ tệp, trạm đọc đáng tin đã ký", "from a file signed by a trusted station"),
        Label::FromAltered => ("từ tệp có chữ ký KHÔNG đúng", "from a file whose signature does NOT hold"),
        Label::FromFile => ("từ tệp không được ký", "from an unsigned file"),
    };
    pick(lang, vi, en)
}
