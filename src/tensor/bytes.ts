/** What an arena is made of: the most capable bytes that the engine gives, new ones or those of an arena that is closed. */

import { textOf } from '../check/options.ts';
import { NnpackError } from '../errors.ts';
import type { WasmMemory } from '../globals.ts';
import { memoryOf } from './tensor.ts';

export const PAGE_BYTES = 65_536;
export const MAX_BYTES = 65_536 * PAGE_BYTES;
/** What memory that can grow begins with. */
const INITIAL_PAGES = 16;
/** Without shared memory a buffer cannot grow and stay fast, so it is reserved at once (and committed as it is used). */
const PLAIN_BYTES = 512 * 1024 * 1024;

/** What the arena's bytes are, from the most capable to the least. */
export type ArenaKind = 'shared WebAssembly.Memory' | 'SharedArrayBuffer' | 'WebAssembly.Memory' | 'ArrayBuffer';

/** What a worker needs to see the same bytes. */
export type SharedBytes = WasmMemory | SharedArrayBuffer;

/** The bytes seen as the kinds of number that kernels read. */
export interface Views {
  readonly f32: Float32Array;
  readonly i32: Int32Array;
  readonly u16: Uint16Array;
}

/** Bytes for one arena. */
export interface Reserved {
  readonly bytes: SharedBytes | ArrayBuffer;
  /** The same bytes if other threads can be given them; null if not. */
  readonly shared: SharedBytes | null;
  readonly kind: ArenaKind;
  /** Why they are not of a more capable kind; empty for the first kind. */
  readonly reason: string;
  /** How far they can grow. */
  readonly maximumBytes: number;
  /** How many of them the arena begins with; those behind may hold what an arena before it has left. */
  readonly initialBytes: number;
}

/** The views of so many bytes, of all that there are now when not given; a thread calls it again when they have grown. */
export function viewsOf(bytes: SharedBytes | ArrayBuffer, size = sizeOfBytes(bytes)): Views {
  const buffer = bufferOf(bytes);
  // Explicit lengths: a view that tracks its buffer's length is many times slower.
  return {
    f32: new Float32Array(buffer, 0, size / 4),
    i32: new Int32Array(buffer, 0, size / 4),
    u16: new Uint16Array(buffer, 0, size / 2),
  };
}

/** How many bytes there are now. */
export function sizeOfBytes(bytes: SharedBytes | ArrayBuffer): number {
  return bufferOf(bytes).byteLength;
}

export function isWasmMemory(bytes: SharedBytes | ArrayBuffer): bytes is WasmMemory {
  return typeof WebAssembly !== 'undefined' && bytes instanceof WebAssembly.Memory;
}

function bufferOf(bytes: SharedBytes | ArrayBuffer): ArrayBuffer {
  const buffer = bytes instanceof ArrayBuffer || !('buffer' in bytes) ? bytes : bytes.buffer;
  // Views over shared and unshared buffers have the same hidden class; the type system alone tells them apart.
  return buffer as ArrayBuffer;
}

/** Makes shared bytes `wanted` in all; false where the engine refuses. */
export function growBytes(bytes: SharedBytes, wanted: number): boolean {
  try {
    if ('buffer' in bytes) bytes.grow((wanted - bytes.buffer.byteLength) / PAGE_BYTES);
    else bytes.grow(wanted);
    return true;
  } catch {
    return false;
  }
}

/**
 * Bytes of closed arenas, for those to come. An engine frees shared memory when it collects garbage, but does not feel how
 * large it is: contexts of a quarter of a gigabyte come and go by the dozen before it does. They are held weakly, so that
 * it still frees those that nobody needs; and an arena is given only what is within its limit, so that a small context
 * does not keep a large memory alive.
 */
let spare: { readonly weak: WeakRef<SharedBytes>; readonly kind: ArenaKind; readonly maximumBytes: number }[] = [];

/** Leaves the bytes of a closed arena to the next one; no thread may touch them any more. */
export function keepBytes({ shared, kind, maximumBytes }: Reserved): void {
  if (shared === null || typeof WeakRef === 'undefined') return;
  spare = spare.filter(({ weak }) => weak.deref() !== undefined);
  spare.push({ weak: new WeakRef(shared), kind, maximumBytes });
}

