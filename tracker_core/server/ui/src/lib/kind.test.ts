import { expect, test } from "vitest";
import { OF_MEDIA, lacks } from "./kind";
import { KINDS, kindOf } from "./layout";

test("whatever medium there is, a kind of panel for media shows it", () => {
  for (const medium of ["image-file", "histogram", "table-file", "chart", "plotly-file", "object3D-file", "text"]) {
    expect(OF_MEDIA).toContain(kindOf(medium));
  }
});

test("a draft says what it lacks", () => {
  const draft = { section: "Panels", of: [] as string[] };
  for (const kind of KINDS) expect(lacks({ ...draft, kind }) === "").toBe(kind === "markdown");
  expect(lacks({ ...draft, kind: "parallel", of: ["lr"] })).toContain("two columns");
  expect(lacks({ ...draft, kind: "scatter", x: "lr", y: "loss" })).toBe("");
});
