// The run: its events, the parties as lanes, the calls, and the arrows of messages.

/// The run that the page's data tell.
export function buildModel(data) {
  const events = data.events;
  const indexOf = new Map();
  events.forEach((event, index) => {
    event.index = index;
    event.effects = [];
    indexOf.set(event.number, index);
  });
  for (const event of events) {
    const cause = indexOf.get(event.cause);
    event.causeIndex = cause === undefined ? -1 : cause;
    if (cause !== undefined) events[cause].effects.push(event.index);
  }
  const lanes = lanesOf(events, data.before);
  const laneOf = new Map(lanes.map((lane) => [lane.name, lane.number]));
  for (const event of events) event.lane = laneOf.get(event.at);
  const calls = callsOf(events);
  const model = { data, events, indexOf, lanes, laneOf, calls, arrows: arrowsOf(events, calls, laneOf) };
  markQuiet(model);
  const rule = data.rules[0];
  model.ofRule = rule ? rule.events.map((number) => indexOf.get(number)).filter((index) => index !== undefined) : [];
  return model;
}

/// The parties: the tester, the servers by number, the clients by number.
function lanesOf(events, before) {
  const names = new Set(Object.keys(before));
  for (const event of events) {
    names.add(event.at);
    if (event.to) names.add(event.to).add(event.from);
  }
  const order = (name) => {
    const kind = name === "tester" ? 0 : /server \d+$/.test(name) ? 1 : 2;
    return [kind, name.replace(/\d+$/, ""), Number(/\d+$/.exec(name)?.[0] ?? 0)];
  };
  const compare = (a, b) => {
    const [x, y] = [order(a), order(b)];
    const position = x.findIndex((part, position) => part !== y[position]);
    return position < 0 ? 0 : x[position] < y[position] ? -1 : 1;
  };
  return [...names].sort(compare).map((name, number) => {
    const kind = ["tester", "server", "client"][order(name)[0]];
    const end = Number(/\d+$/.exec(name)?.[0] ?? 0);
    const group = kind === "server" ? name.replace(/\s*server \d+$/, "") : "";
    const short = kind === "tester" ? "test" : kind === "client" ? `c${end}` : group ? `${group}:${end}` : `${end}`;
    return { name, number, kind, group, server: end, short };
  });
}

/// The steps of each call.
function callsOf(events) {
  const calls = new Map();
  for (const event of events) {
    if (event.kind !== "message") continue;
    const call = calls.get(event.call) ?? { number: event.call, events: [], request: null, reply: null, raft: null };
    calls.set(event.call, call);
    call.events.push(event.index);
    const isReply = event.step.startsWith("reply");
    if (event.content !== undefined && isReply) call.reply ??= event.content;
    if (event.content !== undefined && !isReply) call.request ??= event.content;
    if (event.raft && !isReply) call.raft ??= event.raft;
    if (event.raft && isReply) call.answer ??= event.raft;
  }
  return calls;
}

/// The arrows of messages. `shape` is one of `request`, `duplicate`, `reply`, `refusal`, `lost`, and `late`
/// tells whether the message was held back.
function arrowsOf(events, calls, laneOf) {
  const arrows = [];
  for (const call of calls.values()) {
    let sent = null, answered = null, late = false, arrived = 0, duplicated = false;
    for (const index of call.events) {
      const event = events[index];
      const [caller, server] = [laneOf.get(event.from), laneOf.get(event.to)];
      const arrow = (from, fromLane, toLane, shape, isLate) =>
        arrows.push({ from: from ?? index, to: index, fromLane, toLane, shape, late: isLate, call: call.number });
      const answer = event.raft?.accepted === false || call.answer?.accepted === false;
      switch (event.step) {
        case "request_sent": sent = index; break;
        case "request_duplicated": duplicated = true; break;
        case "request_delivered":
          arrow(sent, caller, server, arrived > 0 || duplicated ? "duplicate" : "request", false);
          arrived += 1;
          break;
        case "request_lost": arrow(sent, caller, server, "lost", false); break;
        case "reply_sent": answered = index; break;
        case "reply_late": late = true; break;
        case "reply_delivered": arrow(answered, server, caller, answer ? "refusal" : "reply", late); break;
        case "reply_lost": if (answered !== null) arrow(answered, server, caller, "lost", false); break;
      }
    }
  }
  return arrows.sort((one, other) => one.from - other.from);
}

/// Marks the events that say nothing new: heartbeats that are answered well or reach nobody, and states that
/// have not changed.
function markQuiet({ events, calls }) {
  for (const call of calls.values()) {
    const { raft, answer } = call;
    const isHeartbeat = raft?.call === "append_entries" && raft.entries?.length === 0;
    if (!isHeartbeat || answer?.accepted === false) continue;
    if (answer && answer.term !== undefined && answer.term !== raft.term) continue;
    const leads = (index) => {
      const event = events[index];
      return event.step === "request_delivered" && event.effects.some((effect) => changes(events[effect]));
    };
    if (call.events.some(leads)) continue;
    for (const index of call.events) events[index].quiet = "heartbeat";
  }
  const known = new Map();
  for (const event of events) {
    // What a server tells of itself follows from its messages; the detail shows it.
    if (["applied_in_term", "inspected"].includes(event.kind)) event.quiet = "state";
    if (!["probed", "probed_once", "queried"].includes(event.kind)) continue;
    const state = JSON.stringify(event.content);
    if (known.get(event.at) === state) event.quiet = "state";
    known.set(event.at, state);
  }
}

/// Whether an event that a heartbeat caused is more than its answer.
function changes(event) {
  return event.kind !== "message" && !["applied_in_term", "inspected", "probed", "probed_once", "queried"].includes(event.kind);
}

/// The events that led to this one: a mark for each event.
export function causalPast(model, index) {
  const { events, calls } = model;
  const past = new Uint8Array(events.length);
  const open = [index];
  past[index] = 1;
  const visit = (other) => {
    if (other >= 0 && !past[other]) {
      past[other] = 1;
      open.push(other);
    }
  };
  while (open.length > 0) {
    const event = events[open.pop()];
    visit(event.causeIndex);
    if (event.kind !== "message") continue;
    const before = { request_delivered: "request_sent", request_lost: "request_sent", reply_sent: "request_delivered",
      reply_delivered: "reply_sent", reply_lost: "reply_sent" }[event.step];
    if (!before) continue;
    const steps = calls.get(event.call).events;
    const last = steps.findLast((other) => other < event.index && events[other].step === before);
    if (last !== undefined) visit(last);
  }
  return past;
}
