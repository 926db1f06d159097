//! What an embedder takes: no PC/SC, no HTTP, no asynchronous runtime, no SQL.

use std::process::Command;

#[test]
fn without_default_features_the_tree_is_small() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let tree = Command::new(cargo)
        .args([
            "tree",
            "--offline",
            "--locked",
            "-p",
            "cccd-verifier",
            "--no-default-features",
            "-e",
            "normal",
        ])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let packages: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(packages.contains(&"cccd-card-profile") && packages.contains(&"cccd-keys"), "{text}");
    for banned in ["pcsc", "pcsc-sys", "tokio", "hyper", "ureq", "reqwest", "rusqlite", "sqlx", "clap", "age"]
    {
        assert!(!packages.contains(&banned), "{banned} is in the tree");
    }
}
