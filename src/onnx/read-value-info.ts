/** Reading the types of values. */
import { dataTypeOf, UNDEFINED } from './data-types.ts';
import { each, type Fields, int, int32, one, text } from './message.ts';
import { invalid, type Place } from './place.ts';
import type { TypeProto, ValueInfo } from './proto.ts';
import type { Int } from './wire.ts';

export interface ValueInfoDraft {
  name: string;
  type: TypeDraft | null;
}

interface TypeDraft {
  /** The last of the alternatives counts. */
  kind: TypeProto['kind'] | null;
  elements: number;
  shape: (number | string | null)[] | null;
}

interface SizeDraft {
  size: Int | string | null;
}

const NOTHING: Fields<TypeDraft> = {};

const SIZE: Fields<SizeDraft> = {
  1: int('dim_value', (draft, value) => {
    draft.size = value;
  }),
  2: text('dim_param', (draft, name) => {
    draft.size = name;
  }),
};

const SHAPE: Fields<TypeDraft> = {
  1: each(
    'dim',
    () => SIZE,
    newSize,
    finishSize,
    (draft) => shapeOf(draft),
  ),
};

const TENSOR_TYPE: Fields<TypeDraft> = {
  1: int32('elem_type', (draft, elements) => {
    draft.elements = elements;
  }),
  2: one(
    'shape',
    () => SHAPE,
    (draft) => {
      shapeOf(draft);
      return draft;
    },
  ),
};

const TYPE: Fields<TypeDraft> = {
  1: one(
    'tensor_type',
    () => TENSOR_TYPE,
    (draft) => become(draft, 'tensor'),
  ),
  4: one(
    'sequence_type',
    () => NOTHING,
    (draft) => become(draft, 'sequence'),
  ),
  5: one(
    'map_type',
    () => NOTHING,
    (draft) => become(draft, 'map'),
  ),
  7: one(
    'opaque_type',
    () => NOTHING,
    (draft) => become(draft, 'opaque value'),
  ),
  8: one(
    'sparse_tensor_type',
    () => NOTHING,
    (draft) => become(draft, 'sparse tensor'),
  ),
  9: one(
    'optional_type',
    () => NOTHING,
    (draft) => become(draft, 'optional'),
  ),
};

/** The fields of a value's name and type. */
export const VALUE_INFO: Fields<ValueInfoDraft> = {
  1: text('name', (draft, name, place) => {
    draft.name = name;
    place.name = name;
  }),
  2: one(
    'type',
    () => TYPE,
    (draft) => {
      draft.type ??= { kind: null, elements: UNDEFINED, shape: null };
      return draft.type;
    },
  ),
};

export function newValueInfo(): ValueInfoDraft {
  return { name: '', type: null };
}

export function finishValueInfo({ name, type }: ValueInfoDraft): ValueInfo {
  if (type === null || type.kind === null) return { name, type: null };
  const { kind, elements, shape } = type;
  return { name, type: kind === 'tensor' ? { kind, elements: dataTypeOf(elements), shape } : { kind } };
}

function become(draft: TypeDraft, kind: TypeProto['kind']): TypeDraft {
  if (draft.kind === kind) return draft;
  draft.kind = kind;
  draft.elements = UNDEFINED;
  draft.shape = null;
  return draft;
}

function shapeOf(draft: TypeDraft): (number | string | null)[] {
  draft.shape ??= [];
  return draft.shape;
}

function newSize(): SizeDraft {
  return { size: null };
}

/** Some writers say −1, or a name without letters, of a size that is not known. */
function finishSize({ size }: SizeDraft, place: Place): number | string | null {
  if (typeof size === 'bigint') throw invalid(place, `dim_value is ${size}, expected less than 2⁵³`);
  return size === '' || (typeof size === 'number' && size < 0) ? null : size;
}
