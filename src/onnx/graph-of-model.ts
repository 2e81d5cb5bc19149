/**
 * An ONNX model as a graph: initializers become parameters, nodes what the converters of their operators make of them.
 *
 * Nodes may stand out of order, as some tools write them. What a model has that is not supported is told all at once.
 */
import { NnpackError, show } from '../errors.ts';
import type { ModelGraph } from '../graph/model-graph.ts';
import { parseGraph } from '../graph/parse-graph.ts';
import { isFloat, type Name, type Size, type ValueType } from '../graph/values.ts';
import { GraphBuilder } from './graph-builder.ts';
import { inlineFunctions, type VersionedNode } from './inline-functions.ts';
import { metadataOf } from './metadata.ts';
import { NodeReader } from './node-reader.ts';
import { CONVERTERS } from './operators/table.ts';
import type { GraphProto, Model, NodeProto, ValueInfo } from './proto.ts';
import { type ReadExternal, readTensor } from './tensor.ts';

/** @throws NnpackError 'unsupported-layer' with everything that is not supported, 'invalid-model' for what makes no sense */
export function graphOfModel(model: Model, readExternal?: ReadExternal): ModelGraph {
  const { graph } = model;
  const listed = inlineFunctions(model, isOperator);
  const nodes = sorted(listed, graph);
  refuseUnknown(nodes);
  const builder = new GraphBuilder([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
    ...nodes.flatMap((node) => node.outputs),
  ]);
  if (nodes !== listed)
    builder.notes.add('Nodes stand out of order; each was taken after those that make what it reads.');
  for (const tensor of graph.initializers) {
    const { dtype, shape, data } = readTensor(`model: initializer ${show(tensor.name)}`, tensor, readExternal);
    builder.parameter(tensor.name, dtype, shape, data, isFloat(dtype) ? 'weight' : 'constant');
  }
  const inputs = graph.inputs.filter(({ name }) => !builder.parameters.has(name));
  for (const node of nodes) convert(node, builder, readExternal);
  const read = parseGraph({
    name: graph.name,
    inputs: new Map(inputs.map((info) => [info.name, typeOf(info)])),
    parameters: builder.parameters,
    nodes: builder.nodes,
    outputs: graph.outputs.map(({ name }) => name),
  });
  return { graph: read, metadata: metadataOf(model), notes: [...builder.notes] };
}

function convert(node: VersionedNode, builder: GraphBuilder, readExternal: ReadExternal | undefined): void {
  const reader = new NodeReader(node, node.opset, readExternal);
  CONVERTERS.get(node.opType)?.(reader, builder);
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

/** @throws NnpackError with all operators that have no converter */
function refuseUnknown(nodes: readonly NodeProto[]): void {
  const unknown = nodes.filter((node) => !isOperator(node));
  if (unknown.length === 0) return;
  const names = [...new Set(unknown.map(({ domain, opType }) => (domain === '' ? opType : `${domain}.${opType}`)))];
  throw new NnpackError('unsupported-layer', `model: operators that are not supported: ${names.sort().join(', ')}`);
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
      readers.set(maker, [...(readers.get(maker) ?? []), node]);
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
