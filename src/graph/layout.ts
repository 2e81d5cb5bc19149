/**
 * A graph laid out for its sizes: the algorithm of every node, where the values live, and what all of it takes; nothing is
 * loaded yet.
 */
import type { Context } from '../context/context.ts';
import { NnpackError, show } from '../errors.ts';
import { megabytes } from '../tensor/arena.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { MAX_ELEMENTS } from '../tensor/tensor.ts';
import { type CompiledNode, type CompileOptions, wholeLines } from './compiled.ts';
import { fitWays, floatsOf, leastFloats, type Ways } from './fit.ts';
import { type Graph, valuesOf } from './graph.ts';
import { costsOf, inferTypes, type NodeCost, shapeOf, type Types } from './infer.ts';
import { lowerNode } from './lower.ts';
import { type MemoryPlan, planMemory } from './memory-plan.ts';
import { parseGraph } from './parse-graph.ts';
import { simplifyFor, simplifyGraph } from './passes/simplify.ts';
import { isInMemory } from './run-values.ts';
import type { Name, Parameter } from './values.ts';

/** A graph lowered for its sizes, not loaded yet: what it would need is known. */
export interface Layout {
  /** As errors name it. */
  readonly who: string;
  readonly graph: Graph;
  readonly types: Types;
  /** Of each node. */
  readonly costs: readonly NodeCost[];
  readonly memory: MemoryPlan;
  readonly nodes: readonly CompiledNode[];
  /** Parameters that are read as values, one behind the other. */
  readonly constants: readonly ValueParameter[];
  /** Elements that hold the values and the greatest workspace, or a kernel while it is packed. */
  readonly scratchFloats: number;
  /** Elements of all of it: one block, so that a plan takes what it says and no more. */
  readonly floats: number;
}

/** A parameter that a node reads as it runs, or that is an output. */
export interface ValueParameter {
  readonly name: Name;
  readonly parameter: Parameter & { readonly data: Float32Array };
}

/**
 * Every node by the algorithm that its own rules choose.
 *
 * @param inputs the types of the graph's inputs, with all of their sizes
 */
export function layOut(who: string, given: Graph, inputs: Types, options: CompileOptions, context: Context): Layout {
  const whole = parseGraph(given);
  // Nodes that no output needs are held to their sizes as well, before they are left out.
  const wholeTypes = inferTypes(whole, inputs);
  const graph = simplifyFor(simplifyGraph(whole), inputs);
  const types = graph === whole ? wholeTypes : inferTypes(graph, inputs);
  const values = [...graph.inputs.keys(), ...graph.nodes.flatMap((node) => node.outputs)];
  for (const name of values) expectKnown(who, types, name);
  expectPlaces(who, types, values);
  const nodes = graph.nodes.map((node) => lowerNode(graph, node, types, options, context));
  const memory = planMemory(graph, types);
  return layoutOf(
    { who, graph, types, costs: costsOf(graph, types), memory, constants: valueParameters(graph) },
    nodes,
  );
}

/** What a layout has whatever ways its nodes take. */
type Fixed = Omit<Layout, 'nodes' | 'scratchFloats' | 'floats'>;

function layoutOf(fixed: Fixed, nodes: readonly CompiledNode[]): Layout {
  const own = nodes.map(() => 0);
  const packed = floatsOf(nodes.map(waysOf), own, scratchOf(fixed.memory, nodes));
  const scratchFloats = packed - nodes.reduce((sum, node) => sum + node.constantFloats, 0);
  return { ...fixed, nodes, scratchFloats, floats: packed + constantFloats(fixed) };
}

/** A layout within so many bytes: itself, or with nodes changed to ways that take less; null if that is not enough. */
export function fitLayout(layout: Layout, bytes: number): Layout | null {
  if (4 * layout.floats <= bytes) return layout;
  const { memory, nodes } = layout;
  const taken = fitWays(nodes.map(waysOf), scratchOf(memory, nodes), bytes / 4 - constantFloats(layout));
  if (taken === null) return null;
  const changed = nodes.map((node, i) => {
    if (taken[i] === 0) return node;
    const why = `takes less memory than ${node.algorithm}, with which all would take ${megabytes(4 * layout.floats)}`;
    return node.alternatives[taken[i] - 1].compile(why);
  });
  return layoutOf(layout, changed);
}

/** The least bytes that a layout takes, whatever its nodes are changed to. */
export function leastBytes(layout: Layout): number {
  const { memory, nodes } = layout;
  return 4 * (leastFloats(nodes.map(waysOf), scratchOf(memory, nodes)) + constantFloats(layout));
}

function scratchOf(memory: MemoryPlan, nodes: readonly CompiledNode[]) {
  const staged = nodes.reduce((most, node) => Math.max(most, node.stagedFloats), 0);
  return { values: memory.size, staged };
}

function constantFloats({ constants }: Pick<Layout, 'constants'>): number {
  return constants.reduce((sum, { parameter }) => sum + wholeLines(sizeOf(parameter.type.shape)), 0);
}

function waysOf(node: CompiledNode): Ways {
  return [node, ...node.alternatives];
}

function valueParameters(graph: Graph): readonly ValueParameter[] {
  const read = new Set<Name | null>([...graph.outputs, ...graph.nodes.flatMap(valuesOf)]);
  return [...graph.parameters]
    .filter(([name, { type }]) => read.has(name) && isInMemory(type.dtype))
    .map(([name, parameter]) => ({ name, parameter: parameter as ValueParameter['parameter'] }));
}

/** @throws NnpackError 'unsupported-layer' for a value whose size only a run could tell */
function expectKnown(who: string, types: Types, name: Name): void {
  if (types.has(name)) return;
  const text = `the size of ${show(name)} follows from values that are computed, expected it to follow from the inputs' sizes`;
  throw new NnpackError('unsupported-layer', `${who}: ${text}`);
}

/** Whether a value can be a tensor, whose elements are counted in 32 bits. */
export function hasPlace(types: Types, name: Name): boolean {
  return sizeOf(shapeOf(types, name)) <= MAX_ELEMENTS;
}

/** @throws NnpackError 'out-of-memory' for the first of the values that cannot be a tensor */
export function expectPlaces(who: string, types: Types, names: Iterable<Name>): void {
  for (const name of names) {
    if (hasPlace(types, name)) continue;
    const shape = shapeOf(types, name);
    const what = `${show(name)} of shape ${show([...shape])} has ${sizeOf(shape)} elements`;
    throw new NnpackError(
      'out-of-memory',
      `${who}: ${what}, expected at most ${MAX_ELEMENTS} (what a tensor may have)`,
    );
  }
}

/** To the byte, because who is told what is needed will ask for just that. */
export function bytesText(bytes: number): string {
  return `${bytes} bytes (${megabytes(bytes)})`;
}
