/** MXNet models given as the contents of their files. */
import { type FieldsOf, isRecord, readFields, reading, readOptions } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import type { ModelGraph } from '../graph/model-graph.ts';
import { parseList } from '../graph/parse-values.ts';
import type { Name, Size } from '../graph/values.ts';
import { type MxnetFileContents, parseFiles } from './files.ts';
import { graphOfMxnet } from './graph-of-mxnet.ts';

/** What `readMxnetModel` may be given beside the files. */
export interface ReadMxnetModelOptions {
  /**
   * The shapes of inputs, by name: sizes, or names of sizes that a run tells. The files seldom tell shapes; where the layers
   * that read an input tell how many axes it has, it may be left out.
   */
  readonly shapes?: Readonly<Record<Name, readonly Size[]>>;
}

const CONTENTS: FieldsOf<MxnetFileContents> = { symbol: true, params: true };
const FIELDS: FieldsOf<ReadMxnetModelOptions> = { shapes: true };

/**
 * The graph of an MXNet model, as every version from 0.8 to 1.9 wrote them: inputs, outputs and values by MXNet's names, in its
 * layouts. Labels of losses are no inputs. Each operator computes what it does by itself, where MXNet 1.9 fuses some wrongly.
 *
 * @param files NAME-symbol.json and NAME-NNNN.params
 * @throws NnpackError 'unsupported-layer' with all operators that this library has no word for, 'invalid-model' for what makes
 *   no sense, 'invalid-argument' for shapes that are missing or of no input, 'out-of-memory'
 * @example
 * const { graph } = readMxnetModel({ symbol: text, params: bytes }, { shapes: { data: ['N', 3, 224, 224] } });
 * const { softmax_output } = runGraph(graph, { data: { data: pixels, shape: [1, 3, 224, 224] } });
 */
export function readMxnetModel(files: MxnetFileContents, options: ReadMxnetModelOptions = {}): ModelGraph {
  const who = 'readMxnetModel';
  const contents = readFields<MxnetFileContents>(who, 'files', files, CONTENTS, 'invalid-argument');
  const { shapes } = readOptions<ReadMxnetModelOptions>(who, options, FIELDS);
  return graphOfMxnet(parseFiles(contents), parseShapes(who, shapes));
}

/** Shapes as a caller gives them. */
export function parseShapes(who: string, shapes: unknown): Readonly<Record<Name, readonly Size[]>> {
  if (shapes === undefined) return {};
  if (!isRecord(shapes)) {
    throw new NnpackError('invalid-argument', `${who}: shapes are ${show(shapes)}, expected an object, by input`);
  }
  const given = reading(who, 'shapes', 'invalid-argument', () => Object.entries<unknown>({ ...shapes }));
  return Object.fromEntries(given.map(([name, shape]) => [name, parseShape(who, name, shape)]));
}

function parseShape(who: string, name: Name, shape: unknown): readonly Size[] {
  const what = `the shape of ${show(name)}`;
  return parseList(who, what, shape, 'invalid-argument').map((size): Size => {
    if (typeof size === 'string' && size !== '') return size;
    if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 1) return size;
    const text = `${what} has ${show(size)}, expected a whole number of at least 1, or a name`;
    throw new NnpackError('invalid-argument', `${who}: ${text}`);
  });
}
