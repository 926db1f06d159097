//! Through PC/SC, as any program sees the chip. Says so and passes where pcscd can't run, unless `CCCD_DEMAND_PCSCD`.

use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::rng;
use cccd_card_profile::apdu::Transport as _;
use cccd_hw_tests::runner::run;
use cccd_hw_tests::script::{Card, Script};
use cccd_hw_tests::{Pcscd, specimen};
use cccd_reader::{Disposition, PcscTransport, Protocols, ReaderError, Service, Share};
use cccd_virtual_chip::vpcd::{Event, Stop, serve};
use cccd_virtual_chip::{Chip, ChipState, LifeCycle, Profile, StateFile};

fn pcscd() -> Option<Pcscd> {
    match Pcscd::start() {
        Ok(pcscd) => Some(pcscd),
        Err(error) if std::env::var_os("CCCD_DEMAND_PCSCD").is_none() => {
            eprintln!("skipped, no pcscd: {error:#}");
            None
        }
        Err(error) => panic!("no pcscd: {error:#}"),
    }
}

/// A chip in a slot, on a thread of its own.
struct Served {
    stop: Stop,
    thread: Option<JoinHandle<Chip>>,
}

impl Served {
    fn new(mut chip: Chip, address: String) -> Self {
        let stop = Stop::default();
        let ending = stop.clone();
        let (connected, wait) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            serve(&mut chip, &address, &ending, |event| {
                if event == Event::Connected {
                    let _ = connected.send(());
                }
            });
            chip
        });
        wait.recv_timeout(Duration::from_secs(10)).expect("the chip reaches the reader");
        Self { stop, thread: Some(thread) }
    }

    fn take_out(mut self) -> Chip {
        self.stop.stop();
        self.thread.take().unwrap().join().unwrap()
    }
}

fn connect(pcscd: &Pcscd, slot: u16) -> PcscTransport {
    let service = Service::open().unwrap();
    let reader = pcscd.reader(slot).unwrap();
    let atr = service.wait_for_card(reader, Duration::from_secs(10)).unwrap();
    let card = service.connect(reader, Share::Exclusive, Protocols::Any).unwrap();
    assert_eq!(card.atr().unwrap(), atr);
    card
}

fn chip(path: &Path) -> Chip {
    Chip::open(path, Box::new(rng(7))).unwrap()
}

#[test]
fn a_card_is_personalised_and_read_through_pcscd_and_survives_in_between() {
    let Some(pcscd) = pcscd() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chip.state");
    StateFile::create(&path, &ChipState::blank([0xC2; 10], Profile::Cccd)).unwrap();
    let scripts = Script::all().unwrap();
    let secrets = specimen::secrets(Profile::Cccd);

    let served = Served::new(chip(&path), pcscd.address(0));
    let mut card = connect(&pcscd, 0);
    for script in scripts.iter().filter(|script| script.card == Card::Blank) {
        run(script, &mut card, &secrets, &mut rng(3)).unwrap();
    }
    card.reset().unwrap();
    let begun = Instant::now();
    let (mut channel, _) = specimen::personalize(&mut card, Profile::Cccd, &mut rng(2)).unwrap();
    specimen::lock(&mut channel).unwrap();
    eprintln!("personalised through pcscd in {} ms", begun.elapsed().as_millis());
    card.disconnect(Disposition::Unpower).unwrap();
    drop(served.take_out());

    // Another run of the chip, the other slot: only the file connects them.
    assert_eq!(StateFile::peek(&path).unwrap().life_cycle(), LifeCycle::Locked);
    let served = Served::new(chip(&path), pcscd.address(1));
    let mut card = connect(&pcscd, 1);
    for script in scripts.iter().filter(|script| script.card == Card::Issued) {
        let ran = run(script, &mut card, &secrets, &mut rng(4)).unwrap();
        assert_eq!(ran.steps, script.steps.len());
    }

    // The trap that would cost 44 ms a command: the bound is generous, the trap is not missed.
    card.reset().unwrap();
    let read = [0x00, 0xB0, 0x9C, 0x00, 0x00];
    let rounds = 200;
    let begun = Instant::now();
    for _ in 0..rounds {
        let answer = card.transmit(&read).unwrap();
        assert!(answer.ends_with(&[0x90, 0x00]));
    }
    let each = begun.elapsed() / rounds;
    eprintln!("{} µs per command through pcscd", each.as_micros());
    assert!(each < Duration::from_millis(20), "{each:?} per command: delayed acknowledgements are back");

    // A card taken out is a lost link, and stays one.
    drop(served.take_out());
    let lost = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(50));
        card.transmit(&read)
    })
    .take(100)
    .find_map(Result::err)
    .expect("the link is lost");
    assert!(!lost.reason().is_empty());
    assert!(card.transmit(&read).is_err());
}

#[test]
fn what_a_reader_can_lack_is_told_apart() {
    let Some(pcscd) = pcscd() else { return };
    let service = Service::open().unwrap();
    let reader = pcscd.reader(0).unwrap();
    assert!(matches!(
        service.connect("no such reader", Share::Shared, Protocols::Any),
        Err(ReaderError::UnknownReader { known, .. }) if known.len() >= 2
    ));
    assert!(matches!(
        service.connect(reader, Share::Shared, Protocols::Any),
        Err(ReaderError::NoCard { .. })
    ));
    let begun = Instant::now();
    assert!(matches!(
        service.wait_for_card(reader, Duration::from_millis(300)),
        Err(ReaderError::Timeout { seconds: 1, .. })
    ));
    assert!(begun.elapsed() < Duration::from_secs(5));
    let canceller = service.canceller();
    let cancel = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        canceller.cancel();
    });
    assert_eq!(service.wait_for_card(reader, Duration::from_secs(60)), Err(ReaderError::Cancelled));
    cancel.join().unwrap();

    let chip = Chip::in_memory(ChipState::blank([0xC3; 10], Profile::P256), Box::new(rng(5)));
    let served = Served::new(chip, pcscd.address(0));
    let mut first = connect(&pcscd, 0);
    assert!(matches!(
        service.connect(reader, Share::Shared, Protocols::Any),
        Err(ReaderError::SharingViolation { .. })
    ));
    let mut transaction = first.transaction().unwrap();
    assert_eq!(transaction.transmit(&[0x00, 0xA4, 0x00, 0x0C, 0x02, 0x3F, 0x00]).unwrap(), [0x6D, 0x00]);
    transaction.end(Disposition::Leave).unwrap();
    first.disconnect(Disposition::Reset).unwrap();
    drop(served.take_out());
    service.wait_for_removal(reader, Duration::from_secs(10)).unwrap();
}
