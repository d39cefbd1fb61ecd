//! [`Snapshot`]: the state of the tests' service, as bytes.

use std::sync::Arc;

use labapi::LogIndex;

/// The commands that the service has applied, in order.
///
/// As bytes: the last index, then the list of commands, which begins with an empty one for the
/// index 0 that does not exist (as the course's).
pub struct Snapshot {
    /// The last index included.
    pub last_index: LogIndex,
    /// The commands from index 1 on.
    pub commands: Vec<String>,
}

impl Snapshot {
    /// The bytes of the state after the entry at `last_index`.
    pub(super) fn encode<'a>(last_index: LogIndex, commands: impl Iterator<Item = &'a str>) -> Arc<[u8]> {
        let list: Vec<&str> = std::iter::once("").chain(commands).collect();
        labgob::encode(&(last_index, list)).expect("a list of texts can always be encoded").into()
    }

    /// The state of these bytes, or what is wrong with them.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, String> {
        if bytes.is_empty() {
            return Err("saw one without a byte".into());
        }
        let (last_index, mut commands): (LogIndex, Vec<String>) = labgob::decode(bytes)
            .map_err(|error| format!("saw {} bytes that are not a snapshot: {error}", bytes.len()))?;
        if commands.is_empty() {
            return Err("saw one without the empty command of index 0".into());
        }
        commands.remove(0);
        Ok(Self { last_index, commands })
    }
}
