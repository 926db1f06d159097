//! The child: confines itself, reads the picture, answers pixels.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};

use crate::{Limits, PictureError, decode_here};

/// Exit codes: how the parent learns why there are no pixels.
pub(crate) const NOT_A_PICTURE: u8 = 10;
pub(crate) const TOO_LARGE: u8 = 11;
pub(crate) const DAMAGED: u8 = 12;
pub(crate) const NOT_CONFINED: u8 = 13;
pub(crate) const OUT_OF_MEMORY: u8 = 14;
/// Rust's own for a panic.
pub(crate) const PANIC: u8 = 101;

/// The whole child: a program's hidden command calls this with the arguments that [`crate::Decoder`] gave it, and does
/// nothing before or after.
#[must_use]
pub fn run<S: AsRef<str>>(arguments: &[S]) -> ExitCode {
    let Some(limits) = Limits::from_arguments(arguments) else { return ExitCode::from(NOT_CONFINED) };
    if confine(&limits).is_none() {
        return ExitCode::from(NOT_CONFINED);
    }
    let mut picture = Vec::new();
    let bound = u64::try_from(limits.input_bytes).unwrap_or(u64::MAX).saturating_add(1);
    if let Err(error) = std::io::stdin().lock().take(bound).read_to_end(&mut picture) {
        let memory = error.kind() == std::io::ErrorKind::OutOfMemory;
        return ExitCode::from(if memory { OUT_OF_MEMORY } else { DAMAGED });
    }
    match decode_here(&picture, &limits) {
        Ok(pixels) => {
            let mut out = std::io::stdout().lock();
            match out.write_all(&pixels.to_answer()).and_then(|()| out.flush()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::from(DAMAGED),
            }
        }
        Err(PictureError::NotAPicture) => ExitCode::from(NOT_A_PICTURE),
        Err(PictureError::TooLarge) => ExitCode::from(TOO_LARGE),
        Err(PictureError::Damaged) => ExitCode::from(DAMAGED),
    }
}

/// Everything that is given up before the first hostile byte is read. `None` if any of it cannot be.
fn confine(limits: &Limits) -> Option<()> {
    close_inherited()?;
    // No privileges by executing anything, no memory image for anyone.
    prctl::set_no_new_privs().ok()?;
    prctl::set_dumpable(false).ok()?;
    for (resource, bound) in [
        (Resource::RLIMIT_AS, limits.memory_bytes),
        (Resource::RLIMIT_CPU, limits.cpu_seconds),
        (Resource::RLIMIT_CORE, 0),
        // Nothing can be written but the pipe, and nothing opened.
        (Resource::RLIMIT_FSIZE, 0),
        (Resource::RLIMIT_NOFILE, 3),
        (Resource::RLIMIT_NPROC, 0),
    ] {
        setrlimit(resource, bound, bound).ok()?;
    }
    Some(())
}

/// Closes what a careless ancestor left open for everyone: everything but the three standard descriptors.
fn close_inherited() -> Option<()> {
    let open: Vec<i32> = std::fs::read_dir("/proc/self/fd")
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    for descriptor in open {
        // The directory's own descriptor is among them and closed already.
        let _ = nix::unistd::close(descriptor);
    }
    Some(())
}
