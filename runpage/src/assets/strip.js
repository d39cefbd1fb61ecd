// The strip: the whole run from left to right, for finding a place in it.

import { byId, seconds } from "./dom.js";

/// The strip over the lanes.
export class Strip {
  constructor(app) {
    this.app = app;
    this.canvas = byId("strip");
    this.cursor = byId("strip-cursor");
    this.canvas.setAttribute("aria-valuemin", "0");
    const take = (event) => {
      const box = this.canvas.getBoundingClientRect();
      this.take((event.clientX - box.left) / box.width);
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      take(event);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (event.buttons === 1) take(event);
    });
    new ResizeObserver(() => this.prepare()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.prepare());
  }

  /// Selects the event that is shown nearest to this part of the run's time.
  take(part) {
    const { model, layout } = this.app;
    const { begin, whole } = this.extent();
    const time = begin + Math.min(1, Math.max(0, part)) * whole;
    const { visible } = layout;
    let [low, high] = [0, visible.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (model.events[visible[middle]].time_ns < time) low = middle + 1;
      else high = middle;
    }
    if (visible.length > 0) this.app.select(visible[low], { isCentred: true });
  }

  extent() {
    const { events } = this.app.model;
    const begin = events[0].time_ns;
    return { begin, whole: Math.max(1, events.at(-1).time_ns - begin) };
  }

  /// Draws what does not depend on the selection: the number of events over time, leaders, crashes, the rule.
  prepare() {
    const { canvas, app } = this;
    const { model, spans } = app;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (width === 0) return;
    [canvas.width, canvas.height] = [width * ratio, height * ratio];
    const draw = canvas.getContext("2d");
    draw.scale(ratio, ratio);
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const { begin, whole } = this.extent();
    const x = (ns) => ((ns - begin) / whole) * (width - 2) + 1;
    const timeOf = (index) => model.events[Math.min(index, model.events.length - 1)].time_ns;
    const servers = model.lanes.filter((lane) => lane.kind === "server");
    const lane = Math.max(2, Math.min(5, (height - 22) / Math.max(1, servers.length)));
    servers.forEach((server, row) => {
      const y = height - (servers.length - row) * lane;
      for (const span of spans[server.number]) {
        const [left, right] = [x(timeOf(span.from)), x(timeOf(span.to))];
        draw.fillStyle = !span.up ? colour("--back") : span.leads ? colour("--ink") : span.term === null ? colour("--raised") : colour(`--t${span.term % 8}`);
        draw.fillRect(left, y, Math.max(1, right - left), lane - 1);
      }
    });
    const counts = new Float64Array(Math.ceil(width));
    for (const event of model.events) if (!event.quiet) counts[Math.min(counts.length - 1, Math.floor(x(event.time_ns)))] += 1;
    const most = Math.max(1, ...counts);
    draw.fillStyle = colour("--faint");
    const room = height - servers.length * lane - 4;
    counts.forEach((number, column) => {
      const tall = number === 0 ? 0 : 1 + (Math.log1p(number) / Math.log1p(most)) * (room - 10);
      draw.fillRect(column, room - tall, 1, tall);
    });
    draw.fillStyle = colour("--bad");
    for (const index of model.ofRule) {
      const at = x(timeOf(index));
      draw.beginPath();
      draw.moveTo(at - 5, 0);
      draw.lineTo(at + 5, 0);
      draw.lineTo(at, 9);
      draw.fill();
    }
    if (model.data.failed_ns !== null) draw.fillRect(Math.min(width - 2, x(model.data.failed_ns)), 0, 2, height);
    this.draw();
  }

  /// Moves the cursor to the selected event. The picture stays, and nothing is measured.
  draw() {
    const { canvas, cursor, app } = this;
    const event = app.model.events[app.selected];
    if (!event) return;
    const { begin, whole } = this.extent();
    const part = (event.time_ns - begin) / whole;
    cursor.style.left = `calc(${(100 * part).toFixed(3)}% - 1px)`;
    canvas.setAttribute("aria-valuemax", seconds(begin + whole));
    canvas.setAttribute("aria-valuenow", seconds(event.time_ns));
    canvas.setAttribute("aria-valuetext", `${seconds(event.time_ns)} s`);
  }
}
