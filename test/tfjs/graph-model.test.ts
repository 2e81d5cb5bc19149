/** The files of graph models: names, types, weights, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runGraph } from '../../src/graph/index.ts';
import { readGraphModel, readLayersModel } from '../../src/tfjs/index.ts';
import { loadGraphModel } from '../../src/tfjs/load.ts';
import { rejection } from '../support/failure.ts';
import { floats, type GraphFile, graphFile, int, list, placeholder, read, whole } from './graph-def.ts';

/** y = x + 1, z = 2 x */
function twoOutputs(fields: Readonly<Record<string, unknown>> = {}): GraphFile {
  const nodes = [
    placeholder('x', [-1, 2]),
    { name: 'add', op: 'AddV2', input: ['x', 'one'] },
    { name: 'mul', op: 'Mul', input: ['x', 'two'] },
    { name: 'Identity', op: 'Identity', input: ['add:0', '^mul'] },
    { name: 'Identity_1', op: 'Identity', input: ['mul'] },
  ];
  const constants = { one: floats([], 1), two: floats([], 2) };
  const file = graphFile(nodes, constants, { 'Identity_1:0': 'Identity_1:0', 'Identity:0': 'Identity:0' });
  return { ...file, json: { ...file.json, ...fields } };
}

async function outputsOf(file: GraphFile): Promise<Readonly<Record<string, readonly number[]>>> {
  const { graph } = await read(file);
  const y = runGraph(graph, { x: { data: Float32Array.of(1, 2), shape: [1, 2] } });
  return Object.fromEntries(Object.entries(y).map(([name, { data }]) => [name, [...data].map(Number)]));
}

describe('names', () => {
  it('of outputs are those of the signature, which may be those of tensors', async () => {
    const outputs = await outputsOf(twoOutputs());
    expect(outputs).toEqual({ 'Identity:0': [2, 3], 'Identity_1:0': [2, 4] });
    // In the order in which they were made, whatever the file's.
    expect(Object.keys(outputs)).toEqual(['Identity:0', 'Identity_1:0']);
  });

  it('that the converter kept go to the outputs in the order of these, not of the signature', async () => {
    const kept = twoOutputs({ userDefinedMetadata: { structuredOutputKeys: ['a', 'b'] } });
    expect(await outputsOf(kept)).toEqual({ a: [2, 3], b: [2, 4] });
  });

  it('that are more than the outputs are not used, which is said', async () => {
    const { graph, notes } = await read(twoOutputs({ userDefinedMetadata: { structuredOutputKeys: ['a'] } }));
    expect(graph.outputs).toEqual(['Identity:0', 'Identity_1:0']);
    expect(notes).toHaveLength(1);
  });

  it('of inputs are those that they had, where the signature has given them up', async () => {
    const file = graphFile(
      [placeholder('zebra', [2]), placeholder('ant', [2]), { name: 'y', op: 'Sub', input: ['zebra', 'ant'] }],
      {},
      { y: 'y' },
    );
    const inputs = { 'ant:0': { name: 'ant:0' }, animal: { name: 'zebra:0' } };
    const signature = { ...(file.json.signature as object), inputs };
    const { graph } = await read({ ...file, json: { ...file.json, signature } });
    expect([...graph.inputs.keys()]).toEqual(['ant', 'animal']);
  });

  it('are those of placeholders and of what nobody reads, without a signature', async () => {
    const { graph, metadata } = await read(twoOutputs({ signature: undefined, generatedBy: '1.14' }));
    expect([[...graph.inputs.keys()], graph.outputs]).toEqual([['x'], ['Identity', 'Identity_1']]);
    expect(metadata.get('generatedBy')).toBe('1.14');
  });

  it('of inputs and outputs may be those of other nodes', async () => {
    const nodes = [
      placeholder('in', [1]),
      { name: 'y', op: 'Neg', input: ['in'] },
      { name: 'z', op: 'Neg', input: ['y'] },
    ];
    const file = graphFile(nodes, {}, { z: 'y', y: 'z', in: 'in', same: 'y' });
    const { graph } = await read(file);
    const inputs = [...graph.inputs.keys()];
    const y = runGraph(graph, { [inputs[0]]: { data: Float32Array.of(3), shape: [1] } });
    expect(graph.outputs.map((name) => Number(y[name].data[0]))).toEqual([-3, 3, 3, -3]);
    expect(graph.outputs.slice(0, 2)).toEqual(['z', 'y']);
  });
});

