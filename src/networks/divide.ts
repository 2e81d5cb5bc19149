/**
 * The parts into which a network's work is divided where memory is short: smaller batches, or slices of a picture.
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
import { NnpackError, show } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { inferTypes, shapeOf, type Types } from '../graph/infer.ts';
import { bytesText, fitLayout, hasPlace, type Layout, leastBytes } from '../graph/layout.ts';
import { planMemory } from '../graph/memory-plan.ts';
import { canSlice, planSlices, type SlicePlan, smallestSlice } from '../graph/slices.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { layOutNetwork } from './layout.ts';
import type { Shape } from './network.ts';
import { boundInputs } from './shapes.ts';

/** Parts of one shape: so many images, or slices of one. */
export interface Division {
  readonly batch: number;
  readonly slices: SlicePlan | null;
  /** What a part is planned for, batch apart. */
  readonly inputs: Readonly<Record<string, Shape>>;
}

/** What of a part counts: what it takes with every node by its own choice, or the least with any. */
type Which = 'own' | 'least';

/** The network whose work is divided, the shapes of the whole, and the bytes that a part may take. */
export interface Job {
  /** Simplified, for pictures of any size where it can be sliced. */
  readonly graph: Graph;
  /** The types of the whole, and how many images it is. */
  readonly whole: Types;
  readonly batch: number;
  readonly options: ParsedSelection;
  readonly bytes: number;
  readonly context: Context;
}

/** @throws NnpackError 'out-of-memory' if not even the smallest part fits */
export function divide(job: Job): Division {
  const bytesOf = partBytes(job);
  const fastest = batches(job, bytesOf, 'own');
  if (fastest !== null) return fastest;
  const own = slices(job, bytesOf, 'own');
  if (own !== null && computed(own) <= 2 * sizeOf(Object.values(wholeInputs(job))[0])) return own;
  const divisions = [own, batches(job, bytesOf, 'least'), slices(job, bytesOf, 'least')];
  let best: Division | null = null;
  let least = Infinity;
  for (const division of divisions) {
    const time = division === null ? Infinity : milliseconds(job, division);
    if (division === null || (best !== null && time >= least)) continue;
    best = division;
    least = time;
  }
  if (best === null) throw refusal(job);
  return best;
}

type BytesOf = (which: Which, batch: number, inputs: Readonly<Record<string, Shape>>) => number;

/** What parts take, each computed once; ∞ where the values alone are too many. */
function partBytes(job: Job): BytesOf {
  const known = new Map<string, number>();
  return (which, batch, inputs) => {
    const key = `${which} ${batch} ${Object.values(inputs).join(' ')}`;
    const found = known.get(key) ?? bytesOfPart(job, which, batch, inputs);
    known.set(key, found);
    return found;
  };
}

function bytesOfPart(job: Job, which: Which, batch: number, inputs: Readonly<Record<string, Shape>>): number {
  const types = inferTypes(job.graph, boundInputs(job.graph, inputs, batch));
  const hasPlaces = job.graph.nodes.every((node) => node.outputs.every((name) => hasPlace(types, name)));
  if (!hasPlaces || 4 * planMemory(job.graph, types).size > job.bytes) return Infinity;
  const layout = sized(job, batch, inputs);
  return which === 'own' ? 4 * layout.floats : leastBytes(layout);
}

/** Nothing is measured for parts that are only considered. */
function sized({ graph, options, context }: Job, batch: number, inputs: Readonly<Record<string, Shape>>): Layout {
  return layOutNetwork(graph, { batch, inputs }, { ...options, isSizing: true }, context);
}

/** The largest part of the batch that fits: all of it, or half, a third, …; null if not even one image does. */
function batches(job: Job, bytesOf: BytesOf, which: Which): Division | null {
  const { bytes } = job;
  const inputs = wholeInputs(job);
  for (let parts = 1, last = 0; parts <= job.batch; parts++) {
    const batch = Math.ceil(job.batch / parts);
    if (batch !== last && bytesOf(which, batch, inputs) <= bytes) return { batch, slices: null, inputs };
    last = batch;
  }
  return null;
}

function wholeInputs({ graph, whole }: Job): Readonly<Record<string, Shape>> {
  return Object.fromEntries([...graph.inputs.keys()].map((name) => [name, shapeOf(whole, name).slice(1)]));
}

/** Slices of one image; null if they cannot be, or not even the smallest fits. */
function slices(job: Job, bytesOf: BytesOf, which: Which): Division | null {
  const { graph, bytes } = job;
  if (canSlice(graph) !== true) return null;
  const [[name, shape]] = Object.entries(wholeInputs(job));
  const image = [1, ...shape];
  const inputsOf = (height: number, width: number) => ({ [name]: [shape[0], height, width] });
  const bytesOfSlice = (height: number, width: number): number => bytesOf(which, 1, inputsOf(height, width));
  if (bytesOfSlice(...smallestSlice(graph, image)) > bytes) return null;
  const plan = planSlices(graph, image, bytes, bytesOfSlice);
  const [, , height, width] = plan.inputShape;
  return { batch: 1, slices: plan, inputs: inputsOf(height, width) };
}

/** Elements of the input that the slices of one image read. */
function computed({ slices: plan }: Division): number {
  return plan === null ? 0 : plan.slices.length * sizeOf(plan.inputShape);
}

/** Estimated, of all parts and of the layers that there are estimates of. */
function milliseconds(job: Job, { batch, slices: plan, inputs }: Division): number {
  const layout = fitLayout(sized(job, batch, inputs), job.bytes);
  if (layout === null) return Infinity;
  const parts = plan === null ? Math.ceil(job.batch / batch) : job.batch * plan.slices.length;
  return parts * layout.nodes.reduce((sum, node) => sum + node.milliseconds, 0);
}

/** Says what the smallest part takes, to the byte. */
function refusal(job: Job): NnpackError {
  const { graph, bytes } = job;
  const who = `network ${show(graph.name)}`;
  const expected = `expected at most ${bytesText(bytes)}`;
  const inputs = wholeInputs(job);
  const slicing = canSlice(graph);
  if (slicing !== true) {
    const least = bytesText(leastBytes(sized(job, 1, inputs)));
    const what = `one image takes at least ${least}, ${expected}, and it cannot run in slices: ${slicing}`;
    return new NnpackError('out-of-memory', `${who}: ${what}`);
  }
  const [[name, shape]] = Object.entries(inputs);
  const slice = { [name]: [shape[0], ...smallestSlice(graph, [1, ...shape])] };
  const least = bytesText(leastBytes(sized(job, 1, slice)));
  const what = `the smallest slice with its halo takes at least ${least}`;
  return new NnpackError('out-of-memory', `${who}: ${what}, ${expected}`);
}
