/**
 * A transposed convolution of stride s is a convolution that makes s · s times as many channels, whose outputs are the
 * pixels of blocks. With y[q] = Σ w[t] · x[i] over q = i · s + t along each axis, and q = m · s + φ, t = u · s + φ:
 *
 *     y[m · s + φ]  =  Σ_u w[u · s + φ] · x[m − u]      for each phase φ < s, u < U = ⌈R / s⌉
 *
 * So phase φ is a convolution with every s-th tap, turned round, and taps behind the last are 0; depth-to-space lays the
 * phases side by side, and a slice takes away what the padding does. All three have kernels, and every algorithm serves.
 *
 * Source: Shi et al., Is the deconvolution layer the same as a convolutional layer? (2016).
 */
import type { Shape } from '../compiled.ts';
import { FreshNames, type Graph, type Node, namesOf, withoutUnused } from '../graph.ts';
import { inferTypes, type Types } from '../infer.ts';
import { outputAxis } from '../ops/transposed-convolution.ts';
import type { WindowAxis } from '../ops/windows-nd.ts';
import { isTensorType, type Name, type Parameter } from '../values.ts';

type Transposed = Node<'transposed-convolution'>;

/** A transposed convolution over planes whose kernel and sizes are known. */
interface Known {
  readonly node: Transposed;
  readonly stride: number;
  /** Of the input, the batch first. */
  readonly input: Shape;
  readonly kernel: Parameter;
  readonly bias: Parameter | null;
  readonly axes: readonly [WindowAxis, WindowAxis];
}

/** Taps of each phase, and zeros around the input, along an axis. */
interface PhaseAxis {
  readonly taps: number;
  readonly before: number;
  readonly after: number;
}

/** @param inputs types of the graph's inputs, with sizes that are known */
export function splitIntoPhases(graph: Graph, inputs: Types): Graph {
  if (!graph.nodes.some(({ op }) => op === 'transposed-convolution')) return graph;
  const types = inferTypes(graph, inputs);
  const names = new FreshNames(namesOf(graph));
  const parameters = new Map(graph.parameters);
  const nodes = graph.nodes.flatMap((node): readonly Node[] => {
    const known = knownOf(node, graph.parameters, types);
    return known === null ? [node] : phasesOf(known, names, parameters);
  });
  return nodes.length === graph.nodes.length ? graph : withoutUnused({ ...graph, nodes, parameters });
}

function knownOf(node: Node, parameters: ReadonlyMap<Name, Parameter>, types: Types): Known | null {
  if (node.op !== 'transposed-convolution') return null;
  const [x, w, b = null] = node.inputs;
  const [input, kernel] = [types.get(x ?? ''), parameters.get(w ?? '')];
  const bias = b === null ? null : parameters.get(b);
  const [stride = 1, across = stride] = node.attributes.stride ?? [];
  const isDilated = node.attributes.dilation?.some((dilation) => dilation !== 1) ?? false;
  const isOfPlanes = input?.shape.length === 4 && input.dtype === 'float32' && isTensorType(input);
  if (!isOfPlanes || kernel?.type.dtype !== 'float32' || bias === undefined) return null;
  // One phase is a plain convolution, which is no two nodes; blocks are as high as they are wide.
  if (isDilated || stride !== across || stride < 2) return null;
  const [height, width] = [0, 1].map((a) => outputAxis(node, input.shape[2 + a], kernel.type.shape[2 + a], a));
  return { node, stride, input: input.shape, kernel, bias, axes: [height, width] };
}

/** The nodes that stand for one, and their parameters. */
function phasesOf(known: Known, names: FreshNames, parameters: Map<Name, Parameter>): readonly Node[] {
  const { node, stride, input, axes } = known;
  const [high, wide] = axes.map((axis, a) => phaseAxis(axis, stride, input[2 + a]));
  const constant = (what: string, parameter: Parameter): Name => {
    const name = names.take(`${node.name}.${what}`);
    parameters.set(name, parameter);
    return name;
  };
  const kernel = constant('kernel', phaseKernels(known, high.taps, wide.taps));
  const bias = known.bias === null ? [] : [constant('bias', phaseBias(known.bias, stride))];
  const list = (what: string, ...numbers: readonly number[]) =>
    constant(what, {
      type: { dtype: 'int64', shape: [numbers.length] },
      data: BigInt64Array.from(numbers, BigInt),
      role: 'constant',
    });
  const [phases, blocks] = [names.take(`${node.name}.phases`), names.take(`${node.name}.blocks`)];
  const starts = axes.map(({ before }) => before);
  const ends = axes.map(({ before, size }) => before + size);
  return [
    {
      ...{ name: phases, op: 'convolution', inputs: [node.inputs[0], kernel, ...bias], outputs: [phases] },
      attributes: {
        groups: node.attributes.groups,
        padding: { top: high.before, bottom: high.after, left: wide.before, right: wide.after },
      },
    },
    {
      ...{ name: blocks, op: 'depth-to-space', inputs: [phases], outputs: [blocks] },
      attributes: { blockSize: stride, order: 'channel-first' },
    },
    {
      ...{ name: node.name, op: 'slice', outputs: node.outputs, attributes: {} },
      inputs: [blocks, list('starts', ...starts), list('ends', ...ends), list('axes', 2, 3)],
    },
  ];
}

function phaseAxis({ taps, size, before }: WindowAxis, stride: number, inputs: number): PhaseAxis {
  const own = Math.ceil(taps / stride);
  // m goes from 0 to the last one that a pixel of the output is of.
  const count = Math.ceil((before + size) / stride);
  return { taps: own, before: own - 1, after: Math.max(0, count - inputs) };
}

/** w[c, k, t] as [(k, φ), c, taps turned round], group by group. */
function phaseKernels({ kernel, stride, node }: Known, high: number, wide: number): Parameter {
  const { groups = 1 } = node.attributes;
  const [channels, outputs, height, width] = kernel.type.shape;
  const groupInputs = channels / groups;
  const shape = [groups * outputs * stride ** 2, groupInputs, high, wide];
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  for (let c = 0; c < channels; c++) {
    const first = Math.floor(c / groupInputs) * outputs;
    for (let k = 0; k < outputs; k++) {
      for (let r = 0; r < height; r++) {
        for (let s = 0; s < width; s++) {
          const phase = (r % stride) * stride + (s % stride);
          const row = high - 1 - Math.floor(r / stride);
          const column = wide - 1 - Math.floor(s / stride);
          const to = (((first + k) * stride ** 2 + phase) * groupInputs + (c % groupInputs)) * high + row;
          data[to * wide + column] = Number(kernel.data[((c * outputs + k) * height + r) * width + s]);
        }
      }
    }
  }
  return { type: { dtype: 'float32', shape }, data, role: kernel.role };
}

function phaseBias({ data, role }: Parameter, stride: number): Parameter {
  const numbers = Float32Array.from({ length: data.length * stride ** 2 }, (_, i) =>
    Number(data[Math.floor(i / stride ** 2)]),
  );
  return { type: { dtype: 'float32', shape: [numbers.length] }, data: numbers, role };
}
