//! [`Fault`]: the ways in which a node of single-decree Paxos, or its log, can be wrong.

use std::time::Duration;

use crate::faults::faults;

faults! {
    None,
    /// No node ever knows what was chosen.
    KnowsNothing,
    /// Node 1 says that a value was chosen which nobody has proposed.
    Invents,
    /// A node says that its own value was chosen as soon as it is given it.
    DecidesAlone,
    /// Node 1 tells the test alone another value than it knows.
    Contradicts,
    /// All nodes tell the test alone the same value, which is not the one that was chosen.
    AllContradict,
    /// When node 1 has known a value for 100 ms, it does not know it any more.
    Forgets,
    /// Nodes 0 and 1 tell the test alone that something was chosen when they know nothing.
    Boasts,
    /// The log puts each command into two instances.
    DoublesCommands,
    /// The log hands each command to its service 100 ms later.
    AppliesLate,
}

/// The situation that a node's answer depends on.
pub struct Situation {
    pub me: usize,
    /// The value that the reference's node knows, and for how long it has known it.
    pub known: Option<(Vec<u8>, Duration)>,
    /// The first value that the node was given for the instance.
    pub given: Option<Vec<u8>>,
    /// Whether the call is the test's, and not the probe's.
    pub test_asks: bool,
}

impl Fault {
    /// What the node says that was chosen.
    pub fn answer(self, situation: Situation) -> Option<Vec<u8>> {
        let Situation { me, known, given, test_asks } = situation;
        let age = known.as_ref().map(|(_, age)| *age);
        let value = known.map(|(value, _)| value);
        let other = || Some(b"another one".to_vec());
        match self {
            Self::KnowsNothing => None,
            Self::Invents if me == 1 => other(),
            Self::DecidesAlone if value.is_none() => given,
            Self::Contradicts if me == 1 && test_asks => value.and_then(|_| other()),
            Self::AllContradict if test_asks => value.and_then(|_| other()),
            Self::Forgets if me == 1 && age >= Some(Duration::from_millis(100)) => None,
            Self::Boasts if me < 2 && test_asks && value.is_none() => other(),
            _ => value,
        }
    }
}
