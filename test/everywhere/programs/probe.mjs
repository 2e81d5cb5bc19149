/** What each cell runs: a context of two threads, and two convolutions of 3×3 in it, of whole numbers and of others. */
import { convolutionInference, createContext } from 'nnpack-ts';

const INPUT = [1, 8, 20, 24];
const KERNEL = [16, 8, 3, 3];

/** The same numbers everywhere, from −1 to 1. */
function drawn(seed, shape, Floats) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  };
  const size = shape.reduce((a, b) => a * b);
  return { data: Floats.from({ length: size }, next), shape };
}

const whole = ({ data, shape }) => ({ data: data.map((value) => Math.trunc(value * 5)), shape });

/** FNV-1a of the bits. */
function hashOf(data) {
  const bits = new Uint32Array(Float32Array.from(data).buffer);
  return bits.reduce((hash, word) => Math.imul(hash ^ word, 16777619) >>> 0, 2166136261).toString(16);
}

/**
 * @param options for createContext, beside two threads and the same bits everywhere
 * @param Floats the Float32Array of the realm that tensors are of
 */
export async function probe(options = {}, Floats = Float32Array) {
  const context = await createContext({ threads: 2, deterministic: true, ...options });
  const run = (change, algorithm) => {
    const [input, kernel] = [drawn(1, INPUT, Floats), drawn(2, KERNEL, Floats)].map(change);
    return hashOf(convolutionInference({ input, kernel, padding: 1, algorithm, context }).data);
  };
  const exact = run(whole, 'implicit-gemm');
  const rounded = run((tensor) => tensor, 'wt8x8');
  const { threads, kernels, reasons } = context.describe();
  context.dispose();
  return { threads, kernels, reasons, exact, rounded };
}
