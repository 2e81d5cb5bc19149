/** Every node of a graph by the fast algorithms, and by its definition in double on the very values that it read. */
import type { Context } from '../../context/context.ts';
import type { ParsedSelection } from '../../dispatch/select.ts';
import { breathe } from '../../graph/breathe.ts';
import { countReaders, type Graph, type Node } from '../../graph/graph.ts';
import { typeOf } from '../../graph/infer.ts';
import { type Layout, layOut } from '../../graph/layout.ts';
import { operationOf } from '../../graph/ops/table.ts';
import { type GraphPlan, planWithin } from '../../graph/plan.ts';
import { type DoubleTensor, type Dtype, doublesOf, type Name, type TypedArray } from '../../graph/values.ts';
import type { TypedTensorLike } from '../../tensor/ndarray.ts';
import { convolutionReference } from '../../testing/naive.ts';
import { allowedError, convolutionProblem, distance } from './bounds.ts';

/** How far a node was from its definition. */
export interface ComparedNode {
  readonly name: Name;
  readonly op: string;
  readonly description: string;
  /** null where it has none to choose from. */
  readonly algorithm: string | null;
  /** Whether its definition is what ran. */
  readonly isDefinition: boolean;
  /** The greatest |ŷ − y|, and that of the same element of its bound. */
  readonly greatestError: number;
  /** The greatest share of the bound that an error is; beyond 1 something is wrong. */
  readonly share: number;
  /** Where: an output, and a place in it. */
  readonly at: { readonly output: Name; readonly place: number } | null;
}

/** Sees to the values that nodes read: a value goes once its last reader has run. */
class Values {
  readonly #numbers = new Map<Name, TypedTensorLike>();
  readonly #readers: Map<Name, number>;

  constructor(graph: Graph, inputs: Readonly<Record<Name, TypedTensorLike>>) {
    this.#readers = countReaders(graph);
    for (const [name, value] of Object.entries(inputs)) this.#numbers.set(name, value);
  }

  get(name: Name): TypedTensorLike {
    return this.#numbers.get(name) as TypedTensorLike;
  }

  put(name: Name, value: TypedTensorLike): void {
    if ((this.#readers.get(name) ?? 0) > 0) this.#numbers.set(name, value);
  }

  release(names: readonly (Name | null)[]): void {
    for (const name of names) {
      if (name === null) continue;
      const left = (this.#readers.get(name) ?? 0) - 1;
      this.#readers.set(name, left);
      if (left <= 0) this.#numbers.delete(name);
    }
  }
}

/**
 * @param layout how the whole graph runs
 * @param inputs dense, of its inputs' types
 */
export async function* compareNodes(
  { graph, types, nodes }: Layout,
  inputs: Readonly<Record<Name, TypedTensorLike>>,
  selection: ParsedSelection,
  context: Context,
): AsyncGenerator<ComparedNode> {
  const values = new Values(graph, inputs);
  for (const [i, node] of graph.nodes.entries()) {
    await breathe();
    const one = graphOfNode(graph, node, types);
    const read = Object.fromEntries([...one.inputs.keys()].map((name) => [name, values.get(name)]));
    const plan = planOf(one, selection, context);
    try {
      const outputs = plan.run(read);
      const [report] = plan.report();
      const doubles = node.inputs.map((name) => (name === null ? null : doubleOf(graph, types, values, name)));
      const algorithm = report?.algorithm ?? null;
      const expected = definition(node, doubles);
      const worst = worstOf(
        { node, inputs: doubles, expected, algorithm, context },
        outputs,
        (name) => typeOf(types, name).dtype,
      );
      yield {
        ...{ name: node.name, op: node.op, description: nodes[i].description, algorithm },
        ...{ isDefinition: nodes[i].isReference, ...worst },
      };
      for (const name of node.outputs) values.put(name, outputs[name]);
    } finally {
      plan.dispose();
    }
    values.release(node.inputs);
  }
}

/** A graph of one node: what it reads is given, but for its parameters. */
function graphOfNode(graph: Graph, node: Node, types: Layout['types']): Graph {
  const names = [...new Set(node.inputs.filter((name) => name !== null))];
  return {
    name: node.name,
    inputs: new Map(names.filter((name) => !graph.parameters.has(name)).map((name) => [name, typeOf(types, name)])),
    parameters: new Map([...graph.parameters].filter(([name]) => names.includes(name))),
    nodes: [node],
    outputs: node.outputs,
  };
}

function planOf(graph: Graph, selection: ParsedSelection, context: Context): GraphPlan {
  const layout = layOut(`node ${graph.name}`, graph, graph.inputs, selection, context);
  return planWithin(layout, context.arena.largestBytes, context);
}

function doubleOf(graph: Graph, types: Layout['types'], values: Values, name: Name): DoubleTensor {
  const parameter = graph.parameters.get(name);
  if (parameter !== undefined) return doublesOf(parameter);
  const { data } = values.get(name);
  return doublesOf({ type: typeOf(types, name), data: data as TypedArray });
}

/** By the records; a convolution by the loops of `nnpack-ts/testing`, which are the same and take far less time. */
function definition(node: Node, inputs: readonly (DoubleTensor | null)[]): readonly DoubleTensor[] {
  if (node.op !== 'convolution') return operationOf(node).reference(node, inputs);
  const { problem, data } = convolutionProblem(node, inputs);
  return [{ shape: [], data: convolutionReference(problem, data) }];
}

function worstOf(
  ran: Parameters<typeof allowedError>[0],
  outputs: Readonly<Record<Name, TypedTensorLike>>,
  dtypeOf: (name: Name) => Dtype,
): Pick<ComparedNode, 'greatestError' | 'share' | 'at'> {
  let [greatestError, share] = [0, 0];
  let at: ComparedNode['at'] = null;
  for (const [o, output] of ran.node.outputs.entries()) {
    const { data } = outputs[output];
    const dtype = dtypeOf(output);
    const allowed = allowedError(ran, o, dtype);
    const expected = ran.expected[o].data;
    for (let place = 0; place < expected.length; place++) {
      const error = distance(Number(data[place]), expected[place], allowed[place], dtype);
      greatestError = Math.max(greatestError, error);
      const own = error === 0 ? 0 : error / allowed[place];
      if (own > share || Number.isNaN(own)) {
        share = Number.isNaN(own) ? Infinity : own;
        at = { output, place };
      }
    }
  }
  return { greatestError, share, at };
}
