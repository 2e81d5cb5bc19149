/**
 * What a graph model reads and gives, and under which names.
 *
 *     "signature": { "inputs":  { "image": { "name": "image:0", "dtype": "DT_FLOAT", "tensorShape": { "dim": [ … ] } } },
 *                    "outputs": { "score": { "name": "Identity:0", … } } }
 *
 * Where two inputs or outputs have one type and shape, the converter gives their names up: the key is the tensor's own name
 * then. Those of inputs are the names that they had, with `:0` behind; those of outputs are `Identity:0`, `Identity_1:0`, … in
 * the order of the lost names, which `userDefinedMetadata.structuredOutputKeys` lists if it was asked to. A model
 * without a signature reads its placeholders, and gives what no node reads.
 */
import { NnpackError, show } from '../errors.ts';
import type { Dtype, Name, Size } from '../graph/values.ts';
import { MAX_ELEMENTS } from '../tensor/tensor.ts';
import { Config, isAxisLength, wholeNumberOf } from './config.ts';
import { dataTypeOf } from './data-types.ts';
import { type GraphNode, type GraphNodes, parseTensorRef, type TensorRef } from './graph-def.ts';

export interface GraphInput {
  /** As the model's user names it. */
  readonly name: Name;
  readonly node: string;
  readonly dtype: Dtype;
  readonly shape: readonly Size[];
}

export interface GraphOutput {
  readonly name: Name;
  readonly tensor: TensorRef;
}

export interface Signature {
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly GraphOutput[];
  readonly notes: readonly string[];
}

const PLACEHOLDERS: ReadonlySet<string> = new Set(['Placeholder', 'PlaceholderWithDefault']);

/** @param file all of model.json */
export function readSignature(file: Config, topology: Config, nodes: GraphNodes): Signature {
  // Older converters wrote it into the topology, or as metadata.
  const holder = [file, topology].find((each) => each.has('signature'));
  const metadata = file.has('userDefinedMetadata') ? file.object('userDefinedMetadata') : new Config('model', {});
  const signature =
    holder?.object('signature') ?? (metadata.has('signature') ? metadata.object('signature') : undefined);
  const told = signature !== undefined && isTold(signature, 'outputs');
  const inputs = told && isTold(signature, 'inputs') ? toldInputs(signature, nodes) : placeholders(nodes);
  const outputs = told ? toldOutputs(signature, nodes) : unreadOutputs(nodes);
  const { names, notes } = structuredNames(metadata, outputs);
  const named = outputs.map((output, i) => ({ ...output, name: names[i] ?? output.name }));
  expectOnce('inputs', inputs);
  if (new Set(inputs.map(({ node }) => node)).size < inputs.length) {
    throw new NnpackError('invalid-model', 'model: signature: two inputs are of one placeholder, expected one of each');
  }
  expectOnce('outputs', named);
  if (named.length === 0)
    throw new NnpackError('invalid-model', 'model: all of its nodes are read by others, expected an output');
  return { inputs, outputs: named, notes };
}

function isTold(signature: Config, side: 'inputs' | 'outputs'): boolean {
  return signature.has(side) && signature.object(side).names().length > 0;
}

function toldInputs(signature: Config, nodes: GraphNodes): GraphInput[] {
  const entries = signature.object('inputs');
  return entries.names().map((key): GraphInput => {
    const entry = entries.object(key);
    const { node: name, output } = parseTensorRef(entry.string('name', key));
    const node = nodes.get(name);
    if (node === undefined || !PLACEHOLDERS.has(node.op) || output !== 0) {
      return entry.fail('name', "the first output of a node of the operator 'Placeholder'");
    }
    const own = inputOf(node, key === `${name}:0` ? name : key);
    return entry.has('tensorShape') ? { ...own, shape: shapeOf(own.name, entry, 'tensorShape') } : own;
  });
}

