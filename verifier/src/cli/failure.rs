//! What could not be done: one sentence what happened, one what to do.

use cccd_reader::ReaderError;
use cccd_verifier::evidence::EvidenceError;
use cccd_verifier::inspection::ReadError;
use cccd_verifier::report::Lang;
use std::path::Path;

/// Why the program ends without its result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A mistake in what was typed (exit 2).
    Usage {
        /// Stable code.
        code: &'static str,
        /// Vietnamese and English.
        what: [String; 2],
        /// Vietnamese and English.
        hint: [&'static str; 2],
    },
    /// A file that was judged and is refused (exit 1).
    Refused {
        /// Stable code.
        code: &'static str,
        /// Vietnamese and English.
        what: [String; 2],
        /// Vietnamese and English.
        hint: [&'static str; 2],
    },
    /// The reader.
    Reader(ReaderError),
    /// The card.
    Card(ReadError),
    /// A file.
    File {
        /// Stable code.
        code: &'static str,
        /// Vietnamese and English.
        what: [String; 2],
        /// Vietnamese and English.
        hint: [&'static str; 2],
    },
}

impl Failure {
    /// A mistake in what was typed.
    pub(crate) fn usage(code: &'static str, what: [&str; 2], hint: [&'static str; 2]) -> Self {
        Self::Usage { code, what: what.map(str::to_owned), hint }
    }

    /// A file that cannot be read.
    pub(crate) fn cannot_read(path: &Path, error: &std::io::Error) -> Self {
        let path = path.display();
        Self::File {
            code: "file-unreadable",
            what: [format!("không đọc được {path} ({error})"), format!("{path} cannot be read ({error})")],
            hint: ["kiểm tra đường dẫn và quyền đọc", "check the path and the right to read it"],
        }
    }

    /// A file that cannot be written.
    pub(crate) fn cannot_write(path: &Path, error: &std::io::Error) -> Self {
        let path = path.display();
        Self::File {
            code: "file-unwritable",
            what: [format!("không ghi được {path} ({error})"), format!("{path} cannot be written ({error})")],
            hint: [
                "kiểm tra đường dẫn, quyền ghi và dung lượng đĩa",
                "check the path, the right to write and the room on the disk",
            ],
        }
    }

    /// A file that is not what it should be.
    pub(crate) fn bad_file(
        code: &'static str,
        path: &Path,
        problem: [&str; 2],
        hint: [&'static str; 2],
    ) -> Self {
        let path = path.display();
        let [vi, en] = problem;
        Self::File { code, what: [format!("{path}: {vi}"), format!("{path}: {en}")], hint }
    }

    /// Stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Usage { code, .. } | Self::Refused { code, .. } | Self::File { code, .. } => code,
            Self::Reader(error) => error.code(),
            Self::Card(error) => error.code(),
        }
    }

    /// 1 for what is refused, 2 for what was typed, 3 for everything else.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { .. } => 1,
            Self::Usage { .. } => 2,
            _ => 3,
        }
    }

    /// What happened and what to do.
    pub(crate) fn words(&self, lang: Lang) -> (String, String) {
        let pick = |words: &[String; 2]| words[usize::from(lang == Lang::En)].clone();
        match self {
            Self::Usage { what, hint, .. }
            | Self::Refused { what, hint, .. }
            | Self::File { what, hint, .. } => (pick(what), hint[usize::from(lang == Lang::En)].to_owned()),
            Self::Reader(error) => match (lang, error.vietnamese()) {
                (Lang::Vi, Some((what, hint))) => (what, hint.to_owned()),
                _ => (error.to_string(), error.hint()),
            },
            Self::Card(error) => match lang {
                Lang::Vi => {
                    let (what, hint) = card_in_vietnamese(error);
                    (what, hint.to_owned())
                }
                Lang::En => (error.to_string(), error.hint().to_owned()),
            },
        }
    }
}

