/** Runs a model, and shows how every layer ran; without a model it enlarges a picture twofold, the main job. */
import { ALGORITHM_NAMES } from '../../algorithms/algorithm.ts';
import { readWholeFile } from '../../check/model-files.ts';
import { show } from '../../errors.ts';
import { fail } from '../arguments.ts';
import type { Command } from '../command.ts';
import { BUILT_IN, type Loaded, MODEL_FILES, PARAMS_OPTION } from '../model.ts';
import { JSON_OPTION } from '../output.ts';
import { RANGE_HELP, rangesText, USUAL } from '../range.ts';
import type { Start } from './job.ts';
import { expectRandom, type Settings, settingsOf } from './settings.ts';

/** The default bound on the memory of a network that takes a picture, in mebibytes; a larger one runs in slices. */
const MEMORY = 512;

export const run: Command = {
  name: 'run',
  summary: 'Runs a model and shows how every layer ran; by default, enlarges a picture twofold.',
  positionals: {
    '[MODEL]': `${MODEL_FILES}; or ${BUILT_IN} (a trained one that enlarges pictures)`,
    '[picture …]': 'pictures that go in: names that end in .png, .jpg or .jpeg',
  },
  most: Number.POSITIVE_INFINITY,
  options: {
    model: { value: 'MODEL', help: 'the model, told by an option' },
    params: PARAMS_OPTION,
    input: {
      value: 'NAME=FILE',
      help: "what goes in, in the model's own layout and type: an array (.npy, or .pb as ONNX has them), a PNG or JPEG picture, or a folder of these; once for each input of the model, and only FILE where it has one",
      repeats: true,
    },
    output: {
      value: 'NAME=FILE',
      help: 'where what comes out goes to: a .npy or .pb file or a .png picture; of many files a folder, or a name whose * stands for theirs; once for each output that is wanted, and only FILE where there is one',
      repeats: true,
    },
    out: {
      value: 'FILE',
      help: "the same for the one output of a model (result.png, or the picture's name with -2x.png)",
    },
    range: {
      value: 'A..B',
      help: `${RANGE_HELP}: the values that the model takes and gives for black to white, in pictures; two joined by a comma where it gives others than it takes; or mean,deviation of the bytes, each one number or R/G/B (what its files tell, else ${rangesText(USUAL)})`,
    },
    fit: {
      value: 'HOW',
      help: 'pictures of other sizes than the model takes: crop to their middle, fit within black borders, or stretch (crop)',
    },
    size: { value: 'HxW', help: 'the size that pictures are fitted to where the model leaves it open (their own)' },
    channels: { value: 'ORDER', help: 'rgb or bgr: the first channel of pictures (what its files tell, else rgb)' },
    top: { value: 'K', help: 'print the K greatest values of the first output (5)' },
    labels: { value: 'FILE', help: 'what they mean: a line for each' },
    shard: { value: 'K/N', help: 'of many files, part K of N, for jobs side by side' },
    resume: { help: 'of many files, leave out those whose results are there' },
    batch: { value: 'N', help: 'images at once, for a built-in network (1)' },
    threads: { value: 'N', help: 'threads to compute with (as many as cores)' },
    memory: {
      value: 'MB',
      help: `mebibytes for the model (${MEMORY} for a network with a picture, else all there is); larger work runs in parts`,
    },
    eligibility: {
      value: 'WHICH',
      help: 'documented or all: which layers may leave the default implementation (all)',
    },
    algorithm: { value: 'NAME', help: `one for all convolutions, of ${ALGORITHM_NAMES.join(', ')} (auto)` },
    rule: {
      value: 'NAME',
      help: "fastest, nnpack for NNPACK's own choices, or measured for a trial of each layer, which Ctrl-C does not stop (fastest)",
    },
    json: JSON_OPTION,
    quiet: { help: 'print nothing but errors, and what is odd about the result' },
  },
  examples: [
    ['nnpack-ts run', 'enlarge the sample picture, and compare with what is expected'],
    ['nnpack-ts run photo.jpg --out large.png', 'enlarge a picture of yours'],
    ['nnpack-ts run vgg-16 --batch 4', 'a built-in network, with random weights, on random images'],
    ['nnpack-ts run photo.png --model model.json --range 0..1', 'a model of yours, whose pictures are 0 … 1'],
    ['nnpack-ts run model.json --input x.npy --output y.npy', 'a model of yours on an array of NumPy'],
    ['nnpack-ts run model.json --input a=a.npy --input b=b.npy --output y.npy', 'one with two inputs'],
    ['nnpack-ts run model.onnx photo.jpg --range imagenet --top 5 --labels classes.txt', 'what a classifier says'],
    ['nnpack-ts run net-symbol.json --input photos --output results --shard 2/8 --resume', 'part of a folder'],
  ],
  async run(given, signal) {
    const settings = settingsOf(given);
    // What does the work is loaded for a command line that makes sense, and not for help.
    const [{ isBuiltIn, loadSubject }, { tasksOf }, { runMany }, { runOne, runRandom }] = await Promise.all([
      import('../model.ts'),
      import('./tasks.ts'),
      import('./many.ts'),
      import('./one.ts'),
    ]);
    const who = given.options.has('model') ? '--model' : 'the model';
    if (settings.model !== undefined && isBuiltIn(settings.model)) expectRandom(settings.model, settings);
    const loaded = await loadSubject(settings.model, who, settings.params);
    const labels = settings.labels === undefined ? null : await readLabels(settings.labels);
    const job = { given, settings, loaded, labels, signal, start: starter(loaded, settings) };
    if (loaded.builtIn !== null) return runRandom(job, loaded.builtIn);
    if (settings.batch !== undefined) fail('--batch expected a built-in network, got a model that takes files');
    const { inputs, pictures } = settings.files;
    const isSample = loaded.sample !== null && inputs.length === 0 && pictures.length === 0;
    const [name] = loaded.subject.inputs.keys();
    const files = isSample ? { ...settings.files, inputs: [`${name}=${loaded.sample?.picture}`] } : settings.files;
    const tasks = await tasksOf(loaded.subject, files);
    if (tasks.areMany) await runMany(job, tasks);
    else await runOne(job, tasks.list[0], isSample);
  },
};

function starter({ subject }: Loaded, { threads, memoryBytes, choice }: Settings): Start {
  return async (hasPicture, work) => {
    const { createContext } = await import('../../context/context.ts');
    const { warmUp } = await import('../../layers/warm-up.ts');
    const memoryLimit = subject.hasOwnLimit ? undefined : memoryBytes;
    const context = await createContext({ threads, memoryLimit });
    try {
      warmUp(context);
      const engine = subject.engine(choice, context, memoryBytes ?? (hasPicture ? MEMORY * 2 ** 20 : null));
      try {
        await work(engine, context);
      } finally {
        engine.dispose();
      }
    } finally {
      context.dispose();
    }
  };
}

/** A line for each class. */
async function readLabels(path: string): Promise<readonly string[]> {
  const text = new TextDecoder().decode(await readWholeFile(`labels ${show(path)}`, path));
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
