//! The parent: starts the child, bounds it, and believes nothing of it but pixels.

use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use crate::pixels::HEADER;
use crate::{Limits, PictureError, Pixels, child};

/// Starts a child for each picture.
#[derive(Clone, Debug)]
pub struct Decoder {
    program: PathBuf,
    arguments: Vec<String>,
    limits: Limits,
}

/// Why there are no pixels. [`DecoderError::code`] is stable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecoderError {
    /// The picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The child took too long and was ended.
    #[error("the picture takes too long to decode")]
    OutOfTime,
    /// The child wanted more memory than it may have.
    #[error("the picture takes too much memory to decode")]
    OutOfMemory,
    /// The child died, or answered something that is no picture.
    #[error("the picture's decoder failed")]
    Crashed,
    /// The child could not be started, or could not confine itself.
    #[error("the picture's decoder could not be started")]
    NotStarted,
}

impl DecoderError {
    /// The stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Picture(error) => error.code(),
            Self::OutOfTime => "decoder-out-of-time",
            Self::OutOfMemory => "decoder-out-of-memory",
            Self::Crashed => "decoder-crashed",
            Self::NotStarted => "decoder-not-started",
        }
    }
}

impl Decoder {
    /// A program whose `arguments`, followed by four numbers, lead to [`child::run`].
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, arguments: &[&str], limits: Limits) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { program: program.into(), arguments, limits }
    }

    /// Decodes one picture.
    ///
    /// # Errors
    /// [`DecoderError`]. The child is gone in any case.
    pub fn decode(&self, picture: &[u8]) -> Result<Pixels, DecoderError> {
        if picture.len() > self.limits.input_bytes {
            return Err(PictureError::TooLarge.into());
        }
        let deadline = Instant::now().checked_add(self.limits.wall_time).ok_or(DecoderError::NotStarted)?;
        let started = Command::new(&self.program)
            .args(&self.arguments)
            .args(self.limits.to_arguments())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = Ended(started.map_err(|_| DecoderError::NotStarted)?);
        let answer = self.converse(&mut child.0, picture, deadline)?;
        let status = wait(&mut child.0, deadline)?;
        outcome(status)?;
        let pixels = Pixels::from_answer(answer).ok_or(DecoderError::Crashed)?;
        if self.limits.allows(pixels.width(), pixels.height()) {
            Ok(pixels)
        } else {
            Err(DecoderError::Crashed)
        }
    }

    /// Gives the picture and takes the answer, each in a thread of its own: neither side waits for the other.
    fn converse(
        &self,
        child: &mut Child,
        picture: &[u8],
        deadline: Instant,
    ) -> Result<Vec<u8>, DecoderError> {
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(DecoderError::NotStarted);
        };
        let picture = picture.to_vec();
        // A child that reads no further closes its end; why is told by its exit.
        std::thread::spawn(move || drop(stdin.write_all(&picture)));
        let header = u64::try_from(HEADER).unwrap_or(u64::MAX);
        let bound = self.limits.pixels.saturating_mul(3).saturating_add(header);
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let mut answer = Vec::new();
            let read = stdout.take(bound.saturating_add(1)).read_to_end(&mut answer);
            drop(sender.send(read.map(|_| answer)));
        });
        let left = deadline.saturating_duration_since(Instant::now());
        let answer = match receiver.recv_timeout(left) {
            Ok(answer) => answer.map_err(|_| DecoderError::Crashed)?,
            Err(RecvTimeoutError::Timeout) => return Err(DecoderError::OutOfTime),
            Err(RecvTimeoutError::Disconnected) => return Err(DecoderError::Crashed),
        };
        let length = u64::try_from(answer.len()).unwrap_or(u64::MAX);
        if length > bound { Err(DecoderError::Crashed) } else { Ok(answer) }
    }
}

/// A child that does not outlive its use.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn wait(child: &mut Child, deadline: Instant) -> Result<ExitStatus, DecoderError> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
            Ok(None) => return Err(DecoderError::OutOfTime),
            Err(_) => return Err(DecoderError::Crashed),
        }
    }
}

fn outcome(status: ExitStatus) -> Result<(), DecoderError> {
    const SIGABRT: i32 = 6;
    const SIGKILL: i32 = 9;
    const SIGXCPU: i32 = 24;
    match (status.code().map(u8::try_from), status.signal()) {
        (Some(Ok(0)), _) => Ok(()),
        (Some(Ok(child::NOT_A_PICTURE)), _) => Err(PictureError::NotAPicture.into()),
        (Some(Ok(child::TOO_LARGE)), _) => Err(PictureError::TooLarge.into()),
        // A decoder that panics was fed a picture that its author did not think of.
        (Some(Ok(child::DAMAGED | child::PANIC)), _) => Err(PictureError::Damaged.into()),
        (Some(Ok(child::NOT_CONFINED)), _) => Err(DecoderError::NotStarted),
        // The bound on processor time ends a process by one of these.
        (None, Some(SIGXCPU | SIGKILL)) => Err(DecoderError::OutOfTime),
        // Memory that is refused to whoever cannot say so aborts.
        (Some(Ok(child::OUT_OF_MEMORY)), _) | (None, Some(SIGABRT)) => Err(DecoderError::OutOfMemory),
        _ => Err(DecoderError::Crashed),
    }
}
