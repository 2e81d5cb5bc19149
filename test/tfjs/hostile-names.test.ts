/** Names in layers models that mean several things, nothing, or what every object has. */
import { describe, expect, it } from 'vitest';
import { readLayersModel } from '../../src/tfjs/index.ts';
import { rejection } from '../support/failure.ts';
import type { KerasLayer, Weights } from './keras.ts';
import { functional3, inputLayer, layer3, model3, numbers, tensor } from './keras3.ts';
import { functionalModel, layer, reading, readModelGraph, readNetwork, sequentialModel } from './models.ts';

const ones = (...shape: number[]) => numbers(shape, 1);

describe('names', () => {
  const dense = (name: string, units = 1) => layer('Dense', { name, units, use_bias: false });
  const input = (name: string) => layer('InputLayer', { name, batch_input_shape: [null, 3] });
  const readLayers = (layers: KerasLayer[], weights: Weights) => {
    return readNetwork(functionalModel(layers, weights));
  };

  it('of layers are there once', async () => {
    const twice = [input('in'), reading(['in'], dense('d')), reading(['in'], dense('d'))];
    const error = await rejection(readLayers(twice, { 'd/kernel': ones(3, 1) }));
    expect([error.code, error.message]).toEqual(['invalid-model', "layer 'd' (Dense): a second layer of this name"]);
    const stacked = sequentialModel([dense('d', 3), dense('d', 3)], { 'd/kernel': ones(3, 3) }, [3]);
    const other = await rejection(readNetwork(stacked));
    expect(other.message).toBe("layer 'd' (Dense): a second layer of this name");
    const nameless = await rejection(readLayers([input('in'), reading(['in'], dense(''))], {}));
    expect([nameless.code, nameless.message]).toEqual([
      'invalid-model',
      "layers[1]: config: name expected a name, got ''",
    ]);
  });

  it('of the prototype are names like others, but for one that could be no field of a result', async () => {
    const refused = await rejection(
      readLayers([input('in'), reading(['in'], dense('__proto__'))], { '__proto__/kernel': ones(3, 1) }),
    );
    expect(refused.message).toBe(
      "layer '__proto__' (Dense): model: a value is named '__proto__', expected another name",
    );
    for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
      const network = await readLayers([input('in'), reading(['in'], dense(name))], { [`${name}/kernel`]: ones(3, 1) });
      expect(network.outputs).toEqual([name]);
      expect(
        (await readLayers([input(name), reading([name], dense('d'))], { 'd/kernel': ones(3, 1) })).inputs[0].name,
      ).toBe(name);
      const error = await rejection(readLayers([input('in'), reading([name], dense('d'))], {}));
      expect(error.message).toBe(`layer 'd' (Dense): reads '${name}', which is no layer`);
      const missing = await rejection(readLayers([input('in'), reading(['in'], dense(name))], {}));
      expect(missing.message).toBe(`layer '${name}' (Dense): weight '${name}/kernel' is missing from weightsManifest`);
    }
    // no field is found on a prototype
    const inherited = Object.create({ modelTopology: {}, weightsManifest: [] });
    expect((await rejection(readLayersModel(inherited, () => new Uint8Array(0)))).message).toBe(
      'model: modelTopology: expected an object, got undefined',
    );
  });

  it('of weights with a cell in between are of one layer alone', async () => {
    const other = { shape: [3, 1], data: Float32Array.of(7, 8, 9) };
    // DenseNet has such names of layers; the weight is the other layer's own
    const both = [input('in'), reading(['in'], dense('a/b')), reading(['in'], dense('a'))];
    const stolen = await rejection(readLayers(both, { 'a/b/kernel': other }));
    expect([stolen.code, stolen.message]).toEqual([
      'invalid-model',
      "layer 'a' (Dense): weight 'a/kernel' is missing from weightsManifest",
    ]);
    const one = [input('in'), reading(['in'], dense('a'))];
    const kernelOf = async (weights: Weights) => (await readLayers(one, weights)).nodes[0];
    expect(await kernelOf({ 'a/b/kernel': other })).toMatchObject({ kernel: { data: other.data } });
    expect(await kernelOf({ 'a/b/kernel': ones(3, 1), 'a/kernel': other })).toMatchObject({
      kernel: { data: other.data },
    });
    const ambiguous = await rejection(kernelOf({ 'a/b/kernel': other, 'a/c/kernel': ones(3, 1) }));
    expect([ambiguous.code, ambiguous.message]).toEqual([
      'invalid-model',
      "layer 'a' (Dense): weight 'a/kernel' may be 'a/b/kernel' or 'a/c/kernel', expected one",
    ]);
    const further = await rejection(kernelOf({ 'a/b/c/kernel': other }));
    expect(further.message).toBe("layer 'a' (Dense): weight 'a/kernel' is missing from weightsManifest");
  });

  it('of weights may be as deep as they like', async () => {
    const one = [input('in'), reading(['in'], dense('d'))];
    const weights = { [`${'a/'.repeat(200_000)}d/kernel`]: ones(3, 1) };
    expect((await readLayers(one, weights)).nodes[0]).toMatchObject({ kernel: { data: Float32Array.of(1, 1, 1) } });
  });

  it('of weights with a scope in front are of one layer, where models have layers of one name', async () => {
    const inner = (name: string, from: string) => ({
      ...functional3(
        name,
        [inputLayer('i', 3), layer3('Dense', 'd', { units: 3, use_bias: false }, [tensor('i')])],
        ['i', 0, 0],
        ['d', 0, 0],
      ),
      inbound_nodes: [{ args: [tensor(from)], kwargs: {} }],
    });
    const root = functional3('m', [inputLayer('x', 3), inner('a', 'x'), inner('b', 'a')], ['x', 0, 0], ['b', 0, 0]);
    const error = await rejection(readModelGraph(model3(root, { 'scope/d/kernel': ones(3, 3) })));
    expect([error.code, error.message]).toEqual([
      'invalid-model',
      "layer 'd' (Dense): weight 'd/kernel' is missing from weightsManifest",
    ]);
    const own = { 'a/d/kernel': ones(3, 3), 'b/d/kernel': ones(3, 3) };
    expect((await readModelGraph(model3(root, own))).graph.parameters.size).toBe(2);
  });

  it('of the nodes that a layer becomes make way for those of layers', async () => {
    const soft = layer('Dense', { name: 'a', units: 2, use_bias: false, activation: 'softmax' });
    const layers = [input('in'), reading(['in'], soft), reading(['a'], layer('ReLU', { name: 'a/product' }))];
    const network = await readLayers(layers, { 'a/kernel': ones(3, 2) });
    expect(network.nodes.map(({ name }) => name)).toEqual(['a/product_1', 'a', 'a/product']);
    const stacked = sequentialModel([dense('input')], { 'input/kernel': ones(3, 1) }, [3]);
    const first = await readNetwork(stacked);
    expect([first.inputs[0].name, first.outputs]).toEqual(['input_1', ['input']]);
  });

  it('of inputs are those of input layers, each once', async () => {
    const layers = [input('in'), reading(['in'], dense('d'))];
    const { json, shards } = functionalModel(layers, { 'd/kernel': ones(3, 1) });
    const withInputs = (...names: string[]) => {
      const copy = structuredClone(json) as { modelTopology: { model_config: { config: Record<string, unknown> } } };
      copy.modelTopology.model_config.config.input_layers = names.map((name) => [name, 0, 0]);
      return rejection(readLayersModel(copy, (path) => shards[path]));
    };
    expect((await withInputs('in', 'in')).message).toMatch(/input_layers expected each name once/);
    // a layer that computes would be passed over
    expect((await withInputs('d')).message).toMatch(/input_layers expected names of layers of the class InputLayer/);
  });
});
