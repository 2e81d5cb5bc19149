import { type FieldsOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { isArray, NnpackError, show } from '../errors.ts';
import { sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, expectElements } from '../tensor/tensor.ts';
import {
  callLayer,
  channelAxis,
  checkApartOutput,
  checkTensors,
  LAYER_FIELDS,
  type LayerOptions,
  type ParsedCall,
  planesOf,
} from './call.ts';
import { concatenationStep, itemSize } from './steps.ts';

export interface ConcatenationOptions<Output extends TensorLike = Tensor> extends LayerOptions<Output> {
  /** One or more tensors, of rank 1 to 5, whose shapes agree but for the axis. */
  readonly inputs: readonly TensorLike[];
  /** The axis along which they follow one another; that of the channels when not given. */
  readonly axis?: number;
}

const FIELDS: FieldsOf<ConcatenationOptions> = { ...LAYER_FIELDS, inputs: true, axis: true };

/** A concatenation whose every size has been checked: every input is `rows` runs, the output the runs of all inputs in turn. Frozen. */
export interface ConcatenationProblem {
  readonly rows: number;
  /** Elements of each input's runs. */
  readonly runs: readonly number[];
  readonly outputShape: readonly number[];
}

/**
 * Tensors one after the other along an axis: the channels when none is given, axis 1 of [N, C, H, W] and [N, C], axis 0
 * of [C, H, W] and [C].
 *
 * @returns a tensor of the inputs' shape, with their extents along the axis added up
 * @throws NnpackError `invalid-input-size` where other extents differ, `invalid-rank` where ranks do; tensor errors
 * @example
 * const y = concatenationOutput({ inputs: [branch1, branch2, branch3] });
 */
export function concatenationOutput<Output extends TensorLike = Tensor>(options: ConcatenationOptions<Output>): Output {
  const call = parseConcatenation('concatenationOutput', options);
  return callLayer(call, (xs, y) => runConcatenation(call.context, call.problem, xs, y));
}

interface ParsedConcatenation<Output extends TensorLike> extends ParsedCall<Output> {
  readonly problem: ConcatenationProblem;
}

function parseConcatenation<Output extends TensorLike>(
  who: string,
  options: ConcatenationOptions<Output>,
): ParsedConcatenation<Output> {
  const read = readOptions<ConcatenationOptions<Output>>(who, options, FIELDS);
  const context = contextOf(who, read.context);
  const given: unknown = read.inputs;
  const inputs = isArray(given) ? checkTensors(who, 'inputs', given) : [];
  if (inputs.length === 0) {
    throw new NnpackError('invalid-argument', `${who}: inputs is ${show(given)}, expected an array of tensors`);
  }
  const problem = checkConcatenation(who, inputs, read.axis);
  const { outputShape } = problem;
  const named = inputs.map((input, i) => [`inputs[${i}]`, input] as const);
  const output = checkApartOutput(who, read.output, outputShape, named);
  return Object.freeze({ who, context, inputs, output, outputShape, problem });
}

/** The sizes alone. */
export function checkConcatenation(
  who: string,
  inputs: readonly Pick<CheckedTensor, 'shape'>[],
  axisOption: unknown,
): ConcatenationProblem {
  const [{ shape: first }] = inputs;
  const axis = axisOption ?? channelAxis(first.length);
  if (typeof axis !== 'number' || !Number.isInteger(axis) || axis < 0 || axis >= first.length) {
    throw new NnpackError(
      'invalid-argument',
      `${who}: axis is ${show(axis)}, expected a whole number from 0 to ${first.length - 1}`,
    );
  }
  inputs.forEach(({ shape }, i) => {
    planesOf(who, `inputs[${i}]`, shape);
    const differs = shape.length !== first.length || shape.some((extent, a) => a !== axis && extent !== first[a]);
    if (differs) {
      throw new NnpackError(
        shape.length === first.length ? 'invalid-input-size' : 'invalid-rank',
        `${who}: inputs[${i}] has shape ${show([...shape])}, expected ${show([...first])} (that of inputs[0]) but for axis ${axis}`,
      );
    }
  });
  const outputShape = first.map((extent, a) =>
    a === axis ? inputs.reduce((sum, { shape }) => sum + shape[axis], 0) : extent,
  );
  expectElements(who, 'output', outputShape);
  return Object.freeze({
    rows: sizeOf(first.slice(0, axis)),
    runs: inputs.map(({ shape }) => sizeOf(shape.slice(axis))),
    outputShape,
  });
}

/** Copies dense inputs in the context's memory to their places in y. */
export function runConcatenation(
  context: Context,
  problem: ConcatenationProblem,
  inputs: readonly number[],
  y: number,
): void {
  const { rows, runs } = problem;
  const yPitch = runs.reduce((sum, run) => sum + run, 0);
  let start = y;
  runs.forEach((run, i) => {
    const tile = itemSize(run);
    const parameters = { x: inputs[i], xPitch: run, y: start, yPitch };
    context.pool.parallelize2dTile2d(concatenationStep, parameters, rows, run, tile.rows, tile.columns);
    start += run;
  });
}
