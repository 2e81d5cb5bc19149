/** `compare`: nodes against their definitions, by bounds that can fail. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { allowedError, distance, type Ran } from '../../src/cli/compare/bounds.ts';
import { compareNodes } from '../../src/cli/compare/nodes.ts';
import { createContext } from '../../src/context/context.ts';
import { parseSelection } from '../../src/dispatch/select.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import { GraphRunner } from '../../src/graph/graph-runner.ts';
import { operationOf } from '../../src/graph/ops/table.ts';
import { parseGraph } from '../../src/graph/parse-graph.ts';
import type { DoubleTensor, Dtype, Parameter } from '../../src/graph/values.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { type Files, layersModel, longModel, typesModel } from '../models/small-models.ts';
import { MAIN, resident } from '../support/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'nnpack-compare-'));
const one = resident(MAIN);
const context = await createContext({ threads: 1 });
afterAll(async () => {
  context.dispose();
  await one.end();
  rmSync(folder, { recursive: true });
});

function save(name: string, { main, files }: Files): string {
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, `${name}${file}`), bytes);
  return join(folder, `${name}${main}`);
}

const saveModel = (name: string, bytes: Uint8Array) => save('', { main: name, files: { [name]: bytes } });

const random = (seed: number, shape: readonly number[], role: Parameter['role'] = 'weight'): Parameter => {
  const count = shape.reduce((product, size) => product * size, 1);
  return { type: { dtype: 'float32', shape }, data: randomArray(count, uniform(seed)), role };
};

/** Every operation with a bound of its own, one after another. */
const graph: Graph = parseGraph({
  name: 'all',
  inputs: new Map([['x', { dtype: 'float32', shape: [1, 4, 12, 12] }]]),
  parameters: new Map([
    ['w', random(1, [4, 4, 3, 3])],
    ['b', random(2, [4])],
    ['gamma', random(3, [4])],
    ['variance', { ...random(4, [4], 'statistic'), data: Float32Array.of(1, 2, 0.5, 3) }],
    ['t', random(5, [4, 2, 3, 3])],
    ['f', random(6, [5, 2 * 25 * 14])],
  ]),
  nodes: [
    {
      name: 'conv',
      op: 'convolution',
      inputs: ['x', 'w', 'b'],
      outputs: ['c'],
      attributes: { padding: 1, activation: 'relu' },
    },
    { name: 'sum', op: 'addition', inputs: ['c', 'x'], outputs: ['s'], attributes: {} },
    {
      ...{ name: 'lrn', op: 'local-response-normalisation', inputs: ['s'], outputs: ['l'] },
      attributes: { size: 3, alpha: 1, beta: 0.75, bias: 1 },
    },
    {
      ...{ name: 'bn', op: 'batch-normalisation', inputs: ['l', 'gamma', 'b', 'b', 'variance'], outputs: ['n'] },
      attributes: { epsilon: 1e-5 },
    },
    {
      name: 'group',
      op: 'group-normalisation',
      inputs: ['n', 'gamma', 'b'],
      outputs: ['g'],
      attributes: { epsilon: 1e-5, groups: 2 },
    },
    { name: 'up', op: 'transposed-convolution', inputs: ['g', 't'], outputs: ['u'], attributes: { stride: [2, 1] } },
    { name: 'flat', op: 'flatten', inputs: ['u'], outputs: ['v'], attributes: {} },
    { name: 'fc', op: 'fully-connected', inputs: ['v', 'f'], outputs: ['d'], attributes: {} },
    { name: 'soft', op: 'softmax', inputs: ['d'], outputs: ['y'], attributes: {} },
  ] as Node[],
  outputs: ['y'],
});

describe('compareNodes', () => {
  it('finds every node within its bound, on what the nodes before it made', async () => {
    const shapes = new Map([['x', [1, 4, 12, 12]]]);
    const selection = parseSelection('test', {});
    const layout = new GraphRunner('test', graph, selection, context).layout(shapes);
    const x = { shape: [1, 4, 12, 12], data: randomArray(576, uniform(9)) };
    const found = [];
    for await (const node of compareNodes(layout!, { x }, selection, context)) found.push(node);
    expect(found.map(({ op }) => op)).toContain('transposed-convolution');
    expect(found.map(({ op }) => op)).toContain('group-normalisation');
    for (const { name, share } of found) expect(share, name).toBeLessThanOrEqual(1);
    // Rounding is seen, so that what is compared is no definition with itself.
    expect(found.filter(({ greatestError }) => greatestError > 0).length).toBeGreaterThan(5);
  });
});

describe('a kernel that is wrong', () => {
  it('is found beyond its bound, and nothing else is', async () => {
    const faulty = await createContext({ threads: 1 });
    const { softmax } = faulty.kernels;
    const shapes = new Map([['x', [1, 4, 12, 12]]]);
    const selection = parseSelection('test', {});
    const layout = new GraphRunner('test', graph, selection, faulty).layout(shapes);
    const x = { shape: [1, 4, 12, 12], data: randomArray(576, uniform(9)) };
    const wrong = (n: number, step: number, from: number, to: number) => {
      softmax(n, step, from, to);
      faulty.arena.f32[to + step] *= 1 + 1e-5;
    };
    Object.assign(faulty.kernels, { softmax: wrong });
    const found = [];
    for await (const node of compareNodes(layout!, { x }, selection, faulty)) found.push(node);
    const beyond = found.filter(({ share }) => share > 1);
    expect(beyond.map(({ op, at }) => [op, at])).toEqual([['softmax', { output: 'y', place: 1 }]]);
    faulty.dispose();
  });
});

