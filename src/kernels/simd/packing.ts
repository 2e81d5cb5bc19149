/**
 * Whether this engine packs pairs of 128-bit operations into 256-bit ones, by measuring two loops of the same operations:
 *
 *   s_i += a · b_i       i < 12, all in registers, the b_i side by side
 *   s_i += a · b_i       i < 12, the b_i and the results apart, so that nothing pairs up
 *
 * Where the first takes about half the time of the second, it was packed. An engine begins with code that it compiles in no
 * time, so both run in turn until both have become faster and a while longer.
 */
import { f32x4, Module, v128 } from '../../wasm/index.ts';

/** Sums of a loop: enough that none waits for the one before. */
const SUMS = 12;
/** Turns of a loop in one call. */
const TURNS = 2000;
/** Calls at least of which the least time counts, after both loops have their final code. */
const CALLS = 20;
/** A loop in its final code takes less than this part of the time before, and neither takes so many times as long as the other. */
const FINAL = 0.7;
const ALIKE = 3;
/** A packed loop takes less than this part of the other's time; all else lies above 0.9. */
const PACKED = 0.8;
/** Milliseconds after which it counts as not packed. */
const PATIENCE = 30;

let found: boolean | null = null;

/** Found out once a process: in some milliseconds where pairs are packed, else when patience ends. */
export function packsPairs(clock: () => number): boolean {
  found ??= measure(clock);
  return found;
}

function measure(clock: () => number): boolean {
  const loops = [16, 32].map(loopOver);
  const timeOf = (loop: () => void): number => {
    const start = clock();
    loop();
    return clock() - start;
  };
  const [first, least, last] = [0, 1, 2].map(() => [Infinity, Infinity]);
  const end = clock() + PATIENCE;
  for (const loop of loops) timeOf(loop);
  const isPacked = (): boolean => last[0] < PACKED * last[1];
  // Neighbours of a machine disturb some calls, so what is not seen at once is looked for until patience ends.
  for (let calls = 0; (calls < CALLS || !isPacked()) && clock() < end; ) {
    const times = loops.map(timeOf);
    const isFinal =
      least.every((time, i) => time < FINAL * first[i]) && Math.max(...least) < ALIKE * Math.min(...least);
    if (isFinal) calls++;
    times.forEach((time, i) => {
      if (first[i] === Infinity) first[i] = time;
      least[i] = Math.min(least[i], time);
      if (isFinal) last[i] = Math.min(last[i], time);
    });
  }
  return isPacked();
}

/** The loop with vectors so many bytes apart. */
function loopOver(distance: number): () => void {
  const module = new Module();
  module.importMemory('env', 'memory', { initial: 1, maximum: 1, shared: false });
  module.function(
    'sums',
    { turns: 'i32', at: 'i32', to: 'i32' },
    [],
    (f, { turns, at, to }) => {
      const sums = Array.from({ length: SUMS }, () => f.local('v128'));
      f.do(() => {
        const a = f.let(v128.load32_splat(at));
        sums.forEach((sum, i) => {
          f.set(sum, f32x4.add(sum, f32x4.mul(a, v128.load(at, { offset: distance * i }))));
        });
        f.add(turns, -1);
      }, turns);
      sums.forEach((sum, i) => {
        f.emit(v128.store(to, sum, { offset: distance * i }));
      });
    },
    { export: true },
  );
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  const sums = exports.sums as (turns: number, at: number, to: number) => void;
  return () => sums(TURNS, 0, 1024);
}