function placeholders(nodes: GraphNodes): GraphInput[] {
  return [...nodes.values()].filter(({ op }) => op === 'Placeholder').map((node) => inputOf(node, node.name));
}

function inputOf({ name: node, who, attributes }: GraphNode, name: Name): GraphInput {
  const told = attributes.object('dtype');
  const type = dataTypeOf(told.value('type')) ?? told.fail('type', 'a type of elements');
  if (type.dtype === null) {
    throw new NnpackError('unsupported-layer', `${who}: an input of the type ${type.name} is not supported`);
  }
  const shape = attributes.has('shape') ? shapeOf(name, attributes.object('shape'), 'shape') : undefined;
  return { name, node, dtype: type.dtype, shape: shape ?? anyRank(who) };
}

/** Sizes of −1 are open. */
function shapeOf(input: Name, holder: Config, field: string): readonly Size[] {
  const shape = holder.object(field);
  if (shape.value('unknownRank') === true) return anyRank(holder.who);
  const sizes = shape.has('dim') ? shape.array('dim') : [];
  return sizes.map((dim, axis): Size => {
    const size = wholeNumberOf(new Config(`${shape.who}: dim[${axis}]`, dim).value('size') ?? 0);
    if (size === -1) return `${input}.${axis}`;
    return isAxisLength(size) ? size : shape.fail('dim', `sizes of 0 to ${MAX_ELEMENTS}, or -1 for any`);
  });
}

function anyRank(who: string): never {
  throw new NnpackError('unsupported-layer', `${who}: an input with any number of axes is not supported`);
}

function toldOutputs(signature: Config, nodes: GraphNodes): GraphOutput[] {
  const entries = signature.object('outputs');
  const outputs = entries.names().map((key): GraphOutput => {
    const entry = entries.object(key);
    const tensor = parseTensorRef(entry.string('name', key));
    return nodes.has(tensor.node) ? { name: key, tensor } : entry.fail('name', 'an output of a node');
  });
  return inOrderOfNodes(outputs);
}

function unreadOutputs(nodes: GraphNodes): GraphOutput[] {
  const read = new Set([...nodes.values()].flatMap(({ inputs }) => inputs.map(({ node }) => node)));
  const last = [...nodes.keys()].filter((name) => !read.has(name) && nodes.get(name)?.op !== 'NoOp');
  return last.map((name) => ({ name, tensor: { node: name, output: 0 } }));
}

/** A file has them in any order; Identity, Identity_1, Identity_2, … were made in the order of the outputs. */
function inOrderOfNodes(outputs: readonly GraphOutput[]): GraphOutput[] {
  const numberOf = ({ tensor: { node } }: GraphOutput) => Number(/^Identity(?:_(\d{1,9}))?$/.exec(node)?.[1] ?? 0);
  return outputs.toSorted((a, b) => numberOf(a) - numberOf(b));
}

/** The names that the converter was asked to keep, which are in the order of the outputs. */
function structuredNames(
  metadata: Config,
  outputs: readonly GraphOutput[],
): { readonly names: readonly string[]; readonly notes: readonly string[] } {
  if (!metadata.has('structuredOutputKeys')) return { names: [], notes: [] };
  const names = metadata.array('structuredOutputKeys');
  const areNames = names.every((name) => typeof name === 'string' && name !== '');
  if (!areNames) return metadata.fail('structuredOutputKeys', 'an array of names');
  if (names.length === outputs.length) return { names: names as readonly string[], notes: [] };
  const note = `structuredOutputKeys has ${names.length} names for ${outputs.length} outputs, which keep the names of the signature`;
  return { names: [], notes: [note] };
}

function expectOnce(side: string, ends: readonly { readonly name: Name }[]): void {
  const names = new Set<string>();
  for (const { name } of ends) {
    if (name === '' || names.has(name)) {
      throw new NnpackError(
        'invalid-model',
        `model: ${side} are named ${show(ends.map((end) => end.name))}, expected a name each`,
      );
    }
    names.add(name);
  }
}
