import { expect } from "vitest";
import { createSilentLog } from "../../src/log.ts";
import { explanationSchema } from "../../src/queries/explain/explanation.ts";
import { readNow } from "../../src/store/db.ts";
import { respondDue } from "../../src/worker/respond.ts";
import { scoreDue } from "../../src/worker/score.ts";
import { configure, playbook } from "../worker/scenario.ts";
import { test } from "./api.ts";

const log = createSilentLog();
const metrics = [
  ...["usage.logins.avg_7d", "usage.logins.trend_28d", "csat.avg_90d", "nps.latest", "account.age_days"],
  ...["billing.mrr", "billing.overdue_days", "contract.seats", "contract.days_to_renewal", "tickets.open"],
  ...["tickets.created_28d", "tickets.first_response_hours_90d", "tickets.resolution_hours_90d"],
];
const curve = [
  [0, 0],
  [10, 100],
];
/** A model that looks at every sort of record. */
const configuration = configure([playbook()], 1, {
  minimumCoverage: 0,
  groups: [
    {
      id: "all",
      weight: 1,
      measures: metrics.map((metric, index) => ({
        ...{ id: `m${index}`, metric, weight: 1, missing: "exclude", curve },
      })),
    },
  ],
});

const days = ["0000-01-01", "0001-01-01", "1582-10-10", "1969-12-31", "2026-03-01", "9998-12-31", "9999-12-31"];
const moments = [
  "0001-01-02T00:00:00Z",
  "2026-03-01T00:00:00+14:00",
  "9998-12-31T23:59:59Z",
  "9999-12-31T23:59:59-23:59",
];
const numbers = [-1e15, -1, -0, 5e-324, 0.1, 1e15];
const whole = [-Number.MAX_SAFE_INTEGER, -1, 0, Number.MAX_SAFE_INTEGER];
const at = "2026-03-01T10:00:00Z";

/** Records at the edge of what the door lets in: for each kind, each of its fields at each of its edges. */
function edges(account: string): unknown[] {
  const dates = days.flatMap((day) => [
    { kind: "account", id: account, at, set: { beganOn: day } },
    { kind: "contact", id: `c${day}`, account, at, set: { leftOn: day, role: "primary" } },
    ...["startsOn", "endsOn", "periodEndsOn"].map((field) => ({
      kind: "subscription",
      id: `s${field}${day}`,
      account,
      at,
      set: { startsOn: "2026-01-01", amountMinor: 100, currency: "EUR", interval: "month", [field]: day },
    })),
    ...["issuedOn", "dueOn"].map((field) => ({
      kind: "invoice",
      id: `i${field}${day}`,
      account,
      at,
      set: {
        status: "open",
        amountMinor: 1,
        currency: "EUR",
        issuedOn: "2026-01-01",
        dueOn: "2026-01-02",
        [field]: day,
      },
    })),
    { kind: "opportunity", id: `o${day}`, account, at, set: { closesOn: day } },
    { kind: "usage", account, name: "logins", day, value: 1 },
    { kind: "usage", mode: "event", account, name: "clicks", day, value: 1 },
  ]);
  const times = moments.flatMap((moment) => [
    ...["openedAt", "firstRespondedAt", "solvedAt"].map((field) => ({
      kind: "ticket",
      id: `t${field}${moment}`,
      account,
      at,
      set: { status: "open", openedAt: at, [field]: moment },
    })),
    { kind: "ticket", id: `t${moment}`, account, at: moment, set: { status: "open", openedAt: moment } },
    { kind: "survey", id: `n${moment}`, account, at: moment, set: { type: "nps", score: 5 } },
    { kind: "touchpoint", id: `h${moment}`, account, at: moment, set: {} },
  ]);
  const amounts = numbers.flatMap((value, index) => [
    { kind: "usage", account, name: "logins", day: `2026-02-0${index + 1}`, value },
    { kind: "usage", mode: "event", account, name: "clicks", day: "2026-02-01", value, id: `u${index}` },
    { kind: "survey", id: `csat${index}`, account, at, set: { type: "csat", score: value, scale: 1e15 } },
    { kind: "survey", id: `nps${index}`, account, at, set: { type: "nps", score: value } },
  ]);
  const sums = whole.flatMap((amountMinor, index) =>
    ["month", "quarter", "year"].map((interval) => ({
      kind: "subscription",
      id: `p${index}${interval}`,
      account,
      at,
      set: {
        startsOn: "2026-01-01",
        amountMinor,
        currency: index === 0 ? "XXX" : "EUR",
        interval,
        seats: Math.abs(amountMinor),
      },
    })),
  );
  const zones = ["Pacific/Kiritimati", "Etc/GMT+12", "+05:30", "utc", "US/Pacific"].map((zone, index) => ({
    ...{ kind: "account", id: `${account}-${index}`, at, set: { zone } },
  }));
  return [...dates, ...times, ...amounts, ...sums, ...zones];
}

test("no record that is taken can make an account fail to be scored, judged or shown", async ({ api, db }) => {
  const token = await api.token();
  const post = async (body: unknown) => {
    const answer = await api.call("POST", "/api/v1/records", { token, body });
    expect(answer.status).toBe(200);
  };
  // An account for each edge, so that one fault does not hide the next, and one for all of them together.
  const keys = edges("acme").map((_, index) => `acme-${index}`);
  const root = (id: string) => ({ kind: "account", id, at: "2025-01-01T00:00:00Z", set: { name: id } });
  await post({ source: "one-by-one", records: keys.map(root) });
  for (const [index, key] of keys.entries()) {
    await post({ source: `edge-${index}`, records: edges(key).slice(index, index + 1) });
  }
  const kinds = ["usage", "ticket", "survey", "subscription", "invoice"];
  const coverage = kinds.map((kind) => ({ kind, through: "2026-03-01" }));
  await post({ records: [root("acme"), ...edges("acme")], coverage });

  const now = await readNow(db);
  expect(await scoreDue({ db, configuration, log }, now)).toMatchObject({ failed: 0 });
  expect(await respondDue({ db, configuration, log }, now)).toMatchObject({ failed: 0 });
  const paths = [
    "acme?at=0001-01-01",
    "acme?at=0150-01-01",
    "acme?at=2026-03-02",
    "acme?at=9999-12-31",
    "acme",
    ...keys,
  ];
  for (const path of paths) {
    const answer = await api.call("GET", `/api/v1/accounts/${path}`, { token });
    const problem = explanationSchema.safeParse(answer.body).error?.issues;
    expect({ path, status: answer.status, problem }).toEqual({ path, status: 200, problem: undefined });
  }
});
