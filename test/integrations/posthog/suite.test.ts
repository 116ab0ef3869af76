import { describeSource } from "../source-suite.ts";
import { startPosthogFake } from "./fake.ts";
import { openProject, smallProject, usageTruth } from "./project.ts";

describeSource({
  name: "PostHog",
  now: new Date("2026-03-10T12:00:00Z"),
  startFake: async () => {
    const fake = await startPosthogFake(smallProject());
    const account = ({ properties }: { properties: Readonly<Record<string, unknown>> }) => ({
      name: properties["name"],
      fields: { seats: properties["seats"] },
    });
    return {
      url: fake.url,
      truth: () => ({
        records: { account: Object.fromEntries(fake.project.groups.map((group) => [group.key, account(group)])) },
        usage: usageTruth(fake.project),
      }),
      close: fake.close,
    };
  },
  open: openProject,
  words: [],
});
