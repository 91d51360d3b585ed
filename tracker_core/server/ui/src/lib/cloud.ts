/** Points in space: read from `.npy`, turned, and laid on a flat picture. */

export type Cloud = {
  count: number;
  /** x, y, z of each point, within -1 and 1 around the middle. */
  places: Float32Array;
  /** Red, green and blue of each point. */
  colors: Uint8Array;
  /** What one unit of `places` is. */
  scale: number;
  middle: [number, number, number];
};

type Numbers = { rows: number; columns: number; at: (index: number) => number };

/** Throws an Error that says what is wrong with the file. */
export function npy(buffer: ArrayBuffer): Numbers {
  const view = new DataView(buffer);
  if (buffer.byteLength < 12 || view.getUint32(0) !== 0x934e554d) throw new Error("This is no .npy file.");
  const major = view.getUint8(6);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = (major === 1 ? 10 : 12) + length;
  const head = new TextDecoder("latin1").decode(new Uint8Array(buffer, major === 1 ? 10 : 12, length));
  const kind = /'descr':\s*'([^']+)'/.exec(head)?.[1] ?? "";
  const shape = /'shape':\s*\((\d+),\s*(\d+),?\)/.exec(head);
  if (!shape) throw new Error("Points are a table of numbers.");
  const [rows, columns] = [Number(shape[1]), Number(shape[2])];
  const read = readers(view)[kind.slice(1)];
  if (!read || kind.startsWith(">")) throw new Error(`Numbers of the kind ${kind} cannot be shown.`);
  const size = Number(kind.slice(2));
  if (start + rows * columns * size > buffer.byteLength) throw new Error("The file ends too early.");
  const byColumns = /'fortran_order':\s*True/.test(head);
  const place = (index: number) => (byColumns ? (index % columns) * rows + Math.floor(index / columns) : index);
  return { rows, columns, at: (index) => read(start + place(index) * size) };
}

function readers(view: DataView): Record<string, (at: number) => number> {
  return {
    f8: (at) => view.getFloat64(at, true),
    f4: (at) => view.getFloat32(at, true),
    f2: (at) => half(view.getUint16(at, true)),
    i8: (at) => Number(view.getBigInt64(at, true)),
    i4: (at) => view.getInt32(at, true),
    i2: (at) => view.getInt16(at, true),
    i1: (at) => view.getInt8(at),
    u8: (at) => Number(view.getBigUint64(at, true)),
    u4: (at) => view.getUint32(at, true),
    u2: (at) => view.getUint16(at, true),
    u1: (at) => view.getUint8(at),
  };
}

function half(bits: number): number {
  const [sign, exponent, rest] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return rest ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + rest / 1024) : 2 ** -14 * (rest / 1024));
}

/** `palette` gives the colours of categories (1 and on); points without either are coloured by their height. */
export function cloud(numbers: Numbers, palette: readonly string[], byHeight: (share: number) => string): Cloud {
  const { rows, columns, at } = numbers;
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let row = 0; row < rows; row++) {
    for (let axis = 0; axis < 3; axis++) {
      const value = at(row * columns + axis);
      if (!Number.isFinite(value)) continue;
      low[axis] = Math.min(low[axis]!, value);
      high[axis] = Math.max(high[axis]!, value);
    }
  }
  const middle = low.map((it, axis) => (Number.isFinite(it) ? (it + high[axis]!) / 2 : 0)) as [number, number, number];
  const scale = Math.max(...low.map((it, axis) => (high[axis]! - it) / 2).filter(Number.isFinite), 1e-300);
  const places = new Float32Array(rows * 3);
  const colors = new Uint8Array(rows * 3);
  for (let row = 0; row < rows; row++) {
    for (let axis = 0; axis < 3; axis++) places[3 * row + axis] = (at(row * columns + axis) - middle[axis]!) / scale;
    if (columns >= 6) {
      for (let part = 0; part < 3; part++) colors[3 * row + part] = at(row * columns + 3 + part);
      continue;
    }
    const share = (at(row * columns + 2) - low[2]!) / (high[2]! - low[2]! || 1);
    const category = columns === 4 ? Math.round(at(row * columns + 3)) : 0;
    const color =
      columns === 4 ? palette[(((category - 1) % palette.length) + palette.length) % palette.length]! : byHeight(share);
    for (let part = 0; part < 3; part++) colors[3 * row + part] = parseInt(color.slice(1 + 2 * part, 3 + 2 * part), 16);
  }
  return { count: rows, places, colors, scale, middle };
}

export type Look = { turn: number; tilt: number; zoom: number };

/** To the right, upwards, and towards whoever looks. */
export function turned(x: number, y: number, z: number, look: Look): [number, number, number] {
  const [cos, sin, up, over] = [Math.cos(look.turn), Math.sin(look.turn), Math.cos(look.tilt), Math.sin(look.tilt)];
  const [right, away] = [x * cos - y * sin, x * sin + y * cos];
  return [right, z * up - away * over, -(away * up + z * over)];
}

/** A point's place on the picture and its depth (nearer is larger). z points up. */
export function project(
  x: number,
  y: number,
  z: number,
  look: Look,
  width: number,
  height: number,
): [number, number, number] {
  const [right, high, depth] = turned(x, y, z, look);
  const far = 4 / (4 - depth);
  const size = (Math.min(width, height) / 2.3) * look.zoom * far;
  return [width / 2 + right * size, height / 2 - high * size, depth];
}

/** Paints into the pixels, nearer points over farther ones. */
export function paint(
  pixels: Uint8ClampedArray,
  width: number,
  height: number,
  cloud: Cloud,
  look: Look,
  side: number,
): void {
  const depths = new Float32Array(width * height).fill(-Infinity);
  for (let point = 0; point < cloud.count; point++) {
    const at = 3 * point;
    const [x, y, depth] = project(cloud.places[at]!, cloud.places[at + 1]!, cloud.places[at + 2]!, look, width, height);
    if (!Number.isFinite(x)) continue;
    for (let row = Math.max(0, Math.round(y)); row < Math.min(height, Math.round(y) + side); row++) {
      for (let column = Math.max(0, Math.round(x)); column < Math.min(width, Math.round(x) + side); column++) {
        const place = row * width + column;
        if (depth <= depths[place]!) continue;
        depths[place] = depth;
        pixels.set(cloud.colors.subarray(at, at + 3), 4 * place);
        pixels[4 * place + 3] = 255;
      }
    }
  }
}

/** The corners of an `.obj` file without faces. Throws an Error where there are none. */
export function loose(buffer: ArrayBuffer): Numbers {
  const text = new TextDecoder().decode(buffer);
  const flat = [...text.matchAll(/^v\s+(\S+)\s+(\S+)\s+(\S+)/gm)].flatMap((match) => match.slice(1, 4).map(Number));
  if (flat.length === 0) throw new Error("The file has neither faces nor points.");
  return { rows: flat.length / 3, columns: 3, at: (index) => flat[index]! };
}
