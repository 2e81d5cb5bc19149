/**
 * The measurements against the peers, in one process and one thread:
 *
 *   each layer                 by us and by every peer that has it; VGG-16's are also summed up
 *   VGG-16's layers            as one-off calls beside NNPACK's own
 *   VGG-16's layers            with accuracy relaxed, and at batch 8 beside native ONNX Runtime
 *   whole networks             by us and by the peers that read ONNX files, which are written here; those of today by
 *                              TensorFlow.js on WebAssembly too
 *
 * Candidates that compute the same thing run in turn, after their results have been found to agree.
 */

import type { Context } from '../../src/context/context.ts';
import { convolutionInference, explainConvolution } from '../../src/layers/convolution.ts';
import { buildNetwork } from '../../src/networks/definitions/index.ts';
import type { NetworkName } from '../../src/networks/definitions/names.ts';
import type { Network } from '../../src/networks/network.ts';
import { graphOf } from '../../src/networks/parse.ts';
import { prepareNetwork } from '../../src/networks/prepare.ts';
import { writeOnnxModel } from '../../src/onnx/write-graph.ts';
import { makeTensor, sizeOf, type Tensor } from '../../src/tensor/ndarray.ts';
import { randomArray, uniform } from '../../src/tensor/random.ts';
import { ourConvolution } from '../convolution.ts';
import {
  allLayers,
  type ConvolutionLayer,
  kindLayers,
  type LayerProblem,
  operations,
  problem,
  vgg16Layers,
} from '../layers.ts';
import { timed } from '../limits.ts';
import { mobileNetV2, resNet50 } from '../networks.ts';
import { type Contestant, type KernelsChoice, THOROUGH, verify, withContext } from '../section.ts';
import { type Measurement, measure } from '../statistics.ts';
import { type Comparison, WORK } from './comparison.ts';
import type { PeerEngine, PeerName, PeerNetwork, PeerRun } from './engine.ts';
import type { Peers } from './engines.ts';
import { isFlagged } from './other-nodes.ts';

export interface Report {
  readonly signal: AbortSignal;
  /** Says what the next step measures. */
  step(what: string): void;
  found(comparison: Comparison): void;
}

const BATCH = 8;
/** A network, what is compared of it, the batches, and about how many seconds both take. */
interface Work {
  readonly name: string;
  /** Its outputs end with the one that is compared. */
  build(): Network;
  readonly batches: readonly number[];
  readonly seconds: number;
}

const builtIn = (name: NetworkName, batches: readonly number[], seconds: number): Work => ({
  ...{ name, batches, seconds },
  build: () => withLogits(buildNetwork(name)),
});

/** A batch of VGG takes too long. */
const NETWORKS: readonly Work[] = [
  builtIn('alexnet', [1, BATCH], 10),
  builtIn('vgg-11', [1], 15),
  builtIn('vgg-16', [1], 25),
  builtIn('inception-bn', [1, BATCH], 10),
  { name: 'MobileNet-v2', build: mobileNetV2, batches: [1], seconds: 8 },
  { name: 'ResNet-50', build: resNet50, batches: [1], seconds: 15 },
];

/** A part of the greatest element: it catches every mistake of layout or arithmetic, and lets relaxed accuracy pass. */
const TOLERANCE = 1e-3;

/** Milliseconds from which the second run is the last: a peer that is orders of magnitude slower needs no median. */
const ONCE: Partial<Record<PeerName, number>> = { 'tfjs-backend-cpu': 300, 'jax-js': 300 };

/** About how many seconds each step of {@link measurePeers} takes. */
export const STEPS: readonly number[] = [
  ...[...allLayers, ...kindLayers].map((layer) => 1 + operations(layer) / 5e8),
  ...vgg16Layers.map((layer) => 1 + operations(layer) / 2e9),
  ...vgg16Layers.map((layer) => 1 + operations(layer) / 1e9),
  ...NETWORKS.map(({ seconds }) => seconds),
];

export async function measurePeers(
  { engines, calls }: Pick<Peers, 'engines' | 'calls'>,
  kernels: KernelsChoice,
  report: Report,
): Promise<void> {
  await withContext({ threads: 1, kernels }, async (context) => {
    await measureLayers(context, engines, [...allLayers, ...kindLayers], report);
    if (calls !== null) await measureCalls(context, calls, report);
    await measureBatches(context, engines.filter(isNative), vgg16Layers, report);
  });
  for (const work of NETWORKS) await measureNetwork(work, engines, kernels, report);
}

/** Batches and relaxed accuracy are compared with native ONNX Runtime alone: the others are far behind without them. */
function isNative({ name }: { readonly name: string }): boolean {
  return name === 'onnxruntime-node';
}

