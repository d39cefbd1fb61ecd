//! [`Server`]: what the events up to some moment say of a server.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use tester::event::compact::{self, Field};
use tester::event::line::describe;

/// A server, as far as its messages, its saves and its answers tell.
pub(super) struct Server {
    number: u64,
    life: &'static str,
    incarnation: u64,
    term: Option<u64>,
    role: Option<&'static str>,
    /// The term and the candidate of the last vote that is known.
    vote: Option<(u64, String)>,
    commit: Option<u64>,
    applied: Option<u64>,
    base: Option<(u64, u64)>,
    /// Entries that it is known to have had, with their terms.
    log: BTreeMap<u64, u64>,
    /// The last that it saved, and that it told besides, in words.
    saved: Option<String>,
    told: Option<String>,
    /// Requests that it has received, by the number of the call.
    asked: HashMap<u64, Value>,
}

impl Server {
    pub(super) fn new(number: u64) -> Self {
        Self {
            number,
            life: "has not started",
            incarnation: 0,
            term: None,
            role: None,
            vote: None,
            commit: None,
            applied: None,
            base: None,
            log: BTreeMap::new(),
            saved: None,
            told: None,
            asked: HashMap::new(),
        }
    }

    /// Adds the next event.
    pub(super) fn add(&mut self, event: &Value) {
        if event["server"] != self.number {
            return;
        }
        match event["kind"].as_str().unwrap_or_default() {
            "message" => self.message(event),
            "started" => {
                self.life = "runs";
                self.incarnation = event["incarnation"].as_u64().unwrap_or_default();
                (self.role, self.commit, self.applied) = (Some("follower"), None, None);
                self.asked.clear();
            }
            "crashed" => self.life = "has crashed",
            "halted" => self.life = "was told to stop",
            "left" => self.life = "has left",
            "paused" => self.life = "is paused",
            "resumed" => self.life = "runs",
            "saved" if event["step"] == "took_effect" => {
                self.saved = Some(describe(event));
                for record in event["records"].as_array().into_iter().flatten() {
                    for value in record["content"].as_array().into_iter().flatten() {
                        self.read_saved(value);
                    }
                }
            }
            "probed" | "queried" => {
                let content = &event["content"];
                self.in_term(content["term"].as_u64());
                let leads = content["is_leader"] == true;
                match (leads, self.role) {
                    (true, _) => self.role = Some("leader"),
                    (false, Some("leader")) => self.role = Some("follower"),
                    (false, _) => {}
                }
            }
            "inspected" => self.inspected(&event["content"]),
            "accepted" => {
                let content = &event["content"];
                self.has(content["index"].as_u64(), content["term"].as_u64());
            }
            "applied" => self.applied = event["content"]["index"].as_u64(),
            "installed" => self.applied = event["content"]["index"].as_u64().or(self.applied),
            "follows" => self.told = Some(describe(event)),
            _ => {}
        }
    }

    fn message(&mut self, event: &Value) {
        let (content, call) = (&event["content"], event["call"].as_u64().unwrap_or_default());
        match event["step"].as_str().unwrap_or_default() {
            "request_sent" => self.asks(content),
            "request_delivered" => {
                self.asked.insert(call, event.clone());
            }
            "reply_sent" | "reply_late" => {
                if let Some(request) = self.asked.remove(&call) {
                    self.answers(&request, content);
                }
            }
            "reply_delivered" => {
                self.in_term(number(content, Field::Term).filter(|term| Some(*term) > self.term));
            }
            _ => {}
        }
    }

    /// A request of the server.
    fn asks(&mut self, content: &Value) {
        self.in_term(number(content, Field::Term));
        if let (Some(_), Some(index)) = (get(content, Field::Entries), number(content, Field::PrevIndex)) {
            self.role = Some("leader");
            self.has(Some(index), number(content, Field::PrevTerm));
            self.has_entries(content, index);
            self.commit = number(content, Field::Commit).max(self.commit);
        } else if let Some(index) = number(content, Field::LastIndex) {
            self.role = Some("candidate");
            self.vote = self.term.map(|term| (term, "itself".to_owned()));
            self.log.split_off(&(index + 1));
            self.has(Some(index), number(content, Field::LastTerm));
        } else if let Some(index) = number(content, Field::BaseIndex) {
            self.role = Some("leader");
            self.base = number(content, Field::BaseTerm).map(|term| (index, term)).max(self.base);
        }
    }

    /// An answer of the server to a request.
    fn answers(&mut self, request: &Value, reply: &Value) {
        let asked = &request["content"];
        self.in_term(number(reply, Field::Term));
        if flag(reply, Field::Granted) {
            let candidate = request["from"].as_str().unwrap_or_default();
            self.vote = number(asked, Field::Term).map(|term| (term, candidate.to_owned()));
        }
        let accepts = get(asked, Field::Entries).is_some() && flag(reply, Field::Success);
        if let Some(prev) = number(asked, Field::PrevIndex).filter(|_| accepts) {
            self.role = Some("follower");
            self.has(Some(prev), number(asked, Field::PrevTerm));
            let last = self.has_entries(asked, prev);
            self.commit = number(asked, Field::Commit).map(|commit| commit.min(last)).max(self.commit);
        }
    }

