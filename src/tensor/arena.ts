import { NnpackError } from '../errors.ts';
import type { Memory } from './memory.ts';
import { joinBuffer } from './tensor.ts';

const PAGE_BYTES = 65_536;
const MAX_BYTES = 65_536 * PAGE_BYTES;
/** Without shared memory a buffer cannot grow and stay fast, so it is reserved at once (and committed as it is used). */
const PLAIN_BYTES = 512 * 1024 * 1024;
/** Allocations start on a cache line. */
const ALIGNMENT = 16;

/** What the arena's bytes are, from the most capable to the least. */
export type ArenaKind = 'shared WebAssembly.Memory' | 'SharedArrayBuffer' | 'WebAssembly.Memory' | 'ArrayBuffer';

/** What a worker needs to see the same bytes. */
export type SharedBytes = WebAssembly.Memory | SharedArrayBuffer;

/**
 * The one memory of a context: tensors, workspaces and packed kernels are ranges of it, allocated first-fit from a list
 * of free ranges. All offsets and sizes are in float32 elements.
 */
export class Arena implements Memory {
  readonly kind: ArenaKind;
  /** Why the arena is not of a more capable kind; empty for the first kind. */
  readonly reason: string;
  f32: Float32Array;
  i32: Int32Array;
  u16: Uint16Array;
  /** The bytes that another thread can be given; null when they cannot be shared. */
  readonly shared: SharedBytes | null;
  #bytes: SharedBytes | ArrayBuffer;
  readonly #limitBytes: number;
  readonly #buffers = new WeakSet<object>();
  /** Free ranges by offset, never adjacent. */
  #free: { offset: number; size: number }[] = [];
  readonly #used = new Map<number, number>();
  #usedFloats = 0;
  #peakFloats = 0;
  #reservedFloats = 0;

  constructor(limitBytes = MAX_BYTES) {
    const { bytes, kind, reason } = reserve(Math.min(limitBytes, MAX_BYTES));
    this.kind = kind;
    this.reason = reason;
    this.#bytes = bytes;
    this.shared = kind === 'ArrayBuffer' || kind === 'WebAssembly.Memory' ? null : (bytes as SharedBytes);
    this.#limitBytes = Math.min(limitBytes, this.shared === null ? bufferOf(bytes).byteLength : MAX_BYTES);
    const views = viewsOf(bytes);
    this.f32 = views.f32;
    this.i32 = views.i32;
    this.u16 = views.u16;
    this.#join();
    // Offset 0 is never handed out, so that 0 can mean "none" in parameter records; nor is a margin at the end, so that
    // kernels may read a vector that begins within a range.
    this.#free.push({ offset: ALIGNMENT, size: this.#end - ALIGNMENT });
  }

