/** A model of any format, in the layout and types of its files. */
import type { Context } from '../../context/context.ts';
import { parseSelection } from '../../dispatch/select.ts';
import type { Shape } from '../../graph/compiled.ts';
import { bindInputs, inferTypes } from '../../graph/infer.ts';
import type { Name, ValueType } from '../../graph/values.ts';
import { Model } from '../../models/model.ts';
import type { ModelSource } from '../../models/source.ts';
import type { Choice, Engine, Subject } from './engine.ts';

/** What runs longer is not run again to compare it with the default implementation. */
const LONG_MS = 10_000;

export function modelSubject(source: ModelSource): Subject {
  return {
    name: source.file,
    inputs: source.inputs,
    outputs: source.outputs,
    hasOwnLimit: false,
    isChannelsLast: source.format === 'tfjs-layers-model' || source.format === 'tfjs-graph-model',
    typesFor: lastKept((shapes) => typesFor(source, shapes)),
    engine: (choice, context) => modelEngine(source, choice, context),
  };
}

/** Many files of one size ask for the same again, and a graph may have to be made for it. */
function lastKept<T>(make: (shapes: ReadonlyMap<Name, Shape>) => T): (shapes: ReadonlyMap<Name, Shape>) => T {
  let last: { readonly text: string; readonly made: T } | null = null;
  return (shapes) => {
    const text = JSON.stringify([...shapes]);
    if (last?.text !== text) last = { text, made: make(shapes) };
    return last.made;
  };
}

function typesFor(source: ModelSource, shapes: ReadonlyMap<Name, Shape>): ReadonlyMap<Name, ValueType> {
  const graph = source.graphFor(shapes);
  const types = inferTypes(graph, bindInputs(`model ${source.file}`, graph, shapes));
  return new Map(
    graph.outputs.flatMap((name) => {
      const type = types.get(name);
      return type === undefined ? [] : [[name, type]];
    }),
  );
}

function modelEngine(source: ModelSource, choice: Choice, context: Context): Engine {
  const model = new Model(source, parseSelection('run', choice), context);
  const millisecondsOf = (ran: Model) => ran.report().reduce((sum, layer) => sum + layer.milliseconds, 0);
  return {
    run: (inputs, options) => model.run(inputs, options),
    report: () => ({ layers: model.report(), parts: model.parts, bytes: context.arena.usedBytes }),
    async timeDefault(inputs, signal) {
      const isConvolving = model.report().some(({ algorithm }) => algorithm !== null);
      if (!isConvolving || millisecondsOf(model) > LONG_MS) return null;
      model.dispose();
      const plain = new Model(source, parseSelection('run', { algorithm: 'implicit-gemm' }), context);
      try {
        await plain.run(inputs, { signal });
        await plain.run(inputs, { signal });
        return millisecondsOf(plain);
      } finally {
        plain.dispose();
      }
    },
    dispose: () => model.dispose(),
  };
}
