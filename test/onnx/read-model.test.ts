/** The entries for ONNX models: bytes, and files on disk. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runGraph } from '../../src/graph/run-graph.ts';
import { readOnnxModel } from '../../src/onnx/index.ts';
import { loadOnnxModel } from '../../src/onnx/load.ts';
import { failure } from '../support/failure.ts';
import { nodeProto, smallNetwork } from './draw.ts';
import { writeModel } from './write.ts';

let folder: string;
const at = (name: string) => join(folder, name);
const WEIGHTS = Float32Array.of(1, 2, 3, -1, -1, -1);
/** y = Relu(w · x + b) of one pixel (10, 20, 30): 140 + 1, and −60 − 1 cut off. */
const INPUT = { x: { data: Float32Array.of(10, 20, 30), shape: [1, 3, 1, 1] } };
const RESULT = Float32Array.of(141, 0);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nnpack-onnx-'));
  writeFileSync(at('model.onnx'), writeModel(smallNetwork()));
  writeFileSync(at('w.bin'), new Uint8Array(WEIGHTS.buffer));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('readOnnxModel', () => {
  it('reads bytes, and what the caller gives of other files', () => {
    const asked: unknown[] = [];
    const { graph, metadata, notes } = readOnnxModel(writeModel(smallNetwork()), {
      readExternal(...range) {
        asked.push(range);
        return new Uint8Array(WEIGHTS.buffer);
      },
    });
    expect(asked).toEqual([['w.bin', 0, 24]]);
    expect(runGraph(graph, INPUT).y.data).toEqual(RESULT);
    expect(notes).toEqual([]);
    expect([...metadata]).toEqual([
      ['ir_version', '8'],
      ['opset_import', 'ai.onnx 17'],
      ['producer_name', 'test'],
      ['producer_version', '1'],
    ]);
  });

  it('says what a file tells of itself, its own entries last and under no name of those before', () => {
    const fields = { domain: 'org.example', modelVersion: 3, description: 'two layers' };
    const own = new Map([
      ['author', 'A'],
      ['domain', 'false'],
      ['__proto__', 'B'],
    ]);
    const opsets = new Map([
      ['', 17],
      ['local', 1],
    ]);
    const model = { ...smallNetwork(), ...fields, opsets, metadata: own };
    const { metadata } = readOnnxModel(writeModel(model), { readExternal: () => new Uint8Array(WEIGHTS.buffer) });
    expect([...metadata].slice(1)).toEqual([
      ['opset_import', 'ai.onnx 17, local 1'],
      ['producer_name', 'test'],
      ['producer_version', '1'],
      ['domain', 'org.example'],
      ['model_version', '3'],
      ['doc_string', 'two layers'],
      ['author', 'A'],
      ['__proto__', 'B'],
    ]);
  });

  it('takes nodes out of order, and says so', () => {
    const model = smallNetwork();
    const nodes = [...model.graph.nodes].reverse();
    const bytes = writeModel({ ...model, graph: { ...model.graph, nodes } });
    const { graph, notes } = readOnnxModel(bytes, { readExternal: () => new Uint8Array(WEIGHTS.buffer) });
    expect(runGraph(graph, INPUT).y.data).toEqual(RESULT);
    expect(notes).toEqual([expect.stringMatching(/^Nodes stand out of order/)]);
  });

  it('refuses what it is not given, and arguments that are none', () => {
    const bytes = writeModel(smallNetwork());
    const without = failure(() => readOnnxModel(bytes));
    expect([without.code, without.message]).toEqual([
      'input-output',
      "model: initializer 'w': external data 'w.bin' is not given",
    ]);
    for (const args of [[3], [bytes, 3], [bytes, { readExternal: 3 }], [bytes, { read: 3 }]]) {
      expect(failure(() => Reflect.apply(readOnnxModel, null, args)).code).toBe('invalid-argument');
    }
  });
});

describe('loadOnnxModel', () => {
  it('reads a file and those beside it', async () => {
    const { graph, metadata } = await loadOnnxModel(at('model.onnx'));
    expect(runGraph(graph, INPUT).y.data).toEqual(RESULT);
    expect(metadata.get('producer_name')).toBe('test');
  });

  it('names the file, whatever is wrong in it', async () => {
    const model = smallNetwork();
    const graph = { ...model.graph, nodes: [...model.graph.nodes, nodeProto('Nothing')] };
    writeFileSync(at('unknown.onnx'), writeModel({ ...model, graph }));
    const [conv, relu] = model.graph.nodes;
    const pads = { name: 'pads', type: 'ints', value: [1] } as const;
    const nodes = [{ ...conv, attributes: new Map([['pads', pads]]) }, relu];
    writeFileSync(at('pads.onnx'), writeModel({ ...model, graph: { ...model.graph, nodes } }));
    await expect(loadOnnxModel(at('unknown.onnx'))).rejects.toThrow(
      `model '${at('unknown.onnx')}': operators that are not supported: Nothing`,
    );
    await expect(loadOnnxModel(at('pads.onnx'))).rejects.toThrow(`model '${at('pads.onnx')}': node 'n' (Conv): `);
    await expect(loadOnnxModel(at('none.onnx'))).rejects.toThrow(`model '${at('none.onnx')}' could not be read: `);
    await expect(Reflect.apply(loadOnnxModel, null, [3])).rejects.toThrow(/^loadOnnxModel: path is 3/);
  });
});
