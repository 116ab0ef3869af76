import type { z } from "zod";
import { parseDuration } from "../../scoring/duration.ts";
import { openHttpClient } from "../http-client.ts";
import type { MapContext, Mapped } from "../mapped-port.ts";
import type { FetchedPage, PullContext, Source } from "../source-port.ts";
import { everyOf, type ReadSecret, readSecrets } from "../source-settings.ts";
import { checkStripe } from "./check.ts";
import { classifyStripe } from "./classify.ts";
import { openCompletion } from "./completion.ts";
import { openStripeHook } from "./hook.ts";
import { foundIn, openLookUp, type StripeApi, stripeRequest } from "./look-up.ts";
import { type CustomerRules, customerSeen } from "./mapping/customer.ts";
import { readEvent } from "./mapping/event.ts";
import { invoiceChanges } from "./mapping/invoice.ts";
import { customerSchema, invoiceSchema, subscriptionSchema } from "./mapping/shapes.ts";
import { subscriptionSeen } from "./mapping/subscription.ts";
import { pullEvents, pullSnapshot, type Seen, type Snapshot, seenAt, seenSchema, snapshots } from "./pages.ts";
import type { StripeSettings } from "./settings.ts";

const dayMs = 86_400_000;
const usualEventsMs = 600_000;
/** Stripe allows 25 a second to one endpoint of a sandbox, and 100 in live mode. */
const limits = [{ bucket: "api", calls: 20, perMs: 1_000 }] as const;

/** Stripe: customers, subscriptions and invoices, read whole once a day and by events in between. Throws when a secret is not set. */
export function openStripeSource(settings: StripeSettings, read: ReadSecret): Source {
  const { id, accounts = "match", accountField, allowPrivate } = settings;
  const api: StripeApi = {
    baseUrl: (settings.baseUrl ?? "https://api.stripe.com").replace(/\/+$/, ""),
    key: read(settings.key),
    version: settings.apiVersion,
  };
  const rules: CustomerRules = { accounts, accountField };
  const secrets = settings.webhookSecret === undefined ? [] : readSecrets(settings.webhookSecret, read);
  const wholeMs = parseDuration(settings.snapshotEvery) ?? dayMs;
  const reading = { api, completion: openCompletion(api, openLookUp(api)) };
  return {
    id,
    kind: "stripe",
    accounts,
    idsAreKeys: false,
    // Customers who are deleted are no longer listed. Subscriptions and invoices never go: what is not listed was not asked for.
    streams: [
      { name: "customers", feeds: ["account"], everyMs: wholeMs, mode: "snapshot" },
      { name: "subscriptions", feeds: ["subscription"], everyMs: wholeMs, mode: "incremental" },
      { name: "invoices", feeds: ["invoice"], everyMs: wholeMs, mode: "incremental" },
      {
        name: "events",
        feeds: ["account", "subscription", "invoice"],
        everyMs: everyOf(settings.every, usualEventsMs),
        mode: "incremental",
      },
    ],
    limits,
    send: openHttpClient({ allowPrivate }),
    classify: classifyStripe,
    pull: (stream, cursor, context) =>
      isSnapshot(stream) ? pullSnapshot(reading, stream, cursor, context) : pullEvents(reading, cursor, context),
    fetch: (stream, ids, context) => fetchAll(reading, stream, ids, context),
    map: (stream, raw, context) =>
      stream === "events" ? mapEvent(raw, rules, context) : mapSeen(stream, raw, rules, context),
    check: (context) => checkStripe(api, context),
    ...(secrets.length > 0 && { hook: openStripeHook(secrets, rules) }),
  };
}

function isSnapshot(stream: string): stream is Snapshot {
  return Object.hasOwn(snapshots, stream);
}

function mapEvent(raw: unknown, rules: CustomerRules, context: MapContext): Mapped {
  const { mapped, refetch, ignored } = readEvent(raw, rules, context);
  // Discounts are told of with the subscription itself, and a partial one was made whole before.
  if (refetch !== undefined) return {};
  return mapped ?? { skipped: ignored };
}

function mapSeen(stream: string, raw: unknown, rules: CustomerRules, { zone }: MapContext): Mapped {
  const seen = seenSchema.safeParse(raw);
  if (!seen.success) return { skipped: "not a page of Stripe" };
  switch (stream) {
    case "customers":
      return mapAs(customerSchema, seen.data, (customer, { at }) => customerSeen(customer, at, rules, zone));
    case "subscriptions":
      return mapAs(subscriptionSchema, seen.data, (subscription, { at, history }) =>
        subscriptionSeen(subscription, { at, history }, zone),
      );
    default:
      return mapAs(invoiceSchema, seen.data, (invoice, { at }) => invoiceChanges(invoice, at, zone));
  }
}

function mapAs<T>(schema: z.ZodType<T>, seen: Seen, map: (object: T, seen: Seen) => Mapped): Mapped {
  const parsed = schema.safeParse(seen.object);
  if (parsed.success) return map(parsed.data, seen);
  const [first] = parsed.error.issues;
  return { skipped: `${first?.path.join(".") ?? ""}: ${first?.message ?? "not understood"}` };
}

async function fetchAll(
  { api, completion }: { readonly api: StripeApi; readonly completion: ReturnType<typeof openCompletion> },
  stream: string,
  ids: readonly string[],
  context: PullContext,
): Promise<FetchedPage> {
  if (!isSnapshot(stream)) throw new Error(`Stripe has no single things of "${stream}".`);
  const raw: Seen[] = [];
  const deleted: string[] = [];
  for (const id of ids) {
    const answer = await context.call(stripeRequest(api, `${snapshots[stream].path}/${encodeURIComponent(id)}`, []));
    const object = foundIn(answer);
    if (object === null) deleted.push(id);
    else {
      const whole = stream === "subscriptions" ? await completion.complete(object, context) : object;
      raw.push({ object: whole, at: seenAt(answer, context.now), history: false });
    }
  }
  return { raw, deleted };
}
