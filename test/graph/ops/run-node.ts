/** A node in memory of NaN, which throws if it writes anywhere but in its outputs and what is its own. */
import { expect } from 'vitest';
import { emptyProfile } from '../../../src/algorithms/algorithm.ts';
import { type CompiledNode, wholeLines } from '../../../src/graph/compiled.ts';
import type { DoubleTensor } from '../../../src/graph/values.ts';
import type { Context } from '../../../src/index.ts';
import { arenaOffset } from '../../../src/layers/staging.ts';

/** Elements around each part of the memory. */
const GUARD = 16;

/** The numbers of the outputs, of so many elements each. */
export function runNode(
  context: Context,
  compiled: CompiledNode,
  inputs: readonly DoubleTensor[],
  outputSizes: readonly number[],
): readonly Float32Array[] {
  const inputSizes = inputs.map(({ data }) => data.length);
  const own = [compiled.workspaceFloats, compiled.constantFloats, compiled.stagedFloats];
  const total = [...inputSizes, ...outputSizes, ...own].reduce((sum, size) => sum + wholeLines(size) + GUARD, GUARD);
  const block = context.allocate([total]);
  const { f32 } = context.arena;
  const first = arenaOffset(block);
  f32.fill(Number.NaN, first, first + total);
  let end = first + GUARD;
  const place = (size: number) => {
    const start = end;
    end += wholeLines(size) + GUARD;
    return start;
  };
  const places = inputSizes.map(place);
  const outputs = outputSizes.map(place);
  const [workspace, constants, staging] = own.map(place);
  inputs.forEach(({ data }, i) => {
    f32.set(data, places[i]);
  });
  compiled.load({ constants, staging }, emptyProfile())(places, outputs, workspace);
  inputs.forEach(({ data }, i) => {
    expect(f32.slice(places[i], places[i] + data.length)).toEqual(Float32Array.from(data));
  });
  const results = outputs.map((at, i) => f32.slice(at, at + outputSizes[i]));
  const around = outputs.flatMap((at, i) => {
    const behind = i + 1 < outputs.length ? outputs[i + 1] : workspace;
    return [...f32.subarray(at - GUARD, at), ...f32.subarray(at + outputSizes[i], behind)];
  });
  expect(around.every(Number.isNaN), 'memory around the outputs').toBe(true);
  context.free(block);
  return results;
}
