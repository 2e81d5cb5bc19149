/** Files that have very many of something, or run in circles: reading them costs as much as they are long, and overflows nothing. */
import { describe, expect, it } from 'vitest';
import { simplifyGraph } from '../../src/graph/passes/simplify.ts';
import { readLayersModel } from '../../src/tfjs/index.ts';
import { rejection } from '../support/failure.ts';
import { runs } from '../support/runs.ts';
import { graphFile, int, list, type NodeDef, placeholder, read, type, whole } from './graph-def.ts';
import type { KerasLayer } from './keras.ts';
import { functional3, inputLayer, layer3, model3, operation, sequential3, tensor } from './keras3.ts';
import { functionalModel, layer, reading, readModelGraph, readNetwork, sequentialModel } from './models.ts';

/** Calls of one another overflow at some 5,000. */
const DEEP = runs(8000);
/** More than a call may have arguments; what took time with their square would not end. */
const MANY = 150_000;

const times = <T>(count: number, of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));
const input = layer('InputLayer', { name: 'in', batch_input_shape: [null, 3] });
const relu = (i: number) => layer('ReLU', { name: `r${i}` });
const nothing = () => new Uint8Array(0);

describe('layers', () => {
  it('of a chain overflow nothing', async () => {
    const chain = times(DEEP, (i) => reading([i === 0 ? 'in' : `r${i - 1}`], relu(i)));
    const network = await readNetwork(functionalModel([input, ...chain], {}));
    expect(network.nodes).toHaveLength(DEEP);
    expect(network.outputs).toEqual([`r${DEEP - 1}`]);
    const stacked = sequentialModel([input, ...times(DEEP, relu)], {}, [3]);
    expect((await readLayersModel(JSON.stringify(stacked.json), nothing)).nodes).toHaveLength(DEEP);
  });

  it('of a circle neither', async () => {
    const circle = times(DEEP, (i) => reading([`r${(i + 1) % DEEP}`], relu(i)));
    const error = await rejection(readNetwork(functionalModel([input, ...circle], {})));
    expect([error.code, error.message]).toEqual([
      'invalid-model',
      `layer 'r${DEEP - 2}' (ReLU): reads 'r${DEEP - 1}' in a circle`,
    ]);
    const self = functionalModel([input, reading(['r0'], relu(0))], {});
    expect((await rejection(readNetwork(self))).message).toBe("layer 'r0' (ReLU): reads 'r0' in a circle");
  });

  it.each(['Add', 'Concatenate'])('may read many values: %s', async (className) => {
    const all = reading(
      times(MANY, () => 'in'),
      layer(className, { name: 'all' }),
    );
    expect((await readModelGraph(functionalModel([input, all], {}))).graph.nodes).toHaveLength(1);
  });

  it('may be an output many times', async () => {
    const model = functionalModel(
      [input, reading(['in'], relu(0))],
      {},
      times(MANY / 3, () => 'r0'),
    );
    expect(new Set((await readModelGraph(model)).graph.outputs).size).toBe(MANY / 3);
  });

  it('may have as many axes as TensorFlow has', async () => {
    const wide = (count: number) => ({
      ...input,
      config: { ...input.config, batch_input_shape: times(count, () => 1) },
    });
    const reshaped = layer('Reshape', { name: 'y', target_shape: [3, ...times(MANY, () => 1)] });
    const added = operation(
      'GetItem',
      'y',
      {},
      tensor('x'),
      times(MANY, () => null),
    );
    const { graph } = await readModelGraph(functionalModel([wide(254), reading(['in'], relu(0))], {}));
    expect(graph.inputs.get('in')?.shape).toHaveLength(254);
    for (const model of [
      functionalModel([wide(MANY), reading(['in'], relu(0))], {}),
      functionalModel([input, reading(['in'], reshaped)], {}),
      model3(functional3('m', [inputLayer('x', 3), added], ['x', 0, 0], ['y', 0, 0]), {}),
    ]) {
      expect((await rejection(readModelGraph(model))).code).toBe('unsupported-layer');
    }
    const turned = layer('Permute', { name: 'y', dims: times(MANY, (i) => i + 1) });
    expect((await rejection(readModelGraph(functionalModel([input, reading(['in'], turned)], {})))).code).toBe(
      'invalid-model',
    );
  });

  it('may lie in models in models, but not without end', async () => {
    const nested = (depth: number) => {
      let inner = sequential3('m0', layer3('ReLU', 'r', {}));
      for (let i = 1; i <= depth; i++)
        inner = sequential3(`m${i}`, ...(i === depth ? [inputLayer('x', 1)] : []), inner);
      return readModelGraph(model3(inner, {}));
    };
    expect((await nested(64)).graph.nodes).toHaveLength(1);
    expect((await rejection(nested(65))).message).toMatch(/: lies in 64 models, expected fewer$/);
    expect((await rejection(nested(DEEP))).code).toBe('unsupported-layer');
  });

  it('may not have parts without number', async () => {
    const cuts = { indices_or_sections: times(MANY, () => 1), axis: 1 };
    const parts = operation('Split', 'y', cuts, tensor('x'));
    const model = model3(functional3('m', [inputLayer('x', 4), parts], ['x', 0, 0], ['y', 0, 0]), {});
    const error = await rejection(readModelGraph(model));
    expect([error.code, error.message]).toEqual([
      'unsupported-layer',
      `layer 'y' (Split): a split into ${MANY + 1} parts is not supported`,
    ]);
  });
});

