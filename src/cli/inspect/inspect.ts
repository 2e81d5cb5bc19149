/** A model's graph as a table, as data or as a drawing. */
import Table from 'cli-table3';
import colors from 'picocolors';
import { show } from '../../errors.ts';
import { millions } from '../../graph/explanation.ts';
import type { Graph } from '../../graph/graph.ts';
import { bindInputs, costsOf, inferTypes, type Types } from '../../graph/infer.ts';
import { isTensorType, type Name, type Size, typeText } from '../../graph/values.ts';
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
  const shown = shownBy(graph);
  const shownTypes = new Map([...types].map(([name, { dtype, shape }]) => [name, { dtype, shape: shown(shape) }]));
  output.say(textOf(source, graph, inspectedNodes(graph, types, shownTypes), shown));
  if (svg !== undefined) await writeWhole(svg, drawGraph(graph, shownTypes));
  await output.write(dataOf(source, graph, inspectedNodes(graph, types, types)));
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

type Shown = (shape: readonly Size[]) => readonly Size[];

/** A shape as people read it: a size whose name no input has is called by what makes it, which says no more than `?`. */
function shownBy({ inputs }: Graph): Shown {
  const told = new Set<Size>([...inputs.values()].flatMap(({ shape }) => shape));
  return (shape) => shape.map((size) => (typeof size === 'number' || told.has(size) ? size : '?'));
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

function inspectedNodes(graph: Graph, types: Types, shown: Types): readonly InspectedNode[] {
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
      const type = shown.get(name);
      return { name, type: type === undefined ? null : typeText(type) };
    });
    const { name, op, inputs, attributes } = node;
    return { name, op, inputs, outputs, attributes, parameters, multiplyAdds: cost?.multiplyAdds ?? null };
  });
}

function textOf(source: ModelSource, graph: Graph, nodes: readonly InspectedNode[], shown: Shown): string {
  const table = new Table({
    head: ['node', 'operation', 'reads', 'makes', 'parameters', '10⁶ mul-adds'],
    colAligns: ['left', 'left', 'left', 'left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, op, inputs, outputs, parameters, multiplyAdds } of nodes) {
    const values = inputs.filter((input) => input !== null && !graph.parameters.has(input));
    const makes = plainList(outputs.map((output) => output.type ?? 'of a size that is computed'));
    const cost = multiplyAdds === null ? '?' : multiplyAdds === 0 ? '' : millions(multiplyAdds);
    const reads = plainList(values as Name[]);
    table.push([plain(name, 60), colors.bold(op), reads, makes, parameters === 0 ? '' : String(parameters), cost]);
  }
  const isKnown = nodes.every(({ multiplyAdds }) => multiplyAdds !== null);
  const sum = nodes.reduce((total, { multiplyAdds }) => total + (multiplyAdds ?? 0), 0);
  const numbers = [...graph.parameters.values()].reduce((total, { type }) => total + sizeOf(type.shape), 0);
  const told = [...source.metadata].map(([key, value]) => `${plain(key)}: ${plain(value)}`);
  return [
    `${source.file}: ${source.format}`,
    ...valueLines('input', source.inputs, (shape) => shape),
    ...valueLines('output', source.outputs, shown),
    table.toString(),
    `${nodes.length} nodes, ${numbers} numbers${isKnown && sum > 0 ? `, ${millions(sum)} million multiply-adds` : ''}`,
    ...told,
    ...source.notes.map((note) => `${colors.yellow('note')} ${plain(note)}`),
  ].join('\n');
}

function valueLines(what: string, values: ModelSource['inputs'], shown: Shown): string[] {
  return [...values].map(([name, { dtype, shape }]) => {
    const who = `${what} ${plain(name)}`;
    if (dtype === null) return `${who}: of a type that is computed`;
    if (shape === null) return `${who}: ${dtype}, of a shape that the files do not tell`;
    return `${who}: ${plain(typeText({ dtype, shape: shown(shape) }))}`;
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
