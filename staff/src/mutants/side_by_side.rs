//! [`side_by_side`]: several tasks at a time.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Does `work` on all tasks, `jobs` at a time, begun in their order. Returns the results in the same order.
///
/// # Errors
///
/// The first error, in the order of tasks, of those that occurred. After an error no more tasks begin.
pub(super) fn side_by_side<T: Sync, R: Send, E: Send>(
    tasks: &[T],
    jobs: usize,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<R, E>)>> = Mutex::new(Vec::new());
    let run = || {
        loop {
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = tasks.get(position) else { return };
            let result = work(task);
            if result.is_err() {
                next.store(tasks.len(), Ordering::Relaxed);
            }
            results.lock().unwrap_or_else(PoisonError::into_inner).push((position, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(tasks.len()) {
            scope.spawn(run);
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(position, _)| *position);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_tasks() {
        let tasks: Vec<u64> = (0..20).collect();
        for jobs in [1, 2, 50] {
            let squares = side_by_side(&tasks, jobs, |task| Ok::<_, ()>(task * task)).unwrap();
            assert_eq!(squares, tasks.iter().map(|task| task * task).collect::<Vec<_>>());
        }
        assert_eq!(side_by_side(&[], 3, |task: &u64| Ok::<_, ()>(*task)), Ok(vec![]));
    }

    #[test]
    fn an_error_ends_the_work() {
        let begun = AtomicUsize::new(0);
        let result = side_by_side(&[1, 2, 3, 4], 1, |task| {
            begun.fetch_add(1, Ordering::Relaxed);
            if *task == 2 { Err("two") } else { Ok(*task) }
        });
        assert_eq!(result, Err("two"));
        assert_eq!(begun.load(Ordering::Relaxed), 2);
    }
}
