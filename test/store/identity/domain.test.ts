import { expect, test } from "vitest";
import { companyDomain, companyDomains } from "../../../src/store/identity/domain.ts";

test.each([
  ["https://www.Acme.co.uk/about", "acme.co.uk"],
  ["joe@mail.acme.com", "acme.com"],
  ["acme.com.", "acme.com"],
  ["MÜNCHEN-acme.de", "xn--mnchen-acme-thb.de"],
  ["acme.github.io", "acme.github.io"],
])("%s tells the company of %s", (text, domain) => {
  expect(companyDomain(text)).toBe(domain);
});

test.each([
  ["a free mail service", "joe@gmail.com"],
  ["a disposable one", "mailinator.com"],
  ["an access provider", "someone@t-online.de"],
  ["a public suffix", "co.uk"],
  ["a private suffix", "github.io"],
  ["an IP address", "10.0.0.1"],
  ["a name inside a network", "crm.local"],
  ["a bare word", "acme"],
  ["no name at all", "not a domain"],
  ["nothing", ""],
])("%s tells no company", (_what, text) => {
  expect(companyDomain(text)).toBeNull();
});

test("the same domain in several spellings is one", () => {
  expect(companyDomains(["acme.com", "www.ACME.com", "gmail.com", "x@acme.com"])).toEqual(["acme.com"]);
});
