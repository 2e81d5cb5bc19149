/**
 * An MXNet symbol as a graph: arrays become parameters, nodes what the converters of their operators make of them.
 *
 * Which shapes a model takes its files do not say, so that they are given here; their sizes may be names. Labels, and what
 * only they need, are left out.
 */
import { didYouMean, NnpackError, show } from '../errors.ts';
import type { ModelGraph } from '../graph/model-graph.ts';
import { parseGraph } from '../graph/parse-graph.ts';
import { withNumbersOf } from '../graph/stored.ts';
import { isFloat, type Name, type Role, type Size, type ValueType } from '../graph/values.ts';
import type { MxnetFiles } from './files.ts';
import { inputsOf } from './inputs-of.ts';
import { learntInputs, liveNodes, readInputs } from './operator-inputs.ts';
import { SymbolReader } from './operators/converter.ts';
import { CONVERTERS } from './operators/table.ts';
import type { MxnetSymbol, SymbolNode } from './symbol.ts';
import { SymbolBuilder } from './symbol-builder.ts';

/** Arrays that are kept beside those that are learnt. */
const STATISTICS = /_moving_(?:mean|var)$|_running_(?:mean|var)$/;

/** By operator, how its outputs are called; those of others are `output`, or `output0`, `output1`, … where it has several. */
const OUTPUTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['BatchNorm', ['output', 'mean', 'var']],
  ['LayerNorm', ['output', 'mean', 'std']],
]);
const SEVERAL: ReadonlySet<string> = new Set(['SliceChannel', 'split', '_split_v2']);

/** The shapes of inputs; with a type where it is not the one that the files tell. */
export type InputShapes = Readonly<Record<Name, readonly Size[] | ValueType>>;

/**
 * @param shapes of the inputs, sizes that may be any as names; those that the files tell may be left out
 * @throws NnpackError 'unsupported-layer' with every operator that is not supported, 'invalid-model' for what makes no
 *   sense, 'invalid-argument' for shapes that are missing, and the codes of sizes that do not fit
 */
export function graphOfMxnet(files: MxnetFiles, shapes: InputShapes = {}): ModelGraph {
  const { symbol } = files;
  const live = liveNodes(symbol);
  refuseUnknown(symbol, live);
  const builder = builderFor(symbol);
  for (const [name, type] of inputTypes(files, shapes)) builder.input(name, type);
  const names = outputNames(symbol, live, builder);
  const notes: string[] = [];
  for (const [i, node] of symbol.nodes.entries()) {
    if (!live[i]) continue;
    if (node.op === 'null') addArray(node.name, files, builder);
    else convert(node, i, names, files, builder, notes);
  }
  const graph = parseGraph({
    name: symbol.nodes.at(-1)?.name ?? 'symbol',
    inputs: builder.inputs,
    parameters: builder.parameters,
    nodes: builder.nodes,
    outputs: symbol.outputs.map(([node, output]) => names[node].get(output) ?? symbol.nodes[node].name),
  });
  return { graph, metadata: metadataOf(symbol), notes };
}

/**
 * The names of a model's outputs, in order: those that MXNet's `list_outputs` gives.
 *
 * @example
 * outputsOf(files); // ['conv4_2_output', 'prob_output']
 */
export function outputsOf({ symbol }: MxnetFiles): readonly Name[] {
  const names = outputNames(symbol, liveNodes(symbol), builderFor(symbol));
  return symbol.outputs.map(([node, output]) => names[node].get(output) ?? symbol.nodes[node].name);
}

function builderFor({ nodes, variables }: MxnetSymbol): SymbolBuilder {
  return new SymbolBuilder(variables.map((node) => nodes[node].name));
}

/** What is told of the inputs, and for the others what is given. */
function inputTypes(files: MxnetFiles, shapes: InputShapes): Map<Name, ValueType> {
  const variables = new Set(files.symbol.variables.map((node) => files.symbol.nodes[node].name));
  const unknown = Object.keys(shapes).find((name) => !variables.has(name));
  if (unknown !== undefined) {
    const text = `shapes has one for ${show(unknown)}, expected names of inputs${didYouMean(unknown, [...variables])}`;
    throw new NnpackError('invalid-argument', `model: ${text}`);
  }
  const types = new Map<Name, ValueType>();
  for (const [name, { dtype, shape: told }] of inputsOf(files, Object.keys(shapes))) {
    const given = Object.hasOwn(shapes, name) ? shapes[name] : told;
    if (given === null) {
      const text = `shapes has none for input ${show(name)}, expected one: nothing in the model tells how many axes it has`;
      throw new NnpackError('invalid-argument', `model: ${text}`);
    }
    types.set(name, 'dtype' in given ? given : { dtype, shape: given });
  }
  return types;
}

