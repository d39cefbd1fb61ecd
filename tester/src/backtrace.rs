//! Backtraces shortened to the solution's own frames.

/// The frames between the panic's own machinery and the simulation's, without those of std. The text
/// unchanged if there are none, or if it is no backtrace.
pub(crate) fn shorten(backtrace: &str) -> String {
    let frames = frames(backtrace);
    let machinery = frames.iter().rposition(|frame| frame.contains("rust_begin_unwind"));
    let kept: Vec<&str> = frames
        .iter()
        .skip(machinery.map_or(0, |last| last + 1))
        .take_while(|frame| !frame.contains("/labrt/src/"))
        .filter(|frame| !frame.contains("at /rustc/") && !frame.contains("core::panicking::"))
        .copied()
        .collect();
    if kept.is_empty() { backtrace.to_owned() } else { kept.concat() }
}

/// Cuts a backtrace into frames: a line with a number and a name, and mostly one with a location.
fn frames(backtrace: &str) -> Vec<&str> {
    let mut frames = Vec::new();
    let mut start = 0;
    let mut end = 0;
    for line in backtrace.split_inclusive('\n') {
        let is_head =
            line.trim_start().split_once(": ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
        if is_head && end > start {
            frames.push(&backtrace[start..end]);
            start = end;
        }
        end += line.len();
    }
    frames.push(&backtrace[start..]);
    frames
}

#[cfg(test)]
mod tests {
    use super::shorten;

    const BACKTRACE: &str = "   0: {closure#0}
             at /home/me/labrt/src/sim/panics.rs:39:38
   1: then<alloc::string::String>
             at /rustc/5980/library/core/src/bool.rs:66:24
   2: __rustc::rust_begin_unwind
             at /rustc/5980/library/std/src/panicking.rs:689:5
   3: core::panicking::panic_fmt
             at /rustc/5980/library/core/src/panicking.rs:80:14
   4: append
             at ./raft/src/log.rs:17:9
   5: start
   6: call_once<()>
             at /rustc/5980/library/core/src/ops/function.rs:250:5
   7: handle_append_entries
             at ./raft/src/replication.rs:30:5
   8: {closure#0}
             at /home/me/labrt/src/world/node.rs:73:44
   9: clone3
";

    #[test]
    fn the_solutions_own_frames_are_left() {
        let short = "   4: append
             at ./raft/src/log.rs:17:9
   5: start
   7: handle_append_entries
             at ./raft/src/replication.rs:30:5
";
        assert_eq!(shorten(BACKTRACE), short);
        assert_eq!(shorten(short), short);
    }

    #[test]
    fn other_texts_are_unchanged() {
        for text in ["", "disabled backtrace", "   0: std::thing\n             at /rustc/5980/lib.rs:1:1\n"] {
            assert_eq!(shorten(text), text);
        }
    }
}
