/**
 * Nobody is left behind: each value that 0.1.0 exported is still there, or an error under its name says what to call instead.
 * Its types are in test/types.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../src/index.ts';

const LAYERS = `additionOutput averagePoolingOutput batchNormalisationOutput concatenationOutput Context
  ConvolutionExplanation convolutionInference convolutionOutput ConvolutionPlan createContext decodeHalves defaultContext
  encodeHalves explainConvolution explainFullyConnected explainPooling fullyConnectedInference fullyConnectedOutput
  FullyConnectedPlan globalAveragePoolingOutput localResponseNormalisationOutput maxPoolingOutput
  maxPoolingOutputWithIndices Measurements NnpackError planConvolution planFullyConnected reluOutput resizeOutput
  RulesExplanation softmaxOutput warmUp`;

const NETWORKS = `buildNetwork explainNetwork inferShapes NETWORK_NAMES NetworkExplanation NetworkPlan optimize planNetwork
  prepareNetwork PreparedNetwork`;

const TESTING = `checkConvolution convolutionData convolutionProblem convolutionReference describeProblem errorBound
  expectWithin outputShapeOf shapeOf`;

/** The values of each entry point of 0.1.0. */
const ENTRY_POINTS: readonly (readonly [entry: string, names: string])[] = [
  ['.', LAYERS],
  ['./networks', NETWORKS],
  ['./tfjs', 'readLayersModel'],
  ['./tfjs/load', 'loadLayersModel'],
  ['./testing', TESTING],
  ['./worker', ''],
];

/** Names of values that went, each with what takes its place. */
const SUCCESSORS: Readonly<Record<string, string>> = {};

const { exports: entries, bin } = JSON.parse(readFileSync('package.json', 'utf8'));

const cases = ENTRY_POINTS.flatMap(([entry, names]) =>
  names
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => [entry, name] as const),
);

/** What an entry point exports, by the file of the source that it is built from. */
function exportsOf(entry: string): Promise<Record<string, unknown>> {
  const source = entries[entry].default.replace('./dist/', '../src/').replace(/\.js$/, '.ts');
  return import(/* @vite-ignore */ source);
}

describe('the public names of 0.1.0', () => {
  it.each(cases)('%s still exports %s', async (entry, name) => {
    const value = (await exportsOf(entry))[name];
    const successor = SUCCESSORS[name];
    if (successor === undefined) {
      expect(value).toBeDefined();
      return;
    }
    expect(value).toBeTypeOf('function');
    expect(value as () => unknown).toThrow(NnpackError);
    expect(value as () => unknown).toThrow(successor);
  });

  it('still has every entry point, and the command', () => {
    expect(Object.keys(entries)).toEqual(expect.arrayContaining(ENTRY_POINTS.map(([entry]) => entry)));
    expect(bin).toHaveProperty('nnpack-ts');
  });
});
