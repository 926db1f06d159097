//! What stops a command: one sentence what happened, one what to do, in both languages, and the exit code.

use cccd_issuer::accounts::AccountError;
use cccd_issuer::application::ApplicationError;
use cccd_issuer::audit::AuditProblem;
use cccd_issuer::capture::device::DeviceError;
use cccd_issuer::capture::sealed::SealedError;
use cccd_issuer::card_face::FaceError;
use cccd_issuer::forms::PaperError;
use cccd_issuer::ledger::{ApplicationId, LedgerError};
use cccd_issuer::output::OutputError;
use cccd_issuer::personalize::DriverError;
use cccd_issuer::register::RegisterError;
use cccd_issuer::station::IssueError;
use cccd_issuer::stock::{BlankState, InvalidBlankStep, StockError};
use cccd_keys::pkcs11::AccessError;
use cccd_keys::store::{PassphraseError, StoreError};
use cccd_keys::token::{PinError, TokenError, vietnamese as of_token};
use cccd_population::forms::FormError;
use cccd_population::register_key::KeyFileError;
use cccd_reader::ReaderError;

use cccd_issuer::words::{Language, needs_detail, of_failure};

/// A command that did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Application(#[from] ApplicationError),
    #[error(transparent)]
    Issue(#[from] IssueError),
    #[error(transparent)]
    Face(#[from] FaceError),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error(transparent)]
    Reader(#[from] ReaderError),
    #[error(transparent)]
    Keys(#[from] StoreError),
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error(transparent)]
    Pin(#[from] PinError),
    #[error("the register is sqlite:FILE, postgres://… or http://127.0.0.1:PORT, not \u{201c}{0}\u{201d}")]
    RegisterAddress(String),
    #[error("the register over HTTP asks for a token")]
    NoToken,
    #[error("a chip with JMRTD's applet has no serial: --driver jmrtd asks for --chip-serial")]
    NoChipSerial,
    #[error("a chip in software has no JMRTD applet: --driver jmrtd asks for a Java Card in a reader")]
    NoVirtualJmrtd,
    #[error("a personal number has 12 digits")]
    Number,
    #[error("the register knows no card in use of this person")]
    NoCardInUse,
    #[error("the register knows no person with this number")]
    UnknownPerson,
    #[error("the chip's state file cannot be used: {0}")]
    VirtualChip(String),
    #[error("the card is issued, but its files could not be put into the folder: {0}")]
    IssuedWithoutFiles(OutputError),
    #[error("no chip {0} is in this ledger")]
    ChipNotInLedger(String),
    #[error("the portrait must be taken again: see the remarks")]
    RetakePortrait,
    #[error("prints must be taken again: see the advice")]
    RetakePrints,
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error(transparent)]
    Sealed(#[from] SealedError),
    #[error("the model that finds faces cannot be read: {0}")]
    FaceModel(std::io::Error),
    #[error("cannot listen for an interruption: {0}")]
    Signal(String),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error("nobody is named who does this: --officer and --password-file, or --session")]
    NoOfficer,
    #[error("a session is kept in a file: --session FILE")]
    NoSessionFile,
    #[error("the file of the password or session cannot be used: {0}")]
    SecretFile(String),
    #[error("there is no ledger {0}")]
    NoLedger(String),
    #[error("the list of holidays cannot be used: {0}")]
    Holidays(String),
    #[error("no open application of this file is in the ledger")]
    ApplicationNotOpen,
    #[error("this very application was issued already: application {0}")]
    IssuedBefore(ApplicationId),
    #[error(transparent)]
    Audit(#[from] AuditProblem),
    #[error("the station's keys cannot be used: {0}")]
    KeyFile(#[from] KeyFileError),
    #[error("the station's public key cannot be used: {0}")]
    StationKey(String),
    #[error("the file of heads cannot be used: {0}")]
    Heads(String),
    #[error("this address is reachable from other machines")]
    NotLoopback,
    #[error("the desk cannot listen: {0}")]
    Listen(String),
    #[error("nothing was logged yet")]
    NothingLogged,
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error("the stock has noted it, but its signed paper could not be written: {0}")]
    NotedWithoutFile(OutputError),
    #[error("the file cannot be used: {0}")]
    StockFile(String),
    #[error("the register's signing key is not there: --keys DIR, or --register-secrets PATH")]
    NoRegisterKey,
    #[error("a host has sixteen readers at most")]
    TooManyReaders,
    #[error("the queue stands still")]
    QueueStands,
    #[error("a reader stands still, and what lies in it waits: {0}")]
    ReaderStands(String),
    #[error("{0} applications of the batch are no cards yet")]
    BatchNotDone(usize),
    #[error("{0} blanks are not where the stock has them")]
    StockDiffers(usize),
    #[error("what was found is not what was listed: {0} blanks missing, {1} too many")]
    CountDiffers(usize, usize),
    #[error(transparent)]
    Paper(#[from] PaperError),
    #[error("a ledger on a server does not say where this station's keys lie: --station PATH")]
    NoStation,
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Passphrase(error) => error.into(),
            AccessError::Pin(error) => error.into(),
            AccessError::Store(error) => error.into(),
            other => Self::Keys(StoreError::Damaged(other.to_string())),
        }
    }
}

impl From<RegisterError> for Failure {
    fn from(error: RegisterError) -> Self {
        Self::Issue(error.into())
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Issue(error.into())
    }
}

/// What happened in Vietnamese; what to do, in English and in Vietnamese.
type Sentences = (&'static str, &'static str, &'static str);

const SURPLUS_ONLY: Sentences = (
    "Số phôi đếm được khác với danh sách",
    "What is too much moved nothing. A blank that lies here and is on no list: keep it apart, and ask whoever sent it. A blank that the other station signed for and that was not on its way: `issuer stock reconcile` names it until one of the two has looked.",
    "Phôi thừa chưa được ghi gì. Phôi nằm ở đây mà không có trong danh sách: để riêng và hỏi nơi gửi. Phôi mà trạm kia ký nhận trong khi không còn trên đường chuyển: `issuer stock reconcile` nêu tên cho đến khi một bên làm rõ.",
);

const FORBIDDEN_BY_STATE: Sentences = (
    "Trạng thái phôi không cho phép",
    "The message names the state that the blank is in; `issuer stock show` tells how it came to it.",
    "Thông báo nêu trạng thái của phôi; xem vì sao bằng `issuer stock show`.",
);

const NOTED_WITHOUT_FILE: Sentences = (
    "Kho đã ghi sổ, nhưng không ghi được danh sách hoặc biên nhận đã ký",
    "The blanks are noted as sent or accepted: do not send or count them again. The signed list or receipt is kept in the ledger: \
     give it out with `issuer stock paper` into a file that can be written and is not there yet, or take it from the desk's page of the stock.",
    "Phôi đã ghi là đã gửi hoặc đã nhận: không gửi, không đếm lại. Danh sách hoặc biên nhận đã ký vẫn nằm trong sổ: lấy lại bằng \
     `issuer stock paper` vào một tệp ghi được và chưa có, hoặc tải ở trang Kho phôi.",
);

impl Failure {
    /// Where the words of its code would not be true of this very failure.
    fn own_words(&self) -> Option<Sentences> {
        match self {
            Self::CountDiffers(0, _) => Some(SURPLUS_ONLY),
            Self::Stock(StockError::Step { problem, .. })
            | Self::Issue(IssueError::Stock(StockError::Step { problem, .. }))
                if !is_in_work(problem) =>
            {
                Some(FORBIDDEN_BY_STATE)
            }
            Self::NotedWithoutFile(_) => Some(NOTED_WITHOUT_FILE),
            _ => None,
        }
    }

    fn words(&self) -> Option<Sentences> {
        self.own_words().or_else(|| of_failure(self.code()))
    }

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Application(ApplicationError::Read { .. }) => "application-unreadable",
            Self::Application(ApplicationError::TooLong { what: "portrait", .. }) => "portrait-too-large",
            Self::Application(_) => "application-malformed",
            Self::Issue(error) => error.code(),
            Self::Face(FaceError::DoesNotFit(_)) => "text-does-not-fit",
            Self::Face(FaceError::NoFont) => "no-font",
            Self::Face(_) => "face-not-drawable",
            Self::Output(error) | Self::IssuedWithoutFiles(error) if error.is_disk_full() => "disk-full",
            Self::Output(error) if error.is_there() => "file-exists",
            Self::Output(_) => "output-unwritable",
            Self::IssuedWithoutFiles(_) => "issued-without-files",
            Self::NotedWithoutFile(_) => "noted-without-file",
            Self::Reader(error) => error.code(),
            Self::Keys(error) => error.code(),
            Self::Passphrase(_) => "no-passphrase",
            Self::Pin(_) => "no-pin",
            Self::RegisterAddress(_) => "register-address",
            Self::NoToken => "register-token",
            Self::NoChipSerial => "no-chip-serial",
            Self::NoVirtualJmrtd => "no-virtual-jmrtd",
            Self::Number => "not-a-number",
            Self::NoCardInUse => "no-card-in-use",
            Self::UnknownPerson => "unknown-person",
            Self::VirtualChip(_) => "virtual-chip",
            Self::ChipNotInLedger(_) => "chip-not-in-ledger",
            Self::RetakePortrait => "portrait-retake",
            Self::RetakePrints => "prints-retake",
            Self::Device(error) => error.code(),
            Self::Sealed(error) => error.code(),
            Self::FaceModel(_) => "face-model",
            Self::Signal(_) => "signal",
            Self::Account(error) => error.code(),
            Self::NoOfficer => "no-officer",
            Self::NoSessionFile => "no-session-file",
            Self::SecretFile(_) => "password-unreadable",
            Self::NoLedger(_) => "no-ledger",
            Self::Holidays(_) => "holidays-unreadable",
            Self::ApplicationNotOpen => "application-not-open",
            Self::IssuedBefore(_) => "issued-already",
            Self::Audit(error) => error.code(),
            Self::KeyFile(_) | Self::StationKey(_) => "station-key",
            Self::Heads(_) => "heads-unreadable",
            Self::NotLoopback => "not-loopback",
            Self::Listen(_) => "listen",
            Self::NothingLogged => "nothing-logged",
            Self::Paper(PaperError::NotNow(..)) => "no-such-paper",
            Self::Paper(PaperError::Draw(FormError::NoFont)) => "no-font",
            Self::Paper(_) => "face-not-drawable",
            Self::NoStation => "no-station",
            Self::Stock(error) => error.code(),
            Self::StockFile(_) => "file-unreadable",
            Self::StockDiffers(_) => "stock-differs",
            Self::CountDiffers(..) => "count-differs",
            Self::TooManyReaders => "too-many-readers",
            Self::NoRegisterKey => "no-register-key",
            Self::QueueStands => "queue-stands",
            Self::ReaderStands(_) => "reader-stands",
            Self::BatchNotDone(_) => "batch-not-done",
        }
    }

    /// 1 refused by a rule, 2 usage, 3 could not.
    pub(crate) fn exit(&self) -> u8 {
        match self {
            Self::Issue(error) if error.is_refusal() => 1,
            Self::Issue(IssueError::Register(RegisterError::UnknownCard)) => 1,
            Self::Account(AccountError::Store(_)) => 3,
            Self::Account(
                AccountError::BadName
                | AccountError::BadRoles
                | AccountError::Password(_)
                | AccountError::ReasonMissing,
            )
            | Self::NoOfficer
            | Self::Sealed(SealedError::Key(_))
            | Self::Device(DeviceError::Reasons(_))
            | Self::NoStation
            | Self::NotLoopback
            | Self::NoSessionFile => 2,
            Self::Audit(AuditProblem::Store(_)) => 3,
            Self::Stock(StockError::List { .. } | StockError::Empty | StockError::TooLong(_)) => 2,
            Self::Stock(error) if error.is_refusal() => 1,
            Self::Output(error) if error.is_there() => 1,
            Self::StockDiffers(_)
            | Self::CountDiffers(..)
            | Self::QueueStands
            | Self::ReaderStands(_)
            | Self::BatchNotDone(_) => 1,
            Self::TooManyReaders | Self::NoRegisterKey => 2,
            Self::Paper(PaperError::NotNow(..)) => 1,
            Self::Account(_)
            | Self::ApplicationNotOpen
            | Self::IssuedBefore(_)
            | Self::Audit(_)
            | Self::NothingLogged => 1,
            Self::NoCardInUse
            | Self::UnknownPerson
            | Self::ChipNotInLedger(_)
            | Self::RetakePortrait
            | Self::RetakePrints
            | Self::Device(DeviceError::Capture(_))
            | Self::Sealed(SealedError::OtherIdentity | SealedError::Damaged)
            | Self::Application(ApplicationError::TooLong { what: "portrait", .. })
            | Self::Face(FaceError::DoesNotFit(_)) => 1,
            Self::Keys(
                StoreError::SoftwareInProduction
                | StoreError::CountTurnedBack { .. }
                | StoreError::CountDamaged(_)
                | StoreError::CrlLost(_)
                | StoreError::ClockBehind { .. }
                | StoreError::Token(TokenError::NotHardware { .. } | TokenError::LastTry { .. }),
            ) => 1,
            Self::Keys(StoreError::InToken(_) | StoreError::NotInToken) => 2,
            Self::Application(ApplicationError::Read { .. }) => 3,
            Self::Application(_)
            | Self::RegisterAddress(_)
            | Self::NoToken
            | Self::NoChipSerial
            | Self::NoVirtualJmrtd
            | Self::Number => 2,
            _ => 3,
        }
    }

    /// The result that was printed says it already: nothing more belongs on standard output.
    pub(crate) fn was_told(&self) -> bool {
        matches!(self, Self::RetakePortrait | Self::RetakePrints | Self::CountDiffers(..))
    }

    /// What happened, in one sentence.
    pub(crate) fn sentence(&self, language: Language) -> String {
        match language {
            Language::En => capital(&self.to_string()),
            Language::Vi if let Self::Issue(IssueError::PortraitQuality(seen)) = self => {
                let remarks: Vec<&str> = seen.retakes().map(|remark| remark.vietnamese.as_str()).collect();
                format!("Ảnh phải chụp lại: {}", remarks.join(" "))
            }
            Language::Vi => self.words().map_or_else(
                || match (self.of_reader(), of_token(self.code())) {
                    (Some((what, _)), _) => capital(&what),
                    (None, Some((what, _))) => format!("{} ({self})", capital(what)),
                    (None, None) => format!("Không thực hiện được ({self})"),
                },
                |(vietnamese, ..)| {
                    if needs_detail(self.code()) {
                        format!("{vietnamese} ({})", self.detail())
                    } else {
                        vietnamese.to_owned()
                    }
                },
            ),
        }
    }

    /// Which blank, which file: in Vietnamese where there are such words.
    fn detail(&self) -> String {
        let told = match self {
            Self::Stock(error) | Self::Issue(IssueError::Stock(error)) => error.vietnamese(),
            _ => None,
        };
        told.unwrap_or_else(|| self.to_string())
    }

    /// What to do, in one sentence.
    pub(crate) fn hint(&self, language: Language) -> String {
        let own = || match self {
            Self::Reader(error) => error.hint(),
            Self::Keys(error) => error.hint().to_owned(),
            Self::Issue(IssueError::Chip(DriverError::Token(error))) => error.hint().to_owned(),
            Self::Pin(_) => {
                "Give the file with --pin-file or CCCD_KEYS_PIN_FILE; - is standard input.".to_owned()
            }
            _ => "Look at the message above, correct the cause and run the command again.".to_owned(),
        };
        match (self.words(), language) {
            (Some((_, _, hint)), Language::Vi) => hint.to_owned(),
            (Some((_, hint, _)), Language::En) => hint.to_owned(),
            (None, Language::Vi) => match (self.of_reader(), of_token(self.code())) {
                (Some((_, hint)), _) | (None, Some((_, hint))) => capital(hint),
                (None, None) => own(),
            },
            (None, Language::En) => own(),
        }
    }

    fn of_reader(&self) -> Option<(String, &'static str)> {
        match self {
            Self::Reader(error) => error.vietnamese(),
            _ => None,
        }
    }
}

/// `issuer spoil` gives up a chip that is in work, and no other.
fn is_in_work(problem: &InvalidBlankStep) -> bool {
    problem.from == BlankState::Assigned
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stops_at_the_reader_is_told_in_the_language_asked_for() {
        let failure = Failure::Reader(ReaderError::NoService);
        assert_eq!(failure.sentence(Language::Vi), "Dịch vụ PC/SC không trả lời");
        assert!(failure.hint(Language::Vi).starts_with("Khởi động bằng `systemctl start pcscd`"));
        assert_eq!(failure.sentence(Language::En), "The PC/SC service does not answer");
        assert!(failure.hint(Language::En).starts_with("Start it"));
    }

    #[test]
    fn a_surplus_is_no_blank_to_look_for() {
        for language in [Language::En, Language::Vi] {
            let (surplus, missing) = (Failure::CountDiffers(0, 2), Failure::CountDiffers(1, 2));
            assert_eq!((surplus.code(), surplus.exit()), (missing.code(), missing.exit()));
            assert!(!surplus.hint(language).contains("stock lose"));
            assert!(missing.hint(language).contains("stock lose"));
        }
        // At the receiver and at the sender, whose blank was not on its way, another thing is to be done.
        let hint = Failure::CountDiffers(0, 2).hint(Language::En);
        assert!(hint.contains("keep it apart") && hint.contains("stock reconcile"), "{hint}");
    }

    #[test]
    fn only_a_chip_in_work_is_given_up() {
        use cccd_issuer::stock::BlankStep;
        use cccd_keys::transport_keys::ChipSerial;
        for from in BlankState::ALL {
            let problem = InvalidBlankStep { from, step: BlankStep::Send };
            let error = StockError::Step { serial: ChipSerial([7; 10]), problem };
            let failure = Failure::from(error);
            assert!(failure.to_string().contains(from.as_str()), "{failure}");
            for language in [Language::En, Language::Vi] {
                let hint = failure.hint(language);
                assert!(hint.contains("`issuer stock show`"), "{hint}");
                assert_eq!(hint.contains("`issuer spoil`"), from == BlankState::Assigned, "{hint}");
            }
        }
    }

    #[test]
    fn what_the_stock_refuses_is_told_in_vietnamese_to_the_last_word() {
        let failure = Failure::from(StockError::List { line: 3 });
        let told = failure.sentence(Language::Vi);
        assert!(told.contains("dòng 3") && !told.contains("line"), "{told}");
    }

    #[test]
    fn a_paper_that_could_not_be_written_takes_nothing_back() {
        let source = std::io::Error::from(std::io::ErrorKind::StorageFull);
        let failure = Failure::NotedWithoutFile(OutputError { path: "list.json".into(), source });
        assert_eq!((failure.code(), failure.exit()), ("noted-without-file", 3));
        for language in [Language::En, Language::Vi] {
            let told = format!("{} {}", failure.sentence(language), failure.hint(language));
            assert!(told.contains("`issuer stock paper`") && told.contains("list.json"), "{told}");
            assert!(
                !told.contains("no chip was touched") && !told.contains("Không thực hiện được"),
                "{told}"
            );
        }
        let there = Failure::Output(OutputError::taken("papers/list.json".as_ref()));
        assert_eq!((there.code(), there.exit()), ("file-exists", 1));
        for language in [Language::En, Language::Vi] {
            assert!(there.sentence(language).contains("list.json"), "{}", there.sentence(language));
        }
    }
}
