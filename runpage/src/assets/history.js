// Operations of clients as bars over time, with the order that was found, and the first operation that fits
// nowhere.

import { html, svg, byId, seconds } from "./dom.js";

/// Bars that are drawn at once.
const BARS_DRAWN = 60;

/// The operations of a run: `{ lane, client, text, answer, from, to, key, order, isWrong }`; `to` is `null`
/// without a return.
export function operationsOf(model) {
  const open = new Map();
  const operations = [];
  for (const event of model.events) {
    if (event.kind === "operation_began") {
      const operation = { lane: event.lane, client: event.at, text: event.text, answer: null, from: event.index, to: null, key: keyOf(event.text) };
      open.set(event.at, operation);
      operations.push(operation);
    } else if (event.kind === "operation_ended") {
      const operation = open.get(event.at);
      if (!operation) continue;
      operation.to = event.index;
      operation.answer = event.answer;
      open.delete(event.at);
    }
  }
  const told = model.data.history;
  if (told) for (const [rank, one] of told.order.entries()) {
    const found = match(model, operations, one);
    if (found) found.order = rank + 1 + told.hidden;
  }
  for (const one of told?.core ?? []) {
    const found = match(model, operations, one);
    if (found) found.isCore = true;
  }
  const wrong = told && match(model, operations, told.operation);
  if (wrong) wrong.isWrong = true;
  return operations;
}

/// The key in the text of an operation, such as `x` of `Get(x)`.
function keyOf(text) {
  return /^\w+\(([^,)]*)/.exec(text)?.[1] ?? "";
}

/// The operation that a message names by its client and its times, which are rounded to milliseconds.
function match({ events }, operations, { client, called_ms, text }) {
  const at = (operation) => Math.abs(events[operation.from].time_ns / 1e6 - called_ms);
  const fitting = operations.filter((operation) => operation.client === `client ${client}` && operation.text === text && at(operation) <= 1);
  return fitting.sort((one, other) => at(one) - at(other))[0];
}

/// Draws the operations around the selected event.
export function drawHistory(app) {
  const { model, operations, selected } = app;
  const pane = byId("history");
  if (operations.length === 0) {
    pane.hidden = true;
    return;
  }
  const wrong = operations.find((operation) => operation.isWrong);
  const isOfKey = wrong && app.onlyKey;
  const chosen = isOfKey ? operations.filter((operation) => operation.key === wrong.key) : operations;
  const centre = chosen.findIndex((operation) => (operation.to ?? Infinity) >= selected);
  const first = Math.max(0, Math.min(chosen.length - BARS_DRAWN, (centre < 0 ? chosen.length : centre) - BARS_DRAWN / 2));
  const shown = chosen.slice(first, first + BARS_DRAWN);
  const clients = [...new Set(shown.map((operation) => operation.client))].sort((one, other) => one.localeCompare(other, "en", { numeric: true }));
  const time = (index) => model.events[index].time_ns;
  const begin = Math.min(...shown.map((operation) => time(operation.from)));
  const end = Math.max(begin + 1, ...shown.map((operation) => time(operation.to ?? operation.from)));
  const [width, row, left] = [360, 22, 26];
  const x = (ns) => left + ((ns - begin) / (end - begin)) * (width - left - 4);
  const height = clients.length * row + 18;
  const bars = shown.map((operation) => {
    const y = clients.indexOf(operation.client) * row + 4;
    const [from, to] = [x(time(operation.from)), operation.to === null ? width : x(time(operation.to))];
    const says = `${operation.client}, ${seconds(time(operation.from))} s: ${operation.text} → ${operation.answer ?? "no return"}`;
    const classes = `bar${operation.isWrong ? " wrong" : operation.isCore ? " core" : ""}${operation.to === null ? " open" : ""}`;
    const label = operation.isWrong ? "✕" : operation.order ? `${operation.order}` : "";
    return svg("g", { class: "operation", "data-index": operation.to ?? operation.from }, svg("title", {}, says),
      svg("rect", { class: classes, x: from, y, width: Math.max(3, to - from), height: row - 8, rx: 2 }),
      svg("text", { x: from + 2, y: y + 11 }, label));
  });
  const names = clients.map((client, position) => svg("text", { class: "name", x: 2, y: position * row + 15 }, client.replace("client ", "c")));
  const cursor = Math.min(width, Math.max(left, x(time(Math.max(0, selected)))));
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${shown.length} operations of ${clients.length} clients` },
    ...names, ...bars, svg("path", { class: "cursor", d: `M${cursor} 0V${height - 14}` }),
    svg("text", { class: "name", x: left, y: height - 3 }, `${seconds(begin)} s`),
    svg("text", { class: "name", x: width, y: height - 3, "text-anchor": "end" }, `${seconds(end)} s`));
  picture.addEventListener("click", (click) => {
    const bar = click.target.closest("[data-index]");
    if (bar) app.select(Number(bar.dataset.index), { isCentred: true });
  });
  const parts = [html("h2", {}, "Operations of clients"), picture];
  if (wrong) {
    const only = html("input", { type: "checkbox", checked: isOfKey });
    only.addEventListener("change", () => {
      app.onlyKey = only.checked;
      drawHistory(app);
    });
    const find = html("button", { type: "button" }, "Show it");
    find.addEventListener("click", () => app.select(wrong.to ?? wrong.from, { isCentred: true }));
    parts.push(html("p", {}, html("b", { class: "bad" }, "✕ "), `${wrong.client}: ${wrong.text} → ${wrong.answer ?? "no return"} fits nowhere. `, find),
      html("p", {}, html("label", {}, only, ` only operations on key ${wrong.key}`)),
      html("p", { class: "faint" }, "Numbers: the order that was found without it. Thick: operations that contradict each other."));
  }
  const before = operations.filter((operation) => operation.from <= selected).slice(-6).reverse();
  parts.push(html("ul", { class: "plain" }, ...before.map((operation) =>
    html("li", {}, html("b", {}, operation.client), `: ${operation.text} → ${operation.answer ?? "…"}`))));
  pane.hidden = false;
  pane.replaceChildren(...parts);
}
