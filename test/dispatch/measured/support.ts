/** What the tests of `rule: 'measured'` share: contexts that are disposed of, and made-up times. */
import { afterAll } from 'vitest';
import type { AlgorithmName } from '../../../src/algorithms/algorithm.ts';
import {
  type Context,
  type ContextOptions,
  type ConvolutionExplanation,
  createContext,
  Measurements,
} from '../../../src/index.ts';
import { convolutionProblem } from '../../../src/testing/index.ts';

const contexts: Context[] = [];

afterAll(() => {
  for (const made of contexts) made.dispose();
});

/** A context that is disposed of after all tests of the file. */
export function keep(made: Context): Context {
  contexts.push(made);
  return made;
}

export async function open(options: ContextOptions): Promise<Context> {
  return keep(await createContext(options));
}

export interface Saved {
  version: number;
  entries: {
    kernels: string;
    threads: number;
    sizes: Record<string, number>;
    times: Record<string, { run: number; pack: number }>;
  }[];
}

export const savedOf = (measurements: Measurements): Saved => JSON.parse(measurements.save());

/** The same entries with other times: what decides is what is remembered, if that is so. */
export function madeUp(
  measurements: Measurements,
  time: (algorithm: string) => { run: number; pack: number },
): Measurements {
  const saved = savedOf(measurements);
  for (const entry of saved.entries) for (const name of Object.keys(entry.times)) entry.times[name] = time(name);
  return Measurements.load(JSON.stringify(saved));
}

export const SIZES = { input: { shape: [1, 24, 20, 20] }, kernel: { shape: [24, 24, 3, 3] }, padding: 1 } as const;
export const measuredOf = (explanation: ConvolutionExplanation): AlgorithmName[] =>
  explanation.candidates.flatMap(({ algorithm, measured }) => (measured === undefined ? [] : [algorithm]));

/** Channels enough that more than one algorithm is near the fastest for about half of them. */
export const problems = convolutionProblem({
  channels: 24,
  groups: 2,
  imageSize: 24,
  kernelSize: [1, 7],
  stride: 2,
  dilation: 1,
});
