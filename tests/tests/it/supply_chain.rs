//! Licences, banned crates, duplicates and sources of everything that is linked, read from `deny.toml` and checked
//! offline, so that the check also runs where cargo-deny is not installed.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

/// Every package that some member's normal or build dependencies reach on this platform.
fn linked_packages() -> Vec<Package> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| (n["id"].as_str().unwrap(), n))
        .collect();
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> =
        metadata["workspace_members"].as_array().unwrap().iter().map(|m| m.as_str().unwrap()).collect();
    while let Some(id) = open.pop() {
        if !reached.insert(id) {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            let linked = dependency["dep_kinds"].as_array().unwrap().iter().any(|k| k["kind"] != "dev");
            if linked {
                open.push(dependency["pkg"].as_str().unwrap());
            }
        }
    }
    packages
        .iter()
        .filter(|p| reached.contains(p["id"].as_str().unwrap()))
        .map(|p| Package {
            name: p["name"].as_str().unwrap().to_owned(),
            version: p["version"].as_str().unwrap().to_owned(),
            license: p["license"].as_str().map(str::to_owned),
            source: p["source"].as_str().map(str::to_owned),
        })
        .collect()
}

fn metadata() -> Value {
    let root = root();
    let host = String::from_utf8(Command::new("rustc").args(["-vV"]).output().unwrap().stdout).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", &host])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn deny() -> toml::Table {
    std::fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap()
}

fn strings(value: &toml::Value) -> BTreeSet<String> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_licence_is_one_we_allow() {
    let allowed = strings(&deny()["licenses"]["allow"]);
    for package in linked_packages() {
        let expression = package.license.unwrap_or_else(|| panic!("{} names no licence", package.name));
        let parsed = spdx::Expression::parse_mode(&expression, spdx::ParseMode::LAX)
            .unwrap_or_else(|error| panic!("{}: {expression}: {error}", package.name));
        assert!(
            parsed.evaluate(|requirement| allowed.contains(&requirement.to_string())),
            "{} {} is licensed {expression}, which deny.toml does not allow",
            package.name,
            package.version
        );
    }
}

#[test]
fn two_versions_of_a_crate_need_a_reason() {
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in linked_packages() {
        versions.entry(package.name).or_default().insert(package.version);
    }
    let excused: BTreeSet<String> = deny()["bans"]["skip"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            assert!(!entry["reason"].as_str().unwrap().is_empty());
            entry["crate"].as_str().unwrap().to_owned()
        })
        .collect();
    let doubled: BTreeSet<String> =
        versions.iter().filter(|(_, v)| v.len() > 1).map(|(name, _)| name.clone()).collect();
    let unexcused: Vec<_> = doubled.difference(&excused).map(|n| (n, &versions[n])).collect();
    assert!(unexcused.is_empty(), "linked twice without a reason in deny.toml: {unexcused:?}");
    let stale: Vec<_> = excused.difference(&doubled).collect();
    assert!(stale.is_empty(), "no longer linked twice, remove from deny.toml: {stale:?}");
}

#[test]
fn banned_crates_are_absent_and_everything_comes_from_the_registry() {
    let banned: BTreeSet<String> = deny()["bans"]["deny"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["crate"].as_str().unwrap().to_owned())
        .collect();
    for package in linked_packages() {
        assert!(!banned.contains(&package.name), "{} is banned in deny.toml", package.name);
        if let Some(source) = package.source {
            assert!(source.starts_with("registry+"), "{} comes from {source}", package.name);
        }
    }
}

#[test]
fn the_embedders_verifier_has_no_pcsc_tokio_http_or_sql() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "-p", "cccd-verifier", "--no-default-features"])
        .args(["-e", "normal", "--prefix", "none", "--format", "{p}"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success());
    let tree = String::from_utf8(output.stdout).unwrap();
    let crates: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.contains("cccd-card-profile") && crates.contains("cccd-keys"));
    for forbidden in
        ["pcsc", "pcsc-sys", "tokio", "hyper", "ureq", "http", "rusqlite", "sqlx-core", "axum", "clap"]
    {
        assert!(!crates.contains(forbidden), "{forbidden} is in the embedder's tree");
    }
}
