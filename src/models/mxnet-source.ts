/**
 * MXNet's files seldom tell the shapes of a model's inputs: a graph is made for those of a run. What its operators tell of
 * them is said before, and what else a graph with open sizes tells where one can be made.
 */
import { NnpackError } from '../errors.ts';
import type { Shape } from '../graph/compiled.ts';
import { inferTypes } from '../graph/infer.ts';
import type { ModelGraph } from '../graph/model-graph.ts';
import type { Name } from '../graph/values.ts';
import type { MxnetFiles } from '../mxnet/files.ts';
import { graphOfMxnet, outputsOf } from '../mxnet/graph-of-mxnet.ts';
import { inputsOf } from '../mxnet/inputs-of.ts';
import type { ModelSource, ModelValue } from './source.ts';

/** @throws NnpackError for what no shapes would mend: operators that are not supported, a model that makes no sense */
export function mxnetSource(file: string, files: MxnetFiles): ModelSource {
  const open = openGraph(files);
  const types = open === null ? null : inferTypes(open.graph);
  const outputs = outputsOf(files).map((name): [Name, ModelValue] => {
    const type = types?.get(name);
    return [name, type === undefined ? { dtype: 'float32', shape: null } : { dtype: type.dtype, shape: type.shape }];
  });
  const version = new Map([['mxnet_version', String(files.symbol.version)]]);
  return {
    ...{
      format: 'mxnet',
      file,
      inputs: inputsOf(files),
      outputs: new Map(outputs),
      isFixed: false,
      openGraph: open?.graph ?? null,
    },
    ...{ metadata: open?.metadata ?? version, notes: open?.notes ?? [] },
    graphFor: (shapes) => graphOfMxnet(files, Object.fromEntries<Shape>(shapes)).graph,
  };
}

/** The graph with sizes by name; null where an operator must know them. */
function openGraph(files: MxnetFiles): ModelGraph | null {
  try {
    return graphOfMxnet(files);
  } catch (error) {
    if (!(error instanceof NnpackError) || error.code === 'invalid-model') throw error;
    if (error.code === 'unsupported-layer' && /operators that are not supported/.test(error.message)) throw error;
    return null;
  }
}
