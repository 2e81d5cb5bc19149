/** Typed arrays by what they are, and not by whose constructor made them: a page, its frames and a test runner have one each. */

const nameGetter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as (this: unknown) => string | undefined;

/** 'Float32Array', 'Uint8Array', … of a typed array of any realm; undefined for everything else. */
export function typedArrayName(value: unknown): string | undefined {
  return nameGetter.call(value);
}

/** Whether the value is a Float32Array, of any realm. */
export function isFloat32Array(value: unknown): value is Float32Array {
  return typedArrayName(value) === 'Float32Array';
}

/** Whether the value is a Uint16Array, of any realm. */
export function isUint16Array(value: unknown): value is Uint16Array {
  return typedArrayName(value) === 'Uint16Array';
}

/** Whether the value is a Uint8Array (a Buffer is one), of any realm. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return typedArrayName(value) === 'Uint8Array';
}

/**
 * The same elements in an array of this realm and of no subclass. The engine compiles loops for one kind of array, and a
 * subclass answers `subarray` with whatever its constructor makes.
 */
export function ownFloats(data: Float32Array): Float32Array {
  return isOwn(data, Float32Array.prototype) ? data : new Float32Array(data.buffer, data.byteOffset, data.length);
}

/** {@link ownFloats} of half precision. */
export function ownHalves(data: Uint16Array): Uint16Array {
  return isOwn(data, Uint16Array.prototype) ? data : new Uint16Array(data.buffer, data.byteOffset, data.length);
}

/** No view can be made of a detached buffer, and an array of none has no elements to read. */
function isOwn(data: Float32Array | Uint16Array, prototype: object): boolean {
  return Object.getPrototypeOf(data) === prototype || data.length === 0;
}
