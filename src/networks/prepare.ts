/**
 * A network prepared for inputs of any size within a bound on memory: whole where it fits, else in parts. A batch is cut
 * into smaller ones, a picture into slices that share a halo, so that no seam shows (see `slices.ts`). All parts have one
 * shape, and one plan serves them all.
 */
import { NnpackError } from '../errors.ts';
import { newTensor } from '../layers/staging.ts';
import { megabytes } from '../tensor/arena.ts';
import { sizeOf, type Tensor, type TensorLike } from '../tensor/ndarray.ts';
import { type CheckedTensor, checkTensor } from '../tensor/tensor.ts';
import { contextOf } from '../threads/context.ts';
import type { Network } from './network.ts';
import { optimize } from './optimize.ts';
import {
  type NetworkOptions,
  type NetworkPlan,
  type NodeReport,
  networkBytes,
  type Progress,
  planNetwork,
  type RunAsyncOptions,
} from './plan.ts';
import { inferShapes, type Shape } from './shapes.ts';
import { canSlice, planSlices, type Slice, type SlicePlan } from './slices.ts';

export interface PrepareOptions extends NetworkOptions {
  /** What values, workspace and packed weights may take in all; what the context has left when not given. */
  readonly memoryBytes?: number;
}

/**
 * Prepares a network for inputs of the given shapes, in parts if memory is short.
 *
 * @throws NnpackError `out-of-memory` if not even the smallest part fits, and says what it would take
 * @example
 * const enlarge = prepareNetwork(network, { inputs: { LR: [3, 1500, 2000] }, memoryBytes: 2 ** 29 });
 * const { SR } = enlarge.run({ LR: picture }, (done, of) => console.error(`${done} of ${of}`));
 * enlarge.dispose();
 */
export function prepareNetwork(given: Network, options: PrepareOptions = {}): PreparedNetwork {
  const context = contextOf('prepareNetwork', options.context);
  const network = optimize(given);
  const bytes = options.memoryBytes ?? context.arena.availableBytes;
  const { batch, values } = inferShapes(network, options.inputs, options.batch ?? 1);
  const bytesOf = (part: NetworkOptions): number => networkBytes(network, { ...options, ...part });
  const partBatch = largestBatch(batch, (size) => bytesOf({ batch: size }) <= bytes);
  if (partBatch > 0) return new PreparedNetwork(planNetwork(network, { ...options, batch: partBatch }), batch, null);

  const slicing = canSlice(network);
  if (slicing !== true) {
    throw new NnpackError(
      'out-of-memory',
      `network '${network.name}': one image takes ${megabytes(bytesOf({ batch: 1 }))}, expected at most ${megabytes(bytes)}, and it cannot run in slices: ${slicing}`,
    );
  }
  const name = network.inputs[0].name;
  const [channels, height, width] = values.get(name) as Shape;
  const known = new Map<number, number>();
  const slices = planSlices(network, [channels, height, width], bytes, (h, w) => {
    const key = h * 2 ** 26 + w;
    const found = known.get(key) ?? bytesOf({ batch: 1, inputs: { [name]: [channels, h, w] } });
    known.set(key, found);
    return found;
  });
  const plan = planNetwork(network, { ...options, batch: 1, inputs: { [name]: slices.inputShape } });
  const output = values.get(network.outputs[0]) as Shape;
  return new PreparedNetwork(plan, batch, { plan: slices, inputShape: [channels, height, width], outputShape: output });
}

/** The largest part of a batch that fits: all of it, or half, a third, …; 0 if not even one image does. */
function largestBatch(batch: number, fits: (size: number) => boolean): number {
  for (let parts = 1, last = 0; parts <= batch; parts++) {
    const size = Math.ceil(batch / parts);
    if (size === last) continue;
    if (fits(size)) return size;
    last = size;
  }
  return 0;
}

interface Sliced {
  readonly plan: SlicePlan;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
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
function wholeWork(inputs: Readonly<Record<string, TensorLike>>): Work {
  const outputs: Record<string, Tensor> = {};
  return { outputs, parts: [{ views: { ...inputs }, keep: (result) => Object.assign(outputs, result) }] };
}

export class PreparedNetwork {
  readonly plan: NetworkPlan;
  readonly batch: number;
  readonly #sliced: Sliced | null;
  #reports: NodeReport[] = [];

  constructor(plan: NetworkPlan, batch: number, sliced: Sliced | null) {
    this.plan = plan;
    this.batch = batch;
    this.#sliced = sliced;
  }

