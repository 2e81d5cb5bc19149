/** A process of the command line: Ctrl-C, closed pipes, and errors turned into a line and an exit code. */
import colors from 'picocolors';
import { NnpackError } from '../errors.ts';
import { parseArguments } from './arguments.ts';
import { type Command, helpOf, STOPPED } from './command.ts';

/** What is typed once may arrive twice: a script runner passes on what the terminal has already sent. */
const ECHO_MS = 500;

/** Runs the command with its arguments, or prints its help. */
export async function runCommand(command: Command, argv: readonly string[]): Promise<void> {
  const given = parseArguments(command, argv);
  if (given === null) console.log(helpOf(command));
  else await command.run(given, interrupted());
}

/** Does the work of a process to its end; what the user can mend is one line on stderr, with exit code 2. */
export async function runProcess(work: () => Promise<void>): Promise<void> {
  // A closed pipe (`| head`) is the reader's choice, not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  try {
    await work();
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') {
      console.error('stopped');
      process.exitCode = STOPPED;
    } else if (error instanceof NnpackError) {
      console.error(`${colors.red('error')} ${error.message}`);
      process.exitCode = 2;
    } else throw error;
  }
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
