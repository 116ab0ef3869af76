import { expect, test } from "vitest";
import { checkCustomerMail, unconfirmedSenders } from "../../src/queries/mail-readiness.ts";
import { configure, playbook } from "../worker/scenario.ts";

const confirmed = { domain: "example.com", confirmedOn: "2026-05-01", confirmedBy: "anna" };
const server = { kind: "email", from: "care@example.com", host: "smtp.example.com", port: 587 };
const mail = { do: "email", subject: "Hello", body: "How are you?" };

/** A playbook that mails customers through two channels, and one that mails the owner through a third. */
const documents = (customerMail?: object) => {
  const channels = [
    { id: "mail", ...server, ...(customerMail && { customerMail }) },
    { id: "team", ...server },
    { id: "kept", kind: "email", from: "care@example.com", transport: "outbox" },
  ];
  const save = playbook({
    steps: [
      { id: "first", ...mail, to: "primary-contact", via: "mail" },
      { id: "second", ...mail, to: { address: "kim@example.com" }, via: "kept" },
    ],
  });
  const tell = playbook({ id: "tell", steps: [{ id: "mail", ...mail, to: "owner", via: "team" }] });
  return configure([save, tell], 1, {}, false, [{ kind: "channels", id: "channels", body: { channels } }]);
};

const off = 'mail to customers is off: "customerMail" of the channel "mail" confirms no domain';

test.each([
  ["nobody confirmed the sender", undefined, "https://keepwell.example.com", "warning", `${off}; passed over in save`],
  [
    "nobody could unsubscribe",
    confirmed,
    null,
    "warning",
    "nobody could unsubscribe from it: KEEPWELL_PUBLIC_URL is not set; passed over in save",
  ],
  ["all is well", confirmed, "https://keepwell.example.com", "ok", "example.com, confirmed by anna on 1 May 2026"],
])("of a channel by which customers are mailed it is told when %s", (_what, customerMail, url, state, detail) => {
  const findings = checkCustomerMail(documents(customerMail), url);
  expect(findings).toContainEqual({ subject: "mail to customers by mail", state, detail });
  expect(findings.filter(({ subject }) => !subject.endsWith("by mail")).map((one) => one.state)).toEqual(["ok", "ok"]);
});

test("a folder in which playbooks mail customers by an unconfirmed sender is warned of, at its place", () => {
  const at = { file: "channels.json" };
  expect(unconfirmedSenders(documents(), at)).toMatchObject([
    { file: "channels.json", path: "channels[0].customerMail", message: `${off}; passed over in save` },
  ]);
  expect(unconfirmedSenders(documents(confirmed), at)).toEqual([]);
});
