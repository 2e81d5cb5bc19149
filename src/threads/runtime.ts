/**
 * What the host offers besides the language, except Node's modules (node.ts). Each thing may be missing, or refuse to
 * be asked; this is found out here, in one place, and nothing here throws.
 */
import { nodeOs } from './node.ts';

/** A variable of the environment; undefined where there is none, or it may not be read (Deno asks for a permission). */
export function environmentVariable(name: string): string | undefined {
  try {
    const value: unknown = process.env[name];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether paths are those of files: in Node, and in what takes its place. Elsewhere they are URLs. */
export function hasDisk(): boolean {
  try {
    return typeof process.versions.node === 'string';
  } catch {
    return false;
  }
}

/** Cores of this machine; undefined where the host does not tell. */
export function coresCount(): number | undefined {
  return cores(() => nodeOs()?.availableParallelism()) ?? cores(() => globalThis.navigator?.hardwareConcurrency);
}

function cores(ask: () => unknown): number | undefined {
  try {
    const count = ask();
    return typeof count === 'number' && count >= 1 ? Math.floor(count) : undefined;
  } catch {
    return undefined;
  }
}

/** The flags that the process was started with, as far as the host tells. */
export function startFlags(): readonly string[] {
  try {
    const { execArgv } = process;
    return Array.isArray(execArgv) ? execArgv.filter((flag) => typeof flag === 'string') : [];
  } catch {
    return [];
  }
}

/** The first number of V8's version; undefined where the engine is another one, or does not tell. */
export function versionOfV8(): number | undefined {
  try {
    if ('bun' in process.versions) return undefined; // it tells the version of V8 that it stands in for
    const major = Number.parseInt(process.versions.v8, 10);
    return major > 0 ? major : undefined;
  } catch {
    return undefined;
  }
}

/** Where the page or the web worker is, and the site that it is of; nothing where there is neither. */
export function pageAddress(): string[] {
  const page = globalThis.location as Location | undefined;
  return [page?.href, page?.origin].filter((address) => typeof address === 'string');
}

/** Where the program is that the process was started with; undefined where the host does not tell. */
export function addressOfProgram(): string | undefined {
  try {
    const path: unknown = process.argv[1];
    if (typeof path !== 'string') return undefined;
    // What is assigned is escaped where it must be.
    return Object.assign(new URL('file:///'), { pathname: path }).href;
  } catch {
    return undefined;
  }
}

/** Milliseconds, by the steadiest clock there is. */
export function now(): number {
  return (globalThis.performance ?? Date).now();
}

/** A line on stderr, or where the host's console shows errors. */
export function printError(line: string): void {
  try {
    console.error(line);
  } catch {
    // Nobody is there to read it.
  }
}
