/** A node of a network, read from what a caller gives: its fields, each by type, and what they must have in common. */
import { type FieldsOf, readFields } from '../check/options.ts';
import { didYouMean, NnpackError, show } from '../errors.ts';
import { whoIs } from '../graph/node.ts';
import { type AnyOperation, type Given, valueCount, type WeightInput } from '../graph/ops/operation.ts';
import { operationOf } from '../graph/ops/table.ts';
import { expectCountOf } from '../graph/parse-graph.ts';
import { parseArray, parseList, parseName, parseNumbers } from '../graph/parse-values.ts';
import { type NetworkNode, NODE_OPS, type NodeBase, type NodeOp } from './network.ts';

const BASE: FieldsOf<NodeBase & Pick<NetworkNode, 'op'>> = { name: true, op: true, inputs: true };

type Fields = FieldsOf<Record<string, unknown>>;

/** The attributes and the weights of its operation. */
function fieldsOf(op: NodeOp): Fields {
  const { fields, weights = [] } = operationOf({ op });
  return { ...BASE, ...fields, ...Object.fromEntries(weights.map(({ name }) => [name, true as const])) };
}

const FIELDS: ReadonlyMap<NodeOp, Fields> = new Map(NODE_OPS.map((op) => [op, fieldsOf(op)]));
const ANY_FIELDS: Fields = Object.assign({}, ...FIELDS.values());

/**
 * @param who the network, `what` the node's place in it
 * @throws NnpackError 'invalid-network', or the code of the field that makes no sense
 */
export function parseNode(who: string, what: string, value: unknown): NetworkNode {
  // Every field is read once, before it is known which of them the node may have.
  const read = readFields<Record<string, unknown>>(who, what, value, ANY_FIELDS, 'invalid-network');
  const name = parseName(who, `the name of ${what}`, read.name);
  const op = parseOp(`${who}: node ${show(name)}`, read.op);
  const own = whoIs({ name, op });
  const operation = operationOf({ op });
  readFields<Record<string, unknown>>(own, 'it', read, FIELDS.get(op) as Fields, 'invalid-network');
  const inputs = parseInputs(own, operation, read.inputs);
  const node = { op, name, inputs, ...parseWeights(own, operation, read), ...operation.check(own, read) };
  // What the record of an operation has checked are the fields of its nodes.
  return Object.freeze(node as NetworkNode);
}

function parseOp(who: string, value: unknown): NodeOp {
  const op = NODE_OPS.find((known) => known === value);
  if (op !== undefined) return op;
  const hint = typeof value === 'string' ? didYouMean(value, NODE_OPS) : '';
  const expected = `expected one of ${NODE_OPS.join(', ')}`;
  throw new NnpackError('invalid-network', `${who}: op is ${show(value)}, ${expected}${hint}`);
}

function parseInputs(who: string, operation: AnyOperation, value: unknown): readonly string[] {
  const names = parseList(who, 'inputs', value, 'invalid-network').map((name, i) =>
    parseName(who, `inputs[${i}]`, name),
  );
  const most = valueCount(operation);
  expectCountOf(who, 'input', names.length, { least: Math.min(operation.inputs.least, most), most });
  return Object.freeze(names);
}

/** The numbers that a node holds; those that it may be without are the last. */
function parseWeights(who: string, operation: AnyOperation, given: Given): Record<string, unknown> {
  const required = operation.inputs.least - valueCount(operation);
  const numbers = (operation.weights ?? []).map(({ name, axes }: WeightInput, i) => {
    const value = given[name];
    if (value === undefined && i >= required) return [name, undefined];
    return [name, axes.length === 1 ? parseNumbers(who, name, value) : parseArray(who, name, value, axes)];
  });
  return Object.fromEntries(numbers);
}
