/** A model's graph as a table, as data or as a drawing. */
import Table from 'cli-table3';
import colors from 'picocolors';
import { show } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { bindInputs, costsOf, inferTypes, type Types } from '../../graph/infer.ts';
import { isTensorType, type Name, typeText } from '../../graph/values.ts';
import { loadSource } from '../../models/load.ts';
import type { ModelSource } from '../../models/source.ts';
import { sizeOf } from '../../tensor/ndarray.ts';
import type { Given } from '../command.ts';
import { writeWhole } from '../files.ts';
import { outputOf } from '../output.ts';
import { plain, plainList } from '../plain.ts';
import { shapesOption } from '../shapes.ts';
import { drawGraph } from './svg.ts';

export async function inspectModel(path: string, given: Given): Promise<void> {
  const svg = given.options.get('svg');
  const source = await loadSource(path, given.options.get('params'));
  const output = await outputOf<object>(given, { files: svg === undefined ? [] : [svg] });
  const { graph, types } = graphOf(source, given);
  const nodes = inspectedNodes(graph, types);
  output.say(textOf(source, graph, nodes));
  if (svg !== undefined) await writeWhole(svg, drawGraph(graph, types));
  await output.write(dataOf(source, graph, nodes));
}

/** The graph with sizes by name, or for the shapes that are told. */
function graphOf(source: ModelSource, given: Given): { graph: Graph; types: Types } {
  const open = source.openGraph;
  if (open !== null && !given.options.has('shape')) {
    // A batch that is open counts as one, where nothing else is.
    const bound = [...open.inputs].map(([name, { dtype, shape }]) => {
      return [
        name,
        { dtype, shape: shape.map((size, axis) => (axis === 0 && typeof size === 'string' ? 1 : size)) },
      ] as const;
    });
    const isWhole = bound.every(([, type]) => isTensorType(type));
    return { graph: open, types: inferTypes(open, isWhole ? new Map(bound) : open.inputs) };
  }
  const shapes = shapesOption(given, source.inputs);
  const graph = source.graphFor(shapes);
  return { graph, types: inferTypes(graph, bindInputs(`model ${show(source.file)}`, graph, shapes)) };
}

/** A node as it is shown. */
interface InspectedNode {
  readonly name: Name;
  readonly op: string;
  readonly inputs: readonly (Name | null)[];
  /** Each with its type; null where it follows from what is computed. */
  readonly outputs: readonly { readonly name: Name; readonly type: string | null }[];
  readonly attributes: object;
  /** Numbers of the parameters that it reads. */
  readonly parameters: number;
  /** null where sizes are open. */
  readonly multiplyAdds: number | null;
}

function inspectedNodes(graph: Graph, types: Types): readonly InspectedNode[] {
  return graph.nodes.map((node) => {
    const isKnown = [...node.inputs, ...node.outputs].every((name) => {
      const type = name === null ? undefined : types.get(name);
      return name === null || (type !== undefined && isTensorType(type));
    });
    const [cost] = isKnown ? costsOf({ ...graph, nodes: [node] }, types) : [];
    const parameters = node.inputs.reduce((sum, name) => {
      const parameter = name === null ? undefined : graph.parameters.get(name);
      return sum + (parameter === undefined ? 0 : sizeOf(parameter.type.shape));
    }, 0);
    const outputs = node.outputs.map((name) => {
      const type = types.get(name);
      return { name, type: type === undefined ? null : typeText(type) };
    });
    const { name, op, inputs, attributes } = node;
    return { name, op, inputs, outputs, attributes, parameters, multiplyAdds: cost?.multiplyAdds ?? null };
  });
}

function textOf(source: ModelSource, graph: Graph, nodes: readonly InspectedNode[]): string {
  const table = new Table({
    head: ['node', 'operation', 'reads', 'makes', 'parameters', '10⁶ mul-adds'],
    colAligns: ['left', 'left', 'left', 'left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, op, inputs, outputs, parameters, multiplyAdds } of nodes) {
    const values = inputs.filter((input) => input !== null && !graph.parameters.has(input));
    const makes = plainList(outputs.map((output) => output.type ?? 'of a size that is computed'));
    const cost = multiplyAdds === null ? '?' : multiplyAdds === 0 ? '' : (multiplyAdds / 1e6).toFixed(1);
    const reads = plainList(values as Name[]);
    table.push([plain(name, 60), colors.bold(op), reads, makes, parameters === 0 ? '' : String(parameters), cost]);
  }
  const known = nodes.every(({ multiplyAdds }) => multiplyAdds !== null);
  const sum = nodes.reduce((total, { multiplyAdds }) => total + (multiplyAdds ?? 0), 0);
  const numbers = [...graph.parameters.values()].reduce((total, { type }) => total + sizeOf(type.shape), 0);
  const told = [...source.metadata].map(([key, value]) => `${plain(key)}: ${plain(value)}`);
  return [
    `${source.file}: ${source.format}`,
    ...valueLines('input', source.inputs),
    ...valueLines('output', source.outputs),
    table.toString(),
    `${nodes.length} nodes, ${numbers} numbers${known ? `, ${(sum / 1e6).toFixed(1)} million multiply-adds` : ''}`,
    ...told,
    ...source.notes.map((note) => `${colors.yellow('note')} ${plain(note)}`),
  ].join('\n');
}

function valueLines(what: string, values: ModelSource['inputs']): string[] {
  return [...values].map(([name, { dtype, shape }]) => {
    if (dtype === null) return `${what} ${plain(name)}: of a type that is computed`;
    return `${what} ${plain(name)}: ${shape === null ? `${dtype}, of a shape that the files do not tell` : plain(typeText({ dtype, shape }))}`;
  });
}

function dataOf(source: ModelSource, graph: Graph, nodes: readonly InspectedNode[]): object {
  const parameters = [...graph.parameters].map(([name, { type, role }]) => ({ name, ...type, role }));
  return {
    ...{ file: source.file, format: source.format },
    inputs: Object.fromEntries(source.inputs),
    outputs: Object.fromEntries(source.outputs),
    metadata: Object.fromEntries(source.metadata),
    ...{ notes: source.notes, nodes, parameters },
  };
}
