import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { BROWSERS, end, launch, ofRule, open, selected, text, until } from "./browsers.js";

for (const name of BROWSERS) {
  describe(`the page in ${name}`, () => {
    let browser;
    before(async () => { browser = await launch(name); });
    after(async () => { await end(browser); });

    /// Opens a page, hands it to `check`, and closes it. Nothing may have gone wrong on it meanwhile, and
    /// nothing may have been loaded from elsewhere.
    const on = async (file, options, check) => {
      const page = await open(browser, file, options);
      await check(page);
      assert.deepEqual(page.problems, []);
      // Firefox draws its own controls with a font that it has as data.
      const elsewhere = page.requests.filter((url) => !url.startsWith("file://") && !url.startsWith("data:font/"));
      assert.deepEqual(elsewhere, []);
      await page.close();
    };

    const press = async (page, key) => {
      await page.keyboard.press(key);
      return selected(page);
    };

    test("opens on the last event of the broken rule", () => on("raft", {}, async (page) => {
      const rule = await ofRule(page);
      assert.equal(rule.length, 3);
      assert.equal(await selected(page), rule[2]);
      assert.match(await text(page, "#detail"), /Event 3 of rule AE1/);
      assert.match(await text(page, "#diagnosis"), /server 2 accepted an AppendEntries of an older term/);
      const isInView = await page.$eval(".row.selected", (row) => {
        const [own, box] = [row, document.getElementById("lanes")].map((element) => element.getBoundingClientRect());
        // The names of the lanes stay at the top, above the rows.
        const heads = document.querySelector("#lanes .heads").getBoundingClientRect();
        return own.top >= heads.bottom && own.bottom <= box.bottom;
      });
      assert.ok(isInView);
      assert.equal(await page.$eval("#lanes", (lanes) => lanes.getAttribute("aria-activedescendant")), `row-${rule[2]}`);
    }));

    test("opens at the beginning of a run that passed", () => on("passed", {}, async (page) => {
      assert.equal(await selected(page), 1);
      assert.equal(await page.$("#diagnosis"), null);
    }));

    test("has keys for events, servers, the rule, the cause", () => on("raft", {}, async (page) => {
      const rule = await ofRule(page);
      assert.equal(await press(page, "1"), rule[0]);
      assert.equal(await press(page, "2"), rule[1]);
      assert.equal(await press(page, "3"), rule[2]);
      assert.equal(await press(page, "c"), rule[1], "the reply is caused by the request's arrival");
      const before = await selected(page);
      const next = await press(page, "ArrowRight");
      assert.ok(next > before);
      assert.equal(await press(page, "ArrowLeft"), before);
      const lane = () => page.$eval("#detail b", (element) => element.textContent);
      const server = await lane();
      await page.keyboard.down("Shift");
      const earlier = await press(page, "ArrowLeft");
      await page.keyboard.up("Shift");
      assert.ok(earlier < before);
      assert.equal(await lane(), server);
    }));

    test("hides heartbeats until h is pressed", () => on("raft", {}, async (page) => {
      const folds = () => page.$$eval(".row.fold", (rows) => rows.map((row) => row.textContent).join());
      const shown = async () => Number((await text(page, "[role=status]")).split(" ")[0]);
      const quiet = await shown();
      await page.keyboard.press("1");
      assert.match(await folds(), /20 heartbeats/);
      await page.keyboard.press("h");
      assert.equal(await shown(), 139);
      assert.ok(quiet < 139);
      assert.doesNotMatch(await folds(), /heartbeat/);
      await page.keyboard.press("h");
      await page.keyboard.press("1");
      await page.click(".row.fold");
      assert.ok(await shown() > quiet, "a click on a fold shows what is in it");
    }));

    test("searches, filters, and keeps both in the address", () => on("raft", {}, async (page) => {
      await page.keyboard.press("/");
      await page.keyboard.type("crashed");
      const shown = () => page.$$eval(".row:not(.fold) .text", (rows) => rows.map((row) => row.textContent));
      // The selected event stays.
      assert.equal((await shown()).filter((line) => line === "crashed").length, 1);
      assert.equal((await shown()).length, 2);
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      assert.ok((await shown()).length > 5);
      await page.select("#bar select", "faults");
      await page.click(".chip input");
      await page.type("[aria-label='What touches index']", "9");
      await until(page, () => location.hash.includes("index=9"));
      const hash = await page.evaluate(() => location.hash);
      assert.match(hash, /kind=faults/);
      assert.match(hash, /at=server/);
      assert.match(hash, /e=\d+/);
    }));

    test("opens as the address says", () => on("raft", { hash: "#e=20&kind=messages&term=2&linear=1" }, async (page) => {
      assert.equal(await selected(page), 20);
      assert.equal(await page.$eval("#bar select", (select) => select.value), "messages");
      assert.equal(await page.$eval("[aria-label=Term]", (input) => input.value), "2");
      const pressed = await page.$$eval("[aria-pressed=true]", (buttons) => buttons.map((button) => button.textContent));
      assert.deepEqual(pressed, ["time to scale"]);
    }));

    test("finds what touches an index of the log", () => on("raft", { hash: "#index=2" }, async (page) => {
      const lines = await page.$$eval(".row:not(.fold) .text", (rows) => rows.map((row) => row.textContent));
      assert.ok(lines.some((line) => line === "start → index 2, term 2"));
      assert.ok(!lines.some((line) => line === "start → index 1, term 1"));
      assert.ok(!lines.some((line) => line.startsWith("request_vote")));
    }));

    test("shows keys and marks for ?", () => on("raft", {}, async (page) => {
      await page.keyboard.press("?");
      assert.ok(await page.$eval("#help", (dialog) => dialog.open));
      await page.keyboard.press("Escape");
      assert.ok(!(await page.$eval("#help", (dialog) => dialog.open)));
    }));

    test("shows the logs of the servers with certain and possible entries", () => on("raft", {}, async (page) => {
      const cells = async () => page.$$eval(".grid tbody tr", (rows) => rows.map((row) =>
        [...row.querySelectorAll("td")].map((cell) => cell.title.replace(/^.*: /, ""))));
      await page.keyboard.press("2");
      // The request has arrived at server 2, which has an entry of term 2 there.
      assert.deepEqual((await cells()).map((row) => row[1].split(",")[0]), ["term 1", "maybe term 2", "term 2"]);
      assert.equal((await page.$$(".grid .clash")).length, 2);
      await page.keyboard.press("3");
      assert.match((await cells())[2][1], /^term 1/);
      assert.equal((await page.$$(".grid .clash")).length, 0);
    }));

    test("tells messages apart by their shapes", () => on("raft", { hash: "#h=1" }, async (page) => {
      const seen = new Set();
      for (const hash of ["#e=30", "#e=110", "#e=139"]) {
        await page.evaluate((to) => { location.hash = to; }, hash);
        await until(page, (to) => document.querySelector(".row.selected")?.id === to.replace("#e=", "row-"), hash);
        for (const shape of await page.$$eval(".arrow", (arrows) => arrows.map((arrow) => arrow.getAttribute("class")))) seen.add(shape);
      }
      for (const shape of ["request", "reply", "refusal", "lost", "duplicate"]) assert.ok(seen.has(`arrow ${shape}`), shape);
    }));

    test("marks the first difference from another run", () => on("compared", { hash: "#e=20" }, async (page) => {
      assert.match(await text(page, "#detail"), /First event of which seed 0x7 has no like/);
      assert.equal((await page.$$(".row.unlike")).length, 1);
    }));

    test("shows operations of clients, and the one that fits nowhere", () => on("clients", {}, async (page) => {
      assert.equal((await page.$$(".bar.wrong")).length, 1);
      assert.match(await text(page, "#history"), /client 1: Get\(x\) → "v2", version 3 fits nowhere/);
      assert.match(await text(page, "#detail"), /put returns "v2", version 3/);
      assert.ok(await page.$eval("#logs", (logs) => logs.hidden), "there are no logs");
    }));

    test("shows who waits for whom", () => on("deadlock", {}, async (page) => {
      const waits = await page.$$eval(".waits li", (items) => items.map((item) => item.textContent));
      assert.equal(waits.length, 2);
      assert.match(waits[0], /ticker.*waits for a lock at raft\/src\/a.rs:21:81.*applier/);
    }));

    test("runs no script of a run", () => on("hostile", {}, async (page) => {
      assert.equal(await page.title(), "backup_3b, seed 0x1f");
      assert.match(await text(page, "#diagnosis h2"), /<script>document.title/);
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("ArrowLeft");
      assert.equal(await page.title(), "backup_3b, seed 0x1f");
      assert.equal((await page.$$("img")).length, 0);
      assert.equal((await page.$$("body script")).length, 2, "the data and the page's own");
    }));

    test("draws few elements of a run of 20,000 events", () => on("large", {}, async (page) => {
      assert.match(await text(page, "main > .note"), /26\d\d\d events, more than a page can show\. Here are 20000 of them/);
      for (const key of ["ArrowLeft", "h", "l", "ArrowLeft"]) {
        await page.keyboard.press(key);
        const nodes = await page.$$eval("svg *", (elements) => elements.length);
        assert.ok(nodes <= 1500, `${nodes} elements after ${key}`);
      }
    }));

    test("does without events", () => on("empty", {}, async (page) => {
      assert.match(await text(page, "#diagnosis"), /it died at once/);
    }));

    test("is no wider than a narrow window", { skip: name !== "chromium" }, () => on("raft", { width: 400, height: 800 }, async (page) => {
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    }));
  });
}
