//! The compiler's errors, by crate.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::told;
use crate::submission::{crate_of, crates};

/// The fields used here of a line of cargo's `--message-format=json`.
#[derive(Deserialize)]
struct Line {
    reason: String,
    target: Option<Target>,
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Target {
    src_path: String,
}

#[derive(Deserialize)]
struct Message {
    level: String,
    rendered: Option<String>,
    #[serde(default)]
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    is_primary: bool,
}

/// The errors of each crate of the submission, as the compiler renders them. `sources` is the workspace's
/// folder.
pub(super) fn errors_by_crate(printed: &[u8], sources: &Path) -> BTreeMap<&'static str, String> {
    let mut errors: BTreeMap<_, String> = BTreeMap::new();
    for line in printed.split(|&byte| byte == b'\n') {
        // Truncated lines and output of other programs are skipped.
        let Ok(line) = serde_json::from_slice::<Line>(line) else { continue };
        let (Some(target), Some(message)) = (line.target, line.message) else { continue };
        if line.reason != "compiler-message" || !message.level.starts_with("error") {
            continue;
        }
        if let Some(name) = blamed(&target, &message, sources) {
            *errors.entry(name).or_default() +=
                &told::error(&message.level, message.rendered.as_deref().unwrap_or_default());
        }
    }
    errors
}

fn blamed(target: &Target, message: &Message, sources: &Path) -> Option<&'static str> {
    let path = Path::new(&target.src_path).strip_prefix(sources).ok()?;
    crate_of(path).or_else(|| {
        // The program has a file for each crate.
        let primary = message.spans.iter().filter(|span| span.is_primary);
        let file = |name: &str| format!("program/src/its_{name}.rs");
        primary.flat_map(|span| crates().filter(|name| span.file_name.ends_with(&file(name)))).next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(src_path: &str, level: &str, file: &str) -> String {
        serde_json::json!({
            "reason": "compiler-message",
            "target": { "src_path": src_path },
            "message": {
                "level": level,
                "rendered": format!("{level}: {file}\n"),
                "spans": [{ "file_name": file, "is_primary": true }],
            },
        })
        .to_string()
    }

    #[test]
    fn errors_are_attributed_to_their_crate() {
        let lines = [
            line("/w/raft/src/lib.rs", "error", "raft/src/log.rs"),
            line("/w/raft/src/lib.rs", "warning", "raft/src/log.rs"),
            line("/w/program/src/main.rs", "error", "program/src/its_kvsrv.rs"),
            line("/w/program/src/main.rs", "error", "program/src/main.rs"),
            line("/base/raft/src/lib.rs", "error", "raft/src/lib.rs"),
            line("/w/raft/src/lib.rs", "error: internal compiler error", "raft/src/log.rs"),
            "no JSON".to_owned(),
            "{\"reason\":\"compiler-artifact\"}".to_owned(),
        ];
        let errors = errors_by_crate(lines.join("\n").as_bytes(), Path::new("/w"));
        let expected = [
            ("kvsrv", "error: program/src/its_kvsrv.rs\n".to_owned()),
            (
                "raft",
                format!("error: raft/src/log.rs\n{}", told::error("error: internal compiler error", "")),
            ),
        ];
        assert_eq!(errors, BTreeMap::from(expected));
    }
}
