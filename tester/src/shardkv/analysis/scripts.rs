//! Each rule by a list of events written by hand: the list that breaks it, and the one beside it that does
//! not.

use serde::Serialize;

use labapi::{PutError, Versioned, WrongLeader};
use labgob::Value;

use super::*;
use crate::causality::Causality;
use crate::event::{Group, Incarnation};

/// A list of events, one method a call or a few. Every event comes a millisecond after the one before.
struct Script {
    /// The store of configurations, and two groups.
    analyses: [ShardAnalysis; 3],
    number: u64,
    calls: u64,
    /// The rules that were broken, in order.
    broken: Vec<BrokenRule>,
}

/// A call on its way.
#[derive(Clone, Copy)]
struct Sent {
    call: u64,
    client: u32,
    group: u16,
    method: &'static str,
}

#[derive(Serialize)]
struct StepArgs {
    shard: usize,
    num: u64,
}

#[derive(Serialize)]
struct Get {
    key: String,
}

#[derive(Serialize)]
struct WrongGroup;

const NAMES: [&str; 3] = ["", "g1", "g2"];

/// A key of shard 0.
fn key() -> String {
    (0..).map(|n| format!("k{n}")).find(|key| ShardId::of(key) == ShardId(0)).expect("there are such keys")
}

fn script() -> Script {
    let moves = Moves::default();
    let analyses = NAMES.map(|name| ShardAnalysis::new(name, &moves));
    Script { analyses, number: 0, calls: 0, broken: Vec::new() }
}

impl Script {
    fn step(&mut self, sent: Sent, step: Step, content: &Value) {
        self.number += 1;
        let group = Group { number: sent.group, name: NAMES[usize::from(sent.group)] };
        let to = Incarnation { group, server: 0, number: 1 };
        let from = Party::Client(sent.client);
        let (call, method) = (sent.call, sent.method);
        let message =
            Message { call, step, from, to, method, bytes: 0, content: Some(content), location: None };
        let at_server = matches!(step, Step::RequestDelivered | Step::ReplySent);
        self.broken.extend(self.analyses[usize::from(sent.group)].on(&Event {
            number: self.number,
            at: Duration::from_millis(self.number),
            cause: 0,
            group: Some(group),
            party: if at_server { to.into() } else { from },
            kind: Kind::Message(&message),
            causality: &Causality::default(),
            moment: None,
        }));
    }

    /// A request that arrives.
    fn calls(&mut self, client: u32, group: u16, method: &'static str, request: &impl Serialize) -> Sent {
        self.calls += 1;
        let sent = Sent { call: self.calls, client, group, method };
        let request = Value::of(request).unwrap();
        self.step(sent, Step::RequestSent { end: 0 }, &request);
        self.step(sent, Step::RequestDelivered, &request);
        sent
    }

    fn answers(&mut self, sent: Sent, reply: &impl Serialize) {
        let reply = Value::of(reply).unwrap();
        self.step(sent, Step::ReplySent, &reply);
        self.step(sent, Step::ReplyDelivered, &reply);
    }

    /// A step of a move of shard 0 that is done.
    fn does(&mut self, group: u16, method: &'static str, num: u64) {
        let sent = self.calls(9, group, method, &StepArgs { shard: 0, num });
        self.answers(sent, &Ok::<_, WrongLeader>(Ok::<_, u8>(())));
    }

    /// A get of a key of shard 0, which is answered.
    fn gets(&mut self, client: u32, group: u16) {
        let sent = self.calls(client, group, "GroupServer.get", &Get { key: key() });
        self.answers(sent, &Ok::<_, WrongLeader>(Ok::<_, WrongGroup>(None::<Versioned>)));
    }

    /// The same, and it is refused.
    fn is_refused(&mut self, client: u32, group: u16) {
        let sent = self.calls(client, group, "GroupServer.get", &Get { key: key() });
        self.answers(sent, &Ok::<_, WrongLeader>(Err::<Option<Versioned>, _>(WrongGroup)));
    }

    fn ids(&mut self) -> Vec<String> {
        let ends = self.analyses.iter_mut().flat_map(|analysis| analysis.at_end(Duration::from_secs(9)));
        let ends: Vec<BrokenRule> = ends.collect();
        self.broken.iter().chain(&ends).map(|rule| rule.id.clone()).collect()
    }
}

/// The move of shard 0 from one group to another.
fn moves(script: &mut Script, from: u16, to: u16, num: u64) {
    script.does(from, "GroupServer.freeze_shard", num);
    script.does(to, "GroupServer.install_shard", num);
    script.does(from, "GroupServer.delete_shard", num);
}

