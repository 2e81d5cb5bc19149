/** TensorFlow.js's own backend for JavaScript, whose tensors may also lie in the memory of a context. */
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { backend_util, DataId, DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { isFloat32Array } from '../check/arrays.ts';
import type { Context } from '../context/context.ts';
import { sizeOf } from '../tensor/ndarray.ts';
import { ArenaValues, type Pictures } from './arena-values.ts';
import { KeptWeights } from './kept-weights.ts';
import { OperationRunner } from './operations.ts';

/** The backend `'nnpack'`. */
export class NnpackBackend extends MathBackendCPU {
  /** In whose memory our kernels work. */
  readonly context: Context;
  /** What was packed of weights, for as long as these live. */
  readonly weights: KeptWeights;
  readonly operations: OperationRunner;
  /** All that lie in the context's memory. */
  readonly #inArena = new Set<ArenaValues>();

  /** What algorithms work in: the same for all calls, so that it stays in a cache. */
  readonly #workspace = { offset: 0, floats: 0 };

  constructor(context: Context) {
    super();
    this.context = context;
    this.weights = new KeptWeights(context.arena);
    this.operations = new OperationRunner(context);
  }

  /** As its parent, without the advice to install another backend. */
  override write(values: backend_util.BackendValues, _shape: number[], dtype: DataType): DataId {
    const dataId = {};
    this.data.set(dataId, { values, dtype, refCount: 1 });
    return dataId;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const data = this.data.has(dataId) ? this.data.get(dataId) : null;
    const isGone = super.disposeData(dataId, force);
    if (isGone && data !== null) {
      if (data instanceof ArenaValues) data.release();
      this.weights.drop(dataId);
    }
    return isGone;
  }

  override dispose(): void {
    for (const values of [...this.#inArena]) values.release();
    this.weights.clear();
    this.#releaseWorkspace();
    super.dispose();
  }

  /** The values of a tensor of float32, where they are. */
  stored({ dataId }: TensorInfo): ArenaValues | Float32Array {
    const data = this.data.get(dataId);
    if (data instanceof ArenaValues && data.offset !== 0) return data;
    const { values = new Float32Array() } = data;
    return isFloat32Array(values) ? values : Float32Array.from(values as ArrayLike<number>);
  }

  /** How a tensor's values lie in the context's memory; null for TensorFlow.js's own order, there or elsewhere. */
  orderOf(x: TensorInfo): Pictures | null {
    const stored = this.stored(x);
    return stored instanceof ArenaValues ? stored.pictures : null;
  }

  /** A tensor of values that our kernels have written, and that is given back with it. */
  makeTensor(shape: readonly number[], offset: number, pictures: Pictures | null): TensorInfo {
    const left = (values: ArenaValues): void => {
      this.#inArena.delete(values);
    };
    const values = new ArenaValues(this.context.arena, offset, sizeOf(shape), pictures, left);
    this.#inArena.add(values);
    const dataId = {};
    this.data.set(dataId, values);
    return { dataId, shape: [...shape], dtype: 'float32' };
  }

  /** Room for the work of one algorithm, which the next one has again. */
  workspace(floats: number): number {
    if (floats <= this.#workspace.floats) return this.#workspace.offset;
    this.#releaseWorkspace();
    this.#workspace.offset = this.context.arena.allocate(floats, 'nnpack');
    this.#workspace.floats = floats;
    return this.#workspace.offset;
  }

  #releaseWorkspace(): void {
    this.context.arena.release(this.#workspace.offset);
    this.#workspace.offset = this.#workspace.floats = 0;
  }

  /** Moves all that lies in the context's memory but does not have to out of it. */
  empty(): void {
    // Reading them makes arrays of them.
    for (const values of [...this.#inArena]) void values.values;
    this.weights.clear();
    this.#releaseWorkspace();
  }
}
