//! The steps of a station's work, in their order.

use std::path::Path;

use anyhow::Result;

use super::books::Books;
use super::house::{House, Whose, text};

/// A part of a command: a word, or a file of the house.
#[derive(Debug, Clone)]
pub(super) enum Word {
    Is(String),
    /// A file of the house.
    File(&'static str),
    /// The register's file.
    Register,
    /// A station's public key.
    PublicKey(Whose),
}

/// A command of the `issuer`.
#[derive(Debug, Clone)]
pub(super) struct Words {
    whose: Whose,
    officer: Option<&'static str>,
    words: Vec<Word>,
}

/// One step.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// What the table says.
    pub(super) name: &'static str,
    /// Done first, undisturbed.
    pub(super) before: Vec<Words>,
    words: Words,
    /// The exit code when it is done.
    pub(super) ends_with: i32,
    /// Whether it is done, by the books.
    pub(super) goal: fn(&Books) -> bool,
}

impl Words {
    pub(super) fn arguments(&self, house: &House, folder: &Path) -> Result<Vec<String>> {
        let words = self.words.iter().map(|word| match word {
            Word::Is(word) => Ok(word.clone()),
            Word::File(name) => text(&folder.join(name)),
            Word::Register => house.register(folder),
            Word::PublicKey(whose) => house.public_key(folder, *whose),
        });
        let words = words.collect::<Result<Vec<_>>>()?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        house.command_of(folder, self.whose, self.officer, &words)
    }
}

impl Step {
    pub(super) fn arguments(&self, house: &House, folder: &Path) -> Result<Vec<String>> {
        self.words.arguments(house, folder)
    }
}

/// `@name` is a file of the house, `%register` its register, `%own` and `%neighbour` public keys.
fn words(officer: Option<&'static str>, text: &[&'static str]) -> Words {
    let word = |word: &&'static str| match word.strip_prefix('@') {
        Some(name) => Word::File(name),
        None if *word == "%register" => Word::Register,
        None if *word == "%own" => Word::PublicKey(Whose::Own),
        None if *word == "%neighbour" => Word::PublicKey(Whose::Neighbour),
        None => Word::Is((*word).to_owned()),
    };
    Words { whose: Whose::Own, officer, words: text.iter().map(word).collect() }
}

fn state_of(books: &Books, id: i64) -> &str {
    books.applications.iter().find(|one| one.id == id).map_or("", |one| one.state.as_str())
}

/// The first applicant's card, in the register.
fn card_is(books: &Books, status: &str) -> bool {
    books.cards.first().is_some_and(|card| card.status == status)
}

/// The card of an application, in the register.
fn card_of_is(books: &Books, id: i64, status: &str) -> bool {
    let made = books.applications.iter().find(|one| one.id == id).and_then(|one| one.sod.as_ref());
    books.cards.iter().any(|card| Some(&card.sod) == made && card.status == status)
}

