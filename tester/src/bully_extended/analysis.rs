//! stub
use std::time::Duration;

use super::BullyForm;
use crate::event::Event;
use crate::rule::{Analysis, BrokenRule};

pub(super) struct BullyAnalysis;

impl BullyAnalysis {
    pub fn new(_form: BullyForm, _servers: usize) -> Self {
        Self
    }
}

impl Analysis for BullyAnalysis {
    fn on(&mut self, _event: &Event<'_>) -> Vec<BrokenRule> {
        Vec::new()
    }

    fn at_end(&mut self, _at: Duration) -> Vec<BrokenRule> {
        Vec::new()
    }

    fn unseen(&self) -> Vec<String> {
        Vec::new()
    }
}
