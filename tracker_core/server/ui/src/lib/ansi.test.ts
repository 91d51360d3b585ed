import { expect, test } from "vitest";
import { pieces } from "./ansi";

test("colours and weights become classes", () => {
  expect(pieces("a \x1b[1;31mred\x1b[0m b")).toEqual([
    { text: "a ", classes: "" },
    { text: "red", classes: "bold ansi-red" },
    { text: " b", classes: "" },
  ]);
});

test("256 and true colours come down to the eight of the theme", () => {
  expect(pieces("\x1b[38;5;196mx\x1b[38;2;20;220;30my\x1b[48;5;3mz")).toEqual([
    { text: "x", classes: "ansi-red" },
    { text: "y", classes: "ansi-green" },
    { text: "z", classes: "ansi-green" },
  ]);
});

test("a progress bar shows its last state", () => {
  expect(pieces("10%\r50%\r100%\r")).toEqual([{ text: "100%", classes: "" }]);
});

test("titles, links, cursor moves and stray controls vanish; markup is text", () => {
  expect(pieces("\x1b]0;title\x07\x1b]8;;javascript:alert(1)\x1b\\a\x1b]8;;\x1b\\\x1b[2K\x1b[3A\x00<b>")).toEqual([
    { text: "a", classes: "" },
    { text: "<b>", classes: "" },
  ]);
});

test("an escape cut short does not swallow the line before it", () => {
  expect(pieces("ok\x1b]0;never closed")).toEqual([{ text: "ok", classes: "" }]);
});
