/**
 * NAME-symbol.json: the nodes of a network, which outputs of which nodes each of them reads, and the network's outputs.
 *
 *     { "nodes": [{ "op", "name", "attrs": { "kernel": "(3, 3)" }, "inputs": [[0, 0, 0], …] }, …],
 *       "arg_nodes": [0, 1, …], "heads": [[9, 0, 0]], "attrs": { "mxnet_version": ["int", 10901] } }
 *
 * A node of the operator `null` is a variable: an input, or an array of the file of parameters. An end [node, output] has
 * a third number since 0.9, a version that only training counts. Attributes are strings; they stood under `param` before
 * 0.9 (beside `attr`, of tools), under `attr` until 0.12, and stand under `attrs` since. A variable carries the attributes
 * of its operator.
 *
 * Nothing here knows an operator. A file may chain as many nodes as it likes, in any order, so nothing calls itself.
 *
 * Source: MXNet, nnvm/src/pass/saveload_json.cc and src/nnvm/legacy_json_util.cc.
 */
import { isRecord, textOf } from '../check/options.ts';
import { NnpackError, shortened, show } from '../errors.ts';

/** An output of a node: the node's place in the list, and which of its outputs. */
export type End = readonly [node: number, output: number];

export interface SymbolNode {
  /** No two nodes have the same. */
  readonly name: string;
  /** As the file names it; `null` for a variable. */
  readonly op: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly inputs: readonly End[];
}

export interface MxnetSymbol {
  /** Each after those that it reads. */
  readonly nodes: readonly SymbolNode[];
  /** The places of variables in the list of nodes. */
  readonly variables: readonly number[];
  /** Of the network, in order. */
  readonly outputs: readonly End[];
  /** Of the MXNet that wrote the file: 10901 for 1.9.1, and 800 where the file does not say, as before 0.9. */
  readonly version: number;
}

/** The networks of the largest models take a few megabytes; their arrays are in a file of their own. */
export const MOST_SYMBOL_CHARACTERS = 2 ** 26;
const VERSION_WITHOUT_ONE = 800;
const VARIABLE = 'null';

type Json = Readonly<Record<string, unknown>>;

/**
 * @throws NnpackError 'invalid-model' for a text that is no symbol, 'unsupported-layer' for nodes with symbols of their
 *   own (loops, branches) and nodes of gradients
 */
export function parseSymbol(text: string): MxnetSymbol {
  const root = expectObject('symbol', 'the file', parseJson(text));
  const listed = expectArray('symbol', 'nodes', field(root, 'nodes'));
  const named = uniqueNames(listed.map((node: unknown, i) => nodeOf(`nodes[${i}]`, node, listed.length)));
  checkVariables(named, expectArray('symbol', 'arg_nodes', field(root, 'arg_nodes')));
  const heads = expectArray('symbol', 'heads', field(root, 'heads'));
  if (heads.length === 0) fail('symbol', 'heads', heads, 'at least one');
  const ends = heads.map((head, i) => endOf('symbol', `heads[${i}]`, head, listed.length));
  for (const { who, inputs } of named) for (const end of inputs) expectOutput(who, end, named);
  for (const end of ends) expectOutput('symbol: heads', end, named);

  const order = inOrder(named);
  const places = new Array<number>(order.length);
  for (const [place, node] of order.entries()) places[node] = place;
  const moved = ([node, output]: End): End => [places[node], output];
  const nodes = order.map((node): SymbolNode => {
    const { name, op, attributes, inputs } = named[node];
    return { name, op, attributes, inputs: inputs.map(moved) };
  });
  const variables = [...nodes.keys()].filter((node) => nodes[node].op === VARIABLE);
  return { nodes, variables, outputs: ends.map(moved), version: versionOf(root) };
}

/** A node as the file lists it. */
interface ListedNode extends SymbolNode {
  readonly who: string;
}

