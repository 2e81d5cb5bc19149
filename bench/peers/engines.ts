/** The engines (engine.ts) that are installed. */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { type Load, PEER_NAMES, type PeerEngine } from './engine.ts';
import { loadJax } from './jax.ts';
import { loadNnpack } from './nnpack.ts';
import { loadOnnxRuntimeNode, loadOnnxRuntimeWeb } from './onnx-runtime.ts';
import { loadTensorFlowCpu, loadTensorFlowWasm } from './tensorflow.ts';

const loaders: Readonly<Record<(typeof PEER_NAMES)[number], (load: Load) => Promise<PeerEngine>>> = {
  'onnxruntime-node': loadOnnxRuntimeNode,
  'onnxruntime-web': loadOnnxRuntimeWeb,
  'tfjs-backend-wasm': loadTensorFlowWasm,
  'tfjs-backend-cpu': loadTensorFlowCpu,
};

export const requirePeer = createRequire(resolve('bench/peers/package.json'));

/** The engines that there are. */
export interface Peers {
  readonly engines: readonly PeerEngine[];
  /** NNPACK with its kernels transformed in each call. */
  readonly calls: PeerEngine | null;
  /** The packages that are not installed. */
  readonly missing: readonly string[];
}

/** All engines: those of packages, and jax-js and NNPACK itself, which are left out with a reason where they are not there. */
export async function loadAllPeers(): Promise<Peers> {
  const { engines, missing } = await loadPeers();
  const [jax, nnpack] = [await loadJax((id) => requirePeer(id)), await loadNnpack()];
  if (typeof jax === 'string') console.error(`jax-js is left out: ${jax}.`);
  if (typeof nnpack === 'string')
    console.error(`NNPACK itself is left out: ${nnpack} (python3 finds torch 2.15.0 by PYTHONPATH too).`);
  return {
    engines: [
      ...engines,
      ...(typeof jax === 'string' ? [] : [jax]),
      ...(typeof nnpack === 'string' ? [] : [nnpack.plans]),
    ],
    calls: typeof nnpack === 'string' ? null : nnpack.calls,
    missing,
  };
}

/** The packages that are installed; the names of the others are missing. */
export async function loadPeers(): Promise<Pick<Peers, 'engines' | 'missing'>> {
  const engines: PeerEngine[] = [];
  const missing: string[] = [];
  for (const name of PEER_NAMES) {
    try {
      engines.push(await loaders[name]((id) => requirePeer(id)));
    } catch (error) {
      if (!isMissing(error)) throw error;
      missing.push(name);
    }
  }
  return { engines, missing };
}

/** Whether the package is not installed, or has no binaries for this machine. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND';
}
