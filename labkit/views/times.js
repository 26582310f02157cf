// Times, in microseconds, as bars along an axis. waterfall_drawing.py writes the same for a picture.

const UNITS = [["min", 120e6, 60e6], ["s", 1e6, 1e6], ["ms", 1e3, 1e3], ["µs", 0, 1]];

/** Round times up to `longest`, and their words, all in one unit. */
function ticks(longest) {
  const [name, , unit] = UNITS.find(([, least]) => longest >= least);
  const power = 10 ** Math.floor(Math.log10(longest / unit / 6));
  const step = [1, 2, 5, 10].find((factor) => longest / unit / (factor * power) <= 6) * power;
  const count = Math.floor(longest / unit / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, n) => [n * step * unit, n ? `${Number((n * step).toPrecision(6))} ${name}` : "0"]);
}

/** Microseconds in words, as waterfall_drawing.py has them. */
function lasting(time) {
  if (time < 9950) return time < 50 ? `${Math.round(time)} µs` : `${(time / 1000).toFixed(1)} ms`;
  if (time < 999500) return `${Math.round(time / 1000)} ms`;
  const seconds = Math.round(time / 1e6);
  return time < 119.95e6 ? `${(time / 1e6).toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A stretch of time as a bar: who had it, by colour, pattern and word, from when to when. */
function stretch([kind, start, end]) {
  const bar = el("i", { class: kind || "waits", title: kind || "waits" }, el("span", {}, kind));
  if (end !== undefined) bar.style.cssText = `--a: ${start}; --b: ${end}`;
  return bar;
}

/** The ticks of an axis up to `longest`, which begins at `base`. */
const axis = (longest, base = 0) =>
  ticks(longest).map(([time, words]) => {
    const tick = el("span", {}, words);
    tick.style.setProperty("--a", time + base);
    return tick;
  });
