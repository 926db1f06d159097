//! The order in which a chip is written (DESIGN: the card's life). Everything before the read-back.

use std::ops::ControlFlow;
use std::time::Instant;

use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::personalization::{KeyReference, PersonalizationStep};
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PublicKey};
use cccd_keys::store::DocumentSigner;
use jiff::Timestamp;
use rsa::traits::PublicKeyParts as _;

use super::{CardDriver, ChipLife, DriverError, KeySource, Timings};
use crate::issuance::{self, CardFiles, ChipAlgorithms, ChipKeys, IssuanceError, PreparedCard};

/// How far the card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What begins or goes on.
    pub step: PersonalizationStep,
    /// Bytes written, while files are written.
    pub written: usize,
    /// Bytes in all, once known.
    pub total: usize,
}

/// Who watches, and may stop at a safe point.
pub trait Monitor {
    /// Called at each step and chunk. `Break` stops where the chip can be written again from the start.
    fn progress(&mut self, progress: Progress) -> ControlFlow<()>;
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMonitor;

impl Monitor for NoMonitor {
    fn progress(&mut self, _: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

impl<F: FnMut(Progress) -> ControlFlow<()>> Monitor for F {
    fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        self(progress)
    }
}

/// The ledger, as the script needs it.
pub trait Book {
    /// Notes the card that was signed for the chip.
    ///
    /// # Errors
    /// [`LedgerError`](crate::ledger::LedgerError).
    fn signed(&mut self, files: &CardFiles) -> Result<(), crate::ledger::LedgerError>;