describe('bounds', () => {
  const value = (...data: number[]): DoubleTensor => ({ shape: [1, data.length], data: Float64Array.from(data) });
  const ran = (op: string, attributes: object, ...inputs: DoubleTensor[]): Ran => {
    const node = { name: 'n', op, inputs: inputs.map((_, i) => `${i}`), outputs: ['y'], attributes } as unknown as Node;
    return { node, inputs, expected: operationOf(node).reference(node, inputs), algorithm: null, context };
  };

  it('allow roundings, and no more', () => {
    const [allowed] = allowedError(ran('addition', {}, value(1), value(-1)), 0, 'float32');
    // two roundings of sums of magnitude 2, though the sum is 0
    expect(allowed).toBeGreaterThan(2 ** -23);
    expect(allowed).toBeLessThan(2 ** -20);
    const [exact] = allowedError(ran('relu', {}, value(1)), 0, 'float32');
    expect(exact).toBeLessThan(2.1 * 2 ** -23);
    const [half] = allowedError(ran('relu', {}, value(1)), 0, 'float16');
    expect(half).toBeGreaterThan(2 ** -12);
    const sums = (allowed: number) => allowed / 2 ** -24;
    const weights: DoubleTensor = { shape: [1, 2], data: Float64Array.of(3, -3) };
    const [product] = allowedError(ran('fully-connected', {}, value(1, 1), weights), 0, 'float32');
    // |x| · |w| is 6
    expect(sums(product)).toBeGreaterThan(6 * 4);
    expect(sums(product)).toBeLessThan(6 * 12);
  });

  it.each([
    [1, 1, 0],
    [Number.NaN, Number.NaN, 0],
    [Number.NaN, 1, Infinity],
    [1, Number.NaN, Infinity],
    [Infinity, Infinity, 0],
    [Infinity, 1, Infinity],
    [Infinity, -Infinity, Infinity],
    [1.5, 1, 0.5],
  ])('%d is from %d as far as %d', (a, b, far) => {
    expect(distance(a, b, 0, 'float32')).toBe(far);
  });

  it.each([
    ['float16', 65520, 65504],
    ['float32', 3.5e38, 3.4e38],
  ] as const)('%s has infinity for %d, and not for %d', (dtype: Dtype, large, less) => {
    expect(distance(Infinity, large, 0, dtype)).toBe(0);
    expect(distance(Infinity, less, 0, dtype)).toBe(Infinity);
    expect(distance(-Infinity, large, 0, dtype)).toBe(Infinity);
  });
});

describe('nnpack-ts compare', () => {
  const run = (...args: string[]) => one.run('compare', ...args, '--threads', '1');

  it('draws what goes in, and says from which seed', async () => {
    const path = save('l-', layersModel());
    // the shards of the model have names of their own
    for (const [name, bytes] of Object.entries(layersModel().files)) writeFileSync(join(folder, name), bytes);
    const told = await run(path, '--shape', '1x5x6x3', '--json', join(folder, 'c.json'));
    expect([told.status, told.stderr]).toEqual([0, '']);
    expect(told.stdout).toMatch(/^numbers drawn with --seed \d+\n/);
    expect(told.stdout).toMatch(/all within their bounds/);
    const { seed, beyond, nodes } = JSON.parse(readFileSync(join(folder, 'c.json'), 'utf8'));
    expect(told.stdout).toContain(`--seed ${seed}`);
    expect(beyond).toBe(0);
    expect(nodes.map(({ op }: { op: string }) => op)).toContain('convolution');
    const again = await run(path, '--shape', '1x5x6x3', '--seed', `${seed}`, '--json', '-');
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(readFileSync(join(folder, 'c.json'), 'utf8')));
  });

  it('takes values of all types', async () => {
    const told = await run(saveModel('t.onnx', typesModel()), '--shape', 'a=4', '--shape', 'b=4', '--seed', '1');
    expect([told.status, told.stderr]).toEqual([0, '']);
    expect(told.stdout).toContain('its definition');
  });

  it.each([
    [[], /expected the file of a model, got none/],
    [
      [saveModel('n.onnx', longModel(1))],
      /expected --shape x=\?x3x\?x\?: the model's files do not tell the sizes at \? of input 'x'/,
    ],
    [[saveModel('n.onnx', longModel(1)), '--shape', '1xbx2'], /--shape expected a whole number above 0, got 'b'/],
    [[saveModel('n.onnx', longModel(1)), '--shape', '1x4x2x2'], /expected \[N, 3, H, W\]/],
    [['no-such.onnx'], /could not be read/],
  ])('refuses %j', async (args, message) => {
    const told = await run(...args);
    expect([told.status, told.stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('plain', () => {
  it('prints what files say in one line, short, and without commands to the terminal', async () => {
    const { plain, plainList } = await import('../../src/cli/plain.ts');
    expect(plain('a\n\tb\u001b[2Jc')).toBe('a b\ufffd[2Jc');
    expect(plain('x'.repeat(500))).toBe(`${'x'.repeat(199)}…`);
    expect(plainList(['a', 'b', 'c'], 2)).toBe('a, b … (3)');
    expect(plainList(['a', 'b'], 2)).toBe('a, b');
  });
});
