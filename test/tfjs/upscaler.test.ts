/** A trained model as its package has it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../src/networks/shapes.ts';
import { loadLayersModel } from '../../src/tfjs/load.ts';
import { runNaive, tensor } from '../networks/naive.ts';
import { rejection } from '../support/failure.ts';

describe('the trained model of the upscaler', () => {
  const root = fileURLToPath(new URL('../../node_modules/@upscalerjs/default-model', import.meta.url));

  it('has twelve convolutions', async () => {
    const network = await loadLayersModel(join(root, 'models/model.json'));
    const shapes = inferShapes(network, { LR: [3, 128, 128] });
    expect(network.nodes.filter((node) => node.op === 'convolution')).toHaveLength(12);
    expect(shapes.values.get('SR')).toEqual([3, 256, 256]);
    expect(shapes.multiplyAdds).toBe(3_646_160_896);
    expect(shapes.parameters * 4).toBe(888_300);
  });

  it('gives the sample picture of its package, pixel for pixel', async () => {
    // the upper left corner: what is 10 pixels or more from the cut does not know of it
    const size = 24;
    const kept = 2 * (size - 10);
    const network = await loadLayersModel(join(root, 'models/model.json'));
    const fixture = PNG.sync.read(readFileSync(join(root, 'assets/fixture.png')));
    const sample = PNG.sync.read(readFileSync(join(root, 'assets/samples/2x/result.png')));
    const x: number[] = [];
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < size; j++) x.push(fixture.data[(i * fixture.width + j) * 4 + c]);
      }
    }
    const y = runNaive(network, { LR: tensor([1, 3, size, size], x) }).get('SR')!;
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < kept; i++) {
        for (let j = 0; j < kept; j++) {
          const value = Math.round(Math.min(Math.max(y.data[(c * 2 * size + i) * 2 * size + j], 0), 255));
          expect(value).toBe(sample.data[(i * sample.width + j) * 4 + c]);
        }
      }
    }
  });

  it('is not where it is not', async () => {
    expect((await rejection(loadLayersModel(join(root, 'models/none.json')))).code).toBe('input-output');
  });
});
