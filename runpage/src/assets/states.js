// The state of each lane over time: up or down, its term, whether it leads, and from whom it is cut off.

/// For each lane the spans in which its state does not change, in order: `{ from, to, up, term, leads, cut }`,
/// where `from` and `to` are indices of events, `to` excluded.
export function spansOf(model) {
  const { events, lanes, data } = model;
  const states = lanes.map((lane) => {
    const before = data.before[lane.name];
    const up = lane.kind !== "server" || (before?.up ?? false);
    return { from: 0, up, term: null, leads: false, cut: new Set(before?.cut ?? []), isFresh: true };
  });
  const spans = lanes.map(() => []);
  const size = new Map();
  for (const lane of lanes) if (lane.kind === "server") size.set(lane.group, (size.get(lane.group) ?? 0) + 1);
  const isCut = (lane, state) => lane.kind === "server" && (size.get(lane.group) - state.cut.size) * 2 <= size.get(lane.group);
  const close = (number, until) => {
    const [lane, state] = [lanes[number], states[number]];
    const last = spans[number].at(-1);
    const span = { from: state.from, to: until, up: state.up, term: state.term, leads: state.leads && state.up,
      cut: isCut(lane, state), peers: [...state.cut].sort() };
    const same = last && ["up", "term", "leads", "cut"].every((key) => last[key] === span[key]);
    if (same && last.peers.join() === span.peers.join()) last.to = until;
    else if (until > state.from) spans[number].push(span);
    state.from = until;
  };
  for (const event of events) {
    const state = states[event.lane];
    const lane = lanes[event.lane];
    if (lane.kind !== "server") continue;
    const next = after(state, event);
    if (!next) continue;
    close(event.lane, event.index);
    Object.assign(state, next);
  }
  lanes.forEach((_, number) => close(number, events.length));
  return spans;
}

/// The fields of a server's state that the event changes; `null` if there is none.
function after(state, event) {
  switch (event.kind) {
    case "started": return { up: true, leads: false, isFresh: true };
    case "crashed":
    case "halted": return { up: false, leads: false };
    case "link_cut": return { cut: new Set(state.cut).add(event.peer) };
    case "link_mended": {
      const cut = new Set(state.cut);
      cut.delete(event.peer);
      return { cut };
    }
    default: return told(state, event);
  }
}

/// The term and the role that an event tells of the server at which it happens.
function told(state, event) {
  let term, leads;
  if (event.kind === "message") {
    if (event.step !== "request_sent" && event.step !== "reply_sent") return null;
    term = event.raft?.term;
    const call = event.raft?.call;
    if (event.step === "request_sent" && (call === "append_entries" || call === "install_snapshot")) leads = true;
    if (event.step === "request_sent" && call === "request_vote") leads = false;
    if (event.step === "reply_sent" && call === "append_entries" && event.raft.accepted) leads = false;
  } else if (event.content && typeof event.content.term === "number") {
    term = event.content.term;
    if (typeof event.content.is_leader === "boolean") leads = event.content.is_leader;
    if (event.kind === "accepted") leads = true;
  }
  if (term === undefined || term === null) return null;
  const isOld = !state.isFresh && state.term !== null && term < state.term;
  if (isOld) return null;
  const isNew = term !== state.term;
  const role = leads ?? (isNew ? false : state.leads);
  if (!isNew && role === state.leads) return null;
  return { term, leads: role, isFresh: false };
}

/// The span of a lane in which this event happens.
export function spanAt(spans, index) {
  let [low, high] = [0, spans.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (spans[middle].from <= index) low = middle;
    else high = middle - 1;
  }
  return spans[low];
}
