/**
 * Networks as exporters write them, with results of the framework that they came from: cases.json lists cases with a name,
 * sets (`inputs` and `outputs`: the model's names → .npy files in the folder of that name) and `tolerance`, as a share of
 * the largest value. Cases that were not exported, or have no fixed result, are left out.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readNpy } from '../src/cli/npy.ts';
import type { Graph } from '../src/graph/graph.ts';
import { type DoubleTensor, parameterOf } from '../src/graph/values.ts';
import { loadOnnxModel } from '../src/onnx/load.ts';
import type { TypedTensor } from '../src/tensor/ndarray.ts';
import { copyIn } from '../src/tensor/tensor.ts';
import { type OnnxOutcome, outputsOf } from './onnx-cases.ts';
import { type Case, outcomeOf } from './suite.ts';

interface Exported {
  readonly name: string;
  readonly sets?: readonly Readonly<Record<'inputs' | 'outputs', Readonly<Record<string, string>>>>[];
  readonly tolerance: number;
  readonly noFixedResult?: boolean;
}

export function exportedCases(folder: string): Case<OnnxOutcome>[] {
  const cases: readonly Exported[] = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'));
  const whole = cases.filter(({ name, noFixedResult }) => noFixedResult !== true && existsSync(join(folder, name)));
  return whole.map((exported) => ({
    name: exported.name,
    async run() {
      const notes: string[] = [];
      const outcome = await outcomeOf(() => wrongIn(join(folder, exported.name), exported, notes));
      return { ...outcome, notes };
    },
  }));
}

async function wrongIn(folder: string, { sets = [], tolerance }: Exported, notes: string[]): Promise<string> {
  const { graph, notes: said } = await loadOnnxModel(join(folder, 'model.onnx'));
  notes.push(...said);
  for (const [i, { inputs, outputs }] of sets.entries()) {
    const given = await Promise.all([...graph.inputs.keys()].map((name) => inputOf(graph, name, folder, inputs[name])));
    const got = outputsOf(graph, given);
    for (const [name, file] of Object.entries(outputs)) {
      const text = differenceOf(got[graph.outputs.indexOf(name)], await numbersOf(join(folder, file)), tolerance);
      if (text !== '') return `set ${i}, output '${name}': ${text}`;
    }
  }
  return '';
}

async function inputOf(graph: Graph, name: string, folder: string, file: string | undefined) {
  if (file === undefined) throw new Error(`no file for the input '${name}'`);
  const dtype = graph.inputs.get(name)?.dtype ?? 'float32';
  const { type, data } = parameterOf(await numbersOf(join(folder, file)), dtype, 'constant');
  return { shape: type.shape, data };
}

async function numbersOf(path: string): Promise<DoubleTensor> {
  const array = await readNpy(path);
  const dense = new Float32Array(array.shape.reduce((a, b) => a * b, 1));
  copyIn(array, dense, 0);
  return { shape: array.shape, data: Float64Array.from(dense) };
}

/** Whole numbers must be the same, and what is not finite as well. */
function differenceOf(got: TypedTensor, expected: DoubleTensor, tolerance: number): string {
  if (got === undefined) return 'is none of the graph';
  if (String(got.shape) !== String(expected.shape)) return `shape [${got.shape}], expected [${expected.shape}]`;
  const isReal = got.data instanceof Float32Array || got.data instanceof Float64Array;
  const largest = expected.data.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0) || 1;
  const bound = isReal ? tolerance * largest : 0;
  let worst = -1;
  let most = bound;
  for (let i = 0; i < expected.data.length; i++) {
    const [x, y] = [Number(got.data[i]), expected.data[i]];
    if (Object.is(x, y) || Math.abs(x - y) <= most) continue;
    if (!(Math.abs(x - y) < Number.POSITIVE_INFINITY)) return `element ${i} is ${x}, expected ${y}`;
    [most, worst] = [Math.abs(x - y), i];
  }
  if (worst < 0) return '';
  const share = (most / largest).toPrecision(2);
  return `element ${worst} is ${got.data[worst]}, expected ${expected.data[worst]} (${share} of the largest value)`;
}
