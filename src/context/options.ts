import type { FieldsOf } from '../check/options.ts';
import type { WasmModule } from '../globals.ts';
import type { KernelTableName } from '../kernels/table.ts';
import type { WorkerFactory } from '../threads/spawn.ts';
import type { Measurements } from './measurements.ts';

/** What `createContext` takes; all of it is optional. */
export interface ContextOptions {
  /** Threads in all, with the caller; when not given, as many as the environment says, or else as there are cores. */
  readonly threads?: number;
  /**
   * `'auto'` takes the fastest table that this machine runs; when not given, `NNPACK_KERNELS` decides, or `'auto'`. The wide
   * tables want an experimental pass of V8, which is switched on for the whole process; `'auto'` takes them only where the
   * process was started with `--experimental-wasm-revectorize`. Where the engine does not pack, the narrow table is taken.
   */
  readonly kernels?: 'auto' | KernelTableName;
  /** Keeps `'auto'` to tables that give the same bits on every machine: no fused multiply-add. False when not given. */
  readonly deterministic?: boolean;
  /**
   * Gives each image of a batch the bits that it has alone, whatever is beside it: algorithms are chosen as for one image, by
   * its sizes and weights, and where memory does not suffice for the batch, that is an error and no other choice. False when not
   * given: a batch may be worth another algorithm.
   */
  readonly batchInvariant?: boolean;
  /**
   * All emitted kernels of a table as one module, so that none has to be emitted: what `nnpack-ts kernels --out FILE` wrote, as
   * bytes or as the module that they were compiled to. `'auto'` takes its table.
   */
  readonly modules?: Uint8Array | ArrayBuffer | WasmModule;
  /** The most bytes that tensors, workspaces and packed kernels may take in all; 4 GiB when not given. */
  readonly memoryLimit?: number;
  /**
   * Bytes that the memory begins with, rounded up to 65536; 1 MiB when not given. It grows as it must, but a first plan of many
   * layers is made sooner in memory that is there. Memory that threads cannot share is reserved whole, whatever this says.
   */
  readonly memorySize?: number;
  /** Times that `rule: 'measured'` knows already and adds to; none when not given. Contexts may share them. */
  readonly measurements?: Measurements;
  /** Makes a worker from the package's worker script, for hosts that have their own way to do so. */
  readonly worker?: WorkerFactory;
}

export const CONTEXT_FIELDS: FieldsOf<ContextOptions> = {
  threads: true,
  kernels: true,
  deterministic: true,
  batchInvariant: true,
  modules: true,
  memoryLimit: true,
  memorySize: true,
  measurements: true,
  worker: true,
};
