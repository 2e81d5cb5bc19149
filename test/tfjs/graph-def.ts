/** Small graph models for tests, as TensorFlow.js's converter writes them: a GraphDef as JSON, and the weights beside it. */
import { type ModelGraph, readGraphModel } from '../../src/tfjs/index.ts';

/** The JSON forms of attributes. */
export const text = (value: string) => ({ s: btoa(value) });
export const texts = (...values: string[]) => ({ list: { s: values.map((value) => btoa(value)) } });
export const int = (value: number) => ({ i: String(value) });
export const ints = (...values: number[]) => ({ list: { i: values.map(String) } });
export const float = (value: number) => ({ f: value });
export const flag = (value: boolean) => ({ b: value });
export const type = (value: string) => ({ type: value });

export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, unknown>>;
}

/** Numbers of a node Const. */
export interface Constant {
  readonly shape: readonly number[];
  readonly numbers: readonly number[];
  readonly dtype?: 'float32' | 'int32' | 'bool';
}

export interface GraphFile {
  readonly json: {
    readonly modelTopology: { node: NodeDef[]; library?: unknown };
    readonly signature?: unknown;
    readonly weightsManifest: unknown;
    readonly [field: string]: unknown;
  };
  readonly shards: Readonly<Record<string, Uint8Array>>;
}

const TYPES = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' } as const;

export const floats = (shape: readonly number[], ...numbers: number[]): Constant => ({ shape, numbers });
export const list = (...numbers: number[]): Constant => ({ shape: [numbers.length], numbers, dtype: 'int32' });
export const whole = (number: number): Constant => ({ shape: [], numbers: [number], dtype: 'int32' });
export const table = (...rows: number[][]): Constant => {
  return { shape: [rows.length, rows[0].length], numbers: rows.flat(), dtype: 'int32' };
};

/** A size of −1 is open. */
export function placeholder(name: string, shape: readonly number[], dtype = 'DT_FLOAT'): NodeDef {
  const dim = shape.map((size) => ({ size: String(size) }));
  return { name, op: 'Placeholder', attr: { dtype: type(dtype), shape: { shape: { dim } } } };
}

function bytesOf({ numbers, dtype = 'float32' }: Constant): Uint8Array {
  const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;
  return new Uint8Array(arrays[dtype].from(numbers).buffer);
}

/**
 * A model of these nodes and a Const for each constant.
 *
 * @param outputs tensors by the names in the signature
 */
export function graphFile(
  nodes: readonly NodeDef[],
  constants: Readonly<Record<string, Constant>>,
  outputs: Readonly<Record<string, string>>,
): GraphFile {
  const entries = Object.entries(constants);
  const consts = entries.map(([name, { dtype = 'float32' }]): NodeDef => {
    return { name, op: 'Const', attr: { dtype: type(TYPES[dtype]), value: { tensor: {} } } };
  });
  const inputs = nodes.filter(({ op }) => op === 'Placeholder').map(({ name }) => [name, { name: `${name}:0` }]);
  const weights = entries.map(([name, { shape, dtype = 'float32' }]) => ({ name, shape, dtype }));
  return {
    json: {
      format: 'graph-model',
      signature: {
        inputs: Object.fromEntries(inputs),
        outputs: Object.fromEntries(Object.entries(outputs).map(([key, name]) => [key, { name }])),
      },
      modelTopology: { node: [...consts, ...nodes], library: {} },
      weightsManifest: [{ paths: ['all.bin'], weights }],
    },
    shards: { 'all.bin': new Uint8Array(Buffer.concat(entries.map(([, constant]) => bytesOf(constant)))) },
  };
}

export function read({ json, shards }: GraphFile): Promise<ModelGraph> {
  return readGraphModel(json, (path) => shards[path]);
}
