/** The section of the benchmark that compares with other engines, in this Node and in others. */
import type { Section } from '../section.ts';
import { type Comparison, rowsOf } from './comparison.ts';
import { loadAllPeers } from './engines.ts';
import { measurePeers, type Report, STEPS } from './measure.ts';
import { measureInNode, otherNodes } from './other-nodes.ts';
import { prepareResults, writeResults } from './results.ts';

const WHAT = 'layers and networks against other engines, one thread';
const others = otherNodes();
const steps = [...STEPS, ...others.nodes.flatMap(() => STEPS)];

export const peers: Section = {
  name: 'peers',
  what: WHAT,
  seconds: Math.round(steps.reduce((sum, seconds) => sum + seconds, 0)),
  steps,
  async run({ kernels, signal, step, found }) {
    const all = await loadAllPeers();
    const hasNodes = process.platform === 'linux' && process.arch === 'x64';
    const names = [...all.missing, ...(hasNodes ? others.missing : [])];
    if (names.length > 0) {
      console.error(`Not installed: ${names.join(', ')}; run \`npm install\` in the folder bench/peers.`);
    }
    if (all.engines.length === 0) return;
    await prepareResults(kernels);
    found.packages.push(...all.engines.map(({ name, version }) => ({ name, version })));
    const comparisons: Comparison[] = [];
    const report: Report = {
      signal,
      step,
      found(comparison) {
        comparisons.push(comparison);
        found.rows.push(...rowsOf(comparison));
      },
    };
    await measurePeers(all, kernels, report);
    for (const node of others.nodes) {
      if (!found.packages.some(({ name }) => name === node.alias)) {
        found.packages.push({ name: node.alias, version: node.version });
      }
      await measureInNode(node, kernels, report);
    }
    if (all.missing.length === 0) await writeResults(kernels, WHAT, comparisons, found.packages);
  },
};
