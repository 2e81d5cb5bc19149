import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { parseManifest, type ReadShard, readWeights } from '../../src/tfjs/weights.ts';

const readManifest = async (manifest: unknown, readShard: ReadShard) => readWeights(parseManifest(manifest), readShard);

const read = async (weights: unknown[], bytes: Uint8Array) => {
  const all = await readManifest([{ paths: ['w.bin'], weights }], () => bytes);
  return [...all.get('w')!.data];
};

describe('readWeights', () => {
  it('reads float32, int32 and bool', async () => {
    const bytes = new Uint8Array(4 + 4 + 2);
    const view = new DataView(bytes.buffer);
    view.setFloat32(0, -1.5, true);
    view.setInt32(4, -7, true);
    bytes.set([1, 0], 8);
    const entries = [
      { name: 'f', shape: [], dtype: 'float32' },
      { name: 'i', shape: [1, 1], dtype: 'int32' },
      { name: 'b', shape: [2], dtype: 'bool' },
    ];
    // from the middle of a larger buffer, at an odd place
    const inside = new Uint8Array(21);
    inside.set(bytes, 3);
    const found = await readManifest([{ paths: ['w.bin'], weights: entries }], () => inside.subarray(3, 13));
    expect(found.get('f')).toEqual({ shape: [], data: Float32Array.of(-1.5) });
    expect(found.get('i')).toEqual({ shape: [1, 1], data: Float32Array.of(-7) });
    expect(found.get('b')).toEqual({ shape: [2], data: Float32Array.of(1, 0) });
  });

  it('reads affine uint8 and uint16', async () => {
    const quantization = { dtype: 'uint8', scale: 0.25, min: -1 };
    const eight = [{ name: 'w', shape: [3], dtype: 'float32', quantization }];
    expect(await read(eight, Uint8Array.of(0, 5, 255))).toEqual([-1, 0.25, 62.75]);
    const sixteen = [{ name: 'w', shape: [2], dtype: 'float32', quantization: { ...quantization, dtype: 'uint16' } }];
    expect(await read(sixteen, Uint8Array.of(4, 0, 0, 1))).toEqual([0, 63]);
    const whole = [{ name: 'w', shape: [2], dtype: 'int32', quantization }];
    expect(await read(whole, Uint8Array.of(1, 3))).toEqual([-1, 0]);
  });

  it('reads every float16', async () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const entry = { name: 'w', shape: [65536], dtype: 'float32', quantization: { dtype: 'float16' } };
    const values = await read([entry], new Uint8Array(bits.buffer));
    // 1, the largest, the smallest, the largest below the normal ones, zeros and infinities
    for (const [half, value] of [
      [0x3c00, 1],
      [0xc500, -5],
      [0x7bff, 65504],
      [0x0001, 2 ** -24],
      [0x03ff, 2 ** -14 - 2 ** -24],
      [0x0400, 2 ** -14],
      [0x0000, 0],
      [0x8000, -0],
      [0x7c00, Infinity],
      [0xfc00, -Infinity],
      [0x7c01, Number.NaN],
    ]) {
      expect(values[half]).toBe(value);
    }
    // each is the mean of its neighbours of the same exponent
    const inside = Array.from({ length: 0x7bff }, (_, half) => half).filter((half) => (half & 1023) % 1023 !== 0);
    expect(inside.filter((half) => values[half] * 2 !== values[half - 1] + values[half + 1])).toEqual([]);
  });

  it('puts files of a group together, and keeps groups apart', async () => {
    const files: Record<string, Uint8Array> = {
      'a.bin': Uint8Array.of(0, 0, 128),
      'b.bin': Uint8Array.of(63, 0, 0, 0, 64),
      'c.bin': Uint8Array.of(0, 0, 64, 64),
    };
    const asked: string[] = [];
    const found = await readManifest(
      [
        { paths: ['a.bin', 'b.bin'], weights: [{ name: 'x', shape: [2], dtype: 'float32' }] },
        { paths: ['c.bin'], weights: [{ name: 'y', shape: [1], dtype: 'float32' }] },
      ],
      async (path) => {
        asked.push(path);
        return files[path];
      },
    );
    expect(asked).toEqual(['a.bin', 'b.bin', 'c.bin']);
    expect([...found.get('x')!.data, ...found.get('y')!.data]).toEqual([1, 2, 3]);
  });

  it('refuses two weights of one name, and sizes that no file has', async () => {
    const entry = { name: 'w', shape: [1], dtype: 'bool' };
    await expect(read([entry, entry], new Uint8Array(2))).rejects.toThrow("weight 'w': a second weight named 'w'");
    const huge = { name: 'w', shape: [1e9, 1e9], dtype: 'float32' };
    await expect(read([huge], new Uint8Array(2))).rejects.toThrow(NnpackError);
  });
});
