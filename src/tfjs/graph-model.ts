/**
 * Reads a tfjs graph model (what TensorFlow.js's converter makes of a SavedModel) into a graph.
 *
 *     model.json   { "format": "graph-model", "modelTopology": { "node": [ … ], "library" }, "signature": { … },
 *                    "weightsManifest": [ … ] }
 *
 * The numbers of a node Const are the weight of its name. First all of model.json is read (graph-def.ts, signature.ts,
 * weights.ts), so that what we cannot do, and what is broken, is said before a weight is asked for. Then the weights are
 * read, and the nodes that the outputs depend on become nodes of ours, by the converters of their operators.
 */
import { NnpackError, shortened, show } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { withoutUnused } from '../graph/graph.ts';
import type { ModelGraph } from '../graph/model-graph.ts';
import { parseGraph } from '../graph/parse-graph.ts';
import { withNumbersOf } from '../graph/stored.ts';
import { isFloat, type Parameter, type ValueType } from '../graph/values.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { Config, inPart } from './config.ts';
import { foldDilations } from './fold-dilations.ts';
import { behind, type GraphNode, type GraphNodes, inOrder, parseGraphDef } from './graph-def.ts';
import { CONVERTERS } from './graph-operators/table.ts';
import { KnownSizes } from './known-sizes.ts';
import { LayoutBuilder } from './layout-builder.ts';
import { parseJson } from './model-json.ts';
import { NodeReader } from './node-reader.ts';
import { MOST_AXES } from './orders.ts';
import { readSignature, type Signature } from './signature.ts';
import type { Value } from './value.ts';
import {
  expectReadShard,
  parseManifest,
  type ReadShard,
  readStoredWeights,
  type StoredWeight,
  type WeightGroup,
} from './weights.ts';

/**
 * The graph of a tfjs graph model: its inputs and outputs have the names, layouts and sizes that the model has, and pictures
 * lie N H W C as there. A graph without names of its own has those of its tensors, `Identity:0`. Whole numbers are int32
 * and real ones float32, as TensorFlow.js computes.
 *
 * @param model what model.json holds, parsed or as its text
 * @param readShard gives the bytes of a weights file that model.json names. It is asked for each file once, and may be
 *   handed any path that a manifest holds: whoever reads from a disk keeps to the model's folder, as `loadGraphModel` does
 * @throws NnpackError 'invalid-model' for what is broken, 'unsupported-layer' for what this library has no word for (all
 *   operators at once), 'input-output' if a weights file cannot be read; or what the graph that was read is refused for
 * @example
 * const fetchBytes = async (path: string) => new Uint8Array(await (await fetch(`/model/${path}`)).arrayBuffer());
 * const { graph } = await readGraphModel(await (await fetch('/model/model.json')).json(), fetchBytes);
 * const { score } = runGraph(graph, { image }); // image is [1, 224, 224, 3]
 */
export async function readGraphModel(model: unknown, readShard: ReadShard): Promise<ModelGraph> {
  expectReadShard('readGraphModel', readShard);
  const parsed = parseGraphModel(model);
  return toModelGraph(parsed, await readStoredWeights(parsed.groups, readShard));
}

/** All that model.json says. */
export interface GraphModel {
  readonly nodes: GraphNodes;
  readonly signature: Signature;
  readonly groups: readonly WeightGroup[];
  readonly metadata: ReadonlyMap<string, string>;
}

export function parseGraphModel(model: unknown): GraphModel {
  const file = new Config('model', parseJson(model, 'graph-model'));
  const topology = file.object('modelTopology');
  const nodes = parseGraphDef(topology);
  const signature = readSignature(file, topology, nodes);
  refuseUnknown(behind(ends(signature), nodes), functionNames(topology));
  return { nodes, signature, groups: parseManifest(file.written('weightsManifest')), metadata: metadataOf(file) };
}

/** The nodes that the outputs are of. */
function ends({ outputs }: Signature): readonly string[] {
  return outputs.map(({ tensor }) => tensor.node);
}

const METADATA = ['format', 'generatedBy', 'convertedBy'] as const;

function metadataOf(file: Config): ReadonlyMap<string, string> {
  const told = METADATA.map((name) => [name, file.value(name)] as const);
  return new Map(
    told.filter((entry): entry is readonly [(typeof METADATA)[number], string] => typeof entry[1] === 'string'),
  );
}

/** Functions of the graph's own, which nodes call by name. */
function functionNames(topology: Config): ReadonlySet<string> {
  const library = topology.has('library') ? topology.object('library') : new Config('model', {});
  const functions = library.has('function') ? library.array('function') : [];
  return new Set(
    functions.map((entry, i) => {
      const own = new Config(`library: function[${i}]`, entry).object('signature');
      return own.string('name');
    }),
  );
}

