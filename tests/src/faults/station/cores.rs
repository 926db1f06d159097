//! Many jobs over the cores of a machine, told in their order.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use anyhow::Result;

/// How many work at once.
pub(super) fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(8)
}

/// Does every job; what came of each is told in the order of the jobs. The first error ends it.
///
/// # Errors
/// That of the first job that could not be tried at all.
pub(super) fn over<J: Sync, W: Send>(
    jobs: &[J],
    workers: usize,
    one: impl Fn(&J, usize) -> Result<W> + Sync,
    mut tell: impl FnMut(&J, W),
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    let (send, receive) = channel();
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (send, next, failed, one) = (send.clone(), &next, &failed, &one);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    let Some(job) = jobs.get(index) else { return };
                    match one(job, worker) {
                        Ok(went) => {
                            if send.send((index, went)).is_err() {
                                return;
                            }
                        }
                        Err(error) => {
                            next.store(jobs.len(), Ordering::SeqCst);
                            if let Ok(mut failed) = failed.lock() {
                                failed.get_or_insert(error);
                            }
                            return;
                        }
                    }
                }
            });
        }
        drop(send);
        let (mut waiting, mut due) = (BTreeMap::new(), 0);
        for (index, went) in receive {
            waiting.insert(index, went);
            while let Some(went) = waiting.remove(&due) {
                if let Some(job) = jobs.get(due) {
                    tell(job, went);
                }
                due += 1;
            }
        }
    });
    match failed.into_inner() {
        Ok(Some(error)) => Err(error),
        _ => Ok(()),
    }
}
