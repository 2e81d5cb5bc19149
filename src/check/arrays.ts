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

/** Whether the value is a Uint8Array (a Buffer is one), of any realm. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return typedArrayName(value) === 'Uint8Array';
}
