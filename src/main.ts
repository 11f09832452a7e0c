#!/usr/bin/env node
/** The bin: runs the command line, and leaves with its exit code; 70 (`EX_SOFTWARE` of sysexits.h) for a fault of its own. */
// First, and before the rest is loaded: a SIGHUP must not find the process without a handler.
import './cli/hangups.ts';

const { runOrExplain } = await import('./cli/fault.ts');

await runOrExplain('explain');
