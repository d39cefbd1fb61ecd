//! Streams in which one thing was changed, and untrusted bytes.

use serde_json::{Value, json};

use super::super::flaw::Area;
use super::recorded::Recorded;

impl Recorded {
    /// The events as objects.
    fn events(&self) -> Vec<Value> {
        self.lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// The same run with these events, numbered anew from 1, with their causes; events that are dropped cause
    /// nothing.
    fn with(mut self, events: Vec<Value>) -> Self {
        let number = |event: &Value| event["number"].as_u64().expect("a number");
        let now: std::collections::HashMap<u64, u64> =
            (1..).zip(&events).map(|(now, it)| (number(it), now)).collect();
        let renumbered = (1..).zip(&events).map(|(now_number, event): (u64, _)| {
            let mut event = event.clone();
            let cause = event["cause"].as_u64().expect("a number");
            event["cause"] = now.get(&cause).copied().unwrap_or_default().min(now_number - 1).into();
            event["number"] = now_number.into();
            event
        });
        self.lines = renumbered.map(|event| event.to_string()).collect();
        self
    }

    /// The place of the last event that is so.
    fn last(&self, is_so: impl Fn(&Value) -> bool) -> usize {
        self.events().iter().rposition(is_so).expect("such an event")
    }

    /// The same run with the last event that is so changed.
    fn changing(self, is_so: impl Fn(&Value) -> bool, change: impl FnOnce(&mut Value)) -> Self {
        let (mut events, place) = (self.events(), self.last(is_so));
        change(&mut events[place]);
        self.with(events)
    }

    /// The same run without the last event that is so.
    fn without(self, is_so: impl Fn(&Value) -> bool) -> Self {
        let (mut events, place) = (self.events(), self.last(is_so));
        events.remove(place);
        self.with(events)
    }

    /// The same run with the last event that is so twice.
    fn twice(self, is_so: impl Fn(&Value) -> bool) -> Self {
        let (mut events, place) = (self.events(), self.last(is_so));
        events.insert(place + 1, events[place].clone());
        self.with(events)
    }

    #[track_caller]
    fn has_flaw_of(&self, area: Area) {
        match self.check() {
            Err(flaw) if flaw.area == area => {}
            other => panic!("expected a flaw of {area:?}; saw {other:?}"),
        }
    }
}

fn is(kind: &str) -> impl Fn(&Value) -> bool + '_ {
    move |event| event["kind"] == kind
}

fn is_step(step: &str) -> impl Fn(&Value) -> bool + '_ {
    move |event| event["step"] == step && event["kind"] == "message"
}

fn agreement() -> Recorded {
    Recorded::of("rejoin_3b", 3)
}

fn clients() -> Recorded {
    Recorded::of("basic_4b", 3)
}

#[test]
fn an_untouched_stream_is_evidence() {
    for recorded in [agreement(), clients()] {
        assert_eq!(recorded.check(), Ok(()));
        let events = recorded.events();
        assert_eq!(recorded.with(events).check(), Ok(()), "numbered anew");
    }
}

#[test]
fn the_header_is_that_of_the_run() {
    let of = |change: fn(&mut Recorded)| {
        let mut recorded = agreement();
        change(&mut recorded);
        recorded.has_flaw_of(Area::Form);
    };
    of(|it| it.header.test = "basic_agree_3b".to_owned());
    of(|it| it.header.seed = "0x4".to_owned());
    of(|it| it.header.solution = "own".to_owned());
    of(|it| it.header.policy = "pct".to_owned());
    of(|it| it.header.left_out = 1);
    of(|it| it.header.began_after = None);
    of(|it| it.header.ended_ns = it.header.ended_ns.map(|end| end + 2_000));
    of(|it| it.header.began_ns = it.header.began_ns.map(|begin| begin + 2_000));
}

#[test]
fn numbers_times_and_causes_are_possible() {
    let mut recorded = agreement();
    recorded.lines.remove(100);
    recorded.has_flaw_of(Area::Form);
    let mut recorded = agreement();
    recorded.lines.swap(100, 101);
    recorded.has_flaw_of(Area::Form);
    agreement().changing(is("applied"), |event| event["time_ns"] = 1.into()).has_flaw_of(Area::Form);
    let late = |event: &mut Value| event["time_ns"] = 200_000_000_000_u64.into();
    agreement().changing(is("crashed"), late).has_flaw_of(Area::Form);
    let mut recorded = agreement();
    let mut event: Value = serde_json::from_str(&recorded.lines[50]).expect("JSON");
    event["cause"] = 60.into();
    recorded.lines[50] = event.to_string();
    recorded.has_flaw_of(Area::Form);
    agreement().changing(is("applied"), |event| event["kind"] = "violation".into()).has_flaw_of(Area::Form);
    agreement().changing(is("applied"), |event| event["server"] = 7.into()).has_flaw_of(Area::Form);
}

#[test]
fn a_stream_is_complete() {
    let recorded = agreement();
    let began = usize::try_from(recorded.header.began_after.expect("it began")).expect("few");
    for length in [0, 1, began, recorded.lines.len() / 2] {
        let mut cut = agreement();
        cut.lines.truncate(length);
        cut.has_flaw_of(Area::Form);
    }
    let mut cut = agreement();
    cut.lines.pop();
    cut.has_flaw_of(Area::Servers);
}