/** The names of the values that outputs of live nodes are: all first ones, and others that somebody reads. */
function outputNames(
  { nodes, outputs }: MxnetSymbol,
  live: readonly boolean[],
  builder: SymbolBuilder,
): readonly Map<number, Name>[] {
  const names = nodes.map(() => new Map<number, Name>());
  const name = (node: number, output: number) => {
    if (nodes[node].op === 'null' || names[node].has(output)) return;
    names[node].set(output, builder.fresh(`${nodes[node].name}_${outputName(nodes[node].op, output)}`));
  };
  for (const [node, output] of outputs) name(node, output);
  for (const [i, node] of nodes.entries()) {
    if (!live[i]) continue;
    name(i, 0);
    for (const [from, output] of readInputs(node)) name(from, output);
  }
  return names;
}

function outputName(op: string, output: number): string {
  const own = OUTPUTS.get(op)?.[output];
  return own ?? (output === 0 && !SEVERAL.has(op) ? 'output' : `output${output}`);
}

function convert(
  node: SymbolNode,
  index: number,
  names: readonly ReadonlyMap<number, Name>[],
  files: MxnetFiles,
  builder: SymbolBuilder,
  notes: string[],
): void {
  const who = `node ${show(node.name)} (${node.op})`;
  const listed = readInputs(node).map(([from, output]) => names[from].get(output) ?? files.symbol.nodes[from].name);
  const inputs = completed(node, listed, files, builder);
  if (inputs.length > listed.length) {
    notes.push(`${who}: lists ${listed.length} inputs; taken besides: ${inputs.slice(listed.length).join(', ')}`);
  }
  const reader = new SymbolReader(who, node.name, inputs, node.attributes, names[index]);
  CONVERTERS.get(node.op)?.(reader, builder);
  for (const [output, name] of names[index]) {
    if (!builder.has(name)) reader.unsupported(`output ${output}`);
  }
}

/** MXNet's reader adds arrays that a node does not list by their names: files before 0.9 do not list statistics. */
function completed(
  node: SymbolNode,
  listed: readonly Name[],
  files: MxnetFiles,
  builder: SymbolBuilder,
): readonly Name[] {
  const inputs = [...listed];
  for (const name of learntInputs(node).slice(Math.max(listed.length - 1, 0))) {
    const full = `${node.name}_${name}`;
    if (!files.arrays.has(full)) break;
    addArray(full, files, builder);
    inputs.push(full);
  }
  return inputs;
}

function addArray(name: Name, { arrays }: MxnetFiles, builder: SymbolBuilder): void {
  const array = arrays.get(name);
  if (array === undefined || builder.has(name)) return;
  const { type } = array;
  builder.parameter(name, withNumbersOf(array, { type, role: roleOf(name, isFloat(type.dtype)) }));
}

function roleOf(name: Name, isReal: boolean): Role {
  if (!isReal) return 'constant';
  return STATISTICS.test(name) ? 'statistic' : 'weight';
}

function refuseUnknown({ nodes }: MxnetSymbol, live: readonly boolean[]): void {
  const unknown = nodes.filter(({ op }, i) => live[i] && op !== 'null' && !CONVERTERS.has(op)).map(({ op }) => op);
  if (unknown.length === 0) return;
  const names = [...new Set(unknown)].sort().map(show).join(', ');
  throw new NnpackError('unsupported-layer', `model: operators that are not supported: ${names}`);
}

/** 10901 is 1.9.1. Files before 0.9 do not tell. */
function metadataOf({ version }: MxnetSymbol): ReadonlyMap<string, string> {
  const parts = [Math.floor(version / 10_000), Math.floor(version / 100) % 100, version % 100];
  return new Map(version > 800 ? [['mxnet_version', parts.join('.')]] : []);
}
