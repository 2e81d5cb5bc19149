/** The arena: an allocator whose ranges never overlap, whose counts are exact, and whose contents survive growth. */
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { Arena } from '../../src/tensor/arena.ts';
import type { ArenaKind } from '../../src/tensor/bytes.ts';
import { checkTensor } from '../../src/tensor/tensor.ts';
import { runs } from '../support/runs.ts';

const PAGE = 65_536;
const LINE = 16;
const rounded = (floats: number): number => Math.max(LINE, Math.ceil(floats / LINE) * LINE);

afterEach(() => {
  vi.unstubAllGlobals();
});

/** An arena of a kind, as a machine without the more capable kinds makes it. */
function arenaOf(kind: ArenaKind, limit: number): Arena {
  if (kind === 'SharedArrayBuffer' || kind === 'ArrayBuffer') vi.stubGlobal('WebAssembly', undefined);
  if (kind === 'WebAssembly.Memory' || kind === 'ArrayBuffer') vi.stubGlobal('SharedArrayBuffer', undefined);
  const arena = new Arena(limit);
  vi.unstubAllGlobals();
  expect(arena.kind).toBe(kind);
  return arena;
}

function refusal(work: () => void): NnpackError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof NnpackError) return error;
    throw error;
  }
}

const KINDS: readonly ArenaKind[] = [
  'shared WebAssembly.Memory',
  'SharedArrayBuffer',
  'WebAssembly.Memory',
  'ArrayBuffer',
];

describe.each(KINDS)('an arena of %s', (kind) => {
  it('hands out ranges that never overlap, counts them exactly, and keeps what is written to them', () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 30_000 }));
    const command = fc.oneof(
      fc.record({ kind: fc.constant('allocate' as const), size }),
      fc.record({ kind: fc.constant('release' as const), at: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const arena = arenaOf(kind, 40 * PAGE);
        const held: { offset: number; size: number; mark: number }[] = [];
        let used = 0;
        let peak = 0;
        commands.forEach((step, mark) => {
          if (step.kind === 'release') {
            if (held.length === 0) return;
            const [range] = held.splice(step.at % held.length, 1);
            arena.release(range.offset);
            used -= rounded(range.size);
          } else {
            let offset = 0;
            const failure = refusal(() => {
              offset = arena.allocate(step.size, 'test');
            });
            if (failure === null) {
              held.push({ offset, size: step.size, mark });
              used += rounded(step.size);
              arena.f32.fill(mark, offset, offset + step.size);
            } else expect(failure.code).toBe('out-of-memory');
          }
          peak = Math.max(peak, used);
          expect(arena.usedBytes).toBe(used * 4);
          expect(arena.peakBytes).toBe(peak * 4);
          expect(arena.usedBytes).toBeLessThanOrEqual(arena.limitBytes);
          expect(arena.availableBytes).toBe(arena.limitBytes - arena.usedBytes);
        });
        held.sort((a, b) => a.offset - b.offset);
        let end = LINE;
        for (const range of held) {
          expect(range.offset % LINE).toBe(0);
          expect(range.offset).toBeGreaterThanOrEqual(end);
          end = range.offset + rounded(range.size);
          const contents = arena.f32.subarray(range.offset, range.offset + range.size);
          expect(contents.every((value) => value === range.mark)).toBe(true);
        }
        expect(end).toBeLessThanOrEqual(arena.f32.length);
        // Released in any order, the ranges become one again: all of the memory can be had at once, without growth.
        const length = arena.f32.length;
        for (const range of held.sort((a, b) => (a.mark % 7) - (b.mark % 7))) arena.release(range.offset);
        expect(arena.usedBytes).toBe(0);
        expect(arena.allocate(length - 2 * LINE, 'test')).toBe(LINE);
        expect(arena.f32.length).toBe(length);
      }),
      { numRuns: runs(kind === 'ArrayBuffer' ? 60 : 120) },
    );
  });

  it('takes the first range that is large enough', () => {
    const arena = arenaOf(kind, 16 * PAGE);
    const [a, b, c, d] = [100, 40, 200, 16].map((size) => arena.allocate(size, 'test'));
    arena.release(a);
    arena.release(c);
    expect(arena.allocate(209, 'test')).toBeGreaterThan(d);
    expect(arena.allocate(112, 'test')).toBe(a);
    expect(arena.allocate(112, 'test')).toBe(c);
    arena.release(b);
    expect(arena.allocate(48, 'test')).toBe(b);
  });

  it('never hands out offset 0, not even for nothing', () => {
    const arena = arenaOf(kind, PAGE);
    expect(arena.allocate(0, 'test')).toBe(LINE);
    expect(arena.allocate(0, 'test')).toBe(2 * LINE);
    expect(arena.usedBytes).toBe(2 * LINE * 4);
  });

  it('ignores what was never handed out, or was given back already', () => {
    const arena = arenaOf(kind, PAGE);
    const a = arena.allocate(32, 'test');
    const b = arena.allocate(32, 'test');
    for (const offset of [0, 1, a + 1, a + 16, 1e9, -16, Number.NaN]) arena.release(offset);
    expect(arena.usedBytes).toBe(256);
    arena.release(a);
    arena.release(a);
    expect(arena.usedBytes).toBe(128);
    expect(arena.allocate(32, 'test')).toBe(a);
    expect(arena.allocate(32, 'test')).toBeGreaterThan(b);
  });

  it('refuses what is beyond its limit with the numbers, and is none the worse for it', () => {
    const arena = arenaOf(kind, 20 * PAGE);
    const a = arena.allocate(1000, 'test');
    arena.f32.fill(3, a, a + 1000);
    const failure = refusal(() => arena.allocate((20 * PAGE) / 4, 'convolutionOutput'));
    expect(failure?.code).toBe('out-of-memory');
    expect(failure?.message).toBe(
      `convolutionOutput: 1.3 MB needed beside 0.0 MB in use, expected at most 1.3 MB in all (${kind})`,
    );
    expect(arena.usedBytes).toBe(1008 * 4);
    expect(arena.f32.subarray(a, a + 1000).every((value) => value === 3)).toBe(true);
    const rest = (20 * PAGE) / 4 - 2 * LINE - 1008;
    expect(arena.allocate(rest, 'test')).toBe(a + 1008);
    expect(refusal(() => arena.allocate(1, 'test'))?.code).toBe('out-of-memory');
    expect(arena.usedBytes).toBe((1008 + rest) * 4);
  });

  it('never takes more than a limit that is not a whole number of pages', () => {
    const limit = PAGE + 1234;
    const arena = arenaOf(kind, limit);
    while (refusal(() => arena.allocate(64, 'test')) === null);
    expect(arena.usedBytes).toBeLessThanOrEqual(limit);
    expect(arena.usedBytes).toBeGreaterThan(PAGE - 512);
  });
});

