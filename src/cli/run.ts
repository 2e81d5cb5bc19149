#!/usr/bin/env node
/** The main job: enlarges a picture twofold with a trained network, and shows how every layer ran. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import Table from 'cli-table3';
import colors from 'picocolors';
import { ALGORITHM_NAMES } from '../algorithms/algorithm.ts';
import { NnpackError } from '../errors.ts';
import { warmUp } from '../layers/warm-up.ts';
import type { Network } from '../networks/network.ts';
import type { NodeReport } from '../networks/plan.ts';
import { type PreparedNetwork, type PrepareOptions, prepareNetwork } from '../networks/prepare.ts';
import { megabytes } from '../tensor/arena.ts';
import { makeTensor, type Tensor } from '../tensor/ndarray.ts';
import { loadLayersModel } from '../tfjs/load.ts';
import { type Context, createContext } from '../threads/context.ts';
import { type Arguments, parseArguments, USAGE } from './arguments.ts';
import { type Picture, readPicture, writePng } from './picture.ts';
import { type Comparison, comparePictures, fromTensor, toTensor } from './pixels.ts';
import { progressBar } from './progress.ts';

/** The default bound on the memory of the network; a larger picture runs in slices. */
const MEMORY_BYTES = 512 * 2 ** 20;

const MODEL_PACKAGE = '@upscalerjs/default-model';
/** Within that package: the trained network, a picture, and what the network makes of it. */
const NETWORK = 'models/model.json';
const FIXTURE = 'assets/fixture.png';
const EXPECTED = 'assets/samples/2x/result.png';

/** The folder of the package: its exports name none of these files, so it is found from its entry upwards. */
function modelFolder(): string {
  try {
    let folder = dirname(createRequire(import.meta.url).resolve(MODEL_PACKAGE));
    while (!existsSync(join(folder, NETWORK)) && folder !== dirname(folder)) folder = dirname(folder);
    return folder;
  } catch (error) {
    const what = `the trained network's package ${MODEL_PACKAGE} is not installed, expected npm install to have done so`;
    throw new NnpackError('input-output', what, { cause: error });
  }
}

async function main(argv: readonly string[]): Promise<void> {
  const options = parseArguments(argv, ['auto', ...ALGORITHM_NAMES]);
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const model = modelFolder();
  const path = options.picture ?? join(model, FIXTURE);
  const out = options.out ?? defaultOut(options.picture);
  const picture = await readPicture(path);
  const network = await loadLayersModel(join(model, NETWORK));
  const context = await createContext({ threads: options.threads });
  try {
    warmUp(context);
    const { result, report } = enlarge(network, picture, options, context);
    await writePng(out, result);
    const expected =
      options.picture === undefined ? comparePictures(result, await readPicture(join(model, EXPECTED))) : null;
    if (options.json) console.log(JSON.stringify({ picture: path, out, ...report, expected }, null, 2));
    else if (!options.quiet) printReport(path, out, picture, result, report);
    if (expected !== null) checkExpected(expected, options);
  } finally {
    context.dispose();
  }
}

/** What a run reports, for a person or for a machine. */
interface Report {
  readonly machine: {
    readonly node: string;
    readonly threads: number;
    readonly kernels: string;
    readonly reasons: readonly string[];
  };
  readonly slices: number;
  readonly networkBytes: number;
  readonly layers: readonly NodeReport[];
  readonly milliseconds: number;
  readonly gflops: number;
  /** The same network with every convolution on the default implementation, on one slice. */
  readonly defaultMilliseconds: number;
  readonly ratio: number;
}

function enlarge(
  network: Network,
  picture: Picture,
  options: Arguments,
  context: Context,
): { result: Picture; report: Report } {
  const name = network.inputs[0].name;
  const base: PrepareOptions = {
    context,
    eligibility: options.eligibility,
    memoryBytes: options.memoryBytes ?? MEMORY_BYTES,
    inputs: { [name]: [3, picture.height, picture.width] },
  };
  const prepared = prepareNetwork(network, { ...base, algorithm: options.algorithm });
  const bar = progressBar(!options.quiet && !options.json);
  const input = { [name]: toTensor(picture) };
  // A picture that runs at once takes so little time that the first run still meets cold code.
  if (prepared.parts === 1) prepared.run(input);
  const output = prepared.run(input, (done, of, node) => bar.update(done, of, node))[network.outputs[0]];
  bar.clear();
  const layers = prepared.report();
  const slice = prepared.plan.shapes.values.get(name) as readonly number[];
  prepared.dispose();
  const milliseconds = layers.reduce((sum, layer) => sum + layer.milliseconds, 0);
  const multiplyAdds = layers.reduce((sum, layer) => sum + layer.multiplyAdds, 0);
  const defaultMilliseconds = prepared.parts * timeDefault(network, slice, context, output);
  const { threads, kernels, reasons } = context.describe();
  const report = {
    machine: { node: process.version, threads, kernels, reasons },
    slices: prepared.parts,
    networkBytes: prepared.bytes,
    layers,
    milliseconds,
    gflops: (2 * multiplyAdds) / milliseconds / 1e6,
    defaultMilliseconds,
    ratio: defaultMilliseconds / milliseconds,
  };
  return { result: fromTensor(output, picture), report };
}

