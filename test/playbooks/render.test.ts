import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileTemplate, type TemplateTarget } from "../../src/playbooks/render.ts";
import type { Subject } from "../../src/playbooks/subject.ts";
import { driver, subject, words } from "./build.ts";

function render(source: string, on: Subject = subject(), target: TemplateTarget = "text"): string {
  const compiled = compileTemplate(source, target);
  if ("refusals" in compiled) throw new Error(compiled.refusals.join("\n"));
  const rendered = compiled.template.render(on, words);
  return "text" in rendered ? rendered.text : `refused: ${rendered.refusal}`;
}

function refusalsOf(source: string): string {
  const compiled = compileTemplate(source, "text");
  return "refusals" in compiled ? compiled.refusals.join("\n") : "";
}

describe("a template", () => {
  const rich = subject(
    { segment: "mid", "account.fields.region": "north", "nps.latest": 7, "usage.active-users.avg_28d": 12.3456 },
    { drivers: [driver("logins", 0.4, 35), driver("active-users", 0.6, 12)] },
  );

  test.each([
    [
      "account fields",
      "{{ account.key }} {{ account.name }} {{ account.segment }} {{ account.fields.region }}",
      "acme Acme mid north",
    ],
    ["score and band", "{{ score }} {{ band }}", "34.2 red"],
    ["owner and contact", "{{ owner.name }} {{ owner.email }} {{ contact.name }}", "Ada ada@example.com Bo"],
    [
      "the playbook and why it runs",
      "{{ playbook.name }}: {{ run.reason }}",
      "Save an account at risk: score 34.2 is below 40",
    ],
    ["a metric by its name", '{{ metrics["nps.latest"] }} {{ metrics.nps.latest }}', "7 7"],
    ["numbers with at most two decimals", '{{ metrics["usage.active-users.avg_28d"] }}', "12.35"],
    ["the costliest driver first", "{{ drivers[0].measure }}: {{ drivers.first.loss | round }}", "active-users: 48"],
    [
      "loops over drivers",
      "{% for d in drivers %}{{ forloop.index }} {{ d.metric }};{% endfor %}",
      "1 usage.active-users.avg_28d;2 usage.logins.avg_28d;",
    ],
    ["conditions", '{% if band == "red" and score < 40 %}bad{% else %}good{% endif %}', "bad"],
    ["assignments and filters", "{% assign n = account.name | upcase %}{{ n }}", "ACME"],
    ["a default for what is missing", '{{ account.stage | default: "no stage" }}', "no stage"],
    ["nothing for what is missing", "[{{ account.stage }}]", "[]"],
  ])("shows %s", (_name, source, expected) => {
    expect(render(source, rich)).toBe(expected);
  });

  test.each([
    ["a file", '{% include "x" %}', 'tag "include" not found'],
    ["a part", '{% render "x" %}', 'tag "render" not found'],
    ["a layout", '{% layout "x" %}', 'tag "layout" not found'],
    ["a script of tags", "{% liquid echo score %}", 'tag "liquid" not found'],
    ["the clock", '{{ "now" | date: "%Y" }}', "undefined filter: date"],
    ["chance", "{{ drivers | sample }}", "undefined filter: sample"],
    ["the lifting of escapes", "{{ account.name | raw }}", "undefined filter: raw"],
    ["a method as a filter", '{{ "a" | constructor }}', "undefined filter: constructor"],
    ["an unknown variable", "{{ scor }}", 'unknown variable "scor"; did you mean "score"?'],
    ["an unknown field", "{{ account.nme }}", 'unknown variable "account.nme"; did you mean "name"?'],
    ["a prototype", "{{ account.__proto__ }}{{ account.constructor }}", 'unknown variable "account.constructor"'],
    ["a property of a text", "{{ account.name.length }}", 'unknown variable "account.name.length"'],
    ["an unknown metric", '{{ metrics["nps.latets"] }}', 'unknown fact "nps.latets"; did you mean "nps.latest"?'],
    ["a metric by a computed name", "{{ metrics[account.name] }}", "a key must be written out"],
    [
      "an unknown field of a driver",
      "{% for d in drivers %}{{ d.metrik }}{% endfor %}",
      'unknown variable "d.metrik"; did you mean "metric"?',
    ],
    [
      "a loop's variable after the loop",
      "{% for d in drivers %}{% endfor %}{{ d.metric }}",
      'unknown variable "d.metric"',
    ],
    ["a variable only a condition names", "{% if foo %}{% endif %}", 'unknown variable "foo"'],
    ["a whole object", "{{ account }}", '"account" is not a value'],
    ["an end that is missing", "{% if score %}", "not closed"],
  ])("refuses %s when it is saved", (_name, source, expected) => {
    expect(refusalsOf(source)).toContain(expected);
  });

  test("tells everything unknown at once", () => {
    expect(refusalsOf("{{ a }} {{ b.c }}").split("\n")).toHaveLength(2);
  });

  test.each([
    ["a loop without end", "{% for i in (1..100000000) %}x{% endfor %}"],
    [
      "a text that doubles",
      '{% assign a = "xxxxxxxxxx" %}{% for i in (1..40) %}{% assign a = a | append: a %}{% endfor %}{{ a }}',
    ],
    ["a filter that cannot bear its value", '{{ "x" | append: drivers }}'],
  ])("refuses %s when it is rendered, in words", (_name, source) => {
    expect(render(source, rich)).toMatch(/^refused: the template could not be rendered: /);
  });

  test("sees no own field that the account does not have, not even a method of all objects", () => {
    expect(render("[{{ account.fields.constructor }}{{ account.fields.toString }}]")).toBe("[]");
    expect(render("[{{ drivers | map: 'constructor' }}]", rich)).toBe("[]");
    expect(render("[{{ 'a,b' | split: ',' | map: 'constructor' | join: '' }}]", rich)).toBe("[]");
  });
});

