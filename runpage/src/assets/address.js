// What is shown, kept in the address, so that a link opens the page as it was.

import { noFilter } from "./filter.js";

/// The address's part after `#` for what is shown.
export function toHash({ number, filter, isLinear }) {
  const parts = new URLSearchParams();
  if (number !== null) parts.set("e", number);
  if (filter.servers.length > 0) parts.set("at", filter.servers.join(","));
  for (const [name, key] of [["kind", "kind"], ["term", "term"], ["q", "text"], ["index", "index"]]) {
    if (filter[key] !== "") parts.set(name, filter[key]);
  }
  if (filter.quiet) parts.set("h", "1");
  if (isLinear) parts.set("linear", "1");
  return `#${parts}`;
}

/// What an address asks to show. `number` is `null` if it names no event.
export function fromHash(hash) {
  const anchor = /^#event-(\d+)$/.exec(hash);
  const parts = new URLSearchParams(anchor ? `e=${anchor[1]}` : hash.replace(/^#/, ""));
  const digits = (name) => (/^\d+$/.test(parts.get(name) ?? "") ? parts.get(name) : "");
  const filter = {
    ...noFilter(),
    servers: (parts.get("at") ?? "").split(",").filter((name) => name !== ""),
    kind: parts.get("kind") ?? "",
    term: digits("term"),
    text: parts.get("q") ?? "",
    index: digits("index"),
    quiet: parts.get("h") === "1",
  };
  return { number: digits("e") === "" ? null : Number(digits("e")), filter, isLinear: parts.get("linear") === "1" };
}
