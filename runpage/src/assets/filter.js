// Which events are shown.

/// The kinds of events that a filter names, and the events that each of them has.
export const KINDS = [
  ["messages", (event) => event.kind === "message"],
  ["saves", (event) => event.kind === "saved"],
  ["applied", (event) => ["applied", "installed", "executed"].includes(event.kind)],
  ["start and state", (event) => ["submitted", "accepted", "probed", "probed_once", "queried", "applied_in_term"].includes(event.kind)],
  ["faults", (event) => ["started", "crashed", "halted", "joined", "left", "paused", "resumed", "clock_rate",
    "link_cut", "link_mended", "way_cut", "way_open", "faults"].includes(event.kind)],
  ["operations", (event) => event.kind.startsWith("operation_")],
];

/// A filter that shows all but what is quiet.
export function noFilter() {
  return { servers: [], kind: "", term: "", text: "", index: "", quiet: false };
}

/// Whether the filter restricts anything, besides quiet events.
export function isFiltering(filter) {
  return filter.servers.length > 0 || ["kind", "term", "text", "index"].some((key) => filter[key] !== "");
}

/// The function that tells whether an event passes the filter, quiet or not.
export function passing(model, spans, filter, termAt) {
  const tests = [];
  const { servers, kind, term, text, index } = filter;
  if (servers.length > 0) {
    const chosen = new Set(servers);
    tests.push((event) => chosen.has(event.at) || chosen.has(event.from) || chosen.has(event.to));
  }
  const ofKind = KINDS.find(([name]) => name === kind);
  if (ofKind) tests.push(ofKind[1]);
  if (term !== "") {
    const wanted = Number(term);
    tests.push((event) => (event.raft?.term ?? event.content?.term ?? termAt(event)) === wanted);
  }
  if (text !== "") {
    const wanted = text.toLowerCase();
    tests.push((event) => event.line.toLowerCase().includes(wanted) || event.at.includes(wanted)
      || (event.location ?? "").toLowerCase().includes(wanted));
  }
  if (index !== "") {
    const wanted = Number(index);
    tests.push((event) => touches(model, event, wanted));
  }
  return (event) => tests.every((test) => test(event));
}

/// Whether an event is about the log's entry at this index.
export function touches(model, event, index) {
  if (event.kind === "message") {
    const raft = model.calls.get(event.call).raft;
    if (raft?.index === undefined) return false;
    if (raft.call !== "append_entries") return raft.index === index;
    return index >= raft.index && index <= raft.index + (raft.entries?.length ?? 0);
  }
  return event.content?.index === index;
}
