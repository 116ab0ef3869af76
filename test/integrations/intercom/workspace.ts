import type { VendorTruth } from "../source-tables.ts";

type Thing = Record<string, unknown>;

/** What an Intercom workspace has. */
export interface IntercomData {
  admins: Thing[];
  companies: Thing[];
  contacts: Thing[];
  conversations: Thing[];
  deleted: Thing[];
}

/** Seconds since 1970 of a moment in UTC. */
export function seconds(moment: string): number {
  return Date.parse(moment) / 1_000;
}

const opened = seconds("2026-05-01T10:00:00Z");
const touched = seconds("2026-05-02T10:00:00Z");

export function company(id: string, more: Thing = {}): Thing {
  return {
    type: "company",
    id,
    company_id: `acme-${id}`,
    name: `Acme ${id}`,
    website: `https://www.${id}.example.com/about`,
    industry: "Manufacturing",
    plan: { type: "plan", id: "1", name: "Pro" },
    size: 85,
    custom_attributes: { tier: "gold", looked_after_by: "991" },
    created_at: opened,
    updated_at: touched,
    ...more,
  };
}

export function contact(id: string, companies: readonly string[], more: Thing = {}): Thing {
  return {
    type: "contact",
    id,
    role: "user",
    name: `Person ${id}`,
    email: `${id}@example.com`,
    companies: {
      data: companies.map((each) => ({ type: "company", id: each, url: `https://api.intercom.io/companies/${each}` })),
      url: `https://api.intercom.io/contacts/${id}/companies`,
      total_count: companies.length,
      has_more: false,
    },
    created_at: opened,
    updated_at: touched,
    ...more,
  };
}

export function conversation(id: string, more: Thing = {}): Thing {
  return {
    type: "conversation",
    id,
    title: `It is broken ${id}`,
    created_at: opened,
    updated_at: touched,
    open: true,
    state: "open",
    read: true,
    priority: "high",
    source: { type: "conversation", id: "1", delivered_as: "customer_initiated", subject: "", body: "<p>Help</p>" },
    contacts: { type: "contact.list", contacts: [{ type: "contact", id: "ann" }] },
    statistics: {
      type: "conversation_statistics",
      first_admin_reply_at: opened + 600,
      count_reopens: 0,
    },
    ...more,
  };
}

export function rating(stars: number | undefined, more: Thing = {}): Thing {
  return {
    ...(stars !== undefined && { rating: stars }),
    remark: "Quick!",
    created_at: touched - 600,
    updated_at: touched - 300,
    contact: { type: "contact", id: "ann" },
    ...more,
  };
}

/** Three customers and what they asked. */
export function smallWorkspace(): IntercomData {
  return {
    admins: [{ type: "admin", id: "991", name: "Robin", email: "robin@example.com" }],
    companies: [company("c1"), company("c2"), company("c3", { website: "not a site", plan: {} })],
    contacts: [
      contact("ann", ["c1"]),
      contact("ben", ["c2"], { role: "lead", email: "" }),
      contact("cem", []),
      contact("dee", ["c1", "c2"]),
    ],
    conversations: [
      conversation("100", {
        state: "closed",
        open: false,
        conversation_rating: rating(4),
        statistics: { first_admin_reply_at: opened + 60, last_close_at: touched - 3_600, count_reopens: 2 },
      }),
      conversation("101", { state: "snoozed", priority: "none", company: company("c2") }),
      conversation("102", { conversation_rating: rating(undefined) }),
      conversation("103", { source: { delivered_as: "admin_initiated", subject: "<p>Hello</p>" } }),
      conversation("104", {
        title: undefined,
        source: { delivered_as: "automated", subject: "<p>News for you</p>" },
        first_contact_reply: { created_at: opened + 7_200, type: "conversation" },
      }),
      conversation("105", { contacts: { type: "contact.list", contacts: [{ type: "contact", id: "cem" }] } }),
      conversation("106", { contacts: { type: "contact.list", contacts: [{ type: "contact", id: "dee" }] } }),
    ],
    deleted: [{ type: "conversation", id: "90", metrics_retained: false, deleted_at: touched }],
  };
}

/** What our tables are to have of `smallWorkspace`, told by hand. */
export const smallTruth: VendorTruth = {
  records: {
    account: {
      c1: account("c1", "Pro"),
      c2: account("c2", "Pro"),
      c3: { ...account("c3", null), domain: null },
    },
    contact: {
      ann: { account: "c1", name: "Person ann", email: "ann@example.com" },
      ben: { account: "c2", name: "Person ben", email: null },
      dee: { account: "c1", name: "Person dee", email: "dee@example.com" },
    },
    ticket: {
      100: {
        account: "c1",
        subject: "It is broken 100",
        status: "solved",
        priority: "high",
        openedAt: "2026-05-01T10:00:00.000Z",
        firstRespondedAt: "2026-05-01T10:01:00.000Z",
        solvedAt: "2026-05-02T09:00:00.000Z",
        reopens: 2,
      },
      101: { account: "c2", status: "pending" },
      102: { account: "c1", status: "open", firstRespondedAt: "2026-05-01T10:10:00.000Z" },
      104: { account: "c1", status: "open", subject: "News for you", openedAt: "2026-05-01T12:00:00.000Z" },
    },
    survey: {
      100: { account: "c1", type: "csat", score: 4, scale: 5, comment: "Quick!", contact: "ann" },
      102: { account: "c1", type: "csat", contact: "ann" },
    },
  },
};

function account(id: string, plan: string | null): Thing {
  return {
    name: `Acme ${id}`,
    domain: `${id}.example.com`,
    industry: "Manufacturing",
    fields: { tier: "gold", plan, size: 85 },
  };
}
