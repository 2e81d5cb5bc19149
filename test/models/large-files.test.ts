/** Models whose numbers stay in their files until a plan packs them: the results of those in memory, to the bit. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LARGE_FILE } from '../../src/check/stored-bytes.ts';
import { type Context, createContext } from '../../src/context/context.ts';
import { isStored } from '../../src/graph/stored.ts';
import { type Model, openModel, parseModel } from '../../src/models/index.ts';
import type { Network } from '../../src/networks/network.ts';
import { graphOf } from '../../src/networks/parse.ts';
import { loadModel } from '../../src/onnx/load-model.ts';
import { writeOnnxModel } from '../../src/onnx/write-graph.ts';
import { makeTensor } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { writeLayersModel } from '../../src/tfjs/write-layers-model.ts';
import { bytesOf, FLAGS, paramsBytes } from '../mxnet/writer.ts';
import { modelProto } from '../onnx/draw.ts';
import { writeModel } from '../onnx/write.ts';
import { rejection } from '../support/failure.ts';

let folder: string;
let context: Context;
let network: Network;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nnpack-large-'));
  context = await createContext({ threads: 1 });
  network = wide();
});
afterAll(() => {
  expect(context.describe().usedBytes).toBe(0);
  context.dispose();
  rmSync(folder, { recursive: true });
});

/** x [3, 8, 8] → 40 channels → 6600 of 2560 numbers: a few more than stay in memory. */
function wide(): Network {
  const next = uniform(5);
  const numbers = (count: number, size = 1) => randomArray(count, next).map((x) => x * size);
  const kernel = { data: numbers(40 * 3 * 9), shape: [40, 3, 3, 3] };
  const dense = { data: numbers(6600 * 2560, 0.02), shape: [6600, 2560] };
  return {
    name: 'wide',
    inputs: [{ name: 'x', shape: [3, 8, 8] }],
    nodes: [
      { op: 'convolution', name: 'c', inputs: ['x'], kernel, bias: numbers(40), padding: 1 },
      { op: 'flatten', name: 'r', inputs: ['c'] },
      { op: 'fully-connected', name: 'f', inputs: ['r'], kernel: dense, bias: numbers(6600) },
    ],
    outputs: ['f'],
  };
}

type Files = Readonly<Record<string, Uint8Array>>;

function onnxInline(): Files {
  return { 'model.onnx': writeOnnxModel(graphOf(network)) };
}

/** The same with all of its numbers in a file beside it. */
async function onnxExternal(): Promise<Files> {
  const { model } = await loadModel(save({ 'model.onnx': writeOnnxModel(graphOf(network)) }), 'test', 0);
  const parts: Uint8Array[] = [];
  let offset = 0;
  const initializers = model.graph.initializers.map((tensor) => {
    const data = graphOf(network).parameters.get(tensor.name)?.data as Float32Array;
    parts.push(bytesOf(data));
    const external = new Map([
      ['location', 'w.bin'],
      ['offset', String(offset)],
      ['length', String(data.byteLength)],
    ]);
    offset += data.byteLength;
    return { ...tensor, rawData: null, external };
  });
  const graph = { ...model.graph, initializers };
  return {
    'model.onnx': writeModel(modelProto(graph, { opsets: model.opsets })),
    'w.bin': new Uint8Array(Buffer.concat(parts)),
  };
}

/** Shards as converters cut them, in the middle of weights and of numbers. */
function tfjs(): Files {
  const { json, shards } = writeLayersModel(network);
  const [[name, bytes]] = shards;
  const size = 2 ** 24 + 2;
  const cut = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => {
    return [`part${i}.bin`, bytes.subarray(i * size, (i + 1) * size)] as const;
  });
  const text = json.replace(JSON.stringify(name), cut.map(([part]) => JSON.stringify(part)).join(','));
  return { 'model.json': new TextEncoder().encode(text), ...Object.fromEntries(cut) };
}

