/**
 * The engines that the benchmark compares with, behind one interface. All are held to one thread.
 *
 * A time is what a user of the engine waits for, once everything that is done only once is done: weights are given
 * beforehand, in the engine's own layout, and a run begins with an input that the engine accepts and ends when its
 * output can be read in JavaScript. Copies that an engine makes for that count as its own:
 *
 *   engine                copies of a run
 *   ours, a convolution   none: input and output are tensors of the context's memory
 *   ours, a network       input and output
 *   onnxruntime-node      none
 *   onnxruntime-web       input and output, into its WebAssembly memory and out of it
 *   tfjs-backend-wasm     output
 *   tfjs-backend-cpu      none
 *   jax-js                output
 *   nnpack                none
 *
 * No activation is applied to single convolutions. Conversion between N C H W and N H W C is never timed.
 *
 * Run compiled JavaScript to get figures: a loader such as tsx detaches an ArrayBuffer in the process that it starts,
 * and V8 then checks for detached buffers in every loop over typed arrays, theirs and ours (tfjs-backend-cpu takes 1.3
 * times as long). `node --trace-protector-invalidation` prints a line when that happens.
 *
 * The packages are not installed with this one, so their types are not there to import: the parts that are used are
 * declared where they are used.
 */
import type { Network } from '../../src/networks/network.ts';
import type { LayerProblem } from '../layers.ts';

/** Something that an engine is ready to run. */
export interface PeerRun {
  /** Runs once, and returns the milliseconds as described above. */
  time(): Promise<number>;
  /** The output of the last run, N C H W or N C. */
  result(): Float32Array | Promise<Float32Array>;
  dispose(): void | Promise<void>;
}

export interface PeerEngine {
  readonly name: PeerName;
  readonly version: string;
  /** null where the engine has no such layer. */
  convolution(problem: LayerProblem): Promise<PeerRun | null>;
  /** A network that runs on batches of any size; only engines that read ONNX files have it. */
  readonly network?: (model: Uint8Array) => Promise<PeerNetwork>;
  /** A network by its nodes; only engines that read no ONNX files have it. */
  readonly nodes?: (network: Network) => Promise<PeerNetwork>;
}

export interface PeerNetwork {
  /** Ready to run on these images, [N, C, H, W]; the values' names are those in the file. */
  images(input: string, output: string, data: Float32Array, shape: readonly number[]): PeerRun;
  dispose(): void;
}

/** The fastest first. */
export const PEER_NAMES = ['onnxruntime-node', 'onnxruntime-web', 'tfjs-backend-wasm', 'tfjs-backend-cpu'] as const;

/** Those that are packages, jax-js, which newer engines run, and NNPACK itself: its kernels transformed once, and in each call. */
export type PeerName = (typeof PEER_NAMES)[number] | 'jax-js' | 'nnpack' | 'nnpack, one-off';

/** A package of this folder, required from the folder that the benchmark runs in, so that a compiled one finds it too. */
export type Load = <Package>(name: string) => Package;
