/** `npm run bench [-- section …]`: what `nnpack-ts bench` measures, and beside it other engines on the same layers. */
import { benchCommand, sections } from '../src/cli/bench/command.ts';
import { runCommand, runProcess } from '../src/cli/process.ts';
import { peers } from './peers/section.ts';

const command = benchCommand([peers, ...sections], 'npm run bench --');
await runProcess(() => runCommand(command, process.argv.slice(2)));
// onnxruntime-web keeps handles open.
process.exit();
