/** Sessions through ONNX Runtime's interface: how they are made, what they take and give, and how they end. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tensor as CommonTensor } from 'onnxruntime-common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createContext } from '../../src/context/context.ts';
import { NnpackError } from '../../src/errors.ts';
import ort, { InferenceSession, listSupportedBackends, Tensor } from '../../src/onnxruntime/index.ts';
import { longModel, onnxModel } from '../models/small-models.ts';
import { smallNetwork } from '../onnx/draw.ts';
import { writeModel } from '../onnx/write.ts';
import { classifier, everyType, product } from './models.ts';

const ONE = { intraOpNumThreads: 1 } as const;
const A = Float32Array.from({ length: 12 }, (_, i) => i + 1);
const B = Float32Array.from({ length: 12 }, (_, i) => 10 * (i + 1));
/** Of a and b, by hand. */
const C = [700, 800, 900, 1580, 1840, 2100, 2460, 2880, 3300];
const feeds = () => ({ a: new Tensor('float32', A, [3, 4]), b: new Tensor(B, [4, 3]) });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nnpack-session-'));
  writeFileSync(join(folder, 'product.onnx'), product());
  for (const [name, bytes] of Object.entries(onnxModel().files)) writeFileSync(join(folder, name), bytes);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function failure(work: () => unknown): Promise<NnpackError> {
  try {
    await work();
  } catch (error) {
    expect(error, String(error)).toBeInstanceOf(NnpackError);
    return error as NnpackError;
  }
  return expect.unreachable('expected an error');
}

/** Does the work with a session of a model, and releases it. */
async function using<T>(model: Uint8Array, work: (session: InferenceSession) => Promise<T>, options = {}): Promise<T> {
  const session = await InferenceSession.create(model, { ...ONE, ...options });
  try {
    return await work(session);
  } finally {
    await session.release();
  }
}

describe('InferenceSession.create', () => {
  it('takes a path, bytes, buffers and parts of buffers, each with options or without', async () => {
    const bytes = product();
    const padded = new Uint8Array(bytes.length + 11);
    padded.set(bytes, 7);
    const shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    const made = await Promise.all([
      InferenceSession.create(join(folder, 'product.onnx'), ONE),
      InferenceSession.create(bytes, ONE),
      InferenceSession.create(Buffer.from(bytes), ONE),
      InferenceSession.create(bytes.slice().buffer, ONE),
      InferenceSession.create(shared, ONE),
      InferenceSession.create(padded.buffer, 7, bytes.length, ONE),
      InferenceSession.create(padded.buffer.slice(0, bytes.length + 7), 7, undefined, ONE),
    ]);
    for (const session of made) {
      expect((await session.run(feeds())).c.data).toEqual(Float32Array.from(C));
      await session.release();
    }
  });

  it('copies the bytes, which may be written over afterwards', async () => {
    const bytes = classifier();
    const x = new Tensor(new Float32Array(48).fill(0.5), [1, 3, 4, 4]);
    const expected = await using(classifier(), (session) => session.run({ image: x }));
    const session = await InferenceSession.create(bytes, ONE);
    bytes.fill(255);
    expect((await session.run({ image: x })).scores.data).toEqual(expected.scores.data);
    await session.release();
  });

  it('reads the files of numbers beside a model on disk, and those that are given with bytes', async () => {
    const x = new Tensor(Float32Array.of(10, 20, 30), [1, 3, 1, 1]);
    const { 'model.onnx': main, 'w.bin': weights } = onnxModel().files;
    const beside = await InferenceSession.create(join(folder, 'model.onnx'), ONE);
    const given = [
      [{ path: './w.bin', data: weights }],
      [{ path: 'w.bin', data: weights.slice().buffer }],
      [{ path: 'w.bin', data: new Blob([Uint8Array.from(weights)]) }],
      [{ path: 'w.bin', data: join(folder, 'w.bin') }],
    ];
    for (const externalData of given) {
      await using(main, async (session) => expect([...(await session.run({ x })).y.data]).toEqual([141, 0]), {
        externalData,
      });
    }
    expect([...(await beside.run({ x })).y.data]).toEqual([141, 0]);
    await beside.release();
    const error = await failure(() => InferenceSession.create(main, ONE));
    expect([error.code, error.message]).toEqual(['input-output', expect.stringContaining("'w.bin' is not among")]);
  });

  it('fetches a URL', async () => {
    const url = `data:application/octet-stream;base64,${Buffer.from(product()).toString('base64')}`;
    const session = await InferenceSession.create(url, ONE);
    expect([...(await session.run(feeds())).c.data]).toEqual(C);
    await session.release();
    const error = await failure(() => InferenceSession.create('http://127.0.0.1:1/m.onnx', ONE));
    expect([error.code, error.message]).toEqual(['input-output', expect.stringMatching(/could not be fetched/)]);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['nothing', () => InferenceSession.create(undefined as never), /model is undefined, expected a path/],
    ['a number', () => InferenceSession.create(7 as never), /model is 7/],
    ['a file that is not there', () => InferenceSession.create('none.onnx'), /model 'none.onnx' could not be read/],
    ['what is no model', () => InferenceSession.create(new Uint8Array(9).fill(200)), /model '\(bytes\)'/],
    ['no bytes', () => InferenceSession.create(new ArrayBuffer(0)), /is empty/],
    ['a place outside', () => InferenceSession.create(new ArrayBuffer(8), 9), /byteOffset is 9, expected .* 0 to 8/],
    [
      'a length outside',
      () => InferenceSession.create(new ArrayBuffer(8), 4, 5),
      /byteLength is 5, expected .* 0 to 4/,
    ],
    ['a part of bytes', () => InferenceSession.create(new Uint8Array(8) as never, 4), /expected an ArrayBuffer/],
    ['JSON', () => InferenceSession.create(new TextEncoder().encode('{"a":1}')), /modelTopology/],
    ['bfloat16', () => InferenceSession.create(halfBrain()), /input 'x' is of type bfloat16, expected one that/],
  ])('refuses %s', async (_, work, message) => {
    expect((await failure(work)).message).toMatch(message);
  });
});

