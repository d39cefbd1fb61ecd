// The bar over the lanes: filters, views and help.

import { html, byId } from "./dom.js";
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

/// The marks of the lanes, and what they mean.
const LEGEND = [
  ["filled head", "a request"], ["open head", "a reply"], ["double bar", "a refusal"], ["cross on the way", "lost"],
  ["diamond on the line", "held back, and late"], ["double line", "a second copy of a request"],
  ["fill", "the server's term"], ["hatched", "down"], ["thick edge", "leads"], ["dashed edge", "cut off from a majority"],
  ["filled diamond", "applied"], ["square", "saved"], ["triangle", "start of a command"], ["bracket", "operation of a client"],
];

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
    const list = (pairs, tag) => html("dl", { class: "keys" }, ...pairs.map(([name, what]) =>
      html("div", {}, html("dt", {}, html(tag, {}, name)), html("dd", {}, what))));
    const close = html("button", { type: "button", onclick: () => byId("help").close() }, "Close");
    byId("help").append(html("h2", {}, "Keys"), list(KEYS, "kbd"), html("h2", {}, "Marks"), list(LEGEND, "span"), close);
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