    /// It has the entries of a message, which follow `prev`. Returns the index of the last one.
    fn has_entries(&mut self, message: &Value, prev: u64) -> u64 {
        let mut index = prev;
        for entry in get(message, Field::Entries).and_then(Value::as_array).into_iter().flatten() {
            // Of a long sequence, some are left out.
            let left_out = entry.as_str().and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
            match left_out {
                Some(number) => index += number,
                None => {
                    index += 1;
                    self.has(Some(index), number(entry, Field::Term));
                }
            }
        }
        index
    }

    /// It has an entry. One of another term at that index is gone, with all that followed.
    fn has(&mut self, index: Option<u64>, term: Option<u64>) {
        let (Some(index @ 1..), Some(term)) = (index, term) else { return };
        if self.log.get(&index).is_some_and(|known| *known != term) {
            self.log.split_off(&index);
        }
        self.log.insert(index, term);
    }

    /// A server, as seen from this one.
    fn name(&self, server: u64) -> String {
        if server == self.number { "itself".to_owned() } else { format!("server {server}") }
    }

    fn in_term(&mut self, term: Option<u64>) {
        let Some(term) = term else { return };
        if self.term.is_none_or(|known| known < term) {
            self.role = Some("follower");
        }
        self.term = Some(term);
    }

    /// A saved value: a state with names, if it is one.
    fn read_saved(&mut self, value: &Value) {
        let Some(vote) = get(value, Field::VotedFor) else { return };
        self.in_term(number(value, Field::Term));
        if let (Some(term), Some(vote)) = (self.term, vote.as_u64()) {
            self.vote = Some((term, self.name(vote)));
        }
    }

    /// What the server told of itself.
    fn inspected(&mut self, content: &Value) {
        let indices = |name: &str| content.get(name).map(compact::value);
        self.told = match (indices("next_index"), indices("match_index")) {
            (Some(next), Some(matched)) => Some(format!("next {next}, match {matched}")),
            _ => None,
        };
        self.in_term(content["term"].as_u64());
        self.commit = content["commit_index"].as_u64().or(self.commit);
        self.applied = content["last_applied"].as_u64().or(self.applied);
        let told = |name: &str| content[name].as_u64();
        self.role = content["role"].as_str().map_or(self.role, |role| match role {
            "Leader" => Some("leader"),
            "Candidate" => Some("candidate"),
            _ => Some("follower"),
        });
        if let (Some(vote), Some(term)) = (content.get("voted_for"), self.term) {
            let candidate = vote.as_u64().map_or("nobody".to_owned(), |vote| self.name(vote));
            self.vote = Some((term, candidate));
        }
        let (Some(base), Some(of), Some(last)) = (told("base_index"), told("base_term"), told("last_index"))
        else {
            return;
        };
        self.base = Some((base, of));
        if let Some(runs) =
            content["runs"].as_array().filter(|runs| runs.iter().all(|run| run["term"].is_u64()))
        {
            let begin = |run: &Value| Some((run["index"].as_u64()?, run["term"].as_u64()?));
            let begins: Vec<(u64, u64)> = runs.iter().filter_map(begin).collect();
            self.log.clear();
            for (number, &(first, term)) in begins.iter().enumerate() {
                let end = begins.get(number + 1).map_or(last + 1, |&(next, _)| next);
                self.log.extend((first..end).map(|index| (index, term)));
            }
        }
    }

    /// What is known, in lines.
    pub(super) fn lines(&self) -> Vec<String> {
        let number = |value: Option<u64>| value.map_or("unknown".to_owned(), |value| value.to_string());
        let again = if self.incarnation > 1 {
            format!(", started {} times", self.incarnation)
        } else {
            String::new()
        };
        let mut lines = vec![format!("server {} {}{again}", self.number, self.life)];
        if self.term.is_some() {
            let vote = self.vote.as_ref().filter(|(term, _)| Some(*term) == self.term);
            let vote = vote.map_or("unknown", |(_, candidate)| candidate.as_str());
            let role = self.role.unwrap_or("unknown");
            lines.push(format!("  term {}, {role}, vote: {vote}", number(self.term)));
            lines.push(format!("  commit {}, applied {}", number(self.commit), number(self.applied)));
            let base = self
                .base
                .filter(|base| base.0 > 0)
                .map(|(index, term)| format!("snapshot {index}@{term}, "))
                .unwrap_or_default();
            lines.push(format!("  log: {base}{}", self.log_line()));
        } else if let Some(applied) = self.applied {
            lines.push(format!("  applied {applied}"));
        }
        lines.extend(self.told.as_ref().map(|told| format!("  {told}")));
        lines.extend(self.saved.as_ref().map(|saved| format!("  last save: {saved}")));
        lines
    }

