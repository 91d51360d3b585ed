/** Surfaces of triangles: read from files, and laid on a flat picture with their light and shade. */

import { type Look, project, turned } from "./cloud";
import { triangles } from "./gltf";

/** Nine numbers a face: x, y, z of its corners, z upwards; and its colour. */
export type Faces = { corners: ArrayLike<number>; colors: ArrayLike<number> | null };

export type Mesh = {
  count: number;
  /** As in `Faces`, within -1 and 1 around the middle. */
  corners: Float32Array;
  colors: Uint8Array;
};

const GREY = [150, 160, 178];
const MOST = 3_000_000;

/** Throws an Error that says what is wrong with the file. Null for a file of points without faces. */
export function mesh(buffer: ArrayBuffer, format: string): Mesh | null {
  const read: Record<string, () => Faces> = {
    stl: () => ({ corners: stl(buffer), colors: null }),
    obj: () => obj(new TextDecoder().decode(buffer)),
    babylon: () => babylon(JSON.parse(new TextDecoder().decode(buffer)) as Babylon),
    glb: () => triangles(buffer),
    gltf: () => triangles(buffer),
  };
  const faces = read[format]?.();
  if (!faces) throw new Error(`A file of the kind ${format} cannot be shown here.`);
  const count = faces.corners.length / 9;
  if (count > MOST) throw new Error(`${count.toLocaleString("en-US")} faces are too many to be shown here.`);
  return count ? fitted(faces, count) : null;
}

function fitted({ corners, colors }: Faces, count: number): Mesh {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let at = 0; at < 9 * count; at++) {
    const value = corners[at]!;
    if (!Number.isFinite(value)) continue;
    if (value < low[at % 3]!) low[at % 3] = value;
    if (value > high[at % 3]!) high[at % 3] = value;
  }
  const scale = Math.max(...low.map((it, axis) => (high[axis]! - it) / 2).filter(Number.isFinite), 1e-300);
  const places = new Float32Array(9 * count);
  for (let at = 0; at < 9 * count; at++) {
    places[at] = (corners[at]! - (low[at % 3]! + high[at % 3]!) / 2) / scale;
  }
  const shades = new Uint8Array(3 * count);
  for (let at = 0; at < 3 * count; at++) shades[at] = colors?.[at] ?? GREY[at % 3]!;
  return { count, corners: places, colors: shades };
}

/** Paints into the pixels, nearer faces over farther ones; what faces the light is brighter. */
export function paint(pixels: Uint8ClampedArray, width: number, height: number, mesh: Mesh, look: Look): void {
  const depths = new Float32Array(width * height).fill(-Infinity);
  for (let face = 0; face < mesh.count; face++) {
    const it = mesh.corners.subarray(9 * face, 9 * face + 9);
    const [a, b, c] = [0, 3, 6].map((at) => project(it[at]!, it[at + 1]!, it[at + 2]!, look, width, height));
    const area = (b![0] - a![0]) * (c![1] - a![1]) - (b![1] - a![1]) * (c![0] - a![0]);
    if (!area) continue; // seen from its edge, or without a place
    const light = shade(it, look);
    const [left, right] = ends(a![0], b![0], c![0], width);
    const [top, bottom] = ends(a![1], b![1], c![1], height);
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const beside = ((x - a![0]) * (c![1] - a![1]) - (y - a![1]) * (c![0] - a![0])) / area;
        const along = ((b![0] - a![0]) * (y - a![1]) - (b![1] - a![1]) * (x - a![0])) / area;
        if (beside < 0 || along < 0 || beside + along > 1) continue;
        const depth = a![2] + beside * (b![2] - a![2]) + along * (c![2] - a![2]);
        const place = y * width + x;
        if (depth <= depths[place]!) continue;
        depths[place] = depth;
        for (let part = 0; part < 3; part++) pixels[4 * place + part] = mesh.colors[3 * face + part]! * light;
        pixels[4 * place + 3] = 255;
      }
    }
  }
}

function ends(a: number, b: number, c: number, size: number): [number, number] {
  return [Math.max(0, Math.ceil(Math.min(a, b, c))), Math.min(size - 1, Math.floor(Math.max(a, b, c)))];
}

/** How bright a face is, from both sides: the light comes over the left shoulder of whoever looks. */
function shade(it: Float32Array, look: Look): number {
  const [ux, uy, uz] = [it[3]! - it[0]!, it[4]! - it[1]!, it[5]! - it[2]!];
  const [vx, vy, vz] = [it[6]! - it[0]!, it[7]! - it[1]!, it[8]! - it[2]!];
  const [x, y, z] = turned(uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx, look);
  return 0.35 + (0.65 * Math.abs(-0.3 * x + 0.5 * y + 0.81 * z)) / (Math.hypot(x, y, z) || 1);
}

/** Faces with more than three corners become fans; corners may carry a colour of 0 to 1. */
function obj(text: string): Faces {
  const places: number[][] = [];
  const corners: number[] = [];
  const colors: number[] = [];
  let coloured = false;
  for (const line of text.split("\n")) {
    const [word, ...parts] = line.trim().split(/\s+/);
    if (word === "v") places.push(parts.map(Number));
    if (word !== "f") continue;
    const of = parts.map((part) => places.at(Number.parseInt(part) - (part.startsWith("-") ? 0 : 1)));
    for (let i = 2; i < of.length; i++) {
      const face = [of[0], of[i - 1], of[i]];
      if (face.some((place) => !place || place.length < 3)) throw new Error("A face names a corner that is not there.");
      for (const [x, y, z] of face as number[][]) corners.push(x!, -z!, y!);
      const color = face[0]!.slice(3, 6);
      coloured ||= color.length === 3;
      colors.push(...(color.length === 3 ? color.map((share) => 255 * share) : GREY));
    }
  }
  return { corners, colors: coloured ? colors : null };
}

function stl(buffer: ArrayBuffer): ArrayLike<number> {
  const view = new DataView(buffer);
  const count = buffer.byteLength >= 84 ? view.getUint32(80, true) : 0;
  if (count === 0 || buffer.byteLength < 84 + 50 * count) {
    const text = new TextDecoder().decode(buffer);
    return [...text.matchAll(/vertex\s+(\S+)\s+(\S+)\s+(\S+)/g)].flatMap((match) => match.slice(1, 4).map(Number));
  }
  const found = new Float32Array(9 * count);
  for (let face = 0; face < count; face++) {
    for (let part = 0; part < 9; part++) found[9 * face + part] = view.getFloat32(84 + 50 * face + 12 + 4 * part, true);
  }
  return found;
}

type Babylon = { meshes?: { positions?: number[] | null; indices?: number[] | null; position?: number[] }[] };

function babylon(scene: Babylon): Faces {
  const corners = (scene.meshes ?? []).flatMap(({ positions, indices, position = [0, 0, 0] }) =>
    (indices ?? []).flatMap((at) => {
      const [x, y, z] = [0, 1, 2].map((axis) => (positions?.[3 * at + axis] ?? NaN) + position[axis]!);
      return [x!, z!, y!];
    }),
  );
  return { corners, colors: null };
}
