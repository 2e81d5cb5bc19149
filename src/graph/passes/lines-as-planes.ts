/**
 * Convolutions and poolings over lines become those over planes of one row, which have kernels:
 *
 *     f(x[N, C, W])   →   squeeze(f(unsqueeze(x)[N, C, 1, W]))
 *
 * A kernel that is a parameter gets its row where it stands, and views cost nothing.
 */
import { FreshNames, type Graph, type Node, namesOf, withoutUnused } from '../graph.ts';
import { inferTypes, type Types } from '../infer.ts';
import type { AxesPadding, WindowAttributes } from '../ops/windows-nd.ts';
import type { Name, Parameter } from '../values.ts';

/** What is over windows of any number of axes, and has its numbers for each. */
const OPS = ['convolution-nd', 'max-pooling-nd', 'average-pooling-nd'] as const;

type OverLines = Node<(typeof OPS)[number]>;

/** Where the row stands in an input, and in a kernel. */
const ROW_AXIS = 2;

interface LineAttributes extends WindowAttributes {
  /** Of a pooling. */
  readonly size?: readonly number[];
}

/** @param inputs types of the graph's inputs: those declared, or with sizes that are known */
export function makePlanes(graph: Graph, inputs: Types = graph.inputs): Graph {
  if (!graph.nodes.some(isOverWindows)) return graph;
  const types = inferTypes(graph, inputs);
  const names = new FreshNames(namesOf(graph));
  const parameters = new Map(graph.parameters);
  const axes = { type: { dtype: 'int64', shape: [1] }, data: BigInt64Array.of(BigInt(ROW_AXIS)), role: 'constant' };
  const nodes = graph.nodes.flatMap((node): readonly Node[] => {
    if (!isOverWindows(node) || !isOverLines(node, types)) return [node];
    const kernel = kernelOf(node, graph.parameters);
    if (kernel === undefined) return [node];
    const [x, , ...others] = node.inputs;
    const list = names.take(`${node.name}.row`);
    parameters.set(list, axes as Parameter);
    const weights: (Name | null)[] = [];
    if (kernel !== null) {
      const name = names.take(`${node.name}.kernel`);
      parameters.set(name, withRow(kernel));
      weights.push(name, ...others);
    }
    const [plane, made] = [names.take(`${node.name}.plane`), names.take(`${node.name}.planes`)];
    const attributes = overPlanes(node.attributes);
    return [
      { name: plane, op: 'unsqueeze', inputs: [x, list], outputs: [plane], attributes: {} },
      // Its attributes are those of its own operation, for one axis more.
      { name: made, op: node.op, inputs: [plane, ...weights], outputs: [made], attributes } as Node,
      { name: node.name, op: 'squeeze', inputs: [made, list], outputs: node.outputs, attributes: {} },
    ];
  });
  return nodes.length === graph.nodes.length ? graph : withoutUnused({ ...graph, nodes, parameters });
}

function isOverWindows(node: Node): node is OverLines {
  return OPS.some((op) => op === node.op);
}

/** Whether its one output is over windows along one axis; places of maxima are counted otherwise. */
function isOverLines({ inputs, outputs }: OverLines, types: Types): boolean {
  const x = types.get(inputs[0] ?? '');
  return outputs.length === 1 && x?.dtype === 'float32' && x.shape.length === 3;
}

/** The kernel of a convolution; null for what has none, undefined where it is computed. */
function kernelOf({ op, inputs }: OverLines, parameters: ReadonlyMap<Name, Parameter>): Parameter | null | undefined {
  return op === 'convolution-nd' ? parameters.get(inputs[1] ?? '') : null;
}

function withRow({ type: { dtype, shape }, data, role }: Parameter): Parameter {
  return { type: { dtype, shape: [...shape.slice(0, ROW_AXIS), 1, ...shape.slice(ROW_AXIS)] }, data, role };
}

function overPlanes(attributes: LineAttributes): LineAttributes {
  const { stride, dilation, padding, size } = attributes;
  return {
    ...attributes,
    ...(size && { size: [1, ...size] }),
    ...(stride && { stride: [1, ...stride] }),
    ...(dilation && { dilation: [1, ...dilation] }),
    ...(padding && { padding: ofPlanes(padding) }),
  };
}

/** A row of one window has no padding of its own, whatever the rule. */
function ofPlanes(padding: AxesPadding): AxesPadding {
  return typeof padding === 'string' ? padding : { before: [0, ...padding.before], after: [0, ...padding.after] };
}
