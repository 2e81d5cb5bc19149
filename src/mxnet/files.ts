/** What the two files of a model hold, before anything is made of it. */
import { isUint8Array } from '../check/arrays.ts';
import { textOf } from '../check/options.ts';
import { NnpackError, show } from '../errors.ts';
import { parseParams } from './params.ts';
import type { StoredArray } from './stored-array.ts';
import { type MxnetSymbol, parseSymbol } from './symbol.ts';

export interface MxnetFiles {
  readonly symbol: MxnetSymbol;
  /** By the names of variables. */
  readonly arrays: ReadonlyMap<string, StoredArray>;
}

/** The same as they are on a disk. */
export interface MxnetFileContents {
  /** NAME-symbol.json, as a text or its bytes. */
  readonly symbol: string | Uint8Array;
  /** NAME-NNNN.params. */
  readonly params: Uint8Array;
}

/** @throws NnpackError what the two parsers throw */
export function parseFiles({ symbol, params }: MxnetFileContents): MxnetFiles {
  return { symbol: parseSymbol(isUint8Array(symbol) ? decoded(symbol) : symbol), arrays: parseParams(params) };
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const text = `is no UTF-8: ${show(bytes)} (${textOf(error)})`;
    throw new NnpackError('invalid-model', `symbol: ${text}`, { cause: error });
  }
}
