//! `lab replay --step`: walks through the events of a run, as a debugger walks through a program.

mod command;
mod input;
mod server;

use serde_json::Value;
use tester::BrokenRule;
use tester::event::transcript::Line;

use super::line_filter::LineFilter;
use super::listing::shown;
use super::voice::Voice;
use crate::error::CommandError;
use crate::run::Events;
use command::{Command, HELP};
use input::Input;
use server::Server;

/// The events around the present one that are listed, on each side.
const AROUND: usize = 5;

/// Reads commands until the user has seen enough. Steps go to events that pass.
///
/// # Errors
///
/// The events, or the commands, cannot be read.
pub(super) fn walk(
    events: Events,
    filter: &LineFilter,
    broken: &[BrokenRule],
    voice: Voice,
) -> Result<(), CommandError> {
    let unreadable = |cause| CommandError::new(format!("the events of the run cannot be read: {cause}"));
    let events: Vec<Value> = events.collect::<Result<_, _>>().map_err(unreadable)?;
    let mut walk = Walk { events, filter, broken, voice, at: None };
    let mut input = Input::new().map_err(|cause| CommandError::new(format!("no commands: {cause}")))?;
    walk.begin();
    let mut last = Command::Next { server: None };
    while let Some(line) = input.line().map_err(|cause| CommandError::new(format!("no commands: {cause}")))? {
        let command = match Command::parse(&line) {
            Ok(None) => last.clone(),
            Ok(Some(command)) => command,
            Err(advice) => {
                voice.say(&advice);
                continue;
            }
        };
        if command == Command::Quit {
            break;
        }
        walk.carry_out(&command);
        last = command;
    }
    Ok(())
}

/// A walk through the events, with the lines of the log between them.
struct Walk<'a> {
    events: Vec<Value>,
    filter: &'a LineFilter,
    broken: &'a [BrokenRule],
    voice: Voice,
    /// The position of the present event; `None` before the first one.
    at: Option<usize>,
}

