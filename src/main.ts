#!/usr/bin/env node
/** The bin: run the command line, leave with its exit code. */
import { run } from './cli/command-line.ts';

process.exitCode = await run(process.argv.slice(2));
