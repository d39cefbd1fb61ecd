// The lines of the log around the selected event.

import { html, byId, seconds } from "./dom.js";

/// Lines before and after the selected event.
const LINES_BEFORE = 14;
const LINES_AFTER = 8;

/// Draws the lines around the selected event; of the servers that the filter has chosen, if it has.
export function drawLines(app) {
  const { model, selected, filter } = app;
  const pane = byId("lines");
  const { log } = model.data;
  if (log.length === 0) {
    pane.hidden = true;
    return;
  }
  const time = model.events[selected]?.time_ns ?? 0;
  const lane = model.events[selected]?.at;
  let chosen = app.logOf;
  if (app.logFor !== filter.servers.join()) {
    app.logFor = filter.servers.join();
    chosen = filter.servers.length === 0 ? log : log.filter(([, thread]) => filter.servers.includes(thread.split("/")[0]));
    app.logOf = chosen;
  }
  let [low, high] = [0, chosen.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    // The log's times are rounded to microseconds.
    if (chosen[middle][0] <= time + 500) low = middle + 1;
    else high = middle;
  }
  const lines = chosen.slice(Math.max(0, low - LINES_BEFORE), low + LINES_AFTER);
  const passed = Math.min(low, LINES_BEFORE);
  const rows = lines.map(([ns, thread, level, text], position) =>
    html("li", { class: `${position < passed ? "" : "later"}${position === passed ? " now" : ""}${thread.split("/")[0] === lane ? " own" : ""}` },
      html("span", { class: "at" }, seconds(ns)), " ", html("b", {}, thread), " ", level === "INFO" || level === "DEBUG" ? "" : html("em", {}, `${level} `), text));
  if (passed === rows.length) rows.at(-1)?.classList.add("last");
  pane.replaceChildren(html("h2", {}, "Log lines"), html("ul", { class: "plain log" }, ...rows));
}
