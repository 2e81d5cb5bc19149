/**
 * An ONNX model as a graph: initializers become parameters, nodes what the converters of their operators make of them.
 *
 * Nodes may stand out of order, as some tools write them. What a model has that is not supported is told all at once.
 */
import { type ErrorCode, NnpackError, shortened, show } from '../errors.ts';
import type { DeclaredType, ModelGraph } from '../graph/model-graph.ts';
import { parseGraph } from '../graph/parse-graph.ts';
import { isFloat, type Name, type Size, type ValueType } from '../graph/values.ts';
import { GraphBuilder } from './graph-builder.ts';
import { inlineFunctions, type VersionedNode } from './inline-functions.ts';
import { hasScales, withMeantLengths } from './meant-lengths.ts';
import { metadataOf } from './metadata.ts';
import { NodeReader } from './node-reader.ts';
import { giveOneType } from './one-type.ts';
import { CONVERTERS, FIRST_VERSIONS } from './operators/table.ts';
import type { GraphProto, Model, NodeProto, ValueInfo } from './proto.ts';
import { type ReadBytes, readTensor } from './tensor.ts';

/** @throws NnpackError 'unsupported-layer' with everything that is not supported, 'invalid-model' for what makes no sense */
export function graphOfModel(model: Model, readExternal?: ReadBytes): ModelGraph {
  const listed = inlineFunctions(model, isOperator);
  const nodes = sorted(listed, model.graph);
  refuseUnknown(nodes);
  const read = (inSingle: boolean) => converted({ model, nodes, readExternal }, inSingle);
  const { graph, notes } = hasScales(nodes) ? withMeantLengths(model, read) : read(false);
  const all = nodes === listed ? notes : [OUT_OF_ORDER, ...notes];
  const declaredOutputs = new Map(model.graph.outputs.map((info) => [info.name, declaredType(info)]));
  return { graph, metadata: metadataOf(model), notes: all, declaredOutputs };
}

function declaredType({ type }: ValueInfo): DeclaredType {
  return type?.kind === 'tensor' ? { dtype: type.elements.dtype, shape: type.shape } : { dtype: null, shape: null };
}

const OUT_OF_ORDER = 'Nodes stand out of order: each was taken after those that make what it reads.';

/** What a graph is made of. */
interface Files {
  readonly model: Model;
  readonly nodes: readonly VersionedNode[];
  readonly readExternal: ReadBytes | undefined;
}

type Converted = Pick<ModelGraph, 'graph' | 'notes'>;

function converted({ model: { graph }, nodes, readExternal }: Files, scalesInSingle: boolean): Converted {
  const names = [
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
    ...nodes.flatMap((node) => node.outputs),
  ];
  expectOnce('input', graph.inputs);
  expectOnce('initializer', graph.initializers);
  const builder = new GraphBuilder(names, scalesInSingle);
  for (const tensor of graph.initializers) {
    const read = readTensor(`model: initializer ${show(tensor.name)}`, tensor, readExternal);
    builder.own(tensor.name, read, isFloat(read.dtype) ? 'weight' : 'constant');
  }
  const inputs = graph.inputs.filter(({ name }) => !builder.parameters.has(name));
  const types = new Map(inputs.map((info) => [info.name, typeOf(info)]));
  const made = modelGraph(() => {
    for (const node of nodes) convert(node, builder, readExternal);
    giveOneType(builder, types);
    return parseGraph({
      name: graph.name,
      inputs: types,
      parameters: builder.parameters,
      nodes: builder.nodes,
      outputs: graph.outputs.map(({ name }) => name),
    });
  });
  return { graph: made, notes: [...builder.notes] };
}

/** What graphs refuse of a model is wrong in the model, unless it is what this library does not do. */
function modelGraph<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof NnpackError) || AS_THEY_ARE.has(error.code)) throw error;
    const code = error.code === 'invalid-tensor-type' ? 'unsupported-layer' : 'invalid-model';
    throw new NnpackError(code, `model: ${error.message}`, { cause: error });
  }
}

const AS_THEY_ARE: ReadonlySet<ErrorCode> = new Set([
  'unsupported-layer',
  'invalid-model',
  'out-of-memory',
  'input-output',
]);

