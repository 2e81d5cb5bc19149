/**
 * Node's own modules, without an import that a browser's bundler would trip over; nothing here throws. Their types stay in
 * this file: declarations that name them would ask every user for Node's types.
 */
interface NodeModules {
  readonly workerThreads: typeof import('node:worker_threads');
  readonly os: typeof import('node:os');
  readonly v8: typeof import('node:v8');
}

let node: NodeModules | null = builtinModules();

function builtinModules(): NodeModules | null {
  try {
    if (typeof process.getBuiltinModule !== 'function') return null;
    const workerThreads = process.getBuiltinModule('node:worker_threads');
    const os = process.getBuiltinModule('node:os');
    const v8 = process.getBuiltinModule('node:v8');
    return workerThreads && os ? { workerThreads, os, v8 } : null;
  } catch {
    // There is no process.
    return null;
  }
}

/** Whether this is a Node before 20.16, which gives its modules to imports alone. */
export function mustImportNode(): boolean {
  try {
    return node === null && typeof process.versions.node === 'string';
  } catch {
    return false;
  }
}

/** Loads the modules of an older Node, which gives them only to callers that can wait; does nothing elsewhere. */
export async function importNode(): Promise<void> {
  if (!mustImportNode()) return;
  try {
    const workerThreads = await import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:worker_threads');
    const os = await import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:os');
    const v8 = await import(/* webpackIgnore: true */ /* @vite-ignore */ 'node:v8');
    node = { workerThreads, os, v8 };
  } catch {
    // The host calls itself Node, but is not.
  }
}

export function nodeWorkerThreads(): NodeModules['workerThreads'] | undefined {
  return node?.workerThreads;
}

export function nodeOs(): NodeModules['os'] | undefined {
  return node?.os;
}

export function nodeV8(): NodeModules['v8'] | undefined {
  return node?.v8;
}
