/**
 * One run of a graph on inputs of any sizes. Sizes may follow from the elements of its inputs; where they follow from what
 * is computed, every node is computed by its definition.
 */
import { type FieldsOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { parseSelection, SELECTION_FIELDS, type SelectionOptions } from '../dispatch/select.ts';
import { NnpackError, show } from '../errors.ts';
import { makeArray, sizeOf, type TypedTensor, type TypedTensorLike } from '../tensor/ndarray.ts';
import { copyIn } from '../tensor/tensor.ts';
import { runByDefinition } from './evaluate.ts';
import type { Graph } from './graph.ts';
import { bindInputs, inferTypes, isFew, type Types } from './infer.ts';
import { layOut } from './layout.ts';
import type { KnownType } from './node.ts';
import { parseGraph } from './parse-graph.ts';
import { parseByName } from './parse-values.ts';
import { planWithin } from './plan.ts';
import { type CheckedInput, checkValue } from './run-values.ts';
import { type DoubleTensor, type Dtype, type Name, parameterOf } from './values.ts';

/** How the convolutions of a graph are chosen, and where it runs. */
export interface RunGraphOptions extends SelectionOptions {
  readonly context?: Context;
}

const OPTIONS: FieldsOf<RunGraphOptions> = { ...SELECTION_FIELDS, context: true };

/**
 * Plans a graph for the inputs given, runs it once and gives everything back. To run it several times for inputs of one
 * size, use `planGraph`.
 *
 * @returns the graph's outputs by name
 * @throws NnpackError for inputs that do not fit
 * @example
 * const { y } = runGraph(graph, { x: picture });
 */
export function runGraph(
  given: Graph,
  inputs: Readonly<Record<Name, TypedTensorLike>>,
  options: RunGraphOptions = {},
): Record<Name, TypedTensor> {
  const read = readOptions<RunGraphOptions>('runGraph', options, OPTIONS);
  const context = contextOf('runGraph', read.context);
  const graph = parseGraph(given);
  const who = `graph ${show(graph.name)}`;
  const selection = parseSelection(who, read);
  const checked = checkAll(who, graph, inputs);
  const types = typesOfInputs(who, graph, checked);
  const inferred = inferTypes(graph, types);
  const isKnown = graph.nodes.every((node) => node.outputs.every((name) => inferred.has(name)));
  if (!isKnown) return definedOutputs(graph, checked);
  const plan = planWithin(layOut(who, graph, types, selection, context), context.arena.largestBytes, context);
  try {
    // Where shapes follow from elements, these are part of the plan.
    return plan.run(inputs);
  } finally {
    plan.dispose();
  }
}

function checkAll(who: string, graph: Graph, inputs: unknown): ReadonlyMap<Name, CheckedInput> {
  const given = parseByName(who, 'inputs', inputs, [...graph.inputs.keys()], 'invalid-tensor');
  return new Map(
    [...graph.inputs].map(([name, { dtype, shape }]) => {
      if (!given.has(name)) throw new NnpackError('invalid-tensor', `${who}: input ${show(name)} is missing`);
      return [name, checkValue(who, `input ${show(name)}`, dtype, given.get(name), [shape.length])];
    }),
  );
}

function typesOfInputs(who: string, graph: Graph, checked: ReadonlyMap<Name, CheckedInput>): Types {
  const bound = bindInputs(who, graph, new Map([...checked].map(([name, { shape }]) => [name, shape])));
  return new Map(
    [...bound].map(([name, type]): [Name, KnownType] => {
      const input = checked.get(name) as CheckedInput;
      return [name, isFew(type) ? { ...type, elements: () => doubleOf(input, type.dtype) } : type];
    }),
  );
}

function doubleOf(input: CheckedInput, dtype: Dtype): DoubleTensor {
  if (!('stride' in input)) return { ...input, dtype };
  const dense = new Float32Array(sizeOf(input.shape));
  copyIn(input, dense, 0);
  return { shape: input.shape, data: Float64Array.from(dense), dtype };
}

function definedOutputs(graph: Graph, checked: ReadonlyMap<Name, CheckedInput>): Record<Name, TypedTensor> {
  const inputs = new Map(
    [...checked].map(([name, input]) => {
      return [name, doubleOf(input, graph.inputs.get(name)?.dtype ?? 'float32')] as const;
    }),
  );
  const values = runByDefinition(graph, inputs);
  return Object.fromEntries(
    graph.outputs.map((name) => {
      const value = values.get(name) as DoubleTensor;
      return [name, makeArray(parameterOf(value, value.dtype ?? 'float32', 'constant').data, value.shape)];
    }),
  );
}
