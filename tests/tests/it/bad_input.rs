//! What goes wrong at a desk and at a counter: one sentence, one hint, the right exit code, and register, card, ledger
//! and files as they were, or in a state that the next run resolves.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cccd_hw_tests::pcscd::Pcscd;
use cccd_population::person::{Life, Person};
use cccd_population::store::{Change, SqlStore, Store as _};
use cccd_tests::demo::counter::path;
use cccd_tests::programs::Finished;
use cccd_virtual_chip::{LifeCycle, StateFile};
use serde_json::{Value, json};

use crate::desk::{Desk, Memory, Records, assert_failed, files_in, take_out};
use crate::world;

const FILES: [&str; 5] = ["back.png", "card.json", "card.pdf", "front.png", "qr.png"];

/// Issues into a chip in software that must not come into being, and into no file.
fn refused_before_the_chip(desk: &Desk, application: &Path, exit: i32, code: &str, person: &Person) {
    let before = desk.records();
    let out = desk.folder.join(format!("out-{code}"));
    let finished = desk.issue(application, "virtual", &out);
    assert_failed(&finished, exit, code, Some(person));
    assert_eq!(files_in(&out), [""; 0], "{code}");
    let after = desk.records();
    assert_eq!(after.register, before.register, "{code}");
    assert_eq!(after.chips(), before.chips(), "{code}");
    // Whatever the ledger noted is closed: nothing stays open behind a refusal.
    let open: Vec<_> =
        Records::states(desk).into_iter().filter(|state| state != "rejected" && state != "issued").collect();
    assert!(open.is_empty(), "{code}: {open:?}");
}

/// The same person's application, altered.
fn altered(desk: &Desk, original: &Path, name: &str, change: impl FnOnce(&mut Value)) -> PathBuf {
    let mut application: Value = serde_json::from_slice(&std::fs::read(original).unwrap()).unwrap();
    change(&mut application);
    let file = desk.folder.join(name);
    std::fs::write(&file, serde_json::to_vec(&application).unwrap()).unwrap();
    file
}

#[test]
fn a_portrait_that_is_no_image() {
    let desk = Desk::new("no-image");
    let person = world().without_card(20).unwrap();
    let applicant = desk.application(person);
    let text = desk.folder.join("portrait.jpg");
    std::fs::write(&text, b"Kinh gui: anh chan dung se gui sau.").unwrap();
    let file = altered(&desk, &applicant.application, "no-image.json", |application| {
        application["portrait"] = json!(text);
    });
    refused_before_the_chip(&desk, &file, 1, "portrait-no-image", person);
    // An image that breaks off is none either.
    let whole = std::fs::read(desk.folder.join("work/01-portrait.jpg")).unwrap();
    std::fs::write(&text, &whole[..200]).unwrap();
    let finished = desk.issue(&file, "virtual", &desk.folder.join("out-cut"));
    assert_eq!(finished.code, 1, "{}", finished.stdout);
    assert!(finished.json().unwrap()["error"]["code"].as_str().unwrap().starts_with("portrait-"));
    assert_eq!(files_in(&desk.folder.join("out-cut")), [""; 0]);
    // With the portrait it works.
    let out = desk.folder.join("out");
    desk.approve(&applicant.application);
    let finished = desk.issue(&applicant.application, "virtual", &out);
    assert_eq!(finished.code, 0, "{}", finished.stdout);
}

#[test]
fn a_person_whom_the_register_does_not_know() {
    let desk = Desk::new("unknown-person");
    let person = world().without_card(21).unwrap();
    let applicant = desk.application(person);
    let stranger = format!("{}999998", &person.number.as_str()[..6]);
    assert!(world().nation.iter().all(|known| known.number.as_str() != stranger));
    let file = altered(&desk, &applicant.application, "unknown.json", |application| {
        application["person"]["number"] = json!(stranger);
    });
    let mut stranger_person = person.clone();
    stranger_person.number = stranger.parse().unwrap();
    refused_before_the_chip(&desk, &file, 1, "unknown-person", &stranger_person);
}