  /** Where the last range ends at most. */
  get #end(): number {
    return this.f32.length - ALIGNMENT;
  }

  /** The memory as WebAssembly code sees it; null where it is none. */
  get wasm(): WebAssembly.Memory | null {
    return isWasmMemory(this.#bytes) ? this.#bytes : null;
  }

  /** The most bytes this arena may hold. */
  get limitBytes(): number {
    return this.#limitBytes;
  }

  get usedBytes(): number {
    return this.#usedFloats * 4;
  }

  /** The most bytes that were ever in use at once. */
  get peakBytes(): number {
    return this.#peakFloats * 4;
  }

  /** Bytes that an allocation may still take, counting what the memory can grow by. */
  get availableBytes(): number {
    return this.#limitBytes - this.usedBytes - this.#reservedFloats * 4;
  }

  /** Whether a view's bytes are this arena's. */
  holds(view: Float32Array): boolean {
    return this.#buffers.has(view.buffer);
  }

  /** A range of `floats` elements on a cache line; its contents are whatever was there. */
  allocate(floats: number, who: string): number {
    const size = Math.max(ALIGNMENT, Math.ceil(floats / ALIGNMENT) * ALIGNMENT);
    let index = this.#free.findIndex((range) => range.size >= size);
    if (index < 0) index = this.#grow(size, who);
    const range = this.#free[index];
    const { offset } = range;
    if (range.size === size) this.#free.splice(index, 1);
    else this.#free[index] = { offset: offset + size, size: range.size - size };
    this.#used.set(offset, size);
    this.#usedFloats += size;
    this.#peakFloats = Math.max(this.#peakFloats, this.#usedFloats);
    return offset;
  }

  /**
   * A range that lives as long as the arena and counts as nobody's use: what threads have for themselves.
   *
   * @returns its offset, or 0 if there is no room
   */
  reserve(floats: number): number {
    try {
      const offset = this.allocate(floats, 'reserve');
      this.#usedFloats -= this.#used.get(offset) as number;
      this.#reservedFloats += this.#used.get(offset) as number;
      this.#peakFloats = this.#usedFloats;
      this.#used.delete(offset);
      return offset;
    } catch {
      return 0;
    }
  }

  /** Gives a range back. */
  release(offset: number): void {
    const size = this.#used.get(offset);
    if (size === undefined) return;
    this.#used.delete(offset);
    this.#usedFloats -= size;
    this.#insert(offset, size);
  }

  /** Grown memory is a new buffer over the same bytes. */
  #join(): void {
    this.#buffers.add(this.f32.buffer);
    joinBuffer(this.f32.buffer, this);
  }

  #insert(offset: number, size: number): void {
    const at = this.#free.findIndex((range) => range.offset > offset);
    const index = at < 0 ? this.#free.length : at;
    const before = this.#free[index - 1];
    const after = this.#free[index];
    const joinsBefore = before !== undefined && before.offset + before.size === offset;
    const joinsAfter = after !== undefined && offset + size === after.offset;
    const start = joinsBefore ? before.offset : offset;
    const end = joinsAfter ? after.offset + after.size : offset + size;
    this.#free.splice(index - (joinsBefore ? 1 : 0), (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), {
      offset: start,
      size: end - start,
    });
  }

  /** Grows the memory so that its last free range holds `size`, and returns that range's index. */
  #grow(size: number, who: string): number {
    const [length, end] = [this.f32.length, this.#end];
    const tail = this.#free.at(-1);
    const tailSize = tail !== undefined && tail.offset + tail.size === end ? tail.size : 0;
    const bytes = Math.ceil(((size - tailSize) * 4) / PAGE_BYTES) * PAGE_BYTES;
    const wanted = length * 4 + bytes;
    if (wanted > this.#limitBytes || this.shared === null || !growBytes(this.#bytes, wanted)) {
      throw new NnpackError(
        'out-of-memory',
        `${who}: ${megabytes(size * 4)} needed beside ${megabytes(this.usedBytes)} in use, expected at most ${megabytes(this.#limitBytes)} in all (${this.kind})`,
      );
    }
    ({ f32: this.f32, i32: this.i32, u16: this.u16 } = viewsOf(this.#bytes));
    this.#join();
    this.#insert(end, this.f32.length - length);
    return this.#free.length - 1;
  }
}

/** The views of shared bytes as they are now; a thread calls it again when the memory has grown. */
export function viewsOf(bytes: SharedBytes | ArrayBuffer): { f32: Float32Array; i32: Int32Array; u16: Uint16Array } {
  const buffer = bufferOf(bytes);
  // Explicit lengths: a view that tracks its buffer's length is many times slower.
  return {
    f32: new Float32Array(buffer, 0, buffer.byteLength / 4),
    i32: new Int32Array(buffer, 0, buffer.byteLength / 4),
    u16: new Uint16Array(buffer, 0, buffer.byteLength / 2),
  };
}

function isWasmMemory(bytes: SharedBytes | ArrayBuffer): bytes is WebAssembly.Memory {
  return typeof WebAssembly !== 'undefined' && bytes instanceof WebAssembly.Memory;
}

function bufferOf(bytes: SharedBytes | ArrayBuffer): ArrayBuffer {
  const buffer = bytes instanceof ArrayBuffer || !('buffer' in bytes) ? bytes : bytes.buffer;
  // Views over shared and unshared buffers have the same hidden class; the type system alone tells them apart.
  return buffer as ArrayBuffer;
}

function reserve(limit: number): { bytes: SharedBytes | ArrayBuffer; kind: ArenaKind; reason: string } {
  const reasons: string[] = [];
  const pages = Math.max(1, Math.floor(limit / PAGE_BYTES));
  const initial = Math.min(pages, 16);
  if (typeof SharedArrayBuffer === 'undefined') reasons.push('SharedArrayBuffer is not available');
  else {
    if (typeof WebAssembly === 'undefined') reasons.push('WebAssembly is not available');
    else {
      try {
        const bytes = new WebAssembly.Memory({ initial, maximum: pages, shared: true });
        return { bytes, kind: 'shared WebAssembly.Memory', reason: '' };
      } catch (error) {
        reasons.push(`shared WebAssembly.Memory refused (${(error as Error).message})`);
      }
    }
    try {
      const bytes = new SharedArrayBuffer(initial * PAGE_BYTES, { maxByteLength: pages * PAGE_BYTES });
      if (bytes.growable) return { bytes, kind: 'SharedArrayBuffer', reason: reasons.join('; ') };
      reasons.push('SharedArrayBuffer cannot grow');
    } catch (error) {
      reasons.push(`SharedArrayBuffer refused (${(error as Error).message})`);
    }
  }
  // Emitted kernels need no second thread.
  const isEmittable = typeof WebAssembly !== 'undefined';
  for (let size = Math.min(limit, PLAIN_BYTES), tried = !isEmittable; ; tried = true) {
    const whole = Math.max(1, Math.floor(size / PAGE_BYTES));
    try {
      const bytes = tried
        ? new ArrayBuffer(whole * PAGE_BYTES)
        : new WebAssembly.Memory({ initial: whole, maximum: whole });
      return { bytes, kind: tried ? 'ArrayBuffer' : 'WebAssembly.Memory', reason: reasons.join('; ') };
    } catch (error) {
      if (!tried) continue;
      if (size < PAGE_BYTES) {
        throw new NnpackError('out-of-memory', `createContext: no memory (${(error as Error).message})`);
      }
      size = Math.floor(size / 2);
    }
  }
}

function growBytes(bytes: SharedBytes | ArrayBuffer, wanted: number): boolean {
  if (bytes instanceof ArrayBuffer) return false;
  try {
    if ('buffer' in bytes) bytes.grow((wanted - bytes.buffer.byteLength) / PAGE_BYTES);
    else bytes.grow(wanted);
    return true;
  } catch {
    return false;
  }
}

/** Bytes as an error text shows them. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
