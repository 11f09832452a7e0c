/** All tools that can be compared. */
import { blackbox } from './blackbox.ts';
import type { Tool } from './tool.ts';
import { gapwatch, haproxy, monit, ncLoop } from './tools.ts';

/** Ours first. */
export const TOOLS: readonly Tool[] = [gapwatch, haproxy, blackbox(100), blackbox(1000), monit, ncLoop];
