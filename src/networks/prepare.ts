/**
 * A network prepared for inputs of any size within a bound on memory: whole where it fits, else in parts. A batch is cut
 * into smaller ones, a picture into slices that share a halo, so that no seam shows (see `slices.ts`). All parts have one
 * shape, and one plan serves them all.
 */
import { type FieldsOf, readOptions } from '../check/options.ts';
import { contextOf } from '../context/context.ts';
import { parseSelection } from '../dispatch/select.ts';
import { NnpackError, show } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { inferTypes, shapeOf, type Types } from '../graph/infer.ts';
import { expectPlaces } from '../graph/layout.ts';
import { OneRun } from '../graph/one-run.ts';
import { simplifyGraph } from '../graph/passes/simplify.ts';
import {
  checkInputs,
  expectProgress,
  type NodeReport,
  type Progress,
  planWithin,
  type RunAsyncOptions,
  readRunOptions,
} from '../graph/plan.ts';
import { canSlice, openSizes, type Slice, type SlicePlan } from '../graph/slices.ts';
import { newTensor } from '../layers/staging.ts';
import { sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, copyIn } from '../tensor/tensor.ts';
import { divide } from './divide.ts';
import { layOutNetwork, NETWORK_OPTIONS, type NetworkOptions } from './layout.ts';
import type { Network } from './network.ts';
import { graphOf } from './parse.ts';
import { NetworkPlan } from './plan.ts';
import { boundInputs } from './shapes.ts';

export interface PrepareOptions extends NetworkOptions {
  /** What values, workspace and packed weights may take in all; what the context has left when not given. */
  readonly memoryBytes?: number;
}

const PREPARE_OPTIONS: FieldsOf<PrepareOptions> = { ...NETWORK_OPTIONS, memoryBytes: true };

/**
 * Prepares a network for inputs of the given shapes, in parts if memory is short: as the largest part of the batch that
 * fits with every layer by its fastest algorithm, else in slices of a picture. Where not even one image fits so, layers may
 * also fall back to algorithms that take less memory, and whichever of slices and such layers has the least estimated time
 * is taken.
 *
 * @throws NnpackError `out-of-memory` if not even the smallest part fits, and says what it would take
 * @example
 * const enlarge = prepareNetwork(network, { inputs: { LR: [3, 1500, 2000] }, memoryBytes: 2 ** 29 });
 * const { SR } = enlarge.run({ LR: picture }, (done, of) => console.error(`${done} of ${of}`));
 * enlarge.dispose();
 */
export function prepareNetwork(given: Network, options: PrepareOptions = {}): PreparedNetwork {
  const read = readOptions<PrepareOptions>('prepareNetwork', options, PREPARE_OPTIONS);
  const { memoryBytes } = read;
  const context = contextOf('prepareNetwork', read.context);
  const unshortened = graphOf(given);
  const batch = read.batch ?? 1;
  const inputs = boundInputs(unshortened, read.inputs ?? {}, batch);
  // Nodes that no output needs are held to their sizes as well, before they are left out.
  inferTypes(unshortened, inputs);
  const graph = simplifyGraph(unshortened);
  const whole = inferTypes(graph, inputs);
  const who = `network ${show(graph.name)}`;
  const selection = parseSelection(who, read);
  expectPlaces(who, whole, [...graph.inputs.keys(), ...graph.outputs]);
  const left = context.arena.largestBytes;
  const bytes = Math.min(left, memoryBytes === undefined ? left : checkBytes(memoryBytes));
  // A slice is smaller than the sizes that the network may declare, which the whole has been held to.
  const open = canSlice(graph) === true ? simplifyGraph(openSizes(graph)) : graph;
  const division = divide({ graph: open, whole, batch, options: selection, bytes, context });
  const layout = layOutNetwork(division.slices === null ? graph : open, division, selection, context);
  const plan = new NetworkPlan(planWithin(layout, bytes, context), division.batch);
  return new PreparedNetwork(plan, whole, batch, division.slices);
}

function checkBytes(memoryBytes: unknown): number {
  if (typeof memoryBytes === 'number' && memoryBytes >= 0) return memoryBytes;
  const what = `memoryBytes is ${show(memoryBytes)}, expected a number of at least 0`;
  throw new NnpackError('invalid-argument', `prepareNetwork: ${what}`);
}

