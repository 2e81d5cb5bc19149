/** Models with numbers in files beside them, as writers make them and as an attacker does. */
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NnpackError } from '../../src/errors.ts';
import { loadModel } from '../../src/onnx/load-model.ts';
import { parseModel } from '../../src/onnx/parse-model.ts';
import type { Model } from '../../src/onnx/proto.ts';
import { readTensor } from '../../src/onnx/tensor.ts';
import { tensorsOf } from '../../src/onnx/tensors-of.ts';
import { rejection } from '../support/failure.ts';
import { modelFolder } from '../support/model-folder.ts';
import { graphProto, modelProto, nodeProto, tensorProto } from './draw.ts';
import { writeModel } from './write.ts';

const isWindows = process.platform === 'win32';
const { at, beside } = modelFolder();

/** A tensor of float32 in another file. */
function external(location: string, dims: number[], offset?: number) {
  const entries: [string, string][] = [
    ['location', location],
    ['length', `${4 * dims.reduce((a, b) => a * b, 1)}`],
  ];
  if (offset !== undefined) entries.push(['offset', `${offset}`]);
  return tensorProto({ name: location, dims, external: new Map(entries) });
}

const numbersOf = (model: Model) => tensorsOf(model).map(({ who, tensor }) => readTensor(who, tensor));

/** Writes and loads a model of these tensors; gives their numbers. */
async function load(...initializers: ReturnType<typeof external>[]) {
  const bytes = writeModel(modelProto(graphProto({ initializers })));
  writeFileSync(at('model.onnx'), bytes);
  const { model, readExternal } = await loadModel(at('model.onnx'));
  return tensorsOf(model).map(({ who, tensor }) => [...(readTensor(who, tensor, readExternal).data as Float32Array)]);
}

/** What an error says after the name of the model. */
const sayingOf = async (...initializers: ReturnType<typeof external>[]) => {
  const { message, code } = await rejection(load(...initializers));
  const name = message.match(/^model '[^']*': /)?.[0] ?? '';
  expect(name).not.toBe('');
  return [code, message.slice(name.length)];
};

const NUMBERS = Float32Array.from({ length: 100_000 }, (_, i) => i);

