/**
 * A network laid out for its shapes: the algorithm of every node, where the values live, and what all of it takes; nothing
 * is loaded yet.
 */
import type { FieldsOf } from '../check/options.ts';
import type { Context } from '../context/context.ts';
import type { SelectionOptions } from '../dispatch/select.ts';
import { NnpackError, show } from '../errors.ts';
import { megabytes } from '../tensor/arena.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { MAX_ELEMENTS } from '../tensor/tensor.ts';
import { compileNode } from './compile.ts';
import type { CompiledNode, CompileOptions } from './compiled.ts';
import { fitWays, floatsOf, leastFloats, type Ways } from './fit.ts';
import { type MemoryPlan, planMemory } from './memory-plan.ts';
import type { Network, NetworkNode } from './network.ts';
import { optimize } from './optimize.ts';
import { parseNetwork } from './parse.ts';
import { inferShapes, type NetworkShapes, type Shape } from './shapes.ts';

/** How the convolutions of a network are chosen, and where it runs. */
export interface NetworkOptions extends SelectionOptions {
  readonly context?: Context;
  /** Images in a run; 1 when not given. */
  readonly batch?: number;
  /** Shapes of the inputs, batch apart; an input may be left out if the network declares all of its sizes. */
  readonly inputs?: Readonly<Record<string, Shape>>;
}

const SELECTION: FieldsOf<SelectionOptions> = {
  algorithm: true,
  eligibility: true,
  rule: true,
  accuracy: true,
  maxError: true,
};
/** The options that all functions of networks take. */
export const NETWORK_OPTIONS: FieldsOf<NetworkOptions> = { ...SELECTION, context: true, batch: true, inputs: true };

/** A network compiled for its shapes, not loaded yet: what it would need is known. */
export interface Layout {
  readonly network: Network;
  readonly shapes: NetworkShapes;
  readonly memory: MemoryPlan;
  readonly nodes: readonly CompiledNode[];
  /** Elements that hold the values and the greatest workspace, or a kernel while it is packed. */
  readonly scratchFloats: number;
  /** Elements of all of it: one block, so that a plan takes what it says and no more. */
  readonly floats: number;
}

/** Every node by the algorithm that its own rules choose. */
export function layOut(unshortened: Network, options: NetworkOptions & CompileOptions, context: Context): Layout {
  const whole = parseNetwork(unshortened);
  const batch = options.batch ?? 1;
  // Nodes that no output needs are held to their shapes as well, before they are left out.
  const given = inferShapes(whole, options.inputs, batch);
  const network = optimize(whole);
  const shapes = network === whole ? given : inferShapes(network, options.inputs, batch);
  expectPlaces(`network ${show(network.name)}`, shapes, shapes.values.keys());
  const withBatch = (name: string): Shape => [batch, ...(shapes.values.get(name) as Shape)];
  const nodes = network.nodes.map((node: NetworkNode) =>
    compileNode(node, node.inputs.map(withBatch), withBatch(node.name), options, context),
  );
  return layoutOf(network, shapes, planMemory(network, shapes), nodes);
}

function layoutOf(network: Network, shapes: NetworkShapes, memory: MemoryPlan, nodes: readonly CompiledNode[]): Layout {
  const scratch = { values: memory.size, staged: stagedFloats(nodes) };
  const own = nodes.map(() => 0);
  const floats = floatsOf(nodes.map(waysOf), own, scratch);
  const scratchFloats = floats - nodes.reduce((sum, node) => sum + node.constantFloats, 0);
  return { network, shapes, memory, nodes, scratchFloats, floats };
}

/** A layout within so many bytes: itself, or with nodes changed to ways that take less; null if that is not enough. */
export function fitLayout(layout: Layout, bytes: number): Layout | null {
  if (4 * layout.floats <= bytes) return layout;
  const { network, shapes, memory, nodes } = layout;
  const scratch = { values: memory.size, staged: stagedFloats(nodes) };
  const taken = fitWays(nodes.map(waysOf), scratch, bytes / 4);
  if (taken === null) return null;
  const changed = nodes.map((node, i) => {
    if (taken[i] === 0) return node;
    const why = `takes less memory than ${node.algorithm}, with which all would take ${megabytes(4 * layout.floats)}`;
    return node.alternatives[taken[i] - 1].compile(why);
  });
  return layoutOf(network, shapes, memory, changed);
}

/** The least bytes that a layout takes, whatever its nodes are changed to. */
export function leastBytes({ memory, nodes }: Layout): number {
  return 4 * leastFloats(nodes.map(waysOf), { values: memory.size, staged: stagedFloats(nodes) });
}

function waysOf(node: CompiledNode): Ways {
  return [node, ...node.alternatives];
}

function stagedFloats(nodes: readonly CompiledNode[]): number {
  return nodes.reduce((most, node) => Math.max(most, node.stagedFloats), 0);
}

/** Whether a value of a network can be a tensor, whose elements are counted in 32 bits. */
export function hasPlace({ batch, values }: NetworkShapes, name: string): boolean {
  return batch * sizeOf(values.get(name) as Shape) <= MAX_ELEMENTS;
}

/** @throws NnpackError 'out-of-memory' for the first of the values that cannot be a tensor */
export function expectPlaces(who: string, shapes: NetworkShapes, names: Iterable<string>): void {
  for (const name of names) {
    if (hasPlace(shapes, name)) continue;
    const shape = [shapes.batch, ...(shapes.values.get(name) as Shape)];
    const what = `${show(name)} of shape ${show(shape)} has ${sizeOf(shape)} elements`;
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
