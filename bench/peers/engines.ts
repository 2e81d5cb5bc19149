/** The engines (engine.ts) that are installed. */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { type Load, PEER_NAMES, type PeerEngine, type PeerName } from './engine.ts';
import { loadOnnxRuntimeNode, loadOnnxRuntimeWeb } from './onnx-runtime.ts';
import { loadTensorFlowCpu, loadTensorFlowWasm } from './tensorflow.ts';

const loaders: Readonly<Record<PeerName, (load: Load) => Promise<PeerEngine>>> = {
  'onnxruntime-node': loadOnnxRuntimeNode,
  'onnxruntime-web': loadOnnxRuntimeWeb,
  'tfjs-backend-wasm': loadTensorFlowWasm,
  'tfjs-backend-cpu': loadTensorFlowCpu,
};

export const requirePeer = createRequire(resolve('bench/peers/package.json'));

/** The engines that are installed; the names of the others are missing. */
export async function loadPeers(): Promise<{ engines: PeerEngine[]; missing: PeerName[] }> {
  const engines: PeerEngine[] = [];
  const missing: PeerName[] = [];
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
