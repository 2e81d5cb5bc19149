/** A network laid out for a batch and shapes of its inputs. */
import type { FieldsOf } from '../check/options.ts';
import type { Context } from '../context/context.ts';
import { SELECTION_FIELDS, type SelectionOptions } from '../dispatch/select.ts';
import { show } from '../errors.ts';
import type { CompileOptions } from '../graph/compiled.ts';
import type { Graph } from '../graph/graph.ts';
import { type Layout, layOut } from '../graph/layout.ts';
import type { Shape } from './network.ts';
import { boundInputs } from './shapes.ts';

/** How the convolutions of a network are chosen, and where it runs. */
export interface NetworkOptions extends SelectionOptions {
  readonly context?: Context;
  /** Images in a run; 1 when not given. */
  readonly batch?: number;
  /** Shapes of the inputs, batch apart; an input may be left out if the network declares all of its sizes. */
  readonly inputs?: Readonly<Record<string, Shape>>;
}

/** The options that all functions of networks take. */
export const NETWORK_OPTIONS: FieldsOf<NetworkOptions> = {
  ...SELECTION_FIELDS,
  context: true,
  batch: true,
  inputs: true,
};

/** For how many images, and which shapes of one: not checked yet. */
export type NetworkSizes = Pick<NetworkOptions, 'batch' | 'inputs'>;

/** Every node by the algorithm that its own rules choose. */
export function layOutNetwork(
  graph: Graph,
  { batch = 1, inputs = {} }: NetworkSizes,
  options: CompileOptions,
  context: Context,
): Layout {
  return layOut(`network ${show(graph.name)}`, graph, boundInputs(graph, inputs, batch), options, context);
}
