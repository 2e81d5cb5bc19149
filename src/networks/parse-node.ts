/** A node of a network, read from what a caller gives: its fields, each by type, and what they must have in common. */
import { type FieldsOf, readFields } from '../check/options.ts';
import { didYouMean, NnpackError, show } from '../errors.ts';
import type { NetworkNode, NodeBase, NodeOp } from './network.ts';
import { whoIs } from './network.ts';
import type { InputCount } from './ops/operation.ts';
import { OPERATIONS, OPS, operationOf } from './ops/table.ts';
import { parseList, parseName } from './parse-values.ts';

const BASE: FieldsOf<NodeBase & Pick<NetworkNode, 'op'>> = { name: true, op: true, inputs: true };

type Fields = FieldsOf<Record<string, unknown>>;

const FIELDS: ReadonlyMap<NodeOp, Fields> = new Map(OPS.map((op) => [op, { ...BASE, ...OPERATIONS[op].fields }]));
const ANY_FIELDS: Fields = Object.assign({}, ...FIELDS.values());

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
  const operation = operationOf({ op });
  readFields<Record<string, unknown>>(own, 'it', read, FIELDS.get(op) as Fields, 'invalid-network');
  const inputs = parseInputs(own, operation.inputs, read.inputs);
  const node = { op, name, inputs, ...operation.parse(own, read) };
  // What the record of an operation has parsed are the fields of its nodes.
  return Object.freeze(node as NetworkNode);
}

function parseOp(who: string, value: unknown): NodeOp {
  const op = OPS.find((known) => known === value);
  if (op !== undefined) return op;
  const hint = typeof value === 'string' ? didYouMean(value, OPS) : '';
  throw new NnpackError('invalid-network', `${who}: op is ${show(value)}, expected one of ${OPS.join(', ')}${hint}`);
}

function parseInputs(who: string, { least, most }: InputCount, value: unknown): readonly string[] {
  const names = parseList(who, 'inputs', value, 'invalid-network').map((name, i) =>
    parseName(who, `inputs[${i}]`, name),
  );
  if (names.length >= least && names.length <= most) return Object.freeze(names);
  const expected = most === 1 ? 'one input' : `at least ${least} input(s)`;
  throw new NnpackError('invalid-network', `${who}: expected ${expected}, got ${names.length}`);
}
