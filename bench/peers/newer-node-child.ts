/** The process of `newer-node.ts`, on the kernel table that it is given. */
import type { KernelsChoice } from '../section.ts';
import { loadPeers } from './engines.ts';
import { measurePeers } from './measure.ts';
import type { Message } from './newer-node.ts';

const send = (message: Message): void => void process.send?.(message);
const { engines } = await loadPeers();
await measurePeers(engines, process.argv[2] as KernelsChoice, {
  signal: new AbortController().signal,
  step: (step) => send({ step }),
  found: (found) => send({ found }),
});
send({ finished: true });
