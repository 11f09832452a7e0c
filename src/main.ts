#!/usr/bin/env node
/** The bin: runs the command line, and leaves with its exit code; 70 (`EX_SOFTWARE` of sysexits.h) for a fault of its own. */
import { runOrExplain } from './cli/fault.ts';
// Loaded with no more than this: a SIGHUP of the first moment must find its handler.
import './cli/hangups.ts';

await runOrExplain('explain');