    /// The log as runs of entries of one term: `1 … 16 of term 1, 17 of term 2`.
    fn log_line(&self) -> String {
        let base = self.base.map_or(0, |(index, _)| index);
        let mut runs: Vec<(u64, u64, u64)> = Vec::new();
        for (&index, &term) in self.log.range(base + 1..) {
            match runs.last_mut() {
                Some((_, last, of)) if *of == term && *last + 1 == index => *last = index,
                _ => runs.push((index, index, term)),
            }
        }
        let shown = |(first, last, term): &(u64, u64, u64)| match last - first {
            0 => format!("{first} of term {term}"),
            _ => format!("{first} … {last} of term {term}"),
        };
        match runs.len() {
            0 => "no entry is known".to_owned(),
            _ => runs.iter().map(shown).collect::<Vec<_>>().join(", "),
        }
    }
}

fn get(object: &Value, field: Field) -> Option<&Value> {
    object.as_object()?.iter().find(|(name, _)| Field::of(name) == Some(field)).map(|(_, value)| value)
}

fn number(object: &Value, field: Field) -> Option<u64> {
    get(object, field)?.as_u64()
}

fn flag(object: &Value, field: Field) -> bool {
    get(object, field).is_some_and(|value| *value == true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(step: &str, call: u64, content: Value) -> Value {
        json!({ "kind": "message", "server": 2, "step": step, "call": call, "from": "server 1",
                "content": content })
    }

    #[test]
    fn messages_tell_of_term_role_vote_and_log() {
        let mut server = Server::new(2);
        assert_eq!(server.lines(), ["server 2 has not started"]);
        let append = |prev: (u64, u64), terms: &[u64], commit: u64| {
            let entries: Vec<Value> = terms.iter().map(|term| json!({ "term": term })).collect();
            json!({ "term": 3, "prev_log_index": prev.0, "prev_log_term": prev.1, "entries": entries,
                    "leader_commit": commit })
        };
        let events = [
            json!({ "kind": "started", "server": 2, "incarnation": 1 }),
            message("request_delivered", 1, json!({ "term": 3, "last_log_index": 0, "last_log_term": 0 })),
            message("reply_sent", 1, json!({ "term": 3, "vote_granted": true })),
            message("request_delivered", 2, append((0, 0), &[1, 1, 2], 1)),
            message("reply_sent", 2, json!({ "term": 3, "success": true })),
            json!({ "kind": "applied", "server": 2, "content": { "index": 1, "command": "a" } }),
            // Refused, so it says nothing of the log.
            message("request_delivered", 3, append((9, 3), &[3], 7)),
            message("reply_sent", 3, json!({ "term": 3, "success": false })),
            // Of another server.
            json!({ "kind": "crashed", "server": 1 }),
        ];
        events.iter().for_each(|event| server.add(event));
        assert_eq!(
            server.lines(),
            [
                "server 2 runs",
                "  term 3, follower, vote: server 1",
                "  commit 1, applied 1",
                "  log: 1 … 2 of term 1, 3 of term 2",
            ]
        );
        server.add(&message("request_delivered", 4, append((1, 1), &[3], 9)));
        server.add(&message("reply_sent", 4, json!({ "term": 3, "success": true })));
        server.add(&message(
            "request_sent",
            5,
            json!({ "term": 4, "last_log_index": 2, "last_log_term": 3 }),
        ));
        assert_eq!(
            server.lines()[1..],
            ["  term 4, candidate, vote: itself", "  commit 2, applied 1", "  log: 1 of term 1, 2 of term 3",]
        );
        server.add(&json!({ "kind": "crashed", "server": 2 }));
        server.add(&json!({ "kind": "started", "server": 2, "incarnation": 2 }));
        assert_eq!(server.lines()[0], "server 2 runs, started 2 times");
    }

    #[test]
    fn an_inspection_is_taken_as_it_is() {
        let mut server = Server::new(0);
        server.add(&json!({ "kind": "inspected", "server": 0, "content": {
            "term": 5, "role": "Leader", "voted_for": null, "base_index": 10, "base_term": 2,
            "last_index": 13, "runs": [{ "index": 11, "term": 2 }, { "index": 12, "term": 5 }],
            "commit_index": 11, "last_applied": 10 } }));
        let lines = server.lines();
        assert_eq!(lines[1], "  term 5, leader, vote: nobody");
        assert_eq!(lines[2], "  commit 11, applied 10");
        assert_eq!(lines[3], "  log: snapshot 10@2, 11 of term 2, 12 … 13 of term 5");
    }
}
