import { NnpackError } from '../errors.ts';
import type { WasmMemory } from '../globals.ts';
import {
  type ArenaKind,
  growBytes,
  isWasmMemory,
  keepBytes,
  MAX_BYTES,
  PAGE_BYTES,
  type Reserved,
  reserveBytes,
  type SharedBytes,
  sizeOfBytes,
  viewsOf,
} from './bytes.ts';
import type { Memory } from './memory.ts';
import { closeMemory, joinBuffer, memoryOf } from './tensor.ts';

/** Allocations start on a cache line. */
const ALIGNMENT = 16;

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
  /** What the arena is made of; null once it is closed. */
  #reserved: Reserved | null;
  readonly #limitBytes: number;
  /** Free ranges by offset, never adjacent. */
  #free: { offset: number; size: number }[] = [];
  readonly #used = new Map<number, number>();
  #usedFloats = 0;
  #peakFloats = 0;
  #reservedFloats = 0;

  constructor(limitBytes = MAX_BYTES) {
    const reserved = reserveBytes(Math.min(limitBytes, MAX_BYTES));
    this.kind = reserved.kind;
    this.reason = reserved.reason;
    this.#reserved = reserved;
    this.#limitBytes = Math.min(limitBytes, reserved.shared === null ? reserved.maximumBytes : MAX_BYTES);
    ({ f32: this.f32, i32: this.i32, u16: this.u16 } = viewsOf(reserved.bytes, reserved.initialBytes));
    joinBuffer(this.f32.buffer, this);
    // Offset 0 is never handed out, so that 0 can mean "none" in parameter records. The margin at the end is not handed out
    // either, so that kernels may read a vector that begins within a range.
    this.#free.push({ offset: ALIGNMENT, size: this.#end - ALIGNMENT });
  }

  /** Where the last range ends at most. */
  get #end(): number {
    return this.f32.length - ALIGNMENT;
  }

  /** The memory as WebAssembly code sees it; null where it is none. */
  get wasm(): WasmMemory | null {
    const bytes = this.#reserved?.bytes;
    return bytes !== undefined && isWasmMemory(bytes) ? bytes : null;
  }

  /** The bytes that another thread can be given; null when they cannot be shared. */
  get shared(): SharedBytes | null {
    return this.#reserved?.shared ?? null;
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

  /** Bytes of the largest range that can still be had, counting what the memory can grow by. */
  get largestBytes(): number {
    const length = this.f32.length;
    const pages = this.shared === null ? 0 : Math.floor((this.#limitBytes - length * 4) / PAGE_BYTES);
    const grown = Math.max(0, pages) * (PAGE_BYTES / 4);
    const tail = this.#free.at(-1);
    const isAtEnd = tail !== undefined && tail.offset + tail.size === this.#end;
    const largest = this.#free.reduce((most, { size }) => Math.max(most, size), 0);
    return 4 * Math.max(largest, grown + (isAtEnd ? tail.size : 0));
  }

  /** Whether a view's bytes are this arena's. */
  holds(view: Float32Array): boolean {
    return memoryOf(view.buffer) === this;
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

  /**
   * Lets go of the memory, so that whoever still holds the arena does not hold that. Its tensors are refused from now on,
   * and it hands nothing out. Closing twice is harmless.
   *
   * @param isIdle whether no other thread can touch the memory any more, so that the next arena may have it
   */
  close(isIdle: boolean): void {
    if (this.#reserved === null) return;
    if (isIdle) keepBytes(this.#reserved);
    closeMemory(this);
    this.#reserved = null;
    ({ f32: this.f32, i32: this.i32, u16: this.u16 } = viewsOf(new ArrayBuffer(0)));
    this.#free = [];
    this.#used.clear();
    this.#usedFloats = this.#reservedFloats = 0;
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
    if (this.#reserved === null) throw new NnpackError('disposed', `${who}: the context has been disposed of`);
    const [length, end] = [this.f32.length, this.#end];
    const tail = this.#free.at(-1);
    const tailSize = tail !== undefined && tail.offset + tail.size === end ? tail.size : 0;
    const bytes = Math.ceil(((size - tailSize) * 4) / PAGE_BYTES) * PAGE_BYTES;
    if (!this.lengthen(length * 4 + bytes)) {
      const scratch = this.#reservedFloats * 4;
      const reserved = scratch === 0 ? '' : `, ${megabytes(scratch)} of it for the kernels of the threads`;
      throw new NnpackError(
        'out-of-memory',
        `${who}: ${megabytes(size * 4)} needed beside ${megabytes(this.usedBytes)} in use, expected at most ${megabytes(this.#limitBytes)} in all (${this.kind})${reserved}`,
      );
    }
    return this.#free.length - 1;
  }

  /** Makes the arena so many bytes long if it is shorter; false if that cannot be. */
  lengthen(wanted: number): boolean {
    const [length, end] = [this.f32.length, this.#end];
    if (wanted <= length * 4) return true;
    if (this.#reserved === null || wanted > this.#limitBytes || !this.#extend(this.#reserved, wanted)) return false;
    this.#insert(end, this.f32.length - length);
    return true;
  }

  /** Makes the arena `wanted` bytes long, all of them zeros that were not its own before; false if that cannot be. */
  #extend({ shared }: Reserved, wanted: number): boolean {
    if (shared === null) return false;
    const [before, there] = [this.f32.length, sizeOfBytes(shared)];
    if (wanted > there && !growBytes(shared, wanted)) return false;
    ({ f32: this.f32, i32: this.i32, u16: this.u16 } = viewsOf(shared, wanted));
    // Grown memory is a new buffer over the same bytes.
    joinBuffer(this.f32.buffer, this);
    // What lay behind the end may be what another arena has left.
    this.f32.fill(0, before, Math.min(there, wanted) / 4);
    return true;
  }
}

/** Bytes as an error text shows them. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
