/**
 * ONNX's own tests of its operators: test_NAME/model.onnx and test_NAME/test_data_set_0/{input,output}_N.pb, compared at
 * ONNX's tolerances, rtol 1e-3 and atol 1e-7.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { graphTypes } from '../src/graph/graph-types.ts';
import { readOnnxModel } from '../src/onnx/index.ts';
import { parseTensor } from '../src/onnx/parse-tensor.ts';
import type { Tensor } from '../src/onnx/tensor.ts';
import type { TypedTensor } from '../src/tensor/ndarray.ts';
import { type OnnxOutcome, outputsOf } from './onnx-cases.ts';
import { type Case, differenceOf, outcomeOf } from './suite.ts';

const RTOL = 1e-3;
const ATOL = 1e-7;

export function nodeTests(folder: string): Case<OnnxOutcome>[] {
  const names = readdirSync(folder).filter((name) => name.startsWith('test_'));
  return names.sort().map((name) => ({
    name,
    run: async () => ({ ...(await outcomeOf(() => wrongIn(join(folder, name)))), notes: [] }),
  }));
}

function wrongIn(test: string): string {
  const { graph } = readOnnxModel(readFileSync(join(test, 'model.onnx')));
  const types = graphTypes(graph);
  const outputs = tensorsOf(test, 'output', graph.outputs, types);
  const got = outputsOf(graph, tensorsOf(test, 'input', [...graph.inputs.keys()], types));
  return got.map((output, i) => wrongOf(output, outputs[i])).find((text) => text !== '') ?? '';
}

function tensorsOf(
  test: string,
  kind: string,
  names: readonly string[],
  types: ReturnType<typeof graphTypes>,
): readonly Tensor[] {
  const data = join(test, 'test_data_set_0');
  const tensors: Tensor[] = [];
  for (let i = 0; existsSync(join(data, `${kind}_${i}.pb`)); i++) {
    tensors.push(parseTensor(readFileSync(join(data, `${kind}_${i}.pb`)), types.get(names[i])?.dtype));
  }
  return tensors;
}

function wrongOf(got: TypedTensor, expected: Tensor): string {
  if (got.data.constructor !== expected.data.constructor)
    return `type ${got.data.constructor.name}, expected ${expected.data.constructor.name}`;
  return differenceOf(got, expected, (x, y) => x === y || Math.abs(x - y) <= ATOL + RTOL * Math.abs(y));
}
