//! `number`: personal numbers, given once a request.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_card_profile::card_holder::Sex;
use cccd_population::numbers::{AllocationError, Allocator, Prefix, RequestId};
use cccd_population::store::SqlStore;
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::json;

use super::failure::Failure;
use super::lines::{self, Line};
use super::{Db, Setting};

/// The longest request, in octets.
const MAX_LINE: usize = 4 * 1024;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  population number --db sqlite:register.db --request 00070.2026.KS.12 --place 001 --sex male --year 2026
  population number --db sqlite:register.db --requests requests.jsonl

A file of requests is one JSON object a line:
  {\"request\":\"00070.2026.KS.12\",\"place\":\"001\",\"sex\":\"male\",\"year\":2026}
`place` is the code of TT 07/2016 for where the birth was registered: a province, or a country. An act of birth gets its
number by itself (`population act`).")]
pub(super) struct Number {
    #[command(flatten)]
    db: Db,
    /// What asks: the act of birth, the row of a file
    #[arg(long, requires_all = ["place", "sex", "year"], required_unless_present = "requests")]
    request: Option<String>,
    /// Where the birth was registered, three digits
    #[arg(long)]
    place: Option<String>,
    #[arg(long, value_enum)]
    sex: Option<SexWord>,
    /// Year of birth
    #[arg(long)]
    year: Option<i16>,
    /// Requests, one a line; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "request")]
    requests: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SexWord {
    Male,
    Female,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    request: String,
    place: String,
    sex: SexWord,
    year: i16,
}

impl Number {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let mut store = self.db.open()?;
        let mut allocator = self.db.allocator(setting, &store)?;
        let mut refused = false;
        let mut give = |line: Option<u64>, request: &Request| -> anyhow::Result<()> {
            refused |= !given(&mut store, &mut allocator, request, line, setting)?;
            Ok(())
        };
        if let (Some(request), Some(place), Some(sex), Some(year)) =
            (self.request, self.place, self.sex, self.year)
        {
            give(None, &Request { request, place, sex, year })?;
        } else if let Some(path) = self.requests {
            let name = path.display().to_string();
            let mut reader: Box<dyn BufRead> = if path.as_os_str() == "-" {
                Box::new(BufReader::new(std::io::stdin()))
            } else {
                Box::new(BufReader::new(File::open(&path).with_context(|| name.clone())?))
            };
            for line in 1_u64.. {
                let read = lines::next(&mut reader, MAX_LINE).with_context(|| name.clone())?;
                let Some(read) = read else { break };
                let text = if let Line::Text(text) = read { text } else { "?".to_owned() };
                if text.trim().is_empty() {
                    continue;
                }
                let request = serde_json::from_str(&text).map_err(|_| {
                    Failure::usage(
                        "not-a-request",
                        format!("{name}: {} {line}", setting.say("dòng không phải yêu cầu cấp số:", "no request in line")),
                        setting.say(
                            "Mỗi dòng một đối tượng JSON: request, place, sex, year. Các dòng trước đã được trả lời.",
                            "One JSON object a line: request, place, sex, year. The lines before are answered.",
                        ),
                    )
                })?;
                give(Some(line), &request)?;
            }
        }
        Ok(if refused { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }
}

/// Tells the answer once it is kept. `false`: none was given, and why is told.
fn given(
    store: &mut SqlStore,
    allocator: &mut Allocator,
    request: &Request,
    line: Option<u64>,
    setting: &Setting,
) -> anyhow::Result<bool> {
    let sex = match request.sex {
        SexWord::Male => Sex::Male,
        SexWord::Female => Sex::Female,
    };
    let place = Some(&request.place).filter(|place| place.len() == 3).and_then(|place| place.parse().ok());
    // Nobody is born in a year to come; every number that is given is gone.
    let year = if request.year > setting.today().year() { i16::MAX } else { request.year };
    let prefix = Prefix::new(place.unwrap_or(u16::MAX), sex, year);
    let done = match (RequestId::new(&request.request), prefix) {
        (Some(id), Ok(prefix)) => match allocator.allocate(store, prefix, &id) {
            Ok(number) => Ok(number),
            Err(AllocationError::Store(error)) => return Err(error.into()),
            Err(AllocationError::Exhausted(_)) => Err((
                "exhausted",
                setting.say(
                    "đã cấp hết số có sáu chữ số đầu này",
                    "all numbers with these six digits are given",
                ),
            )),
            Err(_) => Err((
                "other-facts",
                setting.say(
                    "yêu cầu này đã được trả lời cho thông tin khác",
                    "this request was answered for other facts",
                ),
            )),
        },
        (None, _) => Err((
            "request",
            setting.say(
                "mã yêu cầu: 1–128 ký tự ASCII nhìn thấy được",
                "a request is 1 to 128 visible ASCII characters",
            ),
        )),
        (_, Err(_)) => Err((
            "facts",
            setting.say(
                "nơi đăng ký (3 chữ số), giới tính hoặc năm sinh không có trong cấu trúc số định danh, hoặc năm chưa đến",
                "place (3 digits), sex or year have no place in a personal number, or the year is to come",
            ),
        )),
    };
    let (number, why) = match &done {
        Ok(number) => (Some(number.as_str()), None),
        Err(why) => (None, Some(*why)),
    };
    let code = why.map(|(code, _)| code);
    let json = json!({"line": line, "request": request.request, "number": number, "reason": code});
    setting.answer(&json, || match (number, why) {
        (Some(number), _) => format!("{} · {number}", request.request),
        (_, Some((_, words))) => {
            format!("{} · {} · {words}", request.request, setting.say("từ chối", "refused"))
        }
        _ => String::new(),
    })?;
    Ok(number.is_some())
}
