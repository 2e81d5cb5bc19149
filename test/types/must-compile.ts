/** What users write, against the declarations that are packed: a file that must compile. */
import ndarray, { type NdArray } from 'ndarray';
import {
  type AlgorithmName,
  type Context,
  type ConvolutionOptions,
  concatenationOutput,
  convolutionInference,
  createContext,
  type ErrorCode,
  explainConvolution,
  fullyConnectedInference,
  maxPoolingOutputWithIndices,
  NnpackError,
  type Profile,
  planConvolution,
  planFullyConnected,
  reluOutput,
  type Tensor,
  type TensorLike,
} from 'nnpack-ts';
import { buildNetwork, type Network, planNetwork } from 'nnpack-ts/networks';
import { loadLayersModel } from 'nnpack-ts/tfjs/load';

const input = ndarray(new Float32Array(64), [1, 4, 4, 4]);
const kernel = ndarray(new Float32Array(144), [4, 4, 3, 3]);

/** A result is an ndarray, and so is an input; `{ data, shape }` will do for one. */
export const output: NdArray<Float32Array> = convolutionInference({ input, kernel });
export const plain: Tensor = convolutionInference({
  input: { data: new Float32Array(64), shape: [4, 4, 4] },
  kernel: { data: new Float32Array(144), shape: [4, 4, 3, 3], stride: [36, 9, 3, 1], offset: 0 },
  padding: { top: 1, left: 1 },
  stride: { height: 2, width: 1 },
  activation: { type: 'clamp', min: 0, max: 6 },
  algorithm: 'wt8x8',
  rule: 'measured',
});

/** What is written in place is what is returned, of its own type. */
const own = { data: new Float32Array(16), shape: [1, 4, 2, 2], label: 'mine' };
export const label: string = convolutionInference({ input, kernel, output: own }).label;

/** Options may be made once, and be as constant as they like. */
export const shared = { kernel, padding: 1, activation: 'relu' } as const satisfies ConvolutionOptions;
export const again: TensorLike = convolutionInference({ ...shared, input, context: undefined });

/** Where only shapes matter, a shape is enough. */
export const text: string = String(
  explainConvolution({ input: { shape: [1, 4, 8, 8] }, kernel: { shape: [8, 4, 3, 3] }, of: 'call' }),
);

export async function plans(signal: AbortSignal): Promise<readonly unknown[]> {
  const context: Context = await createContext({ threads: 2, kernels: 'auto', deterministic: true });
  const inBrowser = await createContext({ worker: (script) => new Worker(script, { type: 'module' }) });
  inBrowser.dispose();
  const plan = planConvolution({ input: { shape: [1, 4, 4, 4] }, kernel, context });
  const name: AlgorithmName = plan.algorithm;
  const profile: Readonly<Profile> = plan.profile;
  const dense = planFullyConnected({
    input: { shape: [64] },
    kernel: { data: new Uint16Array(640), shape: [10, 64], format: 'binary16' },
  });
  const scores: Tensor = dense.run({ data: new Float32Array(64), shape: [64] });
  const { output: pooled, indices } = maxPoolingOutputWithIndices({ input, poolingSize: 2 });
  const places: Int32Array = indices;
  const network: Network = await loadLayersModel('model.json');
  const outputs: Record<string, Tensor> = await planNetwork(network, { batch: 2 }).runAsync({}, { signal });
  return [name, profile.total, scores, pooled, places, outputs, buildNetwork('vgg-16').nodes[0].op];
}

export function codeOf(error: unknown): ErrorCode | null {
  return error instanceof NnpackError ? error.code : null;
}

reluOutput({ input, output: input, negativeSlope: 0.1 });
concatenationOutput({ inputs: [input, input], axis: 1 });
fullyConnectedInference({ input: ndarray(new Float32Array(4), [4]), kernel: ndarray(new Float32Array(8), [2, 4]) });
