/** What the compiler must refuse, against the declarations that are packed; a line that it lets pass is an error of this file. */
import {
  type ContextOptions,
  type ConvolutionPlan,
  convolutionInference,
  createContext,
  type ErrorCode,
  explainConvolution,
  fullyConnectedInference,
  maxPoolingOutput,
  planConvolution,
  reluOutput,
  type SelectionOptions,
} from 'nnpack-ts';
import { buildNetwork, type NetworkNode, planNetwork } from 'nnpack-ts/networks';

const input = { data: new Float32Array(64), shape: [1, 4, 4, 4] };
const kernel = { data: new Float32Array(144), shape: [4, 4, 3, 3] };

// @ts-expect-error there is no kernel
convolutionInference({ input });
// @ts-expect-error a field that is not known
convolutionInference({ input, kernel, paddings: 1 });
// @ts-expect-error numbers of another type
convolutionInference({ input: { data: new Float64Array(64), shape: [1, 4, 4, 4] }, kernel });
// @ts-expect-error an array of numbers is no typed array
convolutionInference({ input: { data: [1, 2, 3], shape: [3] }, kernel });
// @ts-expect-error the name of no activation
convolutionInference({ input, kernel, activation: 'gelu' });
// @ts-expect-error a leaky activation without its slope
convolutionInference({ input, kernel, activation: { type: 'leaky' } });
// @ts-expect-error padding has no side of that name
convolutionInference({ input, kernel, padding: { up: 1 } });
// @ts-expect-error a list of strides
convolutionInference({ input, kernel, stride: [2, 2] });
// @ts-expect-error the name of no algorithm
convolutionInference({ input, kernel, algorithm: 'winograd' });
// @ts-expect-error a subject is a plan or a call
explainConvolution({ input, kernel, of: 'run' });
// @ts-expect-error a shape alone computes nothing
reluOutput({ input: { shape: [4] } });
// @ts-expect-error there is no size
maxPoolingOutput({ input });
// @ts-expect-error half precision in a format that is not known
fullyConnectedInference({ input, kernel: { data: new Uint16Array(4), shape: [2, 2], format: 'bfloat16' } });
// @ts-expect-error a table that is not known
createContext({ kernels: 'wasm' });
// @ts-expect-error a context is to be waited for
planConvolution({ input, kernel, context: createContext() });
// @ts-expect-error the name of no network
buildNetwork('vgg-17');
// @ts-expect-error a network is no list of nodes
planNetwork([]);

export function readOnly(plan: ConvolutionPlan, options: ContextOptions): void {
  // @ts-expect-error a profile is for reading
  plan.profile.total = 0;
  // @ts-expect-error so is what a plan is
  plan.algorithm = 'direct';
  // @ts-expect-error and what was asked for
  options.threads = 2;
}

// @ts-expect-error no rule of that name
export const selection: SelectionOptions = { rule: 'slowest' };
// @ts-expect-error no code of that name
export const code: ErrorCode = 'invalid-colour';
// @ts-expect-error an operation that networks do not have
export const node: NetworkNode = { name: 'a', op: 'convolve', inputs: [] };
