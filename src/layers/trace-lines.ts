/** The lines of `NNPACK_TRACE`: what was planned and why, and what a run took. */
import type { Profile } from '../algorithms/algorithm.ts';

/** `planConvolution 1×64×56×56 * …: wt8x8, least estimated time of 8 eligible (3.21 ms); workspace 123 bytes, packed 456 bytes` */
export function planLine(
  what: string,
  algorithm: string,
  why: string,
  workspaceBytes: number,
  packedBytes: number,
): string {
  return `${what}: ${algorithm}, ${why}; workspace ${workspaceBytes} bytes, packed ${packedBytes} bytes`;
}

/** `planConvolution 1×64×56×56 * …: wt8x8, 3.210 ms: input transform 0.512, …`; phases only where there are any. */
export function runLine(what: string, algorithm: string | null, profile: Profile): string {
  const { total, kernelTransform, inputTransform, blockMultiplication, outputTransform } = profile;
  const inPhases = inputTransform + blockMultiplication + outputTransform;
  const time = `${what}: ${algorithm === null ? '' : `${algorithm}, `}${milliseconds(total)} ms`;
  if (inPhases === 0) return time;
  const phases = [
    `input transform ${milliseconds(inputTransform)}`,
    `block multiplication ${milliseconds(blockMultiplication)}`,
    `output transform ${milliseconds(outputTransform)}`,
    `other ${milliseconds(total - inPhases)}`,
  ];
  return `${time}: ${phases.join(', ')}; kernel transform before ${milliseconds(kernelTransform)}`;
}

/** `1×64×56×56, 1×64×56×56 → 1×128×56×56` */
export function sizesText(inputs: readonly (readonly number[])[], output: readonly number[]): string {
  return `${inputs.map((shape) => shape.join('×')).join(', ')} → ${output.join('×')}`;
}

function milliseconds(time: number): string {
  return time.toFixed(3);
}