export async function measureLayers(
  context: Context,
  engines: readonly PeerEngine[],
  layers: readonly ConvolutionLayer[],
  report: Report,
): Promise<void> {
  const [sum, relaxedSum] = [WORK.vgg, WORK.vggRelaxed].map((work) => new Sum(work, context));
  for (const layer of layers) {
    report.step(layer.name);
    const { ours, relaxed, peers } = await timeLayer(context, engines, problem(layer), report.signal);
    report.found(comparisonOf(layer.name, ours.name, context, ours, peers));
    if (!vgg16Layers.includes(layer)) continue;
    sum.add(layer, ours, peers);
    relaxedSum.add(layer, relaxed, peers.filter(isNative));
  }
  report.found(sum.comparison());
  report.found(relaxedSum.comparison());
}

/** One-off calls, which pack the kernel each time, on VGG-16's layers. */
export async function measureCalls(context: Context, engine: PeerEngine, report: Report): Promise<void> {
  const sum = new Sum(WORK.vggCalls, context);
  for (const layer of vgg16Layers) {
    report.step(`${layer.name}, one-off calls`);
    const data = problem(layer);
    const theirs = await engine.convolution(data);
    if (theirs === null) throw new Error(`${engine.name} has no ${layer.name}`);
    const ours = ourCall(context, data);
    try {
      const all = [ours, contestant(engine.name, theirs)];
      const [mine, ...others] = await timeInTurn(layer.name, all, report.signal);
      sum.add(layer, mine, others);
    } finally {
      ours.dispose();
      await theirs.dispose();
    }
  }
  report.found(sum.comparison());
}

/** A call from tensors of the context's memory to one. */
function ourCall(context: Context, data: LayerProblem) {
  const { layer, inputShape, kernelShape, outputShape } = data;
  const tensors = [inputShape, kernelShape, [layer.outputChannels], outputShape].map((shape) =>
    context.allocate(shape),
  );
  const [input, kernel, bias, output] = tensors;
  for (const [tensor, numbers] of [
    [input, data.input],
    [kernel, data.kernel],
    [bias, data.bias],
  ] as const) {
    tensor.data.set(numbers);
  }
  const { stride, padding, dilation, groups } = layer;
  const call = { context, input, kernel, bias, output, stride, padding, dilation, groups };
  return {
    name: 'ours',
    time: () => timed(() => convolutionInference(call)),
    result: () => output.data.slice(),
    dispose() {
      for (const tensor of tensors) context.free(tensor);
    },
  };
}

export async function measureBatches(
  context: Context,
  engines: readonly PeerEngine[],
  layers: readonly ConvolutionLayer[],
  report: Report,
): Promise<void> {
  const sum = new Sum(WORK.vggBatch, context);
  for (const layer of layers) {
    report.step(`${layer.name}, batch ${BATCH}`);
    const { ours, peers } = await timeLayer(context, engines, problem(layer, BATCH), report.signal);
    sum.add(layer, ours, peers);
  }
  report.found(sum.comparison());
}

/** The layers of a network, each as often as the network has it. */
class Sum {
  readonly #work: string;
  readonly #context: Context;
  #ours = 0;
  readonly #peers = new Map<string, number>();

  constructor(work: string, context: Context) {
    this.#work = work;
    this.#context = context;
  }

  add({ occurrences }: ConvolutionLayer, ours: Measurement, peers: readonly Measurement[]): void {
    this.#ours += occurrences * ours.median;
    for (const { name, median } of peers) {
      this.#peers.set(name, (this.#peers.get(name) ?? 0) + occurrences * median);
    }
  }

