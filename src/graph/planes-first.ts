/**
 * A graph whose pictures lie as N H W C in its files begins by turning them to N C H W and ends by turning them back. Whoever
 * copies pictures in and out anyway can do both as it copies: this leaves the two transposes out, and says of which inputs
 * and outputs.
 */
import type { Graph, Node } from './graph.ts';
import { operationOf } from './ops/table.ts';
import { trusted } from './parse-graph.ts';
import { readingAs } from './passes/merge.ts';
import type { Name } from './values.ts';

/** N H W C as N C H W, and N C H W as N H W C. */
export const TO_PLANES: readonly number[] = [0, 3, 1, 2];
export const FROM_PLANES: readonly number[] = [0, 2, 3, 1];

export interface PlanesFirst {
  /** With N C H W for all of those. */
  readonly graph: Graph;
  /** Inputs and outputs that are N H W C outside. */
  readonly channelsLast: ReadonlySet<Name>;
}

/** The graph without transposes of its inputs to planes, where nobody reads these otherwise, and of its outputs from them. */
export function planesFirst(graph: Graph): PlanesFirst {
  const channelsLast = new Set([...inputsTurned(graph), ...outputsTurned(graph)]);
  if (channelsLast.size === 0) return { graph, channelsLast };
  const inputs = new Map(
    [...graph.inputs].map(([name, type]) => {
      if (!channelsLast.has(name)) return [name, type] as const;
      return [name, { ...type, shape: TO_PLANES.map((axis) => type.shape[axis]) }] as const;
    }),
  );
  // What a transpose of an input made is the input now, and what a transpose made an output of is the output.
  const names = new Map<Name, Name>();
  const nodes = graph.nodes.filter(({ inputs: [from], outputs: [to] }) => {
    const isInput = from !== null && channelsLast.has(from);
    if (isInput) names.set(to, from);
    else if (channelsLast.has(to)) names.set(from as Name, to);
    return !isInput && !channelsLast.has(to);
  });
  const nameOf = (name: Name): Name => names.get(name) ?? name;
  const renamed = nodes.map((node): Node => {
    const reading = readingAs(node, (name) => (name === null ? null : nameOf(name)));
    return { ...reading, outputs: node.outputs.map(nameOf) };
  });
  return { graph: trusted({ ...graph, inputs, nodes: renamed }), channelsLast };
}

/** Inputs that nodes read as planes alone. */
function inputsTurned({ inputs, outputs, nodes }: Graph): readonly Name[] {
  return [...inputs.keys()].filter((name) => {
    const readers = nodes.filter((node) => node.inputs.includes(name));
    return readers.length > 0 && !outputs.includes(name) && readers.every((node) => turns(node, TO_PLANES, outputs));
  });
}

/** Outputs that are what a node made, turned, and that nobody reads; nor is what was turned read as it comes out, or turned twice. */
function outputsTurned({ outputs, nodes }: Graph): readonly Name[] {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const sources = outputs.map((name) => makers.get(name)?.inputs[0]);
  return outputs.filter((name, i) => {
    const node = makers.get(name);
    if (node === undefined || !turns(node, FROM_PLANES, [])) return false;
    const source = node.inputs[0] as Name;
    const maker = makers.get(source);
    const isRead = nodes.some(({ inputs }) => inputs.includes(name));
    const isTurned = maker === undefined || operationOf(maker).permutation !== undefined;
    const isOnce = sources.indexOf(source) === i && sources.lastIndexOf(source) === i;
    return !isTurned && isOnce && !outputs.includes(source) && !isRead;
  });
}

/** Whether a node is a transpose of these axes, and makes none of some names. */
function turns(node: Node, permutation: readonly number[], notMaking: readonly Name[]): boolean {
  const axes = operationOf(node).permutation?.(node.attributes);
  return String(axes) === String(permutation) && !notMaking.includes(node.outputs[0]);
}
