import { describe, expect, it } from "vitest";
import { mesh, paint } from "./mesh";

const bytes = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer;

/** One triangle in the plane y = 0 of glTF, whose corners are 16-bit numbers' own, moved and tinted. */
function glb(): ArrayBuffer {
  const binary = new ArrayBuffer(44);
  new Float32Array(binary, 0, 9).set([0, 0, 0, 2, 0, 0, 0, 0, 2]);
  new Uint16Array(binary, 36, 3).set([0, 1, 2]);
  let text = JSON.stringify({
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [
      { children: [1], translation: [5, 0, 0] },
      { mesh: 0, scale: [1, 1, 1] },
    ],
    meshes: [{ primitives: [{ attributes: { POSITION: 0 }, indices: 1, material: 0 }] }],
    materials: [{ pbrMetallicRoughness: { baseColorFactor: [1, 0, 0, 1] } }],
    accessors: [
      { bufferView: 0, componentType: 5126, count: 3, type: "VEC3" },
      { bufferView: 1, componentType: 5123, count: 3, type: "SCALAR" },
    ],
    bufferViews: [{ buffer: 0 }, { buffer: 0, byteOffset: 36 }],
    buffers: [{}],
  });
  text = text.padEnd(Math.ceil(text.length / 4) * 4);
  const file = new Uint8Array(28 + text.length + binary.byteLength);
  new Uint32Array(file.buffer, 0, 5).set([0x46546c67, 2, file.length, text.length, 0x4e4f534a]);
  file.set(new TextEncoder().encode(text), 20);
  new Uint32Array(file.buffer, 20 + text.length, 2).set([binary.byteLength, 0x004e4942]);
  file.set(new Uint8Array(binary), 28 + text.length);
  return file.buffer;
}

describe("mesh", () => {
  it("reads what triangles a file has", () => {
    expect(mesh(bytes("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1/1 2/2 3//1 -1\n"), "obj")!.count).toBe(2);
    expect(mesh(bytes("solid x\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\n"), "stl")!.count).toBe(1);
    expect(mesh(bytes('{"meshes": [{"positions": [0,0,0,1,0,0,0,1,0], "indices": [0,1,2]}]}'), "babylon")!.count).toBe(
      1,
    );
    expect(mesh(bytes("v 1 2 3\n"), "obj")).toBeNull();
  });

  it("reads scenes of glTF with their places and colours", () => {
    const found = mesh(glb(), "glb")!;
    expect([...found.corners].map((it) => it + 0)).toEqual([-1, 1, 0, 1, 1, 0, -1, -1, 0]);
    expect([...found.colors]).toEqual([255, 0, 0]);
  });

  it("says what it cannot read", () => {
    expect(() => mesh(bytes("f 1 2 3\n"), "obj")).toThrow("not there");
    expect(() => mesh(glb().slice(0, -20), "glb")).toThrow("ends too early");
    expect(() => mesh(bytes('{"buffers": [{"uri": "mesh.bin"}]}'), "gltf")).toThrow("mesh.bin");
    expect(() => mesh(new ArrayBuffer(4), "x3d")).toThrow("cannot be shown");
  });

  it("paints near faces over far ones, and bright where the light falls", () => {
    const look = { turn: 0, tilt: 0, zoom: 1 };
    const facing = (y: number) => [-1, y, -1, 1, y, -1, 0, y, 1];
    const both = {
      count: 2,
      corners: Float32Array.of(...facing(-0.5), ...facing(0.5)),
      colors: Uint8Array.of(255, 0, 0, 0, 255, 0),
    };
    const pixels = new Uint8ClampedArray(4 * 100 * 100);
    paint(pixels, 100, 100, both, look);
    const [red, green, , alpha] = pixels.slice(4 * 5050, 4 * 5050 + 4);
    expect([red! > 150, green, alpha]).toEqual([true, 0, 255]);
    expect(pixels[3]).toBe(0);
  });
});