#[test]
fn a_right_move_breaks_nothing() {
    let mut script = script();
    moves(&mut script, 1, 2, 2);
    // The next controller does it again.
    moves(&mut script, 1, 2, 2);
    script.gets(1, 2);
    moves(&mut script, 2, 1, 3);
    script.gets(1, 1);
    assert!(script.ids().is_empty(), "{:?}", script.broken);
}

#[test]
fn sk1_a_late_step_is_refused() {
    for method in ["GroupServer.freeze_shard", "GroupServer.install_shard", "GroupServer.delete_shard"] {
        for is_refused in [false, true] {
            let mut script = script();
            moves(&mut script, 1, 2, 2);
            moves(&mut script, 2, 1, 3);
            let late = script.calls(8, 1, method, &StepArgs { shard: 0, num: 2 });
            match is_refused {
                true => script.answers(late, &Ok::<_, WrongLeader>(Err::<(), u8>(1))),
                false => script.answers(late, &Ok::<_, WrongLeader>(Ok::<_, u8>(()))),
            }
            assert_eq!(script.ids(), if is_refused { vec![] } else { vec!["SK1".to_owned()] }, "{method}");
        }
    }
}

/// A step that was under way when the later one was done may have been done before it.
#[test]
fn sk1_two_steps_at_a_time_have_no_order() {
    let mut script = script();
    let early = script.calls(8, 1, "GroupServer.freeze_shard", &StepArgs { shard: 0, num: 2 });
    script.does(1, "GroupServer.install_shard", 3);
    script.answers(early, &Ok::<_, WrongLeader>(Ok::<_, u8>(())));
    assert!(script.ids().is_empty(), "{:?}", script.broken);
}

#[test]
fn sk2_a_frozen_shard_is_not_served() {
    for is_early in [false, true] {
        let mut script = script();
        let get = |script: &mut Script| script.calls(1, 1, "GroupServer.get", &Get { key: key() });
        let early = is_early.then(|| get(&mut script));
        script.does(1, "GroupServer.freeze_shard", 2);
        let sent = early.unwrap_or_else(|| get(&mut script));
        script.answers(sent, &Ok::<_, WrongLeader>(Ok::<_, WrongGroup>(None::<Versioned>)));
        script.does(2, "GroupServer.install_shard", 2);
        assert_eq!(script.ids(), if is_early { vec![] } else { vec!["SK2".to_owned()] });
    }
}

/// A put counts as well, also one that is refused for its version. What is refused as one for another group
/// does not.
#[test]
fn sk2_a_put_is_served_if_it_is_refused_for_its_version() {
    #[derive(Serialize)]
    struct Put {
        key: String,
        value: &'static str,
        version: u64,
    }
    type Answer = Result<Result<Result<(), PutError>, WrongGroup>, WrongLeader>;
    let answers: [(Answer, usize); 3] =
        [(Ok(Ok(Err(PutError::Version))), 1), (Ok(Ok(Ok(()))), 1), (Ok(Err(WrongGroup)), 0)];
    for (answer, broken) in answers {
        let mut script = script();
        script.does(1, "GroupServer.freeze_shard", 2);
        let put = Put { key: key(), value: "v", version: 1 };
        let sent = script.calls(1, 1, "GroupServer.put", &put);
        script.answers(sent, &answer);
        script.does(2, "GroupServer.install_shard", 2);
        assert_eq!(script.ids(), vec!["SK2".to_owned(); broken]);
    }
}

#[test]
fn sk3_install_comes_before_delete() {
    for is_first in [false, true] {
        let mut script = script();
        script.does(1, "GroupServer.freeze_shard", 2);
        if is_first {
            script.does(2, "GroupServer.install_shard", 2);
        }
        script.does(1, "GroupServer.delete_shard", 2);
        script.does(2, "GroupServer.install_shard", 2);
        assert_eq!(script.ids(), if is_first { vec![] } else { vec!["SK3".to_owned()] });
    }
}

#[test]
fn sk4_a_frozen_shard_is_installed() {
    for is_installed in [false, true] {
        let mut script = script();
        script.does(1, "GroupServer.freeze_shard", 2);
        if is_installed {
            script.does(2, "GroupServer.install_shard", 2);
        }
        assert_eq!(script.ids(), if is_installed { vec![] } else { vec!["SK4".to_owned()] });
    }
}

#[test]
fn sk5_a_clerk_asks_where_to_go() {
    for asks in [false, true] {
        let mut script = script();
        for _ in 0..PATIENCE {
            if asks {
                let sent = script.calls(4, 0, "KvServer.get", &Get { key: "config".to_owned() });
                script.answers(sent, &Ok::<_, u8>(None::<Versioned>));
            }
            script.is_refused(4, 1);
        }
        assert_eq!(script.ids(), if asks { vec![] } else { vec!["SK5".to_owned()] });
    }
}
