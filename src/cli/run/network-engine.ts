/** A network, whose files have pictures as N H W C: it reads and writes them through views, and runs in parts. */
import type { Context } from '../../context/context.ts';
import { show } from '../../errors.ts';
import type { Shape } from '../../graph/compiled.ts';
import type { RunAsyncOptions } from '../../graph/plan.ts';
import type { Name, ValueType } from '../../graph/values.ts';
import type { ModelValue } from '../../models/source.ts';
import { withBatch } from '../../networks/graph-of.ts';
import type { Network } from '../../networks/network.ts';
import { type PreparedNetwork, type PrepareOptions, prepareNetwork } from '../../networks/prepare.ts';
import { inferShapes, type PartialShape } from '../../networks/shapes.ts';
import {
  denseStrides,
  makeTensor,
  sizeOf,
  type Tensor,
  type TensorLike,
  type TypedTensor,
} from '../../tensor/ndarray.ts';
import { randomArray, uniform } from '../../tensor/random.ts';
import { fail } from '../arguments.ts';
import type { Arrays, Choice, Engine, EngineReport, Subject } from './engine.ts';

const FIRST = [0, 3, 1, 2];
const LAST = [0, 2, 3, 1];

export function networkSubject(network: Network): Subject {
  const valueFor = (name: string, shape: PartialShape): ModelValue => {
    const sizes = withBatch(name, shape);
    return { dtype: 'float32', shape: sizes.length === 4 ? LAST.map((axis) => sizes[axis]) : sizes };
  };
  const unknown: ModelValue = { dtype: 'float32', shape: null };
  return {
    name: network.name,
    inputs: new Map(network.inputs.map(({ name, shape }) => [name, valueFor(name, shape)])),
    outputs: new Map(network.outputs.map((name) => [name, unknown])),
    hasOwnLimit: true,
    isChannelsLast: true,
    typesFor: (shapes) => typesFor(network, shapes),
    engine: (choice, context, memoryBytes) => new NetworkEngine(network, choice, context, memoryBytes),
  };
}

function typesFor(network: Network, shapes: ReadonlyMap<Name, Shape>): ReadonlyMap<Name, ValueType> {
  const batch = batchOf(shapes);
  const { values } = inferShapes(network, imageShapes(shapes), batch);
  return new Map(
    network.outputs.map((name) => {
      const shape = [batch, ...(values.get(name) as Shape)];
      return [name, { dtype: 'float32', shape: shape.length === 4 ? LAST.map((axis) => shape[axis]) : shape }];
    }),
  );
}

/** The one batch of all inputs. */
function batchOf(shapes: ReadonlyMap<Name, Shape>): number {
  const [[first, [batch]], ...others] = [...shapes];
  for (const [name, [own]] of others) {
    if (own !== batch) fail(`${show(first)} has a batch of ${batch}, expected the same for ${show(name)}, got ${own}`);
  }
  return batch;
}

/** Of single images [C, H, W] or [C]. */
function imageShapes(shapes: ReadonlyMap<Name, Shape>): Record<Name, Shape> {
  return Object.fromEntries(
    [...shapes].map(([name, shape]) => [
      name,
      (shape.length === 4 ? FIRST.map((axis) => shape[axis]) : shape).slice(1),
    ]),
  );
}

class NetworkEngine implements Engine {
  readonly #network: Network;
  readonly #choice: Choice;
  readonly #context: Context;
  readonly #memoryBytes: number | null;
  #prepared: { readonly shapes: string; readonly network: PreparedNetwork } | null = null;
  #report: EngineReport = { layers: [], parts: 1, bytes: 0 };

  constructor(network: Network, choice: Choice, context: Context, memoryBytes: number | null) {
    this.#network = network;
    this.#choice = choice;
    this.#context = context;
    this.#memoryBytes = memoryBytes;
  }

  async run(inputs: Arrays, options: RunAsyncOptions): Promise<Record<Name, TypedTensor>> {
    const prepared = this.#prepare(inputs);
    const views = Object.fromEntries(
      Object.entries(inputs).map(([name, array]) => [name, channelsFirst(array as TensorLike)]),
    );
    const outputs = await prepared.runAsync(views, options);
    this.#report = { layers: prepared.report(), parts: prepared.parts, bytes: prepared.bytes };
    return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, channelsLast(tensor)]));
  }

  report(): EngineReport {
    return this.#report;
  }

  /** Of one part, as many times as there are: warm, on random images. */
  async timeDefault(_inputs: Arrays, signal: AbortSignal): Promise<number> {
    const { shapes } = this.#prepared?.network.plan ?? fail('nothing ran');
    const part: PrepareOptions = {
      context: this.#context,
      batch: shapes.batch,
      inputs: Object.fromEntries(this.#network.inputs.map(({ name }) => [name, shapes.values.get(name) as Shape])),
    };
    this.dispose();
    const plan = prepareNetwork(this.#network, { ...part, algorithm: 'implicit-gemm' });
    try {
      const images = Object.fromEntries(
        Object.entries(part.inputs ?? {}).map(([name, image]) => {
          const shape = [shapes.batch, ...image];
          return [name, makeTensor(randomArray(sizeOf(shape), uniform(1)), shape)] as const;
        }),
      );
      await plan.runAsync(images, { signal });
      await plan.runAsync(images, { signal });
      return this.#report.parts * plan.report().reduce((sum, layer) => sum + layer.milliseconds, 0);
    } finally {
      plan.dispose();
    }
  }

  dispose(): void {
    this.#prepared?.network.dispose();
    this.#prepared = null;
  }

  /** The one for the sizes that ran last is kept. */
  #prepare(inputs: Arrays): PreparedNetwork {
    const shapes = new Map(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
    const text = [...shapes].join(';');
    if (this.#prepared?.shapes === text) return this.#prepared.network;
    this.dispose();
    const { availableBytes } = this.#context.arena;
    const network = prepareNetwork(this.#network, {
      ...{ ...this.#choice, context: this.#context, batch: batchOf(shapes), inputs: imageShapes(shapes) },
      memoryBytes: Math.min(this.#memoryBytes ?? Infinity, availableBytes),
    });
    this.#prepared = { shapes: text, network };
    return network;
  }
}

/** N H W C seen as N C H W. */
function channelsFirst({ data, shape, stride = denseStrides(shape), offset = 0 }: TensorLike): TensorLike {
  if (shape.length !== 4) return { data, shape, stride, offset };
  return { data, shape: FIRST.map((axis) => shape[axis]), stride: FIRST.map((axis) => stride[axis]), offset };
}

function channelsLast(tensor: Tensor): Tensor {
  return tensor.shape.length === 4 ? tensor.transpose(...LAST) : tensor;
}

/** Images for a network whose weights are random too. */
export function randomImages(network: Network, batch: number): Arrays {
  return Object.fromEntries(
    network.inputs.map(({ name, shape }) => {
      const sizes = [batch, ...(shape as Shape)];
      return [name, channelsLast(makeTensor(randomArray(sizeOf(sizes), uniform(1)), sizes))];
    }),
  );
}
