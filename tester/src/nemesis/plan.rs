//! [`FaultPlan`]: all faults of a run, as a value.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Fault, FaultKind, Moment};

/// The faults of a run, its servers and its clients.
///
/// `Display` prints it for people, one line a fault. As JSON ([`to_json`](Self::to_json)) it can be given
/// back. With the same seed and solution, the same plan gives the same run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// The test that it belongs to, such as `election_storm_3x`.
    pub test: String,
    /// The number of servers: 1 to 9.
    pub servers: usize,
    /// The number of clients that work during the faults: 0 to 20.
    pub clients: usize,
    /// The mean pause of a client between two commands, in virtual milliseconds.
    pub think_ms: u64,
    /// The servers that stay cut off or down when the majority is healed: fewer than half of all.
    pub left_out: Vec<usize>,
    /// The faults, in any order.
    pub faults: Vec<Fault>,
}

/// The reason why a plan cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// It is not a plan's JSON.
    #[error("this is no fault plan: {0}")]
    Form(#[from] serde_json::Error),
    /// A value is outside its range.
    #[error("the fault plan has {what}")]
    Range {
        /// The value, and the range.
        what: String,
    },
    /// It belongs to another test.
    #[error("the fault plan is for {0}")]
    Test(String),
}

/// The longest plan, in milliseconds: a test must end within two virtual minutes.
const LONGEST_MS: u64 = 60_000;

impl FaultPlan {
    /// Reads a plan.
    ///
    /// # Errors
    ///
    /// The text is no plan, or a value is outside its range.
    pub fn from_json(text: &str) -> Result<Self, PlanError> {
        let plan: Self = serde_json::from_str(text)?;
        plan.check()?;
        Ok(plan)
    }

