import { describe, expect, test } from "vitest";
import { messageText } from "../../src/cli/message-text.ts";
import { createOutput } from "../../src/cli/output.ts";

function outputTo(isTTY: boolean, isColorless = false) {
  const written: string[] = [];
  const stream = { isTTY, columns: 100, write: (text: string) => written.push(text) };
  return { out: createOutput(stream, stream, isColorless), text: () => written.join("") };
}

describe("what is printed", () => {
  test("has colours on a terminal, and none in a pipe or with NO_COLOR", () => {
    const print = (isTTY: boolean, isColorless: boolean) => {
      const { out, text } = outputTo(isTTY, isColorless);
      out.line(out.paint.red("down"));
      return text();
    };
    expect(print(true, false)).toBe("\u001b[31mdown\u001b[39m\n");
    expect(print(false, false)).toBe("down\n");
    expect(print(true, true)).toBe("down\n");
  });

  test("lets nobody's name steer the terminal", () => {
    const name = "Acme\u001b]0;owned\u0007\u001b[2J\u009b31m\r\b";
    for (const isTTY of [true, false]) {
      const { out, text } = outputTo(isTTY);
      out.line(name);
      out.table({ head: ["name"], rows: [[`${name}\nsecond line`]] });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not get through.
      expect(text()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      expect(text()).toContain("second line");
    }
  });

  test("sets tables in columns without borders or trailing spaces", () => {
    const { out, text } = outputTo(false);
    out.table({
      head: ["id", "name"],
      rows: [
        [1, "Acme"],
        [20, null],
      ],
      right: [0],
    });
    expect(text()).toBe("id  name\n 1  Acme\n20  –\n");
  });

  test("is silent about progress in a pipe", () => {
    const { out, text } = outputTo(false);
    const bar = out.progress("import", 10);
    bar.advance(5);
    bar.stop();
    expect(text()).toBe("");
  });
});

describe("a message on a terminal", () => {
  test("of Slack shows the texts of its blocks, as people read them there", () => {
    const blocks = [
      { type: "section", text: { type: "mrkdwn", text: "*Acme* fell to 31 &lt; 40" } },
      {
        type: "section",
        fields: [
          { type: "mrkdwn", text: "Owner" },
          { type: "mrkdwn", text: "Anna" },
        ],
      },
      {
        type: "actions",
        elements: [{ type: "button", text: { type: "plain_text", text: "Open" }, url: "https://example.com/a" }],
      },
    ];
    const text = messageText({ kind: "slack", text: "fallback", blocks });
    expect(text).toBe("*Acme* fell to 31 < 40\n\nOwner  Anna\n\nOpen  <https://example.com/a>");
    expect(messageText({ kind: "slack", text: "only this", blocks: [] })).toBe("only this");
  });

  test("of a webhook shows its id and its body, set in lines", () => {
    expect(messageText({ kind: "webhook", id: "msg_1", body: '{"a":1}' })).toBe('webhook-id: msg_1\n\n{\n  "a": 1\n}');
    expect(messageText({ kind: "webhook", id: "msg_1", body: "{" })).toBe("webhook-id: msg_1\n\n{");
  });
});
