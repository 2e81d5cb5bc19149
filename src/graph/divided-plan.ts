/**
 * A graph's plan within a bound on memory: of the whole where it fits, else of parts that run one after another. A batch is
 * cut into smaller ones, a picture into slices that share a halo, so that no seam shows (see `slices.ts`). All parts have
 * one shape, and one plan serves them all.
 */
import { newTensor } from '../layers/staging.ts';
import type { Tensor, TypedTensor, TypedTensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, copyIn, copyOut } from '../tensor/tensor.ts';
import { divide, imagesOf, type Job } from './divide.ts';
import type { Graph } from './graph.ts';
import { inferTypes, shapeOf, type Types } from './infer.ts';
import { expectPlaces, layOut } from './layout.ts';
import type { KnownType } from './node.ts';
import { OneRun } from './one-run.ts';
import { simplifyFor, simplifyGraph } from './passes/simplify.ts';
import {
  checkInputs,
  expectProgress,
  type GraphPlan,
  type NodeReport,
  type Progress,
  planWithin,
  type RunAsyncOptions,
  readRunOptions,
} from './plan.ts';
import { planesFirst, TO_PLANES } from './planes-first.ts';
import { isInMemory } from './run-values.ts';
import type { Slice, SlicePlan } from './slices.ts';
import type { Name } from './values.ts';

/**
 * Plans a graph as the whole if that fits with every layer by its fastest algorithm, else in parts or with layers that take
 * less memory, whichever is estimated to take the least time.
 *
 * @throws NnpackError 'out-of-memory' if not even the smallest part fits, and says what it would take
 */
export function planDivided(job: Job): DividedPlan {
  const { who, graph, inputs, selection, bytes, context } = job;
  const types = inferTypes(graph, inputs);
  expectPlaces(who, types, [...graph.inputs.keys(), ...graph.outputs]);
  const simplified = simplifyFor(simplifyGraph(graph), inputs);
  const { graph: planes, channelsLast } = areImages(graph, types)
    ? planesFirst(simplified)
    : { graph: simplified, channelsLast: new Set<Name>() };
  const inner = innerTypes(inputs, channelsLast);
  const division = divide({ ...job, graph: planes, inputs: inner });
  const part = planWithin(layOut(who, division.graph, division.inputs, selection, context), bytes, context);
  const [images, partImages] = [inner, division.inputs].map(imagesOf);
  return new DividedPlan(who, { graph, whole: types, channelsLast, part, slices: division.slices, images, partImages });
}

/** Whether all that goes in and comes out is a batch of as many images, which are copied in and out image by image. */
function areImages({ inputs, outputs }: Graph, types: Types): boolean {
  const ends = [...inputs.keys(), ...outputs].map((name) => types.get(name) as KnownType);
  const [first] = ends;
  return ends.every(({ dtype, shape }) => isInMemory(dtype) && shape.length > 0 && shape[0] === first.shape[0]);
}

/** The types of inputs as the plan has them. */
function innerTypes(inputs: Types, channelsLast: ReadonlySet<Name>): Types {
  return new Map(
    [...inputs].map(([name, type]) => {
      if (!channelsLast.has(name)) return [name, type];
      const shape = shapeOf(inputs, name);
      return [name, { dtype: type.dtype, shape: TO_PLANES.map((axis) => shape[axis]) }];
    }),
  );
}

/** One run of the plan: what goes in, and where to put what comes out. */
interface Part {
  readonly views: Readonly<Record<Name, TypedTensorLike>>;
  keep(result: Record<Name, TypedTensor>): void;
}

/** A run of the whole: its parts, which fill the outputs one after another. */
interface Work {
  readonly outputs: Record<Name, TypedTensor>;
  readonly parts: Iterable<Part>;
}

/** All at once: the plan's outputs are the whole's. */
function wholeWork(views: Readonly<Record<Name, TypedTensorLike>>): Work {
  const outputs: Record<Name, TypedTensor> = {};
  return { outputs, parts: [{ views, keep: (result) => Object.assign(outputs, result) }] };
}