describe('the files of a model', () => {
  it('are read where tensors lie, wherever those are', async () => {
    writeFileSync(at('w.bin'), NUMBERS);
    mkdirSync(at('sub'));
    writeFileSync(at('sub/..b.bin'), NUMBERS.subarray(7, 9));
    const found = await load(
      external('w.bin', [2], 4 * 50_000),
      external('./w.bin', [3], 4),
      external('sub/..b.bin', [2]),
      external('w.bin', [], 4 * 99_999),
      external('w.bin', [1], 4),
      external('w.bin', [0], 0),
    );
    expect(found).toEqual([[50_000, 50_001], [1, 2, 3], [7, 8], [99_999], [1], []]);
  });

  it('are one array with the numbers in the model itself, wherever these begin, without a copy', async () => {
    const initializers = ['a', 'ab', 'abc', 'abcd', 'abcde'].map((name, i) => {
      const rawData = new Uint8Array(Float32Array.from(NUMBERS.subarray(i, i + 5000)).buffer);
      return tensorProto({ name, dims: [5000], rawData });
    });
    const bytes = writeModel(modelProto(graphProto({ initializers })));
    const copy = bytes.slice();
    // what a caller has given is left as it is
    expect(numbersOf(parseModel(bytes)).map(({ data }) => data[0])).toEqual([0, 1, 2, 3, 4]);
    expect(bytes).toEqual(copy);
    writeFileSync(at('model.onnx'), bytes);
    const found = numbersOf((await loadModel(at('model.onnx'))).model);
    for (const [i, { data }] of found.entries()) expect(data).toEqual(NUMBERS.subarray(i, i + 5000));
    expect(new Set(found.map(({ data }) => data.buffer)).size).toBe(1);
  });

  it('may be asked for by attributes and functions', async () => {
    writeFileSync(at('w.bin'), NUMBERS);
    const constant = (offset: number) =>
      nodeProto('Constant', [{ name: 'value', type: 'tensor', value: external('w.bin', [1], offset) }]);
    const inner = graphProto({ nodes: [constant(4)] });
    const graph = graphProto({ nodes: [nodeProto('If', [{ name: 'then_branch', type: 'graph', value: inner }])] });
    const of = { attributes: [], defaults: new Map(), opsets: new Map(), valueInfo: [], inputs: [], outputs: [] };
    const functions = [{ name: 'F', domain: 'local', overload: '', nodes: [constant(8)], ...of }];
    writeFileSync(at('model.onnx'), writeModel(modelProto(graph, { functions })));
    const { model, readExternal } = await loadModel(at('model.onnx'));
    const found = tensorsOf(model);
    expect(found.map(({ who, tensor }) => readTensor(who, tensor, readExternal).data[0])).toEqual([1, 2]);
    expect(found[0].who).toBe("model: node 'n' (Constant): attribute 'value'");
  });

  it.each([
    ['../outside.bin', "it lies outside of the model's folder, expected one inside"],
    ['sub/../../outside.bin', "it lies outside of the model's folder, expected one inside"],
    ['/etc/passwd', "it is absolute, expected a path inside the model's folder"],
    ['https://example.com/w.bin', "it is a URL, expected a path inside the model's folder"],
    ['.', 'it is a folder, expected a regular file'],
  ])('are not at %j', async (location, reason) => {
    writeFileSync(beside('outside.bin'), NUMBERS);
    expect(await sayingOf(external(location, [1]))).toEqual([
      'input-output',
      `external data '${location}' could not be read: ${reason}`,
    ]);
  });

  it.skipIf(isWindows)('are not behind links that lead out', async () => {
    writeFileSync(beside('outside.bin'), NUMBERS);
    symlinkSync('../outside.bin', at('link.bin'));
    const reason = "it is a link to a file outside of the model's folder, expected one inside";
    const text = `external data 'link.bin' could not be read: ${reason}`;
    expect(await sayingOf(external('link.bin', [1]))).toEqual(['input-output', text]);
    symlinkSync('/dev/zero', at('zero.bin'));
    expect((await sayingOf(external('zero.bin', [1])))[0]).toBe('input-output');
  });

  it('have what tensors take of them', async () => {
    writeFileSync(at('w.bin'), new Uint8Array(10));
    expect(await sayingOf(external('w.bin', [2], 4))).toEqual([
      'invalid-model',
      "initializer 'w.bin': takes bytes 4 to 12 of 'w.bin', which has 10",
    ]);
    const missing = await sayingOf(external('none.bin', [2]));
    expect(missing[1]).toMatch(/^external data 'none.bin' could not be read: ENOENT/);
  });

  it('are not shared by so many tensors that they become far more', async () => {
    writeFileSync(at('w.bin'), '');
    truncateSync(at('w.bin'), 2 ** 28);
    const tensors = Array.from({ length: 6 }, () => external('w.bin', [2 ** 26], 0));
    const claimed = 6 * 2 ** 28;
    const text = `tensors take ${claimed} bytes of ${2 ** 28} in other files, expected at most ${5 * 2 ** 28}`;
    expect(await sayingOf(...tensors)).toEqual(['invalid-model', text]);
  });

  it('are none of a model that is too large, and none that cannot be read', async () => {
    writeFileSync(at('model.onnx'), '');
    truncateSync(at('model.onnx'), 2 ** 31);
    const large = await rejection(loadModel(at('model.onnx')));
    expect(large.message).toContain(
      'it has 2147483648 bytes, expected at most 2147483647 (numbers lie in other files)',
    );
    for (const path of ['none.onnx', '', 'a\0b']) {
      const error = await rejection(loadModel(path === '' ? path : at(path)));
      expect(error.code).toBe('input-output');
    }
    expect((await rejection(loadModel(3 as unknown as string))).code).toBe('invalid-argument');
    writeFileSync(at('model.onnx'), 'not a model');
    const broken = await rejection(loadModel(at('model.onnx')));
    expect([broken.code, broken.message]).toEqual([
      'invalid-model',
      expect.stringMatching(/^model '.*': a field has wire type 6/),
    ]);
  });

  it('of which some were not asked for are not given', async () => {
    writeFileSync(at('w.bin'), NUMBERS);
    await load(external('w.bin', [1], 4));
    const { readExternal } = await loadModel(at('model.onnx'));
    expect(readExternal('w.bin', 4, 4)).toEqual(new Uint8Array(Float32Array.of(1).buffer));
    for (const [location, offset, length] of [
      ['w.bin', 8, 4],
      ['w.bin', 4, 5],
      ['v.bin', 4, 4],
    ] as const) {
      expect(() => readExternal(location, offset, length)).toThrow(NnpackError);
    }
  });
});
