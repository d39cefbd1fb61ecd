//! The events and the log of a run, in the order of time: for people, and as JSON.

use std::io::{self, Write};

use labreport::text::one_line;
use serde_json::Value;
use tester::event::transcript::{Line, LineKind, Transcript, seconds};

use super::line_filter::LineFilter;
use super::live_log::say_filter;
use super::voice::Voice;
use crate::report::log_line;
use crate::run::Events;

/// The most characters of an event's line.
const LONGEST: usize = 2_000;

/// Prints the lines that pass, and how many there are. Lines that bring nothing new are only counted, unless
/// `everything` is to be shown.
pub(super) fn print(events: Events, filter: &LineFilter, everything: bool, voice: Voice) -> io::Result<()> {
    let header = events.header().clone();
    let mut transcript = Transcript::default();
    for event in events {
        transcript.add(&event?);
    }
    let lines = transcript.finish();
    let mut counts = [(0, 0); 2];
    let mut of_the_network = 0;
    let mut folded = Folded::default();
    for line in &lines {
        let is_log = line.kind == LineKind::Log;
        let count = &mut counts[usize::from(is_log)];
        count.1 += 1;
        if !filter.passes_line(line) {
            continue;
        }
        count.0 += 1;
        match (line.is_quiet && !everything, is_log) {
            (true, true) if !filter.wants_log() => of_the_network += 1,
            (true, false) => folded.add(line),
            _ => {
                folded.show(voice);
                voice.say(&shown(line, voice));
            }
        }
    }
    folded.show(voice);
    if of_the_network > 0 {
        voice.say(&format!(
            "({of_the_network} lines of the network's log are left out, since the calls say the same; --kind \
             log shows them)"
        ));
    }
    for ((shown, all), what) in counts.into_iter().zip(["calls and events", "lines of the log"]) {
        if shown < all {
            voice.say(&format!("({shown} of {all} {what})"));
        }
    }
    for (number, what) in [
        (header.left_out, "later events were not kept: the run has too many"),
        (header.without_contents, "events are without contents: all of them together are too large"),
        (header.log_left_out, "later lines of the log were not kept: the run has too many"),
    ] {
        if number > 0 {
            voice.say(&format!("({number} {what})"));
        }
    }
    say_filter(voice);
    Ok(())
}

/// A line as it is printed.
pub(super) fn shown(line: &Line, voice: Voice) -> String {
    if line.kind == LineKind::Log {
        return log_line::shown(&line.text);
    }
    // In the columns of a line of the log.
    let text = format!("{:>11} s     {}", seconds(line.time_ns), one_line(&line.text, LONGEST));
    match line.location.as_str() {
        "" => text,
        location => format!("{text}  {}", voice.paint().faint(&one_line(location, LONGEST))),
    }
}

/// Lines that bring nothing new, with no other line between them.
#[derive(Default)]
struct Folded(Vec<Fold>);

/// Lines of one kind, of one server.
struct Fold {
    kind: LineKind,
    of: String,
    number: u64,
    first: u64,
    last: u64,
}

impl Folded {
    fn add(&mut self, line: &Line) {
        let of = line.parties.first().map_or("", String::as_str);
        match self.0.iter_mut().find(|fold| fold.of == of && fold.kind == line.kind) {
            Some(fold) => {
                fold.number += 1;
                fold.last = line.time_ns;
            }
            None => {
                let (first, last) = (line.time_ns, line.time_ns);
                self.0.push(Fold { kind: line.kind, of: of.to_owned(), number: 1, first, last });
            }
        }
    }

    fn show(&mut self, voice: Voice) {
        for fold in self.0.drain(..) {
            let line = fold.line();
            voice.say(&format!("{:>11} s     {}", seconds(fold.first), voice.paint().faint(&line)));
        }
    }
}

impl Fold {
    fn line(&self) -> String {
        let Self { kind, of, number, first, last } = self;
        let one = if *number == 1 { "" } else { "s" };
        let what = match kind {
            LineKind::Agreement => format!("{number} start{one} on {of}, not accepted"),
            _ => format!("{number} heartbeat{one} of {of}"),
        };
        match number {
            1 => what,
            _ => format!("{what}, {:.3} s to {:.3} s", *first as f64 / 1e9, *last as f64 / 1e9),
        }
    }
}

/// Prints the header, and the events and lines that pass, as they are in the file.
pub(super) fn print_json(events: Events, filter: &LineFilter) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout());
    let mut print = |line: &Value| writeln!(out, "{line}").is_ok();
    let header = serde_json::to_value(events.header())?;
    // A reader who closed the pipe has seen enough.
    let mut is_read = print(&header);
    for event in events {
        let event = event?;
        if is_read && filter.passes_line(&Line::of_event(&event)) {
            is_read = print(&event);
        }
    }
    let _ = out.flush();
    Ok(())
}
