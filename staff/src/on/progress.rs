//! [`Progress`]: the number of shards that have a result, on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::engine_folder::EngineFolder;
use super::work::Work;

/// The time between two looks at the results.
pub(super) const INTERVAL: Duration = Duration::from_millis(500);

/// A bar on the standard error, if that is a terminal.
pub(super) struct Progress<'a> {
    folder: &'a EngineFolder,
    work: &'a Work,
    bar: ProgressBar,
}

impl<'a> Progress<'a> {
    pub(super) fn new(folder: &'a EngineFolder, work: &'a Work, engine: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(work.shards.into()), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos} of {len} shards, {elapsed}");
        bar.set_style(style.expect("the template is well formed"));
        bar.set_message(engine.to_owned());
        Self { folder, work, bar }
    }

    /// Counts the results that are there.
    pub(super) fn update(&self) {
        let missing = self.folder.missing(self.work).len();
        self.bar.set_position(u64::from(self.work.shards).saturating_sub(missing as u64));
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
