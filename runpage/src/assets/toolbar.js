// The bar over the lanes: filters, views and help.

import { html, svg, byId } from "./dom.js";
import { arrowPath, markOf } from "./marks.js";
import { KINDS, noFilter } from "./filter.js";

/// The keys of the page, and what they do.
export const KEYS = [
  ["← →", "the event before, the next event"],
  ["Shift + ← →", "the same on this server"],
  ["1 2 3", "the events of the broken rule"],
  ["c", "the cause of this event"],
  ["h", "show or hide heartbeats and unchanged states"],
  ["l", "time in order, or to scale"],
  ["/", "search"],
  ["Esc", "leave the search; clear the filters"],
  ["?", "this help"],
];

/// The arrows of the lanes, and what they mean.
const ARROW_LEGEND = [
  ["request", false, "a request"], ["reply", false, "a reply"], ["refusal", false, "a reply that refuses"],
  ["lost", false, "lost on its way"], ["reply", true, "held back, and late"], ["duplicate", false, "a second copy of a request"],
];

/// The events of the lanes that have marks of their own, and what they mean.
const MARK_LEGEND = [
  ["accepted", "start of a command"], ["saved", "a save"], ["applied", "an entry is applied"], ["started", "a server starts"],
  ["crashed", "a server crashes"], ["link_cut", "a link is cut"], ["link_mended", "a link is mended"],
  ["operation_began", "a client's operation begins"], ["violation", "an invariant is violated"],
];

/// The lanes' looks, and what they mean.
const LANE_LEGEND = [["band term t1", "edge", "colour: the server's term"], ["band term t1", "edge leads", "thick edge: it leads"],
  ["band term t1", "edge cut", "dashed edge: it has no link to a majority"], ["band down", "", "hatched: it is down"]];

function legend() {
  const picture = (...shapes) => svg("svg", { class: "marks legend", width: 60, height: 18, "aria-hidden": "true" }, ...shapes);
  const arrows = ARROW_LEGEND.map(([shape, isLate, what]) =>
    [picture(svg("path", { class: `arrow ${shape}`, d: arrowPath(0, 9, 58, 9, shape, isLate) })), what]);
  const marks = MARK_LEGEND.map(([kind, what]) => {
    const { d, filled, heavy } = markOf({ kind });
    const classes = `mark ${kind}${filled ? " filled" : ""}${heavy ? " heavy" : ""}`;
    return [picture(svg("path", { class: classes, d, transform: "translate(30 9)" })), what];
  });
  const lanes = LANE_LEGEND.map(([band, edge, what]) => [picture(
    svg("rect", { class: band, x: 20, y: 0, width: 20, height: 18 }),
    svg("path", { class: edge, d: "M20 0V18M40 0V18" })), what]);
  return [...lanes, ...arrows, ...marks];
}

/// Builds the bar.
export class Toolbar {
  constructor(app) {
    this.app = app;
    const { model } = app;
    const change = () => this.changed();
    this.servers = model.lanes.filter((lane) => lane.kind !== "tester").map((lane) => {
      const box = html("input", { type: "checkbox", onchange: change });
      return { name: lane.name, box, label: html("label", { class: "chip", title: lane.name }, box, lane.kind === "server" ? `S${lane.short}` : lane.short) };
    });
    this.kind = html("select", { "aria-label": "Kind of events", onchange: change }, html("option", { value: "" }, "all kinds"),
      ...KINDS.map(([name]) => html("option", { value: name }, name)));
    this.term = html("input", { class: "number", inputmode: "numeric", placeholder: "term", "aria-label": "Term", oninput: change });
    this.index = html("input", { class: "number", inputmode: "numeric", placeholder: "index", "aria-label": "What touches index", title: "What touches this index of the log", oninput: change });
    this.text = html("input", { type: "search", placeholder: "search  /", "aria-label": "Search in events", oninput: change });
    this.quiet = html("button", { type: "button", "aria-pressed": "false", onclick: () => app.toggleQuiet() }, "heartbeats");
    this.linear = html("button", { type: "button", "aria-pressed": "false", onclick: () => app.toggleLinear() }, "time to scale");
    this.clear = html("button", { type: "button", onclick: () => app.setFilter({ ...noFilter(), quiet: app.filter.quiet }) }, "clear");
    this.help = html("button", { type: "button", "aria-label": "Keys and marks", onclick: () => this.showHelp() }, "?");
    this.step = [["◂", "Event before", -1], ["▸", "Next event", 1]].map(([sign, name, direction]) =>
      html("button", { type: "button", "aria-label": name, onclick: () => app.step(direction, false) }, sign));
    this.count = html("span", { class: "faint", role: "status" });
    const few = this.servers.length <= 12 ? this.servers.map(({ label }) => label)
      : [html("details", { class: "many" }, html("summary", {}, "parties"), ...this.servers.map(({ label }) => label))];
    byId("bar").append(...this.step, ...few, this.kind, this.term, this.index, this.text, this.quiet, this.linear, this.clear, this.help, this.count);
    this.buildHelp();
  }

  buildHelp() {
    const list = (pairs) => html("dl", { class: "keys" }, ...pairs.map(([name, what]) =>
      html("div", {}, html("dt", {}, name), html("dd", {}, what))));
    const keys = KEYS.map(([name, what]) => [html("kbd", {}, name), what]);
    const close = html("button", { type: "button", onclick: () => byId("help").close() }, "Close");
    byId("help").append(html("h2", {}, "Keys"), list(keys), html("h2", {}, "Marks"), list(legend()), close);
  }

  showHelp() {
    byId("help").showModal();
  }

  changed() {
    const digits = (input) => input.value.replace(/\D/g, "");
    this.app.setFilter({
      servers: this.servers.filter(({ box }) => box.checked).map(({ name }) => name),
      kind: this.kind.value, term: digits(this.term), index: digits(this.index), text: this.text.value, quiet: this.app.filter.quiet,
    });
  }

  /// Shows the filter as it is.
  show() {
    const { app } = this;
    const { filter } = app;
    for (const { name, box } of this.servers) box.checked = filter.servers.includes(name);
    const set = (input, value) => { if (input.value !== value) input.value = value; };
    set(this.kind, filter.kind);
    set(this.term, filter.term);
    set(this.index, filter.index);
    set(this.text, filter.text);
    this.quiet.setAttribute("aria-pressed", `${filter.quiet}`);
    this.linear.setAttribute("aria-pressed", `${app.isLinear}`);
    const [shown, all] = [app.layout.visible.length, app.model.events.length];
    this.count.textContent = `${shown.toLocaleString("en")} of ${all.toLocaleString("en")} events`;
  }
}
