// The selected event in full: where, when, its values, the steps of its call, its cause and its effects.

import { html, byId, seconds, count } from "./dom.js";
import { spanAt } from "./states.js";

/// A list shows so many elements before the rest is folded away.
const SHOWN = 12;

/// Draws the event of this index; an empty pane if it is below 0.
export function drawDetail(app) {
  const { model, selected, spans } = app;
  const pane = byId("detail");
  if (selected < 0) return pane.replaceChildren(html("p", { class: "faint" }, "No event is selected."));
  const event = model.events[selected];
  const span = spanAt(spans[event.lane], selected);
  const place = [html("b", {}, event.at), event.incarnation > 1 ? `, incarnation ${event.incarnation}` : ""];
  const parts = [
    html("h2", {}, event.line),
    html("p", { class: "faint" }, `#${event.number} · ${seconds(event.time_ns)} s · `, ...place, stateText(app, event, span)),
  ];
  if (event.location) parts.push(html("p", {}, html("code", {}, event.location)));
  const rank = model.ofRule.indexOf(selected);
  if (rank >= 0) parts.push(html("p", { class: "badge" }, `Event ${rank + 1} of rule ${model.data.rules[0].id}`));
  if (event.number === model.data.comparison?.unlike) {
    parts.push(html("p", { class: "badge" }, `First event of which seed ${model.data.comparison.seed} has no like`));
  }
  if (event.kind === "message") parts.push(...callParts(app, event));
  else if (event.kind === "saved") parts.push(...savedParts(event));
  else if (event.content !== undefined) parts.push(html("h3", {}, "Values"), value(event.content));
  if (event.kind !== "saved" && event.text && event.text !== event.line) parts.push(html("pre", {}, event.text));
  parts.push(...linkParts(app, event));
  pane.replaceChildren(...parts);
}

function stateText(app, event, span) {
  if (app.model.lanes[event.lane].kind !== "server") return "";
  const parts = [];
  if (!span.up) parts.push("down");
  if (span.term !== null) parts.push(`term ${span.term}`);
  if (span.leads) parts.push("leader");
  if (span.peers.length > 0) parts.push(`${span.cut ? "cut off: no link" : "no link"} to ${span.peers.join(", ")}`);
  return parts.length > 0 ? ` · ${parts.join(", ")}` : "";
}

function callParts(app, event) {
  const { model } = app;
  const call = model.calls.get(event.call);
  const parts = [];
  if (call.request !== undefined && call.request !== null) parts.push(html("h3", {}, "Arguments"), value(call.request));
  if (call.reply !== undefined && call.reply !== null) parts.push(html("h3", {}, "Reply"), value(call.reply));
  const first = model.events[call.events[0]].time_ns;
  const steps = call.events.map((index) => {
    const step = model.events[index];
    const name = step.step.replace(/_/g, " ");
    const late = step.time_ns - first;
    return html("li", {}, eventLink(app, index, `${name} at ${step.at}`), late > 0 ? html("span", { class: "faint" }, ` +${(late / 1e6).toFixed(3)} ms`) : "");
  });
  parts.push(html("h3", {}, `Call #${call.number}`), html("ul", { class: "plain" }, ...steps));
  if (event.bytes) parts.push(html("p", { class: "faint" }, `${count(event.bytes, "byte")} encoded`));
  return parts;
}

function savedParts(event) {
  return (event.records ?? []).flatMap((record) => {
    const changes = (record.changes ?? []).map((change) => {
      const path = change.path ? html("b", {}, change.path) : html("b", {}, "content");
      if (change.kept === undefined) return html("li", {}, path, ": ", short(change.from), " → ", short(change.to));
      const pieces = [`${change.kept + change.kept_after} kept`];
      if (change.removed) pieces.push(`${change.removed} removed after the first ${change.kept}`);
      if (change.added.length > 0) pieces.push(`${change.added.length + change.more} added`);
      return html("li", {}, path, `: ${pieces.join(", ")}`, change.added.length > 0 ? value(change.added) : "");
    });
    const none = record.changes ? "nothing changed" : "the content is not known";
    return [html("h3", {}, `${record.name}, ${count(record.bytes, "byte")}`),
      changes.length > 0 ? html("ul", { class: "plain" }, ...changes) : html("p", { class: "faint" }, none)];
  });
}

function linkParts(app, event) {
  const parts = [];
  if (event.causeIndex >= 0) {
    parts.push(html("h3", {}, "Cause"), html("p", {}, eventLink(app, event.causeIndex)));
  }
  const effects = event.effects;
  if (effects.length > 0) {
    const shown = effects.slice(0, SHOWN).map((index) => html("li", {}, eventLink(app, index)));
    if (effects.length > SHOWN) shown.push(html("li", { class: "faint" }, `and ${effects.length - SHOWN} more`));
    parts.push(html("h3", {}, "Effects"), html("ul", { class: "plain" }, ...shown));
  }
  return parts;
}

/// A link that selects an event.
export function eventLink(app, index, text) {
  const event = app.model.events[index];
  const follow = (click) => {
    click.preventDefault();
    app.select(index);
  };
  return html("a", { href: `#event-${event.number}`, onclick: follow }, text ?? `${event.at}: ${event.line}`);
}

/// A value as a tree of names and values.
function value(content) {
  if (Array.isArray(content)) {
    if (content.length === 0) return html("span", { class: "faint" }, "empty");
    if (content.every(isPlain) && content.length <= SHOWN) return html("span", {}, `[${content.map(plain).join(", ")}]`);
    const item = (element, position) => html("div", { class: "field" }, html("dt", {}, `${position}`), html("dd", {}, value(element)));
    const rest = content.length > SHOWN
      ? [html("details", {}, html("summary", {}, `${content.length - SHOWN} more`),
        html("dl", { class: "values" }, ...content.slice(SHOWN).map((element, position) => item(element, position + SHOWN))))]
      : [];
    return html("div", {}, html("dl", { class: "values" }, ...content.slice(0, SHOWN).map(item)), ...rest);
  }
  if (isPlain(content)) return html("span", { class: "plainvalue" }, plain(content));
  const fields = Object.entries(content).map(([name, inner]) =>
    html("div", { class: "field" }, html("dt", {}, name), html("dd", {}, value(inner))));
  return html("dl", { class: "values" }, ...fields);
}

function isPlain(content) {
  return content === null || typeof content !== "object";
}

function plain(content) {
  return content === null ? "none" : `${content}`;
}

function short(content) {
  const text = isPlain(content) ? plain(content) : JSON.stringify(content);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
