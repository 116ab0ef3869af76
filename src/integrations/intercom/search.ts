import { z } from "zod";
import { readAnswer } from "../read-answer.ts";
import type { Page, PullContext } from "../source-port.ts";
import { tryCall } from "../tried-call.ts";
import { lastWholeDay } from "../whole-days.ts";
import type { IntercomApi } from "./api.ts";
import { companiesOfContact } from "./mapping/contact.ts";
import type { RawConversation } from "./mapping/conversation.ts";
import { foundPages, idOf } from "./pages.ts";

/** The index of the search is some minutes behind. */
const overlapSeconds = 15 * 60;
/**
 * Times of contacts are compared by the day, in the zone of the workspace, and "later" begins with the next day: so much earlier is asked for.
 */
const dayGraceSeconds = 48 * 3_600;
/** Contacts looked up at once. */
const idsAtOnce = 50;
/** A search whose place is refused is begun again so often. */
const mostRestarts = 3;

const second = z.int().nonnegative();
const sweepSchema = z.looseObject({
  /** Everything up to here is known, and what this sweep has come upon so far. */
  since: second,
  newest: second,
  after: z.string().nullable(),
  restarts: z.int().nonnegative(),
});
type Sweep = z.infer<typeof sweepSchema>;
const firstSweep: Sweep = { since: 0, newest: 0, after: null, restarts: 0 };

type What = "contacts" | "conversations";

/** One page of what was updated since the last sweep. The question stays the same within a sweep, in whatever order the answers come. */
export async function pullUpdated(api: IntercomApi, what: What, cursor: unknown, context: PullContext): Promise<Page> {
  const sweep = sweepSchema.nullable().catch(null).parse(cursor) ?? firstSweep;
  const from = Math.max(0, sweep.since - overlapSeconds);
  const value = what === "contacts" ? Math.max(0, from - dayGraceSeconds) : from;
  const query = { field: "updated_at", operator: ">", value, after: sweep.after, shrink: context.shrink } as const;
  const tried = await tryCall(api.search(what, query), context);
  if ("halt" in tried) {
    const isLost = tried.halt.verdict.kind === "fatal" && sweep.after !== null && sweep.restarts < mostRestarts;
    if (!isLost) throw tried.halt;
    return { raw: [], cursor: { ...sweep, after: null, restarts: sweep.restarts + 1 }, done: false };
  }
  const { found, after } = readAnswer(tried.answer, foundPages[what]);
  const fresh = found.filter((each) => (updatedAtOf(each) ?? from) >= from);
  const raw = what === "contacts" ? fresh : await withCompanies(api, fresh, context);
  const newest = Math.max(sweep.newest, ...found.map((each) => updatedAtOf(each) ?? 0));
  if (after !== null && after !== sweep.after) return { raw, cursor: { ...sweep, newest, after }, done: false };
  // A time that has not come yet would hide everything until then.
  const known = Math.min(newest, Math.floor(context.now.getTime() / 1_000));
  const next: Sweep = { ...firstSweep, since: Math.max(sweep.since, known) };
  const covered = new Date(context.now.getTime() - overlapSeconds * 1_000);
  return { raw, cursor: next, done: true, coveredThrough: lastWholeDay(context.zone, covered) };
}

const updated = z.looseObject({ updated_at: second });

function updatedAtOf(thing: unknown): number | null {
  return updated.safeParse(thing).data?.updated_at ?? null;
}

const companyOf = z.looseObject({ company: z.unknown() });
const contactsOf = z.looseObject({ contacts: z.looseObject({ contacts: z.array(z.unknown()) }) });

/** Conversations with their companies: their own, or else those of whoever wrote. */
export async function withCompanies(
  api: IntercomApi,
  conversations: readonly unknown[],
  context: PullContext,
): Promise<RawConversation[]> {
  const needed = conversations.flatMap((each) => (ownCompany(each) === null ? (contactOf(each) ?? []) : []));
  const companies = await companiesOf(api, [...new Set(needed)], context);
  return conversations.map((conversation) => {
    const own = ownCompany(conversation);
    const theirs = companies.get(contactOf(conversation) ?? "") ?? [];
    return { conversation, companies: own === null ? [...theirs] : [own] };
  });
}

function ownCompany(conversation: unknown): string | null {
  return idOf(companyOf.safeParse(conversation).data?.company);
}

/** The first one is who the conversation is with. */
function contactOf(conversation: unknown): string | null {
  return idOf(contactsOf.safeParse(conversation).data?.contacts.contacts[0]);
}

async function companiesOf(
  api: IntercomApi,
  contacts: readonly string[],
  context: PullContext,
): Promise<Map<string, readonly string[]>> {
  const companies = new Map<string, readonly string[]>();
  for (let first = 0; first < contacts.length; first += idsAtOnce) {
    const value = contacts.slice(first, first + idsAtOnce);
    for (const contact of await contactsBy(api, value, context)) {
      companies.set(idOf(contact) ?? "", companiesOfContact(contact));
    }
  }
  return companies;
}

/** A search may give fewer at once than were asked for. */
async function contactsBy(api: IntercomApi, ids: readonly string[], context: PullContext): Promise<unknown[]> {
  const contacts: unknown[] = [];
  let after: string | null = null;
  do {
    const request = api.search("contacts", { field: "id", operator: "IN", value: ids, after, shrink: 0 });
    const page: { found: unknown[]; after: string | null } = readAnswer(
      await context.call(request),
      foundPages.contacts,
    );
    contacts.push(...page.found);
    after = page.found.length === 0 ? null : page.after;
  } while (after !== null);
  return contacts;
}