/** Bytes that are left of a closed arena and are as good as new ones would be; null if there are none. */
function takeBytes(kind: ArenaKind, limit: number): Reserved | null {
  for (let i = spare.length - 1; i >= 0; i--) {
    const { weak, maximumBytes } = spare[i];
    const left = weak.deref();
    if (left === undefined || spare[i].kind !== kind || sizeOfBytes(left) > limit || maximumBytes < limit) continue;
    spare.splice(i, 1);
    const shared = renewed(left);
    if (shared === null) continue;
    const initialBytes = Math.min(sizeOfBytes(shared), INITIAL_PAGES * PAGE_BYTES);
    new Uint8Array(bufferOf(shared), 0, initialBytes).fill(0);
    return { bytes: shared, shared, kind, reason: '', maximumBytes, initialBytes };
  }
  return null;
}

/**
 * The same bytes behind another buffer object, so that a tensor of the arena before is not taken for one of the next; null
 * where the engine gives none.
 */
function renewed(bytes: SharedBytes): SharedBytes | null {
  if (!('buffer' in bytes)) return typeof structuredClone === 'undefined' ? null : structuredClone(bytes);
  bytes.grow(0);
  return memoryOf(bytes.buffer) === undefined ? bytes : null;
}

/** The most capable bytes to be had, for an arena of at most `limit` bytes. */
export function reserveBytes(limit: number): Reserved {
  const reasons: string[] = [];
  const whole = Math.max(PAGE_BYTES, Math.floor(limit / PAGE_BYTES) * PAGE_BYTES);
  return reserveShared(whole, reasons) ?? reservePlain(whole, reasons);
}

/** Memory that grows and that threads share, or null and why there is none. */
function reserveShared(maximumBytes: number, reasons: string[]): Reserved | null {
  if (typeof SharedArrayBuffer === 'undefined') {
    reasons.push('SharedArrayBuffer is not available');
    return null;
  }
  const initialBytes = Math.min(maximumBytes, INITIAL_PAGES * PAGE_BYTES);
  if (typeof WebAssembly === 'undefined') reasons.push('WebAssembly is not available');
  else {
    const kind = 'shared WebAssembly.Memory';
    const left = takeBytes(kind, maximumBytes);
    if (left !== null) return left;
    try {
      const [initial, maximum] = [initialBytes / PAGE_BYTES, maximumBytes / PAGE_BYTES];
      const bytes = new WebAssembly.Memory({ initial, maximum, shared: true });
      return { bytes, shared: bytes, kind, reason: '', maximumBytes, initialBytes };
    } catch (error) {
      reasons.push(`shared WebAssembly.Memory refused (${textOf(error)})`);
    }
  }
  const kind = 'SharedArrayBuffer';
  const reason = reasons.join('; ');
  const left = takeBytes(kind, maximumBytes);
  if (left !== null) return { ...left, reason };
  try {
    const bytes = new SharedArrayBuffer(initialBytes, { maxByteLength: maximumBytes });
    if (bytes.growable) return { bytes, shared: bytes, kind, reason, maximumBytes, initialBytes };
    reasons.push('SharedArrayBuffer cannot grow');
  } catch (error) {
    reasons.push(`SharedArrayBuffer refused (${textOf(error)})`);
  }
  return null;
}

/** Memory of one thread, that cannot grow: as much of it as the engine gives. */
function reservePlain(limit: number, reasons: readonly string[]): Reserved {
  const reason = reasons.join('; ');
  // Emitted kernels need no second thread.
  const isEmittable = typeof WebAssembly !== 'undefined';
  for (let size = Math.min(limit, PLAIN_BYTES), isTried = !isEmittable; ; isTried = true) {
    const pages = Math.max(1, Math.floor(size / PAGE_BYTES));
    const [initialBytes, maximumBytes] = [pages * PAGE_BYTES, pages * PAGE_BYTES];
    try {
      const bytes = isTried
        ? new ArrayBuffer(initialBytes)
        : new WebAssembly.Memory({ initial: pages, maximum: pages });
      const kind = isTried ? 'ArrayBuffer' : 'WebAssembly.Memory';
      return { bytes, shared: null, kind, reason, maximumBytes, initialBytes };
    } catch (error) {
      if (!isTried) continue;
      if (size < PAGE_BYTES) throw new NnpackError('out-of-memory', `createContext: no memory (${textOf(error)})`);
      size = Math.floor(size / 2);
    }
  }
}
