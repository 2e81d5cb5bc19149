/** A process of the command line: Ctrl-C, closed pipes, and errors turned into a line and an exit code. */
import { debuglog } from 'node:util';
import colors from 'picocolors';
import { textOf } from '../check/options.ts';
import { NnpackError } from '../errors.ts';
import { parseArguments } from './arguments.ts';
import { type Command, helpOf, lineOn, STOPPED } from './command.ts';

/** What is typed once may arrive twice: a script runner passes on what the terminal has already sent. */
const ECHO_MS = 500;

/** Runs the command with its arguments, or prints its help. */
export async function runCommand(command: Command, argv: readonly string[]): Promise<void> {
  const given = parseArguments(command, argv);
  if (given === null) console.log(helpOf(command, lineOn(process.stdout.columns)));
  else await command.run(given, interrupted());
}

/** Does the work of a process to its end; whatever goes wrong is one line on stderr, with exit code 2. */
export async function runProcess(work: () => Promise<void>): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A closed pipe (`| head`) is the reader's choice, not an error.
    if (error.code === 'EPIPE') process.exit(0);
    report(new NnpackError('input-output', `standard output cannot be written: ${error.message}`, { cause: error }));
    process.exit(2);
  });
  // Without stderr there is nobody left to tell.
  process.stderr.on('error', () => {});
  process.on('uncaughtException', (error) => {
    report(error);
    process.exit(2);
  });
  try {
    await work();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') {
      console.error('stopped');
      process.exitCode = STOPPED;
    } else {
      report(error);
      process.exitCode = 2;
    }
  }
}

/** One line; where our own code is at fault, NODE_DEBUG adds the place. */
function report(error: unknown): void {
  const text =
    error instanceof NnpackError
      ? error.message
      : `internal error, a fault of nnpack-ts: ${textOf(error)} (NODE_DEBUG=nnpack-ts prints where)`;
  console.error(`${colors.red('error')} ${text.trim().replace(/\s*[\r\n]\s*/g, ' ')}`);
  debuglog('nnpack-ts')('%s', error instanceof Error ? error.stack : error);
}

/** Aborted by the first Ctrl-C, so that a command can say what is done; the next one ends the process at once. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  process.on('SIGINT', () => {
    if (!controller.signal.aborted) {
      first = Date.now();
      controller.abort();
    } else if (Date.now() - first > ECHO_MS) process.exit(STOPPED);
  });
  return controller.signal;
}
