/**
 * An MXNet symbol as a graph: arrays become parameters, nodes what the converters of their operators make of them. Which
 * shapes a model takes its files do not say, so that they are given here; labels of loss layers are no inputs.
 */
import { NnpackError, show } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { GraphBuilder } from '../graph/graph-builder.ts';
import { parseGraph } from '../graph/parse-graph.ts';
import type { Name, Size, ValueType } from '../graph/values.ts';
import type { MxnetFiles } from './load.ts';
import { type Converter, SymbolReader } from './operators/converter.ts';
import { ELEMENTWISE } from './operators/elementwise.ts';
import { LAYERS } from './operators/layers.ts';
import type { MxnetSymbol, SymbolNode } from './symbol.ts';

const CONVERTERS: ReadonlyMap<string, Converter> = new Map(Object.entries({ ...LAYERS, ...ELEMENTWISE }));

/** Arrays that are kept beside those that are learnt. */
const STATISTICS = /_moving_(?:mean|var)$|_running_(?:mean|var)$/;

/**
 * @param shapes of the inputs, sizes that may be any as names
 * @throws NnpackError 'unsupported-layer' with every operator that is not supported
 */
export function graphOfSymbol({ symbol, arrays }: MxnetFiles, shapes: Readonly<Record<Name, readonly Size[]>>): Graph {
  refuseUnknown(symbol);
  const builder = new GraphBuilder(symbol.nodes.map(({ name }) => name));
  const inputs = new Map<Name, ValueType>();
  /** The name of the value that an output of a node is. */
  const nameOf = (node: number, output: number): Name => {
    const { name, op } = symbol.nodes[node];
    if (op === 'null') return name;
    return output === 0 ? `${name}_output` : `${name}_output${output}`;
  };
  for (const [i, node] of symbol.nodes.entries()) {
    if (node.op !== 'null') convert(node, i, builder, nameOf);
    else if (arrays.has(node.name)) addArray(node.name, arrays, builder);
    else if (Object.hasOwn(shapes, node.name)) inputs.set(node.name, { dtype: 'float32', shape: shapes[node.name] });
  }
  return parseGraph({
    name: symbol.nodes.at(-1)?.name ?? 'symbol',
    inputs,
    parameters: builder.parameters,
    nodes: builder.nodes,
    outputs: symbol.outputs.map(([node, output]) => nameOf(node, output)),
  });
}

function convert(
  node: SymbolNode,
  index: number,
  builder: GraphBuilder,
  nameOf: (node: number, output: number) => Name,
): void {
  const inputs = node.inputs.map(([from, output]) => nameOf(from, output));
  const who = `node ${show(node.name)} (${node.op})`;
  const reader = new SymbolReader(who, node.name, inputs, node.attributes, (output) => nameOf(index, output));
  CONVERTERS.get(node.op)?.(reader, builder);
}

function addArray(name: Name, arrays: MxnetFiles['arrays'], builder: GraphBuilder): void {
  const array = arrays.get(name);
  if (array === undefined) return;
  const { type, data } = array;
  builder.parameter(name, type.dtype, type.shape, data, STATISTICS.test(name) ? 'statistic' : 'weight');
}

/** The variables that a run must be given: all that have no array, but for labels. */
export function inputsOfSymbol({ symbol, arrays }: MxnetFiles): readonly Name[] {
  const isRead = new Set(
    symbol.nodes.filter(({ op }) => !isLoss(op)).flatMap(({ inputs }) => inputs.map(([node]) => node)),
  );
  const lossInputs = new Set(
    symbol.nodes.filter(({ op }) => isLoss(op)).flatMap(({ inputs }) => inputs.slice(0, 1).map(([node]) => node)),
  );
  return symbol.variables
    .filter((node) => isRead.has(node) || lossInputs.has(node))
    .map((node) => symbol.nodes[node].name)
    .filter((name) => !arrays.has(name));
}

/** Operators whose second input is a label, which inference does not read. */
function isLoss(op: string): boolean {
  return /Output$/.test(op);
}

function refuseUnknown({ nodes }: MxnetSymbol): void {
  const unknown = nodes.filter(({ op }) => op !== 'null' && !CONVERTERS.has(op)).map(({ op }) => op);
  if (unknown.length === 0) return;
  const names = [...new Set(unknown)].sort().join(', ');
  throw new NnpackError('unsupported-layer', `model: operators that are not supported: ${names}`);
}
