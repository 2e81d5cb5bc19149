/** `npm run bench [-- section …]`: figures of this machine beside their goals, and other engines on the same layers. */

import { runCommand, runProcess } from '../src/cli/process.ts';
import { benchCommand, sections } from './command.ts';
import { models } from './peers/models.ts';
import { peers } from './peers/section.ts';

const command = benchCommand([peers, models, ...sections], 'npm run bench --');
await runProcess(() => runCommand(command, process.argv.slice(2)));
// onnxruntime-web keeps handles open.
process.exit();