/** @throws NnpackError with all operators that have no converter, and functions of the model's own */
function refuseUnknown(nodes: readonly GraphNode[], functions: ReadonlySet<string>): void {
  const ops = new Set(nodes.map(({ op }) => op).filter((op) => !isRead(op) || functions.has(op)));
  if (ops.size === 0) return;
  const told = [...ops].sort().slice(0, MOST_TOLD);
  const names = told.map((op) => (functions.has(op) ? `${shortened(op)} (a function of the model)` : shortened(op)));
  const more = ops.size > MOST_TOLD ? `, and ${ops.size - MOST_TOLD} more` : '';
  throw new NnpackError('unsupported-layer', `model: operators that are not supported: ${names.join(', ')}${more}`);
}

/** How many unsupported operators an error tells. */
const MOST_TOLD = 100;

function isRead(op: string): boolean {
  return op === 'Const' || op === 'Placeholder' || CONVERTERS.has(op);
}

/** Outputs behind the first of a node: one of a few bytes may ask for many. */
const MOST_MORE_OUTPUTS = 2 ** 14;

/** The graph, once its weights are there. */
export function toModelGraph(
  { nodes, signature, metadata }: GraphModel,
  weights: ReadonlyMap<string, StoredWeight>,
): ModelGraph {
  const { inputs, outputs, notes } = signature;
  const folded = foldDilations(nodes, ends(signature), (name) => {
    const weight = nodes.get(name)?.op === 'Const' ? weights.get(name) : undefined;
    // Blocks and sides have a few numbers; a weight that a file gives as one is not copied for each node that reads it.
    return weight !== undefined && sizeOf(weight.shape) <= MOST_AXES ? Array.from(weight.data) : undefined;
  });
  const order = inOrder(ends(signature), folded);
  const builder = new LayoutBuilder([...inputs, ...outputs].map(({ name }) => name));
  const sizes = new KnownSizes();
  const values = new Map<string, readonly Value[]>();
  for (const { name, node, dtype, shape } of inputs) {
    const type: ValueType = { dtype, shape };
    values.set(node, [inPart(`input ${show(name)}`, () => builder.input(name, type))]);
  }
  let more = 0;
  for (const node of order) {
    if (values.has(node.name)) continue;
    const made = inPart(node.who, () => converted(node, builder, sizes, values, weights));
    values.set(node.name, made);
    more += made.length - 1;
    if (more > MOST_MORE_OUTPUTS) {
      throw new NnpackError(
        'unsupported-layer',
        `${node.who}: more than ${MOST_MORE_OUTPUTS} outputs beside the first ones of nodes, expected fewer`,
      );
    }
  }
  const named = outputs.map(({ name, tensor }) => ({ name, value: outputOf('model', tensor, values) }));
  const graph: Graph = {
    name: 'tfjs model',
    outputs: builder.finish(named),
    ...{ inputs: builder.inputs, parameters: builder.parameters, nodes: builder.nodes },
  };
  return { graph: inPart('model', () => parseGraph(withoutUnused(graph))), metadata, notes };
}

function converted(
  node: GraphNode,
  builder: LayoutBuilder,
  sizes: KnownSizes,
  values: ReadonlyMap<string, readonly Value[]>,
  weights: ReadonlyMap<string, StoredWeight>,
): readonly Value[] {
  if (node.op === 'Const') return [constant(node, builder, weights.get(node.name))];
  if (node.op === 'Placeholder') {
    throw new NnpackError('invalid-model', `${node.who}: is read, expected it among the signature's inputs`);
  }
  const reader = new NodeReader(
    node,
    node.inputs.map((tensor) => outputOf(node.who, tensor, values)),
    sizes.of,
  );
  const made = CONVERTERS.get(node.op)?.(reader, builder) ?? [];
  const outputs = Array.isArray(made) ? (made as readonly Value[]) : [made as Value];
  if (outputs.length === 1 && !reader.inputs.includes(outputs[0])) sizes.note(reader, outputs[0]);
  return outputs;
}

function outputOf(
  who: string,
  { node, output }: GraphNode['inputs'][number],
  values: ReadonlyMap<string, readonly Value[]>,
): Value {
  const value = values.get(node)?.[output];
  if (value !== undefined) return value;
  const what = `reads output ${output} of ${show(node)}, which has ${values.get(node)?.length ?? 0} that are known here`;
  throw new NnpackError('unsupported-layer', `${who}: ${what}`);
}

function constant(node: GraphNode, builder: LayoutBuilder, weight: StoredWeight | undefined): Value {
  if (weight === undefined) {
    throw new NnpackError('invalid-model', `${node.who}: weight ${show(node.name)} is missing from weightsManifest`);
  }
  const { dtype, shape } = weight;
  const fields = { type: { dtype, shape }, role: isFloat(dtype) ? 'weight' : 'constant' } as const;
  const parameter: Parameter = withNumbersOf(weight, fields);
  const value = builder.constant(node.name, parameter);
  // The file has no bytes: what the node says they are is made of its int32.
  const reader = new NodeReader(node, [], () => undefined);
  return builder.cast(value, reader.dtype('dtype', dtype), node.name);
}
