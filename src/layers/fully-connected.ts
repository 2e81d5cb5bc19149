/** Fully-connected layers in one call. */
import { type FieldsOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import type { RulesExplanation } from '../dispatch/explain.ts';
import { NnpackError } from '../errors.ts';
import { LEAST_NORMAL } from '../maths/float32.ts';
import type { Tensor, TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkTensor, overlaps } from '../tensor/tensor.ts';
import { callLayer, checkApartOutput, LAYER_FIELDS, type LayerOptions, type ParsedCall } from './call.ts';
import { type CheckedKernel, copyKernelRows, formatOf, type HalfTensor, isHalf } from './fully-connected-kernel.ts';
import {
  FULLY_CONNECTED_FIELDS,
  type FullyConnectedOptions,
  type ParsedFullyConnected,
  parseFullyConnected,
  parseFullyConnectedSizes,
} from './fully-connected-options.ts';
import { choiceOf, explanationOf } from './fully-connected-plan.ts';
import {
  type FullyConnectedProgram,
  type FullyConnectedShape,
  fullyConnectedProgram,
  weightFloats,
} from './fully-connected-program.ts';
import { arenaOffset, isInPlace, type NamedTensor, type Staging } from './staging.ts';
import { planLine } from './trace-lines.ts';

export interface FullyConnectedCallOptions<Output extends TensorLike = Tensor>
  extends FullyConnectedOptions,
    LayerOptions<Output> {
  /** [N, C], or [C] for a batch of one. */
  readonly input: TensorLike;
  /** The default context when not given. */
  readonly context?: Context;
}

const CALL_FIELDS: FieldsOf<FullyConnectedCallOptions> = { ...FULLY_CONNECTED_FIELDS, ...LAYER_FIELDS, input: true };

/**
 * A fully-connected layer for inference: y = activation(bias + kernel · input). NNPACK's
 * `nnp_fully_connected_inference` and, with half-precision weights, `nnp_fully_connected_inference_f16f32`; for any batch,
 * and with bias and activation, which NNPACK leaves to its caller.
 *
 * A kernel in the context's memory is read where it is; any other passes through it a few rows at a time. To run a layer
 * often, plan it.
 *
 * @returns [N, K]; [K] for [C]
 * @throws NnpackError for arguments that make no sense together; nothing has been written then
 * @example
 * const y = fullyConnectedInference({ input, kernel, bias, activation: 'relu' });
 */
export function fullyConnectedInference<Output extends TensorLike = Tensor>(
  options: FullyConnectedCallOptions<Output>,
): Output {
  return connect('fullyConnectedInference', options);
}

/**
 * A fully-connected layer of a batch: NNPACK's `nnp_fully_connected_output`. The same computation as
 * {@link fullyConnectedInference}.
 *
 * @returns [N, K]; [K] for [C]
 * @throws NnpackError for arguments that make no sense together; nothing has been written then
 * @example
 * const y = fullyConnectedOutput({ input, kernel: { data: halves, shape: [1000, 4096], format: 'binary16' } });
 */
export function fullyConnectedOutput<Output extends TensorLike = Tensor>(
  options: FullyConnectedCallOptions<Output>,
): Output {
  return connect('fullyConnectedOutput', options);
}

function connect<Output extends TensorLike>(who: string, options: FullyConnectedCallOptions<Output>): Output {
  const call = parseCall(who, options);
  const { context, problem, kernel, activation } = call;
  const program = fullyConnectedProgram(problem.shape, context, activation);
  context.trace.dispatch?.(callLine(who, problem.shape, context, program));
  return callLayer(call, ([x, b = 0], y, staging, profile) => {
    const workspace = program.workspaceFloats === 0 ? 0 : staging.allocate(program.workspaceFloats);
    program.prepare(x, workspace, profile);
    passRows(context, kernel, staging, program.method, (weights, first, rows) =>
      program.multiply(x, weights, first, rows, b, y, workspace, profile),
    );
  });
}

/** Its inputs are the input and, where there is one, the bias; the kernel has a way of its own. */
type ParsedFullyConnectedCall<Output extends TensorLike> = ParsedFullyConnected & ParsedCall<Output>;

function parseCall<Output extends TensorLike>(
  who: string,
  options: FullyConnectedCallOptions<Output>,
): ParsedFullyConnectedCall<Output> {
  const read = readOptions<FullyConnectedCallOptions<Output>>(who, options, CALL_FIELDS);
  const parsed = parseFullyConnected(who, read, checkTensor);
  const { input, kernel, bias } = parsed;
  const { outputShape } = parsed.problem;
  const named: NamedTensor[] = [['the input', input]];
  if (bias !== null) named.push(['the bias', bias]);
  if (!isHalf(kernel)) named.push(['the kernel', kernel]);
  const output = checkApartOutput(who, read.output, outputShape, named);
  if (output !== null && isHalf(kernel)) expectApartFromHalf(who, output.tensor, kernel);
  return Object.freeze({ ...parsed, inputs: bias === null ? [input] : [input, bias], output, outputShape });
}

/** A call packs nothing: weights outside of the context's memory pass through it. */
function callLine(
  who: string,
  shape: FullyConnectedShape,
  context: Context,
  { workspaceFloats }: FullyConnectedProgram,
): string {
  const { algorithm, why, describe } = choiceOf(shape, context);
  return planLine(`${who} ${describe()}`, algorithm, why(), 4 * workspaceFloats, 0);
}

function expectApartFromHalf(who: string, output: CheckedTensor, { data }: HalfTensor): void {
  // The words of 4 bytes that hold a part of the half-precision weights.
  const start = Math.floor(data.byteOffset / 4);
  const end = Math.floor(Math.min(data.byteOffset + data.byteLength + 3, data.buffer.byteLength) / 4);
  const words = new Float32Array(data.buffer as ArrayBuffer, start * 4, end - start);
  if (overlaps(output, { data: words, shape: [words.length], stride: [1], offset: 0 })) {
    throw new NnpackError('invalid-output', `${who}: output overlaps the kernel, expected them apart`);
  }
}

/** Weights that pass through the context's memory at once, of a kernel outside: 32 MB of float32. */
const PASS_WEIGHTS = 2 ** 23;
/**
 * Weights in the context's memory that are looked at before they are worked with: few enough that dot products, which are as
 * fast as weights are read, find them in a cache. A matrix product has more to do, and rather takes many rows.
 */
const CHECKED_WEIGHTS = { dots: 2 ** 20, gemm: PASS_WEIGHTS };

/**
 * Calls `work` for successive rows of the kernel with where they lie: in place, if that is in the context's memory and none of
 * them is subnormal, else in a copy.
 */
function passRows(
  context: Context,
  kernel: CheckedKernel,
  staging: Staging,
  method: FullyConnectedProgram['method'],
  work: (weights: number, first: number, rows: number) => void,
): void {
  const [outputs, channels] = kernel.shape;
  const place = !isHalf(kernel) && isInPlace(context, kernel) ? arenaOffset(kernel) : null;
  const weights = place === null ? PASS_WEIGHTS : CHECKED_WEIGHTS[method];
  const together = Math.min(outputs, 4 * Math.ceil(weights / channels / 4));
  const format = formatOf(kernel);
  let copy = 0;
  for (let first = 0; first < outputs; first += together) {
    const rows = Math.min(together, outputs - first);
    if (place !== null && context.kernels.least(rows * channels, place + first * channels) >= LEAST_NORMAL) {
      work(place + first * channels, first, rows);
      continue;
    }
    if (copy === 0) copy = staging.allocate(weightFloats(format, together * channels));
    copyKernelRows(context, kernel, first, rows, copy);
    work(copy, first, rows);
  }
}

/** What a fully-connected layer is explained from: shapes alone, and how its weights are stored. */
export interface ExplainFullyConnectedOptions {
  /** [N, C] or [C]; only shapes are read. */
  readonly input: { readonly shape: readonly number[] };
  /** [K, C]; float32 where no format is given. */
  readonly kernel: { readonly shape: readonly number[]; readonly format?: 'binary16' | 'alternative' };
  /** [K]; none when not given. */
  readonly bias?: { readonly shape: readonly number[] };
  /** The default context when not given. */
  readonly context?: Context;
}

const EXPLAIN_FIELDS: FieldsOf<ExplainFullyConnectedOptions> = { input: true, kernel: true, bias: true, context: true };

/**
 * Why a fully-connected layer runs as it does: the documented rule with its value, and dot products or a matrix product.
 *
 * @example
 * console.log(String(explainFullyConnected({ input: { shape: [8, 25088] }, kernel: { shape: [4096, 25088] } })));
 */
export function explainFullyConnected(options: ExplainFullyConnectedOptions): RulesExplanation {
  const who = 'explainFullyConnected';
  const read = readOptions<ExplainFullyConnectedOptions>(who, options, EXPLAIN_FIELDS);
  return explanationOf(parseFullyConnectedSizes(who, read).shape, contextOf(who, read.context));
}
