/**
 * Prints the emitted kernels as WebAssembly text, a module for each family: all of them, or those whose names contain a word.
 *
 * `npm run kernels -- sgemm_2x16`, `npm run kernels -- --relaxed winograd`, `npm run kernels -- --relaxed --wide sgemm`
 */
import { FAMILY_NAMES } from '../src/kernels/simd/families.ts';
import { emitFamily } from '../src/kernels/simd/modules.ts';

const fused = process.argv.includes('--relaxed') ? ('simd-relaxed' as const) : ('simd' as const);
const table = process.argv.includes('--wide') ? (`${fused}-wide` as const) : fused;
const words = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const texts = FAMILY_NAMES.map((family) => emitFamily(table, family, true).toText());
// A function begins with two spaces and `(func`, and ends before the next.
const functions = texts.flatMap((text) => text.split(/^(?= {2}\(func )/m).slice(1));
const chosen = functions.filter((body) => words.every((word) => body.split('\n', 1)[0].includes(word)));
if (words.length === 0) console.log(texts.join('\n'));
else if (chosen.length > 0) console.log(chosen.join(''));
else {
  const names = functions.map((body) => /\$(\w+)/.exec(body)?.[1]);
  console.error(`no kernel has ${words.join(' ')} in its name, expected one of\n${names.join('\n')}`);
  process.exitCode = 2;
}
