//! What this process takes of the machine.

use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use nix::unistd::Pid;

/// Time on processors, the program's own and the system's for it.
///
/// # Errors
/// If the system does not say.
pub fn processor_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let microseconds = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(microseconds)?))
}

/// Memory that is this process's alone and not in a file, in megabytes of 10⁶ octets.
///
/// # Errors
/// If the system does not say.
pub fn memory_mb() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    anonymous_mb(&status).context("/proc/self/status has no RssAnon")
}

fn anonymous_mb(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kibibytes: u32 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(f64::from(kibibytes) * 1024.0 / 1e6)
}

/// Runs something on so many of the cores that this thread may use; threads that it makes stay there.
///
/// # Errors
/// If the system does not let us, and those of `work`.
pub fn on_cores<T>(count: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let me = Pid::from_raw(0);
    let all = sched_getaffinity(me)?;
    let mut some = CpuSet::new();
    let there = (0..CpuSet::count()).filter(|core| all.is_set(*core).unwrap_or(false));
    for core in there.take(count) {
        some.set(core)?;
    }
    sched_setaffinity(me, &some)?;
    let done = work();
    sched_setaffinity(me, &all)?;
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_what_linux_says() {
        let status = "Name:\tbench\nVmRSS:\t  123456 kB\nRssAnon:\t  100000 kB\nRssFile:\t 23456 kB\n";
        assert!((anonymous_mb(status).unwrap() - 102.4).abs() < 1e-9);
        assert_eq!(anonymous_mb("VmRSS:\t  123456 kB\n"), None);
        assert!(memory_mb().unwrap() > 0.1);
    }

    #[test]
    fn threads_stay_on_the_cores_that_were_given() {
        let cores = || std::thread::available_parallelism().map(std::num::NonZero::get).unwrap();
        let all = cores();
        let inside = on_cores(1, || Ok(std::thread::spawn(cores).join().unwrap())).unwrap();
        assert_eq!((inside, cores()), (1, all));
    }

    #[test]
    fn work_takes_processor_time() {
        let before = processor_time().unwrap();
        let mut sum = 0_u64;
        while processor_time().unwrap() < before + Duration::from_millis(20) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(sum > 0);
    }
}