fn card_in_vietnamese(error: &ReadError) -> (String, &'static str) {
    let (what, hint) = match error {
        ReadError::Link(_) => ("mất liên lạc với thẻ", "đặt thẻ nằm phẳng trên đầu đọc, để yên và làm lại"),
        ReadError::WrongPassword => (
            "chip không nhận mật khẩu: của thẻ khác, hoặc gõ nhầm",
            "kiểm tra sáu số cuối của số định danh, hoặc các dòng MRZ ở mặt sau",
        ),
        ReadError::WrongPin { left: 0 } => (
            "chip không nhận PIN; đó là lần thử cuối, PIN đã bị khoá",
            "thêm --puk cạnh --pin đúng để mở khoá PIN",
        ),
        ReadError::WrongPin { left } => {
            let hint = if *left == 1 {
                "chắc chắn về PIN rồi thêm --can: chip chỉ nhận lần thử cuối sau CAN"
            } else {
                "hỏi lại chủ thẻ; mỗi PIN sai mất một lần thử"
            };
            return (format!("chip không nhận PIN; còn {left} lần thử"), hint);
        }
        ReadError::PinSuspended => (
            "PIN chỉ còn một lần thử, chip đòi CAN trước",
            "chắc chắn về PIN rồi thêm --can; đây là lần thử cuối",
        ),
        ReadError::PinBlocked => ("PIN đã bị khoá", "thêm --puk để mở khoá PIN"),
        ReadError::WrongCan => (
            "chip không nhận CAN đưa cùng PIN; PIN chưa bị thử",
            "kiểm tra CAN: trên thẻ căn cước là sáu số cuối của số định danh",
        ),
        ReadError::WrongPuk => {
            ("chip không nhận PUK; PIN vẫn bị khoá", "gõ lại đúng PUK mà nơi cấp đã đưa; PIN chưa bị thử")
        }
        ReadError::PukNotOffered => (
            "PIN đã bị khoá và chip không mở khoá PIN bằng PUK",
            "nhờ nơi cấp thẻ đặt lại PIN; bỏ --pin thì --can mở được chip",
        ),
        ReadError::NoPin => ("chip không có PIN để mở", "bỏ --pin và đưa --can: thẻ căn cước không có PIN"),
        ReadError::PasswordNeeded { .. } => ("chip chỉ mở bằng MRZ", "đưa tệp MRZ bằng --mrz, bỏ --pin"),
        ReadError::OtherCard => {
            ("đây không phải thẻ đang đọc dở", "đặt lại đúng thẻ ban đầu, hoặc làm lại từ đầu với thẻ này")
        }
        ReadError::NoApplication => ("chip không có giấy tờ điện tử", "dùng thẻ căn cước đã cá thể hóa chip"),
        _ => (
            "chip không hoàn thành giao thức mở",
            "nhấc thẻ ra, đặt lại và làm lại; nếu vẫn vậy, chip có thể hỏng",
        ),
    };
    (what.to_owned(), hint)
}

impl From<ReaderError> for Failure {
    fn from(error: ReaderError) -> Self {
        Self::Reader(error)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Card(error)
    }
}

impl From<EvidenceError> for Failure {
    fn from(error: EvidenceError) -> Self {
        Self::File {
            code: error.code(),
            what: [format!("bằng chứng không dùng được ({error})"), error.to_string()],
            hint: ["đọc thẻ lại", "read the card again"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_tell_the_tries_and_the_way_out() {
        let failure = |left| Failure::Card(ReadError::WrongPin { left });
        for (left, tries, way) in [
            (2, ["2 lần", "2 tries"], "PIN"),
            (1, ["1 lần", "one try"], "--can"),
            (0, ["khoá", "blocked"], "--puk"),
        ] {
            for (lang, tries) in [Lang::Vi, Lang::En].into_iter().zip(tries) {
                let (what, hint) = failure(left).words(lang);
                assert!(what.contains(tries) && hint.contains(way), "{what}: {hint}");
            }
        }
    }
}
