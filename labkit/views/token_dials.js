// The dials on the choice behind a token, as `labkit/models/partial.py` turns them: here, so that bars move with a slider
// and wait for no kernel. Logits are natural logarithms of weights, the best at 0; `least` and `most` bound the weight of
// the tokens that are not told, `each` that of any of them; `keep` is a place that every dial has left, or null.

const GONE = -Infinity;
const sum = (numbers) => numbers.reduce((whole, each) => whole + each, 0);
const top = (logits) => logits.reduce((best, each) => Math.max(best, each), GONE);
const alone = (draw, logits) => {
  if (draw.keep !== null && logits[draw.keep] === GONE) logits[draw.keep] = draw.logits[draw.keep];
  return { ...draw, logits, untold: 0, least: 0, most: 0, each: 0 };
};

/** The places from the best to the worst; of equal ones the earlier first. */
const ranked = (logits) => Uint32Array.from(logits, (_, i) => i).sort((a, b) => logits[b] - logits[a] || a - b);

/** The draw as the model gives it. */
function told(choice, keep) {
  const { logits, untold, beyond } = choice;
  const best = top(logits);
  const rest = untold ? Math.max(0, 1 - sum(logits.map(Math.exp))) / Math.exp(best) : 0;
  const each = untold ? Math.exp(logits[logits.length - (beyond ? 2 : 1)] - best) : 0;
  choice.order ??= ranked(logits); // a temperature leaves the order as it is
  return { logits: logits.map((logit) => logit - best), untold, least: rest, most: rest, each, keep, beyond, order: choice.order };
}

/** What a dial leaves of the draw: sure are the told tokens that stay, those that only may join the untold. */
function cut(draw, sure, possible, untold, least, most) {
  if (draw.keep !== null) sure[draw.keep] = true;
  const weights = draw.logits.map(Math.exp);
  const unsure = weights.filter((_, i) => possible[i] && !sure[i]);
  const logits = draw.logits.map((logit, i) => (sure[i] ? logit : GONE));
  if (!untold && !unsure.length) return alone(draw, logits);
  return { ...draw, logits, untold: untold + unsure.length, least, most: most + sum(unsure), each: Math.max(untold ? draw.each : 0, top(unsure)) };
}

const DIALS = {
  frequency_penalty(draw, penalty, { uses, others }) {
    if (!penalty) return draw;
    const logits = draw.logits.slice();
    for (const [place, times] of uses) logits[place] -= penalty * times;
    const best = top(logits);
    const [low, high] = [Math.exp(-best), Math.exp(-best - penalty * others)].sort((a, b) => a - b);
    const moved = logits.map((logit) => logit - best);
    return { ...draw, logits: moved, least: draw.least * low, most: draw.most * high, each: draw.each * high, order: ranked(moved) };
  },

  temperature(draw, heat) {
    if (!heat) {
      const best = draw.keep ?? draw.order[0];
      return alone(draw, draw.logits.map((_, i) => (i === best ? 0 : GONE)));
    }
    const logits = draw.logits.map((logit) => logit / heat);
    if (!draw.untold) return alone(draw, logits);
    const power = 1 / heat;
    const spread = (weight) => draw.untold * (weight / draw.untold) ** power;
    const packed = (weight) => (draw.each ? weight * draw.each ** (power - 1) : 0);
    const [low, high] = power >= 1 ? [spread, packed] : [packed, spread];
    return { ...draw, logits, least: low(draw.least), most: high(draw.most), each: draw.each ** power };
  },

  top_k(draw, k) {
    if (!k) return draw;
    const weights = draw.logits.map(Math.exp);
    const left = Array.from(weights, (weight) => weight > 0);
    const sure = Array.from(weights, (weight, i) => left[i] && weight >= draw.each);
    const count = () => sure.filter(Boolean).length;
    if (!draw.untold || k <= count()) {
      const kept = new Set(draw.order.slice(0, k));
      return alone(draw, draw.logits.map((logit, i) => (kept.has(i) ? logit : GONE)));
    }
    if (draw.keep !== null) sure[draw.keep] = true;
    const kept = Math.min(Math.max(0, k - count()), draw.untold);
    const least = sure.every((stays, i) => stays === left[i]) ? (draw.least * kept) / draw.untold : 0;
    return cut(draw, sure, left, kept, least, Math.min(draw.most, kept * draw.each));
  },

  top_p(draw, p) {
    if (p >= 1) return draw;
    const weights = draw.logits.map(Math.exp);
    const before = new Float64Array(weights.length); // what the better ones hold
    let whole = 0;
    for (const place of draw.order) {
      before[place] = whole;
      whole += weights[place];
    }
    const possible = Array.from(weights, (weight, i) => weight > 0 && before[i] < p * (whole + draw.most));
    const sure = Array.from(weights, (weight, i) => weight > 0 && weight >= draw.each && before[i] < p * (whole + draw.least));
    const reached = !(draw.untold && draw.beyond) && possible.every((may, i) => !may || weights[i] >= draw.each) && whole >= p * (whole + draw.most);
    if (reached) return cut(draw, sure, possible, 0, 0, 0);
    const least = Math.max(0, p * (whole + draw.least) - whole);
    const known = sum(weights.filter((_, i) => sure[i]));
    const most = Math.min(draw.most, Math.max(least, p * (whole + draw.most) - known) + draw.each);
    return cut(draw, sure, possible, draw.untold, least, most);
  },

  min_p(draw, p) {
    if (p <= 0) return draw;
    const weights = draw.logits.map(Math.exp);
    const sure = Array.from(weights, (weight) => weight >= p * Math.max(1, draw.each));
    const possible = Array.from(weights, (weight) => weight >= p);
    const told = p > draw.each;
    return cut(draw, sure, possible, told ? 0 : draw.untold, 0, told ? 0 : draw.most);
  },
};

/** The draw at every stage, by name: before any dial, then after each in its turn. */
function turn(choice, dials, keep = null) {
  let draw = told(choice, keep);
  const draws = { model: draw };
  for (const [name, value] of Object.entries(dials)) draws[name] = draw = DIALS[name](draw, value, choice);
  return draws;
}

/** The place in whose share `chance` falls, the shares laid side by side; that behind all told for one of the others. */
function fallen({ logits, untold, least, most }, chance) {
  const rest = untold && most ? (least + most) / 2 : 0;
  const weights = logits.map(Math.exp);
  const wanted = chance * (sum(weights) + rest);
  let run = 0;
  for (let place = 0; place < weights.length; place++) if ((run += weights[place]) > wanted) return place;
  return rest ? weights.length : weights.findLastIndex((weight) => weight > 0);
}

/** What is left at a stage: the shares, the bounds of the rest, how many tokens, the entropy in bits. */
function stood({ logits, untold, least, most }) {
  const weights = logits.map(Math.exp);
  const known = sum(weights);
  const shares = weights.map((weight) => weight / (known + (least + most) / 2));
  const rest = untold && most ? { tokens: untold, least: least / (known + least), most: most / (known + most) } : null;
  const middle = rest ? (rest.least + rest.most) / 2 : 0;
  const bits = sum(shares.map((share) => (share > 0 ? -share * Math.log2(share) : 0))) + (middle ? middle * Math.log2(rest.tokens / middle) : 0);
  return { shares, rest, kept: logits.filter((logit) => logit > GONE).length + untold, bits: Math.max(0, bits) };
}
