import { expect, test } from "vitest";
import { parseChannels } from "../../../src/playbooks/channels.ts";

const mail = { id: "mail", kind: "email", from: "Acme <care@Mail.example.com>", host: "smtp.example.com", port: 587 };
const customerMail = { domain: "mail.example.com", confirmedOn: "2026-05-01", confirmedBy: "anna" };

const faultsOf = (channel: unknown) => {
  const parsed = parseChannels({ channels: [channel] });
  return "faults" in parsed ? parsed.faults.map(({ path, message }) => `${path}: ${message}`) : [];
};

test.each([
  ["the domain of its sender, however written", { ...customerMail, domain: "Mail.Example.com" }, []],
  [
    "another domain",
    { ...customerMail, domain: "example.com" },
    ['channels[0].customerMail.domain: expected "mail.example.com", the domain of "from"'],
  ],
  ["no day", { ...customerMail, confirmedOn: "soon" }, [expect.stringContaining("customerMail.confirmedOn")]],
  ["nobody's name", { ...customerMail, confirmedBy: "" }, [expect.stringContaining("customerMail.confirmedBy")]],
  ["a word that nobody knows", { ...customerMail, sure: true }, [expect.stringContaining("customerMail.sure")]],
])("a channel confirms %s", (_what, confirmation, faults) => {
  expect(faultsOf({ ...mail, customerMail: confirmation })).toEqual(faults);
  expect(faultsOf({ ...mail, transport: "outbox", customerMail: confirmation })).toEqual(faults);
});
