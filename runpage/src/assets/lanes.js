// The lanes: a column for each party, time downwards, a row for each event. Only the rows in view exist.

import { html, svg, count, duration, seconds, byId } from "./dom.js";
import { spanAt } from "./states.js";
import { ROW } from "./rows.js";
import { arrowPath, markOf } from "./marks.js";

/// Rows that are drawn beyond the view, above and below.
const BEYOND = 12;

/// In linear mode any number of events can be in view; so many are drawn.
const DRAWN = 260;

/// So many arrows are drawn at once.
const ARROWS = 320;

/// The view of the lanes.
export class Lanes {
  constructor(app) {
    this.app = app;
    this.box = byId("lanes");
    this.heads = html("div", { class: "heads", "aria-hidden": "true" });
    this.canvas = html("div", { class: "canvas" });
    this.svg = svg("svg", { class: "marks", "aria-hidden": "true" });
    this.rows = html("div", { class: "rows" });
    this.canvas.append(this.svg, this.rows);
    this.box.append(this.heads, this.canvas);
    this.box.addEventListener("scroll", () => this.schedule());
    this.rows.addEventListener("click", (event) => this.clicked(event));
    new ResizeObserver(() => {
      this.measure();
      this.schedule();
    }).observe(this.box);
    this.measure();
    this.chunks = [];
  }

