import { describe, expect, it } from "vitest";
import { TALLEST, stretch } from "./scroll";

describe("stretch", () => {
  it("draws what is in view and a little more", () => {
    expect(stretch(0, 100, 1000, 20)).toMatchObject({ first: 0, last: 13, tall: 20_000, scale: 1, offset: 0 });
    expect(stretch(2000, 100, 1000, 20)).toMatchObject({ first: 92, last: 113, offset: 1840 });
    expect(stretch(0, 100, 0, 20)).toMatchObject({ first: 0, last: 0 });
  });

  it("reaches the first and the last row of a list that is higher than a page can be", () => {
    const rows = 5_000_000;
    expect(stretch(0, 600, rows, 19)).toMatchObject({ first: 0, offset: 0, tall: TALLEST });
    const end = stretch(TALLEST - 600, 600, rows, 19);
    expect(end.last).toBe(rows);
    // The last row ends where the page ends.
    expect(end.offset + (rows - end.first) * 19).toBeCloseTo(TALLEST, 3);
  });

  it("keeps rows in place within a long list, whatever part is drawn", () => {
    const { first, offset, scale } = stretch(7_000_000, 600, 1_000_000, 19);
    expect(offset + (Math.floor((7_000_000 * scale) / 19) - first) * 19).toBeLessThanOrEqual(7_000_000);
  });
});
