/**
 * The parts into which a graph's work is divided where memory is short: smaller batches, or slices of a picture.
 *
 * A part takes what its values, workspace and packed weights do. The packed weights of the fastest algorithms are several
 * times the weights themselves, and those of all layers are held at once, so there are two ways to save: smaller parts,
 * and algorithms that take less. Smaller batches cost nothing but the reading of the weights for each, so they come first:
 *
 *     the largest part of the batch that fits with every node by its own choice
 *     else slices of one image, every node by its own choice, if no more than half of what they compute is halo
 *     else the one of these that fits and whose estimated time is the least:
 *       slices of one image, every node by its own choice
 *       the largest part of the batch that fits with any choice of ways, then the fastest ways that fit it (fit.ts)
 *       slices of one image in the same manner
 *     else a refusal that says what the smallest part takes
 */
import type { Context } from '../context/context.ts';
import type { ParsedSelection } from '../dispatch/select.ts';
import { NnpackError } from '../errors.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import type { Shape } from './compiled.ts';
import type { Graph } from './graph.ts';
import { inferTypes, shapeOf, type Types } from './infer.ts';
import { bytesText, fitLayout, hasPlace, type Layout, layOut, leastBytes } from './layout.ts';
import { planMemory } from './memory-plan.ts';
import { trusted } from './parse-graph.ts';
import { simplifyGraph } from './passes/simplify.ts';
import { canSlice, openSizes, planSlices, type SlicePlan, smallestSlice } from './slices.ts';

/** Parts of one shape: so many images, or slices of one. */
export interface Division {
  readonly slices: SlicePlan | null;
  /** What a part is laid out for, and how. */
  readonly inputs: Types;
  readonly graph: Graph;
}

/** What of a part counts: what it takes with every node by its own choice, or the least with any. */
type Which = 'own' | 'least';

/** The graph whose work is divided, and the bytes that a part may take. */
export interface Job {
  /** As errors name it. */
  readonly who: string;
  /** Parsed; simplified for `divide`. */
  readonly graph: Graph;
  /** The types of its inputs as a whole, with all of their sizes. */
  readonly inputs: Types;
  /** Whether the images of a batch are known to have nothing to do with one another; so it is where slices can be. */
  readonly areImagesApart: boolean;
  readonly selection: ParsedSelection;
  readonly bytes: number;
  readonly context: Context;
}

/** What of a job decides, found once. */
interface Considered extends Job {
  /** The graph of a part: for pictures of any size where it can be sliced, being smaller than the sizes it may declare. */
  readonly part: Graph;
  /** The graph with the sizes of the whole. */
  readonly whole: Graph;
  /** Whether it can be sliced, or why not. */
  readonly slicing: true | string;
  /** How many images can run apart: the batch, or 1. */
  readonly images: number;
  readonly bytesOf: (which: Which, inputs: Types) => number;
}

/** @throws NnpackError 'out-of-memory' if not even the smallest part fits */
export function divide(job: Job): Division {
  const considered = consider(job);
  const fastest = batches(considered, 'own');
  if (fastest !== null) return fastest;
  const own = slices(considered, 'own');
  if (own !== null && computed(own) <= 2 * sizeOf(firstImage(considered))) return own;
  const divisions = [own, batches(considered, 'least'), slices(considered, 'least')];
  let best: Division | null = null;
  let least = Infinity;
  for (const division of divisions) {
    const time = division === null ? Infinity : milliseconds(considered, division);
    if (division === null || (best !== null && time >= least)) continue;
    best = division;
    least = time;
  }
  if (best === null) throw refusal(considered);
  return best;
}

/** How many images a part of a batch is. */
export function imagesOf(inputs: Types): number {
  const [first] = inputs.keys();
  return first === undefined ? 1 : (shapeOf(inputs, first)[0] ?? 1);
}

function consider(job: Job): Considered {
  const whole = trusted({ ...job.graph, inputs: job.inputs });
  const slicing = canSlice(whole);
  const part = slicing === true ? simplifyGraph(openSizes(whole)) : job.graph;
  const images = job.areImagesApart || slicing === true ? imagesOf(job.inputs) : 1;
  // What parts take, each computed once; ∞ where the values alone are too many.
  const known = new Map<string, number>();
  const bytesOf = (which: Which, inputs: Types) => {
    const key = [which, ...[...inputs.values()].map(({ shape }) => String(shape))].join(' ');
    const found = known.get(key) ?? bytesOfPart(job, part, which, inputs);
    known.set(key, found);
    return found;
  };
  return { ...job, part, whole, slicing, images, bytesOf };
}

