import type { VendorTruth } from "../source-tables.ts";

type Thing = Record<string, unknown>;

/** What a Zendesk account has. `generated_timestamp` orders exports. */
export interface ZendeskData {
  organizations: Thing[];
  users: Thing[];
  tickets: Thing[];
  ratings: Thing[];
  responses: Thing[];
}

/** Everything was last touched at the same second, but what says otherwise. */
const touched = Date.parse("2026-05-20T08:00:00Z") / 1_000;

export function organization(id: number, more: Thing = {}): Thing {
  return {
    id,
    name: `Acme ${id}`,
    external_id: null,
    domain_names: [`acme${id}.example`],
    details: null,
    organization_fields: { plan: "pro", seats_bought: 12 },
    created_at: "2025-01-01T00:00:00Z",
    updated_at: "2026-05-01T00:00:00Z",
    generated_timestamp: touched,
    ...more,
  };
}

export function user(id: number, more: Thing = {}): Thing {
  return {
    id,
    name: `Person ${id}`,
    email: `person${id}@example.com`,
    role: "end-user",
    active: true,
    organization_id: 1,
    created_at: "2025-01-01T00:00:00Z",
    updated_at: "2026-05-01T00:00:00Z",
    generated_timestamp: touched,
    ...more,
  };
}

export function ticket(id: number, more: Thing = {}): Thing {
  return {
    id,
    organization_id: 1,
    requester_id: 10,
    subject: `It is broken ${id}`,
    status: "open",
    priority: "high",
    created_at: "2026-05-01T10:00:00Z",
    updated_at: "2026-05-02T10:00:00Z",
    generated_timestamp: touched,
    metric_set: { id: id + 1_000, reopens: 0, replies: 1, reply_time_in_minutes: { calendar: 90, business: 30 } },
    ...more,
  };
}

export function rating(id: number, more: Thing = {}): Thing {
  return {
    id,
    ticket_id: 100,
    requester_id: 10,
    assignee_id: 1,
    group_id: 1,
    score: "good",
    comment: "Quick!",
    created_at: "2026-05-03T10:00:00Z",
    updated_at: "2026-05-04T10:00:00Z",
    ...more,
  };
}

export function response(id: string, stars: number, more: Thing = {}): Thing {
  const at = "2026-05-05T10:00:00.000Z";
  return {
    id,
    responder_id: 10,
    subjects: [{ id: "100", type: "ticket", zrn: "zen:ticket:100" }],
    subject_zrns: ["zen:ticket:100"],
    survey: { id: "01SURVEY", state: "enabled", version: 1 },
    expires_at: "2026-06-02T10:00:00.000Z",
    answers: [
      {
        type: "rating_scale",
        rating: stars,
        rating_category: "good",
        question: { id: "q1", type: "rating_scale_numeric", sub_type: "customer_satisfaction" },
        created_at: at,
        updated_at: at,
      },
      {
        type: "open_ended",
        value: "Well done",
        question: { id: "q2", type: "open_ended" },
        created_at: at,
        updated_at: at,
      },
    ],
    ...more,
  };
}

/** Two customers, one that was deleted, and what they asked. */
export function smallDesk(): ZendeskData {
  return {
    organizations: [
      organization(1, { external_id: "acme-1" }),
      organization(2, { generated_timestamp: touched + 5 }),
      organization(3, { generated_timestamp: touched + 5 }),
      organization(4, { generated_timestamp: touched + 9 }),
      organization(9, { deleted_at: "2026-05-10T00:00:00Z", generated_timestamp: touched + 9 }),
    ],
    users: [
      user(10),
      user(11, { organization_id: 2, email: "not an address" }),
      user(12, { role: "agent" }),
      user(13, { organization_id: null }),
      user(14, { active: false }),
    ],
    tickets: [
      ticket(100, {
        status: "solved",
        metric_set: { id: 1, reopens: 2, solved_at: "2026-05-02T09:00:00Z", reply_time_in_seconds: { calendar: 61 } },
      }),
      ticket(101, {
        priority: undefined,
        metric_set: { id: 2, reopens: 0, reply_time_in_minutes: { calendar: null } },
      }),
      ticket(102, { organization_id: 2, status: "closed", metric_set: { id: 3, solved_at: "2026-05-01T20:00:00Z" } }),
      ticket(103, { organization_id: undefined }),
      ticket(104, { status: "deleted" }),
      ticket(105, { status: "pending", generated_timestamp: touched + 60 }),
      ticket(106, { status: "hold" }),
    ],
    ratings: [rating(500), rating(501, { score: "bad", ticket_id: 102 }), rating(502, { score: "offered" })],
    responses: [response("01A", 5), response("01B", 2, { subjects: [] }), response("01C", 1, { answers: [] })],
  };
}

/** What our tables are to have of `smallDesk`, told by hand. */
export function truthOf(_data: ZendeskData): VendorTruth {
  const opened = { openedAt: "2026-05-01T10:00:00Z", account: "1" };
  return {
    records: {
      account: Object.fromEntries(
        ["1", "2", "3", "4"].map((id) => [
          id,
          { name: `Acme ${id}`, domain: `acme${id}.example`, fields: { plan: "pro", seats_bought: 12 } },
        ]),
      ),
      contact: {
        10: { account: "1", name: "Person 10", email: "person10@example.com" },
        11: { account: "2", name: "Person 11", email: null },
      },
      ticket: {
        100: {
          ...opened,
          status: "solved",
          priority: "high",
          firstRespondedAt: "2026-05-01T10:01:01.000Z",
          solvedAt: "2026-05-02T09:00:00Z",
          reopens: 2,
        },
        101: { ...opened, status: "open", priority: null, solvedAt: null },
        102: { ...opened, account: "2", status: "closed", solvedAt: "2026-05-01T20:00:00Z" },
        105: { ...opened, status: "pending", firstRespondedAt: "2026-05-01T11:30:00.000Z" },
        106: { ...opened, status: "hold" },
      },
      survey: {
        500: { account: "1", type: "csat", score: 2, scale: 2, comment: "Quick!", contact: "10" },
        501: { account: "2", type: "csat", score: 1, scale: 2 },
        502: { account: "1", type: "csat", contact: "10" },
        "01A": { account: "1", type: "csat", score: 5, scale: 5, comment: "Well done", contact: "10" },
        "01B": { account: "1", type: "csat", score: 2, scale: 5 },
      },
    },
  };
}
