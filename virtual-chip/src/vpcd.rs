//! The chip behind pcscd: a client of vsmartcard's virtual reader.
//!
//! Every message is a length of two bytes, big endian, and so many bytes. One byte from the reader is a control: `00`
//! power off, `01` power on, `02` reset, `04` asks for the ATR. Anything else is a command APDU, answered by its
//! response. The reader sends length and content apart, so Nagle's algorithm and delayed acknowledgements would cost
//! 44 ms a command: `TCP_QUICKACK`, set again before every read, takes that away.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::os::linux::net::TcpStreamExt as _;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::chip::Chip;

/// Where Debian's vpcd listens for its first slot.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:35963";

/// How long to wait before trying a reader that is not there.
const RETRY: Duration = Duration::from_millis(100);

/// What happens while a chip is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The chip lies in the reader.
    Connected,
    /// Nobody listens yet; trying on.
    Waiting(String),
    /// The reader is gone; trying on.
    Disconnected(String),
}

#[derive(Default)]
struct Shared {
    stopped: bool,
    stream: Option<TcpStream>,
}

/// Ends [`serve`], from any thread.
#[derive(Clone, Default)]
pub struct Stop(Arc<(Mutex<Shared>, Condvar)>);

impl std::fmt::Debug for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stop").field("stopped", &self.is_stopped()).finish()
    }
}

impl Stop {
    /// Takes the chip out of the reader; [`serve`] returns after the command under way.
    pub fn stop(&self) {
        let mut shared = self.shared();
        shared.stopped = true;
        if let Some(stream) = shared.stream.take() {
            // It may be closed already; then the read has ended too.
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.0.1.notify_all();
    }

    /// Whether [`Stop::stop`] was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.shared().stopped
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold(&self, stream: &TcpStream) -> io::Result<bool> {
        let mut shared = self.shared();
        shared.stream = Some(stream.try_clone()?);
        Ok(!shared.stopped)
    }

    /// Waits, unless stopped.
    fn pause(&self, time: Duration) {
        let shared = self.shared();
        let _unused = self.0.1.wait_timeout_while(shared, time, |shared| !shared.stopped);
    }
}

/// Keeps the chip in the reader at `address` until stopped: connects again whenever pcscd is not there yet or ends.
/// Tells of every change once.
pub fn serve(chip: &mut Chip, address: &str, stop: &Stop, mut tell: impl FnMut(Event)) {
    let mut waiting = false;
    while !stop.is_stopped() {
        match connect(address) {
            Ok(mut stream) => {
                waiting = false;
                let outcome = stop.hold(&stream).and_then(|go_on| {
                    if go_on {
                        tell(Event::Connected);
                        exchange(chip, &mut stream)
                    } else {
                        Ok(())
                    }
                });
                chip.power_off();
                if !stop.is_stopped() {
                    let reason = outcome.err().map_or_else(|| "closed".to_owned(), |error| error.to_string());
                    tell(Event::Disconnected(reason));
                    stop.pause(RETRY);
                }
            }
            Err(error) => {
                if !waiting {
                    tell(Event::Waiting(error.to_string()));
                    waiting = true;
                }
                stop.pause(RETRY);
            }
        }
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::from(ErrorKind::AddrNotAvailable);
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, Duration::from_secs(2)) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Serves one connection until the reader closes it.
fn exchange(chip: &mut Chip, stream: &mut TcpStream) -> io::Result<()> {
    let mut message = Zeroizing::new(vec![0; usize::from(u16::MAX)]);
    loop {
        let mut length = [0; 2];
        stream.set_quickack(true)?;
        match stream.read_exact(&mut length) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            other => other?,
        }
        let length = usize::from(u16::from_be_bytes(length));
        let Some(message) = message.get_mut(..length) else { return Ok(()) };
        stream.set_quickack(true)?;
        stream.read_exact(message)?;
        let answer = match *message {
            [] => continue,
            [0x00] => {
                chip.power_off();
                continue;
            }
            [0x01] => {
                chip.power_on();
                continue;
            }
            [0x02] => {
                chip.reset();
                continue;
            }
            [0x04] => chip.atr(),
            // Other controls are none of the chip's.
            [_] => continue,
            ref command => chip.execute(command),
        };
        // The chip's answers are shorter than 65,536 bytes.
        let Ok(length) = u16::try_from(answer.len()) else {
            return Err(io::Error::from(ErrorKind::InvalidData));
        };
        let mut frame = Vec::with_capacity(answer.len() + 2);
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(&answer);
        stream.write_all(&frame)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{ChipState, Profile};
    use rand_chacha::rand_core::SeedableRng as _;
    use std::net::TcpListener;

    fn send(stream: &mut TcpStream, bytes: &[u8]) {
        stream.write_all(&u16::try_from(bytes.len()).unwrap().to_be_bytes()).unwrap();
        stream.write_all(bytes).unwrap();
    }

    fn receive(stream: &mut TcpStream) -> Vec<u8> {
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_reader_powers_the_chip_asks_its_atr_and_sends_commands() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let stop = Stop::default();
        let ending = stop.clone();
        let served = std::thread::spawn(move || {
            let rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]);
            let mut chip = Chip::in_memory(ChipState::blank([1; 10], Profile::Cccd), Box::new(rng));
            let mut events = Vec::new();
            serve(&mut chip, &address, &ending, |event| events.push(event));
            events
        });
        let (mut reader, _) = listener.accept().unwrap();
        send(&mut reader, &[0x01]);
        send(&mut reader, &[0x04]);
        assert_eq!(receive(&mut reader).first(), Some(&0x3B));
        send(&mut reader, &[0x00, 0xA4, 0x00, 0x0C, 0x02, 0x3F, 0x00]);
        assert_eq!(receive(&mut reader), [0x6D, 0x00]);
        // The reader goes and comes again: the chip comes back.
        drop(reader);
        let (mut reader, _) = listener.accept().unwrap();
        send(&mut reader, &[0x04]);
        assert_eq!(receive(&mut reader).first(), Some(&0x3B));
        stop.stop();
        let events = served.join().unwrap();
        assert_eq!(events.iter().filter(|event| **event == Event::Connected).count(), 2);
    }
}