    /// Waits until that is on the disk: EF.SOD is written only after it.
    ///
    /// # Errors
    /// [`LedgerError`](crate::ledger::LedgerError).
    fn settle(&mut self) -> Result<(), crate::ledger::LedgerError>;
}

/// A card that is written and not yet locked.
#[derive(Debug)]
pub struct Written {
    /// Its files.
    pub files: CardFiles,
    /// The keys of DG15 and DG14.
    pub keys: ChipKeys,
}

/// Why the script ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// The chip.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The bytes.
    #[error(transparent)]
    Issuance(#[from] IssuanceError),
    /// The ledger could not note the signed card; EF.SOD was not written.
    #[error(transparent)]
    Ledger(#[from] crate::ledger::LedgerError),
    /// The officer stopped it.
    #[error("stopped by the officer at a safe point")]
    Stopped,
}

/// The blank makes its keys before any card is asked for: what a stock-in does. The chip stays blank.
///
/// # Errors
/// [`DriverError`].
pub fn make_keys(driver: &mut dyn CardDriver, algorithms: ChipAlgorithms) -> Result<ChipKeys, DriverError> {
    driver.open()?;
    generate(driver, algorithms)
}

fn generate(driver: &mut dyn CardDriver, algorithms: ChipAlgorithms) -> Result<ChipKeys, DriverError> {
    let able = driver.capabilities();
    let mut provide = |source: KeySource, algorithm, key| {
        (source != KeySource::None).then(|| driver.provide_key(algorithm, key)).transpose()
    };
    let active = algorithms.active_authentication;
    let chip = KeyAlgorithm::EllipticCurve(algorithms.curve);
    Ok(ChipKeys {
        active_authentication: provide(
            able.active_authentication,
            active,
            KeyReference::ActiveAuthentication,
        )?,
        chip_authentication: provide(able.chip_authentication, chip, KeyReference::ChipAuthentication)?,
    })
}

/// Keys that were made before are of the algorithms that are asked for now.
pub(crate) fn are_of(keys: &ChipKeys, algorithms: ChipAlgorithms) -> bool {
    let is = |key: &Option<PublicKey>, algorithm| match (key, algorithm) {
        (Some(PublicKey::Rsa(key)), KeyAlgorithm::Rsa2048) => key.size() == 256,
        (Some(PublicKey::Rsa(key)), KeyAlgorithm::Rsa3072) => key.size() == 384,
        (Some(PublicKey::EllipticCurve(point)), KeyAlgorithm::EllipticCurve(curve)) => point.curve() == curve,
        _ => false,
    };
    is(&keys.active_authentication, algorithms.active_authentication)
        && is(&keys.chip_authentication, KeyAlgorithm::EllipticCurve(algorithms.curve))
}

/// Writes the chip: channel, files, keys, EF.SOD, access keys. `signed` is the card over keys that the chip has from its
/// stock-in; otherwise it makes them now, and `book` is told of the card that is signed then before its EF.SOD is written.
///
/// # Errors
/// [`ScriptError`].
#[expect(clippy::too_many_arguments, reason = "one card is all of these; a struct would only rename them")]
pub fn write_card(
    driver: &mut dyn CardDriver,
    prepared: &PreparedCard,
    life: ChipLife,
    signed: Option<Written>,
    signer: &DocumentSigner,
    at: Timestamp,
    book: &mut dyn Book,
    monitor: &mut dyn Monitor,
    timings: &mut Timings,
) -> Result<Written, ScriptError> {
    use PersonalizationStep as Step;
    step(monitor, Step::OpenChannel)?;
    timings.measure(Step::OpenChannel, || driver.open())?;

    // A file that an interrupted run left may have another length: everything is made anew.
    step(monitor, Step::CreateFiles)?;
    let early = issuance::unsigned_files(prepared, prepared.data_groups.clone());
    timings.measure(Step::CreateFiles, || -> Result<(), DriverError> {
        if life == ChipLife::Begun {
            driver.clear()?;
        }
        let com = prepared.layout.com_length();
        early
            .in_order()
            .filter(|(file, _)| *file != ElementaryFile::Sod)
            .map(|(file, content)| (file, if file == ElementaryFile::Com { com } else { content.len() }))
            .try_for_each(|(file, length)| driver.create_file(file, length))
    })?;

    step(monitor, Step::GenerateKeys)?;
    let Written { files, keys } = match signed {
        Some(signed) => signed,
        None => {
            let keys = timings.measure(Step::GenerateKeys, || generate(&mut *driver, prepared.algorithms))?;
            let signed = sign_card(keys, prepared, signer, at, monitor, timings)?;
            book.signed(&signed.files)?;
            signed
        }
    };

    // DG14, DG15 and EF.SOD are made now that their exact lengths are known: a signature in DER has no fixed length, and
    // a file with bytes to spare would be hashed with them by some readers and without by others.
    timings.measure(Step::CreateFiles, || -> Result<(), DriverError> {
        let made = |file: &ElementaryFile| {
            early.in_order().any(|(other, _)| other == *file && other != ElementaryFile::Sod)
        };
        files
            .in_order()
            .filter(|(file, _)| !made(file))
            .try_for_each(|(file, content)| driver.create_file(file, content.len()))
    })?;
    timings.measure(Step::WriteFiles, || write_files(driver, &files, book, monitor))?;

    step(monitor, Step::PutAccessKeys)?;
    timings.measure(Step::PutAccessKeys, || {
        driver.put_access_keys(&prepared.mrz.information(), prepared.card.holder.number.can())?;
        prepared.terminal_trust.as_ref().map_or(Ok(()), |trust| driver.put_terminal_trust(trust))
    })?;
    Ok(Written { files, keys })
}

/// The files of a card over these keys of its chip, EF.SOD signed and verified.
///
/// # Errors
/// [`ScriptError`].
pub fn sign_card(
    keys: ChipKeys,
    prepared: &PreparedCard,
    signer: &DocumentSigner,
    at: Timestamp,
    monitor: &mut dyn Monitor,
    timings: &mut Timings,
) -> Result<Written, ScriptError> {
    step(monitor, PersonalizationStep::SignSecurityObject)?;
    let mut signing = std::time::Duration::ZERO;
    let files =
        timings.measure(PersonalizationStep::SignSecurityObject, || -> Result<_, IssuanceError> {
            let groups = issuance::build_data_groups(prepared, &keys)?;
            let start = Instant::now();
            let files = issuance::sign_files(prepared, groups, signer, at);
            signing = start.elapsed();
            files
        })?;
    timings.add_signing(signing);
    Ok(Written { files, keys })
}

fn write_files(
    driver: &mut dyn CardDriver,
    files: &CardFiles,
    book: &mut dyn Book,
    monitor: &mut dyn Monitor,
) -> Result<(), ScriptError> {
    let total = files.in_order().map(|(_, content)| content.len()).sum();
    let mut before = 0;
    for (file, content) in files.in_order() {
        if file == ElementaryFile::Sod {
            book.settle()?;
        }
        let mut stop = false;
        driver.write_file(file, content, &mut |written| {
            let progress =
                Progress { step: PersonalizationStep::WriteFiles, written: before + written, total };
            stop |= monitor.progress(progress).is_break();
        })?;
        if stop {
            return Err(ScriptError::Stopped);
        }
        before += content.len();
    }
    Ok(())
}

pub(crate) fn step(monitor: &mut dyn Monitor, step: PersonalizationStep) -> Result<(), ScriptError> {
    match monitor.progress(Progress { step, written: 0, total: 0 }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ScriptError::Stopped),
    }
}
