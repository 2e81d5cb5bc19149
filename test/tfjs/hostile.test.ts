/** Layers models that are made to cost much, to overflow, or to be taken for others. */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { readLayersModel } from '../../src/tfjs/index.ts';
import { rejection } from '../support/failure.ts';
import { runs } from '../support/runs.ts';
import { graphFile, placeholder, read } from './graph-def.ts';
import { functional3, inputLayer, model3, operation, tensor } from './keras3.ts';
import { functionalModel, layer, reading, readModelGraph, readNetwork } from './models.ts';

describe('weights that are asked of a caller', () => {
  const dense = (name: string, units = 1) =>
    layer('Dense', { name, units, use_bias: false, batch_input_shape: [null, 3] });
  const topology = { class_name: 'Sequential', config: { layers: [dense('d')] } };
  const model = (...weightsManifest: unknown[]) => ({ modelTopology: topology, weightsManifest });
  const kernel = { name: 'd/kernel', shape: [3, 1], dtype: 'float32' };

  it('are asked for once, and no further once there are too many bytes', async () => {
    const asked: string[] = [];
    const shard = async (path: string) => {
      asked.push(path);
      return new Uint8Array(5);
    };
    const paths = ['a', 'b', 'c', 'd', 'e'];
    const error = await rejection(readLayersModel(model({ paths, weights: [kernel] }), shard));
    expect(error.message).toBe('weightsManifest[0]: its files hold 15 bytes, expected 12 (what its weights take)');
    expect(error.code).toBe('invalid-model');
    expect(asked).toEqual(['a', 'b', 'c']);
  });

  it('are not asked for where the manifest makes no sense', async () => {
    const never = () => expect.unreachable('asked for a weights file');
    const good = { paths: ['a'], weights: [kernel] };
    const sized = (...shape: unknown[]) => ({ paths: ['a'], weights: [{ ...kernel, shape }] });
    const cases: [manifest: unknown[], text: string][] = [
      [[{ ...good, paths: ['a', 'b', 'a'] }], "weightsManifest[0]: lists 'a' again, expected each file once"],
      [[good, { paths: ['a'], weights: [] }], "weightsManifest[1]: lists 'a' again, expected each file once"],
      [[good, { paths: ['b'], weights: [kernel] }], "weight 'd/kernel': a second weight named 'd/kernel'"],
      [[sized(2 ** 30, 2)], `weight 'd/kernel': shape expected at most ${2 ** 30} elements, got [${2 ** 30}, 2]`],
      [
        [sized(1e9, 1e9)],
        `weight 'd/kernel': shape expected at most ${2 ** 30} elements, got [1000000000, 1000000000]`,
      ],
      [
        [sized(...new Array(40).fill(1e9), 0)],
        `weight 'd/kernel': shape expected at most ${2 ** 30} elements, got [${new Array(6).fill(1e9).join(', ')}, …]`,
      ],
      [[sized(2 ** 53)], `weight 'd/kernel': shape expected whole numbers, got [${2 ** 53}]`],
      [[good, null], 'weightsManifest[1]: expected an object, got null'],
    ];
    for (const [manifest, text] of cases) {
      const error = await rejection(readLayersModel(model(...manifest), never));
      expect([error.message, error.code]).toEqual([text, 'invalid-model']);
    }
  });

  it('may be of another realm, at any place in a buffer', async () => {
    const bytes = [...new Uint8Array(Float32Array.of(1, 2, 3).buffer)];
    const foreign = runInNewContext('new Uint8Array([9, ...bytes, 9]).subarray(1, 13)', { bytes });
    expect(foreign).not.toBeInstanceOf(Uint8Array);
    const parts: Record<string, Uint8Array> = { whole: foreign, a: foreign.subarray(0, 5), b: foreign.subarray(5) };
    for (const paths of [['whole'], ['a', 'b']]) {
      const [node] = (await readLayersModel(model({ paths, weights: [kernel] }), (path) => parts[path])).nodes;
      expect(node).toMatchObject({ kernel: { data: Float32Array.of(1, 2, 3) } });
    }
  });

  it.each([
    ['an error', new Error('no such host'), 'no such host'],
    ['a text', 'gone', 'gone'],
    ['nothing', undefined, 'undefined'],
    ['a symbol', Symbol('x'), 'Symbol(x)'],
    ['what has no text', Object.create(null), 'something without a text was thrown'],
    ['an abort', new DOMException('This operation was aborted', 'AbortError'), 'This operation was aborted'],
  ])('may fail with %s', async (_, reason, text) => {
    const manifest = { paths: ['__proto__'], weights: [kernel] };
    const fail = () => {
      throw reason;
    };
    for (const readShard of [fail, async () => fail()]) {
      const error = await rejection(readLayersModel(model(manifest), readShard));
      expect(error.message).toBe(`weights file '__proto__' could not be read: ${text}`);
      expect(error.code).toBe('input-output');
      expect(error.cause).toBe(reason);
    }
  });

  it('are asked of a function', async () => {
    for (const readShard of [undefined, null, 'a.bin', {}] as unknown[]) {
      const error = await rejection(readLayersModel(model(), readShard as () => Uint8Array));
      expect(error.code).toBe('invalid-argument');
    }
    const others: unknown[] = [undefined, new ArrayBuffer(12), new Uint8ClampedArray(12), new Float32Array(3), 'abc'];
    for (const bytes of others) {
      const readShard = () => bytes as Uint8Array;
      const error = await rejection(readLayersModel(model({ paths: ['a'], weights: [kernel] }), readShard));
      expect(error.message).toMatch(/^weights file 'a': expected a Uint8Array, got /);
    }
  });
});

