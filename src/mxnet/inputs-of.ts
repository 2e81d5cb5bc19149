/**
 * What a model must be given: the variables that have no array, but for labels, and what the files tell of them. Shapes
 * are seldom in the files; how many axes an input has is told by the operators that read it, or nowhere.
 */
import { NnpackError, show } from '../errors.ts';
import type { Dtype, Name, Size } from '../graph/values.ts';
import { tuple, whole } from './attributes.ts';
import type { MxnetFiles } from './files.ts';
import { learntInputs, liveNodes, readInputs } from './operator-inputs.ts';
import type { SymbolNode } from './symbol.ts';

/** What is told of an input: a size that is told nowhere has a name, and the shape is null if not even the rank is told. */
export interface ToldInput {
  readonly dtype: Dtype;
  readonly shape: readonly Size[] | null;
}

/** By MXNet's numbers, as `__dtype__` has them. */
const DTYPES: readonly Dtype[] = ['float32', 'float64', 'float16', 'uint8', 'int32', 'int8', 'int64', 'bool'];

/** Operators whose output has the shape of what they read. */
const SHAPE_KEPT =
  /^(?:Activation|LeakyReLU|BatchNorm|BatchNorm_v1|_contrib_SyncBatchNorm|InstanceNorm|LRN|L2Normalization|Dropout|clip|relu|sigmoid|tanh|Cast|cast|amp_cast|_copy|identity|BlockGrad|_(?:r?minus|plus|mul|r?div|maximum|minimum|r?power)_scalar|_R?(?:Plus|Minus|Mul|Div|Power)Scalar)$/;

/**
 * The inputs by name, in the order of the symbol.
 *
 * @param given names of variables that are inputs, whatever the files say
 * @throws NnpackError 'invalid-model' for an array that an operator learns and that is missing
 * @example
 * inputsOf(files).get('data'); // { dtype: 'float32', shape: ['data.0', 3, 'data.2', 'data.3'] }
 */
export function inputsOf(files: MxnetFiles, given: readonly Name[] = []): ReadonlyMap<Name, ToldInput> {
  const { symbol, arrays } = files;
  const live = liveNodes(symbol);
  const isGiven = new Set(given);
  const open = symbol.variables.filter((node) => live[node] && !arrays.has(symbol.nodes[node].name));
  expectLearnt(files, live, new Set(open.filter((node) => !isGiven.has(symbol.nodes[node].name))));
  return new Map(
    open.map((node) => {
      const { name, attributes } = symbol.nodes[node];
      const dtype = DTYPES[Number(attributes.get('__dtype__') ?? 0)] ?? 'float32';
      return [name, { dtype, shape: writtenShape(symbol.nodes[node]) ?? shapeByReaders(files, live, node) }];
    }),
  );
}

/** @throws NnpackError for a variable without an array that stands where an operator has a weight */
function expectLearnt({ symbol }: MxnetFiles, live: readonly boolean[], open: ReadonlySet<number>): void {
  for (const [i, node] of symbol.nodes.entries()) {
    if (!live[i]) continue;
    for (const [from] of readInputs(node).slice(1, 1 + learntInputs(node).length)) {
      if (!open.has(from)) continue;
      const text = `${show(symbol.nodes[from].name)} has no array among the parameters, expected one`;
      throw new NnpackError('invalid-model', `node ${show(node.name)} (${node.op}): ${text}`);
    }
  }
}

const SIZES = tuple(whole({ least: -1 }));

/** `__shape__`, in which what is not above 0 is not known. */
function writtenShape({ name, attributes }: SymbolNode): readonly Size[] | null {
  const sizes = SIZES.read(attributes.get('__shape__') ?? '') ?? [];
  return sizes.length === 0 ? null : sizes.map((size, axis) => (size > 0 ? size : `${name}.${axis}`));
}

interface Told {
  readonly rank?: number;
  readonly channels?: number;
  /** Whether the channels are the last axis. */
  readonly isLast?: boolean;
}

/** What operators that read the variable, or the same shape made of it, tell of it. */
function shapeByReaders(files: MxnetFiles, live: readonly boolean[], variable: number): readonly Size[] | null {
  const { nodes } = files.symbol;
  const isSame = nodes.map((_, i) => i === variable);
  let [rank, channels] = [null as number | null, null as number | null];
  for (let i = variable + 1; i < nodes.length; i++) {
    const [first] = live[i] ? readInputs(nodes[i]) : [];
    if (first === undefined || !isSame[first[0]] || first[1] !== 0) continue;
    const told = toldBy(nodes[i], files);
    rank ??= told.rank ?? null;
    if (told.isLast !== true) channels ??= told.channels ?? null;
    isSame[i] = SHAPE_KEPT.test(nodes[i].op);
  }
  if (rank === null) return null;
  const { name } = nodes[variable];
  return Array.from({ length: rank }, (_, axis) => (axis === 1 && channels !== null ? channels : `${name}.${axis}`));
}

const NUMBERS = tuple(whole());

/** What one operator tells of its data. */
function toldBy(node: SymbolNode, files: MxnetFiles): Told {
  const numbers = (name: string) => NUMBERS.read(node.attributes.get(name) ?? '') ?? [];
  const weight = () => {
    const name = node.inputs.length > 1 ? files.symbol.nodes[node.inputs[1][0]].name : '';
    return files.arrays.get(name)?.type.shape ?? [];
  };
  const isLast = (node.attributes.get('layout') ?? 'NC').endsWith('C') && node.attributes.has('layout');
  const axes = numbers('kernel').length;
  switch (node.op) {
    case 'Convolution':
    case 'Convolution_v1': {
      const groups = Number(node.attributes.get('num_group') ?? 1);
      return { rank: axes + 2, channels: weight()[1] * groups || undefined, isLast };
    }
    case 'Deconvolution':
      return { rank: axes + 2, channels: weight()[0], isLast };
    case 'Pooling':
      return axes > 0 ? { rank: axes + 2 } : {};
    case 'BatchNorm':
    case 'BatchNorm_v1':
    case 'InstanceNorm':
      return { channels: weight()[0], isLast: ![undefined, '1'].includes(node.attributes.get('axis')) };
    case 'Pad':
    case 'pad':
      return { rank: numbers('pad_width').length / 2 };
    case 'transpose':
      return numbers('axes').length > 0 ? { rank: numbers('axes').length } : {};
    case 'Pooling_v1':
    case 'UpSampling':
    case 'Crop':
    case 'depth_to_space':
    case 'space_to_depth':
    case '_contrib_BilinearResize2D':
    case '_contrib_AdaptiveAvgPooling2D':
      return { rank: 4 };
    default:
      return {};
  }
}