#[test]
fn a_person_who_is_dead() {
    let desk = Desk::new("dead-person");
    let person = world().without_card(22).unwrap();
    let applicant = desk.application(person);
    let day = cccd_issuer::register::day_in_vietnam(world().issued_at).yesterday().unwrap();
    let change = Change { source: "story".to_owned(), at: world().issued_at };
    SqlStore::open_file(&desk.database)
        .unwrap()
        .set_life(&person.number, Life::Dead(day), &change, day)
        .unwrap();
    refused_before_the_chip(&desk, &applicant.application, 1, "person-dead", person);
}

#[test]
fn a_number_that_is_on_an_active_card() {
    let desk = Desk::new("active-card");
    let person = world().without_card(23).unwrap();
    let applicant = desk.application(person);
    let out = desk.folder.join("out");
    desk.approve(&applicant.application);
    let first = desk.issue(&applicant.application, "virtual", &out);
    assert_eq!(first.code, 0, "{}", first.stdout);
    let chip = Memory::of(&out.join("chip.json"));
    let second = altered(&desk, &applicant.application, "second.json", |application| {
        application["template"] = json!("2021");
    });
    refused_before_the_chip(&desk, &second, 1, "has-active-card", person);
    // The card that is there is as it was, and so are its files.
    assert!(Memory::of(&out.join("chip.json")) == chip, "the chip was altered");
    let pictures: Vec<_> = files_in(&out).into_iter().filter(|name| !name.starts_with("chip.json")).collect();
    assert_eq!(pictures, FILES);
}

/// The program, for a shell to start.
fn issuer() -> PathBuf {
    std::env::current_exe().unwrap().parent().and_then(Path::parent).unwrap().join("issuer")
}

fn finished(output: &Output) -> Finished {
    Finished {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        took: std::time::Duration::ZERO,
    }
}

