// Measures the page of 20,000 events: the time until it is painted, and the time of a step.

import { end, launch, open } from "./browsers.js";

const browser = await launch("chromium");
const page = await open(browser, process.argv[2] ?? "large");
const first = await page.evaluate(() => {
  const paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  return { paint, ready: Number(document.documentElement.dataset.ready) };
});
const times = await page.evaluate(async () => {
  const times = [];
  for (let step = 0; step < 200; step += 1) {
    const begin = performance.now();
    document.dispatchEvent(new KeyboardEvent("keydown", { key: step % 20 === 19 ? "1" : "ArrowLeft", bubbles: true }));
    document.body.getBoundingClientRect();
    times.push(performance.now() - begin);
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  return times.sort((one, other) => one - other);
});
console.log(`first paint ${first.paint?.toFixed(0)} ms, all shown ${first.ready.toFixed(0)} ms`);
console.log(`a step: median ${times[100].toFixed(1)} ms, 95 % ${times[190].toFixed(1)} ms, slowest ${times[199].toFixed(1)} ms`);
await end(browser);