/** One run of the plan: what goes in, and where to put what comes out. */
interface Part {
  readonly views: Readonly<Record<string, TensorLike>>;
  keep(result: Record<string, Tensor>): void;
}

/** A run of the whole: its parts, which fill the outputs one after another. */
interface Work {
  readonly outputs: Record<string, Tensor>;
  readonly parts: Iterable<Part>;
}

/** All at once: the plan's outputs are the whole's. */
function wholeWork(inputs: ReadonlyMap<string, CheckedTensor>): Work {
  const outputs: Record<string, Tensor> = {};
  return { outputs, parts: [{ views: Object.fromEntries(inputs), keep: (result) => Object.assign(outputs, result) }] };
}

/** A network that `prepareNetwork` laid out within a bound on memory: whole, or as a plan that runs part after part. */
export class PreparedNetwork {
  readonly plan: NetworkPlan;
  readonly batch: number;
  readonly #whole: Types;
  readonly #graph: Graph;
  readonly #who: string;
  readonly #slices: SlicePlan | null;
  readonly #oneRun: OneRun;
  #reports: NodeReport[] = [];

  /** @internal */
  constructor(plan: NetworkPlan, whole: Types, batch: number, slices: SlicePlan | null) {
    this.plan = plan;
    this.batch = batch;
    this.#whole = whole;
    this.#graph = graphOf(plan.network);
    this.#who = `network ${show(plan.network.name)}`;
    this.#slices = slices;
    this.#oneRun = new OneRun(this.#who);
  }

