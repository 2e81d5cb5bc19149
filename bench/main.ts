/** `npm run bench [-- section …]`: figures of this machine beside their goals, and other engines on the same layers. */

import { runCommand, runProcess } from '../src/cli/process.ts';
import { benchCommand, sections } from './command.ts';
import { models } from './peers/models.ts';
import { peers } from './peers/section.ts';
import { tensorflowBackend } from './peers/tensorflow-backend.ts';

const command = benchCommand([peers, models, tensorflowBackend, ...sections], 'npm run bench --');
await runProcess(() => runCommand(command, process.argv.slice(2)));
// onnxruntime-web keeps handles open.
process.exit();
