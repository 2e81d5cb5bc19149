/** MXNet's files do not tell the shapes of a model's inputs: a graph is made for those of a run. */
import type { ModelGraph } from '../graph/model-graph.ts';
import type { Name } from '../graph/values.ts';
import { graphOfSymbol, inputsOfSymbol } from '../mxnet/graph-of-symbol.ts';
import type { MxnetFiles } from '../mxnet/load.ts';
import type { ModelSource, ModelValue } from './source.ts';

export function mxnetSource(file: string, files: MxnetFiles): ModelSource {
  const inputs = new Map(
    inputsOfSymbol(files).map((name): [Name, ModelValue] => [name, { dtype: 'float32', shape: null }]),
  );
  const { nodes, outputs, version } = files.symbol;
  const named = outputs.map(([node, output]): [Name, ModelValue] => {
    const { name, op } = nodes[node];
    const value = op === 'null' ? name : output === 0 ? `${name}_output` : `${name}_output${output}`;
    return [value, { dtype: 'float32', shape: null }];
  });
  const graphOf = (shapes: ReadonlyMap<Name, readonly number[]>): ModelGraph => ({
    graph: graphOfSymbol(files, Object.fromEntries(shapes)),
    metadata: new Map([['mxnet_version', String(version)]]),
    notes: [],
  });
  return {
    ...{
      format: 'mxnet',
      file,
      inputs,
      outputs: new Map(named),
      metadata: new Map([['mxnet_version', String(version)]]),
    },
    ...{ notes: [], isFixed: false, graphFor: (shapes) => graphOf(shapes).graph },
  };
}
