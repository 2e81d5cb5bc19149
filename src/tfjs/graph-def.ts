/**
 * The nodes of a tfjs graph model: TensorFlow's GraphDef, as JSON.
 *
 *     { "node": [{ "name": "relu", "op": "Relu", "input": ["conv:0", "^check"], "attr": { "T": { "type": "DT_FLOAT" } } }] }
 *
 * An input is an output of another node, `name` or `name:number`; `^name` says that another node runs before, and carries
 * nothing. Nodes stand in any order. Nothing here calls itself: a file may chain as many nodes as it likes.
 */
import { NnpackError, shortened, show } from '../errors.ts';
import { Config } from './config.ts';

/** An output of a node. */
export interface TensorRef {
  readonly node: string;
  readonly output: number;
}

/** What stands in place of a convolution's own attributes: numbers for its rows and columns. */
export interface Dilated {
  readonly dilation: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** A node as the file has it. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** As errors name it. */
  readonly who: string;
  readonly inputs: readonly TensorRef[];
  /** Each as one of the JSON forms of an AttrValue. */
  readonly attributes: Config;
  /** Of a convolution that stands for several nodes. */
  readonly dilated?: Dilated;
}

export type GraphNodes = ReadonlyMap<string, GraphNode>;

/** All nodes by name. What reads a node that is not there, or bears another one's name, is broken. */
export function parseGraphDef(topology: Config): GraphNodes {
  const nodes = new Map<string, GraphNode>();
  const list = topology.array('node');
  list.forEach((entry, i) => {
    const node = nodeOf(new Config(`node[${i}]`, entry));
    if (nodes.has(node.name)) throw new NnpackError('invalid-model', `${node.who}: a second node of this name`);
    nodes.set(node.name, node);
  });
  for (const { who, inputs } of nodes.values()) {
    for (const { node } of inputs) {
      if (!nodes.has(node)) throw new NnpackError('invalid-model', `${who}: reads ${show(node)}, which is no node`);
    }
  }
  return nodes;
}

function nodeOf(entry: Config): GraphNode {
  const [name, op] = [entry.string('name'), entry.string('op')];
  const who = `node ${show(name)} (${shortened(op)})`;
  const named = entry.as(who);
  const inputs = named.has('input') ? named.array('input').flatMap((text) => inputOf(named, text)) : [];
  const attributes = new Config(`${who}: attr`, named.value('attr') ?? {});
  return { name, op, who, inputs, attributes };
}

function inputOf(node: Config, text: unknown): TensorRef[] {
  if (typeof text !== 'string') return node.fail('input', 'names of nodes');
  return text.startsWith('^') ? [] : [parseTensorRef(text)];
}

/** `name` is the first output; a name may hold colons of its own. */
export function parseTensorRef(text: string): TensorRef {
  const [, node, output] = /^(.*):(\d{1,9})$/s.exec(text) ?? [null, text, '0'];
  return { node, output: Number(output) };
}

/** The nodes that some depend on, themselves among them, in no order: loops are circles that have a meaning. */
export function behind(last: readonly string[], nodes: GraphNodes): readonly GraphNode[] {
  const found = new Set(last);
  // A set gives what is added while it is walked.
  for (const name of found) for (const { node } of nodes.get(name)?.inputs ?? []) found.add(node);
  return [...found].map((name) => nodes.get(name) as GraphNode);
}

/** The nodes behind some, each after those that it reads: a walk in depth with a stack of its own. */
export function inOrder(last: readonly string[], nodes: GraphNodes): readonly GraphNode[] {
  const order: GraphNode[] = [];
  const done = new Set<string>();
  const open = new Set<string>();
  for (const name of last) {
    const stack = done.has(name) ? [] : [entered(name)];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const { node } = top;
      if (top.next === node.inputs.length) {
        stack.pop();
        open.delete(node.name);
        done.add(node.name);
        order.push(node);
        continue;
      }
      const { node: read } = node.inputs[top.next++];
      if (open.has(read)) {
        throw new NnpackError('invalid-model', `${node.who}: reads ${show(read)} in a circle`);
      }
      if (!done.has(read)) stack.push(entered(read));
    }
  }
  return order;

  function entered(name: string): { readonly node: GraphNode; next: number } {
    open.add(name);
    return { node: nodes.get(name) as GraphNode, next: 0 };
  }
}
