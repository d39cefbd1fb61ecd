// The log of each server at any event, as far as messages tell it.
//
// An entry is certain once its server has said so: by an answer, by sending it, by `start`, by applying it.
// It may be there if a request with it has arrived and was not answered, or if its server restarted since.

/// Events between two states that are kept.
const STEP = 400;

/// The logs of a run.
export class Logs {
  constructor(model) {
    this.model = model;
    this.kept = [];
    this.servers = model.lanes.filter((lane) => lane.kind === "server");
    let state = this.servers.map(noLog);
    this.number = new Map(this.servers.map((lane, number) => [lane.name, number]));
    this.open = new Map();
    model.events.forEach((event, index) => {
      if (index % STEP === 0) this.kept.push(state.map(copy));
      this.advance(state, event);
    });
    this.isEmpty = state.every((log) => log.last === 0 && log.base === 0);
  }

  /// The logs after the event of this index, one for each server.
  at(index) {
    const from = Math.floor(index / STEP);
    const state = this.kept[from].map(copy);
    for (let next = from * STEP; next <= index; next += 1) this.advance(state, this.model.events[next]);
    return state;
  }

  advance(state, event) {
    const log = state[this.number.get(event.at)];
    if (!log) return;
    const { kind, content } = event;
    if (kind === "crashed") restart(log);
    else if (kind === "accepted") put(log, content.index, content.term, true);
    else if (kind === "applied" && typeof content?.index === "number") {
      if (!log.entries.has(content.index)) put(log, content.index, null, true);
      else log.entries.set(content.index, { ...log.entries.get(content.index), sure: true, isOffered: false });
      log.applied = Math.max(log.applied, content.index);
      log.commit = Math.max(log.commit, content.index);
    } else if (kind === "installed" && typeof content?.index === "number") {
      rebase(log, content.index);
      log.applied = Math.max(log.applied, content.index);
      log.commit = Math.max(log.commit, content.index);
    } else if (kind === "message") this.message(state, log, event);
  }

  message(state, log, event) {
    const call = this.model.calls.get(event.call);
    const asked = call.raft;
    if (!asked || asked.index === undefined) return;
    const isAppend = asked.call === "append_entries";
    const peer = this.number.get(event.to);
    const count = asked.entries?.length ?? 0;
    switch (event.step) {
      case "request_sent":
        if (isAppend) {
          hold(log, asked, true);
          if (asked.commit !== undefined) log.commit = Math.max(log.commit, asked.commit);
          log.next.set(peer, asked.index + 1);
        } else if (asked.call === "install_snapshot") {
          log.next.set(peer, asked.index + 1);
        } else if (asked.call === "request_vote" && asked.index > 0) {
          put(log, asked.index, asked.index_term ?? null, true);
          forgetLeading(log);
        }
        break;
      case "request_delivered":
        if (isAppend) hold(log, asked, false);
        break;
      case "reply_sent":
        if (isAppend && event.raft?.accepted) {
          hold(log, asked, true);
          forgetLeading(log);
          if (asked.commit !== undefined) log.commit = Math.max(log.commit, Math.min(asked.commit, asked.index + count));
        } else if (isAppend && event.raft?.accepted === false) drop(log, asked);
        break;
      case "reply_delivered": {
        const isOf = event.raft?.term === undefined || event.raft.term === asked.term;
        if (isAppend && event.raft?.accepted && isOf) {
          log.match.set(peer, Math.max(log.match.get(peer) ?? 0, asked.index + count));
          log.next.set(peer, Math.max(log.next.get(peer) ?? 0, asked.index + count + 1));
        }
        if (asked.call === "install_snapshot" && isOf) log.match.set(peer, Math.max(log.match.get(peer) ?? 0, asked.index));
        break;
      }
    }
  }
}

function noLog() {
  return { base: 0, baseTerm: null, last: 0, entries: new Map(), commit: 0, applied: 0, next: new Map(), match: new Map() };
}

function copy(log) {
  return { ...log, entries: new Map(log.entries), next: new Map(log.next), match: new Map(log.match) };
}

function put(log, index, term, sure) {
  const known = log.entries.get(index);
  if (index <= log.base) return;
  if (sure && known && known.term !== null && term !== null && known.term !== term) cut(log, index);
  // An entry that a request offers, and that was not there, is gone again if the request is refused.
  log.entries.set(index, { term: term ?? known?.term ?? null, sure, isOffered: !sure });
  log.last = Math.max(log.last, index);
}

/// The log has the entries of a request: surely, or perhaps.
function hold(log, asked, sure) {
  const before = log.entries.get(asked.index);
  if (sure && asked.index > 0) put(log, asked.index, asked.index_term ?? before?.term ?? null, true);
  (asked.entries ?? []).forEach((term, position) => {
    const index = asked.index + 1 + position;
    const known = log.entries.get(index);
    if (sure) put(log, index, term, true);
    // What may replace a known entry is not shown until it has.
    else if (!known) put(log, index, term, false);
  });
}

/// The log refused a request: what it might have had of it, it has not.
function drop(log, asked) {
  (asked.entries ?? []).forEach((_, position) => {
    const index = asked.index + 1 + position;
    if (log.entries.get(index)?.isOffered) log.entries.delete(index);
  });
  log.last = Math.max(0, log.base, ...log.entries.keys());
}

/// Entries from this index on are gone.
function cut(log, index) {
  for (const held of [...log.entries.keys()]) if (held >= index) log.entries.delete(held);
  log.last = Math.max(0, log.base, ...log.entries.keys());
}

/// A snapshot stands for all entries up to this index.
function rebase(log, index) {
  log.base = Math.max(log.base, index);
  for (const held of [...log.entries.keys()]) if (held <= log.base) log.entries.delete(held);
  log.last = Math.max(log.base, log.last);
}

/// After a crash a server has what it saved; which that is, messages do not tell.
function restart(log) {
  for (const [index, entry] of log.entries) log.entries.set(index, { ...entry, sure: false });
  [log.commit, log.applied] = [log.base, log.base];
  forgetLeading(log);
}

function forgetLeading(log) {
  log.next.clear();
  log.match.clear();
}

/// The indices at which two servers surely have entries of different terms.
export function conflicts(logs) {
  const found = new Set();
  const terms = new Map();
  for (const log of logs) {
    for (const [index, { term, sure }] of log.entries) {
      if (!sure || term === null) continue;
      if (terms.has(index) && terms.get(index) !== term) found.add(index);
      terms.set(index, term);
    }
  }
  return found;
}
