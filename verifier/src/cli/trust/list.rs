//! `verifier trust list`: whom a directory believes, how fresh that is, and what grows old.

use std::collections::BTreeMap;
use std::path::Path;

use cccd_keys::certificate::Certificate;
use cccd_keys::public_key::PublicKey;
use cccd_keys::sunset::Sunset;
use cccd_keys::trust::{Age, TrustStore, ValidityStatus};
use cccd_verifier::report::printable;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::verify::load_trust;
use super::super::{Failure, Output};

/// Countries and authorities beyond this are counted and not listed for people; `--json` lists all.
const LISTED: usize = 20;

pub(super) fn run(directory: &Path, at: Timestamp, output: Output) -> Result<u8, Failure> {
    let trust = load_trust(directory, output)?;
    output.print(&to_json(&trust, at), &to_text(&trust, at, output));
    Ok(0)
}

fn validity(anchor: &Certificate, at: Timestamp) -> &'static str {
    match ValidityStatus::of(anchor, at) {
        ValidityStatus::Valid => "valid",
        ValidityStatus::NotYetValid => "not-yet-valid",
        ValidityStatus::Expired => "expired",
    }
}

fn to_json(trust: &TrustStore, at: Timestamp) -> Value {
    let anchors: Vec<_> = trust
        .anchors()
        .iter()
        .map(|anchor| {
            let crl = trust.crl_of(anchor, at);
            json!({
                "subject": anchor.subject().to_string(),
                "country": anchor.country(),
                "serial": anchor.serial_hex(),
                "sha256": hex::encode(anchor.fingerprint()),
                "not_before": anchor.not_before(),
                "not_after": anchor.not_after(),
                "validity": validity(anchor, at),
                "given": trust.is_given(anchor),
                "master_lists": trust.lists_with(anchor).map(|list| list.country.clone()).collect::<Vec<_>>(),
                "crl": crl.map_or("none", |(_, age)| age.code()),
                "crl_next_update": crl.and_then(|(list, _)| list.next_update()),
                "leniencies": anchor.leniencies().iter().map(|leniency| leniency.code()).collect::<Vec<_>>(),
            })
        })
        .collect();
    let lists: Vec<_> = trust
        .crls()
        .map(|(list, signer)| {
            json!({
                "issuer": list.issuer().to_string(),
                "this_update": list.this_update(),
                "next_update": list.next_update(),
                "age": Age::of_crl(list, at).code(),
                "limit": list.limit().map(cccd_keys::crl::Limit::code),
                "revoked": list.entries().len(),
                "signed_by": signer.map(|signer| signer.subject().to_string()),
            })
        })
        .collect();
    let master_lists: Vec<_> = trust
        .master_lists()
        .iter()
        .map(|list| {
            json!({
                "country": list.country,
                "signer": list.signer,
                "signed_at": list.signed_at,
                "age": Age::of_master_list(list.signed_at, at).code(),
                "certificates": list.certificates,
            })
        })
        .collect();
    let deviations: Vec<_> = trust
        .deviation_lists()
        .map(|(country, signed_at, count)| {
            json!({ "country": country, "signed_at": signed_at, "deviations": count })
        })
        .collect();
    let fingerprints =
        |keys: &[PublicKey]| -> Vec<String> { keys.iter().map(PublicKey::fingerprint).collect() };
    let problems: Vec<_> = trust
        .problems()
        .iter()
        .map(|problem| json!({ "file": problem.file, "problem": problem.problem }))
        .collect();
    json!({
        "at": at,
        "countries": countries(trust),
        "anchors": anchors,
        "links": trust.links().len(),
        "document_signers": trust.signer_counts(),
        "master_lists": master_lists,
        "crls": lists,
        "deviation_lists": deviations,
        "sunsets": sunsets(trust, at)
            .map(|(sunset, from, has_set)| json!({ "sunset": sunset.to_string(), "from": from, "has_set": has_set }))
            .collect::<Vec<_>>(),
        "register_keys": fingerprints(trust.register_keys()),
        "station_keys": fingerprints(trust.station_keys()),
        "problems": problems,
        "warnings": warnings(trust, at),
    })
}

/// From when on kinds of signatures show nothing: each with where it is written, and whether the day has come.
fn sunsets(trust: &TrustStore, at: Timestamp) -> impl Iterator<Item = (Sunset, &'static str, bool)> {
    let day = jiff::tz::offset(7).to_datetime(at).date();
    let built_in = Sunset::built_in().into_iter().map(|sunset| (sunset, "built-in"));
    let kept = trust.sunsets().iter().map(|sunset| (*sunset, "trust-directory"));
    built_in.chain(kept).map(move |(sunset, from)| (sunset, from, day >= sunset.from))
}

/// How many anchors each country has.
fn countries(trust: &TrustStore) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for anchor in trust.anchors() {
        *counts.entry(anchor.country().unwrap_or_default()).or_default() += 1;
    }
    counts
}

