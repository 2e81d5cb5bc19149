/**
 * Operations that older exporters write out become one, where nobody reads what lies between:
 *
 *     min(max(x + 3, 0), 6) / 6          →   hard-sigmoid(x)           also with · 1/6
 *     x · min(max(x + 3, 0), 6) / 6      →   hard-swish(x)             in either order
 *     x · hard-sigmoid(x)                →   hard-swish(x)             of slope 1/6 and offset 1/2
 *     x · sigmoid(x)                     →   swish(x)
 *
 * What is read several times, or is an output, stays.
 */
import { countReaders, type Graph, type Node, withoutUnused } from '../graph.ts';
import { inferTypes, type Types } from '../infer.ts';
import type { Name, Parameter } from '../values.ts';

type SpecialNode = Pick<Node, 'op' | 'inputs' | 'attributes'>;

/** What is known as nodes are walked through. */
interface Known {
  readonly parameters: ReadonlyMap<Name, Parameter>;
  readonly types: Types;
  /** The node that makes a value which is read once. */
  makerOf(name: Name | null): Node | undefined;
}

/** How exact a factor of 1/6 is that somebody has rounded to float32. */
const SIXTH = Math.fround(1 / 6);

export function recognise(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op === 'multiplication' || op === 'division')) return graph;
  const readers = countReaders(graph);
  const makers = new Map<Name, Node>();
  const known: Known = {
    parameters: graph.parameters,
    types: inferTypes(graph),
    makerOf: (name) => (name !== null && readers.get(name) === 1 ? makers.get(name) : undefined),
  };
  let isSame = true;
  const nodes = graph.nodes.map((node): Node => {
    const found = specialOf(node, known);
    // A number with more axes than x gives its result more axes.
    const special = found !== null && rankOf(found.inputs[0], known) === rankOf(node.outputs[0], known) ? found : null;
    const made = special === null ? node : ({ ...node, ...special } as Node);
    isSame &&= special === null;
    for (const name of node.outputs) makers.set(name, made);
    return made;
  });
  return isSame ? graph : withoutUnused({ ...graph, nodes });
}

function rankOf(name: Name | null, { types }: Known): number | undefined {
  return name === null ? undefined : types.get(name)?.shape.length;
}

function specialOf(node: Node, known: Known): SpecialNode | null {
  const dividend = sixthOf(node, known);
  if (dividend !== null) return hardOf(dividend, known);
  if (node.op !== 'multiplication') return null;
  const [a, b] = node.inputs;
  return gated(a, known.makerOf(b)) ?? gated(b, known.makerOf(a));
}

/** What becomes of x · gate(x). */
function gated(x: Name | null, gate: Node | undefined): SpecialNode | null {
  if (x === null || gate === undefined || gate.inputs[0] !== x) return null;
  if (gate.op === 'sigmoid') return { op: 'swish', inputs: [x], attributes: { slope: 1 } };
  if (gate.op !== 'hard-sigmoid') return null;
  const { slope, offset } = gate.attributes;
  return Math.fround(slope) === SIXTH && offset === 0.5 ? { op: 'hard-swish', inputs: [x], attributes: {} } : null;
}

/** What becomes of a sixth of a value: of a clamped one, or of one that is multiplied with it. */
function hardOf(dividend: Name, known: Known): SpecialNode | null {
  const maker = known.makerOf(dividend);
  const clamped = shiftedByThree(maker, known);
  if (clamped !== null) return { op: 'hard-sigmoid', inputs: [clamped], attributes: { slope: 1 / 6, offset: 0.5 } };
  if (maker?.op !== 'multiplication') return null;
  const [a, b] = maker.inputs;
  const isGated = (x: Name | null, gate: Name | null) => x !== null && shiftedByThree(known.makerOf(gate), known) === x;
  const x = isGated(a, b) ? a : isGated(b, a) ? b : null;
  return x === null ? null : { op: 'hard-swish', inputs: [x], attributes: {} };
}

/** x of min(max(x + 3, 0), 6). */
function shiftedByThree(node: Node | undefined, known: Known): Name | null {
  if (node?.op !== 'clamp' || node.attributes.min !== 0 || node.attributes.max !== 6) return null;
  const sum = known.makerOf(node.inputs[0]);
  return sum?.op === 'sum' ? besideNumber(sum, 3, known) : null;
}

/** x of x / 6 or x · 1/6. */
function sixthOf(node: Node, known: Known): Name | null {
  if (node.op === 'multiplication') return besideNumber(node, SIXTH, known);
  if (node.op !== 'division') return null;
  const [x, six] = node.inputs;
  return isNumber(six, 6, known) ? x : null;
}

/** The other of two inputs of which one is this number. */
function besideNumber({ inputs }: Node, number: number, known: Known): Name | null {
  const [a, b, ...others] = inputs;
  if (others.length > 0) return null;
  if (isNumber(b, number, known)) return a;
  return isNumber(a, number, known) ? b : null;
}

/** Whether a value is one known number. */
function isNumber(name: Name | null, number: number, { parameters }: Known): boolean {
  const parameter = name === null ? undefined : parameters.get(name);
  return parameter?.type.dtype === 'float32' && parameter.data.length === 1 && parameter.data[0] === number;
}
