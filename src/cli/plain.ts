/** Texts of a model's files as they are printed: a file may hold anything, and a terminal does what some characters say. */

/** Longer texts are cut. */
const MOST_CHARACTERS = 200;

/** In one line, without characters that are commands. */
export function plain(text: string, most = MOST_CHARACTERS): string {
  const line = text.replace(/\s+/g, ' ').replace(/\p{C}/gu, '\ufffd');
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/** The first few of a list, and how many there are. */
export function plainList(texts: readonly string[], most = 4): string {
  const shown = texts.slice(0, most).map((text) => plain(text, 60));
  return texts.length > most ? `${shown.join(', ')} … (${texts.length})` : shown.join(', ');
}
