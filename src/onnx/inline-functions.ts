/**
 * Calls of a model's own functions become the nodes of these, so that what comes after sees operators alone:
 *
 *     f(a; alpha):  t = Mul(a, a)              n/t = Mul(x, x)
 *                   b = Elu(t; alpha)     →    y   = Elu(n/t; 2)
 *     n:            y = f(x; alpha = 2)
 *
 * What a function names inside gets a name that nothing else in the model has, for each call anew. An attribute that
 * refers to one of the function takes the value of the call, or the function's default, and is left out where there is
 * neither. A function has its own version of the operators.
 */
import { NnpackError, shortened, show } from '../errors.ts';
import { FreshNames } from '../graph/graph.ts';
import type { AttributeProto, FunctionProto, Model, NodeProto } from './proto.ts';

/** A node with the version of the operators of its domain. */
export interface VersionedNode extends NodeProto {
  readonly opset: number;
}

/** The oldest version of the operators that is read. */
const OLDEST_OPSET = 7;
/** Functions that call one another. */
const DEEPEST = 64;
/** Nodes that functions become, with the names that they read and write: calls of calls could be without number. */
const MOST_PARTS = 2 ** 20;

/**
 * The nodes of a model's graph, without calls.
 *
 * @param isOperator whether a node has a meaning already; functions of the same name are not looked at then
 * @throws NnpackError 'invalid-model' for a call that does not fit or goes on without end
 */
export function inlineFunctions(model: Model, isOperator: (node: NodeProto) => boolean): readonly VersionedNode[] {
  const calls = new Calls(model, isOperator);
  for (const node of model.graph.nodes) calls.append(node, { who: 'model', opsets: model.opsets, isFunction: false });
  return calls.nodes;
}

/** What a node stands in: the model's graph, or a function. */
interface Scope {
  readonly who: string;
  readonly opsets: Model['opsets'];
  readonly isFunction: boolean;
}

/** What a function becomes. */
interface Extent {
  /** Nodes, with the names that they read and write. */
  readonly parts: number;
  /** How many functions call one another in it, itself among them. */
  readonly depth: number;
}

class Calls {
  readonly nodes: VersionedNode[] = [];
  readonly #functions = new Map<string, FunctionProto>();
  readonly #isOperator: (node: NodeProto) => boolean;
  readonly #names: FreshNames;
  readonly #extents = new Map<FunctionProto, Extent>();
  #parts = 0;

  constructor({ graph, functions }: Model, isOperator: (node: NodeProto) => boolean) {
    this.#isOperator = isOperator;
    for (const each of functions) {
      const key = keyOf(each.domain, each.name, each.overload);
      if (this.#functions.has(key)) throw invalid(`model: it has the function ${show(each.name)} twice`);
      this.#functions.set(key, each);
    }
    const read = graph.nodes.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
    this.#names = new FreshNames([...graph.inputs, ...graph.initializers].map(({ name }) => name).concat(read));
  }

  append(node: NodeProto, scope: Scope): void {
    const called = this.#calledBy(node);
    if (called === undefined) this.nodes.push({ ...node, opset: opsetOf(node, scope) });
    else this.#inline(node, called, scope);
  }

  #calledBy(node: NodeProto): FunctionProto | undefined {
    const { domain, opType, overload } = node;
    return this.#isOperator(node) ? undefined : this.#functions.get(keyOf(domain, opType, overload));
  }

