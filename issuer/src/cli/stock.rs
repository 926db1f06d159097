//! `issuer stock …`: blanks, from the delivery note to the card.

use std::io::Read as _;
use std::path::Path;

use cccd_issuer::accounts::{Officer, Role};
use cccd_issuer::issuance::ChipAlgorithms;
use cccd_issuer::ledger::{Act, Ledger};
use cccd_issuer::output::{NewFile, write_new};
use cccd_issuer::personalize::Icao9Driver;
use cccd_issuer::stock::{
    BlankRow, BlankState, BlankStep, Count, Difference, Explanation, Reconciliation, Signed, StockError,
    parse_serials, photo_digest,
};
use cccd_issuer::stock_in::make_keys_at_stock_in;
use cccd_issuer::words;
use cccd_keys::public_key::PublicKey;
use cccd_keys::transport_keys::ChipSerial;
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::{Value, json};

use super::args::stock::{
    AcceptArguments, ExplainArguments, KeeperArguments, StockCommand, StockKeysArguments, WhichBlanks,
};
use super::audit::public_key;
use super::failure::Failure;
use super::output::Output;
use super::{connect, progress};

/// The largest file that is read whole.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// A ledger with the officer who keeps its stock.
struct Keeper {
    ledger: Ledger,
    officer: Officer,
    at: Timestamp,
    request: Option<String>,
}

impl Keeper {
    fn enter(arguments: &KeeperArguments, at: Timestamp, rng: &mut dyn CryptoRng) -> Result<Self, Failure> {
        let (ledger, officer) =
            connect::ledger_and_officer(&arguments.ledger, &arguments.officer, Role::Stock, at, rng)?;
        Ok(Self { ledger, officer, at, request: arguments.request.clone() })
    }

    /// The file of a signed paper, begun before anything is noted. Only a request that was answered before may find its own there.
    fn paper(&mut self, path: &Path) -> Result<NewFile, Failure> {
        let is_known = match &self.request {
            Some(request) => self.ledger.stock().is_answered(request)?,
            None => false,
        };
        Ok(if is_known { NewFile::again(path)? } else { NewFile::begin(path)? })
    }
}

/// Runs work on the stock with the act of this officer.
macro_rules! with {
    ($keeper:expr, |$stock:ident, $act:ident| $work:expr) => {{
        let Keeper { ledger, officer, at, request } = &mut $keeper;
        let $act = Act { actor: officer.name(), at: *at, request: request.as_deref() };
        let mut $stock = ledger.stock();
        $work
    }};
}

