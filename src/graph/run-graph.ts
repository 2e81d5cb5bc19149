import { type FieldsOf, readOptions } from '../check/options.ts';
import { type Context, contextOf } from '../context/context.ts';
import { parseSelection, SELECTION_FIELDS, type SelectionOptions } from '../dispatch/select.ts';
import { show } from '../errors.ts';
import type { TypedTensor, TypedTensorLike } from '../tensor/ndarray.ts';
import type { Graph } from './graph.ts';
import { GraphRunner } from './graph-runner.ts';
import { parseGraph } from './parse-graph.ts';
import type { Name } from './values.ts';

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
  const runner = new GraphRunner(who, graph, selection, context);
  try {
    return runner.run(inputs);
  } finally {
    runner.dispose();
  }
}
