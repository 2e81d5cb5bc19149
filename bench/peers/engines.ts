/**
 * The engines that the benchmark compares with, behind one interface.
 *
 * What is timed is what a user of the engine waits for, once everything that a network does only once is done: the
 * kernel and bias are given beforehand, in the engine's own layout, and the run ends when its output can be read in
 * JavaScript.
 *
 * - tfjs-backend-cpu: conv2d and add, from a tensor in the backend's own layout (N H W C) to `dataSync()`, which shows
 *   the output without copying. Conversion from and to N C H W is never timed.
 * - onnxruntime-web: `session.run()` from a tensor made beforehand to a new one. It copies the input into its
 *   WebAssembly memory and the output out of it; it offers no way round that, so that the copies are timed.
 *
 * Neither applies an activation. Both are held to one thread.
 *
 * For figures, run compiled JavaScript: a loader such as tsx detaches an ArrayBuffer in the process that it starts, and
 * V8 then checks for detached buffers in every loop over typed arrays, theirs and ours (tfjs-backend-cpu takes 1.3
 * times as long). `node --trace-protector-invalidation` prints a line when that happens.
 *
 * The packages are not installed with this one, so their types are not there to import: what is used of them is
 * declared below.
 */

import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { LayerProblem } from '../../src/cli/bench/layers.ts';
import { convolutionModel, INPUT, OUTPUT } from './onnx-conv.ts';

export interface PeerConvolution {
  /** Runs once; milliseconds of what is described above. */
  time(): Promise<number>;
  /** Runs once; N K H′ W′. */
  run(): Promise<Float32Array>;
  dispose(): void;
}

export interface PeerEngine {
  readonly name: PeerName;
  readonly version: string;
  convolution(problem: LayerProblem): Promise<PeerConvolution>;
}

const loaders = { 'tfjs-backend-cpu': loadTensorFlow, 'onnxruntime-web': loadOnnxRuntime };

export type PeerName = keyof typeof loaders;

/** Thrown when the peers are not installed; its message is for the user, and says all there is to say. */
export class PeersNotInstalled extends Error {
  override readonly name = 'PeersNotInstalled';
  constructor() {
    super('The peers of the benchmark are not installed: run `npm install` in the folder bench/peers.');
  }
}

/** From the folder that the benchmark runs in, the package's, so that a compiled benchmark finds them as well. */
const requirePeer = createRequire(resolve('bench/peers/package.json'));

export async function loadPeers(
  names: readonly PeerName[] = ['tfjs-backend-cpu', 'onnxruntime-web'],
): Promise<PeerEngine[]> {
  const engines: PeerEngine[] = [];
  for (const name of names) engines.push(await loaders[name]());
  return engines;
}

