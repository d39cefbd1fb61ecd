//! [`Call`]: a call from its request to its end.

use serde_json::Value as Json;

use super::seconds;
use crate::event::line::{call, content, text};

/// A call, as far as its steps are known.
pub(super) struct Call {
    name: String,
    request: String,
    from: String,
    to: String,
    /// The method and the arguments.
    asks: (String, Json),
    /// The line of the solution that calls.
    sent_by: String,
    /// Copies of the request: one, and another one if it was duplicated.
    copies: u32,
    arrivals: Vec<u64>,
    lost: u32,
    answers: Vec<Answer>,
    fate: Option<Fate>,
}

/// An answer of a handler.
struct Answer {
    time: u64,
    reply: String,
    content: Json,
    is_late: bool,
    by: String,
}

/// What the caller has got.
enum Fate {
    Answered(u64),
    Lost,
}

impl Call {
    /// The call whose request is sent.
    pub(super) fn new(sent: &Json) -> Self {
        Self {
            name: call(sent),
            request: content(sent, false),
            from: text(sent, "from").to_owned(),
            to: text(sent, "to").to_owned(),
            asks: (text(sent, "method").to_owned(), sent["content"].clone()),
            sent_by: text(sent, "location").to_owned(),
            copies: 1,
            arrivals: Vec::new(),
            lost: 0,
            answers: Vec::new(),
            fate: None,
        }
    }

    /// Adds a later step.
    pub(super) fn add(&mut self, event: &Json) {
        let time = event["time_ns"].as_u64().unwrap_or_default();
        match text(event, "step") {
            "request_duplicated" => self.copies += 1,
            "request_delivered" => self.arrivals.push(time),
            "request_lost" => {
                self.lost += 1;
                if self.lost == self.copies {
                    self.fate.get_or_insert(Fate::Lost);
                }
            }
            step @ ("reply_sent" | "reply_late") => self.answers.push(Answer {
                time,
                reply: content(event, true),
                content: event["content"].clone(),
                is_late: step == "reply_late",
                by: text(event, "location").to_owned(),
            }),
            "reply_delivered" => self.fate = Some(Fate::Answered(time)),
            "reply_lost" => self.fate = Some(Fate::Lost),
            _ => {}
        }
    }

    /// Whether no further step is expected.
    pub(super) fn is_over(&self) -> bool {
        let arrived = self.arrivals.len() as u32;
        self.fate.is_some() && arrived + self.lost >= self.copies && self.answers.len() as u32 >= arrived
    }

    /// Whether this server has the request and has not answered it.
    pub(super) fn is_handled_by(&self, server: &str) -> bool {
        self.to == server && self.answers.len() < self.arrivals.len() && self.fate.is_none()
    }

    /// The call in short: `append_entries #74 1→2`.
    pub(super) fn name(&self) -> String {
        self.name.clone()
    }

    pub(super) fn from(&self) -> &str {
        &self.from
    }

    pub(super) fn to(&self) -> &str {
        &self.to
    }

    pub(super) fn asks(&self) -> &(String, Json) {
        &self.asks
    }

    /// The content of the reply that the caller got.
    pub(super) fn answer(&self) -> Option<&Json> {
        matches!(self.fate, Some(Fate::Answered(_))).then(|| self.answers.first().map(|it| &it.content))?
    }

    /// The call in one line.
    pub(super) fn line(&self) -> String {
        let mut line = format!("{} {}", self.name, self.request).trim_end().to_owned();
        let first = self.answers.first();
        let reply = first.map_or("", |answer| answer.reply.as_str());
        let outcome = match (&self.fate, first) {
            (Some(Fate::Answered(_)), _) => reply.to_owned(),
            (Some(Fate::Lost), Some(answer)) if answer.is_late => format!("{reply} too late"),
            (Some(Fate::Lost), Some(_)) => format!("{reply} lost"),
            (Some(Fate::Lost), None) if self.arrivals.is_empty() => "lost".to_owned(),
            (Some(Fate::Lost), None) => "no answer".to_owned(),
            (None, Some(_)) => format!("{reply} under way at the end"),
            (None, None) if self.arrivals.is_empty() => "under way at the end".to_owned(),
            (None, None) => "not answered at the end".to_owned(),
        };
        line += &format!(" → {}", outcome.trim_start());
        let mut times = Vec::new();
        if self.copies > 1 {
            times.push("sent twice by the network".to_owned());
        }
        let list = |times: &[u64]| times.iter().map(|&it| seconds(it)).collect::<Vec<_>>().join(" and ");
        let answered: Vec<u64> = self.answers.iter().map(|answer| answer.time).collect();
        match (&self.arrivals[..], &answered[..]) {
            ([], _) => {}
            (arrived, answered) if list(arrived) == list(answered) => {
                times.push(format!("arrived and answered {}", list(arrived)));
            }
            (arrived, []) => times.push(format!("arrived {}", list(arrived))),
            (arrived, answered) => {
                times.push(format!("arrived {}, answered {}", list(arrived), list(answered)));
            }
        }
        if let Some(Fate::Answered(time)) = self.fate {
            times.push(format!("back {}", seconds(time)));
        }
        if !times.is_empty() {
            line += &format!(" ({})", times.join(", "));
        }
        line
    }

    /// The lines of the solution that send and answer.
    pub(super) fn location(&self) -> String {
        let by = self.answers.first().map(|answer| answer.by.clone()).unwrap_or_default();
        let both = [self.sent_by.clone(), by];
        both.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" → ")
    }
}