/** What accounts, contacts and tickets are named by people who try. */
const hostile = fc.oneof(
  fc.constantFrom(
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!channel> <!here> <!everyone>",
    "<@U012AB3CD> <https://evil.example.com|Reset password>",
    "&lt;!channel&gt;",
    "x\r\nBcc: victim@example.com",
    "x\u2028Bcc: v\u0085y\u000bz",
    "{{ owner.email }}{% for i in (1..9) %}x{% endfor %}",
    "\u202Eevil\u2066 \u0000\u0007\u001b[31m",
    "\uD800 lone",
    "__proto__",
  ),
  fc.string({ unit: "binary", maxLength: 60, size: "max" }),
  fc.string({ unit: fc.constantFrom("<", ">", "&", "!", "@", "|", '"', "'", "\r", "\n", ";", "#"), maxLength: 30 }),
);

describe("data in a template, whatever it is", { timeout: 60_000 }, () => {
  const named = (name: string) => subject({ "account.name": name });
  const source = "a {{ account.name }} b";

  test("brings no control or direction character", () => {
    fc.assert(
      fc.property(hostile, (name) => {
        expect(render(source, named(name))).not.toMatch(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\p{Surrogate}]/u);
      }),
    );
  });

  test("brings no second line into a subject", () => {
    fc.assert(
      fc.property(hostile, (name) => {
        expect(render(source, named(name), "line")).not.toMatch(/[\r\n\u0085\u2028\u2029]/);
      }),
    );
  });

  test("brings no mention, link or markup into Slack", () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const text = render(source, named(name), "slack");
        expect(text).not.toMatch(/[<>]/);
        expect(text).not.toMatch(/&(?!amp;|lt;|gt;)/);
      }),
    );
  });

  test("is not read as a template", () => {
    expect(render(source, named("{{ owner.email }}"))).toBe("a {{ owner.email }} b");
  });

  test("arrives as it is where nothing needs escaping", () => {
    expect(render(source, named("Müller & Söhne <GmbH> 株式会社 🚀"))).toBe("a Müller & Söhne <GmbH> 株式会社 🚀 b");
  });
});
