/** A node of a network, read from what a caller gives: its fields, each by type, and what they must have in common. */
import { type FieldsOf, oneOf, readFields } from '../check/options.ts';
import { didYouMean, NnpackError, show } from '../errors.ts';
import { checkActivation } from '../layers/activation.ts';
import { expectFinite } from '../layers/call.ts';
import { expectResponseSize } from '../layers/normalisation.ts';
import { expectCount } from '../tensor/convolution-shape.ts';
import type { NetworkNode, NodeOp, PoolingNode } from './network.ts';
import { sidesOf, whoIs } from './network.ts';
import {
  parseActivation,
  parseArray,
  parseList,
  parseName,
  parseNumbers,
  parsePadding,
  parsePerAxis,
  parseScale,
  parseVector,
} from './parse-values.ts';

type NodeOf<Op extends NodeOp> = Extract<NetworkNode, { op: Op }>;

const BASE = { name: true, op: true, inputs: true } as const;
const POOLING = { ...BASE, poolingSize: true, stride: true, padding: true, convention: true } as const;

/** The fields of each kind of node. */
const FIELDS: { readonly [Op in NodeOp]: FieldsOf<NodeOf<Op>> } = {
  convolution: {
    ...BASE,
    kernel: true,
    bias: true,
    stride: true,
    dilation: true,
    groups: true,
    padding: true,
    activation: true,
  },
  'fully-connected': { ...BASE, kernel: true, bias: true, activation: true },
  'max-pooling': POOLING,
  'average-pooling': { ...POOLING, countPadding: true },
  'global-average-pooling': BASE,
  relu: { ...BASE, negativeSlope: true },
  clamp: { ...BASE, min: true, max: true },
  softmax: BASE,
  'local-response-normalisation': { ...BASE, size: true, alpha: true, beta: true, bias: true },
  'batch-normalisation': { ...BASE, gamma: true, beta: true, mean: true, variance: true, epsilon: true },
  'scale-shift': { ...BASE, scale: true, shift: true },
  concatenation: BASE,
  addition: { ...BASE, activation: true },
  resize: { ...BASE, mode: true, scale: true },
  dropout: BASE,
  flatten: BASE,
};

const OPS = Object.keys(FIELDS) as readonly NodeOp[];

/** A node as it was read: its name, operation and inputs are known, its other fields may hold anything. */
type Given = Pick<NetworkNode, 'name' | 'inputs'> & Readonly<Record<string, unknown>>;

type Fields = FieldsOf<Record<string, unknown>>;

const ANY_FIELDS: Fields = Object.assign({}, ...Object.values(FIELDS));

/**
 * @param who the network, `what` the node's place in it
 * @throws NnpackError 'invalid-network', or the code of the field that makes no sense
 */
export function parseNode(who: string, what: string, value: unknown): NetworkNode {
  // Every field is read once, and so before it is known which of them the node may have.
  const read = readFields<Record<string, unknown>>(who, what, value, ANY_FIELDS, 'invalid-network');
  const name = parseName(who, `the name of ${what}`, read.name);
  const op = parseOp(`${who}: node ${show(name)}`, read.op);
  const own = whoIs({ name, op });
  const fields: Fields = FIELDS[op];
  readFields<Record<string, unknown>>(own, 'it', read, fields, 'invalid-network');
  const inputs = parseInputs(own, op, read.inputs);
  return Object.freeze(parseFields(op, { ...read, name, inputs }, own));
}

function parseOp(who: string, value: unknown): NodeOp {
  const op = OPS.find((known) => known === value);
  if (op !== undefined) return op;
  const hint = typeof value === 'string' ? didYouMean(value, OPS) : '';
  throw new NnpackError('invalid-network', `${who}: op is ${show(value)}, expected one of ${OPS.join(', ')}${hint}`);
}

function parseInputs(who: string, op: NodeOp, value: unknown): readonly string[] {
  const names = parseList(who, 'inputs', value, 'invalid-network').map((name, i) =>
    parseName(who, `inputs[${i}]`, name),
  );
  const least = op === 'addition' ? 2 : 1;
  const any = op === 'addition' || op === 'concatenation';
  if (names.length >= least && (any || names.length === 1)) return Object.freeze(names);
  const expected = any ? `at least ${least} input(s)` : 'one input';
  throw new NnpackError('invalid-network', `${who}: expected ${expected}, got ${names.length}`);
}

