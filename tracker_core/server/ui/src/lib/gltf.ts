/** The triangles of a glTF scene, as `.glb` or as `.gltf` with everything inside of it. */

import type { Faces } from "./mesh";

type Node = {
  mesh?: number;
  children?: number[];
  matrix?: number[];
  translation?: number[];
  rotation?: number[];
  scale?: number[];
};
type Primitive = {
  attributes: Record<string, number>;
  indices?: number;
  material?: number;
  mode?: number;
  extensions?: Record<string, unknown>;
};
type Scene = {
  scene?: number;
  scenes?: { nodes?: number[] }[];
  nodes?: Node[];
  meshes?: { primitives: Primitive[] }[];
  materials?: { pbrMetallicRoughness?: { baseColorFactor?: number[] } }[];
  accessors?: {
    bufferView?: number;
    byteOffset?: number;
    componentType: number;
    normalized?: boolean;
    count: number;
    type: string;
  }[];
  bufferViews?: { buffer: number; byteOffset?: number; byteStride?: number }[];
  buffers?: { uri?: string }[];
};
/** By columns, as glTF has it. */
type Matrix = readonly number[];

const [MAGIC, JSON_CHUNK] = [0x46546c67, 0x4e4f534a];
const WIDTHS: Record<string, number> = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4 };
const DEPTH = 64;
const SAME: Matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** Throws an Error that says what cannot be read. Turned so that z, not y, points upwards. */
export function triangles(buffer: ArrayBuffer): Faces {
  const { scene, buffers } = parsed(buffer);
  const corners: number[] = [];
  const colors: number[] = [];

  function draw(primitive: Primitive, matrix: Matrix): void {
    if (primitive.extensions?.["KHR_draco_mesh_compression"])
      throw new Error("Compressed meshes cannot be shown here.");
    const position = primitive.attributes["POSITION"];
    if (position === undefined || ![undefined, 4, 5, 6].includes(primitive.mode)) return; // points and lines
    const places = values(scene, buffers, position, 3);
    const tints = primitive.attributes["COLOR_0"];
    const painted = tints === undefined ? null : values(scene, buffers, tints, 3);
    const base = scene.materials?.[primitive.material ?? -1]?.pbrMetallicRoughness?.baseColorFactor ?? [0.6, 0.63, 0.7];
    const order =
      primitive.indices === undefined
        ? Array.from({ length: places.length / 3 }, (_, i) => i)
        : values(scene, buffers, primitive.indices, 1);
    for (const face of faces(order, primitive.mode ?? 4)) {
      for (const at of face) {
        const [x, y, z] = [places[3 * at]!, places[3 * at + 1]!, places[3 * at + 2]!];
        const to = (row: number) => matrix[row]! * x + matrix[row + 4]! * y + matrix[row + 8]! * z + matrix[row + 12]!;
        corners.push(to(0), -to(2), to(1));
      }
      const tint = (part: number) => base[part]! * (painted?.[3 * face[0] + part] ?? 1);
      for (let part = 0; part < 3; part++) colors.push(255 * tint(part) ** (1 / 2.2)); // colours are linear there
    }
  }

  function walk(number: number, above: Matrix, depth: number): void {
    const node = scene.nodes?.[number];
    if (!node || depth > DEPTH) throw new Error("The scene's nodes are broken.");
    const matrix = times(above, node.matrix ?? composed(node));
    for (const primitive of scene.meshes?.[node.mesh ?? -1]?.primitives ?? []) draw(primitive, matrix);
    for (const child of node.children ?? []) walk(child, matrix, depth + 1);
  }

  const roots = scene.scenes?.[scene.scene ?? 0]?.nodes;
  if (roots) for (const root of roots) walk(root, SAME, 0);
  else for (const it of scene.meshes ?? []) for (const primitive of it.primitives) draw(primitive, SAME);
  return { corners, colors };
}

function parsed(buffer: ArrayBuffer): { scene: Scene; buffers: ArrayBuffer[] } {
  const view = new DataView(buffer);
  const binary = buffer.byteLength >= 20 && view.getUint32(0, true) === MAGIC;
  if (binary && view.getUint32(16, true) !== JSON_CHUNK) throw new Error("This is no .glb file.");
  const length = binary ? view.getUint32(12, true) : buffer.byteLength;
  const text = new TextDecoder().decode(binary ? new Uint8Array(buffer, 20, length) : buffer);
  const scene = JSON.parse(text) as Scene;
  const inside = binary ? buffer.slice(28 + length) : new ArrayBuffer(0);
  return { scene, buffers: (scene.buffers ?? []).map(({ uri }) => (uri === undefined ? inside : data(uri))) };
}

function data(uri: string): ArrayBuffer {
  const found = /^data:[^,]*;base64,(.*)$/s.exec(uri);
  if (!found) throw new Error(`The scene needs the file ${uri.slice(0, 80)}, which was not logged with it.`);
  return Uint8Array.from(atob(found[1]!), (sign) => sign.charCodeAt(0)).buffer;
}

/** The first `width` numbers of each element of an accessor. */
function values(scene: Scene, buffers: ArrayBuffer[], number: number, width: number): number[] {
  const accessor = scene.accessors?.[number];
  const part = scene.bufferViews?.[accessor?.bufferView ?? -1];
  const buffer = buffers[part?.buffer ?? -1];
  if (!accessor || !part || !buffer) throw new Error("Compressed or broken meshes cannot be shown here.");
  const view = new DataView(buffer);
  const kinds: Record<number, [number, (at: number) => number, number]> = {
    5121: [1, (at) => view.getUint8(at), 255],
    5123: [2, (at) => view.getUint16(at, true), 65535],
    5125: [4, (at) => view.getUint32(at, true), 1],
    5126: [4, (at) => view.getFloat32(at, true), 1],
  };
  const [size, read, most] = kinds[accessor.componentType] ?? [0, () => NaN, 1];
  if (!size) throw new Error("Compressed meshes cannot be shown here.");
  const stride = part.byteStride ?? size * (WIDTHS[accessor.type] ?? 1);
  const start = (part.byteOffset ?? 0) + (accessor.byteOffset ?? 0);
  if (start + stride * (accessor.count - 1) + size * width > buffer.byteLength)
    throw new Error("The file ends too early.");
  const found = new Array<number>(accessor.count * width);
  for (let i = 0; i < found.length; i++) {
    const value = read(start + Math.floor(i / width) * stride + (i % width) * size);
    found[i] = accessor.normalized ? value / most : value;
  }
  return found;
}

/** Of triangles one by one (4), in a strip (5) or in a fan (6). */
function* faces(order: readonly number[], mode: number): Generator<[number, number, number]> {
  for (let i = 2; i < order.length; i += mode === 4 ? 3 : 1) {
    yield [order[mode === 6 ? 0 : i - 2]!, order[i - 1]!, order[i]!];
  }
}

function composed({ translation = [0, 0, 0], rotation = [0, 0, 0, 1], scale = [1, 1, 1] }: Node): Matrix {
  const [x, y, z, w] = rotation as [number, number, number, number];
  const [a, b, c] = scale as [number, number, number];
  return [
    ...[1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)].map((it) => it * a),
    0,
    ...[2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w)].map((it) => it * b),
    0,
    ...[2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y)].map((it) => it * c),
    0,
    ...translation,
    1,
  ];
}

function times(left: Matrix, right: Matrix): Matrix {
  return SAME.map((_, at) => {
    const [row, column] = [at % 4, at - (at % 4)];
    return [0, 1, 2, 3].reduce((sum, i) => sum + left[row + 4 * i]! * right[column + i]!, 0);
  });
}
