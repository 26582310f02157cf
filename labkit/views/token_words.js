// A choice in figures and words, as `labkit/models/token_reading.py` tells it for the twins in text and SVG.

const END = "⟨end⟩";
const CONTROL_END = "<|end|>";
const LISTED = 10;
const number = (value) => value.toLocaleString("en-US");
const short = (value) => String(Number(value.toPrecision(6)));
const signs = (text) => text.replace(/[ \n\t]/g, (letter) => SIGNS[letter]);

function percent(share, space = "") {
  const whole = Math.round(100 * share);
  const even = Math.abs((100 * share) % 1) === 0.5 ? 2 * Math.round(50 * share) : whole;
  return even || !share ? `${even}${space}%` : `<1${space}%`;
}

function between({ least, most }, space = "") {
  const [low, high] = [percent(least, space), percent(most, space)];
  return low === high ? high : `${low.slice(0, low.length - 1 - space.length)}–${high}`;
}

const SPACES = { "": "nothing", " ": "a space", "\n": "a line break", "\t": "a tab", [END]: "the end of the answer" };
const spoken = (text) => SPACES[text] ?? `“${signs(text.replace(/^ /, ""))}”${text.startsWith(" ") ? ", after a space" : ""}`;
const quoted = (text) => (text === CONTROL_END ? spoken(END) : `“${signs(text)}”`);

/** What a dial does at a value, in a few words. */
const EFFECT = {
  frequency_penalty: (value) => `${short(Math.abs(value))} ${value > 0 ? "off" : "more"} for every use`,
  temperature: (value) => (value === 0 ? "the best alone" : value < 1 ? "sharper" : value > 1 ? "flatter" : "as it was"),
  top_k: (value) => (value === 1 ? "the best alone" : `the best ${short(value)}`),
  top_p: (value) => `the fewest that make ${Number((100 * value).toPrecision(3))} %`,
  min_p: (value) => `at least ${Number((100 * value).toPrecision(3))} % of the best`,
};

/** How many equally likely tokens would be as hard to choose from, of an entropy in bits: exp of it in nats. */
const effective = (bits) => (2 ** bits < 99.95 ? (2 ** bits).toFixed(1) : number(Math.round(2 ** bits)));

class Words {
  /** The stages are the rows of the dial table that take part in the draw, in their order; `seed` may be null. */
  constructor(stages, dials, { seed, turned, texts }) {
    Object.assign(this, { stages, dials, seed, turned, texts });
    this.shown = stages.filter(({ name, rare }) => !rare || !this.isOff(name));
    this.columns = [["model", "model", "before any dial"], ...this.shown.map((dial) => [dial.name, ...this.heading(dial)])];
  }

  isOff(name) {
    return this.dials[name] === this.stages.find((dial) => dial.name === name).off;
  }

  heading({ name, title }) {
    return this.isOff(name) ? [`${title} off`, "keeps all"] : [`${title} ${short(this.dials[name])}`, EFFECT[name](this.dials[name])];
  }

  get settings() {
    const set = this.stages.filter(({ name, off }) => off !== null && !this.isOff(name)).map(({ name, title }) => `${title} ${short(this.dials[name])}`);
    const seed = this.seed === null ? [] : [`seed ${this.seed}`];
    return [`temperature ${short(this.dials.temperature)}`, ...set, ...seed].join(" · ");
  }

  text(choice, place) {
    return place === choice.place ? choice.own : this.texts[choice.ids?.[place] ?? place];
  }

  /** The place that the same random number draws now. */
  now(choice) {
    return fallen(Object.values(turn(choice, this.dials)).at(-1), choice.chance);
  }

  /** The token at a place, which may be that of all that are not told. */
  named(choice, place) {
    return place < choice.logits.length ? quoted(this.text(choice, place)) : "one of those of which only the sum is known";
  }

  /** All that is told of a token: the place that is drawn, rows of rivals, a foot for each column, and a sentence. */
  tell(choice, i, most) {
    const draws = turn(choice, this.dials, this.turned || choice.instead_of ? null : choice.place);
    const last = Object.values(draws).at(-1);
    const now = this.turned ? fallen(last, choice.chance) : choice.place;
    const stages = this.columns.map(([name]) => stood(draws[name]));
    const kept = (k, place) => draws[this.columns[k][0]].logits[place] > GONE;
    const known = { choice, draws, stages, now, left: stages.at(-1).kept };
    return { now, rows: this.rows(known, kept, most), feet: stages.map((stage) => this.foot(stage, stages[0].kept)), sentence: this.sentence(known, i) };
  }

