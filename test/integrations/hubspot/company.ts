import { hubspotSettings } from "../../../src/integrations/hubspot/settings.ts";
import { openHubSpotSource } from "../../../src/integrations/hubspot/source.ts";
import type { Source } from "../../../src/integrations/source-port.ts";
import type { VendorTruth } from "../source-tables.ts";
import { archive, emptyPortal, link, merge, type Portal, put } from "./portal.ts";

/** The source over a fake; every secret it asks for is the same one. */
export function openSource(
  baseUrl: string,
  settings: Readonly<Record<string, unknown>> = {},
  secret = "token",
): Source {
  const base = { id: "crm", kind: "hubspot", token: { env: "HUBSPOT_TOKEN" }, baseUrl, allowPrivate: true };
  return openHubSpotSource(hubspotSettings.parse({ ...base, ...settings }), () => secret);
}

/** A small company: two customers and one that was merged into the first, with something of each sort. */
export function smallPortal(now: Date): Portal {
  const portal = emptyPortal(now);
  portal.owners.push({ id: "71", email: "ada@example.com", firstName: "Ada", lastName: "Example" });
  put(portal, "companies", "11", { name: "Acme", domain: "Acme.example" }, "2026-01-05T09:00:00.000Z");
  put(portal, "companies", "11", { hubspot_owner_id: "71", lifecyclestage: "customer" }, "2026-02-01T10:00:00.000Z");
  put(portal, "companies", "12", { name: "Globex", industry: "RETAIL" }, "2026-01-06T09:00:00.000Z");
  put(portal, "companies", "13", { name: "Acme GmbH" }, "2026-01-07T09:00:00.000Z");
  merge(portal, "companies", "13", "11", "2026-02-02T10:00:00.000Z");
  put(portal, "companies", "14", { name: "Initech" }, "2026-01-08T09:00:00.000Z");
  archive(portal, "companies", "14", "2026-02-03T10:00:00.000Z");
  putPeople(portal);
  putWork(portal);
  return portal;
}

function putPeople(portal: Portal): void {
  const people = { email: "jo@acme.example", firstname: "Jo", lastname: "Doe", jobtitle: "Head of Support" };
  put(portal, "contacts", "21", people, "2026-01-10T09:00:00.000Z");
  link(portal, "contacts", "21", "companies", "12");
  link(portal, "contacts", "21", "companies", "11", true);
  put(portal, "contacts", "22", { email: "nobody@example.com" }, "2026-01-11T09:00:00.000Z");
}

function putWork(portal: Portal): void {
  const deal = { dealname: "Renewal", dealtype: "existingbusiness", pipeline: "default", amount: "1250.5" };
  put(portal, "deals", "31", { ...deal, dealstage: "qualified" }, "2026-01-12T09:00:00.000Z");
  const won = { dealstage: "closedwon", closedate: "2026-02-04T10:00:00.000Z", deal_currency_code: "EUR" };
  put(portal, "deals", "31", won, "2026-02-05T10:00:00.000Z");
  link(portal, "deals", "31", "companies", "11");
  link(portal, "deals", "31", "companies", "12", true);
  const ticket = { subject: "It is slow", hs_pipeline: "0", hs_pipeline_stage: "1", hs_ticket_priority: "HIGH" };
  put(portal, "tickets", "41", ticket, "2026-01-13T09:00:00.000Z");
  put(portal, "tickets", "41", { hs_pipeline_stage: "2" }, "2026-01-14T09:00:00.000Z");
  // Linked to a person only, as tickets from mails are.
  link(portal, "tickets", "41", "contacts", "21");
  const answer = { hs_survey_type: "NPS", hs_value: "9", hs_submission_timestamp: "2026-01-20T09:00:00.000Z" };
  put(portal, "feedback_submissions", "51", answer, "2026-01-20T09:00:01.000Z");
  link(portal, "feedback_submissions", "51", "contacts", "21");
}

/** What our tables are to have of it. */
export const smallTruth: VendorTruth = {
  records: {
    account: {
      "11": { name: "Acme", domain: "acme.example", owner: "ada@example.com", stage: "customer" },
      "12": { name: "Globex", industry: "RETAIL", owner: null },
    },
    contact: { "21": { account: "11", name: "Jo Doe", email: "jo@acme.example", title: "Head of Support" } },
    opportunity: {
      "31": {
        account: "12",
        name: "Renewal",
        type: "expansion",
        outcome: "won",
        amountMinor: 125_050,
        currency: "EUR",
      },
    },
    ticket: { "41": { account: "11", subject: "It is slow", status: "pending", priority: "high", solvedAt: null } },
    survey: { "51": { account: "11", type: "nps", score: 9, contact: "21" } },
  },
};