/// What is old or will be soon: code and whose.
fn warnings(trust: &TrustStore, at: Timestamp) -> Vec<Value> {
    let lists = trust.master_lists().iter().filter_map(|list| {
        let age = Age::of_master_list(list.signed_at, at);
        (age != Age::Fresh).then(|| {
            json!({ "code": format!("master-list-{}", age.code()), "detail": list.signer, "date": list.signed_at })
        })
    });
    let crls = trust.crls().filter_map(|(list, signer)| {
        let age = Age::of_crl(list, at);
        let code = if signer.is_none() {
            "crl-signed-by-nobody-trusted".to_owned()
        } else if let Some(limit) = list.limit() {
            limit.code().to_owned()
        } else if age == Age::Fresh {
            return None;
        } else {
            format!("crl-{}", age.code())
        };
        Some(json!({ "code": code, "detail": list.issuer().to_string(), "date": list.next_update() }))
    });
    lists.chain(crls).collect()
}

fn to_text(trust: &TrustStore, at: Timestamp, output: Output) -> String {
    let mut lines = Vec::new();
    let countries = countries(trust);
    if !trust.anchors().is_empty() {
        lines.push(format!(
            "{} CSCA, {} {}, {} {}",
            trust.anchors().len(),
            trust.links().len(),
            output.text("chứng thư nối", "links"),
            countries.len(),
            output.text("quốc gia", "countries")
        ));
        let named: Vec<String> =
            countries.iter().map(|(country, count)| format!("{country} {count}")).collect();
        lines.push(format!("  {}", named.join(", ")));
    }
    for anchor in trust.anchors().iter().take(LISTED) {
        let crl = trust.crl_of(anchor, at).map_or("none", |(_, age)| age.code());
        lines.push(format!(
            "CSCA {}  {} – {}  {}  CRL: {crl}",
            anchor.subject(),
            anchor.not_before(),
            anchor.not_after(),
            validity(anchor, at)
        ));
    }
    if trust.anchors().len() > LISTED {
        let more = trust.anchors().len() - LISTED;
        lines.push(format!("  … {more} {}", output.text("nữa; --json nêu tất cả", "more; --json lists all")));
    }
    for list in trust.master_lists() {
        let signed = list.signed_at.map(|at| at.to_string()).unwrap_or_default();
        let age = Age::of_master_list(list.signed_at, at).code();
        let name = output.text("danh sách chủ", "master list");
        lines.push(format!("{name}  {}  {signed}  {age}, {}", list.signer, list.certificates));
    }
    for (list, signer) in trust.crls() {
        let next = list.next_update().map(|next| next.to_string()).unwrap_or_default();
        let mark = if signer.is_some() {
            ""
        } else {
            output.text("  [không ai tin đã ký]", "  [signed by nobody trusted]")
        };
        let age = Age::of_crl(list, at).code();
        lines.push(format!("CRL  {}  {} – {next}  {age}{mark}", list.issuer(), list.this_update()));
    }
    let signers = trust.signer_counts();
    if !signers.is_empty() {
        let named: Vec<String> =
            signers.iter().map(|(country, count)| format!("{country} {count}")).collect();
        let name = output.text(
            "người ký giấy tờ, chưa tin ai chỉ vì có ở đây",
            "Document Signers, not believed for lying here",
        );
        lines.push(format!("{} {name}", signers.values().sum::<usize>()));
        lines.push(format!("  {}", named.join(", ")));
    }
    for (country, signed_at, count) in trust.deviation_lists() {
        let signed = signed_at.map(|at| at.to_string()).unwrap_or_default();
        let name = output.text("danh sách sai lệch", "deviation list");
        lines.push(format!("{name}  {}  {signed}  {count}", country.unwrap_or_default()));
    }
    for (name, keys) in [
        (output.text("khóa cơ sở dữ liệu", "register key"), trust.register_keys()),
        (output.text("khóa trạm đọc", "station key"), trust.station_keys()),
    ] {
        lines.extend(keys.iter().map(|key| format!("{name}  {}", key.fingerprint())));
    }
    let nobody = lines.is_empty();
    for (sunset, from, has_set) in sunsets(trust, at) {
        let name = output.text("thuật toán hết hạn từ", "algorithm sunset");
        let from = match from {
            "built-in" => output.text("có sẵn", "built in"),
            _ => output.text("thư mục này", "this directory"),
        };
        let mark = if has_set { output.text("  [đã hết hạn]", "  [has set]") } else { "" };
        lines.push(format!("{name}  {sunset}  {from}{mark}"));
    }
    for warning in warnings(trust, at) {
        let part = |name: &str| warning.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let label = output.text("lưu ý", "note");
        lines.push(format!("{label}: {}  {}  {}", part("code"), part("detail"), part("date")));
    }
    if nobody {
        lines.insert(0, output.text("thư mục chưa tin ai", "nobody is believed yet").into());
    }
    let mut text = lines.iter().map(|line| printable(line)).collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}