    /// The plan as JSON, one line a fault.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = format!(
            "{{\n \"test\": {}, \"servers\": {}, \"clients\": {}, \"think_ms\": {}, \"left_out\": {},\n \
             \"faults\": [",
            json(&self.test),
            self.servers,
            self.clients,
            self.think_ms,
            json(&self.left_out)
        );
        for (at, fault) in self.faults.iter().enumerate() {
            text += if at == 0 { "\n  " } else { ",\n  " };
            text += &json(fault);
        }
        text + "\n ]\n}\n"
    }

    /// The time of the last fault's end, in milliseconds since the clients began.
    #[must_use]
    pub fn end_ms(&self) -> u64 {
        self.faults.iter().map(Fault::end_ms).max().unwrap_or(0)
    }

    /// The plan for people, as `Display` prints it: servers and clients, and then its first `most` faults in
    /// the order of their beginnings, one line each. If there are more, a last line says how many.
    #[must_use]
    pub fn lines(&self, most: usize) -> Vec<String> {
        let mut faults: Vec<&Fault> = self.faults.iter().collect();
        faults.sort_by_key(|fault| fault.at_ms);
        let mut lines = vec![self.setting()];
        lines.extend(faults.iter().take(most).map(ToString::to_string));
        if faults.len() > most {
            lines.push(format!("and {} more", faults.len() - most));
        }
        lines
    }

    /// The servers and the clients.
    fn setting(&self) -> String {
        let Self { servers, clients, think_ms, left_out, .. } = self;
        let s = if *clients == 1 { "" } else { "s" };
        let mut setting =
            format!("{servers} servers, {clients} client{s} with a command every {think_ms} ms");
        if !left_out.is_empty() {
            setting += &format!("; servers {left_out:?} come back last");
        }
        setting
    }

    /// Whether the clients do not pause, at this time after their beginning.
    #[must_use]
    pub fn is_burst(&self, since: Duration) -> bool {
        let ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let lasts = |fault: &Fault| (fault.at_ms..fault.end_ms()).contains(&ms);
        self.faults.iter().any(|fault| fault.kind == FaultKind::Burst && lasts(fault))
    }

    /// Checks every value.
    fn check(&self) -> Result<(), PlanError> {
        let Self { servers, clients, left_out, faults, .. } = self;
        let expect = |holds: bool, what: &dyn Fn() -> String| {
            if holds { Ok(()) } else { Err(PlanError::Range { what: what() }) }
        };
        expect((1..=9).contains(servers), &|| format!("{servers} servers: give 1 to 9"))?;
        expect(*clients <= 20, &|| format!("{clients} clients: give 20 at most"))?;
        expect(left_out.iter().all(|server| server < servers) && left_out.len() * 2 < *servers, &|| {
            format!("{left_out:?} left out of {servers} servers: give fewer than half of them, from 0 on")
        })?;
        for fault in faults {
            expect(fault.end_ms() <= LONGEST_MS, &|| {
                format!("a fault that ends after {} ms: give {LONGEST_MS} at most", fault.end_ms())
            })?;
            match fault.kind {
                FaultKind::Clock { percent, .. } => expect((10..=1000).contains(&percent), &|| {
                    format!("a clock at {percent} %: give 10 to 1000")
                })?,
                FaultKind::Duplicates { percent, .. } => {
                    expect(percent <= 100, &|| format!("{percent} % duplicates: give 100 at most"))?;
                }
                FaultKind::Flapping { every_ms, .. } => {
                    expect(every_ms > 0, &|| "a cut that flaps every 0 ms: give 1 or more".to_owned())?;
                }
                FaultKind::Crash {
                    moment: Moment::Save(number) | Moment::Reply(number) | Moment::Request(number),
                    ..
                } => {
                    expect(number > 0, &|| "a crash after step 0: steps count from 1".to_owned())?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("numbers, texts and lists can be written")
}

impl fmt::Display for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines(usize::MAX).join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Who;
    use super::*;

    fn plan() -> FaultPlan {
        let crash = FaultKind::Crash { server: Who::Leader, moment: Moment::Save(2) };
        let cut = FaultKind::Halves { side: vec![Who::Follower(1), Who::Server(3)] };
        FaultPlan {
            test: "storm_3x".to_owned(),
            servers: 5,
            clients: 2,
            think_ms: 50,
            left_out: vec![1],
            faults: vec![
                Fault { at_ms: 10, for_ms: 200, kind: crash },
                Fault { at_ms: 50, for_ms: 100, kind: cut },
                Fault { at_ms: 60, for_ms: 1, kind: FaultKind::Ring },
            ],
        }
    }

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        let text = plan().to_json();
        assert_eq!(FaultPlan::from_json(&text).unwrap(), plan());
        assert!(text.lines().count() == 8, "{text}");
        let empty = FaultPlan { faults: Vec::new(), left_out: Vec::new(), ..plan() };
        assert_eq!(FaultPlan::from_json(&empty.to_json()).unwrap(), empty);
    }

    #[test]
    fn a_plan_is_printed_for_people() {
        let text = plan().to_string();
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            [
                "5 servers, 2 clients with a command every 50 ms; servers [1] come back last",
                "    10 ms, for   200 ms: the leader crashes right after its save 2 from then",
                "    50 ms, for   100 ms: follower 1 and server 3 are cut off from the others",
                "    60 ms, for     1 ms: each server reaches its two neighbours alone",
            ]
        );
    }

    #[test]
    fn a_long_plan_is_printed_in_part_and_in_order() {
        let mut plan = plan();
        plan.faults.reverse();
        let lines = plan.lines(2);
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(lines[1].starts_with("    10 ms") && lines[2].starts_with("    50 ms"), "{lines:?}");
        assert_eq!(lines[3], "and 1 more");
        assert_eq!(plan.lines(3).len(), 4);
    }

    #[test]
    fn a_wrong_plan_is_refused() {
        let json = plan().to_json();
        let refusal = |from: &str, to: &str| {
            assert!(json.contains(from), "{json}");
            FaultPlan::from_json(&json.replace(from, to)).expect_err(to).to_string()
        };
        assert!(refusal("\"servers\": 5", "\"servers\": 0").contains("give 1 to 9"));
        assert!(refusal("\"clients\": 2", "\"clients\": 999").contains("give 20 at most"));
        assert!(refusal("\"left_out\": [1]", "\"left_out\": [0,1,2]").contains("fewer than half"));
        assert!(refusal("\"left_out\": [1]", "\"left_out\": [7]").contains("fewer than half"));
        assert!(refusal("\"for_ms\":200", "\"for_ms\":900000").contains("give 60000 at most"));
        assert!(refusal("\"save\":2", "\"save\":0").contains("count from 1"));
        assert!(refusal("\"ring\"", "\"rings\"").contains("no fault plan"));
        assert!(refusal("\"think_ms\"", "\"thinks\"").contains("no fault plan"));
    }
}
