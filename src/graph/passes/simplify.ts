/**
 * All passes that make a graph shorter, in their order. The result computes the same values up to rounding, under the
 * same names of inputs and outputs.
 */
import { type Graph, withoutUnused } from '../graph.ts';
import type { Types } from '../infer.ts';
import { parseGraph, trusted } from '../parse-graph.ts';
import { cancelLayouts } from './cancel-layouts.ts';
import { takeChannelConstants } from './channel-constants.ts';
import { decompose } from './decompose.ts';
import { dropIdentities } from './drop-identities.ts';
import { foldConstants } from './fold-constants.ts';
import { foldNormalisation } from './fold-normalisation.ts';
import { fuseActivations } from './fuse-activations.ts';
import { recognise } from './recognise.ts';
import { specialise } from './specialise.ts';

const PASSES: readonly ((graph: Graph) => Graph)[] = [
  withoutUnused,
  (graph) => foldConstants(graph),
  (graph) => decompose(graph),
  (graph) => specialise(graph),
  recognise,
  (graph) => takeChannelConstants(graph),
  dropIdentities,
  cancelLayouts,
  foldNormalisation,
  fuseActivations,
  withoutUnused,
];

/**
 * The same for inputs of sizes that are known: what is computed from them is known as well, and folded.
 *
 * @param graph simplified
 */
export function simplifyFor(graph: Graph, inputs: Types): Graph {
  const told = specialise(decompose(foldConstants(graph, inputs), inputs), inputs);
  return told === graph ? graph : trusted(PASSES.reduce((result, pass) => pass(result), told));
}

/** What came out of a graph. */
const simplified = new WeakMap<Graph, Graph>();

/**
 * Folds constants and batch normalisations, drops what does nothing, cancels changes of layout and fuses activations.
 *
 * @throws NnpackError for a graph that makes no sense, also where no output needs what makes none
 * @example
 * simplifyGraph(graph).nodes.length; // at most that of the graph
 */
export function simplifyGraph(given: Graph): Graph {
  const graph = parseGraph(given);
  const known = simplified.get(graph);
  if (known !== undefined) return known;
  const shorter = trusted(PASSES.reduce((result, pass) => pass(result), graph));
  simplified.set(graph, shorter);
  simplified.set(shorter, shorter);
  return shorter;
}
