/** Every node of a model beside its definition, as a table and as data. */
import Table from 'cli-table3';
import colors from 'picocolors';
import { type Context, createContext } from '../../context/context.ts';
import { type ParsedSelection, parseSelection, type SelectionOptions } from '../../dispatch/select.ts';
import { show } from '../../errors.ts';
import type { Shape } from '../../graph/compiled.ts';
import { GraphRunner } from '../../graph/graph-runner.ts';
import { isInMemory } from '../../graph/run-values.ts';
import { arrayName, type Dtype, type Name, parameterOf } from '../../graph/values.ts';
import { loadSource } from '../../models/load.ts';
import type { ModelSource, ModelValue } from '../../models/source.ts';
import { denseStrides, sizeOf, type TypedTensorLike } from '../../tensor/ndarray.ts';
import { uniform } from '../../tensor/random.ts';
import { checkTensor, copyIn } from '../../tensor/tensor.ts';
import { fail } from '../arguments.ts';
import type { Given } from '../command.ts';
import { outputOf } from '../output.ts';
import { plain } from '../plain.ts';
import { progressBar } from '../progress.ts';
import { readRanges } from '../range.ts';
import { pictureHints } from '../run/hints.ts';
import { modelSubject } from '../run/model-engine.ts';
import { namedFiles } from '../run/named-files.ts';
import { readInput } from '../run/read-inputs.ts';
import { shapesOption } from '../shapes.ts';
import { type ComparedNode, compareNodes } from './nodes.ts';

/** What is asked for, beside files and shapes, which a model must be read for. */
export interface Request {
  readonly path: string;
  readonly selection: SelectionOptions;
  readonly threads?: number;
  /** Of the drawn numbers. */
  readonly seed: number;
}

/** Sets the exit code to 1 where a node lies beyond its bound. */
export async function compareModel(
  { path, seed, threads, ...request }: Request,
  given: Given,
  signal: AbortSignal,
): Promise<void> {
  const selection = parseSelection('compare', request.selection);
  const source = await loadSource(path, given.options.get('params'));
  const { inputs, isDrawn } = await inputsOf(source, given, seed);
  const output = await outputOf<object>(given);
  if (isDrawn) output.say(`numbers drawn with --seed ${seed}`);
  const context = await createContext({ threads });
  const bar = progressBar(!given.options.has('quiet'));
  try {
    const shapes = new Map(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
    const layout = layoutOf(source, shapes, selection, context);
    const nodes: ComparedNode[] = [];
    for await (const node of compareNodes(layout, inputs, selection, context)) {
      nodes.push(node);
      signal.throwIfAborted();
      bar.update(nodes.length, layout.graph.nodes.length, node.name);
    }
    bar.clear();
    const beyond = nodes.filter(({ share }) => share > 1);
    output.say(tableOf(nodes));
    output.say(summaryOf(nodes, beyond));
    await output.write({ model: path, seed: isDrawn ? seed : null, beyond: beyond.length, nodes });
    if (beyond.length > 0) process.exitCode = 1;
  } finally {
    bar.clear();
    context.dispose();
  }
}

function layoutOf(source: ModelSource, shapes: ReadonlyMap<Name, Shape>, selection: ParsedSelection, context: Context) {
  const graph = source.graphFor(shapes);
  const layout = new GraphRunner(`model ${show(source.file)}`, graph, selection, context).layout(shapes);
  return (
    layout ?? fail(`the sizes of ${show(source.file)} follow from what it computes: every node runs by its definition`)
  );
}

interface Inputs {
  readonly inputs: Readonly<Record<Name, TypedTensorLike>>;
  readonly isDrawn: boolean;
}

/** What is given, and drawn numbers for the others. */
async function inputsOf(source: ModelSource, given: Given, seed: number): Promise<Inputs> {
  const names = [...source.inputs.keys()];
  const files = namedFiles(given.repeated?.get('input') ?? [], '--input', names);
  const range = given.options.get('range');
  const settings = { fit: 'crop' as const, ranges: range === undefined ? undefined : readRanges(range, '--range') };
  const subject = modelSubject(source);
  const isGiven = (name: Name) => files.some((file) => file.name === name);
  const shapes = shapesOption(given, new Map([...source.inputs].filter(([name]) => !isGiven(name))));
  const inputs: Record<Name, TypedTensorLike> = {};
  for (const [i, name] of names.entries()) {
    const file = files.find((one) => one.name === name);
    const value = source.inputs.get(name) as ModelValue;
    inputs[name] =
      file === undefined
        ? drawn(shapes.get(name) as Shape, value.dtype ?? 'float32', seed + i)
        : dense((await readInput(subject, file, settings, pictureHints(source, source.openGraph, name))).tensor);
  }
  return { inputs, isDrawn: files.length < names.length };
}

/** In −1 … 1; whole ones in 0 … 9. */
function drawn(shape: Shape, dtype: Dtype, seed: number): TypedTensorLike {
  const next = uniform(seed);
  const isReal = isInMemory(dtype) || dtype === 'float64';
  const most = dtype === 'bool' ? 2 : 10;
  const numbers = Float64Array.from({ length: sizeOf(shape) }, () => {
    const x = next();
    return isReal ? x : Math.floor(((x + 1) / 2) * most) % most;
  });
  return { shape, data: parameterOf({ shape, data: numbers }, dtype, 'constant').data };
}

function dense(tensor: TypedTensorLike): TypedTensorLike {
  const { data, shape, stride = denseStrides(shape) } = tensor;
  if (!(data instanceof Float32Array)) return { shape, data };
  const copy = new Float32Array(sizeOf(shape));
  copyIn(checkTensor('compare', arrayName('float32'), { ...tensor, data, stride }, [shape.length]), copy, 0);
  return { shape, data: copy };
}

function tableOf(nodes: readonly ComparedNode[]): string {
  const table = new Table({
    head: ['node', 'operation', 'sizes', 'algorithm', 'greatest error', 'of its bound'],
    colAligns: ['left', 'left', 'left', 'left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, op, description, algorithm, isDefinition, greatestError, share } of nodes) {
    const text = share === 0 ? '0' : share > 1 ? colors.red(share.toPrecision(3)) : share.toPrecision(2);
    const how = isDefinition ? 'its definition' : (algorithm ?? '');
    table.push([
      plain(name, 60),
      op,
      plain(description, 100),
      how,
      greatestError === 0 ? '0' : greatestError.toExponential(1),
      text,
    ]);
  }
  return table.toString();
}

function summaryOf(nodes: readonly ComparedNode[], beyond: readonly ComparedNode[]): string {
  const defined = nodes.filter(({ isDefinition }) => isDefinition).length;
  const worst = nodes.reduce((most, { share }) => Math.max(most, share), 0);
  const all = `${nodes.length} nodes, ${defined} of them by their definitions`;
  if (beyond.length === 0) return `${all}: all within their bounds, at most ${worst.toPrecision(2)} of one`;
  const list = beyond.map(({ name, at }) => plain(`${name}${at === null ? '' : ` at ${at.place} of ${at.output}`}`));
  return colors.red(`${all}: ${beyond.length} beyond their bounds: ${list.slice(0, 5).join(', ')}`);
}
