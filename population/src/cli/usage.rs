//! Arguments that cannot be understood. Says which, never what stood there: it may be somebody's number.

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::failure::Failure;
use super::{Arguments, Language, Setting, vietnamese};

/// A value that an argument does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadValue {
    #[error("write a date or an RFC 3339 time")]
    Time,
    #[error("write sqlite:FILE or postgres://USER@HOST/DATABASE")]
    Db,
    #[error("write active, held, lost, revoked, replaced, expired or destroyed")]
    Status,
    #[error("write defence or public-security")]
    Keeper,
    #[error("write FIELD=VALUE")]
    Field,
    #[error("write ITEM=N, as in full_name=1")]
    Claim,
    #[error("write SERIAL=NUMBER: the 16 digits printed on the form, and a personal number")]
    Gift,
}

impl BadValue {
    pub(super) fn vietnamese(self) -> &'static str {
        match self {
            Self::Time => "viết một ngày hoặc thời điểm theo RFC 3339",
            Self::Db => "viết sqlite:TỆP hoặc postgres://NGƯỜI_DÙNG@MÁY/CƠ_SỞ",
            Self::Status => "viết active, held, lost, revoked, replaced, expired hoặc destroyed",
            Self::Keeper => "viết defence hoặc public-security",
            Self::Field => "viết MỤC=GIÁ_TRỊ",
            Self::Claim => "viết MỤC=SỐ, như full_name=1",
            Self::Gift => "viết SỐ_TỜ=SỐ_ĐỊNH_DANH: 16 ký tự in trên phiếu, và số định danh",
        }
    }
}

/// The setting as far as it can be seen in arguments that could not be parsed.
pub(super) fn setting(arguments: &[String]) -> Setting {
    let english = arguments.windows(2).any(|pair| pair == ["--lang", "en"])
        || arguments.iter().any(|argument| argument == "--lang=en");
    let lang = if english { Language::En } else { Language::Vi };
    Setting { json: arguments.iter().any(|argument| argument == "--json"), lang, at: None }
}

pub(super) fn failure(error: &clap::Error, arguments: &[String], setting: &Setting) -> Failure {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(list)) => Some(list.join(", ")),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).unwrap_or_default();
    let reason = std::error::Error::source(error).map(|source| match setting.lang {
        Language::Vi => vietnamese::sentence(source).unwrap_or_else(|| "không đúng dạng".to_owned()),
        Language::En => reason(source),
    });
    let reason = reason.or_else(|| {
        let choice = text(ContextKind::ValidValue).filter(|choice| !choice.is_empty())?;
        Some(format!("{} {choice}", setting.say("chọn một trong:", "choose one of:")))
    });
    let mut message = match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            // Either is enough, and only the first is told as missing.
            let or = setting.say("hoặc", "or");
            let argument =
                argument.replace("--case <REF>", &format!("--case <REF> {or} --break-glass <REASON>"));
            format!("{} {argument}", setting.say("Thiếu", "Missing:"))
        }
        ErrorKind::UnknownArgument => {
            // An unknown option is named; a stray word may be anything.
            let named =
                if argument.starts_with('-') { argument.split('=').next().unwrap_or_default() } else { "" };
            let words = setting.say("Có đối số không dùng được", "There is an argument that is not known");
            format!("{words} {named}").trim_end().to_owned()
        }
        ErrorKind::InvalidSubcommand => {
            setting.say("Không có lệnh này", "There is no such command").to_owned()
        }
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg).unwrap_or_default();
            match setting.lang {
                Language::Vi => format!("Không dùng {argument} cùng với {other}"),
                Language::En => format!("{argument} cannot be used with {other}"),
            }
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation if !argument.is_empty() => match setting.lang {
            Language::Vi => format!("Giá trị của {argument} không dùng được"),
            Language::En => format!("The value of {argument} cannot be used"),
        },
        _ => setting.say("Không hiểu được lệnh", "The command cannot be understood").to_owned(),
    };
    if let Some(reason) = reason {
        message = format!("{message}: {reason}");
    }
    let commands = Arguments::command();
    let command = arguments.iter().find(|word| commands.find_subcommand(word.as_str()).is_some());
    let help =
        command.map_or("population --help".to_owned(), |command| format!("population {command} --help"));
    Failure::usage("usage", message, format!("{} `{help}`.", setting.say("Xem", "See")))
}

/// Our own reasons quote nothing; others might.
fn reason(source: &(dyn std::error::Error + 'static)) -> String {
    if vietnamese::sentence(source).is_some() {
        source.to_string()
    } else {
        "it is not of its form".to_owned()
    }
}
