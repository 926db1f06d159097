//! The bar while a chip is written, and Ctrl-C carried to the next safe point.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cccd_card_profile::personalization::PersonalizationStep;
use cccd_issuer::personalize::{Monitor, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::Output;

/// Shares of the bar: writing is most of the time on a real chip.
const TOTAL: u64 = 100;

/// Draws the bar on standard error, if that is a terminal, and asks for a stop when Ctrl-C was pressed.
pub(crate) struct Bar<'a> {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
    told: bool,
    output: &'a Output,
}

impl<'a> Bar<'a> {
    pub(crate) fn new(stop: Arc<AtomicBool>, output: &'a Output) -> Self {
        let bar = ProgressBar::with_draw_target(Some(TOTAL), ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {elapsed}  {msg}") {
            bar.set_style(style);
        }
        Self { bar, stop, told: false, output }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Monitor for Bar<'_> {
    fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        use PersonalizationStep as Step;
        let (from, vietnamese, english) = match progress.step {
            Step::Select | Step::OpenChannel => {
                (0, "mở kênh bảo mật tới chíp", "opening the channel to the chip")
            }
            Step::CreateFiles => (3, "tạo tệp", "creating the files"),
            Step::GenerateKeys => (6, "chíp sinh cặp khóa", "the chip makes its keys"),
            Step::SignSecurityObject => (20, "ký EF.SOD", "signing EF.SOD"),
            Step::WriteFiles => (22, "ghi dữ liệu", "writing the files"),
            Step::PutAccessKeys => (70, "ghi khóa truy cập", "writing the access keys"),
            Step::ReadBack => (72, "đọc lại như người dân", "reading back as a citizen would"),
            Step::ReplaceTransportKeys => (90, "thay khóa vận chuyển", "replacing the transport keys"),
            Step::Lock => (94, "khóa chíp", "locking the chip"),
            Step::ProbeLock => (96, "thử mọi lệnh ghi phải bị từ chối", "every write must be refused now"),
            _ => (98, "", ""),
        };
        let written = u64::try_from(progress.written).unwrap_or_default();
        let total = u64::try_from(progress.total).unwrap_or_default().max(1);
        let within = if progress.step == Step::WriteFiles { 48 * written / total } else { 0 };
        self.bar.set_position(from + within);
        self.bar.set_message(self.output.say(vietnamese, english).to_owned());
        if !self.stop.load(Ordering::SeqCst) {
            return ControlFlow::Continue(());
        }
        if matches!(progress.step, Step::Lock | Step::ProbeLock) && !self.told {
            self.told = true;
            self.bar.suspend(|| {
                self.output.note(
                    "Không dừng giữa chừng việc khóa: thẻ sẽ được hoàn thành.",
                    "The lock is not interrupted: the card will be finished.",
                );
            });
        }
        ControlFlow::Break(())
    }
}

/// From now on Ctrl-C sets a flag instead of ending the process.
pub(crate) fn watch_interrupts() -> Result<Arc<AtomicBool>, super::failure::Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        // The first ends at the next safe point; whoever asks again does not want to wait for it. The ledger and the
        // chip are whole at every point, the next run resolves what was begun.
        if flag.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    })
    .map_err(|error| super::failure::Failure::Signal(error.to_string()))?;
    Ok(stop)
}
