/** A good model in which anything was changed, as it is read and as it is run. */
import { describe, expect, it } from 'vitest';
import { readOnnxModel } from '../../src/onnx/index.ts';
import { changedBytes, expectReadOrRefused } from '../support/mutations.ts';
import { expectRunOrRefused, runOnOnes } from '../support/run-on-ones.ts';
import { changedModels, manyNodes } from './many-nodes.ts';
import { writeModel } from './write.ts';

const REFUSALS = {
  codes: ['invalid-model', 'unsupported-layer', 'out-of-memory', 'input-output'],
  part: /^(?:model|node '|input '|function ')/,
} as const;

describe('a model of many operators', () => {
  it('runs', () => {
    const made = runOnOnes(readOnnxModel(writeModel(manyNodes())).graph);
    expect([made.y.shape, made.best.shape]).toEqual([
      [1, 3],
      [1, 2],
    ]);
  });

  it('is read or refused, whatever its bytes are changed to', async () => {
    await expectReadOrRefused('ONNX, bytes', changedBytes(writeModel(manyNodes())), REFUSALS, readOnnxModel);
  });

  it('is read or refused, and so its run, whatever its nodes, attributes, numbers and sizes are changed to', async () => {
    await expectReadOrRefused('ONNX, parts', changedModels(manyNodes()), REFUSALS, (model) => {
      expectRunOrRefused(readOnnxModel(writeModel(model)).graph);
    });
  });
});
