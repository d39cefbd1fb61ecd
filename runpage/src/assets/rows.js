// The rows of the lanes: events that are shown, and folds that stand for those that are not.

/// The height of a row in pixels.
export const ROW = 22;

/// Time without events from which a fold is shown, in nanoseconds.
const LONG = 1e6;

/// So many hidden events are a fold, however short they take.
const MANY = 20;

/// The rows in which events are shown.
///
/// A row is the index of an event, or a fold `{ from, to, ns, heartbeats, states, filtered }` between two
/// events. In linear mode there are no folds, and a row is as far down as it is late.
export function layOut(model, isShown, isLinear) {
  const { events } = model;
  const rows = [];
  let last = null;
  const visible = [];
  for (const event of events) {
    if (isShown(event)) visible.push(event.index);
  }
  if (isLinear) return linear(model, visible);
  const rowOf = new Int32Array(events.length);
  let position = 0;
  for (const index of visible) {
    const from = last === null ? 0 : last + 1;
    const ns = last === null ? events[index].time_ns - events[0].time_ns : events[index].time_ns - events[last].time_ns;
    if (ns >= LONG || index - from >= MANY) rows.push(foldOf(events, from, index, ns));
    position = rows.length;
    for (let hidden = from; hidden < index; hidden += 1) rowOf[hidden] = Math.max(0, position - 1);
    rowOf[index] = position;
    rows.push(index);
    last = index;
  }
  const from = last === null ? 0 : last + 1;
  if (from < events.length) {
    const ns = events.at(-1).time_ns - events[last ?? 0].time_ns;
    rows.push(foldOf(events, from, events.length, ns));
    for (let hidden = from; hidden < events.length; hidden += 1) rowOf[hidden] = rows.length - 1;
  }
  return {
    isLinear: false,
    rows,
    visible,
    height: rows.length * ROW + ROW,
    y: (index) => rowOf[index] * ROW + ROW / 2,
    yOfRow: (row) => row * ROW + ROW / 2,
  };
}

function foldOf(events, from, to, ns) {
  const heartbeats = new Set();
  let [states, filtered] = [0, 0];
  for (let index = from; index < to; index += 1) {
    const { quiet, call } = events[index];
    if (quiet === "heartbeat") heartbeats.add(call);
    else if (quiet) states += 1;
    else filtered += 1;
  }
  return { from, to, ns, heartbeats: heartbeats.size, states, filtered };
}

function linear(model, visible) {
  const { events } = model;
  const begin = events[0]?.time_ns ?? 0;
  const whole = Math.max(1, (events.at(-1)?.time_ns ?? 0) - begin);
  const height = Math.max(600, Math.min(visible.length * 6, 300000));
  const y = (index) => ROW + ((events[index].time_ns - begin) / whole) * height;
  return { isLinear: true, rows: visible, visible, height: height + 2 * ROW, y, yOfRow: (row) => y(visible[row]) };
}