  rows({ choice, stages, now }, kept, most) {
    const { logits, order, place } = choice;
    const rank = (at) => (choice.beyond && at === logits.length - 1 ? logits.length : order.indexOf(at) + 1);
    const best = [...order.slice(0, most)].filter((at) => logits[at] > GONE);
    const behind = [...new Set([place, now])].filter((at) => at < logits.length && !best.includes(at)).sort((a, b) => rank(a) - rank(b));
    const rows = [...best.slice(0, most - behind.length), ...behind].map((at) => {
      let latest = 0;
      const cells = stages.map(({ shares }, k) => {
        if (!kept(k, at)) return ["–", latest, false];
        latest = shares[at];
        return [percent(latest), latest, true];
      });
      const text = this.text(choice, at);
      return { text: text === CONTROL_END ? END : text, at, rank: rank(at), later: choice.beyond && at === place && at === logits.length - 1, drawn: at === now, was: at === place && now !== place, cells };
    });
    const [{ rest }] = stages;
    if (!rest) return rows;
    let latest = rest;
    const cells = stages.map((stage) => {
      latest = stage.rest ?? latest;
      return [stage.rest ? between(latest) : "–", latest.least, Boolean(stage.rest), latest.most];
    });
    return [...rows, { text: `${number(rest.tokens)} more`, at: -1, rank: 0, drawn: now >= logits.length, was: false, cells }];
  }

  foot({ kept, rest, bits }, total) {
    return [`${rest && kept < total ? "at most " : ""}${number(kept)} left`, `${bits.toFixed(1)} bits, effective ${effective(bits)}`];
  }

  sentence(known, i) {
    const { choice, stages, draws, now, left } = known;
    const share = stages[0].shares[choice.place];
    const name = choice.own === CONTROL_END ? `, ${spoken(END)}` : ` ${quoted(choice.own)}`;
    const total = stages[0].kept;
    const instead = now === choice.place ? "" : this.named(choice, now);
    const taken = choice.instead_of ? `, taken by hand in place of ${quoted(choice.instead_of)}` : "";
    const parts = [`Token ${i + 1}${name}${taken}: the model gave it ${percent(share, " ")}`];
    if (!this.dials.temperature) {
      parts.push(`temperature 0 dropped ${this.rivals(total - 1)} and left rank 1${instead && `, ${instead}`}, whatever the seed`);
    } else {
      let before = share;
      for (const { name: dial, title, drops } of this.shown) {
        if (drops) continue;
        const after = stood(draws[dial]).shares[choice.place];
        const same = Math.abs(after - before) <= 1e-9 * Math.max(after, before);
        parts.push(`${title} ${short(this.dials[dial])} ${same ? "left that as it was" : `made that ${percent(after, " ")}`}`);
        before = after;
      }
      // What is left is scaled up by the same factor to make a whole again, so any of it tells what all of it held.
      const one = choice.order.find((at) => stages.at(-1).shares[at] > 0);
      const warmed = this.stages.filter(({ drops }) => !drops).at(-1).name;
      parts.push(this.limited(stages.at(-1), total, left, stood(draws[warmed]).shares[one] / stages.at(-1).shares[one]));
      if (!taken || this.turned) parts.push(this.drawn(choice, left, instead));
    }
    const { bits } = stages[0];
    return `${parts.join("; ")}. Entropy ${bits.toFixed(1)} bits, an effective vocabulary of ${effective(bits)}.${this.untold(stages)}`;
  }

  rivals(count) {
    return `${number(count)} rival${count === 1 ? "" : "s"}`;
  }

  limited({ rest }, total, left, held) {
    const set = this.stages.filter(({ name, drops }) => drops && !this.isOff(name)).map(({ title }) => title);
    if (!set.length) return "no dial dropped a rival";
    const names = set.length > 1 ? `${set.slice(0, -1).join(", ")} and ${set.at(-1)}` : set[0];
    if (rest) return left < total ? `${names} left ${number(left)} at most` : `what ${names} dropped is not known`;
    return left === total ? `${names} dropped no rival` : `${names} dropped ${this.rivals(total - left)} and left ${number(left)} that held ${percent(held, " ")}`;
  }

  drawn(choice, left, instead) {
    if (left === 1) return instead ? `${instead} alone is left` : "nothing was left to draw";
    if (this.turned) return `the same random number draws ${instead || "it again"}`;
    const { order, place, logits } = choice;
    const later = choice.beyond && place === logits.length - 1;
    const rank = later ? logits.length : order.indexOf(place) + 1;
    return `the draw${this.seed === null ? "" : ` with seed ${this.seed}`} took rank ${number(rank)}${later ? " or a later one" : ""}`;
  }

  untold([{ rest }, ...after]) {
    if (!rest) return "";
    const last = after.at(-1).rest;
    const left = this.dials.temperature ? `, and ${last ? between(last, " ") : "nothing"} after the last dial` : "";
    return ` ${number(rest.tokens)} tokens of which only the sum is known held ${percent((rest.least + rest.most) / 2, " ")}${left}.`;
  }
}