/** What a plan in parts is made of. */
interface Parts {
  /** The graph as it was given, and the types of its values as a whole. */
  readonly graph: Graph;
  readonly whole: Types;
  /** Inputs and outputs that the plan has as N C H W, and the whole as N H W C. */
  readonly channelsLast: ReadonlySet<Name>;
  readonly part: GraphPlan;
  readonly slices: SlicePlan | null;
  /** Of the whole, and of a part. */
  readonly images: number;
  readonly partImages: number;
}

/** A plan that runs once, or part after part. */
export class DividedPlan {
  readonly part: GraphPlan;
  readonly #who: string;
  readonly #parts: Parts;
  readonly #oneRun: OneRun;
  #reports: readonly NodeReport[] = [];

  /** @internal */
  constructor(who: string, parts: Parts) {
    this.part = parts.part;
    this.#who = who;
    this.#parts = parts;
    this.#oneRun = new OneRun(who);
  }

  /** How many times the plan runs for one run of the whole. */
  get parts(): number {
    const { slices, images, partImages } = this.#parts;
    return slices === null ? Math.ceil(images / partImages) : images * slices.slices.length;
  }

  /** How many images a part is of. */
  get partImages(): number {
    return this.#parts.partImages;
  }

  /** Bytes of values, workspace and packed weights. */
  get bytes(): number {
    return this.part.bytes;
  }

