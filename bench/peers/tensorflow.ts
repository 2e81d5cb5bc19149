/**
 * TensorFlow.js on its two backends without a graphics card: plain JavaScript, and WebAssembly SIMD. A run is conv2d and
 * add, from a tensor in the backend's own layout (N H W C) to `dataSync()`.
 */
import { reordered } from '../../src/tfjs/orders.ts';
import type { LayerProblem } from '../layers.ts';
import type { Load, PeerEngine, PeerRun } from './engine.ts';
import { networkOf } from './tensorflow-network.ts';

export interface TensorFlow {
  enableProdMode(): void;
  getBackend(): string;
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
  relu(x: Tensor): Tensor;
  mean(x: Tensor, axes: readonly number[]): Tensor;
  matMul(x: Tensor, y: Tensor): Tensor;
  maxPool(x: Tensor, size: number, stride: number, padding: readonly (readonly [number, number])[]): Tensor;
  readonly image: { resizeNearestNeighbor(x: Tensor, size: readonly [number, number]): Tensor };
  readonly fused: { readonly conv2d: FusedConvolution; readonly depthwiseConv2d: FusedConvolution };
}

type FusedConvolution = (options: {
  readonly x: Tensor;
  readonly filter: Tensor;
  readonly strides: readonly [number, number];
  readonly pad: 'same' | readonly (readonly [number, number])[];
  readonly bias: Tensor;
  readonly activation?: 'relu' | 'relu6';
}) => Tensor;

type Convolution = (
  x: Tensor,
  kernel: Tensor,
  stride: number,
  padding: readonly (readonly [number, number])[],
  format: 'NHWC',
  dilation: number,
) => Tensor;

export interface Tensor {
  readonly shape: readonly number[];
  dataSync(): Float32Array;
  dispose(): void;
}

export async function loadTensorFlowCpu(load: Load): Promise<PeerEngine> {
  const tf = loadCore(load);
  const { version_cpu: version } = load<{ version_cpu: string }>('@tensorflow/tfjs-backend-cpu');
  return engineOf(tf, 'cpu', version);
}

export async function loadTensorFlowWasm(load: Load): Promise<PeerEngine> {
  const tf = loadCore(load);
  const wasm = load<{ version_wasm: string; setThreadsCount(count: number): void }>('@tensorflow/tfjs-backend-wasm');
  wasm.setThreadsCount(1);
  return engineOf(tf, 'wasm', wasm.version_wasm);
}

export function loadCore(load: Load): TensorFlow {
  const tf = load<TensorFlow>('@tensorflow/tfjs-core');
  tf.enableProdMode(); // its way to full speed; it also leaves out the advice to install another backend
  return tf;
}

async function engineOf(tf: TensorFlow, backend: 'cpu' | 'wasm', version: string): Promise<PeerEngine> {
  await useBackend(tf, backend);
  return {
    name: `tfjs-backend-${backend}`,
    version,
    convolution: (problem) => convolution(tf, backend, problem),
    nodes: async (network) => {
      await useBackend(tf, backend);
      return networkOf(tf, () => useBackend(tf, backend), network);
    },
  };
}

/** One backend works at a time; a change of backend sets up kernels anew, and is never timed. */
export async function useBackend(tf: TensorFlow, backend: string): Promise<void> {
  if (tf.getBackend() !== backend) await tf.setBackend(backend);
}

async function convolution(tf: TensorFlow, backend: string, problem: LayerProblem): Promise<PeerRun> {
  await useBackend(tf, backend);
  const [input, bias, ...kernels] = tf.tidy(() => [
    tf.transpose(tf.tensor4d(problem.input, problem.inputShape), [0, 2, 3, 1]), // N C H W → N H W C
    tf.tensor1d(problem.bias),
    ...groupKernels(tf, problem),
  ]);
  let output: Tensor | null = null;
  return {
    async time() {
      await useBackend(tf, backend);
      output?.dispose();
      const start = performance.now();
      output = tf.tidy(() => tf.add(groupedConvolution(tf, problem, input, kernels), bias));
      output.dataSync();
      return performance.now() - start;
    },
    result() {
      const [N, K, H, W] = problem.outputShape;
      // By a loop of our own: TensorFlow.js takes seconds for it.
      const y = (output as Tensor).dataSync();
      return reordered(y, [N, H, W, K], [0, 3, 1, 2], new Float32Array(y.length)) as Float32Array; // N H W C → N C H W
    },
    dispose() {
      for (const tensor of [input, bias, ...kernels, output]) tensor?.dispose();
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
