import fc from "fast-check";
import { document } from "./build.ts";

const duration = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("30m", "12h", "1d", "7d", "2w") },
  { weight: 1, arbitrary: fc.constantFrom("0d", "1y", "d", "-1d", "99999d", "") },
);
const id = fc.oneof(
  { weight: 9, arbitrary: fc.stringMatching(/^[a-z]{1,6}(-[a-z0-9]{1,4})?$/) },
  { weight: 1, arbitrary: fc.string() },
);
const fact = fc.constantFrom(
  ...["score", "band", "segment", "stage", "owner", "nps.latest", "billing.mrr", "contract.days_to_renewal", "scor"],
  ...["account.fields.region", "usage.logins.avg_28d", "milestone.go-live", "snoozed", "account.began_on", "__proto__"],
);
const value = fc.oneof(
  fc.constantFrom("red", "green", "enterprise", "2026-05-01", "", "constructor"),
  fc.integer({ min: -200, max: 200 }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const leaf = fc
  .tuple(
    fact,
    fc.constantFrom(
      ...["is", "isNot", "in", "notIn", "below", "atMost", "above", "atLeast", "between", "contains"],
      ...["exists", "missing", "fallsBy", "risesBy", "beneath"],
    ),
    fc.oneof(value, fc.array(value, { maxLength: 3 })),
  )
  .map(([name, operator, operand]) => ({ fact: name, [operator]: operand }));
const { condition } = fc.letrec((tie) => ({
  condition: fc.oneof(
    { weight: 5, arbitrary: leaf },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom("all", "any"), fc.array(tie("condition"), { maxLength: 3 }))
        .map(([how, parts]) => ({ [how]: parts })),
    },
    { weight: 1, arbitrary: tie("condition").map((part) => ({ not: part })) },
  ),
}));
const text = fc.oneof(
  fc.constantFrom(
    ...["Look at {{ account.name }}", "{{ score }} of {{ band }}", "{% for d in drivers %}{{ d.reason }}{% endfor %}"],
    ...["{{ nothing }}", "{% include 'x' %}", "{{ account.name | nofilter }}", "{% for i in (1..9) %}", "plain"],
    ...["{% assign x = 1 %}{{ x | times: 9 }}", "{{ contact.name | default: 'there' }}", ""],
  ),
  fc.string(),
);
const names = fc.oneof(id, fc.array(id, { maxLength: 3 }), fc.constantFrom("red", "value", "onboarding"));

/** What a key may hold; keys that are not given are left out. */
function part(keys: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(keys, { requiredKeys: [] });
}

const times = { for: duration, keepFor: duration };
const trigger = fc.oneof(
  part({ on: fc.constant("threshold"), when: condition, recover: condition, ...times }),
  part({ on: fc.constant("band"), enters: names, ...times }),
  part({
    on: fc.constant("stage"),
    enters: names,
    leaves: names,
    stuck: names,
    after: duration,
    from: names,
    ...times,
  }),
  part({ on: fc.constant("milestone"), milestone: names, status: fc.constantFrom("reached", "overdue", "late") }),
  part({ on: fc.constant("renewal"), within: duration, withinWorkingDays: fc.integer({ min: -1, max: 300 }) }),
  part({ on: fc.constant("change"), fact, fallsBy: value, risesBy: value, from: value, to: value, within: duration }),
  part({
    on: fc.constant("event"),
    record: fc.constantFrom("ticket", "survey", "usage"),
    where: condition,
    within: duration,
  }),
  part({ on: fc.constant("survey"), type: fc.constantFrom("nps", "csat", "ces"), where: condition, within: duration }),
  part({ on: fc.constant("segment"), enters: names, leaves: names }),
  part({
    on: fc.constant("schedule"),
    at: fc.constantFrom("09:00", "25:00", "02:30"),
    weekdays: fc.array(fc.constantFrom("mon", "sun", "day")),
    daysOfMonth: fc.array(fc.integer({ min: -30, max: 33 }), { maxLength: 3 }),
    months: fc.array(fc.integer({ min: 0, max: 13 }), { maxLength: 3 }),
    when: condition,
  }),
  part({
    on: fc.constant("disagreement"),
    between: fc.array(condition, { maxLength: 3 }),
    facts: fc.array(fact),
    by: value,
  }),
  part({ on: fc.constantFrom("risk", "nothing", 7) }),
);