  /** How many times the plan runs for one run of the whole. */
  get parts(): number {
    if (this.#sliced !== null) return this.batch * this.#sliced.plan.slices.length;
    return Math.ceil(this.batch / this.plan.shapes.batch);
  }

  /** Bytes of the context's memory in use. */
  get bytes(): number {
    return this.plan.bytes;
  }

  /** Computes the outputs for inputs [N, C, H, W] or [N, C]; the batch may be left out when it is one. */
  run(inputs: Readonly<Record<string, TensorLike>>, progress?: Progress): Record<string, Tensor> {
    const { outputs, parts } = this.#begin(inputs);
    let part = 0;
    for (const { views, keep } of parts) {
      keep(this.plan.run(views, this.#partProgress(part++, progress)));
      this.#addReports();
    }
    return outputs;
  }

  /** The same as {@link run}, but the event loop has its turn between nodes, and the run can be stopped. */
  async runAsync(
    inputs: Readonly<Record<string, TensorLike>>,
    { progress, signal }: RunAsyncOptions = {},
  ): Promise<Record<string, Tensor>> {
    const { outputs, parts } = this.#begin(inputs);
    let part = 0;
    for (const { views, keep } of parts) {
      keep(await this.plan.runAsync(views, { progress: this.#partProgress(part++, progress), signal }));
      this.#addReports();
    }
    return outputs;
  }

  /** Every node, its milliseconds and multiply-adds summed over all parts of the last run. */
  report(): NodeReport[] {
    return this.#reports;
  }

  dispose(): void {
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
    this.#reports = [];
    if (this.#sliced !== null) return this.#sliceWork(this.#sliced, inputs);
    return this.plan.shapes.batch === this.batch ? wholeWork(inputs) : this.#batchWork(inputs);
  }

  /** Progress of one part as progress of the whole. */
  #partProgress(part: number, progress: Progress | undefined): Progress | undefined {
    if (progress === undefined) return undefined;
    return (done, of, name) => progress(part * of + done, this.parts * of, name);
  }

  #batchWork(inputs: Readonly<Record<string, TensorLike>>): Work {
    const { batch } = this;
    const { network, shapes } = this.plan;
    const size = shapes.batch;
    const checked = network.inputs.map(({ name }) => this.#checkInput(inputs, name, shapes.values.get(name) as Shape));
    const outputs = Object.fromEntries(
      network.outputs.map((name) => [
        name,
        newTensor(`network '${network.name}'`, [batch, ...(shapes.values.get(name) as Shape)]),
      ]),
    );
    function* parts(): Generator<Part> {
      for (let first = 0; first < batch; first += size) {
        // The last part is moved back to be as large as the others: some images are computed twice, to the same bits.
        const start = Math.min(first, batch - size);
        const views = network.inputs.map(({ name }, i) => [name, images(checked[i], start, size)] as const);
        const keep = (result: Record<string, Tensor>): void => {
          for (const name of network.outputs) {
            outputs[name].data.set(result[name].data, start * sizeOf(outputs[name].shape.slice(1)));
          }
        };
        yield { views: Object.fromEntries(views), keep };
      }
    }
    return { outputs, parts: parts() };
  }

  #sliceWork({ plan, inputShape, outputShape }: Sliced, inputs: Readonly<Record<string, TensorLike>>): Work {
    const { batch } = this;
    const { network } = this.plan;
    const [inputName] = network.inputs.map(({ name }) => name);
    const [outputName] = network.outputs;
    const input = this.#checkInput(inputs, inputName, inputShape);
    const output = newTensor(`network '${network.name}'`, [batch, ...outputShape]);
    function* parts(): Generator<Part> {
      for (let image = 0; image < batch; image++) {
        for (const slice of plan.slices) {
          const views = { [inputName]: region(images(input, image, 1), slice) };
          yield { views, keep: (result) => keepSlice(result[outputName], slice, output, image) };
        }
      }
    }
    return { outputs: { [outputName]: output }, parts: parts() };
  }

  #checkInput(inputs: Readonly<Record<string, TensorLike>>, name: string, shape: Shape): CheckedTensor {
    const who = `network '${this.plan.network.name}'`;
    const ranks = this.batch === 1 ? [shape.length, shape.length + 1] : [shape.length + 1];
    const tensor = checkTensor(who, `input '${name}'`, inputs?.[name], ranks);
    const expected = [this.batch, ...shape];
    const found = tensor.shape.length === shape.length ? [1, ...tensor.shape] : tensor.shape;
    if (found.some((extent, axis) => extent !== expected[axis])) {
      throw new NnpackError(
        'invalid-input-size',
        `${who}: input '${name}' has shape [${tensor.shape.join(', ')}], expected [${expected.join(', ')}] (what was prepared)`,
      );
    }
    if (tensor.shape.length > shape.length) return tensor;
    return { ...tensor, shape: [1, ...tensor.shape], stride: [0, ...tensor.stride] };
  }
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