/// Whether this user may have a mount namespace with a small file system in it.
fn may_mount() -> bool {
    let mut command = Command::new("unshare");
    command.args(["--mount", "mount", "-t", "tmpfs", "-o", "size=16k", "small"]).arg(std::env::temp_dir());
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Runs `issuer issue` where the disk below `out` has this much room, and tells what it left there. The small file
/// system lives in a mount namespace of the program: nothing is left to clean up. A copy of the ledger may lie in it.
fn issue_in_a_small_folder(
    desk: &Desk,
    arguments: &[String],
    out: &Path,
    kilobytes: u64,
    ledger: Option<&Path>,
) -> (Finished, Vec<String>) {
    let listing = desk.folder.join("listing");
    let script = "mkdir -p \"$OUT\" && mount -t tmpfs -o size=${ROOM}k small \"$OUT\" || exit 99\n\
                  [ -z \"$LEDGER\" ] || cp \"$LEDGER\" \"$OUT\" || exit 98\n\
                  \"$@\"; code=$?; ls -A \"$OUT\" > \"$LISTING\"; exit $code";
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-c", script, "sh"])
        .arg(issuer())
        .args(arguments)
        .env("OUT", out)
        .env("LEDGER", ledger.unwrap_or(Path::new("")))
        .env("ROOM", kilobytes.to_string())
        .env("LISTING", &listing)
        .output()
        .unwrap();
    let left = std::fs::read_to_string(&listing).unwrap();
    (finished(&output), left.lines().map(str::to_owned).collect())
}

/// Without the right to mount: no file may grow beyond this.
fn issue_with_short_files(arguments: &[String], kilobytes: u64) -> Finished {
    let script = "trap '' XFSZ; ulimit -f $((ROOM * 2))\n\"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(issuer()).args(arguments).env("ROOM", kilobytes.to_string());
    finished(&command.output().unwrap())
}

#[test]
fn a_full_disk() {
    let desk = Desk::new("full-disk");
    let person = world().without_card(24).unwrap();
    let applicant = desk.application(person);
    let out = desk.folder.join("out");
    desk.approve(&applicant.application);
    let before = desk.records();

    // Register and ledger have room; the folder for the pictures has too little.
    let arguments = desk.issue_arguments(&applicant.application, "virtual", &out);
    if may_mount() {
        let (finished, left) = issue_in_a_small_folder(&desk, &arguments, &out, 24, None);
        assert_failed(&finished, 3, "disk-full", Some(person));
        assert_eq!(left, [""; 0], "something was left on the full disk");
    } else {
        let finished = issue_with_short_files(&arguments, 24);
        assert_eq!(finished.code, 3, "{}\n{}", finished.stdout, finished.stderr);
    }
    assert_eq!(files_in(&out), [""; 0]);
    let after = desk.records();
    assert_eq!(after.register, before.register);
    assert_eq!(after.chips(), 0, "no chip was touched");

    // With room, the same command goes through.
    let finished = desk.issue(&applicant.application, "virtual", &out);
    assert_eq!(finished.code, 0, "{}\n{}", finished.stdout, finished.stderr);
    Records::assert_last(&desk, "issued");
    for name in FILES {
        assert!(out.join(name).metadata().unwrap().len() > 0, "{name}");
    }
}

#[test]
fn a_full_disk_below_the_ledger() {
    let desk = Desk::new("full-disk-ledger");
    let person = world().without_card(25).unwrap();
    let applicant = desk.application(person);
    let (out, small_disk) = (desk.folder.join("out"), desk.folder.join("small"));
    desk.approve(&applicant.application);
    let mut arguments = desk.issue_arguments(&applicant.application, "virtual", &out);
    let ledger = arguments.iter().position(|argument| argument == "--ledger").unwrap() + 1;
    arguments[ledger] = small_disk.join("ledger.sqlite").to_str().unwrap().to_owned();
    let before = desk.records();
    if may_mount() {
        // What the ledger holds already has room; a word more has not.
        let room = desk.ledger.metadata().unwrap().len().div_ceil(4096) * 4 + 4;
        let (finished, _) = issue_in_a_small_folder(&desk, &arguments, &small_disk, room, Some(&desk.ledger));
        assert_failed(&finished, 3, "ledger-full", Some(person));
    } else {
        std::fs::create_dir(&small_disk).unwrap();
        std::fs::copy(&desk.ledger, small_disk.join("ledger.sqlite")).unwrap();
        let finished = issue_with_short_files(&arguments, 16);
        assert_eq!(finished.code, 3, "{}\n{}", finished.stdout, finished.stderr);
    }
    assert_eq!(desk.records(), before);
    assert_eq!(files_in(&out), [""; 0], "no chip and no file without a ledger");
}

/// The pictures still fit, and the chip in software finds no room for its own memory. Such a chip is given up, the
/// register hears of nothing, and the same application becomes a card with the next blank.
#[test]
fn a_disk_that_fills_up_while_the_chip_is_written() {
    if !may_mount() {
        println!("a disk that fills up while the chip is written: not told, this user may not mount");
        return;
    }
    let person = world().without_card(27).unwrap();
    let measured = Desk::new("filling-disk");
    let out = measured.folder.join("out");
    let applicant = measured.application(person);
    measured.approve(&applicant.application);
    assert_eq!(measured.issue(&applicant.application, "virtual", &out).code, 0);
    let kilobytes = |name| out.join(name).metadata().unwrap().len().div_ceil(4096) * 4;
    // The same pictures again, and what is kept for card.json.
    let pictures = ["back.png", "card.pdf", "front.png", "qr.png"].map(kilobytes).iter().sum::<u64>() + 8;
    for room in [4, 20, 52] {
        let desk = Desk::new(&format!("filling-disk-{room}"));
        let out = desk.folder.join("out");
        desk.approve(&applicant.application);
        let before = desk.records();
        let arguments = desk.issue_arguments(&applicant.application, "virtual", &out);
        let (finished, left) = issue_in_a_small_folder(&desk, &arguments, &out, pictures + room, None);
        assert_eq!(finished.code, 3, "{room}: {}\n{}", finished.stdout, finished.stderr);
        let code = finished.json().unwrap()["error"]["code"].as_str().unwrap().to_owned();
        assert_failed(&finished, 3, &code, Some(person));
        // The chip's own files may be there; no picture and no record of a card that is none.
        assert!(left.iter().all(|name| name.starts_with("chip.json")), "{room}: {left:?}");
        assert_eq!(desk.records().register, before.register, "{room}");
        let state = Records::states(&desk).pop().unwrap();
        assert!(["queued", "spoiled"].contains(&state.as_str()), "{room}: {state}");

        // Of a spoiled chip the application is approved again.
        desk.approve(&applicant.application);
        let finished = desk.issue(&applicant.application, "virtual", &desk.folder.join("another-blank"));
        assert_eq!(finished.code, 0, "{room}: {}\n{}", finished.stdout, finished.stderr);
        let states = Records::states(&desk);
        assert_eq!(states.iter().filter(|state| *state == "issued").count(), 1, "{room}: {states:?}");
        let register = SqlStore::open_file(&desk.database).unwrap();
        assert_eq!(register.cards_of(&person.number).unwrap().len(), 1, "{room}");
    }
}

#[test]
fn unknown_options_and_missing_arguments() {
    let desk = Desk::new("unknown-options");
    for (program, arguments) in [
        ("issuer", ["issue", "--portrait"].as_slice()),
        ("issuer", &["issue"]),
        ("verifier", &["verify", "--trust", "x", "--can", "000001", "--colour"]),
        ("verifier", &["verify", "--can", "000001"]),
        ("virtual-chip", &["serve", "--nonsense"]),
        ("population", &["serve", "--nonsense"]),
        ("keys", &["ds", "new", "--nonsense"]),
    ] {
        let finished = desk.programs.run(program, arguments).unwrap();
        assert_eq!(finished.code, 2, "{program} {arguments:?}: {}{}", finished.stdout, finished.stderr);
        assert!(!finished.stderr.is_empty(), "{program} says nothing");
        assert!(finished.stderr.contains("--"), "{program} does not say which option: {}", finished.stderr);
        assert!(!finished.stderr.contains("panicked"), "{}", finished.stderr);
    }
}

/// All that needs a reader, one after the other: pcscd is one for the whole machine.
#[test]
fn at_the_reader() {
    let desk = Desk::new("at-the-reader");
    let world = world();
    let pcscd = Pcscd::start().unwrap();
    let reader = pcscd.reader(0).unwrap().to_owned();
    let person = world.without_card(26).unwrap();
    let applicant = desk.application(person);
    let out = desk.folder.join("out");
    desk.approve(&applicant.application);
    let before = desk.records();
    let unharmed = |what: &str| {
        let after = desk.records();
        assert_eq!(after.register, before.register, "{what}");
        assert_eq!(after.chips(), 0, "{what}");
        assert_eq!(files_in(&out), [""; 0], "{what}");
        // The application waits for its chip: the next run goes on.
        Records::assert_last(&desk, "queued");
    };

    // A reader that is not there.
    assert_failed(
        &desk.issue(&applicant.application, "Nobody's Reader", &out),
        3,
        "unknown-reader",
        Some(person),
    );
    unharmed("missing reader");
    // No card in the reader.
    assert_failed(&desk.issue(&applicant.application, &reader, &out), 3, "card-timeout", Some(person));
    unharmed("no card");
    // A card that is not blank.
    let (locked, serving) = lay_in(&desk, &world.cards[7].applicant.chip, "locked.json", &pcscd);
    let as_it_was = Memory::of(&locked);
    assert_eq!(StateFile::peek(&locked).unwrap().life_cycle(), LifeCycle::Locked);
    assert_failed(&desk.issue(&applicant.application, &reader, &out), 1, "chip-not-blank", Some(person));
    take_out(serving, &pcscd);
    assert!(Memory::of(&locked) == as_it_was, "the card was altered");
    unharmed("not blank");

    at_the_counter(&desk, &reader, &locked, &pcscd);

    // After all this the same application becomes a card.
    let blank = desk.blank("blank.json");
    let serving = desk.insert(&blank, &pcscd);
    let finished = desk.issue(&applicant.application, &reader, &out);
    take_out(serving, &pcscd);
    assert_eq!(finished.code, 0, "{}\n{}", finished.stdout, finished.stderr);
    Records::assert_last(&desk, "issued");
    assert_eq!(files_in(&out), FILES);
    assert_eq!(StateFile::peek(&blank).unwrap().life_cycle(), LifeCycle::Locked);
}

/// A copy of a chip, in the reader.
fn lay_in(desk: &Desk, chip: &Path, name: &str, pcscd: &Pcscd) -> (PathBuf, cccd_tests::programs::Running) {
    let copy = desk.folder.join(name);
    std::fs::copy(chip, &copy).unwrap();
    let serving = desk.insert(&copy, pcscd);
    (copy, serving)
}

/// What the chip keeps. The header before it counts the writes: wrong passwords are counted on disk before they are
/// answered, and forgotten once the right one came.
fn memory(chip: &Path) -> Vec<u8> {
    let file = std::fs::read(chip).unwrap();
    let header = file.iter().position(|byte| *byte == b'\n').unwrap();
    file.get(header..).unwrap().to_vec()
}

fn at_the_counter(desk: &Desk, reader: &str, chip: &Path, pcscd: &Pcscd) {
    let world = world();
    let card = &world.cards[7];
    let trust = path(&world.trust_folder).unwrap();
    let portrait = desk.folder.join("portrait.img");
    let evidence = desk.folder.join("card.evidence");
    let verify = |reader: &str, can: &str| {
        let arguments =
            ["verify", "--json", "--lang", "en", "--reader", reader, "--can", can, "--trust", trust];
        let more = ["--timeout", "1", "--portrait", path(&portrait).unwrap()];
        desk.programs.run("verifier", &[arguments.as_slice(), &more].concat()).unwrap()
    };
    let read = |can: &str| {
        let arguments =
            ["read", "--json", "--lang", "en", "--reader", reader, "--can", can, "--timeout", "1"];
        let more = ["--plain", "--out", path(&evidence).unwrap()];
        desk.programs.run("verifier", &[arguments.as_slice(), &more].concat()).unwrap()
    };
    let person = Some(&card.applicant.person);
    let nothing_written = || assert!(!portrait.exists() && !evidence.exists());

    assert_failed(&verify("Nobody's Reader", card.can()), 3, "unknown-reader", person);
    assert_failed(&verify(reader, card.can()), 3, "card-timeout", person);
    assert_failed(&read(card.can()), 3, "card-timeout", person);
    nothing_written();

    let serving = desk.insert(chip, pcscd);
    let wrong = format!("{:06}", (card.can().parse::<u32>().unwrap() + 1) % 1_000_000);
    let as_it_was = memory(chip);
    for _ in 0..3 {
        assert_failed(&verify(reader, &wrong), 3, "wrong-password", person);
    }
    assert_failed(&read(&wrong), 3, "wrong-password", person);
    nothing_written();
    assert_failed(&verify(reader, "12345"), 2, "bad-can", person);
    // Guessing did not harm the card.
    let good = verify(reader, card.can());
    assert_eq!(good.code, 0, "{}\n{}", good.stdout, good.stderr);
    assert!(portrait.exists());
    take_out(serving, pcscd);
    assert!(memory(chip) == as_it_was, "reading altered the chip");

    // In Vietnamese it is another sentence, with the same code.
    let vietnamese =
        ["verify", "--json", "--reader", "Nobody's Reader", "--can", card.can(), "--trust", trust];
    let finished = desk.programs.run("verifier", &vietnamese).unwrap();
    assert_failed(&finished, 3, "unknown-reader", person);
    let english = verify("Nobody's Reader", card.can()).json().unwrap();
    assert_ne!(finished.json().unwrap()["error"]["message"], english["error"]["message"]);
}
