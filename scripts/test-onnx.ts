/**
 * ONNX's own node tests against the reader: npm run test:onnx -- FOLDER [PATTERN]
 *
 * FOLDER has test_NAME/model.onnx and test_NAME/test_data_set_0/{input,output}_N.pb, as ONNX's test data is laid out
 * (FOLDER/node is looked into where it is there). Each test is run and compared at ONNX's tolerances, rtol 1e-3 and
 * atol 1e-7, and the counts are printed: passed, wrong, refused by reason.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NnpackError } from '../src/errors.ts';
import { runGraph } from '../src/graph/run-graph.ts';
import type { TypedArray } from '../src/graph/values.ts';
import { graphOfModel } from '../src/onnx/graph-of-model.ts';
import { parseModel } from '../src/onnx/parse-model.ts';
import { parseTensor } from '../src/onnx/parse-tensor.ts';
import type { Tensor } from '../src/onnx/tensor.ts';
import type { TypedTensorLike } from '../src/tensor/ndarray.ts';

const RTOL = 1e-3;
const ATOL = 1e-7;

const [given, pattern = ''] = process.argv.slice(2);
if (given === undefined) {
  console.error('usage: npm run test:onnx -- FOLDER [PATTERN]');
  process.exit(2);
}
const folder = existsSync(join(given, 'node')) ? join(given, 'node') : given;
const names = readdirSync(folder).filter((name) => name.startsWith('test_') && name.includes(pattern));
const results = { passed: [] as string[], wrong: [] as string[], refused: [] as string[], failed: [] as string[] };

for (const name of names.sort()) {
  const [kind, text] = outcome(join(folder, name));
  results[kind].push(`${name}: ${text}`);
}
for (const kind of ['refused', 'failed', 'wrong'] as const)
  for (const line of results[kind]) console.log(`${kind} ${line}`);
const count = (kind: keyof typeof results) => `${results[kind].length} ${kind}`;
console.log(`${names.length} tests: ${(['passed', 'wrong', 'failed', 'refused'] as const).map(count).join(', ')}`);
process.exit(0);

function outcome(test: string): [keyof typeof results, string] {
  try {
    const { graph } = graphOfModel(parseModel(readFileSync(join(test, 'model.onnx'))));
    const inputs = tensorsOf(test, 'input');
    const outputs = tensorsOf(test, 'output');
    const named = Object.fromEntries([...graph.inputs.keys()].map((input, i) => [input, inputs[i] as TypedTensorLike]));
    const got = runGraph(graph, named);
    const difference = graph.outputs
      .map((output, i) => differenceOf(got[output], outputs[i]))
      .find((text) => text !== '');
    return difference === undefined ? ['passed', ''] : ['wrong', difference];
  } catch (error) {
    const isOurs = error instanceof NnpackError;
    return [
      isOurs && error.code === 'unsupported-layer' ? 'refused' : 'failed',
      isOurs ? error.message : String(error),
    ];
  }
}

function tensorsOf(test: string, kind: string): readonly Tensor[] {
  const data = join(test, 'test_data_set_0');
  const tensors: Tensor[] = [];
  for (let i = 0; existsSync(join(data, `${kind}_${i}.pb`)); i++) {
    tensors.push(parseTensor(readFileSync(join(data, `${kind}_${i}.pb`))));
  }
  return tensors;
}

function differenceOf(got: TypedTensorLike, expected: Tensor): string {
  if (String(got.shape) !== String(expected.shape)) return `shape [${got.shape}], expected [${expected.shape}]`;
  if (got.data.constructor !== expected.data.constructor)
    return `type ${got.data.constructor.name}, expected ${expected.data.constructor.name}`;
  const at = [...expected.data.keys()].find((i) => !isNear(numberAt(got.data, i), numberAt(expected.data, i)));
  return at === undefined ? '' : `element ${at} is ${got.data[at]}, expected ${expected.data[at]}`;
}

function numberAt(data: TypedArray, i: number): number {
  return Number(data[i]);
}

function isNear(x: number, y: number): boolean {
  return Object.is(x, y) || x === y || Math.abs(x - y) <= ATOL + RTOL * Math.abs(y);
}