describe.each(KINDS.slice(0, 2))('growth of %s', (kind) => {
  it('keeps contents, old views, and the knowledge of what is its own', () => {
    const arena = arenaOf(kind, 64 * PAGE);
    const views = [arena.f32];
    const lengths = [arena.f32.length];
    const a = arena.allocate(1000, 'test');
    for (let i = 0; i < 1000; i++) arena.f32[a + i] = i;
    for (let floats = 300_000; floats < 500_000; floats += 60_000) {
      const offset = arena.allocate(floats, 'test');
      expect(arena.f32.length).toBeGreaterThanOrEqual(offset + floats);
      arena.f32.fill(7, offset, offset + floats);
      arena.release(offset);
      views.push(arena.f32);
      lengths.push(arena.f32.length);
    }
    expect(new Set(lengths).size).toBeGreaterThan(2);
    arena.f32[a] = 42;
    views.forEach((view, index) => {
      expect(view.length).toBe(lengths[index]);
      expect(arena.holds(view)).toBe(true);
      expect(arena.holds(view.subarray(5, 50))).toBe(true);
      expect([view[a], view[a + 1], view[a + 999]]).toEqual([42, 1, 999]);
    });
    expect(arena.i32.length).toBe(arena.f32.length);
    expect(arena.u16.length).toBe(2 * arena.f32.length);
    expect(arena.i32.buffer).toBe(arena.f32.buffer);
    expect(arena.holds(new Float32Array(4))).toBe(false);
    expect(arena.holds(new Arena(PAGE).f32)).toBe(false);
  });
});

