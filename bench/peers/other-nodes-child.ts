/** The process of `other-nodes.ts`, on the kernel table that it is given. */
import type { KernelsChoice } from '../section.ts';
import { loadAllPeers } from './engines.ts';
import { measurePeers } from './measure.ts';
import type { Message } from './other-nodes.ts';

const send = (message: Message): void => void process.send?.(message);
await measurePeers(await loadAllPeers(), process.argv[2] as KernelsChoice, {
  signal: new AbortController().signal,
  step: (step) => send({ step }),
  found: (found) => send({ found }),
});
send({ finished: true });
