/** One way in: the same small network in every format, from disk and from bytes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ndarray from 'ndarray';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Context, createContext } from '../../src/context/context.ts';
import { NnpackError } from '../../src/errors.ts';
import { type Model, openModel, parseModel } from '../../src/models/index.ts';
import { type Files, graphModel, layersModel, longModel, mxnetModel, onnxModel, typesModel } from './small-models.ts';

let folder: string;
let context: Context;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nnpack-models-'));
  context = await createContext({ threads: 1, memoryLimit: 2 ** 26 });
});
afterAll(() => {
  expect(context.describe().usedBytes).toBe(0);
  context.dispose();
  rmSync(folder, { recursive: true });
});

function save(name: string, { main, files }: Files): string {
  const place = mkdtempSync(join(folder, name));
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(place, file), bytes);
  return join(place, main);
}

/** Opened from disk, and parsed from bytes. */
const WAYS: readonly (readonly [string, (files: Files) => Promise<Model>])[] = [
  ['openModel', (files) => openModel(save('m', files), { context })],
  ['parseModel', (files) => parseModel(files.files, { context })],
];

async function failure(work: () => Promise<unknown>): Promise<NnpackError> {
  const error = await work().then(
    () => expect.unreachable('expected an error'),
    (reason: unknown) => reason,
  );
  expect(error, String(error)).toBeInstanceOf(NnpackError);
  return error as NnpackError;
}

const picture = ndarray(Float32Array.of(10, 20, 30), [1, 3, 1, 1]);

describe.each(WAYS)('%s', (_, read) => {
  it('reads ONNX', async () => {
    const model = await read(onnxModel());
    expect(model.format).toBe('onnx');
    expect([...model.inputs]).toEqual([['x', { dtype: 'float32', shape: ['N', 3, 'H', 'W'] }]]);
    expect([...model.outputs]).toEqual([['y', { dtype: 'float32', shape: ['N', 2, 'H', 'W'] }]]);
    expect(model.metadata.get('producer_name')).toBe('test');
    const { y } = await model.run({ x: picture });
    expect([y.shape, [...y.data]]).toEqual([
      [1, 2, 1, 1],
      [141, 0],
    ]);
    model.dispose();
  });

  it('reads MXNet: the newest parameters, no label, and shapes from the run', async () => {
    const model = await read(mxnetModel());
    expect(model.format).toBe('mxnet');
    expect([...model.inputs]).toEqual([['data', { dtype: 'float32', shape: ['data.0', 3, 'data.2', 'data.3'] }]]);
    expect([...model.outputs.keys()]).toEqual(['softmax_output']);
    const { softmax_output: y } = await model.run({ data: picture });
    expect(y.shape).toEqual([1, 2]);
    expect(Number(y.data[0])).toBeCloseTo(1 / (1 + Math.exp(-14.1)), 6);
    const two = ndarray(Float32Array.of(10, 20, 30, 1, 1, 1), [2, 3, 1, 1]);
    expect((await model.run({ data: two })).softmax_output.shape).toEqual([2, 2]);
    model.dispose();
  });

  it.each([
    ['tfjs-layers-model', layersModel],
    ['tfjs-graph-model', graphModel],
  ] as const)('reads a %s: pictures are N H W C', async (format, write) => {
    const model = await read(write());
    expect(model.format).toBe(format);
    const [[name, { dtype, shape }]] = model.inputs;
    expect([name, dtype, shape?.length, shape?.[3]]).toEqual(['x', 'float32', 4, 3]);
    const pixels = ndarray(Float32Array.of(10, 20, 30, 0, 0, 0), [1, 1, 2, 3]);
    const { y } = await model.run({ x: pixels });
    expect([y.shape, [...y.data]]).toEqual([
      [1, 1, 2, 2],
      [141, 0, 1, 0],
    ]);
    model.dispose();
  });
});

