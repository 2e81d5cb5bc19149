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
import type { Name, Parameter, Size } from '../values.ts';

/** What becomes of x, whose other input is p. */
interface ChannelForm {
  readonly scale: (p: number) => number;
  readonly shift: (p: number) => number;
}

const SUMMAND: ChannelForm = { scale: () => 1, shift: (p) => p };
const FACTOR: ChannelForm = { scale: (p) => p, shift: () => -0 };

/** By operation: with p behind x, and with p before it. */
const FORMS = new Map<string, readonly [behind: ChannelForm, before: ChannelForm | null]>([
  ['sum', [SUMMAND, SUMMAND]],
  ['multiplication', [FACTOR, FACTOR]],
  [
    'subtraction',
    [
      { scale: () => 1, shift: (p) => -p },
      { scale: () => -1, shift: (p) => p },
    ],
  ],
  ['division', [{ scale: (p) => 1 / p, shift: () => -0 }, null]],
]);

/** @param inputs types of the graph's inputs: those declared, or with sizes that are known */
export function takeChannelConstants(graph: Graph, inputs: Types = graph.inputs): Graph {
  if (!graph.nodes.some((node) => FORMS.has(node.op))) return graph;
  const types = inferTypes(graph, inputs);
  const names = new FreshNames(namesOf(graph));
  const parameters = new Map(graph.parameters);
  const nodes = graph.nodes.map((node): Node => {
    const found = formOf(node, graph.parameters, types);
    if (found === null) return node;
    const { value, form, numbers } = found;
    const parameter = (what: string, of: (p: number) => number): Name => {
      const name = names.take(`${node.name}.${what}`);
      const data = numbers.map(of);
      parameters.set(name, { type: { dtype: 'float32', shape: [data.length] }, data, role: 'weight' });
      return name;
    };
    const weights = [parameter('scale', form.scale), parameter('shift', form.shift)];
    const { name, outputs } = node;
    return { name, op: 'scale-shift', inputs: [value, ...weights], outputs, attributes: {} };
  });
  return parameters.size === graph.parameters.size ? graph : { ...graph, parameters, nodes };
}

interface Found {
  readonly value: Name;
  readonly form: ChannelForm;
  /** One for each channel. */
  readonly numbers: Float32Array;
}

function formOf({ op, inputs }: Node, parameters: ReadonlyMap<Name, Parameter>, types: Types): Found | null {
  const forms = FORMS.get(op);
  const [a, b, ...others] = inputs;
  if (forms === undefined || others.length > 0 || typeof a !== 'string' || typeof b !== 'string') return null;
  const isBehind = parameters.has(b);
  const [value, form, parameter] = isBehind ? [a, forms[0], parameters.get(b)] : [b, forms[1], parameters.get(a)];
  if (form === null || parameter === undefined || parameters.has(value)) return null;
  const type = types.get(value);
  if (type?.dtype !== 'float32' || parameter.type.dtype !== 'float32') return null;
  const numbers = channelNumbers(parameter, type.shape);
  if (numbers === null || (op === 'division' && !numbers.every(isPowerOfTwo))) return null;
  return { value, form, numbers };
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

function isPowerOfTwo(p: number): boolean {
  const inverse = Math.fround(1 / p);
  return Number.isFinite(inverse) && inverse !== 0 && inverse * p === 1 && Math.log2(Math.abs(p)) % 1 === 0;
}
