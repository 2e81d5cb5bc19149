/**
 * Text from bytes in UTF-8, without the host's help: engines other than browsers and Node may lack TextDecoder, and that of
 * browsers refuses shared memory.
 *
 *     0xxxxxxx | 110xxxxx 10xxxxxx | 1110xxxx 10xxxxxx 10xxxxxx | 11110xxx 10xxxxxx 10xxxxxx 10xxxxxx
 *
 * A character has the shortest form that holds it, is no half of a surrogate pair, and is at most 10FFFF.
 */

/** So many code units become text at once: all engines take as many arguments. */
const UNITS = 4096;
/** The least character of 1, 2, 3 and 4 bytes. */
const LEAST = [0, 0x80, 0x800, 0x10000];

/** The text, a byte order mark in it, or null where the bytes are no UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  const units = new Uint16Array(Math.min(bytes.length, UNITS) + 1);
  let text = '';
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at];
    const more = first < 0x80 ? 0 : first < 0xc0 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf8 ? 3 : -1;
    if (more < 0 || at + more >= bytes.length) return null;
    let point = more === 0 ? first : first & (0x3f >> more);
    for (let i = 1; i <= more; i++) {
      const next = bytes[at + i];
      if ((next & 0xc0) !== 0x80) return null;
      point = (point << 6) | (next & 0x3f);
    }
    if (point < LEAST[more] || (point >= 0xd800 && point < 0xe000) || point > 0x10ffff) return null;
    if (point < 0x10000) units[count++] = point;
    else {
      units[count++] = 0xd7c0 + (point >> 10);
      units[count++] = 0xdc00 + (point & 0x3ff);
    }
    at += more + 1;
    if (count >= UNITS || at === bytes.length) {
      text += String.fromCharCode(...units.subarray(0, count));
      count = 0;
    }
  }
  return text;
}