  /** How many times the plan runs for one run of the whole. */
  get parts(): number {
    if (this.#slices !== null) return this.batch * this.#slices.slices.length;
    return Math.ceil(this.batch / this.plan.shapes.batch);
  }

  /** Bytes of the context's memory in use. */
  get bytes(): number {
    return this.plan.bytes;
  }

  /**
   * Computes the outputs for inputs [N, C, H, W] or [N, C]; the batch may be left out when it is one. Inputs are read as
   * the run begins, and may be written over from then on; for a run in several parts they are copied.
   */
  run(inputs: Readonly<Record<string, TensorLike>>, progress?: Progress): Record<string, Tensor> {
    expectProgress(this.#who, progress);
    const { outputs, parts } = this.#begin(inputs);
    try {
      let part = 0;
      for (const { views, keep } of parts) {
        keep(this.plan.run(views, this.#partProgress(part++, progress)));
        this.#addReports();
      }
      return outputs;
    } finally {
      this.#oneRun.end();
    }
  }

  /** The same as {@link run}, but the event loop has its turn between nodes, and the run can be stopped. */
  async runAsync(
    inputs: Readonly<Record<string, TensorLike>>,
    options: RunAsyncOptions = {},
  ): Promise<Record<string, Tensor>> {
    const { progress, signal } = readRunOptions(this.#who, options);
    const { outputs, parts } = this.#begin(inputs);
    try {
      let part = 0;
      for (const { views, keep } of parts) {
        keep(await this.plan.runAsync(views, { progress: this.#partProgress(part++, progress), signal }));
        this.#addReports();
      }
      return outputs;
    } finally {
      this.#oneRun.end();
    }
  }

  /** Every node, its milliseconds and multiply-adds summed over all parts of the last run. */
  report(): NodeReport[] {
    return this.#reports;
  }

  /** Gives the memory of the plan back. It cannot run afterwards. */
  dispose(): void {
    this.#oneRun.expectNone('dispose');
    this.plan.dispose();
  }

  #addReports(): void {
    const latest = this.plan.report();
    this.#reports = latest.map((node, i) => {
      const milliseconds = node.milliseconds + (this.#reports[i]?.milliseconds ?? 0);
      const multiplyAdds = node.multiplyAdds + (this.#reports[i]?.multiplyAdds ?? 0);
      return { ...node, milliseconds, multiplyAdds, gflops: (2 * multiplyAdds) / milliseconds / 1e6 };
    });
  }

  #begin(inputs: Readonly<Record<string, TensorLike>>): Work {
    this.#oneRun.expectNone('run');
    const work = this.#workOf(inputs);
    this.#reports = [];
    this.#oneRun.begin();
    return work;
  }

  #workOf(inputs: Readonly<Record<string, TensorLike>>): Work {
    // The values of networks are float32.
    const checked = checkInputs(this.#who, this.#graph, this.#whole, inputs) as ReadonlyMap<string, CheckedTensor>;
    if (this.parts === 1) return wholeWork(checked);
    // The plan copies what one part reads as that part begins: for those that follow, the caller's inputs may have changed.
    const copies = new Map([...checked].map(([name, tensor]) => [name, copyOf(this.#who, tensor)]));
    return this.#slices === null ? this.#batchWork(copies) : this.#sliceWork(this.#slices, copies);
  }

  /** Progress of one part as progress of the whole. */
  #partProgress(part: number, progress: Progress | undefined): Progress | undefined {
    if (progress === undefined) return undefined;
    return (done, of, name) => progress(part * of + done, this.parts * of, name);
  }

  #newOutputs(): Record<string, Tensor> {
    const outputOf = (name: string): Tensor => newTensor(this.#who, shapeOf(this.#whole, name));
    return Object.fromEntries(this.#graph.outputs.map((name) => [name, outputOf(name)]));
  }

  #batchWork(inputs: ReadonlyMap<string, CheckedTensor>): Work {
    const { batch } = this;
    const size = this.plan.shapes.batch;
    const outputs = this.#newOutputs();
    function* parts(): Generator<Part> {
      for (let first = 0; first < batch; first += size) {
        // The last part is moved back to be as large as the others: some images are computed twice, to the same bits.
        const start = Math.min(first, batch - size);
        const views = Object.fromEntries([...inputs].map(([name, input]) => [name, images(input, start, size)]));
        const keep = (result: Record<string, Tensor>): void => {
          for (const [name, output] of Object.entries(outputs)) {
            output.data.set(result[name].data, start * sizeOf(output.shape.slice(1)));
          }
        };
        yield { views, keep };
      }
    }
    return { outputs, parts: parts() };
  }

  #sliceWork({ slices }: SlicePlan, inputs: ReadonlyMap<string, CheckedTensor>): Work {
    const { batch } = this;
    const [[inputName, input]] = inputs;
    const outputs = this.#newOutputs();
    const [[outputName, output]] = Object.entries(outputs);
    function* parts(): Generator<Part> {
      for (let image = 0; image < batch; image++) {
        for (const slice of slices) {
          const views = { [inputName]: region(images(input, image, 1), slice) };
          yield { views, keep: (result) => keepSlice(result[outputName], slice, output, image) };
        }
      }
    }
    return { outputs, parts: parts() };
  }
}

/** A tensor of its own with the same elements. */
function copyOf(who: string, tensor: CheckedTensor): CheckedTensor {
  const copy = newTensor(who, tensor.shape);
  copyIn(tensor, copy.data, 0);
  return copy;
}

/** Images start … of a batch, where they lie. */
function images(tensor: CheckedTensor, start: number, count: number): CheckedTensor {
  return {
    ...tensor,
    shape: [count, ...tensor.shape.slice(1)],
    offset: tensor.offset + start * tensor.stride[0],
  };
}

/** The part of an image [1, C, H, W] that a slice reads, where it lies. */
function region(tensor: CheckedTensor, { input }: Slice): CheckedTensor {
  return {
    ...tensor,
    shape: [1, tensor.shape[1], input.height, input.width],
    offset: tensor.offset + input.top * tensor.stride[2] + input.left * tensor.stride[3],
  };
}

/** Copies what a slice gives to its place in the whole output. */
function keepSlice(part: Tensor, { from, output: region }: Slice, whole: Tensor, image: number): void {
  const [, channels, partHeight, partWidth] = part.shape;
  const [, , height, width] = whole.shape;
  for (let c = 0; c < channels; c++) {
    for (let row = 0; row < region.height; row++) {
      const source = (c * partHeight + from.top + row) * partWidth + from.left;
      const target = ((image * channels + c) * height + region.top + row) * width + region.left;
      whole.data.set(part.data.subarray(source, source + region.width), target);
    }
  }
}