  /// Measures the view, which only its resizing changes.
  measure() {
    [this.width, this.height, this.top] = [this.box.clientWidth, this.box.clientHeight, this.heads.offsetHeight];
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw();
    });
  }

  clicked(event) {
    const row = event.target.closest("[data-index], [data-fold]");
    if (!row) return;
    if (row.dataset.fold !== undefined) this.app.unfold(Number(row.dataset.fold));
    else this.app.select(Number(row.dataset.index), { scroll: false });
  }

  /// Takes over a new layout: the rows have changed.
  lay(layout) {
    this.layout = layout;
    this.known = new Map();
    this.canvas.style.height = `${layout.height}px`;
    // Which arrows are near which rows, so that drawing needs no search.
    this.chunks = [];
    const { visible } = layout;
    const isVisible = new Uint8Array(this.app.model.events.length);
    for (const index of visible) isVisible[index] = 1;
    for (const arrow of this.app.model.arrows) {
      if (!isVisible[arrow.from] && !isVisible[arrow.to]) continue;
      const [first, last] = [arrow.from, arrow.to].map((index) => Math.floor(layout.y(index) / 512));
      for (let chunk = first; chunk <= last; chunk += 1) (this.chunks[chunk] ??= []).push(arrow);
    }
  }

  geometry() {
    const { width } = this;
    const isNarrow = width < 620;
    const { lanes } = this.app.model;
    const gutter = isNarrow ? 62 : 74;
    const text = isNarrow ? 150 : 320;
    const room = width - gutter - text;
    const least = isNarrow ? 26 : 34;
    const lane = Math.max(least, Math.min(64, room / Math.max(1, lanes.length)));
    // Many clients share what the servers leave.
    const clients = lanes.filter((party) => party.kind === "client").length;
    const others = lanes.length - clients;
    const narrow = Math.max(8, Math.min(lane, (room - others * lane) / Math.max(1, clients)));
    const left = (number) => gutter + Math.min(number, others) * lane + Math.max(0, number - others) * narrow;
    const widthOf = (party) => (party.kind === "client" ? narrow : lane);
    return { gutter, lane, widthOf, x: (number) => left(number) + widthOf(lanes[number]) / 2, text: left(lanes.length) + 10 };
  }

  /// Scrolls until the row of this event is in view.
  reveal(index, isCentred) {
    const { box } = this;
    const y = this.layout.y(index);
    const [top, height] = [box.scrollTop, this.height - this.top];
    if (isCentred || y < top + ROW * 2 || y > top + height - ROW * 3) {
      box.scrollTop = isCentred ? y - height * 0.6 : y < top + ROW * 2 ? y - ROW * 4 : y - height + ROW * 5;
    }
  }

  draw() {
    const { app, layout, box } = this;
    if (!layout) return;
    const shape = this.geometry();
    const { scrollTop } = box;
    const [top, bottom] = [scrollTop - BEYOND * ROW, scrollTop + this.height + BEYOND * ROW];
    const [first, last] = this.range(top, bottom);
    let drawn = layout.rows.slice(first, last);
    const inView = drawn.filter((row) => typeof row === "number").length;
    let isThinned = false;
    if (inView > DRAWN) {
      isThinned = true;
      drawn = this.thinned(drawn);
    }
    byId("drawn").textContent = isThinned
      ? `${count(drawn.length, "event")} of ${inView.toLocaleString("en")} in view are drawn; filters or the ordinal view show all`
      : "";
    this.drawHeads(shape);
    this.drawMarks(shape, drawn, Math.max(0, top), bottom);
    this.drawRows(shape, drawn, first);
  }

  /// The rows between two heights.
  range(top, bottom) {
    const { layout } = this;
    if (!layout.isLinear) {
      const clamp = (row) => Math.max(0, Math.min(layout.rows.length, row));
      return [clamp(Math.floor(top / ROW)), clamp(Math.ceil(bottom / ROW))];
    }
    const search = (y) => {
      let [low, high] = [0, layout.rows.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (layout.yOfRow(middle) < y) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    return [search(top), search(bottom)];
  }

  /// As many events as can be drawn: those that matter most.
  thinned(rows) {
    const { model, past, selected } = this.app;
    const weight = (index) => {
      if (index === selected || model.ofRule.includes(index)) return 3;
      if (past[index]) return 2;
      return model.events[index].kind === "message" ? 0 : 1;
    };
    const chosen = [...rows].sort((one, other) => weight(other) - weight(one)).slice(0, DRAWN);
    return chosen.sort((one, other) => one - other);
  }

  drawHeads({ x, widthOf }) {
    const { model, spans, selected } = this.app;
    const heads = model.lanes.map((party) => {
      const span = selected >= 0 ? spanAt(spans[party.number], selected) : null;
      const isServer = party.kind === "server" && span;
      const state = !isServer ? "" : !span.up ? "down" : `${span.leads ? "★" : ""}${span.term === null ? "" : `t${span.term}`}`;
      const width = widthOf(party);
      const name = party.kind === "server" ? `S${party.short}` : width < 16 ? "·" : party.short;
      const head = html("span", { class: `head ${party.kind}`, title: party.name }, html("b", {}, name), html("span", {}, state || "\u00a0"));
      head.style.left = `${x(party.number) - width / 2}px`;
      head.style.width = `${width}px`;
      return head;
    });
    this.heads.replaceChildren(...heads);
  }

  drawMarks({ x, lane, text }, drawn, top, bottom) {
    const { app, layout } = this;
    const { model, spans, past, selected } = app;
    const height = bottom - top;
    const y = (index) => layout.y(index) - top;
    const half = Math.min(10, lane / 2 - 4);
    const dim = svg("g", { class: "dim" });
    const bright = svg("g", {});
    const bands = svg("g", {});
    const cover = this.indices(drawn);
    for (const party of model.lanes) {
      const [left, right] = [x(party.number) - half, x(party.number) + half];
      if (party.kind !== "server") {
        bands.append(svg("path", { class: "line", d: `M${x(party.number)} 0V${height}` }));
        continue;
      }
      let shown = 0;
      let lastTerm = null;
      for (const span of spans[party.number]) {
        const isNewTerm = span.term !== lastTerm;
        lastTerm = span.term;
        if (span.to < cover.from || span.from > cover.to || (shown += 1) > 40) continue;
        const begin = span.from === 0 ? -top : Math.max(-10, y(span.from));
        const end = span.to >= model.events.length ? height : Math.min(height + 10, y(span.to));
        const [from, to] = [Math.max(-10, begin), Math.max(begin, end)];
        const fill = !span.up ? "down" : span.term === null ? "unknown" : `term t${span.term % 8}`;
        bands.append(svg("rect", { class: `band ${fill}`, x: left, y: from, width: 2 * half, height: to - from }));
        const edge = `edge${span.leads ? " leads" : ""}${span.cut ? " cut" : ""}`;
        if (span.up) bands.append(svg("path", { class: edge, d: `M${left} ${from}V${to}M${right} ${from}V${to}` }));
        if (isNewTerm && span.up && span.term !== null && y(span.from) >= -10 && y(span.from) < height) {
          bands.append(svg("text", { class: "termlabel", x: right + 2, y: y(span.from) + 10 }, `t${span.term}`));
        }
      }
    }
    const [chunk0, chunk1] = [top, bottom].map((at) => Math.max(0, Math.floor(at / 512)));
    const arrows = new Set();
    for (let chunk = chunk0; chunk <= chunk1; chunk += 1) for (const arrow of this.chunks[chunk] ?? []) arrows.add(arrow);
    const wanted = [...arrows].sort((one, other) => past[other.to] - past[one.to]).slice(0, ARROWS);
    for (const arrow of wanted) {
      const [x0, x1] = [x(arrow.fromLane), x(arrow.toLane)];
      const side = (number) => Math.sign(x1 - x0) * (model.lanes[number].kind === "server" ? half : 3);
      const path = arrowPath(x0 + side(arrow.fromLane), y(arrow.from), x1 - side(arrow.toLane), y(arrow.to), arrow.shape, arrow.late);
      const isBright = past[arrow.from] && past[arrow.to];
      (isBright ? bright : dim).append(svg("path", { class: `arrow ${arrow.shape}`, d: path }));
    }
    for (const row of drawn) {
      if (typeof row !== "number") continue;
      const event = model.events[row];
      const { d, filled, heavy } = markOf(event);
      const classes = `mark ${event.kind}${filled ? " filled" : ""}${heavy ? " heavy" : ""}${row === selected ? " selected" : ""}`;
      const place = `translate(${x(event.lane).toFixed(1)} ${y(row).toFixed(1)})`;
      const of_rule = model.ofRule.indexOf(row);
      if (of_rule >= 0) {
        bright.append(svg("circle", { class: "ring", r: 9, transform: place }));
        bright.append(svg("text", { class: "ringlabel", x: x(event.lane) - half - 12, y: y(row) + 4 }, `${of_rule + 1}`));
      } else if (row === selected) bright.append(svg("circle", { class: "cursor", r: 9, transform: place }));
      (past[row] ? bright : dim).append(svg("path", { class: classes, d, transform: place }));
    }
    this.svg.setAttribute("width", text);
    this.svg.setAttribute("height", height);
    this.svg.style.top = `${top}px`;
    const hatch = svg("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("path", { class: "hatch", d: "M0 0V6" }));
    this.svg.replaceChildren(svg("defs", {}, hatch), bands, dim, bright);
  }

  /// The first and the last event that the rows stand for.
  indices(drawn) {
    const { length } = this.app.model.events;
    if (drawn.length === 0) return { from: 0, to: length };
    const [first, last] = [drawn[0], drawn.at(-1)];
    return { from: typeof first === "number" ? first : first.from, to: typeof last === "number" ? last : last.to };
  }

  drawRows({ text }, drawn, first) {
    const { app, layout } = this;
    const { model, selected } = app;
    let lowest = -Infinity;
    let lastSecond = null;
    const rows = [];
    const known = this.known ?? new Map();
    this.known = new Map();
    // Rows that are there already are only changed: most of a step's time would be theirs.
    const keep = (key, make, y, classes) => {
      const element = known.get(key) ?? make();
      if (element.className !== classes) element.className = classes;
      const top = `${y}px`;
      if (element.style.top !== top) element.style.top = top;
      this.known.set(key, element);
      return element;
    };
    if (this.text !== text) this.rows.style.setProperty("--text", `${text}px`);
    this.text = text;
    drawn.forEach((row, position) => {
      if (typeof row !== "number") {
        const y = (first + position) * ROW;
        return rows.push(keep(`fold ${row.from} ${row.to}`, () => this.fold(row), y, "row fold"));
      }
      const event = model.events[row];
      const y = layout.y(row) - ROW / 2;
      // In linear mode rows may lie upon each other.
      if (layout.isLinear && row !== selected && y < lowest + ROW) return;
      if (layout.isLinear && row === selected && y < lowest + ROW) rows.pop();
      lowest = y;
      const whole = Math.floor(event.time_ns / 1e9);
      const isSame = whole === lastSecond;
      lastSecond = whole;
      const element = keep(row, () => this.row(event), y, this.classes(event, isSame));
      const isSelected = row === selected ? "true" : "false";
      if (element.getAttribute("aria-selected") !== isSelected) element.setAttribute("aria-selected", isSelected);
      rows.push(element);
    });
    const present = this.rows.children;
    if (present.length !== rows.length || rows.some((row, position) => present[position] !== row)) this.rows.replaceChildren(...rows);
    const active = this.known.has(selected) ? `row-${model.events[selected].number}` : null;
    if (active) this.box.setAttribute("aria-activedescendant", active);
    else this.box.removeAttribute("aria-activedescendant");
  }

  classes(event, isSameSecond) {
    const { model, past, selected } = this.app;
    const classes = ["row"];
    if (event.index === selected) classes.push("selected");
    else if (!past[event.index]) classes.push("dim");
    if (isSameSecond) classes.push("same");
    if (model.ofRule.includes(event.index)) classes.push("ofrule");
    if (event.number === model.data.comparison?.unlike) classes.push("unlike");
    return classes.join(" ");
  }

  row(event) {
    const [whole, part] = seconds(event.time_ns).split(".");
    return html("div", {
      role: "option", id: `row-${event.number}`, "data-index": event.index,
      "aria-posinset": event.index + 1, "aria-setsize": this.app.model.events.length,
    }, html("span", { class: "at" }, html("span", { class: "whole" }, whole), `.${part}`),
    html("span", { class: "hidden" }, ` ${event.at}: `), html("span", { class: "text" }, event.line));
  }

  fold(fold) {
    const parts = [fold.ns > 0 ? duration(fold.ns) : "", fold.heartbeats ? count(fold.heartbeats, "heartbeat") : "",
      fold.states ? count(fold.states, "state") : "", fold.filtered ? `${count(fold.filtered, "event")} not shown` : ""];
    return html("div", { role: "option", "aria-selected": "false", "data-fold": fold.from, title: "Click to show what is folded here" },
      html("span", { class: "text" }, `⋯ ${parts.filter((part) => part).join(", ")}`));
  }
}