impl Walk<'_> {
    fn begin(&self) {
        let number = self.events.iter().filter(|event| is_event(event)).count();
        let end = self.events.last().map_or(0.0, time);
        self.voice.say(&format!(
            "{number} events in {end:.3} s; h shows the commands, and an empty line repeats one"
        ));
        if let Some(rule) = self.broken.first() {
            self.voice.say(&format!("r goes to the events that show {}: {}", rule.id, rule.headline));
        }
    }

    fn carry_out(&mut self, command: &Command) {
        match command {
            Command::Next { server } => self.next(*server),
            Command::NextHere => match self.here() {
                Some(server) => self.next(Some(server)),
                None => self
                    .voice
                    .say("the present event is not of a server; n 2 goes to the next one of server 2"),
            },
            Command::Back { server } => self.back(*server),
            Command::Time(seconds) => {
                self.go(|event| time(event) >= *seconds, "the run ends before that time");
            }
            Command::Number(number) => {
                self.go(|event| event["number"] == *number, "there is no event of that number");
            }
            Command::Cause => self.cause(),
            Command::Rule => self.rule(),
            Command::List => self.list(),
            Command::State { server } => self.state(*server),
            Command::Help => HELP.lines().for_each(|line| self.voice.say(line)),
            Command::Quit => {}
        }
    }

    /// The next event, and the lines of the log before it.
    fn next(&mut self, server: Option<u64>) {
        let begin = self.at.map_or(0, |at| at + 1);
        let Some(next) = (begin..self.events.len()).find(|&at| self.is_stop(at, server)) else {
            return self.voice.say("there is none before the end of the run");
        };
        for at in begin..next {
            let line = Line::of_event(&self.events[at]);
            if !is_event(&self.events[at]) && self.filter.passes_line(&line) {
                self.voice.say(&shown(&line, self.voice));
            }
        }
        self.stop_at(next);
    }

    fn back(&mut self, server: Option<u64>) {
        let end = self.at.unwrap_or(0);
        match (0..end).rev().find(|&at| self.is_stop(at, server)) {
            Some(before) => self.stop_at(before),
            None => self.voice.say("there is none before"),
        }
    }

    /// The first event that `is_it`.
    fn go(&mut self, is_it: impl Fn(&Value) -> bool, otherwise: &str) {
        match self.events.iter().position(|event| is_event(event) && is_it(event)) {
            Some(at) => self.stop_at(at),
            None => self.voice.say(otherwise),
        }
    }

    fn cause(&mut self) {
        let cause = self.present().and_then(|event| event["cause"].as_u64()).filter(|&cause| cause > 0);
        match cause {
            Some(cause) => self.go(|event| event["number"] == cause, "its cause was not kept"),
            None => self.voice.say("it has no cause in the run: time has passed, or the test has acted"),
        }
    }

    /// The next event of the broken rule, after the last the first one.
    fn rule(&mut self) {
        let Some(rule) = self.broken.first() else {
            return self.voice.say("no rule is known to be broken in this run");
        };
        let present = self.present().and_then(|event| event["number"].as_u64());
        let shown = present.and_then(|number| rule.events.iter().position(|event| event.number == number));
        let next = shown.map_or(0, |shown| (shown + 1) % rule.events.len().max(1));
        let Some(event) = rule.events.get(next) else {
            return self.voice.say("no event shows it: something that should have happened did not");
        };
        self.voice.say(&format!("{}: {}", rule.id, rule.headline));
        self.voice.say(&format!("event {} of {}: {}", next + 1, rule.events.len(), event.what));
        let number = event.number;
        self.go(|event| event["number"] == number, "the event was not kept");
    }

    fn list(&self) {
        let at = self.at.unwrap_or(0);
        let passing: Vec<usize> = (0..self.events.len())
            .filter(|&it| Some(it) == self.at || self.filter.passes_line(&Line::of_event(&self.events[it])))
            .collect();
        let middle = passing.partition_point(|&it| it < at);
        let range = middle.saturating_sub(AROUND)..(middle + AROUND + 1).min(passing.len());
        for &it in &passing[range] {
            self.voice.say(&self.line(it, if Some(it) == self.at { ">" } else { " " }));
        }
    }

    fn state(&self, server: Option<u64>) {
        let Some(server) = server.or_else(|| self.here()) else {
            return self.voice.say("which server? s 1 shows what is known of server 1");
        };
        let mut state = Server::new(server);
        let until = self.at.map_or(0, |at| at + 1);
        self.events[..until].iter().for_each(|event| state.add(event));
        state.lines().iter().for_each(|line| self.voice.say(line));
    }

    fn present(&self) -> Option<&Value> {
        self.events.get(self.at?)
    }

    /// The server at which the present event happens.
    fn here(&self) -> Option<u64> {
        self.present()?["server"].as_u64()
    }

    /// Whether a step ends here: at an event that passes, of that server if one is given.
    fn is_stop(&self, at: usize, server: Option<u64>) -> bool {
        let event = &self.events[at];
        is_event(event)
            && server.is_none_or(|server| event["server"] == server)
            && self.filter.passes_line(&Line::of_event(event))
    }

    fn stop_at(&mut self, at: usize) {
        self.at = Some(at);
        self.voice.say(&self.line(at, ">"));
    }

    fn line(&self, at: usize, mark: &str) -> String {
        let event = &self.events[at];
        let number = event["number"].as_u64().map(|number| format!("#{number}")).unwrap_or_default();
        format!("{mark} {number:>7} {}", shown(&Line::of_event(event), self.voice))
    }
}

/// Whether it is an event, and not a line of the log.
fn is_event(event: &Value) -> bool {
    event["kind"] != "log"
}

/// The time in seconds.
fn time(event: &Value) -> f64 {
    event["time_ns"].as_u64().unwrap_or_default() as f64 / 1e9
}
