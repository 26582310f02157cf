// The steps of a call along the time: what lasts, from the step that begins it to the one that ends it, and who has the
// time meanwhile. labkit/telemetry/parts.py tells the same of spans, and more: what a flow has on record is enough here.

const KINDS = ["model", "person", "host", "turn", "server", "wire"]; // one comes before another where samples overlap

/** Of which kind the time is that a step begins; empty where it begins none. */
function begins(step) {
  const { source, target, wire, kind, reply, text } = step;
  if (wire && kind === "fault") return "";
  if (asks(step)) return "host";
  if (wire && !reply && kind !== "notification") return target === "client" ? (step.label.startsWith("elicitation/") ? "person" : "host") : step.call ? "server" : "wire";
  if (wire || reply) return "";
  if (source === target) return source === "callback" && /"waits?(ing)?": ?[\d.]*[1-9]/.test(text) ? "turn" : "";
  if (source === "callback" && (target === "model" || target === "you")) return target === "you" ? "person" : "model";
  return (source === "client" && target === "callback") || (source === "you" && step.n === 1) ? "host" : "";
}

/** What lasts in a call: for each step that begins something its kind, its sample, its start and its end in seconds. */
function spansOf({ steps }) {
  const spans = [];
  const byStep = new Map();
  const open = new Set();
  const close = (span, time) => {
    span.end = time;
    open.delete(span);
  };
  for (const step of steps) {
    const { time, source, target, samples, replyTo } = step;
    for (const span of [...open]) {
      const { step: from } = span;
      const isMine = from.samples.some((sample) => samples.includes(sample)) || (!from.samples.length && !samples.length);
      const isOver =
        (replyTo && replyTo === from.n) ||
        (source === "client" && target === "you") ||
        (isMine && !from.wire && (span.kind === "turn" || (source === from.target && target === from.source))) ||
        (isMine && span.inner && source === "callback" && target === "client"); // a sample ends with all in it
      if (isOver) close(span, time);
    }
    const kind = begins(step);
    if (!kind) continue;
    const inner = !step.wire && source === "callback";
    const span = { step, kind, inner, sample: samples.length === 1 ? samples[0] : undefined, start: time, end: undefined };
    spans.push(span);
    byStep.set(step, span);
    open.add(span);
  }
  return { spans, byStep, isOpen: steps.length > 0 && steps[0].source === "you" && open.has(byStep.get(steps[0])) };
}

/** The time of `span` taken apart up to `now`: stretches of a kind each, the innermost first in each sample. */
function takenApart(span, spans, now) {
  const end = span.end ?? now;
  const inside = spans.filter((each) => each === span || (each.start >= span.start && each.start < Math.min(each.end ?? now, end) && each.step.n > span.step.n && (span.sample === undefined || each.sample === span.sample)));
  const moments = inside.flatMap((each) => [[each.start, each, true], [Math.min(each.end ?? now, end), each, false]]);
  moments.sort(([a, , begins], [b, , other]) => a - b || begins - other);
  const tracks = new Map(); // by sample: what is open, the innermost last
  const parts = [];
  let at = span.start;
  for (const [time, each, isBegun] of moments) {
    if (time > at) {
      const kind = whose(tracks);
      if (parts.at(-1)?.[0] === kind) parts.at(-1)[2] = time;
      else parts.push([kind, at, time]);
      at = time;
    }
    const track = tracks.get(each.sample) ?? [];
    if (isBegun) tracks.set(each.sample, [...track, each]);
    else tracks.set(each.sample, track.filter((other) => other !== each));
  }
  return parts.length ? parts : [[span.kind, span.start, end]];
}

/** Who has a moment: of several samples the one in which something is done, and all before what is around them. */
function whose(tracks) {
  const inner = [...tracks].filter(([sample, track]) => sample !== undefined && track.length).map(([, track]) => track.at(-1).kind);
  const around = tracks.get(undefined)?.at(-1)?.kind ?? "";
  return inner.sort((a, b) => KINDS.indexOf(a) - KINDS.indexOf(b))[0] ?? around;
}

/** The times of the steps of a view: their bars, the axis, the sums. */
class Times {
  constructor(store) {
    this.store = store;
    this.known = new WeakMap(); // by call: what lasts in it, as of so many steps
  }

  of(group) {
    const had = this.known.get(group);
    const [first, last] = [group.steps[0], group.steps.at(-1)];
    if (had?.first === first && had.last === last) return had;
    const told = { first, last, parts: new Map(), ...spansOf(group) };
    told.spans.push(...this.connecting(group));
    this.known.set(group, told);
    return told;
  }

  /** The making of a connection, where that goes on before the first frame of a call. */
  connecting({ call, steps }) {
    const sent = steps.find(({ wire }) => wire);
    const isMade = call && this.store.calls.get(0)?.steps.some(({ at }) => at >= steps[0].at && at <= (sent?.at ?? Infinity));
    return isMade ? [{ step: { n: steps[0].n + 0.5 }, kind: "wire", start: steps[0].time, end: sent?.time }] : [];
  }

  /** Seconds since the first step of `group`; where it is over, or comes from a file, up to its last. */
  now(group) {
    const { isOpen } = this.of(group);
    const last = group.steps.at(-1);
    return isOpen && this.store.origin !== undefined ? Math.max(last.time, (performance.now() - this.store.origin) / 1000 - (last.at - last.time)) : last.time;
  }

  /** What `step` begins, and the stretches that it has; nothing where it begins nothing. */
  parts(step, group) {
    const told = this.of(group);
    const span = told.byStep.get(step);
    if (!span) return null;
    if (span.end !== undefined && told.parts.has(step)) return { span, parts: told.parts.get(step) };
    const parts = takenApart(span, told.spans, this.now(group));
    told.parts.set(step, parts);
    return { span, parts };
  }

  /** How long each kind has had of the call of `group`, the most first. */
  sums(group) {
    const sums = new Map();
    const whole = group.steps[0] && this.parts(group.steps[0], group);
    for (const [kind, start, end] of whole?.parts ?? []) sums.set(kind, (sums.get(kind) ?? 0) + end - start);
    return [...sums].sort(([, a], [, b]) => b - a);
  }

  /** Who is waited for now, and for how long; nothing where the call is over. */
  waited(group) {
    if (!group || !this.of(group).isOpen || this.store.origin === undefined) return null;
    const [kind, start, end] = this.parts(group.steps[0], group).parts.at(-1);
    return [kind, end - start];
  }
}