pub(crate) fn run(
    command: &StockCommand,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    match command {
        StockCommand::Receive(receive) => {
            let serials = parse_serials(&text(&receive.serials)?)?;
            let mut keeper = Keeper::enter(&receive.keeper, at, rng)?;
            let (supplier, note) = (receive.supplier.as_str(), receive.note.as_str());
            with!(keeper, |stock, act| stock.receive(supplier, note, &serials, act))?;
            if receive.counted {
                // A request of its own: run again after an interruption, it counts what was only received.
                keeper.request = keeper.request.map(|name| format!("{name}, counted"));
                let count = with!(keeper, |stock, act| stock.count(supplier, note, None, act))?;
                tell_count(&count, None, output)?;
            } else {
                output.result(
                    &json!({"expected": serials.len(), "supplier": supplier, "delivery_note": note}),
                    &[format!(
                        "{} {}",
                        serials.len(),
                        output.say("phôi chờ kiểm đếm", "blanks are expected")
                    )],
                );
            }
        }
        StockCommand::Accept(accept) => run_accept(accept, at, rng, output)?,
        StockCommand::Send(send) => {
            let serials = parse_serials(&text(&send.serials)?)?;
            let receiver = public_key(&send.station_key)?;
            let mut keeper = Keeper::enter(&send.keeper, at, rng)?;
            let file = keeper.paper(&send.out)?;
            let list = with!(keeper, |stock, act| stock.send(&send.reference, &receiver, &serials, act))?;
            file.write(list.to_text().as_bytes()).map_err(Failure::NotedWithoutFile)?;
            output.result(
                &json!({"sent": serials.len(), "reference": send.reference, "list": send.out}),
                &[format!(
                    "{} {}: {}",
                    serials.len(),
                    output.say("phôi đang chuyển, danh sách đã ký", "blanks are on the way, signed list"),
                    send.out.display()
                )],
            );
        }
        StockCommand::Acknowledge(receipt) => {
            let signed = Signed::parse(&text(&receipt.receipt)?)?;
            let receiver = public_key(&receipt.station_key)?;
            let mut keeper = Keeper::enter(&receipt.keeper, at, rng)?;
            let count = with!(keeper, |stock, act| stock.acknowledge(&signed, &receiver, act))?;
            let words = [
                output.say("phôi đã bàn giao", "blanks are handed over"),
                output.say("BÊN NHẬN KHÔNG THẤY", "NOT FOUND THERE"),
                output.say("BÊN NHẬN GHI LÀ CÓ", "THERE BY THEIR WORD"),
            ];
            tell(&count, words, Some(&receiver), output)?;
        }
        StockCommand::Settle(settle) => {
            let serials = which(&settle.which)?;
            let mut keeper = Keeper::enter(&settle.keeper, at, rng)?;
            with!(keeper, |stock, act| stock.settle(&settle.reference, &serials, &settle.note, act))?;
            let then = output.say(words::SETTLED_THEN.0, words::SETTLED_THEN.1);
            output.result(
                &json!({"settled": serials.len(), "reference": settle.reference, "then": then}),
                &[
                    format!("{} {}", serials.len(), output.say("phôi đã làm rõ", "blanks are settled")),
                    then.to_owned(),
                ],
            );
        }
        StockCommand::Paper(paper) => {
            let mut keeper = Keeper::enter(&paper.keeper, at, rng)?;
            let sender = match &paper.station_key {
                Some(file) => public_key(file)?,
                None => public_key(&connect::station_public_key(&paper.keeper.ledger)?)?,
            };
            let text = keeper.ledger.stock().paper_of(&sender.fingerprint(), &paper.reference)?;
            let text = text.ok_or(StockError::NoTransport)?;
            write_new(&paper.out, text.as_bytes())?;
            output.result(
                &json!({"reference": paper.reference, "paper": paper.out}),
                &[format!("{}: {}", output.say("Giấy đã ký", "The signed paper"), paper.out.display())],
            );
        }
        StockCommand::TakeBack(some) => {
            let serials = which(&some.which)?;
            let mut keeper = Keeper::enter(&some.keeper, at, rng)?;
            with!(keeper, |stock, act| stock.take_back(&serials, act))?;
            tell_moved(&serials, BlankState::InStock, output);
        }
        StockCommand::Spoil(explain) => run_explain(BlankStep::Spoil, explain, at, rng, output)?,
        StockCommand::Lose(explain) => run_explain(BlankStep::Lose, explain, at, rng, output)?,
        StockCommand::Find(explain) => run_explain(BlankStep::Find, explain, at, rng, output)?,
        StockCommand::Destroy(explain) => run_explain(BlankStep::Destroy, explain, at, rng, output)?,
        StockCommand::Keys(keys) => run_keys(keys, at, rng, output)?,
        StockCommand::List(list) => {
            let mut keeper = Keeper::enter(&list.keeper, at, rng)?;
            let blanks = keeper.ledger.stock().list(list.state, list.limit)?;
            let counts = keeper.ledger.stock().counts()?;
            let lines = blanks
                .iter()
                .map(|blank| line(blank, output))
                .chain(sums(&counts, output))
                .collect::<Vec<_>>();
            output.result(
                &json!({
                    "blanks": blanks.iter().map(describe).collect::<Vec<_>>(),
                    "states": states(&counts),
                }),
                &lines,
            );
        }
        StockCommand::Show(show) => {
            let mut keeper = Keeper::enter(&show.keeper, at, rng)?;
            let blank = keeper.ledger.stock().blank(&show.chip)?;
            let blank = blank.ok_or_else(|| Failure::ChipNotInLedger(show.chip.to_string()))?;
            let (mut value, mut lines) = (describe(&blank), vec![line(&blank, output)]);
            let mut events = Vec::new();
            for event in keeper.ledger.stock().events(&show.chip)? {
                let cause = event.cause.map(cccd_issuer::stock::Cause::as_str);
                events.push(json!({
                    "at": event.at, "by": event.actor, "to": event.to.as_str(), "cause": cause,
                    "note": event.note, "photo_sha256": event.photo_sha256,
                    "transport": event.transport.as_ref().map(|way| json!({"reference": way.reference, "other": way.other})),
                }));
                let way = event.transport.as_ref().map(|way| {
                    let (transport, station) =
                        (output.say("chuyến", "transport"), output.say("máy trạm", "station"));
                    format!("{transport} {}, {station} {}", way.reference, words::fingerprint(&way.other))
                });
                let why = [cause, event.note.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(": ");
                let why = [way, Some(why)].into_iter().flatten().filter(|text| !text.is_empty());
                let why = why.collect::<Vec<_>>().join("; ");
                let state = words::blank_state(event.to, output.language());
                lines.push(format!("  {}  {state:<12} {}  {why}", event.at, event.actor));
            }
            let mut settled = Vec::new();
            for one in keeper.ledger.stock().settlements(&show.chip)? {
                settled.push(
                    json!({"at": one.at, "by": one.actor, "reference": one.reference, "note": one.note}),
                );
                let word = output.say("làm rõ, chuyến", "settled, transport");
                lines.push(format!("  {}  {word} {} {}  {}", one.at, one.reference, one.actor, one.note));
            }
            let claims = keeper.ledger.stock().claims(&show.chip)?;
            let open = output.say("CÒN PHẢI LÀM RÕ, chuyến hoặc phiếu", "TO BE SETTLED, transport or note");
            lines.extend(claims.iter().map(|reference| format!("  {open} {reference}")));
            if let Some(object) = value.as_object_mut() {
                object.insert("claims".to_owned(), json!(claims));
                object.insert("events".to_owned(), Value::Array(events));
                object.insert("settled".to_owned(), Value::Array(settled));
            }
            output.result(&value, &lines);
        }
        StockCommand::Reconcile(reconcile) => {
            let counted = reconcile.counted.as_deref().map(|file| match parse_serials(&text(file)?) {
                // An empty cabinet is a count like another.
                Err(StockError::Empty) => Ok(Vec::new()),
                read => Ok::<_, Failure>(read?),
            });
            let counted = counted.transpose()?;
            let mut keeper = Keeper::enter(&reconcile.keeper, at, rng)?;
            let report = keeper.ledger.stock().reconcile(counted.as_deref())?;
            tell_report(&report, output);
            if !report.agrees() {
                return Err(Failure::StockDiffers(report.differences.len()));
            }
        }
    }
    Ok(())
}

fn run_accept(
    accept: &AcceptArguments,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let found =
        accept.serials.as_deref().map(|file| Ok::<_, Failure>(parse_serials(&text(file)?)?)).transpose()?;
    let mut keeper = Keeper::enter(&accept.keeper, at, rng)?;
    let mut signer = None;
    let count = match (&accept.list, &accept.station_key) {
        (Some(list), Some(key)) => {
            let (list, key) = (Signed::parse(&text(list)?)?, public_key(key)?);
            let file = accept.receipt.as_deref().map(|file| keeper.paper(file)).transpose()?;
            let (count, receipt) =
                with!(keeper, |stock, act| stock.accept(&list, &key, found.as_deref(), act))?;
            if let Some(file) = file {
                file.write(receipt.to_text().as_bytes()).map_err(Failure::NotedWithoutFile)?;
            }
            signer = Some(key);
            count
        }
        _ => {
            let supplier = accept.supplier.as_deref().unwrap_or_default();
            let note = accept.note.as_deref().unwrap_or_default();
            with!(keeper, |stock, act| stock.count(supplier, note, found.as_deref(), act))?
        }
    };
    tell_count(&count, signer.as_ref(), output)
}

fn run_explain(
    step: BlankStep,
    explain: &ExplainArguments,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let serials = which(&explain.which)?;
    let photo = explain.photo.as_deref().map(|file| Ok::<_, Failure>(photo_digest(&octets(file)?)?));
    let photo = photo.transpose()?;
    let mut keeper = Keeper::enter(&explain.keeper, at, rng)?;
    let why =
        Explanation { cause: explain.cause, note: explain.note.as_deref(), photo_sha256: photo.as_deref() };
    with!(keeper, |stock, act| stock.explain(step, &serials, why, act))?;
    let state = match step {
        BlankStep::Lose => BlankState::Lost,
        BlankStep::Destroy => BlankState::Destroyed,
        _ => BlankState::Spoiled,
    };
    tell_moved(&serials, state, output);
    Ok(())
}

/// The blank in the reader makes its keys; they are signed into the ledger before it leaves.
fn run_keys(
    arguments: &StockKeysArguments,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let stop = progress::watch_interrupts()?;
    let store = connect::key_store(&arguments.keys)?;
    let master = store.transport_master()?;
    let mut keeper = Keeper::enter(&arguments.keeper, at, rng)?;
    let mut card = match &arguments.blank {
        Some(file) if arguments.reader == "virtual" => {
            connect::allow_reader(&store, &arguments.reader)?;
            connect::virtual_blank(file, rng)?
        }
        _ => connect::reader(&arguments.reader, &store, arguments.timeout, &stop, output)?,
    };
    let mut driver = Icao9Driver::new(card.link.as_mut(), &master, card.extended, rng);
    let algorithms = ChipAlgorithms::of_profile(store.profile());
    let Keeper { ledger, officer, at, request } = &mut keeper;
    let act = Act { actor: officer.name(), at: *at, request: request.as_deref() };
    let serial = make_keys_at_stock_in(ledger, &mut driver, algorithms, act)?;
    output.result(
        &json!({"serial": serial.to_string(), "keys": "signed"}),
        &[format!(
            "{serial}: {}",
            output.say(
                "đã tạo khóa trong chíp và ký vào sổ",
                "keys made on the chip and signed into the ledger"
            )
        )],
    );
    Ok(())
}

fn which(which: &WhichBlanks) -> Result<Vec<ChipSerial>, Failure> {
    match &which.serials {
        Some(file) => Ok(parse_serials(&text(file)?)?),
        None => Ok(which.chips.clone()),
    }
}

fn octets(file: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::StockFile(format!("{}: {error}", file.display()));
    let mut content = Vec::new();
    let mut opened = std::fs::File::open(file).map_err(failed)?.take(MAX_FILE + 1);
    opened.read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > MAX_FILE {
        return Err(Failure::StockFile(format!("{}: too large", file.display())));
    }
    Ok(content)
}

fn text(file: &Path) -> Result<String, Failure> {
    String::from_utf8(octets(file)?).map_err(|_| Failure::StockFile(format!("{}: no text", file.display())))
}

/// What was found is noted; what is missing or too much ends the command with 1 all the same.
fn tell_count(count: &Count, signer: Option<&PublicKey>, output: &Output) -> Result<(), Failure> {
    let words = [
        output.say("phôi khớp", "blanks agree"),
        output.say("THIẾU", "MISSING"),
        output.say("THỪA", "SURPLUS"),
    ];
    tell(count, words, signer, output)
}

fn tell(
    count: &Count,
    [agree, missing_word, surplus_word]: [&str; 3],
    signer: Option<&PublicKey>,
    output: &Output,
) -> Result<(), Failure> {
    let names = |serials: &[ChipSerial]| serials.iter().map(ChipSerial::to_string).collect::<Vec<_>>();
    let (missing, surplus) = (names(&count.missing), names(&count.surplus));
    let mut lines = vec![format!("{} {agree}", count.counted.len())];
    lines.extend(missing.iter().map(|serial| format!("{missing_word}  {serial}")));
    lines.extend(surplus.iter().map(|serial| format!("{surplus_word}  {serial}")));
    let elsewhere = names(&count.elsewhere);
    let elsewhere_word = output.say("ĐÃ NHẬN THEO DANH SÁCH KHÁC", "HERE BY ANOTHER LIST");
    lines.extend(elsewhere.iter().map(|serial| format!("{elsewhere_word}  {serial}")));
    let unseen = names(&count.unseen);
    let unseen_word = output.say(
        "SỔ GHI CÒN TRONG KHO, LẦN ĐẾM NÀY KHÔNG THẤY",
        "IN STOCK BY THE BOOKS, NOT FOUND BY THIS COUNT",
    );
    lines.extend(unseen.iter().map(|serial| format!("{unseen_word}  {serial}")));
    if !unseen.is_empty() {
        let then = output.say(
            "Nếu đã đếm cả lô: tìm rồi đếm lại, không thấy thì ghi mất (`issuer stock lose`); nếu chỉ ghi phôi mới tìm thấy thì không cần làm gì.",
            "If the whole batch was counted: look for them and count again, or note them as lost (`issuer stock lose`); if only what turned up was named, there is nothing to do.",
        );
        lines.push(then.to_owned());
    }
    // Two keepers compare it by telephone.
    let signer = signer.map(PublicKey::fingerprint);
    lines.extend(signer.as_deref().map(|key| {
        format!("{}: {}", output.say("máy trạm đã ký", "signed by the station"), words::fingerprint(key))
    }));
    output.result(
        &json!({
            "signed_by": signer,
            "counted": count.counted.len(), "missing": missing, "surplus": surplus, "by_another_list": elsewhere,
            "in_stock_not_found": unseen,
        }),
        &lines,
    );
    if count.agrees() { Ok(()) } else { Err(Failure::CountDiffers(missing.len(), surplus.len())) }
}

fn tell_moved(serials: &[ChipSerial], state: BlankState, output: &Output) {
    let names: Vec<String> = serials.iter().map(ChipSerial::to_string).collect();
    let lines: Vec<String> = names
        .iter()
        .map(|name| format!("{name}: {}", words::blank_state(state, output.language())))
        .collect();
    output.result(&json!({"blanks": names, "state": state.as_str()}), &lines);
}

fn tell_report(report: &Reconciliation, output: &Output) {
    let differences = |found: &[Difference]| -> Vec<Value> {
        let each = |one: &Difference| json!({"serial": one.serial, "what": one.what, "detail": one.detail});
        found.iter().map(each).collect()
    };
    let batches: Vec<Value> = report.batches.iter().map(|batch| json!({
        "supplier": batch.supplier, "delivery_note": batch.delivery_note, "announced": batch.announced,
        "states": states(&batch.states), "moved": batch.moved, "missing": batch.missing, "agrees": batch.agrees(),
    })).collect();
    let mut lines = Vec::new();
    for batch in &report.batches {
        let agrees =
            if batch.agrees() { output.say("khớp", "agrees") } else { output.say("LỆCH", "DIFFERS") };
        let parts: Vec<String> = batch
            .states
            .iter()
            .map(|(state, count)| format!("{} {count}", words::blank_state(*state, output.language())))
            .chain((batch.moved > 0).then(|| {
                format!("{} {}", output.say("về theo phiếu sau", "under a later note"), batch.moved)
            }))
            .collect();
        lines.push(format!(
            "{} {}: {} = {}  {agrees}",
            batch.supplier,
            batch.delivery_note,
            batch.announced,
            parts.join(" + ")
        ));
    }
    lines.extend(sums(&report.states, output));
    let line = |one: &Difference| {
        let (what, detail) = (
            words::stock_difference(output.language(), one.what),
            words::stock_detail(output.language(), &one.detail),
        );
        format!("{}  {what}  {detail}", one.serial)
    };
    lines.extend(report.open.iter().map(|one| format!("   {}", line(one))));
    lines.extend(report.differences.iter().map(|one| format!("!! {}", line(one))));
    output.result(
        &json!({
            "agrees": report.agrees(), "batches": batches, "states": states(&report.states),
            "cards_without_blank": report.cards_without_blank,
            "open": differences(&report.open), "differences": differences(&report.differences),
        }),
        &lines,
    );
}

fn describe(blank: &BlankRow) -> Value {
    json!({
        "serial": blank.serial.to_string(), "state": blank.state.as_str(), "supplier": blank.supplier,
        "delivery_note": blank.delivery_note, "application": blank.application.map(|id| id.to_string()),
    })
}

fn line(blank: &BlankRow, output: &Output) -> String {
    format!(
        "{}  {:<12} {} {}",
        blank.serial,
        words::blank_state(blank.state, output.language()),
        blank.supplier,
        blank.delivery_note
    )
}

fn states(counts: &[(BlankState, u64)]) -> Value {
    counts
        .iter()
        .map(|(state, count)| (state.as_str().to_owned(), json!(count)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn sums<'a>(counts: &'a [(BlankState, u64)], output: &'a Output) -> impl Iterator<Item = String> + 'a {
    counts
        .iter()
        .map(|(state, count)| format!("{count:>8} {}", words::blank_state(*state, output.language())))
}