#[test]
fn servers_start_and_end_in_turn() {
    agreement().twice(is("started")).has_flaw_of(Area::Servers);
    agreement().without(is("started")).has_flaw_of(Area::Servers);
    agreement().changing(is("applied"), |event| event["incarnation"] = 9.into()).has_flaw_of(Area::Servers);
}

#[test]
fn messages_arrive_once_and_were_sent() {
    for step in ["request_delivered", "reply_delivered", "reply_sent"] {
        agreement().twice(is_step(step)).has_flaw_of(Area::Messages);
    }
    for step in ["request_sent", "reply_sent"] {
        // The last call is that of no reply; of its sending everything else depends.
        let recorded = agreement();
        let call = recorded.events()[recorded.last(is_step("reply_delivered"))]["call"].clone();
        recorded.without(|event| is_step(step)(event) && event["call"] == call).has_flaw_of(Area::Messages);
    }
    let bytes = |event: &mut Value| event["bytes"] = 9999.into();
    agreement().changing(is_step("reply_delivered"), bytes).has_flaw_of(Area::Messages);
    agreement().changing(is_step("request_delivered"), bytes).has_flaw_of(Area::Messages);
    let call = |event: &mut Value| event["call"] = 999_999.into();
    agreement().changing(is_step("request_delivered"), call).has_flaw_of(Area::Messages);
    let unknown = |event: &mut Value| event["step"] = "arrived".into();
    agreement().changing(is_step("request_delivered"), unknown).has_flaw_of(Area::Messages);
}

#[test]
fn nothing_arrives_over_a_link_that_is_cut() {
    let recorded = agreement();
    let mut events = recorded.events();
    // The last mending before requests arrive between these two is left out, and so is the cutting after it.
    let place = recorded.last(is_step("request_delivered"));
    let pair = [events[place]["from"].clone(), events[place]["to"].clone()];
    let is_of_pair = |event: &Value| {
        let peer: Value = format!("server {}", event["peer"]).into();
        pair.contains(&event["at"]) && pair.contains(&peer)
    };
    let mended =
        events[..place].iter().rposition(|it| is("link_mended")(it) && is_of_pair(it)).expect("mended");
    let cut =
        events[mended..].iter().position(|it| is("link_cut")(it) && is_of_pair(it)).expect("cut") + mended;
    events.remove(cut);
    events.remove(mended);
    recorded.with(events).has_flaw_of(Area::Messages);
}

#[test]
fn the_figures_of_the_report_are_counted() {
    let of = |change: fn(&mut Recorded), mut recorded: Recorded| {
        change(&mut recorded);
        recorded.has_flaw_of(Area::Counts);
    };
    of(|it| it.report.rpcs += 1, agreement());
    of(|it| it.report.bytes -= 1, agreement());
    of(|it| it.report.bytes += 100_000, agreement());
    of(|it| it.report.commands += 1, agreement());
    of(|it| it.report.operations += 1, clients());
    of(|it| it.report.operations += 2, Recorded::of("basic_4p", 3));
    let plan = tester::cases().iter().find_map(|case| case.plan(1)).expect("a test plays a plan");
    let mut recorded = agreement();
    recorded.report.plan = Some(plan);
    recorded.has_flaw_of(Area::Counts);
}

#[test]
fn servers_agree_on_what_was_submitted() {
    let command = |event: &mut Value| event["content"]["command"] = "023939".into();
    agreement().changing(is("applied"), command).has_flaw_of(Area::Agreement);
    let index = |event: &mut Value| event["content"]["index"] = 99.into();
    agreement().changing(is("applied"), index).has_flaw_of(Area::Agreement);
    let nothing = |event: &mut Value| event["content"] = json!({});
    agreement().changing(is("applied"), nothing).has_flaw_of(Area::Agreement);
    let mut events = agreement().events();
    events.retain(|event| event["kind"] != "submitted");
    agreement().with(events).has_flaw_of(Area::Agreement);
    Recorded::of("one_proposer_p1", 1)
        .changing(is("decided"), |event| event["content"]["value"] = "another".into())
        .has_flaw_of(Area::Agreement);
    Recorded::of("snapshot_basic_3d", 1)
        .changing(is("applied"), |event| event["content"]["index"] = 1.into())
        .has_flaw_of(Area::Agreement);
}

#[test]
fn one_server_leads_in_a_term() {
    let recorded = agreement();
    let events = recorded.events();
    let leads = |event: &Value| is("probed")(event) && event["content"]["is_leader"] == true;
    let place = recorded.last(leads);
    let mut other = events[place].clone();
    let server = (other["server"].as_u64().expect("a number") + 1) % 3;
    (other["server"], other["at"]) = (server.into(), format!("server {server}").into());
    other["incarnation"] = 1.into();
    let mut events = events;
    events.insert(place + 1, other);
    recorded.with(events).has_flaw_of(Area::Leaders);
}

