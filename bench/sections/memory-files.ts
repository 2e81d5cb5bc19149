/** A network as files, in the formats whose numbers can be read piece by piece. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Network } from '../../src/networks/network.ts';
import { graphOf } from '../../src/networks/parse.ts';
import { parseModel } from '../../src/onnx/parse-model.ts';
import type { TensorProto } from '../../src/onnx/proto.ts';
import { writeOnnxModel } from '../../src/onnx/write-graph.ts';
import { writeModel } from '../../src/onnx/write-model.ts';
import { writeLayersModel } from '../../src/tfjs/write-layers-model.ts';

/** What TensorFlow.js's converter cuts weights into. */
const SHARD_BYTES = 2 ** 22;

/** Each writes the network into a folder and gives the path of the file that is opened. */
export const FILES: Readonly<Record<string, (network: Network, folder: string) => Promise<string>>> = {
  'an ONNX file': async (network, folder) => {
    const path = join(folder, 'inline.onnx');
    await writeFile(path, writeOnnxModel(graphOf(network)));
    return path;
  },
  'an ONNX file with external data': async (network, folder) => {
    const path = join(folder, 'external.onnx');
    const model = parseModel(writeOnnxModel(graphOf(network)));
    const [initializers, data] = external(model.graph.initializers, 'external.bin');
    await writeFile(path, writeModel({ ...model, graph: { ...model.graph, initializers } }));
    await writeFile(join(folder, 'external.bin'), data);
    return path;
  },
  'shards of TensorFlow.js': async (network, folder) => {
    const place = join(folder, 'tfjs');
    await mkdir(place);
    const { json, shards } = writeLayersModel(network);
    const [[name, bytes]] = shards;
    const names: string[] = [];
    for (let at = 0; at < bytes.length; at += SHARD_BYTES) {
      names.push(`part${names.length + 1}.bin`);
      await writeFile(join(place, names[names.length - 1]), bytes.subarray(at, at + SHARD_BYTES));
    }
    const path = join(place, 'model.json');
    await writeFile(path, json.replace(JSON.stringify(name), names.map((part) => JSON.stringify(part)).join(',')));
    return path;
  },
};

/** The same tensors with their bytes in another file, one behind the other. */
function external(tensors: readonly TensorProto[], location: string): [TensorProto[], Uint8Array[]] {
  let offset = 0;
  const moved = tensors.map((tensor): TensorProto => {
    const length = tensor.rawData?.length ?? 0;
    const entries = { location, offset: String(offset), length: String(length) };
    offset += length;
    return { ...tensor, rawData: null, external: new Map(Object.entries(entries)) };
  });
  return [moved, tensors.map(({ rawData }) => rawData as Uint8Array)];
}
