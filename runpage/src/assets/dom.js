// Elements of HTML and SVG, made of plain values: texts are texts, never markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/// An HTML element.
export function html(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/// An SVG element.
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/// The element of this id.
export function byId(id) {
  return document.getElementById(id);
}

/// A number with its noun: `1 event`, `2 events`.
export function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/// A duration in nanoseconds, short: `1.9 s`, `34 µs`.
export function duration(ns) {
  const units = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]];
  for (const [unit, name] of units) {
    if (ns >= unit) return `${Number((ns / unit).toPrecision(3))} ${name}`;
  }
  return `${ns} ns`;
}

/// A time of the run in seconds, exact to the microsecond.
export function seconds(ns) {
  return (ns / 1e9).toFixed(6);
}
