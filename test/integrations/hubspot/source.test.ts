import { describeSource } from "../source-suite.ts";
import { openSource, smallPortal, smallTruth } from "./company.ts";
import { startHubSpotFake } from "./fake.ts";

const now = new Date("2026-02-10T12:00:00Z");

describeSource({
  name: "HubSpot",
  now,
  startFake: async () => {
    const { url, close } = await startHubSpotFake(smallPortal(now));
    return { url, truth: () => smallTruth, close };
  },
  open: (baseUrl, secret) => openSource(baseUrl, { clientSecret: { env: "HUBSPOT_CLIENT_SECRET" } }, secret),
  words: [
    ...["category", "dealstage", "dealtype", "hs_pipeline_stage", "hs_survey_type", "hs_ticket_priority"],
    ...["isClosed", "label", "lifecyclestage", "pipeline", "probability", "ticketState"],
  ],
});
