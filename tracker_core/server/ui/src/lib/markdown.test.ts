import { describe, expect, it } from "vitest";
import { inline, parse } from "./markdown";

const text = (it: string) => [{ kind: "text", text: it }];

describe("markdown", () => {
  it("knows blocks", () => {
    const source =
      "# Head\n\nsome *text*\nmore\n\n- one\n- two\n  - inner\n\n1. first\n\n> quoted\n\n---\n\n```py\nx = 1\n```";
    expect(parse(source).map((it) => it.kind)).toEqual([
      "heading",
      "paragraph",
      "list",
      "list",
      "quote",
      "rule",
      "code",
    ]);
    const [, , list] = parse(source);
    expect(list?.kind === "list" && list.items.map((it) => it.map((block) => block.kind))).toEqual([
      ["paragraph"],
      ["paragraph", "list"],
    ]);
  });

  it("knows tables", () => {
    const [table] = parse("| a | b |\n|---|:-:|\n| 1 | 2 |\n| 3 | 4 |");
    expect(table).toEqual({
      kind: "table",
      head: [text("a"), text("b")],
      rows: [
        [text("1"), text("2")],
        [text("3"), text("4")],
      ],
    });
  });

  it("knows what is inside of a line", () => {
    expect(inline("a **b** `c` ~~d~~ _e_")).toEqual([
      { kind: "text", text: "a " },
      { kind: "strong", parts: text("b") },
      { kind: "text", text: " " },
      { kind: "code", text: "c" },
      { kind: "text", text: " " },
      { kind: "del", parts: text("d") },
      { kind: "text", text: " " },
      { kind: "em", parts: text("e") },
    ]);
    expect(inline("snake_case_name 2*3*4")).toEqual(text("snake_case_name 2*3*4"));
  });

  it("links to the web only", () => {
    expect(inline("[a](https://x.org/y)")).toEqual([{ kind: "link", url: "https://x.org/y", parts: text("a") }]);
    expect(inline("see https://x.org.")[1]).toMatchObject({ kind: "link", url: "https://x.org" });
    for (const url of ["javascript:alert(1)", "data:text/html,x", "//evil.org", "JAVASCRIPT:x"]) {
      expect(inline(`[a](${url})`)).toEqual(text(`[a](${url})`));
    }
  });

  it("ends, whatever it is given", () => {
    for (const odd of ["> ".repeat(5000), "- ".repeat(2000), "*".repeat(3000), "[".repeat(3000), "```", "|\n|-"]) {
      expect(parse(odd).length).toBeGreaterThan(0);
    }
  });
});