function load<Module>(name: string): Module {
  try {
    return requirePeer(name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') throw new PeersNotInstalled();
    throw error;
  }
}

interface TensorFlow {
  enableProdMode(): void;
  setBackend(name: string): Promise<boolean>;
  tensor1d(values: Float32Array): Tensor;
  tensor4d(values: Float32Array, shape: readonly number[]): Tensor;
  transpose(x: Tensor, order: readonly number[]): Tensor;
  reshape(x: Tensor, shape: readonly number[]): Tensor;
  split(x: Tensor, parts: number, axis: number): Tensor[];
  concat(parts: readonly Tensor[], axis: number): Tensor;
  add(x: Tensor, y: Tensor): Tensor;
  conv2d: Convolution;
  depthwiseConv2d: Convolution;
  tidy<Result>(work: () => Result): Result;
}

type Convolution = (
  x: Tensor,
  kernel: Tensor,
  stride: number,
  padding: readonly (readonly [number, number])[],
  format: 'NHWC',
  dilation: number,
) => Tensor;

interface Tensor {
  dataSync(): Float32Array;
  dispose(): void;
}

async function loadTensorFlow(): Promise<PeerEngine> {
  const tf = load<TensorFlow>('@tensorflow/tfjs-core');
  const { version_cpu: version } = load<{ version_cpu: string }>('@tensorflow/tfjs-backend-cpu');
  tf.enableProdMode(); // its way to full speed; it also leaves out the advice to install another backend
  await tf.setBackend('cpu');
  return { name: 'tfjs-backend-cpu', version, convolution: async (problem) => tensorFlowConvolution(tf, problem) };
}

function tensorFlowConvolution(tf: TensorFlow, problem: LayerProblem): PeerConvolution {
  const [input, bias, ...kernels] = tf.tidy(() => [
    tf.transpose(tf.tensor4d(problem.input, problem.inputShape), [0, 2, 3, 1]), // N C H W → N H W C
    tf.tensor1d(problem.bias),
    ...groupKernels(tf, problem),
  ]);
  const convolution = () => tf.tidy(() => tf.add(groupedConvolution(tf, problem, input, kernels), bias));
  return {
    async time() {
      const start = performance.now();
      const output = convolution();
      output.dataSync();
      const milliseconds = performance.now() - start;
      output.dispose();
      return milliseconds;
    },
    async run() {
      return tf.tidy(() => tf.transpose(convolution(), [0, 3, 1, 2]).dataSync().slice());
    },
    dispose() {
      for (const tensor of [input, bias, ...kernels]) tensor.dispose();
    },
  };
}

/**
 * TensorFlow.js has no groups: a group of one channel is its depthwise convolution, whose kernel is R S C K/C; others
 * are convolutions of their own, whose kernels are R S C/g K/g.
 */
function groupKernels(tf: TensorFlow, { layer, kernel, kernelShape }: LayerProblem): Tensor[] {
  const [K, , R, S] = kernelShape;
  const transposed = tf.transpose(tf.tensor4d(kernel, kernelShape), [2, 3, 1, 0]); // K C/g R S → R S C/g K
  if (isDepthwise(kernelShape, layer.groups)) return [tf.reshape(transposed, [R, S, layer.groups, K / layer.groups])];
  return tf.split(transposed, layer.groups, 3);
}

function groupedConvolution(
  tf: TensorFlow,
  { layer, kernelShape }: LayerProblem,
  x: Tensor,
  kernels: readonly Tensor[],
) {
  const { stride, dilation, padding: p, groups } = layer;
  const padding = [
    [0, 0],
    [p, p],
    [p, p],
    [0, 0],
  ] as const;
  if (isDepthwise(kernelShape, groups)) return tf.depthwiseConv2d(x, kernels[0], stride, padding, 'NHWC', dilation);
  if (groups === 1) return tf.conv2d(x, kernels[0], stride, padding, 'NHWC', dilation);
  const parts = tf.split(x, groups, 3);
  return tf.concat(
    parts.map((part, g) => tf.conv2d(part, kernels[g], stride, padding, 'NHWC', dilation)),
    3,
  );
}

function isDepthwise(kernelShape: readonly number[], groups: number): boolean {
  return groups > 1 && kernelShape[1] === 1;
}

interface OnnxRuntime {
  readonly env: {
    readonly wasm: { numThreads?: number; proxy?: boolean };
    readonly versions: { readonly web: string };
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => unknown;
  readonly InferenceSession: {
    create(model: Uint8Array, options: { executionProviders: readonly ['wasm'] }): Promise<OnnxSession>;
  };
}

interface OnnxSession {
  run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: Float32Array }>>;
  release(): Promise<void>;
}

async function loadOnnxRuntime(): Promise<PeerEngine> {
  const ort = load<OnnxRuntime>('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = false;
  return {
    name: 'onnxruntime-web',
    version: ort.env.versions.web,
    convolution: (problem) => onnxConvolution(ort, problem),
  };
}

async function onnxConvolution(ort: OnnxRuntime, problem: LayerProblem): Promise<PeerConvolution> {
  const session = await ort.InferenceSession.create(convolutionModel(problem), { executionProviders: ['wasm'] });
  const feeds = { [INPUT]: new ort.Tensor('float32', problem.input, problem.inputShape) };
  return {
    async time() {
      const start = performance.now();
      await session.run(feeds);
      return performance.now() - start;
    },
    async run() {
      const outputs = await session.run(feeds);
      return outputs[OUTPUT].data;
    },
    dispose: () => void session.release(),
  };
}
