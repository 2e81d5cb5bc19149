/**
 * Numbers that are known and belong to channels, or to all elements alike, become factors and summands of channels, which
 * fold into the layer before them as a batch normalisation does:
 *
 *     x + p   →   1 · x + p        x · p   →   p · x − 0        x / p   →   (1/p) · x − 0   for powers of two
 *     x − p   →   1 · x − p        p − x   →   −1 · x + p
 *
 * −0 is the summand that changes nothing. Of other quotients 1/p would be rounded, and 6 / 3 would not be 2.
 */
import { FreshNames, type Graph, type Node, namesOf } from '../graph.ts';
import { inferTypes, type Types } from '../infer.ts';
import type { ScaleShift } from '../ops/operation.ts';
import { operationOf } from '../ops/table.ts';
import type { Name, Parameter, Size } from '../values.ts';

/** @param inputs types of the graph's inputs: those declared, or with sizes that are known */
export function takeChannelConstants(graph: Graph, inputs: Types = graph.inputs): Graph {
  if (!graph.nodes.some((node) => operationOf(node).byChannels !== undefined)) return graph;
  const types = inferTypes(graph, inputs);
  const names = new FreshNames(namesOf(graph));
  const parameters = new Map(graph.parameters);
  const nodes = graph.nodes.map((node): Node => {
    const found = formOf(node, graph.parameters, types);
    if (found === null) return node;
    const { value, scale, shift } = found;
    const parameter = (what: string, data: Float32Array): Name => {
      const name = names.take(`${node.name}.${what}`);
      parameters.set(name, { type: { dtype: 'float32', shape: [data.length] }, data, role: 'weight' });
      return name;
    };
    const weights = [parameter('scale', scale), parameter('shift', shift)];
    const { name, outputs } = node;
    return { name, op: 'scale-shift', inputs: [value, ...weights], outputs, attributes: {} };
  });
  return parameters.size === graph.parameters.size ? graph : { ...graph, parameters, nodes };
}

interface Found extends ScaleShift {
  readonly value: Name;
}

function formOf(node: Node, parameters: ReadonlyMap<Name, Parameter>, types: Types): Found | null {
  const forms = operationOf(node).byChannels;
  const [a, b, ...others] = node.inputs;
  if (forms === undefined || others.length > 0 || typeof a !== 'string' || typeof b !== 'string') return null;
  const isBehind = parameters.has(b);
  const [value, form] = isBehind ? [a, forms.behind] : [b, forms.before];
  const parameter = parameters.get(isBehind ? b : a);
  if (form === null || parameter === undefined || parameters.has(value)) return null;
  const type = types.get(value);
  if (type?.dtype !== 'float32' || parameter.type.dtype !== 'float32') return null;
  const numbers = channelNumbers(parameter, type.shape);
  const scale = [...(numbers ?? [])].map(form.scale);
  if (numbers === null || !scale.every((factor) => factor !== null)) return null;
  return { value, scale: Float32Array.from(scale), shift: numbers.map(form.shift) };
}

/** The numbers of the channels of a value; null where they are others', or channels are single numbers. */
function channelNumbers({ type, data }: Parameter, shape: readonly Size[]): Float32Array | null {
  const [, channels] = shape;
  const before = shape.length - type.shape.length;
  if (shape.length < 3 || before < 0 || typeof channels !== 'number') return null;
  const isOfChannels = type.shape.every((size, axis) => size === 1 || (axis + before === 1 && size === channels));
  if (!isOfChannels) return null;
  return data.length === channels ? (data as Float32Array) : new Float32Array(channels).fill(Number(data[0]));
}
