/**
 * The contexts that sessions run in: one for each number of threads that is asked for, however many sessions there are.
 * The last session that is released disposes of it.
 */
import { type Context, createContext, defaultContextOptions } from '../context/context.ts';

/** A context for one session. */
export interface Lease {
  readonly context: Context;
  /** Called once, when the session needs it no more. */
  giveBack(): void;
}

interface Shared {
  readonly made: Promise<Context>;
  /** Null until it is made. */
  context: Context | null;
  users: number;
}

/** By threads; undefined for as many as the library chooses. */
const shared = new Map<number | undefined, Shared>();

/**
 * The context of all sessions with so many threads, or as many as the default context has where that is undefined. All else is
 * what `setDefaultContextOptions` said as it was opened: a worker factory, kernels.
 */
export async function leaseContext(threads: number | undefined): Promise<Lease> {
  const known = shared.get(threads);
  const one = known === undefined || isLost(known) ? open(threads) : known;
  one.users++;
  try {
    const context = await one.made;
    return { context, giveBack: () => leave(threads, one) };
  } catch (error) {
    leave(threads, one);
    throw error;
  }
}

/** Whether a lost worker may still write to its memory, so that nothing can run there any more. */
function isLost({ context }: Shared): boolean {
  return context?.pool.mayStillWrite ?? false;
}

function open(threads: number | undefined): Shared {
  const options = defaultContextOptions();
  const made = createContext(threads === undefined ? options : { ...options, threads });
  const one: Shared = { made, context: null, users: 0 };
  shared.set(threads, one);
  one.made.then(
    (context) => {
      one.context = context;
    },
    () => {},
  );
  return one;
}

function leave(threads: number | undefined, one: Shared): void {
  one.users--;
  if (one.users > 0) return;
  if (shared.get(threads) === one) shared.delete(threads);
  one.context?.dispose();
}