function mxnet(): Files {
  const variable = (name: string) => ({ op: 'null', name, inputs: [] });
  const names = ['x', 'c_weight', 'c_bias', 'f_weight', 'f_bias'];
  const node = (op: string, name: string, attrs: object, inputs: number[]) => {
    return { op, name, attrs, inputs: inputs.map((from) => [from, 0, 0]) };
  };
  const nodes = [
    ...names.map(variable),
    node('Convolution', 'c', { kernel: '(3, 3)', num_filter: '40', pad: '(1, 1)' }, [0, 1, 2]),
    node('Flatten', 'r', {}, [5]),
    node('FullyConnected', 'f', { num_hidden: '6600' }, [6, 3, 4]),
  ];
  const symbol = { nodes, arg_nodes: [0, 1, 2, 3, 4], heads: [[7, 0, 0]], attrs: { mxnet_version: ['int', 10901] } };
  const parameters = graphOf(network).parameters;
  const arrays = [...parameters].map(([name, { type, data }]) => {
    const own = { name: `arg:${name.replace('.kernel', '_weight').replace('.', '_')}`, shape: type.shape };
    return { ...own, form: 2 as const, type: FLAGS.float32, elements: bytesOf(data as Float32Array) };
  });
  return { 'm-symbol.json': new TextEncoder().encode(JSON.stringify(symbol)), 'm-0000.params': paramsBytes(arrays) };
}

function save(files: Files): string {
  const place = mkdtempSync(join(folder, 'm'));
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(place, file), bytes);
  return join(place, Object.keys(files)[0]);
}

async function run(model: Model, batch: number): Promise<Uint32Array> {
  const [[name, { shape }]] = [...model.inputs];
  const isLast = shape?.[3] === 3;
  const data = randomArray(batch * 192, uniform(8));
  const input = makeTensor(data, [batch, ...(isLast ? [8, 8, 3] : [3, 8, 8])]);
  const [result] = Object.values(await model.run({ [name]: input }));
  return new Uint32Array(Float32Array.from(result.data as Float32Array).buffer);
}

const openFiles = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);

describe.each([
  ['an ONNX file', async () => onnxInline()],
  ['an ONNX file with others beside it', onnxExternal],
  ['shards of TensorFlow.js', async () => tfjs()],
  ['parameters of MXNet', async () => mxnet()],
] as const)('%s', (_, make) => {
  it('gives what it gives out of memory, for other sizes too', async () => {
    const files = await make();
    const total = Object.values(files).reduce((sum, { length }) => sum + length, 0);
    expect(total).toBeGreaterThan(LARGE_FILE);
    const path = save(files);
    const before = openFiles();
    const [large, small] = [await openModel(path, { context }), await parseModel(files, { context })];
    const dense = [...(large.source.openGraph?.parameters.values() ?? [])].find(({ type }) => type.shape.length === 2);
    expect(dense !== undefined && isStored(dense)).toBe(true);
    for (const batch of [1, 7]) expect(await run(large, batch)).toEqual(await run(small, batch));
    expect(openFiles()).toBe(before);
    large.dispose();
    small.dispose();
  });

  it('is refused where a file is no longer what it was, and leaves nothing behind', async () => {
    const path = save(await make());
    const model = await openModel(path, { context });
    const place = join(path, '..');
    const [largest] = readdirSync(place)
      .map((name) => join(place, name))
      .sort((a, b) => readFileSync(b).length - readFileSync(a).length);
    const [before, used] = [openFiles(), context.describe().usedBytes];
    utimesSync(largest, 1, 1);
    const changed = await rejection(run(model, 1));
    expect([changed.code, changed.message]).toEqual(['input-output', expect.stringContaining('not what it was')]);
    truncateSync(largest, 1000);
    expect((await rejection(run(model, 1))).code).toBe('input-output');
    rmSync(largest);
    expect((await rejection(run(model, 1))).code).toBe('input-output');
    expect([openFiles(), context.describe().usedBytes]).toEqual([before, used]);
    model.dispose();
  });
});