/** Milliseconds of one slice with every convolution on the default implementation, warm. */
function timeDefault(network: Network, slice: readonly number[], context: Context, filler: Tensor): number {
  const name = network.inputs[0].name;
  const plan: PreparedNetwork = prepareNetwork(network, {
    context,
    algorithm: 'implicit-gemm',
    inputs: { [name]: slice },
  });
  const size = slice.reduce((product, extent) => product * extent, 1);
  const input = { [name]: makeTensor(filler.data.slice(0, size), slice) };
  plan.run(input);
  plan.run(input);
  const milliseconds = plan.report().reduce((sum, layer) => sum + layer.milliseconds, 0);
  plan.dispose();
  return milliseconds;
}

/** `flower.jpg` becomes `flower-2x.png` beside the caller; the fixture becomes `result.png`. */
function defaultOut(picture: string | undefined): string {
  return picture === undefined ? 'result.png' : `${basename(picture, extname(picture))}-2x.png`;
}

function printReport(path: string, out: string, from: Picture, to: Picture, report: Report): void {
  const { machine } = report;
  const table = new Table({
    head: ['layer', 'shape', 'documented rules', 'algorithm', 'why', 'ms', 'GFLOP/s'],
    colAligns: ['left', 'left', 'left', 'left', 'left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const layer of report.layers) {
    table.push([
      layer.name,
      layer.description,
      layer.rules === null ? '' : rulesText(layer),
      colors.bold(layer.algorithm ?? layer.op),
      layer.why,
      layer.milliseconds.toFixed(1),
      layer.multiplyAdds === 0 ? '' : layer.gflops.toFixed(1),
    ]);
  }
  console.log(`${path} ${from.width}×${from.height} → ${out} ${to.width}×${to.height}`);
  console.log(`Node ${machine.node}, ${machine.threads} threads, ${machine.kernels} kernels`);
  for (const reason of machine.reasons) console.log(reason);
  console.log(table.toString());
  const slices = report.slices === 1 ? 'at once' : `in ${report.slices} slices`;
  const seconds = (report.milliseconds / 1e3).toFixed(2);
  console.log(
    `total ${colors.bold(`${seconds} s`)}, ${report.gflops.toFixed(1)} effective GFLOP/s, ${slices}, ${megabytes(report.networkBytes)} for the network`,
  );
  const whole = report.slices === 1 ? '' : `, from one slice of ${report.slices}`;
  console.log(
    `default implementation ${(report.defaultMilliseconds / 1e3).toFixed(2)} s${whole}: ${colors.bold(`${report.ratio.toFixed(2)} ×`)}`,
  );
}

function rulesText(layer: NodeReport): string {
  const failed = layer.rules?.find((rule) => !rule.passed);
  return failed === undefined ? 'all hold' : `${failed.condition} fails`;
}

/** The fixture must become the picture that the package expects: 99.99 % of the values equal, none off by more than 1. */
function checkExpected(comparison: Comparison, options: Arguments): void {
  const { values, equal, greatest } = comparison;
  const text = `${equal} of ${values} values equal those of the expected picture (${((100 * equal) / values).toFixed(4)} %), greatest difference ${greatest}`;
  if (equal < 0.9999 * values || greatest > 1)
    throw new NnpackError('invalid-model', `the result is not the expected picture: ${text}`);
  if (!options.json && !options.quiet) console.log(colors.green(text));
}

// A closed pipe (`| head`) is the reader's choice, not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof NnpackError)) throw error;
  console.error(`${colors.red('error')} ${error.message}`);
  process.exitCode = 2;
});
