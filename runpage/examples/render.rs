use runpage::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let mut lines = text.lines();
    let head: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    let begin = std::time::Instant::now();
    let mut events = Events::new(Focus::End);
    for line in lines {
        events.add(serde_json::from_str(line).unwrap());
    }
    let log: Vec<String> = serde_json::from_value(head["log"].clone()).unwrap();
    let failure = head["failure"].as_object().map(|f| Failure {
        kind: f["kind"].as_str().unwrap().into(),
        message: f["message"].as_str().unwrap().into(),
        at_seconds: f["at_seconds"].as_f64(),
        seen_on: format!("{} (thread {})", f["node"], f["thread"]),
        location: f["location"].as_str().map(Into::into),
        backtrace: f["backtrace"].as_str().map(Into::into),
    });
    let broken: Vec<Rule> = args[3..]
        .chunks(1)
        .take(1)
        .map(|list| {
            let events = list[0]
                .split(',')
                .map(|n| RuleEvent {
                    number: n.parse().unwrap(),
                    time: 2.4,
                    server: "server 2".into(),
                    what: "append_entries #74 1→2 {term 1, prev 16@1, entries [17@1]}".into(),
                })
                .collect();
            Rule {
                id: "AE1".into(),
                text: "Figure 2, AppendEntries RPC, 1: reply false if term < currentTerm".into(),
                headline: "server 2 accepted an AppendEntries of an older term".into(),
                server: "server 2".into(),
                at_seconds: 2.4,
                location: Some("raft/src/replication.rs:120".into()),
                events,
            }
        })
        .collect();
    let page = Page {
        test: head["test"].as_str().unwrap(),
        title: "a test",
        seed: "0x7",
        solution: "reference",
        replay: "cargo lab replay backup_3b --seed 0x7",
        seconds: 17.0,
        failure,
        broken: &broken,
        unseen: &[],
        events: &events,
        log: &log,
        comparison: None,
    };
    let html = page.html();
    write(std::path::Path::new(&args[2]), &html).unwrap();
    eprintln!("{} events, {} KB, {:?}", events.len(), html.len() / 1024, begin.elapsed());
}
