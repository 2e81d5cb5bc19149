/** What is in a model's files: the graph as a table, as data or as a drawing. */
import type { Command } from '../command.ts';
import { MODEL_FILES, PARAMS_OPTION, pathOf } from '../model.ts';
import { JSON_OPTION } from '../output.ts';
import { SHAPE_OPTION } from '../shapes.ts';

export const inspect: Command = {
  name: 'inspect',
  summary: 'Shows what is in a model: inputs, outputs, every node with its sizes and costs, and what its files say.',
  positionals: { MODEL: MODEL_FILES },
  most: 1,
  options: {
    params: PARAMS_OPTION,
    shape: SHAPE_OPTION,
    svg: { value: 'FILE', help: 'draw the graph' },
    json: JSON_OPTION,
  },
  examples: [
    ['nnpack-ts inspect model.onnx', 'its nodes as a table, sizes that are open by name'],
    ['nnpack-ts inspect model.onnx --shape 1x3x224x224', 'for one size, with what every node costs'],
    ['nnpack-ts inspect net-symbol.json --shape data=1x3x224x224 --svg net.svg', 'an MXNet model, drawn'],
  ],
  async run(given) {
    const path = pathOf(given, 'inspect');
    const { inspectModel } = await import('./inspect.ts');
    await inspectModel(path, given);
  },
};
