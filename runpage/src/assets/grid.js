// The logs of the servers at the selected event: a row for each server, a column for each index.

import { html, byId } from "./dom.js";
import { conflicts } from "./logs.js";
import { spanAt } from "./states.js";

/// The width of a column in pixels, and of the names.
const COLUMN = 35;
const NAMES = 84;

/// Keeps the number of columns for which there is room, so that drawing needs to measure nothing.
export function watchRoom(app) {
  new ResizeObserver(([{ contentRect }]) => {
    const room = Math.max(4, Math.floor((contentRect.width - NAMES) / COLUMN));
    if (room === app.columns) return;
    app.columns = room;
    drawGrid(app);
  }).observe(byId("side"));
}

/// Draws the logs as of the selected event.
export function drawGrid(app) {
  const { model, logs, selected, spans } = app;
  const pane = byId("logs");
  if (logs.isEmpty || selected < 0) {
    pane.hidden = true;
    return;
  }
  pane.hidden = false;
  const state = logs.at(selected);
  const event = model.events[selected];
  const call = event.kind === "message" ? model.calls.get(event.call) : null;
  const touched = call?.raft?.index ?? event.content?.index ?? null;
  const about = call?.raft ? [touched, touched + (call.raft.entries?.length ?? 0)] : [touched, touched];
  const last = Math.max(1, ...state.map((log) => log.last));
  const centre = typeof touched === "number" ? about[1] : last;
  const to = Math.min(last, Math.max(centre + Math.floor(app.columns / 4), app.columns));
  const from = Math.max(1, to - app.columns + 1);
  const clash = conflicts(state);
  const indices = Array.from({ length: to - from + 1 }, (_, position) => from + position);
  const head = html("tr", {}, html("th", { scope: "col" }, "log"), ...indices.map((index) =>
    html("th", { scope: "col", class: typeof touched === "number" && index >= about[0] && index <= about[1] ? "touched" : "" }, `${index}`)));
  const rows = logs.servers.map((lane, number) => row(app, lane, state, number, indices, clash, spanAt(spans[lane.number], selected)));
  const table = html("table", { class: "grid" }, html("thead", {}, head), html("tbody", {}, ...rows));
  pane.replaceChildren(html("h2", {}, "Logs, as messages tell them"), table,
    html("p", { class: "key faint" }, "a term: certain · ", html("i", {}, "(term)"), ": maybe · blank: unknown · ",
      html("b", {}, "│"), " committed so far · ▾ next, ▴ match at the leader · ", html("span", { class: "boxed" }, "boxed"), ": certain logs differ"));
}

function row(app, lane, state, number, indices, clash, span) {
  const log = state[number];
  const leader = leaderOf(app, state);
  const cells = indices.map((index) => {
    const entry = log.entries.get(index);
    const classes = ["cell"];
    let [text, says] = ["", "unknown"];
    if (index <= log.base) [text, says] = ["▪", "in the snapshot"];
    else if (entry) {
      text = entry.term === null ? "?" : `${entry.term}`;
      says = `term ${text}`;
      classes.push(entry.sure ? "sure" : "maybe", entry.term === null ? "" : `t${entry.term % 8}`);
      if (!entry.sure) [text, says] = [`(${text})`, `maybe ${says}`];
      if (clash.has(index) && entry.sure) {
        classes.push("clash");
        says += ", differs from another server";
      }
    }
    if (index === log.commit) {
      classes.push("commit");
      says += ", commit index";
    }
    if (index <= log.applied) classes.push("applied");
    const marks = [];
    if (leader && leader.number !== number) {
      if (leader.log.next.get(number) === index) marks.push("▾");
      if (leader.log.match.get(number) === index) marks.push("▴");
    }
    return html("td", { class: classes.filter((name) => name).join(" "), title: `${lane.name}, index ${index}: ${says}` },
      text, marks.length > 0 ? html("sup", {}, marks.join("")) : "");
  });
  const name = `S${lane.short}${span.leads ? " ★" : ""}${span.up ? "" : " down"}`;
  return html("tr", {}, html("th", { scope: "row" }, name), ...cells);
}

/// The leader of the newest term at the selected event.
function leaderOf(app, state) {
  const { logs, spans, selected } = app;
  let best = null;
  logs.servers.forEach((lane, number) => {
    const span = spanAt(spans[lane.number], selected);
    if (span.leads && (!best || span.term > best.term)) best = { number, term: span.term, log: state[number] };
  });
  return best;
}