describe('numbers that no file holds', () => {
  const wide = layer('InputLayer', { name: 'in', batch_input_shape: [null, 1, 1, 2 ** 22] });
  const square = layer('InputLayer', { name: 'in', batch_input_shape: [null, 2000, 2000, 1] });
  const chain = (first: KerasLayer, of: (name: string, i: number) => KerasLayer) =>
    functionalModel([first, ...times(200, (i) => reading([i === 0 ? 'in' : `n${i - 1}`], of(`n${i}`, i)))], {});

  it.each([
    [
      'ones for each channel',
      chain(wide, (name) => layer('GroupNormalization', { name, groups: 1, scale: false, center: false })),
    ],
    [
      'where samples lie',
      chain(square, (name, i) => {
        return layer('Resizing', { name, height: 1999 + (i % 2), width: 1999 + (i % 2), interpolation: 'lanczos5' });
      }),
    ],
  ])('are counted: %s', async (_, model) => {
    const before = process.memoryUsage().arrayBuffers;
    const error = await rejection(readModelGraph(model));
    expect([error.code, error.message]).toEqual([
      'unsupported-layer',
      expect.stringMatching(/^layer 'n\d' \(.*more than 16777216 numbers are made that its weights do not have/),
    ]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 28);
  });

  it('are not made of a constant by each of many nodes', async () => {
    const casts = times(200, (i): NodeDef => {
      return {
        name: `n${i}`,
        op: 'Cast',
        input: [i === 0 ? 'k' : `n${i - 1}`],
        attr: { DstT: type(i % 2 === 0 ? 'DT_INT32' : 'DT_FLOAT') },
      };
    });
    const k = { shape: [2 ** 20], numbers: times(2 ** 20, () => 1) };
    const sum = { name: 'y', op: 'AddV2', input: ['x', 'n199'] };
    const before = process.memoryUsage().arrayBuffers;
    const file = graphFile([placeholder('x', [1]), ...casts, sum], { k }, { y: 'y' });
    expect((await read(file)).graph.nodes).toHaveLength(201);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 28);
  });
});

describe('nodes', () => {
  const x = placeholder('x', [-1, 2]);
  const chain = (op: string, ...more: string[]): NodeDef[] =>
    times(DEEP, (i) => ({ name: `n${i}`, op, input: [i === 0 ? 'x' : `n${i - 1}`, ...more] }));
  const last = `n${DEEP - 1}`;

  it('of a chain overflow nothing, in any order', async () => {
    const { graph } = await read(graphFile([x, ...chain('Relu').reverse()], {}, { y: last }));
    expect(graph.nodes).toHaveLength(DEEP);
  });

  it('of a circle neither', async () => {
    const circle = times(DEEP, (i) => ({ name: `n${i}`, op: 'Relu', input: [`n${(i + 1) % DEEP}`] }));
    const error = await rejection(read(graphFile(circle, {}, { y: 'n0' })));
    expect([error.code, error.message]).toEqual(['invalid-model', `node '${last}' (Relu): reads 'n0' in a circle`]);
  });

  it('that compute a list of a shape neither', async () => {
    const sizes = times(DEEP, (i) => ({ name: `n${i}`, op: 'Maximum', input: [i === 0 ? 'k' : `n${i - 1}`, 'k'] }));
    const nodes = [x, ...sizes, { name: 'y', op: 'Reshape', input: ['x', last] }];
    const { graph } = await read(graphFile(nodes, { k: list(1, -1) }, { y: 'y' }));
    expect(simplifyGraph(graph).nodes.map(({ op }) => op)).toEqual(['reshape']);
  });

  it('do not add axes without end', async () => {
    const error = await rejection(
      read(graphFile([x, ...chain('ExpandDims', 'axis')], { axis: whole(1) }, { y: last })),
    );
    expect([error.code, error.message]).toEqual([
      'unsupported-layer',
      "node 'n252' (ExpandDims): n252: has 255 axes, expected at most 254",
    ]);
    const shape = { shape: times(MANY, () => 1), numbers: [1] };
    const sum = { name: 'y', op: 'AddV2', input: ['x', 'k'] };
    expect((await rejection(read(graphFile([x, sum], { k: shape }, { y: 'y' })))).code).toBe('invalid-model');
    const wide = placeholder('x', shape.shape);
    expect((await rejection(read(graphFile([wide, sum], { k: whole(1) }, { y: 'y' })))).code).toBe('unsupported-layer');
  });

  it.each([
    ['AddN', {}],
    ['ConcatV2', { axis: whole(1) }],
  ])('may read many values: %s', async (op, constants) => {
    const all = { name: 'y', op, input: [...times(MANY, () => 'x'), ...Object.keys(constants)] };
    expect((await read(graphFile([x, all], constants, { y: 'y' }))).graph.nodes).toHaveLength(1);
  });

  it('may be an output many times', async () => {
    const outputs = Object.fromEntries(times(MANY / 3, (i) => [`o${i}`, 'y']));
    const { graph } = await read(graphFile([x, { name: 'y', op: 'Relu', input: ['x'] }], {}, outputs));
    expect(graph.outputs).toHaveLength(MANY / 3);
  });

  it('may not have outputs without number', async () => {
    const unpack = (i: number): NodeDef => ({ name: `u${i}`, op: 'Unpack', input: ['wide'], attr: { num: int(1000) } });
    const nodes = [placeholder('wide', [-1]), ...times(20, unpack)];
    const outputs = Object.fromEntries(nodes.slice(1).map(({ name }) => [name, name]));
    expect((await rejection(read(graphFile(nodes, {}, outputs)))).code).toBe('unsupported-layer');
  });
});
