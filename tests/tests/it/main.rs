//! Whole-house stories and the checks that belong to no single room.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod attacks;
mod bad_input;
mod card_comes_back;
mod desk;
mod fingerprints;
mod foreign;
mod forgeries;
mod inspection;
mod issued_card_passes_every_check;
mod keys_in_a_token;
mod nation;
mod read_counts;
mod supply_chain;
mod through_pcscd;
mod trust_folder;
mod verdict_from_file;
mod without_fresh_crl_nothing_is_accepted;

use std::fs::File;
use std::path::Path;
use std::sync::OnceLock;

use cccd_tests::story_support::World;

/// The country of all stories, made when the first one asks. It lies in cargo's folder for tests and is emptied by the
/// next run; a lock keeps two runs apart.
fn world() -> &'static World {
    static WORLD: OnceLock<(World, File)> = OnceLock::new();
    let (world, _) = WORLD.get_or_init(|| {
        let base = Path::new(env!("CARGO_TARGET_TMPDIR"));
        std::fs::create_dir_all(base).unwrap();
        let turn = File::create(base.join("stories.lock")).unwrap();
        turn.lock().unwrap();
        let folder = base.join("stories");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        std::fs::create_dir_all(&folder).unwrap();
        (World::build(&folder.canonicalize().unwrap()).unwrap(), turn)
    });
    world
}