function halfBrain(): Uint8Array {
  const small = smallNetwork();
  const [x] = small.graph.inputs;
  const type = { kind: 'tensor', elements: { name: 'BFLOAT16', dtype: 'bfloat16' }, shape: [1] } as const;
  const graph = { ...small.graph, nodes: [], initializers: [], inputs: [{ ...x, type }] };
  return writeModel({ ...small, graph: { ...graph, outputs: [{ ...x, type }] } });
}

describe('a session', () => {
  it('tells names, types and shapes as the file has them', async () => {
    await using(classifier(), async (session) => {
      expect(session.inputNames).toEqual(['image']);
      expect(session.outputNames).toEqual(['scores', 'best']);
      expect(session.inputMetadata).toEqual([
        { name: 'image', isTensor: true, type: 'float32', shape: ['batch', 3, 'height', 'width'] },
      ]);
      expect(session.outputMetadata).toEqual([
        { name: 'scores', isTensor: true, type: 'float32', shape: ['batch', 4] },
        { name: 'best', isTensor: true, type: 'int64', shape: ['batch'] },
      ]);
    });
  });

  it('gives what is fetched: all, by list, by null, into a tensor', async () => {
    await using(product(), async (session) => {
      const given = new Tensor(new Float32Array(9).fill(Number.NaN), [3, 3]);
      const { data } = given;
      const options = { tag: 'a', logSeverityLevel: 0 } as const;
      for (const results of [
        await session.run(feeds()),
        await session.run(feeds(), options),
        await session.run(feeds(), ['c']),
        await session.run(feeds(), ['c'], options),
        await session.run(feeds(), { c: null }),
        await session.run(feeds(), { c: given }, options),
      ]) {
        expect(Object.keys(results)).toEqual(['c']);
        expect(results.c).toBeInstanceOf(CommonTensor);
        expect([results.c.type, results.c.dims, [...results.c.data]]).toEqual(['float32', [3, 3], C]);
      }
      expect([...data]).toEqual(C);
    });
    await using(classifier(), async (session) => {
      const image = new Tensor(new Float32Array(3), [1, 3, 1, 1]);
      expect(Object.keys(await session.run({ image }, ['best']))).toEqual(['best']);
      expect(Object.keys(await session.run({ image }, {}))).toEqual(['scores', 'best']);
    });
  });

  it('takes and gives every type that it can, half precision by its codes', async () => {
    const types = ['float32', 'float64', 'float16', 'int64', 'int32'] as const;
    await using(everyType(types), async (session) => {
      const given = new Tensor('float16', new Uint16Array(2).fill(0x7e00), [2]);
      const results = await session.run(
        {
          x_float32: new Tensor('float32', [0.5, -1], [2]),
          x_float64: new Tensor('float64', [0.1, 2 ** 40 + 0.5], [2]),
          x_float16: new Tensor('float16', Uint16Array.of(0x3c00, 0xb555), [2]),
          x_int64: new Tensor('int64', [2n ** 40n + 1n, -3n], [2]),
          x_int32: new Tensor('int32', [7, -8], [2]),
          x_bool: new Tensor('bool', Uint8Array.of(2, 0), [2]),
          x_uint8: new Tensor('uint8', [255, 0], [2]),
          x_int8: new Tensor('int8', [-128, 127], [2]),
        },
        { ...Object.fromEntries(session.outputNames.map((name) => [name, null])), y_float16: given },
      );
      const got = Object.fromEntries(Object.entries(results).map(([name, { type, data }]) => [name, [type, ...data]]));
      const codes = results.y_float16.data as unknown as Uint16Array;
      expect(new Uint16Array(codes.buffer, codes.byteOffset, 2)).toEqual(Uint16Array.of(0x4000, 0xb955));
      expect(results.y_float16).toBe(given);
      expect(got).toMatchObject({
        y_float32: ['float32', 1, -2],
        y_float64: ['float64', 0.2, 2 ** 41 + 1],
        y_int64: ['int64', 2n ** 41n + 2n, -6n],
        y_int32: ['int32', 14, -16],
        y_bool: ['bool', 0, 1],
        y_uint8: ['uint8', 255, 0],
        y_int8: ['int8', -128, 127],
      });
    });
  });

  it.each<[string, (session: InferenceSession) => Promise<unknown>, RegExp]>([
    ['no feeds', (s) => s.run(undefined as never), /feeds are undefined/],
    ['a missing input', (s) => s.run({ a: feeds().a }), /^model '\(bytes\)': input 'b' is missing in feeds/],
    ['an unknown input', (s) => s.run({ ...feeds(), bb: feeds().b }), /'bb'.* did you mean 'b'/],
    ['what is no tensor', (s) => s.run({ ...feeds(), a: A as never }), /input 'a' is an object of Float32Array/],
    [
      'another type',
      (s) => s.run({ ...feeds(), a: new Tensor('int32', new Int32Array(12), [3, 4]) }),
      /input 'a' is a tensor of 'int32', expected float32 \[3, 4\]/,
    ],
    ['another rank', (s) => s.run({ ...feeds(), a: new Tensor(A, [12]) }), /input 'a' has rank 1 .*expected 2/],
    ['another shape', (s) => s.run({ ...feeds(), a: new Tensor(A, [4, 3]) }), /input 'a' .*\[3, 4\].*\[4, 3\]/],
    ['strings', (s) => s.run({ ...feeds(), a: new Tensor(['x'], [1]) as never }), /a tensor of 'string'/],
    ['a disposed tensor', (s) => s.run({ ...feeds(), a: disposed() }), /at 'none', expected 'cpu' \(it was disposed/],
    ['no output', (s) => s.run(feeds(), []), /fetches are empty/],
    ['an unknown output', (s) => s.run(feeds(), ['d']), /fetches have 'd', which is no output, did you mean 'c'/],
    ['an unknown output of an object', (s) => s.run(feeds(), { d: null }), /fetches have 'd', which is no output/],
    ['both', (s) => s.run(feeds(), { c: null, tag: null } as never), /fetches have 'tag'/],
    [
      'a tensor of another shape',
      (s) => s.run(feeds(), { c: new Tensor(new Float32Array(9), [9]) }),
      /output.* rank 1/,
    ],
    [
      'a tensor of another type',
      (s) => s.run(feeds(), { c: new Tensor('int32', new Int32Array(9), [3, 3]) }),
      /output 'c' is a tensor of 'int32', expected float32 \[3, 3\]/,
    ],
    ['a tensor for fetches', (s) => s.run(feeds(), feeds().a as never), /the second argument is/],
    ['null for fetches', (s) => s.run(feeds(), null as never), /the second argument is null/],
    ['unknown options', (s) => s.run(feeds(), { terminat: true } as never), /'terminat', did you mean 'terminate'/],
    ['options after fetches', (s) => s.run(feeds(), ['c'], 3 as never), /options are 3/],
    ['to begin', (s) => s.run(feeds(), { terminate: true }), /the run was not begun, because terminate is true/],
  ])('refuses %s, writes nothing, and goes on', async (_, work, message) => {
    await using(product(), async (session) => {
      expect((await failure(() => work(session))).message).toMatch(message);
      expect([...(await session.run(feeds())).c.data]).toEqual(C);
    });
  });

  it('writes into none of the tensors where one does not fit', async () => {
    await using(classifier(), async (session) => {
      const image = new Tensor(new Float32Array(3), [1, 3, 1, 1]);
      const scores = new Tensor(new Float32Array(4).fill(-7), [1, 4]);
      const best = new Tensor('int64', new BigInt64Array(2), [2]);
      const error = await failure(() => session.run({ image }, { scores, best }));
      expect([error.code, [...scores.data]]).toEqual(['invalid-output', [-7, -7, -7, -7]]);
    });
  });

  it('lets runs overlap, of several sizes too, and release waits for them', async () => {
    const session = await InferenceSession.create(longModel(30), ONE);
    const run = (...values: number[]) =>
      session.run({ x: new Tensor(Float32Array.from(values), [1, 3, 1, values.length / 3]) });
    const all = [run(1, 2, 3), run(1, 2, 3, 4, 5, 6), run(7, 8, 9)];
    const released = session.release();
    const error = await failure(() => run(1, 2, 3));
    expect([error.code, error.message]).toEqual(['disposed', "model '(bytes)': the session has been released"]);
    const ended: string[] = [];
    await Promise.all([
      released.then(() => ended.push('released')),
      ...all.map((each) => each.then(() => ended.push('run'))),
    ]);
    expect(ended).toEqual(['run', 'run', 'run', 'released']);
    expect((await Promise.all(all)).map(({ y }) => [...y.data])).toEqual([
      [1, 2, 3],
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9],
    ]);
    await session.release();
    for (const work of [() => session.explain(), () => session.startProfiling(), () => session.endProfiling()]) {
      expect((await failure(work)).code).toBe('disposed');
    }
    expect(session.inputNames).toEqual(['x']);
  });

  it('explains itself', async () => {
    await using(classifier(), async (session) => {
      expect((await failure(() => session.explain())).message).toMatch(/expected its sizes/);
      const told = session.explain({ image: [1, 3, 32, 32] });
      expect(told.nodes[0]).toMatchObject({
        op: 'convolution',
        algorithm: expect.any(String),
        why: expect.any(String),
      });
      expect(String(told)).toContain('model (bytes)');
    });
  });

  it('stands under ort. as a default export, beside what onnxruntime-node tells of itself', () => {
    expect(ort.InferenceSession).toBe(InferenceSession);
    expect([ort.Tensor, ort.env.versions.common]).toEqual([CommonTensor, expect.any(String)]);
    expect(listSupportedBackends()).toEqual([{ name: 'cpu', bundled: true }]);
  });
});

function disposed(): Tensor {
  const tensor = feeds().a;
  tensor.dispose();
  return tensor;
}

describe('the contexts of sessions', () => {
  it('are shared by equal numbers of threads, and given back by the last', async () => {
    const context = await createContext({ threads: 1 });
    const session = await InferenceSession.create(classifier(), { executionProviders: [{ name: 'nnpack', context }] });
    await session.run({ image: new Tensor(new Float32Array(3), [1, 3, 1, 1]) });
    expect(context.describe().usedBytes).toBeGreaterThan(0);
    await session.release();
    expect([context.disposed, context.describe().usedBytes]).toEqual([false, 0]);
    context.dispose();
    const error = await failure(() =>
      InferenceSession.create(classifier(), { executionProviders: [{ name: 'nnpack', context }] }),
    );
    expect(error.code).toBe('disposed');
  });
});