describe('depth of JSON', () => {
  const input = layer('InputLayer', { name: 'in', batch_input_shape: [null, 3] });
  const relu = layer('ReLU', { name: 'r' });

  it('overflows nothing, parsed or not, wherever it is', async () => {
    const depth = runs(8000);
    const deep = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const parsed = JSON.parse(deep);
    const circle: unknown[] = [];
    circle.push(circle, { circle });
    const model = (nested: unknown, at: string) => {
      const chain = [input, reading(['in'], layer('ReLU', { name: 'r', max_value: at === 'config' ? nested : 6 }))];
      const { json } = functionalModel(chain, {});
      return at === 'config' ? json : { ...json, [at]: nested };
    };
    for (const at of ['format', 'modelTopology', 'weightsManifest', 'config']) {
      const text = JSON.stringify(model('DEEP', at)).replace('"DEEP"', deep);
      for (const given of [text, model(parsed, at), model(circle, at)]) {
        expect((await rejection(readLayersModel(given, () => new Uint8Array(0)))).code).toBe('invalid-model');
      }
    }
    // where nothing reads it, it is nobody's fault
    const { json } = functionalModel([input, reading(['in'], relu)], {});
    for (const userDefinedMetadata of [parsed, circle]) {
      const model = { ...json, userDefinedMetadata };
      expect((await readLayersModel(model, () => new Uint8Array(0))).nodes).toHaveLength(1);
    }
  });
});

describe('a value that has no text', () => {
  const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
  it.each([
    ['an object whose text is another field', { toString: 1, valueOf: 1 }],
    ['an array beyond all calls', deep],
    ['a symbol', Symbol('x')],
  ])('is shown or passed over: %s', async (_, value) => {
    const { json, shards } = functionalModel(
      [
        layer('InputLayer', { name: 'in', batch_input_shape: [null, 3] }),
        reading(['in'], layer('ReLU', { name: 'r' })),
      ],
      {},
    );
    const versioned = { ...json, modelTopology: { ...(json.modelTopology as object), keras_version: value } };
    expect((await readNetwork({ json: versioned, shards })).outputs).toEqual(['r']);
    const resize = operation('Resize', 'y', { size: [2, 2], interpolation: value }, tensor('x'));
    const resized = model3(functional3('m', [inputLayer('x', 4, 4, 1), resize], ['x', 0, 0], ['y', 0, 0]), {});
    expect((await rejection(readModelGraph(resized))).message).toMatch(/^layer 'y' \(Resize\): the interpolation /);
    const leaky = { name: 'y', op: 'LeakyRelu', input: ['x'], attr: { alpha: { f: value } } };
    const graph = graphFile([placeholder('x', [1]), leaky], {}, { y: 'y' });
    expect((await rejection(read(graph))).message).toMatch(
      /^node 'y' \(LeakyRelu\): attr: alpha expected a number, got /,
    );
  });
});

describe('what no file holds', () => {
  it('is an NnpackError', async () => {
    const thrower = {
      get modelTopology() {
        throw new Error('a getter');
      },
    };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const proxy = new Proxy({}, { ownKeys: () => null as never });
    const values = [undefined, null, 0, NaN, 1n, Symbol('x'), () => 0, [], new Map(), thrower, revoked.proxy, proxy];
    for (const value of values) {
      expect((await rejection(readLayersModel(value, () => new Uint8Array(0)))).code).toBe('invalid-model');
      const inside = { modelTopology: value, weightsManifest: value };
      expect((await rejection(readLayersModel(inside, () => new Uint8Array(0)))).code).toBe('invalid-model');
    }
    expect((await rejection(readLayersModel(thrower, () => new Uint8Array(0)))).message).toBe(
      'model: cannot be read: a getter',
    );
  });
});
