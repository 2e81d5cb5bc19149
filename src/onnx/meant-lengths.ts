/**
 * Lengths that follow from scales: ⌊elements · scale⌋. A scale is a float32, and ten elements at the one that stands for 2.3
 * are 22 by ONNX's text; torch and ONNX Runtime multiply in single precision and get 23, which is what torch's exporter
 * then declares of the values behind. A file whose declared sizes only the latter gives is read so.
 */
import type { Graph } from '../graph/graph.ts';
import { inferTypes } from '../graph/infer.ts';
import type { Model, NodeProto } from './proto.ts';

/** What is read, with the lengths by the text or in single precision. */
type Read<T> = (inSingle: boolean) => T;

const NOTE = 'Declared sizes follow from scales only where these are multiplied in single precision: they were.';

export function hasScales(nodes: readonly NodeProto[]): boolean {
  return nodes.some(({ opType }) => opType === 'Resize' || opType === 'Upsample');
}

/** By the text, unless it contradicts the file's own sizes and single precision does not. */
export function withMeantLengths<T extends { readonly graph: Graph; readonly notes: readonly string[] }>(
  model: Model,
  read: Read<T>,
): T {
  const exact = attempt(() => read(false));
  if ('made' in exact && fits(model, exact.made.graph)) return exact.made;
  const single = attempt(() => read(true));
  if ('made' in single && fits(model, single.made.graph)) {
    return { ...single.made, notes: [...single.made.notes, NOTE] };
  }
  if ('made' in exact) return exact.made;
  throw exact.error;
}

function attempt<T>(make: () => T): { readonly made: T } | { readonly error: unknown } {
  try {
    return { made: make() };
  } catch (error) {
    return { error };
  }
}

/** Whether no size that a file declares is another one in the graph. */
function fits({ graph: { valueInfo, outputs } }: Model, graph: Graph): boolean {
  const types = inferTypes(graph);
  return [...valueInfo, ...outputs].every(({ name, type }) => {
    const shape = types.get(name)?.shape ?? [];
    const declared = type?.kind === 'tensor' ? (type.shape ?? []) : [];
    return declared.every((size, axis) => {
      return typeof size !== 'number' || typeof shape[axis] !== 'number' || shape[axis] === size;
    });
  });
}
