// The page: reads the run, builds the views, and answers to keys and clicks.

import { byId } from "./dom.js";
import { buildModel, causalPast } from "./model.js";
import { spanAt, spansOf } from "./states.js";
import { isFiltering, noFilter, passing } from "./filter.js";
import { layOut } from "./rows.js";
import { Lanes } from "./lanes.js";
import { drawDetail } from "./detail.js";
import { Logs } from "./logs.js";
import { drawGrid, watchRoom } from "./grid.js";
import { Strip } from "./strip.js";
import { drawHistory, operationsOf } from "./history.js";
import { drawLines } from "./loglines.js";
import { Toolbar } from "./toolbar.js";
import { fromHash, toHash } from "./address.js";

/// The run and what is shown of it.
class App {
  constructor(data) {
    this.model = buildModel(data);
    this.spans = spansOf(this.model);
    this.selected = -1;
    this.past = new Uint8Array(this.model.events.length);
    this.filter = noFilter();
    this.isLinear = false;
    this.unfolded = new Set();
    this.logs = new Logs(this.model);
    this.operations = operationsOf(this.model);
    this.onlyKey = true;
    this.columns = 10;
    this.lanes = new Lanes(this);
    this.strip = new Strip(this);
    this.toolbar = new Toolbar(this);
  }

  start() {
    byId("walk").hidden = false;
    // Hidden, it had no height, so that no row could be brought into view.
    this.lanes.measure();
    const asked = fromHash(location.hash);
    this.filter = asked.filter;
    this.isLinear = asked.isLinear;
    const wrong = this.operations.find((operation) => operation.isWrong);
    const first = wrong && this.model.ofRule.length === 0 ? wrong.to ?? wrong.from : this.model.indexOf.get(this.model.data.opens_at);
    this.selected = this.model.indexOf.get(asked.number) ?? first ?? this.model.events.length - 1;
    this.refresh();
    this.select(this.selected, { isCentred: true });
    watchRoom(this);
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("click", (event) => this.followLink(event));
    window.addEventListener("hashchange", () => this.followAddress());
  }

  /// Lays out the rows anew, since what is shown has changed.
  refresh() {
    const { model, spans, filter } = this;
    const termAt = (event) => spanAt(spans[event.lane], event.index).term;
    const passes = passing(model, spans, filter, termAt);
    const isShown = (event) => event.index === this.selected || this.unfolded.has(event.index)
      || ((filter.quiet || !event.quiet || model.ofRule.includes(event.index)) && passes(event));
    this.layout = layOut(model, isShown, this.isLinear);
    this.lanes.lay(this.layout);
    this.toolbar.show();
  }

  /// Selects an event, and shows it.
  select(index, { scroll = true, isCentred = false } = {}) {
    if (index < 0 || index >= this.model.events.length) return;
    this.selected = index;
    this.past = causalPast(this.model, index);
    if (!this.isVisible(index)) this.refresh();
    if (scroll) this.lanes.reveal(index, isCentred);
    this.lanes.draw();
    this.strip.draw();
    drawDetail(this);
    drawGrid(this);
    drawHistory(this);
    drawLines(this);
    this.keepAddress();
  }

  isVisible(index) {
    const { visible } = this.layout;
    return visible[this.positionOf(index)] === index;
  }

  /// The position of the first event that is shown and not before this one.
  positionOf(index) {
    const { visible } = this.layout;
    let [low, high] = [0, visible.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (visible[middle] < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /// Selects the next event that is shown, in one direction; of the same party, if asked.
  step(direction, isSameLane) {
    const { visible } = this.layout;
    const { events } = this.model;
    let position = this.positionOf(this.selected) + direction;
    if (direction > 0 && !this.isVisible(this.selected)) position -= 1;
    const lane = events[this.selected].lane;
    while (isSameLane && position >= 0 && position < visible.length && events[visible[position]].lane !== lane) {
      position += direction;
    }
    if (position >= 0 && position < visible.length) this.select(visible[position]);
  }

  /// Shows what a fold hides.
  unfold(from) {
    const fold = this.layout.rows.find((row) => typeof row !== "number" && row.from === from);
    if (!fold) return;
    for (let index = fold.from; index < fold.to; index += 1) this.unfolded.add(index);
    this.refresh();
    this.lanes.draw();
  }

  keepAddress() {
    const event = this.model.events[this.selected];
    const hash = toHash({ number: event?.number ?? null, filter: this.filter, isLinear: this.isLinear });
    // Browsers limit how often an address may change.
    clearTimeout(this.addressTimer);
    this.addressTimer = setTimeout(() => history.replaceState(null, "", hash), 150);
  }

  followAddress() {
    const asked = fromHash(location.hash);
    this.filter = asked.filter;
    this.isLinear = asked.isLinear;
    this.refresh();
    const index = this.model.indexOf.get(asked.number) ?? this.selected;
    this.select(index, { isCentred: true });
  }

  followLink(click) {
    const link = click.target.closest?.("a[data-event]");
    const index = link && this.model.indexOf.get(Number(link.dataset.event));
    if (index === null || index === undefined) return;
    click.preventDefault();
    this.select(index, { isCentred: true });
    byId("walk").scrollIntoView({ block: "nearest" });
    this.lanes.box.focus({ preventScroll: true });
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (byId("help").open) return;
    const input = event.target.closest?.("input:not([type=checkbox]), select");
    if (event.key === "Escape") return this.leaveSearch(input);
    if (input) return;
    const actions = {
      ArrowLeft: () => this.step(-1, event.shiftKey),
      ArrowRight: () => this.step(1, event.shiftKey),
      c: () => this.select(this.model.events[this.selected].causeIndex),
      h: () => this.toggleQuiet(),
      l: () => this.toggleLinear(),
      "/": () => this.toolbar.text.focus(),
      "?": () => this.toolbar.showHelp(),
    };
    for (const [rank, index] of this.model.ofRule.entries()) actions[`${rank + 1}`] = () => this.select(index, { isCentred: true });
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  /// Shows what passes this filter.
  setFilter(filter) {
    this.filter = filter;
    this.unfolded.clear();
    this.refresh();
    this.select(this.selected, { isCentred: true });
  }

  toggleQuiet() {
    this.setFilter({ ...this.filter, quiet: !this.filter.quiet });
  }

  toggleLinear() {
    this.isLinear = !this.isLinear;
    this.refresh();
    this.select(this.selected, { isCentred: true });
  }

  leaveSearch(input) {
    if (input) {
      input.blur();
      this.lanes.box.focus({ preventScroll: true });
    } else if (isFiltering(this.filter)) this.setFilter({ ...noFilter(), quiet: this.filter.quiet });
  }
}

/// The run that the page carries.
async function load() {
  const text = byId("data").textContent;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

load().then((data) => {
  if (data.events.length === 0) return;
  byId("table").open = false;
  const app = new App(data);
  app.start();
  document.documentElement.dataset.ready = `${performance.now()}`;
}).catch((error) => {
  byId("walk").hidden = false;
  byId("walk").textContent = `The events cannot be shown: ${error}`;
});
