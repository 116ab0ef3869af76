import { stripeSettings } from "../../../src/integrations/stripe/settings.ts";
import { openStripeSource } from "../../../src/integrations/stripe/source.ts";
import { describeSource } from "../source-suite.ts";
import { awkwardCompany, awkwardTruth, now } from "./company.ts";
import { startStripeFake } from "./fake.ts";

describeSource({
  name: "Stripe",
  now,
  startFake: async () => ({ ...(await startStripeFake(awkwardCompany(), now)), truth: awkwardTruth }),
  open: (baseUrl, secret) => {
    const settings = {
      id: "stripe",
      kind: "stripe",
      key: { env: "STRIPE_KEY" },
      baseUrl,
      allowPrivate: true,
      accounts: "create",
    };
    return openStripeSource(stripeSettings.parse(settings), () => secret);
  },
  words: ["status", "interval", "duration", "usage_type", "tiers_mode", "billing_scheme", "behavior", "type"],
});
