/** `npm run bench [-- section …] [--json]`: every goal beside what this machine reached. */
import { parseArgs } from 'node:util';
import { loadPeers, type PeerEngine, PeersNotInstalled } from './peers/engines.ts';
import { describeMachine, formatJson, formatTable, type Row } from './report.ts';
import { sections } from './sections.ts';

const names = sections.map(({ name }) => name);
const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !names.includes(name));
if (values.help || unknown !== undefined) {
  const list = sections.map(({ name, what }) => `  ${name.padEnd(12)} ${what}`).join('\n');
  if (unknown !== undefined) console.error(`unknown section '${unknown}'`);
  console.log(`npm run bench [-- section …] [--json]\n\n${list}`);
  process.exit(unknown === undefined ? 0 : 2);
}

const say = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
};

async function peersOrNone(): Promise<PeerEngine[]> {
  try {
    return await loadPeers();
  } catch (error) {
    if (!(error instanceof PeersNotInstalled)) throw error;
    console.error(error.message);
    return [];
  }
}

const chosen = sections.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const peers = chosen.some(({ name }) => name === 'layers') ? await peersOrNone() : [];
const rows: Row[] = [];
for (const section of chosen) {
  say(section.what);
  rows.push(...(await section.run(peers, (text) => say(`${section.what}: ${text}`))));
}
say('');
const machine = describeMachine(peers);
console.log(values.json ? formatJson(rows, machine) : formatTable(rows, machine));
// onnxruntime-web keeps handles open.
process.exit(0);
