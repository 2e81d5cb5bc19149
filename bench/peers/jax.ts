/** jax-js on WebAssembly: a run is one convolution and the bias, from its own arrays to their numbers in JavaScript. */
import { type LayerProblem, operations } from '../layers.ts';
import type { Load, PeerEngine, PeerRun } from './engine.ts';

/** Operations of the largest layer that is asked of it: it does some 0.3 billion a second. */
const MOST = 1e9;

/** An operation uses its arrays up; `ref` keeps one for another. */
interface JaxArray {
  readonly ref: JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  add(other: JaxArray): JaxArray;
  data(): Promise<Float32Array>;
  dispose(): void;
}

interface Jax {
  init(): Promise<readonly string[]>;
  defaultDevice(name: 'wasm'): void;
  readonly numpy: { array(values: Float32Array): JaxArray };
  readonly lax: {
    convGeneralDilated(
      x: JaxArray,
      kernel: JaxArray,
      strides: readonly number[],
      padding: readonly (readonly [before: number, after: number])[],
      options: { readonly rhsDilation: readonly number[]; readonly featureGroupCount: number },
    ): JaxArray;
  };
}

/** jax-js, or why there is none. */
export async function loadJax(load: Load): Promise<PeerEngine | string> {
  // It starts all its backends, and asks `navigator` for those of the graphics card.
  if (typeof navigator === 'undefined') return 'it asks for navigator, which this Node does not have';
  try {
    const jax = load<Jax>('@jax-js/jax');
    await jax.init();
    jax.defaultDevice('wasm');
    // The package does not give its manifest; ours names one version of it.
    const { dependencies } = load<{ dependencies: Record<string, string> }>('./package.json');
    return {
      name: 'jax-js',
      version: dependencies['@jax-js/jax'],
      convolution: async (problem) => (operations(problem.layer) > MOST ? null : convolution(jax, problem)),
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function convolution({ numpy, lax }: Jax, problem: LayerProblem): PeerRun {
  const { stride, dilation, padding, groups } = problem.layer;
  const sides = [padding, padding] as const;
  const options = { rhsDilation: [dilation, dilation], featureGroupCount: groups };
  const input = numpy.array(problem.input).reshape(problem.inputShape);
  const kernel = numpy.array(problem.kernel).reshape(problem.kernelShape);
  const bias = numpy.array(problem.bias).reshape([1, problem.kernelShape[0], 1, 1]);
  let output: Float32Array = new Float32Array();
  return {
    async time() {
      const start = performance.now();
      const y = lax.convGeneralDilated(input.ref, kernel.ref, [stride, stride], [sides, sides], options);
      output = await y.add(bias.ref).data();
      return performance.now() - start;
    },
    result: () => output,
    dispose() {
      for (const array of [input, kernel, bias]) array.dispose();
    },
  };
}
