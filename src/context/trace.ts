/**
 * The lines that a process writes to stderr when `NNPACK_TRACE` asks for them: `dispatch` writes a line for each plan,
 * `profile` one for each run. Callers write `trace.dispatch?.(…)`, so that no line is made where nobody listens.
 */
import { expectOneOf } from '../check/options.ts';
import { environmentVariable, printError } from '../threads/runtime.ts';

export const TRACE_TOPICS = ['dispatch', 'profile'] as const;

export type TraceTopic = (typeof TRACE_TOPICS)[number];

/** The printer of each topic's lines; null for a topic that is not asked for. */
export type Trace = Readonly<Record<TraceTopic, ((line: string) => void) | null>>;

/**
 * The topics that the environment names, separated by commas; none where there is no environment.
 *
 * @throws NnpackError `invalid-argument` for any other name
 */
export function traceOfEnvironment(): Trace {
  const value = environmentVariable('NNPACK_TRACE')?.trim() ?? '';
  const names = value === '' ? [] : value.split(',');
  const topics = names.map((name) =>
    expectOneOf('environment', 'NNPACK_TRACE', name.trim(), TRACE_TOPICS, 'invalid-argument'),
  );
  const printer = (topic: TraceTopic) =>
    topics.includes(topic) ? (line: string) => printError(`nnpack-ts ${topic}: ${line}`) : null;
  return Object.freeze({ dispatch: printer('dispatch'), profile: printer('profile') });
}
