// What only Chromium can be asked: scripts off, colour schemes, and the rules of axe-core.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, test } from "node:test";

import { ALL, BROWSERS, end, launch, open, text } from "./browsers.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

describe("the page in chromium", { skip: !BROWSERS.includes("chromium") }, () => {
  let browser;
  before(async () => { browser = await launch("chromium"); });
  after(async () => { await end(browser); });

  test("has the diagnosis and a table without scripts", async () => {
    const page = await open(browser, "raft", { scripts: false });
    assert.match(await text(page, "#diagnosis"), /error\[AE1\] server 2 accepted/);
    assert.ok(await page.$eval("#table", (table) => table.open));
    assert.equal((await page.$$("tr.marked")).length, 3);
    assert.equal(await page.$eval("#walk", (walk) => getComputedStyle(walk).display), "none");
    const target = await page.$eval("#diagnosis a", (link) => link.getAttribute("href"));
    assert.ok(await page.$(target), "a link of the diagnosis leads to a row of the table");
    await page.close();
  });

  for (const scheme of ["light", "dark"]) {
    for (const file of ALL ? ["raft", "passed", "compared", "clients", "deadlock", "large", "empty"] : ["raft", "clients"]) {
      test(`${file} in ${scheme} has no fault that axe-core knows`, async () => {
        const page = await open(browser, file, { scheme });
        for (const state of ["as it opens", "with everything open"]) {
          if (state !== "as it opens") await page.$$eval("details", (all) => all.forEach((one) => { one.open = true; }));
          await page.evaluate(AXE);
          const { violations } = await page.evaluate(() => axe.run());
          const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).slice(0, 3).join(" | ")}`);
          assert.deepEqual(found, [], state);
        }
        await page.close();
      });
    }
  }

  test("scrolls the lanes with the keys", async () => {
    const page = await open(browser, "large");
    const top = () => page.$eval("#lanes", (lanes) => lanes.scrollTop);
    const before = await top();
    for (let presses = 0; presses < 80; presses += 1) await page.keyboard.press("ArrowLeft");
    assert.ok(await top() < before);
    await page.close();
  });
});
