/** Reading tensors as a file has them; what their numbers are is for `readTensor` to say. */

import type { Bytes } from '../check/stored-bytes.ts';
import { UNDEFINED } from './data-types.ts';
import { ELEMENT_KINDS, ElementList, type Elements } from './elements.ts';
import { bytes, each, elements, type Fields, int32, ints, one, text } from './message.ts';
import type { TensorProto } from './proto.ts';
import type { Int } from './wire.ts';

const { FLOAT, DOUBLE, INT32, INT64, UINT64 } = ELEMENT_KINDS;
/** The data_location of numbers in another file. */
const EXTERNAL = 1;

export interface TensorDraft {
  name: string;
  dataType: number;
  dims: Int[];
  rawData: Bytes | null;
  floatData: ElementList<Float32Array> | null;
  int32Data: ElementList<Int32Array> | null;
  int64Data: ElementList<BigInt64Array> | null;
  doubleData: ElementList<Float64Array> | null;
  uint64Data: ElementList<BigUint64Array> | null;
  location: number;
  entries: (readonly [string, string])[];
  isSegment: boolean;
}

/** A key and its value. */
export interface EntryDraft {
  key: string;
  value: string;
}

/** The fields of a key and its value. */
export const ENTRY: Fields<EntryDraft> = {
  1: text('key', (draft, key) => {
    draft.key = key;
  }),
  2: text('value', (draft, value) => {
    draft.value = value;
  }),
};

export function newEntry(): EntryDraft {
  return { key: '', value: '' };
}

export function finishEntry({ key, value }: EntryDraft): readonly [string, string] {
  return [key, value];
}

/** The fields of a tensor. string_data (6) is of a type that no graph carries. */
export const TENSOR: Fields<TensorDraft> = {
  1: ints('dims', (draft) => draft.dims),
  2: int32('data_type', (draft, dataType) => {
    draft.dataType = dataType;
  }),
  3: one(
    'segment',
    () => ({}),
    (draft) => {
      draft.isSegment = true;
      return draft;
    },
  ),
  4: elements('float_data', FLOAT, (draft) => {
    draft.floatData ??= new ElementList(FLOAT);
    return draft.floatData;
  }),
  5: elements('int32_data', INT32, (draft) => {
    draft.int32Data ??= new ElementList(INT32);
    return draft.int32Data;
  }),
  7: elements('int64_data', INT64, (draft) => {
    draft.int64Data ??= new ElementList(INT64);
    return draft.int64Data;
  }),
  8: text('name', (draft, name, place) => {
    draft.name = name;
    place.name = name;
  }),
  9: bytes('raw_data', (draft, rawData) => {
    draft.rawData = rawData;
  }),
  10: elements('double_data', DOUBLE, (draft) => {
    draft.doubleData ??= new ElementList(DOUBLE);
    return draft.doubleData;
  }),
  11: elements('uint64_data', UINT64, (draft) => {
    draft.uint64Data ??= new ElementList(UINT64);
    return draft.uint64Data;
  }),
  13: each(
    'external_data',
    () => ENTRY,
    newEntry,
    finishEntry,
    (draft) => draft.entries,
  ),
  14: int32('data_location', (draft, location) => {
    draft.location = location;
  }),
};

export function newTensor(): TensorDraft {
  return {
    name: '',
    dataType: UNDEFINED,
    dims: [],
    rawData: null,
    floatData: null,
    int32Data: null,
    int64Data: null,
    doubleData: null,
    uint64Data: null,
    location: 0,
    entries: [],
    isSegment: false,
  };
}

export function finishTensor(draft: TensorDraft): TensorProto {
  const { name, dataType, dims, rawData, location, entries, isSegment } = draft;
  return {
    name,
    dataType,
    dims,
    rawData,
    floatData: finishList(draft.floatData),
    int32Data: finishList(draft.int32Data),
    int64Data: finishList(draft.int64Data),
    doubleData: finishList(draft.doubleData),
    uint64Data: finishList(draft.uint64Data),
    external: location === EXTERNAL ? new Map(entries) : null,
    isSegment,
  };
}

/** A field without elements is as good as none. */
function finishList<Data extends Elements>(list: ElementList<Data> | null): Data | null {
  return list === null || list.length === 0 ? null : list.finish();
}