function bytesOfPart(job: Job, graph: Graph, which: Which, inputs: Types): number {
  const types = inferTypes(graph, inputs);
  const hasPlaces = graph.nodes.every((node) => node.outputs.every((name) => hasPlace(types, name)));
  if (!hasPlaces || 4 * planMemory(graph, types).size > job.bytes) return Infinity;
  const layout = sized(job, graph, inputs);
  return which === 'own' ? 4 * layout.floats : leastBytes(layout);
}

/** Nothing is measured for parts that are only considered. */
function sized({ who, selection, context }: Job, graph: Graph, inputs: Types): Layout {
  return layOut(who, graph, inputs, { ...selection, isSizing: true }, context);
}

/** The largest part of the batch that fits: all of it, or half, a third, …; null if not even one image does. */
function batches(job: Considered, which: Which): Division | null {
  const { inputs, images, bytes, bytesOf, graph } = job;
  for (let parts = 1, last = 0; parts <= images; parts++) {
    const count = Math.ceil(images / parts);
    const part = parts === 1 ? inputs : withImages(inputs, count);
    if (count !== last && bytesOf(which, part) <= bytes) return { slices: null, inputs: part, graph };
    last = count;
  }
  return null;
}

function withImages(inputs: Types, count: number): Types {
  return new Map(
    [...inputs].map(([name, { dtype }]) => [name, { dtype, shape: [count, ...shapeOf(inputs, name).slice(1)] }]),
  );
}

/** The shape of one image of the only input of what is sliced. */
function firstImage({ inputs }: Job): Shape {
  const [name] = inputs.keys();
  return [1, ...shapeOf(inputs, name).slice(1)];
}

/** Slices of one image; null if they cannot be, or not even the smallest fits. */
function slices(job: Considered, which: Which): Division | null {
  const { whole, part, slicing, bytes, bytesOf } = job;
  if (slicing !== true) return null;
  const image = firstImage(job);
  const bytesOfSlice = (height: number, width: number) => bytesOf(which, sliceOf(job, height, width));
  if (bytesOfSlice(...smallestSlice(whole, image)) > bytes) return null;
  const plan = planSlices(whole, image, bytes, bytesOfSlice);
  const [, , height, width] = plan.inputShape;
  return { slices: plan, inputs: sliceOf(job, height, width), graph: part };
}

/** One image of another size. */
function sliceOf({ inputs }: Job, height: number, width: number): Types {
  const [[name, { dtype, shape }]] = inputs;
  return new Map([[name, { dtype, shape: [1, shape[1], height, width] }]]);
}

/** Elements of the input that the slices of one image read. */
function computed({ slices: plan }: Division): number {
  return plan === null ? 0 : plan.slices.length * sizeOf(plan.inputShape);
}

/** Estimated, of all parts and of the layers that there are estimates of. */
function milliseconds(job: Considered, { slices: plan, inputs, graph }: Division): number {
  const layout = fitLayout(sized(job, graph, inputs), job.bytes);
  if (layout === null) return Infinity;
  const parts = plan === null ? Math.ceil(job.images / imagesOf(inputs)) : imagesOf(job.inputs) * plan.slices.length;
  return parts * layout.nodes.reduce((sum, node) => sum + node.milliseconds, 0);
}

/** Says what the smallest part takes, to the byte. */
function refusal(job: Considered): NnpackError {
  const { who, bytes, slicing, areImagesApart, inputs, part } = job;
  const expected = `expected at most ${bytesText(bytes)}`;
  if (slicing !== true) {
    const least = bytesText(leastBytes(sized(job, part, areImagesApart ? withImages(inputs, 1) : inputs)));
    const what = `${areImagesApart ? 'one image takes' : 'takes'} at least ${least}, ${expected}`;
    return new NnpackError('out-of-memory', `${who}: ${what}, and it cannot run in slices: ${slicing}`);
  }
  const smallest = sliceOf(job, ...smallestSlice(job.whole, firstImage(job)));
  const least = bytesText(leastBytes(sized(job, part, smallest)));
  const what = `the smallest slice with its halo takes at least ${least}`;
  return new NnpackError('out-of-memory', `${who}: ${what}, ${expected}`);
}
