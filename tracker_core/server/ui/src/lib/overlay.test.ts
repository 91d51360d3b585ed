import { expect, test } from "vitest";
import { caption, colorOf, place, tint } from "./overlay";

test("boxes lie at shares of the picture, however they were given", () => {
  const corners = { minX: 10, maxX: 30, minY: 5, maxY: 10 };
  expect(place({ position: corners, domain: "pixel" }, 100, 50)).toEqual([0.1, 0.1, 0.2, 0.1]);
  expect(place({ position: { middle: [0.5, 0.5], width: 0.5, height: 0.25 } }, 9, 9)).toEqual([0.25, 0.375, 0.5, 0.25]);
});

test("a box is named by its caption, or by its class and score", () => {
  const position = { minX: 0, maxX: 1, minY: 0, maxY: 1 };
  expect(caption({ position, box_caption: "a cat", class_id: 1 }, {})).toBe("a cat");
  expect(caption({ position, class_id: 1, scores: { sure: 0.912 } }, { "1": "cat" })).toBe("cat 0.91");
  expect(caption({ position, class_id: 7 }, {})).toBe("7");
});

test("a mask takes the colours of its classes", () => {
  const pixels = Uint8ClampedArray.of(0, 0, 0, 255, 1, 1, 1, 255, 2, 2, 2, 255);
  expect(tint(pixels, {}, (id) => id === 2)).toEqual([1, 2]);
  expect([pixels[3], pixels[7], pixels[11]]).toEqual([0, 255, 0]);
  expect(colorOf(1)).toBe(`#${[...pixels.slice(4, 7)].map((it) => it.toString(16).padStart(2, "0")).join("")}`);
});