describe.each(KINDS.slice(0, 2))('the last byte of %s', (kind) => {
  it('is that of four gigabytes', () => {
    const arena = arenaOf(kind, 2 ** 32);
    const small = arena.allocate(100, 'test');
    arena.f32.fill(6, small, small + 100);
    const rest = 2 ** 30 - 2 * LINE - rounded(100);
    // Nothing of it is touched, so that nothing of it need be there; yet a system may refuse to promise so much.
    const failure = refusal(() => arena.allocate(rest, 'test'));
    if (failure !== null) {
      expect(failure.code).toBe('out-of-memory');
      console.log(`not tried: ${failure.message}`);
      return;
    }
    expect([arena.f32.length, arena.i32.length, arena.u16.length]).toEqual([2 ** 30, 2 ** 30, 2 ** 31]);
    arena.f32[2 ** 30 - 1] = 8;
    expect(arena.i32[2 ** 30 - 1]).not.toBe(0);
    expect(arena.f32[small + 99]).toBe(6);
    expect(arena.availableBytes).toBe(2 * LINE * 4);
    expect(refusal(() => arena.allocate(1, 'test'))?.code).toBe('out-of-memory');
  });
});

describe('what an arena is made of', () => {
  it('is the most capable memory there is, with the reason where it is a lesser one', () => {
    expect(new Arena(PAGE).reason).toBe('');
    expect(arenaOf('SharedArrayBuffer', PAGE).reason).toBe('WebAssembly is not available');
    expect(arenaOf('ArrayBuffer', PAGE).reason).toBe('SharedArrayBuffer is not available');
    expect(arenaOf('ArrayBuffer', PAGE).shared).toBeNull();
  });

  it('falls back where an engine refuses to make it', () => {
    class Refused {
      constructor() {
        throw new RangeError('refused on purpose');
      }
    }
    vi.stubGlobal('WebAssembly', { Memory: Refused });
    const second = new Arena(4 * PAGE);
    expect([second.kind, second.reason]).toEqual([
      'SharedArrayBuffer',
      'shared WebAssembly.Memory refused (refused on purpose)',
    ]);
    vi.stubGlobal('SharedArrayBuffer', Refused);
    const third = new Arena(4 * PAGE);
    expect(third.kind).toBe('ArrayBuffer');
    expect(third.reason).toMatch(/refused on purpose.*SharedArrayBuffer refused \(refused on purpose\)/);
  });

  it('falls back where shared memory cannot grow', () => {
    const Original = SharedArrayBuffer;
    class Fixed extends Original {
      override get growable(): boolean {
        return false;
      }
    }
    vi.stubGlobal('WebAssembly', undefined);
    vi.stubGlobal('SharedArrayBuffer', Fixed);
    const arena = new Arena(4 * PAGE);
    expect([arena.kind, arena.reason]).toEqual([
      'ArrayBuffer',
      'WebAssembly is not available; SharedArrayBuffer cannot grow',
    ]);
  });

  it('is refused in words where there is no memory at all', () => {
    vi.stubGlobal('WebAssembly', undefined);
    vi.stubGlobal('SharedArrayBuffer', undefined);
    const Original = ArrayBuffer;
    vi.stubGlobal(
      'ArrayBuffer',
      class extends Original {
        constructor(size: number) {
          if (size > 1000) throw new RangeError('refused on purpose');
          super(size);
        }
      },
    );
    const failure = refusal(() => new Arena(16 * PAGE));
    expect(failure?.code).toBe('out-of-memory');
    expect(failure?.message).toBe('createContext: no memory (refused on purpose)');
  });
});

// Last of all: what they leave serves whoever comes after them.
describe.each(KINDS)('a closed arena of %s', (kind) => {
  it('holds no memory and hands nothing out', () => {
    const arena = arenaOf(kind, 4 * PAGE);
    const offset = arena.allocate(100, 'test');
    const view = arena.f32;
    for (let i = 0; i < 2; i++) {
      arena.close(true);
      expect([arena.f32, arena.i32, arena.u16].map(({ byteLength }) => byteLength)).toEqual([0, 0, 0]);
      expect([arena.shared, arena.wasm, arena.usedBytes, arena.reserve(16)]).toEqual([null, null, 0, 0]);
      expect(arena.holds(arena.f32)).toBe(false);
      expect([arena.kind, arena.limitBytes, arena.peakBytes]).toEqual([kind, 4 * PAGE, 448]);
      arena.release(offset);
      const failure = refusal(() => arena.allocate(1, 'convolutionOutput'));
      expect([failure?.code, failure?.message]).toEqual([
        'disposed',
        'convolutionOutput: the context has been disposed of',
      ]);
    }
    const tensor = { data: view.subarray(offset, offset + 100), shape: [100] };
    const failure = refusal(() => checkTensor('reluOutput', 'input', tensor, [1]));
    expect([failure?.code, failure?.message]).toEqual([
      'disposed',
      'reluOutput: input lies in the memory of a context that has been disposed of, expected a copy made before that',
    ]);
  });
});

