/** Good models of both formats in which anything was changed: what is read runs, or is refused with the part that is broken. */
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/errors.ts';
import { inferShapes } from '../../src/networks/shapes.ts';
import { CONVERTERS } from '../../src/tfjs/graph-operators/table.ts';
import { readGraphModel, readLayersModel, readLayersModelGraph } from '../../src/tfjs/index.ts';
import { LAYERS } from '../../src/tfjs/layers/table.ts';
import { FUNCTIONS, OPERATIONS } from '../../src/tfjs/operators/table.ts';
import { expectReadOrRefused } from '../support/mutations.ts';
import { expectRunOrRefused, runOnOnes } from '../support/run-on-ones.ts';
import { GOOD_LAYERS } from './good-layers.ts';
import { GOOD_NODES } from './good-nodes.ts';
import { read } from './graph-def.ts';
import { readModelGraph } from './models.ts';
import { changedFiles, type Files } from './mutations.ts';

/** What the documentation of both readers says. */
const CODES = ERROR_CODES.filter((code) => /^(?:invalid-|unsupported-layer|out-of-memory|input-output)/.test(code));
const PART = /^(?:model|input |layer '|layers\[|node '|node\[|weight '|weights file '|weightsManifest|library)/;
const REFUSALS = { codes: CODES, part: PART };

const readShardOf =
  ({ shards }: Files) =>
  (path: string) =>
    shards[path];

describe('layers models', () => {
  it('of every class are good as they are', async () => {
    const others = ['Convolution1D', 'Convolution2D', 'TFOpLambda', 'SlicingOpLambda'];
    for (const name of LAYERS.keys()) expect(GOOD_LAYERS.has(name) || others.includes(name), name).toBe(true);
    for (const model of GOOD_LAYERS.values()) expect(runOnOnes((await readModelGraph(model)).graph)).toBeDefined();
  });

  it('are read or refused, as graphs and their runs, whatever was changed', async () => {
    const drawn = changedFiles(
      [...GOOD_LAYERS.values()],
      [...LAYERS.keys(), ...OPERATIONS.keys(), ...FUNCTIONS.keys()],
    );
    await expectReadOrRefused('layers models', drawn, REFUSALS, async (files) => {
      expectRunOrRefused((await readLayersModelGraph(files.json, readShardOf(files))).graph);
    });
  });

  it('are read or refused, as networks and their shapes, whatever was changed', async () => {
    const drawn = changedFiles([...GOOD_LAYERS.values()], [...LAYERS.keys()]);
    await expectReadOrRefused('layers models as networks', drawn, REFUSALS, async (files) => {
      const network = await readLayersModel(files.json, readShardOf(files));
      const shapes = network.inputs.map(({ name, shape }) => [name, shape.map((size) => size ?? 6)]);
      inferShapes(network, Object.fromEntries(shapes));
    });
  });
});

describe('graph models', () => {
  it('of every operator are good as they are', async () => {
    for (const file of GOOD_NODES.values()) expect(runOnOnes((await read(file)).graph)).toBeDefined();
  });

  it('are read or refused, and so their runs, whatever was changed', async () => {
    const drawn = changedFiles([...GOOD_NODES.values()], [...CONVERTERS.keys()]);
    await expectReadOrRefused('graph models', drawn, REFUSALS, async (files) => {
      expectRunOrRefused((await readGraphModel(files.json, readShardOf(files))).graph);
    });
  });
});