function expectOnce(what: string, list: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of list) {
    if (seen.has(name)) throw new NnpackError('invalid-model', `model: it has the ${what} ${show(name)} twice`);
    seen.add(name);
  }
}

function convert(node: VersionedNode, builder: GraphBuilder, readExternal: ReadBytes | undefined): void {
  // What makes nothing that has a name is read by nobody.
  if (node.outputs.every((name) => name === '')) return;
  const reader = new NodeReader(node, node.opset, readExternal);
  CONVERTERS.get(node.opType)?.(reader, builder);
  const first = FIRST_VERSIONS.get(node.opType) ?? 0;
  if (node.opset < first) {
    builder.notes.add(
      `${node.opType} stands at opset ${node.opset}, and is there from ${first} on: it was read as there.`,
    );
  }
  const [unread] = reader.unread();
  if (unread !== undefined) reader.unsupported(`attribute ${show(unread)}`);
}

function typeOf({ name, type }: ValueInfo): ValueType {
  const who = `model: input ${show(name)}`;
  if (type?.kind !== 'tensor') {
    throw new NnpackError('unsupported-layer', `${who} is a ${type?.kind ?? 'value of no type'}, expected a tensor`);
  }
  const { dtype, name: onnxName } = type.elements;
  if (dtype === null)
    throw new NnpackError('unsupported-layer', `${who} is of type ${onnxName}, which is not supported`);
  if (type.shape === null) throw new NnpackError('unsupported-layer', `${who} may have any number of axes`);
  const shape = type.shape.map((size, axis): Size => size ?? `${name}.${axis}`);
  return { dtype, shape };
}

function isOperator({ domain, opType }: NodeProto): boolean {
  return domain === '' && CONVERTERS.has(opType);
}

/** More than ONNX has; a file may have any number. */
const MOST_NAMED = 250;

/** @throws NnpackError with all operators that have no converter */
function refuseUnknown(nodes: readonly NodeProto[]): void {
  const unknown = nodes.filter((node) => !isOperator(node));
  if (unknown.length === 0) return;
  const named = ({ domain, opType }: NodeProto) => shortened(domain === '' ? opType : `${domain}.${opType}`);
  const names = [...new Set(unknown.map(named))].sort();
  const more = names.length > MOST_NAMED ? `, and ${names.length - MOST_NAMED} more` : '';
  const text = `operators that are not supported: ${names.slice(0, MOST_NAMED).join(', ')}${more}`;
  throw new NnpackError('unsupported-layer', `model: ${text}`);
}

/** The nodes, each after those that make what it reads; as they stand where they are in order. */
function sorted<N extends NodeProto>(nodes: readonly N[], { inputs, initializers }: GraphProto): readonly N[] {
  const makers = new Map<Name, N>();
  for (const node of nodes) for (const name of node.outputs) if (name !== '') makers.set(name, node);
  const known = new Set([...inputs, ...initializers].map(({ name }) => name));
  const isInOrder = nodes.every((node) => {
    const reads = node.inputs.every((name) => name === '' || known.has(name));
    for (const name of node.outputs) known.add(name);
    return reads;
  });
  return isInOrder ? nodes : inOrder(nodes, makers);
}

function inOrder<N extends NodeProto>(nodes: readonly N[], makers: ReadonlyMap<Name, N>): readonly N[] {
  const waits = new Map(nodes.map((node) => [node, new Set<N>()]));
  const readers = new Map<N, N[]>();
  for (const node of nodes) {
    for (const name of node.inputs) {
      const maker = makers.get(name);
      if (maker === undefined || waits.get(node)?.has(maker)) continue;
      waits.get(node)?.add(maker);
      const others = readers.get(maker);
      if (others === undefined) readers.set(maker, [node]);
      else others.push(node);
    }
  }
  const ready = nodes.filter((node) => waits.get(node)?.size === 0);
  for (const node of ready) {
    for (const reader of readers.get(node) ?? []) {
      const left = waits.get(reader);
      left?.delete(node);
      if (left?.size === 0) ready.push(reader);
    }
  }
  if (ready.length === nodes.length) return ready;
  throw new NnpackError('invalid-model', 'model: its nodes read one another in a circle');
}
