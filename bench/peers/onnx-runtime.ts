/** ONNX Runtime, native and in WebAssembly: one interface, two packages. */
import type { LayerProblem } from '../layers.ts';
import type { Load, PeerEngine, PeerNetwork, PeerRun } from './engine.ts';
import { convolutionModel, INPUT, OUTPUT } from './onnx-conv.ts';

interface OnnxRuntime {
  readonly env: {
    readonly wasm: { numThreads?: number; proxy?: boolean };
    readonly versions: { readonly node?: string; readonly web?: string };
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => object;
  readonly InferenceSession: { create(model: Uint8Array, options: SessionOptions): Promise<OnnxSession> };
}

interface SessionOptions {
  readonly executionProviders: readonly ('cpu' | 'wasm')[];
  readonly intraOpNumThreads?: number;
  readonly interOpNumThreads?: number;
}

interface OnnxSession {
  run(feeds: Readonly<Record<string, object>>): Promise<Record<string, { readonly data: Float32Array }>>;
  release(): Promise<void>;
}

export async function loadOnnxRuntimeNode(load: Load): Promise<PeerEngine> {
  const ort = load<OnnxRuntime>('onnxruntime-node');
  const options = { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1 } as const;
  return engineOf('onnxruntime-node', ort.env.versions.node, ort, options);
}

export async function loadOnnxRuntimeWeb(load: Load): Promise<PeerEngine> {
  const ort = load<OnnxRuntime>('onnxruntime-web');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = false;
  return engineOf('onnxruntime-web', ort.env.versions.web, ort, { executionProviders: ['wasm'] });
}

function engineOf(
  name: 'onnxruntime-node' | 'onnxruntime-web',
  version: string | undefined,
  ort: OnnxRuntime,
  options: SessionOptions,
): PeerEngine {
  const network = async (model: Uint8Array): Promise<PeerNetwork> => {
    const session = await ort.InferenceSession.create(model, options);
    return {
      images: (input, output, data, shape) =>
        runOf(session, output, { [input]: new ort.Tensor('float32', data, shape) }),
      dispose: () => void session.release(),
    };
  };
  return {
    name,
    version: version ?? 'unknown',
    network,
    async convolution(problem: LayerProblem) {
      const { images, dispose } = await network(convolutionModel(problem));
      return { ...images(INPUT, OUTPUT, problem.input, problem.inputShape), dispose };
    },
  };
}

function runOf(session: OnnxSession, output: string, feeds: Readonly<Record<string, object>>): PeerRun {
  let last: Awaited<ReturnType<OnnxSession['run']>> = {};
  return {
    async time() {
      last = {}; // its memory may serve the next run
      const start = performance.now();
      last = await session.run(feeds);
      return performance.now() - start;
    },
    result: () => last[output].data,
    dispose: () => {},
  };
}