describe('weights', () => {
  const nodes = [placeholder('x', [2]), { name: 'y', op: 'Mul', input: ['x', 'k'] }];
  const file = graphFile(nodes, { k: floats([2], 0.5, 3) }, { y: 'y' });
  const x = { x: { data: Float32Array.of(1, 1), shape: [2] } };
  const withWeights = (weight: object, shards: Readonly<Record<string, Uint8Array>>) => {
    const weightsManifest = [
      { paths: Object.keys(shards), weights: [{ name: 'k', shape: [2], dtype: 'float32', ...weight }] },
    ];
    return { json: { ...file.json, weightsManifest }, shards };
  };
  const valuesOf = async (model: GraphFile) => [...runGraph((await read(model)).graph, x).y.data];

  it('may lie in several files, cut anywhere', async () => {
    const bytes = file.shards['all.bin'];
    expect(await valuesOf(withWeights({}, { a: bytes.subarray(0, 3), b: bytes.subarray(3) }))).toEqual([0.5, 3]);
  });

  it.each([
    ['uint8', Uint8Array.of(2, 10), { scale: 0.5, min: -2 }, [-1, 3]],
    ['uint16', new Uint8Array(Uint16Array.of(2, 1000).buffer), { scale: 0.25, min: 1 }, [1.5, 251]],
    ['float16', new Uint8Array(Uint16Array.of(0x3800, 0xc200).buffer), {}, [0.5, -3]],
  ])('may be quantised as %s', async (dtype, bytes, range, expected) => {
    expect(await valuesOf(withWeights({ quantization: { dtype, ...range } }, { q: bytes }))).toEqual(expected);
  });

  it('of whole numbers are exact beyond those of float32', async () => {
    const whole = graphFile(
      [placeholder('x', [1], 'DT_INT32'), { name: 'y', op: 'Sub', input: ['k', 'x'] }],
      { k: list(2 ** 24 + 1) },
      { y: 'y' },
    );
    const { y } = runGraph((await read(whole)).graph, { x: { data: Int32Array.of(1), shape: [1] } });
    expect(y.data).toEqual(Int32Array.of(2 ** 24));
  });

  it('that are missing are told by name', async () => {
    const error = await rejection(read({ json: { ...file.json, weightsManifest: [] }, shards: {} }));
    expect([error.code, error.message]).toEqual([
      'invalid-model',
      "node 'k' (Const): weight 'k' is missing from weightsManifest",
    ]);
  });

  it('are read from the folder of model.json', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nnpack-graph-'));
    try {
      writeFileSync(join(folder, 'model.json'), JSON.stringify(file.json));
      writeFileSync(join(folder, 'all.bin'), file.shards['all.bin']);
      const { graph } = await loadGraphModel(join(folder, 'model.json'));
      expect([...runGraph(graph, x).y.data]).toEqual([0.5, 3]);
      writeFileSync(
        join(folder, 'model.json'),
        JSON.stringify({ ...file.json, modelTopology: { node: [{ name: 'a' }] } }),
      );
      expect((await rejection(loadGraphModel(join(folder, 'model.json')))).message).toContain(
        'node[0]: op expected a string',
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect((await rejection(loadGraphModel(7 as unknown as string))).code).toBe('invalid-argument');
  });
});

describe('the forms of attributes', () => {
  const reshape = (axis: unknown, mode: unknown) => {
    const nodes = [
      placeholder('x', [-1, 2]),
      { name: 'wide', op: 'Pad', input: ['x', 'sides'] },
      { name: 'y', op: 'MirrorPad', input: ['wide', 'sides'], attr: { mode: { s: mode } } },
      { name: 'z', op: 'Pack', input: ['y'], attr: { axis } },
    ];
    return graphFile(nodes, { sides: { shape: [2, 2], numbers: [0, 0, 0, 1], dtype: 'int32' } }, { z: 'z' });
  };

  it.each([
    [{ i: '1' }, btoa('REFLECT')],
    [{ i: 1 }, [...'REFLECT'].map((letter) => letter.charCodeAt(0))],
  ])('%j and %j are read', async (axis, mode) => {
    expect(await outputsOf(reshape(axis, mode))).toEqual({ z: [1, 2, 0, 2] });
  });

  it.each(
    [
      [{ i: 'one' }, 'axis expected a whole number'],
      [{ f: 1 }, 'axis expected { "i": … }'],
      [7, 'attr: axis: expected an object'],
      [{ i: '2' }, 'axis 2, expected one of 3 axes'].slice(0, 0),
    ].filter((each) => each.length === 2) as [unknown, string][],
  )('%j is refused', async (axis, what) => {
    const error = await rejection(outputsOf(reshape(axis, btoa('REFLECT'))));
    expect(error.code).toBe('invalid-model');
    expect(error.message).toContain(what);
  });

  it('types may be numbers', async () => {
    const file = graphFile(
      [{ ...placeholder('x', [1]), attr: { dtype: { type: 4 }, shape: { shape: {} } } }],
      {},
      { x: 'x' },
    );
    expect((await read(file)).graph.inputs.get('x')).toEqual({ dtype: 'uint8', shape: [] });
  });
});

describe('what is not supported', () => {
  const loop = [
    placeholder('x', [1]),
    { name: 'enter', op: 'Enter', input: ['x'] },
    { name: 'merge', op: 'Merge', input: ['enter', 'next'] },
    { name: 'body', op: 'Neg', input: ['merge'] },
    { name: 'next', op: 'NextIteration', input: ['body'] },
    { name: 'other', op: 'NonMaxSuppressionV5', input: ['body'] },
    { name: 'apart', op: 'NeverHeardOf', input: ['x'] },
  ];

  it('is told all at once, before a weight is asked for; loops are no circle, and what nobody needs is not looked at', async () => {
    const { json } = graphFile(loop, {}, { y: 'other' });
    const error = await rejection(readGraphModel(json, () => expect.unreachable('asked for weights')));
    expect([error.code, error.message]).toEqual([
      'unsupported-layer',
      'model: operators that are not supported: Enter, Merge, NextIteration, NonMaxSuppressionV5',
    ]);
  });

  it('are not all told where there are very many', async () => {
    const nodes = Array.from({ length: 5000 }, (_, i) => {
      return { name: `n${i}`, op: `Op${i}${'x'.repeat(99)}`, input: [i === 0 ? 'x' : `n${i - 1}`] };
    });
    const error = await rejection(read(graphFile([placeholder('x', [1]), ...nodes], {}, { y: 'n4999' })));
    expect(error.message).toMatch(/^model: operators that are not supported: Op0x*…x*, .*, and 4900 more$/);
    expect(error.message.length).toBeLessThan(5000);
  });

  it('are functions of the model', async () => {
    const { json } = graphFile([placeholder('x', [1]), { name: 'y', op: 'Neg', input: ['x'] }], {}, { y: 'y' });
    const library = { function: [{ signature: { name: 'Neg' } }] };
    const error = await rejection(
      readGraphModel({ ...json, modelTopology: { ...json.modelTopology, library } }, () => new Uint8Array()),
    );
    expect(error.message).toBe('model: operators that are not supported: Neg (a function of the model)');
  });

  it.each([
    ['training', 'FusedBatchNormV3', {}, 'training'],
    ['texts', 'Cast', { DstT: { type: 'DT_STRING' } }, 'the type DT_STRING'],
  ])('is %s', async (_, op, attr, what) => {
    const nodes = [placeholder('x', [1, 1, 1, 1]), { name: 'y', op, input: ['x', 'k', 'k', 'k', 'k'], attr }];
    const error = await rejection(read(graphFile(nodes, { k: floats([1], 1) }, { y: 'y' })));
    expect([error.code, error.message]).toEqual(['unsupported-layer', `node 'y' (${op}): ${what} is not supported`]);
  });

  it('is an input of any number of axes', async () => {
    const any = {
      ...placeholder('x', []),
      attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { unknownRank: true } } },
    };
    expect((await rejection(read(graphFile([any], {}, { x: 'x' })))).code).toBe('unsupported-layer');
  });

  it('is the other kind of model', async () => {
    const { json } = graphFile([placeholder('x', [1])], {}, { x: 'x' });
    expect((await rejection(readLayersModel(json, () => new Uint8Array()))).message).toBe(
      'model: is a graph model, expected a layers model',
    );
    const layers = { modelTopology: { class_name: 'Sequential', config: { layers: [] } }, weightsManifest: [] };
    expect((await rejection(readGraphModel(layers, () => new Uint8Array()))).message).toBe(
      'model: is a layers model, expected a graph model',
    );
  });
});

it('outputs of a node that it does not have are told', async () => {
  const nodes = [placeholder('x', [4]), { name: 'y', op: 'Split', input: ['axis', 'x'], attr: { num_split: int(2) } }];
  const error = await rejection(read(graphFile(nodes, { axis: whole(0) }, { z: 'y:2' })));
  expect(error.message).toContain("reads output 2 of 'y', which has 2");
});