  comparison(): Comparison {
    const peers = [...this.#peers].map(([name, median]) => ({ name, median }));
    return comparisonOf(this.#work, null, this.#context, { median: this.#ours }, peers);
  }
}

export function comparisonOf(
  work: string,
  how: string | null,
  { kernels }: Context,
  ours: Pick<Measurement, 'median'>,
  peers: readonly Pick<Measurement, 'name' | 'median'>[],
  images: number | null = null,
): Comparison {
  return {
    work,
    how,
    kernels: kernels.name,
    node: process.versions.node,
    flagged: isFlagged(),
    images,
    ours: ours.median,
    peers: peers.map(({ name, median }) => ({ name: name as PeerName, milliseconds: median })),
  };
}

/** Ours with default and with relaxed accuracy, which may be the same, and the peers. */
async function timeLayer(
  context: Context,
  engines: readonly PeerEngine[],
  data: LayerProblem,
  signal: AbortSignal,
): Promise<{ ours: Measurement; relaxed: Measurement; peers: Measurement[] }> {
  const ours = [ourConvolution(context, data, 'auto')];
  const relaxed = relaxedAlgorithm(context, data);
  if (relaxed !== ours[0].name) ours.push(ourConvolution(context, data, relaxed));
  const theirs: (readonly [PeerName, PeerRun])[] = [];
  try {
    for (const engine of engines) {
      const run = await engine.convolution(data);
      if (run !== null) theirs.push([engine.name, run]);
    }
    const peers = theirs.map(([name, run]) => contestant(name, run));
    const measured = await timeInTurn(data.layer.name, [...ours, ...peers], signal);
    return { ours: measured[0], relaxed: measured[ours.length - 1], peers: measured.slice(ours.length) };
  } finally {
    for (const each of ours) each.dispose();
    for (const [, run] of theirs) await run.dispose();
  }
}

function relaxedAlgorithm(context: Context, { layer, inputShape, kernelShape }: LayerProblem) {
  const { stride, padding, dilation, groups, outputChannels } = layer;
  return explainConvolution({
    ...{ context, stride, padding, dilation, groups },
    input: { shape: inputShape },
    kernel: { shape: kernelShape },
    bias: { shape: [outputChannels] },
    accuracy: 'relaxed',
  }).algorithm;
}

export function contestant(name: PeerName, run: PeerRun): Contestant {
  const once = ONCE[name] ?? Infinity;
  let [runs, last] = [0, 0];
  return {
    name,
    async time() {
      if (runs < 2 || last < once) {
        last = await run.time();
        runs++;
      }
      return last;
    },
    result: () => run.result(),
  };
}

/** A network at batch 1 by all engines that can run it, and at other batches by us and native ONNX Runtime. */
export async function measureNetwork(
  { name, build, batches }: Work,
  engines: readonly PeerEngine[],
  kernels: KernelsChoice,
  report: Report,
): Promise<void> {
  report.step(name);
  const network = build();
  const sessions: { engine: PeerEngine; session: PeerNetwork }[] = [];
  try {
    const model = writeOnnxModel(graphOf(network));
    for (const engine of engines) {
      report.signal.throwIfAborted();
      const session = await (engine.network?.(model) ??
        (READ_AS_NODES.has(name) ? engine.nodes?.(network) : undefined));
      if (session !== undefined) sessions.push({ engine, session });
    }
    await withContext({ threads: 1, kernels }, async (context) => {
      for (const batch of batches) {
        const chosen = batch === 1 ? sessions : sessions.filter(({ engine }) => isNative(engine));
        const [input] = network.inputs;
        const shape = [batch, ...(input.shape as readonly number[])];
        const data = randomArray(sizeOf(shape), uniform(7));
        const logits = network.outputs[network.outputs.length - 1];
        const peers = chosen.map(({ engine, session }) =>
          contestant(engine.name, session.images(input.name, logits, data, shape)),
        );
        const ours = ourNetwork(context, network, data, shape);
        const [mine, ...others] = await timeInTurn(name, [ours, ...peers], report.signal);
        ours.dispose();
        const work = batch === 1 ? name : `${name}, batch ${batch}`;
        report.found(comparisonOf(work, null, context, mine, others, batch));
      }
    });
  } finally {
    for (const { session } of sessions) session.dispose();
  }
}

/** Networks that engines without a reader of ONNX are given node by node. */
const READ_AS_NODES: ReadonlySet<string> = new Set(['MobileNet-v2', 'ResNet-50']);

/** Logits are compared, because random weights make all classes equally likely, to three digits, in any case. */
function withLogits(network: Network): Network {
  const [softmax] = network.outputs;
  const last = network.nodes.find((node) => node.name === softmax && node.op === 'softmax');
  if (last === undefined) throw new Error(`network '${network.name}' does not end with a softmax`);
  return { ...network, outputs: [softmax, last.inputs[0]] };
}

function ourNetwork(context: Context, network: Network, data: Float32Array, shape: readonly number[]) {
  const prepared = prepareNetwork(network, { context, batch: shape[0] });
  const inputs = { [network.inputs[0].name]: makeTensor(data, shape) };
  let outputs: Record<string, Tensor> = {};
  return {
    name: network.name,
    time() {
      const start = performance.now();
      outputs = prepared.run(inputs);
      return performance.now() - start;
    },
    result: () => outputs[network.outputs[network.outputs.length - 1]].data as Float32Array,
    dispose: () => prepared.dispose(),
  };
}

/** Times of all in turn, once the result of each has been compared with that of the first. */
export async function timeInTurn(
  what: string,
  contestants: readonly Contestant[],
  signal: AbortSignal,
): Promise<Measurement[]> {
  let expected: Float32Array | null = null;
  for (const each of contestants) {
    signal.throwIfAborted();
    await each.time();
    const result = await each.result();
    if (expected === null) expected = result;
    else verify(`${what}, ${each.name} against ${contestants[0].name}`, result, expected, TOLERANCE);
  }
  return measure(contestants, THOROUGH, signal);
}