function parseJson(text: string): unknown {
  if (typeof text !== 'string') throw new NnpackError('invalid-model', `symbol: is ${show(text)}, expected a text`);
  if (text.length > MOST_SYMBOL_CHARACTERS) {
    const what = `has ${text.length} characters, expected at most ${MOST_SYMBOL_CHARACTERS}`;
    throw new NnpackError('invalid-model', `symbol: ${what}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NnpackError('invalid-model', `symbol: is no JSON: ${textOf(error)}`, { cause: error });
  }
}

/** @param count of all nodes */
function nodeOf(where: string, value: unknown, count: number): ListedNode {
  const node = expectObject('symbol', where, value);
  const name = expectText(`symbol: ${where}`, 'name', field(node, 'name'));
  const op = expectText(`node ${show(name)}`, 'op', field(node, 'op'));
  const who = `node ${show(name)} (${shortened(op)})`;
  refuseUnsupported(who, node);
  const inputs = expectArray(who, 'inputs', field(node, 'inputs')).map((end, i) => {
    return endOf(who, `inputs[${i}]`, end, count);
  });
  if (op === VARIABLE && inputs.length > 0) fail(who, 'inputs', field(node, 'inputs'), 'none of a variable');
  return { who, name, op, attributes: attributesOf(who, node), inputs };
}

function refuseUnsupported(who: string, node: Json): void {
  const subgraphs = field(node, 'subgraphs') ?? [];
  if (!Array.isArray(subgraphs) || subgraphs.length > 0) {
    throw new NnpackError('unsupported-layer', `${who}: has symbols of its own (subgraphs), expected none`);
  }
  // before 0.9 a node of a gradient had the operator `null` too, and this in place of it
  const source = field(node, 'backward_source_id') ?? -1;
  if (source !== -1) {
    throw new NnpackError('unsupported-layer', `${who}: backward_source_id is ${show(source)}, expected -1`);
  }
}

/** What stands under the earlier name wins, as in MXNet. */
function attributesOf(who: string, node: Json): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const under of ['attrs', 'attr', 'param']) {
    const given = field(node, under);
    if (given === undefined) continue;
    for (const [name, value] of Object.entries(expectObject(who, under, given))) {
      if (typeof value !== 'string') fail(who, `${under} ${show(name)}`, value, 'a text');
      else if (!attributes.has(name)) attributes.set(name, value);
    }
  }
  return attributes;
}

/** [node, output], or [node, output, version]. */
function endOf(who: string, what: string, value: unknown, count: number): End {
  const end = expectArray(who, what, value);
  const isEnd =
    (end.length === 2 || end.length === 3) && end.every((x) => Number.isSafeInteger(x) && (x as number) >= 0);
  if (!isEnd) return fail(who, what, value, '[node, output] or [node, output, version]');
  const [node, output] = end as number[];
  return node < count ? [node, output] : fail(who, what, value, `the number of one of ${count} nodes`);
}

function expectOutput(who: string, [node, output]: End, nodes: readonly ListedNode[]): void {
  if (output === 0 || nodes[node].op !== VARIABLE) return;
  throw new NnpackError('invalid-model', `${who}: reads output ${output} of ${nodes[node].who}, expected output 0`);
}

/** The list of variables tells nothing that the nodes do not, but a file that contradicts itself is broken. */
function checkVariables(nodes: readonly ListedNode[], list: readonly unknown[]): void {
  const known = new Set<unknown>();
  for (const [i, node] of list.entries()) {
    const isVariable = Number.isSafeInteger(node) && nodes[node as number]?.op === VARIABLE;
    if (!isVariable) fail('symbol', `arg_nodes[${i}]`, node, 'the number of a variable');
    if (known.has(node)) fail('symbol', `arg_nodes[${i}]`, node, 'each variable once');
    known.add(node);
  }
}

/**
 * Variables are found by their names, and MXNet too wants each name once. A part of a Gluon network that is used twice
 * gives its nodes the same names twice; here the later ones get a number.
 */
function uniqueNames(nodes: readonly ListedNode[]): ListedNode[] {
  const names = new Set<string>();
  for (const { who, name, op } of nodes) {
    if (op !== VARIABLE) continue;
    if (names.has(name)) throw new NnpackError('invalid-model', `${who}: a second variable of this name`);
    names.add(name);
  }
  for (const { name } of nodes) names.add(name);
  const used = new Set(nodes.filter(({ op }) => op === VARIABLE).map(({ name }) => name));
  const numbers = new Map<string, number>();
  return nodes.map((node) => {
    if (node.op === VARIABLE) return node;
    let { name } = node;
    if (used.has(name)) {
      let number = numbers.get(node.name) ?? 0;
      do name = `${node.name}_${++number}`;
      while (names.has(name));
      numbers.set(node.name, number);
    }
    used.add(name);
    return name === node.name ? node : { ...node, name };
  });
}

/** The numbers of all nodes, each after those that it reads; as they are where that is so already. */
function inOrder(nodes: readonly ListedNode[]): number[] {
  const order: number[] = [];
  /** 1 while the nodes that it reads are visited, 2 from then on. */
  const states = new Uint8Array(nodes.length);
  const stack: { readonly node: number; next: number }[] = [];
  for (const first of nodes.keys()) {
    if (states[first] === 0) stack.push({ node: first, next: 0 });
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { node, next } = top;
      states[node] = 1;
      const { who, inputs } = nodes[node];
      if (next === inputs.length) {
        states[node] = 2;
        order.push(node);
        stack.pop();
        continue;
      }
      const [read] = inputs[top.next++];
      if (states[read] === 1) {
        throw new NnpackError('invalid-model', `${who}: reads ${show(nodes[read].name)} in a circle`);
      }
      if (states[read] === 0) stack.push({ node: read, next: 0 });
    }
  }
  return order;
}

function versionOf(root: Json): number {
  const attributes = field(root, 'attrs');
  if (attributes === undefined) return VERSION_WITHOUT_ONE;
  const written = field(expectObject('symbol', 'attrs', attributes), 'mxnet_version');
  if (written === undefined) return VERSION_WITHOUT_ONE;
  const [type, version] = Array.isArray(written) ? (written as unknown[]) : [];
  if (type === 'int' && Number.isSafeInteger(version) && (version as number) >= 0) return version as number;
  return fail('symbol', 'mxnet_version', written, "['int', a whole number]");
}

/** A field of the object's own, undefined for null. */
function field(object: Json, name: string): unknown {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined;
}

function expectObject(who: string, what: string, value: unknown): Json {
  return isRecord(value) ? (value as Json) : fail(who, what, value, 'an object');
}

function expectArray(who: string, what: string, value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : fail(who, what, value, 'an array');
}

function expectText(who: string, what: string, value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : fail(who, what, value, 'a text');
}

function fail(who: string, what: string, value: unknown, expected: string): never {
  throw new NnpackError('invalid-model', `${who}: ${what} is ${show(value)}, expected ${expected}`);
}
