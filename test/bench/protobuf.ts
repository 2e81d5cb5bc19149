/** Reads protobuf messages: what the ONNX writer of the benchmark is checked with. */

/** What was read under each field's number, in order: whole numbers, floats, or the bytes of strings and messages. */
export type Fields = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

/** @throws RangeError for bytes that are no message */
export function readMessage(bytes: Uint8Array): Fields {
  const fields = new Map<number, (number | Uint8Array)[]>();
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError(`${length} bytes at ${at} of ${bytes.length}`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const [digit] = take(1);
      value += (digit & 127) * scale;
      if (digit < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, type] = [Math.floor(key / 8), key % 8];
    let value: number | Uint8Array;
    if (type === 0) value = varint();
    else if (type === 2) value = take(varint());
    else if (type === 5) value = new DataView(take(4).slice().buffer).getFloat32(0, true);
    else throw new RangeError(`wire type ${type}`);
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

export function messagesOf(fields: Fields, field: number): Fields[] {
  return (fields.get(field) ?? []).map((value) => readMessage(value as Uint8Array));
}

export function textsOf(fields: Fields, field: number): string[] {
  return (fields.get(field) ?? []).map((value) => new TextDecoder().decode(value as Uint8Array));
}

export function numbersOf(fields: Fields, field: number): number[] {
  return (fields.get(field) ?? []) as number[];
}