#[test]
fn the_history_of_clients_is_linearizable() {
    let got = |event: &Value| is("operation_ended")(event) && event["output"]["Value"].is_object();
    let version = |event: &mut Value| event["output"]["Value"]["version"] = 9_999_999.into();
    clients().changing(got, version).has_flaw_of(Area::Operations);
    let value = |event: &mut Value| event["output"]["Value"]["value"] = "never put".into();
    clients().changing(got, value).has_flaw_of(Area::Operations);
    clients().twice(is("operation_ended")).has_flaw_of(Area::Operations);
    clients().changing(got, |event| event["output"] = json!({})).has_flaw_of(Area::Operations);
    // The client calls again, and its first call has not returned.
    let recorded = clients();
    let mut events = recorded.events();
    let first = events.iter().position(is("operation_ended")).expect("an answer");
    events.remove(first);
    recorded.with(events).has_flaw_of(Area::Operations);
}

#[test]
fn the_history_of_clients_who_append_is_linearizable() {
    // Five clients append to one text, or one client to a text that is longer than other events have.
    for name in ["unreliable_one_key_4p", "speed_4p"] {
        let appends = || Recorded::of(name, 3);
        assert_eq!(appends().check(), Ok(()), "{name}");
        let got = |event: &Value| event["output"]["Value"]["value"].as_str().is_some_and(|it| it.len() > 20);
        let last = appends().events()[appends().last(got)]["output"]["Value"]["value"].clone();
        let text = last.as_str().expect("a text");
        let (before, appended) = text.split_at(text.rfind('x').expect("something was appended"));
        for forged in
            [before.to_owned(), format!("{text}{appended}"), format!("{appended}{before}"), String::new()]
        {
            let forge = |event: &mut Value| event["output"]["Value"]["value"] = forged.into();
            appends().changing(got, forge).has_flaw_of(Area::Operations);
        }
        appends().changing(got, |event| event["output"] = "Done".into()).has_flaw_of(Area::Operations);
        appends().changing(got, |event| event["output"] = Value::Null).has_flaw_of(Area::Operations);
        let is_append = |event: &Value| event["input"]["Append"].is_object();
        appends().changing(is_append, |event| event["input"] = Value::Null).has_flaw_of(Area::Operations);
        let other = |event: &mut Value| event["input"]["Append"]["value"] = "another".into();
        appends().changing(is_append, other).has_flaw_of(Area::Operations);
        appends().twice(is("operation_ended")).has_flaw_of(Area::Operations);
    }
}

#[test]
fn commands_are_those_of_the_seed() {
    // The whole run of another seed, under the name of this one.
    let other = |name: &str| {
        let mut other = Recorded::of(name, 4);
        assert_eq!(other.check(), Ok(()), "{name}");
        (other.header.seed, other.report.seed) = ("0x3".to_owned(), 3);
        other
    };
    // Its commands are numbers, long texts, and words.
    other("backup_3b").has_flaw_of(Area::Workload);
    for name in ["rpc_bytes_3b", "one_proposer_p1"] {
        other(name).has_flaw_of(Area::Least);
    }
}

#[test]
fn a_run_in_which_nothing_happens_is_no_evidence() {
    for name in ["initial_election_3a", "basic_agree_3b", "basic_4b", "one_proposer_p1", "two_elections_b1"] {
        let mut recorded = Recorded::of(name, 1);
        let mut events = recorded.events();
        let kept = ["started", "cut_off", "crashed", "link_mended", "link_cut"];
        events.retain(|event| kept.iter().any(|kind| event["kind"] == *kind));
        let began = recorded.header.began_ns.expect("it began");
        let before = events.iter().filter(|event| event["time_ns"].as_u64() < Some(began)).count();
        recorded.header.began_after = Some(before as u64);
        let report = &mut recorded.report;
        (report.rpcs, report.bytes, report.commands, report.operations) = (0, 0, 0, 0);
        recorded.with(events).has_flaw_of(Area::Least);
    }
}

#[test]
fn no_bytes_make_the_check_panic() {
    let recorded = clients();
    let text = recorded.text().into_bytes();
    let mut state = 1_u64;
    let mut random = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("a small number") % bound
    };
    for round in 0..60 {
        let mut bytes = text.clone();
        match round % 4 {
            0 => bytes.truncate(random(text.len())),
            1 => {
                let place = random(text.len());
                bytes[place] = u8::try_from(random(256)).expect("a byte");
            }
            2 => bytes.drain(..random(text.len() / 2)).for_each(drop),
            _ => {
                let mut lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
                for _ in 0..20 {
                    let (one, other) = (random(lines.len()), random(lines.len()));
                    lines.swap(one, other);
                }
                bytes = lines.concat();
            }
        }
        let verdict = recorded.check_text(&bytes);
        // One byte in a text of no meaning may be any.
        assert!(verdict.is_err() || round % 4 == 1, "round {round}");
    }
    for huge in ["9".repeat(1000), "[".repeat(100_000), "x".repeat(3 << 20)] {
        let line = format!("{}{huge}\n", recorded.text().split_inclusive('\n').next().expect("a line"));
        assert!(recorded.check_text(line.as_bytes()).is_err());
    }
}
