/** The section of the benchmark that compares with other engines, in this Node and in a newer one. */
import type { Section } from '../section.ts';
import { type Comparison, nameOf, rowsOf } from './comparison.ts';
import { loadPeers } from './engines.ts';
import { measurePeers, type Report, STEPS } from './measure.ts';
import { measureInNewerNode, newerNode, PACKAGE } from './newer-node.ts';
import { prepareResults, writeResults } from './results.ts';

const WHAT = 'layers and networks against other engines, one thread';
const installed = newerNode();
/** The newer Node; null where this process runs in it already. */
const newer = installed?.name === nameOf(process.versions.node) ? null : installed;
const steps = newer === null ? STEPS : [...STEPS, ...STEPS];

export const peers: Section = {
  name: 'peers',
  what: WHAT,
  seconds: Math.round(steps.reduce((sum, seconds) => sum + seconds, 0)),
  steps,
  async run({ kernels, signal, step, found }) {
    const { engines, missing } = await loadPeers();
    const lacksNode = installed === null && process.platform === 'linux' && process.arch === 'x64';
    const names = [...missing, ...(lacksNode ? [PACKAGE] : [])];
    if (names.length > 0) {
      console.error(`Not installed: ${names.join(', ')}; run \`npm install\` in the folder bench/peers.`);
    }
    if (engines.length === 0) return;
    await prepareResults(kernels);
    found.packages.push(...engines.map(({ name, version }) => ({ name, version })));
    const comparisons: Comparison[] = [];
    const report: Report = {
      signal,
      step,
      found(comparison) {
        comparisons.push(comparison);
        found.rows.push(...rowsOf(comparison));
      },
    };
    await measurePeers(engines, kernels, report);
    if (newer !== null) {
      found.packages.push({ name: PACKAGE, version: newer.version });
      await measureInNewerNode(newer, kernels, report);
    }
    if (missing.length === 0) await writeResults(kernels, WHAT, comparisons, found.packages);
  },
};