const frame = { id, if: condition, skipAfter: duration };
const { step } = fc.letrec((tie) => {
  const steps = fc.array(tie("step"), { maxLength: 3 });
  return {
    step: fc.oneof(
      { maxDepth: 4, depthIdentifier: "step" },
      part({ ...frame, do: fc.constant("slack"), to: fc.constantFrom("csm-alerts", "mail", "csm"), text }),
      part({
        ...frame,
        do: fc.constant("email"),
        to: fc.constantFrom("owner", "primary-contact", { address: "a@example.com" }, "everybody"),
        subject: text,
        body: text,
        digest: fc.constantFrom({ window: "1h" }, { at: "09:00" }, {}),
      }),
      part({
        ...frame,
        do: fc.constant("task"),
        title: text,
        assignee: fc.constantFrom("owner", "ada", "eve", "manager", { roundRobin: ["ada"] }, { leastLoaded: [] }),
        dueInDays: fc.integer({ min: -1, max: 5000 }),
        sync: fc.constantFrom("hubspot", "none"),
      }),
      part({
        ...frame,
        do: fc.constant("webhook"),
        to: fc.constantFrom("hooks", "mail"),
        payload: fc.dictionary(fc.string(), value),
      }),
      part({ ...frame, do: fc.constant("wait"), for: duration, until: condition, workingDays: fc.integer() }),
      part({ ...frame, do: fc.constant("set-field"), field: fact, value }),
      part({ ...frame, do: fc.constant("set-stage"), stage: names }),
      part({ ...frame, do: fc.constant("call-playbook"), playbook: id }),
      part({ ...frame, do: fc.constant("stop") }),
      part({ ...frame, do: fc.constant("survey"), survey: fc.constantFrom("nps", "nsp"), subject: text }),
      part({
        ...frame,
        do: fc.constant("branch"),
        cases: fc.array(part({ when: condition, steps }), { maxLength: 3 }),
        otherwise: steps,
        random: fc.array(part({ weight: fc.double(), steps }), { maxLength: 3 }),
      }),
    ),
  };
});

/** Documents by the grammar of the format, sound and unsound. */
const byGrammar = part({
  id,
  name: fc.string(),
  enabled: fc.boolean(),
  priority: fc.constantFrom("info", "escalation", "loud"),
  severity: fc.array(part({ when: condition, priority: fc.constantFrom("warning", "escalation") }), { maxLength: 2 }),
  audience: condition,
  trigger,
  entry: part({ mode: fc.constantFrom("once", "episode", "twice"), cooldown: duration, repeatEvery: duration }),
  guards: part({ window: fc.constantFrom("any", "owner-working-hours", "night"), stormBrake: value }),
  holdout: part({ percent: fc.double() }),
  goal: part({ when: condition, within: duration }),
  exit: condition,
  steps: fc.array(step, { maxLength: 5 }),
  onRecover: fc.array(step, { maxLength: 2 }),
});

const sound: readonly Record<string, unknown>[] = [
  document(),
  document({
    trigger: { on: "band", enters: "red", for: "2d" },
    goal: { when: { fact: "band", is: "green" }, within: "30d" },
    exit: { fact: "stage", is: "churned" },
    guards: { window: "owner-working-hours", maxPerAccount: { runs: 2, per: "30d" } },
    holdout: { percent: 10 },
    steps: [
      { id: "call", do: "task", title: "Call {{ account.name }}", assignee: "owner", dueInWorkingDays: 2 },
      { id: "breathe", do: "wait", for: "5d", until: { fact: "band", is: "green" } },
      {
        id: "ways",
        do: "branch",
        cases: [
          { when: { fact: "score", below: 20 }, steps: [{ id: "tell", do: "slack", to: "csm-alerts", text: "Look." }] },
        ],
        otherwise: [{ id: "enough", do: "stop" }],
      },
      { id: "mail", do: "email", to: "owner", subject: "Still {{ band }}", body: "{{ run.reason }}" },
    ],
  }),
];

