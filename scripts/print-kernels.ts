/**
 * Prints the emitted kernels as WebAssembly text: all of them, or those whose names contain a word.
 *
 * `npm run kernels -- sgemm_2x16`, `npm run kernels -- --relaxed winograd`
 */
import { emitKernels } from '../src/kernels/simd/module.ts';

const relaxed = process.argv.includes('--relaxed');
const words = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const text = emitKernels(relaxed ? 'simd-relaxed' : 'simd', true).toText();
// A function begins with two spaces and `(func`, and ends before the next.
const [head, ...functions] = text.split(/^(?= {2}\(func )/m);
const chosen = functions.filter((body) => words.every((word) => body.split('\n', 1)[0].includes(word)));
if (words.length === 0) console.log(head + functions.join(''));
else if (chosen.length > 0) console.log(chosen.join(''));
else {
  const names = functions.map((body) => /\$(\w+)/.exec(body)?.[1]);
  console.error(`no kernel has ${words.join(' ')} in its name, expected one of\n${names.join('\n')}`);
  process.exitCode = 2;
}