/// The neighbour's keeper does this, undisturbed.
fn next_door(text: &[&'static str]) -> Words {
    Words { whose: Whose::Neighbour, ..words(Some("hai"), text) }
}

/// So many blanks stand there.
fn stand(books: &Books, state: &str, count: usize) -> bool {
    books.blanks.iter().filter(|blank| blank.state == state).count() == count
}

/// Blanks of the cabinet: one makes its keys, both go next door and come back.
fn of_cabinet() -> Vec<Step> {
    let step = |name, before, text: &[&'static str], goal| Step {
        name,
        before,
        words: words(Some("kho"), text),
        ends_with: 0,
        goal,
    };
    let send = ["stock", "send", "--to", "%neighbour", "--reference", "there", "--serials", "@cabinet.txt"];
    let back = ["stock", "send", "--to", "%own", "--reference", "back", "--serials", "@cabinet.txt"];
    let accept =
        ["stock", "accept", "--list", "@sent.json", "--from", "%own", "--all", "--receipt", "@receipt.json"];
    vec![
        step(
            "stock keys",
            Vec::new(),
            &[
                "stock",
                "keys",
                "--reader",
                "virtual",
                "--blank",
                "@cabinet/three.json",
                "--keys",
                "@keys",
                "--request",
                "keys 1",
            ],
            |books| books.blanks.iter().filter(|blank| blank.key.is_some()).count() == 1,
        ),
        step(
            "stock send",
            Vec::new(),
            &[&send[..], &["--out", "@sent.json", "--request", "send 1"]].concat(),
            |books| stand(books, "sent", 2) && books.papers.contains("sent.json"),
        ),
        step(
            "stock acknowledge",
            vec![next_door(&accept)],
            &[
                "stock",
                "acknowledge",
                "--receipt",
                "@receipt.json",
                "--from",
                "%neighbour",
                "--request",
                "acknowledge 1",
            ],
            |books| stand(books, "handed-over", 2),
        ),
        step(
            "stock accept",
            vec![next_door(&[&back[..], &["--out", "@back.json"]].concat())],
            &[
                "stock",
                "accept",
                "--list",
                "@back.json",
                "--from",
                "%neighbour",
                "--all",
                "--receipt",
                "@back-receipt.json",
                "--request",
                "accept 1",
            ],
            |books| {
                books.blanks.iter().all(|blank| blank.state == "in-stock")
                    && books.papers.contains("back-receipt.json")
            },
        ),
    ]
}

/// All of them. The first applicant's card goes the whole way; the other two are a batch.
pub(super) fn all(house: &House) -> Vec<Step> {
    let number_of =
        |index: usize| house.applicants.get(index).map(|person| person.number.as_str().to_owned());
    let step = |name, words, goal| Step { name, before: Vec::new(), words, ends_with: 0, goal };
    let card_of = |index, mut one: Words| {
        let number = number_of(index).unwrap_or_default();
        one.words.extend(["--number".to_owned(), number, "--register".to_owned()].map(Word::Is));
        one.words.push(Word::Register);
        one
    };
    let card = |one| card_of(0, one);
    let batch = &[
        "batch",
        "@batch",
        "--keys",
        "@keys",
        "--register",
        "%register",
        "--out",
        "@made",
        "--without-faces",
        "--reader",
        "virtual",
        "--reader",
        "virtual",
    ];
    let approved = |file| words(Some("minh"), &["application", "approve", "--application", file]);
    let mut all = vec![step(
        "stock receive",
        words(
            Some("kho"),
            &[
                "stock",
                "receive",
                "--supplier",
                "maker",
                "--note",
                "1",
                "--serials",
                "@delivery.txt",
                "--counted",
                "--request",
                "delivery 1",
            ],
        ),
        |books| !books.blanks.is_empty() && books.blanks.iter().all(|blank| blank.state == "in-stock"),
    )];
    all.extend(of_cabinet());
    all.extend([
        step(
            "application receive",
            words(
                Some("lan"),
                &[
                    "application",
                    "receive",
                    "--application",
                    "@application.json",
                    "--register",
                    "%register",
                    "--request",
                    "receive 1",
                ],
            ),
            |books| state_of(books, 1) == "captured" || state_of(books, 2) == "captured",
        ),
        step(
            "application approve",
            words(
                Some("minh"),
                &["application", "approve", "--application", "@application.json", "--request", "approve 1"],
            ),
            |books| state_of(books, 1) == "approved",
        ),
        step(
            "issue",
            words(
                Some("lan"),
                &[
                    "issue",
                    "--application",
                    "@application.json",
                    "--keys",
                    "@keys",
                    "--register",
                    "%register",
                    "--reader",
                    "virtual",
                    "--out",
                    "@out",
                ],
            ),
            |books| state_of(books, 1) == "issued",
        ),
        step(
            "application deliver",
            words(
                Some("lan"),
                &["application", "deliver", "--id", "1", "--register", "%register", "--request", "deliver 1"],
            ),
            |books| state_of(books, 1) == "delivered",
        ),
        step(
            "card hold",
            card(words(
                Some("minh"),
                &["card", "hold", "--ground", "detention", "--reason", "decision 1", "--request", "hold 1"],
            )),
            |books| card_is(books, "held"),
        ),
        step(
            "card return",
            card(words(Some("minh"), &["card", "return", "--reason", "it ended", "--request", "return 1"])),
            |books| card_is(books, "active"),
        ),
        step(
            "card lost",
            card(words(Some("lan"), &["card", "lost", "--reason", "reported", "--request", "lost 1"])),
            |books| card_is(books, "lost"),
        ),
        Step {
            ends_with: 1,
            ..step("batch, taken in", words(Some("lan"), batch), |books| {
                [2, 3].iter().all(|id| ["captured", "approved"].contains(&state_of(books, *id)))
            })
        },
        Step {
            before: vec![approved("@batch/1.json"), approved("@batch/2.json")],
            ..step("batch, two readers", words(Some("lan"), batch), |books| {
                [2, 3].iter().all(|id| state_of(books, *id) == "issued")
            })
        },
        step(
            "card revoke",
            card_of(
                1,
                words(
                    Some("minh"),
                    &[
                        "card",
                        "revoke",
                        "--ground",
                        "altered",
                        "--reason",
                        "decision 2",
                        "--request",
                        "revoke 1",
                    ],
                ),
            ),
            |books| card_of_is(books, 2, "revoked"),
        ),
        step(
            "card destroy",
            card_of(
                2,
                words(
                    Some("minh"),
                    &["card", "destroy", "--reason", "handed in, cut up", "--request", "destroy 1"],
                ),
            ),
            |books| card_of_is(books, 3, "destroyed"),
        ),
    ]);
    all
}
