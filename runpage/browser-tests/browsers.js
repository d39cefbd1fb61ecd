// The browsers that the tests run in, and a page that is open in one of them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import puppeteer from "puppeteer-core";

const PATHS = { chromium: process.env.CHROMIUM ?? "/usr/bin/chromium", firefox: process.env.FIREFOX ?? "/usr/bin/firefox-esr" };

const CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/// The names of the browsers to test in.
export const BROWSERS = (process.env.BROWSERS ?? "chromium").split(",");

/// Whether all tests run, or the quick ones.
export const ALL = process.env.ALL === "1";

/// Starts a browser.
export async function launch(name) {
  const profile = mkdtempSync(join(tmpdir(), "runpage-"));
  const browser = await puppeteer.launch({
    browser: name === "firefox" ? "firefox" : "chrome",
    executablePath: PATHS[name],
    headless: true,
    userDataDir: profile,
    defaultViewport: null,
    args: name === "firefox" ? ["--width=1280", "--height=900"] : CHROMIUM_FLAGS,
  });
  return { name, browser, profile };
}

/// Ends a browser.
export async function end({ browser, profile }) {
  await browser.close();
  // Its processes may still write.
  rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

/// Opens a page of a run: `raft`, with the address's part after `#`. Problems that it has are in `problems`.
export async function open({ name, browser }, file, { hash = "", width = 1280, height = 900, scheme, scripts = true } = {}) {
  const page = await browser.newPage();
  page.problems = [];
  page.requests = [];
  page.on("pageerror", (error) => page.problems.push(`${error}`));
  page.on("console", (message) => {
    if (message.type() === "error") page.problems.push(message.text());
  });
  page.on("request", (request) => page.requests.push(request.url()));
  // Firefox's driver has no viewports: its window is of this size from the beginning.
  if (name === "chromium") await page.setViewport({ width, height });
  if (scheme) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  if (!scripts) await page.setJavaScriptEnabled(false);
  await page.goto(`${pathToFileURL(join(process.env.PAGES, `${file}.html`))}${hash}`);
  if (scripts && file !== "empty") await page.waitForSelector("html[data-ready]", { timeout: 20000 });
  return page;
}

/// Waits until a function of the page is true. The page's policy forbids the driver's own way, in Firefox.
export async function until(page, isTrue, ...args) {
  const deadline = Date.now() + 10000;
  while (!(await page.evaluate(isTrue, ...args))) {
    if (Date.now() > deadline) throw new Error(`not true in time: ${isTrue}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/// The number of the selected event.
export function selected(page) {
  return page.$eval(".row.selected", (row) => Number(row.id.replace("row-", "")));
}

/// The text of an element.
export function text(page, selector) {
  return page.$eval(selector, (element) => element.textContent);
}

/// The numbers of the events of the broken rule, as the diagnosis lists them.
export function ofRule(page) {
  return page.$$eval("#diagnosis ol.events a", (links) => links.map((link) => Number(link.dataset.event)));
}
