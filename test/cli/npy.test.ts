/** NumPy's files: bytes written by hand, as numpy.lib.format describes them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import ndarray from 'ndarray';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeNpy, readNpy, writeNpy } from '../../src/cli/npy.ts';
import { NnpackError } from '../../src/errors.ts';
import { sizeOf } from '../../src/tensor/ndarray.ts';

const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-npy-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file with this header, its length as the version has it. */
function file(header: string, elements: Uint8Array, major = 1, minor = 0, length = Buffer.byteLength(header)): string {
  const size = Buffer.alloc(major === 1 ? 2 : 4);
  size.writeUIntLE(length, 0, size.length);
  const path = join(folder, 'a.npy');
  writeFileSync(
    path,
    Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Buffer.of(major, minor), size, Buffer.from(header), elements]),
  );
  return path;
}

const headerOf = (descr: string, shape: string, fortran = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;

/** The elements in the order of C. */
async function values(path: string): Promise<number[]> {
  const { data, shape, stride, offset } = await readNpy(path);
  const array = ndarray(data, [...shape], [...stride], offset);
  const list: number[] = [];
  const visit = (place: number[]): void => {
    if (place.length === shape.length) list.push(array.get(...place));
    else for (let i = 0; i < shape[place.length]; i++) visit([...place, i]);
  };
  visit([]);
  return list;
}

async function failure(path: string): Promise<NnpackError> {
  const error = await readNpy(path).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(NnpackError);
  return error as NnpackError;
}

describe('readNpy', () => {
  const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

  it.each([
    ['<f4', '0000c03f 000000c0', [1.5, -2]],
    ['>f4', '3fc00000 c0000000', [1.5, -2]],
    ['<f8', '000000000000f83f 9a9999999999b93f', [1.5, Math.fround(0.1)]],
    ['>f8', '3ff8000000000000 7ff0000000000000', [1.5, Infinity]],
    ['<f2', '003e 00fc', [1.5, -Infinity]],
    ['>f2', '3e00 7e00', [1.5, NaN]],
    ['|i1', 'ff 7f', [-1, 127]],
    ['|u1', 'ff 7f', [255, 127]],
    ['<i2', 'feff 0100', [-2, 1]],
    ['>u2', 'fffe 0001', [65534, 1]],
    ['<i4', 'feffffff 01000000', [-2, 1]],
    ['>u4', '00000100 80000000', [256, 2 ** 31]],
    ['<i8', 'feffffffffffffff 0000000001000000', [-2, 2 ** 32]],
    ['>u8', '0000000000000100 8000000000000000', [256, 2 ** 63]],
    ['|b1', '01 00', [1, 0]],
  ])('reads elements of %s', async (descr, elements, expected) => {
    expect(await values(file(headerOf(descr, '(2,)'), hex(elements)))).toEqual(expected);
  });

  it.each([
    ["{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }          \n", 1],
    ["{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }\n", 2],
    ["{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)}", 3],
    ['{"shape": (2L, 3L), "fortran_order": False, "descr": "|u1"}\n', 1],
    ["{ 'shape':(2,3,) , 'descr':'|u1','fortran_order':False }\n", 1],
  ])('reads the header %j of version %i', async (header, major) => {
    const path = file(header, Buffer.of(1, 2, 3, 4, 5, 6), major);
    expect((await readNpy(path)).shape).toEqual([2, 3]);
    expect(await values(path)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('reads the order of Fortran as a view', async () => {
    const path = file(headerOf('|u1', '(2, 3)', 'True'), Buffer.of(1, 4, 2, 5, 3, 6));
    expect(await values(path)).toEqual([1, 2, 3, 4, 5, 6]);
    const cube = file(headerOf('|u1', '(2, 1, 3)', 'True'), Buffer.of(1, 4, 2, 5, 3, 6));
    expect(await values(cube)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('reads a scalar and an array without elements', async () => {
    expect(await values(file(headerOf('|u1', '()'), Buffer.of(7)))).toEqual([7]);
    expect((await readNpy(file(headerOf('<f4', '(0, 3)'), Buffer.alloc(0)))).shape).toEqual([0, 3]);
  });

  const good = headerOf('|u1', '(4,)');
  it.each([
    ['no such file', () => writeFileSync(join(folder, 'a.npy'), 'PK\x03\x04 and more'), 'expected a .npy file'],
    ['an empty file', () => writeFileSync(join(folder, 'a.npy'), ''), 'expected a .npy file'],
    ['six bytes', () => writeFileSync(join(folder, 'a.npy'), '\x93NUMPY', 'latin1'), 'ends before its header'],
    ['version 4', () => file(good, Buffer.alloc(4), 4), 'has version 4.0, expected 1.0, 2.0 or 3.0'],
    ['version 1.1', () => file(good, Buffer.alloc(4), 1, 1), 'has version 1.1'],
    ['a header longer than the file', () => file(good, Buffer.alloc(4), 2, 0, 2 ** 32 - 1), 'ends before its header'],
    ['a long header', () => file(good.padEnd(20_000), Buffer.alloc(4)), 'has a header of 20000 bytes'],
    ['too few bytes', () => file(good, Buffer.alloc(3)), 'bytes, expected 72 for shape [4] of u1'],
    ['too many bytes', () => file(good, Buffer.alloc(5)), 'has 73 bytes, expected 72'],
    ['no dict', () => file('hello\n', Buffer.alloc(4)), "has the header 'hello', expected descr"],
    ['a part missing', () => file("{'descr': '|u1', 'shape': (4,), }\n", Buffer.alloc(4)), 'expected descr, fortran'],
    ['a part more', () => file(good.replace('}', "'x': 'y', }"), Buffer.alloc(4)), 'expected descr, fortran_order'],
    ['text behind the dict', () => file(good.replace('}', '} x'), Buffer.alloc(4)), 'expected descr, fortran_order'],
    ['a negative size', () => file(headerOf('|u1', '(-4,)'), Buffer.alloc(4)), 'expected descr, fortran_order and'],
    ['many axes', () => file(headerOf('|u1', `(${'1, '.repeat(33)})`), Buffer.alloc(1)), 'has 33 axes, expected at'],
    ['what float32 cannot hold', () => file(headerOf('>f8', '(1,)'), hex('7e37e43c8800759c')), 'element 0 in the'],
  ])('refuses %s', async (_, write, text) => {
    write();
    const error = await failure(join(folder, 'a.npy'));
    expect(error.code).toBe('invalid-tensor');
    expect(error.message).toContain(text);
    expect(error.message).toMatch(/^array '.*a\.npy'/);
  });

  it.each(['<c8', '|O', '<U4', '|S3', '<M8[ns]', 'f4', '<f16', '<toString'])(
    'refuses elements of %s',
    async (descr) => {
      const error = await failure(file(headerOf(descr, '(1,)'), Buffer.alloc(8)));
      expect(error.code).toBe('invalid-tensor-type');
      expect(error.message).toContain(`has elements of '${descr}', expected real numbers: f2, f4`);
    },
  );

  it('refuses records', async () => {
    const header = "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }\n";
    expect((await failure(file(header, Buffer.alloc(4)))).message).toContain('has elements of records');
  });

  it('allocates nothing for what a header only claims', async () => {
    expect((await failure(file(headerOf('<f8', '(1073741824,)'), Buffer.alloc(8)))).code).toBe('invalid-tensor');
    const huge = await failure(file(headerOf('|u1', `(${'65536, '.repeat(8)})`), Buffer.alloc(8)));
    expect(huge.code).toBe('out-of-memory');
    expect(huge.message).toContain('expected at most 1073741824 elements');
  });

  it('refuses a folder, a name that is not there, and what has no size', async () => {
    expect((await failure(folder)).message).toContain('could not be read: it is a folder, expected a regular file');
    expect((await failure(join(folder, 'none.npy'))).message).toMatch(/could not be read: ENOENT/);
    expect((await failure('/dev/null')).code).toBe('input-output');
  });

  it.skipIf(process.platform === 'win32')('refuses a pipe or a device, and waits for neither', async () => {
    const pipe = join(folder, 'pipe.npy');
    execFileSync('mkfifo', [pipe]);
    for (const [path, kind] of [
      [pipe, 'a pipe'],
      ['/dev/zero', 'a device'],
    ]) {
      const { code, message } = await failure(path);
      expect([code, message]).toEqual([
        'input-output',
        `array '${path}' could not be read: it is ${kind}, expected a regular file`,
      ]);
    }
  });
});

describe('writeNpy', () => {
  it('writes what NumPy writes', () => {
    const bytes = Buffer.from(encodeNpy(ndarray(Float32Array.of(1.5, -2), [2])));
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
    expect(bytes.toString('latin1', 0, 128)).toBe(`\x93NUMPY\x01\x00\x76\x00${header.padEnd(117)}\n`);
    expect(bytes.subarray(128).toString('hex')).toBe('0000c03f000000c0');
  });

  it('is read back as it was, whatever its strides', async () => {
    const path = join(folder, 'b.npy');
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });
    const property = fc.asyncProperty(shapes, fc.infiniteStream(fc.float()), async (shape, numbers) => {
      const data = Float32Array.from(numbers.take(sizeOf(shape)));
      const axes = shape.map((_, axis) => shape.length - 1 - axis);
      await writeNpy(path, ndarray(data, shape).transpose(...axes));
      const read = await readNpy(path);
      expect(read.shape).toEqual([...shape].reverse());
      const back = ndarray(read.data, [...read.shape]).transpose(...axes);
      await writeNpy(path, back);
      expect((await readNpy(path)).data).toEqual(data);
    });
    await fc.assert(property, { numRuns: 50 });
  });

  it('leaves what is there where it cannot write', async () => {
    const path = join(folder, 'no', 'c.npy');
    await expect(writeNpy(path, ndarray(new Float32Array(1), [1]))).rejects.toThrow(/c\.npy' cannot be written/);
  });
});