describe.each(KINDS.slice(0, 2))('what a closed arena of %s leaves', (kind) => {
  const LIMIT = 64 * PAGE;

  /** An arena that has grown to so many pages, full of numbers, and its bytes, lest they be collected. */
  function filled(pages: number, limit = LIMIT): { arena: Arena; view: Float32Array; bytes: unknown } {
    const arena = arenaOf(kind, limit);
    arena.release(arena.allocate((pages * PAGE) / 4 - 2 * LINE, 'test'));
    arena.f32.fill(7);
    return { arena, view: arena.f32, bytes: arena.shared };
  }

  /** Whether both name the same bytes, whatever buffer they name them through. */
  function isShared(a: Float32Array, b: Float32Array): boolean {
    const before = a[0];
    a[0] = 1 + b[0];
    const found = b[0] === a[0];
    a[0] = before;
    return found;
  }

  it('is the next one, as good as new: zeros from end to end, however it grows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 16, max: 40 }),
        fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 12 }),
        (pages, sizes) => {
          const { arena, view, bytes } = filled(pages);
          arena.close(true);
          const next = arenaOf(kind, LIMIT);
          expect(isShared(view, next.f32)).toBe(true);
          expect([next.usedBytes, next.peakBytes, next.limitBytes]).toEqual([0, 0, LIMIT]);
          const seen = (): void => expect(next.f32.findIndex((value) => value !== 0)).toBe(-1);
          seen();
          for (const size of sizes) {
            if (refusal(() => next.allocate(size, 'test')) !== null) break;
            seen();
          }
          // The tensors of the one before are none of its own.
          expect(next.holds(view)).toBe(false);
          expect(next.holds(next.f32)).toBe(true);
          expect(bytes).not.toBe(null);
          next.close(true);
        },
      ),
      { numRuns: runs(20) },
    );
  });

  it('is nobody’s while a thread may still write to it', () => {
    const { arena, view, bytes } = filled(16);
    arena.close(false);
    expect([isShared(view, arenaOf(kind, LIMIT).f32), bytes === null]).toEqual([false, false]);
  });

  it('serves only within the limit of the next, and only if it reaches that', () => {
    const { arena, view, bytes } = filled(40);
    arena.close(true);
    const [small, large] = [arenaOf(kind, 39 * PAGE), arenaOf(kind, LIMIT + PAGE)];
    for (const other of [small, large]) expect(isShared(view, other.f32)).toBe(false);
    const fitting = arenaOf(kind, 40 * PAGE);
    expect(isShared(view, fitting.f32)).toBe(true);
    expect(refusal(() => fitting.allocate(10 * PAGE, 'test'))?.code).toBe('out-of-memory');
    expect(fitting.allocate(10 * PAGE - 2 * LINE, 'test')).toBe(LINE);
    expect(bytes).not.toBe(null);
  });

  it('is held by nobody where an engine has no weak references', () => {
    const { arena, view } = filled(16);
    vi.stubGlobal('WeakRef', undefined);
    arena.close(true);
    expect(isShared(view, arenaOf(kind, LIMIT).f32)).toBe(false);
  });
});

describe('a closed shared WebAssembly.Memory', () => {
  it('is not used again where growing by nothing gives no other buffer', () => {
    const arena = new Arena(64 * PAGE);
    const { wasm, f32 } = arena;
    arena.close(true);
    const grow = vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockReturnValue(16);
    const next = new Arena(64 * PAGE);
    grow.mockRestore();
    f32[5] = 9;
    expect([next.f32[5], wasm === null]).toEqual([0, false]);
  });

  it('serves where an engine makes no more of them', () => {
    const { Memory } = WebAssembly;
    let left = 1;
    class Counted extends Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        if (left-- <= 0) throw new RangeError('refused on purpose');
        super(descriptor);
      }
    }
    vi.stubGlobal('WebAssembly', { Memory: Counted });
    const limit = 77 * PAGE;
    const first = new Arena(limit);
    const bytes = first.shared;
    first.close(true);
    const second = new Arena(limit);
    expect([second.kind, second.reason, second.shared]).toEqual(['shared WebAssembly.Memory', '', bytes]);
    const third = new Arena(limit);
    expect([third.kind, third.reason]).toEqual([
      'SharedArrayBuffer',
      'shared WebAssembly.Memory refused (refused on purpose)',
    ]);
  });
});
