import { describe, expect, it } from "vitest";
import { type Mark, cut, hit, spell } from "./mark";

const box: Mark = { kind: "box", x: 0, y: 0, width: 10, height: 10, color: "accent", tip: ["box"], key: "a" };
const dot: Mark = { kind: "dot", x: 50, y: 50, radius: 4, color: "#ff0000", tip: ["dot"], key: "b" };
const line: Mark = { kind: "line", points: [0, 80, 100, 80], color: "#00ff00", tip: ["line"] };
const marks = [box, dot, line];

describe("mark", () => {
  it("tells what is under or near the pointer", () => {
    expect(hit(marks, 5, 5)).toBe(box);
    expect(hit(marks, 14, 5)).toBeNull();
    expect(hit(marks, 57, 50)).toBe(dot);
    expect(hit(marks, 40, 84)).toBe(line);
    expect(hit(marks, 40, 99)).toBeNull();
  });

  it("is written as SVG that says what it shows, and nothing that was logged becomes markup", () => {
    const text: Mark = { kind: "text", x: 1, y: 2, text: "<script>", color: "ink", turned: true };
    const svg = spell([...marks, text], 100, 100, 'a "title" & <b>');
    expect(svg).toContain('<rect x="0" y="0" width="10" height="10" fill="#3559c7">');
    expect(svg).toContain("<title>dot</title>");
    expect(svg).toContain("&#60;script&#62;");
    expect(svg).not.toMatch(/<script|<b>/);
  });

  it("cuts texts to their room", () => {
    expect(cut({ text: "short", room: 100 })).toBe("short");
    expect(cut({ text: "a very long name", room: 40 })).toBe("a ver…");
    expect(cut({ text: "any" })).toBe("any");
  });
});
