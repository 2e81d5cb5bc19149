import type { Module } from '../../wasm/index.ts';

const made = new WeakMap<Module, Map<unknown, unknown>>();

/** What `make` adds to a module, added once however many families of it ask for that. */
export function once<Made>(module: Module, make: (module: Module) => Made): Made {
  const known = made.get(module) ?? new Map<unknown, unknown>();
  made.set(module, known);
  if (!known.has(make)) known.set(make, make(module));
  return known.get(make) as Made;
}
