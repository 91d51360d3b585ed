import { describe, expect, it } from "vitest";
import { cloud, loose, npy, paint, project } from "./cloud";

function file(
  descr: string,
  shape: [number, number],
  write: (view: DataView, at: number) => void,
  size: number,
): ArrayBuffer {
  const head = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape[0]}, ${shape[1]}), }`.padEnd(118);
  const buffer = new ArrayBuffer(10 + head.length + size);
  const view = new DataView(buffer);
  [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0].forEach((it, i) => view.setUint8(i, it));
  view.setUint16(8, head.length, true);
  [...head].forEach((it, i) => view.setUint8(10 + i, it.charCodeAt(0)));
  write(view, 10 + head.length);
  return buffer;
}

const points = file(
  "<f8",
  [2, 3],
  (view, at) => [0, 0, 0, 2, 4, 8].forEach((it, i) => view.setFloat64(at + 8 * i, it, true)),
  48,
);

describe("cloud", () => {
  it("reads numpy's files, and says what it cannot", () => {
    const numbers = npy(points);
    expect([numbers.rows, numbers.columns, numbers.at(5)]).toEqual([2, 3, 8]);
    expect(() => npy(new ArrayBuffer(4))).toThrow("no .npy");
    expect(() => npy(points.slice(0, 140))).toThrow("ends too early");
    expect(() => npy(file("<c16", [1, 1], () => 0, 16))).toThrow("cannot be shown");
  });

  it("lies within -1 and 1 around its middle", () => {
    const found = cloud(npy(points), ["#ff0000"], () => "#0000ff");
    expect([...found.places]).toEqual([-0.25, -0.5, -1, 0.25, 0.5, 1]);
    expect([found.middle, found.scale]).toEqual([[1, 2, 4], 4]);
    expect([...found.colors.slice(0, 3)]).toEqual([0, 0, 255]);
  });

  it("takes colours and categories from further columns", () => {
    const six = file("|u1", [1, 6], (view, at) => [1, 2, 3, 9, 8, 7].forEach((it, i) => view.setUint8(at + i, it)), 6);
    expect([...cloud(npy(six), [], () => "").colors]).toEqual([9, 8, 7]);
    const four = file("|i1", [1, 4], (view, at) => [1, 2, 3, 2].forEach((it, i) => view.setInt8(at + i, it)), 4);
    expect([...cloud(npy(four), ["#000000", "#010203"], () => "").colors]).toEqual([1, 2, 3]);
  });

  it("draws near points over far ones", () => {
    const look = { turn: 0, tilt: 0, zoom: 1 };
    const [x, y, near] = project(0, -1, 0, look, 100, 100);
    const [, , far] = project(0, 1, 0, look, 100, 100);
    expect([x, y]).toEqual([50, 50]);
    expect(near).toBeGreaterThan(far);
    const both = {
      count: 2,
      places: Float32Array.of(0, -1, 0, 0, 1, 0),
      colors: Uint8Array.of(1, 1, 1, 2, 2, 2),
      scale: 1,
      middle: [0, 0, 0] as [number, number, number],
    };
    const pixels = new Uint8ClampedArray(4 * 100 * 100);
    paint(pixels, 100, 100, both, look, 1);
    expect([...pixels.slice(4 * 5050, 4 * 5050 + 4)]).toEqual([1, 1, 1, 255]);
  });

  it("takes the corners of a file without faces", () => {
    const bytes = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer;
    expect(loose(bytes("v 1 2 3\nv 4 5 6\n")).rows).toBe(2);
    expect(() => loose(bytes("nothing"))).toThrow("neither");
  });
});