describe('a model', () => {
  it('takes and gives arrays of its own types, several of each', async () => {
    const model = await parseModel({ 'm.onnx': typesModel() }, { context });
    expect([...model.outputs.values()].map(({ dtype }) => dtype)).toEqual(['int64', 'bool', 'float16']);
    const big = 2n ** 40n;
    const a = ndarray(BigInt64Array.of(1n, big, -5n), [3]);
    const b = ndarray(BigInt64Array.of(2n, 1n, -5n), [3]);
    const half = ndarray(Float32Array.of(0.1, 3), [2]);
    const { s, m, h } = await model.run({ a, b, half });
    expect(s.data).toEqual(BigInt64Array.of(3n, big + 1n, -10n));
    expect(m.data).toEqual(Uint8Array.of(0, 1, 0));
    // 0.1 as half precision has it
    expect(h.data).toEqual(Float32Array.of(2 * 0.0999755859375, 6));
    model.dispose();
  });

  it('writes into arrays that it is given, all of them or none', async () => {
    const model = await parseModel({ 'm.onnx': typesModel() }, { context });
    const inputs = {
      a: ndarray(BigInt64Array.of(1n), [1]),
      b: ndarray(BigInt64Array.of(2n), [1]),
      half: ndarray(Float32Array.of(1, 3), [2]),
    };
    const s = ndarray(BigInt64Array.of(77n), [1]);
    const strided = ndarray(new Float32Array(4).fill(-1), [2], [2], 1);
    const results = await model.run(inputs, { output: { s, h: strided } });
    expect(results.s).toBe(s);
    expect(results.h).toBe(strided);
    expect([s.data[0], [...strided.data]]).toEqual([3n, [-1, 2, -1, 6]]);
    s.data[0] = 77n;
    const wrong = ndarray(new Float32Array(3), [3]);
    const error = await failure(() => model.run(inputs, { output: { s, h: wrong } }));
    expect([error.code, s.data[0]]).toEqual(['invalid-output', 77n]);
    expect(error.message).toContain("output 'h'");
    expect((await failure(() => model.run(inputs, { output: { s: wrong } }))).code).toMatch(/^invalid/);
    expect((await failure(() => model.run(inputs, { output: { q: wrong } }))).message).toContain("'q'");
    model.dispose();
  });

  it('lets runs overlap: they take turns, and the first reads its inputs at once', async () => {
    const model = await parseModel({ 'm.onnx': longModel(40) }, { context });
    const x = ndarray(Float32Array.of(1, 2, 3), [1, 3, 1, 1]);
    const order: number[] = [];
    const first = model.run({ x }).then((result) => {
      order.push(1);
      return result;
    });
    x.data[0] = 50;
    const second = model.run({ x }).then((result) => {
      order.push(2);
      return result;
    });
    // The second waits, and reads when it begins.
    x.data[1] = 60;
    const wide = model.run({ x: ndarray(Float32Array.of(1, 2, 3, 4, 5, 6), [1, 3, 1, 2]) });
    expect([...(await first).y.data]).toEqual([1, 2, 3]);
    expect([...(await second).y.data]).toEqual([50, 60, 3]);
    expect((await wide).y.shape).toEqual([1, 3, 1, 2]);
    expect(order).toEqual([1, 2]);
    model.dispose();
  });

  it('stops at a signal, before and while it runs, and runs again', async () => {
    const model = await parseModel({ 'm.onnx': longModel(40) }, { context });
    const x = picture;
    await expect(model.run({ x }, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
    const stop = new AbortController();
    const stopped = model.run({ x }, { signal: stop.signal });
    const waiting = new AbortController();
    const given = model.run({ x }, { signal: waiting.signal });
    const last = model.run({ x });
    waiting.abort('waits');
    await expect(given).rejects.toBe('waits');
    stop.abort('runs');
    await expect(stopped).rejects.toBe('runs');
    expect([...(await last).y.data]).toEqual([10, 20, 30]);
    model.dispose();
  });

  it('goes on after a run that fails', async () => {
    const model = await parseModel({ 'm.onnx': longModel(3) }, { context });
    const x = picture;
    const wrong = model.run({ x: ndarray(new Float32Array(3), [3]) });
    const right = model.run({ x });
    await expect(wrong).rejects.toThrow(/^model 'm\.onnx': input 'x' has rank 1/);
    expect((await right).y.shape).toEqual([1, 3, 1, 1]);
    await expect(model.run({})).rejects.toThrow(/^model 'm\.onnx': input 'x' is missing/);
    await expect(model.run({ x, z: x })).rejects.toThrow(/'z'/);
    model.dispose();
  });

  it('gives its memory back, and refuses to while it runs', async () => {
    const model = await parseModel({ 'm.onnx': longModel(3) }, { context });
    const before = context.describe().usedBytes;
    const run = model.run({ x: picture });
    expect(() => model.dispose()).toThrow(/a run of this model is still at work/);
    await run;
    expect(context.describe().usedBytes).toBeGreaterThan(before);
    model.dispose();
    model.dispose();
    expect(context.describe().usedBytes).toBe(before);
    await expect(model.run({ x: picture })).rejects.toThrow(/has been disposed of/);
    expect(() => model.explain()).toThrow(/has been disposed of/);
  });

  it.each([
    ['onnx', onnxModel, [1, 3, 1100, 1200]],
    ['tfjs-layers-model', layersModel, [1, 1100, 1200, 3]],
    ['tfjs-graph-model', graphModel, [1, 1100, 1200, 3]],
  ] as const)('runs in slices where a picture is too large for the context: %s', async (_, write, shape) => {
    const little = await createContext({ threads: 1, memoryLimit: 2 ** 24 });
    const model = await parseModel(write().files, { context: little });
    // What smaller ones hold is no hindrance.
    const small = shape.map((size) => (size > 3 ? 500 : size));
    await model.run({ x: ndarray(new Float32Array(3 * 500 ** 2), small) });
    expect(model.parts).toBe(1);
    const isPlanes = shape[1] === 3;
    const channel = (i: number) => (isPlanes ? Math.floor(i / (1100 * 1200)) : i % 3);
    const pixels = Float32Array.from({ length: 3 * 1100 * 1200 }, (_, i) => 10 * (channel(i) + 1));
    const { y } = await model.run({ x: ndarray(pixels, [...shape]) });
    expect(model.parts).toBeGreaterThan(1);
    expect(y.shape).toEqual(shape.map((size) => (size === 3 ? 2 : size)));
    const isRight = (value: number, i: number) => value === ((isPlanes ? i < 1100 * 1200 : i % 2 === 0) ? 141 : 0);
    expect((y.data as Float32Array).every(isRight)).toBe(true);
    model.dispose();
    little.dispose();
  });

  it('keeps what it made for other sizes only while there is memory for it', async () => {
    const model = await parseModel(mxnetModel().files, { context });
    for (const size of [1300, 1400, 1500, 1300]) {
      const data = ndarray(new Float32Array(3 * size ** 2), [1, 3, size, size]);
      const { softmax_output: y } = await model.run({ data });
      expect([y.shape, model.parts]).toEqual([[1, 2 * size ** 2], 1]);
    }
    model.dispose();
  });

  it('explains itself for shapes that are told, and as it ran last', async () => {
    const model = await parseModel(onnxModel().files, { context, algorithm: 'implicit-gemm' });
    expect(() => model.explain()).toThrow(/input 'x' expected its sizes/);
    const told = model.explain({ x: [2, 3, 4, 5] });
    expect(told.multiplyAdds).toBe(2 * 4 * 5 * 2 * 3);
    expect(told.nodes.map(({ op, algorithm, why }) => [op, algorithm, why])).toEqual([
      ['convolution', 'implicit-gemm', 'asked for by name'],
    ]);
    expect(String(told)).toContain('model model.onnx');
    await model.run({ x: picture });
    expect(model.explain().multiplyAdds).toBe(6);
    expect(model.report()).toHaveLength(1);
    model.dispose();
  });
});

describe('what cannot be read', () => {
  const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

  it.each([
    ['', 'invalid-model', /is empty/],
    ['\x89HDF\r\n', 'unsupported-layer', /is a HDF5 file of Keras/],
    ['PK\x03\x04', 'unsupported-layer', /is an archive/],
    ['\x1c\0\0\0TFL3', 'unsupported-layer', /TensorFlow Lite/],
    ['{', 'invalid-model', /expected JSON/],
    ['{"a": 1}', 'invalid-model', /modelTopology/],
    ['\x12\x01\0\0\0\0\0\0', 'invalid-argument', /parameters of MXNet alone/],
    ['abcdefgh', 'invalid-model', /./],
  ] as const)('%j is refused with the name of its file', async (text, code, message) => {
    const path = save('bad', { main: 'some.model', files: { 'some.model': bytes(text) } });
    for (const error of [
      await failure(() => openModel(path)),
      await failure(() => parseModel({ 'some.model': bytes(text) })),
    ]) {
      expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
      expect(error.message).toMatch(/^model '[^']*'/);
    }
  });

  it('names files that are not there', async () => {
    expect((await failure(() => openModel(join(folder, 'none.onnx')))).message).toMatch(/^model '.*' could not/);
    expect((await failure(() => openModel(folder))).code).toBe('input-output');
    const { 'model.onnx': alone } = onnxModel().files;
    const error = await failure(() => parseModel({ 'model.onnx': alone }));
    expect([error.code, error.message]).toEqual(['input-output', expect.stringContaining("'w.bin'")]);
    const { 'net-symbol.json': symbol } = mxnetModel().files;
    expect((await failure(() => parseModel({ 'net-symbol.json': symbol }))).message).toMatch(/ends in \.params/);
  });

  it('wants one model, and parameters where these can be', async () => {
    const { files } = onnxModel();
    expect((await failure(() => parseModel({}))).code).toBe('invalid-argument');
    expect((await failure(() => parseModel({ ...files, 'b.onnx': files['model.onnx'] }))).message).toMatch(
      /got 'model\.onnx', 'b/,
    );
    expect((await failure(() => openModel(save('p', onnxModel()), { params: 'x' }))).message).toMatch(
      /no model of MXNet/,
    );
    expect((await failure(() => parseModel(mxnetModel().files, { params: 'x' }))).message).toMatch(/'x' is not among/);
    const model = await parseModel(mxnetModel().files, { params: 'net-0001.params', context });
    const { softmax_output: y } = await model.run({ data: ndarray(Float32Array.of(1, 0, 0), [1, 3, 1, 1]) });
    expect(Number(y.data[0])).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
    model.dispose();
  });

  it('refuses options that are none', async () => {
    const { files } = onnxModel();
    expect((await failure(() => parseModel(files, { eligibility: 'none' as 'all' }))).code).toBe('invalid-argument');
    expect((await failure(() => parseModel(files, { params: 7 as never }))).code).toBe('invalid-argument');
    expect((await failure(() => openModel(7 as never))).code).toBe('invalid-argument');
    expect((await failure(() => parseModel({ 'a.onnx': 'text' as never }))).message).toMatch(/'a\.onnx' is 'text'/);
  });
});
