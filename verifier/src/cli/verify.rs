//! `verifier verify`: a card, or evidence, is judged.

use std::path::Path;
use std::time::Duration;

use cccd_keys::trust::TrustStore;
use cccd_verifier::evidence::{EvidenceFile, Provenance};
use cccd_verifier::inspection::InspectionOptions;
use cccd_verifier::register::RegisterReport;
use cccd_verifier::register::http::HttpRegister;
use cccd_verifier::register::status_list::StatusList;
use cccd_verifier::report::{to_json, to_text};
use cccd_verifier::{Case, Judgement, Policy, Presented, judge};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::args::{VerifyArguments, YesNo};
use super::card::{Printed, inspect};
use super::evidence_store::{check_writable, open, read_bounded};
use super::{Failure, Output, batch, generator, now, portrait};

/// How long the register may take for one answer.
const REGISTER_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest list of card statuses: that of a nation's cards of three generations.
const MAX_STATUS_LIST: usize = 1024 * 1024 * 1024;

pub(super) fn run(arguments: &VerifyArguments, at: Timestamp, output: Output) -> Result<u8, Failure> {
    let trust = load_trust(&arguments.trust, output)?;
    let token =
        arguments.register.as_ref().and(arguments.token_file.as_deref()).map(read_token).transpose()?;
    if let Some(url) = &arguments.register {
        check_register_address(url)?;
    }
    if let Some(path) = &arguments.portrait {
        check_writable(path)?;
    }
    let printed = Printed::of(&arguments.card)?;
    if let Some(path) = arguments.evidence.as_deref().filter(|path| batch::is_many(path)) {
        return many(path, arguments, &trust, at, output);
    }
    let (evidence, provenance) = match &arguments.evidence {
        Some(path) => EvidenceFile::open(&open(path, arguments.identity.as_deref())?, &trust)?,
        None => {
            let options = InspectionOptions::new(at);
            (inspect(&arguments.card, &printed, options, output)?, Provenance::Live)
        }
    };
    let policy = policy_of(arguments);
    let register = match (&arguments.register, token) {
        (Some(url), Some(token)) => {
            let mut rng = generator();
            let mut register =
                HttpRegister::new(url, token, REGISTER_TIMEOUT, &trust, &policy, &now, &mut rng);
            RegisterReport::ask(&mut register, &evidence)
        }
        _ => match &arguments.status_list {
            Some(path) => RegisterReport::by_list(
                &StatusList::believe(&read_bounded(path, MAX_STATUS_LIST)?, &trust),
                &evidence,
                at,
            ),
            None => RegisterReport::not_asked(),
        },
    };
    let mut presented =
        Presented::nothing().with_holder(arguments.holder_compared.map(|seen| seen == YesNo::Yes));
    if let Some(mrz) = printed.mrz {
        presented = presented.with_mrz(mrz);
    }
    if let Some(qr) = &printed.qr {
        presented = presented.with_qr(qr);
    }
    let judgement = judge(&Case {
        evidence: &evidence,
        provenance: &provenance,
        issued_nonce: arguments.challenge.as_ref().map(|nonce| nonce.0.as_slice()),
        trust: &trust,
        at,
        presented: &presented,
        register: &register,
        policy: &policy,
    });
    if let Some(path) = &arguments.portrait {
        portrait::save(&evidence, path, output)?;
    }
    Ok(tell(&judgement, output))
}

fn policy_of(arguments: &VerifyArguments) -> Policy {
    let policy = arguments.policy.policy();
    if arguments.require_register {
        return policy.requiring_register();
    }
    policy
}

/// Evidence of many cards. What belongs to one card, or is asked of the register for one, has no place here.
fn many(
    path: &Path,
    arguments: &VerifyArguments,
    trust: &TrustStore,
    at: Timestamp,
    output: Output,
) -> Result<u8, Failure> {
    let of_one = arguments.register.is_some()
        || arguments.status_list.is_some()
        || arguments.challenge.is_some()
        || arguments.portrait.is_some()
        || arguments.holder_compared.is_some()
        || arguments.card.mrz.is_some()
        || arguments.card.qr.is_some();
    if of_one {
        return Err(Failure::usage(
            "option-of-one-card",
            [
                "--register, --status-list, --challenge, --portrait, --holder-compared, --mrz và --qr là của một thẻ",
                "--register, --status-list, --challenge, --portrait, --holder-compared, --mrz and --qr are of one card",
            ],
            ["bỏ chúng, hoặc đưa một tệp", "leave them out, or name one file"],
        ));
    }
    let opened = |path: &Path| Ok(EvidenceFile::open(&open(path, arguments.identity.as_deref())?, trust)?);
    batch::run(path, trust, &policy_of(arguments), at, output, &opened)
}

/// The register's interface is plain HTTP on loopback: token and person must not travel in clear.
fn check_register_address(url: &str) -> Result<(), Failure> {
    let authority = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => authority.split(':').next(),
    };
    match host {
        Some("127.0.0.1" | "localhost" | "::1") => Ok(()),
        _ => Err(Failure::usage(
            "register-address",
            [
                "địa chỉ cơ sở dữ liệu không phải http:// trên máy này",
                "the register's address is not http:// on this machine",
            ],
            [
                "dùng --register http://127.0.0.1:CỔNG; nếu ở máy khác, đi qua đường hầm được mã hóa",
                "use --register http://127.0.0.1:PORT; to reach another machine go through an encrypted tunnel",
            ],
        )),
    }
}

/// Prints the judgement and gives its exit code.
pub(super) fn tell(judgement: &Judgement, output: Output) -> u8 {
    output.print(&to_json(judgement, output.lang), &to_text(judgement, output.lang));
    judgement.verdict.decision.exit_code()
}

/// Loads a trust directory; what cannot be used in it is said, and the rest used.
pub(super) fn load_trust(directory: &Path, output: Output) -> Result<TrustStore, Failure> {
    let trust = TrustStore::load(directory).map_err(|error| {
        Failure::bad_file(
            "trust-unreadable",
            directory,
            ["không đọc được thư mục tin cậy", &error.to_string()],
            [
                "tạo bằng `verifier trust import … --into DIR`",
                "make it with `verifier trust import … --into DIR`",
            ],
        )
    })?;
    for problem in trust.problems() {
        let label = output.text("bỏ qua", "ignored");
        eprintln!("{label}: {}: {}", problem.file, problem.problem);
    }
    Ok(trust)
}

/// The token of the role `verifier`, or the only line of the file.
fn read_token(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let bytes = read_bounded(path, 64 * 1024)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    let lines: Vec<&str> =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let of_role = |role: &str| {
        lines.iter().find_map(|line| {
            line.split_once(':').filter(|(name, _)| name.trim() == role).map(|(_, t)| t.trim())
        })
    };
    let alone = || lines.first().copied().filter(|line| lines.len() == 1 && !line.contains(':'));
    of_role("verifier")
        .or_else(alone)
        .or_else(|| of_role("issuer"))
        .map(|token| Zeroizing::new(token.to_owned()))
        .ok_or_else(|| {
            Failure::bad_file(
                "no-token",
                path,
                ["không có mã truy cập của vai trò verifier", "no token of the role verifier in it"],
                ["xin mã từ nơi giữ cơ sở dữ liệu", "ask the keeper of the register for one"],
            )
        })
}
