/**
 * The pass of V8 that makes one 256-bit operation of a pair of 128-bit ones. It is experimental, off by default, and its flag
 * counts for code that is compiled after it was set.
 */
import { packsPairs } from '../kernels/simd/packing.ts';
import { nodeV8 } from '../threads/node.ts';
import { now, startFlags, versionOfV8 } from '../threads/runtime.ts';

const FLAG = '--experimental-wasm-revectorize';

/** The first V8 whose pass reaches into loops: that of Node 24. An older one may not know the flag, and says so on stderr. */
const LEAST_V8 = 13;

/** Whether the process was started with the flag, so that whoever started it wants wide kernels. */
export function startedWide(): boolean {
  return startFlags().some((flag) => flag.replaceAll('_', '-') === FLAG);
}

/** Why pairs are not packed here, null where they are. Sets the flag for all of the process that is compiled from now on. */
export function refuseWide(): string | null {
  const version = versionOfV8();
  if (version === undefined) return `only V8 has such a pass (${FLAG})`;
  if (version < LEAST_V8) return `V8 ${version} packs nothing within loops, expected ${LEAST_V8} or newer`;
  if (!startedWide()) nodeV8()?.setFlagsFromString(FLAG);
  return packsPairs(now) ? null : `this engine does not pack pairs of vectors (${FLAG})`;
}