  #inline(call: NodeProto, called: FunctionProto, { isFunction }: Scope): void {
    const who = `node ${show(call.name || call.outputs[0] || '')} (${call.opType})`;
    expectFits(who, call, called);
    if (!isFunction) this.#count(who, this.#extentOf(who, called, []));
    const scope = { who: `function ${show(called.name)}`, opsets: called.opsets, isFunction: true };
    const own = shortened(call.name || call.outputs[0] || call.opType);
    const { nameOf, copies } = this.#renaming(own, call, called);
    for (const node of called.nodes) {
      const inside = `${who}: node ${show(node.name)} (${node.opType})`;
      const attributes = boundAttributes(inside, node, call, called);
      const name = `${own}/${shortened(node.name || node.outputs[0] || '')}`;
      const [inputs, outputs] = [node.inputs.map(nameOf), node.outputs.map(nameOf)];
      this.append({ ...node, name, inputs, outputs, attributes }, scope);
    }
    for (const copy of copies) this.nodes.push({ ...copy, opset: OLDEST_OPSET });
  }

  /** What the names of a function are for one call; copies are of what it is given, or has told already, as an output. */
  #renaming(own: string, call: NodeProto, called: FunctionProto) {
    const fresh = (name: string) => this.#names.take(`${own}/${shortened(name)}`);
    const names = new Map([['', '']]);
    called.inputs.forEach((name, i) => {
      names.set(name, call.inputs[i] ?? '');
    });
    const copies: NodeProto[] = [];
    called.outputs.forEach((name, i) => {
      const output = call.outputs[i] || fresh(name);
      const known = names.get(name);
      if (known === undefined) names.set(name, output);
      else copies.push(copyNode(known, output));
    });
    const nameOf = (name: string): string => {
      const known = names.get(name) ?? fresh(name);
      names.set(name, known);
      return known;
    };
    return { nameOf, copies };
  }

  /** Before anything is made, so that neither circles nor numbers without end are walked through. */
  #extentOf(who: string, called: FunctionProto, callers: readonly FunctionProto[]): Extent {
    const known = this.#extents.get(called);
    if (callers.includes(called)) throw invalid(`${who}: function ${show(called.name)} calls itself`);
    if (callers.length + (known?.depth ?? 1) > DEEPEST) {
      const text = `functions call one another more than ${DEEPEST} deep`;
      throw new NnpackError('unsupported-layer', `${who}: ${text}`);
    }
    if (known !== undefined) return known;
    let [parts, depth] = [called.inputs.length + called.outputs.length, 0];
    for (const node of called.nodes) {
      const next = this.#calledBy(node);
      const inner = next === undefined ? undefined : this.#extentOf(who, next, [...callers, called]);
      parts += 1 + node.inputs.length + node.outputs.length + node.attributes.size + (inner?.parts ?? 0);
      depth = Math.max(depth, inner?.depth ?? 0);
    }
    const extent = { parts, depth: depth + 1 };
    this.#extents.set(called, extent);
    return extent;
  }

  #count(who: string, { parts }: Extent): void {
    this.#parts += parts;
    if (this.#parts <= MOST_PARTS) return;
    const text = `the functions that are called would be more than ${MOST_PARTS} nodes and names, expected fewer`;
    throw new NnpackError('out-of-memory', `${who}: ${text}`);
  }
}

function keyOf(...names: readonly string[]): string {
  return JSON.stringify(names);
}

function copyNode(input: string, output: string): NodeProto {
  return {
    name: output,
    opType: 'Identity',
    domain: '',
    overload: '',
    inputs: [input],
    outputs: [output],
    attributes: new Map(),
  };
}

function expectFits(who: string, call: NodeProto, called: FunctionProto): void {
  for (const what of ['inputs', 'outputs'] as const) {
    if (call[what].length <= called[what].length) continue;
    throw invalid(
      `${who}: it has ${call[what].length} ${what}, expected at most ${called[what].length} (its function's)`,
    );
  }
  const unknown = [...call.attributes.keys()].find((name) => {
    return !called.attributes.includes(name) && !called.defaults.has(name);
  });
  if (unknown !== undefined) throw invalid(`${who}: its function has no attribute ${show(unknown)}`);
}

/** The attributes of a node in a function, with the values of those that it refers to. */
function boundAttributes(
  who: string,
  { attributes }: NodeProto,
  call: NodeProto,
  called: FunctionProto,
): NodeProto['attributes'] {
  if (attributes.size === 0) return attributes;
  const bound = new Map<string, AttributeProto>();
  for (const [name, attribute] of attributes) {
    // Graphs read values of what is around them by name.
    if (attribute.type === 'graph' || attribute.type === 'graphs') {
      throw new NnpackError('unsupported-layer', `${who}: a graph in a function is not supported`);
    }
    const value = attribute.type === 'reference' ? referredTo(who, attribute, call, called) : attribute;
    if (value !== undefined) bound.set(name, { ...value, name });
  }
  return bound;
}

function referredTo(
  who: string,
  { refAttrName, valueType }: Extract<AttributeProto, { type: 'reference' }>,
  call: NodeProto,
  called: FunctionProto,
): AttributeProto | undefined {
  const value = call.attributes.get(refAttrName) ?? called.defaults.get(refAttrName);
  if (value === undefined || valueType === null || value.type === valueType) return value;
  throw invalid(`${who}: attribute ${show(refAttrName)} is of type ${value.type}, expected ${valueType}`);
}

function opsetOf({ domain }: NodeProto, { who, opsets }: Scope): number {
  const opset = opsets.get(domain);
  if (domain !== '') return Number(opset ?? 0);
  if (opset === undefined) throw invalid(`${who}: it names no version of ONNX's operators`);
  if (opset >= OLDEST_OPSET) return Number(opset);
  throw new NnpackError(
    'unsupported-layer',
    `${who}: its operators are of version ${opset}, expected ${OLDEST_OPSET} or newer`,
  );
}

function invalid(text: string): NnpackError {
  return new NnpackError('invalid-model', text);
}