/** A sound document with one of its parts replaced by anything, removed, or a key added. */
const mutated = fc
  .tuple(fc.constantFrom(...sound), fc.nat(), fc.oneof(fc.jsonValue(), condition, step, fc.constant(undefined)))
  .map(([whole, place, replacement]) => mutate(structuredClone(whole), place, replacement));

function mutate(whole: Record<string, unknown>, place: number, replacement: unknown): unknown {
  const places = placesIn(whole);
  const chosen = places[place % places.length];
  if (chosen === undefined) return replacement;
  if (replacement === undefined) Reflect.deleteProperty(chosen.holder, chosen.key);
  else Reflect.set(chosen.holder, place % 7 === 0 ? `${String(chosen.key)}x` : chosen.key, replacement);
  return whole;
}

function placesIn(value: unknown): readonly { readonly holder: object; readonly key: string }[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [{ holder: value, key }, ...placesIn(inner)]);
}

const soundCondition = fc.constantFrom(
  { fact: "score", below: 40 },
  { fact: "band", in: ["red", "yellow"] },
  { not: { fact: "segment", is: "enterprise" } },
  { any: [{ fact: "nps.latest", atMost: 6 }, { all: [{ fact: "billing.mrr", atLeast: 2000 }] }] },
  { fact: "score", fallsBy: 15, within: "30d" },
);
const soundTrigger = fc.oneof(
  fc.record(
    { on: fc.constant("threshold"), when: soundCondition, for: fc.constantFrom("1h", "2d") },
    { requiredKeys: ["on", "when"] },
  ),
  fc.constantFrom(
    { on: "band", enters: ["red", "yellow"] },
    { on: "stage", enters: "onboarding" },
    { on: "milestone", milestone: "go-live", status: "stuck" },
    { on: "renewal", within: "90d" },
    { on: "change", fact: "owner" },
  ),
);
const soundLeaves = fc.constantFrom<Record<string, unknown>[]>(
  { do: "slack", to: "csm-alerts", text: "{{ account.name }} is {{ band }}" },
  { do: "email", to: "owner", subject: "Look", body: "{% if score %}{{ score }}{% endif %}" },
  { do: "task", title: "Call {{ contact.name }}", assignee: "owner", dueInWorkingDays: 2 },
  { do: "webhook", to: "hooks", payload: { score: "{{ score }}" } },
);
/** Steps whose ids are told apart by where they stand. */
const soundSteps = fc
  .array(fc.tuple(soundLeaves, fc.option(soundCondition, { nil: undefined })), { minLength: 1, maxLength: 6 })
  .map((leaves) =>
    leaves.flatMap(([leafStep, onlyIf], index): unknown[] => {
      const told = { id: `s${index}`, ...(onlyIf === undefined ? {} : { if: onlyIf }), ...leafStep };
      if (index % 3 === 1) return [{ id: `w${index}`, do: "wait", for: "1d" }, told];
      if (index % 3 === 2)
        return [{ id: `b${index}`, do: "branch", cases: [{ when: { fact: "score", below: 20 }, steps: [told] }] }];
      return [told];
    }),
  );
const soundDocument = fc
  .record(
    {
      trigger: soundTrigger,
      steps: soundSteps,
      audience: soundCondition,
      exit: soundCondition,
      goal: fc.record({ when: soundCondition, within: fc.constant("30d") }),
      entry: fc.record({ cooldown: fc.constantFrom("1d", "30d") }),
    },
    { requiredKeys: ["trigger", "steps"] },
  )
  .map(document);

/** Documents that nobody would write, and those somebody might: by grammar, mutated, raw, and sound ones. */
export const anyDocument: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: byGrammar },
  { weight: 4, arbitrary: mutated },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 6 }) },
  { weight: 2, arbitrary: soundDocument },
);