  /**
   * Computes the outputs for inputs of the planned shapes; a batch of one may be left out. Inputs are read as the run
   * begins, and may be written over from then on; for a run in several parts they are copied.
   */
  run(inputs: Readonly<Record<Name, TypedTensorLike>>, progress?: Progress): Record<Name, TypedTensor> {
    expectProgress(this.#who, progress);
    const { outputs, parts } = this.#begin(inputs);
    try {
      let done = 0;
      for (const { views, keep } of parts) {
        keep(this.part.run(views, this.#partProgress(done++, progress)));
        this.#addReports();
      }
      return outputs;
    } finally {
      this.#oneRun.end();
    }
  }

  /** The same as {@link run}, but the event loop has its turn between nodes, and the run can be stopped. */
  async runAsync(
    inputs: Readonly<Record<Name, TypedTensorLike>>,
    options: RunAsyncOptions = {},
  ): Promise<Record<Name, TypedTensor>> {
    const { progress, signal } = readRunOptions(this.#who, options);
    const { outputs, parts } = this.#begin(inputs);
    try {
      let done = 0;
      for (const { views, keep } of parts) {
        keep(await this.part.runAsync(views, { progress: this.#partProgress(done++, progress), signal }));
        this.#addReports();
      }
      return outputs;
    } finally {
      this.#oneRun.end();
    }
  }

  /** Every node, its milliseconds and multiply-adds summed over all parts of the last run. */
  report(): readonly NodeReport[] {
    return this.#reports;
  }

  /** Gives the memory of the plan back. It cannot run afterwards. */
  dispose(): void {
    this.#oneRun.expectNone('dispose');
    this.part.dispose();
  }

  #addReports(): void {
    const before = this.#reports;
    this.#reports = this.part.report().map((node, i) => {
      const milliseconds = node.milliseconds + (before[i]?.milliseconds ?? 0);
      const multiplyAdds = node.multiplyAdds + (before[i]?.multiplyAdds ?? 0);
      const gflops = milliseconds === 0 ? 0 : (2 * multiplyAdds) / milliseconds / 1e6;
      return { ...node, milliseconds, multiplyAdds, gflops };
    });
  }

  #begin(inputs: Readonly<Record<Name, TypedTensorLike>>): Work {
    this.#oneRun.expectNone('run');
    const work = workOf(this.#who, this.#parts, inputs);
    this.#reports = [];
    this.#oneRun.begin();
    return work;
  }

  /** Progress of one part as progress of the whole. */
  #partProgress(part: number, progress: Progress | undefined): Progress | undefined {
    if (progress === undefined) return undefined;
    return (done, of, name) => progress(part * of + done, this.parts * of, name);
  }
}

function workOf(who: string, parts: Parts, inputs: Readonly<Record<Name, TypedTensorLike>>): Work {
  const { graph, whole, channelsLast, slices, images, partImages } = parts;
  const isOnePart = slices === null && images === partImages;
  if (isOnePart && channelsLast.size === 0) return wholeWork(inputs);
  const views = new Map(
    [...checkInputs(who, graph, whole, inputs)].map(([name, input]) => {
      // What runs in parts, or has pictures, has no inputs of other types.
      const own = input as CheckedTensor;
      // The plan copies what a part reads as it begins: for those that follow, the caller's inputs may have changed.
      const lasting = isOnePart ? own : copyOf(who, own);
      return [name, channelsLast.has(name) ? turned(lasting) : lasting];
    }),
  );
  const outputs = new Map(graph.outputs.map((name) => [name, newTensor(who, shapeOf(whole, name))]));
  const planes = new Map([...outputs].map(([name, to]) => [name, channelsLast.has(name) ? turned(to) : to]));
  const each = slices === null ? batchParts(parts, views, planes) : sliceParts(images, slices, views, planes);
  return { outputs: Object.fromEntries(outputs), parts: each };
}

type Views = ReadonlyMap<Name, CheckedTensor>;

function* batchParts({ images, partImages: size }: Parts, inputs: Views, outputs: Views): Generator<Part> {
  for (let first = 0; first < images; first += size) {
    // The last part is moved back to be as large as the others: some images are computed twice, to the same bits.
    const start = Math.min(first, images - size);
    const views = Object.fromEntries([...inputs].map(([name, input]) => [name, imagesIn(input, start, size)]));
    const keep = (result: Record<Name, TypedTensor>): void => {
      for (const [name, output] of outputs) copyOut((result[name] as Tensor).data, 0, imagesIn(output, start, size));
    };
    yield { views, keep };
  }
}

function* sliceParts(images: number, { slices }: SlicePlan, inputs: Views, outputs: Views): Generator<Part> {
  const [[inputName, input]] = inputs;
  const [[outputName, output]] = outputs;
  for (let image = 0; image < images; image++) {
    const to = imagesIn(output, image, 1);
    for (const slice of slices) {
      const views = { [inputName]: region(imagesIn(input, image, 1), slice) };
      yield { views, keep: (result) => keepSlice(result[outputName] as Tensor, slice, to) };
    }
  }
}

/** A tensor of its own with the same elements. */
function copyOf(who: string, tensor: CheckedTensor): CheckedTensor {
  const copy = newTensor(who, tensor.shape);
  copyIn(tensor, copy.data, 0);
  return copy;
}

/** N H W C seen as N C H W. */
function turned({ data, shape, stride, offset }: CheckedTensor): CheckedTensor {
  return { data, shape: TO_PLANES.map((axis) => shape[axis]), stride: TO_PLANES.map((axis) => stride[axis]), offset };
}

/** Images start … of a batch, where they lie. */
function imagesIn({ data, shape, stride, offset }: CheckedTensor, start: number, count: number): CheckedTensor {
  return { data, shape: [count, ...shape.slice(1)], stride, offset: offset + start * stride[0] };
}

/** The part of an image [1, C, H, W] that a slice reads, where it lies. */
function region({ data, shape, stride, offset }: CheckedTensor, { input }: Slice): CheckedTensor {
  return {
    data,
    shape: [1, shape[1], input.height, input.width],
    stride,
    offset: offset + input.top * stride[2] + input.left * stride[3],
  };
}

/** Copies what a slice gives to its place in the whole output of its image. */
function keepSlice(part: Tensor, { from, output: region }: Slice, { data, stride, offset }: CheckedTensor): void {
  const [, channels, partHeight, partWidth] = part.shape;
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < region.height; row++) {
      const source = (c * partHeight + from.top + row) * partWidth + from.left;
      const place = offset + c * stride[1] + (region.top + row) * stride[2] + region.left * stride[3];
      copyOut(part.data, source, { data, shape: [region.width], stride: [stride[3]], offset: place });
    }
  }
}
