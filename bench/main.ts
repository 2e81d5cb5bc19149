/** `npm run bench [-- section …]`: what `nnpack-ts bench` measures, and beside it other engines on the same layers. */
import colors from 'picocolors';
import { parseArguments } from '../src/cli/arguments.ts';
import { benchCommand, sections } from '../src/cli/bench/command.ts';
import { helpOf } from '../src/cli/command.ts';
import { NnpackError } from '../src/errors.ts';
import { peers } from './peers/section.ts';

const command = benchCommand([peers, ...sections], 'npm run bench --');
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
// A closed pipe (`| head`) is the reader's choice, not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  const given = parseArguments(command, process.argv.slice(2));
  if (given === null) console.log(helpOf(command));
  else await command.run(given, stop.signal);
} catch (error) {
  if (!(error instanceof NnpackError)) throw error;
  console.error(`${colors.red('error')} ${error.message}`);
  process.exitCode = 2;
}
// onnxruntime-web keeps handles open.
process.exit();
