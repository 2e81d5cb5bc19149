/** What `run` takes beside feeds and fetches: docs/onnxruntime.md says of every option what it means here. */
import type { InferenceSession } from 'onnxruntime-common';
import { NnpackError } from '../errors.ts';
import { type ChecksOf, flag, readChecked, record, text } from './checks.ts';
import { logSeverity, logVerbosity } from './session-options.ts';

type RunOptions = InferenceSession.RunOptions;

/** All options, each with what it may be. */
export const RUN_OPTIONS: ChecksOf<RunOptions> = {
  logSeverityLevel: logSeverity,
  logVerbosityLevel: logVerbosity,
  terminate: flag,
  tag: text,
  extra: record,
};

/** @throws NnpackError for an option that is unknown or of a wrong value, and where the run shall end before it begins */
export function checkRunOptions(who: string, options: unknown): void {
  const { terminate } = readChecked<RunOptions>(who, options, RUN_OPTIONS);
  if (terminate) throw new NnpackError('invalid-argument', `${who}: the run was not begun, because terminate is true`);
}