function parseFields(op: NodeOp, given: Given, who: string): NetworkNode {
  const base = { name: given.name, inputs: given.inputs };
  switch (op) {
    case 'convolution':
      return { op, ...base, ...parseConvolution(who, given) };
    case 'fully-connected': {
      const kernel = parseArray(who, 'kernel', given.kernel, ['K', 'C']);
      const bias = parseBias(who, given.bias, kernel.shape[0]);
      return { op, ...base, kernel, bias, activation: parseActivation(who, given.activation) };
    }
    case 'max-pooling':
      return { op, ...base, ...parsePooling(who, given) };
    case 'average-pooling':
      return {
        op,
        ...base,
        ...parsePooling(who, given),
        countPadding: parseFlag(who, 'countPadding', given.countPadding),
      };
    case 'relu':
      return { op, ...base, negativeSlope: parseSlope(who, given.negativeSlope) };
    case 'clamp': {
      const { min, max } = given;
      checkActivation(who, { type: 'clamp', min, max });
      return { op, ...base, min: min as number, max: max as number };
    }
    case 'addition':
      return { op, ...base, activation: parseActivation(who, given.activation) };
    case 'local-response-normalisation': {
      const { size, alpha, beta, bias } = given;
      expectResponseSize(who, size);
      expectFinite(who, 'alpha', alpha);
      expectFinite(who, 'beta', beta);
      expectFinite(who, 'bias', bias);
      return { op, ...base, size, alpha, beta, bias };
    }
    case 'batch-normalisation':
      return { op, ...base, ...parseStatistics(who, given) };
    case 'scale-shift': {
      const scale = parseNumbers(who, 'scale', given.scale);
      return { op, ...base, scale, shift: parseVector(who, 'shift', given.shift, scale.length, 'invalid-channels') };
    }
    case 'resize': {
      if (given.mode === undefined) {
        throw new NnpackError('invalid-argument', `${who}: mode is not given, expected 'nearest' or 'bilinear'`);
      }
      const mode = oneOf(who, 'mode', given.mode, ['nearest', 'bilinear'], 'invalid-argument');
      return { op, ...base, mode, scale: parseScale(who, given.scale) };
    }
    default:
      return { op, ...base };
  }
}

function parseConvolution(who: string, given: Given): Omit<NodeOf<'convolution'>, 'op' | 'name' | 'inputs'> {
  const kernel = parseArray(who, 'kernel', given.kernel, ['K', 'C / groups', 'R', 'S']);
  const [outputChannels] = kernel.shape;
  const { groups = 1, padding } = given;
  expectCount(who, 'groups', groups, 'invalid-groups');
  if (outputChannels % groups !== 0) {
    const got = `${outputChannels} output channels`;
    throw new NnpackError('invalid-groups', `${who}: ${groups} groups do not divide ${got}`);
  }
  if (typeof padding === 'string' && padding !== 'same') {
    const expected = `'same', a whole number of at least 0, or one for each side`;
    throw new NnpackError('invalid-input-padding', `${who}: padding is ${show(padding)}, expected ${expected}`);
  }
  return {
    kernel,
    bias: parseBias(who, given.bias, outputChannels),
    stride: parsePerAxis(who, 'stride', given.stride, 'invalid-stride'),
    dilation: parsePerAxis(who, 'dilation', given.dilation, 'invalid-dilation'),
    groups,
    padding: padding === 'same' ? padding : parsePadding(who, padding),
    activation: parseActivation(who, given.activation),
  };
}

function parseBias(who: string, value: unknown, outputChannels: number): Float32Array | undefined {
  return value === undefined ? undefined : parseVector(who, 'bias', value, outputChannels, 'invalid-bias');
}

function parsePooling(who: string, given: Given): Omit<PoolingNode, 'op' | 'name' | 'inputs' | 'countPadding'> {
  const poolingSize = parsePerAxis(who, 'poolingSize', given.poolingSize, 'invalid-pooling-size');
  if (poolingSize === undefined) {
    const what = 'poolingSize is not given, expected a whole number of at least 1';
    throw new NnpackError('invalid-pooling-size', `${who}: ${what}`);
  }
  const stride = parsePerAxis(who, 'stride', given.stride, 'invalid-pooling-stride');
  const padding = parsePadding(who, given.padding);
  const convention = oneOf(who, 'convention', given.convention, ['valid', 'full', 'same'], 'invalid-argument');
  if (convention === 'same' && Object.values(sidesOf(padding ?? 0)).some((zeros) => zeros !== 0)) {
    const what = "the convention 'same' chooses its own padding, expected none";
    throw new NnpackError('invalid-input-padding', `${who}: ${what}`);
  }
  return { poolingSize, stride, padding, convention };
}

function parseFlag(who: string, what: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw new NnpackError('invalid-argument', `${who}: ${what} is ${show(value)}, expected true or false`);
}

function parseSlope(who: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  checkActivation(who, { type: 'leaky', slope: value });
  return value as number;
}

/** √(variance + epsilon) divides, so each channel's is above 0. */
function parseStatistics(who: string, given: Given): Omit<NodeOf<'batch-normalisation'>, 'op' | 'name' | 'inputs'> {
  const gamma = parseNumbers(who, 'gamma', given.gamma);
  const vector = (name: string): Float32Array => parseVector(who, name, given[name], gamma.length, 'invalid-channels');
  const [beta, mean, variance] = ['beta', 'mean', 'variance'].map(vector);
  const { epsilon } = given;
  if (typeof epsilon !== 'number' || !(epsilon >= 0 && epsilon < Infinity)) {
    const expected = 'expected a finite number of at least 0';
    throw new NnpackError('invalid-argument', `${who}: epsilon is ${show(epsilon)}, ${expected}`);
  }
  const channel = variance.findIndex((value) => !(value + epsilon > 0));
  if (channel >= 0) {
    const what = `variance + epsilon of channel ${channel} is ${variance[channel] + epsilon}, expected more than 0`;
    throw new NnpackError('invalid-argument', `${who}: ${what}`);
  }
  return { gamma, beta, mean, variance, epsilon };
}
